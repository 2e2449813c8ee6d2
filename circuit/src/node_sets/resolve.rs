//! From a set, or its name, to nodes.
//!
//! Owns names, sets of sets, and which populations a set is about.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::masks::Masks;
use super::rule::Rule;
use super::{NodeSets, Selection};
use crate::{Circuit, Column, NodePopulation, Problems, nearest};

/// Sets of sets may not nest deeper.
const DEPTH: usize = 100;

/// So many wrong attributes of a set are named; of the others the number is.
const NAMED: usize = 10;

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
struct Place<'a> {
    file: &'a Path,
    key: String,
}

impl Place<'_> {
    fn within(&self, name: &str) -> String {
        format!("{}.{name}", self.key)
    }
}

struct Resolver<'a> {
    sets: &'a NodeSets,
    circuit: &'a Circuit,
    problems: &'a mut Problems,
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

    /// Attributes that all must fit.
    fn object(&mut self, rules: &Map<String, Value>, place: &Place<'_>) -> Option<Masks> {
        let mut right = true;
        let mut masks = Masks::all(self.circuit, |_| true);
        for key in ["population", "populations"] {
            if let Some(wanted) = rules.get(key) {
                right &= self.populations(wanted, &mut masks, &place.within(key), place);
            }
        }
        if let Some(ids) = rules.get("node_id") {
            right &= self.node_ids(ids, &mut masks, &place.within("node_id"), place);
        }
        let mut wrong = 0;
        let mut more = 0;
        for (name, value) in rules {
            if matches!(name.as_str(), "population" | "populations" | "node_id") {
                continue;
            }
            if wrong >= NAMED {
                // Looking for what was meant takes time; enough was said.
                more += usize::from(!self.exists(name, &masks));
                continue;
            }
            if !self.attribute(name, value, &mut masks, place) {
                wrong += 1;
            }
        }
        if more > 0 {
            let text = format!("{more} more attributes that no node has");
            self.problems.error(place.file, place.key.clone(), text);
        }
        (right && wrong == 0).then_some(masks)
    }

    fn populations(
        &mut self,
        wanted: &Value,
        masks: &mut Masks,
        key: &str,
        place: &Place<'_>,
    ) -> bool {
        let names: Option<Vec<&str>> = match wanted {
            Value::String(name) => Some(vec![name]),
            Value::Array(names) => names.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let Some(names) = names else {
            self.problems.error(
                place.file,
                key,
                "is no name of a population, nor a list of them",
            );
            return false;
        };
        let mut right = true;
        for name in names
            .iter()
            .filter(|name| self.circuit.population(name).is_none())
            .take(NAMED)
        {
            let meant = match nearest(name, self.circuit.nodes.iter().map(NodePopulation::name)) {
                Some(near) => format!("; did you mean {near:?}?"),
                None => {
                    let all: Vec<&str> = self
                        .circuit
                        .nodes
                        .iter()
                        .map(NodePopulation::name)
                        .take(NAMED)
                        .collect();
                    format!("; there are: {}", all.join(", "))
                }
            };
            self.problems
                .error(place.file, key, format!("{name:?} is no population{meant}"));
            right = false;
        }
        for (at, population) in self.circuit.nodes.iter().enumerate() {
            if !names.contains(&population.name()) {
                masks.keep(at, None);
            }
        }
        right
    }

    fn node_ids(
        &mut self,
        wanted: &Value,
        masks: &mut Masks,
        key: &str,
        place: &Place<'_>,
    ) -> bool {
        let one = std::slice::from_ref(wanted);
        let listed = match wanted {
            Value::Array(ids) => ids.as_slice(),
            Value::Object(_) => {
                // Operators: an id is a number as any other.
                return self.by_rule("node_id", wanted, masks, place, |population| {
                    let ids = population.node_ids().iter();
                    Some(Ok(Column::Ints {
                        values: ids.map(u64::cast_signed).collect(),
                        present: None,
                    }))
                });
            }
            _ => one,
        };
        let mut ids = Vec::with_capacity(listed.len());
        for id in listed {
            let whole = id
                .as_u64()
                .or_else(|| id.as_f64().and_then(crate::column::whole)?.try_into().ok());
            match whole {
                Some(id) => ids.push(id),
                None => {
                    self.problems
                        .error(place.file, key, format!("{id} is no node id"));
                    return false;
                }
            }
        }
        let candidates: Vec<(usize, &NodePopulation)> = self
            .circuit
            .nodes
            .iter()
            .enumerate()
            .filter(|(at, _)| masks.has(*at))
            .collect();
        let mut found = vec![0_u8; ids.len()];
        for (at, population) in &candidates {
            let mut keep = vec![false; population.len()];
            for (id, found) in ids.iter().zip(&mut found) {
                let position = population
                    .node_ids()
                    .position(*id)
                    .and_then(|at| usize::try_from(at).ok());
                if let Some(keep) = position.and_then(|at| keep.get_mut(at)) {
                    *keep = true;
                    *found = found.saturating_add(1);
                }
            }
            masks.keep(*at, Some(keep));
        }
        if let Some((id, _)) = ids.iter().zip(&found).find(|(_, found)| **found == 0) {
            let names: Vec<String> = candidates
                .iter()
                .take(NAMED)
                .map(|(_, one)| format!("{:?}", one.name()))
                .collect();
            let text = format!("the node {id} does not exist in {}", names.join(", "));
            self.problems.error(place.file, key, text);
            return false;
        }
        if found.iter().any(|found| *found > 1) {
            let text =
                "selects nodes of several populations; add \"population\" to take those of one";
            self.problems.warning(place.file, key, text);
        }
        true
    }

    fn attribute(
        &mut self,
        name: &str,
        value: &Value,
        masks: &mut Masks,
        place: &Place<'_>,
    ) -> bool {
        self.by_rule(name, value, masks, place, |population| {
            match (name, population.has_attribute(name)) {
                ("node_type_id", false) => {
                    let ids = population.node_type_ids().iter();
                    Some(Ok(Column::Ints {
                        values: ids.map(|id| id.cast_signed()).collect(),
                        present: None,
                    }))
                }
                (_, true) => population.attribute(name).transpose(),
                (_, false) => None,
            }
        })
    }

    /// Whether a population that may have nodes in has this attribute.
    fn exists(&self, name: &str, masks: &Masks) -> bool {
        let mut some = self
            .circuit
            .nodes
            .iter()
            .enumerate()
            .filter(|(at, _)| masks.has(*at));
        name == "node_type_id" || some.any(|(_, population)| population.has_attribute(name))
    }

    /// Keeps the nodes that fit; populations without the attribute have none.
    fn by_rule(
        &mut self,
        name: &str,
        value: &Value,
        masks: &mut Masks,
        place: &Place<'_>,
        column: impl Fn(&NodePopulation) -> Option<Result<Column, crate::CircuitError>>,
    ) -> bool {
        let key = place.within(name);
        let rule = match Rule::new(value) {
            Ok(rule) => rule,
            Err(text) => {
                self.problems.error(place.file, key, text);
                return false;
            }
        };
        let (mut known, mut fitting, mut refused, mut hint) = (false, false, None, String::new());
        let mut candidates = Vec::new();
        for (at, population) in self.circuit.nodes.iter().enumerate() {
            if !masks.has(at) {
                continue;
            }
            candidates.push(population);
            let keep = match column(population) {
                None => None,
                Some(Err(error)) => {
                    self.problems.add(error);
                    return false;
                }
                Some(Ok(column)) => {
                    known = true;
                    match rule.fits(&column) {
                        Ok(keep) => {
                            fitting |= keep.contains(&true);
                            if let Column::Words { words, .. } = &column
                                && hint.is_empty()
                            {
                                hint = rule.none(name, words);
                            }
                            Some(keep)
                        }
                        Err(text) => {
                            refused = Some(format!("{name} of {:?} {text}", population.name()));
                            None
                        }
                    }
                }
            };
            masks.keep(at, keep);
        }
        if let Some(text) = refused
            && !fitting
        {
            self.problems.error(place.file, key, text);
            return false;
        }
        if !known && !candidates.is_empty() {
            let meant = candidates
                .iter()
                .map(|one| one.meant(name))
                .find(|meant| !meant.is_empty());
            let text = format!(
                "no node has the attribute {name:?}{}",
                meant.unwrap_or_default()
            );
            self.problems.error(place.file, key, text);
            return false;
        }
        if known && !fitting {
            self.problems
                .warning(place.file, key, format!("selects no node{hint}"));
        }
        true
    }
}
