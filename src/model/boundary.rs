//! Points where communication crosses a boundary: as reads declare them, as an organisation declares them, and the
//! types of resource that the comparison of both gives.

use super::pattern::{Pattern, fits};
use super::template::Template;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The derived type: one point found in an account.
pub const POINT: &str = "boundary.point";
/// The derived type: one account and region with what was found there and is not declared.
pub const PLACE: &str = "boundary.place";
/// The derived type: one point that the organisation declares.
pub const DECLARATION: &str = "boundary.declaration";
/// The derived type: one point that is declared with tags, or bears those of such a declaration.
pub const TAGGED: &str = "boundary.tagged";

/// Which boundary a point crosses (guide, SC.L1-b.1.x [a] and [b]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Crosses {
    /// Between the system and what lies outside of it.
    External,
    /// Between parts of the system.
    Internal,
}

impl Crosses {
    /// The word for people and for data.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Internal => "internal",
        }
    }
}

/// Which resources of a read are points of a boundary. The first rule of a read whose `when` holds counts.
///
/// Where a field of `when` could not be read, the rule may hold, and so may the next ones. If any of them shows a
/// point, the point is shown; what these rules do not agree about stays unknown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundaryRule {
    /// Which boundary it crosses; `none`: not a point at all (a gateway that is deleted).
    pub crosses: RuleCrosses,
    /// What it is, for people: `internet gateway`.
    #[serde(default)]
    pub kind: String,
    /// Field → the values of which it must have one. `*` and `?` stand for other text; `{field}` stands for the value
    /// of another field, as it is.
    #[serde(default)]
    pub when: IndexMap<String, Vec<Template>>,
    /// Can the public reach something through it?
    #[serde(default)]
    pub public: bool,
    /// The field that names the network (VPC, `VNet`) it belongs to.
    #[serde(default)]
    pub network: Option<String>,
    /// What lies on its other side; `{field}` stands for a field.
    #[serde(default)]
    pub leads_to: Option<Template>,
}

/// See [`BoundaryRule::crosses`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleCrosses {
    /// [`Crosses::External`].
    External,
    /// [`Crosses::Internal`].
    Internal,
    /// No point.
    None,
}

/// A part of the boundary as the organisation declares it in `boundary.yaml`. What is not said fits all; `id` or
/// `network` must be said, and not as a mere `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredPoint {
    /// Name for people, unique.
    pub name: String,
    /// What it is for: why communication may cross here.
    pub purpose: String,
    /// Which boundary: the list that it stands in says so.
    #[serde(default = "external")]
    pub crosses: Crosses,
    /// What it is: `internet gateway`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Pattern>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Pattern>,
    /// The network it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Pattern>,
    /// Account or subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Pattern>,
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Pattern>,
    /// Tags that its points bear, and that no other point of its kind does: the subnets where people develop, say. They
    /// do not decide whether a point fits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Pattern>,
}

fn external() -> Crosses {
    Crosses::External
}

/// A point as it was found, for matching.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Which boundary.
    pub crosses: Crosses,
    /// What it is.
    pub kind: &'a str,
    /// Id.
    pub id: &'a str,
    /// Network; empty for none.
    pub network: &'a str,
    /// Account.
    pub account: &'a str,
    /// Region.
    pub region: &'a str,
}

impl DeclaredPoint {
    /// Is this the declaration of that point?
    #[must_use]
    pub fn covers(&self, found: Found<'_>) -> bool {
        self.crosses == found.crosses
            && fits(self.kind.as_ref(), found.kind)
            && fits(self.id.as_ref(), found.id)
            && fits(self.network.as_ref(), found.network)
            && fits(self.account.as_ref(), found.account)
            && fits(self.region.as_ref(), found.region)
    }
}

/// The boundary as an organisation declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredBoundary {
    /// The boundary in a few sentences.
    pub description: String,
    /// Its points.
    pub points: Vec<DeclaredPoint>,
    /// Regions that the organisation uses; none: any. What is in use in another region is undeclared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Evidence id of the file that declares it: `O-…`.
    pub evidence: String,
}
