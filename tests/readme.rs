//! What the README says is so.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::controls::Controls;
use regex::Regex;
use std::fs;
use std::path::Path;
use std::process::Command;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn number(pattern: &str) -> usize {
    let text = readme();
    let found = Regex::new(pattern).unwrap().captures(&text).unwrap_or_else(|| panic!("README does not say {pattern}"));
    found[1].parse().unwrap()
}

#[test]
fn its_numbers_are_right() {
    let controls = Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(number(r"(\d+) requirements"), controls.catalog.requirements.len());
    assert_eq!(number(r"(\d+) objectives"), controls.catalog.objectives().count());
    assert_eq!(number(r"(\d+) checks"), controls.checks.len());
    assert_eq!(number(r"over (\d+) declared"), controls.reads.declared());
}

#[test]
fn its_terminal_capture_is_what_the_demo_prints() {
    let place = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(["demo", "--no-pdf", "--out"])
        .arg(place.path().join("demo"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let text = readme();
    let block = text.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    for line in block.lines() {
        assert!(printed.lines().any(|other| other == line), "the demo does not print {line:?}");
    }
}

#[test]
fn its_first_screen_is_short_and_its_links_lead_somewhere() {
    let text = readme();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(text.lines().take_while(|line| !line.starts_with("## ")).count() <= 40);
    for link in Regex::new(r"\]\(([^)#]+)\)").unwrap().captures_iter(&text) {
        assert!(root.join(&link[1]).exists(), "{} is not there", &link[1]);
    }
    let run = fs::read_to_string(root.join(".ci/run")).unwrap();
    assert!(
        text.contains("cargo test --locked") && run.contains("cargo test --locked"),
        "CI runs the README's command"
    );
    assert!(text.contains("printpdf") && text.contains("azure_mgmt_resources"));
}

/// The guide to monitoring names every check about AWS's records, stores and alerts, and no other.
#[test]
fn the_guide_to_monitoring_names_the_checks_there_are() {
    let controls = Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"));
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring.md")).unwrap();
    let named: Vec<String> = Regex::new(r"`((?:aws|azure|entra|organisation)-[a-z0-9-]+)`")
        .unwrap()
        .captures_iter(&text)
        .map(|c| c[1].to_owned())
        .collect();
    for name in &named {
        assert!(controls.checks.iter().any(|check| check.id == *name), "there is no check {name}");
    }
    let monitors = |check: &&farwatch::model::check::Check| {
        let mut mapped = check.maps_to.iter().flat_map(|mapping| &mapping.objectives);
        mapped.any(|objective| ["SC.L1-b.1.x.c", "SC.L1-b.1.x.d"].contains(&objective.as_str()))
    };
    for check in controls.checks.iter().filter(monitors) {
        assert!(named.contains(&check.id), "docs/monitoring.md does not name {}", check.id);
    }
}
