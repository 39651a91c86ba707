//! What is known of a statement, and what that rests on: the three-valued logic of the checks, for derivations.

use crate::model::finding::Reason;
use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::resource::Resource;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A statement: true, false or not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known {
    /// Nothing where it is not known.
    pub(super) truth: Option<bool>,
    /// Evidence ids of what it rests on.
    pub(super) evidence: BTreeSet<String>,
    /// Calls whose answers are missing.
    pub(super) gaps: BTreeSet<Gap>,
    /// What no answer tells.
    pub(super) untold: BTreeSet<String>,
}

impl Known {
    pub(super) fn of(truth: bool, evidence: BTreeSet<String>) -> Self {
        Self { truth: Some(truth), evidence, ..Self::default() }
    }

    pub(super) fn untold(what: impl Into<String>) -> Self {
        Self { untold: BTreeSet::from([what.into()]), ..Self::default() }
    }

    /// A statement about one field: `judge` sees its value.
    pub(super) fn field(resource: &Resource, field: &str, judge: impl FnOnce(&Value) -> Option<bool>) -> Self {
        match resource.get(field) {
            Some(value) => match judge(value) {
                Some(truth) => Self::of(truth, resource.evidence([field])),
                None => Self::untold(format!("`{field}` of {} cannot be read", resource.key.id)),
            },
            None => Self::missing(resource, field),
        }
    }

    /// The field has no value.
    pub(super) fn missing(resource: &Resource, field: &str) -> Self {
        match resource.missing.get(field) {
            Some(gaps) if !gaps.is_empty() => Self { gaps: gaps.clone(), ..Self::default() },
            _ => Self::untold(format!("{} does not tell its `{field}`", resource.key.id)),
        }
    }

    /// The end of a list of which nothing fits: false where it was read to the end.
    pub(super) fn end_of(list: &Listing) -> Self {
        match &list.state {
            ListState::Complete(pages) => Self::of(false, pages.clone()),
            ListState::Cut(gaps) => Self { gaps: gaps.clone(), ..Self::default() },
        }
    }

    /// Both. What is false makes the rest irrelevant.
    pub(super) fn and(self, other: Self) -> Self {
        match (self.truth, other.truth) {
            (Some(false), Some(true) | None) => self,
            (Some(true) | None, Some(false)) => other,
            (left, right) => self.joined(other, left.zip(right).map(|(left, right)| left && right)),
        }
    }

    /// Either. What is true makes the rest irrelevant.
    pub(super) fn or(self, other: Self) -> Self {
        match (self.truth, other.truth) {
            (Some(true), Some(false) | None) => self,
            (Some(false) | None, Some(true)) => other,
            (left, right) => self.joined(other, left.zip(right).map(|(left, right)| left || right)),
        }
    }

    fn joined(mut self, other: Self, truth: Option<bool>) -> Self {
        self.truth = truth;
        self.evidence.extend(other.evidence);
        self.gaps.extend(other.gaps);
        self.untold.extend(other.untold);
        self
    }

    /// Writes it into a field of a derived resource.
    pub(super) fn put(self, resource: &mut Resource, field: &str) {
        match self.truth {
            Some(truth) => resource.set(field, truth.into(), self.evidence),
            None => self.leave_out(resource, field),
        }
    }

    /// The field is not known, for these reasons.
    pub(super) fn leave_out(self, resource: &mut Resource, field: &str) {
        if !self.gaps.is_empty() {
            resource.missing.entry(field.to_owned()).or_default().extend(self.gaps);
        }
        if let Some(what) = self.untold.into_iter().next() {
            resource.unknown.insert(field.to_owned(), Reason::NotTold { what });
        }
    }
}

/// The lists of a derived type, one for each account: complete where the lists of all that it is derived from are.
pub(super) fn all_of(kind: &str, all: &[Listing], is_source: impl Fn(&str) -> bool) -> Vec<Listing> {
    let mut accounts: BTreeMap<&str, (BTreeSet<String>, BTreeSet<Gap>)> = BTreeMap::new();
    for listing in all.iter().filter(|listing| is_source(&listing.kind)) {
        let (pages, gaps) = accounts.entry(listing.account.as_str()).or_default();
        match &listing.state {
            ListState::Complete(evidence) => pages.extend(evidence.iter().cloned()),
            ListState::Cut(cut) => gaps.extend(cut.iter().cloned()),
        }
    }
    accounts
        .into_iter()
        .map(|(account, (pages, gaps))| Listing {
            kind: kind.to_owned(),
            account: account.to_owned(),
            region: "global".to_owned(),
            parent: None,
            state: if gaps.is_empty() { ListState::Complete(pages) } else { ListState::Cut(gaps) },
        })
        .collect()
}

/// The resources of a type in one account and region, and whether they are all.
pub(super) struct Listed<'a> {
    pub(super) items: Vec<&'a Resource>,
    /// False with the evidence of the lists where they were read to the end.
    end: Known,
}

/// Lists a type in an account and region; `*` for every region of the account.
pub(super) fn listed<'a>(inventory: &'a Inventory, kind: &str, account: &str, region: &str) -> Listed<'a> {
    let here = |place: &str| region == "*" || place == region;
    let items = inventory.of(kind).iter().filter(|one| one.key.account == account && here(&one.key.region)).collect();
    let lists = inventory.listings_of(kind).iter().filter(|list| list.account == account);
    let lists: Vec<&Listing> = lists.filter(|list| here(&list.region) || list.region == "*").collect();
    // Of regions that nobody knows, only a cut list says something.
    let told = lists.iter().any(|list| list.region != "*" || matches!(list.state, ListState::Cut(_)));
    let untold = || Known::untold(format!("nothing was read that lists {kind} in account {account}, {region}"));
    let end = lists.into_iter().map(Known::end_of).reduce(Known::or).filter(|_| told).unwrap_or_else(untold);
    Listed { items, end }
}

impl Listed<'_> {
    /// Is there one of which this is true?
    pub(super) fn exists(&self, judge: impl Fn(&Resource) -> Known) -> Known {
        self.items.iter().fold(self.end.clone(), |so_far, one| so_far.or(judge(one)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(truth: bool, evidence: &str) -> Known {
        Known::of(truth, BTreeSet::from([evidence.to_owned()]))
    }

    #[test]
    fn three_values() {
        let (yes, no, what) = (known(true, "y"), known(false, "n"), Known::untold("w"));
        assert_eq!(yes.clone().and(no.clone()), no);
        assert_eq!(yes.clone().or(no.clone()), yes);
        assert_eq!(what.clone().and(no.clone()), no);
        assert_eq!(what.clone().or(yes.clone()), yes);
        assert_eq!(what.clone().and(yes.clone()).truth, None);
        assert_eq!(what.or(no.clone()).truth, None);
        assert_eq!(yes.clone().and(known(true, "z")).evidence, BTreeSet::from(["y".to_owned(), "z".to_owned()]));
        assert_eq!(no.clone().or(known(false, "z")).evidence, BTreeSet::from(["n".to_owned(), "z".to_owned()]));
    }
}
