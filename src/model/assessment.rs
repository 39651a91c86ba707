//! What may be claimed: cells of (objective, aspect, environment), objectives, requirements.

use super::catalog::EnvironmentKind;
use super::organisation::{Absent, FileProblem};
use super::scenario::ScenarioResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The status of an objective or requirement. The first three are the rule's own findings (guide, "Assessment
/// Findings"); the last is farwatch's draft mark and no finding of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Status {
    /// "All applicable objectives for the security requirement are satisfied based on evidence."
    #[serde(rename = "MET")]
    Met,
    /// "… do not apply at the time of the assessment."
    #[serde(rename = "NOT APPLICABLE")]
    NotApplicable,
    /// Something is still open: our own draft mark.
    #[serde(rename = "NOT ASSESSED")]
    NotAssessed,
    /// "One or more objectives of the security requirement is not satisfied."
    #[serde(rename = "NOT MET")]
    NotMet,
}

impl Status {
    /// As it is printed everywhere.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "MET",
            Self::NotMet => "NOT MET",
            Self::NotApplicable => "NOT APPLICABLE",
            Self::NotAssessed => "NOT ASSESSED",
        }
    }
}

/// The state of an aspect in one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// Shown.
    Shown,
    /// Its failing findings are all covered by valid exceptions.
    ShownByException,
    /// Not known, or not answered.
    Open,
    /// Disproved.
    Failed,
}

impl CellState {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::ShownByException => "shown by exception",
            Self::Open => "open",
            Self::Failed => "failed",
        }
    }
}

/// A place in scope that may hold Federal Contract Information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// `aws:111122223333`, `office`.
    pub id: String,
    /// Its kind.
    pub kind: EnvironmentKind,
    /// Name for people.
    pub label: String,
    /// Why everything in it stays open, whatever is shown: nobody declared it, or its account was not to be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
}

/// One aspect in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Id of the environment.
    pub environment: String,
    /// State.
    pub state: CellState,
    /// Why, in one sentence.
    pub why: String,
    /// Findings that decide, by id: failing ones first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided_by: Vec<String>,
    /// Findings that only support, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported_by: Vec<String>,
    /// Findings that an alternative implementation replaces: they stay visible and do not decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    /// Statements that speak to it and count, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<String>,
    /// Exceptions that cover what fails here, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<String>,
    /// What would change it, and who can; empty where it is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Step>,
}

/// Something that somebody can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Who can: a role, or a person by name.
    pub who: String,
    /// What.
    pub what: String,
}

/// One aspect in every environment it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AspectResult {
    /// Name within its objective.
    pub id: String,
    /// One cell per environment.
    pub cells: Vec<Cell>,
}

/// An objective with its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectiveResult {
    /// `SC.L1-b.1.x.c`.
    pub id: String,
    /// Status.
    pub status: Status,
    /// MET only thanks to an exception.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_exception: bool,
    /// The statement by which it is NOT APPLICABLE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_applicable_by: Option<String>,
    /// Statements that say NOT APPLICABLE and are not followed, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Its aspects.
    pub aspects: Vec<AspectResult>,
}

/// A requirement with its status: the worst of its objectives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequirementResult {
    /// `SC.L1-b.1.x`.
    pub id: String,
    /// Status.
    pub status: Status,
    /// Its objectives.
    pub objectives: Vec<ObjectiveResult>,
}

/// What became of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementResult {
    /// Its id.
    pub id: String,
    /// Its file.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Why it does not count; nothing where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_counted: Option<String>,
}

/// What became of an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExceptionResult {
    /// Its id.
    pub id: String,
    /// Its file.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Why it does not count; nothing where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_counted: Option<String>,
    /// Failing findings that it covers, or would cover if it counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Near misses and what else a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// How many resources of a type there were, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Population {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seen and in scope.
    pub in_scope: usize,
    /// In scope, and every check that judges the type gave an answer.
    pub examined: usize,
    /// Seen and out of scope, with the reasons and how many each.
    pub out_of_scope: BTreeMap<String, usize>,
    /// Places whose list may be cut: there may be more.
    pub cut: usize,
}

/// `assessment.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// `farwatch/assessment/1`.
    pub schema: String,
    /// Twelve hex digits of everything it was made from.
    pub id: String,
    /// The time at which expiry is judged, RFC 3339.
    pub as_of: String,
    /// Version of farwatch that assessed.
    pub farwatch: String,
    /// SHA-256 of what it was made from: collection, catalog, checks, reads, parameters, findings.
    pub digests: BTreeMap<String, String>,
    /// Parameters as used.
    pub parameters: BTreeMap<String, Value>,
    /// Environments in scope.
    pub environments: Vec<Environment>,
    /// Kinds of environment that the organisation declares it does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<Absent>,
    /// The 15 requirements.
    pub requirements: Vec<RequirementResult>,
    /// Statements of the organisation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<StatementResult>,
    /// Exceptions of the organisation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ExceptionResult>,
    /// Scenarios, link by link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<ScenarioResult>,
    /// What was examined, type by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub populations: Vec<Population>,
    /// Files of the organisation that could not be used, or not wholly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FileProblem>,
    /// What deserves a second look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FileProblem>,
    /// Number of gaps.
    pub gaps: usize,
}

impl Assessment {
    /// How many requirements have this status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.requirements.iter().filter(|requirement| requirement.status == status).count()
    }

    /// The exit code of `audit`: 0 everything is MET (or NOT APPLICABLE), 10 something is NOT MET, 11 nothing NOT MET
    /// but something NOT ASSESSED, or a file of the organisation could not be used: nobody knows what it says.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.count(Status::NotMet) > 0 {
            10
        } else if self.count(Status::NotAssessed) > 0 || self.requirements.is_empty() || !self.problems.is_empty() {
            11
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(statuses: &[Status]) -> Assessment {
        let requirements = statuses
            .iter()
            .map(|status| RequirementResult { id: "R".to_owned(), status: *status, objectives: vec![] })
            .collect();
        Assessment {
            schema: "farwatch/assessment/1".to_owned(),
            id: String::new(),
            as_of: String::new(),
            farwatch: String::new(),
            digests: BTreeMap::new(),
            parameters: BTreeMap::new(),
            environments: vec![],
            absent: vec![],
            requirements,
            statements: vec![],
            exceptions: vec![],
            scenarios: vec![],
            populations: vec![],
            problems: vec![],
            warnings: vec![],
            gaps: 0,
        }
    }

    #[test]
    fn exit_codes() {
        use Status::{Met, NotApplicable, NotAssessed, NotMet};
        assert_eq!(with(&[Met, NotApplicable, Met]).exit_code(), 0);
        assert_eq!(with(&[Met, NotAssessed]).exit_code(), 11);
        assert_eq!(with(&[NotAssessed, NotMet, Met]).exit_code(), 10);
        // Nothing judged is not everything MET.
        assert_eq!(with(&[]).exit_code(), 11);
    }
}
