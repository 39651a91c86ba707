//! `explain`: the whole chain in words, for any id of any scheme.

use super::arguments::{ExplainOptions, Global};
use super::{Usage, audit, job, out};
use crate::model::catalog::{Aspect, Entry, Objective, Requirement, printed_objective};
use crate::model::check::Check;
use crate::model::text::json_pretty;
use crate::report::view::{ExceptionView, ObjectiveView, StatementView, View};
use std::fmt::Write as _;

/// Tells about an id.
pub(super) fn run(options: &ExplainOptions, global: &Global) -> anyhow::Result<u8> {
    let loaded = job::load(global)?;
    let view = match &options.run {
        None => None,
        Some(run) => Some(audit::again(&loaded, run)?.view),
    };
    let checks: Vec<&Check> = loaded.checks.iter().map(|check| &check.check).collect();
    let id = options.id.trim();
    if let Some(view) = view.as_ref().filter(|_| id.starts_with("F-")) {
        let finding = view
            .findings
            .iter()
            .find(|finding| finding.id == id)
            .ok_or_else(|| Usage(format!("the run has no finding {id}; findings.json lists them")))?;
        if options.json {
            out::print(&json_pretty(finding)?);
        } else {
            out::print(&finding_text(finding, view));
        }
        return Ok(0);
    }
    if let Some(check) = checks.iter().find(|check| check.id.eq_ignore_ascii_case(id)) {
        if options.json {
            out::print(&json_pretty(&serde_json::json!({
                "check": check.id, "title": check.title, "why": check.why.trim(), "severity": check.severity,
                "for_each": check.for_each, "maps_to": check.maps_to, "remediation": check.remediation.text.trim(),
            }))?);
        } else {
            out::print(&check_text(check, view.as_ref()));
        }
        return Ok(0);
    }
    if let Some(view) = &view {
        if let Some(one) = view.statements.iter().find(|one| one.id == id) {
            out::print(&if options.json { json_pretty(one)? } else { statement_text(one) });
            return Ok(0);
        }
        if let Some(one) = view.exceptions.iter().find(|one| one.id == id) {
            out::print(&if options.json { json_pretty(one)? } else { exception_text(one) });
            return Ok(0);
        }
    }
    let entry = loaded.controls.catalog.resolve(id).ok_or_else(|| {
        Usage(format!(
            "{id:?} is no requirement, objective, aspect or check (and with --run no finding, statement or exception of it); \
             examples: SC.L1-b.1.x, SC.L1-3.13.1[c], \
             52.204-21(b)(1)(x), SC.1.175, SC.L1-b.1.x.c/traffic-recorded, aws-vpc-flow-log-all-traffic"
        ))
    })?;
    let (requirement, objectives): (&Requirement, Vec<&Objective>) = match entry {
        Entry::Requirement(requirement) => (requirement, requirement.objectives.iter().collect()),
        Entry::Objective(requirement, objective) | Entry::Aspect(requirement, objective, _) => {
            (requirement, vec![objective])
        }
    };
    let only = if let Entry::Aspect(_, _, aspect) = entry { Some(aspect) } else { None };
    if options.json {
        let mut json = requirement_json(requirement, &objectives);
        if let Some(view) = &view {
            let wanted: Vec<&str> = objectives.iter().map(|objective| objective.id.as_str()).collect();
            let judged = view.requirements.iter().flat_map(|one| &one.objectives);
            let judged: Vec<&ObjectiveView> = judged.filter(|one| wanted.contains(&one.id.as_str())).collect();
            if let Some(members) = json.as_object_mut() {
                members.insert("judged".to_owned(), serde_json::to_value(judged)?);
            }
        }
        out::print(&json_pretty(&json)?);
        return Ok(0);
    }
    let mut text = requirement_text(requirement, &loaded.controls.catalog.clause.number);
    for objective in objectives {
        text += &objective_text(objective, only, &checks, view.as_ref());
    }
    out::print(&text);
    Ok(0)
}

fn requirement_json(requirement: &Requirement, objectives: &[&Objective]) -> serde_json::Value {
    let objectives: Vec<serde_json::Value> = objectives
        .iter()
        .map(|objective| {
            let aspects: Vec<serde_json::Value> = objective
                .aspects
                .iter()
                .map(|a| serde_json::json!({"id": a.id, "asks": a.asks, "basis": a.basis, "provisional": a.provisional, "shown_by": a.shown_by}))
                .collect();
            serde_json::json!({"id": objective.id, "printed": objective.printed(), "nist": objective.nist, "text": objective.text, "aspects": aspects})
        })
        .collect();
    serde_json::json!({
        "id": requirement.id, "title": requirement.title, "text": requirement.text,
        "far": requirement.far, "far_under_deviations": requirement.far_deviation(), "nist_sp_800_171_r2": requirement.nist,
        "cmmc_2_0_legacy_ids": requirement.legacy_ids, "cmmc_1_0_ids": requirement.cmmc_1_0_ids,
        "considerations": requirement.considerations, "objectives": objectives,
    })
}

fn requirement_text(requirement: &Requirement, clause: &str) -> String {
    let mut text = format!("{} {}\n\n", requirement.id, requirement.title);
    let _ = writeln!(text, "  \u{201c}{}\u{201d}\n", requirement.text);
    let _ = writeln!(text, "  Clause         FAR {} ({clause})", requirement.far);
    let _ = writeln!(text, "  Deviations     FAR {}", requirement.far_deviation());
    let _ = writeln!(text, "  NIST 800-171   {} (revision 2)", requirement.nist.join(", "));
    let _ = writeln!(text, "  CMMC 2.0 model {}", requirement.legacy_ids.join(", "));
    let _ = writeln!(text, "  CMMC 1.0       {}", requirement.cmmc_1_0_ids.join(", "));
    text
}

fn objective_text(objective: &Objective, only: Option<&Aspect>, checks: &[&Check], view: Option<&View>) -> String {
    let mut text = format!("\n{}  \u{201c}{}\u{201d}\n", objective.printed(), objective.text);
    let seen =
        view.and_then(|view| view.requirements.iter().flat_map(|r| &r.objectives).find(|seen| seen.id == objective.id));
    if let Some(seen) = seen {
        let _ = writeln!(text, "  {}: {}", out::paint(&seen.class, &seen.status), seen.why);
        for refused in &seen.refused {
            let _ = writeln!(text, "  {refused}");
        }
        let steps: usize = seen.aspects.iter().flat_map(|aspect| &aspect.cells).map(|cell| cell.next.len()).sum();
        if matches!(seen.class.as_str(), "not_met" | "not_assessed") && steps > 0 {
            let things = crate::model::text::count(steps, "thing", "things");
            let _ = writeln!(text, "  would be MET after {things} named below (\u{201c}would change it\u{201d})");
        }
    }
    for aspect in objective.aspects.iter().filter(|aspect| only.is_none_or(|only| only.id == aspect.id)) {
        let provisional = if aspect.provisional { " (provisional)" } else { "" };
        let _ = writeln!(text, "  - {}: {}{provisional}", aspect.id, aspect.asks);
        let _ = writeln!(text, "      rests on the guide's words \u{201c}{}\u{201d}", aspect.basis);
        let shown: Vec<String> =
            aspect.shown_by.iter().map(|(kind, how)| format!("{}: {}", kind.label(), how.words())).collect();
        let _ = writeln!(text, "      shown by {}", shown.join("; "));
        for check in checks {
            let relations =
                check.maps_to.iter().filter(|m| m.aspect == aspect.id && m.objectives.contains(&objective.id));
            for mapping in relations {
                let _ = writeln!(text, "      {} {}: {}", mapping.relation.word(), check.id, check.title);
            }
        }
        let seen = seen.and_then(|seen| seen.aspects.iter().find(|seen| seen.id == aspect.id));
        for cell in seen.iter().flat_map(|seen| &seen.cells) {
            let _ =
                writeln!(text, "      {}: {}: {}", cell.environment, out::paint(&cell.class, &cell.state), cell.why);
            for id in &cell.statements {
                let _ = writeln!(text, "        {}", statement_line(id, view));
            }
            for id in &cell.exceptions {
                let _ = writeln!(text, "        {}", exception_line(id, view));
            }
            for step in &cell.next {
                let _ = writeln!(text, "        would change it · {step}");
            }
        }
        if seen.is_some_and(|seen| !seen.facts.is_empty()) {
            text += "      findings of checks, each about its own account:\n";
        }
        for fact in seen.iter().flat_map(|seen| &seen.facts) {
            let _ = writeln!(
                text,
                "        {}, {}: {} ({}; {})",
                fact.class.replace('_', " "),
                fact.role,
                fact.sentence,
                fact.finding,
                fact.evidence
            );
        }
    }
    text
}

/// A statement in a line.
fn statement_line(id: &str, view: Option<&View>) -> String {
    let found = view.and_then(|view| view.statements.iter().find(|one| one.id == id));
    found.map_or_else(
        || format!("stated in {id}"),
        |one| {
            format!(
                "stated in {} ({}; {}, approved by {} on {}; {})",
                one.id, one.title, one.owner, one.approver, one.date, one.state
            )
        },
    )
}

/// An exception in a line.
fn exception_line(id: &str, view: Option<&View>) -> String {
    let found = view.and_then(|view| view.exceptions.iter().find(|one| one.id == id));
    found.map_or_else(
        || format!("exception {id}"),
        |one| format!("{} {} ({}; approved by {}; {})", one.kind, one.id, one.title, one.approver, one.state),
    )
}

fn statement_text(one: &StatementView) -> String {
    let mut text = format!("{} {}\n{}: {}\n\n", one.id, one.title, one.kind, one.state);
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<14}{value}");
        }
    };
    row("Speaks to", one.answers.join("; "));
    row("Where", one.environments.join("; "));
    row("Provider", one.provider.clone());
    row("Instead of", one.replaces.join(", "));
    row("Answered by", one.owner.clone());
    row("Approved by", format!("{}, dated {}, until {}", one.approver, one.date, one.expires));
    row("Methods", one.methods.clone());
    row("Evidence", one.evidence.join(", "));
    row("File", format!("{} (SHA-256 {})", one.file, one.sha256));
    text.push('\n');
    for paragraph in &one.paragraphs {
        let mark = if paragraph.item { "- " } else { "" };
        let _ = writeln!(text, "  {mark}{}", paragraph.text);
    }
    text
}

fn exception_text(one: &ExceptionView) -> String {
    let mut text = format!("{} {}\n{}: {}\n\n", one.id, one.title, one.kind, one.state);
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<14}{value}");
        }
    };
    row("From", one.about.join(", "));
    row("For", one.on.join(", "));
    row("Covers", one.findings.join(", "));
    row("Reason", one.reason.clone());
    row("Mitigations", one.mitigations.join("; "));
    row("It worked", one.worked.join(", "));
    row("Milestones", one.milestones.join("; "));
    row("Next review", one.review.clone());
    row("Progress", one.progress.clone());
    row("Looked at", one.reopens_when.clone());
    row("Answered by", one.owner.clone());
    row("Approved by", format!("{}, from {} to {}", one.approver, one.start, one.expires));
    row("File", format!("{} (SHA-256 {})", one.file, one.sha256));
    for hint in &one.hints {
        let _ = writeln!(text, "  {hint}");
    }
    text
}

fn check_text(check: &Check, view: Option<&View>) -> String {
    let mut text = format!("{}\n{}\n\n", check.id, check.title);
    let _ = writeln!(text, "Why\n  {}\n", check.why.split_whitespace().collect::<Vec<_>>().join(" "));
    let _ = writeln!(text, "Judges each {}", check.for_each);
    for rule in &check.not_applicable_when {
        let _ = writeln!(text, "  not where {} ({})", rule.when.trim(), rule.reason);
    }
    for rule in &check.assert {
        let _ = writeln!(text, "  must hold: {}", rule.that.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let _ = writeln!(text, "\nWhat it says about the rule");
    for mapping in &check.maps_to {
        let objectives: Vec<String> = mapping.objectives.iter().map(|id| printed_objective(id)).collect();
        let _ = writeln!(text, "  {} {} ({})", mapping.relation.word(), objectives.join(", "), mapping.aspect);
    }
    let _ = writeln!(text, "\nTo mend\n  {}", check.remediation.text.split_whitespace().collect::<Vec<_>>().join(" "));
    if let Some(cli) = &check.remediation.cli {
        let _ = writeln!(text, "  {}", cli.source());
    }
    if let Some(view) = view {
        let _ = writeln!(text, "\nIn this run");
        for finding in view.findings.iter().filter(|finding| finding.check == check.id) {
            let _ = writeln!(
                text,
                "  {} {} ({})",
                out::paint(&finding.class, &finding.outcome),
                finding.sentence,
                finding.id
            );
        }
    }
    text
}

fn finding_text(finding: &crate::report::view::FindingView, view: &View) -> String {
    let mut text = format!("{} {}\n{}\n\n", finding.id, out::paint(&finding.class, &finding.outcome), finding.sentence);
    let _ = writeln!(text, "Check     {} ({})", finding.check, finding.title);
    let _ = writeln!(
        text,
        "Resource  {} {} in account {}, {}",
        finding.kind, finding.resource, finding.account, finding.region
    );
    for map in &finding.maps {
        let _ = writeln!(text, "Rule      {map}");
    }
    for id in &finding.replaced_by {
        let _ = writeln!(text, "Replaced  {}; it decides nothing any more", statement_line(id, Some(view)));
    }
    for id in &finding.exceptions {
        let _ = writeln!(text, "Covered   {}; it fails all the same", exception_line(id, Some(view)));
    }
    for reason in &finding.reasons {
        let _ = writeln!(text, "Because   {reason}");
    }
    if !finding.remedy.is_empty() {
        let _ = writeln!(text, "To mend   {}", finding.remedy.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if !finding.command.is_empty() {
        let _ = writeln!(text, "          {}", finding.command);
    }
    let _ = writeln!(text, "\nWhat was asked, and what was answered");
    for evidence in view.evidence.iter().filter(|evidence| finding.evidence.contains(&evidence.id)) {
        let about = if evidence.parent.is_empty() { String::new() } else { format!(" for {}", evidence.parent) };
        let _ = writeln!(
            text,
            "  {} {}{about} in {}: {} (HTTP {}) at {}",
            evidence.id, evidence.read, evidence.region, evidence.outcome, evidence.http_status, evidence.at
        );
    }
    text
}
