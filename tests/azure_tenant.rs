//! A whole tenant, with the truth of every check written down: what the shipped program says of it, finding by finding.
//!
//! `truth.yaml` beside the answers was decided by hand. The table of what others are known to get wrong changes one answer
//! of the tenant at a time, where the tenant does not show the case as it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use emulators::azure::{FakeAzure, Role, TENANT};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PRODUCTION: &str = "0fb1a2c3-0001-4c1d-9a01-000000000001";
const LEGACY: &str = "0fb1a2c3-0002-4c1d-9a01-000000000002";

/// By check and subject: the outcomes, and what was said.
type Found = BTreeMap<(String, String), Vec<(String, String)>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure/tenant")
}

/// `production/vnet-prod`, `legacy`, `tenant`: what the truth calls a resource.
fn subject(account: &str, id: &str) -> String {
    let place = match account {
        PRODUCTION => "production",
        LEGACY => "legacy",
        TENANT => "tenant",
        other => panic!("nothing is in {other}"),
    };
    if id == account { place.to_owned() } else { format!("{place}/{}", id.rsplit('/').next().unwrap_or(id)) }
}

/// What the program finds where the fake is its Azure.
fn judge(fake: &FakeAzure) -> Found {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(["audit", "azure", "--azure-credential", "secret", "--no-pdf", "--json", "--call-timeout", "20"])
        .args(["--out", run.to_str().unwrap()])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(fake.env())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(10), "{err}");
    let result: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out} {err}"));
    let mut found = Found::new();
    for finding in result["findings"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let check = text(&finding["check"]);
        if check.starts_with("azure-") || check.starts_with("entra-") {
            let about = &finding["subject"];
            let id = about["id"].as_str().unwrap_or("*");
            let said = (text(&finding["outcome"]), format!("{} {}", finding["sentence"], finding["reasons"]));
            found.entry((check, subject(&text(&about["account"]), id))).or_default().push(said);
        }
    }
    found
}

fn truth() -> BTreeMap<String, BTreeMap<String, String>> {
    serde_saphyr::from_str(&fs::read_to_string(folder().join("truth.yaml")).unwrap()).unwrap()
}

#[test]
fn every_finding_is_true_and_every_truth_is_found() {
    let fake = FakeAzure::serving(&folder());
    let found = judge(&fake);
    let mut wanted = BTreeMap::new();
    for (check, subjects) in truth() {
        for (subject, outcome) in subjects {
            // The program writes ids of Azure in lower case.
            wanted.insert((check.clone(), subject.to_lowercase()), outcome);
        }
    }
    let mut wrong = Vec::new();
    for key in wanted.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        let said: Vec<&str> = found.get(key).into_iter().flatten().map(|(outcome, _)| &**outcome).collect();
        let right = wanted.get(key).map(|outcome| &**outcome);
        if said.len() != 1 || said.first().copied() != right {
            wrong.push(format!("{key:?}: true is {right:?}, found was {:?}", found.get(key)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_has_its_truth() {
    let mut names = BTreeSet::new();
    for cloud in ["azure", "entra"] {
        let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("controls/{cloud}/checks"));
        for file in fs::read_dir(checks).unwrap() {
            let file = file.unwrap().path();
            names.insert(format!("{cloud}-{}", file.file_stem().unwrap().to_str().unwrap()));
        }
    }
    assert_eq!(truth().into_keys().collect::<BTreeSet<_>>(), names);
}

#[test]
fn every_address_is_asked_once() {
    let fake = FakeAzure::serving(&folder());
    judge(&fake);
    let mut asked: BTreeMap<(Role, String), usize> = BTreeMap::new();
    for seen in fake.seen() {
        let query: Vec<String> = seen.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        *asked.entry((seen.role, format!("{}?{}", seen.path.to_lowercase(), query.join("&")))).or_default() += 1;
    }
    let twice: Vec<_> = asked.iter().filter(|((role, _), times)| *role != Role::Authority && **times > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
    let at = |role: Role| fake.seen_at(role).len();
    assert_eq!((at(Role::Authority), at(Role::Arm), at(Role::Graph), at(Role::Elsewhere)), (0, 0, 0, 0));
}

#[test]
#[ignore = "serves the tenant for a look by hand"]
fn serve() {
    let fake = FakeAzure::serving(&folder());
    for (name, value) in fake.env() {
        eprintln!("export {name}={value}");
    }
    std::thread::sleep(std::time::Duration::from_hours(1));
}
