//! The shipped program against a fake Azure: how it signs in, what it asks, and what becomes of every way in which an
//! answer can be wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use emulators::azure::{CLIENT, FakeAzure, Fault, Options, PRINCIPAL, Role, SECRET, SIGNATURE, TENANT};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const ONE: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const TWO: &str = "22222222-aaaa-4bbb-8ccc-000000000002";

/// What a run printed and wrote.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
    folder: PathBuf,
    /// Keeps the folder.
    _home: tempfile::TempDir,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {} {}", self.out, self.err))
    }

    /// Outcome, error code and detail of the calls of a read, in their order in the index.
    fn calls(&self, read: &str) -> Vec<(String, String, String)> {
        lines(&self.folder.join("collection/exchanges.jsonl"))
            .iter()
            .filter(|line| line["call"]["read"] == read)
            .map(|line| {
                let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
                (text("outcome"), text("code"), text("detail"))
            })
            .collect()
    }

    /// Ids of the resources of the only list of this read that was answered, over all of its pages.
    fn ids(&self, read: &str) -> Vec<String> {
        lines(&self.folder.join("collection/exchanges.jsonl"))
            .iter()
            .filter(|line| line["call"]["read"] == read && line["outcome"] == "answered")
            .flat_map(|line| {
                let body =
                    fs::read(self.folder.join("collection/bodies").join(line["body"].as_str().unwrap())).unwrap();
                let body: Value = serde_json::from_slice(&body).unwrap();
                let items = body["value"].as_array().cloned().unwrap_or_default();
                items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            })
            .collect()
    }
}

fn lines(file: &Path) -> Vec<Value> {
    fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs the program with the fake as its Azure.
fn farwatch(fake: &FakeAzure, arguments: &[&str]) -> Run {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(arguments)
        .args(["--out", folder.to_str().unwrap(), "--no-pdf", "--json", "--call-timeout", "8"])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(fake.env())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr), folder, _home: home }
}

const AUDIT: [&str; 4] = ["audit", "azure", "--azure-credential", "secret"];
const NETWORKS: &str = "Microsoft.Network:VirtualNetworks_ListAll";

fn path(subscription: &str, what: &str) -> String {
    format!("/subscriptions/{subscription}/providers/{what}")
}

fn networks_of(subscription: &str) -> String {
    path(subscription, "Microsoft.Network/virtualNetworks")
}

fn network(subscription: &str, name: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/{name}"),
        "name": name, "location": "usgovvirginia",
        "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] }, "subnets": [] },
    })
}

fn subscription(id: &str, state: &str) -> Value {
    json!({ "id": format!("/subscriptions/{id}"), "subscriptionId": id, "displayName": "Works", "state": state, "tenantId": TENANT })
}

/// A tenant with these subscriptions, watched by Defender for Cloud, and three networks in the first of them. Everything
/// else is empty.
fn tenant(subscriptions: &[Value]) -> FakeAzure {
    tenant_with(subscriptions, Options::default())
}

fn tenant_with(subscriptions: &[Value], options: Options) -> FakeAzure {
    let fake = FakeAzure::with(options);
    fake.answer("GET", "/{+any}", 200, json!({ "value": [] }));
    fake.answer("GET", "/v1.0/{+any}", 200, json!({ "value": [] }));
    fake.answer("GET", "/subscriptions", 200, json!({ "value": subscriptions }));
    let plan = json!({ "id": "/plan", "name": "Arm", "properties": { "pricingTier": "Standard" } });
    fake.answer("GET", &path("{subscription}", "Microsoft.Security/pricings"), 200, json!({ "value": [plan] }));
    let networks: Vec<Value> = ["a", "b", "c"].iter().map(|name| network(ONE, name)).collect();
    fake.answer("GET", &networks_of(ONE), 200, json!({ "value": networks }));
    fake
}

#[test]
fn a_tenant_is_read_and_nothing_secret_is_written() {
    let fake = tenant(&[subscription(ONE, "Enabled"), subscription(TWO, "Enabled")]);
    let run = farwatch(&fake, &AUDIT);
    assert_eq!(run.code, Some(11), "{}", run.err);
    let seal: Value =
        serde_json::from_str(&fs::read_to_string(run.folder.join("collection/collection.json")).unwrap()).unwrap();
    let session = &seal["sessions"][0];
    assert_eq!((&session["account"], &session["partition"]), (&json!(TENANT), &json!("azure-public")));
    assert!(session["caller"].as_str().unwrap().contains(PRINCIPAL), "{session}");
    let environments: Vec<Value> = run.json()["assessment"]["environments"].as_array().unwrap().clone();
    let ids: Vec<&str> =
        environments.iter().filter_map(|one| one["open"].is_null().then(|| one["id"].as_str())?).collect();
    assert_eq!(ids, [format!("azure:{ONE}"), format!("azure:{TWO}"), format!("entra:{TENANT}")]);
    // Every subscription is asked, once.
    for (read, times) in [("Microsoft.Resources:Subscriptions_List", 1), (NETWORKS, 2), ("Token:Claims", 1)] {
        assert_eq!(run.calls(read).len(), times, "{read}");
    }
    assert_eq!((fake.count(&networks_of(ONE)), fake.count(&networks_of(TWO))), (1, 1));
    // ARM's token goes to ARM, and Graph's to Graph: the fake refuses any other.
    assert!(fake.seen_at(Role::Arm).iter().all(|seen| seen.token.is_some()));
    assert!(!fake.seen_at(Role::Graph).is_empty());
    let mut files = Vec::new();
    walk(&run.folder, &mut files);
    assert!(files.len() > 10);
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        for canary in [SECRET, SIGNATURE] {
            assert!(!text.contains(canary), "{canary} stands in {}", file.display());
        }
    }
    assert!(!run.out.contains(SIGNATURE) && !run.err.contains(SIGNATURE) && !run.err.contains(SECRET));
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { walk(&entry.path(), files) } else { files.push(entry.path()) }
    }
}

#[test]
fn what_is_wrong_with_one_list_stays_with_it() {
    let list = networks_of(ONE);
    let action = "Microsoft.Network/virtualNetworks/read";
    let (answered, denied, failed, throttled) = ("answered", "denied", "failed", "throttled");
    // What happens, how often, how the last page ends, and what is said of it.
    let cases: [(Fault, usize, &str, &str); 12] = [
        (Fault::Denied, usize::MAX, denied, "does not have authorization"),
        (Fault::Throttled(1), 2, answered, ""),
        (Fault::Throttled(60), usize::MAX, throttled, ""),
        (Fault::NotRegistered, usize::MAX, "not_enabled", "not registered"),
        (Fault::ErrorInside, usize::MAX, failed, ""),
        (Fault::Html, usize::MAX, failed, "HTTP 502"),
        (Fault::Truncated, usize::MAX, failed, ""),
        (Fault::Hangs, usize::MAX, failed, "no answer within the time"),
        (Fault::Closed, usize::MAX, failed, ""),
        (Fault::EmptyMiddlePage, usize::MAX, answered, ""),
        (Fault::ForeignLink, usize::MAX, failed, "it was not asked"),
        (Fault::Loop, usize::MAX, failed, "comes back"),
    ];
    let fake = tenant(&[subscription(ONE, "Enabled"), subscription(TWO, "Enabled")]);
    for (fault, times, outcome, said) in cases {
        let name = format!("{fault:?}");
        fake.mend();
        fake.fault_first(times, &list, fault);
        let run = farwatch(&fake, &AUDIT);
        let calls = run.calls(NETWORKS);
        let (other, own): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.0 == answered && call.2.is_empty());
        let (end, _, detail) = own.last().or(other.last()).copied().unwrap();
        assert_eq!(end, outcome, "{name}: {calls:?}");
        assert!(detail.contains(said), "{name}: {detail}");
        assert!(!other.is_empty(), "{name}: the other subscription is read all the same");
        let gaps = run.json()["gaps"].as_array().unwrap().iter().filter(|gap| gap["read"] == NETWORKS).count();
        assert_eq!(gaps, usize::from(!["answered", "not_enabled"].contains(&outcome)), "{name}");
        if outcome == denied {
            assert!(run.json()["gaps"].to_string().contains(action));
        }
        if outcome == answered {
            assert_eq!(run.ids(NETWORKS).len(), 3, "{name}: {calls:?}");
        }
    }
    assert_eq!(fake.seen_at(Role::Elsewhere).len(), 0, "a next page at somebody else's address was asked");
}

#[test]
fn a_subscription_that_is_not_enabled_stays_open() {
    let fake = tenant(&[subscription(ONE, "Enabled"), subscription(TWO, "Disabled")]);
    let run = farwatch(&fake, &AUDIT);
    let environments = run.json()["assessment"]["environments"].as_array().unwrap().clone();
    let open = |id: &str| environments.iter().find(|one| one["id"] == id).map(|one| one["open"].clone()).unwrap();
    assert_eq!(open(&format!("azure:{ONE}")), Value::Null);
    assert_eq!(open(&format!("azure:{TWO}")), json!("Azure says that the subscription is \"Disabled\", not Enabled"));
}

#[test]
fn subscriptions_that_cannot_be_listed_are_not_none() {
    let fake = tenant(&[]);
    fake.fault("/subscriptions", Fault::Denied);
    let run = farwatch(&fake, &AUDIT);
    assert_eq!(run.code, Some(11), "{}", run.err);
    let environments = run.json()["assessment"]["environments"].clone();
    assert!(environments.to_string().contains("could not be listed completely"), "{environments}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_told_at_once() {
    let fake = tenant_with(&[], Options { untrusted: true, ..Options::default() });
    let started = Instant::now();
    let run = farwatch(&fake, &AUDIT);
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("certificate") && run.err.lines().count() < 12, "{}", run.err);
}

#[test]
fn a_secret_that_is_wrong_is_told_without_it() {
    let fake = tenant(&[]);
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(AUDIT)
        .args(["--out", home.path().join("run").to_str().unwrap()])
        .env_clear()
        .env("HOME", home.path())
        .envs(fake.env())
        .env("AZURE_CLIENT_SECRET", "not-the-secret")
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains("AADSTS") && !err.contains("not-the-secret") && err.lines().count() < 14, "{err}");
}

#[test]
fn a_certificate_signs_in_without_a_secret() {
    let fake = tenant(&[subscription(ONE, "Enabled")]);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("farwatch.pem");
    fs::write(&file, format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
    let certificate =
        ["audit", "azure", "--azure-credential", "certificate", "--azure-certificate", file.to_str().unwrap()];
    let run = farwatch(&fake, &certificate);
    assert_eq!(run.code, Some(11), "{}", run.err);
    let asked = fake.seen_at(Role::Authority);
    let assertion =
        asked.iter().find_map(|seen| seen.body["client_assertion"].as_str()).expect("an assertion was sent");
    assert!(asked.iter().all(|seen| seen.body["client_secret"].is_null()));
    let part = |at: usize| -> Value {
        use base64::Engine as _;
        let part = assertion.split('.').nth(at).unwrap();
        serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (head, claims) = (part(0), part(1));
    assert_eq!((&head["alg"], &claims["iss"], &claims["sub"]), (&json!("PS256"), &json!(CLIENT), &json!(CLIENT)));
    assert_eq!(claims["aud"], json!(format!("{}/{TENANT}/oauth2/v2.0/token", fake.authority())));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 600);
}

#[test]
fn plain_http_and_unknown_clouds_are_refused() {
    let fake = FakeAzure::start();
    for (more, said) in [
        (["--arm-endpoint", "http://127.0.0.1:1"], "only https is used"),
        (["--azure-cloud", "azure-moon"], "there are azure-dod, azure-government, azure-public"),
        (["--ca-bundle", "/nowhere.pem"], "--ca-bundle /nowhere.pem"),
    ] {
        let arguments: Vec<&str> = AUDIT.into_iter().chain(more).collect();
        let run = farwatch(&fake, &arguments);
        assert_eq!(run.code, Some(2));
        assert!(run.err.contains(said), "{}", run.err);
    }
}
