//! Images written where the consumer reads them, beside images that are copied there and beside what
//! two threads copy from memory to memory.

use crate::case::{Children, free_addresses};
use crate::roles::Usage;
use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::time::Instant;

/// Rows and columns of the images, of four bytes a pixel: 1.2 MB and 8.3 MB.
const SIZES: [[usize; 2]; 2] = [[480, 640], [1080, 1920]];
/// Images of a batch, and about as many as are under way.
const IMAGES: usize = 8;

/// Who brings images of a size into batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) size: [usize; 2],
    pub(crate) way: Way,
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Two threads copy images to other memory of this process.
    Memcpy,
    /// A producer copies its array, the consumer copies into a batch.
    Copied,
    /// A producer writes in place, the consumer copies into a batch.
    InPlace,
}

/// What one run measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) gigabytes_per_second: f64,
    /// Processor seconds of both sides for a gigabyte of images; not of memcpy.
    pub(crate) cpu_per_gb: Option<f64>,
}

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    let ways = [Way::Memcpy, Way::Copied, Way::InPlace];
    SIZES
        .into_iter()
        .flat_map(move |size| ways.map(|way| Case { size, way }))
}

impl Case {
    pub(crate) fn name(self) -> String {
        let megabytes = self.bytes() as f64 / 1e6;
        let way = match self.way {
            Way::Memcpy => "memcpy, 2 threads",
            Way::Copied => "shm, copied",
            Way::InPlace => "shm, in place",
        };
        format!("{megabytes:.1} MB: {way}")
    }

    fn bytes(self) -> usize {
        self.size[0] * self.size[1] * 4
    }

    /// Runs it once.
    pub(crate) fn run(self) -> Result<Measured> {
        let images = 10_000_000_000 / self.bytes();
        if self.way == Way::Memcpy {
            let seconds = copy(self.bytes(), images / 2)?;
            return Ok(Measured {
                gigabytes_per_second: (images / 2 * 2 * self.bytes()) as f64 / seconds / 1e9,
                cpu_per_gb: None,
            });
        }
        let address = free_addresses(1)?.pop().context("no address")?;
        let mut children = Children::default();
        let mut producer = Command::new(std::env::current_exe()?);
        producer.args(["producer", "--address", &address]);
        producer.args(["--items", &images.to_string(), "--size"]);
        producer.args(self.size.map(|length| length.to_string()));
        if self.way == Way::InPlace {
            producer.arg("--in-place");
        }
        children.spawn(producer)?;
        let mut consumer = Command::new(std::env::current_exe()?);
        consumer.args(["consumer", "--addresses", &address]);
        children.spawn(consumer)?;
        let usages: Vec<Usage> = children.wait()?;
        let rate = usages.last().context("no consumer")?.images_per_second;
        let cpu: f64 = usages.iter().map(|usage| usage.cpu).sum();
        Ok(Measured {
            gigabytes_per_second: rate * self.bytes() as f64 / 1e9,
            cpu_per_gb: Some(cpu / (images * self.bytes()) as f64 * 1e9),
        })
    }
}

/// Seconds in which each of two threads copies so many images, from as many places as are under way
/// to those of a batch.
fn copy(bytes: usize, images: usize) -> Result<f64> {
    let thread = move || {
        let sources: Vec<_> = (0..IMAGES as u8).map(|byte| vec![byte; bytes]).collect();
        let mut batch = vec![1_u8; IMAGES * bytes];
        let start = Instant::now();
        for image in 0..images {
            let place = image % IMAGES * bytes;
            batch[place..place + bytes].copy_from_slice(&sources[image % IMAGES]);
            std::hint::black_box(&mut batch);
        }
        (start, Instant::now())
    };
    let threads = [(); 2].map(|()| std::thread::spawn(thread));
    let mut times = Vec::new();
    for thread in threads {
        times.push(thread.join().ok().context("a thread failed")?);
    }
    ensure!(times.len() == 2);
    let start = times.iter().map(|(start, _)| *start).min();
    let end = times.iter().map(|(_, end)| *end).max();
    let (start, end) = start.zip(end).context("no times")?;
    Ok((end - start).as_secs_f64())
}
