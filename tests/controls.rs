//! Everything in `controls/` is right: it loads, every condition compiles, and every check proves itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::check::{Compiled, Types, compile, selftest};
use farwatch::controls::{Controls, Problems};
use farwatch::derive::derived_types;
use std::collections::BTreeSet;

fn controls() -> Controls {
    Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"))
}

fn compiled(controls: &Controls) -> Vec<Compiled> {
    let types = Types::new(&controls.reads, &derived_types());
    let aspects = |objective: &str, aspect: &str| {
        controls.catalog.objective(objective).is_some_and(|(_, objective)| objective.aspect(aspect).is_some())
    };
    let mut problems = Problems::default();
    let mut all = Vec::new();
    for check in &controls.checks {
        let path = Controls::check_path(check);
        match compile(check.clone(), &types, &controls.parameters, &aspects) {
            Ok(check) => all.push(check),
            Err(found) => {
                for problem in found {
                    problems.near(&path, &controls.files[&path], &problem.near, problem.what, "");
                }
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
    all
}

#[test]
fn every_check_proves_itself() {
    let controls = controls();
    let mut wrong = Vec::new();
    let mut ran = 0;
    for check in compiled(&controls) {
        for result in selftest(&check, &controls.parameters) {
            ran += 1;
            wrong.extend(result.wrong.into_iter().map(|w| format!("{}: {}: {w}", check.check.id, result.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 100, "only {ran} tests ran");
}

#[test]
fn the_catalog_counts_as_the_rule_counts() {
    let catalog = controls().catalog;
    assert_eq!(catalog.requirements.len(), 15);
    assert_eq!(catalog.objectives().count(), 59);
    let nist: BTreeSet<&str> = catalog.requirements.iter().flat_map(|r| r.nist.iter().map(String::as_str)).collect();
    assert_eq!(nist.len(), 17);
}
