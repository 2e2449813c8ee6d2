//! The parameters of one cell or of many equal ones, from JSON by NEST's names.
//!
//! Owns what may be given and what must hold among the values: NEST's own checks. It reads no file.

use blendtorch_circuit::nearest;
use serde_json::Value as Json;
use thiserror::Error;

use super::schema::{self, Standard};
use super::{Kind, checks};

/// Why a value is not a parameter of a model. The text has the remedy.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// The model knows no such name.
    #[error("{kind} has no parameter \"{name}\"{}", meant(.nearest))]
    Unknown {
        /// The model.
        kind: &'static str,
        /// What was given.
        name: String,
        /// The name that was perhaps meant.
        nearest: Option<&'static str>,
    },
    /// The value is of another kind.
    #[error("{kind}: {name} must be {wanted}, and is {given}")]
    Type {
        /// The model.
        kind: &'static str,
        /// The parameter.
        name: &'static str,
        /// What it should be.
        wanted: &'static str,
        /// What was given, as JSON, cut where long.
        given: String,
    },
    /// NEST refuses the value, or these values together.
    #[error("{kind}: {text}")]
    Range {
        /// The model.
        kind: &'static str,
        /// What must hold, and what was given.
        text: String,
    },
}

fn meant(nearest: &Option<&'static str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean \"{name}\"?"),
        None => String::new(),
    }
}

/// A value that was given.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Number(f64),
    Flag(bool),
    List(Vec<f64>),
}

/// The parameters of a model, and the state it begins in. What is not set is as NEST's defaults.
///
/// ```
/// use blendtorch_simulate::models::{Kind, Parameters};
///
/// let mut parameters = Parameters::new(Kind::IafPscExp);
/// parameters.set("tau_m", &serde_json::json!(20.0))?;
/// parameters.check()?;
/// let error = parameters.set("tau_mm", &serde_json::json!(20.0)).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "iaf_psc_exp has no parameter \"tau_mm\"; did you mean \"tau_m\"?"
/// );
/// # Ok::<(), blendtorch_simulate::models::ParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    kind: Kind,
    /// Only what was given, in any order: few of many.
    given: Vec<(&'static str, Value)>,
}

impl Parameters {
    /// All by default.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            given: Vec::new(),
        }
    }

    /// From a JSON object of names and values, checked. All that is wrong is said, not the first alone.
    ///
    /// # Errors
    /// Each name or value that the model does not take, and what [`Self::check`] finds if all are taken.
    pub fn from_json(
        kind: Kind,
        object: &serde_json::Map<String, Json>,
    ) -> Result<Self, Vec<ParameterError>> {
        let mut parameters = Self::new(kind);
        let mut errors: Vec<_> = object
            .iter()
            .filter_map(|(name, value)| parameters.set(name, value).err())
            .collect();
        if errors.is_empty() {
            errors.extend(parameters.check().err());
        }
        match errors.is_empty() {
            true => Ok(parameters),
            false => Err(errors),
        }
    }

    /// The model.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The names that [`Self::set`] takes, without those that NEST takes for any neuron and that have
    /// no effect where no synapse is plastic (`tau_minus`, `Ca` and the like: taken, without effect).
    pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
        schema::fields(kind).iter().map(|(name, _)| *name)
    }

    /// Sets one; a later value replaces an earlier one.
    ///
    /// Integers are taken for numbers, but nothing else for anything else. What must hold among several
    /// values is checked by [`Self::check`].
    ///
    /// # Errors
    /// An unknown name, or a value of another kind.
    pub fn set(&mut self, name: &str, value: &Json) -> Result<(), ParameterError> {
        let kind = self.kind.name();
        let fields = schema::fields(self.kind);
        let Some(&(name, default)) = fields.iter().find(|(one, _)| *one == name) else {
            return self.foreign(name, value);
        };
        let wrong = |wanted| ParameterError::Type {
            kind,
            name,
            wanted,
            given: shortened(value),
        };
        let value = match default {
            Standard::Number(_) => {
                Value::Number(number(value).ok_or_else(|| wrong("a finite number"))?)
            }
            Standard::Flag(_) => {
                Value::Flag(value.as_bool().ok_or_else(|| wrong("true or false"))?)
            }
            Standard::List(_) => Value::List(
                value
                    .as_array()
                    .and_then(|all| all.iter().map(number).collect())
                    .ok_or_else(|| wrong("a list of finite numbers"))?,
            ),
        };
        self.given.retain(|(one, _)| *one != name);
        self.given.push((name, value));
        Ok(())
    }

    /// What is no field of the model, but perhaps one that NEST has for any neuron.
    fn foreign(&self, name: &str, value: &Json) -> Result<(), ParameterError> {
        let kind = self.kind.name();
        if let Some(name) = schema::WITHOUT_EFFECT.iter().find(|one| **one == name) {
            return match number(value) {
                Some(_) => Ok(()),
                None => Err(ParameterError::Type {
                    kind,
                    name,
                    wanted: "a finite number",
                    given: shortened(value),
                }),
            };
        }
        if name == "frozen" {
            return match value {
                Json::Bool(false) => Ok(()),
                _ => Err(ParameterError::Range {
                    kind,
                    text: "frozen cells are not simulated here; leave \"frozen\" out".to_owned(),
                }),
            };
        }
        Err(ParameterError::Unknown {
            kind,
            name: name.chars().take(100).collect(),
            nearest: nearest(name, Self::names(self.kind)),
        })
    }

    /// Whether the values go together, by NEST's checks.
    ///
    /// # Errors
    /// [`ParameterError::Range`] with the rule that is broken.
    pub fn check(&self) -> Result<(), ParameterError> {
        checks::check(self).map_err(|text| ParameterError::Range {
            kind: self.kind.name(),
            text,
        })
    }

    /// A number, given or default. Zero for what the model does not have.
    pub fn number(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Number(value)) => *value,
            _ => match self.default(name) {
                Some(Standard::Number(value)) => value,
                _ => 0.0,
            },
        }
    }

    /// A flag, given or default. False for what the model does not have.
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Flag(value)) => *value,
            _ => self.default(name) == Some(Standard::Flag(true)),
        }
    }

    /// A list, given or default. Empty for what the model does not have.
    pub fn list(&self, name: &str) -> &[f64] {
        match self.get(name) {
            Some(Value::List(values)) => values,
            _ => match self.default(name) {
                Some(Standard::List(values)) => values,
                _ => &[],
            },
        }
    }

    /// Whether it was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A voltage relative to E_L, with the bits that NEST has: it keeps them so, and moves its
    /// defaults, which are relative too, by how far E_L is from its own default.
    pub(crate) fn relative(&self, name: &str) -> f64 {
        let rest = self.number("E_L");
        match self.get(name) {
            Some(Value::Number(value)) => value - rest,
            _ => {
                let default = |name| match self.default(name) {
                    Some(Standard::Number(value)) => value,
                    _ => 0.0,
                };
                let of_rest = default("E_L");
                // A default V_min is relative already.
                let own = match name {
                    "V_min" => default(name),
                    _ => default(name) - of_rest,
                };
                own - (rest - of_rest)
            }
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.given
            .iter()
            .find_map(|(one, value)| (*one == name).then_some(value))
    }

    fn default(&self, name: &str) -> Option<Standard> {
        schema::fields(self.kind)
            .iter()
            .find_map(|(one, default)| (*one == name).then_some(*default))
    }
}

fn number(value: &Json) -> Option<f64> {
    value.as_f64().filter(|value| value.is_finite())
}

fn shortened(value: &Json) -> String {
    let text = value.to_string();
    match text.chars().count() {
        0..=60 => text,
        _ => text.chars().take(59).chain(['…']).collect(),
    }
}
