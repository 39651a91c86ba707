//! NOT APPLICABLE: only by a justified statement that nothing contradicts. No machine result makes it.

use super::Input;
use crate::model::assessment::{AspectResult, Cell, CellState};
use crate::model::boundary::POINT;
use crate::model::catalog::{Applies, PointClass};
use crate::model::finding::Outcome;
use crate::model::inventory::ListState;
use crate::model::resource::Resource;

/// Why a statement that an objective does not apply is not followed; nothing where it is.
pub(super) fn refused(applies: &Applies, aspects: &[AspectResult], input: &Input<'_>) -> Option<String> {
    if let Some(environment) = input.environments.iter().find(|one| applies.environments.contains(&one.kind)) {
        return Some(format!("it applies, because {}: {}", applies.because, environment.label));
    }
    let disproved = aspects.iter().flat_map(|aspect| &aspect.cells).find(|cell| cell.state == CellState::Failed);
    if let Some(cell) = disproved {
        return Some(format!("something was found that it applies to: {}", cell.why));
    }
    let judged = |cell: &&Cell| {
        let passes =
            |id: &String| input.findings.iter().any(|finding| finding.id() == id && finding.outcome() == Outcome::Pass);
        !cell.exceptions.is_empty() || !cell.replaced.is_empty() || !cell.decided_by.iter().all(passes)
    };
    if let Some(cell) = aspects.iter().flat_map(|aspect| &aspect.cells).find(judged) {
        return Some(format!("something was found that it may apply to: {}", cell.why));
    }
    // Kinds that nobody declared may be there.
    if let Some(open) = input.environments.iter().find(|one| one.open.is_some()) {
        return Some(format!("it cannot be ruled out while {} is open", open.label));
    }
    if applies.points.is_empty() {
        return None;
    }
    for point in input.inventory.of(POINT) {
        let is = |field: &str, value: bool| point.get(field).and_then(serde_json::Value::as_bool) == Some(value);
        // What may be in use is: only a clear "not in use" leaves it out.
        if is("in_use", false) {
            continue;
        }
        // Where it could not be told which of the two it crosses, it may be either.
        let crosses = |point: &Resource, which: &str| point.text("crosses").is_none_or(|known| known == which);
        let fits = applies.points.iter().any(|class| match class {
            PointClass::External => crosses(point, "external"),
            PointClass::Internal => crosses(point, "internal"),
            PointClass::Public => !is("public", false),
        });
        if fits {
            let kind = point.text("kind").unwrap_or("point");
            return Some(format!("it applies, because {}: {kind} {}", applies.because, point.key.id));
        }
    }
    // Every cloud in scope must have been looked at, wholly.
    for environment in input.environments.iter().filter(|one| one.kind.is_cloud()) {
        let account = environment.id.split_once(':').map_or("", |(_, account)| account);
        let mut lists = input.inventory.listings_of(POINT).iter().filter(|list| list.account == account).peekable();
        let whole = lists.peek().is_some() && lists.all(|list| matches!(list.state, ListState::Complete(_)));
        if !whole {
            return Some(format!("it cannot be confirmed: {} was not read completely", environment.label));
        }
    }
    None
}
