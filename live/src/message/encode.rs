//! Messages of ours as fields, after a look whether every reader would take them.

use blendtorch_wire::{Element, Fields, Tensor, Value};
use indexmap::IndexMap;

use super::{KIND, MAX_ARRAYS, MAX_DESCRIPTION, MAX_NAME, VERSION};
use crate::{Ended, Hello, LiveError, Snapshot};

fn begun(kind: &str, session: u64) -> Fields {
    let mut fields = Fields::new();
    fields.insert(KIND.to_owned(), kind.into());
    fields.insert("session".to_owned(), session.into());
    fields
}

/// A network's description.
pub(crate) fn hello_fields(hello: &Hello) -> Result<Fields, LiveError> {
    if hello.description.len() > MAX_DESCRIPTION {
        let problem = format!("it is longer than {MAX_DESCRIPTION} bytes; send arrays as arrays");
        return Err(LiveError::unfit("description", problem));
    }
    let json = serde_json::from_str::<serde_json::Value>(&hello.description);
    if !json.is_ok_and(|value| value.is_object()) {
        return Err(LiveError::unfit("description", "it is no JSON object"));
    }
    let (populations, devices) = (hello.populations.len(), hello.devices.len());
    // A snapshot may have spikes and values of each.
    if 2 * populations + devices > MAX_ARRAYS || populations + hello.arrays.len() > MAX_ARRAYS {
        let problem = format!(
            "{populations} populations and {devices} devices are more than a message holds; put \
             populations together, or leave some out"
        );
        return Err(LiveError::unfit("network", problem));
    }
    let mut fields = begun("hello", hello.session);
    fields.insert("version".to_owned(), Value::Int(VERSION));
    fields.insert("policy".to_owned(), hello.policy.word().into());
    let window = hello.policy.window().unwrap_or_default();
    fields.insert("window".to_owned(), window.into());
    fields.insert("description".to_owned(), hello.description.as_str().into());
    for (name, positions) in &hello.populations {
        fields.insert(named("positions", name)?, positions.clone().into());
    }
    for (name, array) in &hello.arrays {
        fields.insert(named("arrays", name)?, array.clone().into());
    }
    let mut numbers = Vec::new();
    for (name, values) in &hello.devices {
        named("device", name)?;
        numbers.push((name.as_str().into(), (*values).into()));
    }
    fields.insert("devices".to_owned(), Value::Map(numbers));
    Ok(fields)
}

/// A snapshot of that network.
pub(crate) fn snapshot_fields(hello: &Hello, snapshot: Snapshot) -> Result<Fields, LiveError> {
    let Snapshot {
        step,
        start_ms,
        stop_ms,
        spikes,
        values,
        devices,
    } = snapshot;
    if !(start_ms.is_finite() && stop_ms.is_finite() && start_ms <= stop_ms) {
        let problem = format!("an interval from {start_ms} to {stop_ms} ms is none");
        return Err(LiveError::unfit(format!("step {step}"), problem));
    }
    let mut fields = begun("step", hello.session);
    fields.insert("step".to_owned(), step.into());
    fields.insert("start_ms".to_owned(), start_ms.into());
    fields.insert("stop_ms".to_owned(), stop_ms.into());
    for (name, indices) in spikes {
        let cells = known(
            hello.cells(&name),
            &name,
            "population",
            hello.populations.keys(),
        )?;
        if let Some(odd) = indices.iter().find(|one| **one as usize >= cells) {
            let problem = format!("there is no cell {odd}: it has {cells}, counted from 0");
            return Err(LiveError::unfit(name, problem));
        }
        if !indices.is_empty() {
            fields.insert(format!("spikes/{name}"), tensor(&name, indices)?);
        }
    }
    add(&mut fields, "values", values, |name| {
        known(
            hello.cells(name),
            name,
            "population",
            hello.populations.keys(),
        )
    })?;
    add(&mut fields, "device", devices, |name| {
        let values = hello.devices.get(name).map(|values| *values as usize);
        known(values, name, "device", hello.devices.keys())
    })?;
    Ok(fields)
}

/// One value each.
fn add(
    fields: &mut Fields,
    kind: &str,
    arrays: IndexMap<String, Vec<f32>>,
    wanted: impl Fn(&str) -> Result<usize, LiveError>,
) -> Result<(), LiveError> {
    for (name, values) in arrays {
        let (wanted, given) = (wanted(&name)?, values.len());
        if wanted != given {
            let problem = format!("{given} values were given; it has {wanted}");
            return Err(LiveError::unfit(name, problem));
        }
        fields.insert(format!("{kind}/{name}"), tensor(&name, values)?);
    }
    Ok(())
}

/// The sender's last word.
pub(crate) fn end_fields(session: u64, ended: &Ended) -> Fields {
    let mut fields = begun("end", session);
    fields.insert("how".to_owned(), ended.end.how().word().into());
    let reason = ended.end.reason().map_or(Value::Null, Value::from);
    fields.insert("reason".to_owned(), reason);
    fields.insert("snapshots".to_owned(), ended.snapshots.into());
    fields
}

/// A viewer's answer.
pub(crate) fn answer_fields(session: u64, answer: &super::Answer) -> Fields {
    use super::Answer;
    match answer {
        Answer::Ready => begun("ready", session),
        Answer::Ask => begun("hello?", session),
        Answer::Refused(reason) => {
            let mut fields = begun("refused", session);
            fields.insert("reason".to_owned(), reason.as_str().into());
            fields
        }
        Answer::Seen {
            applied,
            drawn,
            pictures,
        } => {
            let mut fields = begun("seen", session);
            fields.insert("applied".to_owned(), (*applied).into());
            fields.insert("drawn".to_owned(), (*drawn).into());
            fields.insert("pictures".to_owned(), (*pictures).into());
            fields
        }
    }
}

fn tensor<T: Element>(name: &str, elements: Vec<T>) -> Result<Value, LiveError> {
    let tensor = Tensor::from_vec(&[elements.len()], elements);
    let tensor = tensor.map_err(|error| LiveError::unfit(name, error.to_string()))?;
    Ok(tensor.into())
}

/// The name of a field.
fn named(kind: &str, name: &str) -> Result<String, LiveError> {
    match name.len() {
        0 => Err(LiveError::unfit(kind, "a name is empty")),
        1..=MAX_NAME => Ok(format!("{kind}/{name}")),
        _ => {
            let problem = format!("it is longer than {MAX_NAME} bytes");
            Err(LiveError::unfit(name, problem))
        }
    }
}

fn known<'a>(
    size: Option<usize>,
    name: &str,
    what: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<usize, LiveError> {
    size.ok_or_else(|| {
        let names: Vec<&str> = names.map(String::as_str).collect();
        let names = match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let problem = format!("the network was begun without such a {what}; it has {names}");
        LiveError::unfit(name, problem)
    })
}
