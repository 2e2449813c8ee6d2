//! What BMTK wrote is read; what is wrong is said.

use std::path::{Path, PathBuf};

use super::*;
use crate::hdf5::{Attribute, Group, Writer};

mod written;

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden/sonata")
        .join(path)
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.h5");
    (folder, path)
}

/// The parts of a report by hand, to be spoilt.
struct Parts {
    data: Vec<u64>,
    nodes: Vec<i64>,
    pointers: (&'static str, Vec<u64>),
    elements: Vec<u32>,
    time: Vec<f64>,
    units: Option<&'static str>,
}

impl Parts {
    fn new() -> Self {
        Self {
            data: vec![2, 3],
            nodes: vec![7, 4],
            pointers: ("index_pointers", vec![0, 1, 3]),
            elements: vec![0, 0, 5],
            time: vec![0.0, 0.2, 0.1],
            units: None,
        }
    }

    fn write(&self, path: &Path) {
        let mut writer = Writer::create(path).unwrap();
        let mut mapping = Group::new();
        mapping.dataset("node_ids", writer.column(&self.nodes).unwrap());
        mapping.dataset(self.pointers.0, writer.column(&self.pointers.1).unwrap());
        mapping.dataset("element_ids", writer.column(&self.elements).unwrap());
        let mut time = writer.column(&self.time).unwrap();
        if let Some(units) = self.units {
            time = time.with("units", Attribute::string(units));
        }
        mapping.dataset("time", time);
        let number = self.data.iter().product();
        let values: Vec<f64> = (0..number).map(|one: u64| one as f64).collect();
        let mut population = Group::new();
        population.dataset("data", writer.shaped(&values, &self.data).unwrap());
        population.group("mapping", mapping);
        let (mut report, mut root) = (Group::new(), Group::new());
        report.group("p", population);
        root.group("report", report);
        writer.finish(&root).unwrap();
    }
}

#[test]
fn all_golden_reports_are_read() {
    let mut reports = 0;
    for entry in std::fs::read_dir(golden("")).unwrap() {
        let folder = entry.unwrap().path().join("expected");
        for name in ["v.h5", "v_all.h5", "v_soma.h5"] {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            reports += 1;
            let file = ReportFile::open(&path).unwrap();
            let [population] = file.populations() else {
                panic!("one population");
            };
            let all = population.read_rows(0..population.rows()).unwrap();
            assert_eq!(
                all.len() as u64,
                population.rows() * population.columns() as u64
            );
            assert!(all.iter().all(|value| (-200.0..100.0).contains(value)));
            for node in population.node_ids() {
                let columns = population.columns_of(*node).unwrap();
                let some = population.read(3..9, columns.clone()).unwrap();
                for (row, values) in some.chunks(columns.len()).enumerate() {
                    let start = (row + 3) * population.columns() + columns.start;
                    assert_eq!(values, &all[start..start + columns.len()]);
                }
            }
            assert!(population.columns_of(1 << 40).is_none());
        }
    }
    assert_eq!(reports, 12);
}

#[test]
fn the_rows_of_a_golden_report_are_where_they_were() {
    let file = ReportFile::open(&golden("f_bionet/expected/v_all.h5")).unwrap();
    let net = file.population("net").unwrap();
    assert_eq!((net.rows(), net.columns()), (300, 22));
    assert_eq!((net.units(), net.variable()), (None, Some("v")));
    let time = net.time();
    assert_eq!((time.start, time.stop, time.step), (50.0, 200.0, 0.5));
    assert_eq!((time.at(0), time.at(299)), (50.0, 199.5));
    assert_eq!(time.window(50.0, 51.0, 300), 0..2);
    assert_eq!(time.window(-5.0, 1e9, 300), 0..300);
    assert_eq!(time.window(60.2, 10.0, 300), 21..21);
    assert_eq!(net.index_pointers(), [0, 11, 22]);
    assert_eq!(net.element_ids()[..5], [0, 1, 1, 1, 2]);
    assert_eq!(net.element_pos().unwrap()[0], 0.5);
    let error = file.population("nett").unwrap_err().to_string();
    assert!(error.contains("did you mean \"net\"?"), "{error}");
    let error = ReportFile::open(&golden("f_bionet/expected/ecp.h5"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("it is an extracellular report"), "{error}");
    let error = ReportFile::open(&golden("f_bionet/expected/spikes.h5"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("it is a file of spikes"), "{error}");
}

#[test]
fn both_spellings_and_units_are_read() {
    let (_folder, path) = scratch();
    for (name, pointers) in [
        ("index_pointers", vec![0, 1, 3]),
        ("index_pointer", vec![0, 1, 3]),
        ("index_pointers", vec![0, 1]),
    ] {
        let parts = Parts {
            pointers: (name, pointers),
            ..Parts::new()
        };
        parts.write(&path);
        let file = ReportFile::open(&path).unwrap();
        let population = file.population("p").unwrap();
        assert_eq!(population.columns_of(4), Some(1..3));
        assert_eq!(population.read(0..2, 1..3).unwrap(), [1.0, 2.0, 4.0, 5.0]);
        assert!(population.read(0..2, 1..4).is_err() && population.read(0..3, 0..1).is_err());
    }
    let parts = Parts {
        units: Some("s"),
        time: vec![0.0, 0.0002, 0.0001],
        ..Parts::new()
    };
    parts.write(&path);
    let time = ReportFile::open(&path)
        .unwrap()
        .population("p")
        .unwrap()
        .time();
    assert_eq!((time.stop, time.step), (0.2, 0.1));
}

#[test]
fn reports_that_cannot_be_are_errors() {
    let (_folder, path) = scratch();
    for (parts, wanted) in [
        (
            Parts {
                data: vec![6],
                ..Parts::new()
            },
            "/report/p/data: has the shape [6]",
        ),
        (
            Parts {
                data: vec![2, 2],
                ..Parts::new()
            },
            "must rise, up to the 2 columns",
        ),
        (
            Parts {
                nodes: vec![7, 7],
                ..Parts::new()
            },
            "names node 7 twice",
        ),
        (
            Parts {
                nodes: vec![7, -1],
                ..Parts::new()
            },
            "-1 does not fit",
        ),
        (
            Parts {
                nodes: vec![7],
                ..Parts::new()
            },
            "has 3 values for 1 nodes",
        ),
        (
            Parts {
                pointers: ("index_pointers", vec![0, 3, 2]),
                ..Parts::new()
            },
            "must rise",
        ),
        (
            Parts {
                pointers: ("pointers", vec![0, 1, 3]),
                ..Parts::new()
            },
            "mapping/index_pointers: is missing",
        ),
        (
            Parts {
                elements: vec![0],
                ..Parts::new()
            },
            "element_ids: has 1 values, and the data has 3 columns",
        ),
        (
            Parts {
                time: vec![0.0, 1.0],
                ..Parts::new()
            },
            "time: has the shape [2]",
        ),
        (
            Parts {
                time: vec![0.0, 1.0, 0.0],
                ..Parts::new()
            },
            "a step is above 0",
        ),
        (
            Parts {
                time: vec![0.0, f64::NAN, 1.0],
                ..Parts::new()
            },
            "no times",
        ),
        (
            Parts {
                units: Some("min"),
                ..Parts::new()
            },
            "is no unit of time",
        ),
    ] {
        parts.write(&path);
        let error = ReportFile::open(&path).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn cut_and_flipped_reports_are_errors_or_values() {
    let whole = std::fs::read(golden("f_bionet/expected/v_all.h5")).unwrap();
    let (_folder, path) = scratch();
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let file = ReportFile::open(&path)?;
        for population in file.populations() {
            population.read_rows(0..population.rows())?;
        }
        Ok::<_, CircuitError>(())
    };
    for end in (0..whole.len()).step_by(whole.len() / 40) {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 800 + 1) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x21;
        drop(read(&bytes));
    }
}

#[test]
fn potentials_are_read_in_both_orientations() {
    let file = ElectrodesFile::open(&golden("f_bionet/expected/ecp.h5")).unwrap();
    assert_eq!(
        (file.rows(), file.channel_ids(), file.units()),
        (3000, &[0, 1, 2, 3, 4][..], Some("mV"))
    );
    let wanted = file.read_rows(100..103).unwrap();
    assert_eq!(wanted.len(), 15);
    let (_folder, path) = scratch();
    let mut writer = Writer::create(&path).unwrap();
    let all = file.read_rows(0..3000).unwrap();
    let turned: Vec<f64> = (0..5)
        .flat_map(|channel| all.iter().skip(channel).step_by(5).copied())
        .collect();
    let mut ecp = Group::new();
    ecp.dataset("data", writer.shaped(&turned, &[5, 3000]).unwrap());
    ecp.dataset("channel_id", writer.column(&[0_u8, 1, 2, 3, 4]).unwrap());
    ecp.dataset("time", writer.column(&[0.0, 300.0, 0.1]).unwrap());
    let mut root = Group::new();
    root.group("ecp", ecp);
    writer.finish(&root).unwrap();
    let turned = ElectrodesFile::open(&path).unwrap();
    assert_eq!((turned.rows(), turned.units()), (3000, None));
    assert_eq!(turned.read_rows(100..103).unwrap(), wanted);
    assert!(turned.read_rows(2999..3001).is_err());
    let mut writer = ElectrodesWriter::create(&path, file.channel_ids(), (0.0, 0.1), 5000).unwrap();
    writer.add(&all).unwrap();
    assert!(writer.add(&[1.0]).is_err());
    writer.finish().unwrap();
    let again = ElectrodesFile::open(&path).unwrap();
    assert_eq!((again.rows(), again.units()), (3000, Some("mV")));
    assert_eq!(again.read_rows(0..3000).unwrap(), all);
    assert!(ElectrodesFile::open(&golden("f_bionet/expected/v_all.h5")).is_err());
}
