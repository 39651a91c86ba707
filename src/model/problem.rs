//! What is wrong with a file that a person wrote, and where.

use super::text::{count, visible};
use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path below its folder, or as the user gave it.
    pub file: String,
    /// Line and column, from 1, where they are known.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
    /// The line of the file.
    pub line: Option<String>,
}

/// Everything that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl std::error::Error for Problems {}

impl Problems {
    /// Is nothing wrong?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a problem at a known place.
    pub fn at(&mut self, file: &str, at: Option<(usize, usize)>, what: String, hint: &str) {
        self.0.push(Problem { file: file.to_owned(), at, what, hint: hint.to_owned(), line: None });
    }

    /// Adds a problem near a text of the file: the first place where it stands.
    pub fn near(&mut self, file: &str, text: &str, near: &str, what: String, hint: &str) {
        // A folded condition stands in the file over several lines; its first line is enough.
        let wanted = near.trim().lines().next().unwrap_or_default().trim();
        let at = text.lines().enumerate().find_map(|(line, words)| {
            let column = words.find(wanted).or_else(|| {
                let start: String = wanted.chars().take(24).collect();
                words.find(&start)
            })?;
            Some((line + 1, words[..column].chars().count() + 1))
        });
        let line = at.and_then(|(line, _)| text.lines().nth(line - 1)).map(str::to_owned);
        self.0.push(Problem { file: file.to_owned(), at, what, hint: hint.to_owned(), line });
    }

    /// Adds a problem of a value that knows its place.
    pub fn spanned<T>(&mut self, file: &str, text: &str, value: &serde_saphyr::Spanned<T>, what: String, hint: &str) {
        let place = value.referenced;
        let number = |number: u64| usize::try_from(number).unwrap_or(0);
        let at = Some((number(place.line()), number(place.column()))).filter(|(line, _)| *line > 0);
        let line = at.and_then(|(line, _)| text.lines().nth(line - 1)).map(str::to_owned);
        self.0.push(Problem { file: file.to_owned(), at, what, hint: hint.to_owned(), line });
    }

    /// Adds what the YAML reader says.
    pub fn yaml(&mut self, file: &str, text: &str, error: &serde_saphyr::Error, hint: &str) {
        let at = error
            .location()
            .map(|place| (usize::try_from(place.line()).unwrap_or(0), usize::try_from(place.column()).unwrap_or(0)));
        let line = at.and_then(|(line, _)| text.lines().nth(line.saturating_sub(1))).map(str::to_owned);
        // The reader's own text repeats the place and draws the line; its first sentence is enough.
        let said = error.to_string();
        let what = said.lines().next().unwrap_or_default();
        let what = what.strip_prefix("error: ").unwrap_or(what);
        let what = what.split_once(": ").filter(|(head, _)| head.starts_with("line ")).map_or(what, |(_, rest)| rest);
        self.0.push(Problem { file: file.to_owned(), at, what: what.to_owned(), hint: hint.to_owned(), line });
    }
}

/// A line that may hold a secret is not repeated: messages end in logs. Only the role's external id is one here, however
/// it is spelt.
fn quotable(line: &str) -> bool {
    let letters: String = line.chars().filter(char::is_ascii_alphanumeric).collect();
    !letters.to_ascii_lowercase().contains("externalid")
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "error: {}", visible(&problem.what))?;
            match problem.at {
                Some((line, column)) => {
                    writeln!(f, "  --> {}:{line}:{column}", visible(&problem.file))?;
                    if let Some(text) = problem.line.as_ref().filter(|line| quotable(line)) {
                        writeln!(f, "   | {}", visible(text))?;
                        writeln!(f, "   | {}^", " ".repeat(column.saturating_sub(1)))?;
                    }
                }
                None => writeln!(f, "  --> {}", visible(&problem.file))?,
            }
            writeln!(f, "  help: {}", problem.hint)?;
        }
        write!(f, "{} found; nothing was changed", count(self.0.len(), "problem", "problems"))
    }
}
