#!/bin/sh
# Measures what the book shows. Options go to every command that needs Kafka: --brokers HOST:PORT spares booting one each time.
set -eu
cd "$(dirname "$0")/.."
out=docs/src/performance
mkdir -p "$out"

bench() {
    cargo run --quiet --release -p kafka-rpc-bench -- "$@"
}
# To another file first, so that a command that fails leaves the old figures.
table() {
    bench "$@" --json "$out/$1.json" > "$out/$1.txt.new"
    mv "$out/$1.txt.new" "$out/$1.txt"
}

# A round alone says little of what keeps both cores busy.
table compare --concurrency 1,64,512,4096 --rounds 7 "$@"
bench compare --concurrency 512 --keys 1000 --systems floor,contract,kafka-rpc --rounds 9 "$@" > "$out/keyed.txt.new"
mv "$out/keyed.txt.new" "$out/keyed.txt"
table stream "$@"
table idle "$@"
table startup "$@"
table growth "$@"
table sharing "$@"
table soak "$@"
table once "$@"
bench curves --out "$out" "$@"
# Only here do acknowledgements have replicas to wait for.
bench curves --only acks --cluster 3 --out "$out/three-brokers"

bench() {
    cargo run --quiet --release -p kafka-rpc-bench --features count-allocations -- "$@"
}
table allocations "$@"
table memory "$@"

bench show docs/src/performance.md
bench show docs/src/effect-once.md
