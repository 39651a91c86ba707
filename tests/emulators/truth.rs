//! What is expected of an audit, and the comparison with what it found.
//!
//! The seed says what is true of the accounts; a test that breaks something says which of the findings
//! that changes. Everything else has to stay as it is, finding by finding.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;

use super::{FIRST, Gap, REGIONS};

/// How findings name the place of what belongs to a whole account.
const GLOBAL: &str = "global";

/// What the seed prints.
#[derive(Clone, Default, Deserialize)]
pub struct Truth {
    /// The checks whose reads the emulator serves; all of them if absent.
    pub served: Option<Vec<String>>,
    /// Every point of a boundary but subnets.
    pub points: Vec<Point>,
    findings: Vec<Seeded>,
}

/// A point where communication crosses a boundary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Point {
    /// Where.
    pub account: String,
    /// Where.
    pub region: String,
    /// The resource that is the point.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// `external` or `internal`.
    pub crosses: String,
    /// Whether the public can reach something through it.
    pub public: bool,
    /// The network it belongs to, or nothing.
    pub network: String,
    /// Whether something is in that network.
    pub in_use: bool,
}

#[derive(Clone, Deserialize)]
struct Seeded {
    check: String,
    account: String,
    region: Option<String>,
    r#type: String,
    id: String,
    also: Vec<String>,
    handle: String,
    outcome: String,
    note: String,
    alone: Option<String>,
    #[serde(default)]
    optional: bool,
}

/// A finding of farwatch.
#[derive(Clone, Debug, Deserialize)]
pub struct Finding {
    /// The check that gave it.
    pub check: String,
    /// `pass`, `fail`, `unknown`, `not_applicable` or `error`.
    pub outcome: String,
    /// What was judged.
    pub subject: Subject,
    /// Why, in words.
    pub sentence: String,
    /// The exchanges it rests on.
    pub evidence: Vec<String>,
    /// What stood in the way.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

/// What was judged.
#[derive(Clone, Debug, Deserialize)]
pub struct Subject {
    /// Its resource type.
    pub r#type: String,
    /// Absent where the list it would be in could not be read.
    pub id: Option<String>,
    /// Where.
    pub account: String,
    /// A region, `global` for what has none, or `*` for regions that could not be listed.
    pub region: String,
}

/// What stood in the way of a verdict; only gaps have the fields of one.
#[derive(Clone, Debug, Deserialize)]
pub struct Reason {
    /// `gap` or something else.
    pub kind: String,
    /// The read that failed.
    pub read: Option<String>,
    /// The IAM action it needs.
    pub action: Option<String>,
    /// How the call ended.
    pub outcome: Option<String>,
}

/// One line of an expectation.
#[derive(Clone)]
pub struct Row {
    /// The check.
    pub check: String,
    /// The type of the subject.
    pub kind: String,
    /// How tests call the subject.
    pub handle: String,
    account: Option<String>,
    region: Option<String>,
    ids: Vec<String>,
    outcomes: Vec<String>,
    note: String,
    times: Times,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    AtMostOnce,
    AtLeastOnce,
}

/// The findings that an audit has to give.
#[derive(Clone)]
pub struct Expectation {
    rows: Vec<Row>,
    ignored_checks: BTreeSet<String>,
    /// Nothing but findings of these is looked at.
    only_checks: Option<BTreeSet<String>>,
    /// Findings about other regions are not looked at.
    only_regions: Option<Vec<String>>,
    tolerates_unknown_lists: bool,
}

impl Truth {
    /// What an audit of both accounts finds.
    pub fn both(&self) -> Expectation {
        Expectation::of(self.findings.iter().map(Seeded::row).collect())
    }

    /// What an audit of the first account alone finds. Things of the second that the first refers to are
    /// unknown.
    pub fn first(&self) -> Expectation {
        let rows = self.findings.iter().filter_map(|seeded| match (&seeded.account, &seeded.alone) {
            // What the organisation has to declare is no account's.
            (account, _) if account != FIRST && account != "organisation" => None,
            (_, None) => Some(seeded.row()),
            (_, Some(outcome)) => Some(Row { outcomes: vec![outcome.clone()], ..seeded.row() }),
        });
        Expectation::of(rows.collect())
    }
}

impl Seeded {
    fn row(&self) -> Row {
        Row {
            check: self.check.clone(),
            kind: self.r#type.clone(),
            handle: self.handle.clone(),
            account: Some(self.account.clone()),
            region: self.region.clone(),
            ids: std::iter::once(self.id.clone()).chain(self.also.iter().cloned()).collect(),
            outcomes: vec![self.outcome.clone()],
            note: self.note.clone(),
            times: if self.optional { Times::AtMostOnce } else { Times::Once },
        }
    }
}

impl Expectation {
    fn of(rows: Vec<Row>) -> Self {
        Self {
            rows,
            ignored_checks: BTreeSet::new(),
            only_checks: None,
            only_regions: None,
            tolerates_unknown_lists: false,
        }
    }

    /// The checks that it expects anything of.
    pub fn checks(&self) -> BTreeSet<String> {
        let required = self.rows.iter().filter(|row| row.times != Times::AtMostOnce);
        required.map(|row| row.check.clone()).collect()
    }

    /// The lines of one type in one region, in the order in which the subjects were made.
    pub fn rows_of(&self, kind: &str, region: &str) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.kind == kind && row.region.as_deref() == Some(region)).collect()
    }

    /// Gives every line that `which` picks another outcome. Picking none is a mistake in the test.
    #[must_use]
    pub fn turn(mut self, outcome: &str, which: impl Fn(&Row) -> bool) -> Self {
        let mut turned = 0;
        for row in self.rows.iter_mut().filter(|row| row.times != Times::AtMostOnce && which(row)) {
            row.outcomes = vec![outcome.to_owned()];
            turned += 1;
        }
        assert!(turned > 0, "a test that breaks something changes some finding");
        self
    }

    /// Findings of `check` about these subjects become unknown.
    #[must_use]
    pub fn unknown(self, check: &str, handles: &[&str]) -> Self {
        self.known_handles(check, handles).turn("unknown", |row| row.is(check, handles))
    }

    /// Every finding of `check` becomes unknown.
    #[must_use]
    pub fn all_unknown(self, check: &str) -> Self {
        self.turn("unknown", |row| row.check == check)
    }

    /// Findings of `check` about these subjects may become unknown or stay: a verdict that does not need
    /// the missing answer is as right as one that waits for it.
    #[must_use]
    pub fn perhaps_unknown(mut self, check: &str, handles: &[&str]) -> Self {
        self = self.known_handles(check, handles);
        for row in self.rows.iter_mut().filter(|row| row.is(check, handles)) {
            row.outcomes.push("unknown".to_owned());
        }
        self
    }

    /// Every finding of `check` may become unknown, or stay.
    #[must_use]
    pub fn all_perhaps_unknown(mut self, check: &str) -> Self {
        for row in self.rows.iter_mut().filter(|row| row.check == check) {
            row.outcomes.push("unknown".to_owned());
        }
        self
    }

    /// The subjects of a type in these regions cannot be listed: each check of them gives one unknown
    /// for each region instead, without an id.
    #[must_use]
    pub fn lost(self, kind: &str, regions: &[&str]) -> Self {
        let places: Vec<Option<&str>> = regions.iter().copied().map(Some).collect();
        self.lose(kind, &places, &|_| true)
    }

    /// The same for a type that has no region.
    #[must_use]
    pub fn lost_globally(self, kind: &str) -> Self {
        self.lose(kind, &[None], &|_| true)
    }

    /// The same for a part of the subjects: those that `which` picks are gone, the others stay, and each
    /// check gives one unknown besides.
    #[must_use]
    pub fn partly_lost(self, kind: &str, region: &str, which: &dyn Fn(&Row) -> bool) -> Self {
        self.lose(kind, &[Some(region)], which)
    }

    fn lose(mut self, kind: &str, places: &[Option<&str>], which: &dyn Fn(&Row) -> bool) -> Self {
        for place in places {
            let here = |row: &Row| row.kind == kind && row.region.as_deref() == *place;
            let checks: BTreeSet<String> =
                self.rows.iter().filter(|row| row.kind == kind).map(|row| row.check.clone()).collect();
            assert!(!checks.is_empty(), "no check judges {kind}");
            self.rows.retain(|row| !(here(row) && which(row)));
            for check in checks {
                self.rows.push(Row {
                    check,
                    kind: kind.to_owned(),
                    handle: "the list".to_owned(),
                    account: Some(FIRST.to_owned()),
                    region: place.map(str::to_owned),
                    ids: Vec::new(),
                    outcomes: vec!["unknown".to_owned()],
                    note: "the list could not be read to its end".to_owned(),
                    times: Times::Once,
                });
            }
        }
        self
    }

    /// The subjects of a derived type are known only in part: those that `which` picks are gone, and each
    /// check says at least once, of whatever place, that there may be more.
    #[must_use]
    pub fn perhaps_more(mut self, kind: &str, checks: &[&str], which: impl Fn(&Row) -> bool) -> Self {
        self.rows.retain(|row| row.kind != kind || !which(row));
        for check in checks {
            self.rows.push(Row {
                check: (*check).to_owned(),
                kind: kind.to_owned(),
                handle: "what is not known".to_owned(),
                account: None,
                region: None,
                ids: Vec::new(),
                outcomes: vec!["unknown".to_owned()],
                note: "some of these could not be found".to_owned(),
                times: Times::AtLeastOnce,
            });
        }
        self
    }

    /// Lets any check say besides that there may be more subjects than it was shown.
    #[must_use]
    pub fn tolerating_unknown_lists(mut self) -> Self {
        self.tolerates_unknown_lists = true;
        self
    }

    /// Takes lines out without anything in their place.
    #[must_use]
    pub fn without(mut self, which: impl Fn(&Row) -> bool) -> Self {
        self.rows.retain(|row| !which(row));
        self
    }

    /// Does not look at the findings of these checks.
    #[must_use]
    pub fn ignoring(mut self, checks: &[&str]) -> Self {
        self.ignored_checks.extend(checks.iter().map(|&check| check.to_owned()));
        self
    }

    /// Looks only at the findings of these checks.
    #[must_use]
    pub fn only(mut self, checks: &[String]) -> Self {
        self.only_checks = Some(checks.iter().cloned().collect());
        self
    }

    /// Looks only at findings in the seeded regions, or in none.
    #[must_use]
    pub fn in_seeded_regions(mut self) -> Self {
        self.only_regions = Some(REGIONS.iter().map(|&region| region.to_owned()).collect());
        self
    }

    fn known_handles(self, check: &str, handles: &[&str]) -> Self {
        for handle in handles {
            assert!(self.rows.iter().any(|row| row.is(check, &[handle])), "the seed has no {handle} for {check}");
        }
        self
    }

    /// Whether this finding, outcome included, is among the expected ones.
    pub fn holds(&self, finding: &Finding) -> bool {
        self.rows.iter().any(|row| row.fits(finding) && row.outcomes.contains(&finding.outcome))
    }

    /// The whole difference between what was expected and what was found, or nothing.
    pub fn difference(&self, findings: &[Finding]) -> Option<String> {
        let mut met = vec![0_usize; self.rows.len()];
        let mut report = String::new();
        for finding in findings.iter().filter(|finding| self.looks_at(finding)) {
            let place = finding.place();
            match self.rows.iter().position(|row| row.fits(finding)) {
                None if self.tolerates_unknown_lists
                    && finding.subject.id.is_none()
                    && finding.outcome == "unknown" => {}
                None => {
                    let _ = writeln!(report, "+ not expected   {place} → {}: {}", finding.outcome, finding.sentence);
                }
                Some(index) => {
                    let row = &self.rows[index];
                    met[index] += 1;
                    if !row.outcomes.contains(&finding.outcome) {
                        let _ = writeln!(
                            report,
                            "! wrong outcome  {place} ({}) → {}, not {} ({}): {}{}",
                            row.handle,
                            finding.outcome,
                            row.outcomes.join(" or "),
                            row.note,
                            finding.sentence,
                            finding.why()
                        );
                    }
                }
            }
        }
        for (row, times) in self.rows.iter().zip(met) {
            let (few, many) = match row.times {
                Times::Once => (times < 1, times > 1),
                Times::AtMostOnce => (false, times > 1),
                Times::AtLeastOnce => (times < 1, false),
            };
            if !self.looks_for(&row.check) || !(few || many) {
                continue;
            }
            let _ = writeln!(
                report,
                "- {}  {} {} {} in {}/{} ({}) → {} ({})",
                if few { "missing      " } else { "given twice  " },
                row.check,
                row.kind,
                row.ids.first().map_or("without an id", String::as_str),
                row.account.as_deref().unwrap_or("any account"),
                row.region.as_deref().unwrap_or("any region"),
                row.handle,
                row.outcomes.join(" or "),
                row.note
            );
        }
        (!report.is_empty()).then_some(report)
    }

    /// Fails the test unless the findings are exactly these.
    #[track_caller]
    pub fn assert(&self, findings: &[Finding], context: &str) {
        if let Some(difference) = self.difference(findings) {
            panic!("{context}: findings differ from what is true\n{difference}");
        }
    }

    fn looks_for(&self, check: &str) -> bool {
        !self.ignored_checks.contains(check) && self.only_checks.as_ref().is_none_or(|only| only.contains(check))
    }

    fn looks_at(&self, finding: &Finding) -> bool {
        let region = &finding.subject.region;
        self.looks_for(&finding.check)
            && self.only_regions.as_ref().is_none_or(|only| region == GLOBAL || only.contains(region))
    }
}

impl Row {
    /// Whether the subject's id is in this text.
    pub fn is_named_in(&self, text: &str) -> bool {
        self.ids.iter().any(|id| text.contains(id.as_str()))
    }

    /// Whether this outcome is what is expected.
    pub fn expects(&self, outcome: &str) -> bool {
        self.outcomes.iter().any(|expected| expected == outcome)
    }

    fn is(&self, check: &str, handles: &[&str]) -> bool {
        self.check == check && handles.contains(&self.handle.as_str()) && self.times != Times::AtMostOnce
    }

    fn fits(&self, finding: &Finding) -> bool {
        let subject = &finding.subject;
        let same = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        self.check == finding.check
            && self.kind == subject.r#type
            && same(&self.account, &subject.account)
            && same(&self.region, &subject.region)
            && match &subject.id {
                Some(id) => self.ids.contains(id),
                None => self.ids.is_empty(),
            }
    }
}

impl Finding {
    /// Which finding this is, in one line.
    pub fn place(&self) -> String {
        let Subject { r#type, id, account, region } = &self.subject;
        format!("{} {} {} in {account}/{region}", self.check, r#type, id.as_deref().unwrap_or("without an id"))
    }

    /// Its reasons, each once, in a few words.
    fn why(&self) -> String {
        let one = |reason: &Reason| match (&reason.read, &reason.outcome) {
            (Some(read), Some(outcome)) => format!("{read} {outcome}"),
            _ => reason.kind.clone(),
        };
        let all: BTreeSet<String> = self.reasons.iter().map(one).collect();
        if all.is_empty() { String::new() } else { format!(" {all:?}") }
    }

    /// Whether a gap with this IAM action is among the reasons.
    pub fn blames(&self, action: &str, outcome: &str) -> bool {
        self.reasons.iter().any(|reason| {
            reason.kind == "gap"
                && reason.action.as_deref() == Some(action)
                && reason.outcome.as_deref() == Some(outcome)
        })
    }
}

/// Whether the run lists a call that was denied, with the action that would have allowed it. The read may be
/// another one, of which this call is a step.
pub fn lists_denial(gaps: &[Gap], action: &str) -> bool {
    gaps.iter().any(|gap| gap.action == action && gap.outcome == "denied")
}

/// Whether the run lists a gap of this read that ended in this way.
pub fn lists_gap(gaps: &[Gap], read: &str, outcome: &str) -> bool {
    gaps.iter().any(|gap| gap.read == read && gap.outcome == outcome)
}
