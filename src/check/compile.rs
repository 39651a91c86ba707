//! A check as its file says it → a check that can run, or everything that is wrong with it.

use super::expr::Condition;
use super::types::{Shape, Types};
use crate::model::check::{Check, Given, Related, WhenMissing};
use crate::model::finding::Outcome;
use crate::model::parameter::{ParameterKind, Parameters};
use crate::model::template::Template;
use std::collections::{BTreeMap, BTreeSet};

/// A check that can run.
#[derive(Debug)]
pub struct Compiled {
    /// As its file says it.
    pub check: Check,
    pub(super) not_applicable: Vec<Condition>,
    pub(super) asserts: Vec<Condition>,
    pub(super) joins: Vec<Join>,
    /// Variable → its fields that any part of the check looks at.
    pub(super) uses: BTreeMap<String, BTreeSet<String>>,
}

/// A related list, with its `is` taken apart.
#[derive(Debug)]
pub(super) struct Join {
    pub(super) name: String,
    pub(super) related: Related,
    /// The variable whose values are looked for, and the field.
    pub(super) root: String,
    pub(super) field: String,
}

/// Something wrong with a check file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// Text of the file near which it is, to find line and column by.
    pub near: String,
}

/// Compiles and lints a check.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn compile(
    check: Check,
    types: &Types,
    parameters: &Parameters,
    aspects: &dyn Fn(&str, &str) -> bool,
) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut problem = |what: String, near: &str| problems.push(Problem { what, near: near.to_owned() });
    let unknown_type = |kind: &str| {
        let hint = types.nearest(kind).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("no read gives the type `{kind}`{hint}")
    };
    if types.fields(&check.for_each).is_none() {
        problem(unknown_type(&check.for_each), &check.for_each);
    }
    let params = parameters
        .iter()
        .map(|(name, parameter)| {
            let shape = match parameter.kind {
                ParameterKind::Integer => Shape::Number,
                ParameterKind::IntegerList => Shape::List(Box::new(Shape::Number)),
                ParameterKind::Text => Shape::Text,
                ParameterKind::TextList => Shape::List(Box::new(Shape::Text)),
            };
            (name.clone(), shape)
        })
        .collect();
    let mut variables = BTreeMap::from([
        ("params".to_owned(), Shape::Params(params)),
        ("resource".to_owned(), Shape::Resource(check.for_each.clone())),
    ]);
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut joins = Vec::new();
    for (name, related) in &check.related {
        if types.fields(&related.kind).is_none() {
            problem(unknown_type(&related.kind), &related.kind);
        }
        if let Err(what) = Shape::Resource(related.kind.clone()).member(&related.field, types) {
            problem(what, &related.field);
        }
        match related.is.split_once('.') {
            Some((root, field)) if !field.contains('.') => {
                match variables.get(root) {
                    Some(Shape::Resource(kind)) => {
                        if let Err(what) = Shape::Resource(kind.clone()).member(field, types) {
                            problem(what, &related.is);
                        }
                    }
                    Some(Shape::List(element)) => {
                        if let Err(what) = element.member(field, types) {
                            problem(what, &related.is);
                        }
                    }
                    _ => problem(format!("`{root}` is not `resource` and no earlier related list"), &related.is),
                }
                uses.entry(root.to_owned()).or_default().insert(field.to_owned());
                joins.push(Join {
                    name: name.clone(),
                    related: related.clone(),
                    root: root.to_owned(),
                    field: field.to_owned(),
                });
            }
            _ => problem(format!("`is: {}` must be a variable, a dot and a field", related.is), &related.is),
        }
        if related.when_missing == WhenMissing::Fail && !related.one {
            problem("`when_missing` belongs to `one: true`".to_owned(), name);
        }
        if variables.contains_key(name) {
            problem(format!("the name `{name}` is taken"), name);
        }
        let shape = Shape::Resource(related.kind.clone());
        let shape = if related.one { shape } else { Shape::List(Box::new(shape)) };
        variables.insert(name.clone(), shape);
        uses.entry(name.clone()).or_default().insert(related.field.clone());
    }
    let mut condition = |source: &str, problems: &mut Vec<Problem>| match Condition::compile(source, types, &variables)
    {
        Ok(condition) => {
            for (name, fields) in &condition.uses {
                uses.entry(name.clone()).or_default().extend(fields.iter().cloned());
            }
            Some(condition)
        }
        Err(errors) => {
            problems.extend(errors.into_iter().map(|what| Problem { what, near: source.to_owned() }));
            None
        }
    };
    let mut more = Vec::new();
    let not_applicable: Vec<Condition> =
        check.not_applicable_when.iter().filter_map(|rule| condition(&rule.when, &mut more)).collect();
    let asserts: Vec<Condition> = check.assert.iter().filter_map(|rule| condition(&rule.that, &mut more)).collect();
    if check.assert.is_empty() {
        more.push(Problem {
            what: "`assert` is empty: a check must ask for something".to_owned(),
            near: "assert".to_owned(),
        });
    }
    for name in check.related.keys() {
        let looked_at = asserts.iter().chain(&not_applicable).any(|c| c.uses.contains_key(name))
            || joins.iter().any(|join| join.root == *name);
        if !looked_at && more.is_empty() {
            more.push(Problem { what: format!("nothing looks at `{name}`"), near: name.clone() });
        }
    }
    let messages = check.assert.iter().map(|rule| &rule.message).chain([&check.pass]);
    for template in messages.chain(&check.remediation.cli) {
        check_places(template, &variables, types, &mut more);
    }
    if let Some(cli) = &check.remediation.cli {
        check_quoting(cli, &mut more);
    }
    for mapping in &check.maps_to {
        for objective in &mapping.objectives {
            if !aspects(objective, &mapping.aspect) {
                let what = format!("the catalog has no aspect `{}` in objective `{objective}`", mapping.aspect);
                more.push(Problem { what, near: objective.clone() });
            }
        }
    }
    if check.maps_to.is_empty() {
        more.push(Problem {
            what: "`maps_to` is empty: a check must say what it is evidence for".to_owned(),
            near: "maps_to".to_owned(),
        });
    }
    check_tests(&check, parameters, &variables, types, &mut more);
    problems.extend(more);
    if problems.is_empty() { Ok(Compiled { check, not_applicable, asserts, joins, uses }) } else { Err(problems) }
}

/// Places of a sentence must be fields of one resource: `resource`, `params`, or a `one` join.
fn check_places(template: &Template, variables: &BTreeMap<String, Shape>, types: &Types, problems: &mut Vec<Problem>) {
    for place in template.places() {
        let mut shape = match place.first().and_then(|root| variables.get(root)) {
            Some(Shape::List(_)) => Err(format!("`{}` is a list; a sentence needs one value", place.join("."))),
            Some(shape) => Ok(shape.clone()),
            None => Err(format!("`{}` is not known here", place.join("."))),
        };
        for name in place.iter().skip(1) {
            shape = shape.and_then(|shape| shape.member(name, types));
        }
        if let Err(what) = shape {
            problems.push(Problem { what, near: place.join(".") });
        }
    }
}

/// Places in a command are quoted when they are filled; quotes around them, or a place at the start of a word (where a
/// value could become an option), would undo that.
fn check_quoting(cli: &Template, problems: &mut Vec<Problem>) {
    let text = cli.source();
    for place in cli.places() {
        let written = format!("{{{}}}", place.join("."));
        for (position, _) in text.match_indices(&written) {
            let before = &text[..position];
            let quotes = before.matches('\'').count() % 2 + before.matches('"').count() % 2;
            if quotes > 0 {
                let what = format!("{written} stands between quotes; places are quoted by farwatch");
                problems.push(Problem { what, near: written.clone() });
            }
            if before.is_empty() || before.ends_with(char::is_whitespace) {
                let what =
                    format!("{written} starts a word, where a value could become an option; write --option={written}");
                problems.push(Problem { what, near: written.clone() });
            }
        }
    }
}

/// A check must prove itself: pass, fail, unknown, and the empty list.
fn check_tests(
    check: &Check,
    parameters: &Parameters,
    variables: &BTreeMap<String, Shape>,
    types: &Types,
    problems: &mut Vec<Problem>,
) {
    let mut problem = |what: String, near: &str| problems.push(Problem { what, near: near.to_owned() });
    for wanted in [Outcome::Pass, Outcome::Fail, Outcome::Unknown] {
        if !check.tests.iter().any(|test| test.expect.values().any(|outcome| *outcome == wanted)) {
            problem(format!("no test expects `{}`", wanted.word()), "tests");
        }
    }
    let lists: Vec<&str> = check.related.values().map(|related| related.kind.as_str()).collect();
    let empty = |given: &Given| matches!(given, Given::All(items) if items.is_empty());
    let has_empty = check.tests.iter().any(|test| {
        test.given.iter().any(|(kind, given)| empty(given) && (lists.is_empty() || lists.contains(&kind.as_str())))
    });
    if !has_empty && variables.values().any(|shape| matches!(shape, Shape::List(_))) {
        problem("no test has the empty list: `all` over it is true".to_owned(), "tests");
    }
    for test in &check.tests {
        for name in test.params.keys().filter(|name| !parameters.contains_key(*name)) {
            problem(format!("test {:?}: there is no parameter `{name}`", test.name), name);
        }
        for (kind, given) in &test.given {
            let Some(fields) = types.fields(kind) else {
                problem(format!("test {:?}: no read gives the type `{kind}`", test.name), kind);
                continue;
            };
            let (Given::All(items) | Given::Cut { partial: items }) = given;
            for item in items {
                for name in item.keys().filter(|name| !fields.contains_key(*name)) {
                    problem(format!("test {:?}: {kind} has no field `{name}`", test.name), name);
                }
                if !item.contains_key("id") {
                    problem(format!("test {:?}: a {kind} has no id", test.name), kind);
                }
            }
        }
    }
}
