//! `check list | show | test | lint`.

use super::arguments::{CheckCommand, CheckOptions, Global};
use super::{Usage, job, out};
use crate::check::selftest;
use crate::controls::Controls;
use crate::model::catalog::printed_objective;
use crate::model::text::{count, json_pretty};

/// Runs the subcommand.
pub(super) fn run(options: &CheckOptions, global: &Global) -> anyhow::Result<u8> {
    let loaded = job::load(global)?;
    match &options.command {
        CheckCommand::List { json: true } => {
            let rows: Vec<serde_json::Value> = loaded
                .checks
                .iter()
                .map(|check| {
                    let check = &check.check;
                    serde_json::json!({
                        "id": check.id, "provider": check.provider, "title": check.title, "severity": check.severity,
                        "for_each": check.for_each, "maps_to": check.maps_to,
                    })
                })
                .collect();
            out::print(&json_pretty(&rows)?);
        }
        CheckCommand::List { json: false } => {
            let mut text = String::new();
            for check in &loaded.checks {
                let check = &check.check;
                let mut maps: Vec<String> = check
                    .maps_to
                    .iter()
                    .map(|m| {
                        let objectives: Vec<String> = m.objectives.iter().map(|id| printed_objective(id)).collect();
                        format!("{} {}", m.relation.word(), objectives.join(" "))
                    })
                    .collect();
                maps.dedup();
                text += &format!("{}\n    {}\n    {}\n", check.id, check.title, maps.join("; "));
            }
            text += &format!("{}\n", count(loaded.checks.len(), "check", "checks"));
            out::print(&text);
        }
        CheckCommand::Show { id } => {
            let check = loaded
                .checks
                .iter()
                .find(|check| check.check.id.eq_ignore_ascii_case(id))
                .ok_or_else(|| Usage(format!("there is no check {id:?}; `farwatch check list` names them")))?;
            let path = Controls::check_path(&check.check);
            let text = loaded.controls.files.get(&path).map(String::as_str).unwrap_or_default();
            out::print(&format!("# controls/{path}\n{text}"));
        }
        CheckCommand::Test { ids } => {
            if let Some(id) = ids.iter().find(|id| !loaded.checks.iter().any(|check| check.check.id == **id)) {
                return Err(Usage(format!("there is no check {id:?}; `farwatch check list` names them")).into());
            }
            let (mut passed, mut failed) = (0, 0);
            for check in loaded.checks.iter().filter(|check| ids.is_empty() || ids.contains(&check.check.id)) {
                for result in selftest(check, &loaded.controls.parameters) {
                    if result.wrong.is_empty() {
                        passed += 1;
                    } else {
                        failed += 1;
                        out::print(&format!("{}: {}\n", check.check.id, result.name));
                        for wrong in &result.wrong {
                            out::print(&format!("    {}\n", out::harmless(wrong)));
                        }
                    }
                }
            }
            out::print(&format!("{passed} passed, {failed} failed\n"));
            return Ok(u8::from(failed > 0));
        }
        CheckCommand::Lint => {
            out::print(&format!(
                "{} and {} are right\n",
                count(loaded.checks.len(), "check", "checks"),
                count(loaded.controls.reads.declared(), "read", "reads")
            ));
        }
    }
    Ok(0)
}
