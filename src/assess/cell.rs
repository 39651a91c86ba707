//! One aspect in one environment: the first row of the design's verdict table that applies decides.

use super::{Input, Side};
use crate::model::assessment::{Cell, CellState, Environment, Step};
use crate::model::catalog::ShownBy;
use crate::model::check::Relation;
use crate::model::exception::Exception;
use crate::model::finding::{Finding, Outcome, Reason};
use crate::model::organisation::Role;
use crate::model::plan::Outcome as CallOutcome;
use crate::model::statement::{Answer, DocumentStatus, Standing, Statement, StatementKind, names_environment};
use crate::model::text::count;

/// Everything that bears on one cell.
pub(super) struct Here<'a> {
    answer: &'a Answer,
    how: ShownBy,
    environment: &'a Environment,
    findings: Vec<(Relation, &'a Finding)>,
    input: &'a Input<'a>,
    side: &'a Side<'a>,
    /// Statements about this aspect here.
    statements: Vec<(&'a Statement, &'a Standing)>,
}

/// What decides, sorted out.
struct Sorted<'a> {
    /// Deciding findings that fail, and no exception covers.
    failing: Vec<&'a Finding>,
    /// Deciding findings that fail, with the exceptions that cover them.
    covered: Vec<(&'a Finding, &'a [&'a Exception])>,
    /// Is one of these by a check that determines?
    covered_determines: bool,
    unclear: Vec<&'a Finding>,
    /// Determining findings that pass.
    passing: Vec<&'a Finding>,
    /// Findings of a search for the usual means that an alternative implementation replaces.
    replaced: Vec<&'a Finding>,
    /// Statements that it is not so, and no exception covers.
    denied: Vec<&'a Statement>,
    /// Statements that it is not so, with the exceptions that cover them.
    excepted: Vec<(&'a Statement, Vec<&'a Exception>)>,
    /// Statements that it is so.
    stated: Vec<&'a Statement>,
    /// Alternative implementations.
    instead: Vec<&'a Statement>,
}

impl Sorted<'_> {
    /// Has a check answered? One that determines, fails and is covered has been answered by the exception.
    fn machine(&self) -> bool {
        !self.instead.is_empty() || !self.passing.is_empty() || self.covered_determines
    }

    /// Has a person answered?
    fn person(&self) -> bool {
        !self.instead.is_empty() || !self.excepted.is_empty() || !self.stated.is_empty()
    }
}

impl<'a> Here<'a> {
    pub(super) fn new(
        answer: &'a Answer,
        how: ShownBy,
        environment: &'a Environment,
        findings: Vec<(Relation, &'a Finding)>,
        input: &'a Input<'a>,
        side: &'a Side<'a>,
    ) -> Self {
        let speaks = |one: &Statement| {
            one.kind != StatementKind::NotApplicable
                && one.answers.contains(answer)
                && names_environment(&one.environments, &environment.id, environment.kind.word())
        };
        let statements = side.statements.iter().filter(|(one, _)| speaks(one)).map(|(one, s)| (*one, s)).collect();
        Self { answer, how, environment, findings, input, side, statements }
    }

    /// May an alternative implementation take this finding's place here?
    fn replaceable(&self, finding: &Finding) -> bool {
        finding.maps_to().iter().any(|map| {
            map.aspect == self.answer.aspect && map.objectives.contains(&self.answer.objective) && map.is_replaceable()
        })
    }

    fn sort(&self) -> Sorted<'a> {
        let counting = |one: &&(&'a Statement, &'a Standing)| *one.1 == Standing::Counts;
        let counts: Vec<&'a Statement> = self.statements.iter().filter(counting).map(|(one, _)| *one).collect();
        let instead: Vec<&'a Statement> = counts
            .iter()
            .filter(|one| one.kind == StatementKind::AlternativeImplementation && one.holds && one.may_answer(self.how))
            .copied()
            .collect();
        let replaced_check =
            |finding: &Finding| instead.iter().any(|one| one.replaces.iter().any(|check| check == finding.check()));
        let mut sorted = Sorted {
            failing: Vec::new(),
            covered: Vec::new(),
            covered_determines: false,
            unclear: Vec::new(),
            passing: Vec::new(),
            replaced: Vec::new(),
            denied: Vec::new(),
            excepted: Vec::new(),
            stated: Vec::new(),
            instead: instead.clone(),
        };
        for (relation, finding) in self.findings.iter().filter(|(relation, _)| *relation != Relation::Supports) {
            // What was found stays found, whatever means are used; only the search for the usual means is replaced.
            if self.replaceable(finding) && replaced_check(finding) {
                sorted.replaced.push(finding);
                continue;
            }
            match finding.outcome() {
                Outcome::Fail => match self.side.covered.get(finding.id()) {
                    Some(exceptions) => {
                        sorted.covered_determines |= *relation == Relation::Determines;
                        sorted.covered.push((finding, exceptions));
                    }
                    None => sorted.failing.push(finding),
                },
                Outcome::Unknown | Outcome::Error => sorted.unclear.push(finding),
                Outcome::Pass if *relation == Relation::Determines => sorted.passing.push(finding),
                Outcome::Pass | Outcome::NotApplicable => {}
            }
        }
        for one in counts {
            if one.holds {
                if one.may_answer(self.how) && one.kind != StatementKind::AlternativeImplementation {
                    sorted.stated.push(one);
                }
                continue;
            }
            let exceptions: Vec<&'a Exception> = self
                .side
                .exceptions
                .iter()
                .filter(|exception| {
                    exception.answers.contains(self.answer)
                        && names_environment(
                            &exception.environments,
                            &self.environment.id,
                            self.environment.kind.word(),
                        )
                })
                .copied()
                .collect();
            if exceptions.is_empty() {
                sorted.denied.push(one);
            } else {
                sorted.excepted.push((one, exceptions));
            }
        }
        sorted
    }
}

/// Judges one cell.
pub(super) fn cell(here: &Here<'_>) -> Cell {
    let sorted = here.sort();
    let (state, why) = judge(here, &sorted);
    let next = if matches!(state, CellState::Shown) { Vec::new() } else { steps(here, &sorted, state) };
    let ids = |findings: &[&Finding]| -> Vec<String> { findings.iter().map(|f| f.id().to_owned()).collect() };
    let covered: Vec<&Finding> = sorted.covered.iter().map(|(finding, _)| *finding).collect();
    let passing: Vec<&Finding> = here
        .findings
        .iter()
        .filter(|(relation, f)| *relation != Relation::Supports && f.outcome() == Outcome::Pass)
        .map(|(_, finding)| *finding)
        .filter(|finding| !sorted.replaced.iter().any(|other| other.id() == finding.id()))
        .collect();
    let decided_by = [sorted.failing.as_slice(), &covered, &sorted.unclear, &passing].concat();
    let mut supporting: Vec<&Finding> = here
        .findings
        .iter()
        .filter(|(relation, finding)| *relation == Relation::Supports && finding.outcome() != Outcome::NotApplicable)
        .map(|(_, finding)| *finding)
        .collect();
    supporting.sort_by_key(|finding| (rank(finding.outcome()), finding.id().to_owned()));
    let mut exceptions: Vec<String> = sorted
        .covered
        .iter()
        .flat_map(|(_, exceptions)| exceptions.iter())
        .chain(sorted.excepted.iter().flat_map(|(_, exceptions)| exceptions.iter()))
        .map(|exception| exception.id.clone())
        .collect();
    exceptions.sort();
    exceptions.dedup();
    let statements = here
        .statements
        .iter()
        .filter(|(_, standing)| **standing == Standing::Counts)
        .map(|(one, _)| one.id.clone())
        .collect();
    Cell {
        environment: here.environment.id.clone(),
        state,
        why,
        decided_by: ids(&decided_by),
        supported_by: ids(&supporting),
        replaced: ids(&sorted.replaced),
        statements,
        exceptions,
        next,
    }
}

fn judge(here: &Here<'_>, sorted: &Sorted<'_>) -> (CellState, String) {
    if let Some(first) = sorted.failing.first() {
        return (CellState::Failed, format!("disproved by {}{}", quoted(first), others(sorted.failing.len())));
    }
    if let Some(first) = sorted.denied.first() {
        return (CellState::Failed, format!("the statement {} says that it is not so", first.id));
    }
    if let Some(why) = &here.environment.open {
        return (CellState::Open, why.clone());
    }
    if let Some(first) = sorted.unclear.first() {
        return (CellState::Open, format!("not known: {}{}", quoted(first), others(sorted.unclear.len())));
    }
    // A contradiction, or a statement that is broken, leaves open what it was to answer, whatever else answers it: nobody
    // knows what was meant.
    let broken = here.statements.iter().find(|(one, _)| {
        one.status == DocumentStatus::Final && one.kind != StatementKind::Drill && !one.problems.is_empty()
    });
    if let Some((one, Standing::Not(why))) = broken {
        return (CellState::Open, format!("the statement {} {why}", one.id));
    }
    let (machine, person) = (sorted.machine(), sorted.person());
    let shown = match here.how {
        ShownBy::Check => machine,
        ShownBy::CheckAndStatement => machine && person,
        ShownBy::CheckOrStatement => machine || person,
        ShownBy::Statement | ShownBy::InheritanceOrStatement => person,
    };
    if !shown {
        return (CellState::Open, still_missing(here, sorted, machine));
    }
    let mut parts = Vec::new();
    if !sorted.passing.is_empty() {
        parts.push(format!("{} shown by a check", count(sorted.passing.len(), "resource was", "resources were")));
    }
    for one in &sorted.stated {
        parts.push(format!("stated in {} until {}", one.id, one.expires));
    }
    for one in &sorted.instead {
        parts.push(format!("done by other means, stated in {} until {}", one.id, one.expires));
    }
    let mut by_exception = false;
    for (finding, exceptions) in &sorted.covered {
        by_exception = true;
        parts.push(format!("{} fails and is covered by {}", finding.id(), exception_words(exceptions)));
    }
    for (statement, exceptions) in &sorted.excepted {
        by_exception = true;
        parts.push(format!("{} says that it is not so, covered by {}", statement.id, exception_words(exceptions)));
    }
    let state = if by_exception { CellState::ShownByException } else { CellState::Shown };
    (state, parts.join("; "))
}

fn exception_words(exceptions: &[&Exception]) -> String {
    let words: Vec<String> = exceptions
        .iter()
        .map(|one| format!("the {} {} until {}", one.kind.words(), one.id, one.counts_until()))
        .collect();
    words.join(" and ")
}

/// Why it is open although nothing speaks against it.
fn still_missing(here: &Here<'_>, sorted: &Sorted<'_>, machine: bool) -> String {
    let not_counting: Vec<String> = here
        .statements
        .iter()
        .filter_map(|(one, standing)| match standing {
            Standing::Not(why) => Some(format!("the statement {} {why}", one.id)),
            Standing::Counts if one.kind == StatementKind::Drill => Some(format!("the drill {} supports it", one.id)),
            Standing::Counts => None,
        })
        .collect();
    let mut parts = Vec::new();
    if !sorted.passing.is_empty() {
        parts.push(format!("{} shown by a check", count(sorted.passing.len(), "resource was", "resources were")));
    }
    parts.extend(not_counting.iter().cloned());
    let by_check = here.how.by_check() && !machine;
    if by_check {
        let supports = here.findings.iter().all(|(relation, _)| *relation == Relation::Supports);
        parts.push(
            if here.findings.is_empty() {
                "no check answers it yet"
            } else if supports {
                "checks support it and none decides it"
            } else {
                "no check that decides it found anything to judge"
            }
            .to_owned(),
        );
    }
    let words = here.how.words();
    match here.how {
        ShownBy::CheckAndStatement if machine => parts.push("it needs a signed statement as well".to_owned()),
        ShownBy::CheckAndStatement => parts.push(format!("it needs {words}")),
        ShownBy::Check => parts.push(format!("it can be shown by {words}")),
        _ if not_counting.is_empty() => parts.push(format!("it can be shown by {words}, and there is none")),
        _ => {}
    }
    parts.join("; ")
}

/// What would change the cell, and who can.
fn steps(here: &Here<'_>, sorted: &Sorted<'_>, state: CellState) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut step = |who: String, what: String| {
        let step = Step { who, what };
        if !steps.contains(&step) {
            steps.push(step);
        }
    };
    let engineer = || who(here, Role::Engineer);
    let officer = || who(here, Role::ComplianceOfficer);
    for finding in &sorted.failing {
        step(engineer(), format!("mend {}: {}", finding.id(), finding.sentence()));
    }
    for one in &sorted.denied {
        step(person(here, &one.owner), format!("do what {} says is not done, and state it anew", one.id));
    }
    if state == CellState::ShownByException {
        for (finding, exceptions) in &sorted.covered {
            let last = exceptions.iter().map(|one| one.counts_until()).max();
            let until = last.map(|day| format!(" before {day}")).unwrap_or_default();
            step(engineer(), format!("mend {}{until}: {}", finding.id(), finding.sentence()));
        }
        return steps;
    }
    if here.environment.open.is_some() {
        let what = match here.environment.id.split_once(':') {
            None => format!(
                "declare environments.{0} in farwatch.yaml, or `none: REASON` if there are none",
                here.environment.kind.word()
            ),
            Some(_) => format!("see to {}: {}", here.environment.label, here.environment.open.as_deref().unwrap_or("")),
        };
        step(officer(), what);
        return steps;
    }
    for finding in &sorted.unclear {
        for reason in finding.reasons() {
            match reason {
                Reason::Gap(gap) if gap.outcome == CallOutcome::Denied => {
                    step(engineer(), format!("allow {} to the audit role in account {}", gap.action, gap.account));
                }
                Reason::Gap(gap) => {
                    let place = format!("account {}, {}", gap.account, gap.region);
                    step(engineer(), format!("find out why {} in {place}, and read again", gap.sentence()));
                }
                _ => step(engineer(), format!("look into {}: {}", finding.id(), finding.sentence())),
            }
        }
    }
    // Mending what determines shows it; mending what only refutes takes an obstacle away.
    let determined = sorted.failing.iter().chain(&sorted.unclear).any(|finding| {
        here.findings.iter().any(|(relation, other)| *relation == Relation::Determines && other.id() == finding.id())
    });
    let wants_person = match here.how {
        ShownBy::Check => false,
        ShownBy::CheckOrStatement => !determined && !sorted.machine() && !sorted.person(),
        _ => !sorted.person() && sorted.denied.is_empty(),
    };
    let mut waiting = false;
    for (one, standing) in &here.statements {
        let Standing::Not(_) = standing else { continue };
        if !one.may_answer(here.how) && one.problems.is_empty() {
            continue;
        }
        waiting = true;
        if one.status == DocumentStatus::Draft {
            let approver = person(here, &one.approver);
            let what = format!("complete {} and have it approved by {approver} (status: final)", one.file);
            step(person(here, &one.owner), what);
        } else if !one.problems.is_empty() {
            step(person(here, &one.owner), format!("mend {}: {}", one.file, one.problems.join("; ")));
        } else if one.expires < here.input.day {
            step(
                person(here, &one.owner),
                format!("look at {} again and renew it; it ended on {}", one.file, one.expires),
            );
        } else {
            step(person(here, &one.owner), format!("correct the date of {}", one.file));
        }
    }
    let answer = format!("{}/{}", here.answer.objective, here.answer.aspect);
    if wants_person && !waiting {
        let what =
            format!("state how it is done: farwatch statement new {answer} --environment {}", here.environment.id);
        step(officer(), what);
    }
    let machine_missing =
        matches!(here.how, ShownBy::Check | ShownBy::CheckAndStatement) && !sorted.machine() && !determined;
    if machine_missing {
        let checks: std::collections::BTreeSet<&str> =
            here.findings.iter().map(|(_, finding)| finding.check()).collect();
        let names = if checks.is_empty() {
            String::new()
        } else {
            format!(" ({})", checks.into_iter().collect::<Vec<_>>().join(", "))
        };
        let what = format!(
            "where it is done by other means than checks look for{names}, state them: farwatch statement new {answer} \
             --kind alternative_implementation --environment {}",
            here.environment.id
        );
        step(officer(), what);
    }
    steps
}

/// Somebody with a role, by name; else the role.
fn who(here: &Here<'_>, role: Role) -> String {
    let named = here.input.organisation.and_then(|one| one.with_role(role).next());
    named.map_or_else(|| role.words().to_owned(), |person| format!("{} ({})", person.name, role.words()))
}

/// A person by id.
fn person(here: &Here<'_>, id: &str) -> String {
    if id.is_empty() {
        return who(here, Role::ComplianceOfficer);
    }
    let named = here.input.organisation.and_then(|one| one.person(id));
    named.map_or_else(|| id.to_owned(), |person| person.name.clone())
}

pub(super) fn rank(outcome: Outcome) -> u8 {
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
