//! A check file proves every condition in it: with one of them made true (of `assert`) or false (of
//! `not_applicable_when`), a test of the same file fails. A condition that can be taken out without any test noticing is
//! either not needed or not shown to be right.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::check::{Types, compile, selftest};
use farwatch::controls::Controls;
use farwatch::derive::derived_types;
use farwatch::model::check::Check;

/// How each condition stands in the file, and the check without it. `x || true` is true and `x && false` is false
/// whatever is known of `x`; and what `x` looks at is still looked at, as every related list must be.
fn mutants(check: &Check) -> Vec<(String, Check)> {
    let mut all = Vec::new();
    for (at, rule) in check.assert.iter().enumerate() {
        let mut mutant = check.clone();
        mutant.assert[at].that = format!("({}\n) || true", rule.that);
        all.push((format!("that: {}", rule.that.trim()), mutant));
    }
    for (at, rule) in check.not_applicable_when.iter().enumerate() {
        let mut mutant = check.clone();
        mutant.not_applicable_when[at].when = format!("({}\n) && false", rule.when);
        all.push((format!("when: {}", rule.when.trim()), mutant));
    }
    all
}

#[test]
fn every_condition_is_proved_by_the_tests_of_its_file() {
    let controls = Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"));
    let types = Types::new(&controls.reads, &derived_types());
    let (mut tried, mut survivors) = (0, Vec::new());
    for check in &controls.checks {
        for (condition, mutant) in mutants(check) {
            tried += 1;
            let mutant = compile(mutant, &types, &controls.parameters, &|_, _| true)
                .unwrap_or_else(|wrong| panic!("{}: without `{condition}`: {wrong:?}", check.id));
            if selftest(&mutant, &controls.parameters).iter().all(|result| result.wrong.is_empty()) {
                survivors.push(format!("{}\n    {condition}", Controls::check_path(check)));
            }
        }
    }
    assert!(tried > 60, "only {tried} conditions were tried");
    assert!(
        survivors.is_empty(),
        "no test fails without {} of {tried} conditions; add a test that only passes with it:\n{}",
        survivors.len(),
        survivors.join("\n")
    );
}
