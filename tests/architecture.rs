//! Who may know whom. The rules are those of the crate's documentation; this test reads the imports.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Every source file: path below `src`, text without comments.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    assert!(found.len() > 40, "the sources were not found");
    let comment = Regex::new(r"(?m)//.*$").unwrap();
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap();
            (name, comment.replace_all(&text, "").into_owned())
        })
        .collect()
}

fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

#[test]
fn rooms_know_the_model_and_not_one_another() {
    let import = Regex::new(r"crate::([a-z_]+)").unwrap();
    let mut wrong = Vec::new();
    for (file, text) in files() {
        let own = room(&file);
        if matches!(own, "cli" | "packet" | "lib" | "main") {
            continue;
        }
        for found in import.captures_iter(&text) {
            let other = &found[1];
            let allowed = other == own || other == "model" && own != "model";
            if !allowed {
                wrong.push(format!("{file} imports crate::{other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing outside `places` may hold `pattern`.
fn only_in(pattern: &str, places: &[&str]) {
    let pattern = Regex::new(pattern).unwrap();
    let wrong: Vec<String> = files()
        .into_iter()
        .filter(|(file, text)| !places.iter().any(|place| file.starts_with(place)) && pattern.is_match(text))
        .map(|(file, _)| file)
        .collect();
    assert!(wrong.is_empty(), "{pattern} stands in {}", wrong.join(", "));
}

#[test]
fn libraries_stop_where_they_are_meant_to() {
    only_in(r"\bcel::", &["check/expr.rs", "check/view.rs"]);
    only_in(r"\btypst(_pdf|_layout)?::", &["report/pdf.rs"]);
    only_in(r"\baws_[a-z_]+::", &["collect/aws/", "collect/azure/credential.rs", "packet/sign.rs", "cli/job.rs"]);
    only_in(r"\b(azure_(core|identity)|reqwest|rustls_pki_types)::", &["collect/azure/"]);
    only_in(r"\bhandlebars::", &["report/ssp.rs"]);
    only_in(r"\b(anyhow|clap|indicatif|anstream)::", &["cli/"]);
}

#[test]
fn the_inner_rooms_touch_no_clock_and_no_file() {
    only_in(r"(Timestamp|SystemTime|Instant)::now", &["cli/", "collect/"]);
    only_in(r"\bstd::fs\b|\bFile::", &["cli/", "controls/", "evidence/", "organisation/files.rs", "packet/sign.rs"]);
    only_in(r"\bstd::env\b", &["cli/"]);
    only_in(r"\bprintln!|\beprintln!", &[]);
}
