//! What the machine's memory gives: threads of this process copy images, nothing else.

use super::link::BATCH;
use anyhow::{Context, Result};
use std::time::Instant;

/// GB/s of so many threads, each of which copies so many images, from as many places as are under
/// way to those of a batch.
pub(super) fn rate(threads: usize, bytes: usize, images: usize) -> Result<f64> {
    let copy = move || {
        let sources: Vec<_> = (0..BATCH as u8).map(|byte| vec![byte; bytes]).collect();
        let mut batch = vec![1_u8; BATCH * bytes];
        let start = Instant::now();
        for image in 0..images {
            let place = image % BATCH * bytes;
            batch[place..place + bytes].copy_from_slice(&sources[image % BATCH]);
            std::hint::black_box(&mut batch);
        }
        (start, Instant::now())
    };
    let threads: Vec<_> = (0..threads).map(|_| std::thread::spawn(copy)).collect();
    let copied = (threads.len() * images * bytes) as f64;
    let mut times = Vec::new();
    for thread in threads {
        times.push(thread.join().ok().context("a thread failed")?);
    }
    let start = times.iter().map(|(start, _)| *start).min();
    let end = times.iter().map(|(_, end)| *end).max();
    let (start, end) = start.zip(end).context("no times")?;
    Ok(copied / (end - start).as_secs_f64() / 1e9)
}
