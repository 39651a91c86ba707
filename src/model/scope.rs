//! What an organisation puts out of scope, with a reason, and what came of it.

use super::inventory::Inventory;
use super::pattern::{Pattern, fits};
use super::read::{Inside, Reads};
use super::resource::{Resource, ResourceKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is out of scope, and the tags that mark assets with Federal Contract Information (FCI).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Resources that do not process, store or transmit FCI. Each rule needs a reason; what it fits is listed in every
    /// document and judged by no check.
    #[serde(default)]
    pub out: Vec<ScopeRule>,
    /// Tags of assets that do hold FCI: what bears one stays in scope, whatever a rule says.
    #[serde(default)]
    pub fci_tags: Vec<TagPattern>,
}

/// One rule. All that is said must fit; at least one of `id`, `name`, `tag`, `account` must be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeRule {
    /// Why it is out of scope.
    pub reason: String,
    /// Type of resource: `aws.ec2.vpc`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Pattern>,
    /// Id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Pattern>,
    /// Name: the field `name`, or the tag `Name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Pattern>,
    /// A tag it bears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagPattern>,
    /// Account or subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Pattern>,
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Pattern>,
}

/// A tag by key and value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagPattern {
    /// Its key.
    pub key: Pattern,
    /// Its value; any unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Pattern>,
}

impl TagPattern {
    fn fits(&self, tags: &Value) -> bool {
        tags.as_object().is_some_and(|tags| {
            tags.iter()
                .any(|(key, value)| self.key.fits(key) && fits(self.value.as_ref(), value.as_str().unwrap_or_default()))
        })
    }
}

/// Does something fit, as far as can be seen?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Yes,
    No,
    /// Its tags could not be read.
    NotSeen,
}

/// What the rules came to over an inventory. A resource that is in neither map is in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scoped {
    /// Out of scope, with the reason.
    pub out: BTreeMap<ResourceKey, String>,
    /// It cannot be told, and why: such a resource is in scope, and nothing about it is certain.
    pub unclear: BTreeMap<ResourceKey, String>,
    /// Rules that fit nothing, by position.
    pub idle: BTreeSet<usize>,
    /// Resources that a rule would put out of scope, and that bear a tag of FCI: they stay in.
    pub kept: BTreeMap<ResourceKey, usize>,
}

impl ScopeRule {
    fn fit(&self, resource: &Resource, has_tags: bool) -> Fit {
        let key = &resource.key;
        let place = fits(self.kind.as_ref(), &key.kind)
            && fits(self.id.as_ref(), &key.id)
            && fits(self.account.as_ref(), &key.account)
            && fits(self.region.as_ref(), &key.region);
        if !place {
            return Fit::No;
        }
        let tags = resource.get("tags");
        if let Some(name) = &self.name {
            let own = resource.text("name").or_else(|| tags?.get("Name")?.as_str());
            match own {
                Some(own) if name.fits(own) => {}
                None if has_tags && tags.is_none() => return Fit::NotSeen,
                _ => return Fit::No,
            }
        }
        match (&self.tag, tags) {
            (None, _) => Fit::Yes,
            (Some(tag), Some(tags)) => {
                if tag.fits(tags) {
                    Fit::Yes
                } else {
                    Fit::No
                }
            }
            (Some(_), None) if has_tags => Fit::NotSeen,
            (Some(_), None) => Fit::No,
        }
    }
}

impl Scope {
    /// Applies the rules to every resource of an inventory.
    #[must_use]
    pub fn apply(&self, inventory: &Inventory, reads: &Reads) -> Scoped {
        let mut scoped = Scoped { idle: (0..self.out.len()).collect(), ..Scoped::default() };
        if self.out.is_empty() {
            return scoped;
        }
        for (kind, resources) in &inventory.resources {
            let has_tags = reads.has_field(kind, "tags");
            for resource in resources {
                for (at, rule) in self.out.iter().enumerate() {
                    match rule.fit(resource, has_tags) {
                        Fit::No => continue,
                        Fit::Yes => {
                            scoped.idle.remove(&at);
                            let tags = resource.get("tags").unwrap_or(&Value::Null);
                            if self.fci_tags.iter().any(|tag| tag.fits(tags)) {
                                scoped.kept.insert(resource.key.clone(), at);
                                continue;
                            }
                            scoped.out.insert(resource.key.clone(), rule.reason.clone());
                        }
                        Fit::NotSeen => {
                            let what = "its tags could not be read, so it cannot be told whether it is in scope";
                            scoped.unclear.entry(resource.key.clone()).or_insert_with(|| what.to_owned());
                        }
                    }
                }
            }
        }
        scoped.unclear.retain(|key, _| !scoped.out.contains_key(key));
        scoped.inherit(inventory, reads);
        scoped
    }
}

impl Scoped {
    /// What lies in something that is out of scope is out with it, unless it bears a tag of its own that keeps it in.
    fn inherit(&mut self, inventory: &Inventory, reads: &Reads) {
        let mut more_out = BTreeMap::new();
        let mut more_unclear = BTreeMap::new();
        for read in &reads.reads {
            let (Some(kind), Some(Inside { kind: outer, is })) = (read.gives(), &read.inside) else { continue };
            for resource in inventory.of(kind) {
                if self.out.contains_key(&resource.key) || self.kept.contains_key(&resource.key) {
                    continue;
                }
                let Some(id) = resource.text(is) else { continue };
                let around = ResourceKey {
                    kind: outer.clone(),
                    account: resource.key.account.clone(),
                    region: resource.key.region.clone(),
                    id: id.to_owned(),
                };
                if let Some(reason) = self.out.get(&around) {
                    more_out.insert(resource.key.clone(), format!("it lies in {id}: {reason}"));
                } else if let Some(why) = self.unclear.get(&around) {
                    more_unclear.insert(resource.key.clone(), format!("it lies in {id}: {why}"));
                }
            }
        }
        self.out.extend(more_out);
        self.unclear.extend(more_unclear);
    }

    /// Is the whole account out of scope?
    #[must_use]
    pub fn account_out(&self, kind: &str, account: &str) -> Option<&str> {
        let key = ResourceKey {
            kind: kind.to_owned(),
            account: account.to_owned(),
            region: "global".to_owned(),
            id: account.to_owned(),
        };
        self.out.get(&key).map(String::as_str)
    }
}
