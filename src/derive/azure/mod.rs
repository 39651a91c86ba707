//! Derivations over what Azure and Entra answered.

mod alert;
mod flow;
mod gateway;
// The fuzz harness reads queries as well.
pub(super) mod kql;
mod log_storage;
mod mfa;
mod network_security_group;
mod response;
mod rights;
mod roles;
mod source;
mod switched_off;

pub(super) use alert::KIND as ALERT;

use crate::model::inventory::{Inventory, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::Resource;
use std::collections::BTreeMap;

/// The types that they give or add to, with their fields.
pub(super) fn types() -> impl Iterator<Item = (&'static str, BTreeMap<&'static str, FieldKind>)> {
    let all = [
        flow::types(),
        log_storage::types(),
        gateway::types(),
        source::types(),
        mfa::types(),
        roles::types(),
        network_security_group::types(),
        alert::types(),
        switched_off::types(),
        response::types(),
    ];
    all.into_iter().flatten()
}

/// What reads fan out from, as far as these resources show it.
pub(super) fn sources<'a>(resources: impl Iterator<Item = &'a Resource> + Clone) -> Vec<Resource> {
    let mut all = source::sources(resources.clone());
    all.extend(gateway::references(resources));
    all
}

/// Whether all of it is known.
pub(super) fn listings(all: &[Listing]) -> Vec<Listing> {
    let mut found = source::listings(all);
    found.extend(gateway::listings(all));
    found
}

/// Adds what follows from the answers. Alerts rest on flow logs.
pub(super) fn derive(inventory: &mut Inventory) {
    flow::derive(inventory);
    log_storage::derive(inventory);
    source::derive(inventory);
    alert::derive(inventory);
    switched_off::derive(inventory);
    network_security_group::derive(inventory);
    roles::derive(inventory);
    response::derive(inventory);
    mfa::derive(inventory);
}
