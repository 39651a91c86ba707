//! Judging: from stored evidence, rules and what the organisation says to findings and verdicts. Pure, offline, and the
//! same bytes for the same input, so that anybody can re-perform it.

use crate::assess::{self, assess, environments, populations};
use crate::check::{Compiled, Types, compile, run as run_checks};
use crate::controls::{Controls, Problems};
use crate::derive::{boundary, derived_types, drills, inventory};
use crate::evidence::Collection;
use crate::model::assessment::Assessment;
use crate::model::check::Check;
use crate::model::finding::{Findings, OutOfScope};
use crate::model::inventory::Inventory;
use crate::model::organisation::{FileProblem, Organisation};
use crate::model::scope::{Scope, Scoped};
use crate::model::text::{json_pretty, sha256_hex};
use crate::organisation::KnownCheck;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Controls, and the checks ready to run.
#[derive(Debug)]
pub struct Rules {
    /// Catalog, reads, parameters.
    pub controls: Controls,
    /// The checks.
    pub checks: Vec<Compiled>,
}

impl Rules {
    /// Loads controls and compiles every check.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong, at once.
    pub fn load(overlay: Option<&Path>) -> Result<Self, Problems> {
        let controls = Controls::load(overlay)?;
        let types = Types::new(&controls.reads, &derived_types());
        let aspects = |objective: &str, aspect: &str| {
            controls.catalog.objective(objective).is_some_and(|(_, objective)| objective.aspect(aspect).is_some())
        };
        let mut problems = Problems::default();
        let mut checks = Vec::new();
        for check in &controls.checks {
            match compile(check.clone(), &types, &controls.parameters, &aspects) {
                Ok(check) => checks.push(check),
                Err(found) => {
                    let path = Controls::check_path(check);
                    let text = controls.files.get(&path).map(String::as_str).unwrap_or_default();
                    for problem in found {
                        problems.near(&path, text, &problem.near, problem.what, "see docs/checks.md for the format");
                    }
                }
            }
        }
        if problems.is_empty() { Ok(Self { controls, checks }) } else { Err(problems) }
    }

    /// Ids of the checks, and what each says about the rule.
    #[must_use]
    pub fn known_checks(&self) -> BTreeMap<&str, KnownCheck<'_>> {
        self.checks
            .iter()
            .map(|Compiled { check, .. }| {
                let known = KnownCheck { maps_to: &check.maps_to, no_exception: check.no_exception.as_deref() };
                (check.id.as_str(), known)
            })
            .collect()
    }
}

/// What is judged, besides the evidence.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// What the organisation says; nothing where there is no organisation file.
    pub organisation: Option<&'a Organisation>,
    /// Every parameter that has a value.
    pub parameters: Map<String, Value>,
    /// The time at which expiry is judged.
    pub as_of: jiff::Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub struct Judged {
    /// Verdicts.
    pub assessment: Assessment,
    /// Findings and gaps.
    pub findings: Findings,
    /// What the run has shown.
    pub inventory: Inventory,
    /// What is out of scope.
    pub scoped: Scoped,
}

/// The inventory of a collection, as stored.
#[must_use]
pub fn inventory_of(rules: &Rules, collection: &Collection) -> Inventory {
    inventory(&rules.controls.reads, &collection.seal, &collection.plan, &collection.exchanges, &|exchange| {
        collection.body(exchange)
    })
}

/// Judges a collection.
///
/// # Errors
/// When something cannot be written as JSON, which is a mistake of ours.
pub fn judge(rules: &Rules, collection: &Collection, terms: Terms<'_>) -> Result<Judged, serde_json::Error> {
    judge_inventory(rules, inventory_of(rules, collection), collection, terms)
}

/// Judges an inventory that was made of a collection.
///
/// # Errors
/// As [`judge`].
pub fn judge_inventory(
    rules: &Rules,
    mut inventory: Inventory,
    collection: &Collection,
    terms: Terms<'_>,
) -> Result<Judged, serde_json::Error> {
    let Terms { organisation, parameters, as_of } = terms;
    let controls = &rules.controls;
    let scope = organisation.map_or_else(Scope::default, |one| one.scope.clone());
    let scoped = scope.apply(&inventory, &controls.reads);
    let declared = organisation.and_then(|one| one.boundary.as_ref());
    boundary(&mut inventory, &controls.reads, declared, &scoped);
    let day = as_of.to_zoned(jiff::tz::TimeZone::UTC).date();
    let statements = organisation.map_or(&[][..], |one| one.statements.as_slice());
    drills(&mut inventory, statements, day, collection.seal.finished);
    let values = Value::Object(parameters);
    let found = run_checks(&rules.checks, &inventory, &values, &scoped);
    let stamp = as_of.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let findings = Findings {
        schema: "farwatch/findings/1".to_owned(),
        as_of: stamp.clone(),
        findings: found,
        gaps: inventory.gaps.iter().cloned().collect(),
        out_of_scope: scoped
            .out
            .iter()
            .map(|(key, reason)| OutOfScope { resource: key.clone(), reason: reason.clone() })
            .collect(),
    };
    let environments = environments(organisation, &collection.seal, &inventory, &scoped);
    let assessed = assess(&assess::Input {
        catalog: &controls.catalog,
        environments: &environments,
        findings: &findings.findings,
        organisation,
        inventory: &inventory,
        scenarios: &controls.scenarios,
        day,
    });
    let checks: Vec<&Check> = rules.checks.iter().map(|check| &check.check).collect();
    let mut digests = controls.digests.clone();
    digests.insert("collection".to_owned(), collection.digest.clone());
    digests.insert("findings".to_owned(), sha256_hex(json_pretty(&findings)?.as_bytes()));
    if let Some(organisation) = organisation {
        digests.insert("organisation".to_owned(), sha256_hex(json_pretty(organisation)?.as_bytes()));
    }
    let mut problems = organisation.map(|one| one.problems.clone()).unwrap_or_default();
    problems.extend(assessed.problems);
    let mut warnings = organisation.map(|one| one.warnings.clone()).unwrap_or_default();
    warnings.extend(scope_warnings(&scope, &scoped));
    let version = env!("CARGO_PKG_VERSION");
    let made_from = serde_json::json!([version, stamp, digests, values]);
    let assessment = Assessment {
        schema: "farwatch/assessment/1".to_owned(),
        id: sha256_hex(made_from.to_string().as_bytes()).chars().take(12).collect(),
        as_of: stamp,
        farwatch: version.to_owned(),
        digests,
        parameters: values.as_object().cloned().unwrap_or_default().into_iter().collect(),
        environments,
        absent: organisation.map(|one| one.absent.clone()).unwrap_or_default(),
        requirements: assessed.requirements,
        statements: assessed.statements,
        exceptions: assessed.exceptions,
        scenarios: assessed.scenarios,
        populations: populations(&checks, &inventory, &findings.findings, &scoped),
        problems,
        warnings,
        gaps: findings.gaps.len(),
    };
    Ok(Judged { assessment, findings, inventory, scoped })
}

/// Scope rules that fit nothing, or only what bears a tag of FCI.
fn scope_warnings(scope: &Scope, scoped: &Scoped) -> Vec<FileProblem> {
    let warning = |what: String, hint: &str| FileProblem {
        file: "farwatch.yaml".to_owned(),
        line: None,
        what,
        hint: hint.to_owned(),
    };
    let idle = scoped.idle.iter().filter_map(|at| scope.out.get(*at)).map(|rule| {
        let what = format!("the scope rule with the reason {:?} fits nothing in this run", rule.reason);
        warning(what, "correct it, or remove it")
    });
    let kept = scoped.kept.iter().map(|(key, why)| {
        let what =
            format!("{} is tagged as holding FCI, so it stays in scope although a rule puts it out ({why:?})", key.id);
        warning(what, "correct the tag or the rule")
    });
    idle.chain(kept).collect()
}
