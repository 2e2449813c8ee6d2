//! Senders and viewers over real sockets: who waits, who is lost, and what is counted.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

use std::thread;
use std::time::{Duration, Instant};

use blendtorch_channels::{Duplex, DuplexOptions};
use blendtorch_live::{
    Event, Hello, LinkCounts, LinkState, LiveError, Policy, Sender, SenderOptions, Snapshot, Viewer,
};
use blendtorch_wire::{End, Fields, How, Tensor, Value};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

fn hello() -> Hello {
    let cells = [[0.0, 0.0, 300.0], [50.0, 0.0, 310.0], [0.0, 50.0, 320.0]];
    let hello = Hello::new("{}").population("exc", &cells).unwrap();
    hello.device("fibers", 2).unwrap()
}

fn options(policy: Policy) -> SenderOptions {
    SenderOptions {
        policy,
        linger: LONG,
        patience: LONG,
    }
}

fn snapshot(step: u32) -> Snapshot {
    let time = f64::from(step);
    let mut snapshot = Snapshot::new(step.into(), time, time + 1.0);
    snapshot
        .spikes
        .insert("exc".to_owned(), vec![2, step % 3, 2]);
    snapshot
}

fn viewer() -> Viewer {
    Viewer::bind("tcp://127.0.0.1:0", Some(3)).unwrap()
}

/// Takes everything until the end; what was drawn of it takes `each`.
fn watched(mut viewer: Viewer, each: Duration) -> (Vec<Snapshot>, Option<Event>, Viewer) {
    let mut shown = Vec::new();
    loop {
        match viewer.next(LONG).unwrap() {
            Some(Event::Snapshot(snapshot)) => {
                thread::sleep(each);
                shown.push(snapshot);
                viewer.seen(true).unwrap();
            }
            Some(Event::Hello(_)) => assert!(shown.is_empty()),
            end => return (shown, end, viewer),
        }
    }
}

fn one(counts: &[LinkCounts]) -> &LinkCounts {
    assert_eq!(counts.len(), 1);
    counts.first().unwrap()
}

#[test]
fn two_viewers_are_told_the_same_in_order_and_how_it_ended() {
    let viewers = [viewer(), viewer()];
    let addresses = viewers.each_ref().map(Viewer::address);
    let mut sender = Sender::start(&addresses, hello(), options(Policy::Drop)).unwrap();
    let watching = viewers.map(|one| thread::spawn(|| watched(one, Duration::ZERO)));
    for step in 0..500 {
        sender.send(snapshot(step)).unwrap();
    }
    let counts = sender.close(&End::finished());
    for (thread, counts) in watching.into_iter().zip(&counts) {
        let (shown, end, _) = thread.join().unwrap();
        assert_eq!(shown, (0..500).map(snapshot).collect::<Vec<_>>());
        let Some(Event::Ended(ended)) = end else {
            panic!("{end:?}");
        };
        assert_eq!((ended.end.how(), ended.snapshots), (&How::Finished, 500));
        assert_eq!((counts.sent, counts.applied), (500, 500));
        assert_eq!((counts.left_out, counts.lost), (0, 0));
    }
    assert!(matches!(sender.send(snapshot(500)), Err(LiveError::Closed)));
}

#[test]
fn a_slow_viewer_slows_the_simulation_only_where_that_is_asked() {
    const EACH: Duration = Duration::from_millis(20);
    for (policy, waits) in [(Policy::Slow { window: 2 }, true), (Policy::Drop, false)] {
        let viewer = viewer();
        let mut sender = Sender::start(&[viewer.address()], hello(), options(policy)).unwrap();
        let watching = thread::spawn(|| watched(viewer, EACH));
        let began = Instant::now();
        let mut most_behind = 0;
        for step in 0..30 {
            sender.send(snapshot(step)).unwrap();
            let drawn = one(&sender.counts()).drawn;
            most_behind = most_behind.max(u64::from(step) + 1 - drawn);
        }
        let (took, waited) = (began.elapsed(), one(&sender.counts()).waited_s);
        let counts = sender.close(&End::finished());
        let (shown, ..) = watching.join().unwrap();
        assert_eq!(shown.len(), 30);
        assert_eq!((one(&counts).drawn, one(&counts).pictures), (30, 30));
        if waits {
            assert!(
                most_behind <= 2 && took >= EACH * 27,
                "{most_behind} {took:?}"
            );
            assert!(waited > 0.4, "{waited}");
        } else {
            assert!(most_behind > 2, "{most_behind}");
            assert!(waited < 0.01, "{waited}");
        }
    }
}

#[test]
fn a_late_viewer_that_draws_the_newest_says_so() {
    let mut viewer = viewer();
    let mut sender = Sender::start(&[viewer.address()], hello(), options(Policy::Drop)).unwrap();
    for step in 0..10 {
        sender.send(snapshot(step)).unwrap();
    }
    let closing = thread::spawn(move || sender.close(&End::finished()));
    while !matches!(viewer.next(LONG).unwrap(), Some(Event::Snapshot(one)) if one.step == 9) {}
    viewer.seen(true).unwrap();
    assert!(matches!(viewer.next(LONG).unwrap(), Some(Event::Ended(_))));
    let counts = closing.join().unwrap();
    assert_eq!((one(&counts).drawn, one(&counts).pictures), (10, 1));
}

/// Snapshots that are seen at once are answered together: what is still owed when nothing more comes, or
/// when the viewer closes, is said then.
#[test]
fn what_is_seen_at_once_is_said_by_who_waits_and_by_who_closes() {
    let mut viewer = viewer();
    let mut sender = Sender::start(&[viewer.address()], hello(), options(Policy::Drop)).unwrap();
    let mut sees = |viewer: &mut Viewer, steps: std::ops::Range<u32>| {
        for step in steps.clone() {
            sender.send(snapshot(step)).unwrap();
        }
        for step in steps {
            while !matches!(
                viewer.next(LONG).unwrap(),
                Some(Event::Snapshot(one)) if one.step == u64::from(step)
            ) {}
            viewer.seen(true).unwrap();
        }
    };
    sees(&mut viewer, 0..50);
    assert!(viewer.next(SHORT).unwrap().is_none());
    sees(&mut viewer, 50..60);
    assert_eq!(viewer.counts().pictures, 60);
    drop(viewer);
    let began = Instant::now();
    while one(&sender.counts()).state != LinkState::Gone {
        assert!(began.elapsed() < LONG, "{:?}", sender.counts());
        thread::sleep(Duration::from_millis(1));
    }
    let counts = sender.counts();
    assert_eq!((one(&counts).drawn, one(&counts).pictures), (60, 60));
    assert_eq!((one(&counts).applied, one(&counts).lost), (60, 0));
}

/// What a viewer says after it was given up was heard when somebody asked for the counts again.
#[test]
fn counts_are_final_after_the_end() {
    let mut viewer = viewer();
    let hurries = SenderOptions {
        linger: Duration::ZERO,
        ..options(Policy::Drop)
    };
    let mut sender = Sender::start(&[viewer.address()], hello(), hurries).unwrap();
    sender.send(snapshot(0)).unwrap();
    while !matches!(viewer.next(LONG).unwrap(), Some(Event::Snapshot(_))) {}
    let counts = sender.close(&End::finished());
    assert_eq!((one(&counts).sent, one(&counts).applied), (1, 0));
    viewer.seen(true).unwrap();
    thread::sleep(SHORT);
    assert_eq!(sender.counts(), counts);
}

#[test]
fn a_viewer_that_is_killed_holds_up_nobody_and_its_next_life_is_told_the_network() {
    let first = viewer();
    let address = first.address();
    let policy = Policy::Slow { window: 1 };
    let mut sender = Sender::start(&[address.as_str()], hello(), options(policy)).unwrap();
    let watching = thread::spawn(move || {
        let mut first = first;
        while !matches!(first.next(LONG).unwrap(), Some(Event::Snapshot(one)) if one.step == 2) {
            first.seen(true).unwrap();
        } // and is gone without a word
    });
    let mut news = Vec::new();
    for step in 0..20 {
        sender.send(snapshot(step)).unwrap();
        news.extend(sender.news());
    }
    watching.join().unwrap();
    assert!(
        news.iter()
            .any(|one| one.is_trouble && one.text.contains("is gone")),
        "{news:?}"
    );
    assert_eq!(one(&sender.counts()).state, LinkState::Gone);

    let second = Viewer::bind(&address, None).unwrap();
    let watching = thread::spawn(|| watched(second, Duration::ZERO));
    while !sender.is_seen() {
        thread::sleep(Duration::from_millis(10));
    }
    sender.send(snapshot(20)).unwrap();
    let counts = sender.close(&End::finished());
    let (shown, end, _) = watching.join().unwrap();
    assert!(matches!(end, Some(Event::Ended(_))), "{end:?}");
    assert_eq!(shown.last().unwrap().step, 20);
    // Each snapshot was seen by one of the two, or is counted as lost.
    assert_eq!(one(&counts).sent, 21);
    assert_eq!(one(&counts).applied + one(&counts).lost, 21, "{counts:?}");
}

#[test]
fn a_sender_that_is_gone_without_a_word_is_noticed_and_the_next_one_served() {
    let mut viewer = viewer();
    // A sender of another make, which is killed: it has no last word.
    let killed = Duplex::connect(&viewer.address(), DuplexOptions::default()).unwrap();
    killed.send(greeting(7)).unwrap();
    assert!(matches!(viewer.next(LONG).unwrap(), Some(Event::Hello(_))));
    drop(killed);
    assert!(matches!(viewer.next(LONG).unwrap(), Some(Event::Lost)));
    assert!(viewer.next(SHORT).unwrap().is_none(), "it is said once");

    let sender = Sender::start(&[viewer.address()], hello(), options(Policy::Drop)).unwrap();
    assert!(matches!(viewer.next(LONG).unwrap(), Some(Event::Hello(_))));
    drop(sender); // as where its program fails
    let Some(Event::Ended(ended)) = viewer.next(LONG).unwrap() else {
        panic!("no end");
    };
    assert_eq!(ended.end.how(), &How::Failed);
}

#[test]
fn a_second_sender_is_told_that_it_is_not_heard() {
    let viewer = viewer();
    let address = [viewer.address()];
    let mut first = Sender::start(&address, hello(), options(Policy::Drop)).unwrap();
    let watching = thread::spawn(|| watched(viewer, Duration::ZERO));
    while !first.is_seen() {
        thread::sleep(Duration::from_millis(10));
    }
    let short = SenderOptions {
        policy: Policy::Slow { window: 1 },
        patience: Duration::from_millis(500),
        linger: SHORT,
    };
    let mut second = Sender::start(&address, hello(), short).unwrap();
    for step in 0..3 {
        second.send(snapshot(step)).unwrap();
    }
    let counts = second.close(&End::finished());
    let news = second.news();
    assert!(news.iter().any(|one| one.is_trouble), "{news:?}");
    assert_eq!((one(&counts).applied, one(&counts).sent), (0, 0));
    assert_eq!(one(&counts).left_out, 3);
    first.send(snapshot(0)).unwrap();
    first.close(&End::finished());
    let (shown, ..) = watching.join().unwrap();
    assert_eq!(shown, [snapshot(0)]);
}

#[test]
fn what_does_not_fit_the_network_is_the_senders_error() {
    let viewer = viewer();
    let mut sender = Sender::start(&[viewer.address()], hello(), SenderOptions::default()).unwrap();
    let mut refused = |change: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = snapshot(0);
        change(&mut snapshot);
        sender.send(snapshot).unwrap_err().to_string()
    };
    let said = refused(&|one| drop(one.spikes.insert("exc".into(), vec![0, 3])));
    assert!(said.contains("no cell 3: it has 3"), "{said}");
    let said = refused(&|one| drop(one.spikes.insert("inh".into(), vec![0])));
    assert!(
        said.contains("inh") && said.contains("it has exc"),
        "{said}"
    );
    let said = refused(&|one| drop(one.values.insert("exc".into(), vec![0.0])));
    assert!(said.contains("1 values were given; it has 3"), "{said}");
    let said = refused(&|one| drop(one.devices.insert("fibers".into(), vec![0.0; 3])));
    assert!(said.contains("3 values were given; it has 2"), "{said}");
    let said = refused(&|one| one.stop_ms = f64::NAN);
    assert!(said.contains("is none"), "{said}");
    assert!(
        hello()
            .population("exc", &[])
            .unwrap_err()
            .to_string()
            .contains("two")
    );
    let nobody = Sender::start::<&str>(&[], hello(), SenderOptions::default());
    assert!(matches!(nobody, Err(LiveError::NoAddresses)));
}

/// A network as a program of another make tells it.
fn greeting(session: u64) -> Fields {
    let positions = Tensor::from_vec(&[2, 3], vec![0f32; 6]).unwrap();
    Fields::from_iter([
        ("live".to_owned(), "hello".into()),
        ("session".to_owned(), session.into()),
        ("version".to_owned(), 1.into()),
        ("policy".to_owned(), "drop".into()),
        ("window".to_owned(), 0.into()),
        ("description".to_owned(), "{}".into()),
        (
            "devices".to_owned(),
            Value::Map(vec![("light".into(), 1.into())]),
        ),
        ("positions/exc".to_owned(), positions.into()),
    ])
}

fn step(session: u64, step: u64) -> Fields {
    Fields::from_iter([
        ("live".to_owned(), "step".into()),
        ("session".to_owned(), session.into()),
        ("step".to_owned(), step.into()),
        ("start_ms".to_owned(), 0.0.into()),
        ("stop_ms".to_owned(), 1.0.into()),
    ])
}

#[test]
fn a_hostile_sender_is_an_error_or_a_count_and_the_viewer_goes_on() {
    let mut viewer = viewer();
    let sender = Duplex::connect(&viewer.address(), DuplexOptions::default()).unwrap();
    let greetings: [(&str, Value); 8] = [
        ("live", "helo\u{1b}".into()),
        ("session", Value::Int(-1)),
        ("version", 2.into()),
        ("policy", "wait".into()),
        ("description", "[]".into()),
        ("devices", 3.into()),
        (
            "positions/exc",
            Tensor::from_vec(&[2], vec![0f32; 2]).unwrap().into(),
        ),
        ("positions/", 3.into()),
    ];
    for (field, value) in greetings {
        let mut fields = greeting(1);
        fields.insert(field.to_owned(), value);
        sender.send(fields).unwrap();
        let error = viewer.next(LONG).unwrap_err();
        assert!(
            matches!(error, LiveError::Malformed { .. }),
            "{field}: {error}"
        );
        assert!(!error.to_string().contains('\u{1b}'));
    }
    assert_eq!(viewer.counts().malformed, 8);

    sender.send(greeting(1)).unwrap();
    assert!(matches!(viewer.next(LONG).unwrap(), Some(Event::Hello(_))));
    let mut odd = step(1, 3);
    let indices = Tensor::from_vec(&[4], vec![1u32, 7, u32::MAX, 0]).unwrap();
    odd.insert("spikes/exc".to_owned(), indices.into());
    let unknown = Tensor::from_vec(&[1], vec![0u32]).unwrap();
    odd.insert("spikes/inh".to_owned(), unknown.into());
    odd.insert("values/exc".to_owned(), 3.into());
    let light = Tensor::from_vec(&[2], vec![0f32; 2]).unwrap();
    odd.insert("device/light".to_owned(), light.into());
    sender.send(odd).unwrap();
    let Some(Event::Snapshot(shown)) = viewer.next(LONG).unwrap() else {
        panic!("no snapshot");
    };
    assert_eq!(shown.spikes["exc"], [1, 0]);
    assert!(shown.values.is_empty() && shown.devices.is_empty());
    let counts = viewer.counts();
    assert_eq!(
        (counts.unknown_spikes, counts.unfit, counts.missed),
        (2, 3, 3)
    );

    let mut endless = step(1, 4);
    endless.insert("stop_ms".to_owned(), f64::INFINITY.into());
    sender.send(endless).unwrap();
    assert!(matches!(
        viewer.next(LONG),
        Err(LiveError::Malformed { .. })
    ));
    // Of a network that it was not told, it asks for the network.
    sender.send(step(2, 0)).unwrap();
    assert!(viewer.next(SHORT).unwrap().is_none());
    let answers: Vec<_> = std::iter::from_fn(|| sender.recv(SHORT).unwrap()).collect();
    let kinds: Vec<_> = answers
        .iter()
        .filter_map(|one| one.fields["live"].as_str())
        .collect();
    assert_eq!(kinds, ["ready", "hello?"]);
}
