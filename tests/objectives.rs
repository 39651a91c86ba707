//! Each of the 59 objectives under conditions in which none may be MET or NOT APPLICABLE; and the golden organisations:
//! fresh start, half way, ready to affirm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod worlds;

use farwatch::derive::inventory;
use farwatch::model::assessment::{Assessment, CellState, Status};
use farwatch::model::catalog::{EnvironmentKind, ShownBy};
use farwatch::model::exchange::Exchange;
use farwatch::model::finding::{Finding, Outcome};
use farwatch::model::inventory::ListState;
use farwatch::model::organisation::Organisation;
use farwatch::model::parameter::defaults;
use farwatch::model::plan::Outcome as CallOutcome;
use farwatch::model::read::{ACCOUNT, REGION};
use farwatch::model::statement::{Answer, DocumentStatus, Statement, StatementKind};
use farwatch::packet::judge::{Terms, judge_inventory};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use worlds::{AS_OF, RULES, World, here};

static READY: LazyLock<World> = LazyLock::new(World::ready);
static DEMO: LazyLock<World> = LazyLock::new(World::demo);

/// Statuses of all 59, and that there are 59.
fn statuses(assessment: &Assessment) -> BTreeMap<&str, Status> {
    let all: BTreeMap<&str, Status> = assessment
        .requirements
        .iter()
        .flat_map(|requirement| &requirement.objectives)
        .map(|objective| (objective.id.as_str(), objective.status))
        .collect();
    assert_eq!(all.len(), 59);
    all
}

/// None is MET, none is NOT APPLICABLE.
fn none_is_claimed(assessment: &Assessment, when: &str) {
    for (id, status) in statuses(assessment) {
        assert!(matches!(status, Status::NotMet | Status::NotAssessed), "{id} is {status:?}: {when}");
    }
    assert_ne!(assessment.exit_code(), 0);
}

/// The ready organisation, changed.
fn ready(change: impl FnOnce(&mut Organisation)) -> Organisation {
    let mut one = READY.organisation.clone();
    change(&mut one);
    one
}

fn judged(world: &World, organisation: &Organisation) -> Assessment {
    let body = |exchange: &Exchange| world.collection.body(exchange);
    world.judge_with(&world.collection.exchanges, &body, Some(organisation)).assessment
}

/// A final statement of this kind about one objective.
fn statement(kind: StatementKind, objective: &str, environments: &[&str]) -> Statement {
    let (_, known) = RULES.controls.catalog.objective(objective).unwrap();
    Statement {
        id: format!("about-{objective}"),
        file: format!("statements/about-{objective}.md"),
        kind,
        answers: known
            .aspects
            .iter()
            .map(|aspect| Answer { objective: objective.to_owned(), aspect: aspect.id.clone() })
            .collect(),
        environments: environments.iter().map(|one| (*one).to_owned()).collect(),
        status: DocumentStatus::Final,
        problems: Vec::new(),
        replaces: Vec::new(),
        ..READY.organisation.statements[0].clone()
    }
}

fn objectives() -> Vec<String> {
    RULES.controls.catalog.objectives().map(|(_, objective)| objective.id.clone()).collect()
}

#[test]
fn an_empty_account_claims_nothing() {
    let silent = ready(|one| {
        one.statements.clear();
        one.exceptions.clear();
    });
    let world = &*READY;
    let reads = &RULES.controls.reads;
    let mut seen =
        inventory(reads, &world.collection.seal, &world.collection.plan, &world.collection.exchanges, &|e| {
            world.collection.body(e)
        });
    seen.resources.retain(|kind, _| kind == ACCOUNT || kind == REGION);
    assert!(seen.listings.values().flatten().all(|list| matches!(list.state, ListState::Complete(_))));
    let mut parameters = defaults(&RULES.controls.parameters);
    parameters.extend(silent.parameters.clone());
    let terms = Terms { organisation: Some(&silent), parameters, as_of: AS_OF.parse().unwrap() };
    let assessment = judge_inventory(&RULES, seen, &world.collection, terms).unwrap().assessment;
    none_is_claimed(&assessment, "an empty account, and no statement");
}

#[test]
fn all_calls_denied_claim_nothing() {
    let silent = ready(|one| {
        one.statements.clear();
        one.exceptions.clear();
    });
    let world = &*READY;
    let identity = &RULES.controls.reads.provider.identity;
    let mut exchanges = world.collection.exchanges.clone();
    for exchange in exchanges.iter_mut().filter(|exchange| exchange.call.read != *identity) {
        exchange.outcome = CallOutcome::Denied;
    }
    let body = |exchange: &Exchange| world.collection.body(exchange);
    let assessment = world.judge_with(&exchanges, &body, Some(&silent)).assessment;
    none_is_claimed(&assessment, "all denied, and no statement");
    for (id, status) in statuses(&assessment) {
        assert_eq!(status, Status::NotAssessed, "{id}: what was denied disproves nothing");
    }
}

#[test]
fn drafts_and_expired_statements_claim_nothing() {
    let drafts = ready(|one| {
        for statement in &mut one.statements {
            statement.status = DocumentStatus::Draft;
        }
    });
    none_is_claimed(&judged(&READY, &drafts), "only drafts");
    let expired = ready(|one| {
        for statement in &mut one.statements {
            statement.expires = jiff::civil::date(2026, 11, 23);
        }
    });
    none_is_claimed(&judged(&READY, &expired), "all expired");
    let future = ready(|one| {
        for statement in &mut one.statements {
            statement.date = jiff::civil::date(2026, 11, 25);
        }
    });
    let assessment = judged(&READY, &future);
    none_is_claimed(&assessment, "all dated tomorrow");
    let told = assessment.problems.iter().filter(|problem| problem.what.contains("is after the day")).count();
    assert_eq!(told, future.statements.len());
    assert!(assessment.problems.iter().all(|problem| problem.line.is_some()), "{:#?}", assessment.problems);
}

#[test]
fn not_applicable_without_a_reason_is_not_followed() {
    // As the loader leaves it: a statement without a text has a problem, and does not count.
    for id in objectives() {
        let organisation = ready(|one| {
            one.statements = vec![statement(StatementKind::NotApplicable, &id, &[])];
            one.statements[0].problems.push("it has no text".to_owned());
            one.exceptions.clear();
        });
        let assessment = judged(&READY, &organisation);
        none_is_claimed(&assessment, "NOT APPLICABLE without a reason");
        let refused = assessment
            .requirements
            .iter()
            .flat_map(|requirement| &requirement.objectives)
            .filter(|objective| !objective.refused.is_empty());
        assert_eq!(refused.map(|objective| objective.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
    }
}

#[test]
fn not_applicable_against_what_was_found_is_not_followed() {
    for id in objectives() {
        let organisation = ready(|one| {
            one.statements = vec![statement(StatementKind::NotApplicable, &id, &[])];
            one.exceptions.clear();
        });
        let assessment = judged(&READY, &organisation);
        none_is_claimed(&assessment, "NOT APPLICABLE, contradicted");
        let objective = assessment
            .requirements
            .iter()
            .flat_map(|requirement| &requirement.objectives)
            .find(|objective| objective.id == id)
            .unwrap();
        assert!(objective.refused[0].contains("it applies, because"), "{id}: {:?}", objective.refused);
    }
}

/// Where nothing contradicts it and everything was read, a justified statement is followed; a lost answer takes it back.
#[test]
fn not_applicable_is_followed_where_nothing_contradicts_it() {
    let world = &*READY;
    let reads = &RULES.controls.reads;
    for id in ["SC.L1-b.1.xi.a", "SC.L1-b.1.xi.b", "AC.L1-b.1.iv.a"] {
        let organisation = ready(|one| {
            one.statements.retain(|statement| !statement.answers.iter().any(|answer| answer.objective == id));
            one.statements.push(statement(StatementKind::NotApplicable, id, &[]));
        });
        let with = |cut: bool| {
            let mut seen =
                inventory(reads, &world.collection.seal, &world.collection.plan, &world.collection.exchanges, &|e| {
                    world.collection.body(e)
                });
            // Nothing that the public could reach.
            seen.resources.retain(|kind, _| !kind.contains("load_balancer") && kind != "aws.ec2.network_interface");
            if cut {
                let gap = farwatch::model::gap::Gap {
                    read: "ec2:DescribeAddresses".to_owned(),
                    action: "ec2:DescribeAddresses".to_owned(),
                    account: "210987654321".to_owned(),
                    region: "us-east-1".to_owned(),
                    parent: None,
                    outcome: CallOutcome::Denied,
                    code: None,
                    detail: None,
                    evidence: None,
                };
                let list = seen.listings.get_mut("aws.ec2.elastic_ip").unwrap();
                list[0].state = ListState::Cut([gap].into());
            }
            let mut parameters = defaults(&RULES.controls.parameters);
            parameters.extend(organisation.parameters.clone());
            let terms = Terms { organisation: Some(&organisation), parameters, as_of: AS_OF.parse().unwrap() };
            let assessment = judge_inventory(&RULES, seen, &world.collection, terms).unwrap().assessment;
            statuses(&assessment)[id]
        };
        assert_eq!(with(false), Status::NotApplicable, "{id}");
        assert_eq!(with(true), Status::NotAssessed, "{id} with a list that was cut");
    }
}

#[test]
fn inheritance_covers_nothing_that_stays_with_the_contractor() {
    let assessment = judged(
        &READY,
        &ready(|one| {
            one.exceptions.clear();
            one.statements =
                objectives().iter().map(|id| statement(StatementKind::Inheritance, id, &["aws", "saas"])).collect();
        }),
    );
    none_is_claimed(&assessment, "inheritance while an office is declared");
    // It does answer for the provider's own rooms and media, there and nowhere else.
    let mut shown = 0;
    for requirement in &assessment.requirements {
        for objective in &requirement.objectives {
            let (_, known) = RULES.controls.catalog.objective(&objective.id).unwrap();
            for (aspect, result) in known.aspects.iter().zip(&objective.aspects) {
                for cell in &result.cells {
                    let kind = if cell.environment.starts_with("aws") {
                        EnvironmentKind::Aws
                    } else if cell.environment.starts_with("saas") {
                        EnvironmentKind::Saas
                    } else {
                        assert_ne!(cell.state, CellState::Shown, "{} {}", objective.id, cell.environment);
                        continue;
                    };
                    let inherits = aspect.shown_by[&kind] == ShownBy::InheritanceOrStatement;
                    // A check may show what no inheritance can.
                    if inherits {
                        assert_eq!(cell.state, CellState::Shown, "{} {}", objective.id, cell.environment);
                        shown += 1;
                    } else if cell.state == CellState::Shown {
                        assert!(!cell.decided_by.is_empty(), "{} {}", objective.id, cell.environment);
                    }
                }
            }
        }
    }
    assert!(shown > 20, "{shown}");
}

#[test]
fn a_kind_of_environment_that_nobody_declared_leaves_everything_about_it_open() {
    let gone = |kind: EnvironmentKind| {
        ready(|one| {
            one.environments.retain(|environment| environment.kind != kind);
            one.absent.retain(|absent| absent.kind != kind);
        })
    };
    for kind in EnvironmentKind::ALL {
        let assessment = judged(&READY, &gone(kind));
        for (id, status) in statuses(&assessment) {
            let (_, known) = RULES.controls.catalog.objective(id).unwrap();
            if known.aspects.iter().any(|aspect| aspect.shown_by.contains_key(&kind)) {
                assert_eq!(status, Status::NotAssessed, "{id} without {kind:?}");
            }
        }
    }
}

#[test]
fn fresh_start() {
    let fresh = worlds::organisation(&here("tests/fixtures/organisations/fresh"));
    let assessment = judged(&DEMO, &fresh);
    none_is_claimed(&assessment, "a fresh start");
    // The account that was read is not declared: it says so, and its findings count all the same.
    let account = assessment.environments.iter().find(|one| one.id == "aws:210987654321").unwrap();
    assert!(account.open.as_ref().unwrap().contains("farwatch.yaml does not declare it"));
    assert_eq!(statuses(&assessment)["SC.L1-b.1.x.c"], Status::NotMet);
}

#[test]
fn half_way() {
    let judged = DEMO.judge();
    let all = statuses(&judged.assessment);
    let count = |status: Status| all.values().filter(|one| **one == status).count();
    assert!(count(Status::Met) > 5, "{all:?}");
    assert!(count(Status::NotMet) > 2, "{all:?}");
    assert!(count(Status::NotAssessed) > 5, "{all:?}");
    assert_eq!(judged.assessment.exit_code(), 10);
    let by_exception =
        judged.assessment.requirements.iter().flat_map(|one| &one.objectives).any(|one| one.by_exception);
    assert!(by_exception, "an exception carries something");
    // What is covered fails all the same.
    let covered = judged.assessment.exceptions.iter().flat_map(|one| &one.findings).next().expect("a covered finding");
    let finding = judged.findings.findings.iter().find(|finding| finding.id() == covered).unwrap();
    assert_eq!(finding.outcome(), Outcome::Fail);
    assert!(!judged.findings.out_of_scope.is_empty());
}

#[test]
fn ready_to_affirm() {
    let judged = READY.judge();
    let open: Vec<String> = judged
        .assessment
        .requirements
        .iter()
        .flat_map(|requirement| &requirement.objectives)
        .flat_map(|objective| objective.aspects.iter().map(move |aspect| (objective, aspect)))
        .flat_map(|(objective, aspect)| aspect.cells.iter().map(move |cell| (objective, aspect, cell)))
        .filter(|(_, _, cell)| matches!(cell.state, CellState::Open | CellState::Failed))
        .map(|(objective, aspect, cell)| {
            format!("{}/{} in {}: {}", objective.id, aspect.id, cell.environment, cell.why)
        })
        .collect();
    assert!(open.is_empty(), "{}", open.join("\n"));
    assert!(judged.assessment.problems.is_empty(), "{:#?}", judged.assessment.problems);
    for requirement in &judged.assessment.requirements {
        assert_eq!(requirement.status, Status::Met, "{}", requirement.id);
    }
    assert_eq!(judged.assessment.requirements.len(), 15);
    assert_eq!(judged.assessment.exit_code(), 0);
    // A file that nobody could read is no "everything is MET", whatever the rest says.
    let mut unread = READY.organisation.clone();
    unread.problems.push(farwatch::model::organisation::FileProblem {
        file: "statements/broken.md".to_owned(),
        line: Some(1),
        what: "cannot be read".to_owned(),
        hint: String::new(),
    });
    assert_eq!(self::judged(&READY, &unread).exit_code(), 11);
}

/// A scenario is told truly: for an account half way, and for one where everything that it asks is there.
#[test]
fn a_scenario_is_told_link_by_link() {
    use farwatch::model::scenario::Holds;
    let told = |world: &World| {
        let assessment = judged(world, &world.organisation);
        let result = assessment.scenarios.iter().find(|one| one.id == "upload-to-private-storage").unwrap().clone();
        (result.detected, result.answered, result.links.iter().map(|link| link.holds).collect::<Vec<_>>())
    };
    let (detected, answered, links) = told(&World::demo());
    assert_eq!((detected, answered), (Holds::No, Holds::No), "{links:?}");
    let (detected, answered, links) = told(&READY);
    assert_eq!((detected, answered), (Holds::Yes, Holds::Yes), "{links:?}");
    // The event history of the account confirms the drill, and that stands beside it.
    let judged_ready = READY.judge();
    let drill = upload(&judged_ready.assessment).links.last().unwrap();
    let told = judged_ready.findings.findings.iter().find(|one| drill.findings.contains(&one.id().to_owned())).unwrap();
    assert_eq!(told.outcome(), Outcome::Pass);
    assert!(told.sentence().contains("on 2026-10-14 (UTC, a day more or less): 1 (Modify"), "{}", told.sentence());
    // The developers' subnet is declared with a tag, and bears it; in the demo it does not.
    for (judged, outcome) in [(&judged_ready, Outcome::Pass), (&World::demo().judge(), Outcome::Fail)] {
        let tagged = |one: &&Finding| one.check() == "organisation-declared-tags-borne";
        let outcomes: Vec<_> = judged.findings.findings.iter().filter(tagged).map(Finding::outcome).collect();
        assert_eq!(outcomes, [outcome]);
    }
    // What was not read is not known, and a drill that no longer counts is none.
    let world = &*READY;
    let gone = |exchange: &&Exchange| exchange.call.read != "route53resolver:ListResolverQueryLogConfigAssociations";
    let exchanges: Vec<Exchange> = world.collection.exchanges.iter().filter(gone).cloned().collect();
    let undrilled = ready(|one| one.statements.retain(|statement| statement.kind != StatementKind::Drill));
    let judged = world.judge_with(&exchanges, &|exchange| world.collection.body(exchange), Some(&undrilled));
    let result = upload(&judged.assessment);
    assert_eq!((result.detected, result.answered), (Holds::NotKnown, Holds::No));
    // A drill in Azure is none in AWS.
    let elsewhere = ready(|one| {
        for statement in one.statements.iter_mut().filter(|statement| statement.kind == StatementKind::Drill) {
            statement.environments = vec!["azure".to_owned()];
        }
    });
    assert_eq!(upload(&self::judged(&READY, &elsewhere)).answered, Holds::No);
}

/// What happens in a cloud of which nothing was read is not told, whatever the organisation has.
#[test]
fn a_scenario_of_another_cloud_is_not_told() {
    use farwatch::model::scenario::Holds;
    let assessment = READY.judge().assessment;
    assert_eq!(upload(&assessment).not_told, None);
    let other = assessment.scenarios.iter().find(|one| one.id == "odd-port-to-another-country").unwrap();
    assert_eq!(other.not_told.as_deref(), Some("no Azure subscription in scope was read in this run"));
    assert_eq!((other.detected, other.answered, other.links.len()), (Holds::NotAsked, Holds::NotAsked, 0));
    // The demo has both clouds, so both are told; not where one of them is out of scope.
    let told = |organisation: &Organisation| {
        let all = judged(&DEMO, organisation).scenarios;
        all.into_iter().filter(|one| one.not_told.is_none()).map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(told(&DEMO.organisation), ["odd-port-to-another-country", "upload-to-private-storage"]);
    let mut without = DEMO.organisation.clone();
    let rule = serde_json::json!({ "reason": "it is about to be closed", "account": "210987654321" });
    without.scope.out.push(serde_json::from_value(rule).unwrap());
    assert_eq!(told(&without), ["odd-port-to-another-country"]);
    // Nor where there is nothing that it could happen to; a list that was cut may hide it.
    let world = &*READY;
    let without_machines = |cut: bool| {
        let body = |exchange: &Exchange| world.collection.body(exchange);
        let (seal, plan) = (&world.collection.seal, &world.collection.plan);
        let mut seen = inventory(&RULES.controls.reads, seal, plan, &world.collection.exchanges, &body);
        seen.resources.remove("aws.ec2.network_interface");
        if cut {
            seen.listings.get_mut("aws.ec2.network_interface").unwrap()[0].state = ListState::Cut([].into());
        }
        let parameters = defaults(&RULES.controls.parameters);
        let terms = Terms { organisation: Some(&world.organisation), parameters, as_of: AS_OF.parse().unwrap() };
        upload(&judge_inventory(&RULES, seen, &world.collection, terms).unwrap().assessment).clone()
    };
    let why = "there are no EC2 network interfaces, so it cannot happen here";
    assert_eq!(without_machines(false).not_told.as_deref(), Some(why));
    assert_eq!(without_machines(true).not_told, None);
}

fn upload(assessment: &Assessment) -> &farwatch::model::scenario::ScenarioResult {
    assessment.scenarios.iter().find(|one| one.id == "upload-to-private-storage").unwrap()
}
