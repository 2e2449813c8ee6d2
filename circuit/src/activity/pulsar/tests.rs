//! The pulsar against BSB's rule, taken literally, and against what its keys draw.

use std::sync::Arc;

use proptest::prelude::*;

use super::shape::eased;
use super::{Pulsar, PulsarStyle};
use crate::activity::{Activity, Kept, SpikeIndex, Timeline, fill, fill_whole, level};

fn pulsar(spikes: &[(u32, f64)], cells: usize, style: PulsarStyle) -> Pulsar {
    let (of, times): (Vec<u32>, Vec<f64>) = spikes.iter().copied().unzip();
    let index = SpikeIndex::new(cells, &of, &times).expect("an index");
    Pulsar::new(Arc::new(index), Timeline::BSB, style).expect("a pulsar")
}

/// BSB's keys by its rule: the highest of the triangles, frame by frame, a key where the slope changes.
fn keys_of_bsb(times: &[f64], style: PulsarStyle, last: f64) -> Vec<(f64, f64)> {
    let mpf = Timeline::BSB.ms_per_frame();
    let edge = (style.spike_duration_ms / 2.0 / mpf).ceil() as i64;
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let frames: Vec<i64> = times.iter().map(|time| (time / mpf) as i64).collect();
    let end = frames.last().copied().unwrap_or(1) + edge;
    let height = |k: i64| {
        let heights = frames.iter().map(|frame| edge - (k - frame).abs());
        heights.fold(0, i64::max)
    };
    let value = |height: i64| style.floor + (1.0 - style.floor) * height as f64 / edge as f64;
    let mut keys = std::collections::BTreeMap::from([(0, value(height(0)))]);
    for k in 0..end {
        let before = if k > 0 { height(k - 1) } else { 0 };
        if height(k + 1) - height(k) != height(k) - before {
            keys.insert(k, value(height(k)));
        }
    }
    keys.insert(end, value(0));
    let mut keys: Vec<_> = keys
        .into_iter()
        .map(|(k, value)| (k as f64, value))
        .collect();
    keys.push((last + style.afterburn_ms / 2.0 / mpf, style.floor));
    keys.push((last + style.afterburn_ms / mpf, 0.0));
    keys
}

/// What is drawn through keys whose handles are level.
fn drawn(keys: &[(f64, f64)], frame: f64) -> f64 {
    let after = keys.partition_point(|key| key.0 <= frame);
    match (
        after.checked_sub(1).and_then(|at| keys.get(at)),
        keys.get(after),
    ) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * eased((frame - a.0) / (b.0 - a.0)),
        (Some(only), None) | (None, Some(only)) => only.1,
        (None, None) => 0.0,
    }
}

prop_compose! {
    fn spikes()(
        cells in 1_usize..6,
        spikes in prop::collection::vec((0_u32..6, 0.0..60.0_f64), 0..40),
    ) -> (usize, Vec<(u32, f64)>) {
        (cells, spikes.into_iter().filter(|(cell, _)| (*cell as usize) < cells).collect())
    }
}

proptest! {
    #[test]
    fn keys_are_bsbs_and_values_what_they_draw(
        (cells, spikes) in spikes(),
        duration in 0.1..12.0_f64,
        floor in 0.0..1.0_f64,
        frames in prop::collection::vec(-5.0..300.0_f64, 1..40),
    ) {
        let style = PulsarStyle { spike_duration_ms: duration, floor, ..PulsarStyle::default() };
        let mut pulsar = pulsar(&spikes, cells, style);
        let mut all = Vec::new();
        for cell in 0..cells {
            let of: Vec<f64> = spikes.iter().filter(|one| one.0 as usize == cell).map(|one| one.1).collect();
            let expected = keys_of_bsb(&of, style, pulsar.last());
            let (frames, values) = pulsar.keys(cell).expect("a cell");
            let keys: Vec<(f64, f64)> = frames.into_iter().zip(values).collect();
            prop_assert_eq!(keys.len(), expected.len(), "{:?} and {:?}", keys, expected);
            for (key, expected) in keys.iter().zip(&expected) {
                prop_assert!((key.0 - expected.0).abs() < 1e-9 && (key.1 - expected.1).abs() < 1e-9);
            }
            all.push(keys);
        }
        // In one array, in any order of frames, whole frames among them.
        let (mut out, mut kept) = (vec![7.0_f32; cells], Kept::default());
        for frame in frames.iter().flat_map(|frame| [*frame, frame.round()]) {
            let active = fill(&mut pulsar, frame, &mut out, &mut kept).expect("filled");
            let (mut whole, mut none) = (vec![7.0_f32; cells], Kept::default());
            let painted = fill_whole(&mut pulsar, frame, &mut whole, &mut none).expect("filled");
            prop_assert_eq!((painted, &whole), (active, &out));
            // Each cell gets one value.
            prop_assert!(active <= cells, "{} of {}", active, cells);
            let rest = pulsar.rest(frame);
            prop_assert_eq!(level(&mut pulsar, frame).expect("a level"), (active == 0).then_some(rest));
            prop_assert!(active >= out.iter().filter(|value| **value != rest).count());
            for (keys, value) in all.iter().zip(&out) {
                let expected = drawn(keys, frame);
                prop_assert!((f64::from(*value) - expected).abs() < 1e-6, "{frame}: {value} for {expected}, {keys:?}");
            }
        }
    }
}

/// What is near is told apart by two frames of each edge, and met once however often it spikes.
#[test]
fn a_cell_that_spikes_often_is_painted_once_a_frame() {
    let spikes: Vec<(u32, f64)> = (0..400)
        .map(|at| (at % 7, f64::from(at * at % 97)))
        .collect();
    let pulsar = pulsar(&spikes, 7, PulsarStyle::default());
    for frame in 0..300 {
        let mut met = Vec::new();
        pulsar
            .runs
            .at(f64::from(frame), &pulsar.shape, |cells, value| {
                assert!((0.0..=1.0).contains(&value));
                met.extend_from_slice(cells);
            });
        met.sort_unstable();
        let all = met.len();
        met.dedup();
        assert_eq!(met.len(), all, "at {frame}");
    }
}

#[test]
fn the_fade_out_is_reckoned_from_the_end_of_all_populations() {
    let style = PulsarStyle {
        last: Some(246.0),
        ..PulsarStyle::default()
    };
    let pulsar = pulsar(&[(0, 0.0)], 2, style);
    assert_eq!(
        (pulsar.last_change(), pulsar.last(), pulsar.frame_end()),
        (6.0, 246.0, 318.0)
    );
    let (frames, _) = pulsar.keys(0).expect("a cell");
    assert_eq!(frames, [0.0, 6.0, 282.0, 318.0]);
    let (frames, values) = pulsar.keys(1).expect("a cell");
    assert_eq!(
        (frames, values),
        (vec![0.0, 7.0, 282.0, 318.0], vec![0.3, 0.3, 0.3, 0.0])
    );
}

/// To have another end, the distances of all spikes were reckoned a second time: 4 to 15 s of 5 million.
#[test]
fn another_end_is_not_reckoned_anew() {
    let spikes = [(0, 0.0), (1, 4.0), (0, 7.5)];
    let style = PulsarStyle::default();
    let own = pulsar(&spikes, 2, style);
    let mut other = own.ending(246.0).expect("a frame");
    assert!(Arc::ptr_eq(&own.runs, &other.runs) && Arc::ptr_eq(&own.spikes, &other.spikes));
    let last = Some(246.0);
    let mut anew = pulsar(&spikes, 2, PulsarStyle { last, ..style });
    let mut values = [[0.0; 2]; 2];
    for frame in [0.0, 11.0, 20.5, 250.0, 290.0, 400.0] {
        for (one, out) in [&mut other, &mut anew].into_iter().zip(&mut values) {
            fill(one, frame, out, &mut Kept::default()).expect("filled");
        }
        assert_eq!(values[0], values[1], "at {frame}");
    }
    assert_eq!(
        other.keys(0).expect("a cell"),
        anew.keys(0).expect("a cell")
    );
    // What ends by itself is as it was, and an end before it is its own.
    assert_eq!(
        (own.last(), own.ending(3.0).expect("a frame").last()),
        (24.0, 24.0)
    );
    let refused = own.ending(f64::NAN).expect_err("no frame");
    assert_eq!(refused.to_string(), "last is NaN; a frame is needed");
}

#[test]
fn without_an_afterburn_nothing_fades() {
    let style = PulsarStyle {
        afterburn_ms: 0.0,
        ..PulsarStyle::default()
    };
    let pulsar = pulsar(&[(0, 0.0)], 1, style);
    assert_eq!(pulsar.rest(1e6), 0.3);
    assert_eq!(pulsar.keys(0).expect("a cell").0, [0.0, 6.0]);
    assert_eq!(pulsar.frame_end(), 6.0);
}

#[test]
fn settings_that_mean_nothing_are_refused() {
    let of = |style| {
        let index = Arc::new(SpikeIndex::new(1, &[], &[]).expect("an index"));
        Pulsar::new(index, Timeline::BSB, style)
            .expect_err("refused")
            .to_string()
    };
    let style = PulsarStyle::default();
    let said = of(PulsarStyle {
        spike_duration_ms: 0.0,
        ..style
    });
    assert_eq!(said, "spike_duration is 0; a number above 0 is needed");
    let said = of(PulsarStyle {
        spike_duration_ms: 1e9,
        ..style
    });
    assert_eq!(
        said,
        "spike_duration is 1000000000; its edges may take up to 32,767 frames each"
    );
    assert!(
        of(PulsarStyle {
            afterburn_ms: f64::NAN,
            ..style
        })
        .starts_with("afterburn is NaN")
    );
    assert!(
        of(PulsarStyle {
            floor: 1.5,
            ..style
        })
        .starts_with("floor is 1.5")
    );
    assert!(
        of(PulsarStyle {
            last: Some(f64::INFINITY),
            ..style
        })
        .starts_with("last is inf")
    );
}
