//! An audit of a contractor's two AWS accounts, seeded in an emulator, gives what is true of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use std::collections::BTreeMap;
use std::fs;

use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use farwatch::controls::Controls;
use farwatch::derive::{boundary, inventory};
use farwatch::evidence::Collection;
use farwatch::model::boundary::{Crosses, DeclaredBoundary, DeclaredPoint};
use farwatch::model::exchange::Exchange;
use farwatch::model::pattern::Pattern;
use farwatch::model::resource::Resource;
use farwatch::model::scope::Scoped;
use serde_json::{Value, json};

use emulators::fault::{Action, BGP_KEY, Fault, Rule, Seen, VIRTUAL_INTERFACE};
use emulators::truth::Point;
use emulators::{
    EXTERNAL_ID, Emulator, FIRST, Gap, REGIONS, Run, SECOND, SECRET, assess, assessments, audit, audit_with, copy,
    farwatch, files, second_role,
};

/// In the environment of a function, the URL of an endpoint and the text of a query.
const TOKEN: &str = "farwatch-canary-of-a-token";

/// In the environment of the audit that both accounts share; it must stay out of the run as well.
const SESSION_TOKEN: &str = "farwatch-canary-of-a-session-token";

/// The audit of both accounts, done once and looked at by several tests.
struct Audit {
    run: Run,
    seen: Vec<Seen>,
    secrets: Vec<String>,
}

fn both_accounts() -> &'static Audit {
    static AUDIT: OnceLock<Audit> = OnceLock::new();
    AUDIT.get_or_init(|| {
        let fault = Fault::start(&Emulator::moto().endpoint, Vec::new());
        let run = audit_with(&fault, &["--role-arn", &second_role(), "--external-id", EXTERNAL_ID], |command| {
            command.env("AWS_SESSION_TOKEN", SESSION_TOKEN);
        });
        Audit { run, seen: fault.seen(), secrets: fault.secrets() }
    })
}

#[test]
fn an_audit_of_both_accounts_gives_exactly_what_is_true_of_them() {
    let Audit { run, .. } = both_accounts();
    assert_eq!(run.code, Some(10), "things are wrong in both accounts\n{}", run.said());
    let found = run.findings();
    Emulator::moto().truth.both().assert(&found.all, "both accounts");
    assert_eq!(found.own_gaps(), [] as [&Gap; 0], "everything could be read that moto answers");
    for finding in &found.all {
        let place = finding.place();
        assert!(!finding.sentence.trim().is_empty(), "{place} says nothing");
        assert!(finding.outcome == "unknown" || !finding.evidence.is_empty(), "{place} rests on nothing");
    }
}

#[test]
fn nothing_is_met_that_a_finding_contradicts_and_nothing_is_claimed_without_an_organisation() {
    let Audit { run, .. } = both_accounts();
    let assessment = run.assessment();
    let requirements = assessment["requirements"].as_array().expect("a list of requirements");
    assert_eq!(requirements.len(), 15, "the requirements of CMMC Level 1");
    let mut objectives = 0;
    let mut not_met = 0;
    for requirement in requirements {
        let of_objectives: Vec<&str> = requirement["objectives"]
            .as_array()
            .expect("a list of objectives")
            .iter()
            .map(|objective| objective["status"].as_str().expect("a status"))
            .collect();
        objectives += of_objectives.len();
        let status = requirement["status"].as_str().expect("a status");
        not_met += usize::from(status == "NOT MET");
        let worst = ["NOT MET", "NOT ASSESSED", "MET", "NOT APPLICABLE"]
            .into_iter()
            .find(|status| of_objectives.contains(status))
            .expect("one of the four statuses");
        assert_eq!(status, worst, "{}: a requirement is as good as the worst of its objectives", requirement["id"]);
    }
    assert_eq!(objectives, 59, "the objectives of CMMC Level 1");
    assert!(not_met > 0, "exit code 10 says that something is NOT MET");
}

#[test]
fn what_one_account_said_is_never_evidence_for_the_other() {
    let Audit { run, .. } = both_accounts();
    let exchanges = fs::read_to_string(run.dir.join("collection/exchanges.jsonl")).expect("the run's exchanges");
    let mut accounts = BTreeMap::new();
    for line in exchanges.lines() {
        let exchange: Value = serde_json::from_str(line).expect("one exchange a line");
        let account = find(&exchange, "account").and_then(Value::as_str).unwrap_or_else(|| panic!("whose is {line}?"));
        for id in strings(&exchange).into_iter().filter(|text| text.starts_with("E-")) {
            let other = accounts.insert(id.to_owned(), account.to_owned());
            assert!(other.is_none_or(|other| other == account), "{id} is evidence of two accounts");
        }
    }
    // These look across accounts: a log store, a key or a topic may belong to another account than what leads to it, and
    // an administrator's alerts and exports serve its members.
    let across = [
        "aws-cloudtrail-kms-encrypted",
        "aws-cloudtrail-kms-key-rotates",
        "aws-suspicious-traffic-alert",
        "aws-guardduty-findings-exported",
    ];
    let mut of_the_second = 0;
    for finding in &run.findings().all {
        let own = &finding.subject.account;
        of_the_second += usize::from(own == SECOND);
        let whose: Vec<&String> = finding
            .evidence
            .iter()
            .map(|id| accounts.get(id).unwrap_or_else(|| panic!("{} rests on {id}, which is nowhere", finding.place())))
            .collect();
        if own == "organisation" {
            // Of the whole run.
            continue;
        }
        if ["aws.log_store", "aws.alert"].contains(&finding.subject.r#type.as_str())
            || across.contains(&finding.check.as_str())
        {
            assert!(whose.is_empty() || whose.contains(&own), "{} rests on nothing of its own", finding.place());
        } else {
            assert!(whose.iter().all(|account| *account == own), "{} rests on {whose:?}", finding.place());
        }
    }
    assert!(of_the_second > 0, "the second account was not judged");
}

#[test]
fn only_reads_are_sent_and_each_where_it_belongs() {
    let Audit { seen, .. } = both_accounts();
    let reads = [
        "sts:AssumeRole",
        "sts:GetCallerIdentity",
        "ec2:DescribeRegions",
        "ec2:DescribeVpcs",
        "ec2:DescribeSubnets",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeManagedPrefixLists",
        "ec2:GetManagedPrefixListEntries",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeEgressOnlyInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeVpnGateways",
        "ec2:DescribeTransitGatewayAttachments",
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeAddresses",
        "elbv2:DescribeLoadBalancers",
        "elbv2:DescribeListeners",
        "elb:DescribeLoadBalancers",
        "directconnect:DescribeVirtualInterfaces",
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
        "s3:ListBuckets",
        "s3:GetBucketLocation",
        "s3:GetBucketPolicyStatus",
        "s3:GetBucketAcl",
        "s3:GetPublicAccessBlock",
        "s3:GetBucketLifecycleConfiguration",
        "s3:GetBucketEncryption",
        "s3:GetBucketLogging",
        "s3control:GetPublicAccessBlock",
        "kms:ListKeys",
        "kms:DescribeKey",
        "kms:GetKeyRotationStatus",
        "logs:DescribeLogGroups",
        "guardduty:ListDetectors",
        "guardduty:GetDetector",
        "iam:GetAccountSummary",
        "iam:GenerateCredentialReport",
        "iam:GetCredentialReport",
        "kinesis:ListStreams",
        "kinesis:DescribeStreamSummary",
        "firehose:ListDeliveryStreams",
        "firehose:DescribeDeliveryStream",
        "s3:GetBucketVersioning",
        "s3:GetObjectLockConfiguration",
        "s3:GetBucketPolicy",
        "iam:GetAccountAuthorizationDetails",
        "dynamodb:ListTables",
        "ec2:DescribeTransitGateways",
        "route53resolver:ListResolverQueryLogConfigs",
        "route53resolver:ListResolverQueryLogConfigAssociations",
        "logs:DescribeLogStreams",
        "logs:DescribeSubscriptionFilters",
        "logs:DescribeMetricFilters",
        "cloudwatch:DescribeAlarms",
        "sns:ListTopics",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptions",
        "events:ListRules",
        "events:ListTargetsByRule",
        "lambda:GetFunctionConfiguration",
        "lambda:GetPolicy",
        "guardduty:GetAdministratorAccount",
        "guardduty:ListPublishingDestinations",
        "guardduty:ListFindings",
        "macie2:GetMacieSession",
        "glue:GetDatabases",
        "glue:GetTables",
        "athena:ListWorkGroups",
        "athena:GetWorkGroup",
        "athena:ListQueryExecutions",
        "athena:BatchGetQueryExecution",
    ];
    for request in seen {
        let name = request.call.name();
        assert!(reads.contains(&name.as_str()), "{name} is not among the declared reads");
        assert!(REGIONS.contains(&request.call.region.as_str()), "{name} went to {}", request.call.region);
    }
    for read in reads {
        assert!(seen.iter().any(|request| request.call.name() == read), "{read} was never asked");
    }
    // A trail tells its status only at home: a shadow elsewhere would do for the emulator, not for AWS.
    for request in seen.iter().filter(|request| request.call.operation == "GetTrailStatus") {
        assert!(
            request.subject.contains(&format!(":cloudtrail:{}:{}:trail/", request.call.region, request.call.account)),
            "{} was asked in {} of {}",
            request.subject,
            request.call.region,
            request.call.account
        );
    }
}

#[test]
fn no_secret_reaches_the_disk() {
    let Audit { run, secrets, .. } = both_accounts();
    assert!(secrets.len() >= 2, "the assumed role came with a secret key and a session token");
    let mut canaries: Vec<&str> = vec![SECRET, SESSION_TOKEN, BGP_KEY, TOKEN, "AWS4-HMAC-SHA256", "aws4_request"];
    canaries.extend(secrets.iter().map(String::as_str));
    let written = files(&run.dir);
    assert!(written.len() > 10, "the run directory holds more than {} files", written.len());
    for file in written {
        let bytes = fs::read(&file).expect("a file of the run");
        for canary in &canaries {
            assert!(!contains(&bytes, canary.as_bytes()), "{} holds {canary}", file.display());
        }
    }
    for canary in canaries {
        assert!(!run.stdout.contains(canary) && !run.stderr.contains(canary), "printed {canary}");
    }
}

#[test]
fn assessing_again_offline_gives_the_same_bytes() {
    let Audit { run, .. } = both_accounts();
    let original = run.assessment_dir();
    let (_parent, copied) = copy(&run.dir);
    let as_of = run.findings().as_of;
    let (code, stdout, stderr) = assess(&copied, &["--as-of", &as_of]);
    assert_eq!(code, Some(10), "the same verdict, so the same exit code\n{stdout}\n{stderr}");
    for again in assessments(&copied) {
        for name in ["findings.json", "assessment.json"] {
            let before = fs::read(original.join(name)).expect("a file of the first assessment");
            let after = fs::read(again.join(name)).expect("a file of the second assessment");
            assert!(before == after, "{name} in {} differs from the first", again.display());
        }
    }
}

#[test]
fn altered_evidence_is_refused() {
    let Audit { run, .. } = both_accounts();
    let (_parent, copied) = copy(&run.dir);
    let body = files(&copied.join("collection/bodies"))
        .into_iter()
        .find(|file| fs::metadata(file).is_ok_and(|meta| meta.len() > 0))
        .expect("the body of an answer");
    let mut bytes = fs::read(&body).expect("a body");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&body, bytes).expect("the body, altered");
    let (code, stdout, stderr) = assess(&copied, &[]);
    let name = body.file_name().expect("a file name").to_string_lossy();
    assert_eq!(code, Some(1), "{stdout}\n{stderr}");
    assert!(stderr.contains(name.as_ref()), "the message names {name}:\n{stderr}");
}

#[test]
fn removed_evidence_is_refused() {
    let Audit { run, .. } = both_accounts();
    let (_parent, copied) = copy(&run.dir);
    let body = files(&copied.join("collection/bodies")).pop().expect("the body of an answer");
    fs::remove_file(&body).expect("the body, removed");
    let (code, stdout, stderr) = assess(&copied, &[]);
    let name = body.file_name().expect("a file name").to_string_lossy();
    assert_eq!(code, Some(1), "{stdout}\n{stderr}");
    assert!(stderr.contains(name.as_ref()), "the message names {name}:\n{stderr}");
}

#[test]
fn a_run_that_was_killed_leaves_nothing_that_looks_finished() {
    let fault = Fault::start(&Emulator::moto().endpoint, vec![Rule::on("kms:ListKeys", Action::Hang)]);
    let parent = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory for the run");
    let dir = parent.path().join("run");
    let mut child = farwatch(fault.endpoint())
        .args(["audit", "aws", "--no-pdf", "--out"])
        .arg(&dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("farwatch starts");
    // In the middle: some answers are there already, and one never comes.
    let started = Instant::now();
    while fault.count("kms:ListKeys") == 0 || fault.seen().len() < 20 {
        assert!(started.elapsed() < Duration::from_mins(1), "the run never came to the call that hangs");
        assert!(child.try_wait().expect("the state of a child of ours").is_none(), "the run ended by itself");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("the end of the run");
    let left = files(parent.path());
    assert!(!dir.join("collection").exists(), "a half-made collection under its final name: {left:#?}");
    let sums = left.iter().any(|file| file.file_name().is_some_and(|name| name == "SHA256SUMS"));
    assert!(!sums, "checksums of a half-made run: {left:#?}");
    // What is left cannot be assessed.
    let (code, stdout, stderr) = assess(&dir, &[]);
    assert!(matches!(code, Some(1 | 2)), "a killed run was assessed: {code:?}\n{stdout}\n{stderr}");
}

#[test]
fn lists_are_read_to_their_last_page() {
    let lists = [
        "ec2:DescribeVpcs",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeVpcPeeringConnections",
        "logs:DescribeLogGroups",
        "kms:ListKeys",
        "firehose:ListDeliveryStreams",
        "kinesis:ListStreams",
        "cloudwatch:DescribeAlarms",
        "sns:ListTopics",
        "sns:ListSubscriptions",
        "events:ListRules",
        "events:ListTargetsByRule",
        "iam:GetAccountAuthorizationDetails",
        "logs:DescribeMetricFilters",
        "dynamodb:ListTables",
        "glue:GetTables",
        "athena:ListWorkGroups",
    ];
    let rules = lists.iter().map(|name| Rule::on(name, Action::Paginate { size: 1 })).collect();
    let fault = Fault::start(&Emulator::moto().endpoint, rules);
    let run = audit(&fault, &[]);
    let found = run.findings();
    Emulator::moto().truth.first().assert(&found.all, "paged lists");
    assert_eq!(found.own_gaps(), [] as [&Gap; 0], "every page could be read");
    for name in lists {
        let pages = fault.seen().iter().filter(|seen| seen.call.name() == name && seen.page.is_some()).count();
        assert!(pages > 0, "{name} was never asked for a second page");
    }
}

/// Level 1 names no days of retention: the organisation does.
#[test]
fn a_parameter_changes_what_depends_on_it_and_nothing_else() {
    let fault = Fault::start(&Emulator::moto().endpoint, Vec::new());
    let run = audit(&fault, &["--param", "min_retention_days=20"]);
    let kept_for_a_month = ["fw-a-public-acl", "fw-a-flow", "/farwatch/flow-short"];
    Emulator::moto()
        .truth
        .first()
        .turn("pass", |row| row.check.ends_with("-retention") && kept_for_a_month.contains(&row.handle.as_str()))
        .assert(&run.findings().all, "twenty days of retention");
}

/// What may be open to the internet, only the organisation can say; when it has said so, nothing is open any more.
#[test]
fn ports_that_the_organisation_has_authorized() {
    let fault = Fault::start(&Emulator::moto().endpoint, Vec::new());
    let run = audit(&fault, &["--param", "authorized_internet_ports=443"]);
    let ports = "aws-internet-ports-authorized";
    Emulator::moto()
        .truth
        .first()
        .turn("fail", |row| row.check == ports && row.expects("unknown") && row.handle != "https")
        .turn("pass", |row| row.check == ports && row.handle == "https")
        .assert(&run.findings().all, "HTTPS is authorized");
}

/// The points of both accounts are exactly those of the seed, and what is declared of them is compared with them.
#[test]
fn every_point_of_the_boundaries_is_found_and_compared() {
    let Audit { run, .. } = both_accounts();
    let controls = Controls::load(None).expect("the controls");
    let collection = Collection::open(&run.dir).expect("the collection");
    let body = |exchange: &Exchange| collection.body(exchange);
    let judged = |declared: Option<&DeclaredBoundary>| {
        let mut all = inventory(&controls.reads, &collection.seal, &collection.plan, &collection.exchanges, &body);
        boundary(&mut all, &controls.reads, declared, &Scoped::default());
        all
    };
    let all = judged(None);
    let text = |resource: &Resource, field: &str| resource.text(field).expect("a text").to_owned();
    let sure = |resource: &Resource, field: &str| resource.get(field).and_then(Value::as_bool).expect("yes or no");
    let mut found: Vec<Point> = all
        .of("boundary.point")
        .iter()
        .filter(|point| point.text("kind") != Some("subnet"))
        .map(|point| Point {
            account: point.key.account.clone(),
            region: point.key.region.clone(),
            id: point.key.id.clone(),
            kind: text(point, "kind"),
            crosses: text(point, "crosses"),
            public: sure(point, "public"),
            network: text(point, "network"),
            in_use: sure(point, "in_use"),
        })
        .collect();
    let mut expected = Emulator::moto().truth.points.clone();
    expected.push(Point {
        account: FIRST.to_owned(),
        region: REGIONS[0].to_owned(),
        id: VIRTUAL_INTERFACE.to_owned(),
        kind: "Direct Connect virtual interface".to_owned(),
        crosses: "external".to_owned(),
        public: false,
        network: String::new(),
        in_use: true,
    });
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    // All that lies in networks is declared, and so is a point that does not exist.
    let point = |name: &str, crosses, id: Option<&str>, network: Option<&str>| DeclaredPoint {
        name: name.to_owned(),
        purpose: "a test".to_owned(),
        crosses,
        kind: None,
        id: id.map(|id| Pattern(id.to_owned())),
        network: network.map(|network| Pattern(network.to_owned())),
        account: None,
        region: None,
        tags: BTreeMap::new(),
    };
    let declared = DeclaredBoundary {
        description: String::new(),
        points: vec![
            point("networks", Crosses::External, None, Some("vpc-*")),
            point("within", Crosses::Internal, None, Some("vpc-*")),
            point("gone", Crosses::External, Some("igw-0123"), None),
        ],
        regions: Vec::new(),
        evidence: "O-0123456789ab".to_owned(),
    };
    let all = judged(Some(&declared));
    let address = expected.iter().find(|point| point.kind == "Elastic IP address").expect("one address");
    for place in all.of("boundary.place") {
        let here = (place.key.account.as_str(), place.key.region.as_str()) == (FIRST, REGIONS[0]);
        let (mut external, mut public) = (Vec::new(), Vec::new());
        if here {
            let (first, second) = (format!("Elastic IP address {}", address.id), "to the office");
            // The other public address lies in a network that is declared.
            public.push(first.clone());
            external.push(format!("Direct Connect virtual interface {VIRTUAL_INTERFACE} ({second})"));
            external.push(first);
        }
        assert_eq!(place.get("external_undeclared"), Some(&json!(external)), "{:?}", place.key);
        assert_eq!(place.get("public_undeclared"), Some(&json!(public)), "{:?}", place.key);
        assert_eq!(place.get("internal_undeclared"), Some(&json!([])), "{:?}", place.key);
    }
    let found: Vec<_> = all.of("boundary.declaration").iter().map(|d| (text(d, "name"), d.get("found"))).collect();
    assert_eq!(found[0], ("gone".to_owned(), Some(&json!(0))));
    assert!(found[1..].iter().all(|(_, found)| found.and_then(Value::as_i64).is_some_and(|found| found > 0)));
}

/// Root users, a shared VPC and failing deliveries: AWS answers these, moto cannot be brought to.
#[test]
fn what_moto_cannot_be_seeded_with_is_judged_as_well() {
    let entry = |key: &str, value: u8| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    let root = |mfa, password, keys| Action::Answer {
        status: 200,
        content_type: "text/xml",
        body: format!(
            "<GetAccountSummaryResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetAccountSummaryResult>\
             <SummaryMap>{}{}{}</SummaryMap></GetAccountSummaryResult><ResponseMetadata><RequestId>1</RequestId>\
             </ResponseMetadata></GetAccountSummaryResponse>",
            entry("AccountMFAEnabled", mfa),
            entry("AccountPasswordPresent", password),
            entry("AccountAccessKeysPresent", keys),
        ),
    };
    let rules = vec![
        Rule::on("iam:GetAccountSummary", root(1, 1, 0)).account(FIRST),
        Rule::on("iam:GetAccountSummary", root(0, 1, 0)).account(SECOND),
        // Another account's VPC, shared with the second.
        Rule::patch("ec2:DescribeVpcs", |body| {
            body.replace("<ownerId>444455556666</ownerId>", "<ownerId>777788889999</ownerId>")
        })
        .account(SECOND)
        .region("us-east-2"),
        // Logging, and for two days nothing has arrived.
        patch_json("cloudtrail:GetTrailStatus", |status| {
            status["LatestDeliveryTime"] = (jiff::Timestamp::now().as_second() - 2 * 24 * 3600).into();
        })
        .about("fw-b-excluding"),
        // Logging, and what arrives is refused.
        patch_json("cloudtrail:GetTrailStatus", |status| status["LatestDeliveryError"] = "AccessDenied".into())
            .about("fw-b-advanced"),
    ];
    let fault = Fault::start(&Emulator::moto().endpoint, rules);
    let run = audit(&fault, &["--role-arn", &second_role(), "--external-id", EXTERNAL_ID]);
    let covers = "aws-cloudtrail-covers-every-region";
    let (refused, stale) = (format!("{SECOND}/us-east-1"), format!("{SECOND}/us-east-2"));
    Emulator::moto()
        .truth
        .both()
        .turn("pass", |row| row.check == "aws-root-mfa" && row.handle == format!("account {FIRST}"))
        .turn("fail", |row| row.check == "aws-root-mfa" && row.handle == format!("account {SECOND}"))
        .turn("not_applicable", |row| row.kind == "aws.ec2.vpc" && row.handle == "one interface")
        .turn("fail", |row| row.check == covers && (row.handle == refused || row.handle == stale))
        // Whether a trail that delivers nothing still records "all" is not for this test to say.
        .ignoring(&["aws-cloudtrail-management-events-complete"])
        .assert(&run.findings().all, "answers that moto does not give");
}

/// Access to root is managed centrally: there is nothing that a second factor could protect.
#[test]
fn a_root_user_without_any_credential_needs_no_mfa() {
    let rule = Rule::patch("iam:GetAccountSummary", |body| {
        body.replacen("<entry>", "<entry><key>AccountPasswordPresent</key><value>0</value></entry><entry>", 1)
    });
    let fault = Fault::start(&Emulator::moto().endpoint, vec![rule]);
    let run = audit(&fault, &[]);
    let expected = Emulator::moto().truth.first().turn("pass", |row| row.check == "aws-root-mfa");
    expected.assert(&run.findings().all, "a root user without password and access keys");
}

/// A member account is shown the organisation's trail, whose home and owner are elsewhere.
#[test]
fn a_trail_of_the_organisation_covers_its_members() {
    let arn = "arn:aws:cloudtrail:us-east-1:999900001111:trail/of-the-organisation";
    let answer = |body: &Value| Action::Answer {
        status: 200,
        content_type: "application/x-amz-json-1.1",
        body: body.to_string(),
    };
    let now = jiff::Timestamp::now().as_second();
    let rules = vec![
        patch_json("cloudtrail:DescribeTrails", move |trails| {
            trails["trailList"].as_array_mut().expect("a list of trails").push(json!({
                "Name": "of-the-organisation",
                "TrailARN": arn,
                "HomeRegion": "us-east-1",
                "S3BucketName": "fw-c-archive",
                "IncludeGlobalServiceEvents": true,
                "IsMultiRegionTrail": true,
                "IsOrganizationTrail": true,
                "LogFileValidationEnabled": true,
                "HasCustomEventSelectors": false,
                "HasInsightSelectors": false,
            }));
        })
        .account(SECOND),
        Rule::on(
            "cloudtrail:GetTrailStatus",
            answer(&json!({ "IsLogging": true, "LatestDeliveryTime": now, "StartLoggingTime": now - 90_000 })),
        )
        .about("of-the-organisation"),
        Rule::on(
            "cloudtrail:GetEventSelectors",
            answer(&json!({ "TrailARN": arn, "EventSelectors": [{
                "ReadWriteType": "All",
                "IncludeManagementEvents": true,
                "DataResources": [],
                "ExcludeManagementEventSources": [],
            }] })),
        )
        .about("of-the-organisation"),
    ];
    let fault = Fault::start(&Emulator::moto().endpoint, rules);
    let run = audit(&fault, &["--role-arn", &second_role(), "--external-id", EXTERNAL_ID]);
    let checks = ["aws-cloudtrail-covers-every-region", "aws-cloudtrail-management-events-complete"];
    Emulator::moto()
        .truth
        .both()
        .turn("pass", |row| {
            checks.contains(&row.check.as_str())
                && REGIONS.iter().any(|region| row.handle == format!("{SECOND}/{region}"))
        })
        .only(&checks.map(str::to_owned))
        .assert(&run.findings().all, "a trail of the organisation");
}

#[test]
fn ministack_and_the_truth_agree_where_it_has_the_service() {
    let emulator = Emulator::ministack();
    let served = emulator.truth.served.clone().expect("the seed says what ministack serves");
    // It has no Route 53 Resolver, and stands for accounts that do not use it: else there might be more stores.
    let none = Action::Answer {
        status: 200,
        content_type: "application/x-amz-json-1.1",
        body: "{\"ResolverQueryLogConfigs\": []}".to_owned(),
    };
    let fault = Fault::start(&emulator.endpoint, vec![Rule::on("route53resolver:ListResolverQueryLogConfigs", none)]);
    let run = audit(&fault, &["--role-arn", &second_role(), "--external-id", EXTERNAL_ID]);
    emulator.truth.both().only(&served).assert(&run.findings().all, "ministack");
}

/// A rule that changes a JSON answer.
fn patch_json(name: &str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Rule {
    Rule::patch(name, move |body| {
        let mut value: Value = serde_json::from_str(body).expect("the emulator's JSON");
        change(&mut value);
        value.to_string()
    })
}

/// The first value under that name, however deep.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields
            .get(name)
            .filter(|found| found.is_string())
            .or_else(|| fields.values().find_map(|inner| find(inner, name))),
        Value::Array(items) => items.iter().find_map(|inner| find(inner, name)),
        _ => None,
    }
}

/// Every text in a value.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
