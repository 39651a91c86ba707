//! Ways in which an organisation's files might claim more than they show: each is closed, and stays closed.
//!
//! Every case takes the organisation that is ready to affirm, changes its files as somebody in a hurry might, and judges
//! it over a recorded account.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod worlds;

use farwatch::evidence::Collection;
use farwatch::model::assessment::Status;
use farwatch::packet::judge::Judged;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use worlds::{World, here};

/// The ready organisation in a folder of its own.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&here("tests/fixtures/organisations/ready"), folder.path());
        Self(folder)
    }

    fn remove(self, names: &[&str]) -> Self {
        for name in names {
            fs::remove_file(self.0.path().join(name)).unwrap();
        }
        self
    }

    fn write(self, name: &str, text: &str) -> Self {
        fs::write(self.0.path().join(name), text).unwrap();
        self
    }

    fn with(self, name: &str, old: &str, new: &str) -> Self {
        let text = fs::read_to_string(self.0.path().join(name)).unwrap();
        assert!(text.contains(old), "{name} has no {old:?}");
        self.write(name, &text.replacen(old, new, 1))
    }

    /// Over the account in which everything is mended.
    fn mended(&self) -> Judged {
        self.judge(&here("tests/recorded/mended"))
    }

    /// Over the account half way.
    fn half_way(&self) -> Judged {
        self.judge(&here("src/cli/demo"))
    }

    fn judge(&self, collection: &Path) -> Judged {
        let organisation = worlds::load(self.0.path()).unwrap_or_else(|problems| panic!("{problems}"));
        World { collection: Collection::open(collection).unwrap(), organisation }.judge()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn status(judged: &Judged, id: &str) -> Status {
    let objectives = judged.assessment.requirements.iter().flat_map(|requirement| &requirement.objectives);
    objectives.into_iter().find(|objective| objective.id == id).unwrap_or_else(|| panic!("{id}")).status
}

fn told(judged: &Judged) -> Vec<String> {
    judged.assessment.problems.iter().map(farwatch::model::organisation::FileProblem::sentence).collect()
}

fn statement(kind: &str, answers: &str, more: &str) -> String {
    format!(
        "---\nkind: {kind}\nanswers: [{answers}]\nowner: t.lindqvist\napprover: m.hall\ndate: 2026-11-01\n\
         expires: 2027-10-31\nstatus: final\n{more}---\n# It\n\nIt is done in another way.\n"
    )
}

fn exception(more: &str) -> String {
    format!(
        "kind: enduring_exception\ntitle: It\nowner: t.lindqvist\napprover: m.hall\nstart: 2026-11-01\nexpires: 2027-10-31\n\
         status: final\nreason: It cannot.\nreopens_when: It can.\nmitigations: [Something else is done.]\n{more}"
    )
}

#[test]
fn as_it_is_everything_is_met() {
    let all = Files::new().mended();
    assert_eq!(told(&all), Vec::<String>::new());
    assert!(all.assessment.requirements.iter().all(|requirement| requirement.status == Status::Met));
}

#[test]
fn an_alternative_implementation_answers_only_what_the_replaced_check_looks_for() {
    let visitors = ["statements/visitors.md", "statements/keys.md"];
    let more = "environments: [all]\nreplaces: [aws-vpc-flow-log-all-traffic]\n";
    let all = Files::new()
        .remove(&visitors)
        .write("statements/other.md", &statement("alternative_implementation", "PE.L1-b.1.ix", more))
        .mended();
    assert_eq!(status(&all, "PE.L1-b.1.ix.a"), Status::NotAssessed);
    assert!(told(&all)[0].contains("says nothing about what this statement answers"), "{:?}", told(&all));
    // Flow logs say nothing about alerts.
    let all = Files::new()
        .remove(&["statements/detection-service.md"])
        .write("statements/other.md", &statement("alternative_implementation", "SC.L1-b.1.x", more))
        .mended();
    assert_eq!(status(&all, "SC.L1-b.1.x.c"), Status::NotAssessed);
    assert!(told(&all)[0].contains("no check that it replaces looks for the means of"), "{:?}", told(&all));
}

#[test]
fn other_means_do_not_undo_what_was_found() {
    let more = "environments: [aws]\nreplaces: [aws-load-balancer-listeners-encrypted]\n";
    let files = Files::new()
        .write("statements/other.md", &statement("alternative_implementation", "SC.L1-b.1.x.g/protected", more));
    let all = files.half_way();
    assert_eq!(status(&all, "SC.L1-b.1.x.g"), Status::NotMet);
    assert!(!told(&all).is_empty());
}

#[test]
fn an_organization_that_this_run_did_not_list_stays_open() {
    let all = Files::new()
        .with("farwatch.yaml", "  aws:\n", "  aws:\n    organization: true\n    role_name: farwatch-audit\n")
        .mended();
    assert_eq!(status(&all, "SC.L1-b.1.x.c"), Status::NotAssessed);
    let open = all.assessment.environments.iter().find(|environment| environment.id == "aws:not-listed").unwrap();
    assert!(open.open.as_deref().unwrap().contains("did not ask for the accounts"), "{open:?}");
}

#[test]
fn a_part_of_a_requirement_does_not_answer_the_whole() {
    let all = Files::new()
        .remove(&["statements/visitors.md", "statements/keys.md"])
        .write("statements/other.md", &statement("attestation", "PE.L1-3.10.3", "environments: [office]\n"))
        .mended();
    for letter in ["a", "c", "d", "f"] {
        assert_eq!(status(&all, &format!("PE.L1-b.1.ix.{letter}")), Status::NotAssessed);
    }
}

#[test]
fn a_pattern_that_fits_everything_covers_nothing() {
    for (checks, resources) in [
        ("\"aws-*\"", "\"*-*\", \"*?p*\""),
        ("aws-vpc-flow-log-all-traffic", "\"vpc-*\""),
        ("aws-load-balancer-listeners-encrypted, aws-internet-ports-authorized", "\"quote-*\", \"sg-*\""),
    ] {
        let text = exception(&format!("checks: [{checks}]\nresources: [{resources}]\naccounts: [\"210987654321\"]\n"));
        let all = Files::new().write("exceptions/all.yaml", &text).half_way();
        assert_eq!(status(&all, "SC.L1-b.1.x.e"), Status::NotMet, "{checks}");
        assert!(!told(&all).is_empty(), "{checks}");
    }
}

#[test]
fn a_point_that_nobody_declared_cannot_be_excepted() {
    let text = exception("checks: [\"*external-boundary*\"]\nresources: [us-east-1]\naccounts: [\"210987654321\"]\n");
    let gateway = "    id: igw-a6386ad8f5c75af93\n";
    let files = Files::new().write("exceptions/all.yaml", &text);
    let all = files.with("boundary.yaml", gateway, "    id: igw-00000000000000000\n").mended();
    assert_eq!(status(&all, "SC.L1-b.1.x.a"), Status::NotMet);
    assert!(told(&all).iter().any(|text| text.contains("allows no exception")), "{:?}", told(&all));
}

#[test]
fn an_account_leaves_the_scope_by_its_own_rule_only() {
    let before = Files::new().half_way();
    assert_eq!(status(&before, "SC.L1-b.1.x.c"), Status::NotMet);
    for rule in ["{ type: aws.account, id: \"210987654321\", reason: r }", "{ id: \"*54321\", reason: r }"] {
        let all = scoped(&format!("out: [{rule}]")).half_way();
        assert_eq!(status(&all, "SC.L1-b.1.x.c"), Status::NotMet, "{rule}");
    }
}

fn is_out(judged: &Judged, id: &str) -> bool {
    judged.scoped.out.keys().any(|key| key.id == id)
}

/// With this scope.
fn scoped(scope: &str) -> Files {
    let files = Files::new();
    let text = fs::read_to_string(files.0.path().join("farwatch.yaml")).unwrap();
    let kept: Vec<&str> = text.split_inclusive('\n').collect();
    let start = kept.iter().position(|line| line.starts_with("scope:"));
    let text = match start {
        None => text,
        Some(start) => {
            let rest = kept.iter().skip(start + 1).position(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()));
            let end = rest.map_or(kept.len(), |rest| start + 1 + rest);
            kept[..start].concat() + &kept[end..].concat()
        }
    };
    files.write("farwatch.yaml", &format!("{text}\nscope:\n  {scope}\n"))
}

#[test]
fn a_tag_of_fci_keeps_in_scope_what_lies_in_something_that_is_out() {
    let vpc = "out: [{ id: vpc-c5723ad3e539e0d25, reason: r }]";
    let all = scoped(vpc).half_way();
    assert!(is_out(&all, "igw-a6386ad8f5c75af93"));
    let tagged = format!("{vpc}\n  fci_tags: [{{ key: Name, value: development-internet }}]");
    let all = scoped(&tagged).half_way();
    assert!(!is_out(&all, "igw-a6386ad8f5c75af93"));
    assert!(
        all.assessment.warnings.iter().any(|one| one.what.contains("igw-a6386ad8f5c75af93 is tagged as holding FCI"))
    );
}

#[test]
fn a_drill_that_says_no_answers_nothing_by_exception() {
    let text = exception("answers: [PE.L1-b.1.ix.a]\nenvironments: [office]\n");
    let all = Files::new()
        .write("exceptions/drill.yaml", &text)
        .with("statements/visitors.md", "kind: attestation", "kind: drill\nholds: false")
        .mended();
    assert_eq!(status(&all, "PE.L1-b.1.ix.a"), Status::NotAssessed);
}

#[test]
fn a_statement_that_cannot_be_read_leaves_open_what_it_is_about() {
    let broken = statement("attestation", "PE.L1-b.1.ix.a", "environments: [office]\nholds: false\nholdz: 1\n");
    let all = Files::new().write("statements/broken.md", &broken).mended();
    assert_eq!(status(&all, "PE.L1-b.1.ix.a"), Status::NotAssessed);
    assert_eq!(status(&all, "PE.L1-b.1.ix.d"), Status::Met);
}
