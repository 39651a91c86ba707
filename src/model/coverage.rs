//! Coverage: lists of checks that others publish, and for each of their rows which check of ours answers the same
//! question, or why none does. It decides nothing, and nothing here is counted into anything.

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

/// One file of `controls/coverage/`: one list of somebody else.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Its file name without `.yaml`.
    #[serde(skip)]
    pub id: String,
    /// Whose list, and which.
    pub title: String,
    /// Where it is published.
    pub source: String,
    /// Its version, as its publisher writes it.
    pub version: String,
    /// The day on which it was read.
    pub as_of: jiff::civil::Date,
    /// The requirements of rows that name none.
    #[serde(default)]
    pub requirements: Vec<Spanned<String>>,
    /// The rows, in the list's own order or sorted.
    pub rows: Vec<Row>,
}

/// One row of the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its id there.
    pub id: Spanned<String>,
    /// Its name there, where it has one besides its id.
    #[serde(default)]
    pub title: Option<String>,
    /// The requirements that the list maps it to, where they are not those of the whole list.
    #[serde(default)]
    pub requirements: Vec<Spanned<String>>,
    /// The checks that answer the same question.
    #[serde(default)]
    pub checks: Vec<Spanned<String>>,
    /// What they do not answer of it.
    #[serde(default)]
    pub but: Option<String>,
    /// Why no check answers it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Is the question of a row answered?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Covered {
    /// Checks answer the same question.
    Covered,
    /// Checks answer a part of it.
    Partly,
    /// No check answers it.
    NotCovered,
}

impl Covered {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Covered, Self::Partly, Self::NotCovered];

    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Partly => "partly",
            Self::NotCovered => "not covered",
        }
    }
}

impl Row {
    /// Is its question answered?
    #[must_use]
    pub fn covered(&self) -> Covered {
        match (self.checks.is_empty(), &self.but) {
            (true, _) => Covered::NotCovered,
            (false, None) => Covered::Covered,
            (false, Some(_)) => Covered::Partly,
        }
    }

    /// Its name, or its id where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.id.value)
    }

    /// What is not answered, and why.
    #[must_use]
    pub fn because(&self) -> Option<&str> {
        self.but.as_deref().or(self.reason.as_deref())
    }
}

impl Coverage {
    /// The requirements of a row.
    pub fn requirements<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a str> {
        let own = if row.requirements.is_empty() { &self.requirements } else { &row.requirements };
        own.iter().map(|id| id.value.as_str())
    }

    /// How many rows there are of a kind.
    #[must_use]
    pub fn count(&self, covered: Covered) -> usize {
        self.rows.iter().filter(|row| row.covered() == covered).count()
    }
}
