//! Findings and statements → aspects → objectives → requirements: the verdict table of the design, and nothing else.
//!
//! Aspects are farwatch's own reading of the guide; the rule "one NOT MET objective fails the requirement" is the
//! guide's (CMMC Assessment Guide, Level 1, "Assessment Findings").

mod cell;
mod environments;
mod not_applicable;
mod scenario;
mod scope;

pub use environments::environments;
pub use scope::populations;

use crate::model::assessment::{
    AspectResult, CellState, Environment, ExceptionResult, ObjectiveResult, RequirementResult, StatementResult, Status,
};
use crate::model::catalog::{Aspect, Catalog, Objective, Requirement};
use crate::model::check::Relation;
use crate::model::exception::Exception;
use crate::model::finding::{Finding, Outcome};
use crate::model::inventory::Inventory;
use crate::model::organisation::{FileProblem, Organisation};
use crate::model::pattern::Pattern;
use crate::model::scenario::{Scenario, ScenarioResult};
use crate::model::statement::{Answer, Standing, Statement, StatementKind, names_environment};
use crate::model::text::nearest;
use cell::{Here, cell};
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};

/// What an assessment is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The rule-makers' side.
    pub catalog: &'a Catalog,
    /// The places in scope.
    pub environments: &'a [Environment],
    /// Findings in scope.
    pub findings: &'a [Finding],
    /// What the organisation says; nothing where there is no organisation file.
    pub organisation: Option<&'a Organisation>,
    /// What the run has shown: a statement that something does not apply is held against it.
    pub inventory: &'a Inventory,
    /// Stories to hold against the findings.
    pub scenarios: &'a [Scenario],
    /// The day on which expiry is judged.
    pub day: Date,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// The 15 requirements.
    pub requirements: Vec<RequirementResult>,
    /// Statements.
    pub statements: Vec<StatementResult>,
    /// Exceptions.
    pub exceptions: Vec<ExceptionResult>,
    /// Scenarios.
    pub scenarios: Vec<ScenarioResult>,
    /// What is wrong with files of the organisation, found only now.
    pub problems: Vec<FileProblem>,
}

/// Judges every objective in every environment it concerns.
#[must_use]
pub fn assess(input: &Input<'_>) -> Assessed {
    let mut by_aspect: HashMap<(&str, &str), Vec<(Relation, &Finding)>> = HashMap::new();
    for finding in input.findings {
        for mapping in finding.maps_to() {
            for objective in &mapping.objectives {
                by_aspect.entry((objective, &mapping.aspect)).or_default().push((mapping.relation, finding));
            }
        }
    }
    let mut problems = Vec::new();
    let statements = statement_results(input, &mut problems);
    let exceptions = exception_results(input, &mut problems);
    let side = Side::new(input, &exceptions);
    let requirements = input
        .catalog
        .requirements
        .iter()
        .map(|requirement| {
            let objectives: Vec<ObjectiveResult> = requirement
                .objectives
                .iter()
                .map(|objective| {
                    let aspects = objective
                        .aspects
                        .iter()
                        .map(|aspect| {
                            let mapped = by_aspect.get(&(objective.id.as_str(), aspect.id.as_str()));
                            aspect_result(objective, aspect, input, &side, mapped.map_or(&[], Vec::as_slice))
                        })
                        .collect();
                    objective_result(requirement, objective, aspects, input, &side)
                })
                .collect();
            let status = requirement_status(&objectives);
            RequirementResult { id: requirement.id.clone(), status, objectives }
        })
        .collect();
    let scenarios = scenario::results(input, &statements);
    Assessed { requirements, statements, exceptions, scenarios, problems }
}

/// The worst of its objectives. An objective that is NOT APPLICABLE counts as MET (guide, "Assessment Findings"), so a
/// requirement is NOT APPLICABLE only where all of them are.
fn requirement_status(objectives: &[ObjectiveResult]) -> Status {
    let has = |status| objectives.iter().any(|objective| objective.status == status);
    if objectives.is_empty() {
        Status::NotAssessed
    } else if has(Status::NotMet) {
        Status::NotMet
    } else if has(Status::NotAssessed) {
        Status::NotAssessed
    } else if has(Status::Met) {
        Status::Met
    } else {
        Status::NotApplicable
    }
}

/// The organisation's side, as far as it counts on the day.
#[derive(Debug, Default)]
struct Side<'a> {
    /// Statements that count, and those that do not with the reason.
    statements: Vec<(&'a Statement, Standing)>,
    /// Exceptions that count.
    exceptions: Vec<&'a Exception>,
    /// Finding → exceptions that count and cover it.
    covered: BTreeMap<&'a str, Vec<&'a Exception>>,
}

impl<'a> Side<'a> {
    fn new(input: &Input<'a>, results: &'a [ExceptionResult]) -> Self {
        let Some(organisation) = input.organisation else { return Self::default() };
        let mut side = Self {
            statements: organisation.statements.iter().map(|one| (one, one.standing(input.day))).collect(),
            ..Self::default()
        };
        for result in results.iter().filter(|result| result.not_counted.is_none()) {
            let Some(exception) = organisation.exceptions.iter().find(|one| one.id == result.id) else { continue };
            side.exceptions.push(exception);
            for finding in &result.findings {
                side.covered.entry(finding.as_str()).or_default().push(exception);
            }
        }
        side
    }
}

fn statement_results(input: &Input<'_>, problems: &mut Vec<FileProblem>) -> Vec<StatementResult> {
    let Some(organisation) = input.organisation else { return Vec::new() };
    organisation
        .statements
        .iter()
        .map(|one| {
            let not_counted = match one.standing(input.day) {
                Standing::Counts => None,
                Standing::Not(why) => Some(why),
            };
            if one.problems.is_empty() && not_counted.is_some() && one.date > input.day {
                problems.push(FileProblem {
                    file: one.file.clone(),
                    line: one.lines.from,
                    what: format!("its date {} is after the day of this assessment, {}", one.date, input.day),
                    hint: "nobody can state today what is so tomorrow; correct the date".to_owned(),
                });
            }
            StatementResult { id: one.id.clone(), file: one.file.clone(), sha256: one.sha256.clone(), not_counted }
        })
        .collect()
}

/// What each exception covers, and what a person should know about those that cover nothing or do not count.
fn exception_results(input: &Input<'_>, problems: &mut Vec<FileProblem>) -> Vec<ExceptionResult> {
    let Some(organisation) = input.organisation else { return Vec::new() };
    let mut results = Vec::new();
    for one in &organisation.exceptions {
        let mut not_counted = match one.standing(input.day) {
            Standing::Counts => None,
            Standing::Not(why) => Some(why),
        };
        if let Some(pattern) = boundless(one, input.findings).filter(|_| not_counted.is_none()) {
            let what =
                format!("the pattern `{pattern}` fits everything that the check judges, and the next mistake too");
            not_counted = Some(format!("cannot be used: {what}"));
            let hint = "name the resources that are meant".to_owned();
            problems.push(FileProblem { file: one.file.clone(), line: one.lines.about, what, hint });
        }
        let fails: Vec<&Finding> = input.findings.iter().filter(|f| f.outcome() == Outcome::Fail).collect();
        let findings: Vec<String> =
            fails.iter().filter(|finding| covers(one, finding)).map(|finding| finding.id().to_owned()).collect();
        let stated = organisation.statements.iter().any(|statement| {
            !statement.holds
                && statement.standing(input.day) == Standing::Counts
                && one.answers.iter().any(|answer| statement.answers.contains(answer))
                && input.environments.iter().any(|place| {
                    let names = |list: &[String]| names_environment(list, &place.id, place.kind.word());
                    names(&statement.environments) && names(&one.environments)
                })
        });
        let mut hints = Vec::new();
        if not_counted.is_some() && (!findings.is_empty() || stated) {
            let what = if findings.is_empty() { "what is stated not to hold".to_owned() } else { findings.join(", ") };
            hints.push(format!("if it counted, it would cover {what}"));
        }
        if findings.is_empty() && !stated && not_counted.is_none() {
            let mut what = "it covers nothing: no finding fails that it names".to_owned();
            if !one.answers.is_empty() {
                "it covers nothing: no statement says of what it names that it is not so".clone_into(&mut what);
            }
            let near = near_miss(one, &fails, input.findings);
            problems.push(FileProblem {
                file: one.file.clone(),
                line: one.lines.about,
                what,
                hint: near.clone().unwrap_or_else(|| "remove it, or correct `checks` and `resources`".to_owned()),
            });
            hints.extend(near);
        }
        results.push(ExceptionResult {
            id: one.id.clone(),
            file: one.file.clone(),
            sha256: one.sha256.clone(),
            not_counted,
            findings,
            hints,
        });
    }
    results
}

/// A pattern of an exception that fits all of several resources that one of its checks judges, whatever came of them.
fn boundless<'a>(one: &'a Exception, findings: &[Finding]) -> Option<&'a Pattern> {
    let mut judged: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| one.checks.iter().any(|check| check.fits(finding.check()))) {
        if let Some(id) = &finding.subject().id {
            judged.entry(finding.check()).or_default().push(id);
        }
    }
    one.resources
        .iter()
        .filter(|pattern| pattern.is_open())
        .find(|pattern| judged.values().any(|ids| ids.len() > 1 && ids.iter().all(|id| pattern.fits(id))))
}

/// Does an exception name this failing finding?
fn covers(one: &Exception, finding: &Finding) -> bool {
    let subject = finding.subject();
    one.checks.iter().any(|check| check.fits(finding.check()))
        && subject.id.as_ref().is_some_and(|id| one.resources.iter().any(|resource| resource.fits(id)))
        && (one.accounts.is_empty() || one.accounts.iter().any(|account| account.fits(&subject.account)))
}

/// What somebody may have meant who wrote an exception that covers nothing.
fn near_miss(one: &Exception, fails: &[&Finding], all: &[Finding]) -> Option<String> {
    let id = |finding: &Finding| finding.subject().id.clone().unwrap_or_default();
    let same_check: Vec<&&Finding> =
        fails.iter().filter(|f| one.checks.iter().any(|check| check.fits(f.check()))).collect();
    let elsewhere = same_check.iter().find(|f| one.resources.iter().any(|resource| resource.fits(&id(f))));
    if let Some(finding) = elsewhere {
        return Some(format!("{} fails in account {}", id(finding), finding.subject().account));
    }
    for pattern in &one.resources {
        let ids: Vec<String> = same_check.iter().map(|finding| id(finding)).collect();
        if let Some(near) = nearest(&pattern.0, ids.iter().map(String::as_str)) {
            return Some(format!("did you mean the resource `{near}`?"));
        }
    }
    if let Some(finding) = fails.iter().find(|f| one.resources.iter().any(|resource| resource.fits(&id(f)))) {
        return Some(format!("{} fails on {}: did you mean that check?", finding.check(), id(finding)));
    }
    let passes = |finding: &&Finding| {
        finding.outcome() == Outcome::Pass
            && one.checks.iter().any(|check| check.fits(finding.check()))
            && one.resources.iter().any(|resource| resource.fits(&id(finding)))
    };
    all.iter()
        .find(passes)
        .map(|finding| format!("{} passes on {} now: the exception can go", finding.check(), id(finding)))
}

fn aspect_result(
    objective: &Objective,
    aspect: &Aspect,
    input: &Input<'_>,
    side: &Side<'_>,
    mapped: &[(Relation, &Finding)],
) -> AspectResult {
    let answer = Answer::of(objective, aspect);
    let cells = input
        .environments
        .iter()
        .filter_map(|environment| {
            let how = *aspect.shown_by.get(&environment.kind)?;
            let findings = mapped.iter().filter(|(_, finding)| belongs(finding, environment)).copied().collect();
            Some(cell(&Here::new(&answer, how, environment, findings, input, side)))
        })
        .collect();
    AspectResult { id: aspect.id.clone(), cells }
}

/// Cloud evidence is evidence for the account it came from, and for nothing else.
fn belongs(finding: &Finding, environment: &Environment) -> bool {
    environment.id.split_once(':').is_some_and(|(kind, account)| {
        kind == environment.kind.word() && environment.kind.is_cloud() && account == finding.subject().account
    })
}

fn objective_result(
    requirement: &Requirement,
    objective: &Objective,
    aspects: Vec<AspectResult>,
    input: &Input<'_>,
    side: &Side<'_>,
) -> ObjectiveResult {
    let states: Vec<CellState> = aspects.iter().flat_map(|aspect| aspect.cells.iter().map(|cell| cell.state)).collect();
    let mut status = if states.contains(&CellState::Failed) {
        Status::NotMet
    } else if states.contains(&CellState::Open) || states.is_empty() {
        Status::NotAssessed
    } else {
        Status::Met
    };
    let (mut by, mut refused) = (None, Vec::new());
    for (statement, standing) in &side.statements {
        let about = statement.kind == StatementKind::NotApplicable
            && statement.answers.iter().any(|answer| answer.objective == objective.id);
        if !about {
            continue;
        }
        let why_not = match standing {
            Standing::Not(why) => Some(why.clone()),
            Standing::Counts => not_applicable::refused(objective.applies(requirement), &aspects, input),
        };
        match why_not {
            Some(why) => refused.push(format!("{} says NOT APPLICABLE, and is not followed: {why}", statement.id)),
            None => by = Some(statement.id.clone()),
        }
    }
    if by.is_some() {
        status = Status::NotApplicable;
    }
    let by_exception = status == Status::Met && states.contains(&CellState::ShownByException);
    ObjectiveResult { id: objective.id.clone(), status, by_exception, not_applicable_by: by, refused, aspects }
}
