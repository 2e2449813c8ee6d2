//! Messages of others, from peers that may send anything.

use blendtorch_wire::{DType, End, Fields, Tensor, Value};
use indexmap::IndexMap;

use super::{KIND, MAX_DESCRIPTION, MAX_NAME, VERSION, array};
use crate::{Ended, Faults, Hello, Policy, Snapshot};

/// What a sender says.
pub(crate) enum Told {
    /// The network.
    Hello(Hello),
    /// An interval, of that session. It is read with [`Told::snapshot`] when the network is known.
    Step(u64),
    /// The end of that session.
    End(u64, Ended),
}

/// What a viewer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It knows the network and takes snapshots.
    Ready,
    /// It was told a step of a network that it does not know.
    Ask,
    /// It cannot show this network.
    Refused(String),
    /// How many snapshots it has applied and drawn.
    Seen {
        /// Snapshots that changed what it shows.
        applied: u64,
        /// Snapshots that a picture was made of, or that a newer one was.
        drawn: u64,
        /// Pictures that were made.
        pictures: u64,
    },
}

/// What a sender says, or why it cannot be read.
pub(crate) fn told(fields: &Fields) -> Result<Told, String> {
    match text(fields, KIND)? {
        "hello" => hello(fields).map(Told::Hello),
        "step" => Ok(Told::Step(count(fields, "session")?)),
        "end" => {
            let reason = fields.get("reason").and_then(Value::as_str);
            let end = End::told(text(fields, "how")?, reason);
            let snapshots = count(fields, "snapshots")?;
            Ok(Told::End(
                count(fields, "session")?,
                Ended { end, snapshots },
            ))
        }
        other => Err(unknown(other)),
    }
}

/// What a viewer answers about `session`; `None` where it is about another.
pub(crate) fn answer(fields: &Fields, session: u64) -> Result<Option<Answer>, String> {
    let kind = text(fields, KIND)?;
    let about = count(fields, "session")?;
    let answer = match kind {
        "hello?" => return Ok(Some(Answer::Ask)),
        "ready" => Answer::Ready,
        "refused" => {
            let reason = fields.get("reason").and_then(Value::as_str);
            let shown = End::told("failed", reason);
            Answer::Refused(shown.reason().unwrap_or("it does not say why").to_owned())
        }
        "seen" => Answer::Seen {
            applied: count(fields, "applied")?,
            drawn: count(fields, "drawn")?,
            pictures: count(fields, "pictures")?,
        },
        other => return Err(unknown(other)),
    };
    Ok((about == session).then_some(answer))
}

fn hello(fields: &Fields) -> Result<Hello, String> {
    let version = fields.get("version").and_then(Value::as_i64);
    if version != Some(VERSION) {
        let version = version.map_or("none".to_owned(), |version| version.to_string());
        return Err(format!(
            "its version is {version}, and this end knows {VERSION}; use one blendtorch on both ends"
        ));
    }
    let window = u32::try_from(count(fields, "window")?).unwrap_or(u32::MAX);
    let policy = Policy::of(text(fields, "policy")?, window).map_err(|error| error.to_string())?;
    let description = text(fields, "description")?;
    if description.len() > MAX_DESCRIPTION {
        return Err(format!(
            "its description is longer than {MAX_DESCRIPTION} bytes"
        ));
    }
    let json = serde_json::from_str::<serde_json::Value>(description);
    if !json.is_ok_and(|value| value.is_object()) {
        return Err("its description is no JSON object".to_owned());
    }
    let mut hello = Hello::new(description);
    hello.session = count(fields, "session")?;
    hello.policy = policy;
    for (field, value) in fields {
        if let Some(name) = name_of(field, "positions/")? {
            hello.populations.insert(name, positions(field, value)?);
        } else if let Some(name) = name_of(field, "arrays/")? {
            let tensor = value.as_tensor();
            let tensor = tensor.ok_or_else(|| format!("{field} is no array"))?;
            hello.arrays.insert(name, tensor.clone());
        }
    }
    let Some(Value::Map(devices)) = fields.get("devices") else {
        return Err("it does not say its devices".to_owned());
    };
    for (name, values) in devices {
        let name = name.as_str().filter(|name| fits(name));
        let values = values
            .as_i64()
            .and_then(|values| u32::try_from(values).ok());
        let (Some(name), Some(values)) = (name, values) else {
            return Err("a device has no name, or no number of values".to_owned());
        };
        hello.devices.insert(name.to_owned(), values);
    }
    Ok(hello)
}

fn positions(field: &str, value: &Value) -> Result<Tensor, String> {
    let tensor = value.as_tensor();
    let tensor = tensor.ok_or_else(|| format!("{field} is no array"))?;
    let cells = tensor.shape().first().copied().unwrap_or_default();
    let fits = tensor.dtype() == DType::F32
        && matches!(tensor.shape(), [_, 3])
        && u32::try_from(cells).is_ok();
    match fits {
        true => Ok(tensor.clone()),
        false => Err(format!("{field} is {tensor:?}, and not float32 (cells, 3)")),
    }
}

impl Told {
    /// A step as an interval of `hello`'s network: what does not fit it is taken out and counted.
    pub(crate) fn snapshot(fields: &Fields, hello: &Hello) -> Result<(Snapshot, Faults), String> {
        let (start_ms, stop_ms) = (number(fields, "start_ms")?, number(fields, "stop_ms")?);
        if !(start_ms.is_finite() && stop_ms.is_finite() && start_ms <= stop_ms) {
            return Err(format!(
                "an interval from {start_ms} to {stop_ms} ms is none"
            ));
        }
        let mut snapshot = Snapshot::new(count(fields, "step")?, start_ms, stop_ms);
        let mut faults = Faults::default();
        for (field, value) in fields {
            if let Some(name) = name_of(field, "spikes/")? {
                let indices = array::<u32>(value);
                let (Some(cells), Some(mut indices)) = (hello.cells(&name), indices) else {
                    faults.arrays += 1;
                    continue;
                };
                let before = indices.len();
                indices.retain(|one| (*one as usize) < cells);
                faults.spikes += (before - indices.len()) as u64;
                snapshot.spikes.insert(name, indices);
            } else if let Some(name) = name_of(field, "values/")? {
                let wanted = hello.cells(&name);
                keep(&mut snapshot.values, name, value, wanted, &mut faults);
            } else if let Some(name) = name_of(field, "device/")? {
                let wanted = hello.devices.get(&name).map(|values| *values as usize);
                keep(&mut snapshot.devices, name, value, wanted, &mut faults);
            }
        }
        Ok((snapshot, faults))
    }
}

fn keep(
    into: &mut IndexMap<String, Vec<f32>>,
    name: String,
    value: &Value,
    wanted: Option<usize>,
    faults: &mut Faults,
) {
    let values = array::<f32>(value).filter(|values| Some(values.len()) == wanted);
    match values {
        Some(values) => {
            into.insert(name, values);
        }
        None => faults.arrays += 1,
    }
}

/// The rest of a field's name behind `prefix`.
fn name_of(field: &str, prefix: &str) -> Result<Option<String>, String> {
    match field.strip_prefix(prefix) {
        Some(name) if fits(name) => Ok(Some(name.to_owned())),
        Some(_) => Err(format!(
            "a name behind {prefix} is empty, or longer than {MAX_NAME} bytes"
        )),
        None => Ok(None),
    }
}

fn fits(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
}

fn text<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, String> {
    let text = fields.get(name).and_then(Value::as_str);
    text.ok_or_else(|| format!("{name} is no text"))
}

fn number(fields: &Fields, name: &str) -> Result<f64, String> {
    match fields.get(name) {
        Some(Value::Float(number)) => Ok(*number),
        #[allow(clippy::cast_precision_loss, reason = "a time in ms")]
        Some(Value::Int(number)) => Ok(*number as f64),
        _ => Err(format!("{name} is no number")),
    }
}

fn count(fields: &Fields, name: &str) -> Result<u64, String> {
    match fields.get(name) {
        Some(Value::UInt(count)) => Ok(*count),
        Some(Value::Int(count)) => u64::try_from(*count).map_err(|_| format!("{name} is negative")),
        _ => Err(format!("{name} is no number from 0 on")),
    }
}

fn unknown(kind: &str) -> String {
    let shown = End::told(kind, None);
    format!("{} is not known here", shown.how())
}
