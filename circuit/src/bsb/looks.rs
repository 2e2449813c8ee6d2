//! What a configuration of BSB says of how its cells look.
//!
//! Owns colour, opacity, radius and name from the JSON that is kept in the file. Whatever is missing or
//! odd there is no error: a network without it can be drawn.

use serde_json::Value;

use crate::cells::CellPopulation;

/// The cell types of a configuration, and the simulations.
#[derive(Debug, Default)]
pub(super) struct Looks(Value, Value);

impl Looks {
    /// Those of a configuration's text; the words of what is wrong with it beside.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) => Ok(Self(
                value
                    .get_mut("cell_types")
                    .map(Value::take)
                    .unwrap_or_default(),
                value
                    .get_mut("simulations")
                    .map(Value::take)
                    .unwrap_or_default(),
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The cell types of each simulation's models, in the order of the configuration.
    pub(super) fn models(&self) -> Vec<Vec<String>> {
        let models = |simulation: &Value| {
            let models = simulation.get("cell_models").and_then(Value::as_object)?;
            let of = |(name, model): (&String, &Value)| {
                let kind = model.get("cell_type").and_then(Value::as_str);
                kind.unwrap_or(name).to_owned()
            };
            Some(models.iter().map(of).collect())
        };
        let all = self.1.as_object();
        all.into_iter()
            .flat_map(|all| all.values())
            .filter_map(models)
            .collect()
    }

    /// Whether the type is one of entities, where the configuration says it.
    pub(super) fn entity(&self, name: &str) -> Option<bool> {
        self.of(name)?.get("entity")?.as_bool()
    }

    /// Puts what is said of its type into a population; the words of what is odd.
    pub(super) fn apply(&self, population: &mut CellPopulation) -> Option<String> {
        let cell = self.of(&population.name)?;
        // `placement.soma_radius` in version 3, `spatial.radius` later.
        let radius = [("placement", "soma_radius"), ("spatial", "radius")]
            .into_iter()
            .filter_map(|(section, key)| cell.get(section)?.get(key)?.as_f64())
            .find(|radius| radius.is_finite() && *radius > 0.0);
        if let Some(radius) = radius {
            #[allow(clippy::cast_possible_truncation, reason = "a radius in µm")]
            let radius = radius as f32;
            population.radius = radius;
            population.radius_known = true;
        }
        let plotting = cell.get("plotting")?;
        if let Some(name) = plotting.get("display_name").and_then(Value::as_str) {
            population.display_name = name.to_owned();
        }
        let text = plotting.get("color")?.as_str()?;
        let Some([red, green, blue]) = color(text) else {
            return Some(format!("the colour {text:?} is not of the form #rrggbb"));
        };
        #[allow(clippy::cast_possible_truncation, reason = "a number in 0..1")]
        let opacity = plotting
            .get("opacity")
            .and_then(Value::as_f64)
            .map_or(1.0, |one| one.clamp(0.0, 1.0) as f32);
        population.color = Some([red, green, blue, opacity]);
        None
    }

    fn of(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// The channels of `#rrggbb` or `#rgb`, in 0..1.
pub(crate) fn color(text: &str) -> Option<[f32; 3]> {
    let digits: Vec<f32> = text
        .strip_prefix('#')?
        .chars()
        .map(|one| one.to_digit(16).map(|digit| digit as f32))
        .collect::<Option<_>>()?;
    match digits.as_slice() {
        [a, b, c, d, e, f] => {
            Some([a * 16.0 + b, c * 16.0 + d, e * 16.0 + f].map(|one| one / 255.0))
        }
        [a, b, c] => Some([a, b, c].map(|one| one * 17.0 / 255.0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::Up;

    #[test]
    fn colours_are_hexadecimal() {
        assert_eq!(
            color("#332EBC"),
            Some([51.0 / 255.0, 46.0 / 255.0, 188.0 / 255.0])
        );
        assert_eq!(color("#fff"), Some([1.0; 3]));
        for wrong in ["332EBC", "#12345", "#12345g", "", "#", "#ÄÖÜ"] {
            assert_eq!(color(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn odd_looks_are_no_error() {
        let text = r##"{"cell_types": {"a": {"placement": {"soma_radius": -1}, "plotting": {"color": "red"}},
            "b": {"spatial": {"radius": 3}, "plotting": {"color": "#000000", "opacity": 7}}, "c": 5}}"##;
        let looks = Looks::parse(text).unwrap();
        let mut a = CellPopulation::new("a", Up::Y);
        assert!(looks.apply(&mut a).unwrap().contains("red"));
        assert!(!a.radius_known && a.color.is_none());
        let mut b = CellPopulation::new("b", Up::Y);
        assert_eq!(looks.apply(&mut b), None);
        assert_eq!((b.radius, b.color), (3.0, Some([0.0, 0.0, 0.0, 1.0])));
        for name in ["c", "d"] {
            assert_eq!(looks.apply(&mut CellPopulation::new(name, Up::Y)), None);
        }
        assert!(Looks::parse("{").is_err());
    }
}
