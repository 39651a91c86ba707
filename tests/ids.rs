//! No invented ids: whatever looks like an id of the rule, anywhere in the tree, is one. And the legal text is exact.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::controls::Controls;
use farwatch::model::catalog::{Catalog, Entry};
use farwatch::model::text::sha256_hex;
use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};

fn catalog() -> Catalog {
    Controls::load(None).unwrap_or_else(|problems| panic!("{problems}")).catalog
}

fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != ".git" && name != "bodies" {
            texts(&path, found);
        } else if name == "ids.rs" {
            // This file names ids that are none, on purpose.
        } else if ["rs", "md", "yaml", "hbs", "typ", "py", "toml"].iter().any(|end| name.ends_with(&format!(".{end}")))
        {
            found.push(path);
        }
    }
}

#[test]
fn every_id_in_the_tree_is_in_the_catalog() {
    let catalog = catalog();
    let shapes = [
        r"\b[A-Z]{2}\.L1-(?:b\.1\.[ivx]+|3\.\d+\.\d+)(?:\[[a-z]\]|\.[a-h]\b)?(?:/[a-z]+(?:-[a-z]+)+)?",
        r"\b(?:AC|IA|MP|PE|SC|SI)\.1\.\d{3}\b",
        r"52\.2(?:04-21|40-93)\(b\)\(1\)\([ivx]+\)",
    ];
    let mut files = Vec::new();
    texts(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    assert!(files.len() > 60, "the tree was not found");
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for shape in shapes {
            for found in Regex::new(shape).unwrap().find_iter(&text) {
                seen += 1;
                if catalog.resolve(found.as_str()).is_none() {
                    wrong.push(format!("{}: {}", path.display(), found.as_str()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 150, "only {seen} ids were seen");
}

#[test]
fn every_scheme_and_spelling_leads_to_one_requirement() {
    let catalog = catalog();
    let of = |id: &str| match catalog.resolve(id) {
        Some(Entry::Requirement(requirement)) => requirement.id.clone(),
        other => panic!("{id}: {other:?}"),
    };
    for id in [
        "sc.l1-3.13.1",
        "SC.L1-b.1.x",
        "52.204-21(b)(1)(x)",
        "FAR 52.204-21(B)(1)(X)",
        "far 52.240-93(b)(1)(x)",
        "SC.1.175",
        "3.13.1",
    ] {
        assert_eq!(of(id), "SC.L1-b.1.x", "{id}");
    }
    for id in ["PE.L1-3.10.3", "PE.L1-3.10.4", "pe.l1-3.10.5", "PE.1.132", "PE.1.133", "PE.1.134"] {
        assert_eq!(of(id), "PE.L1-b.1.ix", "{id}");
    }
    let objective = |id: &str| match catalog.resolve(id) {
        Some(Entry::Objective(_, objective)) => objective.id.clone(),
        other => panic!("{id}: {other:?}"),
    };
    for id in
        ["SC.L1-b.1.x[c]", "sc.l1-b.1.x.C", "SC.L1-3.13.1[c]", "3.13.1[c]", "52.204-21(b)(1)(x)[c]", "SC.1.175[c]"]
    {
        assert_eq!(objective(id), "SC.L1-b.1.x.c", "{id}");
    }
    // 3.10.5[a] is the fourth objective of (ix).
    assert_eq!(objective("PE.L1-3.10.5[a]"), "PE.L1-b.1.ix.d");
    assert_eq!(objective("3.10.5[a]"), "PE.L1-b.1.ix.d");
    let legacy: usize = catalog.requirements.iter().map(|requirement| requirement.legacy_ids.len()).sum();
    assert_eq!(legacy, 17);
    for nonsense in ["", "SC.L1-b.1.xvi", "SC.L1-3.13.2", "SC.L1-b.1.x[z]", "SC.L1-b.1.x.c/no-such", "x", "/"] {
        assert!(catalog.resolve(nonsense).is_none(), "{nonsense}");
    }
}

/// The digest of all legal text, taken when it was compared word by word with the clause and the guide. A changed
/// letter shows here.
#[test]
fn the_legal_text_is_exact() {
    let catalog = catalog();
    let mut all = String::new();
    for requirement in &catalog.requirements {
        all += &format!("{}\n{}\n{}\n", requirement.id, requirement.far, requirement.text);
        for objective in &requirement.objectives {
            all += &format!("{}\n{}\n{}\n", objective.id, objective.nist, objective.text);
        }
        all += &requirement.considerations.join("\n");
    }
    assert_eq!(sha256_hex(all.as_bytes()), "5b9799daa002f3771f59bb1029bff6c42620236b6846fe98707ac3f9ceb37ccc");
    let x = catalog.requirements.iter().find(|requirement| requirement.id == "SC.L1-b.1.x").unwrap();
    assert_eq!(
        x.text,
        "Monitor, control, and protect organizational communications (i.e., information transmitted or received by \
         organizational information systems) at the external boundaries and key internal boundaries of the information \
         systems."
    );
}

/// Nothing is MET on cloud reads alone: every objective concerns a place or a person that must speak first.
#[test]
fn no_objective_can_be_met_without_the_organisation() {
    use farwatch::model::catalog::EnvironmentKind::{Endpoints, Office, Saas};
    for (_, objective) in catalog().objectives() {
        let speaks = objective.aspects.iter().any(|aspect| {
            aspect.shown_by.iter().any(|(kind, how)| [Office, Endpoints, Saas].contains(kind) || how.needs_statement())
        });
        assert!(speaks, "{}", objective.id);
    }
}
