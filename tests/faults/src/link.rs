//! The way of some nodes to one broker, which can be cut, slow and lossy.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::chance::Chance;

/// What the way is like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Weather {
    /// Nothing gets through, and nobody is told: as behind a switch without power.
    pub(crate) cut: bool,
    /// How long all takes that gets through.
    pub(crate) delay: Duration,
    /// How many of a hundred pieces are lost. TCP sends them again, and all that is behind them waits for that.
    pub(crate) loss: usize,
}

/// What the sender of a lost piece takes to send it again: the least that Linux does.
const SENT_AGAIN: Duration = Duration::from_millis(200);
const PIECE: usize = 16 * 1024;
/// What may be on its way at a time. A sender of more than this waits.
const ON_ITS_WAY: usize = 256;

/// Passes on what comes at a port of loopback to another one.
pub(crate) struct Link {
    weather: watch::Sender<Weather>,
    listener: AbortHandle,
}

impl Link {
    pub(crate) async fn open(at: u16, to: u16, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, at)).await?;
        let weather = watch::Sender::new(Weather::default());
        let task = tokio::spawn(accept(listener, to, weather.subscribe(), seed));
        Ok(Self {
            weather,
            listener: task.abort_handle(),
        })
    }

    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn accept(listener: TcpListener, to: u16, weather: watch::Receiver<Weather>, seed: u64) {
    for number in 0.. {
        let Ok((near, _)) = listener.accept().await else {
            continue;
        };
        let (mut weather, chance) = (weather.clone(), Chance::new(seed.wrapping_add(number)));
        tokio::spawn(async move {
            // Its first packet does not get through either.
            if weather.wait_for(|weather| !weather.cut).await.is_err() {
                return;
            }
            if let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await {
                join(near, far, weather, chance).await;
            }
        });
    }
}

async fn join(near: TcpStream, far: TcpStream, weather: watch::Receiver<Weather>, chance: Chance) {
    let _unset = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = far.into_split();
    tokio::select! {
        () = pass(near_reads, far_writes, weather.clone(), chance.clone()) => {}
        () = pass(far_reads, near_writes, weather, chance) => {}
    }
}

/// Passes on until one of the two ends, which the other is told of as soon as that gets through.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    mut chance: Chance,
) {
    let (sender, mut on_its_way) = mpsc::channel::<(Instant, Vec<u8>)>(ON_ITS_WAY);
    let seen = weather.clone();
    let reads = async move {
        let mut last = Instant::now();
        loop {
            let mut piece = vec![0; PIECE];
            let Ok(length @ 1..) = from.read(&mut piece).await else {
                return;
            };
            piece.truncate(length);
            let Weather { delay, loss, .. } = *seen.borrow();
            let mut due = Instant::now() + delay;
            if chance.percent(loss) {
                due += SENT_AGAIN;
            }
            last = last.max(due);
            if sender.send((last, piece)).await.is_err() {
                return;
            }
        }
    };
    let writes = async move {
        while let Some((due, piece)) = on_its_way.recv().await {
            sleep_until(due).await;
            if weather.wait_for(|weather| !weather.cut).await.is_err()
                || to.write_all(&piece).await.is_err()
            {
                return;
            }
        }
        let _closed = weather.wait_for(|weather| !weather.cut).await;
    };
    // What is on its way arrives also where its sender has ended.
    tokio::join!(reads, writes);
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut reads, mut writes) = stream.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut reads, &mut writes).await });
            }
        });
        port
    }

    async fn free_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    }

    async fn round_trip(stream: &mut TcpStream) -> Duration {
        let begun = Instant::now();
        stream.write_all(b"ping").await.unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"ping");
        begun.elapsed()
    }

    #[tokio::test]
    async fn what_is_sent_arrives_after_the_delay_of_both_ways_and_when_the_cut_is_over() {
        let (at, to) = (free_port().await, echo().await);
        let link = Link::open(at, to, 1).await.unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, at)).await.unwrap();
        round_trip(&mut stream).await;
        let delay = Duration::from_millis(100);
        link.set(Weather {
            delay,
            ..Weather::default()
        });
        assert!(round_trip(&mut stream).await >= 2 * delay);

        link.set(Weather {
            cut: true,
            ..Weather::default()
        });
        let cut = tokio::time::timeout(Duration::from_millis(300), round_trip(&mut stream)).await;
        assert!(cut.is_err(), "it got through");
        link.set(Weather::default());
        let mut late = [0; 4];
        stream.read_exact(&mut late).await.unwrap();
        assert_eq!(&late, b"ping", "it was lost");
    }
}
