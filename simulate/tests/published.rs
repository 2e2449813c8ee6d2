//! A run that is published: viewers are told each spike in its interval, and the run is the same.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

use std::collections::HashMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use blendtorch_circuit::Problems;
use blendtorch_circuit::spikes::SpikesFile;
use blendtorch_live::{Event, Hello, Policy, Snapshot, Viewer};
use blendtorch_simulate::{Options, Plan, Publish, Run};
use blendtorch_wire::{End, How};

const LONG: Duration = Duration::from_secs(60);

fn start(out: &Path, tstop: f64) -> Run {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/sonata/b_ei_exp");
    let options = Options {
        config: case.join("config.json"),
        output_dir: Some(out.to_owned()),
        set: vec![("run.tstop".to_owned(), tstop.into())],
        ..Options::default()
    };
    let (plan, problems) = Plan::make(&options);
    assert_eq!(problems.errors(), 0, "{problems}");
    Run::start(plan.unwrap()).unwrap()
}

fn publish(viewer: &Viewer, policy: Policy) -> Publish {
    Publish {
        to: vec![viewer.address()],
        policy,
        ..Publish::default()
    }
}

/// What a viewer was told, and how it ended.
type Told = (Hello, Vec<Snapshot>, How);

fn watch(mut viewer: Viewer) -> thread::JoinHandle<Told> {
    thread::spawn(move || {
        let Some(Event::Hello(hello)) = viewer.next(LONG).unwrap() else {
            panic!("no network");
        };
        let mut snapshots = Vec::new();
        loop {
            match viewer.next(LONG).unwrap() {
                Some(Event::Snapshot(one)) => snapshots.push(one),
                Some(Event::Ended(ended)) => {
                    viewer.seen(true).unwrap();
                    return (hello, snapshots, ended.end.how().clone());
                }
                other => panic!("{other:?}"),
            }
            viewer.seen(true).unwrap();
        }
    })
}

/// (interval, cell) and how many spikes, of a file.
fn of_file(file: &Path) -> HashMap<(u64, u64), u32> {
    let file = SpikesFile::open(file).unwrap();
    let found = file.population("cortex").unwrap();
    let trains = file.read(found, None, &mut Problems::new()).unwrap();
    let mut counts = HashMap::new();
    for (id, time) in trains.iter() {
        // Times are whole steps of 0.1 ms; one at an interval's end is the next one's.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small"
        )]
        let interval = (time * 10.0).round() as u64 / 10;
        *counts.entry((interval, id)).or_default() += 1;
    }
    counts
}

#[test]
fn viewers_are_told_each_spike_in_its_interval_and_the_run_is_the_same() {
    let (plain, published) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut run = start(plain.path(), 200.0);
    while run.advance().unwrap() {}
    run.finish().unwrap();

    let viewer = Viewer::bind("tcp://127.0.0.1:0", None).unwrap();
    let mut run = start(published.path(), 200.0);
    let how = publish(&viewer, Policy::Slow { window: 3 });
    let told = watch(viewer);
    assert!(
        run.publish(&how).unwrap().is_empty(),
        "its cells have places"
    );
    while run.advance().unwrap() {}
    let (counts, news) = run.end_publishing(&End::finished()).unwrap();
    assert!(news.iter().all(|one| !one.is_trouble), "{news:?}");
    let (summary, _) = run.finish().unwrap();
    let (hello, snapshots, how) = told.join().unwrap();

    let cells = hello.cells("cortex").unwrap();
    assert!(
        cells > 0 && hello.populations.len() == 1,
        "virtual cells are not shown"
    );
    assert_eq!(
        (how, counts[0].drawn),
        (How::Finished, snapshots.len() as u64)
    );
    let whole = snapshots
        .iter()
        .filter(|one| one.stop_ms - one.start_ms > 0.9)
        .count();
    assert_eq!(whole, 200);
    let mut found = HashMap::new();
    for one in &snapshots {
        for cell in one.spikes.get("cortex").into_iter().flatten() {
            *found.entry((one.step, u64::from(*cell))).or_default() += 1;
        }
    }
    let files = [&plain, &published].map(|one| of_file(&one.path().join("spikes.h5")));
    assert!(files[0] == files[1], "to publish changes nothing");
    let mut odd: Vec<_> = found
        .iter()
        .filter(|(key, n)| files[1].get(key) != Some(n))
        .collect();
    odd.sort();
    let mut missing: Vec<_> = files[1]
        .iter()
        .filter(|(key, _)| !found.contains_key(key))
        .collect();
    missing.sort();
    assert!(
        odd.is_empty() && missing.is_empty(),
        "each spike is in its interval: {odd:?}, {missing:?}"
    );
    assert_eq!(u64::from(found.values().sum::<u32>()), summary.spikes());
}

#[test]
fn a_run_that_is_stopped_says_so_to_viewers() {
    let out = tempfile::tempdir().unwrap();
    let viewer = Viewer::bind("tcp://127.0.0.1:0", None).unwrap();
    let mut run = start(out.path(), 200.0);
    run.publish(&publish(&viewer, Policy::Slow { window: 1 }))
        .unwrap();
    let told = watch(viewer);
    run.advance_to(20.5).unwrap();
    run.finish().unwrap();
    let (_, snapshots, how) = told.join().unwrap();
    assert_eq!(how, How::Interrupted);
    let last = snapshots.last().unwrap();
    assert!(last.start_ms >= 20.0 && last.stop_ms >= 20.5, "{last:?}");
}

#[test]
fn what_cannot_be_published_is_said_before_it_runs() {
    let out = tempfile::tempdir().unwrap();
    let mut run = start(out.path(), 20.0);
    let refused = |run: &mut Run, how: Publish| run.publish(&how).unwrap_err().to_string();
    assert!(refused(&mut run, Publish::default()).contains("no address"));
    let to = vec!["tcp://127.0.0.1:9".to_owned()];
    let none = Publish {
        to: to.clone(),
        every_ms: 0.01,
        ..Publish::default()
    };
    assert!(refused(&mut run, none).contains("an interval of 0.01 ms is none"));
    let no_json = Publish {
        to,
        description: Some("[".to_owned()),
        ..Publish::default()
    };
    assert!(refused(&mut run, no_json).contains("no JSON object"));
    let nowhere = Publish {
        to: vec!["/no/where.json".to_owned()],
        ..Publish::default()
    };
    assert!(refused(&mut run, nowhere).contains("/no/where.json"));
    while run.advance().unwrap() {}
    run.finish().unwrap();
}
