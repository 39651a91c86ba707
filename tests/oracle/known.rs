//! What is known of the fields that checks see, and what is wrong with a read: for AWS from botocore, for Azure and Entra
//! from the published specifications.

use std::collections::{BTreeMap, BTreeSet};

/// What the model says about a field that checks see.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The values it can have; nothing where the model leaves that open.
    pub(super) values: Option<BTreeSet<String>>,
    /// Words of our own: what silence and other answers mean.
    pub(super) words: BTreeSet<String>,
    /// It becomes `{at, age_seconds}`.
    pub(super) is_time: bool,
    /// Records: their members.
    pub(super) of: BTreeMap<String, Known>,
}

/// Type → field → what each read that gives it knows.
pub(super) type Types = BTreeMap<String, BTreeMap<String, Vec<Known>>>;

/// Something that the model says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wrong {
    /// The read or the check.
    pub(super) of: String,
    /// Where in it.
    pub(super) place: String,
    /// What is wrong.
    pub(super) what: String,
}

impl Wrong {
    pub(super) fn exempt_by(&self, (of, place, _): &(&str, &str, &str)) -> bool {
        self.of == *of
            && match place.strip_suffix('*') {
                Some(start) => self.place.starts_with(start),
                None => self.place == *place,
            }
    }
}
