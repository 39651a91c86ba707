//! A scenario: a story of an attack, and what has to hold so that it is noticed and answered. Rows of a table in
//! documents, each with its findings; it decides nothing about requirements.

use super::catalog::EnvironmentKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One file of `controls/scenarios/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its file name without `.yaml`.
    #[serde(skip)]
    pub id: String,
    /// What happens, in a few words.
    pub title: String,
    /// What happens, in a few sentences.
    pub story: String,
    /// Where it happens. A run that read nothing of the kind does not tell it.
    pub environment: EnvironmentKind,
    /// The type of resource that it happens to. Where there is none, it cannot happen.
    pub needs: String,
    /// What has to hold, in order.
    pub links: Vec<Link>,
}

/// Something that has to hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What, as a sentence.
    pub asks: String,
    /// What it is for.
    pub step: Step,
    /// The checks that show it: none may fail, and one must pass.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Checks of which none may fail; they may have nothing to judge.
    #[serde(default)]
    pub none_fails: Vec<String>,
    /// Or: a drill that the organisation states and that speaks to this aspect, `OBJECTIVE/aspect`.
    #[serde(default)]
    pub drill: Option<String>,
    /// What follows where it does not hold.
    pub otherwise: String,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Without it the attack is not noticed.
    Detect,
    /// Without it nothing is done about it.
    Respond,
}

/// How far a link, or all links of a step, hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// It holds.
    Yes,
    /// It does not: a check fails, or nothing shows it.
    No,
    /// It is not known.
    NotKnown,
    /// The run is not about it.
    NotAsked,
}

/// What became of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioResult {
    /// Its id.
    pub id: String,
    /// Why it is not told, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_told: Option<String>,
    /// Would it be noticed?
    pub detected: Holds,
    /// Would it be answered?
    pub answered: Holds,
    /// Its links, in order; none where it is not told.
    pub links: Vec<LinkResult>,
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkResult {
    /// Does it hold?
    pub holds: Holds,
    /// Why, in a sentence.
    pub because: String,
    /// The findings that decide: those that fail; else those that are not known; else those that pass. Under a drill,
    /// what the event history tells of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}
