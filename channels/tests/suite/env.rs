//! Environments, with real sockets: a server in a thread, clients beside it.

use blendtorch_channels::{
    Command, EnvOptions, EnvServer, Error, Failure, RemoteEnv, Reset, VectorEnv,
};
use blendtorch_transport::{Address, Bytes, Outgoing, Requester, RequesterOptions};
use blendtorch_wire::{Fields, Message, Tensor, Value};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A guard against hangs, with room for a slow machine.
const LONG: Duration = Duration::from_secs(60);

/// What a server does with a command; `None` to leave without an answer.
type Answers<'a> = &'a (dyn Fn(&Command) -> Option<Result<Fields, Failure>> + Sync);

fn fields(entries: &[(&str, Value)]) -> Fields {
    let own = |(name, value): &(&str, Value)| ((*name).to_owned(), value.clone());
    entries.iter().map(own).collect()
}

/// Counts steps: the observation is how many there were, the reward the action.
fn counter() -> impl Fn(&Command) -> Option<Result<Fields, Failure>> + Sync {
    let count = std::sync::Mutex::new(0);
    move |command| {
        let mut count = count.lock().unwrap();
        let reward = match command {
            Command::Reset(_) => {
                *count = 0;
                Value::Null
            }
            Command::Step(action) => {
                *count += 1;
                action.clone()
            }
            Command::Describe | Command::Render => return Some(Ok(Fields::new())),
        };
        Some(Ok(fields(&[
            ("obs", (*count).into()),
            ("reward", reward),
            ("done", (*count == 3).into()),
        ])))
    }
}

fn serve(mut server: EnvServer, stop: &AtomicBool, answers: Answers<'_>) {
    while !stop.load(Ordering::Relaxed) {
        let Some(request) = server.recv(Duration::from_millis(10)).unwrap() else {
            continue;
        };
        match answers(&request.command) {
            None => return,
            Some(Ok(fields)) => server.answer(fields).unwrap(),
            Some(Err(failure)) => server.fail(failure).unwrap(),
        };
    }
}

/// Sets a flag however its owner ends.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` beside servers that answer, each at an address of its own.
fn beside<const N: usize>(answers: [Answers<'_>; N], work: impl FnOnce(&[String])) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stop = SetOnDrop(&stop);
        let addresses: Vec<_> = answers
            .into_iter()
            .map(|answers| {
                let server = EnvServer::bind("tcp://127.0.0.1:0", None).unwrap();
                let address = server.address();
                let stop = &stop;
                scope.spawn(move || serve(server, stop, answers));
                address
            })
            .collect();
        work(&addresses);
    });
}

fn env(address: &str) -> RemoteEnv {
    RemoteEnv::connect(address, EnvOptions::with_timeout(LONG)).unwrap()
}

#[test]
fn steps_are_counted_and_answered_over_every_way() {
    for direct in [true, false] {
        beside([&counter()], |addresses| {
            let options = EnvOptions {
                direct,
                ..EnvOptions::with_timeout(LONG)
            };
            let mut env = RemoteEnv::connect(&addresses[0], options).unwrap();
            assert_eq!(env.reset(Reset::default()).unwrap().obs, 0.into());
            for i in 1..=3 {
                let step = env.step(0.25).unwrap();
                assert_eq!(step.obs, i.into());
                assert_eq!((step.reward, step.done), (0.25, i == 3));
            }
            assert_eq!(env.is_direct(), Some(direct));
        });
    }
}

#[test]
fn an_environment_that_starts_later_is_waited_for_and_none_is_an_error() {
    // A loopback address of its own: nobody else is given the port in between.
    let server = EnvServer::bind("tcp://127.18.0.2:0", None).unwrap();
    let address = server.address();
    drop(server);
    let options = EnvOptions {
        connect_timeout: Duration::from_millis(200),
        ..EnvOptions::default()
    };
    let mut env = RemoteEnv::connect(&address, options).unwrap();
    let error = env.reset(Reset::default()).unwrap_err();
    assert!(matches!(error, Error::NotTaken { .. }), "{error}");
    assert!(error.to_string().contains(&address), "{error}");

    let mut env = self::env(&address);
    env.begin(Command::Reset(Reset::default())).unwrap();
    assert!(env.poll(Duration::from_millis(50)).unwrap().is_none());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stop = SetOnDrop(&stop);
        let server = EnvServer::bind(&address, None).unwrap();
        scope.spawn(|| serve(server, &stop, &counter()));
        let start = Instant::now();
        while env.poll(Duration::from_millis(50)).unwrap().is_none() {
            assert!(start.elapsed() < LONG);
        }
        assert_eq!(env.step(1.0).unwrap().obs, 1.into());
    });
}

#[test]
fn a_peer_that_leaves_in_the_middle_of_a_step_is_an_error_at_once() {
    let leaves = |command: &Command| match command {
        Command::Step(_) => None,
        _ => Some(Ok(fields(&[("obs", 0.into())]))),
    };
    beside([&leaves], |addresses| {
        let mut env = env(&addresses[0]);
        env.reset(Reset::default()).unwrap();
        let start = Instant::now();
        let error = env.step(0.0).unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error}");
        assert!(error.to_string().contains("has gone"), "{error}");
        assert!(start.elapsed() < LONG / 2);
    });
}

#[test]
fn a_late_answer_is_not_taken_for_that_of_a_later_command() {
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let inner = counter();
    let answers = |command: &Command| {
        if matches!(command, Command::Step(_)) {
            // The first step waits until the other end is dropped; later ones find it so.
            let _ = told.lock().unwrap().recv();
        }
        inner(command)
    };
    beside([&answers], |addresses| {
        let options = EnvOptions {
            timeout: Duration::from_millis(150),
            ..EnvOptions::default()
        };
        let mut env = RemoteEnv::connect(&addresses[0], options).unwrap();
        env.reset(Reset::default()).unwrap();
        let error = env.step(1.0).unwrap_err();
        assert!(matches!(error, Error::NoAnswer { .. }), "{error}");
        assert!(error.to_string().contains("`step`"), "{error}");
        // The late answer is given when the next step is asked for or about to be: nothing of it is seen.
        let deadline = Instant::now() + LONG;
        let mut tell = Some(tell);
        env.begin(Command::Step(0.5.into())).unwrap();
        let answer = loop {
            match env.poll(Duration::from_millis(50)) {
                Ok(Some(answer)) => break answer,
                Ok(None) => drop(tell.take()),
                Err(error) => {
                    assert!(error.is_timeout() && Instant::now() < deadline, "{error}");
                    env.begin(Command::Step(0.5.into())).unwrap();
                }
            }
        };
        assert_eq!(answer.fields["reward"], 0.5.into());
        assert!(answer.fields["obs"].as_i64().unwrap() >= 2);
    });
}

#[test]
fn a_failure_comes_back_with_its_traceback_and_the_environment_may_go_on() {
    let inner = counter();
    let answers = |command: &Command| match command {
        Command::Step(Value::Str(_)) => Some(Err(Failure {
            kind: "ValueError".to_owned(),
            message: "an action has shape (1,), not ()".to_owned(),
            traceback: "  File \"scene.py\", line 3".to_owned(),
            goes_on: true,
        })),
        command => inner(command),
    };
    beside([&answers], |addresses| {
        let mut env = env(&addresses[0]);
        env.reset(Reset::default()).unwrap();
        let error = env.step("left").unwrap_err();
        let Error::Failed { failure, .. } = &error else {
            panic!("{error}")
        };
        assert!(failure.goes_on);
        let said = error.to_string();
        assert!(said.contains("ValueError: an action has shape"), "{said}");
        assert!(said.contains("scene.py"), "{said}");
        assert_eq!(env.step(1.0).unwrap().obs, 1.into());
    });
}

#[test]
fn garbage_is_answered_with_what_is_wrong_and_the_environment_goes_on() {
    beside([&counter()], |addresses| {
        let address: Address = addresses[0].parse().unwrap();
        let mut stranger = Requester::new(&address, RequesterOptions::default());
        // A command with a dict whose key is a list, which no scene script could hold.
        let dict = Value::Map(vec![(Value::Int(1), Value::Null)]);
        let command = Message::data(1, 0).with("cmd", "step").with("action", dict);
        let frames = command.encode().unwrap();
        let mut unhashable = frames[0].to_vec();
        let key = unhashable.len() - 2; // behind the dict's marker, before its value
        assert_eq!(unhashable[key - 1..], [0x81, 1, 0xc0]);
        unhashable[key] = 0x90;
        for garbage in [&b"GET / HTTP/1.1"[..], b"", b"\xc1\xff", &unhashable] {
            let question = Outgoing::new(vec![Bytes::copy_from_slice(garbage)]);
            assert!(stranger.send(&question, LONG).unwrap());
            let answer = stranger.recv(LONG).unwrap().unwrap();
            let text = String::from_utf8_lossy(&answer[0]).into_owned();
            assert!(text.contains("MalformedCommand"), "{text}");
        }
        let mut env = env(&addresses[0]);
        assert_eq!(env.reset(Reset::default()).unwrap().obs, 0.into());
    });
}

#[test]
fn images_and_what_else_is_answered_own_their_memory() {
    let image = |n: u8| Tensor::from_vec(&[64, 64, 3], vec![n; 64 * 64 * 3]).unwrap();
    let count = std::sync::atomic::AtomicU8::new(0);
    let answers = |_: &Command| {
        let n = count.fetch_add(1, Ordering::Relaxed);
        let image = image(n);
        let mut entries = vec![("obs", Value::Tensor(image.clone()))];
        if n.is_multiple_of(2) {
            entries.push(("rgb_array", Value::Tensor(image)));
        }
        Some(Ok(fields(&entries)))
    };
    beside([&answers], |addresses| {
        let mut env = env(&addresses[0]);
        let mut kept = vec![env.reset(Reset::default()).unwrap()];
        for n in 1..40_u8 {
            kept.push(env.step(0).unwrap());
            assert_eq!(env.image().is_some(), n.is_multiple_of(2), "frame {n}");
        }
        for (n, step) in (0..).zip(&kept) {
            assert_eq!(
                step.obs.as_tensor().unwrap().bytes()[..],
                vec![n; 64 * 64 * 3]
            );
        }
    });
}

#[test]
fn of_several_environments_one_that_fails_keeps_no_other() {
    let good = [counter(), counter()];
    let bad = |command: &Command| match command {
        Command::Reset(_) => Some(Ok(fields(&[("obs", 0.into())]))),
        _ => None,
    };
    beside([&good[0], &bad, &good[1]], |addresses| {
        let options = EnvOptions::with_timeout(LONG);
        let mut envs = VectorEnv::connect(addresses, &options).unwrap();
        assert_eq!(envs.len(), 3);
        let first = envs.reset(vec![Reset::default(); 3]);
        assert!(first.iter().all(Result::is_ok), "{first:?}");
        let results = envs.step(vec![0.5.into(), 0.5.into(), 0.5.into()]);
        assert_eq!(results[0].as_ref().unwrap().obs, 1.into());
        assert!(
            matches!(results[1], Err(Error::Transport(_))),
            "{results:?}"
        );
        assert_eq!(results[2].as_ref().unwrap().obs, 1.into());
        // The others go on.
        assert_eq!(envs.envs_mut()[0].step(1.0).unwrap().obs, 2.into());
    });
}

#[test]
fn an_image_may_take_as_long_as_shaders_take() {
    let answers = |command: &Command| {
        let entry = match command {
            Command::Render => {
                std::thread::sleep(Duration::from_millis(400));
                let image = Tensor::from_vec(&[1, 1, 3], vec![7_u8; 3]).unwrap();
                ("rgb_array", Value::Tensor(image))
            }
            _ => ("obs", 0.into()),
        };
        Some(Ok(fields(&[entry])))
    };
    beside([&answers], |addresses| {
        let options = EnvOptions {
            timeout: Duration::from_millis(150),
            ..EnvOptions::default()
        };
        let mut env = RemoteEnv::connect(&addresses[0], options).unwrap();
        env.reset(Reset::default()).unwrap();
        assert_eq!(env.render().unwrap().shape(), [1, 1, 3]);
    });
}
