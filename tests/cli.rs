//! The command line as a person meets it: exit codes, bad input, machine output.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Exit code, standard output, standard error, with no account and no network in reach.
fn farwatch(arguments: &[&str]) -> (Option<i32>, String, String) {
    farwatch_with(arguments, &[])
}

fn farwatch_with(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn nothing_asked_is_no_success() {
    let (code, out, err) = farwatch(&[]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.lines().count() <= 25, "{err}");
    for command in ["demo", "audit", "explain", "assess", "policy"] {
        assert!(err.contains(command), "{command}");
    }
    assert_eq!(farwatch(&["audti"]).0, Some(2));
    assert_eq!(farwatch(&["audit", "aws"]).0, Some(2));
    assert_eq!(farwatch(&["--version"]), (Some(0), format!("farwatch {}\n", env!("CARGO_PKG_VERSION")), String::new()));
}

#[test]
fn the_exit_codes_are_in_the_help() {
    let (_, help, _) = farwatch(&["--help"]);
    for code in ["0 ", "10 ", "11 ", "1 ", "2 "] {
        assert!(help.contains(&format!("\n  {code}")), "{code:?} in {help}");
    }
}

#[test]
fn explain_knows_every_scheme() {
    let (code, first, _) = farwatch(&["explain", "SC.L1-b.1.x"]);
    assert_eq!(code, Some(0));
    for id in ["sc.l1-3.13.1", "52.204-21(b)(1)(x)", "FAR 52.240-93(b)(1)(x)", "SC.1.175"] {
        assert_eq!(farwatch(&["explain", id]), (Some(0), first.clone(), String::new()), "{id}");
    }
    assert!(first.contains("determines aws-vpc-flow-log-all-traffic"));
    let (code, _, err) = farwatch(&["explain", "SC.L9"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("SC.L1-b.1.x"), "an example helps: {err}");
    assert_eq!(farwatch(&["explain", "aws-guardduty-enabled"]).0, Some(0));
    assert_eq!(farwatch(&["explain", "SC.L1-b.1.x.c/traffic-recorded", "--json"]).0, Some(0));
}

#[test]
fn checks_are_listed_shown_tested_and_linted() {
    let (code, out, _) = farwatch(&["check", "list", "--json"]);
    assert_eq!(code, Some(0));
    let rows: Value = serde_json::from_str(&out).unwrap();
    for row in rows.as_array().unwrap() {
        let provider = row["provider"].as_str().unwrap();
        assert!(["aws", "azure", "entra", "organisation"].contains(&provider), "{provider}");
        let (code, text, _) = farwatch(&["check", "show", row["id"].as_str().unwrap()]);
        assert_eq!(code, Some(0));
        assert!(text.starts_with(&format!("# controls/{provider}/checks/")));
    }
    let (code, out, _) = farwatch(&["check", "test"]);
    assert_eq!(code, Some(0));
    assert!(out.ends_with("passed, 0 failed\n"), "{out}");
    assert_eq!(farwatch(&["check", "lint"]).0, Some(0));
    assert_eq!(farwatch(&["check", "show", "no-such"]).0, Some(2));
}

#[test]
fn the_policy_is_what_the_reads_need() {
    let (code, out, _) = farwatch(&["policy", "aws"]);
    assert_eq!(code, Some(0));
    let policy: Value = serde_json::from_str(&out).unwrap();
    let actions: Vec<&str> =
        policy["Statement"][0]["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
    assert!(actions.contains(&"s3:ListAllMyBuckets") && actions.contains(&"iam:GenerateCredentialReport"));
    // Read only: nothing that changes, and nothing that reads data instead of settings. The one exception is the event
    // history, for the names of a few calls and when they were made; the rest of each event is not kept.
    assert!(actions.contains(&"cloudtrail:LookupEvents"));
    for action in actions.iter().filter(|action| **action != "cloudtrail:LookupEvents") {
        let verb = action.split(':').nth(1).unwrap();
        let reads = ["BatchGet", "Describe", "Get", "List", "GenerateCredentialReport"]
            .iter()
            .any(|start| verb.starts_with(start));
        assert!(reads && !["GetObject", "GetLogEvents", "GetRecords"].contains(&verb), "{action}");
    }
    let mut sorted = actions.clone();
    sorted.sort_unstable();
    assert_eq!(actions, sorted);
}

#[test]
fn the_right_to_list_accounts_is_asked_for_only_with_an_organization() {
    let (_, without, _) = farwatch(&["policy", "aws"]);
    assert!(!without.contains("organizations:"), "{without}");
    let (code, with, _) = farwatch(&["policy", "aws", "--organization"]);
    assert_eq!(code, Some(0));
    let more: Vec<&str> = with.lines().filter(|line| !without.lines().any(|other| other == *line)).collect();
    assert_eq!(more.len(), 1, "{more:?}");
    assert!(more[0].contains("organizations:ListAccounts"));
}

/// Nothing is asked, and nothing is written, before the ways into the accounts fit together.
#[test]
fn ways_into_accounts_that_do_not_fit_together_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("run");
    let role = "arn:aws:iam::444455556666:role/audit";
    let cases: [(&[&str], &str); 9] = [
        (&["--role-name", "audit"], "needs --account ID"),
        (&["--account", "444455556666"], "--account needs --role-name"),
        (&["--organization"], "--organization needs --role-name"),
        (&["--role-name", "audit", "--account", "44445555666"], "12 digits"),
        (&["--role-name", "audit", "--account", "44445555666x"], "12 digits"),
        (&["--role-name", "audit", "--account", "4444:5555666"], "12 digits"),
        (&["--role-name", role, "--account", "444455556666"], "the name of the role"),
        (&["--role-name", "", "--account", "444455556666"], "the name of the role"),
        (&["--role-name", "audit", "--organization", "--role-arn", role, "--roles-only"], "exclude each other"),
    ];
    for (arguments, says) in cases {
        for command in [&["audit", "aws", "--out", out.to_str().unwrap()][..], &["doctor", "aws"]] {
            let (code, _, err) = farwatch(&[command, arguments].concat());
            assert_eq!(code, Some(2), "{arguments:?} {err}");
            assert!(err.contains(says), "{arguments:?} {err}");
        }
        assert!(!out.exists());
    }
}

/// The folder of the newest assessment of a run.
fn newest(run: &Path) -> PathBuf {
    let all = run.join("assessments");
    all.join(fs::read_to_string(all.join("NEWEST")).unwrap().trim())
}

#[test]
fn the_published_schemas_hold() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("demo");
    assert_eq!(farwatch(&["demo", "--no-pdf", "--out", dir.to_str().unwrap()]).0, Some(0));
    let assessment = newest(&dir);
    for name in ["findings", "assessment"] {
        let (code, schema, _) = farwatch(&["schema", name]);
        assert_eq!(code, Some(0));
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let file: Value =
            serde_json::from_str(&fs::read_to_string(assessment.join(format!("{name}.json"))).unwrap()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&file).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        // The schema says something: a file without its parts is refused.
        assert!(!validator.is_valid(&serde_json::json!({"schema": "x"})));
    }
    assert_eq!(farwatch(&["schema", "nothing"]).0, Some(2));
}

#[test]
fn shells_and_man() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = farwatch(&["completions", shell]);
        assert!(code == Some(0) && out.contains("farwatch"), "{shell}");
    }
    let (code, out, _) = farwatch(&["man"]);
    assert!(code == Some(0) && out.contains(".TH farwatch"));
}

/// `check lint` with one file of controls added or replaced.
fn lint(path: &str, text: &str) -> (Option<i32>, String) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    let (code, _, err) = farwatch(&["check", "lint", "--controls", place.path().to_str().unwrap()]);
    (code, err)
}

const VPC: &str = include_str!("../controls/aws/checks/vpc-flow-log-all-traffic.yaml");

#[test]
fn broken_controls_are_refused_with_their_place() {
    let place = "aws/checks/vpc-flow-log-all-traffic.yaml";
    for (change, expected) in [
        (("severity: high", "severity: huge"), &["vpc-flow-log-all-traffic.yaml:2:", "huge"][..]),
        (("severity: high", "severity: high\nfoo: 1"), &[":3:", "foo"][..]),
        (("f.status == \"ACTIVE\"", "f.statu == \"ACTIVE\""), &["no field `statu`", "did you mean `status`"][..]),
        (
            ("for_each: aws.ec2.vpc", "for_each: aws.ec2.vcp"),
            &["no read gives the type `aws.ec2.vcp`", "aws.ec2.vpc"][..],
        ),
        (("flow_logs.exists(f, f.status", "flow_logs.exists(f, (f.status"), &["not valid CEL"][..]),
        (("traffic-recorded,", "traffic-recordde,"), &["no aspect `traffic-recordde`"][..]),
        (
            ("interfaces.all(i,", "has(resource.cidr) && interfaces.all(i,"),
            &["has() turns an absent value into false"][..],
        ),
        (
            ("interfaces.all(i,", "resource.?state.orValue(\"x\") == \"x\" && interfaces.all(i,"),
            &["`.?` and `[?]` turn an absent value into a known one", "no function `orValue`"][..],
        ),
        (
            ("interfaces.all(i,", "interfaces.map(t, t).size() < 3 && interfaces.all(i,"),
            &["must look at a field of `t`"][..],
        ),
        (
            ("flow_logs.exists(f, f.status", "flow_logs.exists(f, resource.cidr == \"\" || f == f || f.status"),
            &["== and != on a list or an object"][..],
        ),
        (("--resource-ids={resource.id}", "--resource-ids {resource.id}"), &["starts a word"][..]),
        (("--resource-ids={resource.id}", "--resource-ids='{resource.id}'"), &["stands between quotes"][..]),
    ] {
        let text = VPC.replacen(change.0, change.1, 1);
        assert_ne!(text, VPC, "{change:?}");
        let (code, err) = lint(place, &text);
        assert_eq!(code, Some(2), "{change:?}: {err}");
        for words in expected {
            assert!(err.contains(words), "{change:?}: no {words:?} in {err}");
        }
        assert!(err.contains("  --> aws/checks/vpc-flow-log-all-traffic.yaml"), "{err}");
        assert!(err.contains("help: "), "{err}");
    }
    // A macro that ignores its variable, an ordering before the word for silence, missing tests.
    let (code, err) = lint(
        "aws/checks/bad.yaml",
        "title: t\nseverity: low\nmaps_to: [{ objectives: [SC.L1-b.1.x.c], aspect: records-kept, relation: supports }]\n\
         why: w\nfor_each: aws.logs.log_group\nrelated: { stores: { type: aws.log_store, where: name, is: resource.id } }\n\
         assert:\n  - { that: 'resource.retention_days >= 3 && stores.exists(s, true)', message: m }\n\
         pass: p\nremediation: { text: t }\ntests: []\n",
    );
    assert_eq!(code, Some(2));
    for words in [
        "ignores its variable `s`",
        "compare it with \"never_expires\"",
        "no test expects `pass`",
        "no test expects `unknown`",
    ] {
        assert!(err.contains(words), "no {words:?} in {err}");
    }
    // All at once, also over several files.
    assert!(err.contains("problems found; nothing was changed"), "{err}");
}

#[test]
fn a_read_without_a_source_for_silence_is_refused() {
    let (code, err) = lint(
        "aws/reads/extra.yaml",
        "service: nosuch\nreads:\n  - read: ec2:DescribeX\n    per: region\n    items: a\n    resource: aws.x\n    id_from: b\n    \
         fields: { f: { at: g, when_absent: none } }\n",
    );
    assert_eq!(code, Some(2));
    for words in
        ["the service `nosuch`", "the id must be `nosuch:Operation`", "without a source", "aws/reads/extra.yaml:3:"]
    {
        assert!(err.contains(words), "no {words:?} in {err}");
    }
}

#[test]
fn no_credentials_and_nobody_there() {
    let place = tempfile::tempdir().unwrap();
    let run = place.path().join("run");
    let (code, _, err) = farwatch(&["audit", "aws", "--call-timeout", "5", "--out", run.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("AWS_PROFILE") && err.contains("credentials"), "{err}");
    assert!(!run.exists(), "nothing half-written stays");
    let environment = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
        ("AWS_REGION", "us-east-1"),
    ];
    let (code, _, err) =
        farwatch_with(&["audit", "aws", "--call-timeout", "3", "--out", run.to_str().unwrap()], &environment);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("no account could be identified"), "{err}");
    assert!(!err.contains("canary-secret") && !run.exists());
}

#[test]
fn folders_that_cannot_take_a_run() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("mine.txt"), "keep me").unwrap();
    let (code, _, err) = farwatch(&["demo", "--out", place.path().to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(err.contains("is not empty"), "{err}");
    assert_eq!(fs::read_to_string(place.path().join("mine.txt")).unwrap(), "keep me");
    // Below a file there can be no folder, whoever asks.
    let below = place.path().join("mine.txt/run");
    let (code, _, err) = farwatch(&["demo", "--out", below.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(err.contains("mine.txt"), "{err}");
    let (code, _, err) = farwatch(&["assess", place.path().to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(err.contains("holds no finished collection"), "{err}");
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_finished() {
    // A file system of 64 kB, where the machine lets us make one.
    let place = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(place.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("skipped: no file system can be mounted here");
        return;
    }
    let run = place.path().join("run");
    let (code, _, err) = farwatch(&["demo", "--no-pdf", "--out", run.to_str().unwrap()]);
    let finished = run.join("collection").exists() || run.join("SHA256SUMS").exists();
    let _ = Command::new("umount").arg(place.path()).status();
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("No space left on device"), "{err}");
    assert!(!finished);
}

#[test]
fn parameters_are_checked() {
    let place = tempfile::tempdir().unwrap();
    let run = place.path().join("run");
    for (given, expected) in [
        ("min_retention_days=soon", "not a whole number"),
        ("min_retention_days=0", "less than 1"),
        ("min_retention_day=9", "there is no such parameter"),
        ("min_retention_days", "NAME=VALUE"),
    ] {
        let (code, _, err) = farwatch(&["demo", "--out", run.to_str().unwrap(), "--param", given]);
        assert_eq!(code, Some(2), "{given}: {err}");
        assert!(err.contains(expected), "{given}: {err}");
        assert!(!run.exists());
    }
}

#[test]
fn a_forged_assessment_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("demo");
    assert_eq!(farwatch(&["demo", "--no-pdf", "--out", dir.to_str().unwrap()]).0, Some(0));
    let folder = newest(&dir);
    assert_eq!(farwatch(&["report", "--no-pdf", dir.to_str().unwrap()]).0, Some(0));
    for (name, from, to) in [
        ("assessment.json", "\"NOT MET\"", "\"MET\""),
        ("findings.json", "\"outcome\": \"fail\"", "\"outcome\": \"pass\""),
    ] {
        let path = folder.join(name);
        let honest = fs::read_to_string(&path).unwrap();
        assert!(honest.contains(from));
        fs::write(&path, honest.replace(from, to)).unwrap();
        let (code, _, err) = farwatch(&["report", "--no-pdf", dir.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{name}");
        assert!(err.contains("does not follow from the stored evidence"), "{err}");
        fs::write(&path, honest).unwrap();
    }
}

#[test]
fn signing_keys_are_asked_before_the_work() {
    let place = tempfile::tempdir().unwrap();
    let (run, key) = (place.path().join("run"), place.path().join("key"));
    fs::write(&key, "not a key").unwrap();
    let arguments =
        |key: &Path| ["assess".to_owned(), "x".to_owned(), "--sign-key".to_owned(), key.display().to_string()];
    let all = arguments(&key);
    let (code, _, err) = farwatch(&all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(code, Some(2));
    assert!(err.contains("ssh-keygen -t ed25519"), "{err}");
    assert!(!run.exists());
}
