//! The loss over time.

use super::axes::Axes;
use super::canvas::{BLACK, Color, LINE_HEIGHT, text_width};
use crate::training::{Step, Trained};
use image::RgbImage;

const EACH: Color = [176, 204, 240];
const SMOOTH: Color = [20, 90, 190];
const CONSTANT: Color = [120, 120, 128];
const HELDOUT: Color = [230, 30, 120];
/// Parts of the time over which the smooth curve takes means.
const PARTS: usize = 80;

/// The training loss of each batch and smoothed, the held-out loss, and the constant guess.
pub(crate) fn loss(trained: &Trained) -> RgbImage {
    let (heldout, constant) = (trained.evaluation.loss, trained.evaluation.constant_loss);
    let all = || {
        let each = trained.history.iter().map(|step| step.loss);
        each.chain([heldout, constant]).filter(|loss| *loss > 0.0)
    };
    let low = all().fold(f64::INFINITY, f64::min).min(1.0);
    let high = all().fold(0.0, f64::max);
    let title = "loss: mean squared error of normalised corner coordinates";
    let mut axes = Axes::new(title, trained.seconds, low, high);

    let mut curve = |points: &[Step], width, color| {
        for pair in points.windows(2) {
            let [from, to] = [pair[0], pair[1]].map(|step| axes.place(step.seconds, step.loss));
            axes.canvas.line(from, to, width, color);
        }
    };
    curve(&trained.history, 1.0, EACH);
    curve(&smooth(&trained.history, trained.seconds), 2.5, SMOOTH);

    let (mut x, y) = axes.place(0.0, constant);
    let (end, _) = axes.place(trained.seconds, constant);
    while x < end {
        axes.canvas
            .line((x, y), ((x + 9.0).min(end), y), 1.8, CONSTANT);
        x += 16.0;
    }
    let place = axes.place(trained.seconds, heldout);
    axes.canvas.dot(place, 5.0, HELDOUT);

    // The curve falls: the upper right is free.
    let entries = [
        (EACH, "each batch".to_owned()),
        (SMOOTH, "mean".to_owned()),
        (
            CONSTANT,
            format!("held out, best constant guess: {constant:.6}"),
        ),
        (
            HELDOUT,
            format!("held out, the network at the end: {heldout:.6}"),
        ),
    ];
    let widest = entries
        .iter()
        .map(|(_, text)| text_width(text))
        .fold(0.0, f32::max);
    let left = 960.0 - widest;
    let mut top = y.max(60.0) + 14.0;
    for (color, text) in entries {
        let middle = top + LINE_HEIGHT / 2.0 - 2.0;
        axes.canvas
            .line((left - 34.0, middle), (left - 12.0, middle), 4.0, color);
        axes.canvas.text((left, top), &text, BLACK);
        top += LINE_HEIGHT + 2.0;
    }
    axes.canvas.into_image()
}

/// The mean of each of some equal parts of the time; parts without a step are left out.
fn smooth(history: &[Step], seconds: f64) -> Vec<Step> {
    let part = seconds / f64::from(u32::try_from(PARTS).unwrap_or(1));
    let mut parts: Vec<(f64, f64, f64)> = vec![(0.0, 0.0, 0.0); PARTS + 1];
    for step in history {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and bounded on the same line"
        )]
        let index = ((step.seconds / part) as usize).min(PARTS);
        let (count, seconds, loss) = &mut parts[index];
        *count += 1.0;
        *seconds += step.seconds;
        *loss += step.loss;
    }
    let filled = parts.into_iter().filter(|(count, ..)| *count > 0.0);
    let mean = |(count, seconds, loss)| Step {
        seconds: seconds / count,
        loss: loss / count,
    };
    filled.map(mean).collect()
}
