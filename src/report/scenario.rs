//! Scenarios, worded.

use super::build::Input;
use super::view::{LinkView, ScenarioView, UntoldView};
use crate::model::finding::Finding;
use crate::model::scenario::{Holds, Step};
use crate::model::text::visible;
use std::collections::HashMap;

/// Findings that stand under a link; the register has the others.
const SHOWN: usize = 4;

pub(super) fn scenarios(input: &Input<'_>, by_id: &HashMap<&str, &Finding>) -> Vec<ScenarioView> {
    let results = input.assessment.scenarios.iter();
    results
        .filter(|result| result.not_told.is_none())
        .filter_map(|result| {
            let scenario = input.scenarios.iter().find(|one| one.id == result.id)?;
            let links = scenario.links.iter().zip(&result.links).map(|(link, result)| {
                let (word, class) = match result.holds {
                    Holds::Yes => ("holds", "pass"),
                    Holds::No => ("does not hold", "fail"),
                    Holds::NotKnown | Holds::NotAsked => ("not known", "unknown"),
                };
                let found = result.findings.iter().filter_map(|id| by_id.get(id.as_str()));
                let mut findings: Vec<String> = found.take(SHOWN).map(|one| sentence(one)).collect();
                let more = result.findings.len().saturating_sub(findings.len());
                if more > 0 {
                    findings.push(format!("and {more} more"));
                }
                LinkView {
                    asks: visible(&link.asks),
                    step: if link.step == Step::Detect { "notice" } else { "answer" }.to_owned(),
                    word: word.to_owned(),
                    class: class.to_owned(),
                    because: visible(&result.because),
                    findings,
                }
            });
            Some(ScenarioView {
                title: visible(&scenario.title),
                story: visible(&scenario.story),
                detected: match result.detected {
                    Holds::Yes => "It would be noticed, as far as the sources that are on can tell.",
                    Holds::No => "It cannot be detected with the sources that are enabled, or nobody would be told.",
                    Holds::NotKnown | Holds::NotAsked => {
                        "Whether it would be noticed is not known: not everything could be read."
                    }
                }
                .to_owned(),
                answered: match result.answered {
                    Holds::Yes => "It could be answered: what cuts a machine off is there, and was tried out.",
                    Holds::No => "It is not shown that it could be answered: a part is missing or was not tried out.",
                    Holds::NotKnown | Holds::NotAsked => {
                        "Whether it could be answered is not known: not everything could be read."
                    }
                }
                .to_owned(),
                links: links.collect(),
            })
        })
        .collect()
}

/// Those that the run is not about.
pub(super) fn untold(input: &Input<'_>) -> Vec<UntoldView> {
    let results = input.assessment.scenarios.iter();
    results
        .filter_map(|result| {
            let scenario = input.scenarios.iter().find(|one| one.id == result.id)?;
            Some(UntoldView { title: visible(&scenario.title), why: visible(result.not_told.as_deref()?) })
        })
        .collect()
}

/// The same thing in two accounts is two findings; what is said of an account names it.
fn sentence(finding: &Finding) -> String {
    if finding.subject().id.as_deref() == Some(finding.subject().account.as_str()) {
        return visible(finding.sentence());
    }
    visible(&format!("{}: {}", finding.subject().account, finding.sentence()))
}
