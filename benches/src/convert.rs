//! Converting images into a batch, beside copying: in one thread of this process, nothing else.
//!
//! What "copying its bytes" is can be read in two ways, and both are measured. The conversion of 8
//! images of 640×480×4 bytes to `float32` of 3 channels reads 9.8 MB and writes 29.5 MB. A copy that
//! moves as much through memory, read and written together, is one of 19.7 MB. A copy of the images
//! alone is one of 9.8 MB, which writes a third of what the conversion has to write.

use crate::rounds::interleave;
use crate::row::{Goal, Row};
use anyhow::{Error, Result};
use btt::{Allocator, Convert, DType, HeapAllocator, HeapStorage, Storage};
use std::hint::black_box;
use std::time::Instant;

const SHAPE: [usize; 3] = [480, 640, 4];
const IMAGE: usize = 480 * 640 * 4;
const BATCH: usize = 8;
/// Repetitions in a round.
const TIMES: usize = 15;

/// What is done to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// memcpy that reads and writes as many bytes as the conversion to `float32`.
    CopyMoved,
    /// memcpy of the images.
    CopyImages,
    FloatPlanes,
    Normalized,
    Linear,
    FloatPixels,
    Rgb,
    RgbPlanes,
}

const TASKS: [Task; 8] = [
    Task::CopyMoved,
    Task::CopyImages,
    Task::FloatPlanes,
    Task::Normalized,
    Task::Linear,
    Task::FloatPixels,
    Task::Rgb,
    Task::RgbPlanes,
];

pub(crate) fn rows(rounds: usize) -> Result<Vec<Row>> {
    let mut memory = Memory::new()?;
    let name = |task: Task| task.name().to_owned();
    let measured = interleave(&TASKS, rounds, name, |task| memory.time(task))?;
    let mut rows = Vec::new();
    for (baseline, copied) in TASKS.iter().zip(&measured).take(2) {
        for (task, results) in TASKS.into_iter().zip(&measured).skip(2) {
            let name = format!("{} ({})", task.name(), baseline.name());
            let goal = task == Task::FloatPlanes && *baseline == Task::CopyMoved;
            let row = Row::new(name, "ms/batch", results, copied, |ms| *ms);
            rows.push(row.goal(goal.then_some(Goal::TimesAtMost(1.5))));
        }
    }
    Ok(rows)
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Self::CopyMoved => "memcpy 19.7 MB",
            Self::CopyImages => "memcpy 9.8 MB",
            Self::FloatPlanes => "RGBA u8 to RGB f32 CHW",
            Self::Normalized => "… with mean and std",
            Self::Linear => "… and sRGB to linear light",
            Self::FloatPixels => "RGBA u8 to RGB f32 HWC",
            Self::Rgb => "RGBA u8 to RGB u8 HWC",
            Self::RgbPlanes => "RGBA u8 to RGB u8 CHW",
        }
    }

    /// `None` for the copies.
    fn convert(self) -> Option<Convert> {
        let rgb = Convert::image("image").rgb();
        let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
        Some(match self {
            Self::CopyMoved | Self::CopyImages => return None,
            Self::FloatPlanes => rgb.float().chw(),
            Self::Normalized => rgb.chw().normalize(mean, std),
            Self::Linear => rgb.chw().normalize(mean, std).srgb(),
            Self::FloatPixels => rgb.float(),
            Self::Rgb => rgb,
            Self::RgbPlanes => rgb.chw(),
        })
    }
}

/// The memory of a round: used again, as the loader's is.
struct Memory {
    images: Vec<u8>,
    /// As a loader's batch has it.
    out: HeapStorage,
}

impl Memory {
    fn new() -> Result<Self> {
        let images = (0..2 * BATCH * IMAGE)
            .map(|i| ((i * 31) >> 3) as u8)
            .collect();
        let shape = [BATCH * IMAGE * 3 / 4];
        let mut out = HeapAllocator::default().allocate(DType::F32, &shape);
        if let Ok(out) = &mut out {
            out.bytes_mut().fill(1);
        }
        Ok(Self {
            images,
            out: out.map_err(Error::msg)?,
        })
    }

    /// Milliseconds for a batch: the median of some.
    fn time(&mut self, task: Task) -> Result<f64> {
        let plan = task
            .convert()
            .map(|convert| convert.plan(DType::U8, &SHAPE));
        let plan = plan.transpose()?;
        // Each image by itself, as they come.
        let (source, target) = match (&plan, task) {
            (Some(plan), _) => {
                let values: usize = plan.shape().iter().product();
                (IMAGE, values * plan.dtype().size())
            }
            (None, Task::CopyImages) => (IMAGE, IMAGE),
            (None, _) => (2 * IMAGE, 2 * IMAGE),
        };
        let out: &mut [u8] = self.out.bytes_mut();
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let start = Instant::now();
            let images = self.images.chunks_exact(source);
            for (image, out) in images.zip(out.chunks_exact_mut(target)).take(BATCH) {
                match &plan {
                    Some(plan) => plan.run(black_box(image), out)?,
                    None => out.copy_from_slice(black_box(image)),
                }
            }
            black_box(&mut *out);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        Ok(times[TIMES / 2])
    }
}
