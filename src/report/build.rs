//! Gathers, sorts and words what was judged.

use super::boundary::boundary;
use super::organisation;
use super::scenario::{scenarios, untold};
use super::view::{
    AccountView, AspectView, CellView, CheckView, ClauseView, CountView, EnvironmentView, EvidenceView, FactView,
    FindingView, ObjectiveView, ParameterView, RequirementView, UnseenView, View,
};
use crate::model::assessment::{AspectResult, Assessment, Cell, CellState, ObjectiveResult, RequirementResult, Status};
use crate::model::catalog::{Aspect, Catalog, Objective, Requirement, printed_objective};
use crate::model::check::{Check, Mapping, Severity};
use crate::model::exchange::{CollectionSeal, Exchange};
use crate::model::finding::{Finding, Findings, Outcome, Reason};
use crate::model::inventory::Inventory;
use crate::model::organisation::{Citation, Organisation};
use crate::model::parameter::Parameters;
use crate::model::plan::Outcome as CallOutcome;
use crate::model::read::{SUBSCRIPTION, TENANT};
use crate::model::scenario::Scenario;
use crate::model::template::scalar_text;
use crate::model::text::{count, visible};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The rule-makers' side.
    pub catalog: &'a Catalog,
    /// The checks that ran.
    pub checks: &'a [&'a Check],
    /// Parameters and what they mean.
    pub parameters: &'a Parameters,
    /// Stories of attacks.
    pub scenarios: &'a [Scenario],
    /// The assessment.
    pub assessment: &'a Assessment,
    /// Findings and gaps.
    pub findings: &'a Findings,
    /// What the run has shown.
    pub inventory: &'a Inventory,
    /// What the organisation says.
    pub organisation: Option<&'a Organisation>,
    /// What the run was.
    pub seal: &'a CollectionSeal,
    /// Its kept answers.
    pub exchanges: &'a [Exchange],
}

/// Makes the view model.
#[must_use]
pub fn build(input: &Input<'_>) -> View {
    let by_id: HashMap<&str, &Finding> = input.findings.findings.iter().map(|f| (f.id(), f)).collect();
    let checks: HashMap<&str, &Check> = input.checks.iter().map(|check| (check.id.as_str(), *check)).collect();
    let assessment = input.assessment;
    let requirements: Vec<RequirementView> = input
        .catalog
        .requirements
        .iter()
        .zip(&assessment.requirements)
        .map(|(requirement, result)| requirement_view(requirement, result, input, &by_id))
        .collect();
    let statuses = [Status::Met, Status::NotMet, Status::NotApplicable, Status::NotAssessed];
    let counts = statuses.map(|status| CountView {
        word: status.word().to_owned(),
        class: status_class(status).to_owned(),
        number: assessment.count(status),
    });
    let mut sorted: Vec<&Finding> = input.findings.findings.iter().collect();
    sorted.sort_by(|a, b| {
        (rank(a.outcome()), std::cmp::Reverse(a.severity()), a.check(), a.subject()).cmp(&(
            rank(b.outcome()),
            std::cmp::Reverse(b.severity()),
            b.check(),
            b.subject(),
        ))
    });
    let outcomes = [Outcome::Fail, Outcome::Error, Outcome::Unknown, Outcome::Pass, Outcome::NotApplicable];
    let finding_counts = outcomes.map(|outcome| CountView {
        word: outcome.word().to_owned(),
        class: outcome_class(outcome).to_owned(),
        number: sorted.iter().filter(|finding| finding.outcome() == outcome).count(),
    });
    let date = assessment.as_of.get(..10).unwrap_or_default().to_owned();
    View {
        tool: format!("farwatch {}", assessment.farwatch),
        packet_id: format!("FW-{}", assessment.id),
        assessment_id: assessment.id.clone(),
        demo: input.seal.demo,
        date: date.clone(),
        read_at: format!("{} to {}", minute(input.seal.started), minute(input.seal.finished)),
        as_of: assessment.as_of.clone(),
        clause: clause(input),
        organisation: input.organisation.map(organisation::organisation),
        problems: assessment.problems.iter().map(|problem| visible(&problem.sentence())).collect(),
        warnings: assessment.warnings.iter().map(|warning| visible(&warning.sentence())).collect(),
        accounts: accounts(input),
        environments: environments(assessment, &date),
        reconciliation: organisation::reconciliation(&assessment.populations),
        out_of_scope: organisation::out_of_scope(input),
        statements: organisation::statements(input),
        exceptions: organisation::exceptions(input),
        files: input.organisation.map(organisation::files).unwrap_or_default(),
        counts: counts.to_vec(),
        summary: summary(assessment, &input.findings.findings),
        unseen: unseen(input.findings),
        requirements,
        findings: sorted
            .iter()
            .map(|finding| finding_view(finding, checks.get(finding.check()).copied(), assessment))
            .collect(),
        finding_counts: finding_counts.to_vec(),
        checks: input.checks.iter().map(|check| check_view(check, &input.findings.findings)).collect(),
        evidence: input.exchanges.iter().map(evidence_view).collect(),
        parameters: parameters(input),
        digests: assessment.digests.iter().map(|(name, digest)| (name.clone(), digest.clone())).collect(),
        limits: limits(),
        requests: input.seal.requests,
        boundary: boundary(input),
        scenarios: scenarios(input, &by_id),
        untold_scenarios: untold(input),
    }
}

/// Is the number used under agency deviations printed first?
fn deviation(input: &Input<'_>) -> bool {
    input.organisation.is_some_and(|one| one.citation == Citation::Deviation)
}

fn clause(input: &Input<'_>) -> ClauseView {
    let clause = &input.catalog.clause;
    let (number, also_number) = (clause.number.clone(), clause.also_cited_as.number.clone());
    let (number, also_number) = if deviation(input) { (also_number, number) } else { (number, also_number) };
    ClauseView {
        number,
        title: clause.title.clone(),
        date: clause.date.clone(),
        intro: clause.intro.clone(),
        also_number,
        also_note: clause.also_cited_as.note.clone(),
    }
}

fn accounts(input: &Input<'_>) -> Vec<AccountView> {
    let seal = input.seal;
    let read = seal.sessions.iter().map(|session| AccountView {
        kind: if session.place().kind == TENANT { "tenant" } else { "account" }.to_owned(),
        id: if session.account.is_empty() { "(not identified)".to_owned() } else { visible(&session.account) },
        partition: visible(&match &seal.endpoint {
            Some(endpoint) => format!("{}, by {endpoint}", session.partition),
            None => session.partition.clone(),
        }),
        caller: visible(if session.caller.is_empty() {
            session.role.as_deref().unwrap_or("(the ambient credentials)")
        } else {
            &session.caller
        }),
        failed: visible(session.failed.as_deref().unwrap_or_default()),
    });
    // Accounts that the organization lists and that nobody was to read: closed and suspended ones.
    let listed = input
        .inventory
        .of(LISTED)
        .iter()
        .filter(|one| seal.sessions.iter().all(|session| session.account != one.key.id));
    let listed = listed.map(|one| AccountView {
        kind: "account".to_owned(),
        id: visible(&one.key.id),
        partition: String::new(),
        caller: String::new(),
        failed: visible(&format!(
            "the organization lists it as {}, and it was not read",
            one.text("status").unwrap_or("?")
        )),
    });
    // What was asked of a subscription, the tenant's identity asked.
    let subscriptions = input.inventory.of(SUBSCRIPTION).iter().map(|one| {
        let tenant = one.text("tenant").unwrap_or_default();
        let session = seal.sessions.iter().find(|session| session.account.eq_ignore_ascii_case(tenant));
        AccountView {
            kind: "subscription".to_owned(),
            id: visible(&one.key.id),
            partition: visible(session.map_or("", |session| &session.partition)),
            caller: visible(session.map_or("", |session| &session.caller)),
            failed: String::new(),
        }
    });
    read.chain(subscriptions).chain(listed).collect()
}

/// The accounts of an organization, as the cloud lists them.
const LISTED: &str = "aws.organizations.account";

fn environments(assessment: &Assessment, date: &str) -> Vec<EnvironmentView> {
    assessment
        .environments
        .iter()
        .map(|environment| EnvironmentView {
            id: visible(&environment.id),
            label: visible(&environment.label),
            kind: environment.kind.label().to_owned(),
            note: match &environment.open {
                Some(why) => visible(&format!("open: {why}")),
                None if environment.kind.is_cloud() => format!("read by farwatch; assessed as of {date}"),
                None => format!("declared by the organisation; assessed as of {date}, by statements"),
            },
        })
        .collect()
}

/// The result in words. Never a score, never a percentage.
fn summary(assessment: &Assessment, findings: &[Finding]) -> String {
    let not_met = assessment.count(Status::NotMet);
    let open = assessment.count(Status::NotAssessed);
    let failing = findings.iter().filter(|finding| finding.outcome() == Outcome::Fail).count();
    let mut text = if not_met > 0 {
        format!("{not_met} of 15 requirements NOT MET")
    } else if open > 0 {
        "No requirement was disproved, and none can be claimed yet".to_owned()
    } else if assessment.problems.is_empty() {
        "Every requirement is MET or NOT APPLICABLE on the evidence named here".to_owned()
    } else {
        format!(
            "No result can be claimed yet: {} in the organisation's files must be solved first",
            count(assessment.problems.len(), "problem", "problems")
        )
    };
    if open > 0 {
        text += &format!("; {open} NOT ASSESSED, because something each of them asks is still open");
    }
    text += &format!(". {}", count(failing, "finding fails", "findings fail"));
    if assessment.gaps > 0 {
        text += &format!(
            ", and {} left no answer, so what would have been seen is not known",
            count(assessment.gaps, "call", "calls")
        );
    }
    text + "."
}

/// What could not be seen, one line for each kind of call and reason.
fn unseen(findings: &Findings) -> Vec<UnseenView> {
    #[derive(Default)]
    struct Group {
        permission: BTreeSet<String>,
        places: BTreeMap<String, BTreeSet<String>>,
        calls: usize,
        checks: BTreeSet<String>,
    }
    let mut groups: BTreeMap<(CallOutcome, String), Group> = BTreeMap::new();
    for gap in &findings.gaps {
        let group = groups.entry((gap.outcome, gap.sentence())).or_default();
        if gap.outcome == CallOutcome::Denied {
            group.permission.insert(gap.action.clone());
        }
        group.places.entry(gap.account.clone()).or_default().insert(gap.region.clone());
        group.calls += 1;
    }
    for finding in &findings.findings {
        for reason in finding.reasons() {
            if let Reason::Gap(gap) = reason
                && let Some(group) = groups.get_mut(&(gap.outcome, gap.sentence()))
            {
                group.checks.insert(finding.check().to_owned());
            }
        }
    }
    let mut views: Vec<UnseenView> = groups
        .into_iter()
        .map(|((_, what), group)| UnseenView {
            what: visible(&what),
            permission: visible(&group.permission.into_iter().collect::<Vec<_>>().join(", ")),
            places: visible(
                &group
                    .places
                    .into_iter()
                    .map(|(account, regions)| {
                        format!("{account}: {}", regions.into_iter().collect::<Vec<_>>().join(", "))
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
            calls: group.calls,
            checks: group.checks.into_iter().collect(),
        })
        .collect();
    // What leaves most checks without an answer comes first.
    views.sort_by(|a, b| (b.checks.len(), &a.what).cmp(&(a.checks.len(), &b.what)));
    views
}

fn requirement_view(
    requirement: &Requirement,
    result: &RequirementResult,
    input: &Input<'_>,
    by_id: &HashMap<&str, &Finding>,
) -> RequirementView {
    let objectives: Vec<ObjectiveView> = requirement
        .objectives
        .iter()
        .zip(&result.objectives)
        .map(|(objective, result)| objective_view(objective, result, input, by_id))
        .collect();
    let letters = |status: Status| -> Vec<String> {
        result.objectives.iter().filter(|o| o.status == status).map(|o| printed_objective(&o.id)).collect()
    };
    let why = match result.status {
        Status::NotMet => {
            format!(
                "{} NOT MET; one objective that is NOT MET fails the requirement",
                letters(Status::NotMet).join(", ")
            )
        }
        Status::NotAssessed => format!(
            "{} of {} objectives are still open; nothing was disproved",
            letters(Status::NotAssessed).len(),
            objectives.len()
        ),
        Status::Met => "all objectives are MET or NOT APPLICABLE".to_owned(),
        Status::NotApplicable => {
            "justified statements say that it does not apply, or that parts of it do not".to_owned()
        }
    };
    let others = requirement.legacy_ids.iter().chain(&requirement.cmmc_1_0_ids);
    let said =
        |aspect: &AspectView| !aspect.facts.is_empty() || aspect.cells.iter().any(|cell| !cell.statements.is_empty());
    let touched = objectives.iter().any(|o| o.aspects.iter().any(said) || o.class == "not_applicable");
    RequirementView {
        id: requirement.id.clone(),
        far: format!("FAR {}", if deviation(input) { requirement.far_deviation() } else { requirement.far.clone() }),
        far_deviation: format!(
            "FAR {}",
            if deviation(input) { requirement.far.clone() } else { requirement.far_deviation() }
        ),
        nist: requirement.nist.join(", "),
        other_ids: others.cloned().collect::<Vec<_>>().join(", "),
        title: requirement.title.clone(),
        text: requirement.text.clone(),
        status: result.status.word().to_owned(),
        class: status_class(result.status).to_owned(),
        why,
        touched,
        objectives,
    }
}

fn objective_view(
    objective: &Objective,
    result: &ObjectiveResult,
    input: &Input<'_>,
    by_id: &HashMap<&str, &Finding>,
) -> ObjectiveView {
    let mut names: BTreeMap<CellState, Vec<&str>> = BTreeMap::new();
    for aspect in &result.aspects {
        let worst = aspect.cells.iter().map(|cell| cell.state).max().unwrap_or(CellState::Open);
        names.entry(worst).or_default().push(&aspect.id);
    }
    let said: Vec<String> = [CellState::Failed, CellState::Open, CellState::ShownByException, CellState::Shown]
        .into_iter()
        .filter_map(|state| Some(format!("{}: {}", state.word(), names.get(&state)?.join(", "))))
        .collect();
    let exception = if result.by_exception { " (by exception)" } else { "" };
    let why = match &result.not_applicable_by {
        Some(statement) => {
            format!("the statement {statement} says why it does not apply, and nothing that was read contradicts it")
        }
        None => said.join(" · "),
    };
    ObjectiveView {
        id: objective.id.clone(),
        printed: objective.printed(),
        letter: objective.letter().to_owned(),
        text: objective.text.clone(),
        status: format!("{}{exception}", result.status.word()),
        class: status_class(result.status).to_owned(),
        why: visible(&why),
        refused: result.refused.iter().map(|text| visible(text)).collect(),
        aspects: objective
            .aspects
            .iter()
            .zip(&result.aspects)
            .map(|(aspect, result)| aspect_view(aspect, result, input, by_id))
            .collect(),
    }
}

/// Most facts that one aspect prints; the register has them all.
const FACTS: usize = 12;

fn aspect_view(
    aspect: &Aspect,
    result: &AspectResult,
    input: &Input<'_>,
    by_id: &HashMap<&str, &Finding>,
) -> AspectView {
    let label = |id: &str| {
        let found = input.assessment.environments.iter().find(|environment| environment.id == id);
        visible(found.map_or(id, |environment| &environment.label))
    };
    // Environments of which the same is so stand in one row.
    let mut cells: Vec<CellView> = Vec::new();
    for cell in &result.cells {
        let view = cell_view(cell, label(&cell.environment));
        let same = |other: &&mut CellView| {
            (&other.state, &other.why, &other.statements, &other.exceptions, &other.next)
                == (&view.state, &view.why, &view.statements, &view.exceptions, &view.next)
        };
        match cells.iter_mut().find(same) {
            Some(other) => other.environment += &format!("; {}", view.environment),
            None => cells.push(view),
        }
    }
    let (mut facts, mut ids) = (Vec::new(), Vec::new());
    for role in ["decides", "replaced", "supports"] {
        let list = |cell: &'_ Cell| match role {
            "decides" => cell.decided_by.clone(),
            "replaced" => cell.replaced.clone(),
            _ => cell.supported_by.clone(),
        };
        for finding in result.cells.iter().flat_map(list).filter_map(|id| by_id.get(id.as_str())) {
            ids.push(finding.id().to_owned());
            facts.push(FactView {
                sentence: visible(finding.sentence()),
                class: outcome_class(finding.outcome()).to_owned(),
                role: role.to_owned(),
                finding: finding.id().to_owned(),
                evidence: evidence_words(finding),
            });
        }
    }
    facts.sort_by_key(|fact| (fact.role != "decides", class_rank(&fact.class)));
    facts.truncate(FACTS);
    AspectView {
        id: aspect.id.clone(),
        asks: aspect.asks.clone(),
        basis: aspect.basis.clone(),
        provisional: aspect.provisional,
        cells,
        findings: ids,
        facts,
    }
}

fn cell_view(cell: &Cell, environment: String) -> CellView {
    CellView {
        environment,
        state: cell.state.word().to_owned(),
        class: match cell.state {
            CellState::Shown => "shown",
            CellState::ShownByException => "shown_by_exception",
            CellState::Open => "open",
            CellState::Failed => "failed",
        }
        .to_owned(),
        why: visible(&cell.why),
        statements: cell.statements.iter().map(|id| visible(id)).collect(),
        exceptions: cell.exceptions.iter().map(|id| visible(id)).collect(),
        next: cell.next.iter().map(|step| visible(&format!("{}: {}", step.who, step.what))).collect(),
    }
}

fn class_rank(class: &str) -> u8 {
    ["fail", "error", "unknown", "pass"].iter().position(|c| *c == class).map_or(9, |at| u8::try_from(at).unwrap_or(9))
}

fn evidence_words(finding: &Finding) -> String {
    let ids: Vec<&str> = finding.evidence().iter().map(String::as_str).collect();
    match ids.as_slice() {
        [] => "none".to_owned(),
        few if few.len() <= 3 => few.join(", "),
        [a, b, c, rest @ ..] => format!("{a}, {b}, {c} and {} more", rest.len()),
        _ => String::new(),
    }
}

fn maps(mappings: &[Mapping]) -> Vec<String> {
    mappings
        .iter()
        .map(|mapping| {
            let objectives: Vec<String> = mapping.objectives.iter().map(|id| printed_objective(id)).collect();
            format!("{} {} {}", mapping.relation.word(), objectives.join(" "), mapping.aspect)
        })
        .collect()
}

fn finding_view(finding: &Finding, check: Option<&Check>, assessment: &Assessment) -> FindingView {
    let subject = finding.subject();
    let fails = finding.outcome() == Outcome::Fail;
    FindingView {
        id: finding.id().to_owned(),
        check: finding.check().to_owned(),
        title: check.map(|check| check.title.clone()).unwrap_or_default(),
        severity: severity(finding.severity()).to_owned(),
        outcome: finding.outcome().word().to_owned(),
        class: outcome_class(finding.outcome()).to_owned(),
        kind: subject.kind.clone(),
        resource: visible(subject.id.as_deref().unwrap_or("(the whole list)")),
        account: visible(&subject.account),
        region: visible(&subject.region),
        sentence: visible(finding.sentence()),
        exceptions: assessment
            .exceptions
            .iter()
            .filter(|one| one.not_counted.is_none() && one.findings.iter().any(|id| id == finding.id()))
            .map(|one| visible(&one.id))
            .collect(),
        replaced_by: replaced_by(finding, assessment),
        reasons: finding.reasons().iter().map(|reason| visible(&reason_words(reason))).collect(),
        evidence: finding.evidence().iter().cloned().collect(),
        remedy: check.filter(|_| fails).map(|check| check.remediation.text.trim().to_owned()).unwrap_or_default(),
        command: visible(finding.remedy().unwrap_or_default()),
        maps: maps(finding.maps_to()),
    }
}

/// The alternative implementations in place of a finding's check, where it decides nowhere any more.
fn replaced_by(finding: &Finding, assessment: &Assessment) -> Vec<String> {
    let cells = || {
        let objectives = assessment.requirements.iter().flat_map(|one| &one.objectives);
        objectives.flat_map(|objective| &objective.aspects).flat_map(|aspect| &aspect.cells)
    };
    let has = |ids: &[String]| ids.iter().any(|id| id == finding.id());
    if cells().any(|cell| has(&cell.decided_by)) {
        return Vec::new();
    }
    let names: BTreeSet<String> = cells()
        .filter(|cell| has(&cell.replaced))
        .flat_map(|cell| cell.statements.iter().map(|id| visible(id)))
        .collect();
    names.into_iter().collect()
}

fn reason_words(reason: &Reason) -> String {
    match reason {
        Reason::Gap(gap) => {
            let about = gap.parent.as_ref().map(|parent| format!(" for {parent}")).unwrap_or_default();
            let add = if gap.outcome == CallOutcome::Denied { format!("; add {}", gap.action) } else { String::new() };
            format!("{}{about} in account {}, {}{add}", gap.sentence(), gap.account, gap.region)
        }
        Reason::FieldAbsent { field } => format!("the answer does not tell: {field}"),
        Reason::RelatedNotSeen { name, value } => {
            format!("the {} {value} is not among what the audited accounts show", name.replace('_', " "))
        }
        Reason::NotDeclared { what } | Reason::NotTold { what } | Reason::Mistake { what } => what.clone(),
    }
}

fn check_view(check: &Check, findings: &[Finding]) -> CheckView {
    let outcomes = [Outcome::Fail, Outcome::Error, Outcome::Unknown, Outcome::Pass, Outcome::NotApplicable];
    let parts: Vec<String> = outcomes
        .into_iter()
        .filter_map(|outcome| {
            let number = findings.iter().filter(|f| f.check() == check.id && f.outcome() == outcome).count();
            (number > 0).then(|| format!("{number} {}", outcome.word()))
        })
        .collect();
    CheckView {
        id: check.id.clone(),
        title: check.title.clone(),
        why: check.why.trim().to_owned(),
        severity: severity(check.severity).to_owned(),
        result: if parts.is_empty() { "nothing found to judge".to_owned() } else { parts.join(", ") },
        maps: maps(&check.maps_to),
    }
}

fn evidence_view(exchange: &Exchange) -> EvidenceView {
    EvidenceView {
        id: exchange.id.clone(),
        read: exchange.call.read.clone(),
        account: visible(&exchange.call.account),
        region: visible(&exchange.call.region),
        parent: visible(exchange.call.parent.as_deref().unwrap_or_default()),
        at: exchange.finished.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        http_status: exchange.http_status,
        outcome: exchange.outcome.word().to_owned(),
        digest: exchange.digest.clone().unwrap_or_default(),
        bytes: exchange.bytes,
        request_id: visible(&exchange.request_id),
    }
}

fn parameters(input: &Input<'_>) -> Vec<ParameterView> {
    input
        .parameters
        .iter()
        .map(|(name, parameter)| {
            let value = input.assessment.parameters.get(name).or(parameter.default.as_ref());
            let origin = match value {
                None => "nobody, and there is no default",
                Some(_) if value == parameter.default.as_ref() => "default",
                Some(_) => "set by the organisation",
            };
            ParameterView {
                name: name.clone(),
                value: value.and_then(scalar_text).map_or_else(|| "none".to_owned(), |value| visible(&value)),
                origin: origin.to_owned(),
                about: {
                    let usual: Vec<String> = parameter.usual.iter().filter_map(scalar_text).collect();
                    let usual = if usual.is_empty() { String::new() } else { format!(" Usual: {}.", usual.join(", ")) };
                    format!("{}{usual}", parameter.about.trim())
                },
            }
        })
        .collect()
}

/// What the document proves, and what it does not.
fn limits() -> Vec<String> {
    [
        "It shows what the providers' interfaces answered at the times in the evidence index, and what follows from \
         those answers by the checks named here. It shows nothing about other times or other accounts.",
        "What could not be read is unknown. It is listed, and it is never counted as shown.",
        "Evidence about a cloud account is evidence about that account only. Offices, endpoints and other services \
         need statements of their own.",
        "A statement is the word of the people named in it. farwatch has checked that it is final, approved and in date, \
         and that its evidence files are there; it has not checked that it is true.",
        "Aspects are farwatch's own reading of the CMMC Assessment Guide, Level 1. Each names the words that it rests \
         on; where it is marked provisional, the guide offers no consideration and the objective's own text stands.",
        "Level 1 has no score, no partial result and no plan of action and milestones. NOT ASSESSED is farwatch's own \
         draft mark and not a finding of the rule.",
        "Checks that support an aspect are evidence beside it. Encryption at rest, key rotation, days of retention and a \
         second factor are not in the texts of Level 1 and decide nothing here.",
        "The self-assessment and its affirmation are made by people. Nothing here affirms anything.",
        "Digests are a voluntary measure: Level 1 self-assessments do not require hashed artifacts. They show that a \
         stored answer has not changed since it was stored; who stored it, and when, rests on the signature and on \
         whoever keeps the key.",
    ]
    .iter()
    .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
    .collect()
}

fn minute(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn status_class(status: Status) -> &'static str {
    match status {
        Status::Met => "met",
        Status::NotMet => "not_met",
        Status::NotApplicable => "not_applicable",
        Status::NotAssessed => "not_assessed",
    }
}

fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Unknown => "unknown",
        Outcome::NotApplicable => "not_applicable",
        Outcome::Error => "error",
    }
}

fn rank(outcome: Outcome) -> u8 {
    class_rank(outcome_class(outcome))
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}
