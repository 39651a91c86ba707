//! What people state: one Markdown file each, in final form, approved, dated, with an end.

use super::catalog::{Aspect, Objective, ShownBy};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementKind {
    /// Somebody who knows says that it is so.
    Attestation,
    /// A drill or exercise that was held. It supports and answers nothing by itself.
    Drill,
    /// Records go to a system outside the audited accounts (a SIEM), which keeps or watches them.
    Siem,
    /// A provider does it for its own facilities and media.
    Inheritance,
    /// It is done by other means than the named checks look for.
    AlternativeImplementation,
    /// The objective does not apply, and why.
    NotApplicable,
}

impl StatementKind {
    /// The words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Attestation => "attestation",
            Self::Drill => "drill",
            Self::Siem => "SIEM statement",
            Self::Inheritance => "inheritance from a provider",
            Self::AlternativeImplementation => "alternative implementation",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// Is a document final? "All evidence must be in final form and not draft" (guide, "Assessment Findings").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    /// Still being written: counts for nothing.
    Draft,
    /// Approved.
    Final,
}

/// How it was assessed (guide, "Assessment Methods").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Documents, mechanisms or activities were looked at.
    Examine,
    /// People were asked.
    Interview,
    /// It was tried.
    Test,
}

impl Method {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Examine => "examine",
            Self::Interview => "interview",
            Self::Test => "test",
        }
    }
}

/// One aspect that something speaks to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Answer {
    /// `SC.L1-b.1.x.c`.
    pub objective: String,
    /// `records-reviewed`.
    pub aspect: String,
}

impl Answer {
    /// This aspect of this objective.
    #[must_use]
    pub fn of(objective: &Objective, aspect: &Aspect) -> Self {
        Self { objective: objective.id.clone(), aspect: aspect.id.clone() }
    }

    /// Every aspect of an objective.
    pub fn all_of(objective: &Objective) -> impl Iterator<Item = Self> + '_ {
        objective.aspects.iter().map(|aspect| Self::of(objective, aspect))
    }
}

/// A file beside `farwatch.yaml` that a statement or exception names as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// Path below the organisation's folder, with `/`.
    pub path: String,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
}

/// A statement, as read and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Name of its file without `.md`.
    pub id: String,
    /// Its path below the organisation's folder.
    pub file: String,
    /// What it is.
    pub kind: StatementKind,
    /// Its first heading, or its id.
    pub title: String,
    /// What it speaks to, each aspect by name.
    pub answers: Vec<Answer>,
    /// Environments: `aws:210987654321`, `office:hq`, a kind (`endpoints`: all of that kind), or `all`.
    pub environments: Vec<String>,
    /// Is it so? `false` records honestly that it is not.
    pub holds: bool,
    /// Id of the person who answers for it.
    pub owner: String,
    /// Id of the person who approved it.
    pub approver: String,
    /// Its date.
    pub date: Date,
    /// The last day on which it counts.
    pub expires: Date,
    /// Draft or final.
    pub status: DocumentStatus,
    /// How it was assessed.
    pub methods: Vec<Method>,
    /// Evidence files.
    pub evidence: Vec<EvidenceFile>,
    /// Alternative implementations: the checks that no longer decide.
    pub replaces: Vec<String>,
    /// Inheritance: who provides it.
    pub provider: Option<String>,
    /// Inheritance: the provider's document that says so.
    pub document: Option<String>,
    /// The text.
    pub text: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Lines of the file where `date`, `expires` and `answers` stand.
    pub lines: Lines,
    /// What is wrong with it; with any of this it does not count.
    pub problems: Vec<String>,
}

/// Where parts of a file stand, for messages that only a day or a run brings about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The first day.
    pub from: Option<usize>,
    /// The last day.
    pub to: Option<usize>,
    /// What it speaks to or covers.
    pub about: Option<usize>,
}

/// Does a statement count on a day?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Counts,
    /// No, and why.
    Not(String),
}

impl Statement {
    /// Could its head be read? If not, no more is known than what it is about.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.date > Date::MIN
    }

    /// Does it count on this day?
    #[must_use]
    pub fn standing(&self, day: Date) -> Standing {
        match self.problems.first() {
            // A draft may be unfinished.
            Some(problem) if self.status == DocumentStatus::Final => {
                Standing::Not(format!("cannot be used: {problem}"))
            }
            _ => standing(self.status, self.date, self.expires, day),
        }
    }

    /// May a statement of this kind answer what is shown in this way?
    #[must_use]
    pub fn may_answer(&self, how: ShownBy) -> bool {
        match self.kind {
            StatementKind::Attestation | StatementKind::Siem => how != ShownBy::Check,
            StatementKind::Inheritance => how == ShownBy::InheritanceOrStatement,
            // What machines do not look for anyway has no other means than the usual ones.
            StatementKind::AlternativeImplementation => how.by_check(),
            StatementKind::Drill | StatementKind::NotApplicable => false,
        }
    }

    /// Does it speak to this aspect?
    #[must_use]
    pub fn speaks_to(&self, objective: &str, aspect: &str) -> bool {
        self.answers.iter().any(|answer| answer.objective == objective && answer.aspect == aspect)
    }
}

/// Final, begun, and not over: on this day.
#[must_use]
pub fn standing(status: DocumentStatus, from: Date, to: Date, day: Date) -> Standing {
    if status == DocumentStatus::Draft {
        Standing::Not("is a draft".to_owned())
    } else if from > day {
        Standing::Not(format!("is dated {from}, after the day of this assessment ({day})"))
    } else if to < day {
        Standing::Not(format!("expired on {to}"))
    } else {
        Standing::Counts
    }
}

/// Does a list of environments name this one? By id, by kind, or `all`.
#[must_use]
pub fn names_environment(list: &[String], id: &str, kind: &str) -> bool {
    list.iter().any(|name| name == id || name == kind || name == "all")
}
