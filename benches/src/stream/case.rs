//! A case: a way, a size of images, a number of producers.

use super::way::Way;
use clap::ValueEnum;

/// About so many seconds of streaming in a case.
const SECONDS: f64 = 0.8;
/// Fewer images say nothing.
const FEWEST: usize = 48;

/// One cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) way: Way,
    pub(super) size: Size,
    pub(super) producers: usize,
}

/// Of one image, four bytes a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// 32×32.
    Small,
    /// 480×640.
    Usual,
    /// 1080×1920.
    Large,
}

pub(super) const SIZES: [Size; 3] = [Size::Small, Size::Usual, Size::Large];

impl Size {
    /// Rows and columns.
    pub(super) fn pixels(self) -> [usize; 2] {
        match self {
            Self::Small => [32, 32],
            Self::Usual => [480, 640],
            Self::Large => [1080, 1920],
        }
    }

    pub(super) fn bytes(self) -> usize {
        self.pixels().iter().product::<usize>() * 4
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Small => "4 KB",
            Self::Usual => "1.2 MB",
            Self::Large => "8.3 MB",
        }
    }
}

impl Case {
    /// As rows are named. plot.py reads these names.
    pub(super) fn name(self) -> String {
        let (size, producers, way) = (self.size.name(), self.producers, self.way.name());
        match self.way {
            Way::Memcpy1 | Way::Memcpy2 => format!("{size}: {way}"),
            _ => format!("{size} ×{producers}: {way}"),
        }
    }

    /// The original's way of as much.
    pub(super) fn baseline(self) -> Self {
        Self {
            way: Way::Baseline,
            ..self
        }
    }

    /// So many images are sent by each producer; a tenth in a quick run.
    pub(super) fn images(self, quick: bool) -> usize {
        let (gigabytes, seconds) = self.way.pace();
        let each = seconds + self.size.bytes() as f64 / gigabytes / 1e9;
        let all = SECONDS / each / if quick { 10.0 } else { 1.0 };
        (all as usize).max(FEWEST) / self.producers
    }
}

/// All cases of throughput, each baseline before what it is compared with.
pub(super) fn cases(quick: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for size in SIZES {
        for producers in [1, 2, 4] {
            for &way in Way::value_variants() {
                let case = Case {
                    way,
                    size,
                    producers,
                };
                if case.is_measured(quick) {
                    cases.push(case);
                }
            }
        }
    }
    cases
}

impl Case {
    fn is_measured(self, quick: bool) -> bool {
        let (usual, several) = (self.size == Size::Usual, self.producers > 1);
        self.way.producers().contains(&self.producers)
            && (usual || self.way != Way::ShmTorch)
            && !(quick && several && (self.producers == 2 || !usual))
    }
}
