//! What follows from what a launcher tells.

use super::*;
use blendtorch_channels::control::{InstanceReport, PublisherCount};
use blendtorch_transport::Path;
use blendtorch_wire::How;
use std::slice;
use std::sync::{Arc, Mutex};

const ADDRESS: &str = "tcp://127.0.0.1:11000";
const SECOND: u64 = 1_000_000_000;

fn peer(connected: bool) -> PeerStatus {
    PeerStatus {
        address: ADDRESS.parse().unwrap(),
        path: connected.then_some(Path::Inline),
        since: Instant::now(),
        connections: 1,
        messages: 1,
        last_message: None,
        ended: false,
    }
}

fn told(instance: InstanceReport) -> Life {
    Life::Told(Box::new(Found {
        instance,
        now_ns: 1000 * SECOND,
    }))
}

fn running(life: u64) -> InstanceReport {
    InstanceReport {
        life,
        attached: true,
        state: State::Rendering,
        began_ns: 900 * SECOND,
        messages: 5,
        ..InstanceReport::default()
    }
}

fn dead(publisher: u64, offered: u64, mark: u64) -> Epitaph {
    let publishers = vec![PublisherCount {
        publisher,
        offered,
        accepted: offered,
        mark,
        closed: false,
    }];
    Epitaph {
        ended_ns: u64::MAX,
        end: "was ended by signal 9".into(),
        publishers,
        ..Epitaph::default()
    }
}

/// A launcher that tells what it is told to.
fn launcher() -> (Arc<Mutex<Life>>, Liveness) {
    let life = Arc::new(Mutex::new(Life::Unknown));
    let told = life.clone();
    (life, Liveness::new(move |_| told.lock().unwrap().clone()))
}

#[test]
fn what_a_dead_life_had_published_is_entered_once_and_only_at_its_address() {
    let (life, liveness) = launcher();
    let mut instances = Instances::default();
    let mut one = running(1);
    one.publishers = dead(7, 2, 11000).publishers;
    *life.lock().unwrap() = told(one);
    instances.begin(&[ADDRESS.parse().unwrap()], &liveness);

    let mut next = running(3);
    next.lives = vec![dead(7, 9, 11000), dead(8, 4, 11000), dead(9, 4, 11001)];
    *life.lock().unwrap() = told(next);
    let graves = instances.look(&[peer(true)], &liveness, true).graves;
    let entered: Vec<_> = graves
        .iter()
        .map(|g| (g.publisher, g.published, g.before))
        .collect();
    assert_eq!(entered, [(7, 9, 2), (8, 4, 0)]);
    assert!(
        instances
            .look(&[peer(true)], &liveness, true)
            .graves
            .is_empty()
    );
}

#[test]
fn lives_that_were_over_before_are_none_of_this_datasets() {
    let (life, liveness) = launcher();
    let mut instances = Instances::default();
    let mut one = running(2);
    one.lives = vec![dead(7, 9, 11000)];
    *life.lock().unwrap() = told(one);
    instances.begin(&[ADDRESS.parse().unwrap()], &liveness);
    assert!(
        instances
            .look(&[peer(true)], &liveness, true)
            .graves
            .is_empty()
    );
}

#[test]
fn one_that_comes_back_is_parked_and_rejoined_in_its_next_life() {
    let (life, liveness) = launcher();
    let mut instances = Instances::default();
    let mut one = running(1);
    one.returns_after_failure = true;
    assert!(!instances.parks(0, told(one.clone()), 7, &How::Finished));
    assert!(instances.parks(0, told(one.clone()), 7, &How::Failed));
    let left = PeerStatus {
        ended: true,
        ..peer(false)
    };
    *life.lock().unwrap() = told(one.clone());
    assert!(
        instances
            .look(slice::from_ref(&left), &liveness, true)
            .rejoin
            .is_empty()
    );
    one.mode = Mode::Restarting;
    *life.lock().unwrap() = told(one.clone());
    assert!(
        instances
            .look(slice::from_ref(&left), &liveness, true)
            .rejoin
            .is_empty()
    );
    assert!(instances.awaits_another_life());
    *life.lock().unwrap() = told(running(2));
    assert_eq!(
        instances
            .look(slice::from_ref(&left), &liveness, true)
            .rejoin,
        [0]
    );
    assert!(!instances.awaits_another_life());

    // Or it has failed for good meanwhile.
    assert!(instances.parks(0, told(one.clone()), 7, &How::Failed));
    one.mode = Mode::Failed;
    one.report = Some("it ended 6 times".into());
    *life.lock().unwrap() = told(one);
    let leave = instances.look(&[left], &liveness, true).leave;
    assert_eq!(leave, [(0, Some("it ended 6 times".to_owned()))]);
}

#[test]
fn who_has_ended_in_order_is_left_without_words() {
    let (life, liveness) = launcher();
    let mut instances = Instances::default();
    let mut one = running(1);
    (one.mode, one.ended_in_order) = (Mode::Ended, true);
    *life.lock().unwrap() = told(one);
    let mut look = || instances.look(&[peer(false)], &liveness, true).leave;
    assert!(look().is_empty(), "what it had sent may still come");
    std::thread::sleep(LOOK);
    assert_eq!(look(), [(0, None)]);
}

#[test]
fn a_restart_a_long_frame_and_a_new_lifes_first_item_deserve_patience() {
    let first_item = Duration::from_secs(120);
    let busy = |instance: InstanceReport| {
        let instances = Instances {
            lives: vec![told(instance)],
            ..Instances::default()
        };
        instances.expectations(first_item)[0].busy
    };
    let slow = InstanceReport {
        since_progress: 40.0,
        slowest_frame: 38.0,
        ..running(1)
    };
    assert!(busy(slow.clone()));
    assert!(!busy(InstanceReport {
        since_progress: 4.0 * 38.0,
        ..slow.clone()
    }));
    assert!(!busy(InstanceReport {
        state: State::WaitingForConsumer,
        ..slow
    }));
    assert!(busy(InstanceReport {
        mode: Mode::Restarting,
        ..running(1)
    }));
    let born = |life, seconds_ago: u64| InstanceReport {
        messages: 0,
        state: State::Starting,
        began_ns: (1000 - seconds_ago) * SECOND,
        ..running(life)
    };
    assert!(busy(born(2, 100)) && !busy(born(2, 121)) && !busy(born(1, 100)));
}

/// A consumer that was busy hears the end of a life when the next one runs already.
#[test]
fn an_end_that_is_heard_late_belongs_to_the_life_that_said_it() {
    let (life, liveness) = launcher();
    let mut instances = Instances::default();
    let mut one = running(2);
    one.lives = vec![Epitaph {
        life: 1,
        ..dead(7, 5, 11000)
    }];
    // Whatever the policy says of the life that runs now.
    assert!(instances.parks(0, told(one.clone()), 7, &How::Finished));
    let left = PeerStatus {
        ended: true,
        ..peer(false)
    };
    *life.lock().unwrap() = told(one.clone());
    let rejoin = instances
        .look(slice::from_ref(&left), &liveness, true)
        .rejoin;
    assert_eq!(rejoin, [0]);
    one.mode = Mode::Ended;
    assert!(!instances.parks(0, told(one), 7, &How::Finished));
}

#[test]
fn who_has_closed_in_order_is_not_taken_for_killed() {
    let (life, liveness) = launcher();
    let mut instances = Instances::default();
    instances.begin(&[ADDRESS.parse().unwrap()], &liveness);
    let mut one = running(2);
    one.lives = vec![dead(7, 5, 11000)];
    one.lives[0].publishers[0].closed = true;
    *life.lock().unwrap() = told(one);
    let graves = instances.look(&[peer(true)], &liveness, true).graves;
    assert!(graves.is_empty(), "{graves:?}");
}
