//! A producer and a consumer of ours, each a process. The Python roles (roles.py) have the same
//! arguments and say the same things.

use super::link::{BATCH, Inlet, Outlet};
use super::ours::{Loaded, Ours};
use super::socket::{Socket, Sockets};
use super::way::Way;
use super::{latency, memory};
use crate::usage::{Usage, tell};
use anyhow::{Context, Result, ensure};
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Seconds after which a role ends itself, whatever it is doing.
const LIMIT: Duration = Duration::from_secs(120);

/// Sends images.
#[derive(Args)]
pub(crate) struct Producer {
    #[arg(long)]
    way: Way,
    #[arg(long)]
    address: String,
    #[arg(long)]
    items: usize,
    /// Rows and columns of an image of four bytes a pixel.
    #[arg(long, num_args = 2)]
    size: Vec<usize>,
    #[arg(long)]
    number: i64,
    /// A file to be made as soon as a consumer may connect.
    #[arg(long)]
    ready: PathBuf,
    /// A Unix socket: send one image for each byte that comes from it, numbered by the clock.
    #[arg(long)]
    ack: Option<PathBuf>,
}

impl Producer {
    pub(crate) fn run(&self) -> Result<()> {
        end_in_time()?;
        let shape = [self.size[0], self.size[1], 4];
        let (way, address) = (self.way, &self.address);
        let mut outlet: Box<dyn Outlet> = match way {
            Way::UnixSocket | Way::TcpSocket => {
                File::create(&self.ready)?; // Its consumer tries until it can connect.
                Box::new(Socket::bind(address, shape.iter().product())?)
            }
            _ => {
                let ours = Ours::bind(way, address, shape, self.number)?;
                File::create(&self.ready)?;
                Box::new(ours)
            }
        };
        match &self.ack {
            Some(path) => latency::produce(&mut *outlet, self.items, path)?,
            None => {
                for number in 0..self.items as i64 {
                    outlet.publish(&|| number)?;
                }
            }
        }
        let fill = outlet.finish()?;
        tell(&Usage {
            fill,
            ..Usage::now()
        })
    }
}

/// Takes images in batches.
#[derive(Args)]
pub(crate) struct Consumer {
    #[arg(long)]
    way: Way,
    #[arg(long, num_args = 1..)]
    addresses: Vec<String>,
    /// Of all producers.
    #[arg(long)]
    items: usize,
    #[arg(long, num_args = 2)]
    size: Vec<usize>,
    /// A Unix socket: batches of one, a byte to the producer for each.
    #[arg(long)]
    ack: Option<PathBuf>,
    /// Take batches slowly, and tell the memory.
    #[arg(long)]
    memory: bool,
}

impl Consumer {
    pub(crate) fn run(&self) -> Result<()> {
        end_in_time()?;
        let before = memory::Resident::start()?;
        let batch = if self.ack.is_some() { 1 } else { BATCH };
        let image = self.size[0] * self.size[1] * 4;
        let mut inlet: Box<dyn Inlet> = match self.way {
            Way::UnixSocket | Way::TcpSocket => {
                Box::new(Sockets::connect(&self.addresses, image, batch, self.items)?)
            }
            _ => Box::new(Loaded::connect(self.way, &self.addresses, batch)?),
        };
        match &self.ack {
            Some(path) => tell(&latency::consume(&mut *inlet, self.items, path)?)?,
            None if self.memory => tell(&before.watch(&mut *inlet)?)?,
            None => Usage::print(self.rate(&mut *inlet)?)?,
        }
        inlet.finish()
    }

    /// Images per second, from the second batch on.
    fn rate(&self, inlet: &mut dyn Inlet) -> Result<f64> {
        let first = inlet.next()?.context("no batch")?.len();
        let (start, mut images) = (Instant::now(), 0);
        while let Some(numbers) = inlet.next()? {
            images += numbers.len();
        }
        let rate = images as f64 / start.elapsed().as_secs_f64();
        ensure!(first + images == self.items, "{} came", first + images);
        Ok(rate)
    }
}

/// Ends this process with the bench, and after a while also without it.
fn end_in_time() -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    std::thread::spawn(|| {
        std::thread::sleep(LIMIT);
        eprintln!("not done after {LIMIT:?}");
        std::process::exit(1);
    });
    Ok(())
}
