//! What an attribute must be.
//!
//! Owns the forms that a value takes in a set, and how each fits a column. It knows no population.

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use crate::column::ABSENT;
use crate::{Column, nearest};

/// A pattern may not become larger than so many bytes, nor nest deeper.
const PATTERN_BYTES: usize = 1 << 18;
const PATTERN_NESTS: u32 = 50;

/// The operators that there are.
const OPERATORS: [&str; 5] = ["$gt", "$gte", "$lt", "$lte", "$regex"];

/// What an attribute must be.
#[derive(Debug)]
pub(super) enum Rule {
    /// Any of these.
    Any(Vec<Wanted>),
    /// All of these.
    All(Vec<Operator>),
}

/// A value that an attribute may have.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    Word(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

#[derive(Debug)]
pub(super) enum Operator {
    Greater(f64),
    GreaterOrEqual(f64),
    Less(f64),
    LessOrEqual(f64),
    Matches(Box<Regex>),
}

impl Rule {
    /// Reads a value of a set; what is wrong with it is the error.
    pub(super) fn new(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(values) => values
                .iter()
                .map(Wanted::new)
                .collect::<Result<_, _>>()
                .map(Self::Any),
            Value::Object(operators) => operators_of(operators).map(Self::All),
            one => Ok(Self::Any(vec![Wanted::new(one)?])),
        }
    }

    /// Which values of a column fit. The error says why none can, whatever they are.
    pub(super) fn fits(&self, column: &Column) -> Result<Vec<bool>, String> {
        match self {
            Self::Any(wanted) => any(wanted, column),
            Self::All(operators) => {
                let mut fits = vec![true; column.len()];
                for operator in operators {
                    for (fits, one) in fits.iter_mut().zip(operator.fits(column)?) {
                        *fits &= one;
                    }
                }
                Ok(fits)
            }
        }
    }

    /// "no node has layer 7; did you mean …?" where that helps.
    pub(super) fn none(&self, name: &str, words: &[String]) -> String {
        let Self::Any(wanted) = self else {
            return String::new();
        };
        for one in wanted {
            if let Wanted::Word(word) = one
                && let Some(near) = nearest(word, words.iter().take(1000).map(String::as_str))
            {
                return format!(": no node has the {name} {word:?}; did you mean {near:?}?");
            }
        }
        String::new()
    }
}

impl Wanted {
    fn new(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(word) => Ok(Self::Word(word.clone())),
            Value::Bool(one) => Ok(Self::Bool(*one)),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Ok(Self::Int(int)),
                (None, Some(float)) => Ok(Self::Float(float)),
                (None, None) => Err(format!("{number} is too large")),
            },
            Value::Null => Err("null is no value; leave the attribute out".to_owned()),
            Value::Array(_) => Err("a list in a list is no value".to_owned()),
            Value::Object(_) => Err("an operator cannot be in a list".to_owned()),
        }
    }
}

fn any(wanted: &[Wanted], column: &Column) -> Result<Vec<bool>, String> {
    match column {
        Column::Words { words, of } => {
            let mut right = Vec::new();
            for one in wanted {
                match one {
                    Wanted::Word(word) => right.push(word.as_str()),
                    Wanted::Bool(true) => right.extend(["True", "true"]),
                    Wanted::Bool(false) => right.extend(["False", "false"]),
                    Wanted::Int(number) => return Err(format!("is text; write \"{number}\"")),
                    Wanted::Float(number) => return Err(format!("is text; write \"{number}\"")),
                }
            }
            right.sort_unstable();
            let fits: Vec<bool> = words
                .iter()
                .map(|word| right.binary_search(&word.as_str()).is_ok())
                .collect();
            Ok(by_word(&fits, of))
        }
        numbers => {
            let (mut ints, mut floats) = (Vec::new(), Vec::new());
            for one in wanted {
                match one {
                    Wanted::Word(word) => {
                        return Err(format!("is made of {}; {word:?} is text", numbers.kind()));
                    }
                    Wanted::Int(int) => ints.push(*int),
                    Wanted::Bool(one) => ints.push(i64::from(*one)),
                    Wanted::Float(float) => match crate::column::whole(*float) {
                        Some(int) => ints.push(int),
                        None => floats.push(*float),
                    },
                }
            }
            ints.sort_unstable();
            floats.sort_unstable_by(f64::total_cmp);
            let one = |at| match numbers.int(at) {
                Some(int) => ints.binary_search(&int).is_ok(),
                None => numbers.float(at).is_some_and(|float| {
                    floats.binary_search_by(|one| one.total_cmp(&float)).is_ok()
                }),
            };
            Ok((0..numbers.len()).map(one).collect())
        }
    }
}

fn by_word(fits: &[bool], of: &[u32]) -> Vec<bool> {
    of.iter()
        .map(|word| *word != ABSENT && fits.get(*word as usize).copied().unwrap_or(false))
        .collect()
}

fn operators_of(operators: &Map<String, Value>) -> Result<Vec<Operator>, String> {
    if operators.is_empty() {
        return Err("has no operator".to_owned());
    }
    operators
        .iter()
        .map(|(name, value)| Operator::new(name, value))
        .collect()
}

impl Operator {
    fn new(name: &str, value: &Value) -> Result<Self, String> {
        if name == "$regex" {
            let Value::String(pattern) = value else {
                return Err("$regex takes a pattern as text".to_owned());
            };
            return RegexBuilder::new(pattern)
                .size_limit(PATTERN_BYTES)
                .nest_limit(PATTERN_NESTS)
                .build()
                .map(|pattern| Self::Matches(Box::new(pattern)))
                .map_err(|error| format!("{pattern:?} is no pattern: {error}"));
        }
        let make = match name {
            "$gt" => Self::Greater,
            "$gte" => Self::GreaterOrEqual,
            "$lt" => Self::Less,
            "$lte" => Self::LessOrEqual,
            other => {
                let meant = match nearest(other, OPERATORS) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("there are {}", OPERATORS.join(", ")),
                };
                return Err(format!("{other:?} is no operator; {meant}"));
            }
        };
        match value.as_f64() {
            Some(number) => Ok(make(number)),
            None => Err(format!("{name} takes a number")),
        }
    }

    fn fits(&self, column: &Column) -> Result<Vec<bool>, String> {
        let compare: Box<dyn Fn(f64) -> bool> = match *self {
            Self::Matches(ref pattern) => {
                let Column::Words { words, of } = column else {
                    return Err(format!("is made of {}; $regex is for text", column.kind()));
                };
                let fits: Vec<bool> = words.iter().map(|word| pattern.is_match(word)).collect();
                return Ok(by_word(&fits, of));
            }
            Self::Greater(than) => Box::new(move |value| value > than),
            Self::GreaterOrEqual(than) => Box::new(move |value| value >= than),
            Self::Less(than) => Box::new(move |value| value < than),
            Self::LessOrEqual(than) => Box::new(move |value| value <= than),
        };
        if matches!(column, Column::Words { .. }) {
            return Err("is text; only $regex is for text".to_owned());
        }
        Ok((0..column.len())
            .map(|at| column.float(at).is_some_and(&compare))
            .collect())
    }
}
