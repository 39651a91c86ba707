//! Where a fact stands in an answer: `Trail.HomeRegion`, `Destinations[].HECToken`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A dotted path through an answer; `[]` after a name means every element of the list there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WirePath {
    source: String,
    /// Names in order, each with "every element" or not.
    steps: Vec<(String, bool)>,
}

impl WirePath {
    /// Parses a path. `.` alone is the value itself.
    #[must_use]
    pub fn parse(source: &str) -> Self {
        let steps = if source == "." {
            Vec::new()
        } else {
            source
                .split('.')
                .map(|step| step.strip_suffix("[]").map_or((step.to_owned(), false), |name| (name.to_owned(), true)))
                .collect()
        };
        Self { source: source.to_owned(), steps }
    }

    /// The text it was parsed from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names in order, each with whether it means every element of a list.
    #[must_use]
    pub fn steps(&self) -> &[(String, bool)] {
        &self.steps
    }

    /// The value at this path, if the answer has one that is not null. `[]` is not followed here.
    ///
    /// Query answers write maps as `entry` elements with `key` and `value`; a name is looked up there too.
    #[must_use]
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.steps
            .iter()
            .try_fold(value, |value, (name, _)| value.get(name).or_else(|| entry(value, name)))
            .filter(|value| !value.is_null())
    }
}

/// A member of a map in the Query protocol: `<entry><key>Name</key><value>1</value></entry>`.
fn entry<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let entries = value.get("entry")?;
    let matches = |entry: &&'a Value| entry.get("key").and_then(Value::as_str) == Some(name);
    match entries {
        Value::Array(list) => list.iter().find(matches)?.get("value"),
        one => Some(one).filter(matches)?.get("value"),
    }
}

impl<'de> Deserialize<'de> for WirePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_names_maps_and_itself() {
        let answer = json!({"a": {"b": 1}, "m": {"entry": [{"key": "x", "value": "7"}]}, "n": null});
        assert_eq!(WirePath::parse("a.b").find(&answer), Some(&json!(1)));
        assert_eq!(WirePath::parse("m.x").find(&answer), Some(&json!("7")));
        assert_eq!(WirePath::parse("n").find(&answer), None);
        assert_eq!(WirePath::parse(".").find(&answer), Some(&answer));
    }
}
