//! `farwatch.yaml` and what lies beside it: read, checked, and turned into the words of the model.
//!
//! What is wrong in `farwatch.yaml` stops the work before it begins, all problems at once. What is wrong in a single
//! statement, exception or in `boundary.yaml` takes only that file out; it is named in every document, and the rest
//! goes on.

mod config;
mod exception;
mod files;
mod schema;
mod statement;

pub use config::{Access, Loaded, SecretRef};
pub use files::{Files, Folder, Memory};
pub use schema::schema;

use crate::model::catalog::{Catalog, EnvironmentKind};
use crate::model::check::Mapping;
use crate::model::organisation::{FileProblem, Organisation, OrganisationFile, file_evidence};
use crate::model::parameter::Parameters;
use crate::model::problem::{Problem, Problems};
use crate::model::statement::EvidenceFile;
use crate::model::text::sha256_hex;
use jiff::civil::Date;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// The file that makes a folder an organisation's.
pub const FILE: &str = "farwatch.yaml";
/// The declared boundary.
pub const BOUNDARY: &str = "boundary.yaml";
/// The folder of statements.
pub const STATEMENTS: &str = "statements";
/// The folder of exceptions.
pub const EXCEPTIONS: &str = "exceptions";

/// What files may refer to.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// The rule-makers' side.
    pub catalog: &'a Catalog,
    /// Parameters.
    pub parameters: &'a Parameters,
    /// Checks and what they map to.
    pub checks: BTreeMap<&'a str, KnownCheck<'a>>,
}

/// What an organisation's files may do with a check.
#[derive(Debug, Clone, Copy)]
pub struct KnownCheck<'a> {
    /// What it maps to.
    pub maps_to: &'a [Mapping],
    /// Why no exception may cover it, where none may.
    pub no_exception: Option<&'a str>,
}

/// Reads an organisation.
///
/// # Errors
/// [`Problems`]: everything that is wrong with `farwatch.yaml`, at once.
pub fn load(files: &dyn Files, known: &Known<'_>) -> Result<Loaded, Problems> {
    let mut problems = Problems::default();
    let Some(text) = text_of(files, FILE, &mut problems) else { return Err(problems) };
    let (mut organisation, access) = config::read(&text, known, problems)?;
    let mut soft = Soft::default();
    note_file(&mut organisation, FILE, text.as_bytes());
    for warning in std::mem::take(&mut organisation.warnings) {
        soft.warnings.push(warning);
    }
    if files.exists(BOUNDARY)
        && let Some(text) = soft.text(files, BOUNDARY)
    {
        note_file(&mut organisation, BOUNDARY, text.as_bytes());
        let mut problems = Problems::default();
        organisation.boundary = config::boundary(&text, &access, &mut problems);
        soft.take(problems);
    }
    for (path, problem) in files.list(STATEMENTS, "md") {
        match problem {
            Some(problem) => soft.problem(&path, None, problem, "statements are plain Markdown files"),
            None => statement::read(&path, files, known, &mut organisation, &mut soft),
        }
    }
    statement::contradictions(&mut organisation, &mut soft);
    for (path, problem) in files.list(EXCEPTIONS, "yaml") {
        match problem {
            Some(problem) => soft.problem(&path, None, problem, "exceptions are plain YAML files"),
            None => exception::read(&path, files, known, &mut organisation, &mut soft),
        }
    }
    organisation.statements.sort_by(|a, b| a.id.cmp(&b.id));
    organisation.exceptions.sort_by(|a, b| a.id.cmp(&b.id));
    organisation.files.sort_by(|a, b| a.path.cmp(&b.path));
    organisation.files.dedup();
    soft.problems.sort();
    soft.warnings.sort();
    organisation.problems = soft.problems;
    organisation.warnings = soft.warnings;
    Ok(Loaded { organisation, access })
}

/// Problems that take out one file and no more.
#[derive(Debug, Default)]
struct Soft {
    problems: Vec<FileProblem>,
    warnings: Vec<FileProblem>,
}

impl Soft {
    fn problem(&mut self, file: &str, line: Option<usize>, what: String, hint: &str) {
        self.problems.push(FileProblem { file: file.to_owned(), line, what, hint: hint.to_owned() });
    }

    fn warn(&mut self, file: &str, line: Option<usize>, what: String, hint: &str) {
        self.warnings.push(FileProblem { file: file.to_owned(), line, what, hint: hint.to_owned() });
    }

    fn take(&mut self, problems: Problems) {
        for Problem { file, at, what, hint, .. } in problems.0 {
            self.problems.push(FileProblem { file, line: at.map(|(line, _)| line), what, hint });
        }
    }

    fn text(&mut self, files: &dyn Files, path: &str) -> Option<String> {
        let mut problems = Problems::default();
        let text = text_of(files, path, &mut problems);
        self.take(problems);
        text
    }
}

/// A file as text; what is wrong with it goes to the problems.
fn text_of(files: &dyn Files, path: &str, problems: &mut Problems) -> Option<String> {
    let bytes = match files.read(path) {
        Ok(bytes) => bytes,
        Err(why) => {
            problems.at(path, None, why, "put the file itself into the organisation's folder");
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(error) => {
            let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let line = String::from_utf8_lossy(before).split('\n').count();
            let what = "the file is not UTF-8 text".to_owned();
            problems.at(path, Some((line, 1)), what, "save it as UTF-8 in your editor");
            None
        }
    }
}

/// Takes what is wrong with a statement or exception: the line, what, and what to do.
type Bad<'a> = dyn FnMut(Option<usize>, String, &str) + 'a;

/// The line where a value stands.
fn line<T>(value: &Spanned<T>) -> Option<usize> {
    config::place(value).map(|(line, _)| line)
}

/// Are the people named whom a file refers to?
fn people(named: &[(&str, &Spanned<String>)], organisation: &Organisation, bad: &mut Bad<'_>) {
    for (role, id) in named {
        if organisation.person(&id.value).is_none() {
            let near = did_you_mean(&id.value, organisation.people.iter().map(|person| person.id.as_str()));
            bad(line(id), format!("{role}: nobody has the id `{}`{near}", id.value), "name the person under `people`");
        }
    }
}

/// The id of a statement or exception: the name of its file without the ending.
fn id_of<'a>(path: &'a str, ending: &str) -> &'a str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(ending).unwrap_or(name)
}

/// Level 1 is assessed and affirmed every year, so nothing that is stated or approved once counts for ever.
fn a_year_at_most(from: Date, to: &Spanned<Date>, bad: &mut Bad<'_>) {
    if let Ok(year) = from.checked_add(jiff::Span::new().years(1))
        && to.value > year
    {
        bad(
            line(to),
            format!("it would count until {}, longer than a year", to.value),
            "Level 1 is assessed and affirmed every year; look at it again by then, and say it anew",
        );
    }
}

/// Are the environments declared that a statement or exception names?
fn environment_names(names: &[Spanned<String>], organisation: &Organisation, bad: &mut Bad<'_>) {
    for name in names {
        let value = name.value.as_str();
        let kind = EnvironmentKind::ALL.into_iter().find(|kind| kind.word() == value);
        let fine = value == "all"
            || organisation.environments.iter().any(|one| one.id == value)
            || kind.is_some_and(|kind| organisation.environments.iter().any(|one| one.kind == kind))
            // Accounts that the cloud itself lists are not known before it is asked.
            || organisation.lists_accounts && (value == "aws" || value.starts_with("aws:"));
        if fine {
            continue;
        }
        let what = if let Some(kind) = kind {
            format!("farwatch.yaml declares no environment of the kind `{}`", kind.word())
        } else {
            let ids = organisation.environments.iter().map(|one| one.id.as_str());
            format!("there is no environment `{value}`{}", did_you_mean(value, ids))
        };
        bad(line(name), what, "declare it under `environments` in farwatch.yaml");
    }
}

/// The files that a statement or exception names, with their digests.
fn evidence(
    key: &str,
    named: &[Spanned<String>],
    files: &dyn Files,
    organisation: &mut Organisation,
    bad: &mut Bad<'_>,
) -> Vec<EvidenceFile> {
    let mut all = Vec::new();
    for file in named {
        match files.digest(&file.value) {
            Ok(found) if found.bytes == 0 => {
                bad(line(file), format!("{key}: {} is empty", found.path), "an empty file shows nothing");
            }
            Ok(found) if is_own(&found.path) => {
                let what = format!("{key}: {} is what is to be shown, and shows nothing itself", found.path);
                bad(line(file), what, "name a record, an export, a letter");
            }
            Ok(found) => {
                all.push(EvidenceFile { path: found.path.clone(), sha256: found.sha256.clone(), bytes: found.bytes });
                organisation.files.push(found);
            }
            Err(why) => bad(line(file), format!("{key}: {why}"), "put the file below the organisation's folder"),
        }
    }
    all
}

/// Is it a file in which the organisation declares, states or decides?
fn is_own(path: &str) -> bool {
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    path == FILE || path == BOUNDARY || below(STATEMENTS) || below(EXCEPTIONS)
}

/// Keeps the digest of a file that was read.
fn note_file(organisation: &mut Organisation, path: &str, bytes: &[u8]) {
    organisation.files.push(OrganisationFile {
        path: path.to_owned(),
        evidence: file_evidence(path),
        sha256: sha256_hex(bytes),
        bytes: bytes.len() as u64,
    });
}

/// " (did you mean `x`?)", if one of the names is near.
fn did_you_mean<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    crate::model::text::nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}
