//! A thing in an account: an id, a place, and the declared fields.

use super::finding::Reason;
use super::gap::Gap;
use super::pattern::Pattern;
use super::template::{Template, scalar_text, walk};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What makes a resource the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResourceKey {
    /// Its type: `aws.ec2.vpc`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The account whose API showed it.
    pub account: String,
    /// Its region, or `global`.
    pub region: String,
    /// Its id within type and place.
    pub id: String,
}

/// A resource: key, fields, and where each field came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Key.
    pub key: ResourceKey,
    /// `id`, `account`, `region` and the declared fields, as the rules see them.
    pub data: Value,
    /// Evidence of its being there (under `""`) and of each field.
    pub from: BTreeMap<String, BTreeSet<String>>,
    /// Fields that could not be seen, and why.
    pub missing: BTreeMap<String, BTreeSet<Gap>>,
    /// Fields that are not known for another reason than a gap.
    pub unknown: BTreeMap<String, Reason>,
}

impl Resource {
    /// A resource with no fields yet.
    #[must_use]
    pub fn new(key: ResourceKey) -> Self {
        let mut data = Map::new();
        data.insert("id".to_owned(), key.id.clone().into());
        data.insert("account".to_owned(), key.account.clone().into());
        data.insert("region".to_owned(), key.region.clone().into());
        Self {
            key,
            data: Value::Object(data),
            from: BTreeMap::new(),
            missing: BTreeMap::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// A field, if it is there.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.data.get(field).filter(|value| !value.is_null())
    }

    /// A text field, if it is there.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.get(field).and_then(Value::as_str)
    }

    /// Has the field, or any element of a list in it, one of the values? `*` and `?` stand for other text, `{field}`
    /// for the value of another field: what is in that value stands for itself. Nothing where it, or what it is compared
    /// with, was not read.
    #[must_use]
    pub fn holds(&self, field: &str, values: &[Template]) -> Option<bool> {
        let texts: Vec<String> = match self.get(field)? {
            Value::Array(items) => items.iter().map(scalar_text).collect::<Option<_>>()?,
            one => vec![scalar_text(one)?],
        };
        let mut unclear = false;
        for wanted in values {
            if wanted.places().next().is_none() {
                let pattern = Pattern(wanted.source().to_owned());
                if texts.iter().any(|text| pattern.fits(text)) {
                    return Some(true);
                }
                continue;
            }
            let mut open = false;
            let value = |path: &_| {
                let value = walk(&self.data, path).and_then(scalar_text)?;
                open |= Pattern(value.clone()).is_open();
                Some(value)
            };
            match wanted.render(value) {
                // A value with a `*` in it is no pattern: it is compared as it is.
                Ok(text) if open && texts.contains(&text) => return Some(true),
                Ok(_) if open => unclear |= Pattern(wanted.source().to_owned()).is_open(),
                Ok(text) if texts.iter().any(|one| Pattern(text.clone()).fits(one)) => return Some(true),
                Ok(_) => {}
                Err(_) => unclear = true,
            }
        }
        (!unclear).then_some(false)
    }

    /// Sets a field and says where it came from.
    pub fn set(&mut self, field: &str, value: Value, evidence: impl IntoIterator<Item = String>) {
        if let Value::Object(map) = &mut self.data {
            map.insert(field.to_owned(), value);
        }
        self.from.entry(field.to_owned()).or_default().extend(evidence);
    }

    /// Evidence of its being there and of these fields.
    pub fn evidence<'a>(&'a self, fields: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let mut all = self.from.get("").cloned().unwrap_or_default();
        for field in fields {
            all.extend(self.from.get(field).into_iter().flatten().cloned());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(fields: &[(&str, &str)], value: &str) -> Option<bool> {
        let mut resource = Resource::new(ResourceKey {
            kind: "k".to_owned(),
            account: "A".to_owned(),
            region: "r".to_owned(),
            id: "i".to_owned(),
        });
        for (name, value) in fields {
            resource.set(name, json!(value), []);
        }
        let value: Template = serde_json::from_value(json!(value)).unwrap();
        resource.holds("field", &[value])
    }

    #[test]
    fn a_value_stands_for_other_text_and_for_another_field() {
        for (field, value, expected) in [
            ("/subscriptions/a/x", "/subscriptions/{account}/*", Some(true)),
            ("/subscriptions/b/x", "/subscriptions/{account}/*", Some(false)),
            ("A", "{account}", Some(true)),
            ("AA", "{account}", Some(false)),
            ("xA", "?{account}", Some(true)),
            ("A", "{other}", None),
            ("A", "?", Some(true)),
        ] {
            assert_eq!(holds(&[("field", field)], value), expected, "{field} {value}");
        }
        assert_eq!(holds(&[], "?"), None);
    }

    /// What others write is no pattern of ours.
    #[test]
    fn a_star_in_the_value_of_a_field_is_a_star() {
        assert_eq!(holds(&[("field", "anything"), ("other", "*")], "{other}"), Some(false));
        assert_eq!(holds(&[("field", "*"), ("other", "*")], "{other}"), Some(true));
        assert_eq!(holds(&[("field", "anything"), ("other", "*")], "{other}/*"), None);
    }
}
