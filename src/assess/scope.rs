//! Reconciliation: of what was seen, how much was examined, how much could not be, and what is out of scope.

use crate::model::alert::SUMMARY;
use crate::model::assessment::Population;
use crate::model::boundary::{DECLARATION, PLACE, POINT, TAGGED};
use crate::model::check::Check;
use crate::model::drill::DRILL;
use crate::model::finding::{Finding, Outcome};
use crate::model::inventory::{Inventory, ListState};
use crate::model::resource::ResourceKey;
use crate::model::scope::Scoped;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One line for each type that a check judges and that was seen, or whose list may be cut.
#[must_use]
pub fn populations(checks: &[&Check], inventory: &Inventory, findings: &[Finding], scoped: &Scoped) -> Vec<Population> {
    // What the boundary comes to is told in a chapter of its own; what is counted over the whole run, or is the
    // organisation's own, is no population.
    let derived = [PLACE, POINT, DECLARATION, TAGGED, SUMMARY, DRILL];
    let kinds: BTreeSet<&str> =
        checks.iter().map(|check| check.for_each.as_str()).filter(|kind| !derived.contains(kind)).collect();
    let mut left: HashMap<ResourceKey, bool> = HashMap::new();
    for finding in findings {
        let subject = finding.subject();
        let Some(id) = &subject.id else { continue };
        let key = ResourceKey {
            kind: subject.kind.clone(),
            account: subject.account.clone(),
            region: subject.region.clone(),
            id: id.clone(),
        };
        let answered = !matches!(finding.outcome(), Outcome::Unknown | Outcome::Error);
        let entry = left.entry(key).or_insert(true);
        *entry &= answered;
    }
    kinds
        .into_iter()
        .filter_map(|kind| {
            let (mut in_scope, mut examined) = (0, 0);
            let mut out_of_scope: BTreeMap<String, usize> = BTreeMap::new();
            for resource in inventory.of(kind) {
                if let Some(reason) = scoped.out.get(&resource.key) {
                    *out_of_scope.entry(reason.clone()).or_default() += 1;
                } else {
                    in_scope += 1;
                    examined += usize::from(left.get(&resource.key) == Some(&true));
                }
            }
            let lists = inventory.listings_of(kind).iter().filter(|list| matches!(list.state, ListState::Cut(_)));
            let cut = lists.count();
            (in_scope + out_of_scope.len() + cut > 0).then(|| Population {
                kind: kind.to_owned(),
                in_scope,
                examined,
                out_of_scope,
                cut,
            })
        })
        .collect()
}
