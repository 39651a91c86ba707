//! Findings → aspects → objectives → requirements: the verdict table of the design, and nothing else.
//!
//! Aspects are farwatch's own reading of the guide; the rule "one NOT MET objective fails the requirement" is the
//! guide's (CMMC Assessment Guide, Level 1, "Assessment Findings").

use crate::model::assessment::{
    AspectResult, Cell, CellState, Environment, ObjectiveResult, RequirementResult, Status,
};
use crate::model::catalog::{Aspect, Catalog, EnvironmentKind, Objective, ShownBy};
use crate::model::check::Relation;
use crate::model::finding::{Finding, Outcome};
use crate::model::text::count;
use std::collections::HashMap;

/// Judges every objective in every environment it concerns.
#[must_use]
pub fn assess(catalog: &Catalog, environments: &[Environment], findings: &[Finding]) -> Vec<RequirementResult> {
    let mut by_aspect: HashMap<(&str, &str), Vec<(Relation, &Finding)>> = HashMap::new();
    for finding in findings {
        for mapping in finding.maps_to() {
            for objective in &mapping.objectives {
                by_aspect.entry((objective, &mapping.aspect)).or_default().push((mapping.relation, finding));
            }
        }
    }
    catalog
        .requirements
        .iter()
        .map(|requirement| {
            let objectives: Vec<ObjectiveResult> = requirement
                .objectives
                .iter()
                .map(|objective| {
                    let aspects: Vec<AspectResult> = objective
                        .aspects
                        .iter()
                        .map(|aspect| {
                            let mapped = by_aspect.get(&(objective.id.as_str(), aspect.id.as_str()));
                            aspect_result(aspect, environments, mapped.map_or(&[], Vec::as_slice))
                        })
                        .collect();
                    objective_result(objective, aspects)
                })
                .collect();
            // The worst of its objectives: `Status` is ordered from best to worst.
            let status = objectives.iter().map(|objective| objective.status).max().unwrap_or(Status::NotAssessed);
            RequirementResult { id: requirement.id.clone(), status, objectives }
        })
        .collect()
}

/// The environments of a run without an organisation file: one per account, and kinds that nobody declared.
#[must_use]
pub fn undeclared_environments(accounts: impl IntoIterator<Item = String>) -> Vec<Environment> {
    let read = accounts.into_iter().map(|account| Environment {
        id: format!("aws:{account}"),
        kind: EnvironmentKind::Aws,
        label: format!("AWS account {account}"),
        declared: true,
    });
    let open = [
        (EnvironmentKind::Office, "office", "Offices"),
        (EnvironmentKind::Endpoints, "endpoints", "Endpoints"),
        (EnvironmentKind::Saas, "saas", "Software as a service"),
    ];
    let undeclared = open.map(|(kind, id, label)| Environment {
        id: id.to_owned(),
        kind,
        label: format!("{label} (not declared)"),
        declared: false,
    });
    read.chain(undeclared).collect()
}

fn objective_result(objective: &Objective, aspects: Vec<AspectResult>) -> ObjectiveResult {
    let states: Vec<CellState> = aspects.iter().flat_map(|aspect| aspect.cells.iter().map(|cell| cell.state)).collect();
    let status = if states.contains(&CellState::Failed) {
        Status::NotMet
    } else if states.contains(&CellState::Open) || states.is_empty() {
        Status::NotAssessed
    } else {
        Status::Met
    };
    let by_exception = status == Status::Met && states.contains(&CellState::ShownByException);
    ObjectiveResult { id: objective.id.clone(), status, by_exception, aspects }
}

fn aspect_result(aspect: &Aspect, environments: &[Environment], mapped: &[(Relation, &Finding)]) -> AspectResult {
    let cells = environments
        .iter()
        .filter_map(|environment| {
            let how = *aspect.shown_by.get(&environment.kind)?;
            let here: Vec<(Relation, &Finding)> =
                mapped.iter().filter(|(_, finding)| belongs(finding, environment)).copied().collect();
            Some(cell(how, environment, &here))
        })
        .collect();
    AspectResult { id: aspect.id.clone(), cells }
}

/// Cloud evidence is evidence for the account it came from, and for nothing else.
fn belongs(finding: &Finding, environment: &Environment) -> bool {
    environment.kind == EnvironmentKind::Aws && environment.id.strip_prefix("aws:") == Some(&finding.subject().account)
}

fn cell(how: ShownBy, environment: &Environment, here: &[(Relation, &Finding)]) -> Cell {
    let deciding = |outcomes: &[Outcome]| -> Vec<&Finding> {
        here.iter()
            .filter(|(relation, finding)| *relation != Relation::Supports && outcomes.contains(&finding.outcome()))
            .map(|(_, finding)| *finding)
            .collect()
    };
    let failing = deciding(&[Outcome::Fail]);
    let unclear = deciding(&[Outcome::Unknown, Outcome::Error]);
    let passing: Vec<&Finding> = here
        .iter()
        .filter(|(relation, finding)| *relation == Relation::Determines && finding.outcome() == Outcome::Pass)
        .map(|(_, finding)| *finding)
        .collect();
    // No statement exists before the organisation file does, so what needs one stays open.
    let (state, why) = if let Some(first) = failing.first() {
        let more = others(failing.len());
        (CellState::Failed, format!("disproved by {}{more}", quoted(first)))
    } else if let Some(first) = unclear.first() {
        let more = others(unclear.len());
        (CellState::Open, format!("not known: {}{more}", quoted(first)))
    } else if !environment.declared {
        let kind = environment.kind.label();
        (CellState::Open, format!("nobody has declared {kind}, or declared that there are none"))
    } else if how.needs_statement() {
        let seen = if passing.is_empty() { String::new() } else { format!("{}; ", checks_agree(passing.len())) };
        (CellState::Open, format!("{seen}it needs {}, and there is no statement yet", how.words()))
    } else if passing.is_empty() {
        let seen = if here.is_empty() {
            "no check answers it yet"
        } else if here.iter().all(|(relation, _)| *relation == Relation::Supports) {
            "checks support it and none decides it"
        } else {
            "no check that decides it found anything to judge"
        };
        (CellState::Open, format!("{seen}; it can be shown by {}", how.words()))
    } else {
        (CellState::Shown, checks_agree(passing.len()))
    };
    let ids = |findings: Vec<&Finding>| -> Vec<String> { findings.into_iter().map(|f| f.id().to_owned()).collect() };
    let decided_by: Vec<&Finding> = failing.into_iter().chain(unclear).chain(deciding(&[Outcome::Pass])).collect();
    let mut supporting: Vec<&Finding> = here
        .iter()
        .filter(|(relation, finding)| *relation == Relation::Supports && finding.outcome() != Outcome::NotApplicable)
        .map(|(_, finding)| *finding)
        .collect();
    supporting.sort_by_key(|finding| (rank(finding.outcome()), finding.id().to_owned()));
    Cell { environment: environment.id.clone(), state, why, decided_by: ids(decided_by), supported_by: ids(supporting) }
}

fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Fail => 0,
        Outcome::Error => 1,
        Outcome::Unknown => 2,
        Outcome::Pass => 3,
        Outcome::NotApplicable => 4,
    }
}

fn quoted(finding: &Finding) -> String {
    format!("\u{201c}{}\u{201d} ({})", finding.sentence(), finding.check())
}

fn others(all: usize) -> String {
    match all.saturating_sub(1) {
        0 => String::new(),
        more => format!(" and {}", count(more, "other finding", "other findings")),
    }
}

fn checks_agree(number: usize) -> String {
    format!("{} shown by a check", count(number, "resource was", "resources were"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::{Mapping, Severity};
    use crate::model::finding::{About, Evidence, Judged, Reason, Subject, Undecided};

    /// One finding about aspect `a` of the one objective, with this outcome and relation.
    fn finding(outcome: Outcome, relation: Relation, account: &str) -> Finding {
        let maps_to = [Mapping { objectives: vec!["R.a".to_owned()], aspect: "a".to_owned(), relation }];
        let subject = Subject {
            kind: "t".to_owned(),
            id: Some(format!("{outcome:?}{relation:?}")),
            account: account.to_owned(),
            region: "r".to_owned(),
        };
        let about = About { check: "c", severity: Severity::High, maps_to: &maps_to, subject };
        let evidence = || Evidence::new(["E-1".to_owned()].into()).unwrap();
        let judged = match outcome {
            Outcome::Pass => Judged::Pass,
            Outcome::Fail => Judged::Fail,
            Outcome::NotApplicable => Judged::NotApplicable,
            Outcome::Unknown | Outcome::Error => {
                let kind = if outcome == Outcome::Unknown { Undecided::Unknown } else { Undecided::Error };
                let reason = Reason::Mistake { what: "x".to_owned() };
                return Finding::undecided(about, kind, "s".to_owned(), reason, [], [].into());
            }
        };
        Finding::judged(about, judged, "s".to_owned(), evidence(), None)
    }

    fn state(how: ShownBy, findings: &[Finding]) -> CellState {
        let environment = &undeclared_environments(["1".to_owned()])[0];
        let here: Vec<(Relation, &Finding)> = findings
            .iter()
            .filter(|finding| belongs(finding, environment))
            .map(|finding| (finding.maps_to()[0].relation, finding))
            .collect();
        cell(how, environment, &here).state
    }

    /// How it may be shown, what was found, what the cell comes to.
    type Row = (ShownBy, &'static [(Outcome, Relation)], CellState);

    #[test]
    fn the_verdict_table() {
        use CellState::{Failed, Open, Shown};
        use Outcome::{Error, Fail, NotApplicable, Pass, Unknown};
        use Relation::{Determines, Refutes, Supports};
        let table: &[Row] = &[
            (ShownBy::Check, &[], Open),
            (ShownBy::Check, &[(Pass, Determines)], Shown),
            (ShownBy::Check, &[(Fail, Determines)], Failed),
            (ShownBy::Check, &[(Unknown, Determines)], Open),
            (ShownBy::Check, &[(Error, Determines)], Open),
            (ShownBy::Check, &[(NotApplicable, Determines)], Open),
            (ShownBy::Check, &[(Pass, Determines), (Unknown, Determines)], Open),
            (ShownBy::Check, &[(Unknown, Determines), (Fail, Determines)], Failed),
            (ShownBy::Check, &[(Pass, Determines), (Fail, Refutes)], Failed),
            (ShownBy::Check, &[(Pass, Determines), (Unknown, Refutes)], Open),
            (ShownBy::Check, &[(Pass, Determines), (Pass, Refutes)], Shown),
            (ShownBy::Check, &[(Pass, Refutes)], Open),
            (ShownBy::Check, &[(Fail, Refutes)], Failed),
            (ShownBy::Check, &[(Pass, Supports)], Open),
            (ShownBy::Check, &[(Fail, Supports)], Open),
            (ShownBy::Check, &[(Pass, Determines), (Fail, Supports), (Unknown, Supports)], Shown),
            (ShownBy::CheckOrStatement, &[(Pass, Determines)], Shown),
            (ShownBy::CheckOrStatement, &[(Pass, Supports)], Open),
            (ShownBy::CheckAndStatement, &[(Pass, Determines)], Open),
            (ShownBy::CheckAndStatement, &[(Fail, Determines)], Failed),
            (ShownBy::Statement, &[(Pass, Determines)], Open),
            (ShownBy::Statement, &[(Fail, Refutes)], Failed),
            (ShownBy::InheritanceOrStatement, &[], Open),
        ];
        for (how, findings, expected) in table {
            let findings: Vec<Finding> = findings.iter().map(|(o, r)| finding(*o, *r, "1")).collect();
            assert_eq!(state(*how, &findings), *expected, "{how:?} {findings:?}");
        }
    }

    #[test]
    fn evidence_of_one_account_is_none_for_another() {
        assert_eq!(state(ShownBy::Check, &[finding(Outcome::Pass, Relation::Determines, "2")]), CellState::Open);
        assert_eq!(state(ShownBy::Check, &[finding(Outcome::Fail, Relation::Determines, "2")]), CellState::Open);
    }

    #[test]
    fn adding_an_unknown_never_improves_a_status() {
        let outcomes = [Outcome::Pass, Outcome::Fail, Outcome::Unknown, Outcome::Error, Outcome::NotApplicable];
        let relations = [Relation::Determines, Relation::Refutes, Relation::Supports];
        for how in [ShownBy::Check, ShownBy::Statement, ShownBy::CheckAndStatement, ShownBy::CheckOrStatement] {
            for a in outcomes {
                for ra in relations {
                    for rb in relations {
                        let one = vec![finding(a, ra, "1")];
                        let two = vec![finding(a, ra, "1"), finding(Outcome::Unknown, rb, "1")];
                        assert!(state(how, &two) >= state(how, &one), "{how:?} {a:?} {ra:?} {rb:?}");
                    }
                }
            }
        }
    }
}
