//! The head, met by hosts that are not there: connections of this test that say what a host would.

use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use blendtorch_channels::control::{About, InstanceReport, decode, encode};

use super::words::{EndedThere, FromHost, HostHello, PROTOCOL, Placed, ToHost};
use crate::hosts::Join;
use crate::placement::{Begun, Change, Supply};
use crate::sealed::{Key, Reader, SealedError, Writer, connect};
use crate::{Fleet, FleetOptions, InstanceState, LaunchDescription, LaunchError, News, Output};

const LIMIT: Duration = Duration::from_secs(60);

/// Supplies no host: the test is one.
struct Nobody(mpsc::Sender<Join>, bool);

impl Supply for Nobody {
    fn begin(&mut self, join: &Join) -> Result<Begun, LaunchError> {
        let _ = self.0.send(join.clone());
        Ok(Begun::default())
    }

    fn look(&mut self) -> Vec<Change> {
        let over = self.1.then(|| Change::Over("there is no other".into()));
        over.into_iter().collect()
    }

    fn came(&mut self, _: &str) {}

    fn refused(&mut self, _: &str) {
        self.1 = true;
    }

    fn end(&mut self) -> Option<String> {
        None
    }
}

/// A fleet that waits for hosts of at most two instances each, and how they reach it.
fn fleet(instances: usize) -> (Fleet, Join) {
    let description = LaunchDescription {
        script: "/nowhere/scene.py".into(),
        num_instances: instances,
        named_sockets: vec!["DATA".into()],
        ..LaunchDescription::default()
    };
    let options = FleetOptions {
        output: Output::Silence,
        grace: Duration::ZERO,
        ..FleetOptions::default()
    };
    let (tell, join) = mpsc::channel();
    let to = (2, Some("127.0.0.1".to_owned()));
    let fleet = Fleet::gather(description, Box::new(Nobody(tell, false)), to, options).unwrap();
    (fleet, join.recv().unwrap())
}

struct Host {
    runtime: tokio::runtime::Runtime,
    reader: Reader,
    writer: Writer,
}

impl Host {
    fn meet(join: &Join, hello: HostHello) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let met = runtime.block_on(connect(&join.addresses[0], &join.key, LIMIT));
        let (reader, writer) = met.unwrap();
        let mut host = Self {
            runtime,
            reader,
            writer,
        };
        host.say(&FromHost::Hello(Box::new(hello)));
        host
    }

    fn say(&mut self, word: &FromHost) {
        let line = encode(word).unwrap();
        self.runtime.block_on(self.writer.send(&line)).unwrap();
    }

    /// The next word that is not that the head is there.
    fn hears(&mut self) -> Result<ToHost, SealedError> {
        loop {
            let line = self.runtime.block_on(self.reader.next())?;
            match decode(&line).unwrap() {
                ToHost::Alive => {}
                word => return Ok(word),
            }
        }
    }

    /// The instances of the share that it gets, with the number of each one's life.
    fn share(&mut self) -> Vec<(usize, u64)> {
        let ToHost::Share(share) = self.hears().unwrap() else {
            panic!("no share");
        };
        let begins = share.instances.iter();
        begins.map(|one| (one.index, one.life)).collect()
    }

    fn begins(&mut self, instance: usize, life: u64, port: u16) {
        let address = format!("tcp://127.0.0.1:{port}");
        self.say(&FromHost::Placed(Box::new(Placed {
            addresses: [("DATA".to_owned(), vec![address])].into_iter().collect(),
            commands: vec!["blender".into()],
            blender: "4.5.15".into(),
            ..Placed::default()
        })));
        let pid = 77;
        self.say(&FromHost::Began {
            instance,
            life,
            pid,
        });
    }
}

fn hello(slot: &str) -> HostHello {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    HostHello {
        protocol: PROTOCOL,
        host: format!("node-{slot}"),
        slot: slot.to_owned(),
        unix_ns: now.as_nanos() as u64,
        ..HostHello::default()
    }
}

fn eventually(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_clock_that_is_wrong_and_another_version_end_a_fleet_that_has_nothing_else() {
    let wrong_clock = HostHello {
        unix_ns: 1,
        ..hello("a")
    };
    let wrong_version = HostHello {
        protocol: PROTOCOL + 1,
        ..hello("a")
    };
    for (hello, says) in [(wrong_clock, "clock"), (wrong_version, "another version")] {
        let (fleet, join) = fleet(1);
        let mut host = Host::meet(&join, hello);
        let Ok(ToHost::Refuse { why }) = host.hears() else {
            panic!("it is taken");
        };
        assert!(why.contains(says), "{why}");
        fleet.wait();
        let failure = fleet.failure().unwrap();
        assert!(
            failure.contains("node-a") && failure.contains(says),
            "{failure}"
        );
        assert!(!fleet.status()[0].is_alive());
    }
}

#[test]
fn a_host_speaks_for_its_own_instances_alone() {
    let (fleet, join) = fleet(4);
    let mut first = Host::meet(&join, hello("a"));
    assert_eq!(first.share(), [(0, 1), (1, 1)]);
    let mut second = Host::meet(&join, hello("b"));
    assert_eq!(second.share(), [(2, 1), (3, 1)]);
    first.begins(0, 1, 1);
    // Whatever it says of others' is not heard.
    first.begins(2, 9, 2);
    first.begins(usize::MAX, 9, 2);
    first.say(&FromHost::Ended(Box::new(EndedThere {
        instance: 3,
        life: 1,
        code: Some(1),
        ..EndedThere::default()
    })));
    first.say(&FromHost::Report {
        now_ns: 0,
        instances: vec![InstanceReport {
            index: 2,
            ..InstanceReport::default()
        }],
    });
    second.begins(2, 1, 3);
    eventually("both are up", || fleet.alive() == 2);
    let states: Vec<_> = fleet.status().iter().map(|one| one.state).collect();
    let (up, waits) = (InstanceState::Running, InstanceState::Waiting);
    assert_eq!(states, [up, waits, up, waits]);
    assert_eq!(fleet.status()[2].life, 1);
}

#[test]
fn what_a_lost_host_had_is_given_to_the_next_one_and_goes_on() {
    let (fleet, join) = fleet(1);
    let news = fleet.listen();
    let mut first = Host::meet(&join, hello("a"));
    assert_eq!(first.share(), [(0, 1)]);
    first.begins(0, 1, 1);
    first.say(&FromHost::Says {
        instance: 0,
        life: 1,
        about: Box::new(About::default()),
    });
    eventually("it is listed", || {
        !fleet.launch_info().addresses["DATA"].is_empty()
    });
    // A second one of the same slot is a later life of the first.
    let mut again = Host::meet(&join, hello("a"));
    assert!(matches!(first.hears(), Ok(ToHost::Kill)));
    assert!(first.hears().is_err());
    assert_eq!(again.share(), [(0, 2)]);
    assert_eq!(fleet.status()[0].state, InstanceState::Waiting);
    let info = fleet.launch_info();
    assert!(
        info.addresses["DATA"].is_empty() && info.commands.len() == 1,
        "{info:?}"
    );
    again.begins(0, 2, 4);
    eventually("it is up", || fleet.alive() == 1);
    assert_eq!(fleet.launch_info().addresses["DATA"], ["tcp://127.0.0.1:4"]);
    drop(again);
    eventually("it waits", || fleet.alive() == 0);
    assert!(fleet.failure().is_none() && fleet.status()[0].is_alive());
    let taken = news.try_iter().filter(|heard| {
        matches!(
            heard.what,
            News::Ended {
                again: true,
                taken: true,
                ..
            }
        )
    });
    assert_eq!(taken.map(|heard| heard.life).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_host_that_cannot_run_its_share_is_one_error_where_nothing_else_runs() {
    let (fleet, join) = fleet(2);
    let mut host = Host::meet(&join, hello("a"));
    host.share();
    host.say(&FromHost::Refused {
        why: "there is no Blender".into(),
    });
    assert!(matches!(host.hears(), Ok(ToHost::Refuse { .. })));
    drop(host);
    fleet.wait();
    assert_eq!(
        fleet.failure().unwrap(),
        "there is no other: host node-a: there is no Blender"
    );
}

#[test]
fn who_has_not_the_key_is_not_heard() {
    let (fleet, join) = fleet(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let met = runtime.block_on(connect(&join.addresses[0], &Key::new(), LIMIT));
    assert!(met.is_err());
    assert_eq!(Host::meet(&join, hello("a")).share(), [(0, 1)]);
    drop(fleet);
}
