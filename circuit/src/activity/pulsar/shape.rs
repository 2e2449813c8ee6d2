//! The curve around a spike.

/// `3x² − 2x³`: what Blender draws between two keys whose handles are level.
pub(super) fn eased(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// The edges of a spike, and the value at rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    edge: u16,
    floor: f64,
}

impl Shape {
    /// The most frames of an edge: twice of it is told apart from "farther" in a [`super::gaps::Gap`].
    pub(super) const WIDEST: u16 = u16::MAX / 2;

    /// Edges of so many frames, at least 1 and at most [`Self::WIDEST`].
    pub(super) fn new(edge: u16, floor: f64) -> Self {
        Self { edge, floor }
    }

    /// The frames of an edge.
    pub(super) fn edge(&self) -> u16 {
        self.edge
    }

    /// Spikes that are closer have a valley between them that does not reach the floor.
    pub(super) fn near(&self) -> u16 {
        2 * self.edge
    }

    /// The value that is so many frames high.
    pub(super) fn value(&self, height: f64) -> f64 {
        self.floor + (1.0 - self.floor) * height / f64::from(self.edge)
    }

    /// The value `since` frames after a spike whose next one is `gap` frames after it; `None` at rest.
    pub(super) fn after(&self, since: f64, gap: u16) -> Option<f64> {
        let edge = f64::from(self.edge);
        if gap >= self.near() {
            let left = since / edge;
            return (left < 1.0).then(|| self.value(edge * (1.0 - eased(left))));
        }
        // Down to the valley, which is two frames wide where the gap is odd, and up again.
        let half = f64::from(gap / 2);
        let from_peak = since.min(f64::from(gap) - since);
        let depth = match from_peak < half {
            true => half * eased(from_peak / half),
            false => half,
        };
        Some(self.value(edge - depth))
    }

    /// The value at a frame before a cell's next spike, in frame `peak`, up to an edge away; no spike is
    /// before that is near.
    pub(super) fn before(&self, frame: f64, peak: f64) -> f64 {
        let edge = f64::from(self.edge);
        // The curve begins at frame 0, as high as the edge is there.
        let start = (peak - edge).max(0.0);
        let low = edge - (peak - start);
        self.value(low + (edge - low) * eased((frame - start) / (peak - start)))
    }
}
