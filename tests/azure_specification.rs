//! The reads of Azure and Entra beside what Microsoft publishes: the specification of each operation, kept by
//! `tests/azure/specification.py`, and example answers. Nothing is registered here: the reads are those that load.
//!
//! Where we differ on purpose, `EXEMPT` says why. The tests below break reads on purpose, to see that it is seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[path = "azure/answers.rs"]
mod answers;
#[path = "oracle/conditions.rs"]
mod conditions;
#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;
#[path = "oracle/known.rs"]
mod known;
#[path = "azure/published.rs"]
mod published;

use answers::Specification;
use farwatch::controls::{Controls, Problems};
use farwatch::model::provider::Cloud;
use farwatch::model::read::Read;
use known::Wrong;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Differences that are meant: the read or check, the place (`*` at its end stands for anything), and why. One that is
/// no longer needed fails.
const EXEMPT: &[(&str, &str, &str)] = &[
    (
        "Microsoft.Logic:WorkflowRuns_List",
        "items",
        "the newest runs are a fact about the workflow, not things of their own",
    ),
    (
        "Microsoft.Logic:WorkflowRuns_List",
        "pages",
        "twenty runs are asked for, and what follows is older; a workflow may have run a million times",
    ),
    (
        "Microsoft.Logic:Workflows_ListBySubscription",
        "field connections",
        "any value may be a parameter (Object); $connections is that of Logic Apps itself: Automate deployment with templates",
    ),
    (
        "Microsoft.Logic:Workflows_ListBySubscription",
        "redact but",
        "the same: the specification does not describe what is in $connections",
    ),
    (
        "Microsoft.KeyVault:Vaults_ListBySubscription",
        "field public_network",
        "the default is written `enabled`; the published examples of 2023-07-01 all have `Enabled`",
    ),
    (
        "azure-key-vault-key-rotates",
        "r.kind \"Rotate\"",
        "the vaults' own API (Key Vault 7.3 and later) has Rotate where Resource Manager has rotate; the check takes both",
    ),
    (
        "azure-event-hub-tls",
        "resource.tls \"1.3\"",
        "the enumeration is open (modelAsString), and a later version of TLS must not fail a namespace",
    ),
    (
        "azure-sentinel-rules-enabled",
        "r.kind \"NRT\"",
        "the enumeration is open (modelAsString); the previews of the same API have rules of the kind NRT",
    ),
];

/// Reads that are wrong on purpose: file, what stands there, what takes its place, and the words of the complaint.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    // The request.
    (
        "azure/reads/event-hub.yaml",
        "/providers/Microsoft.EventHub/namespaces",
        "/providers/Microsoft.EventHub/namespace",
        "http: path: ",
    ),
    ("azure/reads/key-vault.yaml", "{resource}/keys", "{resource}/key", "/vaults/{}/key, and the specification has"),
    (
        "azure/reads/authorization.yaml",
        "/providers/Microsoft.Authorization/roleDefinitions",
        "/providers/Microsoft.Authorization/roleDefinition",
        "http: path: ",
    ),
    (
        "azure/reads/storage.yaml",
        "{resource}/managementPolicies/default",
        "{resource}/managementPolicies/first",
        "managementpolicies/first, and the specification has",
    ),
    (
        "azure/reads/security-insights.yaml",
        "{resource}/providers/Microsoft.SecurityInsights/alertRules",
        "{resource}/alertRules",
        "http: path: ",
    ),
    (
        "entra/reads/graph.yaml",
        "/identity/conditionalAccess/policies",
        "/identity/conditionalAccess/policy",
        "http: path: ",
    ),
    (
        "azure/reads/operational-insights.yaml",
        "\"2020-08-01\"",
        "\"2022-10-01\"",
        "2022-10-01, and the specification is of 2020-08-01",
    ),
    ("entra/reads/graph.yaml", "$expand: principal", "$expand: principals", "$expand: `value[]` has no `principals`"),
    ("entra/reads/graph.yaml", "id,displayName,", "id,display_name,", "$select: `value[]` has no `display_name`"),
    ("entra/reads/graph.yaml", "$top: 999", "top: 999", "there is no `top`"),
    (
        "azure/reads/key-vault.yaml",
        "Microsoft.KeyVault:Keys_List",
        "Microsoft.KeyVault:Keys_ListAll",
        "no specification of it is kept",
    ),
    // The answer.
    ("azure/reads/logic.yaml", "    pages: { link: nextLink }\n", "", "`nextLink` is not read"),
    (
        "entra/reads/graph.yaml",
        "link: '@odata.nextLink'",
        "link: nextLink",
        "`nextLink`, and the specification has @odata.nextLink",
    ),
    (
        "azure/reads/security.yaml",
        "    items: value\n    resource: azure.security.pricing",
        "    pages: { link: nextLink }\n    items: value\n    resource: azure.security.pricing",
        "has no such member",
    ),
    (
        "azure/reads/storage.yaml",
        "items: value\n    resource: azure.storage.container",
        "items: values\n    resource: azure.storage.container",
        "items: `` has no `values`",
    ),
    ("azure/reads/resources.yaml", "    items: value\n", "", "the read takes it for one thing"),
    ("azure/reads/security-insights.yaml", "{item.name}", "{item.Name}", "id_from: `value[]` has no `Name`"),
    (
        "azure/reads/resources.yaml",
        "id_from: subscriptionId",
        "id_from: SubscriptionId",
        "id_from: `value[]` has no `SubscriptionId`",
    ),
    ("azure/reads/insights.yaml", "at: properties.workspaceId", "at: properties.workspaceID", "has no `workspaceID`"),
    ("azure/reads/insights.yaml", "logs[].categoryGroup", "logs[].categoryGroups", "has no `categoryGroups`"),
    (
        "azure/reads/network.yaml",
        "access: { at: properties.access }",
        "access: { at: properties.Access }",
        "field rules.access",
    ),
    ("azure/reads/network.yaml", "properties.natGateway.id]", "properties.natGateways.id]", "has no `natGateways`"),
    (
        "azure/reads/network.yaml",
        "privateLinkServiceConnections[0].properties",
        "privateLinkServiceConnections.properties",
        "`properties` is looked for in a list",
    ),
    (
        "azure/reads/network.yaml",
        "target: { at: properties.targetResourceId, type: arm_id }",
        "target: { at: properties.targetResourceId, type: arm_ids }",
        "is a string, and the field is declared as ArmIds",
    ),
    ("azure/reads/logic.yaml", "value[].properties.definition", "value[].properties.definitions", "redact: "),
    ("azure/reads/web.yaml", "'statuses[].status'", "'statuses[].state'", "redact but: "),
    (
        "azure/reads/logic.yaml",
        "userAssignedIdentities.*",
        "userAssignedIdentities",
        "is a map, and the field is declared",
    ),
    (
        "azure/reads/security.yaml",
        "enabled: { at: isEnabled }",
        "enabled: { at: isEnabled, type: boolean }",
        "`isEnabled` is a string",
    ),
    (
        "azure/reads/security.yaml",
        "at: properties.timeGeneratedUtc, type: time",
        "at: properties.severity, type: time",
        "is a string, and the field is declared as Time",
    ),
    (
        "azure/reads/operational-insights.yaml",
        "retention_days: { at: properties.retentionInDays, type: integer }",
        "retention_days: { at: properties.retentionInDays }",
        "is a integer",
    ),
    ("entra/reads/graph.yaml", "at: isEnabled, type: boolean", "at: isEnabled", "`isEnabled` is a boolean"),
    (
        "entra/reads/graph.yaml",
        "at: conditions.clientAppTypes, type: text_list",
        "at: conditions.clientAppTypes",
        "is a array of string",
    ),
    (
        "azure/reads/authorization.yaml",
        "principal: { at: properties.principalId }",
        "principal: { at: properties.principalId, when_absent: none, source: somewhere in the documents }",
        "is required, and the read says what silence means",
    ),
    (
        "azure/reads/network.yaml",
        "when_absent: 0, source: \"Microsoft.Network specification, FlowLogFormatParameters",
        "when_absent: 1, source: \"Microsoft.Network specification, FlowLogFormatParameters",
        "silence means 0 by the specification, and 1",
    ),
    (
        "azure/reads/resource-graph.yaml",
        "request: options.$skipToken",
        "request: options.$token",
        "the body has no `options.$token`",
    ),
    ("azure/reads/resource-graph.yaml", "options.$top: 1000", "options.top: 1000", "the body has no `options.top`"),
    (
        "azure/reads/resource-graph.yaml",
        "resultFormat: objectArray",
        "format: objectArray",
        "the body has no `options.format`",
    ),
    ("azure/reads/resource-graph.yaml", "cut: resultTruncated", "cut: truncated", "`` has no `truncated`"),
    ("azure/reads/resource-graph.yaml", "items: data", "items: rows", "`` has no `rows`"),
    // What a condition compares with.
    ("entra/reads/graph.yaml", "principal_type: [Group]", "principal_type: [Groups]", "\"Groups\" is not among"),
    (
        "azure/checks/defender-plans-in-use.yaml",
        "resource.coverage == \"FullyCovered\"",
        "resource.coverage == \"Covered\"",
        "\"Covered\" is not among",
    ),
    (
        "azure/checks/storage-account-network.yaml",
        "resource.network_default == \"Deny\"",
        "resource.network_default == \"Denied\"",
        "\"Denied\" is not among",
    ),
    (
        "azure/checks/alert-receivers.yaml",
        "e.status == \"Enabled\"",
        "e.status == \"enabled\"",
        "\"enabled\" is not among",
    ),
];

static SPECIFICATION: LazyLock<Specification> = LazyLock::new(|| {
    let files = std::fs::read_dir(folder("specification")).unwrap().map(|entry| entry.unwrap().path());
    let mut all = Specification::new();
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "json")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let read: Specification =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        all.extend(read);
    }
    all
});

static OURS: LazyLock<Controls> =
    LazyLock::new(|| of_azure(Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"))));

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azure").join(name)
}

/// What has a published specification: AWS has botocore (`tests/oracle.rs`), and the claims of our own token are not asked
/// of an API.
fn of_azure(mut controls: Controls) -> Controls {
    controls.reads.reads.retain(|read| read.cloud() == Cloud::Azure && read.service != "Token");
    controls.checks.retain(|check| ["azure", "entra"].contains(&check.provider.as_str()));
    controls
}

/// Everything that is wrong with some controls.
fn wrongs(controls: &Controls) -> BTreeSet<Wrong> {
    let mut wrong = BTreeSet::new();
    let types = answers::compare(controls, &SPECIFICATION, &mut wrong);
    conditions::compare(controls, &["azure", "entra"], &types, &mut wrong);
    wrong
}

/// Ours with the mistakes of one round: one of each file, so that they stay apart and loading them takes little time.
fn broken(round: usize) -> Controls {
    let mut files = OURS.files.clone();
    for (_, (file, from, to, _)) in BROKEN.iter().enumerate().filter(|(at, _)| round_of(*at) == round) {
        let text = files.get_mut(*file).unwrap_or_else(|| panic!("there is no {file}"));
        assert!(text.contains(from), "{file} has no {from:?}");
        *text = text.replace(from, to);
    }
    of_azure(Controls::from_files(files, Problems::default()).unwrap_or_else(|problems| panic!("{problems}")))
}

fn round_of(at: usize) -> usize {
    BROKEN.iter().take(at).filter(|earlier| earlier.0 == BROKEN[at].0).count()
}

#[test]
fn every_read_is_what_the_specification_says() {
    let wrong: Vec<String> = wrongs(&OURS)
        .iter()
        .filter(|wrong| !EXEMPT.iter().any(|exempt| wrong.exempt_by(exempt)))
        .map(|wrong| format!("{}, {}: {}", wrong.of, wrong.place, wrong.what))
        .collect();
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_exemption_outlives_its_need() {
    let wrong = wrongs(&OURS);
    for exempt in EXEMPT {
        assert!(exempt.2.len() > 20, "{exempt:?}: say why");
        assert!(wrong.iter().any(|wrong| wrong.exempt_by(exempt)), "no longer needed: {exempt:?}");
    }
}

#[test]
fn every_specification_is_that_of_a_read_and_says_where_it_is_from() {
    for (id, operation) in &*SPECIFICATION {
        let of = |read: &Read| read.id.split('#').next() == Some(id);
        assert!(OURS.reads.reads.iter().any(of), "{id} is no read: make the specifications again");
        assert!(operation.source.len() > 20, "{id}: {:?}", operation.source);
    }
}

#[test]
fn what_is_broken_on_purpose_is_found() {
    let own = wrongs(&OURS);
    let rounds = (0..BROKEN.len()).map(round_of).max().map_or(0, |last| last + 1);
    let others: Vec<BTreeSet<Wrong>> = (0..rounds).map(|round| wrongs(&broken(round))).collect();
    let missed: Vec<String> = BROKEN
        .iter()
        .enumerate()
        .filter(|(at, (_, _, _, words))| {
            !others[round_of(*at)]
                .difference(&own)
                .any(|wrong| format!("{}, {}: {}", wrong.of, wrong.place, wrong.what).contains(words))
        })
        .map(|(at, (file, from, to, words))| {
            let found: Vec<&Wrong> = others[round_of(at)].difference(&own).collect();
            format!("{file}: {from:?} became {to:?}; expected {words:?} among {found:#?}")
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
