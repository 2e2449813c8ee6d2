//! Reaching the head: each of its addresses is tried until one answers and shows the key.

use std::time::Duration;

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
        let mut reasons = Vec::new();
        for address in &join.addresses {
            match connect(address, &join.key, EACH).await {
                Ok(met) => return Ok(met),
                Err(error) => reasons.push(format!("{address}: {}", why(&error))),
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
