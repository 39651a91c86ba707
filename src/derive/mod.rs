//! Exchange → Resource: a pure function of stored bytes and declared fields, and the derivations that CEL should not do.
//!
//! `collect` uses it to find out what else to ask; `assess` uses it again, offline, on the same bytes.

mod boundary;
mod fields;
mod inventory;
mod log_store;
mod security_group;

pub use boundary::boundary;
pub use fields::{Contribution, Page, page};
pub use inventory::inventory;

use crate::model::read::FieldKind;
use std::collections::BTreeMap;

/// The types that derivations give, with their fields: what `check` may refer to.
#[must_use]
pub fn derived_types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    let mut types = boundary::types();
    types.insert(log_store::KIND, log_store::fields());
    types.extend(security_group::types());
    types
}
