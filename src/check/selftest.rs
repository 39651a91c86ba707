//! Runs the tests that stand in a check file.

use super::compile::Compiled;
use super::run::run;
use crate::model::check::{CheckTest, Given};
use crate::model::finding::{Finding, Outcome, Subject};
use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::parameter::{Parameters, defaults};
use crate::model::plan::Outcome as CallOutcome;
use crate::model::resource::{Resource, ResourceKey};
use crate::model::scope::Scoped;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The place of a test's resources, unless they say otherwise.
const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// How a test in a check file ended.
#[derive(Debug, Clone)]
pub struct TestResult {
    /// Name of the test.
    pub name: String,
    /// What did not come out as written: id, expected, found. Empty when all is well.
    pub wrong: Vec<String>,
}

/// Runs all tests of a check.
#[must_use]
pub fn selftest(check: &Compiled, parameters: &Parameters) -> Vec<TestResult> {
    check.check.tests.iter().map(|test| one(check, test, parameters)).collect()
}

fn one(check: &Compiled, test: &CheckTest, parameters: &Parameters) -> TestResult {
    let mut params = defaults(parameters);
    params.extend(test.params.clone());
    let inventory = inventory(check, test);
    let findings = run(std::slice::from_ref(check), &inventory, &Value::Object(params), &Scoped::default());
    let mut found: BTreeMap<String, Outcome> = BTreeMap::new();
    for finding in &findings {
        found.insert(name(finding.subject()), finding.outcome());
    }
    let mut wrong = Vec::new();
    for (id, expected) in &test.expect {
        match found.remove(id) {
            Some(outcome) if outcome == *expected => {}
            Some(outcome) => wrong.push(format!(
                "{id}: expected {}, found {}: {}",
                expected.word(),
                outcome.word(),
                sentence(&findings, id)
            )),
            None => wrong.push(format!("{id}: expected {}, found nothing", expected.word())),
        }
    }
    for (id, outcome) in found {
        wrong.push(format!("{id}: not expected, found {}: {}", outcome.word(), sentence(&findings, &id)));
    }
    TestResult { name: test.name.clone(), wrong }
}

fn name(subject: &Subject) -> String {
    subject.id.clone().unwrap_or_else(|| "*".to_owned())
}

fn sentence<'a>(findings: &'a [Finding], id: &str) -> &'a str {
    findings.iter().find(|finding| name(finding.subject()) == id).map_or("", Finding::sentence)
}

/// The resources of a test as an inventory. A type that the test does not name was not read.
fn inventory(check: &Compiled, test: &CheckTest) -> Inventory {
    let mut inventory = Inventory::default();
    let gap = |kind: &str| Gap {
        read: format!("(the read that lists {kind})"),
        action: String::new(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        parent: None,
        outcome: CallOutcome::Denied,
        code: Some("AccessDenied".to_owned()),
        detail: None,
        evidence: None,
    };
    for (kind, given) in &test.given {
        let (items, cut) = match given {
            Given::All(items) => (items, false),
            Given::Cut { partial } => (partial, true),
        };
        for (at, item) in items.iter().enumerate() {
            let text = |name: &str, default: &str| item.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
            let key = ResourceKey {
                kind: kind.clone(),
                account: text("account", ACCOUNT),
                region: text("region", REGION),
                id: text("id", &format!("{at}")),
            };
            let mut resource = Resource::new(key);
            resource.from.entry(String::new()).or_default().insert(format!("E-{kind}-{at}"));
            for (name, value) in item {
                resource.set(name, value.clone(), [format!("E-{kind}-{at}")]);
            }
            inventory.resources.entry(kind.clone()).or_default().push(resource);
        }
        let state = if cut {
            ListState::Cut(BTreeSet::from([gap(kind)]))
        } else {
            ListState::Complete(BTreeSet::from([format!("E-{kind}")]))
        };
        // The test's lists hold in every place that its resources are in.
        let mut places: BTreeSet<(String, String)> = test
            .given
            .values()
            .flat_map(|given| match given {
                Given::All(items) | Given::Cut { partial: items } => items.iter(),
            })
            .map(|item| {
                let text =
                    |name: &str, default: &str| item.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
                (text("account", ACCOUNT), text("region", REGION))
            })
            .collect();
        places.insert((ACCOUNT.to_owned(), REGION.to_owned()));
        for (account, region) in places {
            // One finding for a cut scope, in the usual place.
            if cut && (account.as_str(), region.as_str()) != (ACCOUNT, REGION) {
                continue;
            }
            let listing = Listing { kind: kind.clone(), account, region, parent: None, state: state.clone() };
            inventory.listings.entry(kind.clone()).or_default().push(listing);
        }
    }
    let related = check.check.related.values().map(|related| related.kind.as_str());
    for kind in related.chain([check.check.for_each.as_str()]) {
        if !test.given.contains_key(kind) {
            inventory.listings.entry(kind.to_owned()).or_insert_with(|| {
                vec![Listing {
                    kind: kind.to_owned(),
                    account: ACCOUNT.to_owned(),
                    region: REGION.to_owned(),
                    parent: None,
                    state: ListState::Cut(BTreeSet::from([gap(kind)])),
                }]
            });
        }
    }
    inventory
}
