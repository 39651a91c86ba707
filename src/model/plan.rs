//! Calls that a run means to make, and how each ended.

use super::text::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A call: what makes it the same call from night to night. Page tokens and polls are not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId {
    /// The account asked.
    pub account: String,
    /// The region asked; `global` for calls that concern the whole account.
    pub region: String,
    /// `service:Operation`.
    pub read: String,
    /// The resource it was made for, where it fans out from one: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Parameters, without page tokens, as JSON text in a fixed order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamValue>,
}

/// A parameter value: any JSON, compared by its text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParamValue(pub Value);

impl PartialEq for ParamValue {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for ParamValue {}
impl std::hash::Hash for ParamValue {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_string().hash(state);
    }
}
impl PartialOrd for ParamValue {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ParamValue {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_string().cmp(&other.0.to_string())
    }
}

impl CallId {
    /// The evidence id of the call: `E-` and 12 hex digits, the same every night.
    #[must_use]
    pub fn evidence_id(&self) -> String {
        let canonical = serde_json::json!([self.account, self.region, self.read, self.parent, self.params]);
        format!("E-{}", &sha256_hex(canonical.to_string().as_bytes())[..12])
    }
}

/// The evidence id of one page of a call's answer.
#[must_use]
pub fn page_id(call: &str, page: u32) -> String {
    format!("{call}.{page}")
}

/// One line of the plan, written down before the call is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// [`CallId::evidence_id`].
    pub id: String,
    /// The call.
    pub call: CallId,
    /// What is uncertain about it.
    pub note: PlanNote,
}

/// What is known about a planned call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum PlanNote {
    /// Nothing is uncertain.
    Sure,
    /// The region is one of the partition's defaults; the account's own list could not be read.
    Unconfirmed,
    /// It could not be made: a place in its parameters stayed empty (a bucket whose region is unknown).
    ParentUnknown {
        /// The place that stayed empty.
        missing: String,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The API answered.
    Answered,
    /// The thing asked for does not exist, and the read says what that means.
    Absent,
    /// The service is not switched on, and the read says what that means.
    NotEnabled,
    /// The thing asked of does not support the question.
    Unsupported,
    /// The region is off.
    RegionOff,
    /// The caller may not.
    Denied,
    /// Too many calls, also after retries.
    Throttled,
    /// Anything else: no answer, an answer that cannot be read, an error nobody declared.
    Failed,
    /// It was planned but never made.
    NotMade,
}

impl Outcome {
    /// Does it end the question? Everything else is a gap.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Answered | Self::Absent | Self::NotEnabled | Self::Unsupported)
    }

    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Absent => "absent",
            Self::NotEnabled => "not enabled",
            Self::Unsupported => "unsupported",
            Self::RegionOff => "region off",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::NotMade => "not made",
        }
    }
}
