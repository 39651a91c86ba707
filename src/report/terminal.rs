//! The result screen: what could not be seen first, then requirements, then what a person must do.

use super::view::{FindingView, StatementView, View};
use std::fmt::Write as _;

/// Paints a word by its class; the word itself always says the same.
pub type Paint<'a> = &'a dyn Fn(&str, &str) -> String;

/// Failing findings that are printed for one check; the rest is in the register.
const WORST: usize = 2;
/// Open aspects that are printed.
const OPEN: usize = 12;

/// The result screen, for a width of 100 columns or more.
#[must_use]
pub fn summary(view: &View, paint: Paint<'_>) -> String {
    let mut out = String::new();
    if let Some(one) = &view.organisation {
        let codes =
            if one.cage_codes.is_empty() { String::new() } else { format!(" · CAGE {}", one.cage_codes.join(", ")) };
        let _ = writeln!(out, "{}{codes}", one.name);
    }
    let accounts: Vec<String> = view.accounts.iter().map(|account| account.id.clone()).collect();
    let _ = writeln!(out, "{} · {} · read {}", view.packet_id, accounts.join(", "), view.read_at);
    for account in view.accounts.iter().filter(|account| account.failed.is_empty()) {
        let _ = writeln!(out, "{} {} ({}) read as {}", account.kind, account.id, account.partition, account.caller);
    }
    for account in view.accounts.iter().filter(|account| !account.failed.is_empty()) {
        let _ = writeln!(out, "{} {} {}: {}", paint("unknown", "not read"), account.id, account.caller, account.failed);
    }
    let _ = writeln!(out);
    if view.unseen.is_empty() {
        let _ = writeln!(out, "Every planned read was answered.");
    } else {
        let _ = writeln!(out, "{}", paint("unknown", "Could not be seen:"));
        for gap in &view.unseen {
            let add = if gap.permission.is_empty() { String::new() } else { format!("; add {}", gap.permission) };
            let _ = writeln!(out, "  {} [{}]{add}", gap.what, gap.places);
            if !gap.checks.is_empty() {
                let _ = writeln!(out, "    no answer for: {}", gap.checks.join(", "));
            }
        }
    }
    if !view.problems.is_empty() {
        let _ = writeln!(out);
        let _ = writeln!(out, "{}", paint("fail", "Files that do not count:"));
        for problem in &view.problems {
            let _ = writeln!(out, "  {problem}");
        }
    }
    let notable: Vec<&String> = view
        .reconciliation
        .iter()
        .filter(|line| !line.contains(", 0 unmatched.") || line.contains("out of scope"))
        .collect();
    if !notable.is_empty() {
        let _ = writeln!(out);
        let _ = writeln!(out, "Not wholly examined, or out of scope:");
        for line in notable {
            let _ = writeln!(out, "  {line}");
        }
    }
    let idle: Vec<&StatementView> = view.statements.iter().filter(|one| !one.counts).collect();
    if !idle.is_empty() {
        let _ = writeln!(out);
        let _ = writeln!(out, "Statements that do not count:");
        for one in idle {
            let _ = writeln!(out, "  {}: {}", one.id, one.state.trim_start_matches("does not count: it "));
        }
    }
    for exception in view.exceptions.iter().filter(|one| one.counts || !one.hints.is_empty()) {
        let _ = writeln!(out);
        let _ = writeln!(out, "{} {}: {}", exception.kind, exception.id, exception.state);
        for hint in &exception.hints {
            let _ = writeln!(out, "  {hint}");
        }
    }
    let _ = writeln!(out);
    for requirement in &view.requirements {
        let _ = writeln!(
            out,
            "  {} {:<15} {:<38} {}",
            paint(&requirement.class, &format!("{:<12}", requirement.status)),
            requirement.id,
            requirement.title,
            letters(requirement)
        );
    }
    mend(&mut out, view, paint);
    let open: Vec<String> = view
        .requirements
        .iter()
        .filter(|requirement| requirement.touched)
        .flat_map(|requirement| &requirement.objectives)
        .filter(|objective| objective.class != "not_applicable")
        .flat_map(|objective| {
            objective
                .aspects
                .iter()
                .filter(|aspect| aspect.cells.iter().any(|cell| cell.class == "open"))
                .map(|aspect| format!("{} {}", objective.printed, aspect.id))
        })
        .collect();
    if !open.is_empty() {
        let _ = writeln!(out);
        let _ = writeln!(out, "Open where something was found or stated ({}):", open.len());
        let more = open.len().saturating_sub(OPEN);
        for line in wrap(open.get(..OPEN.min(open.len())).unwrap_or_default(), 96) {
            let _ = writeln!(out, "  {line}");
        }
        if more > 0 {
            let _ = writeln!(out, "  … and {more} more; farwatch statement list tells what people must state");
        }
    }
    let _ = writeln!(out);
    let _ = writeln!(out, "{}", view.summary);
    let counts: Vec<String> = view
        .finding_counts
        .iter()
        .map(|count| format!("{} {}", count.number, paint(&count.class, &count.word)))
        .collect();
    let found = if view.findings.is_empty() { "nothing found to judge".to_owned() } else { counts.join(" · ") };
    let _ = writeln!(out, "{found} · {} requests", view.requests);
    out
}

/// What fails, one block for each check: what it asks, what was seen, how to mend the first.
fn mend(out: &mut String, view: &View, paint: Paint<'_>) {
    let mut groups: Vec<(&str, Vec<&FindingView>)> = Vec::new();
    for finding in view.findings.iter().filter(|finding| finding.class == "fail" || finding.class == "error") {
        match groups.iter_mut().find(|(check, _)| *check == finding.check) {
            Some((_, findings)) => findings.push(finding),
            None => groups.push((&finding.check, vec![finding])),
        }
    }
    if groups.is_empty() {
        return;
    }
    let _ = writeln!(out);
    let _ = writeln!(out, "To mend, worst first (farwatch explain CHECK --run DIR tells more):");
    for (check, findings) in groups {
        let Some(first) = findings.first() else { continue };
        let outcome = paint(&first.class, &first.outcome);
        let _ = writeln!(out, "  {outcome} {} {check}: {}", first.severity, first.title);
        for finding in findings.iter().take(WORST) {
            let covered = match (finding.exceptions.as_slice(), finding.replaced_by.as_slice()) {
                ([], []) => String::new(),
                ([], names) => format!(" (replaced by {})", names.join(", ")),
                (names, _) => format!(" (covered by {})", names.join(", ")),
            };
            let _ = writeln!(out, "       {}/{} {}{covered}", finding.account, finding.region, finding.sentence);
        }
        if findings.len() > WORST {
            let _ = writeln!(out, "       … and {} more", findings.len() - WORST);
        }
        if !first.command.is_empty() {
            let _ = writeln!(out, "       $ {}", first.command);
        }
    }
}

fn letters(requirement: &super::view::RequirementView) -> String {
    requirement
        .objectives
        .iter()
        .map(|objective| {
            let mark = match objective.class.as_str() {
                "met" if objective.status.contains("exception") => "met by exception",
                "met" => "met",
                "not_met" => "NOT MET",
                "not_applicable" => "n/a",
                _ => "open",
            };
            (objective.letter.clone(), mark)
        })
        .fold(Vec::<(String, &str)>::new(), |mut groups, (letter, mark)| {
            match groups.iter_mut().find(|(_, m)| *m == mark) {
                Some((letters, _)) => letters.push_str(&letter),
                None => groups.push((letter, mark)),
            }
            groups
        })
        .into_iter()
        .map(|(letters, mark)| format!("[{letters}] {mark}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn wrap(words: &[String], width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words {
        let last = lines.last().map_or(0, String::len);
        if last > 0 && last + word.len() + 2 > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push_str("; ");
            }
            line.push_str(word);
        }
    }
    lines
}
