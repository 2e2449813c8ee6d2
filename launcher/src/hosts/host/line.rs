//! The two ends of a host's line to its head, and who it says that it is.
//!
//! Owns the order of what is said: words go before lines that instances print.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver};

use blendtorch_channels::control::{decode, encode};

use super::forward::line;
use crate::fleet::Line;
use crate::hosts::words::{FromHost, HostHello, PROTOCOL, ToHost};
use crate::sealed::{Reader, Writer};

pub(super) fn hello(slot: String) -> HostHello {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH);
    HostHello {
        protocol: PROTOCOL,
        blendtorch: env!("CARGO_PKG_VERSION").to_owned(),
        host: name(),
        slot,
        pid: std::process::id(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        unix_ns: u64::try_from(unix.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX),
    }
}

/// As Slurm calls this node, or else as the kernel does.
fn name() -> String {
    let node = std::env::var("SLURMD_NODENAME")
        .ok()
        .filter(|name| !name.is_empty());
    node.unwrap_or_else(|| {
        rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned()
    })
}

pub(super) async fn read(mut reader: Reader, hear: Sender<Result<ToHost, String>>) {
    loop {
        let word = match reader.next().await {
            Ok(line) => decode(&line),
            Err(error) => Err(error.to_string()),
        };
        let over = word.is_err();
        if hear.send(word).await.is_err() || over {
            return;
        }
    }
}

/// Words go before lines.
pub(super) async fn write(
    mut writer: Writer,
    mut words: UnboundedReceiver<FromHost>,
    mut lines: Receiver<Line>,
) {
    loop {
        let word = tokio::select! {
            biased;
            word = words.recv() => match word {
                Some(word) => word,
                None => return,
            },
            Some(printed) = lines.recv() => line(printed),
        };
        // A word that cannot be sent is missed by the head: then it is better off without this host.
        let Ok(line) = encode(&word) else { return };
        if writer.send(&line).await.is_err() {
            return;
        }
    }
}
