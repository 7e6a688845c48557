//! What is counted, on the embedded broker. One test at a time, for the counters are the process's.

mod counters;
mod orphans;
mod repeats;
mod server;
mod streams;
