//! The trainer's end: gives commands, waits for the answers.

use super::protocol::{Answer, Command, Failure, Reset, Step, take_image};
use crate::Error;
use crate::sending::{Numbering, decode};
use blendtorch_transport::{Outgoing, Requester, RequesterOptions};
use blendtorch_wire::{Fields, Tensor, Value};
use std::time::{Duration, Instant};

/// How a [`RemoteEnv`] waits.
#[derive(Clone, Debug)]
pub struct EnvOptions {
    /// How long an answer may take; 10 s.
    pub timeout: Duration,
    /// How long the first answer may take, and an image, for which shaders may be compiled; 120 s.
    pub first_timeout: Duration,
    /// How long the environment may take to be there at all, since a Blender has to start; 100 s.
    pub connect_timeout: Duration,
    /// Go to an environment of this host directly, past the ZeroMQ library; true.
    pub direct: bool,
}

impl EnvOptions {
    /// Answers within `timeout`, ten times that to be there, and two minutes for the first one.
    #[must_use]
    pub fn with_timeout(timeout: Duration) -> Self {
        Self {
            timeout,
            first_timeout: timeout.max(Duration::from_secs(120)),
            connect_timeout: timeout.saturating_mul(10),
            direct: true,
        }
    }
}

impl Default for EnvOptions {
    fn default() -> Self {
        Self::with_timeout(Duration::from_secs(10))
    }
}

/// How long one wait lasts before time-outs are looked at.
const SLICE: Duration = Duration::from_millis(100);

/// An environment somewhere else: reset, step, render.
///
/// ```no_run
/// use blendtorch_channels::{EnvOptions, RemoteEnv, Reset};
///
/// let mut env = RemoteEnv::connect("tcp://127.0.0.1:11000", EnvOptions::default())?;
/// let first = env.reset(Reset::default())?;
/// let step = env.step(0.5)?;
/// println!("{:?}, reward {}, done {}", step.obs, step.reward, step.done);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RemoteEnv {
    requester: Requester,
    numbering: Numbering,
    options: EnvOptions,
    pending: Option<Pending>,
    /// Whether it ever answered.
    answered: bool,
    image: Option<Tensor>,
}

#[derive(Debug)]
struct Pending {
    message: Outgoing,
    command: &'static str,
    since: Instant,
    sent: bool,
}

impl RemoteEnv {
    /// For the environment at `address`, which may start later; it is connected to with the first
    /// command.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn connect(address: &str, options: EnvOptions) -> Result<Self, Error> {
        let requester_options = RequesterOptions {
            direct: options.direct,
            ..RequesterOptions::default()
        };
        Ok(Self {
            requester: Requester::new(&address.parse()?, requester_options),
            numbering: Numbering::new(None)?,
            options,
            pending: None,
            answered: false,
            image: None,
        })
    }

    /// While connected, whether directly.
    #[must_use]
    pub fn is_direct(&self) -> Option<bool> {
        self.requester.is_direct()
    }

    /// Begins an episode: its first observation.
    ///
    /// # Errors
    /// See [`poll`](Self::poll).
    pub fn reset(&mut self, reset: Reset) -> Result<Step, Error> {
        let answer = self.ask(Command::Reset(reset))?;
        self.step_of(answer)
    }

    /// Applies an action and advances by one frame.
    ///
    /// # Errors
    /// See [`poll`](Self::poll).
    pub fn step(&mut self, action: impl Into<Value>) -> Result<Step, Error> {
        let answer = self.ask(Command::Step(action.into()))?;
        self.step_of(answer)
    }

    /// The image of the last answer, if one was rendered for its frame: uint8, H×W×3, linear.
    #[must_use]
    pub fn image(&self) -> Option<&Tensor> {
        self.image.as_ref()
    }

    /// An image of the present state: that of the last answer, or one that is rendered now. uint8,
    /// H×W×3, linear.
    ///
    /// # Errors
    /// See [`poll`](Self::poll).
    pub fn render(&mut self) -> Result<Tensor, Error> {
        if let Some(image) = &self.image {
            return Ok(image.clone());
        }
        let mut answer = self.ask(Command::Render)?;
        let image = take_image(&mut answer.fields).ok_or_else(|| Error::Unexpected {
            address: self.requester.address().clone(),
            reason: "the environment's answer to `render` has no image".to_owned(),
        })?;
        Ok(self.image.insert(image.to_owned_memory()).clone())
    }

    /// What the environment says of itself: spaces, render modes.
    ///
    /// # Errors
    /// See [`poll`](Self::poll).
    pub fn describe(&mut self) -> Result<Fields, Error> {
        Ok(self.ask(Command::Describe)?.fields)
    }

    /// Gives a command and waits for its answer.
    ///
    /// # Errors
    /// See [`poll`](Self::poll).
    pub fn ask(&mut self, command: Command) -> Result<Answer, Error> {
        self.begin(command)?;
        loop {
            if let Some(answer) = self.poll(SLICE)? {
                return Ok(answer);
            }
        }
    }

    /// Gives a command without waiting; [`poll`](Self::poll) for its answer. One that is still due
    /// is given up.
    ///
    /// # Errors
    /// [`Error::Encode`] for an action that no reader would take: nothing was sent.
    pub fn begin(&mut self, command: Command) -> Result<(), Error> {
        let name = command.name();
        let message = self.numbering.encode(command.into_fields())?;
        if self.pending.is_some() {
            self.give_up();
        }
        let sent = self.requester.is_direct().is_some()
            && self
                .requester
                .send(&message, Duration::ZERO)
                .unwrap_or(false);
        self.numbering.sent();
        self.pending = Some(Pending {
            message,
            command: name,
            since: Instant::now(),
            sent,
        });
        Ok(())
    }

    /// Waits up to `timeout` for the answer to the last command. Its tensors may lie in the
    /// environment's memory: copy what is kept.
    ///
    /// # Errors
    /// [`Error::NotTaken`] when nobody is there, [`Error::NoAnswer`], [`Error::Transport`] when the
    /// environment has gone, [`Error::Failed`] when it says that it failed, [`Error::Malformed`]. The
    /// command is then given up; another one may be given.
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<Answer>, Error> {
        let result = self.wait(timeout);
        match &result {
            Ok(None) => {}
            Ok(Some(_)) => self.pending = None,
            // It has answered: the connection is good for the next command.
            Err(Error::Failed { .. } | Error::Malformed { .. }) => self.pending = None,
            Err(_) => self.give_up(),
        }
        result
    }

    fn wait(&mut self, timeout: Duration) -> Result<Option<Answer>, Error> {
        let address = self.requester.address().clone();
        let Some(pending) = &mut self.pending else {
            return Err(Error::Unexpected {
                address,
                reason: "no command was given that could be answered".to_owned(),
            });
        };
        if !pending.sent {
            pending.sent = self.requester.send(&pending.message, timeout)?;
            let waited = pending.since.elapsed();
            if !pending.sent && waited >= self.options.connect_timeout {
                return Err(Error::NotTaken { address, waited });
            }
            if pending.sent {
                pending.since = Instant::now();
            }
            return Ok(None);
        }
        let Some(frames) = self.requester.recv(timeout)? else {
            let waited = pending.since.elapsed();
            let command = pending.command;
            // The first image may be asked for at any time, and shaders are compiled then.
            let limit = match self.answered && command != Command::Render.name() {
                true => self.options.timeout,
                false => self.options.first_timeout,
            };
            return match waited >= limit {
                true => Err(Error::NoAnswer {
                    address,
                    command,
                    waited,
                }),
                false => Ok(None),
            };
        };
        self.answered = true;
        let fields = decode(&address, &frames)?.fields;
        match Failure::in_fields(&fields) {
            Some(failure) => Err(Error::Failed { address, failure }),
            None => Ok(Some(Answer { fields })),
        }
    }

    /// Gives up the answer that is due, if one is.
    pub fn give_up(&mut self) {
        if self.pending.take().is_some() {
            self.requester.give_up();
        }
    }

    pub(super) fn step_of(&mut self, mut answer: Answer) -> Result<Step, Error> {
        for value in answer.fields.values_mut() {
            // What the caller keeps must not keep the environment's memory.
            value.for_each_tensor_mut(&mut |tensor| *tensor = tensor.to_owned_memory());
        }
        let step = answer.into_step().map_err(|reason| Error::Unexpected {
            address: self.requester.address().clone(),
            reason,
        })?;
        self.image.clone_from(&step.image);
        Ok(step)
    }
}
