//! Points that the organisation declares with tags, held against the tags that they bear: a declared one that does not
//! bear them, and one that bears them and is not declared with them.

use super::super::known::Known;
use super::{GLOBAL, Point, add, crosses, list_of};
use crate::model::boundary::{DeclaredBoundary, DeclaredPoint, Found, TAGGED};
use crate::model::inventory::{ListState, Listing};
use crate::model::pattern::fits;
use crate::model::read::{FieldKind, Read};
use crate::model::resource::{Resource, ResourceKey};
use std::collections::{BTreeMap, BTreeSet};

/// The fields of the derived type.
pub(super) fn fields() -> BTreeMap<&'static str, FieldKind> {
    use FieldKind::{Boolean, Text};
    BTreeMap::from([
        ("kind", Text),
        ("name", Text),
        ("network", Text),
        ("tags", Text),
        ("bears", Boolean),
        ("declared", Boolean),
    ])
}

/// The points of which it is the question, and the lists in which others may be.
pub(super) fn tagged(
    points: &[Point<'_>],
    lists: &[(&Read, Listing)],
    declared: Option<&DeclaredBoundary>,
) -> (Vec<Resource>, Vec<Listing>) {
    let Some(boundary) = declared else { return (Vec::new(), Vec::new()) };
    let with_tags: Vec<&DeclaredPoint> = boundary.points.iter().filter(|one| !one.tags.is_empty()).collect();
    let found = points.iter().filter_map(|point| of_point(point, boundary, &with_tags)).collect();
    let mut places: BTreeMap<(&str, &str), ListState> = BTreeMap::new();
    for (read, list) in lists {
        let asked = |one: &&DeclaredPoint| read.boundary.iter().any(|rule| fits(one.kind.as_ref(), &rule.kind));
        if !with_tags.iter().any(asked) {
            continue;
        }
        let place = (list.account.as_str(), list.region.as_str());
        match places.get_mut(&place) {
            None => drop(places.insert(place, list.state.clone())),
            Some(state) => add(state, &list.state),
        }
    }
    let listings = places
        .into_iter()
        .map(|((account, region), state)| list_of(TAGGED, account.to_owned(), region.to_owned(), state));
    (found, listings.collect())
}

/// Nothing where no declaration with tags concerns the point.
fn of_point(point: &Point<'_>, boundary: &DeclaredBoundary, with_tags: &[&DeclaredPoint]) -> Option<Resource> {
    let concerned = |one: &&&DeclaredPoint| point.rules.iter().any(|rule| fits(one.kind.as_ref(), &rule.kind));
    let (own, others): (Vec<&DeclaredPoint>, Vec<&DeclaredPoint>) =
        with_tags.iter().filter(concerned).copied().partition(|one| covers(one, point, boundary));
    let same = |one: &&DeclaredPoint| !own.iter().any(|own| own.tags == one.tags);
    let others: Vec<(&DeclaredPoint, Known)> =
        others.into_iter().filter(same).map(|one| (one, bears(point.resource, one))).collect();
    let others: Vec<_> = others.into_iter().filter(|(_, known)| known.truth != Some(false)).collect();
    if own.is_empty() && others.is_empty() {
        return None;
    }
    let key = ResourceKey { kind: TAGGED.to_owned(), ..point.resource.key.clone() };
    let mut found = Resource::new(key);
    found.from.insert(String::new(), point.resource.evidence(["tags"]));
    found.from.entry(String::new()).or_default().insert(boundary.evidence.clone());
    let all: BTreeSet<String> = own.iter().chain(others.iter().map(|(one, _)| one)).map(|one| words(one)).collect();
    for (name, value) in [
        ("kind", point.rules.first().map(|rule| rule.kind.clone()).unwrap_or_default()),
        ("name", point.name().to_owned()),
        ("network", point.network.clone()),
        ("tags", all.into_iter().collect::<Vec<_>>().join(" and ")),
    ] {
        found.set(name, value.into(), []);
    }
    let yes = || Known::of(true, BTreeSet::new());
    let borne = own.iter().map(|one| bears(point.resource, one)).fold(yes(), Known::and);
    let taken = others.into_iter().map(|(_, known)| known).fold(Known::of(false, BTreeSet::new()), Known::or);
    let declared = Known { truth: taken.truth.map(|taken| !taken), ..taken };
    for (field, known) in [("bears", borne), ("declared", declared)] {
        if point.doubts.is_empty() {
            known.put(&mut found, field);
        } else {
            // It may be no point, or out of scope.
            found.missing.insert(field.to_owned(), point.doubts.clone());
        }
    }
    Some(found)
}

/// Is the point declared here, in a region that the organisation uses?
fn covers(one: &DeclaredPoint, point: &Point<'_>, boundary: &DeclaredBoundary) -> bool {
    let key = &point.resource.key;
    let used = key.region == GLOBAL || boundary.regions.is_empty() || boundary.regions.contains(&key.region);
    used && point.rules.iter().any(|rule| {
        crosses(rule).is_some_and(|crosses| {
            one.covers(Found {
                crosses,
                kind: &rule.kind,
                id: &key.id,
                network: &point.network,
                account: &key.account,
                region: &key.region,
            })
        })
    })
}

/// Has the resource every tag of the declaration?
fn bears(resource: &Resource, one: &DeclaredPoint) -> Known {
    Known::field(resource, "tags", |tags| {
        let tags = tags.as_object()?;
        let has = |(name, value): (&String, &crate::model::pattern::Pattern)| {
            tags.get(name).and_then(serde_json::Value::as_str).is_some_and(|text| value.fits(text))
        };
        Some(one.tags.iter().all(has))
    })
}

/// `environment=development, team=portal`.
fn words(one: &DeclaredPoint) -> String {
    one.tags.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}
