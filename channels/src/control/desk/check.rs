//! Whether what is wanted can be: a value that fits its parameter, a function that is there.
//!
//! Owns the refusals' words, which name what there is instead. It must never change anything.

use super::super::about::{About, Parameter};
use super::super::error::{Refusal, RefusalKind};
use serde_json::{Map, Value};

/// Whether these values may be set.
pub(super) fn check(about: &About, values: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in values {
        let Some(parameter) = about.parameters.get(name) else {
            let known: Vec<_> = about.parameters.keys().map(String::as_str).collect();
            let text = format!(
                "there is no parameter '{name}'; {}",
                listed("registered", &known)
            );
            return Err(Refusal::new(RefusalKind::Unknown, text));
        };
        if let Some(wrong) = misfit(parameter, value) {
            let text = format!("parameter '{name}': {wrong}");
            return Err(Refusal::new(RefusalKind::Value, text));
        }
    }
    Ok(())
}

/// What is wrong with a value for a parameter.
fn misfit(parameter: &Parameter, value: &Value) -> Option<String> {
    let (is, wanted) = (kind(value), kind(&parameter.value));
    let number = |kind: &str| kind == "a whole number" || kind == "a number";
    // A whole number is a number too, but no half is whole.
    if is != wanted && !(wanted == "a number" && number(is)) {
        return Some(format!("it is {wanted}, and {value} is {is}"));
    }
    if let (Value::Array(old), Value::Array(new)) = (&parameter.value, value)
        && (old.len() != new.len() || !new.iter().all(|part| number(kind(part))))
    {
        return Some(format!(
            "it is a list of {} numbers, and not {value}",
            old.len()
        ));
    }
    if let Some(choices) = &parameter.choices
        && !choices.iter().any(|choice| same(choice, value))
    {
        let choices: Vec<_> = choices.iter().map(ToString::to_string).collect();
        return Some(format!(
            "it is one of {}, and not {value}",
            choices.join(", ")
        ));
    }
    let parts = match value {
        Value::Array(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    for part in parts.iter().filter_map(Value::as_f64) {
        if parameter.low.is_some_and(|low| part < low)
            || parameter.high.is_some_and(|high| part > high)
        {
            let bound = |bound: Option<f64>| bound.map_or("…".into(), |bound| bound.to_string());
            let (low, high) = (bound(parameter.low), bound(parameter.high));
            return Some(format!(
                "it lies between {low} and {high}, and {part} does not"
            ));
        }
    }
    None
}

/// Whether two values are one, as 2 and 2.0 are.
fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Whether a function of a service can be called.
pub(super) fn offered(about: &About, service: &str, name: &str) -> Result<(), Refusal> {
    let text = match about.services.get(service) {
        Some(names) if names.iter().any(|one| one == name) => return Ok(()),
        Some(names) => {
            let known: Vec<_> = names.iter().map(String::as_str).collect();
            format!(
                "service '{service}' has no function '{name}'; {}",
                listed("it has", &known)
            )
        }
        None => {
            let known: Vec<_> = about.services.keys().map(String::as_str).collect();
            format!(
                "there is no service '{service}'; {}",
                listed("registered", &known)
            )
        }
    };
    Err(Refusal::new(RefusalKind::Unknown, text))
}

fn listed(what: &str, names: &[&str]) -> String {
    match names.is_empty() {
        true => format!("{what}: none"),
        false => format!("{what}: {}", names.join(", ")),
    }
}
