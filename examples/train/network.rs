//! The network: convolutions to one map for each corner, and the mean place of each map.

use anyhow::{Result, ensure};
use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Tensor};

/// Predicts points from images.
///
/// Each corner gets a map over the image, an eighth as fine. The softmax of the map is where the
/// corner may be; its mean is the prediction. So the network tells *where* something is from
/// *what* is there, and need not learn each place by itself.
#[derive(Debug)]
pub(crate) struct CornerNet {
    weights: nn::VarStore,
    layers: nn::Sequential,
}

impl CornerNet {
    /// Untrained, for images of `channels` and so many `points`.
    pub(crate) fn new(channels: i64, points: i64) -> Self {
        let weights = nn::VarStore::new(Device::Cpu);
        let root = weights.root();
        let conv = |from, to, size, stride| {
            let config = nn::ConvConfig {
                stride,
                padding: size / 2,
                ..nn::ConvConfig::default()
            };
            nn::conv2d(&root, from, to, size, config)
        };
        let layers = nn::seq()
            .add(conv(channels, 16, 5, 2))
            .add_fn(Tensor::relu)
            .add(conv(16, 32, 3, 2))
            .add_fn(Tensor::relu)
            .add(conv(32, 64, 3, 2))
            .add_fn(Tensor::relu)
            .add(conv(64, 64, 5, 1))
            .add_fn(Tensor::relu)
            .add(conv(64, 64, 5, 1))
            .add_fn(Tensor::relu)
            .add(conv(64, points, 1, 1));
        Self { weights, layers }
    }

    /// Points of `uint8` images (items × height × width × channels): items × points × 2 in 0 … 1.
    pub(crate) fn predict(&self, images: &Tensor) -> Tensor {
        let light = images.permute([0, 3, 1, 2]).to_kind(Kind::Float) / 255.0;
        // The root spreads the dark tones, where most of a linear image is.
        let maps = self.layers.forward(&(light.sqrt() - 0.4));
        let size = maps.size();
        let (items, points, height, width) = (size[0], size[1], size[2], size[3]);
        let places = maps
            .view([items, points, height * width])
            .softmax(-1, Kind::Float)
            .view([items, points, height, width]);
        let x = (places.sum_dim_intlist(2, false, Kind::Float) * centres(width)).sum_dim_intlist(
            -1,
            false,
            Kind::Float,
        );
        let y = (places.sum_dim_intlist(3, false, Kind::Float) * centres(height)).sum_dim_intlist(
            -1,
            false,
            Kind::Float,
        );
        Tensor::stack(&[x, y], -1)
    }

    /// Adam over all weights.
    pub(crate) fn optimizer(&self, learning_rate: f64) -> Result<nn::Optimizer> {
        ensure!(!self.weights.is_empty(), "the network has no weights");
        Ok(nn::Adam::default().build(&self.weights, learning_rate)?)
    }
}

/// The loss: mean squared error of normalised coordinates.
pub(crate) fn loss(predictions: &Tensor, targets: &Tensor) -> Tensor {
    predictions.mse_loss(targets, tch::Reduction::Mean)
}

/// The middles of `n` equal parts of 0 … 1.
fn centres(n: i64) -> Tensor {
    (Tensor::arange(n, (Kind::Float, Device::Cpu)) + 0.5) / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_lessens_the_loss() {
        tch::manual_seed(1);
        let net = CornerNet::new(3, 8);
        let images = Tensor::randint(255, [4, 32, 48, 3], (Kind::Uint8, Device::Cpu));
        let targets = Tensor::rand([4, 8, 2], (Kind::Float, Device::Cpu));
        assert_eq!(net.predict(&images).size(), [4, 8, 2]);
        let mut optimizer = net.optimizer(1e-3).unwrap();
        let now = || loss(&net.predict(&images), &targets);
        let before = now().double_value(&[]);
        for _ in 0..5 {
            optimizer.backward_step(&now());
        }
        assert!(now().double_value(&[]) < before);
    }

    #[test]
    fn a_flat_map_predicts_the_middle() {
        let mean = centres(20).mean(Kind::Float).double_value(&[]);
        assert!((mean - 0.5).abs() < 1e-6);
    }
}
