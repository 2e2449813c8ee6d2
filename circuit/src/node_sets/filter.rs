//! From attributes that must fit to nodes.
//!
//! Owns which populations a set is about, ids, and that an attribute which no node has is an error.

use serde_json::{Map, Value};

use super::masks::Masks;
use super::resolve::{NAMED, Place, Resolver};
use super::rule::Rule;
use crate::{Column, NodePopulation, nearest};

impl Resolver<'_> {
    /// Attributes that all must fit.
    pub(super) fn object(
        &mut self,
        rules: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Option<Masks> {
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
        // Every attribute is looked up in all of these, whatever the attributes before it left.
        let about = masks.populations();
        let mut wrong = 0;
        let mut more = 0;
        for (name, value) in rules {
            if matches!(name.as_str(), "population" | "populations" | "node_id") {
                continue;
            }
            if wrong >= NAMED {
                // Looking for what was meant takes time; enough was said.
                more += usize::from(!self.exists(name, &about));
                continue;
            }
            if !self.attribute(name, value, &mut masks, &about, place) {
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

    pub(super) fn node_ids(
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
                let about = masks.populations();
                return self.by_rule("node_id", wanted, masks, &about, place, |population| {
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
        let about = masks.populations();
        let candidates: Vec<(usize, &NodePopulation)> = self
            .circuit
            .nodes
            .iter()
            .enumerate()
            .filter(|(at, _)| about.contains(at))
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
        about: &[usize],
        place: &Place<'_>,
    ) -> bool {
        self.by_rule(name, value, masks, about, place, |population| {
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

    /// Whether one of these populations has this attribute.
    fn exists(&self, name: &str, about: &[usize]) -> bool {
        let mut some = about.iter().filter_map(|at| self.circuit.nodes.get(*at));
        name == "node_type_id" || some.any(|population| population.has_attribute(name))
    }

    /// Keeps the nodes that fit; populations without the attribute have none.
    fn by_rule(
        &mut self,
        name: &str,
        value: &Value,
        masks: &mut Masks,
        about: &[usize],
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
        for at in about.iter().copied() {
            let Some(population) = self.circuit.nodes.get(at) else {
                continue;
            };
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
