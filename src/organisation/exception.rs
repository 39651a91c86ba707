//! Exceptions: one YAML file each.

use super::{
    Files, Known, Soft, a_year_at_most, did_you_mean, environment_names, evidence, id_of, line, note_file, people,
    text_of,
};
use crate::model::catalog::Entry;
use crate::model::exception::{Exception, ExceptionKind, Milestone};
use crate::model::organisation::Organisation;
use crate::model::pattern::Pattern;
use crate::model::problem::Problems;
use crate::model::statement::{Answer, DocumentStatus, Lines};
use crate::model::text::sha256_hex;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// How many checks one pattern may fit: a family, and not a provider.
const MOST_CHECKS: usize = 5;

const FORMAT: &str = "`farwatch schema exception` describes the format; docs/organisation.md explains it";

/// An exception as its file says it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionFile {
    /// Which of the two that the rule knows.
    #[schemars(with = "ExceptionKind")]
    kind: Spanned<ExceptionKind>,
    /// Title.
    title: String,
    /// Checks whose failing findings it covers, by id or pattern.
    #[serde(default)]
    #[schemars(with = "Vec<Pattern>")]
    checks: Vec<Spanned<Pattern>>,
    /// Resources whose failing findings it covers, by id or pattern.
    #[serde(default)]
    #[schemars(with = "Vec<Pattern>")]
    resources: Vec<Spanned<Pattern>>,
    /// Accounts in which it covers them.
    #[serde(default)]
    accounts: Vec<Pattern>,
    /// Or: aspects whose statements say `holds: false`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    answers: Vec<Spanned<String>>,
    /// And the environments of those statements.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    environments: Vec<Spanned<String>>,
    /// Id of the person who answers for it.
    #[schemars(with = "String")]
    owner: Spanned<String>,
    /// Id of the person who approved it.
    #[schemars(with = "String")]
    approver: Spanned<String>,
    /// Its first day.
    #[schemars(with = "String")]
    start: Spanned<Date>,
    /// Its last day.
    #[schemars(with = "String")]
    expires: Spanned<Date>,
    /// `draft` or `final`.
    #[schemars(with = "DocumentStatus")]
    status: Spanned<DocumentStatus>,
    /// Why full compliance is not feasible; or what broke, and when.
    reason: String,
    /// What makes it be looked at again before it ends.
    reopens_when: String,
    /// Enduring exceptions: what is done instead.
    #[serde(default)]
    mitigations: Vec<String>,
    /// Temporary deficiencies: files that prove that it once worked.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    worked: Vec<Spanned<String>>,
    /// Temporary deficiencies: the steps of the operational plan of action.
    #[serde(default)]
    milestones: Vec<Milestone>,
    /// Temporary deficiencies: the day of the next deficiency review.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    review: Option<Date>,
    /// Temporary deficiencies: how far it is.
    #[serde(default)]
    progress: Option<String>,
}

/// Reads one exception.
pub(super) fn read(path: &str, files: &dyn Files, known: &Known<'_>, organisation: &mut Organisation, soft: &mut Soft) {
    let mut hard = Problems::default();
    let Some(text) = text_of(files, path, &mut hard) else {
        soft.take(hard);
        return;
    };
    note_file(organisation, path, text.as_bytes());
    let file: ExceptionFile = match serde_saphyr::from_str(&text) {
        Ok(file) => file,
        Err(error) => {
            // A missing end is the mistake that matters most, so the reader's own words name it.
            hard.yaml(path, &text, &error, FORMAT);
            soft.take(hard);
            return;
        }
    };
    let mut wrong: Vec<(Option<usize>, String, String)> = Vec::new();
    let mut bad = |line: Option<usize>, what: String, hint: &str| wrong.push((line, what, hint.to_owned()));
    let by_findings = !file.checks.is_empty() || !file.resources.is_empty();
    let by_statements = !file.answers.is_empty() || !file.environments.is_empty();
    if by_findings == by_statements {
        let what = "it must name either `checks` and `resources`, or `answers` and `environments`".to_owned();
        bad(None, what, "checks that fail on resources; or aspects whose statement says `holds: false`");
    }
    if by_findings && (file.checks.is_empty() || file.resources.is_empty()) {
        bad(None, "`checks` and `resources` go together".to_owned(), "name both, by id or pattern");
    }
    for pattern in &file.checks {
        let fitting: Vec<_> = known.checks.iter().filter(|(id, _)| pattern.value.fits(id)).collect();
        let kept = fitting.iter().find_map(|(id, check)| Some((id, check.no_exception?)));
        if fitting.len() > MOST_CHECKS {
            let fits = fitting.len();
            let what =
                format!("`{}` fits {fits} checks, and whoever approved it did not mean all of them", pattern.value);
            bad(line(pattern), what, "name the checks");
        } else if let Some((id, why)) = kept {
            bad(line(pattern), format!("`{id}` allows no exception: {}", why.trim()), "mend what it names");
        } else if fitting.is_empty() {
            let near = did_you_mean(&pattern.value.0, known.checks.keys().copied());
            let what = format!("no check fits `{}`{near}", pattern.value);
            bad(line(pattern), what, "`farwatch check list` names them");
        }
    }
    // A name may stand for another thing in another account.
    let clouds = organisation.environments.iter().filter(|one| one.kind.is_cloud()).count();
    if by_findings && file.accounts.is_empty() && (clouds > 1 || organisation.lists_accounts) {
        bad(None, "it names no account, and there are several".to_owned(), "name them under `accounts`");
    }
    for account in file.accounts.iter().filter(|account| account.is_vague()) {
        bad(None, format!("`{account}` would fit any account"), "name the accounts");
    }
    for pattern in file.resources.iter().filter(|pattern| pattern.value.is_vague()) {
        let what = "an exception for every resource would hide the next mistake".to_owned();
        bad(line(pattern), what, "name the resources by id, or by a pattern that says something");
    }
    if by_statements && (file.answers.is_empty() || file.environments.is_empty()) {
        bad(None, "`answers` and `environments` go together".to_owned(), "name both, as the statement does");
    }
    environment_names(&file.environments, organisation, &mut bad);
    let mut answers: Vec<Answer> = Vec::new();
    for id in &file.answers {
        match known.catalog.resolve(&id.value) {
            Some(Entry::Aspect(_, objective, aspect)) => answers.push(Answer::of(objective, aspect)),
            Some(Entry::Objective(_, objective)) => answers.extend(Answer::all_of(objective)),
            _ => {
                let what = format!("`{}` is no objective or aspect", id.value);
                bad(line(id), what, "such as SI.L1-b.1.xiii.b; see `farwatch explain`");
            }
        }
    }
    people(&[("owner", &file.owner), ("approver", &file.approver)], organisation, &mut bad);
    let (start, expires) = (file.start.value, file.expires.value);
    if expires < start {
        bad(
            line(&file.expires),
            format!("it ends on {expires}, before it starts on {start}"),
            "correct one of the dates",
        );
    }
    for (name, value) in [("reason", &file.reason), ("reopens_when", &file.reopens_when), ("title", &file.title)] {
        if value.trim().is_empty() {
            bad(None, format!("`{name}` is empty"), "say it in a sentence");
        }
    }
    a_year_at_most(start, &file.expires, &mut bad);
    let worked = evidence("worked", &file.worked, files, organisation, &mut bad);
    let kind_line = line(&file.kind);
    match file.kind.value {
        ExceptionKind::EnduringException => {
            if file.mitigations.iter().all(|text| text.trim().is_empty()) {
                let what = "an enduring exception needs `mitigations`".to_owned();
                bad(kind_line, what, "the rule asks for them in the system security plan");
            }
            if !file.worked.is_empty() || !file.milestones.is_empty() || file.review.is_some() {
                let what = "`worked`, `milestones` and `review` belong to a temporary deficiency".to_owned();
                bad(kind_line, what, "remove them, or change the kind");
            }
        }
        ExceptionKind::TemporaryDeficiency => {
            if file.worked.is_empty() {
                let what = "a temporary deficiency needs `worked`: proof that it once worked".to_owned();
                bad(kind_line, what, "a first implementation that is not finished is no temporary deficiency");
            }
            let progress = file.progress.as_deref().unwrap_or_default().trim();
            let unsaid = file.milestones.iter().any(|step| step.what.trim().is_empty());
            if file.milestones.is_empty() || file.review.is_none() || progress.is_empty() || unsaid {
                let what = "a temporary deficiency needs `milestones`, `review` and `progress`".to_owned();
                bad(kind_line, what, "they are the operational plan of action that the rule asks for");
            }
        }
    }
    let (from, to) = (line(&file.start), line(&file.expires));
    let about = file.checks.first().and_then(line).or_else(|| file.answers.first().and_then(line));
    let id = id_of(path, ".yaml").to_owned();
    let problems = wrong.iter().map(|(_, what, _)| what.clone()).collect();
    if file.status.value == DocumentStatus::Final {
        for (line, what, hint) in wrong {
            soft.problem(path, line, what, &hint);
        }
        if file.owner.value == file.approver.value {
            let what = format!("`{}` approves an exception of their own", file.owner.value);
            soft.warn(path, line(&file.approver), what, "an assessor will ask who else looked at it");
        }
    }
    organisation.exceptions.push(Exception {
        id,
        file: path.to_owned(),
        kind: file.kind.value,
        title: file.title,
        checks: file.checks.into_iter().map(|one| one.value).collect(),
        resources: file.resources.into_iter().map(|one| one.value).collect(),
        accounts: file.accounts,
        answers,
        environments: file.environments.into_iter().map(|one| one.value).collect(),
        owner: file.owner.value,
        approver: file.approver.value,
        start,
        expires,
        status: file.status.value,
        reason: file.reason,
        reopens_when: file.reopens_when,
        mitigations: file.mitigations,
        worked,
        milestones: file.milestones,
        review: file.review,
        progress: file.progress,
        sha256: sha256_hex(text.as_bytes()),
        lines: Lines { from, to, about },
        problems,
    });
}
