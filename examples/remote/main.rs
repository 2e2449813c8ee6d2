//! A consumer on another machine than the renderers: shows what comes from each, says who is silent,
//! and goes on when they come back.
//!
//!     renderer$ blendtorch-launch examples/remote/launch.json
//!     trainer$  cargo run --release -p blendtorch-examples --bin remote -- tcp://192.168.1.7:11400

use anyhow::{Result, bail};
use blendtorch_examples::{Source, report};
use btt::{DatasetOptions, Error, Following, RemoteIterableDataset, Stats};
use clap::Parser;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Takes a stream from another machine, and outlives its absences
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    source: Source,
    /// End after so many items; without it, when every publisher has ended
    #[arg(long, value_name = "N")]
    items: Option<usize>,
    /// Say who is silent when nothing has come for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    timeout: u64,
    /// Give up when nothing has come for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    give_up: u64,
}

fn main() -> ExitCode {
    report("remote", run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    let Source {
        addresses,
        launch_info,
        socket,
    } = &options.source;
    let patient = DatasetOptions {
        max_items: options.items,
        timeout: Duration::from_secs(options.timeout),
        ..DatasetOptions::default()
    };
    let mut dataset = if addresses.is_empty() {
        // It need not be there yet: instances come, go, and come back elsewhere.
        println!("taking from {}", launch_info.display());
        RemoteIterableDataset::follow(Following::new(launch_info, socket), patient)?
    } else {
        println!("taking from {}", addresses.join(", "));
        RemoteIterableDataset::connect(addresses, patient)?
    };
    let (mut last, mut shown) = (Instant::now(), Instant::now());
    while let Some(item) = dataset.next() {
        match item {
            Ok(item) => {
                // A training step would be here.
                drop(item);
                last = Instant::now();
            }
            // Who is away may come back: the sockets connect again by themselves.
            Err(error @ (Error::Timeout { .. } | Error::Nobody { .. })) => {
                println!("{error}");
                if last.elapsed() >= Duration::from_secs(options.give_up) {
                    bail!("nothing has come for {} s", options.give_up);
                }
            }
            // Not ours, or spoilt: counted, and no reason to stop.
            Err(error @ Error::Malformed { .. }) => eprintln!("{error}"),
            Err(error) => return Err(error.into()),
        }
        if shown.elapsed() >= Duration::from_secs(1) {
            println!("{}", each(&dataset.stats()));
            shown = Instant::now();
        }
    }
    // No other epoch follows: what is on its way is counted.
    dataset.finish();
    let stats = dataset.stats();
    println!("{}", each(&stats));
    println!(
        "the stream has ended: {} items, {} missing, {} duplicated, {} not taken any more; {:.1} MB \
         through sockets, {:.1} MB through shared memory",
        stats.received - stats.discarded,
        stats.missing,
        stats.duplicated,
        stats.discarded,
        megabytes(stats.bytes - stats.shm_bytes),
        megabytes(stats.shm_bytes)
    );
    Ok(())
}

/// What has come from each publisher; a restarted instance is a new one.
fn each(stats: &Stats) -> String {
    let mut publishers: Vec<_> = stats.publishers.iter().collect();
    publishers.sort_by_key(|publisher| publisher.btid);
    let each = publishers.into_iter().map(|publisher| {
        let instance = publisher
            .btid
            .map_or("?".to_owned(), |btid| btid.to_string());
        format!("instance {instance}: {} items", publisher.received)
    });
    each.collect::<Vec<_>>().join(", ")
}

#[allow(clippy::cast_precision_loss, reason = "one digit is shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
