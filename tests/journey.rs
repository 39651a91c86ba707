//! The way of a new user: from `init` to the SPRS sheet, with everything that can be said wrong on the way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder to work in, and what the command says there.
struct Desk(TempDir);

/// Exit code, standard output, standard error.
type Said = (Option<i32>, String, String);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.say_with(arguments, "")
    }

    /// In the organisation's folder, with these lines as standard input.
    fn say_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_farwatch"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// A run with a recorded collection in it.
    fn run(&self, name: &str, recorded: &str) -> PathBuf {
        let target = self.path(name);
        copy(&here(recorded).join("collection"), &target.join("collection"));
        target
    }

    fn replace(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(old), "{name} has no {old:?}:\n{text}");
        fs::write(self.path(name), text.replace(old, new)).unwrap();
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

const READY: &str = "tests/fixtures/organisations/ready";
const MENDED: &str = "tests/recorded/mended";

#[test]
fn from_init_to_the_first_statement_that_counts() {
    let desk = Desk::new();
    let answers =
        "Hallmark Machining LLC\n8hmx4\nAda Okafor\n210987654321\nnone\nNone.\nMain office, shop\nCompany laptops\n\n";
    let (code, out, err) = desk.say_with(&["init"], answers);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(err.matches('?').count(), 9, "nine questions: {err}");
    assert!(out.contains("farwatch statement list"), "{out}");
    // Who does not know has not said that there is none.
    assert!(out.contains("Not declared yet: Software as a service."), "{out}");
    let config = fs::read_to_string(desk.path("farwatch.yaml")).unwrap();
    for line in [
        "name: \"Hallmark Machining LLC\"",
        "cage_codes: [\"8HMX4\"]",
        "- { id: \"210987654321\" }",
        "- { id: \"main-office\", name: \"Main office\" }",
        "- { id: \"shop\", name: \"shop\" }",
        "azure: { none: \"We have none.\" }",
        "entra: { none: \"We have none.\" }",
        "  # saas:\n",
    ] {
        assert!(config.contains(line), "{line} in {config}");
    }
    // Answers are data: nothing in them can become YAML.
    let hostile = Desk::new();
    let (code, _, err) = hostile.say_with(&["init", "--name", "x\"\nsystem: {evil: 1}\n#"], &"a: b\n".repeat(9));
    assert!(code == Some(0) || err.contains("--> farwatch.yaml"), "{err}");
    let config = fs::read_to_string(hostile.path("farwatch.yaml")).unwrap();
    assert!(config.contains("name: \"x\\\"\\nsystem: {evil: 1}\\n#\""), "{config}");
    // Nobody is there.
    let (code, _, err) = Desk::new().say(&["init"]);
    assert!(code == Some(2) && err.contains("--yes"), "{err}");

    // What is needed, and a draft of the first.
    let (code, list, _) = desk.say(&["statement", "list"]);
    assert_eq!(code, Some(0));
    assert!(
        list.contains("AC.L1-b.1.i.a/users-listed") && list.contains("missing: AWS account 210987654321, Main office")
    );
    let (code, out, err) = desk.say(&["statement", "new", "ac.l1-3.1.1[a]", "--environment", "office"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("statements/AC.L1-b.1.i.a.md"), "{out}");
    let text = fs::read_to_string(desk.path("statements/AC.L1-b.1.i.a.md")).unwrap();
    assert!(text.contains("\u{201c}authorized users are identified\u{201d}"), "the rule is quoted: {text}");
    assert!(
        text.contains("An assessor would ask:") && text.contains("status: draft") && !text.contains("aws:"),
        "{text}"
    );
    // The draft loads, and counts for nothing.
    let (code, out, _) = desk.say(&["doctor", "organisation"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("0 of 1 statements"), "{out}");
    let row = |desk: &Desk| -> Value {
        let (_, json, _) = desk.say(&["statement", "list", "--json"]);
        let rows: Value = serde_json::from_str(&json).unwrap();
        let mut rows = rows.as_array().unwrap().iter();
        let wanted = |row: &&Value| row["aspect"] == "users-listed" && row["environment"] == "office:main-office";
        rows.find(wanted).unwrap().clone()
    };
    assert_eq!(row(&desk)["counts"], false);
    assert!(row(&desk)["state"].as_str().unwrap().contains("is a draft"));
    // Final without a text: it says so, with file and line, and does not count.
    desk.replace("statements/AC.L1-b.1.i.a.md", "status: draft", "status: final");
    let (code, out, _) = desk.say(&["doctor", "organisation"]);
    assert!(code == Some(1) && out.contains("statements/AC.L1-b.1.i.a.md: it has no text"), "{out}");
    let mut text = fs::read_to_string(desk.path("statements/AC.L1-b.1.i.a.md")).unwrap();
    text += "\nAda keeps the list of users in the safe.\n";
    fs::write(desk.path("statements/AC.L1-b.1.i.a.md"), text).unwrap();
    assert_eq!(row(&desk)["counts"], true);
    // It is not written over.
    let (code, _, err) = desk.say(&["statement", "new", "AC.L1-b.1.i.a", "--environment", "office"]);
    assert!(code == Some(2) && err.contains("is left as it is"), "{err}");
    for wrong in [
        vec!["statement", "new", "XX.1"],
        vec!["statement", "new", "AC.L1-b.1.i.a", "--environment", "nowhere"],
        vec!["statement", "new", "AC.L1-b.1.i.a", "--kind", "opinion"],
    ] {
        let (code, _, err) = desk.say(&wrong);
        assert!(code == Some(2) && err.contains("\nerror: "), "{wrong:?}: {err}");
    }
}

#[test]
fn every_draft_loads_whatever_it_is_about() {
    let desk = Desk::new();
    copy(&here(READY), desk.0.path());
    fs::remove_dir_all(desk.path("statements")).unwrap();
    fs::remove_dir_all(desk.path("exceptions")).unwrap();
    let (_, list, _) = desk.say(&["explain", "SC.L1-b.1.x", "--json"]);
    assert!(list.contains("SC.L1-b.1.x.c"));
    for id in ["AC.L1-b.1.i", "PE.L1-b.1.ix", "SC.L1-b.1.x", "SI.L1-b.1.xv.c", "IA.L1-b.1.vi.a/authenticated"] {
        for kind in ["attestation", "drill", "siem", "inheritance", "alternative_implementation", "not_applicable"] {
            let (code, _, err) = desk.say(&["statement", "new", id, "--kind", kind]);
            // Not everything can be inherited; then it says so.
            assert!(code == Some(0) || kind == "inheritance" && err.contains("no declared environment fits"), "{err}");
        }
    }
    let (code, out, _) = desk.say(&["doctor", "organisation"]);
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn from_the_boundary_that_was_found_to_the_one_that_is_declared() {
    let desk = Desk::new();
    copy(&here(READY), desk.0.path());
    let run = desk.run("run", MENDED);
    let run = run.to_str().unwrap();
    fs::remove_file(desk.path("boundary.yaml")).unwrap();
    let (code, _, err) = desk.say(&["assess", run, "--no-pdf"]);
    assert_eq!(code, Some(11), "{err}");
    let (_, told, _) = desk.say(&["explain", "SC.L1-b.1.x.a/boundary-defined", "--run", run]);
    assert!(told.contains("the organisation has not declared its boundary"), "{told}");
    let (code, draft, _) = desk.say(&["boundary", run, "--draft"]);
    assert_eq!(code, Some(0));
    // The draft has no purposes, and is refused until a person gives them.
    fs::write(desk.path("boundary.yaml"), &draft).unwrap();
    let (code, out, _) = desk.say(&["doctor", "organisation"]);
    assert!(code == Some(1) && out.contains("boundary.yaml:") && out.contains("needs a name and a purpose"), "{out}");
    // And the description is not yet somebody's own.
    fs::write(desk.path("boundary.yaml"), draft.replace("purpose: \"\"", "purpose: it is needed")).unwrap();
    let (code, out, _) = desk.say(&["doctor", "organisation"]);
    assert!(code == Some(1) && out.contains("still that of the template"), "{out}");
    let draft = draft.replace("Describe in a few sentences", "We describe");
    fs::write(desk.path("boundary.yaml"), draft.replace("purpose: \"\"", "purpose: it is needed")).unwrap();
    let (code, out, _) = desk.say(&["assess", run, "--no-pdf"]);
    assert_eq!(code, Some(0), "{out}");
    // One point taken out: it fails by name.
    let (_, json, _) = desk.say(&["boundary", run, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let points = json["points"].as_array().unwrap();
    let gateway = points.iter().find(|point| point["kind"] == "internet gateway" && point["in_use"] == true).unwrap();
    let id = gateway["id"].as_str().unwrap();
    desk.replace("boundary.yaml", &format!("id: \"{id}\""), "id: \"igw-another\"");
    let (code, out, _) = desk.say(&["assess", run, "--no-pdf"]);
    assert_eq!(code, Some(10), "{out}");
    assert!(out.contains(id) && out.contains("NOT MET      SC.L1-b.1.x "), "{out}");
    let (_, told, _) = desk.say(&["boundary", run]);
    assert!(told.contains(&format!("not declared: internet gateway {id}")), "{told}");
    assert!(told.contains("Declared and not found"), "{told}");
}

#[test]
fn sprs_refuses_until_everything_is_met_and_never_affirms() {
    let desk = Desk::new();
    copy(&here(READY), desk.0.path());
    let run = desk.run("run", MENDED);
    let run = run.to_str().unwrap();
    assert_eq!(desk.say(&["assess", run, "--no-pdf"]).0, Some(0));
    let (code, sheet, _) = desk.say(&["sprs", run]);
    assert_eq!(code, Some(0), "{sheet}");
    for words in
        ["CMMC Level ", "CMMC Status Date", "CMMC Assessment Scope", "CAGE codes", "Compliance result", "secondary"]
    {
        assert!(sheet.contains(words), "{words}: {sheet}");
    }
    assert!(sheet.contains("farwatch enters and affirms nothing"), "{sheet}");
    let (_, json, _) = desk.say(&["sprs", run, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["affirmed"], false);
    assert_eq!(json["rule"].as_object().unwrap().len(), 5, "what 32 CFR 170.15(a)(1)(i) names, and no more");
    // One statement expires: what is missing is named, and the exit code is that of the assessment.
    desk.replace("statements/access-list.md", "status: final", "status: draft");
    assert_eq!(desk.say(&["assess", run, "--no-pdf"]).0, Some(11));
    let (code, out, _) = desk.say(&["sprs", run]);
    assert_eq!(code, Some(11));
    assert!(out.contains("AC.L1-b.1.i[a] is NOT ASSESSED") && !out.contains("CAGE codes "), "{out}");
    // A broken file: nobody knows what it says.
    desk.replace("statements/access-list.md", "status: draft", "status: final");
    fs::write(desk.path("statements/broken.md"), "---\nkind: [\n").unwrap();
    let (code, _, err) = desk.say(&["assess", run, "--no-pdf"]);
    assert_eq!(code, Some(11), "{err}");
    assert!(err.contains("not counted: statements/broken.md:"), "{err}");
    let (code, out, _) = desk.say(&["sprs", run]);
    assert!(code == Some(11) && out.contains("statements/broken.md"), "{out}");
    // The same without an organisation.
    let bare = Desk::new();
    let run = bare.run("run", MENDED);
    assert_eq!(bare.say(&["assess", run.to_str().unwrap(), "--no-pdf"]).0, Some(11));
    let (code, out, _) = bare.say(&["sprs", run.to_str().unwrap()]);
    assert!(code == Some(11) && out.contains("without an organisation file"), "{out}");
}

#[test]
fn explain_tells_the_whole_chain_and_who_can_change_it() {
    let desk = Desk::new();
    copy(&here("src/cli/demo/organisation"), desk.0.path());
    let run = desk.run("run", "src/cli/demo");
    let run = run.to_str().unwrap();
    assert_eq!(desk.say(&["assess", run, "--no-pdf"]).0, Some(10));
    let (code, told, _) = desk.say(&["explain", "SC.L1-b.1.x", "--run", run]);
    assert_eq!(code, Some(0));
    for words in [
        "Monitor, control, and protect organizational communications",
        "rests on the guide's words",
        "would change it · Jo Reyes (engineer): mend F-",
        "would change it · ",
        "aws-vpc-flow-log-all-traffic",
        "temporary deficiency",
        "stated in ",
    ] {
        assert!(told.contains(words), "{words:?} in {told}");
    }
    // A finding: what was asked, what was answered.
    let id = told.split("mend F-").nth(1).map(|rest| format!("F-{}", &rest[..12])).unwrap();
    let (code, told, _) = desk.say(&["explain", &id, "--run", run]);
    assert_eq!(code, Some(0));
    assert!(told.contains("What was asked, and what was answered") && told.contains("E-"), "{told}");
    // A statement and an exception, by id; and all of it for machines.
    for folder in ["statements", "exceptions"] {
        let file = fs::read_dir(desk.path(folder))
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.file_name().is_some_and(|name| name != "README.md"));
        let id = file.unwrap().file_stem().unwrap().to_str().unwrap().to_owned();
        let (code, told, err) = desk.say(&["explain", &id, "--run", run]);
        assert_eq!(code, Some(0), "{err}");
        assert!(told.contains("Approved by") && told.contains("SHA-256"), "{told}");
    }
    let (_, json, _) = desk.say(&["explain", "SC.L1-b.1.x.c", "--run", run, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["judged"][0]["printed"], "SC.L1-b.1.x[c]");
}

/// What the files say is part of the assessment: it can be re-performed from the run alone, and altering it is noticed.
#[test]
fn a_run_holds_what_the_organisation_said() {
    let desk = Desk::new();
    copy(&here(READY), desk.0.path());
    let run = desk.run("run", MENDED);
    assert_eq!(desk.say(&["assess", run.to_str().unwrap(), "--no-pdf"]).0, Some(0));
    // The files are gone; the run still tells all.
    let away = Desk::new();
    let (code, _, err) = away.say(&["report", run.to_str().unwrap(), "--no-pdf"]);
    assert_eq!(code, Some(0), "{err}");
    let newest = fs::read_to_string(run.join("assessments/NEWEST")).unwrap();
    let kept = run.join("assessments").join(newest.trim()).join("organisation.json");
    let text = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, text.replace("Ada Okafor", "Eve Okafor")).unwrap();
    let (code, _, err) = away.say(&["report", run.to_str().unwrap(), "--no-pdf"]);
    assert!(code == Some(1) && err.contains("does not follow from the stored evidence"), "{err}");
}

#[test]
fn the_schemas_of_the_files_hold() {
    let desk = Desk::new();
    let schema = |name: &str| -> Value {
        let (code, out, _) = desk.say(&["schema", name]);
        assert_eq!(code, Some(0));
        serde_json::from_str(&out).unwrap()
    };
    let yaml = |path: &Path| -> Value { serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
    for folder in [READY, "src/cli/demo/organisation"] {
        for (name, file) in [("organisation", "farwatch.yaml"), ("boundary", "boundary.yaml")] {
            let validator = jsonschema::validator_for(&schema(name)).unwrap();
            let value = yaml(&here(folder).join(file));
            let wrong: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{folder}/{file}: {wrong:?}");
            assert!(!validator.is_valid(&serde_json::json!({ "unknown": 1 })));
        }
        let heads = jsonschema::validator_for(&schema("statement")).unwrap();
        for entry in fs::read_dir(here(folder).join("statements")).unwrap().flatten() {
            let text = fs::read_to_string(entry.path()).unwrap();
            let Some(head) = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) else { continue };
            let value: Value = serde_saphyr::from_str(head.0).unwrap();
            let wrong: Vec<String> = heads.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", entry.path().display());
        }
        let exceptions = jsonschema::validator_for(&schema("exception")).unwrap();
        for entry in fs::read_dir(here(folder).join("exceptions")).unwrap().flatten() {
            if entry.path().extension().is_some_and(|end| end == "yaml") {
                let value = yaml(&entry.path());
                let wrong: Vec<String> = exceptions.iter_errors(&value).map(|error| error.to_string()).collect();
                assert!(wrong.is_empty(), "{}: {wrong:?}", entry.path().display());
            }
        }
    }
}
