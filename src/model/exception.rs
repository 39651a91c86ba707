//! The two ways in which the rule lets a requirement be MET although something fails (guide, "Assessment Findings"):
//! the enduring exception and the temporary deficiency. There is no third: Level 1 has no plan of action and milestones.

use super::pattern::Pattern;
use super::statement::{Answer, DocumentStatus, EvidenceFile, Lines, Standing, standing};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// A special circumstance or system where full compliance is not feasible; described with its mitigations in the
    /// system security plan.
    EnduringException,
    /// A condition that arose after implementation and can be remedied; addressed in an operational plan of action.
    TemporaryDeficiency,
}

impl ExceptionKind {
    /// The words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::EnduringException => "enduring exception",
            Self::TemporaryDeficiency => "temporary deficiency",
        }
    }
}

/// A step of an operational plan of action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// What is to be done.
    pub what: String,
    /// By when.
    #[schemars(with = "String")]
    pub due: Date,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub done: Option<Date>,
}

/// An exception, as read and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Name of its file without `.yaml`.
    pub id: String,
    /// Its path below the organisation's folder.
    pub file: String,
    /// Which of the two.
    pub kind: ExceptionKind,
    /// Title for people.
    pub title: String,
    /// Checks whose failing findings it covers.
    pub checks: Vec<Pattern>,
    /// Resources whose failing findings it covers.
    pub resources: Vec<Pattern>,
    /// Accounts in which it covers them; all unless said.
    pub accounts: Vec<Pattern>,
    /// Or: aspects whose statements say that it is not so.
    pub answers: Vec<Answer>,
    /// And the environments of those statements.
    pub environments: Vec<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// Its first day.
    pub start: Date,
    /// Its last day.
    pub expires: Date,
    /// Draft or final.
    pub status: DocumentStatus,
    /// Why full compliance is not feasible, or what broke.
    pub reason: String,
    /// What makes it be looked at again before it ends.
    pub reopens_when: String,
    /// Enduring exceptions: what is done instead.
    pub mitigations: Vec<String>,
    /// Temporary deficiencies: proof that it once worked.
    pub worked: Vec<EvidenceFile>,
    /// Temporary deficiencies: the plan.
    pub milestones: Vec<Milestone>,
    /// Temporary deficiencies: the day of the next deficiency review.
    pub review: Option<Date>,
    /// Temporary deficiencies: how far it is.
    pub progress: Option<String>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Lines of the file where `start`, `expires` and `checks` or `answers` stand.
    pub lines: Lines,
    /// What is wrong with it; with any of this it covers nothing.
    pub problems: Vec<String>,
}

impl Exception {
    /// The last day on which it counts: its end, the day of its next review, or the day on which the first open
    /// milestone is due, whichever comes first.
    #[must_use]
    pub fn counts_until(&self) -> Date {
        let due = self.milestones.iter().filter(|step| step.done.is_none()).map(|step| step.due);
        due.chain(self.review).fold(self.expires, Date::min)
    }

    /// Does it count on this day? A deficiency review or a milestone that is overdue stops it as its
    /// last day does: the plan of action is not followed, or nobody has said how far it is.
    #[must_use]
    pub fn standing(&self, day: Date) -> Standing {
        if let Some(problem) = self.problems.first().filter(|_| self.status == DocumentStatus::Final) {
            return Standing::Not(format!("cannot be used: {problem}"));
        }
        let standing = standing(self.status, self.start, self.expires, day);
        if standing != Standing::Counts {
            return standing;
        }
        if let Some(review) = self.review.filter(|review| *review < day) {
            return Standing::Not(format!("stopped, because its deficiency review was due on {review}"));
        }
        match self.milestones.iter().find(|step| step.done.is_none() && step.due < day) {
            Some(late) => {
                Standing::Not(format!("stopped, because its milestone {:?} was due on {}", late.what, late.due))
            }
            None => Standing::Counts,
        }
    }
}
