//! Statements: Markdown files with a head between two lines of `---`.

use super::config::{line_of, mentions_cui};
use super::{
    Bad, Known, KnownCheck, Soft, a_year_at_most, did_you_mean, environment_names, evidence, id_of, line, note_file,
    people, text_of,
};
use crate::model::catalog::{Entry, EnvironmentKind, Objective, ShownBy};
use crate::model::check::{Mapping, Relation};
use crate::model::organisation::Organisation;
use crate::model::problem::Problems;
use crate::model::statement::{Answer, DocumentStatus, Lines, Method, Statement, StatementKind, names_environment};
use crate::model::text::sha256_hex;
use crate::organisation::Files;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;

const FORMAT: &str = "`farwatch schema statement` describes the head; `farwatch statement new ID` writes a draft";

/// The head of a statement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// What it is.
    kind: StatementKind,
    /// Objectives or aspects it speaks to, by any id in use: `AC.L1-b.1.i.a`, `SC.L1-b.1.x.c/records-reviewed`. An
    /// objective stands for all its aspects.
    #[schemars(with = "Vec<String>")]
    answers: Vec<Spanned<String>>,
    /// Environments it is about: `office:hq`, a kind (`endpoints`), or `all`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    environments: Vec<Spanned<String>>,
    /// Is it so? `false` records honestly that it is not: the aspect fails.
    #[serde(default = "yes")]
    holds: bool,
    /// Id of the person who answers for it.
    #[schemars(with = "String")]
    owner: Spanned<String>,
    /// Id of the person who approved it.
    #[schemars(with = "String")]
    approver: Spanned<String>,
    /// Its date, `2026-11-24`.
    #[schemars(with = "String")]
    date: Spanned<Date>,
    /// The last day on which it counts; a year at the most.
    #[schemars(with = "String")]
    expires: Spanned<Date>,
    /// `draft` or `final`. A draft counts for nothing.
    #[schemars(with = "DocumentStatus")]
    status: Spanned<DocumentStatus>,
    /// How it was assessed: `examine`, `interview`, `test`.
    #[serde(default)]
    method: Vec<Method>,
    /// Evidence files, by their path below the organisation's folder.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    evidence: Vec<Spanned<String>>,
    /// Alternative implementations: ids of the checks that no longer decide.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    replaces: Vec<Spanned<String>>,
    /// Inheritance: who provides it.
    #[serde(default)]
    provider: Option<String>,
    /// Inheritance: the provider's document that says so.
    #[serde(default)]
    document: Option<String>,
}

fn yes() -> bool {
    true
}

/// Reads one statement. A head that cannot be read takes the statement out; anything else that is wrong with it is kept
/// with it, so that what it was to answer says why it stays open.
pub(super) fn read(path: &str, files: &dyn Files, known: &Known<'_>, organisation: &mut Organisation, soft: &mut Soft) {
    let mut hard = Problems::default();
    let Some(text) = text_of(files, path, &mut hard) else {
        soft.take(hard);
        return;
    };
    note_file(organisation, path, text.as_bytes());
    let Some((head_text, body)) = split(&text) else {
        let what = "the file does not begin with a head between two lines of ---".to_owned();
        soft.problem(path, Some(1), what, FORMAT);
        return;
    };
    let head: Head = match serde_saphyr::from_str(&head_text) {
        Ok(head) => head,
        Err(error) => {
            hard.yaml(path, &text, &error, FORMAT);
            let problems = hard.0.iter().map(|problem| problem.what.clone()).collect();
            soft.take(hard);
            organisation.statements.extend(unread(path, &head_text, known, problems, sha256_hex(text.as_bytes())));
            return;
        }
    };
    let mut wrong: Vec<(Option<usize>, String, String)> = Vec::new();
    let mut warn: Vec<(Option<usize>, String, String)> = Vec::new();
    let mut bad = |line: Option<usize>, what: String, hint: &str| wrong.push((line, what, hint.to_owned()));
    let (answers, whole) = answers(&head, known, &mut bad);
    environments(&head, organisation, &mut bad);
    people(&[("owner", &head.owner), ("approver", &head.approver)], organisation, &mut bad);
    let (from, to) = (head.date.value, head.expires.value);
    if to < from {
        bad(line(&head.expires), format!("it expires on {to}, before its date {from}"), "correct one of the dates");
    }
    let evidence = evidence("evidence", &head.evidence, files, organisation, &mut bad);
    // One line of words: a rule, a dot or a heading says nothing.
    let words = |line: &str| line.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    let says = body.lines().any(|line| !line.trim_start().starts_with(['#', '>']) && words(line) >= 3);
    if !says {
        bad(None, "it has no text".to_owned(), "say in your own words how it is done");
    }
    by_kind(&head, organisation, known, &answers, whole, &mut bad);
    let mut hint = |line: Option<usize>, what: String, hint: &str| warn.push((line, what, hint.to_owned()));
    if head.owner.value == head.approver.value {
        let what = format!("`{}` approves a statement of their own", head.owner.value);
        hint(line(&head.approver), what, "an assessor will ask who else looked at it");
    }
    a_year_at_most(from, &head.expires, &mut bad);
    if mentions_cui(&text) {
        let what = "it speaks of CUI; Level 1 is about Federal Contract Information (FCI)".to_owned();
        hint(line_of(&text, "CUI"), what, "a system with CUI needs Level 2");
    }
    if head.kind == StatementKind::Attestation {
        machine_only(&head, organisation, known, &answers, &mut hint);
    }
    let id = id_of(path, ".md").to_owned();
    let title =
        body.lines().find_map(|line| line.strip_prefix("# ")).map_or_else(|| id.clone(), |t| t.trim().to_owned());
    // A draft may be unfinished; what is wrong with it is told when it becomes final.
    let draft = head.status.value == DocumentStatus::Draft;
    let problems = wrong.iter().map(|(_, what, _)| what.clone()).collect();
    if !draft {
        for (line, what, hint) in wrong {
            soft.problem(path, line, what, &hint);
        }
        for (line, what, hint) in warn {
            soft.warn(path, line, what, &hint);
        }
    }
    organisation.statements.push(Statement {
        id,
        file: path.to_owned(),
        kind: head.kind,
        title,
        answers: answers.into_iter().collect(),
        environments: head.environments.iter().map(|name| name.value.clone()).collect(),
        holds: head.holds,
        owner: head.owner.value.clone(),
        approver: head.approver.value.clone(),
        date: from,
        expires: to,
        status: head.status.value,
        methods: head.method.clone(),
        evidence,
        replaces: head.replaces.iter().map(|id| id.value.clone()).collect(),
        provider: head.provider.clone(),
        document: head.document.clone(),
        text: body.trim().to_owned(),
        sha256: sha256_hex(text.as_bytes()),
        lines: Lines { from: line(&head.date), to: line(&head.expires), about: head.answers.first().and_then(line) },
        problems,
    });
}

/// As much of a head that cannot be read as says what the statement is about.
#[derive(Debug, Deserialize)]
struct About {
    #[serde(default)]
    answers: Vec<String>,
    #[serde(default)]
    environments: Vec<String>,
    status: Option<DocumentStatus>,
    expires: Option<Date>,
}

/// A statement whose head cannot be read, and yet says what it is about: it leaves that open, because what it says of it
/// is not known. Nothing where not even that can be told, or where it is a draft.
fn unread(path: &str, head: &str, known: &Known<'_>, problems: Vec<String>, sha256: String) -> Option<Statement> {
    let about: About = serde_saphyr::from_str(head).ok()?;
    if about.status == Some(DocumentStatus::Draft) {
        return None;
    }
    let answers = about
        .answers
        .iter()
        .flat_map(|id| match known.catalog.resolve(id) {
            Some(Entry::Requirement(requirement)) => requirement.objectives.iter().flat_map(Answer::all_of).collect(),
            Some(Entry::Objective(_, objective)) => Answer::all_of(objective).collect(),
            Some(Entry::Aspect(_, objective, aspect)) => vec![Answer::of(objective, aspect)],
            None => Vec::new(),
        })
        .collect();
    let id = id_of(path, ".md").to_owned();
    let environments = if about.environments.is_empty() { vec!["all".to_owned()] } else { about.environments };
    Some(Statement {
        title: id.clone(),
        id,
        file: path.to_owned(),
        kind: StatementKind::Attestation,
        answers,
        environments,
        holds: true,
        owner: String::new(),
        approver: String::new(),
        date: Date::MIN,
        expires: about.expires.unwrap_or(Date::MAX),
        status: DocumentStatus::Final,
        methods: Vec::new(),
        evidence: Vec::new(),
        replaces: Vec::new(),
        provider: None,
        document: None,
        text: String::new(),
        sha256,
        lines: Lines::default(),
        problems,
    })
}

/// The head, with blank lines in front so that positions are those of the file, and the body.
fn split(text: &str) -> Option<(String, String)> {
    let mut lines = text.lines();
    (lines.next()?.trim_end() == "---").then_some(())?;
    let mut head = String::from("\n");
    for line in lines.by_ref() {
        if line.trim_end() == "---" {
            return Some((head, without_comments(&lines.collect::<Vec<_>>().join("\n"))));
        }
        head.push_str(line);
        head.push('\n');
    }
    None
}

/// Comments of the template are for the writer; they say nothing.
fn without_comments(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, inside)) = rest.split_once("<!--") {
        out += before;
        rest = inside.split_once("-->").map_or("", |(_, after)| after);
    }
    out + rest
}

/// The aspects a head speaks to; and whether each entry named a whole objective.
fn answers(head: &Head, known: &Known<'_>, bad: &mut Bad<'_>) -> (BTreeSet<Answer>, bool) {
    let mut all = BTreeSet::new();
    let mut whole = true;
    if head.answers.is_empty() {
        bad(None, "`answers` is empty".to_owned(), "name the objectives or aspects it speaks to");
    }
    for id in &head.answers {
        let mut add = |objective: &Objective| all.extend(Answer::all_of(objective));
        match known.catalog.resolve(&id.value) {
            Some(Entry::Requirement(requirement)) if requirement.is_part(&id.value) => {
                let what = format!("`{}` is a part of {}, and names none of its objectives", id.value, requirement.id);
                bad(line(id), what, "name the objectives that it speaks to, such as PE.L1-b.1.ix.a");
            }
            Some(Entry::Requirement(requirement)) => requirement.objectives.iter().for_each(add),
            Some(Entry::Objective(_, objective)) => add(objective),
            Some(Entry::Aspect(_, objective, aspect)) => {
                whole = false;
                all.insert(Answer::of(objective, aspect));
            }
            None => {
                let what = format!("`{}` is no requirement, objective or aspect", id.value);
                bad(line(id), what, "such as AC.L1-b.1.i.a or SC.L1-b.1.x.c/records-reviewed; see `farwatch explain`");
            }
        }
    }
    (all, whole)
}

fn environments(head: &Head, organisation: &Organisation, bad: &mut Bad<'_>) {
    let everywhere = head.kind == StatementKind::NotApplicable;
    if head.environments.is_empty() && !everywhere {
        bad(None, "`environments` is empty".to_owned(), "name the places it is about, such as office:hq or endpoints");
    }
    for name in head.environments.iter().filter(|name| everywhere && name.value != "all") {
        let what = "an objective is NOT APPLICABLE as a whole, not in one environment".to_owned();
        bad(line(name), what, "leave `environments` out, and write attestations for single environments");
    }
    if !everywhere {
        environment_names(&head.environments, organisation, bad);
    }
}

/// What each kind of statement needs.
fn by_kind(
    head: &Head,
    organisation: &Organisation,
    known: &Known<'_>,
    answers: &BTreeSet<Answer>,
    whole: bool,
    bad: &mut Bad<'_>,
) {
    let kind = head.kind;
    if matches!(kind, StatementKind::Drill | StatementKind::Siem) && head.evidence.is_empty() {
        bad(
            None,
            format!("a {} needs an evidence file", kind.words()),
            "a record, an export, a screenshot with a date",
        );
    }
    if kind != StatementKind::AlternativeImplementation
        && let Some(first) = head.replaces.first()
    {
        bad(line(first), "only an alternative implementation replaces checks".to_owned(), "remove `replaces`");
    }
    if !head.holds && !matches!(kind, StatementKind::Attestation | StatementKind::Siem) {
        let what = format!("`holds: false` and a {} exclude each other", kind.words());
        bad(None, what, "say what is not so in an attestation");
    }
    match kind {
        StatementKind::Inheritance => {
            if head.provider.as_deref().unwrap_or_default().trim().is_empty()
                || head.document.as_deref().unwrap_or_default().trim().is_empty()
            {
                let what = "inheritance needs `provider` and `document`".to_owned();
                bad(None, what, "name the provider and its document that says what it does");
            }
            for (answer, environment) in cells(answers, &head.environments, organisation) {
                let how = shown_by(known, answer, environment);
                if how.is_some_and(|how| how != ShownBy::InheritanceOrStatement) {
                    let what = format!(
                        "{}/{} cannot be inherited in {}: inheritance covers the provider's facilities and media only",
                        answer.objective,
                        answer.aspect,
                        environment.word()
                    );
                    bad(None, what, "write an attestation for it");
                    break;
                }
            }
        }
        StatementKind::AlternativeImplementation => {
            if head.replaces.is_empty() {
                bad(None, "`replaces` is empty".to_owned(), "name the checks that look for the usual means");
            }
            for id in &head.replaces {
                let Some(&KnownCheck { maps_to: maps, .. }) = known.checks.get(id.value.as_str()) else {
                    let near = did_you_mean(&id.value, known.checks.keys().copied());
                    bad(
                        line(id),
                        format!("there is no check `{}`{near}", id.value),
                        "`farwatch check list` names them",
                    );
                    continue;
                };
                if !answers.iter().any(|answer| looks_for(maps, answer)) {
                    let what = format!("the check `{}` says nothing about what this statement answers", id.value);
                    bad(line(id), what, "`farwatch check show ID` tells what it maps to");
                }
            }
            // Other means than those of one check say nothing about what other checks look for.
            let replaced: Vec<&KnownCheck<'_>> =
                head.replaces.iter().filter_map(|id| known.checks.get(id.value.as_str())).collect();
            let looked_for = |answer: &&Answer| replaced.iter().any(|check| looks_for(check.maps_to, answer));
            if answers.iter().any(|answer| looked_for(&answer))
                && let Some(first) = answers.iter().find(|answer| !looked_for(answer))
            {
                let what =
                    format!("no check that it replaces looks for the means of {}/{}", first.objective, first.aspect);
                bad(None, what, "answer only what the replaced checks look for, each aspect by name");
            }
        }
        StatementKind::NotApplicable => {
            if !whole {
                let what = "only a whole objective can be NOT APPLICABLE, not one aspect of it".to_owned();
                bad(None, what, "name the objective");
            }
        }
        StatementKind::Attestation | StatementKind::Drill | StatementKind::Siem => {}
    }
}

/// Does a check look for the means by which this is done? Others that refute look for what contradicts it.
fn looks_for(maps: &[Mapping], answer: &Answer) -> bool {
    maps.iter().any(|map| {
        (map.is_replaceable() || map.relation == Relation::Supports)
            && map.aspect == answer.aspect
            && map.objectives.contains(&answer.objective)
    })
}

/// The aspects and kinds of environment that a statement is about.
fn cells<'a>(
    answers: &'a BTreeSet<Answer>,
    names: &'a [Spanned<String>],
    organisation: &'a Organisation,
) -> impl Iterator<Item = (&'a Answer, EnvironmentKind)> {
    let names: Vec<String> = names.iter().map(|name| name.value.clone()).collect();
    let kinds: BTreeSet<EnvironmentKind> = organisation
        .environments
        .iter()
        .filter(|one| names_environment(&names, &one.id, one.kind.word()))
        .map(|one| one.kind)
        .collect();
    answers.iter().flat_map(move |answer| kinds.clone().into_iter().map(move |kind| (answer, kind)))
}

fn shown_by(known: &Known<'_>, answer: &Answer, kind: EnvironmentKind) -> Option<ShownBy> {
    known.catalog.objective(&answer.objective)?.1.aspect(&answer.aspect)?.shown_by.get(&kind).copied()
}

/// Attestations about what only machine checks can show.
fn machine_only(
    head: &Head,
    organisation: &Organisation,
    known: &Known<'_>,
    answers: &BTreeSet<Answer>,
    hint: &mut Bad<'_>,
) {
    for (answer, kind) in cells(answers, &head.environments, organisation) {
        if shown_by(known, answer, kind) == Some(ShownBy::Check) {
            let what = format!(
                "{}/{} in an {} is shown by machine checks alone; this attestation does not answer it",
                answer.objective,
                answer.aspect,
                kind.label()
            );
            hint(None, what, "where it is done by other means, write an alternative_implementation");
        }
    }
}

/// Do two names of environments have one in common?
fn overlap(a: &str, b: &str) -> bool {
    let within = |outer: &str, inner: &str| inner.split_once(':').is_some_and(|(kind, _)| kind == outer);
    a == b || a == "all" || b == "all" || within(a, b) || within(b, a)
}

/// Statements that say different things about one aspect at one time: none of them counts.
pub(super) fn contradictions(organisation: &mut Organisation, soft: &mut Soft) {
    let says = |one: &Statement| match one.kind {
        StatementKind::NotApplicable => "that it does not apply",
        _ if one.holds => "that it is so",
        _ => "that it is not so",
    };
    let counts =
        |one: &&Statement| one.is_read() && one.status == DocumentStatus::Final && one.kind != StatementKind::Drill;
    let mut clashes: Vec<(usize, usize, Answer)> = Vec::new();
    for (at, one) in organisation.statements.iter().enumerate().filter(|(_, one)| counts(one)) {
        for (other_at, other) in organisation.statements.iter().enumerate().skip(at + 1).filter(|(_, one)| counts(one))
        {
            if says(one) == says(other) || one.expires < other.date || other.expires < one.date {
                continue;
            }
            // NOT APPLICABLE is said of every environment. Accounts that the cloud lists are declared nowhere, so names
            // are held against names, and not against what is declared.
            let everywhere = [one, other].iter().any(|one| one.kind == StatementKind::NotApplicable);
            let share = everywhere || one.environments.iter().any(|a| other.environments.iter().any(|b| overlap(a, b)));
            if let Some(answer) = one.answers.iter().find(|answer| share && other.answers.contains(answer)) {
                clashes.push((at, other_at, answer.clone()));
            }
        }
    }
    for (one, other, answer) in clashes {
        for (this, that) in [(one, other), (other, one)] {
            let (Some(mine), Some(theirs)) = (organisation.statements.get(this), organisation.statements.get(that))
            else {
                continue;
            };
            let what = format!(
                "it says of {}/{} {}, and {} says {}: neither counts",
                answer.objective,
                answer.aspect,
                says(mine),
                theirs.file,
                says(theirs)
            );
            soft.problem(
                &mine.file.clone(),
                mine.lines.about,
                what.clone(),
                "make one of them right, and remove or end the other",
            );
            if let Some(mine) = organisation.statements.get_mut(this) {
                mine.problems.push(what);
            }
        }
    }
}
