//! The time at which a configuration is read, for names of folders.
//!
//! Owns the variables `time`, `date` and `datetime`.

use indexmap::IndexMap;
use serde_json::Value;

/// The variables, in local time, in BMTK's forms.
pub(super) fn now() -> IndexMap<String, Value> {
    let now = jiff::Zoned::now();
    let all = [
        ("time", "%H-%M-%S"),
        ("date", "%Y-%m-%d"),
        ("datetime", "%Y-%m-%d_%H-%M-%S"),
    ];
    let form =
        |(name, form): (&str, &str)| (name.to_owned(), now.strftime(form).to_string().into());
    all.map(form).into_iter().collect()
}
