//! The organisation's side: who it is, where Federal Contract Information may live, what people state and decide.
//!
//! This is what became of `farwatch.yaml` and the files beside it after they were read and checked; it is kept with
//! every assessment, so that a judgement can be re-performed from the run alone.

use super::assessment::Environment;
use super::boundary::DeclaredBoundary;
use super::catalog::EnvironmentKind;
use super::exception::Exception;
use super::scope::Scope;
use super::statement::Statement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything the organisation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// `farwatch/organisation/1`.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// CAGE codes of the information systems in scope.
    pub cage_codes: Vec<String>,
    /// The system that is assessed.
    pub system: System,
    /// Which number of the clause its documents print first.
    pub citation: Citation,
    /// People by role.
    pub people: Vec<Person>,
    /// Environments in scope, as declared.
    pub environments: Vec<Environment>,
    /// Kinds of environment that it declares it does not have.
    pub absent: Vec<Absent>,
    /// Were the accounts to be taken from the cloud's own list of the organisation?
    pub lists_accounts: bool,
    /// What is out of scope.
    pub scope: Scope,
    /// Parameters it has set.
    pub parameters: BTreeMap<String, Value>,
    /// Its boundary; nothing where it declares none.
    pub boundary: Option<DeclaredBoundary>,
    /// Statements, sorted by id.
    pub statements: Vec<Statement>,
    /// Exceptions, sorted by id.
    pub exceptions: Vec<Exception>,
    /// Every file that was read.
    pub files: Vec<OrganisationFile>,
    /// Files, or parts of them, that could not be used.
    pub problems: Vec<FileProblem>,
    /// What deserves a second look.
    pub warnings: Vec<FileProblem>,
}

/// The system that is assessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Its name.
    pub name: String,
    /// What it is and does, in a few sentences.
    pub description: String,
    /// The kind of information in it.
    #[serde(default)]
    pub information: Information,
}

/// What kind of information a system holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Information {
    /// Federal Contract Information: Level 1.
    #[default]
    #[serde(rename = "FCI")]
    Fci,
    /// Controlled Unclassified Information: Level 1 is the wrong level.
    #[serde(rename = "CUI")]
    Cui,
}

/// Which number of the clause is printed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Citation {
    /// The codified number.
    #[default]
    #[serde(rename = "52.204-21")]
    Codified,
    /// The number used under agency deviations.
    #[serde(rename = "52.240-93")]
    Deviation,
}

/// Somebody with a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Short and unique: statements and exceptions name people by it.
    pub id: String,
    /// Name.
    pub name: String,
    /// Title in the organisation.
    #[serde(default)]
    pub title: String,
    /// E-mail address.
    #[serde(default)]
    pub email: String,
    /// Roles.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// What somebody does for the assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Affirms (32 CFR 170.22): the senior official responsible for compliance.
    AffirmingOfficial,
    /// Keeps the statements and the plan.
    ComplianceOfficer,
    /// Answers for the system.
    SystemOwner,
    /// Runs the clouds and computers.
    Engineer,
    /// Answers for rooms, keys and visitors.
    Facilities,
}

impl Role {
    /// The words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AffirmingOfficial => "affirming official",
            Self::ComplianceOfficer => "compliance officer",
            Self::SystemOwner => "system owner",
            Self::Engineer => "engineer",
            Self::Facilities => "facilities",
        }
    }
}

/// A kind of environment that the organisation says it does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Absent {
    /// The kind.
    pub kind: EnvironmentKind,
    /// Why, or since when.
    pub reason: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationFile {
    /// Path below the organisation's folder.
    pub path: String,
    /// Evidence id: `O-` and twelve hex digits of the path.
    pub evidence: String,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
}

/// Something about a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FileProblem {
    /// Path below the organisation's folder.
    pub file: String,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
    /// What.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl FileProblem {
    /// `statements/a.md:3: what; hint`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let hint = if self.hint.is_empty() { String::new() } else { format!("; {}", self.hint) };
        format!("{}{line}: {}{hint}", self.file, self.what)
    }
}

impl Organisation {
    /// The person of this id.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// The people of a role, by name.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| person.roles.contains(&role))
    }
}

/// The evidence id of a file of the organisation.
#[must_use]
pub fn file_evidence(path: &str) -> String {
    format!("O-{}", &super::text::sha256_hex(path.as_bytes())[..12])
}
