//! The values that conditions compare with, beside the enumerations of botocore's models.

use super::Wrong;
use super::answers::{Known, Types};
use farwatch::controls::Controls;
use farwatch::model::check::Check;
use farwatch::model::provider::ACTIVE;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::sync::OnceLock;

/// Where a name in a condition leads.
enum Target<'a> {
    /// A resource of this type.
    Type(&'a str),
    /// A field, as each read that gives it knows it.
    Field(Vec<&'a Known>),
    /// Something that has no model: parameters, ids.
    Open,
}

pub(super) fn compare(controls: &Controls, types: &Types, wrong: &mut BTreeSet<Wrong>) {
    let name = r"([A-Za-z_]\w*(?:\.\w+)*)";
    let word = r#"(?:"([^"]*)"|'([^']*)')"#;
    let comparisons: Vec<(Regex, bool)> =
        [(format!(r"{name}\s*[!=]=\s*{word}"), true), (format!(r"{word}\s*(?:[!=]=|\bin\b)\s*{name}"), false)]
            .into_iter()
            .map(|(pattern, name_first)| (Regex::new(&pattern).unwrap(), name_first))
            .collect();
    let lists = Regex::new(&format!(r"{name}\s+in\s+\[([^\]]*)\]")).unwrap();
    let words = Regex::new(word).unwrap();
    for check in controls.checks.iter().filter(|check| check.provider == "aws") {
        let texts =
            check.not_applicable_when.iter().map(|one| &one.when).chain(check.assert.iter().map(|one| &one.that));
        for text in texts {
            for (pattern, name_first) in &comparisons {
                for found in pattern.captures_iter(text) {
                    let groups: Vec<&str> = found.iter().skip(1).flatten().map(|group| group.as_str()).collect();
                    let (path, value) = if *name_first { (groups[0], groups[1]) } else { (groups[1], groups[0]) };
                    judge(check, types, (text, found.get(0).unwrap().start()), path, value, wrong);
                }
            }
            for found in lists.captures_iter(text) {
                for value in words.captures_iter(&found[2]) {
                    let value = value.iter().skip(1).flatten().next().map_or("", |group| group.as_str());
                    judge(check, types, (text, found.get(0).unwrap().start()), &found[1], value, wrong);
                }
            }
        }
    }
    boundaries(controls, types, wrong);
    // The word by which a run knows the accounts that are in use.
    let accounts = &controls.reads.provider.accounts;
    let status = controls.reads.get(accounts).and_then(|read| types.get(read.gives()?)?.get("status"));
    if let Some(what) = status.and_then(|known| refuses(&known.iter().collect::<Vec<_>>(), ACTIVE)) {
        wrong.insert(Wrong { of: accounts.clone(), place: "status".to_owned(), what });
    }
}

/// The rules of `boundary` compare too, and so does what a call is made for.
fn boundaries(controls: &Controls, types: &Types, wrong: &mut BTreeSet<Wrong>) {
    for read in &controls.reads.reads {
        let of = |kind: Option<&str>| kind.and_then(|kind| types.get(kind));
        let points = read.boundary.iter().flat_map(|rule| &rule.when).map(|rule| (rule, of(read.gives())));
        let asked = read.when.iter().map(|rule| (rule, of(read.made_for())));
        for ((field, wanted), fields) in points.chain(asked) {
            let Some(fields) = fields else { continue };
            for value in wanted.iter().map(farwatch::model::template::Template::source) {
                if value.contains(['*', '?', '{']) {
                    continue;
                }
                if let Some(what) =
                    fields.get(field).and_then(|known| refuses(&known.iter().collect::<Vec<_>>(), value))
                {
                    wrong.insert(Wrong { of: read.id.clone(), place: format!("boundary {field} {value:?}"), what });
                }
            }
        }
    }
}

/// Why none of the reads that give a field can give this value.
fn refuses(known: &[&Known], value: &str) -> Option<String> {
    let mut all = BTreeSet::new();
    for one in known {
        if one.words.contains(value) {
            return None;
        }
        all.extend(one.values.clone()?);
    }
    (!known.is_empty() && !all.contains(value)).then(|| format!("{value:?} is not among {all:?}"))
}

fn judge(check: &Check, types: &Types, at: (&str, usize), path: &str, value: &str, wrong: &mut BTreeSet<Wrong>) {
    let mut note = |what: String| {
        wrong.insert(Wrong { of: check.id.clone(), place: format!("{path} {value:?}"), what });
    };
    match target(check, types, at, path) {
        Ok(Target::Field(known)) => {
            if let Some(what) = refuses(&known, value) {
                note(what);
            }
        }
        Ok(Target::Open | Target::Type(_)) => {}
        // A derived field holds our own words, or those that it takes over: the derivation has them in quotes.
        Err(what) if what.ends_with("it is derived") && derivations().contains(&format!("{value:?}")) => {}
        Err(what) => note(what),
    }
}

/// The sources of all derivations.
fn derivations() -> &'static str {
    static ALL: OnceLock<String> = OnceLock::new();
    ALL.get_or_init(|| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/derive");
        let files = super::emulators::files(&folder).into_iter();
        files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
    })
}

/// Follows a dotted name: `t.selectors`, where `t` may be bound by a macro around it.
fn target<'a>(check: &'a Check, types: &'a Types, (text, at): (&str, usize), path: &str) -> Result<Target<'a>, String> {
    let mut steps = path.split('.');
    let first = steps.next().unwrap_or_default();
    let mut here = if let Some((collection, start)) = bound(text, at, first) {
        target(check, types, (text, start), &collection)?
    } else if first == "resource" {
        Target::Type(&check.for_each)
    } else if let Some(related) = check.related.get(first) {
        Target::Type(&related.kind)
    } else if first == "params" {
        Target::Open
    } else {
        return Err(format!("the oracle does not know `{first}`"));
    };
    for step in steps {
        here = match here {
            Target::Open => Target::Open,
            Target::Type(_) if matches!(step, "id" | "account" | "region") => Target::Open,
            Target::Type(kind) => {
                let fields = types.get(kind).ok_or_else(|| format!("no read gives {kind}: it is derived"))?;
                let known = fields.get(step).ok_or_else(|| format!("no read gives {kind} `{step}`: it is derived"))?;
                Target::Field(known.iter().collect())
            }
            Target::Field(known) if step == "at" && known.iter().all(|one| one.is_time) => Target::Field(known),
            Target::Field(known) => {
                let inner: Vec<&Known> = known.iter().filter_map(|one| one.of.get(step)).collect();
                if inner.is_empty() { Target::Open } else { Target::Field(inner) }
            }
        };
    }
    Ok(here)
}

/// The innermost macro around a place that binds this name: its collection, and where that stands.
fn bound(text: &str, at: usize, name: &str) -> Option<(String, usize)> {
    static MACROS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"([A-Za-z_][\w.]*)\.(?:exists|all|exists_one|filter|map)\(\s*(\w+)\s*,").unwrap());
    MACROS
        .captures_iter(text)
        .filter(|found| &found[2] == name)
        .map(|found| (found[1].to_owned(), found.get(0).unwrap()))
        .filter(|(_, whole)| whole.end() <= at && is_open(&text[whole.end()..at]))
        .map(|(collection, whole)| (collection, whole.start()))
        .last()
}

/// Does a text leave the parenthesis open that stands before it?
fn is_open(text: &str) -> bool {
    let mut depth = 1;
    text.chars().all(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth > 0
    })
}
