//! The laws of verdicts, held over the demo's account with any set of its calls lost:
//! losing an answer only ever moves an outcome toward unknown, and never creates a MET or a NOT APPLICABLE.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::assess::{assess, undeclared_environments};
use farwatch::check::{Compiled, Types, compile, run};
use farwatch::controls::Controls;
use farwatch::derive::{boundary, derived_types, inventory};
use farwatch::evidence::Collection;
use farwatch::model::assessment::{RequirementResult, Status};
use farwatch::model::boundary::{Crosses, DeclaredBoundary, DeclaredPoint};
use farwatch::model::exchange::Exchange;
use farwatch::model::finding::{Finding, Outcome, Subject};
use farwatch::model::parameter::defaults;
use farwatch::model::pattern::Pattern;
use farwatch::model::plan::Outcome as CallOutcome;
use farwatch::model::scope::Scoped;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

struct World {
    controls: Controls,
    checks: Vec<Compiled>,
    collection: Collection,
    params: serde_json::Value,
    /// Internet gateways and subnets are declared, other points are not.
    declared: DeclaredBoundary,
    /// Evidence ids of all calls but the identity.
    calls: Vec<String>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let controls = Controls::load(None).unwrap_or_else(|problems| panic!("{problems}"));
    let types = Types::new(&controls.reads, &derived_types());
    let checks =
        controls.checks.iter().map(|check| compile(check.clone(), &types, &controls.parameters, &|_, _| true).unwrap());
    let checks = checks.collect();
    let collection = Collection::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo")).unwrap();
    let mut params = defaults(&controls.parameters);
    params.insert("authorized_internet_ports".to_owned(), serde_json::json!([443]));
    let params = serde_json::Value::Object(params);
    let calls: BTreeSet<String> = collection
        .exchanges
        .iter()
        .filter(|exchange| exchange.call.read != controls.reads.provider.identity)
        .map(|exchange| exchange.of.clone())
        .collect();
    let point = |name: &str, crosses, id: &str| DeclaredPoint {
        name: name.to_owned(),
        purpose: "a law".to_owned(),
        crosses,
        kind: None,
        id: Some(Pattern(id.to_owned())),
        network: None,
        account: None,
        region: None,
    };
    let declared = DeclaredBoundary {
        description: String::new(),
        points: vec![
            point("gateways", Crosses::External, "igw-*"),
            point("subnets", Crosses::Internal, "subnet-*"),
            point("gone", Crosses::External, "vgw-*"),
        ],
        regions: Vec::new(),
        evidence: "O-0123456789ab".to_owned(),
    };
    World { controls, checks, collection, params, declared, calls: calls.into_iter().collect() }
});

/// How a call is lost.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Denied,
    Throttled,
    Vanished,
    Garbage,
}

fn judge(lost: &BTreeMap<&str, Loss>) -> (Vec<Finding>, Vec<RequirementResult>, usize) {
    let world = &*WORLD;
    let mut exchanges: Vec<Exchange> = Vec::new();
    for exchange in &world.collection.exchanges {
        let mut exchange = exchange.clone();
        match lost.get(exchange.of.as_str()) {
            None | Some(Loss::Garbage) => {}
            Some(Loss::Vanished) => continue,
            Some(Loss::Denied) => exchange.outcome = CallOutcome::Denied,
            Some(Loss::Throttled) => exchange.outcome = CallOutcome::Throttled,
        }
        exchanges.push(exchange);
    }
    let body = |exchange: &Exchange| match lost.get(exchange.of.as_str()) {
        Some(Loss::Garbage) => b"{\"cut".to_vec(),
        _ => world.collection.body(exchange),
    };
    let reads = &world.controls.reads;
    let mut inventory = inventory(reads, &world.collection.seal, &world.collection.plan, &exchanges, &body);
    boundary(&mut inventory, reads, Some(&world.declared), &Scoped::default());
    let findings = run(&world.checks, &inventory, &world.params);
    let accounts = world.collection.seal.sessions.iter().map(|session| session.account.clone());
    let requirements = assess(&world.controls.catalog, &undeclared_environments(accounts), &findings);
    (findings, requirements, inventory.gaps.len())
}

fn by_subject(findings: &[Finding]) -> BTreeMap<(String, Subject), Outcome> {
    findings.iter().map(|f| ((f.check().to_owned(), f.subject().clone()), f.outcome())).collect()
}

/// Every outcome with losses is the one without, or unknown; statuses never become MET or NOT APPLICABLE.
fn only_toward_unknown(lost: &BTreeMap<&str, Loss>) {
    static WHOLE: LazyLock<(Vec<Finding>, Vec<RequirementResult>, usize)> = LazyLock::new(|| judge(&BTreeMap::new()));
    let (whole, whole_requirements, whole_gaps) = &*WHOLE;
    let (findings, requirements, gaps) = judge(lost);
    assert!(gaps >= *whole_gaps, "a gap was lost");
    // Losing what was a gap already changes nothing.
    let before = by_subject(whole);
    for ((check, subject), outcome) in by_subject(&findings) {
        if outcome == Outcome::Unknown {
            continue;
        }
        let was = before.get(&(check.clone(), subject.clone()));
        assert_eq!(was, Some(&outcome), "{check} {subject:?} became {outcome:?} with {lost:?}");
    }
    for (was, is) in whole_requirements.iter().zip(&requirements) {
        for (was, is) in was.objectives.iter().zip(&is.objectives) {
            assert!(
                is.status == was.status || is.status == Status::NotAssessed,
                "{}: {:?} became {:?} with {lost:?}",
                is.id,
                was.status,
                is.status
            );
        }
    }
}

#[test]
fn losing_any_one_call_moves_only_toward_unknown() {
    for call in &WORLD.calls {
        for loss in [Loss::Denied, Loss::Throttled, Loss::Vanished, Loss::Garbage] {
            only_toward_unknown(&BTreeMap::from([(call.as_str(), loss)]));
        }
    }
}

#[test]
fn losing_everything_leaves_neither_pass_nor_fail() {
    let all: BTreeMap<&str, Loss> = WORLD.calls.iter().map(|call| (call.as_str(), Loss::Denied)).collect();
    let (findings, requirements, _) = judge(&all);
    assert!(findings.iter().all(|finding| finding.outcome() == Outcome::Unknown));
    // Every check says that it met a wall.
    let checks: BTreeSet<&str> = findings.iter().map(Finding::check).collect();
    assert_eq!(checks.len(), WORLD.checks.len());
    assert!(requirements.iter().all(|requirement| requirement.status == Status::NotAssessed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn losing_any_set_of_calls_moves_only_toward_unknown(
        picks in proptest::collection::vec((0usize..1000, 0u8..4), 1..30)
    ) {
        let world = &*WORLD;
        let lost = picks
            .iter()
            .map(|(at, how)| {
                let loss = [Loss::Denied, Loss::Throttled, Loss::Vanished, Loss::Garbage][usize::from(*how)];
                (world.calls[at % world.calls.len()].as_str(), loss)
            })
            .collect();
        only_toward_unknown(&lost);
    }
}
