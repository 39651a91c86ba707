//! `policy`: the rights that the enabled reads need, from the reads themselves.

use super::arguments::{Cloud, Global, PolicyOptions};
use super::{Usage, job, out};
use crate::model::provider::Cloud as Of;
use crate::model::read::{Per, Read};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Name of the custom role.
const ROLE: &str = "farwatch audit";

/// Application id of Microsoft Graph (Microsoft Graph permissions reference).
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Prints the least-privilege policy.
pub(super) fn run(options: &PolicyOptions, global: &Global) -> anyhow::Result<u8> {
    let loaded = job::load(global)?;
    let reads = &loaded.controls.reads;
    let wanted = |read: &&Read| options.organization || read.per != Some(Per::Organization);
    match options.cloud {
        Cloud::Aws => {
            // Every identity may ask who it is (STS API, GetCallerIdentity: "No permissions are required").
            let actions: BTreeSet<String> = reads
                .reads
                .iter()
                .filter(|read| read.cloud() == Of::Aws)
                .filter(wanted)
                .flat_map(Read::needs)
                .filter(|action| *action != reads.provider.identity)
                .collect();
            let policy = serde_json::json!({
                "Version": "2012-10-17",
                "Statement": [{"Sid": "FarwatchAudit", "Effect": "Allow", "Action": actions, "Resource": "*"}],
            });
            out::print(&crate::model::text::json_pretty(&policy)?);
        }
        Cloud::Azure => {
            let of = |graph: bool| -> BTreeSet<String> {
                let named = |read: &&Read| read.cloud() == Of::Azure && read.per != Some(Per::Session);
                let all = reads.reads.iter().filter(named);
                all.filter(|read| (read.service == "MicrosoftGraph") == graph)
                    .flat_map(|read| read.actions.clone())
                    .collect()
            };
            out::print(&azure(&of(false), &of(true))?);
        }
        Cloud::All => return Err(Usage("policy all: ask for one cloud, aws or azure".to_owned()).into()),
    }
    Ok(0)
}

/// The custom role and the Graph permissions, as commands of the Azure CLI.
fn azure(actions: &BTreeSet<String>, permissions: &BTreeSet<String>) -> anyhow::Result<String> {
    let role = serde_json::json!({
        "Name": ROLE,
        "IsCustom": true,
        "Description": "Reads configuration for the compliance audit: no data, no keys, no contents of logs.",
        "Actions": actions,
        "NotActions": [], "DataActions": [], "NotDataActions": [],
        "AssignableScopes": ["/providers/Microsoft.Management/managementGroups/REPLACE-WITH-MANAGEMENT-GROUP"],
    });
    let mut text = String::from(
        "#!/bin/sh\n\
         # The rights that farwatch needs in Azure and Entra: read them, set MANAGEMENT_GROUP, then run them as an administrator.\n\
         # US Government and DoD: first `az cloud set --name AzureUSGovernment` and `az login`; the rest is the same.\n\
         set -eu\n\
         : \"${MANAGEMENT_GROUP:?name the management group that holds every subscription in scope}\"\n\
         \n\
         # 1. A custom role that reads configuration and nothing else.\n\
         sed \"s|REPLACE-WITH-MANAGEMENT-GROUP|$MANAGEMENT_GROUP|\" > farwatch-role.json <<'ROLE'\n",
    );
    text += &crate::model::text::json_pretty(&role)?;
    let _ = write!(
        text,
        "ROLE\n\
         az role definition create --role-definition farwatch-role.json\n\
         \n\
         # 2. The identity. With a managed identity, leave out the first two lines and set APP to its client id.\n\
         APP=$(az ad app create --display-name farwatch-audit --query appId -o tsv)\n\
         az ad sp create --id \"$APP\"\n\
         az role assignment create --assignee \"$APP\" --role '{ROLE}' \\\n  \
           --scope \"/providers/Microsoft.Management/managementGroups/$MANAGEMENT_GROUP\"\n\
         \n\
         # 3. What it may read in Entra. An administrator must consent.\n\
         for PERMISSION in {}; do\n  \
           ID=$(az ad sp show --id {GRAPH} --query \"appRoles[?value=='$PERMISSION'].id | [0]\" -o tsv)\n  \
           az ad app permission add --id \"$APP\" --api {GRAPH} --api-permissions \"$ID=Role\"\n\
         done\n\
         az ad app permission admin-consent --id \"$APP\"\n",
        permissions.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
    );
    Ok(text)
}
