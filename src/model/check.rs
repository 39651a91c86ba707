//! A check: one file, complete. See `docs/checks.md` for the format with examples.

use super::inventory::Within;
use super::template::Template;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A check as its file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// From the path of the file: `aws/checks/vpc-flow-log-all-traffic.yaml` is `aws-vpc-flow-log-all-traffic`.
    #[serde(skip)]
    pub id: String,
    /// `aws`, `azure`, `entra`: the first folder of the path.
    #[serde(skip)]
    pub provider: String,
    /// The expected state, as a sentence without a full stop.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it says about the rule.
    pub maps_to: Vec<Mapping>,
    /// Why it matters, in plain words.
    pub why: String,
    /// The type judged: one finding for each resource of it.
    pub for_each: String,
    /// Other resources the condition looks at, bound in this order.
    #[serde(default)]
    pub related: IndexMap<String, Related>,
    /// When a resource is not judged.
    #[serde(default)]
    pub not_applicable_when: Vec<NotApplicable>,
    /// What must hold.
    pub assert: Vec<Assert>,
    /// The sentence of a pass.
    pub pass: Template,
    /// How to mend a fail.
    pub remediation: Remediation,
    /// Why no exception may cover its fails, where none may: what a fail stands for can change, and its resource stays.
    #[serde(default)]
    pub no_exception: Option<String>,
    /// What the file proves about itself.
    pub tests: Vec<CheckTest>,
}

/// How much a fail matters to communications and their records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Low,
    /// Weakens a safeguard.
    Medium,
    /// A safeguard is missing.
    High,
}

/// What a check says about an aspect.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Objectives: `SC.L1-b.1.x.c`.
    pub objectives: Vec<String>,
    /// The aspect, by the same name in each of the objectives.
    pub aspect: String,
    /// Strength.
    pub relation: Relation,
    /// For `refutes`: does a fail only say that one of several means is not used? Then a statement may say by which other
    /// means it is done. Otherwise a fail is something that was found, and no other means undo it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_of_several_means: bool,
}

impl Mapping {
    /// May an alternative implementation take its place? What determines looks for the usual means.
    #[must_use]
    pub fn is_replaceable(&self) -> bool {
        self.relation == Relation::Determines || self.one_of_several_means
    }
}

/// How strong a check's word about an aspect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Fail → failed, pass → shown.
    Determines,
    /// Fail → failed, pass shows nothing.
    Refutes,
    /// Evidence only.
    Supports,
}

impl Relation {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Determines => "determines",
            Self::Refutes => "refutes",
            Self::Supports => "supports",
        }
    }
}

/// Other resources that the condition looks at: a join.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// Their type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Their field that must be equal …
    #[serde(rename = "where")]
    pub field: String,
    /// … to this: `resource.id`, or a field of an earlier related list (`subnets.id`: equal to any of them).
    pub is: String,
    /// How far it looks.
    #[serde(default)]
    pub within: Within,
    /// Binds one match instead of a list; two are an error.
    #[serde(default)]
    pub one: bool,
    /// What no match means, for `one`.
    #[serde(default)]
    pub when_missing: WhenMissing,
}

/// See [`Related::when_missing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenMissing {
    /// Nothing is known about it.
    #[default]
    Unknown,
    /// It is not there, if the account and region in its ARN were listed completely; otherwise unknown.
    Fail,
}

/// A condition under which a resource is not judged.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotApplicable {
    /// CEL.
    pub when: String,
    /// Why, for people.
    pub reason: String,
}

/// A condition that must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assert {
    /// CEL.
    pub that: String,
    /// The sentence when it does not.
    pub message: Template,
}

/// How to mend a fail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remediation {
    /// What to do, in words.
    pub text: String,
    /// A command to copy; places in it are quoted for the shell.
    #[serde(default)]
    pub cli: Option<Template>,
}

/// One test inside a check file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckTest {
    /// What it shows.
    pub name: String,
    /// Parameter values other than the defaults.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// The resources; a type that is not named was not read.
    pub given: BTreeMap<String, Given>,
    /// Outcome by id; `*` is the scope whose list was not read.
    pub expect: BTreeMap<String, super::finding::Outcome>,
}

/// Resources of one type in a test.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// The complete list.
    All(Vec<serde_json::Map<String, Value>>),
    /// The list was cut: there may be more.
    Cut {
        /// What was seen.
        partial: Vec<serde_json::Map<String, Value>>,
    },
}
