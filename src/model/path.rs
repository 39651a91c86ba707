//! Where a fact stands in an answer: `Trail.HomeRegion`, `Destinations[].HECToken`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A dotted path through an answer; `[]` after a name means every element of the list there, `[0]` the first one. A step
/// `*` means every member of the map there, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WirePath {
    source: String,
    /// Names in order, each with what is meant of the value there.
    steps: Vec<(String, Of)>,
}

/// What a step of a path means of the value that has its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The value.
    Itself,
    /// Every element of the list that it is.
    Every,
    /// The first element of the list that it is.
    First,
    /// Every member of the map before it: the step has no name of its own.
    Members,
}

impl Of {
    /// May it be several values?
    fn is_many(self) -> bool {
        matches!(self, Self::Every | Self::Members)
    }
}

impl WirePath {
    /// Parses a path. `.` alone is the value itself. What begins with `@` is one name: the annotations of `OData` have dots
    /// in theirs.
    #[must_use]
    pub fn parse(source: &str) -> Self {
        let steps = if source == "." {
            Vec::new()
        } else if source.starts_with('@') {
            vec![(source.to_owned(), Of::Itself)]
        } else {
            source
                .split('.')
                .map(|step| match (step.strip_suffix("[]"), step.strip_suffix("[0]")) {
                    _ if step == "*" => (step.to_owned(), Of::Members),
                    (Some(name), _) => (name.to_owned(), Of::Every),
                    (None, Some(name)) => (name.to_owned(), Of::First),
                    (None, None) => (step.to_owned(), Of::Itself),
                })
                .collect()
        };
        Self { source: source.to_owned(), steps }
    }

    /// This path, and then that one.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self::parse(&format!("{}.{}", self.source, rest.source))
    }

    /// The text it was parsed from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names in order, each with what is meant of the value there.
    #[must_use]
    pub fn steps(&self) -> &[(String, Of)] {
        &self.steps
    }

    /// Does it lead through every element of a list, or every member of a map?
    #[must_use]
    pub fn is_many(&self) -> bool {
        self.steps.iter().any(|(_, of)| of.is_many())
    }

    /// The values at a path that leads through lists or maps, of those elements that have one; nothing where the first
    /// list is not there, or what should be a list is none.
    #[must_use]
    pub fn find_all<'a>(&self, value: &'a Value) -> Option<Vec<&'a Value>> {
        let mut found = vec![value];
        for (at, (name, of)) in self.steps.iter().enumerate() {
            let mut next = Vec::new();
            for value in found {
                if *of == Of::Members {
                    next.extend(value.as_object()?.values());
                    continue;
                }
                match (value.get(name).filter(|value| !value.is_null()), of) {
                    (Some(value), Of::Every) => next.extend(value.as_array()?),
                    (Some(value), Of::Itself | Of::Members) => next.push(value),
                    (Some(value), Of::First) => next.extend(first(value)),
                    // Before the first list nothing may be missing.
                    (None, _) if !self.steps.iter().take(at).any(|(_, of)| of.is_many()) => return None,
                    (None, _) => {}
                }
            }
            found = next;
        }
        Some(found)
    }

    /// The value at this path, if the answer has one that is not null. `[]` is not followed here.
    ///
    /// Query answers write maps as `entry` elements with `key` and `value`; a name is looked up there too.
    #[must_use]
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.steps
            .iter()
            .try_fold(value, |value, (name, of)| {
                let found = value.get(name).or_else(|| entry(value, name))?;
                if *of == Of::First { first(found) } else { Some(found) }
            })
            .filter(|value| !value.is_null())
    }
}

/// The first element of a list. In XML it stands in `item` or `member`, or is the element itself; an empty element is
/// the empty list.
fn first(list: &Value) -> Option<&Value> {
    match list {
        Value::Array(items) => items.first(),
        Value::Object(map) if map.len() == 1 => match map.get("item").or_else(|| map.get("member")) {
            Some(inner) => first(inner),
            None => Some(list),
        },
        Value::String(text) => Some(list).filter(|_| !text.trim().is_empty()),
        other => Some(other),
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
        let list = json!({"p": {"logs": [{"g": "a"}, {"c": "x"}, {"g": null}, {"g": "b"}], "odd": 1}});
        let all = |path: &str| WirePath::parse(path).find_all(&list);
        assert_eq!(all("p.logs[].g"), Some(vec![&json!("a"), &json!("b")]));
        assert_eq!((all("p.none[].g"), all("p.odd[].g")), (None, None));
        let map = json!({"m": {"x": {"id": "1"}, "y": {}, "z": {"id": "2"}}, "none": {}, "odd": [1]});
        let all = |path: &str| WirePath::parse(path).find_all(&map);
        assert_eq!(all("m.*.id"), Some(vec![&json!("1"), &json!("2")]));
        assert_eq!(all("m.*").map(|all| all.len()), Some(3));
        assert_eq!((all("none.*.id"), all("gone.*.id"), all("odd.*")), (Some(vec![]), None, None));
        assert_eq!(WirePath::parse("@odata.nextLink").find(&json!({"@odata.nextLink": "u"})), Some(&json!("u")));
        assert_eq!(WirePath::parse("n").find(&answer), None);
        assert_eq!(WirePath::parse(".").find(&answer), Some(&answer));
    }

    #[test]
    fn the_first_of_a_list_however_it_is_written() {
        let first = |list: Value| WirePath::parse("l[0].id").find(&json!({ "l": list })).cloned();
        for list in [
            json!([{"id": "a"}, {"id": "b"}]),
            json!({"item": {"id": "a"}}),
            json!({"item": [{"id": "a"}, {"id": "b"}]}),
            json!({"member": {"id": "a"}}),
            json!({"id": "a"}),
        ] {
            assert_eq!(first(list.clone()), Some(json!("a")), "{list}");
        }
        for list in [json!([]), json!(""), json!({"item": ""}), json!([{}]), json!(null)] {
            assert_eq!(first(list.clone()), None, "{list}");
        }
    }
}
