//! Exchange → Resource: a pure function of stored bytes and declared fields, and the derivations that CEL should not do.
//!
//! `collect` uses it to find out what else to ask; `assess` uses it again, offline, on the same bytes.

mod alert;
mod azure;
mod boundary;
mod bucket_policy;
mod drill;
mod event_pattern;
mod fields;
mod filter_pattern;
mod identity;
mod inventory;
mod known;
mod log_store;
mod policy;
mod recorded_data;
mod security_group;
mod signal;

// The harness reads files, so it does not lie in this room.
#[cfg(test)]
#[path = "../../tests/fuzz/derive.rs"]
mod fuzz;

pub use boundary::boundary;
pub use drill::drills;
pub use fields::{Contribution, Page, pages};
pub use inventory::inventory;

use crate::model::read::FieldKind;
use crate::model::resource::Resource;
use std::collections::BTreeMap;

/// The derived resources from which reads may fan out, as far as one page shows them.
#[must_use]
pub fn shown_by(given: &[Contribution]) -> Vec<Contribution> {
    let resources: Vec<Resource> = given
        .iter()
        .map(|given| {
            let mut resource = Resource::new(given.key.clone());
            for (name, value) in &given.fields {
                resource.set(name, value.clone(), [given.evidence.clone()]);
            }
            resource
        })
        .collect();
    log_store::stores(resources.iter())
        .into_iter()
        .chain(azure::sources(resources.iter()))
        .map(|store| {
            let evidence = store.evidence([]).into_iter().next().unwrap_or_default();
            let fields = store.data.as_object().cloned().unwrap_or_default().into_iter().collect();
            Contribution { key: store.key, fields, absent: Vec::new(), evidence }
        })
        .collect()
}

/// The types that derivations give, with their fields: what `check` may refer to.
#[must_use]
pub fn derived_types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    let mut types = boundary::types();
    types.insert(log_store::KIND, log_store::fields());
    types.insert(recorded_data::KIND, recorded_data::fields());
    let added = identity::types().into_iter().chain(azure::types());
    for (kind, fields) in added.chain([log_store::flow_log_fields()]) {
        types.entry(kind).or_default().extend(fields);
    }
    types.insert(bucket_policy::KIND, bucket_policy::fields());
    types.extend(security_group::types());
    types.extend(alert::types());
    types.extend(drill::types());
    types
}
