//! `farwatch coverage`: every row of the lists of others has its answer, and what is wrong in such a file is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::controls::Controls;
use farwatch::model::coverage::{Coverage, Covered};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

fn controls() -> Controls {
    Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"))
}

fn farwatch(arguments: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// List, rows, covered, partly, not covered. Whoever changes an answer changes a number here, and says so.
const COUNTS: [(&str, usize, [usize; 3]); 4] = [
    ("aws-config", 70, [11, 14, 45]),
    ("azure-policy", 94, [6, 7, 81]),
    ("prowler-aws", 49, [12, 9, 28]),
    ("prowler-azure", 41, [6, 9, 26]),
];

#[test]
fn the_lists_are_whole() {
    let found: Vec<(String, usize, [usize; 3])> = controls()
        .coverage
        .iter()
        .map(|list| (list.id.clone(), list.rows.len(), Covered::ALL.map(|covered| list.count(covered))))
        .collect();
    let wanted: Vec<_> = COUNTS.iter().map(|(id, rows, counts)| ((*id).to_owned(), *rows, *counts)).collect();
    assert_eq!(found, wanted);
}

/// How many rows of a list stand under each requirement.
fn under(list: &Coverage) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for requirement in list.rows.iter().flat_map(|row| list.requirements(row)) {
        *counts.entry(requirement).or_default() += 1;
    }
    counts
}

/// The numbers of the lists themselves: what their publishers name under each requirement.
#[test]
fn every_requirement_has_the_rows_that_the_list_gives_it() {
    let controls = controls();
    let of = |id: &str| under(controls.coverage.iter().find(|list| list.id == id).unwrap());
    assert_eq!(
        of("prowler-azure"),
        BTreeMap::from([
            ("AC.L1-b.1.i", 18),
            ("AC.L1-b.1.ii", 7),
            ("AC.L1-b.1.iii", 7),
            ("AC.L1-b.1.iv", 10),
            ("IA.L1-b.1.vi", 3),
            ("SC.L1-b.1.x", 7),
            ("SC.L1-b.1.xi", 17),
            ("SI.L1-b.1.xii", 3),
            ("SI.L1-b.1.xiii", 1),
        ])
    );
    assert_eq!(
        of("prowler-aws"),
        BTreeMap::from([
            ("AC.L1-b.1.i", 29),
            ("AC.L1-b.1.ii", 6),
            ("AC.L1-b.1.iii", 4),
            ("AC.L1-b.1.iv", 13),
            ("IA.L1-b.1.vi", 2),
            ("SC.L1-b.1.x", 21),
            ("SC.L1-b.1.xi", 20),
            ("SI.L1-b.1.xii", 2),
            ("SI.L1-b.1.xiii", 2),
            ("SI.L1-b.1.xv", 1),
        ])
    );
    assert_eq!(of("azure-policy"), BTreeMap::from([("SC.L1-b.1.x", 94), ("SC.L1-b.1.xi", 82)]));
    assert_eq!(
        of("aws-config"),
        BTreeMap::from([
            ("AC.L1-b.1.i", 44),
            ("AC.L1-b.1.ii", 35),
            ("AC.L1-b.1.iii", 20),
            ("IA.L1-b.1.v", 9),
            ("IA.L1-b.1.vi", 6),
            ("SC.L1-b.1.x", 35),
            ("SI.L1-b.1.xii", 3),
            ("SI.L1-b.1.xiii", 1),
            ("SI.L1-b.1.xv", 1),
        ])
    );
}

#[test]
fn every_row_has_its_answer() {
    let controls = controls();
    let checks: BTreeSet<&str> = controls.checks.iter().map(|check| check.id.as_str()).collect();
    for list in &controls.coverage {
        let cloud = if list.id.contains("aws") { ["aws-", "organisation-"] } else { ["azure-", "entra-"] };
        for row in &list.rows {
            let id = &row.id.value;
            for check in &row.checks {
                assert!(checks.contains(check.value.as_str()), "{id}: {}", check.value);
                assert!(cloud.iter().any(|start| check.value.starts_with(start)), "{id}: {}", check.value);
            }
            match row.covered() {
                Covered::Covered => assert_eq!(row.because(), None, "{id}"),
                Covered::Partly | Covered::NotCovered => assert!(!row.because().unwrap().is_empty(), "{id}"),
            }
            // What a reason names as ours is ours.
            for word in row.because().unwrap_or_default().split([' ', ',', ';', ':']) {
                let ours = ["aws-", "azure-", "entra-", "organisation-"].iter().any(|start| word.starts_with(start));
                assert!(!ours || checks.contains(word), "{id}: {word}");
            }
        }
    }
}

#[test]
fn json_has_every_row() {
    let (code, out, err) = farwatch(&["coverage", "--json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let rows: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(rows.len(), 70 + 94 + 49 + 41);
    for row in &rows {
        let members: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["checks", "id", "list", "reason", "requirements", "status", "title"], "{row}");
    }
    let row = |list: &str, id: &str| rows.iter().find(|row| row["list"] == list && row["id"] == id).unwrap();
    assert_eq!(
        *row("prowler-azure", "network_ssh_internet_access_restricted"),
        serde_json::json!({
            "list": "prowler-azure",
            "id": "network_ssh_internet_access_restricted",
            "title": "network_ssh_internet_access_restricted",
            "requirements": ["AC.L1-b.1.i", "AC.L1-b.1.iii", "SC.L1-b.1.x"],
            "status": "covered",
            "checks": ["azure-no-internet-admin-ports"],
            "reason": null,
        })
    );
    assert_eq!(
        *row("azure-policy", "404c3081-a854-4457-ae30-26a93ef643f9"),
        serde_json::json!({
            "list": "azure-policy",
            "id": "404c3081-a854-4457-ae30-26a93ef643f9",
            "title": "Secure transfer to storage accounts should be enabled",
            "requirements": ["SC.L1-b.1.x", "SC.L1-b.1.xi"],
            "status": "partly",
            "checks": ["azure-storage-account-https-only"],
            "reason": "an account that is closed to public networks is not judged",
        })
    );
    let none = row("aws-config", "SECURITYHUB_ENABLED");
    assert_eq!((&none["status"], &none["checks"]), (&"not_covered".into(), &serde_json::json!([])));
    assert_eq!(none["reason"], "not read: Security Hub");
}

#[test]
fn one_list_can_be_asked_for() {
    let (code, out, err) = farwatch(&["coverage", "Prowler-Azure"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("prowler-azure: Prowler, CMMC 2.0 Level 1, checks of Azure and Entra\n"), "{out}");
    assert!(out.contains("\n  41 rows: 6 covered · 9 partly · 26 not covered\n"), "{out}");
    assert!(!out.contains("aws-config:"), "{out}");
    assert!(
        out.contains(
            "\npartly       network_http_internet_access_restricted\n             \
             AC.L1-b.1.i AC.L1-b.1.iii SC.L1-b.1.x\n             = azure-internet-ports-authorized\n             \
             but: port 80 passes where the organisation has authorized it\n"
        ),
        "{out}"
    );
    let (code, out, err) = farwatch(&["coverage", "prowler"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("there is no list \"prowler\"; there are aws-config, azure-policy, prowler-aws, "), "{err}");
    let (_, all, _) = farwatch(&["coverage"]);
    for (id, rows, [covered, partly, not]) in COUNTS {
        assert!(all.contains(&format!("{id}: ")), "{id}");
        assert!(all.contains(&format!("  {rows} rows: {covered} covered · {partly} partly · {not} not covered\n")));
    }
    // Counts, and nothing made of them.
    assert!(!all.contains('%') && !all.to_lowercase().contains("score"));
    let (_, help, _) = farwatch(&["coverage", "--help"]);
    assert!(help.contains("Examples:\n  farwatch coverage\n"), "{help}");
}

const HEAD: &str = "title: t\nsource: s\nversion: v\nas_of: 2026-11-24\nrequirements: [SC.L1-b.1.x]\nrows:\n";

/// What is said of a list with these rows: exit code and standard error.
fn lint(text: &str) -> (Option<i32>, String) {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("coverage")).unwrap();
    fs::write(place.path().join("coverage/mine.yaml"), text).unwrap();
    let (code, _, err) = farwatch(&["--controls", Path::new(place.path()).to_str().unwrap(), "check", "lint"]);
    (code, err)
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let root = "aws-root-mfa";
    for (rows, said) in [
        // The name of a check that does not exist begins like one that does and stands above: the place is its own.
        (
            format!("  - {{ id: a, checks: [{root}] }}\n  - {{ id: b, checks: [{root}, {root}s] }}\n"),
            format!("error: b: there is no check `{root}s`\n  --> coverage/mine.yaml:8:37\n"),
        ),
        (
            "  - { id: ab, reason: r }\n  - { id: a, reason: r }\n  - { id: a, reason: r }\n".to_owned(),
            "error: the row `a` is there twice\n  --> coverage/mine.yaml:9:11\n".to_owned(),
        ),
        (
            "  - { id: a }\n".to_owned(),
            "error: a: neither `checks` nor `reason`\n  --> coverage/mine.yaml:7:11\n".to_owned(),
        ),
        (
            format!("  - {{ id: a, checks: [{root}], reason: r }}\n"),
            "error: a: both `checks` and `reason`\n  --> coverage/mine.yaml:7:11\n".to_owned(),
        ),
        (
            "  - { id: a, but: b, reason: r }\n".to_owned(),
            "error: a: `but` without `checks`\n  --> coverage/mine.yaml:7:11\n".to_owned(),
        ),
        (
            "  - { id: a, reason: ' ' }\n".to_owned(),
            "error: a: the reason is empty\n  --> coverage/mine.yaml:7:11\n".to_owned(),
        ),
        (
            "  - { id: a, requirements: [SC.L1-b.1.zz], reason: r }\n".to_owned(),
            "error: a: the catalog has no requirement `SC.L1-b.1.zz`\n  --> coverage/mine.yaml:7:29\n".to_owned(),
        ),
        ("  - { id: a, score: 7, reason: r }\n".to_owned(), "error: unknown field `score`".to_owned()),
    ] {
        let (code, err) = lint(&format!("{HEAD}{rows}"));
        assert_eq!(code, Some(2), "{rows}");
        assert!(err.contains(&said), "{rows}: {err}");
        assert!(err.contains("  help: ") && err.contains("1 problem found; nothing was changed"), "{err}");
    }
    let none = HEAD.replace("requirements: [SC.L1-b.1.x]\n", "") + "  - { id: a, reason: r }\n";
    let (code, err) = lint(&none);
    assert_eq!(code, Some(2));
    assert!(err.contains("error: a: it is not said for which requirement\n  --> coverage/mine.yaml:6:11\n"), "{err}");
    let (code, err) = lint(&(HEAD.replace("[SC.L1-b.1.x]", "[far]") + "  - { id: a, reason: r }\n"));
    assert_eq!(code, Some(2));
    assert!(err.contains("error: the catalog has no requirement `far`\n  --> coverage/mine.yaml:5:16\n"), "{err}");
    assert_eq!(lint(&format!("{HEAD}  - {{ id: a, checks: [{root}], but: b }}\n")), (Some(0), String::new()));
}

/// A list of one's own stands beside those that are built in.
#[test]
fn a_list_can_be_added() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("coverage")).unwrap();
    let row = "  - { id: \"a\\e[31m\", title: x, checks: [aws-root-mfa] }\n";
    fs::write(place.path().join("coverage/mine.yaml"), format!("{HEAD}{row}")).unwrap();
    let (code, out, err) = farwatch(&["--controls", place.path().to_str().unwrap(), "coverage", "mine"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("  1 row: 1 covered · 0 partly · 0 not covered\n"), "{out}");
    assert!(!out.contains('\u{1b}'), "text of others does not drive the terminal");
}
