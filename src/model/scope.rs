//! What an organisation puts out of scope, with a reason, and what came of it.

use super::inventory::Inventory;
use super::pattern::{Pattern, fits};
use super::read::{ACCOUNTS, Inside, Reads, place_key};
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

const NO_TAGS: &str = "its tags could not be read, so it cannot be told whether it is in scope";

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
    /// Resources that a rule would put out of scope, and that bear a tag of FCI: they stay in. With the
    /// reason of the rule.
    pub kept: BTreeMap<ResourceKey, String>,
}

impl ScopeRule {
    /// Do type, id and place fit? Name and tags are not looked at.
    fn fits_place(&self, key: &ResourceKey) -> bool {
        fits(self.kind.as_ref(), &key.kind)
            && fits(self.id.as_ref(), &key.id)
            && fits(self.account.as_ref(), &key.account)
            && fits(self.region.as_ref(), &key.region)
    }

    fn fit(&self, resource: &Resource, has_tags: bool) -> Fit {
        if !self.fits_place(&resource.key) {
            return Fit::No;
        }
        if ACCOUNTS.contains(&resource.key.kind.as_str()) {
            // With an account goes all that is said of it, so only a rule about the account itself puts it out.
            let rest = [&self.kind, &self.id, &self.name, &self.region];
            let whole = self.account.is_some() && self.tag.is_none() && rest.iter().all(|one| one.is_none());
            return if whole { Fit::Yes } else { Fit::No };
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
                        Fit::No => {}
                        Fit::Yes => {
                            scoped.idle.remove(&at);
                            match self.holds_fci(resource, has_tags) {
                                Fit::Yes => drop(scoped.kept.insert(resource.key.clone(), rule.reason.clone())),
                                Fit::No => {
                                    let unseen =
                                        !has_tags && !self.fci_tags.is_empty() && !ACCOUNTS.contains(&kind.as_str());
                                    let note = if unseen { " (tags of this type are not read)" } else { "" };
                                    scoped.out.insert(resource.key.clone(), format!("{}{note}", rule.reason));
                                }
                                Fit::NotSeen => drop(scoped.unclear.insert(resource.key.clone(), NO_TAGS.to_owned())),
                            }
                        }
                        Fit::NotSeen => {
                            scoped.unclear.entry(resource.key.clone()).or_insert_with(|| NO_TAGS.to_owned());
                        }
                    }
                }
            }
        }
        scoped.unclear.retain(|key, _| !scoped.out.contains_key(key));
        scoped.inherit(self, inventory, reads);
        scoped
    }

    /// Does it bear a tag of FCI?
    fn holds_fci(&self, resource: &Resource, has_tags: bool) -> Fit {
        match resource.get("tags") {
            Some(tags) if self.fci_tags.iter().any(|tag| tag.fits(tags)) => Fit::Yes,
            None if has_tags && !self.fci_tags.is_empty() => Fit::NotSeen,
            _ => Fit::No,
        }
    }
}

impl Scoped {
    /// What lies in something that is out of scope is out with it, unless it bears a tag of its own that keeps it in.
    fn inherit(&mut self, scope: &Scope, inventory: &Inventory, reads: &Reads) {
        let rules = &scope.out;
        let mut more_out = BTreeMap::new();
        let mut more_unclear = BTreeMap::new();
        let mut more_kept = BTreeMap::new();
        for read in &reads.reads {
            let (Some(kind), Some(Inside { kind: outer, is })) = (read.gives(), &read.inside) else { continue };
            let has_tags = reads.has_field(kind, "tags");
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
                    let why = format!("it lies in {id}: {reason}");
                    match scope.holds_fci(resource, has_tags) {
                        Fit::Yes => drop(more_kept.insert(resource.key.clone(), why)),
                        Fit::No => drop(more_out.insert(resource.key.clone(), why)),
                        Fit::NotSeen => drop(more_unclear.insert(resource.key.clone(), NO_TAGS.to_owned())),
                    }
                } else if let Some(why) = self.unclear.get(&around) {
                    more_unclear.insert(resource.key.clone(), format!("it lies in {id}: {why}"));
                } else if !inventory.of(outer).iter().any(|seen| seen.key == around)
                    && rules.iter().any(|rule| rule.fits_place(&around))
                {
                    // What is around it was not read, and a rule may put it out.
                    let why =
                        format!("it lies in {id}, which was not read, so it cannot be told whether it is in scope");
                    more_unclear.insert(resource.key.clone(), why);
                }
            }
        }
        self.out.extend(more_out);
        self.unclear.extend(more_unclear);
        self.kept.extend(more_kept);
    }

    /// Is the whole account out of scope?
    #[must_use]
    pub fn account_out(&self, account: &str) -> Option<&str> {
        ACCOUNTS.iter().find_map(|kind| self.out.get(&place_key(kind, account))).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::provider::Provider;
    use crate::model::read::ACCOUNT;
    use serde_json::json;

    const READS: &str = "
- { read: 's:Vpcs', per: region, resource: vpc, id_from: id, fields: { tags: { at: tags, type: map } } }
- { read: 's:Subnets', per: region, resource: subnet, id_from: id, inside: { type: vpc, is: vpc }, fields: { vpc: { at: vpc } } }
- { read: 's:Keys', per: region, resource: key, id_from: id, fields: { name: { at: name } } }
";

    fn reads() -> Reads {
        let provider = "{ identity: i, regions: r, accounts: a, partitions: {}, services: {}, codes: { denied: [], throttled: [], region_off: [], credentials: [] } }";
        Reads {
            reads: serde_saphyr::from_str(READS).unwrap(),
            provider: serde_saphyr::from_str::<Provider>(provider).unwrap(),
            azure: crate::model::provider::AzureProvider::default(),
        }
    }

    fn key(kind: &str, id: &str) -> ResourceKey {
        ResourceKey { kind: kind.to_owned(), account: "1".to_owned(), region: "east".to_owned(), id: id.to_owned() }
    }

    /// One resource with these fields.
    fn add(inventory: &mut Inventory, kind: &str, id: &str, fields: &[(&str, Value)]) {
        let mut resource = Resource::new(key(kind, id));
        for (name, value) in fields {
            resource.set(name, value.clone(), []);
        }
        inventory.resources.entry(kind.to_owned()).or_default().push(resource);
    }

    fn world() -> Inventory {
        let mut all = Inventory::default();
        add(&mut all, "vpc", "vpc-1", &[("tags", json!({ "Name": "sandbox-a", "Purpose": "training" }))]);
        add(&mut all, "vpc", "vpc-2", &[("tags", json!({}))]);
        add(&mut all, "vpc", "vpc-3", &[]);
        add(&mut all, "subnet", "sub-1", &[("vpc", json!("vpc-1"))]);
        add(&mut all, "subnet", "sub-2", &[("vpc", json!("vpc-2"))]);
        add(&mut all, "subnet", "sub-3", &[("vpc", json!("vpc-3"))]);
        add(&mut all, "subnet", "sub-9", &[("vpc", json!("vpc-9"))]);
        add(&mut all, "key", "key-1", &[("name", json!("sandbox-key"))]);
        all
    }

    fn scoped(rules: &str) -> Scoped {
        let scope: Scope = serde_saphyr::from_str(rules).unwrap();
        scope.apply(&world(), &reads())
    }

    fn ids<V>(map: &BTreeMap<ResourceKey, V>) -> Vec<&str> {
        map.keys().map(|key| key.id.as_str()).collect()
    }

    #[test]
    fn by_id_and_what_lies_in_it() {
        let found = scoped("{ out: [{ id: vpc-2, reason: r }] }");
        assert_eq!(ids(&found.out), ["sub-2", "vpc-2"]);
        assert_eq!(found.out[&key("subnet", "sub-2")], "it lies in vpc-2: r");
        assert!(found.unclear.is_empty() && found.idle.is_empty());
    }

    #[test]
    fn by_name_and_by_tag() {
        let found = scoped("{ out: [{ name: 'sandbox-*', reason: r }] }");
        assert_eq!(ids(&found.out), ["key-1", "sub-1", "vpc-1"]);
        let found = scoped("{ out: [{ tag: { key: Purpose, value: train* }, reason: r }] }");
        assert_eq!(ids(&found.out), ["sub-1", "vpc-1"]);
        let found = scoped("{ out: [{ tag: { key: Purpose, value: production }, reason: r }] }");
        assert!(found.out.is_empty());
        assert_eq!(found.idle, BTreeSet::from([0]));
    }

    #[test]
    fn tags_that_were_not_read_leave_it_unclear_with_what_lies_in_it() {
        // vpc-9 was not read at all, and may bear the tag as well.
        let found = scoped("{ out: [{ type: vpc, tag: { key: Purpose }, reason: r }] }");
        assert_eq!(ids(&found.out), ["sub-1", "vpc-1"]);
        assert_eq!(ids(&found.unclear), ["sub-3", "sub-9", "vpc-3"]);
        assert!(found.unclear[&key("subnet", "sub-9")].contains("vpc-9, which was not read"));
        // A type without tags cannot bear one: nothing is unclear about it.
        let found = scoped("{ out: [{ type: key, tag: { key: Purpose }, reason: r }] }");
        assert!(found.out.is_empty() && found.unclear.is_empty());
    }

    #[test]
    fn a_tag_of_fci_keeps_it_in() {
        let found =
            scoped("{ out: [{ type: vpc, id: 'vpc-*', reason: r }], fci_tags: [{ key: Purpose, value: training }] }");
        assert_eq!(ids(&found.kept), ["vpc-1"]);
        assert!(!ids(&found.out).contains(&"sub-1") && ids(&found.out).contains(&"vpc-2"));
    }

    /// What lies in something that is out, and bears such a tag or may bear one, is not out with it.
    #[test]
    fn a_tag_of_fci_keeps_in_what_lies_in_something_that_is_out() {
        let reads =
            Reads {
                reads: serde_saphyr::from_str(&READS.replace(
                    "fields: { vpc: { at: vpc } }",
                    "fields: { vpc: { at: vpc }, tags: { at: t, type: map } }",
                ))
                .unwrap(),
                ..reads()
            };
        let mut all = world();
        add(&mut all, "subnet", "sub-8", &[("vpc", json!("vpc-2")), ("tags", json!({ "Data": "FCI" }))]);
        add(&mut all, "subnet", "sub-7", &[("vpc", json!("vpc-2")), ("tags", json!({}))]);
        let scope: Scope =
            serde_saphyr::from_str("{ out: [{ id: vpc-2, reason: r }], fci_tags: [{ key: Data }] }").unwrap();
        let found = scope.apply(&all, &reads);
        assert_eq!(ids(&found.out), ["sub-7", "vpc-2"]);
        assert_eq!(ids(&found.kept), ["sub-8"]);
        assert_eq!(found.kept[&key("subnet", "sub-8")], "it lies in vpc-2: r");
        // Of sub-2 no tags were read.
        assert_eq!(ids(&found.unclear), ["sub-2"]);
    }

    #[test]
    fn tags_of_fci_that_are_not_read_are_said() {
        let found =
            scoped("{ out: [{ id: 'vpc-?', reason: r }, { id: key-1, reason: k }], fci_tags: [{ key: Data }] }");
        assert_eq!(found.out[&key("key", "key-1")], "k (tags of this type are not read)");
        assert_eq!(found.out[&key("vpc", "vpc-2")], "r");
        // vpc-3 has tags that could not be read.
        assert!(ids(&found.unclear).contains(&"vpc-3") && !found.out.contains_key(&key("vpc", "vpc-3")));
    }

    #[test]
    fn an_account_is_out_by_a_rule_about_it_and_nothing_else() {
        let account = ResourceKey {
            kind: ACCOUNT.to_owned(),
            account: "1".to_owned(),
            region: "global".to_owned(),
            id: "1".to_owned(),
        };
        let mut all = world();
        all.resources.insert(ACCOUNT.to_owned(), vec![Resource::new(account)]);
        let out = |rule: &str| {
            let scope: Scope = serde_saphyr::from_str(&format!("{{ out: [{{ {rule}, reason: r }}] }}")).unwrap();
            scope.apply(&all, &reads()).account_out("1").is_some()
        };
        assert!(out("account: '1'"));
        for part in ["id: '1'", "type: aws.account, id: '1'", "account: '1', region: global", "account: '1', id: '1'"] {
            assert!(!out(part), "{part}");
        }
    }

    #[test]
    fn no_rule_no_doubt() {
        assert_eq!(scoped("{}"), Scoped::default());
    }
}
