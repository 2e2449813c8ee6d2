//! From a set, or its name, to nodes.
//!
//! Owns names and sets of sets.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use super::masks::Masks;
use super::{NodeSets, Selection};
use crate::{Circuit, NodePopulation, Problems, nearest};

/// Sets of sets may not nest deeper.
const DEPTH: usize = 100;

/// So many wrong attributes of a set are named; of the others the number is.
pub(super) const NAMED: usize = 10;

pub(super) fn resolve(
    sets: &NodeSets,
    wanted: &Value,
    circuit: &Circuit,
    (file, key): (&Path, &str),
    problems: &mut Problems,
) -> Option<Selection> {
    let mut resolver = Resolver {
        sets,
        circuit,
        problems,
        known: HashMap::new(),
        open: Vec::new(),
    };
    let place = Place {
        file,
        key: key.to_owned(),
    };
    let before = resolver.problems.warnings();
    let masks = match wanted {
        Value::String(name) => resolver.named(name, &place)?,
        set => Rc::new(resolver.set(set, &place)?),
    };
    let selection = masks.select(circuit);
    if selection.is_empty() && problems.warnings() == before {
        problems.warning(file, key, "selects no node");
    }
    Some(selection)
}

/// Where a set is written.
pub(super) struct Place<'a> {
    pub(super) file: &'a Path,
    pub(super) key: String,
}

impl Place<'_> {
    pub(super) fn within(&self, name: &str) -> String {
        format!("{}.{name}", self.key)
    }
}

pub(super) struct Resolver<'a> {
    sets: &'a NodeSets,
    pub(super) circuit: &'a Circuit,
    pub(super) problems: &'a mut Problems,
    /// Sets that were worked out; `None` where that failed and was said.
    known: HashMap<&'a str, Option<Rc<Masks>>>,
    /// The sets that are being worked out, each in the one before.
    open: Vec<&'a str>,
}

impl<'a> Resolver<'a> {
    /// A set, a population or `all`, by name.
    fn named(&mut self, name: &str, place: &Place<'_>) -> Option<Rc<Masks>> {
        if let Some((name, set)) = self.sets.sets.get_key_value(name) {
            return self.defined(name, set, place);
        }
        if name == "all" {
            return Some(Rc::new(Masks::all(self.circuit, |_| true)));
        }
        if self.circuit.population(name).is_some() {
            return Some(Rc::new(Masks::all(self.circuit, |one| one == name)));
        }
        let populations = self.circuit.nodes.iter().map(NodePopulation::name);
        let meant = match nearest(
            name,
            self.sets
                .names()
                .take(10_000)
                .chain(populations)
                .chain(["all"]),
        ) {
            Some(near) => format!("; did you mean {near:?}?"),
            None => "; define it in node_sets".to_owned(),
        };
        let text = format!("{name:?} is neither a node set nor a population{meant}");
        self.problems.error(place.file, place.key.clone(), text);
        None
    }

    fn defined(&mut self, name: &'a str, set: &'a Value, place: &Place<'_>) -> Option<Rc<Masks>> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let circle = self.open.iter().position(|open| *open == name);
        if let Some(at) = circle {
            let circle = self.open.get(at..).unwrap_or(&[]);
            let shown: Vec<String> = circle
                .iter()
                .take(NAMED)
                .map(|one| format!("{one:?}"))
                .collect();
            let text = format!(
                "a set cannot contain itself: {} → {name:?}",
                shown.join(" → ")
            );
            self.problems.error(place.file, place.key.clone(), text);
            return None;
        }
        if self.open.len() >= DEPTH {
            let text = format!("sets of sets nest deeper than {DEPTH}");
            self.problems.error(place.file, place.key.clone(), text);
            return None;
        }
        self.open.push(name);
        let sets = self.sets;
        let own = Place {
            file: &sets.file,
            key: format!("{}{name}", sets.prefix),
        };
        // A second name for a set, which the specification does not know and nothing speaks against.
        let masks = match set {
            Value::String(other) => self.named(other, &own),
            set => self.set(set, &own).map(Rc::new),
        };
        self.open.pop();
        self.known.insert(name, masks.clone());
        masks
    }

    fn set(&mut self, set: &Value, place: &Place<'_>) -> Option<Masks> {
        match set {
            Value::Object(rules) => self.object(rules, place),
            Value::Array(members) if members.is_empty() => {
                self.problems.warning(
                    place.file,
                    place.key.clone(),
                    "is an empty list: it selects no node",
                );
                Some(Masks::none(self.circuit))
            }
            Value::Array(members) if members.iter().all(Value::is_string) => {
                self.compound(members, place)
            }
            Value::Array(members) if members.iter().all(|one| one.is_u64() || one.is_i64()) => {
                let mut masks = Masks::all(self.circuit, |_| true);
                self.node_ids(set, &mut masks, &place.key, place)
                    .then_some(masks)
            }
            Value::Array(_) => {
                let text = "is a list of neither names of sets nor node ids";
                self.problems.error(place.file, place.key.clone(), text);
                None
            }
            other => {
                let text =
                    format!("is {other}; a node set is an object, or a list of names of sets");
                self.problems.error(place.file, place.key.clone(), text);
                None
            }
        }
    }

    fn compound(&mut self, members: &[Value], place: &Place<'_>) -> Option<Masks> {
        let mut names: Vec<&str> = members.iter().filter_map(Value::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let mut masks = Some(Masks::none(self.circuit));
        let mut wrong = 0;
        for name in names {
            match (self.named(name, place), masks.as_mut()) {
                (Some(more), Some(masks)) => masks.add(&more),
                (Some(_), None) => {}
                (None, _) => {
                    masks = None;
                    wrong += 1;
                }
            }
            if wrong == NAMED {
                break;
            }
        }
        masks
    }
}
