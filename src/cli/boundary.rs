//! `boundary`: the points that a run has found, beside what is declared; and a draft of the declaration.

use super::arguments::{BoundaryOptions, Global};
use super::{audit, job, out};
use crate::model::text::json_pretty;
use crate::report::view::{BoundaryPointView, View};
use std::fmt::Write as _;

/// Prints the boundary of a run.
pub(super) fn run(options: &BoundaryOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let view = audit::again(&rules, &options.run)?.view;
    if options.json {
        out::print(&json_pretty(&view.boundary)?);
    } else if options.draft {
        out::print(&draft(&view));
    } else {
        out::print(&table(&view));
    }
    Ok(0)
}

fn table(view: &View) -> String {
    let mut text = String::new();
    for crosses in ["external", "internal"] {
        let points: Vec<&BoundaryPointView> =
            view.boundary.points.iter().filter(|point| point.crosses == crosses).collect();
        let _ = writeln!(text, "{crosses} boundary: {} found", points.len());
        for point in points {
            let name = if point.name.is_empty() { String::new() } else { format!(" ({})", point.name) };
            let network = if point.network.is_empty() { String::new() } else { format!(" in {}", named(point, view)) };
            let _ = writeln!(
                text,
                "  {}: {} {}{name}{network} [{}, {}]{}",
                out::paint(&point.class, &point.declared),
                point.kind,
                point.id,
                point.account,
                point.region,
                if point.leads_to.is_empty() { String::new() } else { format!(" → {}", point.leads_to) },
            );
        }
        text.push('\n');
    }
    for line in &view.boundary.missing {
        let _ = writeln!(text, "{line}");
    }
    for line in &view.boundary.cut {
        let _ = writeln!(text, "{} {line}", out::paint("unknown", "could not be seen:"));
    }
    text
}

/// A point's network, with its name.
fn named(point: &BoundaryPointView, view: &View) -> String {
    let network = view
        .boundary
        .networks
        .iter()
        .find(|one| one.id == point.network && one.account == point.account && one.region == point.region);
    match network.filter(|one| !one.name.is_empty()) {
        Some(one) => format!("{} ({})", one.id, one.name),
        None => point.network.clone(),
    }
}

/// A declaration to be completed: purposes are empty, and an empty purpose is refused.
fn draft(view: &View) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from(
        "# Drafted from what was found. Remove what should not be there (and close it), and say what each of the others is\n\
         # for: a point without a purpose is refused.\n\
         description: >\n  Describe in a few sentences what lies inside your system, what lies outside, and what stands between.\n",
    );
    for crosses in ["external", "internal"] {
        let _ = writeln!(text, "{crosses}:");
        let points: Vec<&BoundaryPointView> =
            view.boundary.points.iter().filter(|point| point.crosses == crosses && point.in_use).collect();
        if points.is_empty() {
            text.truncate(text.trim_end().len());
            text += " []\n";
        }
        // Several of one kind in one network are declared together.
        let mut groups: Vec<Vec<&BoundaryPointView>> = Vec::new();
        for point in points {
            let together = |group: &&mut Vec<&BoundaryPointView>| {
                group.first().is_some_and(|first| {
                    !point.network.is_empty()
                        && (&first.kind, &first.network, &first.account, &first.region)
                            == (&point.kind, &point.network, &point.account, &point.region)
                })
            };
            match groups.iter_mut().find(together) {
                Some(group) => group.push(point),
                None => groups.push(vec![point]),
            }
        }
        for group in groups {
            let Some(point) = group.first() else { continue };
            let (name, what) = if group.len() > 1 {
                let what = format!("network: {}", quoted(&literal(&point.network)));
                (format!("{} {}s of {}", group.len(), point.kind, named(point, view)), what)
            } else {
                let name = if point.name.is_empty() { &point.id } else { &point.name };
                (format!("{} {name}", point.kind), format!("id: {}", quoted(&literal(&point.id))))
            };
            let _ = writeln!(
                text,
                "  - name: {}\n    kind: {}\n    {what}\n    account: {}\n    region: {}\n    purpose: \"\"",
                quoted(&name),
                quoted(&point.kind),
                quoted(&point.account),
                quoted(&point.region)
            );
        }
    }
    text
}

/// An id is data from the account: a `*` in it stands for one character, never for more.
fn literal(id: &str) -> String {
    id.replace('*', "?")
}
