//! The held-out set: the first items of the stream, never learned from.

use crate::network::{CornerNet, loss};
use crate::sample::Samples;
use tch::{Tensor, no_grad};

/// Images that go through the network at a time: all at once would be much memory.
const CHUNK: usize = 32;

/// Collects the held-out items.
#[derive(Debug)]
pub(crate) struct HeldOut {
    wanted: usize,
    parts: Vec<Samples>,
}

impl HeldOut {
    /// To be filled with so many items.
    pub(crate) fn new(wanted: usize) -> Self {
        Self {
            wanted,
            parts: Vec::new(),
        }
    }

    /// Keeps what is still wanted of a batch; the rest of it, if there is any, is to learn from.
    pub(crate) fn take(&mut self, samples: &Samples) -> Option<Samples> {
        let missing = self.wanted - self.len();
        let taken = missing.min(samples.len());
        if taken > 0 {
            self.parts.push(samples.slice(0, taken));
        }
        (taken < samples.len()).then(|| samples.slice(taken, samples.len()))
    }

    /// Items kept so far.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(Samples::len).sum()
    }

    /// All items as one.
    pub(crate) fn samples(&self) -> Samples {
        Samples::join(&self.parts)
    }
}

/// How well the network does on held-out items.
#[derive(Debug)]
pub(crate) struct Evaluation {
    /// The items.
    pub(crate) samples: Samples,
    /// Its normalised predictions for them.
    pub(crate) predictions: Tensor,
    /// Its loss.
    pub(crate) loss: f64,
    /// The loss of the best guess that does not look at the image: the mean of the targets.
    pub(crate) constant_loss: f64,
    /// Mean distance between truth and prediction, in pixels.
    pub(crate) pixels: f64,
}

impl Evaluation {
    /// Lets the network predict `samples`.
    pub(crate) fn of(net: &CornerNet, samples: Samples) -> Self {
        no_grad(|| {
            let chunks: Vec<_> = (0..samples.len())
                .step_by(CHUNK)
                .map(|from| net.predict(&samples.slice(from, from + CHUNK).images))
                .collect();
            let predictions = Tensor::cat(&chunks, 0);
            let targets = &samples.targets;
            let mean = targets.mean_dim(0, true, tch::Kind::Float);
            let apart = samples.to_pixels(&(&predictions - targets));
            let distance = apart
                .square()
                .sum_dim_intlist(-1, false, tch::Kind::Float)
                .sqrt();
            Self {
                loss: loss(&predictions, targets).double_value(&[]),
                constant_loss: loss(&mean.expand_as(targets), targets).double_value(&[]),
                pixels: distance.mean(tch::Kind::Float).double_value(&[]),
                predictions,
                samples,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn samples(from: i64, to: i64) -> Samples {
        let numbers = Tensor::arange_start(from, to, (Kind::Float, Device::Cpu));
        Samples {
            images: Tensor::zeros([to - from, 32, 32, 3], (Kind::Uint8, Device::Cpu)),
            targets: (numbers / 10.0).view([-1, 1, 1]).repeat([1, 8, 2]),
        }
    }

    #[test]
    fn the_first_items_are_kept_and_the_rest_is_learned_from() {
        let mut heldout = HeldOut::new(5);
        assert!(heldout.take(&samples(0, 3)).is_none());
        let rest = heldout.take(&samples(3, 6)).unwrap();
        assert_eq!((heldout.len(), rest.len()), (5, 1));
        assert!((rest.targets.double_value(&[0, 0, 0]) - 0.5).abs() < 1e-6);
        assert_eq!(heldout.take(&samples(6, 9)).unwrap().len(), 3);
        let last = heldout.samples().targets.double_value(&[4, 7, 1]);
        assert!((last - 0.4).abs() < 1e-6);
    }

    #[test]
    fn the_constant_loss_is_the_variance() {
        let evaluation = Evaluation::of(&CornerNet::new(3, 8), samples(0, 5));
        assert!((evaluation.constant_loss - 0.02).abs() < 1e-6);
        assert_eq!(evaluation.predictions.size(), [5, 8, 2]);
        assert!(evaluation.loss > 0.0 && evaluation.pixels > 0.0);
    }
}
