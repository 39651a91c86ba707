//! Finding related resources: hash indexes over join fields, and whether a list may have been cut.

use crate::model::check::Related;
use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::resource::Resource;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Indexes, built once per (type, field) and run.
pub(super) struct Indexes<'a> {
    inventory: &'a Inventory,
    built: HashMap<(String, String), Index>,
}

/// Positions of resources by the value of one field.
#[derive(Default)]
struct Index {
    by_value: HashMap<String, Vec<usize>>,
    /// Resources whose field is not known: each may match anything.
    unknown: Vec<usize>,
}

/// Related resources of one resource.
#[derive(Default)]
pub(super) struct Matches<'a> {
    pub(super) items: Vec<&'a Resource>,
    /// Why there may be more.
    pub(super) gaps: BTreeSet<Gap>,
    /// A resource in reach does not tell the field that is joined on, or nothing lists the type there at all.
    pub(super) doubts: BTreeSet<String>,
    /// Evidence of the lists that were looked through.
    pub(super) evidence: BTreeSet<String>,
}

impl Matches<'_> {
    pub(super) fn complete(&self) -> bool {
        self.gaps.is_empty() && self.doubts.is_empty()
    }
}

impl<'a> Indexes<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, built: HashMap::new() }
    }

    fn index(&mut self, kind: &str, field: &str) -> &Index {
        let inventory = self.inventory;
        self.built.entry((kind.to_owned(), field.to_owned())).or_insert_with(|| {
            let mut index = Index::default();
            for (position, resource) in inventory.of(kind).iter().enumerate() {
                match resource.get(field) {
                    Some(Value::String(text)) => {
                        index.by_value.entry(key(kind, text).into_owned()).or_default().push(position);
                    }
                    Some(Value::Array(items)) => {
                        for text in items.iter().filter_map(Value::as_str) {
                            index.by_value.entry(key(kind, text).into_owned()).or_default().push(position);
                        }
                    }
                    _ => index.unknown.push(position),
                }
            }
            index
        })
    }

    /// The resources of a join, seen from a place, for these values of its `is`.
    pub(super) fn find(&mut self, related: &Related, from: (&str, &str), values: &[String]) -> Matches<'a> {
        let inventory = self.inventory;
        let resources = inventory.of(&related.kind);
        let near = |resource: &&Resource| related.within.holds(from, (&resource.key.account, &resource.key.region));
        let index = self.index(&related.kind, &related.field);
        let mut positions = BTreeSet::new();
        for value in values {
            positions.extend(index.by_value.get(key(&related.kind, value).as_ref()).into_iter().flatten().copied());
        }
        let mut matches = Matches {
            items: positions.into_iter().filter_map(|position| resources.get(position)).filter(near).collect(),
            ..Matches::default()
        };
        for resource in index.unknown.iter().filter_map(|position| resources.get(*position)).filter(near) {
            let missing = resource.missing.get(&related.field);
            match missing {
                Some(gaps) => matches.gaps.extend(gaps.iter().cloned()),
                None => drop(matches.doubts.insert(format!("{} does not tell its {}", resource.key.id, related.field))),
            }
        }
        let by_parent = inventory.parent_field.get(&related.kind).is_some_and(|field| *field == related.field);
        let lists = inventory.listings_of(&related.kind);
        let own_list = |value: &String| {
            lists.iter().any(|list| {
                list.parent.as_ref() == Some(value) && related.within.holds(from, (&list.account, &list.region))
            })
        };
        // An ARN names its own account and region: lists of other places say nothing about it.
        let named: Vec<(&str, &str)> = values.iter().filter_map(|value| arn_place(value)).collect();
        let at_home = |list: &Listing| named.contains(&(list.account.as_str(), list.region.as_str()));
        let only_home = related.one && !named.is_empty() && named.len() == values.len() && lists.iter().any(at_home);
        let mut listed = false;
        for listing in lists {
            // A place that could not be listed (`*`) is another region: it matters to wider joins only.
            if !related.within.holds(from, (&listing.account, &listing.region)) {
                continue;
            }
            if only_home && !at_home(listing) {
                continue;
            }
            // Where the join is on the parent, the list made for that parent says it all: other parents' lists, and
            // parents that were not seen, do not matter.
            if by_parent {
                match &listing.parent {
                    Some(parent) if !values.contains(parent) => continue,
                    None if values.iter().all(own_list) => continue,
                    _ => {}
                }
            }
            listed = true;
            match &listing.state {
                ListState::Complete(pages) => matches.evidence.extend(pages.iter().cloned()),
                ListState::Cut(gaps) => matches.gaps.extend(gaps.iter().cloned()),
            }
        }
        if !listed {
            matches.doubts.insert(format!("nothing was read that lists {} here", related.kind));
        }
        matches
    }

    /// Was every list of a type in an account and region read to its end?
    pub(super) fn complete_in(&self, kind: &str, account: &str, region: &str) -> bool {
        let mut lists = self
            .inventory
            .listings_of(kind)
            .iter()
            .filter(|list| {
                list.account == account && (list.region == region || list.region == "*" || list.region == "global")
            })
            .peekable();
        lists.peek().is_some() && lists.all(|list| matches!(list.state, ListState::Complete(_)))
    }
}

/// Azure resource ids compare without case (Azure Resource Manager: "resource IDs are case-insensitive").
fn key<'v>(kind: &str, value: &'v str) -> Cow<'v, str> {
    if kind.starts_with("azure.") || kind.starts_with("entra.") {
        Cow::Owned(value.to_ascii_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}

/// Account and region of an ARN.
pub(super) fn arn_place(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    (parts.next()? == "arn").then_some(())?;
    let (_, _, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (!account.is_empty()).then_some((account, if region.is_empty() { "global" } else { region }))
}

/// Values of a field over resources, as texts; and whether any resource does not tell.
pub(super) fn values<'r>(
    resources: impl Iterator<Item = &'r Resource>,
    field: &str,
) -> (Vec<String>, BTreeMap<String, BTreeSet<Gap>>) {
    let (mut found, mut missing) = (Vec::new(), BTreeMap::new());
    for resource in resources {
        match resource.get(field) {
            Some(Value::String(text)) => found.push(text.clone()),
            Some(Value::Array(items)) => found.extend(items.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {
                missing.insert(resource.key.id.clone(), resource.missing.get(field).cloned().unwrap_or_default());
            }
        }
    }
    (found, missing)
}
