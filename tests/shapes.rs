//! Answers in the shape that AWS documents, where the emulators have another or none.
//!
//! The seed says what is true of what the emulators answer. Each test here puts in what AWS would, names the document,
//! and says which findings that changes; all others stay as they are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use serde_json::{Value, json};

use emulators::fault::{Action, Fault, Rule};
use emulators::truth::{Finding, Row, lists_gap};
use emulators::{EXTERNAL_ID, Emulator, FIRST, Findings, REGIONS, Run, SECOND, audit, second_role};

const EAST: &str = REGIONS[0];
const EAST2: &str = REGIONS[1];
const WEST: &str = REGIONS[2];

const CHAIN: &str = "aws-alert-chain-whole";
const SUSPICIOUS: &str = "aws-suspicious-traffic-alert";
const SIZE: &str = "aws-large-outbound-alert-threshold";
const MACIE: &str = "aws-macie-enabled";
const EXPORTED: &str = "aws-guardduty-findings-exported";
const HANDLED: &str = "aws-guardduty-findings-handled";
const FEATURES: &str = "aws-guardduty-features";
const WITHIN: &str = "aws-guardduty-publishes-within";

fn both(rules: Vec<Rule>) -> Run {
    let fault = Fault::start(&Emulator::moto().endpoint, rules);
    audit(&fault, &["--role-arn", &second_role(), "--external-id", EXTERNAL_ID])
}

fn first(rules: Vec<Rule>, more: &[&str]) -> Run {
    audit(&Fault::start(&Emulator::moto().endpoint, rules), more)
}

fn json_answer(name: &str, body: &Value) -> Rule {
    Rule::on(name, Action::Answer { status: 200, content_type: "application/json", body: body.to_string() })
}

/// A rule that changes a JSON answer.
fn patch(name: &str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Rule {
    Rule::patch(name, move |body| {
        let mut value: Value = serde_json::from_str(body).expect("the emulator's JSON");
        change(&mut value);
        value.to_string()
    })
}

fn refuse(name: &str, status: u16, code: &'static str, message: &'static str) -> Rule {
    Rule::on(name, Action::Refuse { status, code, message })
}

fn is<'a>(check: &'a str, handle: &'a str) -> impl Fn(&Row) -> bool + 'a {
    move |row| row.check == check && row.handle == handle
}

fn place(account: &str, region: &str) -> String {
    format!("{account}/{region}")
}

fn detector(account: &str, region: &str) -> String {
    format!("detector of {account}/{region}")
}

fn ago(days: i64) -> String {
    let then = jiff::Timestamp::now().as_second() - days * 24 * 3600;
    jiff::Timestamp::from_second(then).expect("a moment").strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// The one finding of a check about what has this at the end of its id, in the first account.
fn one<'a>(found: &'a Findings, check: &str, region: &str, id_ends: &str) -> &'a Finding {
    let fits = |finding: &&Finding| {
        let subject = &finding.subject;
        let here = (subject.account.as_str(), subject.region.as_str()) == (FIRST, region);
        finding.check == check && here && subject.id.as_ref().is_some_and(|id| id.ends_with(id_ends))
    };
    let all: Vec<&Finding> = found.all.iter().filter(fits).collect();
    assert_eq!(all.len(), 1, "one finding of {check} about {id_ends} in {region}: {all:#?}");
    all[0]
}

/// Macie API, `GetMacieSession`: `AccessDeniedException`, 403. Where Macie was never enabled, that is the answer too; its
/// message alone tells it from a denial. A paused Macie says so (`MacieStatus`: PAUSED, ENABLED).
#[test]
fn macie_that_was_never_enabled_and_a_real_denial() {
    let macie = "macie2:GetMacieSession";
    let never = refuse(macie, 403, "AccessDeniedException", "Macie is not enabled");
    let run = both(vec![
        never.clone().account(FIRST).region(EAST),
        Rule::on(macie, Action::Deny).account(FIRST).region(EAST2),
        json_answer(macie, &json!({ "status": "PAUSED", "findingPublishingFrequency": "FIFTEEN_MINUTES" }))
            .account(FIRST)
            .region(WEST),
        // As the API puts it with a full stop.
        refuse(macie, 403, "AccessDeniedException", "Macie is not enabled.").account(SECOND).region(EAST),
        refuse(macie, 403, "AccessDeniedException", "The account is not enabled for this.")
            .account(SECOND)
            .region(EAST2),
    ]);
    let found = run.findings();
    Emulator::moto()
        .truth
        .both()
        .turn("fail", is(MACIE, &place(FIRST, EAST)))
        .turn("unknown", is(MACIE, &place(FIRST, EAST2)))
        .turn("fail", is(MACIE, &place(FIRST, WEST)))
        .turn("fail", is(MACIE, &place(SECOND, EAST)))
        .turn("unknown", is(MACIE, &place(SECOND, EAST2)))
        .assert(&found.all, "Macie");
    assert!(one(&found, MACIE, EAST2, EAST2).blames(macie, "denied"), "{:#?}", found.gaps);
    // Two denials, and nothing else about Macie is open.
    let open: Vec<_> = found.gaps.iter().filter(|gap| gap.read == macie).collect();
    assert!(open.len() == 2 && open.iter().all(|gap| gap.outcome == "denied"), "{open:#?}");
}

/// GuardDuty as AWS answers, in the three regions where a detector is on.
#[test]
fn guardduty_as_aws_answers() {
    let findings = |id: &str, days: i64| {
        json!({ "findings": [{
            "accountId": FIRST,
            "arn": format!("arn:aws:guardduty:us-east-1:{FIRST}:detector/d/finding/{id}"),
            "createdAt": ago(days),
            "updatedAt": ago(1),
            "id": id,
            "partition": "aws",
            "region": EAST,
            "resource": { "resourceType": "AccessKey", "accessKeyDetails": { "userName": CANARY } },
            "schemaVersion": "2.0",
            "service": { "archived": false, "count": 3, "serviceName": "guardduty" },
            "severity": 8,
            "type": "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        }] })
    };
    let feature = |name: &str| json!({ "name": name, "status": "ENABLED", "updatedAt": 1_790_000_000 });
    let every: Vec<Value> =
        ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS", "EKS_AUDIT_LOGS"].into_iter().map(feature).collect();
    let rules = vec![
        // GuardDuty API, GetDetector: Features are DetectorFeatureConfigurationResults; the base sources are among them.
        patch("guardduty:GetDetector", move |detector| detector["features"] = every.clone().into())
            .account(SECOND)
            .region(WEST),
        // Neither member is required (DetectorFeatureConfigurationResult; GetDetectorResponse).
        patch("guardduty:GetDetector", |detector| {
            let members = detector.as_object_mut().expect("an object");
            members.remove("features");
            members.remove("findingPublishingFrequency");
        })
        .account(FIRST)
        .region(EAST),
        // GetAdministratorAccount: "an administrator account or an individual account: 200, no content".
        Rule::on(
            "guardduty:GetAdministratorAccount",
            Action::Answer { status: 200, content_type: "application/json", body: String::new() },
        )
        .account(FIRST),
        json_answer(
            "guardduty:GetAdministratorAccount",
            &json!({ "administrator": { "accountId": FIRST, "invitationId": "1", "relationshipStatus": "Enabled" } }),
        )
        .account(SECOND)
        .region(EAST),
        // ListPublishingDestinations, Destination: status PUBLISHING, UNABLE_TO_PUBLISH_FIX_DESTINATION_PROPERTY, …
        json_answer(
            "guardduty:ListPublishingDestinations",
            &json!({ "destinations": [{ "destinationId": "p1", "destinationType": "S3", "status": "PUBLISHING" }] }),
        )
        .account(FIRST),
        json_answer("guardduty:ListPublishingDestinations", &json!({ "destinations": [] }))
            .account(SECOND)
            .region(EAST),
        json_answer(
            "guardduty:ListPublishingDestinations",
            &json!({ "destinations": [{
                "destinationId": "p2",
                "destinationType": "S3",
                "status": "UNABLE_TO_PUBLISH_FIX_DESTINATION_PROPERTY",
            }] }),
        )
        .account(SECOND),
        // ListFindings and GetFindings, Finding: createdAt, service.archived.
        json_answer("guardduty:ListFindings", &json!({ "findingIds": ["f1"], "nextToken": "" })).account(FIRST),
        json_answer("guardduty:GetFindings", &findings("f1", 40)).account(FIRST),
        json_answer("guardduty:ListFindings", &json!({ "findingIds": ["f2"] })).account(SECOND).region(EAST),
        json_answer("guardduty:GetFindings", &findings("f2", 3)).account(SECOND),
        json_answer("guardduty:ListFindings", &json!({ "findingIds": [] })).account(SECOND),
    ];
    let run = both(rules);
    let found = run.findings();
    let (member, alone) = (detector(SECOND, EAST), detector(SECOND, WEST));
    Emulator::moto()
        .truth
        .both()
        .turn("unknown", is(FEATURES, &detector(FIRST, EAST)))
        .turn("unknown", is(WITHIN, &detector(FIRST, EAST)))
        .turn("pass", is(FEATURES, &alone))
        // A finding was made forty days ago and is still open.
        .turn("fail", is(HANDLED, &detector(FIRST, EAST)))
        .turn("pass", is(HANDLED, &member))
        .turn("pass", is(HANDLED, &alone))
        .turn("pass", is(EXPORTED, &detector(FIRST, EAST)))
        // It exports nothing, its administrator does.
        .turn("pass", is(EXPORTED, &member))
        .turn("fail", is(EXPORTED, &alone))
        // The administrator is told of it.
        .turn("pass", is(SUSPICIOUS, &place(SECOND, EAST)))
        .assert(&found.all, "GuardDuty");
    let guardduty: Vec<_> = found.gaps.iter().filter(|gap| gap.read.starts_with("guardduty:")).collect();
    assert!(guardduty.is_empty(), "{guardduty:#?}");
    for file in emulators::files(&run.dir) {
        let bytes = std::fs::read(&file).expect("a file of the run");
        let kept = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!kept, "{} holds who it was", file.display());
    }
}

/// In a finding: who did it.
const CANARY: &str = "farwatch-canary-of-a-user";

/// The administrator of a member is an account that nobody reads: it may export, and it may alert.
#[test]
fn an_administrator_that_was_not_read() {
    let other = json!({ "administrator": { "accountId": "999900001111", "relationshipStatus": "Enabled" } });
    let run = first(
        vec![
            json_answer("guardduty:GetAdministratorAccount", &other),
            json_answer("guardduty:ListPublishingDestinations", &json!({ "destinations": [] })),
            // Nothing of its own is seen to alert in the east.
            json_answer("events:ListRules", &json!({ "Rules": [] })),
            json_answer("cloudwatch:DescribeAlarms", &json!({ "MetricAlarms": [], "CompositeAlarms": [] })),
        ],
        &[],
    );
    let found = run.findings();
    for finding in found.all.iter().filter(|finding| finding.check == EXPORTED && finding.subject.region == EAST) {
        assert_eq!(finding.outcome, "unknown", "{}", finding.sentence);
    }
    assert_eq!(one(&found, SUSPICIOUS, EAST, EAST).outcome, "unknown");
    // No detector here, so nobody's administrator.
    assert_eq!(one(&found, SUSPICIOUS, WEST, WEST).outcome, "fail");
}

/// SNS API, `Subscribe` and `ListSubscriptions`: until it is confirmed, the ARN of a subscription is the word
/// `PendingConfirmation`, and many can have it at once. `GetTopicAttributes` counts what other accounts subscribed.
#[test]
fn subscriptions_that_nobody_confirmed() {
    let topic = format!("arn:aws:sns:{EAST2}:{FIRST}:fw-lonely");
    let member = |to: &str| {
        format!(
            "<member><SubscriptionArn>PendingConfirmation</SubscriptionArn><Owner>{FIRST}</Owner>\
             <Protocol>email</Protocol><Endpoint>{to}</Endpoint><TopicArn>{topic}</TopicArn></member>"
        )
    };
    let pending = member("a@example.com") + &member("b@example.com");
    let rules = vec![
        Rule::patch("sns:ListSubscriptions", move |body| {
            let out = body.replacen("</Subscriptions>", &format!("{pending}</Subscriptions>"), 1);
            assert!(out.len() > body.len(), "the list of subscriptions has an end: {body}");
            out
        })
        .region(EAST2),
        // One that another account confirmed, in no list of this one.
        Rule::patch("sns:GetTopicAttributes", |body| {
            let (name, zero) = ("<key>SubscriptionsConfirmed</key>", "<value>0</value>");
            let at = body.find(name).expect("the count") + name.len();
            let (before, after) = body.split_at(at);
            format!("{before}{}", after.replacen(zero, "<value>1</value>", 1))
        })
        .about("fw-alerts")
        .region(WEST),
    ];
    let found = first(rules, &[]).findings();
    Emulator::moto()
        .truth
        .first()
        .turn("unknown", is(CHAIN, "fw-large-outbound in the west"))
        .assert(&found.all, "subscriptions");
    let nobody = one(&found, CHAIN, EAST2, "fw-nobody");
    assert!(nobody.sentence.contains("no confirmed subscription"), "{}", nobody.sentence);
}

/// CloudWatch API, `MetricAlarm`: `StateTransitionedTimestamp`. `CompositeAlarm`: its own actions.
#[test]
fn alarms_as_cloudwatch_answers_them() {
    let over = json!({
        "AlarmName": "fw-any",
        "AlarmArn": format!("arn:aws:cloudwatch:{EAST}:{FIRST}:alarm:fw-any"),
        "AlarmRule": "ALARM(\"fw-silent\") OR ALARM(\"fw-other\")",
        "ActionsEnabled": true,
        "AlarmActions": [format!("arn:aws:sns:{EAST}:{FIRST}:fw-alerts")],
        "StateValue": "OK",
    });
    let rules = vec![
        patch("cloudwatch:DescribeAlarms", |alarms| {
            for alarm in alarms["MetricAlarms"].as_array_mut().expect("a list of alarms") {
                let days = if alarm["AlarmName"] == "fw-asleep" { 8 } else { 30 };
                alarm["StateTransitionedTimestamp"] = (jiff::Timestamp::now().as_second() - days * 24 * 3600).into();
            }
        })
        .region(EAST2),
        patch("cloudwatch:DescribeAlarms", move |alarms| alarms["CompositeAlarms"] = json!([over])).region(EAST),
    ];
    let found = first(rules, &[]).findings();
    Emulator::moto()
        .truth
        .first()
        // Without data for more than a week.
        .turn("fail", is(CHAIN, "fw-asleep in the middle"))
        // It does not act itself; an alarm over it may.
        .turn("unknown", is(CHAIN, "fw-silent"))
        .assert(&found.all, "alarms");
}

/// What the organisation has decided about sizes and numbers.
#[test]
fn alerts_and_administrators_against_what_the_organisation_decided() {
    let words = [
        "--param",
        "large_outbound_megabytes=1000",
        "--param",
        "large_outbound_minutes=5",
        "--param",
        "max_monitoring_admins=11",
    ];
    let found = first(vec![], &words).findings();
    let size = |row: &Row, names: &[&str]| row.check == SIZE && names.iter().any(|name| row.handle == *name);
    let other = ["fw-large-in-an-hour in the middle"];
    // What the two cannot be compared with stays open.
    let open = ["fw-expression in the middle", "fw-expression-of-metrics in the middle", "fw-less in the middle"];
    Emulator::moto()
        .truth
        .first()
        .turn("pass", |row| row.check == SIZE && row.expects("unknown") && !size(row, &open) && !size(row, &other))
        .turn("fail", |row| size(row, &other))
        .turn("pass", |row| row.check == "aws-monitoring-admins-few" && row.handle == format!("account {FIRST}"))
        .assert(&found.all, "sizes and numbers");
}

/// S3 and KMS, where the emulators have other answers.
#[test]
fn buckets_and_keys_as_aws_answers_them() {
    let xml = |status, body: &str| Action::Answer { status, content_type: "application/xml", body: body.to_owned() };
    let sse = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ServerSideEncryptionConfiguration \
               xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ApplyServerSideEncryptionByDefault>\
               <SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>\
               <BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>";
    let moved = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>PermanentRedirect</Code><Message>The bucket you \
                 are attempting to access must be addressed using the specified endpoint.</Message>\
                 <Endpoint>fw-a-flow.s3-us-west-1.amazonaws.com</Endpoint><Bucket>fw-a-flow</Bucket>\
                 <RequestId>1</RequestId><HostId>1</HostId></Error>";
    let rules = vec![
        // Amazon S3 User Guide, "Setting default server-side encryption behavior": every bucket has SSE-S3 as its base.
        Rule::on("s3:GetBucketEncryption", xml(200, sse)).about("/fw-a-public-acl"),
        // KMS API, GetKeyRotationStatus: UnsupportedOperationException, for asymmetric keys.
        refuse("kms:GetKeyRotationStatus", 400, "UnsupportedOperationException", "arn is not supported").region(EAST2),
        // Amazon S3 API, "List of error codes": PermanentRedirect, 301. It says nothing of what was asked.
        Rule::on("s3:GetBucketVersioning", xml(301, moved)).about("/fw-a-flow"),
        Rule::on("s3:GetBucketLifecycleConfiguration", xml(301, moved)).about("/fw-a-flow"),
    ];
    let found = first(rules, &[]).findings();
    Emulator::moto()
        .truth
        .first()
        .unknown("aws-cloudtrail-kms-key-rotates", &["fw-still-key"])
        .unknown("aws-log-bucket-tamper-resistant", &["fw-a-flow"])
        .unknown("aws-log-bucket-retention", &["fw-a-flow"])
        .assert(&found.all, "S3 and KMS");
    assert!(lists_gap(&found.gaps, "s3:GetBucketVersioning", "failed"), "{:#?}", found.gaps);
    assert!(!found.gaps.iter().any(|gap| gap.read == "kms:GetKeyRotationStatus"), "an answer is no gap");
}

/// Deliveries, streams and functions in states that the emulators never reach.
#[test]
fn states_that_the_emulators_never_reach() {
    let now = jiff::Timestamp::now().as_second();
    let rules = vec![
        // CloudTrail API, GetTrailStatus: LatestDigestDeliveryTime, LatestCloudWatchLogsDeliveryTime, …Error.
        patch("cloudtrail:GetTrailStatus", move |status| {
            status["LatestDigestDeliveryTime"] = now.into();
            status["LatestCloudWatchLogsDeliveryTime"] = now.into();
        })
        .about("fw-main"),
        patch("cloudtrail:GetTrailStatus", move |status| {
            status["LatestDigestDeliveryTime"] = now.into();
            status["LatestDigestDeliveryError"] = "AccessDenied".into();
        })
        .about("fw-restricted"),
        patch("cloudtrail:GetTrailStatus", move |status| {
            status["LatestDigestDeliveryTime"] = (now - 5 * 3600).into();
        })
        .about("fw-foreign-key"),
        // Firehose API, DeliveryStreamDescription: DeliveryStreamStatus.
        patch("firehose:DescribeDeliveryStream", |stream| {
            stream["DeliveryStreamDescription"]["DeliveryStreamStatus"] = "CREATING_FAILED".into();
        })
        .about("fw-siem"),
        patch("firehose:DescribeDeliveryStream", |stream| {
            stream["DeliveryStreamDescription"]["DeliveryStreamStatus"] = "DELETING".into();
        })
        .about("fw-open"),
        // EC2 API, FlowLog: deliverLogsStatus is set only after a delivery was attempted.
        Rule::patch("ec2:DescribeFlowLogs", |body| body.replace("<deliverLogsStatus>SUCCESS</deliverLogsStatus>", ""))
            .region(EAST2),
        // Route 53 Resolver API, ResolverQueryLogConfigAssociation: Status FAILED.
        patch("route53resolver:ListResolverQueryLogConfigAssociations", |list| {
            for one in list["ResolverQueryLogConfigAssociations"].as_array_mut().expect("a list") {
                one["Status"] = "FAILED".into();
            }
        }),
        // Lambda API, FunctionConfiguration: LastUpdateStatus Failed, State Inactive.
        patch("lambda:GetFunctionConfiguration", |function| function["LastUpdateStatus"] = "Failed".into())
            .about("fw-isolate/configuration"),
        patch("lambda:GetFunctionConfiguration", |function| function["State"] = "Inactive".into())
            .about("fw-isolate-some/configuration"),
    ];
    let found = first(rules, &[]).findings();
    let (digest, group) = ("aws-cloudtrail-digest-delivered", "aws-cloudtrail-delivers-to-log-group");
    let not_reported = ["flow log of half the subnets", "flow log to a log group"];
    Emulator::moto()
        .truth
        .first()
        .turn("pass", is(digest, "fw-main"))
        .turn("pass", is(group, "fw-main"))
        .turn("fail", is("aws-firehose-stream-active", "fw-siem"))
        .turn("not_applicable", is("aws-firehose-stream-active", "fw-open"))
        .turn("fail", is("aws-logs-reach-siem", "/farwatch/trail"))
        .turn("not_applicable", |row| {
            row.check == "aws-flow-log-delivers" && not_reported.contains(&row.handle.as_str())
        })
        .turn("fail", is("aws-resolver-query-logging", "good"))
        .turn("fail", is("aws-containment-function", "fw-isolate"))
        .turn("fail", is("aws-containment-function", "fw-isolate-some"))
        .assert(&found.all, "states");
    for (trail, says) in [("fw-restricted", "AccessDenied"), ("fw-foreign-key", "none in the 3 hours")] {
        let finding = one(&found, digest, if trail == "fw-restricted" { EAST2 } else { EAST }, trail);
        assert!(finding.outcome == "fail" && finding.sentence.contains(says), "{}", finding.sentence);
    }
}

const HISTORY: &str = "cloudtrail:LookupEvents";
const CALL: &str = "ModifyNetworkInterfaceAttribute";

/// CloudTrail API, `LookupEvents`: the newest first, 50 on a page; times in seconds since 1970, the whole event as a text.
fn event(id: usize, days_ago: i64) -> Value {
    json!({
        "EventId": format!("event-{id}"),
        "EventName": CALL,
        "ReadOnly": "false",
        "AccessKeyId": "AKIACANARYOFANEVENT1",
        "EventTime": jiff::Timestamp::now().as_second() - days_ago * 24 * 3600,
        "EventSource": "ec2.amazonaws.com",
        "Username": "isolate",
        "Resources": [{ "ResourceType": "AWS::EC2::NetworkInterface", "ResourceName": "eni-1" }],
        "CloudTrailEvent": "{\"sourceIPAddress\":\"canary-of-an-address\"}",
    })
}

/// The organisation that is ready, with the first account in place of its own and a drill of so many days ago.
fn drilled(days_ago: i64) -> tempfile::TempDir {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/organisations/ready");
    let to = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let day = |days: i64| ago(days)[..10].to_owned();
    for file in emulators::files(&from) {
        let target = to.path().join(file.strip_prefix(&from).expect("below it"));
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        let bytes = std::fs::read(&file).expect("a file");
        let text = String::from_utf8(bytes).expect("text").replace("210987654321", FIRST);
        let text = if file.ends_with("statements/containment-drill.md") {
            let dates =
                ("date: 2026-10-14\nexpires: 2027-10-13", format!("date: {}\nexpires: {}", day(days_ago), day(-30)));
            assert!(text.contains(dates.0), "the drill has another date: {text}");
            text.replace(dates.0, &dates.1)
        } else {
            text
        };
        std::fs::write(target, text).expect("a file");
    }
    to
}

/// What is found about the drill of so many days ago; and the run, and what was asked.
fn of_drill(days_ago: i64, rules: Vec<Rule>) -> (Finding, Run, Fault) {
    let organisation = drilled(days_ago);
    let fault = Fault::start(&Emulator::moto().endpoint, rules);
    let run = audit(&fault, &["--organisation", organisation.path().to_str().expect("a path")]);
    let check = "organisation-drill-in-event-history";
    let about = |one: &&Finding| one.check == check && one.subject.id.as_deref() == Some("containment-drill");
    let findings = run.findings();
    let found: Vec<Finding> = findings.all.iter().filter(about).cloned().collect();
    assert_eq!(found.len(), 1, "{}", run.said());
    (found.into_iter().next().expect("one"), run, fault)
}

fn happened(events: &[Value]) -> Rule {
    let body = json!({ "Events": events }).to_string();
    Rule::patch(HISTORY, move |_| body.clone()).region(EAST).about(CALL)
}

/// An event of the day confirms the drill, and what identifies people and places stays out of the run.
#[test]
fn the_event_history_confirms_a_drill() {
    let (found, run, fault) = of_drill(10, vec![happened(&[event(1, 3), event(2, 10), event(3, 40)])]);
    assert_eq!(found.outcome, "pass", "{found:?}");
    assert!(found.sentence.contains(&format!("(UTC, a day more or less): 1 ({CALL} by isolate at")));
    for file in emulators::files(&run.dir) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("a file")).into_owned();
        assert!(!text.contains("canary-of-an-address") && !text.contains("AKIACANARY"), "{}", file.display());
    }
    // One name at a time, and in full: the region has four, each asked for once.
    let asked: Vec<_> = fault.seen().into_iter().filter(|seen| seen.call.name() == HISTORY).collect();
    assert_eq!(asked.len(), 4 * REGIONS.len());
    assert!(asked.iter().all(|seen| seen.subject.contains("EventName")), "{asked:#?}");
}

/// No event of the day, and all was read: it says so. Older than the history, denied, or not read to the day: not known.
#[test]
fn the_event_history_says_no_more_than_it_knows() {
    let (found, ..) = of_drill(10, vec![happened(&[event(1, 3), event(3, 40)])]);
    assert_eq!(found.outcome, "fail");
    assert!(found.sentence.contains("no matching event in the event history (90 days)"), "{}", found.sentence);
    let (found, ..) = of_drill(120, vec![happened(&[event(1, 3)])]);
    assert_eq!(found.outcome, "unknown");
    assert!(found.sentence.contains("goes back 90 days") && found.sentence.contains("is older"), "{}", found.sentence);
    // Another region could have it.
    let (found, ..) = of_drill(10, vec![Rule::on(HISTORY, Action::Deny).region(WEST)]);
    assert!(found.outcome == "unknown" && found.blames(HISTORY, "denied"), "{found:?}");
    let (found, ..) = of_drill(10, vec![Rule::on(HISTORY, Action::Deny).region(WEST), happened(&[event(1, 10)])]);
    assert_eq!(found.outcome, "pass");
}

/// A history that is longer than we ask for: what came counts, the rest is a gap, and no more pages are asked for.
#[test]
fn a_long_event_history_is_read_to_its_bound() {
    for (at, outcome) in [(3, "pass"), (4, "unknown")] {
        let events: Vec<Value> = (0..6).map(|id| event(id, if id == at { 10 } else { 3 })).collect();
        let paged = Rule::on(HISTORY, Action::Paginate { size: 1 }).region(EAST).about(CALL);
        let (found, run, fault) = of_drill(10, vec![happened(&events), paged]);
        assert_eq!(found.outcome, outcome, "{found:?}");
        let asked = |seen: &&emulators::fault::Seen| {
            seen.call.name() == HISTORY && seen.call.region == EAST && seen.subject.contains(CALL)
        };
        assert_eq!(fault.seen().iter().filter(asked).count(), 4);
        let gaps = run.findings().gaps;
        assert!(lists_gap(&gaps, &format!("{HISTORY}#{CALL}"), "failed"), "{gaps:#?}");
        assert!(run.said().contains("no more than 4 pages of it are asked for"), "{}", run.said());
    }
}
