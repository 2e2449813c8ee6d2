//! Reaching the head: its addresses are tried side by side, until one answers and shows the key.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::hosts::Join;
use crate::sealed::{Reader, SealedError, Writer, connect};

/// How long one address may take.
const EACH: Duration = Duration::from_secs(3);
/// The pause before all are tried once more.
const AGAIN: Duration = Duration::from_millis(500);

/// Reaches the head, or says of each address why not.
pub(in crate::hosts) async fn reach(
    join: &Join,
    within: Duration,
) -> Result<(Reader, Writer), String> {
    let deadline = Instant::now() + within;
    loop {
        let mut dials = JoinSet::new();
        for address in join.addresses.clone() {
            let key = join.key.clone();
            dials.spawn(async move {
                let met = connect(&address, &key, EACH).await;
                met.map_err(|error| format!("{address}: {}", why(&error)))
            });
        }
        let mut reasons = Vec::new();
        while let Some(dialled) = dials.join_next().await {
            match dialled {
                Ok(Ok(met)) => return Ok(met),
                Ok(Err(reason)) => reasons.push(reason),
                Err(_) => {}
            }
        }
        if Instant::now() + AGAIN >= deadline {
            return Err(format!(
                "the head cannot be reached ({}); it may have ended, or this machine does not reach it: \
                 say its address in the key head_address",
                reasons.join("; ")
            ));
        }
        sleep(AGAIN).await;
    }
}

fn why(error: &SealedError) -> String {
    match error {
        SealedError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            SealedError::Stranger.to_string()
        }
        other => other.to_string(),
    }
}
