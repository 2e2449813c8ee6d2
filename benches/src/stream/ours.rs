//! Ours: a publisher, and a loader of its images.

use super::link::{BATCH, Inlet, Outlet, PATIENCE, mark};
use super::way::Way;
use crate::usage::clock;
use anyhow::{Context, Result, ensure};
use btb::wire::Bytes;
use btb::{Publisher, PublisherOptions, Tensor};
use btt::{Batch, DType, DataLoader, DatasetOptions, Fields, LoaderOptions, RemoteIterableDataset};
use rustix::time::ClockId;

/// Whether tensors may be in shared memory.
fn shares(way: Way) -> bool {
    matches!(way, Way::Shm | Way::InPlace)
}

/// A producer's end.
pub(super) struct Ours {
    publisher: Publisher,
    shape: [usize; 3],
    image: Vec<u8>,
    in_place: bool,
    /// Processor seconds in which images were written in place.
    fill: f64,
}

/// From here on the clock of a fill, two calls to the system, does not count.
const SMALLEST_TIMED: usize = 1 << 20;

impl Ours {
    pub(super) fn bind(way: Way, address: &str, shape: [usize; 3], btid: i64) -> Result<Self> {
        let mut options = PublisherOptions {
            btid: Some(btid),
            linger: Some(PATIENCE),
            ..PublisherOptions::default()
        };
        if !shares(way) {
            options.shm_bytes = 0;
        }
        Ok(Self {
            publisher: Publisher::bind(address, options)?,
            shape,
            image: vec![127; shape.iter().product()],
            in_place: way == Way::InPlace,
            fill: 0.0,
        })
    }

    fn is_timed(&self) -> bool {
        self.in_place && self.image.len() >= SMALLEST_TIMED
    }

    fn publish_in_place(&mut self, number: &dyn Fn() -> i64) -> Result<()> {
        let timed = self.is_timed();
        let now = || match timed {
            true => clock(ClockId::ThreadCPUTime),
            false => 0.0,
        };
        let mut draft = self.publisher.begin()?;
        let tensor = draft.tensor("image", DType::U8, &self.shape)?;
        let start = now();
        // A renderer writes every pixel too.
        tensor.bytes_mut().fill(127);
        self.fill += now() - start;
        let number = number();
        mark(tensor.bytes_mut(), number);
        draft.set("frameid", number);
        Ok(self.publisher.publish_draft(draft)?)
    }
}

impl Outlet for Ours {
    fn publish(&mut self, number: &dyn Fn() -> i64) -> Result<()> {
        if self.in_place {
            return self.publish_in_place(number);
        }
        let number = number();
        mark(&mut self.image, number);
        let fields = |image: Tensor| {
            let fields = [
                ("image".to_owned(), image.into()),
                ("frameid".to_owned(), number.into()),
            ];
            Fields::from_iter(fields)
        };
        // As `publish` does in Python.
        if self.publisher.saves_by_lending() {
            let lent = Bytes::from(std::mem::take(&mut self.image));
            let tensor = Tensor::new(DType::U8, &self.shape, lent.clone())?;
            self.publisher.publish_lent(fields(tensor))?;
            self.image = lent.into();
            return Ok(());
        }
        let tensor = self.publisher.tensor_from(&self.shape, &self.image)?;
        Ok(self.publisher.publish(fields(tensor))?)
    }

    fn finish(&mut self) -> Result<Option<f64>> {
        ensure!(self.publisher.close(), "the consumer did not take all");
        Ok(self.is_timed().then_some(self.fill))
    }
}

/// The consumer's end.
pub(super) struct Loaded {
    loader: DataLoader,
    /// A training loop holds a batch while the next ones are assembled.
    held: Option<Batch>,
    numbers: Vec<i64>,
}

impl Loaded {
    pub(super) fn connect(way: Way, addresses: &[String], batch_size: usize) -> Result<Self> {
        let options = DatasetOptions {
            timeout: PATIENCE,
            shm: shares(way),
            ..DatasetOptions::default()
        };
        let dataset = RemoteIterableDataset::connect(addresses, options)?;
        let options = LoaderOptions {
            batch_size,
            ..LoaderOptions::default()
        };
        Ok(Self {
            loader: DataLoader::new(dataset, options)?,
            held: None,
            numbers: Vec::with_capacity(BATCH),
        })
    }
}

impl Inlet for Loaded {
    fn next(&mut self) -> Result<Option<&[i64]>> {
        self.held = None;
        let Some(batch) = self.loader.next() else {
            return Ok(None);
        };
        let batch = self.held.insert(batch?);
        let images = batch.tensor("image").context("no images")?;
        let numbers = batch.tensor("frameid").context("no numbers")?;
        self.numbers.clear();
        self.numbers.extend_from_slice(numbers.as_slice()?);
        let image = images.shape.iter().skip(1).product();
        let images = images.as_slice::<u8>()?.chunks_exact(image);
        ensure!(images.len() == self.numbers.len());
        for (image, number) in images.zip(&self.numbers) {
            ensure!(image.last() == Some(&(*number as u8)), "a wrong image");
        }
        Ok(Some(&self.numbers))
    }

    fn finish(&mut self) -> Result<()> {
        let stats = self.loader.stats();
        let lost = stats.missing + stats.duplicated + stats.discarded + stats.malformed;
        ensure!(lost == 0, "{stats:?}");
        Ok(())
    }
}
