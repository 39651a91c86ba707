//! `farwatch demo`, and how its recording is made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use emulators::azure::{self, FakeAzure};
use emulators::fault::{Action, Fault, Rule};
use emulators::{Emulator, audit_of, audit_with, farwatch, files};
use regex::Regex;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The account of the fictitious contractor.
const ACCOUNT: &str = "210987654321";
/// The list that Azure refuses to show in the subscription `legacy`.
const DENIED: &str = "/subscriptions/0fb1a2c3-0002-*/providers/Microsoft.Authorization/roleEligibilityScheduleInstances";

fn demo(dir: &Path, more: &[&str]) -> String {
    let output = farwatch("http://127.0.0.1:9").args(["demo", "--out"]).arg(dir).args(more).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_demo_is_the_same_every_time() {
    let place = tempfile::tempdir().unwrap();
    let (first, second) = (place.path().join("a"), place.path().join("b"));
    let said = demo(&first, &[]);
    demo(&second, &[]);
    let names = |dir: &Path| -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> =
            files(dir).into_iter().map(|path| path.strip_prefix(dir).unwrap().to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(names(&first), names(&second));
    for name in names(&first) {
        assert!(fs::read(first.join(&name)).unwrap() == fs::read(second.join(&name)).unwrap(), "{}", name.display());
    }
    assert!(said.contains("would have exited with 10"), "{said}");
    assert!(said.contains("logs:DescribeLogGroups was denied"), "what could not be seen is named: {said}");
}

/// What a person reads, word for word. A change here is read before it is accepted.
#[test]
fn the_demo_reads_like_this() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("demo");
    let said = demo(&dir, &["--no-pdf"]).replace(dir.to_str().unwrap(), "DIR");
    insta::assert_snapshot!("terminal", said);
    insta::assert_snapshot!("ssp", fs::read_to_string(dir.join("documents/ssp.md")).unwrap());
}

#[test]
fn the_demo_shows_every_outcome_and_hides_no_gap() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("demo");
    let all: Value = serde_json::from_str(&demo(&dir, &["--json", "--no-pdf"])).unwrap();
    assert_eq!(all["exit_code"], 10);
    let outcomes: std::collections::BTreeSet<&str> =
        all["findings"].as_array().unwrap().iter().map(|finding| finding["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["fail", "not_applicable", "pass", "unknown"]);
    let gaps = all["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0]["action"], "logs:DescribeLogGroups");
    // The gap survives into every output.
    let ssp = fs::read_to_string(dir.join("documents/ssp.md")).unwrap();
    assert!(ssp.contains("logs:DescribeLogGroups was denied"));
    // Half way: something of each, and what is MET is stated or shown in every place in scope.
    let statuses: std::collections::BTreeSet<&str> = all["assessment"]["requirements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|requirement| requirement["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), ["MET", "NOT ASSESSED", "NOT MET"]);
    assert_eq!(all["assessment"]["problems"].as_array().map_or(0, Vec::len), 0);
}

#[test]
fn the_signature_of_the_demo_is_checked_by_ssh_keygen() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("demo");
    demo(&dir, &["--no-pdf"]);
    let sums = fs::read(dir.join("SHA256SUMS")).unwrap();
    let signature = fs::read_to_string(dir.join("SHA256SUMS.sig")).unwrap();
    let key = fs::read_to_string(dir.join("SHA256SUMS.pub")).unwrap();
    assert!(key.contains("DEMO"), "{key}");
    farwatch::packet::sign::verify(&key, &signature, &sums).unwrap();
    assert!(farwatch::packet::sign::verify(&key, &signature, b"other").is_err());
    if Command::new("ssh-keygen").arg("-?").output().is_err() {
        println!("skipped: ssh-keygen is not installed");
        return;
    }
    fs::write(dir.join("allowed"), format!("demo {key}")).unwrap();
    let status = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-f", "allowed", "-I", "demo", "-n", "farwatch", "-s", "SHA256SUMS.sig"])
        .current_dir(&dir)
        .stdin(fs::File::open(dir.join("SHA256SUMS")).unwrap())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    let check = Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(&dir).status().unwrap();
    assert!(check.success());
}

/// The whole way, live: the account as it is after mending, with the files of an organisation that is ready.
#[test]
fn an_audit_of_the_mended_account_ends_with_15_met() {
    let moto = Emulator::bare("moto");
    moto.seed("demo_seed.py", &["mended"]);
    let rules = account_rules();
    let fault = Fault::start(&moto.endpoint, rules);
    let ready = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/organisations/ready");
    let run = audit_with(&fault, &["--organisation", ready.to_str().unwrap()], |command| {
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT);
    });
    assert_eq!(run.code, Some(0), "{}", run.said());
    let assessment = run.assessment();
    for requirement in assessment["requirements"].as_array().unwrap() {
        assert_eq!(requirement["status"], "MET", "{}", requirement["id"]);
    }
    assert!(run.stdout.contains("15 MET") || run.stdout.contains("Every requirement is MET"), "{}", run.stdout);
}

/// Makes the recordings anew: `cargo test --test demo -- --ignored`. Their digests change the demo's ids. Afterwards
/// `boundary.yaml` of the organisations must name the ids that stand in them.
#[test]
#[ignore = "writes into the source tree"]
fn record() {
    record_account(&[], true, "src/cli/demo/collection");
    record_account(&["mended"], false, "tests/recorded/mended/collection");
}

/// The tenant of the tests as that of the contractor: its name, its town and its people.
fn tenant() -> FakeAzure {
    let fake = FakeAzure::start();
    let names = [
        ("Tidewater Precision", "Hallmark Machining"),
        ("tidewater.example", "hallmark-machining.example"),
        ("Tidewater", "Hallmark"),
        ("tidewater", "hallmark"),
        ("Norfolk", "Dayton"),
        ("\"VA\"", "\"OH\""),
        ("757-555-0100", "937-555-0100"),
        ("Avery Admin", "Jo Reyes"),
        ("avery@", "j.reyes@"),
        ("Sam Security", "Ada Okafor"),
        ("sam@", "a.okafor@"),
        ("Kim Machinist", "Rosa Vega"),
        ("kim@", "r.vega@"),
    ];
    fake.serve_with(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure/tenant"), |text| {
        names.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    });
    // What the former supplier set up shows less than the rest: one list is refused.
    fake.fault(DENIED, azure::Fault::Denied);
    fake
}

/// What AWS says of the account and the emulator does not.
fn account_rules() -> Vec<Rule> {
    let entry = |key: &str, value: u8| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    let summary = format!(
        "<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap>{}{}{}</SummaryMap></GetAccountSummaryResult>\
         </GetAccountSummaryResponse>",
        entry("AccountMFAEnabled", 1),
        entry("AccountPasswordPresent", 1),
        entry("AccountAccessKeysPresent", 0),
    );
    let answer = |body: &str| Action::Answer { status: 200, content_type: "application/json", body: body.to_owned() };
    // An hour before the run ends is early enough for every age that is asked about.
    let an_hour_ago = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() - 3600;
    let features = ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS"]
        .map(|name| format!(r#"{{"name":"{name}","status":"ENABLED"}}"#));
    let features = format!(r#""features":[{}],"findingPublishingFrequency":"FIFTEEN_MINUTES""#, features.join(","));
    let not_enabled = r#"{"__type":"AccessDeniedException","message":"Macie is not enabled."}"#;
    vec![
        // What the emulator does not have, in the shapes of AWS: GuardDuty's features and findings, Macie where nobody
        // enabled it, the deliveries of a trail beside the files, records in a log group, since when an alarm is as it is.
        Rule::on("guardduty:ListFindings", answer(r#"{"findingIds":[]}"#)),
        Rule::on("guardduty:ListPublishingDestinations", answer(r#"{"destinations":[]}"#)),
        Rule::patch("guardduty:GetDetector", move |body| {
            let mut answer: Value = serde_json::from_str(body).unwrap();
            let real: Value = serde_json::from_str(&format!("{{{features}}}")).unwrap();
            for (name, value) in real.as_object().unwrap() {
                answer[name] = value.clone();
            }
            answer.to_string()
        }),
        Rule::on(
            "macie2:GetMacieSession",
            Action::Answer { status: 403, content_type: "application/json", body: not_enabled.to_owned() },
        ),
        Rule::patch("cloudtrail:GetTrailStatus", move |body| {
            let mut answer: Value = serde_json::from_str(body).unwrap();
            answer["LatestDigestDeliveryTime"] = json!(an_hour_ago);
            answer.to_string()
        }),
        Rule::patch("logs:DescribeLogStreams", move |_| {
            let stream = json!({"logStreamName": "eni-all", "lastEventTimestamp": an_hour_ago * 1000});
            json!({ "logStreams": [stream] }).to_string()
        }),
        Rule::patch("cloudwatch:DescribeAlarms", move |body| {
            let mut answer: Value = serde_json::from_str(body).unwrap();
            for alarm in answer["MetricAlarms"].as_array_mut().unwrap() {
                alarm["StateTransitionedTimestamp"] = json!(an_hour_ago);
            }
            answer.to_string()
        }),
        // The event history, which the emulator does not have: in October the function cut a machine off in a drill.
        Rule::on("cloudtrail:LookupEvents", answer(&cut_off()))
            .region("us-east-1")
            .about("ModifyNetworkInterfaceAttribute"),
        // The emulator names everybody `user/moto`.
        Rule::patch("sts:GetCallerIdentity", |body| body.replace("user/moto", "assumed-role/farwatch-audit/nightly")),
        // moto does not know about root's password; this is the shape that AWS answers in.
        Rule::on("iam:GetAccountSummary", Action::Answer { status: 200, content_type: "text/xml", body: summary }),
    ]
}

/// The answer of the event history, in the shape of AWS (CloudTrail API, Event).
fn cut_off() -> String {
    let at: jiff::Timestamp = "2026-10-14T14:35:02Z".parse().unwrap();
    let by = json!({"type": "AssumedRole", "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/isolate/isolate")});
    let full = json!({
        "eventVersion": "1.11", "userIdentity": by, "eventTime": at.to_string(), "eventSource": "ec2.amazonaws.com",
        "eventName": "ModifyNetworkInterfaceAttribute", "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7",
        "eventID": "7d1c0a4e-52c5-4a0e-9a58-3b1f6f0c2a11", "readOnly": false, "managementEvent": true,
    });
    let resource = |kind: &str, name: &str| json!({"ResourceType": kind, "ResourceName": name});
    let event = json!({
        "EventId": "7d1c0a4e-52c5-4a0e-9a58-3b1f6f0c2a11",
        "EventName": "ModifyNetworkInterfaceAttribute",
        "ReadOnly": "false",
        "AccessKeyId": "ASIAEXAMPLEOFADRILL1",
        "EventTime": at.as_second(),
        "EventSource": "ec2.amazonaws.com",
        "Username": "isolate",
        "Resources": [
            resource("AWS::EC2::NetworkInterface", "eni-0c1a4b6e2d3f59788"),
            resource("AWS::EC2::SecurityGroup", "sg-08d4f3b1c6a7e2905"),
        ],
        "CloudTrailEvent": full.to_string(),
    });
    json!({ "Events": [event] }).to_string()
}

/// One account as it was seeded, recorded through the shapes of AWS where the emulator has others.
fn record_account(seed: &[&str], denied: bool, target: &str) {
    // A process of its own for each: ids come from its random numbers.
    let moto = Emulator::bare("moto");
    let seeded = moto.seed("demo_seed.py", seed);
    assert!(seeded.contains(ACCOUNT), "{seeded}");
    let refusal = format!(
        "{{\"__type\":\"AccessDeniedException\",\"message\":\"User: arn:aws:sts::{ACCOUNT}:assumed-role/farwatch-audit/nightly \
         is not authorized to perform: logs:DescribeLogGroups because no identity-based policy allows the \
         logs:DescribeLogGroups action\"}}"
    );
    let mut rules = account_rules();
    if denied {
        let answer = Action::Answer { status: 400, content_type: "application/x-amz-json-1.1", body: refusal };
        rules.push(Rule::on("logs:DescribeLogGroups", answer).region("us-east-1"));
        // Nobody in the west has confirmed; the emulator confirms by itself.
        let pending = |body: &str| {
            Regex::new("<SubscriptionArn>[^<]*")
                .unwrap()
                .replace_all(body, "<SubscriptionArn>PendingConfirmation")
                .into_owned()
        };
        rules.push(Rule::patch("sns:ListSubscriptions", pending).region("us-west-2"));
    }
    let fault = Fault::start(&moto.endpoint, rules);
    // The demo has a tenant too.
    let tenant = denied.then(tenant);
    let ways = ["--azure-credential", "secret"];
    let (cloud, more) = if denied { ("all", &ways[..]) } else { ("aws", &[][..]) };
    let run = audit_of(cloud, &fault, more, |command| {
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT).envs(tenant.iter().flat_map(FakeAzure::env));
    });
    assert_eq!(run.code, Some(if denied { 10 } else { 11 }), "{}", run.said());
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(target);
    let _ = fs::remove_dir_all(&target);
    let from = run.dir.join("collection");
    for file in files(&from) {
        let to = target.join(file.strip_prefix(&from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, &to).unwrap();
    }
    // Which port an emulator had says nothing of the contractor.
    let seal = target.join("collection.json");
    let text = fs::read_to_string(&seal).unwrap();
    let endpoint = Regex::new("(?m)^  \"endpoint\": .*\n").unwrap();
    assert!(endpoint.is_match(&text), "{text}");
    fs::write(&seal, endpoint.replace(&text, "").as_ref()).unwrap();
}

/// The signing identity is not the auditing one: it has a profile and a key of its own.
#[test]
fn a_kms_key_signs_under_its_own_profile() {
    let moto = Emulator::moto();
    let key = moto.run("sign_key.py");
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("demo");
    let config = place.path().join("config");
    fs::write(
        &config,
        "[profile signer]\nregion = us-east-1\naws_access_key_id = AKIASIGNER\naws_secret_access_key = x\n",
    )
    .unwrap();
    let output = farwatch(&moto.endpoint)
        .env("AWS_CONFIG_FILE", &config)
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .args(["demo", "--no-pdf", "--sign-kms", key.trim(), "--sign-profile", "signer", "--out"])
        .arg(&dir)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let sums = fs::read(dir.join("SHA256SUMS")).unwrap();
    let signature = fs::read_to_string(dir.join("SHA256SUMS.sig")).unwrap();
    let public = fs::read_to_string(dir.join("SHA256SUMS.pub")).unwrap();
    assert!(public.starts_with("ecdsa-sha2-nistp256 "), "{public}");
    farwatch::packet::sign::verify(&public, &signature, &sums).unwrap();
    // A key that is not there: one clear sentence, and no signature beside the digests.
    let output = farwatch(&moto.endpoint)
        .env("AWS_CONFIG_FILE", &config)
        .args(["report", "--no-pdf", "--sign-kms", "alias/none", "--sign-profile", "signer"])
        .arg(&dir)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("alias/none") && said.contains("kms:GetPublicKey"), "{said}");
    assert!(!dir.join("SHA256SUMS.sig").exists());
}
