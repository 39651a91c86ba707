//! What we could not see: planned minus settled.

use super::plan::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A call that left no answer, and what it would have shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// `service:Operation`.
    pub read: String,
    /// The right that is needed.
    pub action: String,
    /// The account asked.
    pub account: String,
    /// The region asked; `global`; or `*` for regions that could not be listed.
    pub region: String,
    /// The resource it was made for, where it fans out from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The provider's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What went wrong, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The evidence id of the refusal, where one was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

impl Gap {
    /// "ec2:DescribeVpcs was denied (`UnauthorizedOperation`)".
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = match self.outcome {
            Outcome::Denied => format!("{} was denied", self.read),
            Outcome::Throttled => format!("{} was throttled", self.read),
            Outcome::NotMade => format!("{} was not made", self.read),
            Outcome::RegionOff => format!("{} met a region that is off", self.read),
            _ => format!("{} failed", self.read),
        };
        match (&self.code, &self.detail) {
            (Some(code), _) if !code.is_empty() => text += &format!(" ({code})"),
            (_, Some(detail)) => text += &format!(" ({detail})"),
            _ => {}
        }
        text
    }
}
