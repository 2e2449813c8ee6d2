//! Which cell is joined to which.
//!
//! Owns that both ends are indices of cells that the network has.

use crate::bsb::Pairs;
use crate::{CircuitError, nearest};

use super::network::Source;
use super::{CellNetwork, CellPopulation};

/// Connections of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// The population that they come from.
    pub pre: String,
    /// The population that they go to.
    pub post: String,
    /// The indices of both cells.
    pub pairs: Vec<[i64; 2]>,
    /// How many were left out: of cells that have no place, or that the file does not have.
    pub left_out: u64,
}

impl CellNetwork {
    /// The names of the sets of connections (`SONATA`: of the populations of edges).
    ///
    /// # Errors
    /// Where a file is damaged.
    pub fn connection_names(&self) -> Result<Vec<String>, CircuitError> {
        match &self.source {
            Source::Bsb(bsb) => bsb.connection_names(),
            Source::Sonata(sonata) => sonata.edge_names(),
        }
    }

    /// The connections of a set. One of BSB 3 may join several populations: `pre` and `post` say which
    /// are meant.
    ///
    /// # Errors
    /// There is none of this name; it joins several populations, and nothing says which; a file is
    /// damaged.
    pub fn connections(
        &self,
        name: &str,
        pre: Option<&str>,
        post: Option<&str>,
    ) -> Result<Connections, CircuitError> {
        let names = self.connection_names()?;
        if !names.iter().any(|one| one == name) {
            let text = match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("has no connections {name:?}; did you mean {near:?}?"),
                None => format!("has no connections {name:?}, only {names:?}"),
            };
            return Err(CircuitError::file(self.path(), "", text));
        }
        let pairs = match &self.source {
            Source::Bsb(bsb) => bsb.connections(name)?,
            Source::Sonata(sonata) => sonata.edges(name)?,
        };
        match pairs {
            Pairs::OfAll(pairs) => self.among_all(name, pre, post, &pairs),
            Pairs::Between(from, to, pairs) => {
                let wrong = [(pre, &from), (post, &to)]
                    .into_iter()
                    .find(|(asked, is)| asked.is_some_and(|asked| asked != is.as_str()));
                if let Some((Some(asked), is)) = wrong {
                    let text = format!("joins {from:?} to {to:?}: {asked:?} is not {is:?}");
                    return Err(CircuitError::file(self.path(), name, text));
                }
                let (from, to) = (self.population(&from)?, self.population(&to)?);
                let index = |[a, b]: &[i64; 2]| Some([index(from, *a)?, index(to, *b)?]);
                Ok(Connections::of(from, to, pairs.iter().map(index)))
            }
        }
    }

    /// Those between two populations of pairs of ids of any.
    fn among_all(
        &self,
        name: &str,
        pre: Option<&str>,
        post: Option<&str>,
        pairs: &[[i64; 2]],
    ) -> Result<Connections, CircuitError> {
        let places = self.populations().iter().enumerate();
        let of = |id: i64, asked: Option<&str>| {
            places
                .clone()
                .filter(|(_, one)| asked.is_none_or(|asked| asked == one.name))
                .find_map(|(place, one)| Some((place, index(one, id)?)))
        };
        for asked in [pre, post].into_iter().flatten() {
            self.population(asked)?;
        }
        let mut joined: Option<(usize, usize)> = None;
        let mut found = Vec::with_capacity(pairs.len());
        for [from, to] in pairs {
            let (Some((from, a)), Some((to, b))) = (of(*from, pre), of(*to, post)) else {
                // Of other populations than the asked ones.
                if pre.is_none() && post.is_none() {
                    found.push(None);
                }
                continue;
            };
            match joined {
                Some(first) if first != (from, to) => {
                    let (a, b) = (self.named(first.0), self.named(first.1));
                    let text = format!(
                        "joins {a} to {b} and also {} to {}; say which are meant: connections({name:?}, pre={a}, post={b})",
                        self.named(from),
                        self.named(to)
                    );
                    return Err(CircuitError::file(self.path(), name, text));
                }
                _ => joined = Some((from, to)),
            }
            found.push(Some([a, b]));
        }
        let all = self.populations();
        match joined.and_then(|(from, to)| Some((all.get(from)?, all.get(to)?))) {
            Some((from, to)) => Ok(Connections::of(from, to, found.into_iter())),
            None => Ok(Connections {
                pre: pre.unwrap_or_default().to_owned(),
                post: post.unwrap_or_default().to_owned(),
                left_out: found.len() as u64,
                pairs: Vec::new(),
            }),
        }
    }

    fn named(&self, place: usize) -> String {
        let one = self.populations().get(place);
        format!("{:?}", one.map_or("", |one| &one.name))
    }
}

impl Connections {
    fn of(
        pre: &CellPopulation,
        post: &CellPopulation,
        pairs: impl Iterator<Item = Option<[i64; 2]>>,
    ) -> Self {
        let mut this = Self {
            pre: pre.name.clone(),
            post: post.name.clone(),
            ..Self::default()
        };
        for pair in pairs {
            match pair {
                Some(pair) => this.pairs.push(pair),
                None => this.left_out += 1,
            }
        }
        this
    }
}

fn index(population: &CellPopulation, id: i64) -> Option<i64> {
    population.index_of(id).map(i64::from)
}
