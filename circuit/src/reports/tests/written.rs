//! What is written is read again.

use proptest::prelude::*;

use super::super::*;
use super::scratch;

#[test]
fn a_report_that_ends_early_is_whole_up_to_there() {
    let (_folder, path) = scratch();
    let layouts = || {
        vec![
            ReportLayout::points("a", vec![5, 9]),
            ReportLayout::points("b", vec![1]),
            ReportLayout::points("c", Vec::new()),
        ]
    };
    let create = |rows| ReportWriter::create(&path, ("V_m", "mV"), (0.1, 0.1), rows, layouts());
    let mut writer = create(1000).unwrap();
    for row in 0..100 {
        writer.add(0, &[f64::from(row), -0.1]).unwrap();
        if row < 97 {
            writer.add(1, &[1.5]).unwrap();
        }
    }
    assert!(
        writer.add(0, &[1.0]).is_err()
            && writer.add(2, &[1.0]).is_err()
            && writer.add(3, &[]).is_err()
    );
    writer.finish().unwrap();
    let file = ReportFile::open(&path).unwrap();
    assert_eq!(file.populations().len(), 3);
    let a = file.population("a").unwrap();
    assert_eq!(
        (a.rows(), a.units(), a.variable()),
        (97, Some("mV"), Some("V_m"))
    );
    assert_eq!(a.read_rows(96..97).unwrap(), [96.0, f64::from(-0.1_f32)]);
    assert_eq!(a.time().window(0.0, a.time().stop, 1000), 0..97);
    let mut writer = create(2).unwrap();
    writer.add(0, &[0.0; 6]).unwrap();
    assert!(
        writer.finish().is_err(),
        "more rows than there was room for"
    );
    assert!(ReportFile::open(&path).is_err(), "not finished");
}

#[test]
fn layouts_that_cannot_be_are_errors() {
    let (_folder, path) = scratch();
    let create = |layouts| ReportWriter::create(&path, ("V_m", "mV"), (0.0, 0.1), 1, layouts);
    let points = || ReportLayout::points("a", vec![1, 2]);
    assert!(create(vec![points(), points()]).is_err());
    for wrong in [
        ReportLayout {
            index_pointers: vec![0, 1],
            ..points()
        },
        ReportLayout {
            index_pointers: vec![0, 2, 1],
            ..points()
        },
        ReportLayout {
            index_pointers: vec![0, 1, 3],
            ..points()
        },
        ReportLayout {
            element_pos: vec![0.0],
            ..points()
        },
    ] {
        assert!(create(vec![wrong]).is_err());
    }
    for time in [(f64::NAN, 0.1), (0.0, 0.0), (0.0, -1.0)] {
        assert!(ReportWriter::create(&path, ("v", "mV"), time, 1, vec![points()]).is_err());
        assert!(ElectrodesWriter::create(&path, &[1], time, 1).is_err());
    }
}

#[test]
fn no_reader_loses_a_row_by_rounding() {
    for start in [0.0, 0.1, 50.0, 1234.5] {
        for step in [0.1, 0.025, 0.3, 1.0 / 3.0] {
            for rows in 0..2000 {
                let time = ReportTime::of_rows(start, step, rows);
                // BMTK's arithmetic.
                assert_eq!(
                    ((time.stop - time.start) / time.step) as u64,
                    rows,
                    "{time:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_written_is_read_again(
        counts in prop::collection::vec(0..4_u64, 1..6),
        rows in 0..50_u64,
        seed in any::<u32>(),
    ) {
        let (_folder, path) = scratch();
        let mut pointers = vec![0];
        for count in &counts {
            pointers.push(pointers.last().unwrap() + count);
        }
        let columns = *pointers.last().unwrap() as usize;
        let layout = ReportLayout {
            population: "Ü p".to_owned(),
            node_ids: (0..counts.len() as u64).rev().collect(),
            index_pointers: pointers.clone(),
            element_ids: (0..columns as u32).collect(),
            element_pos: (0..columns).map(|at| at as f64 / 100.0).collect(),
        };
        let values: Vec<f64> = (0..rows * columns as u64)
            .map(|at| f64::from((seed as f32).mul_add(1e-6, at as f32)))
            .collect();
        let mut writer = ReportWriter::create(&path, ("v", "mV"), (1.0, 0.25), rows + 3, vec![layout]).unwrap();
        if columns > 0 {
            for row in values.chunks(columns * 3) {
                writer.add(0, row).unwrap();
            }
        }
        writer.finish().unwrap();
        let file = ReportFile::open(&path).unwrap();
        let found = file.population("Ü p").unwrap();
        prop_assert_eq!(found.index_pointers(), &pointers[..]);
        if columns > 0 {
            prop_assert_eq!(found.rows(), rows);
            prop_assert_eq!(found.read_rows(0..rows).unwrap(), values);
            prop_assert_eq!(found.time(), ReportTime { start: 1.0, stop: 1.0 + rows as f64 * 0.25, step: 0.25 });
        }
    }
}
