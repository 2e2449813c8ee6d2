//! The keys that BSB would insert.

use super::Pulsar;
use crate::activity::ActivityError;

impl Pulsar {
    /// The keys of a cell: frames and values, in order. Between them Blender's default interpolation
    /// (Bézier with automatic, clamped handles) draws what this activity shows.
    ///
    /// # Errors
    /// There is no such cell.
    #[allow(clippy::cast_precision_loss, reason = "no video has 2^53 frames")]
    pub fn keys(&self, cell: usize) -> Result<(Vec<f64>, Vec<f64>), ActivityError> {
        let mut frames: Vec<u64> = self
            .spikes
            .times_of(cell)?
            .into_iter()
            .filter(|time| *time >= self.line.start_ms())
            .map(|time| self.frame_of(time))
            .collect();
        frames.dedup();
        let edge = u64::from(self.shape.edge());
        // Frames and heights; the later one of a frame counts.
        let mut keys: Vec<(f64, f64)> = Vec::new();
        let mut key = |frame: u64, height: u64| {
            let (frame, value) = (frame as f64, self.shape.value(height as f64));
            match keys.last_mut() {
                Some(last) if last.0 == frame => last.1 = value,
                _ => keys.push((frame, value)),
            }
        };
        match frames.first() {
            Some(first) if *first < edge => key(0, edge - first),
            _ => key(0, 0),
        }
        let mut before: Option<u64> = None;
        for (at, frame) in frames.iter().copied().enumerate() {
            match before {
                None if frame >= edge => key(frame - edge, 0),
                None => {}
                Some(last) => {
                    let fall = ((frame - last) / 2).min(edge);
                    if fall > 0 {
                        key(last + fall, edge - fall);
                        key(frame - fall, edge - fall);
                    }
                }
            }
            // Within spikes of neighbouring frames the curve is level.
            let level = |other: Option<u64>| other.is_some_and(|other| other.abs_diff(frame) == 1);
            if !(level(before) && level(frames.get(at + 1).copied())) {
                key(frame, edge);
            }
            before = Some(frame);
        }
        key(before.unwrap_or(1) + edge, 0);
        if self.style.afterburn_ms > 0.0 {
            keys.push((self.fade_start(), self.style.floor));
            keys.push((self.frame_end(), 0.0));
        }
        Ok(keys.into_iter().unzip())
    }
}
