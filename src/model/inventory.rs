//! All that a run has shown, ready for rules: resources, complete lists, gaps.

use super::gap::Gap;
use super::resource::Resource;
use std::collections::{BTreeMap, BTreeSet};

/// How far a join looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// The same account and region.
    #[default]
    Region,
    /// The same account.
    Account,
    /// Every account of the run.
    Run,
}

impl Within {
    /// Is the place `(account, region)` inside, seen from `(from_account, from_region)`?
    #[must_use]
    pub fn holds(self, from: (&str, &str), place: (&str, &str)) -> bool {
        match self {
            Self::Run => true,
            Self::Account => from.0 == place.0,
            Self::Region => from == place,
        }
    }
}

/// A list that was asked for in one place (and, where it fans out, for one parent).
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The type listed.
    pub kind: String,
    /// Account.
    pub account: String,
    /// Region, or `global`, or `*` for regions that could not be listed.
    pub region: String,
    /// The resource it was listed for.
    pub parent: Option<String>,
    /// What came of it.
    pub state: ListState,
}

/// Is a list complete?
#[derive(Debug, Clone, PartialEq)]
pub enum ListState {
    /// To the last page; the evidence of every page, never empty.
    Complete(BTreeSet<String>),
    /// Something may be missing.
    Cut(BTreeSet<Gap>),
}

/// What a run has shown.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Resources by type, sorted by key.
    pub resources: BTreeMap<String, Vec<Resource>>,
    /// Lists by type.
    pub listings: BTreeMap<String, Vec<Listing>>,
    /// Every gap of the run, sorted, each once.
    pub gaps: BTreeSet<Gap>,
    /// For types listed per parent: the field that holds the parent's id.
    pub parent_field: BTreeMap<String, String>,
    /// Equal ids in one answer and the like: (type, account, region, what). The scope's findings are errors.
    pub conflicts: Vec<(String, String, String, String)>,
}

impl Inventory {
    /// All resources of a type.
    #[must_use]
    pub fn of(&self, kind: &str) -> &[Resource] {
        self.resources.get(kind).map_or(&[], Vec::as_slice)
    }

    /// All lists of a type.
    #[must_use]
    pub fn listings_of(&self, kind: &str) -> &[Listing] {
        self.listings.get(kind).map_or(&[], Vec::as_slice)
    }
}
