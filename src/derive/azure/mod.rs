//! Derivations over what Azure and Entra answered.

mod alert;
mod flow;
// The fuzz harness reads queries as well.
pub(super) mod kql;
mod mfa;
mod network_security_group;
mod response;
mod rights;
mod roles;
mod source;

pub(super) use alert::KIND as ALERT;
pub(super) use source::{listings, sources};

use crate::model::inventory::Inventory;
use crate::model::read::FieldKind;
use std::collections::BTreeMap;

/// The types that they give or add to, with their fields.
pub(super) fn types() -> impl Iterator<Item = (&'static str, BTreeMap<&'static str, FieldKind>)> {
    let all = [
        flow::types(),
        source::types(),
        mfa::types(),
        roles::types(),
        network_security_group::types(),
        alert::types(),
        response::types(),
    ];
    all.into_iter().flatten()
}

/// Adds what follows from the answers. Alerts rest on flow logs.
pub(super) fn derive(inventory: &mut Inventory) {
    flow::derive(inventory);
    source::derive(inventory);
    alert::derive(inventory);
    network_security_group::derive(inventory);
    roles::derive(inventory);
    response::derive(inventory);
    mfa::derive(inventory);
}
