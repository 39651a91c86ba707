//! What other auditing tools were seen to say wrongly about these very questions; farwatch says what is true, or that it
//! is not known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

use farwatch::check::{Types, compile, selftest};
use farwatch::controls::Controls;
use farwatch::derive::derived_types;
use farwatch::model::check::CheckTest;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    was: String,
    check: String,
    tests: Vec<CheckTest>,
}

#[test]
fn what_others_get_wrong_is_right_here() {
    let cases: Vec<Case> = serde_saphyr::from_str(include_str!("fixtures/known-wrong.yaml")).unwrap();
    assert!(cases.len() > 10);
    let controls = Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"));
    let types = Types::new(&controls.reads, &derived_types());
    let mut wrong = Vec::new();
    for case in cases {
        let check = controls.checks.iter().find(|check| check.id == case.check);
        let mut check = check.unwrap_or_else(|| panic!("there is no check {}", case.check)).clone();
        check.tests.extend(case.tests);
        let check = compile(check, &types, &controls.parameters, &|_, _| true).unwrap_or_else(|why| panic!("{why:?}"));
        for result in selftest(&check, &controls.parameters).into_iter().filter(|result| !result.wrong.is_empty()) {
            wrong.push(format!("{} ({}): {:?}", case.was, result.name, result.wrong));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
