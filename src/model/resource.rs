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
    /// for the value of another field. Nothing where it, or what it is compared with, was not read.
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
            match wanted.render(|path| walk(&self.data, path).and_then(scalar_text)) {
                Ok(text) if texts.contains(&text) => return Some(true),
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
