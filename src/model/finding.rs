//! What a check says about one resource.

use super::check::{Mapping, Severity};
use super::gap::Gap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The outcome of a check on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What the check asks holds, and there is evidence for it.
    Pass,
    /// It does not hold, and there is evidence for that.
    Fail,
    /// It could not be seen.
    Unknown,
    /// The check does not concern this resource, and there is evidence for that.
    NotApplicable,
    /// The check itself could not be carried out: a mistake in it, or in what the API answered.
    Error,
}

impl Outcome {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not applicable",
            Self::Error => "error",
        }
    }
}

/// What was judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Type: `aws.ec2.vpc`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id; absent where the list itself could not be read and the whole scope is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Account.
    pub account: String,
    /// Region, `global`, or `*` for regions that could not be listed.
    pub region: String,
}

/// Why an outcome is unknown or an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// The organisation has not said what only it can say.
    NotDeclared {
        /// What, as a sentence.
        what: String,
    },
    /// A call left no answer.
    Gap(Gap),
    /// The answer came, but without this field.
    FieldAbsent {
        /// The field, with its variable: `resource.delivery`.
        field: String,
    },
    /// Something that a join needs is not told by any answer.
    NotTold {
        /// What.
        what: String,
    },
    /// A related resource is not among those that could be seen.
    RelatedNotSeen {
        /// The name it has in the check.
        name: String,
        /// What was looked for.
        value: String,
    },
    /// The check or the answer is wrong.
    Mistake {
        /// What, and where.
        what: String,
    },
}

/// Evidence ids: at least one, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Evidence(BTreeSet<String>);

impl Evidence {
    /// Evidence, if there is any.
    #[must_use]
    pub fn new(ids: BTreeSet<String>) -> Option<Self> {
        (!ids.is_empty()).then_some(Self(ids))
    }
    /// The ids, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A finding. It is built only by [`Finding::judged`] and [`Finding::undecided`]: a pass, a fail or a "not
/// applicable" without evidence cannot be constructed, nor an unknown without a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `F-` and 12 hex digits, the same from night to night for the same check and subject.
    id: String,
    /// Id of the check.
    check: String,
    /// Severity of the check.
    severity: Severity,
    /// Outcome.
    outcome: Outcome,
    /// What was judged.
    subject: Subject,
    /// One sentence with the observed facts.
    sentence: String,
    /// Evidence ids.
    evidence: BTreeSet<String>,
    /// Why it is unknown or an error; empty otherwise.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    reasons: BTreeSet<Reason>,
    /// A command that mends a fail, its places quoted for the shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// What the check says about the rule.
    maps_to: Vec<Mapping>,
}

/// The outcomes that need evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// See [`Outcome::Pass`].
    Pass,
    /// See [`Outcome::Fail`].
    Fail,
    /// See [`Outcome::NotApplicable`].
    NotApplicable,
}

/// The outcomes that need a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// See [`Outcome::Unknown`].
    Unknown,
    /// See [`Outcome::Error`].
    Error,
}

/// The parts of a finding that come from the check and the resource.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// Id of the check.
    pub check: &'a str,
    /// Its severity.
    pub severity: Severity,
    /// Its mappings.
    pub maps_to: &'a [Mapping],
    /// What is judged.
    pub subject: Subject,
}

impl Finding {
    /// A finding that rests on evidence.
    #[must_use]
    pub fn judged(
        about: About<'_>,
        outcome: Judged,
        sentence: String,
        evidence: Evidence,
        remedy: Option<String>,
    ) -> Self {
        let outcome = match outcome {
            Judged::Pass => Outcome::Pass,
            Judged::Fail => Outcome::Fail,
            Judged::NotApplicable => Outcome::NotApplicable,
        };
        Self::build(about, outcome, sentence, evidence.0, BTreeSet::new(), remedy)
    }

    /// A finding that could not be decided. `first` makes sure that there is a reason.
    #[must_use]
    pub fn undecided(
        about: About<'_>,
        outcome: Undecided,
        sentence: String,
        first: Reason,
        others: impl IntoIterator<Item = Reason>,
        seen: BTreeSet<String>,
    ) -> Self {
        let outcome = match outcome {
            Undecided::Unknown => Outcome::Unknown,
            Undecided::Error => Outcome::Error,
        };
        let reasons = std::iter::once(first).chain(others).collect();
        Self::build(about, outcome, sentence, seen, reasons, None)
    }

    fn build(
        about: About<'_>,
        outcome: Outcome,
        sentence: String,
        evidence: BTreeSet<String>,
        reasons: BTreeSet<Reason>,
        remedy: Option<String>,
    ) -> Self {
        let s = &about.subject;
        let name = serde_json::json!([about.check, s.kind, s.account, s.region, s.id]).to_string();
        let id = format!("F-{}", &super::text::sha256_hex(name.as_bytes())[..12]);
        Self {
            id,
            check: about.check.to_owned(),
            severity: about.severity,
            outcome,
            subject: about.subject,
            sentence,
            evidence,
            reasons,
            remedy,
            maps_to: about.maps_to.to_vec(),
        }
    }

    /// `F-…`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
    /// Id of the check.
    #[must_use]
    pub fn check(&self) -> &str {
        &self.check
    }
    /// Severity of the check.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }
    /// Outcome.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }
    /// What was judged.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
    /// One sentence with the observed facts; text from the account in it is still raw.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
    /// Evidence ids, sorted.
    #[must_use]
    pub fn evidence(&self) -> &BTreeSet<String> {
        &self.evidence
    }
    /// Why it is unknown or an error.
    #[must_use]
    pub fn reasons(&self) -> &BTreeSet<Reason> {
        &self.reasons
    }
    /// A command that mends a fail.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
    /// What the check says about the rule.
    #[must_use]
    pub fn maps_to(&self) -> &[Mapping] {
        &self.maps_to
    }
}

/// `findings.json`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Findings {
    /// `farwatch/findings/1`.
    pub schema: String,
    /// The time at which expiry is judged, RFC 3339.
    pub as_of: String,
    /// One per check and resource, sorted.
    pub findings: Vec<Finding>,
    /// Everything that could not be seen.
    pub gaps: Vec<Gap>,
    /// What the organisation puts out of scope: seen, listed, and judged by no check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub out_of_scope: Vec<OutOfScope>,
}

/// A resource that is out of scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OutOfScope {
    /// The resource.
    pub resource: super::resource::ResourceKey,
    /// The organisation's reason.
    pub reason: String,
}
