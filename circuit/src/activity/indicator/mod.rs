//! What a fluorescent indicator of calcium shows of spikes.
//!
//! Owns the model. Each spike lets calcium rise and decay by
//!
//! `k(t) = exp(-t / decay) · (1 - exp(-t / rise))`, divided by its peak,
//!
//! so that calcium `c` is counted in spikes: one alone peaks at 1. With calcium at rest `b` (`baseline`),
//! Hill's exponent `h` and half saturation at `K` the fluorescence is
//!
//! `ΔF/F = S · ((b + c)^h - b^h) / ((b + c)^h + K^h)`,
//!
//! which is Hill's law seen from the fluorescence at rest: 0 for `c` = 0, and up to the saturation `S`. `K`
//! is what makes one spike peak at `amplitude`. Noise is added to it.
//!
//! Kernel and law are the "S2C Hill" of Wei et al. 2020, PLoS Comput Biol 16:e1008198
//! (<http://im-phys.org/model>), with calcium at rest besides.

mod curve;
mod noise;

use std::sync::Arc;

use self::curve::Curve;
use self::noise::Noise;
use super::error::{not_negative, positive};
use super::sums::{Blocks, Sums};
use super::{Activity, ActivityError, Painter, SpikeIndex, Timeline};

/// A cell with less of a spike's calcium left is at rest.
const FAINT: f64 = 1e-4;

/// An indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndicatorStyle {
    /// The time constant of the rise in ms; with 0 calcium jumps.
    pub rise_ms: f64,
    /// The time constant of the decay in ms.
    pub decay_ms: f64,
    /// The peak of ΔF/F of one spike.
    pub amplitude: f64,
    /// Hill's exponent.
    pub hill: f64,
    /// The largest ΔF/F that there can be; infinity where nothing saturates.
    pub saturation: f64,
    /// Calcium at rest, as a multiple of what one spike adds.
    pub baseline: f64,
    /// The standard deviation of the noise in ΔF/F; its values are independent from cell to cell and from
    /// frame to frame.
    pub noise: f64,
    /// Which noise.
    pub seed: u64,
}

impl IndicatorStyle {
    /// GCaMP6f, without noise.
    ///
    /// They are of the size of what is reported of it, and were compared with no publication's tables. One
    /// spike of a pyramidal cell of the mouse's cortex: ΔF/F of 19 %, which peaks after 45 ms and halves in
    /// 142 ms: `decay` is 142 ms / ln 2, and `rise` what makes the kernel peak there. The protein by itself:
    /// half saturation at 375 nM, an exponent of 2.27, and a brightness that grows by 51.8 times what it is
    /// without calcium. From 50 nM at rest, which NAOMi's `calcium_dynamics` has by default, that is a
    /// saturation of 33.5 of the brightness at rest; and half saturation is at 7.5 times the calcium at rest
    /// where rest is 4.63 times what a spike adds.
    pub const GCAMP6F: Self = Self {
        rise_ms: 17.8,
        decay_ms: 205.0,
        amplitude: 0.19,
        hill: 2.27,
        saturation: 33.5,
        baseline: 4.63,
        noise: 0.0,
        seed: 0,
    };
}

impl Default for IndicatorStyle {
    fn default() -> Self {
        Self::GCAMP6F
    }
}

/// The fluorescence of cells, ΔF/F.
#[derive(Debug, Clone)]
pub struct Indicator {
    spikes: Arc<SpikeIndex>,
    line: Timeline,
    style: IndicatorStyle,
    blocks: Blocks,
    /// Of the kernel's two exponentials: `exp(-t / decay) - exp(-t (1 / decay + 1 / rise))`.
    sums: Arc<(Sums, Option<Sums>)>,
    /// The kernel's peak.
    peak: f64,
    curve: Arc<Curve>,
    noise: Option<Arc<Noise>>,
}

impl Indicator {
    /// Reckons the calcium after each spike.
    ///
    /// # Errors
    /// A setting means nothing: the decay, the amplitude, the exponent and the saturation must be above 0,
    /// the others not negative; a rise that is not 0 must be a thousandth of the decay at least; and the
    /// amplitude must be within what the saturation allows.
    pub fn new(
        spikes: Arc<SpikeIndex>,
        line: Timeline,
        style: IndicatorStyle,
    ) -> Result<Self, ActivityError> {
        let (rise, decay) = (style.rise_ms, positive("decay_ms", style.decay_ms)?);
        not_negative("rise_ms", rise)?;
        if rise > 0.0 && rise < decay / 1000.0 {
            return Err(ActivityError::Setting {
                name: "rise_ms",
                value: rise,
                need: "0, or a thousandth of decay_ms at least, is needed",
            });
        }
        not_negative("noise", style.noise)?;
        // The second exponential's time constant.
        let fast = rise * decay / (rise + decay);
        let step = match rise > 0.0 {
            true => (decay / 4.0).min(8.0 * fast),
            false => decay / 4.0,
        };
        let blocks = Blocks::new(positive("decay_ms / 4", step)?);
        let peak = match rise > 0.0 {
            true => kernel(rise * (decay / rise).ln_1p(), rise, decay),
            false => 1.0,
        };
        let second = (rise > 0.0).then(|| {
            let mut after = Vec::new();
            let sums = Sums::of(&spikes, blocks, fast, |sum| after.push(sum as f32));
            (sums, after)
        });
        // The most calcium there is: after each spike the peak, as if none came after it.
        let mut most = 0.0_f64;
        let mut fasts = second.iter().flat_map(|(_, after)| after).copied();
        let slow = Sums::of(&spikes, blocks, decay, |slow| {
            let quick = f64::from(fasts.next().unwrap_or_default());
            if slow / peak > most {
                most = most.max(highest(slow, quick, rise, decay) / peak);
            }
        });
        let curve = Curve::new(&style, most)?;
        let noise = (style.noise > 0.0).then(|| Arc::new(Noise::new(style.noise, style.seed)));
        Ok(Self {
            sums: Arc::new((slow, second.map(|(sums, _)| sums))),
            spikes,
            line,
            style,
            blocks,
            peak,
            curve: Arc::new(curve),
            noise,
        })
    }

    /// The indicator.
    pub fn style(&self) -> IndicatorStyle {
        self.style
    }

    /// The calcium where fluorescence is half way from none to its largest, as a multiple of what a spike
    /// adds; infinity where nothing saturates.
    pub fn half_saturation(&self) -> f64 {
        self.curve.half()
    }
}

/// What a spike leaves after `time`.
fn kernel(time: f64, rise: f64, decay: f64) -> f64 {
    (-time / decay).exp() * (1.0 - (-time / rise).exp())
}

/// The highest value from now on of `slow exp(-t / decay) - quick exp(-t / fast)`.
fn highest(slow: f64, quick: f64, rise: f64, decay: f64) -> f64 {
    if rise == 0.0 {
        return slow;
    }
    // Where it is level: there is one such place, since `fast` is the smaller one.
    let time = rise * (quick / slow * (rise + decay) / rise).ln();
    let time = time.max(0.0);
    (-time / decay).exp() * (slow - quick * (-time / rise).exp())
}

impl Activity for Indicator {
    fn kind(&self) -> &'static str {
        "indicator"
    }

    fn cells(&self) -> usize {
        self.spikes.cells()
    }

    fn range(&self) -> (f32, f32) {
        (0.0, self.curve.highest())
    }

    fn rest(&self, _frame: f64) -> f32 {
        0.0
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "single precision is what is shown"
    )]
    fn paint(&mut self, frame: f64, painter: &mut Painter<'_>) -> Result<(), ActivityError> {
        let time = self.line.ms(frame);
        let (slow, quick) = &*self.sums;
        for block in self
            .blocks
            .back(&self.spikes, time, slow.until(FAINT * self.peak))
        {
            let of = self.spikes.of().get(block.spikes.clone());
            let of = of.unwrap_or_default();
            let (slow, factor) = slow.at(&block, time);
            let factor = (factor / self.peak) as f32;
            // From the last one on: the first that is met of a cell is its last.
            let value = |calcium: f32| self.curve.at(calcium);
            match quick {
                None => {
                    for (cell, slow) in of.iter().zip(slow).rev() {
                        painter.set_once(*cell, || value(slow * factor));
                    }
                }
                Some(quick) => {
                    let (quick, less) = quick.at(&block, time);
                    let less = (less / self.peak) as f32;
                    for ((cell, slow), quick) in of.iter().zip(slow).zip(quick).rev() {
                        painter.set_once(*cell, || value(slow * factor - quick * less));
                    }
                }
            }
        }
        if let Some(noise) = &self.noise {
            let given = painter.given();
            painter.all(|out| {
                noise.add(frame, out);
                given
            });
        }
        Ok(())
    }
}
