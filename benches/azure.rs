//! `cargo bench --bench azure`: a tenant of 20 subscriptions with 500 resources each, read from a fake Azure that takes
//! 50 ms for every answer, in both ways of listing it, and judged. Prints requests, CPU seconds, memory, and the wall time
//! of reading beside what the limits and the latency allow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement may stop at the first surprise, and prints"
)]

#[allow(dead_code, unreachable_pub, reason = "a part of the harness is used")]
#[path = "../tests/emulators/azure.rs"]
mod azure;

use azure::{FakeAzure, Options, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SUBSCRIPTIONS: usize = 20;
const LATENCY: Duration = Duration::from_millis(50);
/// What `farwatch` has in flight at once unless told otherwise (`--in-flight`).
const IN_FLIGHT: f64 = 24.0;
/// Requests a second to ARM, in one subscription; `per_second` of `controls/azure/services.yaml`.
const ARM: f64 = 25.0;

/// What Resource Graph may list: `controls/azure/reads/resource-graph.yaml`.
const IN_GRAPH: [&str; 8] = [
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/networkWatchers",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/privateEndpoints",
];

/// What each subscription has: provider and type, how many, and the properties of each.
fn resources() -> Vec<(&'static str, usize, Value)> {
    vec![
        ("Microsoft.Network/virtualNetworks", 60, json!({ "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } })),
        ("Microsoft.Network/networkInterfaces", 200, json!({ "ipConfigurations": [] })),
        ("Microsoft.Network/networkSecurityGroups", 60, json!({ "securityRules": [], "defaultSecurityRules": [] })),
        ("Microsoft.Network/publicIPAddresses", 100, json!({})),
        ("Microsoft.Insights/metricAlerts", 50, json!({ "enabled": true, "scopes": [] })),
        ("Microsoft.OperationalInsights/workspaces", 2, json!({ "retentionInDays": 90 })),
        ("Microsoft.Storage/storageAccounts", 20, json!({ "supportsHttpsTrafficOnly": true })),
        ("Microsoft.KeyVault/vaults", 8, json!({ "enablePurgeProtection": true })),
    ]
}

fn serve(fake: &FakeAzure) {
    fake.answer("GET", "/{+any}", 200, json!({ "value": [] }));
    fake.answer("GET", "/v1.0/{+any}", 200, json!({ "value": [] }));
    let ids: Vec<String> = (0..SUBSCRIPTIONS).map(|at| format!("10000000-0000-4000-8000-{at:012}")).collect();
    let subscriptions: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "subscriptionId": id, "displayName": id, "state": "Enabled", "tenantId": azure::TENANT }))
        .collect();
    fake.answer("GET", "/subscriptions", 200, json!({ "value": subscriptions }));
    let mut rows: BTreeMap<&str, Vec<Value>> = IN_GRAPH.iter().map(|kind| (*kind, Vec::new())).collect();
    for subscription in &ids {
        for (kind, number, properties) in resources() {
            let list = format!("/subscriptions/{subscription}/providers/{kind}");
            let item = |at: usize| {
                json!({
                    "id": format!("/subscriptions/{subscription}/resourceGroups/group/providers/{kind}/one{at}"),
                    "name": format!("one{at}"), "location": "usgovvirginia", "tags": {}, "properties": properties,
                })
            };
            let items: Vec<Value> = (0..number).map(item).collect();
            if let Some(rows) = rows.get_mut(kind) {
                rows.extend(items.iter().cloned().map(|mut item| {
                    item["subscriptionId"] = json!(subscription);
                    item
                }));
            }
            fake.answer("GET", &list, 200, json!({ "value": items }));
        }
    }
    for (kind, rows) in rows {
        fake.query(&format!("'{}'", kind.to_lowercase()), rows);
    }
}

/// User and system CPU seconds of children that have ended: `/proc/self/stat`, fields 16 and 17 (proc(5)), in hundredths.
fn cpu_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    [13, 14].iter().map(|at| fields[*at].parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// What a command took.
struct Took {
    seconds: f64,
    cpu: f64,
    megabytes: f64,
}

/// Runs `farwatch` against the fake.
fn run(fake: &FakeAzure, home: &Path, args: &[&str]) -> Took {
    let (before, began) = (cpu_of_children(), Instant::now());
    let mut child = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(args)
        .env_clear()
        .env("HOME", home)
        .envs(fake.env())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0.0_f64;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: f64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default();
        peak = peak.max(kilobytes / 1024.0);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(matches!(status.code(), Some(0 | 10 | 11)), "farwatch {args:?} ended with {status}");
    Took { seconds: began.elapsed().as_secs_f64(), cpu: cpu_of_children() - before, megabytes: peak }
}

fn main() {
    if !fs::exists("/proc/self/stat").unwrap_or(false) {
        println!("skipped: CPU seconds are read from /proc, which is not here");
        return;
    }
    let resources: usize = resources().iter().map(|(_, number, _)| number).sum();
    println!("{SUBSCRIPTIONS} subscriptions of {resources} resources, {} ms for every answer", LATENCY.as_millis());
    for inventory in ["direct", "resource-graph"] {
        println!("--inventory {inventory}");
        measure(inventory);
    }
}

fn measure(inventory: &str) {
    let fake = FakeAzure::with(Options { latency: LATENCY, ..Options::default() });
    serve(&fake);
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let folder = folder.to_str().unwrap();
    let how = ["--azure-credential", "secret", "--inventory", inventory, "--quiet", "--out", folder];
    let collect = run(&fake, home.path(), &[&["collect", "azure"], &how[..]].concat());
    let assess = run(&fake, home.path(), &["assess", folder, "--no-pdf"]);

    let mut of_kind: BTreeMap<String, usize> = BTreeMap::new();
    let mut of_subscription: BTreeMap<String, usize> = BTreeMap::new();
    let asked = fake.seen_at(Role::Arm);
    for seen in &asked {
        let kind = seen.path.rsplit_once("/providers/").map_or("subscriptions", |(_, kind)| kind);
        let kind: Vec<&str> = kind.split('/').enumerate().filter(|(at, _)| *at != 2).map(|(_, part)| part).collect();
        *of_kind.entry(kind.join("/")).or_default() += 1;
        let subscription = seen.path.split('/').nth(2).unwrap_or_default();
        *of_subscription.entry(subscription.to_owned()).or_default() += 1;
    }
    println!("{} requests to ARM, {} to Graph", asked.len(), fake.seen_at(Role::Graph).len());
    let mut kinds: Vec<_> = of_kind.into_iter().collect();
    kinds.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    for (kind, number) in kinds.iter().take(12) {
        println!("  {number:5} {kind}");
    }
    println!("reading: {:.2} CPU s, {:.0} MB", collect.cpu, collect.megabytes);
    println!("judging and ssp.md: {:.2} CPU s, {:.0} MB", assess.cpu, assess.megabytes);
    let most = of_subscription.values().copied().max().unwrap_or_default();
    let quota = most as f64 / ARM;
    let slots = asked.len() as f64 * LATENCY.as_secs_f64() / IN_FLIGHT;
    let allowed = quota.max(slots);
    println!(
        "{:.1} s; {most} requests to one subscription at {ARM} a second take {quota:.1} s, all requests {IN_FLIGHT} at once \
         {slots:.1} s: {:.2} times what they allow",
        collect.seconds,
        collect.seconds / allowed
    );
}
