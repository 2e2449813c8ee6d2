//! What is said: commands and answers as fields of messages.

use blendtorch_wire::{Fields, Scalar, Tensor, Value};
use std::fmt;

/// Keys of a command.
pub(crate) mod key {
    pub(crate) const COMMAND: &str = "cmd";
    pub(crate) const ACTION: &str = "action";
    pub(crate) const SEED: &str = "seed";
    pub(crate) const OPTIONS: &str = "options";
    /// What an answer has instead of an observation when the environment failed. Not a name that a
    /// script would give to a field of its own.
    pub(crate) const ERROR: &str = "blendtorch.error";
    pub(crate) const OBSERVATION: &str = "obs";
    pub(crate) const REWARD: &str = "reward";
    pub(crate) const DONE: &str = "done";
    pub(crate) const IMAGE: &str = "rgb_array";
}

/// What an environment is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin an episode.
    Reset(Reset),
    /// Apply an action and advance by one frame.
    Step(Value),
    /// Say which spaces and render modes it has. Advances nothing.
    Describe,
    /// Render an image of the present state. Advances nothing.
    Render,
}

/// How an episode begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reset {
    /// Seeds the environment's random numbers; without one they go on.
    pub seed: Option<u64>,
    /// For the environment's own use.
    pub options: Option<Value>,
}

impl Command {
    /// Its name, as it travels.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reset(_) => "reset",
            Self::Step(_) => "step",
            Self::Describe => "describe",
            Self::Render => "render",
        }
    }

    pub(crate) fn into_fields(self) -> Fields {
        let mut fields = Fields::from_iter([(key::COMMAND.to_owned(), self.name().into())]);
        match self {
            Self::Reset(reset) => {
                if let Some(seed) = reset.seed {
                    fields.insert(key::SEED.to_owned(), seed.into());
                }
                if let Some(options) = reset.options {
                    fields.insert(key::OPTIONS.to_owned(), options);
                }
            }
            Self::Step(action) => {
                fields.insert(key::ACTION.to_owned(), action);
            }
            Self::Describe | Self::Render => {}
        }
        fields
    }

    /// The command that the fields say, or what is wrong with them.
    pub(crate) fn from_fields(mut fields: Fields) -> Result<Self, String> {
        let name = fields.get(key::COMMAND).and_then(Value::as_str);
        match name {
            Some("reset") => {
                let seed = match fields.get(key::SEED) {
                    None | Some(Value::Null) => None,
                    Some(Value::Int(seed)) if *seed >= 0 => Some(seed.unsigned_abs()),
                    Some(Value::UInt(seed)) => Some(*seed),
                    Some(other) => {
                        return Err(format!("a seed is an integer from 0 on, not {other:?}"));
                    }
                };
                let options = fields.shift_remove(key::OPTIONS);
                Ok(Self::Reset(Reset {
                    seed,
                    options: options.filter(|options| *options != Value::Null),
                }))
            }
            Some("step") => match fields.shift_remove(key::ACTION) {
                Some(action) => Ok(Self::Step(action)),
                None => Err("the command `step` needs an `action`".to_owned()),
            },
            Some("describe") => Ok(Self::Describe),
            Some("render") => Ok(Self::Render),
            Some(other) => Err(format!(
                "there is no command '{other}': use reset, step, describe or render"
            )),
            None => Err("a request has a field `cmd`: reset, step, describe or render".to_owned()),
        }
    }
}

/// A command, and who gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Random 64 bits that name the client.
    pub client: u64,
    /// Counts the client's commands.
    pub number: u64,
    /// What it wants.
    pub command: Command,
}

/// What an environment says after a command: its observation and whatever it adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// `obs`, `reward`, `done`, `time`, … as the scene script named them.
    pub fields: Fields,
}

/// What a step brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The observation.
    pub obs: Value,
    /// The reward of the step; 0 where the environment gave none.
    pub reward: f64,
    /// Whether the episode is over.
    pub done: bool,
    /// The image that was rendered for this frame, if one was: uint8, H×W×3.
    pub image: Option<Tensor>,
    /// All other fields.
    pub info: Fields,
}

impl Answer {
    /// Its parts, or what is missing.
    pub(crate) fn into_step(self) -> Result<Step, String> {
        let mut info = self.fields;
        let obs = info
            .shift_remove(key::OBSERVATION)
            .ok_or("the environment's answer has no `obs`: return it from _env_post_step")?;
        let reward = info.shift_remove(key::REWARD);
        let done = info.shift_remove(key::DONE);
        let image = take_image(&mut info);
        Ok(Step {
            obs,
            reward: number(reward.as_ref()).ok_or("the environment's `reward` is not a number")?,
            done: truth(done.as_ref()).ok_or("the environment's `done` is not a truth value")?,
            image,
            info,
        })
    }
}

/// The image among the fields, if there is one.
pub(crate) fn take_image(fields: &mut Fields) -> Option<Tensor> {
    match fields.shift_remove(key::IMAGE) {
        Some(Value::Tensor(image)) => Some(image),
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "a reward is a float")]
    match value {
        None | Some(Value::Null) => Some(0.0),
        Some(Value::Float(number)) => Some(*number),
        Some(Value::Int(number)) => Some(*number as f64),
        Some(Value::UInt(number)) => Some(*number as f64),
        Some(Value::Bool(truth)) => Some(f64::from(u8::from(*truth))),
        Some(other) => single(other).map(|scalar| scalar.to_f64()),
    }
}

fn truth(value: Option<&Value>) -> Option<bool> {
    match value {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(truth)) => Some(*truth),
        Some(Value::Int(number)) => Some(*number != 0),
        Some(other) => single(other).map(|scalar| scalar.to_f64() != 0.0),
    }
}

/// What numpy computed: a scalar, or an array of rank 0.
fn single(value: &Value) -> Option<Scalar> {
    match value {
        Value::Scalar(scalar) => Some(*scalar),
        Value::Tensor(array) if array.shape().is_empty() => {
            Scalar::new(array.dtype(), array.bytes())
        }
        _ => None,
    }
}

/// Why an environment could not do as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind of error, as its language names it.
    pub kind: String,
    /// What went wrong.
    pub message: String,
    /// Where, line by line; empty where nobody knows.
    pub traceback: String,
    /// Whether the environment goes on, and can be commanded again.
    pub goes_on: bool,
}

impl Failure {
    pub(crate) fn into_fields(self) -> Fields {
        let entry = |key: &str, value: Value| (Value::from(key), value);
        let error = Value::Map(vec![
            entry("kind", self.kind.into()),
            entry("message", self.message.into()),
            entry("traceback", self.traceback.into()),
            entry("goes_on", self.goes_on.into()),
        ]);
        Fields::from_iter([(key::ERROR.to_owned(), error)])
    }

    /// The failure that an answer tells of, if it does.
    pub(crate) fn in_fields(fields: &Fields) -> Option<Self> {
        let Value::Map(entries) = fields.get(key::ERROR)? else {
            return None;
        };
        let find = |name: &str| {
            let found = entries.iter().find(|(key, _)| key.as_str() == Some(name));
            found.map(|(_, value)| value)
        };
        let text = |name| find(name).and_then(Value::as_str).unwrap_or("").to_owned();
        Some(Self {
            kind: text("kind"),
            message: text("message"),
            traceback: text("traceback"),
            goes_on: find("goes_on") == Some(&Value::Bool(true)),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)?;
        if !self.traceback.is_empty() {
            write!(f, "\n{}", self.traceback.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_round_trip() {
        for command in [
            Command::Describe,
            Command::Render,
            Command::Step(Value::Float(0.5)),
            Command::Reset(Reset::default()),
            Command::Reset(Reset {
                seed: Some(u64::MAX),
                options: Some(Value::Map(vec![("level".into(), 3.into())])),
            }),
        ] {
            let fields = command.clone().into_fields();
            assert_eq!(Command::from_fields(fields), Ok(command));
        }
    }

    #[test]
    fn what_is_no_command_is_explained() {
        let said = |fields: &[(&str, Value)]| {
            let fields = fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone()));
            Command::from_fields(fields.collect()).unwrap_err()
        };
        assert!(said(&[]).contains("`cmd`"));
        assert!(said(&[("cmd", "fly".into())]).contains("'fly'"));
        assert!(said(&[("cmd", "step".into())]).contains("`action`"));
        assert!(said(&[("cmd", "reset".into()), ("seed", (-1).into())]).contains("seed"));
    }

    /// Regression: a reward that numpy had counted, a numpy.int64, was told to be no number.
    #[test]
    fn rewards_and_ends_may_be_whatever_numpy_computes() {
        let array = |value: Tensor| Value::from(value);
        for (reward, done, expected) in [
            (
                Scalar::from(3_i64).into(),
                Scalar::from(1_u8).into(),
                (3.0, true),
            ),
            (Scalar::from(0.5_f32).into(), Value::Int(0), (0.5, false)),
            (
                array(Tensor::from_vec(&[], vec![2_u16]).unwrap()),
                array(Tensor::from_vec(&[], vec![0.0_f64]).unwrap()),
                (2.0, false),
            ),
        ] {
            let entries = [("obs", 1.into()), ("reward", reward), ("done", done)];
            let fields = entries.map(|(name, value)| (name.to_owned(), value)).into();
            let step = Answer { fields }.into_step().unwrap();
            assert_eq!((step.reward, step.done), expected);
        }
        let several = array(Tensor::from_vec(&[2], vec![0.0_f64; 2]).unwrap());
        let fields = [("obs".to_owned(), 1.into()), ("reward".to_owned(), several)].into();
        assert!(Answer { fields }.into_step().is_err());
    }

    #[test]
    fn an_answer_without_an_observation_is_explained() {
        let fields = Fields::from_iter([("reward".to_owned(), Value::from(1))]);
        let said = Answer { fields }.into_step().unwrap_err();
        assert!(said.contains("`obs`"), "{said}");
    }
}
