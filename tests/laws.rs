//! The laws of verdicts, held over recorded accounts with their organisations and any set of calls lost: losing an
//! answer only ever moves an outcome toward unknown, and never creates a MET or a NOT APPLICABLE; an exception hides
//! nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod worlds;

use farwatch::model::assessment::{Assessment, CellState, Status};
use farwatch::model::exchange::Exchange;
use farwatch::model::finding::{Finding, Outcome, Subject};
use farwatch::model::organisation::Organisation;
use farwatch::model::plan::Outcome as CallOutcome;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use worlds::{RULES, World};

static DEMO: LazyLock<Whole> = LazyLock::new(|| Whole::new(World::demo()));
static READY: LazyLock<Whole> = LazyLock::new(|| Whole::new(World::ready()));

/// A world, and what it comes to with nothing lost.
struct Whole {
    world: World,
    /// Evidence ids of all calls but the identity.
    calls: Vec<String>,
    findings: BTreeMap<(String, Subject), Outcome>,
    assessment: Assessment,
}

impl Whole {
    fn new(world: World) -> Self {
        let calls: BTreeSet<String> = world
            .collection
            .exchanges
            .iter()
            .filter(|exchange| {
                let reads = &RULES.controls.reads;
                ![&reads.provider.identity, &reads.azure.identity].contains(&&exchange.call.read)
            })
            .map(|exchange| exchange.of.clone())
            .collect();
        let judged = world.judge();
        let findings = by_subject(&judged.findings.findings);
        Self { world, calls: calls.into_iter().collect(), findings, assessment: judged.assessment }
    }
}

/// How a call is lost.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Denied,
    Throttled,
    Vanished,
    Garbage,
}

fn judge(whole: &Whole, lost: &BTreeMap<&str, Loss>) -> (Vec<Finding>, Assessment) {
    let world = &whole.world;
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
    let judged = world.judge_with(&exchanges, &body, Some(&world.organisation));
    (judged.findings.findings, judged.assessment)
}

fn by_subject(findings: &[Finding]) -> BTreeMap<(String, Subject), Outcome> {
    findings.iter().map(|f| ((f.check().to_owned(), f.subject().clone()), f.outcome())).collect()
}

/// Every outcome with losses is the one without, or unknown; statuses never become MET, NOT APPLICABLE or NOT MET, and
/// no cell is shown that was not.
fn only_toward_unknown(whole: &Whole, lost: &BTreeMap<&str, Loss>) {
    let (findings, assessment) = judge(whole, lost);
    assert!(assessment.gaps >= whole.assessment.gaps, "a gap was lost");
    for ((check, subject), outcome) in by_subject(&findings) {
        if outcome == Outcome::Unknown {
            continue;
        }
        // Losing what was a gap already changes nothing.
        let was = whole.findings.get(&(check.clone(), subject.clone()));
        assert_eq!(was, Some(&outcome), "{check} {subject:?} became {outcome:?} with {lost:?}");
    }
    for (was, is) in whole.assessment.requirements.iter().zip(&assessment.requirements) {
        for (was, is) in was.objectives.iter().zip(&is.objectives) {
            assert!(
                is.status == was.status || is.status == Status::NotAssessed,
                "{}: {:?} became {:?} with {lost:?}",
                is.id,
                was.status,
                is.status
            );
            for (was, is) in was.aspects.iter().zip(&is.aspects) {
                // A list of accounts that is lost adds a place: the accounts that nobody could name. None goes away.
                for was in &was.cells {
                    assert!(is.cells.iter().any(|is| is.environment == was.environment), "{} is gone", was.environment);
                }
                for is in &is.cells {
                    let was = was.cells.iter().find(|was| was.environment == is.environment).map(|was| was.state);
                    assert!(
                        was == Some(is.state) || is.state == CellState::Open,
                        "{}: {was:?} became {:?} with {lost:?}",
                        is.environment,
                        is.state
                    );
                }
            }
        }
    }
}

#[test]
fn losing_any_one_call_moves_only_toward_unknown() {
    for whole in [&*DEMO, &*READY] {
        for (at, call) in whole.calls.iter().enumerate() {
            // Every call is denied; what is lost in another way differs in how it is found out, not call by call.
            for loss in [Loss::Denied, if at % 2 == 0 { Loss::Vanished } else { Loss::Garbage }] {
                only_toward_unknown(whole, &BTreeMap::from([(call.as_str(), loss)]));
            }
        }
    }
}

#[test]
fn losing_everything_leaves_neither_pass_nor_fail() {
    for whole in [&*DEMO, &*READY] {
        let all: BTreeMap<&str, Loss> = whole.calls.iter().map(|call| (call.as_str(), Loss::Denied)).collect();
        let (findings, assessment) = judge(whole, &all);
        // That a drill is about something else the organisation says itself.
        let said = |finding: &Finding| {
            finding.outcome() == Outcome::NotApplicable && finding.subject().kind == "organisation.drill"
        };
        assert!(findings.iter().all(|finding| finding.outcome() == Outcome::Unknown || said(finding)));
        // Every check of a cloud that was read says that it met a wall, or what the organisation has not declared.
        let checks: BTreeSet<&str> = findings.iter().map(Finding::check).collect();
        let tenant = whole.world.collection.seal.sessions.iter().any(|session| session.partition != "aws");
        let other = |id: &str| !tenant && (id.starts_with("azure-") || id.starts_with("entra-"));
        let silent: Vec<&str> = (RULES.checks.iter().map(|check| check.check.id.as_str()))
            .filter(|id| !other(id) && !checks.contains(id))
            .collect();
        assert!(silent.is_empty(), "{silent:?}");
        // What people state stands; whatever a check must show is open.
        for requirement in &assessment.requirements {
            for objective in &requirement.objectives {
                let (_, known) = RULES.controls.catalog.objective(&objective.id).unwrap();
                let needs_check = known.aspects.iter().any(|aspect| {
                    use farwatch::model::catalog::{EnvironmentKind, ShownBy};
                    let how = aspect.shown_by.get(&EnvironmentKind::Aws);
                    matches!(how, Some(ShownBy::Check | ShownBy::CheckAndStatement))
                });
                assert_ne!(objective.status, Status::NotMet, "{}", objective.id);
                if needs_check {
                    assert_eq!(objective.status, Status::NotAssessed, "{}", objective.id);
                }
            }
        }
    }
}

/// Damage to what the organisation says never helps it.
#[test]
fn losing_a_statement_or_an_exception_never_improves_a_status() {
    for whole in [&*DEMO, &*READY] {
        let world = &whole.world;
        let judge = |organisation: &Organisation| {
            world
                .judge_with(
                    &world.collection.exchanges,
                    &|exchange| world.collection.body(exchange),
                    Some(organisation),
                )
                .assessment
        };
        let mut changed = Vec::new();
        for at in 0..world.organisation.statements.len() {
            let mut without = world.organisation.clone();
            // A statement that it is not so is an answer as well: taking it out may open, not show.
            without.statements.remove(at);
            changed.push(without);
            let mut broken = world.organisation.clone();
            broken.statements[at].problems.push("broken".to_owned());
            changed.push(broken);
        }
        for at in 0..world.organisation.exceptions.len() {
            let mut without = world.organisation.clone();
            without.exceptions.remove(at);
            changed.push(without);
            let mut broken = world.organisation.clone();
            broken.exceptions[at].problems.push("broken".to_owned());
            changed.push(broken);
        }
        for organisation in changed {
            let assessment = judge(&organisation);
            for (was, is) in whole.assessment.requirements.iter().zip(&assessment.requirements) {
                for (was, is) in was.objectives.iter().zip(&is.objectives) {
                    let shown = |status| matches!(status, Status::Met | Status::NotApplicable);
                    assert!(
                        shown(was.status) || !shown(is.status),
                        "{}: {:?} became {:?}",
                        is.id,
                        was.status,
                        is.status
                    );
                }
            }
        }
    }
}

/// An exception never hides a finding: with it and without it, the same findings fail and are named.
#[test]
fn an_exception_hides_nothing() {
    let whole = &*DEMO;
    let world = &whole.world;
    assert!(!world.organisation.exceptions.is_empty());
    let mut without = world.organisation.clone();
    without.exceptions.clear();
    let judged =
        world.judge_with(&world.collection.exchanges, &|exchange| world.collection.body(exchange), Some(&without));
    assert_eq!(by_subject(&judged.findings.findings), whole.findings);
    let covered: BTreeSet<&String> = whole.assessment.exceptions.iter().flat_map(|one| &one.findings).collect();
    assert!(!covered.is_empty());
    for id in covered {
        let named = whole
            .assessment
            .requirements
            .iter()
            .flat_map(|requirement| &requirement.objectives)
            .flat_map(|objective| &objective.aspects)
            .flat_map(|aspect| &aspect.cells)
            .any(|cell| cell.decided_by.contains(id) && cell.state == CellState::ShownByException);
        assert!(named, "{id} decides nowhere");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn losing_any_set_of_calls_moves_only_toward_unknown(
        picks in proptest::collection::vec((0usize..1000, 0u8..4), 1..30),
        ready in any::<bool>(),
    ) {
        let whole = if ready { &*READY } else { &*DEMO };
        let lost = picks
            .iter()
            .map(|(at, how)| {
                let loss = [Loss::Denied, Loss::Throttled, Loss::Vanished, Loss::Garbage][usize::from(*how)];
                (whole.calls[at % whole.calls.len()].as_str(), loss)
            })
            .collect();
        only_toward_unknown(whole, &lost);
    }
}
