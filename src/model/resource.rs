//! A thing in an account: an id, a place, and the declared fields.

use super::finding::Reason;
use super::gap::Gap;
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
