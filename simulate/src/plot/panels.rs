//! The panels of the picture.
//!
//! Owns their sizes, colours and words.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Brush, Canvas};
use super::sketch::{Sketch, Trace};

const WIDTH: u32 = 1200;
const RASTER: u32 = 420;
const RATES: u32 = 240;
const TRACE: u32 = 240;
/// Beside the panels, for the names.
const RIGHT: u32 = 180;
/// Letters that fit there.
const LETTERS: usize = 16;
/// Beyond so many, further traces are named and not drawn.
const TRACES: usize = 8;
/// Colours that people with any sight tell apart (Okabe and Ito, 2008).
const COLORS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(150, 140, 20),
];

type Area<'a> = DrawingArea<Brush<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The whole picture.
pub(super) fn drawn(sketch: &Sketch) -> Result<Canvas, String> {
    let traces = sketch.traces.iter().filter(|one| !one.points.is_empty());
    let traces: Vec<_> = traces.take(TRACES).collect();
    #[allow(clippy::cast_possible_truncation, reason = "eight at most")]
    let height = RASTER + RATES + TRACE * traces.len() as u32;
    let mut canvas = Canvas::new(WIDTH, height);
    let words = |error: Box<dyn std::error::Error>| error.to_string();
    {
        let root = Brush(&mut canvas).into_drawing_area();
        let (above, rest) = root.split_vertically(RASTER);
        raster(sketch, &above).map_err(words)?;
        let (rates, mut rest) = rest.split_vertically(RATES);
        self::rates(sketch, &rates).map_err(words)?;
        for one in traces {
            let (panel, below) = rest.split_vertically(TRACE);
            trace(sketch, one, &panel).map_err(words)?;
            rest = below;
        }
    }
    Ok(canvas)
}

fn color(at: usize) -> RGBColor {
    COLORS.get(at % COLORS.len()).copied().unwrap_or(BLACK)
}

/// A window in which something can be seen.
fn window(sketch: &Sketch) -> std::ops::Range<f64> {
    let (from, to) = sketch.window;
    from..if to > from { to } else { from + 1.0 }
}

fn raster(sketch: &Sketch, area: &Area<'_>) -> Drawn {
    #[allow(clippy::cast_precision_loss, reason = "a place in a picture")]
    let heights: Vec<f64> = sketch
        .populations
        .iter()
        .map(|one| one.cells as f64)
        .collect();
    let mut below = Vec::new();
    let mut total = 0.0;
    for height in heights {
        below.push(total);
        total += height;
    }
    let all = match sketch.every {
        1 => format!("{} spikes", sketch.spikes),
        every => format!("{} spikes, one of {every} is drawn", sketch.spikes),
    };
    let mut chart = ChartBuilder::on(area)
        .caption(all, ("mono", 16))
        .margin(8)
        .margin_right(RIGHT)
        .x_label_area_size(28)
        .y_label_area_size(72)
        .build_cartesian_2d(window(sketch), 0.0..total.max(1.0))?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_labels(11)
        .y_labels(8)
        .y_desc(match sketch.populations.len() {
            0 | 1 => "cell",
            _ => "cells, stacked",
        })
        .label_style(("mono", 16))
        .x_label_formatter(&|time| format!("{} ms", number(*time)))
        .y_label_formatter(&|cell| number(*cell))
        .draw()?;
    let radius = if sketch.dots.len() > 5000 { 0 } else { 1 };
    for (at, first) in below.iter().enumerate() {
        let mine = sketch.dots.iter().filter(|dot| dot.1 as usize == at);
        let dots = mine.map(|&(time, _, cell)| {
            Circle::new(
                (time, *first + f64::from(cell) + 0.5),
                radius,
                color(at).filled(),
            )
        });
        chart.draw_series(dots)?;
    }
    legend(area, sketch.populations.iter().map(|one| one.name.as_str()))
}

fn rates(sketch: &Sketch, area: &Area<'_>) -> Drawn {
    let bins = sketch.populations.iter().map(|one| one.bins.len());
    let span = window(sketch);
    #[allow(clippy::cast_precision_loss, reason = "few bins")]
    let width = (span.end - span.start) / bins.max().unwrap_or(1).max(1) as f64;
    let lines: Vec<(String, Vec<(f64, f64)>)> = sketch
        .populations
        .iter()
        .map(|one| {
            #[allow(clippy::cast_precision_loss, reason = "a height in a picture")]
            let points = one.bins.iter().enumerate().map(|(at, count)| {
                let rate = *count as f64 / one.cells.max(1) as f64 / width * 1000.0;
                (span.start + (at as f64 + 0.5) * width, rate)
            });
            (one.name.clone(), points.collect())
        })
        .collect();
    let highest = lines.iter().flat_map(|one| &one.1).map(|point| point.1);
    let top = highest.fold(0.0, f64::max).max(1.0) * 1.1;
    panel(area, "rate of a cell, in Hz", "Hz", span, 0.0..top, &lines)
}

fn trace(sketch: &Sketch, one: &Trace, area: &Area<'_>) -> Drawn {
    let lines: Vec<(String, Vec<(f64, f64)>)> = one
        .cells
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let values = one.points.iter().filter_map(|(time, values)| {
                let value = values.get(at).filter(|value| value.is_finite())?;
                Some((*time, *value))
            });
            (name.clone(), values.collect())
        })
        .collect();
    let values = || lines.iter().flat_map(|line| &line.1).map(|point| point.1);
    let (low, high) = (
        values().fold(f64::INFINITY, f64::min),
        values().fold(f64::NEG_INFINITY, f64::max),
    );
    let (low, high) = if low < high { (low, high) } else { (-1.0, 1.0) };
    let room = (high - low) * 0.05;
    let title = format!("{}: {}", one.name, one.variable);
    let span = window(sketch);
    panel(
        area,
        &title,
        &one.variable,
        span,
        low - room..high + room,
        &lines,
    )
}

/// A panel of lines over time.
fn panel(
    area: &Area<'_>,
    title: &str,
    what: &str,
    time: std::ops::Range<f64>,
    values: std::ops::Range<f64>,
    lines: &[(String, Vec<(f64, f64)>)],
) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("mono", 16))
        .margin(8)
        .margin_right(RIGHT)
        .x_label_area_size(28)
        .y_label_area_size(72)
        .build_cartesian_2d(time, values)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_labels(11)
        .y_labels(6)
        .y_desc(what)
        .label_style(("mono", 16))
        .x_label_formatter(&|time| format!("{} ms", number(*time)))
        .y_label_formatter(&|value| number(*value))
        .draw()?;
    for (at, (_, points)) in lines.iter().enumerate() {
        chart.draw_series(LineSeries::new(points.iter().copied(), color(at)))?;
    }
    legend(area, lines.iter().map(|(name, _)| name.as_str()))
}

/// The names in their colours, beside a panel; of more than there is room for, how many more.
fn legend<'a>(area: &Area<'_>, names: impl Iterator<Item = &'a str>) -> Drawn {
    let left = whole(WIDTH - RIGHT) + 12;
    let line = |at: usize| whole(36 + u32::try_from(at).unwrap_or(0) * 20);
    let names: Vec<&str> = names.collect();
    for (at, name) in names.iter().take(COLORS.len()).enumerate() {
        let top = line(at);
        let square = [(left, top + 3), (left + 10, top + 13)];
        area.draw(&Rectangle::new(square, color(at).filled()))?;
        let name: String = name.chars().take(LETTERS).collect();
        area.draw(&Text::new(name, (left + 18, top), ("mono", 16)))?;
    }
    if let Some(more) = names.len().checked_sub(COLORS.len() + 1) {
        let more = format!("and {} more", more + 1);
        area.draw(&Text::new(
            more,
            (left + 18, line(COLORS.len())),
            ("mono", 16),
        ))?;
    }
    Ok(())
}

fn whole(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(0)
}

/// A number with no more digits than it needs.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_they_need() {
        for (value, text) in [(0.0, "0"), (100.0, "100"), (-0.25, "-0.25"), (-1e-9, "0")] {
            assert_eq!(number(value), text);
        }
    }

    /// `KEEP_PICTURE=a.png` keeps it, to be looked at.
    #[test]
    fn a_run_of_two_populations_and_a_report_is_drawn() {
        let names = [("exc".to_owned(), 80), ("inh".to_owned(), 20)];
        let mut sketch = Sketch::new(&names, (0.0, 500.0));
        for at in 0..4000_u32 {
            let time = f64::from(at) / 8.0;
            let of = at as usize % 2;
            sketch.spike(of, at * 7 % [80, 20][of], time);
        }
        let mut one = Trace::new("v".into(), "V_m (mV)".into(), 2, |at| at.to_string());
        for at in 0..5000 {
            let time = f64::from(at) / 10.0;
            one.row(time, &[-70.0 + (time / 20.0).sin() * 10.0, -65.0]);
        }
        sketch.traces.push(one);
        let canvas = drawn(&sketch).unwrap();
        if let Some(path) = std::env::var_os("KEEP_PICTURE") {
            canvas.save(path.as_ref()).unwrap();
        }
        let mut canvas = canvas;
        assert_eq!(
            Brush(&mut canvas).get_size(),
            (WIDTH, RASTER + RATES + TRACE)
        );
    }

    #[test]
    fn a_run_without_spikes_or_time_is_drawn() {
        for window in [(0.0, 0.0), (5.0, 6.0)] {
            drawn(&Sketch::new(&[], window)).unwrap();
            drawn(&Sketch::new(&[("a".to_owned(), 0)], window)).unwrap();
        }
    }
}
