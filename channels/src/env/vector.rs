//! Several environments that are stepped at the same time.

use super::client::{EnvOptions, RemoteEnv};
use super::protocol::{Command, Reset, Step};
use crate::Error;
use blendtorch_wire::Value;
use std::time::Duration;

/// How long one wait lasts before time-outs are looked at.
const SLICE: Duration = Duration::from_millis(100);

/// N environments: each command is given to all before the first answer is waited for. One that
/// fails does not keep the others from answering.
#[derive(Debug)]
pub struct VectorEnv {
    envs: Vec<RemoteEnv>,
}

impl VectorEnv {
    /// For the environments at `addresses`.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn connect<A: AsRef<str>>(addresses: &[A], options: &EnvOptions) -> Result<Self, Error> {
        let envs = addresses
            .iter()
            .map(|address| RemoteEnv::connect(address.as_ref(), options.clone()));
        Ok(Self {
            envs: envs.collect::<Result<_, _>>()?,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.envs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.envs.is_empty()
    }

    /// The environments, to command one alone.
    #[must_use]
    pub fn envs_mut(&mut self) -> &mut [RemoteEnv] {
        &mut self.envs
    }

    /// Begins an episode in each: the result of each, in order.
    pub fn reset(&mut self, resets: Vec<Reset>) -> Vec<Result<Step, Error>> {
        self.command(resets.into_iter().map(Command::Reset))
    }

    /// Applies one action to each: the result of each, in order. There are as many results as there
    /// are both actions and environments.
    pub fn step(&mut self, actions: Vec<Value>) -> Vec<Result<Step, Error>> {
        self.command(actions.into_iter().map(Command::Step))
    }

    fn command(&mut self, commands: impl Iterator<Item = Command>) -> Vec<Result<Step, Error>> {
        let begun: Vec<_> = self
            .envs
            .iter_mut()
            .zip(commands)
            .map(|(env, command)| env.begin(command))
            .collect();
        self.envs
            .iter_mut()
            .zip(begun)
            .map(|(env, begun)| {
                begun?;
                loop {
                    if let Some(answer) = env.poll(SLICE)? {
                        return env.step_of(answer);
                    }
                }
            })
            .collect()
    }
}
