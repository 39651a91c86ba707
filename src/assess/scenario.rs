//! Scenarios: each link held against the findings and drills of the run.

use super::Input;
use crate::model::assessment::StatementResult;
use crate::model::catalog::EnvironmentKind;
use crate::model::drill::DRILL;
use crate::model::finding::{Finding, Outcome};
use crate::model::inventory::ListState;
use crate::model::read::{ACCOUNT, SUBSCRIPTION, TENANT};
use crate::model::scenario::{Holds, Link, LinkResult, Scenario, ScenarioResult, Step};
use crate::model::statement::{StatementKind, names_environment};
use crate::model::text::plural;

pub(super) fn results(input: &Input<'_>, statements: &[StatementResult]) -> Vec<ScenarioResult> {
    input.scenarios.iter().map(|scenario| result(scenario, input, statements)).collect()
}

fn result(scenario: &Scenario, input: &Input<'_>, statements: &[StatementResult]) -> ScenarioResult {
    // Checks that find nothing to judge would tell of an attack that cannot happen here.
    if let Some(why) = not_about(input, scenario) {
        let (id, not_told, none) = (scenario.id.clone(), Some(why), Holds::NotAsked);
        return ScenarioResult { id, not_told, detected: none, answered: none, links: Vec::new() };
    }
    let links: Vec<LinkResult> = scenario
        .links
        .iter()
        .map(|link| match &link.drill {
            Some(aspect) => by_drill(aspect, scenario.environment, link, input, statements),
            None => by_checks(link, input.findings),
        })
        .collect();
    let step = |step: Step| {
        let of =
            || scenario.links.iter().zip(&links).filter(|(link, _)| link.step == step).map(|(_, result)| result.holds);
        if of().any(|holds| holds == Holds::No) {
            Holds::No
        } else if of().any(|holds| holds == Holds::NotKnown) {
            Holds::NotKnown
        } else {
            Holds::Yes
        }
    };
    let (detected, answered) = (step(Step::Detect), step(Step::Respond));
    ScenarioResult { id: scenario.id.clone(), not_told: None, detected, answered, links }
}

/// Why the run is not about it: nothing of its kind that is in scope was read, or nothing is there that it could happen to.
/// What could not be listed may be there.
fn not_about(input: &Input<'_>, scenario: &Scenario) -> Option<String> {
    let kind = scenario.environment;
    let in_scope = |account: &str| {
        let id = format!("{}:{account}", kind.word());
        input.environments.iter().any(|one| one.kind == kind && one.id == id)
    };
    let any = |of: &str| input.inventory.of(of).iter().any(|one| in_scope(&one.key.account));
    let cut = |of: &str| input.inventory.listings_of(of).iter().any(|list| matches!(list.state, ListState::Cut(_)));
    let place = match kind {
        EnvironmentKind::Aws => ACCOUNT,
        EnvironmentKind::Azure => SUBSCRIPTION,
        EnvironmentKind::Entra => TENANT,
        EnvironmentKind::Office | EnvironmentKind::Endpoints | EnvironmentKind::Saas => return None,
    };
    if !any(place) && !cut(place) {
        return Some(format!("no {} in scope was read in this run", kind.label()));
    }
    let needs = scenario.needs.as_str();
    let listed = input.inventory.listings_of(needs).iter().any(|list| in_scope(&list.account));
    (listed && !any(needs) && !cut(needs)).then(|| format!("there are no {}, so it cannot happen here", plural(needs)))
}

/// None of its checks may fail, none may be unknown, and each must have shown something, but for those that may have
/// nothing to judge.
fn by_checks(link: &Link, findings: &[Finding]) -> LinkResult {
    let of = |check: &str, outcomes: &[Outcome]| {
        let ids = findings.iter().filter(|one| one.check() == check && outcomes.contains(&one.outcome()));
        ids.map(|one| one.id().to_owned()).collect::<Vec<_>>()
    };
    let looked_at = || link.checks.iter().chain(&link.none_fails);
    let all = |outcomes: &[Outcome]| looked_at().flat_map(|check| of(check, outcomes)).collect::<Vec<_>>();
    let (failed, open) = (all(&[Outcome::Fail]), all(&[Outcome::Unknown, Outcome::Error]));
    if !failed.is_empty() {
        return LinkResult { holds: Holds::No, because: link.otherwise.clone(), findings: failed };
    }
    if !open.is_empty() {
        let because = "what could not be read would tell".to_owned();
        return LinkResult { holds: Holds::NotKnown, because, findings: open };
    }
    match link.checks.iter().find(|check| of(check, &[Outcome::Pass]).is_empty()) {
        Some(check) => {
            let because = format!("nothing shows it ({check} has nothing to judge): {}", link.otherwise);
            LinkResult { holds: Holds::No, because, findings: Vec::new() }
        }
        None => LinkResult { holds: Holds::Yes, because: "shown".to_owned(), findings: all(&[Outcome::Pass]) },
    }
}

/// The findings about a drill that say something.
fn told_of(drill: &str, findings: &[Finding]) -> Vec<String> {
    let about = |one: &&Finding| one.subject().kind == DRILL && one.subject().id.as_deref() == Some(drill);
    let says = |one: &&Finding| one.outcome() != Outcome::NotApplicable;
    findings.iter().filter(about).filter(says).map(|one| one.id().to_owned()).collect()
}

/// A drill that counts on the day, speaks to the aspect and was held in such an environment.
fn by_drill(
    aspect: &str,
    kind: EnvironmentKind,
    link: &Link,
    input: &Input<'_>,
    statements: &[StatementResult],
) -> LinkResult {
    let counts = |id: &str| statements.iter().any(|result| result.id == id && result.not_counted.is_none());
    let drill = input.organisation.into_iter().flat_map(|one| &one.statements).find(|one| {
        let speaks = one.answers.iter().any(|answer| format!("{}/{}", answer.objective, answer.aspect) == aspect);
        // A drill in another cloud tried something else out.
        let mut places = input.environments.iter().filter(|place| place.kind == kind);
        let here = places.any(|place| names_environment(&one.environments, &place.id, kind.word()));
        one.kind == StatementKind::Drill && one.holds && speaks && here && counts(&one.id)
    });
    match drill {
        // What the event history tells of it stands beside it, and decides nothing: it forgets after some time.
        Some(drill) => LinkResult {
            holds: Holds::Yes,
            because: format!("{}, on {} ({})", drill.title, drill.date, drill.id),
            findings: told_of(&drill.id, input.findings),
        },
        None => LinkResult { holds: Holds::No, because: link.otherwise.clone(), findings: Vec::new() },
    }
}
