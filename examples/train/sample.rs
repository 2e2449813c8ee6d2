//! What the training takes from a batch, checked once: images and normalised corners.

use anyhow::{Context, Result, ensure};
use btt_tch::TensorBatch;
use tch::{Kind, Tensor};

/// Images and where their corners are.
#[derive(Debug)]
pub(crate) struct Samples {
    /// `uint8`, items × height × width × channels, linear light, row 0 at the top.
    pub(crate) images: Tensor,
    /// `float32`, items × points × 2: x / width and y / height, (0, 0) the upper left corner.
    pub(crate) targets: Tensor,
}

impl Samples {
    /// The fields `image` and `xy` of a batch.
    pub(crate) fn of(batch: &TensorBatch) -> Result<Self> {
        let images = batch.tensor("image")?.shallow_clone();
        let xy = batch.tensor("xy")?;
        let (image_size, xy_size) = (images.size(), xy.size());
        ensure!(
            images.kind() == Kind::Uint8
                && matches!(image_size[..], [_, h, w, 3 | 4] if h.min(w) >= 16),
            "field 'image' is {:?} {:?} with the items: publish uint8, height × width × 3 or 4, 16 \
             pixels or more",
            images.kind(),
            image_size
        );
        ensure!(
            matches!(xy.kind(), Kind::Float | Kind::Double)
                && matches!(xy_size[..], [_, n, 2] if n > 0),
            "field 'xy' is {:?} {:?} with the items: publish float32, points × 2, in pixels",
            xy.kind(),
            xy_size
        );
        let targets = xy.to_kind(Kind::Float) / size_of_images(&images);
        Ok(Self { images, targets })
    }

    /// Number of items.
    pub(crate) fn len(&self) -> usize {
        usize::try_from(self.images.size()[0]).unwrap_or(0)
    }

    /// Items `from..to`, in the same memory.
    pub(crate) fn slice(&self, from: usize, to: usize) -> Self {
        let (from, to) = (row(from), row(to));
        Self {
            images: self.images.slice(0, from, to, 1),
            targets: self.targets.slice(0, from, to, 1),
        }
    }

    /// All of several, one after the other.
    pub(crate) fn join(parts: &[Self]) -> Self {
        let all =
            |of: fn(&Self) -> &Tensor| Tensor::cat(&parts.iter().map(of).collect::<Vec<_>>(), 0);
        Self {
            images: all(|part| &part.images),
            targets: all(|part| &part.targets),
        }
    }

    /// Normalised points as pixels of these images.
    pub(crate) fn to_pixels(&self, points: &Tensor) -> Tensor {
        points * size_of_images(&self.images)
    }
}

/// Width and height of images, to multiply and divide points with.
fn size_of_images(images: &Tensor) -> Tensor {
    let size = images.size();
    Tensor::from_slice(&[size[2], size[1]]).to_kind(Kind::Float)
}

fn row(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// A field of text that says the same of every item, as the scene's `--describe` publishes.
pub(crate) fn text_field(batch: &TensorBatch, field: &str) -> Option<String> {
    let value = batch.values(field).ok()?.first()?;
    value.as_str().map(str::to_owned)
}

/// A tensor's elements in C order.
pub(crate) fn elements(tensor: &Tensor) -> Result<Vec<f32>> {
    let flat = tensor.to_kind(Kind::Float).contiguous().view(-1);
    Vec::try_from(flat).context("reading a tensor")
}
