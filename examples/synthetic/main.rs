//! A producer without Blender: publishes what a cube scene would, as fast as it is taken.
//!
//!     cargo run --release -p blendtorch-examples --bin synthetic -- --launch-info launch_info.json
//!     cargo run --release -p blendtorch-examples --bin minimal
//!
//! Every byte of an image is its frame's number modulo 256, so that a consumer can check it.

use anyhow::{Context, Result};
use blendtorch_examples::report;
use blendtorch_launcher::LaunchInfo;
use btb::{Publisher, PublisherOptions};
use btt::{DType, Fields, Value};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Publishes synthetic images, corner pixels and frame numbers, without Blender
#[derive(Parser)]
struct Options {
    /// How many publishers, each with an address and a thread of its own
    #[arg(long, default_value_t = 1)]
    publishers: usize,
    /// First address to bind; port 0 lets the system choose, another one counts up
    #[arg(long, default_value = "tcp://127.0.0.1:0")]
    address: String,
    /// Width of the images, in pixels
    #[arg(long, default_value_t = 640)]
    width: usize,
    /// Height of the images, in pixels
    #[arg(long, default_value_t = 480)]
    height: usize,
    /// Channels of the images
    #[arg(long, default_value_t = 4)]
    channels: usize,
    /// Items that each publisher sends before it ends; without it, no end
    #[arg(long)]
    items: Option<u64>,
    /// Send everything through the socket, nothing through shared memory
    #[arg(long)]
    inline: bool,
    /// Also write the addresses to this launch info, under the name DATA
    #[arg(long, value_name = "FILE")]
    launch_info: Option<PathBuf>,
}

fn main() -> ExitCode {
    report("synthetic", run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    let publishers = (0..options.publishers)
        .map(|index| bind(options, index))
        .collect::<Result<Vec<_>>>()?;
    let addresses: Vec<_> = publishers.iter().map(Publisher::address).collect();
    if let Some(file) = &options.launch_info {
        let mut info = LaunchInfo::default();
        info.addresses.insert("DATA".to_owned(), addresses.clone());
        info.save_json(file)?;
    }
    for address in &addresses {
        println!("{address}");
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = publishers
            .into_iter()
            .map(|publisher| scope.spawn(|| publish(publisher, options)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })
}

fn bind(options: &Options, index: usize) -> Result<Publisher> {
    let address = match options.address.rsplit_once(':') {
        Some((host, port)) if port != "0" && port.parse::<u16>().is_ok() => {
            let port = port.parse::<usize>()? + index;
            format!("{host}:{port}")
        }
        _ => options.address.clone(),
    };
    let defaults = PublisherOptions::default();
    let publisher_options = PublisherOptions {
        btid: i64::try_from(index).ok(),
        linger: Some(Duration::from_secs(60)),
        shm_bytes: if options.inline {
            0
        } else {
            defaults.shm_bytes
        },
        ..defaults
    };
    Publisher::bind(&address, publisher_options).with_context(|| format!("publisher {index}"))
}

fn publish(mut publisher: Publisher, options: &Options) -> Result<()> {
    let shape = [options.height, options.width, options.channels];
    for frame in 0..options.items.unwrap_or(u64::MAX) {
        // Written where a consumer on this host will read it: no copy on this side.
        let image = publisher.tensor(DType::U8, &shape, |bytes| {
            bytes.fill(frame.to_le_bytes()[0]);
        })?;
        let xy = publisher.tensor_from(&[8, 2], &corners(options, frame))?;
        publisher.publish(Fields::from_iter([
            ("image".to_owned(), image.into()),
            ("xy".to_owned(), xy.into()),
            ("frameid".to_owned(), Value::Int(i64::try_from(frame)?)),
        ]))?;
    }
    publisher.close();
    Ok(())
}

/// Eight points on a circle that turns with the frames, in pixels.
#[allow(clippy::cast_precision_loss, reason = "sizes of images")]
fn corners(options: &Options, frame: u64) -> Vec<f32> {
    let (width, height) = (options.width as f32, options.height as f32);
    let turn = (frame % 360) as f32 / 360.0;
    (0..8u8)
        .flat_map(|corner| {
            let angle = (turn + f32::from(corner) / 8.0) * std::f32::consts::TAU;
            [
                width * (0.5 + 0.4 * angle.cos()),
                height * (0.5 + 0.4 * angle.sin()),
            ]
        })
        .collect()
}
