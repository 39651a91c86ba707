//! `coverage`: how the checks answer the lists of others.

use super::arguments::{CoverageOptions, Global};
use super::{Usage, job, out};
use crate::model::coverage::{Coverage, Covered, Row};
use crate::model::text::{count, json_pretty};
use std::fmt::Write as _;

/// Prints the lists.
pub(super) fn run(options: &CoverageOptions, global: &Global) -> anyhow::Result<u8> {
    let loaded = job::load(global)?;
    let all = &loaded.controls.coverage;
    let lists: Vec<&Coverage> = match &options.list {
        None => all.iter().collect(),
        Some(name) => {
            let known: Vec<&str> = all.iter().map(|list| list.id.as_str()).collect();
            let list = all.iter().find(|list| list.id.eq_ignore_ascii_case(name));
            vec![list.ok_or_else(|| Usage(format!("there is no list {name:?}; there are {}", known.join(", "))))?]
        }
    };
    if options.json {
        let rows: Vec<serde_json::Value> =
            lists.iter().flat_map(|list| list.rows.iter().map(|row| json(list, row))).collect();
        out::print(&json_pretty(&rows)?);
    } else {
        let tables: Vec<String> = lists.iter().map(|list| table(list)).collect();
        out::print(&out::harmless(&tables.join("\n")));
        out::print("\n");
    }
    Ok(0)
}

fn json(list: &Coverage, row: &Row) -> serde_json::Value {
    let checks: Vec<&str> = row.checks.iter().map(|id| id.value.as_str()).collect();
    serde_json::json!({
        "list": list.id, "id": row.id.value, "title": row.name(),
        "requirements": list.requirements(row).collect::<Vec<_>>(),
        "status": row.covered(), "checks": checks, "reason": row.because(),
    })
}

/// The head of a list, its counts, and its rows: what they ask, and below it what answers them.
fn table(list: &Coverage) -> String {
    let counts: Vec<String> =
        Covered::ALL.iter().map(|covered| format!("{} {}", list.count(*covered), covered.word())).collect();
    let mut text = format!("{}: {}\n", list.id, list.title);
    let _ = writeln!(text, "  {} · {} · read on {}", list.source, list.version, list.as_of);
    let _ = writeln!(text, "  {}: {}", count(list.rows.len(), "row", "rows"), counts.join(" · "));
    let width = Covered::ALL.iter().map(|covered| covered.word().len()).max().unwrap_or_default();
    for row in &list.rows {
        let requirements: Vec<&str> = list.requirements(row).collect();
        let _ = writeln!(text, "\n{:width$}  {}", row.covered().word(), row.name());
        let indent = " ".repeat(width + 2);
        if row.title.is_some() {
            let _ = writeln!(text, "{indent}{}", row.id.value);
        }
        let _ = writeln!(text, "{indent}{}", requirements.join(" "));
        for check in &row.checks {
            let _ = writeln!(text, "{indent}= {}", check.value);
        }
        let but = if row.but.is_some() { "but: " } else { "" };
        if let Some(because) = row.because() {
            let _ = writeln!(text, "{indent}{but}{}", because.trim());
        }
    }
    text
}
