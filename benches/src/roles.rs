//! A producer and a consumer of our own, each a process.

use anyhow::{Context, Result};
use btb::{Publisher, PublisherOptions};
use btt::{DType, DataLoader, DatasetOptions, Fields, LoaderOptions, RemoteIterableDataset};
use clap::Args;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// What a process has used; the last line it prints.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Processor seconds.
    pub(crate) cpu: f64,
    /// Images per second, of a consumer.
    #[serde(default)]
    pub(crate) images_per_second: f64,
}

impl Usage {
    pub(crate) fn print(images_per_second: f64) -> Result<()> {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9;
        let usage = Self {
            cpu,
            images_per_second,
        };
        println!("{}", serde_json::to_string(&usage)?);
        Ok(())
    }
}

#[derive(Args)]
pub(crate) struct Producer {
    #[arg(long)]
    address: String,
    #[arg(long)]
    items: usize,
    #[arg(long)]
    no_shm: bool,
    /// Write each image where the consumer reads it, instead of copying it from an array.
    #[arg(long)]
    in_place: bool,
    /// Rows and columns of an image of four bytes a pixel.
    #[arg(long, num_args = 2, default_values_t = [480, 640])]
    size: Vec<usize>,
}

impl Producer {
    pub(crate) fn run(&self) -> Result<()> {
        let mut options = PublisherOptions {
            linger: Duration::from_secs(60),
            ..PublisherOptions::default()
        };
        if self.no_shm {
            options.shm_bytes = 0;
        }
        let mut publisher = Publisher::bind(&self.address, options)?;
        let shape = [self.size[0], self.size[1], 4];
        let image = vec![127u8; shape.iter().product()];
        for frame in 0..self.items {
            if self.in_place {
                let mut draft = publisher.begin()?;
                let tensor = draft.tensor("image", DType::U8, &shape)?;
                // A renderer writes every pixel too.
                tensor.bytes_mut().fill(frame as u8);
                draft.set("frameid", frame as i64);
                publisher.publish_draft(draft)?;
                continue;
            }
            let tensor = publisher.tensor_from(&shape, &image)?;
            publisher.publish(Fields::from_iter([
                ("image".to_owned(), tensor.into()),
                ("frameid".to_owned(), (frame as i64).into()),
            ]))?;
        }
        publisher.close();
        Usage::print(0.0)
    }
}

#[derive(Args)]
pub(crate) struct Consumer {
    #[arg(long, num_args = 1..)]
    addresses: Vec<String>,
}

impl Consumer {
    pub(crate) fn run(&self) -> Result<()> {
        let dataset = RemoteIterableDataset::connect(
            &self.addresses,
            DatasetOptions {
                timeout: Duration::from_secs(60),
                ..DatasetOptions::default()
            },
        )?;
        let mut loader = DataLoader::new(dataset, LoaderOptions::default())?;
        let first = loader.next().context("no batch")??;
        let (start, mut images) = (Instant::now(), 0);
        drop(first);
        for batch in &mut loader {
            images += batch?.len();
        }
        let stats = loader.stats();
        anyhow::ensure!(stats.missing + stats.duplicated == 0, "{stats:?}");
        Usage::print(images as f64 / start.elapsed().as_secs_f64())
    }
}
