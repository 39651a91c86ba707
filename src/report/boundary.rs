//! The boundary as a report prints it: what was found, what is declared, and drawings of both.

use super::build::Input;
use super::diagram::diagrams;
use super::view::{BoundaryNetworkView, BoundaryPlaceView, BoundaryPointView, BoundaryView, DeclarationView};
use crate::model::boundary::{DECLARATION, DeclaredPoint, POINT};
use crate::model::inventory::ListState;
use crate::model::resource::Resource;
use crate::model::text::visible;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything about the boundary.
pub(super) fn boundary(input: &Input<'_>) -> BoundaryView {
    let declared = input.organisation.and_then(|one| one.boundary.as_ref());
    let mut points: Vec<BoundaryPointView> =
        input.inventory.of(POINT).iter().map(|one| point(one, declared.is_some())).collect();
    // What needs a look comes first, what is not in use last.
    let rank = |point: &BoundaryPointView| ["fail", "unknown", "pass"].iter().position(|class| *class == point.class);
    points.sort_by_key(|point| (rank(point).unwrap_or(usize::MAX), point.crosses.clone()));
    let networks = networks(input, &points);
    let mut places: BTreeMap<(String, String), BoundaryPlaceView> = BTreeMap::new();
    for one in &points {
        let place = places.entry((one.account.clone(), one.region.clone())).or_insert_with(|| BoundaryPlaceView {
            account: one.account.clone(),
            region: one.region.clone(),
            external: 0,
            internal: 0,
            undeclared: 0,
        });
        place.external += usize::from(one.crosses == "external");
        place.internal += usize::from(one.crosses == "internal");
        place.undeclared += usize::from(one.class == "fail");
    }
    let declarations = declared.map(|one| one.points.as_slice()).unwrap_or_default().iter().map(|one| {
        let found = input.inventory.of(DECLARATION).iter().find(|found| found.key.id == one.name);
        declaration(one, found)
    });
    let declarations = declarations.collect();
    let missing = input
        .inventory
        .of(DECLARATION)
        .iter()
        .filter(|one| one.get("found").and_then(Value::as_i64) == Some(0))
        .map(|one| visible(&format!("Declared and not found: {}", one.key.id)))
        .collect();
    let cut: BTreeSet<String> = input
        .inventory
        .listings_of(POINT)
        .iter()
        .filter_map(|list| match &list.state {
            ListState::Cut(gaps) => gaps.first().map(|gap| (list, gap)),
            ListState::Complete(_) => None,
        })
        .map(|(list, gap)| {
            let region = if list.region == "*" { "regions that could not be listed" } else { &list.region };
            visible(&format!("account {}, {region}: {}; there may be more points", list.account, gap.sentence()))
        })
        .collect();
    let cut: Vec<String> = cut.into_iter().collect();
    let diagrams = diagrams(&points, &networks, &cut);
    BoundaryView {
        description: visible(declared.map(|one| one.description.as_str()).unwrap_or_default()),
        declared: declared.is_some(),
        places: places.into_values().collect(),
        networks,
        points,
        declarations,
        missing,
        cut,
        diagrams,
    }
}

fn declaration(one: &DeclaredPoint, found: Option<&Resource>) -> DeclarationView {
    let said = [
        ("", &one.kind),
        ("id ", &one.id),
        ("network ", &one.network),
        ("account ", &one.account),
        ("region ", &one.region),
    ];
    let fits: Vec<String> =
        said.iter().filter_map(|(name, pattern)| pattern.as_ref().map(|pattern| format!("{name}{pattern}"))).collect();
    let found = found.and_then(|found| found.get("found")).and_then(Value::as_i64);
    DeclarationView {
        name: visible(&one.name),
        crosses: one.crosses.word().to_owned(),
        fits: visible(&fits.join(" · ")),
        purpose: visible(&one.purpose),
        found: found.map(|number| number.to_string()).unwrap_or_default(),
    }
}

fn point(one: &Resource, declares: bool) -> BoundaryPointView {
    let text = |field: &str| visible(one.text(field).unwrap_or_default());
    let flag = |field: &str| one.get(field).and_then(Value::as_bool);
    let in_use = flag("in_use") != Some(false);
    let (declared, class) = match (in_use, flag("declared")) {
        (false, _) => ("not in use".to_owned(), "not_applicable"),
        (true, Some(true)) => (format!("declared as {}", text("declared_as")), "pass"),
        (true, Some(false)) => ("not declared".to_owned(), "fail"),
        (true, None) if declares => ("not known whether in use".to_owned(), "unknown"),
        (true, None) => ("nothing is declared".to_owned(), "unknown"),
    };
    let name = text("name");
    let id = visible(&one.key.id);
    BoundaryPointView {
        kind: text("kind"),
        crosses: text("crosses"),
        name: if name == id { String::new() } else { name },
        id,
        account: visible(&one.key.account),
        region: visible(&one.key.region),
        network: text("network"),
        leads_to: text("leads_to"),
        public: flag("public") == Some(true),
        in_use,
        declared,
        class: class.to_owned(),
    }
}

/// Names and ranges of the networks that points name.
fn networks(input: &Input<'_>, points: &[BoundaryPointView]) -> Vec<BoundaryNetworkView> {
    let named: BTreeSet<(&str, &str, &str)> = points
        .iter()
        .filter(|point| !point.network.is_empty())
        .map(|point| (point.account.as_str(), point.region.as_str(), point.network.as_str()))
        .collect();
    let mut networks = Vec::new();
    for (kind, resources) in &input.inventory.resources {
        if kind == POINT {
            continue;
        }
        for one in resources {
            let key = &one.key;
            if !named.contains(&(key.account.as_str(), key.region.as_str(), key.id.as_str())) {
                continue;
            }
            let tag = one.get("tags").and_then(|tags| tags.get("Name")).and_then(Value::as_str);
            networks.push(BoundaryNetworkView {
                account: visible(&key.account),
                region: visible(&key.region),
                id: visible(&key.id),
                name: visible(tag.or_else(|| one.text("name")).unwrap_or_default()),
                about: visible(one.text("cidr").unwrap_or_default()),
            });
        }
    }
    networks.dedup_by(|a, b| (&a.account, &a.region, &a.id) == (&b.account, &b.region, &b.id));
    networks
}
