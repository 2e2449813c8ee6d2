//! Plain sockets: images with their length in front, read straight into a batch's memory.
//!
//! The consumer is one thread that takes an image from each producer in turn. Buffers of the kernel
//! are left at the system's defaults.

use super::link::{BATCH, Inlet, Outlet, PATIENCE, mark};
use anyhow::{Context, Result, bail, ensure};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

/// In front of an image: its length and its number.
const HEADER: usize = 16;
/// Batches whose memory is used in turn, as a loader uses it again.
const ROTATING: usize = 3;

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// The consumer that connects to `address`.
    fn accept(address: &str) -> Result<Self> {
        Ok(match parts(address)? {
            ("tcp", host) => Self::Tcp(TcpListener::bind(host)?.accept()?.0),
            (_, path) => Self::Unix(UnixListener::bind(path)?.accept()?.0),
        })
    }

    /// To the producer that binds `address`, or is about to.
    fn connect(address: &str) -> Result<Self> {
        let (scheme, place) = parts(address)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let connected = match scheme {
                "tcp" => TcpStream::connect(place).map(Self::Tcp),
                _ => UnixStream::connect(place).map(Self::Unix),
            };
            match connected {
                Err(error)
                    if Instant::now() < deadline
                        && matches!(
                            error.kind(),
                            ErrorKind::ConnectionRefused | ErrorKind::NotFound
                        ) =>
                {
                    std::thread::sleep(Duration::from_millis(2));
                }
                connected => return Ok(connected?),
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
        }
    }

    fn read_exact(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.read_exact(bytes),
            Self::Unix(stream) => stream.read_exact(bytes),
        }
    }
}

/// `tcp` and host:port, or `ipc` and a path.
fn parts(address: &str) -> Result<(&str, &str)> {
    match address.split_once("://") {
        Some(parts @ ("tcp" | "ipc", _)) => Ok(parts),
        _ => bail!("no address of a socket: {address}"),
    }
}

/// A producer's end.
pub(super) struct Socket {
    stream: Stream,
    /// A header and an image: one write.
    message: Vec<u8>,
}

impl Socket {
    pub(super) fn bind(address: &str, image: usize) -> Result<Self> {
        let mut message = vec![127; HEADER + image];
        message[..8].copy_from_slice(&(image as u64).to_le_bytes());
        let stream = Stream::accept(address)?;
        if let Stream::Tcp(stream) = &stream {
            stream.set_nodelay(true)?;
        }
        Ok(Self { stream, message })
    }
}

impl Outlet for Socket {
    fn publish(&mut self, number: &dyn Fn() -> i64) -> Result<()> {
        let number = number();
        self.message[8..HEADER].copy_from_slice(&number.to_le_bytes());
        mark(&mut self.message, number);
        Ok(self.stream.write_all(&self.message)?)
    }

    fn finish(&mut self) -> Result<Option<f64>> {
        match &self.stream {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write)?,
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write)?,
        }
        Ok(None)
    }
}

/// The consumer's end.
pub(super) struct Sockets {
    streams: Vec<Stream>,
    image: usize,
    batch_size: usize,
    /// Images that are still to come, from all producers.
    left: usize,
    taken: usize,
    batches: Vec<Vec<u8>>,
    numbers: Vec<i64>,
}

impl Sockets {
    pub(super) fn connect(
        addresses: &[String],
        image: usize,
        batch_size: usize,
        images: usize,
    ) -> Result<Self> {
        let streams = addresses.iter().map(|address| Stream::connect(address));
        Ok(Self {
            streams: streams.collect::<Result<_>>()?,
            image,
            batch_size,
            left: images,
            taken: 0,
            batches: vec![vec![1; image * batch_size]; ROTATING],
            numbers: Vec::with_capacity(BATCH),
        })
    }
}

impl Inlet for Sockets {
    fn next(&mut self) -> Result<Option<&[i64]>> {
        self.numbers.clear();
        self.batches.rotate_left(1);
        let batch = self.batches.first_mut().context("no batch")?;
        let images = batch.chunks_exact_mut(self.image);
        for image in images.take(self.batch_size.min(self.left)) {
            let turn = self.taken % self.streams.len();
            let mut header = [0; HEADER];
            self.streams[turn].read_exact(&mut header)?;
            let (length, number) = header.split_at(8);
            let length = u64::from_le_bytes(length.try_into()?);
            let number = i64::from_le_bytes(number.try_into()?);
            ensure!(length == image.len() as u64, "an image of {length} bytes");
            self.streams[turn].read_exact(image)?;
            ensure!(image.last() == Some(&(number as u8)), "a wrong image");
            self.numbers.push(number);
            self.taken += 1;
        }
        self.left -= self.numbers.len();
        Ok((!self.numbers.is_empty()).then_some(&self.numbers))
    }

    fn finish(&mut self) -> Result<()> {
        for stream in &mut self.streams {
            let more = stream.read_exact(&mut [0]);
            ensure!(more.is_err(), "more images than were asked for");
        }
        Ok(())
    }
}
