//! `policy`: the rights that the enabled reads need, from the reads themselves.

use super::arguments::{Cloud, Global, PolicyOptions};
use super::{job, out};
use crate::model::read::{Per, Read};
use std::collections::BTreeSet;

/// Prints the least-privilege policy.
pub(super) fn run(options: &PolicyOptions, global: &Global) -> anyhow::Result<u8> {
    let Cloud::Aws = options.cloud;
    let loaded = job::load(global)?;
    // Every identity may ask who it is (STS API, GetCallerIdentity: "No permissions are required").
    let actions: BTreeSet<String> = loaded
        .controls
        .reads
        .reads
        .iter()
        .filter(|read| options.organization || read.per != Some(Per::Organization))
        .flat_map(Read::needs)
        .filter(|action| *action != loaded.controls.reads.provider.identity)
        .collect();
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "FarwatchAudit", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    });
    out::print(&crate::model::text::json_pretty(&policy)?);
    Ok(0)
}
