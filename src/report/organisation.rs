//! The organisation's side as a report prints it: who, what is out of scope, statements, exceptions, files.

use super::build::Input;
use super::view::{
    AbsentView, ExceptionView, FileView, OrganisationView, OutOfScopeView, ParagraphView, PersonView, StatementView,
};
use crate::model::assessment::Population;
use crate::model::catalog::printed_objective;
use crate::model::exception::Exception;
use crate::model::organisation::{Information, Organisation};
use crate::model::statement::{Answer, EvidenceFile, Statement};
use crate::model::text::{count, plural, visible};
use std::collections::BTreeMap;

/// Who it is.
pub(super) fn organisation(one: &Organisation) -> OrganisationView {
    OrganisationView {
        name: visible(&one.name),
        cage_codes: one.cage_codes.iter().map(|code| visible(code)).collect(),
        system: visible(&one.system.name),
        description: visible(one.system.description.trim()),
        information: match one.system.information {
            Information::Fci => "Federal Contract Information (FCI)",
            Information::Cui => "Controlled Unclassified Information (CUI): Level 1 is the wrong level",
        }
        .to_owned(),
        people: one
            .people
            .iter()
            .map(|person| PersonView {
                name: visible(&person.name),
                title: visible(&person.title),
                roles: person.roles.iter().map(|role| role.words()).collect::<Vec<_>>().join(", "),
            })
            .collect(),
        absent: one
            .absent
            .iter()
            .map(|absent| AbsentView { kind: absent.kind.plural().to_owned(), reason: visible(&absent.reason) })
            .collect(),
    }
}

/// "17 of 17 EC2 VPCs in scope examined, 0 unmatched, 2 out of scope because …".
pub(super) fn reconciliation(populations: &[Population]) -> Vec<String> {
    populations
        .iter()
        .map(|one| {
            let unmatched = one.in_scope.saturating_sub(one.examined);
            let mut text = format!(
                "{} of {} {} in scope examined, {unmatched} unmatched",
                one.examined,
                one.in_scope,
                plural(&one.kind)
            );
            for (reason, number) in &one.out_of_scope {
                text += &format!(", {number} out of scope because \u{201c}{}\u{201d}", reason.trim_end_matches('.'));
            }
            if one.cut > 0 {
                text += &format!(
                    "; {} could not be read completely, so there may be more",
                    count(one.cut, "list", "lists")
                );
            }
            visible(&(text + "."))
        })
        .collect()
}

/// What is out of scope, each with its reason.
pub(super) fn out_of_scope(input: &Input<'_>) -> Vec<OutOfScopeView> {
    input
        .findings
        .out_of_scope
        .iter()
        .map(|one| OutOfScopeView {
            kind: one.resource.kind.clone(),
            id: visible(&one.resource.id),
            account: visible(&one.resource.account),
            region: visible(&one.resource.region),
            reason: visible(&one.reason),
        })
        .collect()
}

/// Aspects as they are printed, those of one objective together: `SC.L1-b.1.x[c] records-kept, records-reviewed`.
fn answers(answers: &[Answer]) -> Vec<String> {
    let mut by_objective: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for answer in answers {
        by_objective.entry(&answer.objective).or_default().push(&answer.aspect);
    }
    by_objective
        .into_iter()
        .map(|(objective, aspects)| format!("{} {}", printed_objective(objective), aspects.join(", ")))
        .collect()
}

fn evidence(files: &[EvidenceFile]) -> Vec<String> {
    files.iter().map(|file| visible(&file.path)).collect()
}

fn person(organisation: &Organisation, id: &str) -> String {
    organisation.person(id).map_or_else(
        || visible(id),
        |person| {
            let title = if person.title.is_empty() { String::new() } else { format!(", {}", person.title) };
            visible(&format!("{}{title}", person.name))
        },
    )
}

fn environments(organisation: &Organisation, names: &[String]) -> Vec<String> {
    let label = |name: &String| {
        organisation.environments.iter().find(|one| one.id == *name).map_or_else(
            || if name == "all" { "all environments".to_owned() } else { format!("all of the kind {name}") },
            |one| one.label.clone(),
        )
    };
    names.iter().map(|name| visible(&label(name))).collect()
}

/// Every statement, also those that do not count.
pub(super) fn statements(input: &Input<'_>) -> Vec<StatementView> {
    let Some(organisation) = input.organisation else { return Vec::new() };
    let view = |one: &Statement| {
        let result = input.assessment.statements.iter().find(|result| result.id == one.id);
        let not_counted = result.and_then(|result| result.not_counted.clone());
        let provider =
            one.provider.iter().chain(&one.document).map(|text| visible(text)).collect::<Vec<_>>().join(", ");
        let told = |text: String| if one.is_read() { text } else { "not read".to_owned() };
        StatementView {
            id: visible(&one.id),
            title: visible(&one.title),
            kind: told(one.kind.words().to_owned()),
            counts: not_counted.is_none(),
            state: match (&not_counted, one.holds) {
                (Some(why), _) => format!("does not count: it {}", visible(why)),
                (None, true) => format!("counts until {}", one.expires),
                (None, false) => format!("counts until {}, and says that it is not so", one.expires),
            },
            answers: answers(&one.answers),
            environments: environments(organisation, &one.environments),
            owner: told(person(organisation, &one.owner)),
            approver: told(person(organisation, &one.approver)),
            date: told(one.date.to_string()),
            expires: told(one.expires.to_string()),
            methods: one.methods.iter().map(|method| method.word()).collect::<Vec<_>>().join(", "),
            evidence: evidence(&one.evidence),
            replaces: one.replaces.iter().map(|id| visible(id)).collect(),
            provider,
            paragraphs: paragraphs(&one.text, &one.title),
            file: visible(&one.file),
            sha256: one.sha256.clone(),
        }
    };
    organisation.statements.iter().map(view).collect()
}

/// A statement's text as plain paragraphs: its own markup is not ours to follow, and what a person wrote stays readable.
fn paragraphs(text: &str, title: &str) -> Vec<ParagraphView> {
    let mut all: Vec<ParagraphView> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let line = line.trim();
        // The title stands above the text.
        if line.is_empty() || line.strip_prefix("# ").is_some_and(|heading| heading.trim() == title) {
            open = false;
            continue;
        }
        let mark = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark));
        let starts = mark.is_some() || line.starts_with(['#', '>']);
        let line = visible(mark.unwrap_or(line).trim_start_matches(['#', '>']).trim_start());
        match all.last_mut().filter(|_| open && !starts) {
            Some(last) => {
                last.text.push(' ');
                last.text.push_str(&line);
            }
            None => all.push(ParagraphView { item: mark.is_some(), text: line }),
        }
        open = true;
    }
    all
}

/// Every exception, also those that do not count.
pub(super) fn exceptions(input: &Input<'_>) -> Vec<ExceptionView> {
    let Some(organisation) = input.organisation else { return Vec::new() };
    let view = |one: &Exception| {
        let result = input.assessment.exceptions.iter().find(|result| result.id == one.id);
        let not_counted = result.and_then(|result| result.not_counted.clone());
        let mut about: Vec<String> = one.checks.iter().map(ToString::to_string).collect();
        about.extend(answers(&one.answers));
        let mut on: Vec<String> = one.resources.iter().map(ToString::to_string).collect();
        on.extend(environments(organisation, &one.environments));
        ExceptionView {
            id: visible(&one.id),
            title: visible(&one.title),
            kind: one.kind.words().to_owned(),
            counts: not_counted.is_none(),
            state: match &not_counted {
                Some(why) => format!("does not count: it {}", visible(why)),
                None => format!("counts until {}", one.counts_until()),
            },
            about: about.iter().map(|text| visible(text)).collect(),
            on: on.iter().map(|text| visible(text)).collect(),
            findings: result.map(|result| result.findings.clone()).unwrap_or_default(),
            hints: result.map(|r| r.hints.iter().map(|hint| visible(hint)).collect()).unwrap_or_default(),
            owner: person(organisation, &one.owner),
            approver: person(organisation, &one.approver),
            start: one.start.to_string(),
            expires: one.expires.to_string(),
            reason: visible(one.reason.trim()),
            reopens_when: visible(one.reopens_when.trim()),
            mitigations: one.mitigations.iter().map(|text| visible(text.trim())).collect(),
            worked: evidence(&one.worked),
            milestones: one
                .milestones
                .iter()
                .map(|step| {
                    let done = step.done.map_or_else(|| "not done".to_owned(), |day| format!("done on {day}"));
                    visible(&format!("{}: due {}, {done}", step.what, step.due))
                })
                .collect(),
            review: one.review.map(|day| day.to_string()).unwrap_or_default(),
            progress: visible(one.progress.as_deref().unwrap_or_default().trim()),
            file: visible(&one.file),
            sha256: one.sha256.clone(),
        }
    };
    organisation.exceptions.iter().map(view).collect()
}

/// Every file that was read.
pub(super) fn files(organisation: &Organisation) -> Vec<FileView> {
    organisation
        .files
        .iter()
        .map(|file| FileView {
            evidence: file.evidence.clone(),
            path: visible(&file.path),
            sha256: file.sha256.clone(),
            bytes: file.bytes,
        })
        .collect()
}
