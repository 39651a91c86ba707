//! One check over an inventory → findings.

use super::compile::Compiled;
use super::expr::{Binding, Condition, Truth, bind, root_context};
use super::join::{Indexes, Matches, arn_place, values};
use crate::model::check::WhenMissing;
use crate::model::finding::{About, Evidence, Finding, Judged, Outcome, Reason, Subject, Undecided};
use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState};
use crate::model::resource::Resource;
use crate::model::scope::Scoped;
use crate::model::template::{Template, scalar_text, walk};
use crate::model::text::{plural, shell_word};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Runs every check over what is in scope. `params` is an object of parameter values. Findings are sorted by check and
/// subject; a mistake in one check, or about one resource, leaves the others as they are.
#[must_use]
pub fn run(checks: &[Compiled], inventory: &Inventory, params: &Value, scoped: &Scoped) -> Vec<Finding> {
    let mut indexes = Indexes::new(inventory);
    let mut findings = Vec::new();
    for check in checks {
        scopes(check, inventory, scoped, &mut findings);
        for resource in inventory.of(&check.check.for_each) {
            if scoped.out.contains_key(&resource.key) {
                continue;
            }
            let finding = judge(check, resource, &mut indexes, params);
            findings.push(match scoped.unclear.get(&resource.key) {
                Some(why) => in_doubt(check, finding, why),
                None => finding,
            });
        }
    }
    findings.sort_by(|a, b| (a.check(), a.subject()).cmp(&(b.check(), b.subject())));
    findings
}

/// For the benchmark: one condition, executed `times` over resources that are already there. Gives back how many held.
#[must_use]
pub fn one_assert(check: &Compiled, resources: &[Value], params: &Value, times: usize) -> usize {
    let root = root_context(params);
    let Some(condition) = check.asserts.first() else { return 0 };
    let mut held = 0;
    for _ in 0..times {
        for resource in resources {
            let context = bind(&root, [("resource", Binding::Object(resource))]);
            held += usize::from(condition.evaluate(&context) == Truth::Yes);
        }
    }
    held
}

fn about(check: &Compiled, subject: Subject) -> About<'_> {
    About { check: &check.check.id, severity: check.check.severity, maps_to: &check.check.maps_to, subject }
}

/// A finding about something of which nobody knows whether it is in scope: what was observed stays readable, and nothing
/// is decided by it.
fn in_doubt(check: &Compiled, finding: Finding, why: &str) -> Finding {
    if matches!(finding.outcome(), Outcome::Unknown | Outcome::Error) {
        return finding;
    }
    let id = finding.subject().id.clone().unwrap_or_default();
    let text = format!("{id}: {why}; observed: {} ({})", finding.sentence(), finding.outcome().word());
    let reason = Reason::NotTold { what: format!("{id}: {why}") };
    let evidence = finding.evidence().clone();
    Finding::undecided(about(check, finding.subject().clone()), Undecided::Unknown, text, reason, [], evidence)
}

/// One finding for every scope whose list of subjects could not be read to its end: what is not seen is not passed.
fn scopes(check: &Compiled, inventory: &Inventory, scoped: &Scoped, findings: &mut Vec<Finding>) {
    let kind = &check.check.for_each;
    let mut cut: BTreeMap<(&str, &str), BTreeSet<&Gap>> = BTreeMap::new();
    for listing in inventory.listings_of(kind) {
        if scoped.account_out(&listing.account).is_some() {
            continue;
        }
        // A cut list about one parent makes that parent's subjects unknown; they are counted in its place.
        if let ListState::Cut(gaps) = &listing.state {
            cut.entry((&listing.account, &listing.region)).or_default().extend(gaps);
        }
    }
    for ((account, region), gaps) in cut {
        let reasons: Vec<Reason> = gaps.into_iter().cloned().map(Reason::Gap).collect();
        let Some((first, others)) = reasons.split_first() else { continue };
        let subject = Subject { kind: kind.clone(), id: None, account: account.to_owned(), region: region.to_owned() };
        let place = match region {
            "*" => "in regions that could not be listed".to_owned(),
            "global" => "of the account".to_owned(),
            region => format!("in {region}"),
        };
        let sentence = format!("{} {place} could not be listed completely: {}", plural(kind), why(first));
        let others = others.to_vec();
        findings.push(Finding::undecided(
            about(check, subject),
            Undecided::Unknown,
            sentence,
            first.clone(),
            others,
            BTreeSet::new(),
        ));
    }
    for (_, account, region, what) in inventory.conflicts.iter().filter(|(of, ..)| of == kind) {
        let subject = Subject { kind: kind.clone(), id: None, account: account.clone(), region: region.clone() };
        let reason = Reason::Mistake { what: what.clone() };
        findings.push(Finding::undecided(
            about(check, subject),
            Undecided::Error,
            what.clone(),
            reason,
            [],
            BTreeSet::new(),
        ));
    }
}

/// A reason in words.
fn why(reason: &Reason) -> String {
    match reason {
        Reason::Gap(gap) => gap.sentence(),
        Reason::FieldAbsent { field } => format!("the answer does not tell `{field}`"),
        Reason::RelatedNotSeen { name, value } => {
            format!("the {} {value} is not among what the audited accounts show", name.replace('_', " "))
        }
        Reason::NotDeclared { what } | Reason::NotTold { what } | Reason::Mistake { what } => what.clone(),
    }
}

/// What a resource's related lists came to.
struct Bound<'a> {
    matches: Matches<'a>,
    /// `one`: no match, and the lists prove it.
    proven_missing: bool,
    /// What was looked for.
    value: String,
}

fn judge(check: &Compiled, resource: &Resource, indexes: &mut Indexes<'_>, params: &Value) -> Finding {
    let key = &resource.key;
    let subject = Subject {
        kind: key.kind.clone(),
        id: Some(key.id.clone()),
        account: key.account.clone(),
        region: key.region.clone(),
    };
    let about = about(check, subject);
    let bound = match join(check, resource, indexes) {
        Ok(bound) => bound,
        Err(what) => {
            let reason = Reason::Mistake { what: what.clone() };
            return Finding::undecided(about, Undecided::Error, what, reason, [], resource.evidence([]));
        }
    };
    let root = root_context(params);
    let context = bind(&root, bindings(check, resource, &bound, false));
    // Over a list that may be cut, an outcome must not rest on what was not seen: it holds only where the seen items
    // alone say the same.
    let cut = bound.iter().any(|found| !found.matches.complete());
    let seen_only = cut.then(|| bind(&root, bindings(check, resource, &bound, true)));
    let evaluate = |condition: &Condition| match (condition.evaluate(&context), &seen_only) {
        (truth @ (Truth::Yes | Truth::No), Some(seen)) if condition.evaluate(seen) != truth => Truth::Unknown,
        (truth, _) => truth,
    };
    let evidence = evidence(check, resource, &bound);
    let sentence = |template: &Template| fill(template, resource, check, &bound, params);

    let mut unknown: Vec<&Condition> = Vec::new();
    for (rule, condition) in check.check.not_applicable_when.iter().zip(&check.not_applicable) {
        match evaluate(condition) {
            Truth::Yes => {
                let text = format!("{}: {}", key.id, rule.reason);
                return judged(about, Judged::NotApplicable, text, evidence, None);
            }
            Truth::No => {}
            Truth::Unknown => unknown.push(condition),
            Truth::Mistake(what) => return mistake(about, &rule.when, &what, evidence),
        }
    }
    let mut failed: Vec<String> = Vec::new();
    // Fail beats unknown among the asserts, but not over an unknown "does it concern this resource at all".
    if unknown.is_empty() {
        for (rule, condition) in check.check.assert.iter().zip(&check.asserts) {
            match evaluate(condition) {
                Truth::Yes => {}
                Truth::No => failed.push(sentence(&rule.message)),
                Truth::Unknown => match proven_missing(check, condition, resource, &bound) {
                    Some(text) => failed.push(text),
                    None => unknown.push(condition),
                },
                Truth::Mistake(what) => return mistake(about, &rule.that, &what, evidence),
            }
        }
    }
    if !failed.is_empty() {
        let remedy = check.check.remediation.cli.as_ref().and_then(|cli| {
            cli.render(|path| lookup(path, resource, check, &bound, params).map(|value| shell_word(&value))).ok()
        });
        return judged(about, Judged::Fail, failed.join("; "), evidence, remedy);
    }
    if unknown.is_empty() {
        return judged(about, Judged::Pass, sentence(&check.check.pass), evidence, None);
    }
    let reasons = reasons(&unknown, check, resource, &bound, params);
    let Some((first, others)) = reasons.split_first() else {
        return mistake(about, &check.check.title, "a condition is unknown without a reason", evidence);
    };
    let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
    let text = format!("{}: could not be judged, because {}{more}", key.id, why(first));
    Finding::undecided(about, Undecided::Unknown, text, first.clone(), others.to_vec(), evidence)
}

/// A finding that rests on evidence. Without any (which would be a mistake of ours) it is an error, not a verdict.
fn judged(
    about: About<'_>,
    outcome: Judged,
    sentence: String,
    evidence: BTreeSet<String>,
    remedy: Option<String>,
) -> Finding {
    match Evidence::new(evidence) {
        Some(evidence) => Finding::judged(about, outcome, sentence, evidence, remedy),
        None => mistake(about, &sentence, "there is no evidence behind this outcome", BTreeSet::new()),
    }
}

fn mistake(about: About<'_>, condition: &str, what: &str, evidence: BTreeSet<String>) -> Finding {
    let text = format!("the check could not be carried out: {what} in `{}`", condition.trim());
    let reason = Reason::Mistake { what: text.clone() };
    Finding::undecided(about, Undecided::Error, text, reason, [], evidence)
}

/// Binds the related lists, in the order of the file.
fn join<'a>(check: &Compiled, resource: &Resource, indexes: &mut Indexes<'a>) -> Result<Vec<Bound<'a>>, String> {
    let from = (resource.key.account.as_str(), resource.key.region.as_str());
    let mut bound: Vec<Bound<'a>> = Vec::with_capacity(check.joins.len());
    for join in &check.joins {
        let earlier = check.joins.iter().position(|other| other.name == join.root).and_then(|at| bound.get(at));
        let (wanted, missing) = match earlier {
            Some(earlier) => values(earlier.matches.items.iter().copied(), &join.field),
            None => values(std::iter::once(resource), &join.field),
        };
        let mut matches = indexes.find(&join.related, from, &wanted);
        // What is looked for is itself not wholly known.
        for (id, gaps) in missing {
            if gaps.is_empty() {
                matches.doubts.insert(format!("{id} does not tell its {}", join.field));
            }
            matches.gaps.extend(gaps);
        }
        if let Some(earlier) = earlier {
            matches.gaps.extend(earlier.matches.gaps.iter().cloned());
            matches.doubts.extend(earlier.matches.doubts.iter().cloned());
        }
        let value = wanted.join(", ");
        if join.related.one && matches.items.len() > 1 {
            return Err(format!("{} {value:?} fits {} resources of the run, not one", join.name, matches.items.len()));
        }
        let proven_missing = join.related.one
            && matches.items.is_empty()
            && matches.doubts.is_empty()
            && join.related.when_missing == WhenMissing::Fail
            && wanted.iter().all(|value| {
                arn_place(value)
                    .is_some_and(|(account, region)| indexes.complete_in(&join.related.kind, account, region))
            })
            && !wanted.is_empty();
        bound.push(Bound { matches, proven_missing, value });
    }
    Ok(bound)
}

/// The variables of a check. `seen_only` binds lists that may be cut as if what was seen were all.
fn bindings<'a>(
    check: &'a Compiled,
    resource: &'a Resource,
    bound: &'a [Bound<'a>],
    seen_only: bool,
) -> Vec<(&'a str, Binding<'a>)> {
    let mut all = vec![("resource", Binding::Object(&resource.data))];
    for (join, found) in check.joins.iter().zip(bound) {
        let binding = match (join.related.one, found.matches.items.first()) {
            (true, Some(one)) => Binding::Object(&one.data),
            (true, None) => Binding::Missing,
            (false, _) => {
                let items = found.matches.items.iter().filter_map(|item| item.data.as_object()).collect();
                Binding::List(items, seen_only || found.matches.complete())
            }
        };
        all.push((join.name.as_str(), binding));
    }
    all
}

/// The evidence behind a finding: the resource, the fields the check looks at, the related resources with theirs, and
/// the lists that were looked through, so that "found nothing" is proved as well.
fn evidence(check: &Compiled, resource: &Resource, bound: &[Bound<'_>]) -> BTreeSet<String> {
    let fields = |name: &str| check.uses.get(name).into_iter().flatten().map(String::as_str);
    let mut all = resource.evidence(fields("resource"));
    for (join, found) in check.joins.iter().zip(bound) {
        all.extend(found.matches.evidence.iter().cloned());
        for item in &found.matches.items {
            all.extend(item.evidence(fields(&join.name)));
        }
    }
    all
}

/// A condition that is unknown only because a `one` join has no match, and the lists prove that there is none.
fn proven_missing(check: &Compiled, condition: &Condition, resource: &Resource, bound: &[Bound<'_>]) -> Option<String> {
    let mut text = None;
    for (join, found) in check.joins.iter().zip(bound) {
        if !condition.uses.contains_key(&join.name) {
            continue;
        }
        if !found.proven_missing {
            return None;
        }
        text = Some(format!("{}: the {} {} does not exist", resource.key.id, join.name.replace('_', " "), found.value));
    }
    let told = condition.uses.get("resource").into_iter().flatten().all(|field| resource.get(field).is_some());
    text.filter(|_| told)
}

/// Why conditions are unknown: first what the organisation has not said, then gaps, then facts that the answers do not
/// tell.
fn reasons(
    unknown: &[&Condition],
    check: &Compiled,
    resource: &Resource,
    bound: &[Bound<'_>],
    params: &Value,
) -> Vec<Reason> {
    let mut reasons: BTreeSet<Reason> = BTreeSet::new();
    for name in unknown.iter().filter_map(|condition| condition.uses.get("params")).flatten() {
        if params.get(name).is_none_or(Value::is_null) {
            let what = format!("the organisation has not set the parameter `{name}`");
            reasons.insert(Reason::NotDeclared { what });
        }
    }
    let mut absent = |variable: &str, resource: &Resource, condition: &Condition| {
        for field in condition.uses.get(variable).into_iter().flatten() {
            if resource.get(field).is_none() {
                let gaps = resource.missing.get(field).into_iter().flatten().cloned().map(Reason::Gap);
                reasons.extend(gaps.chain(resource.unknown.get(field).cloned()));
                if !resource.missing.contains_key(field) && !resource.unknown.contains_key(field) {
                    reasons.insert(Reason::FieldAbsent { field: format!("{variable}.{field}") });
                }
            }
        }
    };
    for condition in unknown {
        absent("resource", resource, condition);
        for (join, found) in check.joins.iter().zip(bound) {
            if condition.uses.contains_key(&join.name) {
                for item in &found.matches.items {
                    absent(&join.name, item, condition);
                }
            }
        }
    }
    for condition in unknown {
        for (join, found) in check.joins.iter().zip(bound) {
            if !condition.uses.contains_key(&join.name) {
                continue;
            }
            reasons.extend(found.matches.gaps.iter().cloned().map(Reason::Gap));
            reasons.extend(found.matches.doubts.iter().cloned().map(|what| Reason::NotTold { what }));
            if join.related.one && found.matches.items.is_empty() && found.matches.gaps.is_empty() {
                reasons.insert(Reason::RelatedNotSeen { name: join.name.clone(), value: found.value.clone() });
            }
        }
    }
    if reasons.is_empty() {
        // The field is there, but something inside it is not.
        for condition in unknown {
            for (variable, fields) in condition.uses.iter().filter(|(variable, _)| *variable != "params") {
                for field in fields {
                    reasons.insert(Reason::FieldAbsent { field: format!("{variable}.{field}") });
                }
            }
        }
    }
    reasons.into_iter().collect()
}

/// A sentence with its places filled; what was not seen says so.
fn fill(template: &Template, resource: &Resource, check: &Compiled, bound: &[Bound<'_>], params: &Value) -> String {
    template
        .render(|path| Some(lookup(path, resource, check, bound, params).unwrap_or_else(|| "(not read)".to_owned())))
        .unwrap_or_default()
}

fn lookup(
    path: &[String],
    resource: &Resource,
    check: &Compiled,
    bound: &[Bound<'_>],
    params: &Value,
) -> Option<String> {
    let (root, rest) = path.split_first()?;
    let value = match root.as_str() {
        "resource" => &resource.data,
        "params" => params,
        name => {
            let at = check.joins.iter().position(|join| join.name == name)?;
            &bound.get(at)?.matches.items.first()?.data
        }
    };
    walk(value, rest).and_then(scalar_text)
}
