//! `statement`: what people must state, and drafts of it.

use super::arguments::{Global, StatementCommand, StatementOptions};
use super::{Usage, job, out};
use crate::model::assessment::Environment;
use crate::model::catalog::{Aspect, Entry, Objective, Requirement, ShownBy};
use crate::model::check::Relation;
use crate::model::organisation::{Organisation, Role};
use crate::model::statement::{Standing, Statement, StatementKind, names_environment};
use crate::model::text::{count, json_pretty};
use crate::organisation::{FILE, STATEMENTS};
use crate::packet::judge::Rules;
use anyhow::Context as _;
use jiff::civil::Date;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Runs the subcommand.
pub(super) fn run(options: &StatementOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let loaded = job::organisation(global, &rules)?.ok_or_else(|| {
        Usage(format!("there is no {FILE} here; make one with `farwatch init`, or name its folder with --organisation"))
    })?;
    let today = jiff::Zoned::now().date();
    match &options.command {
        StatementCommand::List { all, json } => {
            let rows = rows(&rules, &loaded.organisation, today);
            if *json {
                let rows: Vec<serde_json::Value> = rows.iter().map(Row::json).collect();
                out::print(&json_pretty(&rows)?);
            } else {
                out::print(&list(&rows, *all));
            }
            Ok(0)
        }
        StatementCommand::New { id, environments, kind } => {
            let folder = global.organisation.clone().unwrap_or_else(|| PathBuf::from("."));
            let folder = if folder.is_file() { folder.parent().map(Into::into).unwrap_or_default() } else { folder };
            let kind = kind.as_deref().unwrap_or("attestation");
            let (name, text) = draft(&rules, &loaded.organisation, id, environments, kind, today)?;
            let path = folder.join(STATEMENTS).join(&name);
            if path.exists() {
                return Err(Usage(format!("{} is already there and is left as it is", path.display())).into());
            }
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
            }
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            out::print(&format!(
                "Wrote {}\nIt is a draft and counts for nothing. Fill it in, have it approved, and set `status: final`.\n",
                path.display()
            ));
            Ok(0)
        }
    }
}

/// An aspect in an environment that a statement may answer.
struct Row<'a> {
    requirement: &'a Requirement,
    objective: &'a Objective,
    aspect: &'a Aspect,
    environment: &'a Environment,
    how: ShownBy,
    statements: Vec<(&'a Statement, Standing)>,
}

impl Row<'_> {
    /// Has somebody answered, be it that it is not so?
    fn counted(&self) -> bool {
        self.statements.iter().any(|(one, standing)| {
            *standing == Standing::Counts && (one.kind == StatementKind::NotApplicable || one.may_answer(self.how))
        })
    }

    fn state(&self) -> String {
        if self.statements.is_empty() {
            return if self.how.needs_statement() {
                "missing".to_owned()
            } else {
                "none; checks may answer".to_owned()
            };
        }
        let words = self.statements.iter().map(|(one, standing)| match standing {
            Standing::Counts if one.kind == StatementKind::Drill => {
                format!("{} supports it and answers nothing", one.id)
            }
            Standing::Counts if !one.holds => format!("{} says that it is not so, until {}", one.id, one.expires),
            Standing::Counts => format!("{} counts until {}", one.id, one.expires),
            Standing::Not(why) => format!("{} {why}", one.id),
        });
        words.collect::<Vec<_>>().join("; ")
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "objective": self.objective.id, "aspect": self.aspect.id, "environment": self.environment.id,
            "needed": self.how.needs_statement(), "counts": self.counted(), "state": self.state(),
            "statements": self.statements.iter().map(|(one, _)| &one.id).collect::<Vec<_>>(),
        })
    }
}

fn rows<'a>(rules: &'a Rules, organisation: &'a Organisation, today: Date) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (requirement, objective) in rules.controls.catalog.objectives() {
        for aspect in &objective.aspects {
            for environment in &organisation.environments {
                let Some(how) = aspect.shown_by.get(&environment.kind).copied().filter(|how| *how != ShownBy::Check)
                else {
                    continue;
                };
                let about = |one: &&Statement| {
                    one.speaks_to(&objective.id, &aspect.id)
                        && (one.kind == StatementKind::NotApplicable
                            || names_environment(&one.environments, &environment.id, environment.kind.word()))
                };
                let found = organisation.statements.iter().filter(about);
                let statements = found.map(|one| (one, one.standing(today))).collect();
                rows.push(Row { requirement, objective, aspect, environment, how, statements });
            }
        }
    }
    rows
}

fn list(rows: &[Row<'_>], all: bool) -> String {
    if rows.is_empty() {
        return format!("No environment is declared in {FILE}, so no statement can be about one.\n");
    }
    let mut text = String::new();
    let mut requirement = "";
    let mut missing = 0;
    for rows in rows.chunk_by(|a, b| a.objective.id == b.objective.id && a.aspect.id == b.aspect.id) {
        // Places of one state stand together.
        let mut states: Vec<(String, bool, Vec<&str>)> = Vec::new();
        for row in rows {
            let open = !row.counted() && (row.how.needs_statement() || !row.statements.is_empty());
            missing += usize::from(open);
            if !open && !all {
                continue;
            }
            let state = row.state();
            match states.iter_mut().find(|(other, ..)| *other == state) {
                Some((.., places)) => places.push(&row.environment.label),
                None => states.push((state, row.counted(), vec![&row.environment.label])),
            }
        }
        let (Some(row), false) = (rows.first(), states.is_empty()) else { continue };
        if requirement != row.requirement.id {
            requirement = &row.requirement.id;
            let _ = writeln!(text, "\n{} {}", row.requirement.id, row.requirement.title);
        }
        let _ = writeln!(text, "  {}/{}: {}", row.objective.id, row.aspect.id, row.aspect.asks);
        for (state, counted, places) in states {
            let class = match counted {
                true if state.contains("is not so") => "fail",
                true => "pass",
                false => "unknown",
            };
            let state = out::paint(class, &out::harmless(&state));
            let _ = writeln!(text, "    {state}: {}", out::harmless(&places.join(", ")));
        }
    }
    let counted = rows.iter().filter(|row| row.counted()).count();
    let answers = count(counted, "answer", "answers");
    let _ = if missing == 0 {
        writeln!(text, "\n{answers} stated, and nothing is left to be stated.")
    } else {
        writeln!(
            text,
            "\n{answers} stated (one for each aspect and place), {missing} still to be stated. One file may give many: \
             farwatch statement new AC.L1-b.1.i"
        )
    };
    text.trim_start().to_owned()
}

/// Name and text of a draft.
fn draft(
    rules: &Rules,
    organisation: &Organisation,
    id: &str,
    environments: &[String],
    kind: &str,
    today: Date,
) -> anyhow::Result<(String, String)> {
    let kinds = ["attestation", "drill", "siem", "inheritance", "alternative_implementation", "not_applicable"];
    if !kinds.contains(&kind) {
        return Err(Usage(format!("--kind {kind}: there is {}", kinds.join(", "))).into());
    }
    let entry = rules.controls.catalog.resolve(id).ok_or_else(|| {
        Usage(format!("{id:?} is no requirement, objective or aspect; `farwatch statement list` names them"))
    })?;
    let whole: Vec<(&Requirement, &Objective, Vec<&Aspect>)> = match entry {
        Entry::Requirement(requirement) => {
            requirement.objectives.iter().map(|o| (requirement, o, o.aspects.iter().collect())).collect()
        }
        Entry::Objective(requirement, objective) => vec![(requirement, objective, objective.aspects.iter().collect())],
        Entry::Aspect(requirement, objective, aspect) => vec![(requirement, objective, vec![aspect])],
    };
    let concerned: Vec<&Environment> = organisation
        .environments
        .iter()
        .filter(|one| environments.is_empty() || names_environment(environments, &one.id, one.kind.word()))
        .filter(|one| {
            whole.iter().flat_map(|(_, _, aspects)| aspects).any(|aspect| {
                aspect.shown_by.get(&one.kind).is_some_and(|how| {
                    kind == "alternative_implementation"
                        || if kind == "inheritance" {
                            *how == ShownBy::InheritanceOrStatement
                        } else {
                            *how != ShownBy::Check
                        }
                })
            })
        })
        .collect();
    if concerned.is_empty() && kind != "not_applicable" {
        let ids: Vec<&str> = organisation.environments.iter().map(|one| one.id.as_str()).collect();
        let declared =
            if ids.is_empty() { "none; declare them under `environments`".to_owned() } else { ids.join(", ") };
        return Err(Usage(format!("no declared environment fits; {FILE} declares {declared}")).into());
    }
    let mut text = format!("---\nkind: {kind}\nanswers:\n");
    for (_, objective, aspects) in &whole {
        if aspects.len() == objective.aspects.len() {
            let _ = writeln!(text, "  - {}", objective.id);
        } else {
            for aspect in aspects {
                let _ = writeln!(text, "  - {}/{}", objective.id, aspect.id);
            }
        }
    }
    if kind != "not_applicable" {
        text += "environments:\n";
        for one in &concerned {
            let _ =
                writeln!(text, "  - {}   # {}", serde_json::Value::from(one.id.as_str()), out::harmless(&one.label));
        }
    }
    let by = |role| organisation.with_role(role).next().map(|person| person.id.as_str());
    let first = organisation.people.first().map_or("somebody", |person| person.id.as_str());
    let expires = today.checked_add(jiff::Span::new().years(1)).unwrap_or(today);
    let _ = writeln!(
        text,
        "owner: {}        # who answers for it\napprover: {}     # who approved it; better not the same person\n\
         date: {today}\nexpires: {expires}\nstatus: draft     # final, once it is complete and approved\n\
         method: [examine]   # examine, interview, test\nevidence: []      # files, such as evidence/access-list.pdf",
        serde_json::Value::from(by(Role::ComplianceOfficer).unwrap_or(first)),
        serde_json::Value::from(by(Role::AffirmingOfficial).unwrap_or(first)),
    );
    if kind == "alternative_implementation" {
        let mut checks: Vec<&str> = Vec::new();
        for (id, maps) in rules.known_checks().into_iter().map(|(id, check)| (id, check.maps_to)) {
            let touches =
                maps.iter().filter(|map| map.is_replaceable() || map.relation == Relation::Supports).any(|map| {
                    whole.iter().any(|(_, o, aspects)| {
                        map.objectives.contains(&o.id) && aspects.iter().any(|aspect| aspect.id == map.aspect)
                    })
                });
            if touches {
                checks.push(id);
            }
        }
        if checks.is_empty() {
            text += "replaces: []       # no check looks for it yet: an attestation says the same\n";
        } else {
            text += "replaces:          # checks that look for the usual means\n";
        }
        for check in checks {
            let _ = writeln!(text, "  - {check}");
        }
    }
    if kind == "inheritance" {
        text += "provider: \"\"       # who does it\ndocument: \"\"       # the provider's document that says so, with its date\n";
    }
    if kind != "not_applicable" {
        text += "# holds: false    # records honestly that it is not so\n";
    }
    text += "---\n";
    let title = match whole.as_slice() {
        [(_, _, aspects)] if aspects.len() == 1 => {
            aspects.first().map_or_else(String::new, |aspect| aspect.asks.clone())
        }
        _ => whole.first().map_or_else(String::new, |(requirement, ..)| requirement.title.clone()),
    };
    let _ = writeln!(text, "# {title}\n");
    for (_, objective, aspects) in &whole {
        let _ = writeln!(
            text,
            "> {}: \u{201c}{}\u{201d} (CMMC Assessment Guide - Level 1)\n",
            objective.printed(),
            objective.text
        );
        for aspect in aspects {
            let Some(guidance) = rules.controls.guidance.get(&format!("{}/{}", objective.id, aspect.id)) else {
                continue;
            };
            let _ = writeln!(text, "<!-- {}\n\nA good statement says:", aspect.asks);
            for line in &guidance.contains {
                let _ = writeln!(text, "- {line}");
            }
            text += "\nAn assessor would ask:\n";
            for line in &guidance.asked {
                let _ = writeln!(text, "- {line}");
            }
            text += "\nEvidence that would serve:\n";
            for line in &guidance.evidence {
                let _ = writeln!(text, "- {line}");
            }
            text += "-->\n\n";
        }
    }
    let stem: String = whole.first().map_or_else(String::new, |(requirement, objective, aspects)| {
        match (whole.len(), aspects.as_slice()) {
            (1, [aspect]) if objective.aspects.len() > 1 => format!("{}-{}", objective.id, aspect.id),
            (1, _) => objective.id.clone(),
            _ => requirement.id.clone(),
        }
    });
    let place = match (environments.is_empty(), concerned.as_slice()) {
        (false, [one]) => format!("-{}", one.id.replace(':', "-")),
        _ => String::new(),
    };
    let suffix = if kind == "attestation" { String::new() } else { format!("-{}", kind.replace('_', "-")) };
    Ok((format!("{stem}{place}{suffix}.md"), text))
}
