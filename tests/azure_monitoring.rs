//! The shipped program against a fake Azure that records its traffic and calls: from what Azure answers, in the shapes
//! that its specification publishes, to the findings of the checks on networks, logs and alerts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use emulators::azure::{FakeAzure, Fault, TENANT};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

const ONE: &str = "11111111-aaaa-4bbb-8ccc-000000000001";

fn id(rest: &str) -> String {
    format!("/subscriptions/{ONE}/resourceGroups/RG/providers/{rest}")
}

fn list(what: &str) -> String {
    format!("/subscriptions/{ONE}/providers/{what}")
}

fn vnet() -> String {
    id("Microsoft.Network/virtualNetworks/Hub")
}

fn watcher() -> String {
    id("Microsoft.Network/networkWatchers/NetworkWatcher_eastus")
}

fn workspace() -> String {
    id("Microsoft.OperationalInsights/workspaces/Soc")
}

fn storage() -> String {
    id("Microsoft.Storage/storageAccounts/flows")
}

fn vault() -> String {
    id("Microsoft.KeyVault/vaults/keys")
}

fn flow_log(changes: &Value) -> Value {
    let mut properties = json!({
        // Azure compares ids without case, and answers them in more than one.
        "targetResourceId": vnet().to_uppercase().replace("/SUBSCRIPTIONS/", "/subscriptions/"),
        "storageId": storage(), "enabled": true, "provisioningState": "Succeeded",
        "format": { "type": "JSON", "version": 2 },
        "retentionPolicy": { "days": 0, "enabled": false },
        "flowAnalyticsConfiguration": { "networkWatcherFlowAnalyticsConfiguration": {
            "enabled": true, "workspaceId": "guid", "workspaceRegion": "eastus",
            "workspaceResourceId": workspace().to_lowercase(), "trafficAnalyticsInterval": 10 } },
    });
    for (name, value) in changes.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({ "value": [{ "id": format!("{}/FlowLogs/hub", watcher()), "name": "hub", "location": "eastus",
                        "type": "Microsoft.Network/networkWatchers/FlowLogs", "properties": properties }] })
}

fn logs(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(kind, name)| json!({ *kind: name, "enabled": true })).collect()
}

/// A subscription whose only network is recorded and analysed, with one alert to one address.
fn healthy() -> FakeAzure {
    let fake = FakeAzure::start();
    let answer = |path: &str, value: Value| fake.answer("GET", path, 200, json!({ "value": value }));
    answer("/{+any}", json!([]));
    answer("/v1.0/{+any}", json!([]));
    answer(
        "/subscriptions",
        json!([{ "id": format!("/subscriptions/{ONE}"), "subscriptionId": ONE,
        "displayName": "Works", "state": "Enabled", "tenantId": TENANT }]),
    );
    let subnets = json!([{ "id": format!("{}/subnets/Web", vnet()), "name": "Web", "properties": {
        "addressPrefix": "10.0.0.0/24", "provisioningState": "Succeeded",
        "ipConfigurations": [{ "id": id("Microsoft.Network/networkInterfaces/web/ipConfigurations/one") }] } }]);
    answer(
        &list("Microsoft.Network/virtualNetworks"),
        json!([{ "id": vnet(), "name": "Hub", "location": "eastus",
        "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] }, "subnets": subnets } }]),
    );
    answer(
        &list("Microsoft.Network/networkInterfaces"),
        json!([{ "id": id("Microsoft.Network/networkInterfaces/web"),
        "name": "web", "location": "eastus", "properties": { "ipConfigurations": [{
            "id": id("Microsoft.Network/networkInterfaces/web/ipConfigurations/one"),
            "properties": { "subnet": { "id": format!("{}/subnets/Web", vnet()) } } }] } }]),
    );
    answer(
        &list("Microsoft.Network/networkWatchers"),
        json!([{ "id": watcher(), "name": "NetworkWatcher_eastus",
        "location": "eastus", "properties": { "provisioningState": "Succeeded" } }]),
    );
    fake.answer("GET", &format!("{}/flowLogs", watcher().to_lowercase()), 200, flow_log(&json!({})));
    answer(
        &list("Microsoft.Storage/storageAccounts"),
        json!([{ "id": storage(), "name": "flows",
        "location": "eastus", "kind": "StorageV2", "properties": { "supportsHttpsTrafficOnly": true } }]),
    );
    answer(
        &list("Microsoft.KeyVault/vaults"),
        json!([{ "id": vault(), "name": "keys", "location": "eastus",
        "properties": {} }]),
    );
    answer(
        &list("Microsoft.OperationalInsights/workspaces"),
        json!([{ "id": workspace(), "name": "Soc",
        "location": "eastus", "properties": { "customerId": "guid", "provisioningState": "Succeeded",
        "retentionInDays": 30 } }]),
    );
    let columns: Value = ["TimeGenerated", "FlowType", "SrcIp", "BytesSrcToDest"]
        .iter()
        .map(|name| json!({ "name": name, "type": "string" }))
        .collect();
    answer(
        &format!("{}/tables", workspace().to_lowercase()),
        json!([{ "id": format!("{}/tables/NTANetAnalytics", workspace()),
        "name": "NTANetAnalytics", "properties": { "plan": "Analytics", "retentionInDays": 30,
        "totalRetentionInDays": 365, "schema": { "name": "NTANetAnalytics", "columns": null,
        "standardColumns": columns } } }]),
    );
    // As published: without the leading slash, and with a group.
    answer(
        &list("Microsoft.Insights/diagnosticSettings"),
        json!([{
        "id": format!("subscriptions/{ONE}/providers/AzureResourceManager/diagnosticSettings/ds4"), "type": null,
        "name": "ds4", "properties": { "workspaceId": workspace(), "storageAccountId": "",
        "logs": logs(&[("categoryGroup", "allLogs")]) } }]),
    );
    answer(
        &format!("{}/providers/Microsoft.Insights/diagnosticSettings", vault().to_lowercase()),
        json!([{
        "id": format!("{}/providers/microsoft.insights/diagnosticSettings/audit", vault()), "name": "audit",
        "properties": { "workspaceId": workspace(), "logs": logs(&[("categoryGroup", "audit")]) } }]),
    );
    answer(
        &format!("{}/providers/Microsoft.Insights/diagnosticSettingsCategories", vault().to_lowercase()),
        json!([{
        "id": format!("{}/providers/microsoft.insights/diagnosticSettingsCategories/AuditEvent", vault()),
        "name": "AuditEvent", "properties": { "categoryType": "Logs", "categoryGroups": ["audit", "allLogs"] } }]),
    );
    answer(
        &list("Microsoft.Insights/actionGroups"),
        json!([{ "id": id("microsoft.insights/actionGroups/soc"),
        "name": "soc", "location": "Global", "properties": { "enabled": true, "emailReceivers": [
            { "name": "ann", "emailAddress": "ann@example.com", "status": "Enabled" },
            { "name": "bob", "emailAddress": "bob@example.com", "status": "Enabled" }],
        "webhookReceivers": [{ "name": "hook", "serviceUri": "https://hooks.example.com/canary-of-a-webhook" }] } }]),
    );
    let query = "NTANetAnalytics\n| where FlowType == \"ExternalPublic\"\n| summarize Total = sum(BytesSrcToDest) by SrcIp\n| where Total > 1000000000";
    answer(
        &list("Microsoft.Insights/scheduledQueryRules"),
        json!([{
        "id": id("microsoft.insights/scheduledQueryRules/large"), "name": "large", "location": "eastus",
        "properties": { "enabled": true, "severity": 1, "scopes": [workspace()], "evaluationFrequency": "PT30M",
        "windowSize": "PT1H", "criteria": { "allOf": [{ "query": query, "timeAggregation": "Count",
            "operator": "GreaterThan", "threshold": 0.0 }] },
        "actions": { "actionGroups": [id("microsoft.insights/actionGroups/soc").to_lowercase()] } } }]),
    );
    fake
}

/// Outcome and sentence by check and resource.
fn judged(fake: &FakeAzure) -> (BTreeMap<(String, String), (String, String)>, String) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(["audit", "azure", "--azure-credential", "secret"])
        .args(["--out", folder.to_str().unwrap(), "--no-pdf", "--json", "--call-timeout", "8"])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(fake.env())
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let json: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out} {said}"));
    let findings = json["findings"].as_array().or_else(|| json["assessment"]["findings"].as_array()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = findings
        .iter()
        .map(|one| {
            let about = one["subject"]["id"].as_str().unwrap_or("*").rsplit('/').next().unwrap_or("*").to_owned();
            (
                (text(&one["check"]), about),
                (text(&one["outcome"]), one["sentence"].to_string() + &one["reasons"].to_string()),
            )
        })
        .collect();
    let mut kept = String::new();
    for entry in walk(&folder) {
        kept += &String::from_utf8_lossy(&std::fs::read(entry).unwrap());
    }
    (all, kept)
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

fn outcome(fake: &FakeAzure, check: &str, about: &str) -> String {
    let (all, _) = judged(fake);
    all.get(&(check.to_owned(), about.to_owned()))
        .unwrap_or_else(|| panic!("no finding of {check} about {about}: {:?}", all.keys().collect::<Vec<_>>()))
        .0
        .clone()
}

#[test]
fn a_subscription_that_records_its_traffic_and_calls() {
    let (all, kept) = judged(&healthy());
    for (check, about) in [
        ("azure-virtual-network-recorded", "hub"),
        ("azure-flow-logs-not-legacy", "hub"),
        ("azure-network-watcher-in-every-region", "hub"),
        ("azure-flow-log-version", "hub"),
        ("azure-flow-log-unfiltered", "hub"),
        ("azure-flow-log-storage-exists", "hub"),
        ("azure-flow-log-retention", "hub"),
        ("azure-traffic-analytics-enabled", "hub"),
        ("azure-activity-log-kept", ONE),
        ("azure-resource-logs-sent", "keys"),
        ("azure-workspace-present", ONE),
        ("azure-workspace-not-capped", "soc"),
        ("azure-table-retention", "ntanetanalytics"),
        ("azure-alert-chain-whole", "large"),
        ("azure-alert-receivers", "soc"),
        ("azure-suspicious-traffic-alert", ONE),
    ] {
        let found = all.get(&(check.to_owned(), about.to_owned()));
        assert_eq!(found.map(|one| one.0.as_str()), Some("pass"), "{check}: {found:?}");
    }
    // The blob service of the account has no setting of its own.
    assert_eq!(all[&("azure-resource-logs-sent".to_owned(), "default".to_owned())].0, "fail");
    assert!(!kept.contains("canary-of-a-webhook"), "the address of a webhook was kept");
}

#[test]
fn what_changes_a_verdict_on_recorded_traffic() {
    let flow_logs = format!("{}/flowLogs", watcher().to_lowercase());
    for (changes, wanted) in [
        (json!({ "enabled": false }), "fail"),
        (json!({ "enabledFilteringCriteria": "DstPort=443" }), "fail"),
        (json!({ "targetResourceId": id("Microsoft.Network/virtualNetworks/Other") }), "fail"),
        (json!({ "storageId": id("Microsoft.Storage/storageAccounts/gone") }), "fail"),
        (
            json!({ "storageId": "/subscriptions/another/resourceGroups/RG/providers/Microsoft.Storage/storageAccounts/a" }),
            "unknown",
        ),
    ] {
        let fake = healthy();
        fake.answer("GET", &flow_logs, 200, flow_log(&changes));
        assert_eq!(outcome(&fake, "azure-virtual-network-recorded", "hub"), wanted, "{changes}");
    }
    let fake = healthy();
    fake.fault(&flow_logs, Fault::Denied);
    assert_eq!(outcome(&fake, "azure-virtual-network-recorded", "hub"), "unknown");
    assert_eq!(outcome(&fake, "azure-suspicious-traffic-alert", ONE), "unknown");
}

#[test]
fn metrics_alone_record_no_calls() {
    let fake = healthy();
    let settings = list("Microsoft.Insights/diagnosticSettings");
    let metrics = json!({ "value": [{ "id": "subscriptions/x/providers/AzureResourceManager/diagnosticSettings/m",
        "name": "m", "properties": { "workspaceId": workspace(), "metrics": [{ "category": "AllMetrics", "enabled": true }] } }] });
    fake.answer("GET", &settings, 200, metrics);
    assert_eq!(outcome(&fake, "azure-activity-log-kept", ONE), "fail");
    fake.fault(&settings, Fault::Denied);
    assert_eq!(outcome(&fake, "azure-activity-log-kept", ONE), "unknown");
}
