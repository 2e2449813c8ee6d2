//! Kinds of activity against what they mean, taken literally; and what nobody should give them.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    Activity, ActivityError, Between, Counts, Decay, Flash, Indicator, IndicatorStyle, Kept,
    Pulsar, PulsarStyle, SpikeIndex, Timeline, Traces, TracesStyle, fill,
};
use crate::reports::{ReportLayout, ReportWriter};

fn index(cells: usize, spikes: &[(u32, f64)]) -> Arc<SpikeIndex> {
    let (of, times): (Vec<u32>, Vec<f64>) = spikes.iter().copied().unzip();
    Arc::new(SpikeIndex::new(cells, &of, &times).expect("an index"))
}

/// A frame a ms.
fn line() -> Timeline {
    Timeline::new(1000.0, 1000.0, 0.0).expect("a clock")
}

fn values(activity: &mut dyn Activity, frame: f64) -> Vec<f32> {
    let mut out = vec![9.0; activity.cells()];
    fill(activity, frame, &mut out, &mut Kept::default()).expect("filled");
    out
}

prop_compose! {
    fn spikes()(spikes in prop::collection::vec((0_u32..5, 0.0..400.0_f64), 0..60)) -> Vec<(u32, f64)> {
        spikes
    }
}

/// ΔF/F, taken literally.
fn fluorescence(style: &IndicatorStyle, spikes: &[f64], time: f64) -> f64 {
    let kernel = |t: f64| match style.rise_ms > 0.0 {
        true => (-t / style.decay_ms).exp() * (1.0 - (-t / style.rise_ms).exp()),
        false => (-t / style.decay_ms).exp(),
    };
    let peak = match style.rise_ms > 0.0 {
        true => kernel(style.rise_ms * (1.0 + style.decay_ms / style.rise_ms).ln()),
        false => 1.0,
    };
    let past = spikes.iter().filter(|spike| **spike <= time);
    let calcium: f64 = past.map(|spike| kernel(time - spike) / peak).sum();
    let power = |c: f64| (style.baseline + c).powf(style.hill);
    let (more, spike) = (power(calcium) - power(0.0), power(1.0) - power(0.0));
    if style.saturation.is_infinite() {
        return style.amplitude * more / spike;
    }
    let half = spike * style.saturation / style.amplitude - power(1.0);
    style.saturation * more / (power(calcium) + half)
}

proptest! {
    #[test]
    fn every_kind_is_what_it_says_in_any_order_of_frames(
        spikes in spikes(),
        frames in prop::collection::vec(-20.0..900.0_f64, 1..20),
        tau in 0.5..80.0_f64,
        rise in prop_oneof![Just(0.0), 1.0..60.0_f64],
        hill in 0.8..3.0_f64,
        baseline in 0.0..6.0_f64,
        saturation in prop_oneof![Just(f64::INFINITY), 5.0..40.0_f64],
    ) {
        let index = index(5, &spikes);
        let of = |cell: u32| -> Vec<f64> {
            let mine = spikes.iter().filter(|one| one.0 == cell);
            mine.map(|one| one.1).collect()
        };
        let style = IndicatorStyle { rise_ms: rise, hill, baseline, saturation, ..IndicatorStyle::default() };
        let mut flash = Flash::new(index.clone(), line(), Some(7.0)).expect("a flash");
        let mut decay = Decay::new(index.clone(), line(), tau).expect("a decay");
        let mut indicator = Indicator::new(index, line(), style).expect("an indicator");
        let high = f64::from(indicator.range().1);
        let (mut out, mut kept) = (vec![3.0; 5], [Kept::default(), Kept::default(), Kept::default()]);
        let mut arrays = [out.clone(), out.clone(), out.clone()];
        for frame in frames.iter().flat_map(|frame| [*frame, frame.round()]) {
            let kinds: [&mut dyn Activity; 3] = [&mut flash, &mut decay, &mut indicator];
            for (at, kind) in kinds.into_iter().enumerate() {
                fill(kind, frame, &mut arrays[at], &mut kept[at]).expect("filled");
            }
            for cell in 0..5_u32 {
                let times = of(cell);
                let lately = times.iter().any(|time| (frame - 7.0..frame).contains(time));
                let got = arrays[0][cell as usize];
                prop_assert_eq!(got, f32::from(u8::from(lately)), "flash at {}: {:?}", frame, times);
                let past = times.iter().filter(|time| **time <= frame);
                let sum: f64 = past.map(|time| (-(frame - time) / tau).exp()).sum();
                let got = f64::from(arrays[1][cell as usize]);
                prop_assert!((got - sum.min(1.0)).abs() < 2.1e-4, "decay at {frame}: {got} for {sum}");
                let expected = fluorescence(&style, &times, frame);
                let got = f64::from(arrays[2][cell as usize]);
                let room = 1e-4 + 1e-4 * high;
                prop_assert!((got - expected).abs() < room, "at {frame}: {got} for {expected} of {style:?}, {times:?}");
                prop_assert!(got <= high * 1.000_01);
            }
        }
        out.clear();
    }
}

#[test]
fn gcamp6f_is_what_was_published_of_it() {
    let mut one =
        Indicator::new(index(1, &[(0, 100.0)]), line(), IndicatorStyle::GCAMP6F).expect("one");
    let trace: Vec<f32> = (0..600)
        .map(|frame| values(&mut one, f64::from(frame))[0])
        .collect();
    let (at, peak) =
        (0..).zip(&trace).fold(
            (0, 0.0),
            |best, (at, value)| if *value > best.1 { (at, *value) } else { best },
        );
    assert!((peak - 0.19).abs() < 1e-4, "{peak}");
    assert!(
        (at - 145_i32).abs() <= 1,
        "the peak is {} ms after the spike",
        at - 100
    );
    // Half saturation at 375 nM, of 50 nM at rest.
    let style = one.style();
    assert!(
        (one.half_saturation() / style.baseline - 7.5).abs() < 0.02,
        "{}",
        one.half_saturation()
    );
    // Ten spikes at once are more than ten times one.
    let burst: Vec<(u32, f64)> = (0..10).map(|_| (0, 100.0)).collect();
    let ten = Indicator::new(index(1, &burst), line(), style).expect("ten");
    assert!(ten.range().1 > 1.9 && ten.range().1 < style.saturation as f32);
}

#[test]
fn noise_is_of_every_cell_and_the_same_for_the_same_seed() {
    let style = IndicatorStyle {
        noise: 0.05,
        seed: 3,
        ..IndicatorStyle::default()
    };
    let of = |style| Indicator::new(index(2000, &[(0, 1.0)]), line(), style).expect("an indicator");
    let (mut a, mut b) = (of(style), of(style));
    let first = values(&mut a, 20.0);
    values(&mut b, 5.0);
    assert_eq!(first, values(&mut b, 20.0));
    assert_ne!(first, values(&mut a, 21.0));
    assert_ne!(
        first,
        values(&mut of(IndicatorStyle { seed: 4, ..style }), 20.0)
    );
    assert!(first.iter().all(|value| *value != 0.0));
    // The array is written anew each time: noise does not add up.
    let (mut out, mut kept) = (vec![0.0; 2000], Kept::default());
    for _ in 0..3 {
        assert_eq!(fill(&mut a, 20.0, &mut out, &mut kept).expect("filled"), 1);
        assert_eq!(out, first);
    }
}

#[test]
fn spikes_that_are_none_are_left_out_and_counted() {
    let given = [
        (0, 5.0),
        (7, 1.0),
        (1, -0.1),
        (0, f64::NAN),
        (1, f64::INFINITY),
        (0, 3.0),
        (2, 4.0),
        (1, -0.0),
    ];
    let spikes = index(3, &given);
    assert_eq!(
        spikes.counts(),
        Counts {
            outside: 1,
            negative: 1,
            nan: 2,
            unsorted: 1
        }
    );
    assert_eq!(spikes.times(), [0.0, 3.0, 4.0, 5.0]);
    assert_eq!(spikes.of(), [1, 0, 2, 0]);
    assert_eq!(spikes.times_of(0).expect("a cell"), [3.0, 5.0]);
    assert!(matches!(
        spikes.times_of(3),
        Err(ActivityError::Cell { cell: 3, cells: 3 })
    ));
}

#[test]
fn nothing_comes_of_nothing() {
    for (cells, spikes) in [(0, vec![]), (0, vec![(0, 1.0)]), (3, vec![])] {
        let spikes = index(cells, &spikes);
        assert!(spikes.is_empty());
        let mut all: [Box<dyn Activity>; 4] = [
            Box::new(
                Pulsar::new(spikes.clone(), line(), PulsarStyle::default()).expect("a pulsar"),
            ),
            Box::new(Flash::new(spikes.clone(), line(), None).expect("a flash")),
            Box::new(Decay::new(spikes.clone(), line(), 5.0).expect("a decay")),
            Box::new(
                Indicator::new(spikes, line(), IndicatorStyle::default()).expect("an indicator"),
            ),
        ];
        for kind in &mut all {
            let rest = kind.rest(3.0);
            assert_eq!(values(&mut **kind, 3.0), vec![rest; cells]);
            let refused = fill(
                &mut **kind,
                f64::NAN,
                &mut vec![0.0; cells],
                &mut Kept::default(),
            );
            assert!(matches!(refused, Err(ActivityError::Frame(_))));
            let refused = fill(
                &mut **kind,
                0.0,
                &mut vec![0.0; cells + 1],
                &mut Kept::default(),
            );
            assert!(matches!(refused, Err(ActivityError::Array { .. })));
        }
    }
}

#[test]
fn numbers_that_mean_nothing_are_refused() {
    for (fps, speed, start) in [
        (0.0, 25.0, 0.0),
        (f64::NAN, 25.0, 0.0),
        (60.0, -1.0, 0.0),
        (60.0, 25.0, f64::NAN),
        (1e308, 1e-20, 0.0),
    ] {
        assert!(
            Timeline::new(fps, speed, start).is_err(),
            "{fps} {speed} {start}"
        );
    }
    assert!(matches!(
        SpikeIndex::new(usize::MAX, &[], &[]),
        Err(ActivityError::Cells(_))
    ));
    assert!(matches!(
        SpikeIndex::new(1, &[0], &[]),
        Err(ActivityError::Lengths { .. })
    ));
    let spikes = index(1, &[(0, 1.0)]);
    for number in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Flash::new(spikes.clone(), line(), Some(number)).is_err());
        assert!(Decay::new(spikes.clone(), line(), number).is_err());
    }
    let style = IndicatorStyle::default();
    for (style, name) in [
        (
            IndicatorStyle {
                rise_ms: 1e-3,
                ..style
            },
            "rise_ms",
        ),
        (
            IndicatorStyle {
                rise_ms: f64::NAN,
                ..style
            },
            "rise_ms",
        ),
        (
            IndicatorStyle {
                decay_ms: 0.0,
                ..style
            },
            "decay_ms",
        ),
        (
            IndicatorStyle {
                amplitude: -0.1,
                ..style
            },
            "amplitude",
        ),
        (IndicatorStyle { hill: 0.0, ..style }, "hill"),
        (
            IndicatorStyle {
                saturation: 0.1,
                ..style
            },
            "saturation",
        ),
        (
            IndicatorStyle {
                saturation: f64::NAN,
                ..style
            },
            "saturation",
        ),
        (
            IndicatorStyle {
                baseline: 1e30,
                ..style
            },
            "baseline",
        ),
        (
            IndicatorStyle {
                noise: -1.0,
                ..style
            },
            "noise",
        ),
    ] {
        let said = Indicator::new(spikes.clone(), line(), style)
            .expect_err(name)
            .to_string();
        assert!(said.starts_with(name), "{said}");
    }
}

#[test]
fn times_beyond_all_measure_are_harmless() {
    let spikes = index(2, &[(0, 1e300), (0, f64::MAX), (1, 1.0)]);
    for frame in [-1e300, 0.0, 1e300, f64::MAX] {
        for kind in [
            &mut Pulsar::new(spikes.clone(), line(), PulsarStyle::default()).expect("a pulsar")
                as &mut dyn Activity,
            &mut Flash::new(spikes.clone(), line(), None).expect("a flash"),
            &mut Decay::new(spikes.clone(), line(), 5.0).expect("a decay"),
            &mut Indicator::new(spikes.clone(), line(), IndicatorStyle::default())
                .expect("an indicator"),
        ] {
            assert!(
                values(kind, frame).iter().all(|value| value.is_finite()),
                "{}",
                kind.kind()
            );
        }
    }
}

/// Voltages of nodes 0, 2 and 3 of 5; node 2 has a dendrite before its soma.
fn report(path: &std::path::Path) {
    let layout = ReportLayout {
        population: "exc".into(),
        node_ids: vec![3, 0, 2],
        index_pointers: vec![0, 1, 2, 4],
        element_ids: vec![0, 0, 7, 0],
        element_pos: vec![0.5; 4],
    };
    let mut writer =
        ReportWriter::create(path, ("v", "mV"), (10.0, 2.0), 3, vec![layout]).expect("a report");
    for row in [
        [-70.0, -60.0, 5.0, 1.0],
        [-50.0, f64::NAN, 6.0, 2.0],
        [-40.0, -30.0, 7.0, 3.0],
    ] {
        writer.add(0, &row).expect("a row");
    }
    writer.finish().expect("a file");
}

#[test]
fn traces_are_a_reports_rows_at_any_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.h5");
    report(&path);
    let open = |cells, ids, style| Traces::open(&path, "exc", (cells, ids), line(), style);
    let nan = TracesStyle {
        missing: Some(f64::NAN),
        ..TracesStyle::default()
    };
    let mut traces = open(Some(5), None, nan).expect("traces");
    assert_eq!((traces.outside().nodes, traces.outside().cells), (0, 2));
    assert_eq!(traces.range(), (-70.0, 7.0));
    assert_eq!(traces.columns_of(2), Some(2..4));
    assert_eq!(traces.columns_of(1), None);
    let seen = |traces: &mut Traces, frame| {
        values(traces, frame)
            .iter()
            .map(|v| {
                if v.is_nan() {
                    99
                } else {
                    (v * 10.0).round() as i32
                }
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(&mut traces, 0.0), [-600, 99, 10, -700, 99]);
    assert_eq!(seen(&mut traces, 11.0), [99, 99, 15, -600, 99]);
    assert_eq!(seen(&mut traces, 12.0), [99, 99, 20, -500, 99]);
    assert_eq!(seen(&mut traces, 1000.0), [-300, 99, 30, -400, 99]);
    let mut row = [0.0; 4];
    traces.row(14.0, &mut row).expect("a row");
    assert_eq!(row, [-40.0, -30.0, 7.0, 3.0]);
    let mut steps = open(
        Some(5),
        None,
        TracesStyle {
            between: Between::Previous,
            low: Some(-80.0),
            ..TracesStyle::default()
        },
    )
    .expect("steps");
    assert_eq!(seen(&mut steps, 13.9), [-800, -800, 20, -500, -800]);
    // Cells by their ids; node 3 is none of them.
    let mut ids = open(None, Some(&[2, 0, 9]), nan).expect("by id");
    assert_eq!((ids.outside().nodes, ids.outside().cells), (1, 1));
    assert_eq!(seen(&mut ids, 10.0), [10, -600, 99]);
    let bad = TracesStyle {
        low: Some(0.0),
        high: Some(-1.0),
        ..TracesStyle::default()
    };
    assert!(open(None, None, bad).is_err());
    assert!(
        Traces::open(&path, "inh", (None, None), line(), nan)
            .expect_err("none")
            .to_string()
            .contains("exc")
    );
}
