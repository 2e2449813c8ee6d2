//! A frame with a linear time axis and a logarithmic loss axis.

use super::canvas::{BLACK, Canvas, GREY, LINE_HEIGHT, Point, WHITE, text_width};

const WIDTH: u32 = 1000;
const HEIGHT: u32 = 560;
const LEFT: f32 = 110.0;
const RIGHT: f32 = 970.0;
const TOP: f32 = 60.0;
const BOTTOM: f32 = 490.0;
const FAINT: [u8; 3] = [226, 226, 230];

/// The frame, drawn, and where values lie in it.
pub(super) struct Axes {
    pub(super) canvas: Canvas,
    seconds: f64,
    /// Of the loss, as powers of ten.
    low: f64,
    high: f64,
}

impl Axes {
    /// For 0 … `seconds` and the losses from `low` to `high`, all above 0.
    pub(super) fn new(title: &str, seconds: f64, low: f64, high: f64) -> Self {
        let low = low.max(1e-12).log10();
        let high = high.max(1e-12).log10().max(low + 0.3);
        let room = 0.05 * (high - low);
        let mut axes = Self {
            canvas: Canvas::new(WIDTH, HEIGHT, WHITE),
            seconds,
            low: low - room,
            high: high + room,
        };
        axes.canvas.text((LEFT, 22.0), title, BLACK);
        axes.loss_ticks();
        axes.time_ticks();
        for (from, to) in [
            ((LEFT, TOP), (LEFT, BOTTOM)),
            ((LEFT, BOTTOM), (RIGHT, BOTTOM)),
        ] {
            axes.canvas.line(from, to, 1.5, GREY);
        }
        axes
    }

    /// Where a loss at a time lies.
    #[allow(clippy::cast_possible_truncation, reason = "places in a picture")]
    pub(super) fn place(&self, seconds: f64, loss: f64) -> Point {
        let x = (seconds / self.seconds).clamp(0.0, 1.0) as f32;
        let y = (loss.max(1e-12).log10() - self.low) / (self.high - self.low);
        let y = y.clamp(0.0, 1.0) as f32;
        (LEFT + x * (RIGHT - LEFT), BOTTOM - y * (BOTTOM - TOP))
    }

    /// 1, 2 and 5 times each power of ten; only the powers where that would be too many.
    #[allow(clippy::cast_possible_truncation, reason = "small powers of ten")]
    fn loss_ticks(&mut self) {
        let powers = self.low.floor() as i32..=self.high.ceil() as i32;
        let few = self.high - self.low < 2.5;
        let steps: &[f64] = if few { &[1.0, 2.0, 5.0] } else { &[1.0] };
        for power in powers {
            for step in steps {
                let value = step * 10f64.powi(power);
                if !(self.low..=self.high).contains(&value.log10()) {
                    continue;
                }
                let (_, y) = self.place(0.0, value);
                self.canvas.line((LEFT, y), (RIGHT, y), 1.0, FAINT);
                let label = decimal(value);
                let at = (
                    LEFT - 10.0 - text_width(&label),
                    y - LINE_HEIGHT / 2.0 + 2.0,
                );
                self.canvas.text(at, &label, BLACK);
            }
        }
    }

    fn time_ticks(&mut self) {
        let step = round_step(self.seconds / 8.0);
        let mut at = 0.0;
        while at <= self.seconds * 1.000_001 {
            let (x, _) = self.place(at, 1.0);
            self.canvas.line((x, BOTTOM), (x, BOTTOM + 6.0), 1.5, GREY);
            let label = decimal(at);
            self.canvas
                .text((x - text_width(&label) / 2.0, BOTTOM + 10.0), &label, BLACK);
            at += step;
        }
        let label = "seconds since the first image";
        let middle = (LEFT + RIGHT - text_width(label)) / 2.0;
        self.canvas.text((middle, BOTTOM + 36.0), label, BLACK);
    }
}

/// The next higher of 1, 2, 5, 10, 20, 50, … (and below 1, alike).
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter();
    power * times.clone().find(|t| t * power >= step).unwrap_or(10.0)
}

/// A number without zeros at its end.
fn decimal(value: f64) -> String {
    let text = format!("{value:.9}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_labels_are_round() {
        assert!((round_step(9.0) - 10.0).abs() < 1e-9);
        assert!((round_step(0.17) - 0.2).abs() < 1e-9);
        assert_eq!(decimal(0.0005), "0.0005");
        assert_eq!(decimal(60.0), "60");
    }
}
