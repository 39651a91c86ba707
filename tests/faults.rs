//! Whatever breaks between farwatch and AWS: exactly the findings that needed it become unknown, and all
//! the others stay right.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use emulators::fault::{Action, Fault, Rule, action};
use emulators::truth::{Expectation, Finding, Row, lists_denial, lists_gap};
use emulators::{EXTERNAL_ID, Emulator, FIRST, Gap, REGIONS, SECOND, UNANSWERED, audit, second_role};

const EAST: &str = REGIONS[0];
const EAST2: &str = REGIONS[1];
const WEST: &str = REGIONS[2];

const COVERS: &str = "aws-cloudtrail-covers-every-region";
const COMPLETE: &str = "aws-cloudtrail-management-events-complete";
const ENCRYPTED: &str = "aws-cloudtrail-kms-encrypted";
const ROTATES: &str = "aws-cloudtrail-kms-key-rotates";
const NOT_PUBLIC: &str = "aws-log-bucket-not-public";
const RETENTION: &str = "aws-log-bucket-retention";
const SSE_KMS: &str = "aws-log-bucket-sse-kms";
const GROUP_RETENTION: &str = "aws-log-group-retention";
const FLOW_LOGS: &str = "aws-vpc-flow-log-all-traffic";
const GUARDDUTY: &str = "aws-guardduty-enabled";
const ROOT_MFA: &str = "aws-root-mfa";
const ADMIN_PORTS: &str = "aws-no-internet-admin-ports";
const PORTS: &str = "aws-internet-ports-authorized";
const INTERNET: &str = "aws-security-group-not-wide-open";
const INTERNAL: &str = "aws-internal-security-group-not-wide-open";
const DECLARATIONS: &str = "organisation-declared-points-exist";
const DRILL: &str = "organisation-drill-in-event-history";
const LISTENERS: &str = "aws-load-balancer-listeners-encrypted";
const ISOLATION: &str = "aws-isolation-group-present";
const NAMES: &str = "aws-resolver-query-logging";
const TRANSIT: &str = "aws-transit-gateway-flow-log";
const ROLE: &str = "aws-flow-log-role-least-privilege";
const DIGEST: &str = "aws-cloudtrail-digest-delivered";
const TO_GROUP: &str = "aws-cloudtrail-delivers-to-log-group";
const BUCKET_EVENTS: &str = "aws-cloudtrail-s3-data-events";
const TABLE_EVENTS: &str = "aws-cloudtrail-dynamodb-data-events";
const ACCESS_LOGS: &str = "aws-s3-access-logging";
const DEDICATED: &str = "aws-log-bucket-dedicated";
const TAMPER: &str = "aws-log-bucket-tamper-resistant";
const EXISTS: &str = "aws-log-destination-exists";
const NEWEST: &str = "aws-flow-log-newest-record";
const SIEM: &str = "aws-logs-reach-siem";
const TABLES: &str = "aws-athena-log-table";
const QUERIES: &str = "aws-athena-queries-run";
const RESULTS: &str = "aws-athena-workgroup-results-encrypted";
const CHAIN: &str = "aws-alert-chain-whole";
const SIZE: &str = "aws-large-outbound-alert-threshold";
const SUSPICIOUS: &str = "aws-suspicious-traffic-alert";
const FUNCTION: &str = "aws-containment-function";
const ADMINS_MFA: &str = "aws-monitoring-admins-mfa";
const ADMINS_FEW: &str = "aws-monitoring-admins-few";
const MACIE: &str = "aws-macie-enabled";
const FEATURES: &str = "aws-guardduty-features";
const WITHIN: &str = "aws-guardduty-publishes-within";
const HANDLED: &str = "aws-guardduty-findings-handled";
const EXPORTED: &str = "aws-guardduty-findings-exported";

/// The checks of buckets and log groups that logs are delivered to.
const STORE_CHECKS: [&str; 11] =
    [NOT_PUBLIC, RETENTION, SSE_KMS, DEDICATED, TAMPER, EXISTS, TABLES, QUERIES, GROUP_RETENTION, NEWEST, SIEM];
/// The buckets of the first account that trails deliver to, and the one that flow logs deliver to.
const TRAIL_BUCKETS: [&str; 5] =
    ["fw-a-good", "fw-a-public-policy", "fw-a-public-acl", "fw-a-restricted", "fw-a-access-logs"];
const BUCKETS: [&str; 6] =
    ["fw-a-good", "fw-a-public-policy", "fw-a-public-acl", "fw-a-restricted", "fw-a-access-logs", "fw-a-flow"];
const FLOW_STORES: [&str; 6] = [
    "fw-a-flow",
    "/farwatch/flow-short",
    "/farwatch/flow-short in the west",
    "/farwatch/flow-forever",
    "/farwatch/late",
    "/farwatch/never",
];
/// The log groups of the first account that receive flow logs.
const FLOW_GROUPS: [&str; 5] = [
    "/farwatch/flow-short",
    "/farwatch/flow-short in the west",
    "/farwatch/flow-forever",
    "/farwatch/late",
    "/farwatch/never",
];
/// Alarms whose chain is whole because a filter sees traffic.
const TRAFFIC_ALARMS: [&str; 6] = [
    "fw-large-outbound in the middle",
    "fw-large-in-an-hour in the middle",
    "fw-large-records in the middle",
    "fw-rejects in the middle",
    "fw-tunnels in the middle",
    "fw-expression in the middle",
];
/// The detectors of the first account.
fn detectors() -> [String; 2] {
    [EAST, EAST2].map(|region| format!("detector of {FIRST}/{region}"))
}

const VPC: &str = "aws.ec2.vpc";
const GROUP: &str = "aws.ec2.security_group";
const BALANCER: &str = "aws.elbv2.load_balancer";
const TRAIL: &str = "aws.cloudtrail.trail";
const STORE: &str = "aws.log_store";
const STREAM: &str = "aws.kinesis.stream";
const DELIVERY: &str = "aws.firehose.stream";
const USER: &str = "aws.iam.credential_report_entry";
const FLOW_LOG: &str = "aws.ec2.flow_log";
const TRANSIT_GATEWAY: &str = "aws.ec2.transit_gateway";
const DYNAMO: &str = "aws.dynamodb.table";
const BUCKET: &str = "aws.s3.bucket";
const DETECTOR: &str = "aws.guardduty.detector";
const ALERT: &str = "aws.alert";
const CONTAINMENT: &str = "aws.containment";
const WORKGROUP: &str = "aws.athena.workgroup";
const ADMIN: &str = "aws.iam.monitoring_admin";

/// What is true of the first account, audited alone.
fn truth() -> Expectation {
    Emulator::moto().truth.first()
}

fn proxy(rules: Vec<Rule>) -> Fault {
    Fault::start(&Emulator::moto().endpoint, rules)
}

/// `account/region`, which is how the seed calls a region.
fn places(regions: &[&str]) -> Vec<String> {
    regions.iter().map(|region| format!("{FIRST}/{region}")).collect()
}

/// The same findings about these regions become unknown.
fn regions_unknown(expected: Expectation, check: &str, regions: &[&str]) -> Expectation {
    let places = places(regions);
    expected.unknown(check, &places.iter().map(String::as_str).collect::<Vec<_>>())
}

/// ... or may.
fn regions_perhaps(expected: Expectation, check: &str, regions: &[&str]) -> Expectation {
    let places = places(regions);
    expected.perhaps_unknown(check, &places.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What a read of network interfaces tells: whether networks are in use.
fn no_interfaces(truth: Expectation) -> Expectation {
    let truth = truth.all_unknown(FLOW_LOGS).all_unknown(ISOLATION).all_unknown(NAMES);
    regions_unknown(truth.unknown(NEWEST, &FLOW_GROUPS), SUSPICIOUS, &REGIONS)
}

/// What a detector tells of itself.
fn no_detector(truth: Expectation) -> Expectation {
    let handles = detectors();
    let handles: Vec<&str> = handles.iter().map(String::as_str).collect();
    let truth = [FEATURES, WITHIN, HANDLED, EXPORTED].iter().fold(truth, |truth, check| truth.unknown(check, &handles));
    let truth = regions_unknown(truth, GUARDDUTY, &[EAST, EAST2]).unknown(CHAIN, &["guardduty-high"]);
    regions_unknown(truth, SUSPICIOUS, &[EAST])
}

/// Not every store is known, so not every account whose tables may lie on the records: none is missing for sure.
fn more_stores(truth: Expectation) -> Expectation {
    let truth = truth.turn("unknown", |row| row.check == TABLES && row.expects("fail"));
    truth.turn("unknown", |row| row.check == QUERIES && !row.expects("pass"))
}

/// Who has a second factor.
fn no_report(truth: Expectation) -> Expectation {
    truth.lost_globally(USER).unknown(ADMINS_MFA, &["alice", "bob", "deploy"])
}

/// Audits the first account with one operation denied. Whatever the denial made unknown has to name it.
fn denied(name: &str, change: impl FnOnce(Expectation) -> Expectation) {
    let rule = Rule::on(name, Action::Deny);
    denied_by(name, rule, change);
}

fn denied_by(name: &str, rule: Rule, change: impl FnOnce(Expectation) -> Expectation) {
    let run = audit(&proxy(vec![rule]), &[]);
    let found = run.findings();
    change(truth()).assert(&found.all, &format!("{name} denied"));
    assert!(
        lists_denial(&found.gaps, action(name)),
        "{name} denied: the gaps do not list {}: {:#?}",
        action(name),
        found.gaps
    );
    for finding in made_unknown(&found.all) {
        assert!(
            // A call that needs the answer of another was not made, for want of the same right.
            ["denied", "not_made"].iter().any(|outcome| finding.blames(action(name), outcome)),
            "{name} denied: {} does not say so: {:?}",
            finding.place(),
            finding.reasons
        );
    }
    assert_eq!(run.code, Some(10), "{name} denied: what is wrong elsewhere is still NOT MET\n{}", run.said());
}

/// The findings that are unknown and would not be if nothing had broken.
fn made_unknown(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let truth = truth();
    findings.iter().filter(move |finding| finding.outcome == "unknown" && !truth.holds(finding))
}

// --- denied, operation by operation ------------------------------------------------------------

#[test]
fn ec2_denied() {
    // Whether a group lets in everything from the whole range of its VPC takes that range.
    let by_range = ["vpc-everything", "half-the-vpc"];
    denied("ec2:DescribeVpcs", |truth| truth.lost(VPC, &REGIONS).unknown(INTERNAL, &by_range));
    // Interfaces say in which subnet they are.
    denied("ec2:DescribeSubnets", |truth| truth);
    denied("ec2:DescribeNetworkInterfaces", no_interfaces);
    denied("ec2:DescribeFlowLogs", |truth| {
        // Which groups receive traffic is not known: filters on them may see anything, or nothing.
        let of_filters = |row: &Row| row.check == SIZE && row.handle.starts_with("fw-");
        let blind = ["fw-blind", "fw-expression-of-metrics in the middle"];
        let truth = regions_unknown(more_stores(truth), SUSPICIOUS, &[EAST2]);
        truth
            .lost(FLOW_LOG, &REGIONS)
            .unknown(TRANSIT, &["transit", "bare transit"])
            .unknown(CHAIN, &TRAFFIC_ALARMS)
            .unknown(CHAIN, &blind)
            .turn("unknown", of_filters)
            .unknown(
                FLOW_LOGS,
                &[
                    "good",
                    "reject only",
                    "every subnet",
                    "half the subnets",
                    "to a log group",
                    "to a lasting log group",
                    "undelivered",
                ],
            )
            .perhaps_more(STORE, &STORE_CHECKS, |row| FLOW_STORES.contains(&row.handle.as_str()))
            // Who else delivers to a bucket, and under which prefix, is no longer known.
            .perhaps_unknown(RETENTION, &TRAIL_BUCKETS)
    });
    denied("ec2:DescribeSecurityGroups", |truth| {
        let truth = truth.turn("unknown", |row| row.check == ISOLATION && !row.expects("not_applicable"));
        truth.lost(GROUP, &REGIONS)
    });
    denied("ec2:DescribeTransitGateways", |truth| truth.lost(TRANSIT_GATEWAY, &REGIONS));
    denied("ec2:DescribeTransitGatewayAttachments", |truth| {
        // A group whose gateways' attachments are not known may be in use.
        truth.all_unknown(TRANSIT).unknown(NEWEST, &["/farwatch/flow-short in the west"])
    });
    let by_list = ["list-anywhere", "list-office"];
    for read in ["ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"] {
        denied(read, |truth| {
            [ADMIN_PORTS, PORTS, INTERNET, INTERNAL].iter().fold(truth, |t, check| t.unknown(check, &by_list))
        });
    }
}

/// Without a declared boundary every place is unknown anyway; the denial has to be told all the same.
#[test]
fn points_of_the_boundary_denied() {
    denied("elbv2:DescribeLoadBalancers", |truth| truth.lost(BALANCER, &REGIONS));
    denied("elbv2:DescribeListeners", |truth| truth.unknown(LISTENERS, &["plain", "redirecting"]));
    let name = "ec2:DescribeInternetGateways";
    let run = audit(&proxy(vec![Rule::on(name, Action::Deny).region(WEST)]), &[]);
    let found = run.findings();
    truth().assert(&found.all, "internet gateways denied");
    let external = |finding: &&Finding| finding.check == "organisation-external-boundary-declared";
    for finding in found.all.iter().filter(external) {
        assert_eq!(finding.blames(name, "denied"), finding.subject.region == WEST, "{}", finding.place());
    }
}

#[test]
fn ec2_denied_in_one_region() {
    denied_by("ec2:DescribeVpcs", Rule::on("ec2:DescribeVpcs", Action::Deny).region(EAST2), |truth| {
        // No group there lets in everything from anywhere, so the ranges of the VPCs do not matter.
        truth.lost(VPC, &[EAST2])
    });
}

#[test]
fn cloudtrail_denied() {
    denied("cloudtrail:DescribeTrails", |truth| {
        let truth = regions_unknown(regions_unknown(truth, COVERS, &REGIONS), COMPLETE, &REGIONS);
        let of_filters = |row: &Row| row.check == SIZE && row.handle.starts_with("fw-");
        truth
            .lost(TRAIL, &REGIONS)
            .perhaps_more(STORE, &STORE_CHECKS, |row| {
                !FLOW_STORES.contains(&row.handle.as_str()) && row.handle != "/farwatch/names"
            })
            .perhaps_unknown(RETENTION, &["fw-a-flow"])
            .perhaps_unknown(QUERIES, &["fw-a-flow"])
            .all_unknown(BUCKET_EVENTS)
            .all_unknown(TABLE_EVENTS)
            // Whether calls are delivered to the groups of these filters is not known.
            .unknown(CHAIN, &["fw-stops", "fw-blind"])
            .turn("unknown", of_filters)
    });
    denied("cloudtrail:GetTrailStatus", |truth| {
        let digests =
            |row: &Row| row.check == DIGEST && !(row.expects("not_applicable") && row.handle != "fw-ghost-key");
        let truth = truth.turn("unknown", digests).all_unknown(TO_GROUP);
        let truth = truth.unknown(BUCKET_EVENTS, &["fw-a-flow"]).unknown(TABLE_EVENTS, &["orders"]);
        // A trail that may not be logging need not count as one that covers the region.
        regions_perhaps(regions_unknown(truth, COVERS, &REGIONS), COMPLETE, &REGIONS)
    });
    // Without an organisation no drill is stated that events are looked for.
    denied("cloudtrail:LookupEvents", |truth| truth);
    denied("cloudtrail:GetEventSelectors", |truth| {
        let truth = truth.unknown(BUCKET_EVENTS, &["fw-a-flow", "fw-a-website"]).all_unknown(TABLE_EVENTS);
        regions_unknown(truth, COMPLETE, &REGIONS)
    });
}

#[test]
fn s3_denied() {
    denied("s3:ListBuckets", |truth| {
        let of_buckets = [NOT_PUBLIC, RETENTION, SSE_KMS, DEDICATED, TAMPER, EXISTS];
        let truth = of_buckets.iter().fold(truth, |truth, check| truth.unknown(check, &BUCKETS));
        truth.lost_globally(BUCKET)
    });
    denied("s3:GetBucketPolicy", |truth| {
        // Where old versions are kept, the policy need not say more.
        let kept = BUCKETS.into_iter().filter(|&bucket| bucket != "fw-a-good").collect::<Vec<_>>();
        truth.unknown(DEDICATED, &BUCKETS).unknown(TAMPER, &kept)
    });
    for name in ["s3:GetBucketVersioning", "s3:GetObjectLockConfiguration"] {
        denied(name, |truth| {
            let versioned = |truth: Expectation| match name {
                "s3:GetBucketVersioning" => truth.unknown(TAMPER, &["fw-a-good"]),
                _ => truth,
            };
            versioned(truth).turn("unknown", |row| row.check == TAMPER && row.expects("fail"))
        });
    }
    denied("s3:GetBucketPolicyStatus", |truth| {
        // Public by ACL is public; a restricted bucket is not, whatever its policy says.
        truth.unknown(NOT_PUBLIC, &["fw-a-public-policy", "fw-a-access-logs", "fw-a-flow"])
    });
    denied("s3:GetBucketAcl", |truth| truth.unknown(NOT_PUBLIC, &["fw-a-public-acl", "fw-a-restricted", "fw-a-flow"]));
    denied("s3:GetPublicAccessBlock", |truth| {
        truth.unknown(NOT_PUBLIC, &["fw-a-public-policy", "fw-a-public-acl", "fw-a-restricted", "fw-a-access-logs"])
    });
    denied("s3:GetBucketLifecycleConfiguration", |truth| truth.unknown(RETENTION, &BUCKETS));
    denied("s3:GetBucketEncryption", |truth| {
        let encrypted: Vec<&str> = BUCKETS.into_iter().filter(|&bucket| bucket != "fw-a-access-logs").collect();
        truth.unknown(SSE_KMS, &encrypted)
    });
    // Any bucket may be the target of access logs: the one list of them is incomplete.
    denied("s3:GetBucketLogging", |truth| truth.unknown(SSE_KMS, &BUCKETS).all_unknown(ACCESS_LOGS));
    denied("s3control:GetPublicAccessBlock", |truth| {
        truth.unknown(NOT_PUBLIC, &["fw-a-public-policy", "fw-a-public-acl"])
    });
}

#[test]
fn s3_denied_for_one_bucket() {
    let name = "s3:GetBucketLifecycleConfiguration";
    denied_by(name, Rule::on(name, Action::Deny).about("/fw-a-good"), |truth| truth.unknown(RETENTION, &["fw-a-good"]));
}

#[test]
fn the_region_of_a_bucket_denied() {
    // AWS answers a bucket's calls in the bucket's region only; whoever tries them elsewhere may be lucky.
    let run = audit(&proxy(vec![Rule::on("s3:GetBucketLocation", Action::Deny)]), &[]);
    let found = run.findings();
    truth()
        .perhaps_unknown(NOT_PUBLIC, &BUCKETS)
        .perhaps_unknown(RETENTION, &BUCKETS)
        .perhaps_unknown(SSE_KMS, &BUCKETS)
        .perhaps_unknown(DEDICATED, &BUCKETS)
        .perhaps_unknown(TAMPER, &BUCKETS)
        .all_perhaps_unknown(ACCESS_LOGS)
        .assert(&found.all, "s3:GetBucketLocation denied");
    assert!(lists_denial(&found.gaps, "s3:GetBucketLocation"), "{:#?}", found.gaps);
}

#[test]
fn kms_denied() {
    let own_keys = ["fw-main", "fw-still-key", "fw-disabled-key"];
    denied("kms:ListKeys", |truth| {
        truth
            .unknown(ENCRYPTED, &own_keys)
            .unknown(ENCRYPTED, &["fw-ghost-key"])
            .unknown(ROTATES, &own_keys)
            .unknown(ROTATES, &["fw-ghost-key"])
    });
    denied("kms:DescribeKey", |truth| truth.unknown(ENCRYPTED, &own_keys).perhaps_unknown(ROTATES, &own_keys));
    denied("kms:GetKeyRotationStatus", |truth| truth.unknown(ROTATES, &own_keys));
}

#[test]
fn logs_and_guardduty_denied() {
    denied("logs:DescribeLogGroups", |truth| {
        let groups = [&FLOW_GROUPS[..], &["/farwatch/trail", "/farwatch/names"]].concat();
        truth.unknown(GROUP_RETENTION, &groups).unknown(EXISTS, &groups)
    });
    denied("logs:DescribeLogStreams", |truth| {
        truth.turn("unknown", |row| row.check == NEWEST && !row.expects("not_applicable"))
    });
    denied("logs:DescribeSubscriptionFilters", |truth| {
        truth.turn("unknown", |row| row.check == SIEM && row.handle.starts_with('/'))
    });
    denied("guardduty:ListDetectors", |truth| {
        let truth = regions_unknown(truth, GUARDDUTY, &REGIONS).unknown(CHAIN, &["guardduty-high"]);
        regions_unknown(truth, SUSPICIOUS, &[EAST]).lost(DETECTOR, &REGIONS)
    });
    // Where there is no detector there is nothing to ask.
    denied("guardduty:GetDetector", no_detector);
}

#[test]
fn alerts_denied() {
    // Which filter feeds an alarm is not known: whatever it watches may be records.
    denied("logs:DescribeMetricFilters", |truth| {
        let of_filters =
            |row: &Row| row.handle.starts_with("fw-") && row.kind == ALERT && row.handle != "fw-network-out";
        let truth = regions_unknown(truth, SUSPICIOUS, &[EAST2]);
        REGIONS.iter().fold(truth, |truth, region| truth.partly_lost(ALERT, region, &of_filters))
    });
    denied("cloudwatch:DescribeAlarms", |truth| {
        let of_alarms = |row: &Row| row.handle.starts_with("fw-") && row.kind == ALERT;
        let truth = regions_unknown(truth, SUSPICIOUS, &[EAST2]);
        REGIONS.iter().fold(truth, |truth, region| truth.partly_lost(ALERT, region, &of_alarms))
    });
    denied("events:ListRules", |truth| {
        let of_rules = |row: &Row| row.handle.starts_with("guardduty-") && row.kind == ALERT;
        let truth = REGIONS.iter().fold(truth, |truth, region| truth.partly_lost(ALERT, region, &of_rules));
        regions_unknown(truth, SUSPICIOUS, &[EAST]).lost(CONTAINMENT, &REGIONS)
    });
    // What is broken before stays broken; one is off, so nobody asks.
    let aimed = ["guardduty-high", "guardduty-own-policy", "guardduty-topic-deleted", "guardduty-no-target"];
    denied("events:ListTargetsByRule", |truth| {
        regions_unknown(truth, SUSPICIOUS, &[EAST])
            .unknown(CHAIN, &aimed)
            .unknown(CHAIN, &["guardduty-to-log-group"])
            .partly_lost(CONTAINMENT, EAST, &|_| true)
    });
    let told = ["fw-topic-deleted in the middle", "fw-topic-closed in the middle", "fw-nobody in the middle"];
    let whole = |row: &Row| row.check == CHAIN && row.expects("pass");
    denied("sns:ListTopics", |truth| {
        let truth = regions_unknown(truth, SUSPICIOUS, &[EAST, EAST2]);
        truth
            .turn("unknown", whole)
            .unknown(CHAIN, &told)
            .unknown(CHAIN, &["fw-large-outbound in the west"])
            .unknown(CHAIN, &["guardduty-own-policy", "guardduty-topic-deleted"])
    });
    denied("sns:GetTopicAttributes", |truth| {
        let truth = regions_unknown(truth, SUSPICIOUS, &[EAST, EAST2]);
        truth
            .turn("unknown", whole)
            .unknown(CHAIN, &["fw-topic-closed in the middle", "fw-nobody in the middle"])
            .unknown(CHAIN, &["fw-large-outbound in the west", "guardduty-own-policy"])
    });
    denied("sns:ListSubscriptions", |truth| {
        let truth = regions_unknown(truth, SUSPICIOUS, &[EAST, EAST2]);
        truth.turn("unknown", whole).unknown(CHAIN, &["fw-nobody in the middle", "fw-large-outbound in the west"])
    });
    denied("lambda:GetFunctionConfiguration", |truth| {
        truth.unknown(FUNCTION, &["fw-isolate", "fw-powerless", "fw-everything"])
    });
    denied("lambda:GetPolicy", |truth| truth.unknown(FUNCTION, &["fw-isolate", "fw-not-called", "fw-no-policy"]));
}

#[test]
fn records_denied() {
    denied("dynamodb:ListTables", |truth| truth.lost(DYNAMO, &REGIONS));
    denied("route53resolver:ListResolverQueryLogConfigs", |truth| {
        more_stores(truth)
            .unknown(NAMES, &["good"])
            .perhaps_more(STORE, &STORE_CHECKS, |row| row.handle == "/farwatch/names")
            .unknown(CHAIN, &["fw-blind", "fw-storage"])
            .turn("unknown", |row| row.check == SIZE && row.handle.starts_with("fw-"))
            // Who else delivers to a bucket is no longer known.
            .perhaps_unknown(RETENTION, &BUCKETS)
    });
    denied("route53resolver:ListResolverQueryLogConfigAssociations", |truth| {
        truth.turn("unknown", |row| row.check == NAMES && !row.expects("not_applicable"))
    });
    denied("macie2:GetMacieSession", |truth| regions_unknown(truth, MACIE, &REGIONS));
    for name in ["glue:GetDatabases", "glue:GetTables"] {
        denied(name, |truth| truth.turn("unknown", |row| [TABLES, QUERIES].contains(&row.check.as_str())));
    }
    denied("athena:ListWorkGroups", |truth| {
        truth.lost(WORKGROUP, &REGIONS).unknown(QUERIES, &["fw-a-good", "fw-a-flow"])
    });
    denied("athena:GetWorkGroup", |truth| {
        truth.turn("unknown", |row| row.check == RESULTS && !row.expects("not_applicable"))
    });
    denied("athena:ListQueryExecutions", |truth| {
        truth.all_unknown(RESULTS).unknown(QUERIES, &["fw-a-good", "fw-a-flow"])
    });
    denied("athena:BatchGetQueryExecution", |truth| truth.unknown(QUERIES, &["fw-a-good", "fw-a-flow"]));
}

#[test]
fn iam_denied() {
    denied("iam:GetAccountSummary", |truth| truth.all_unknown(ROOT_MFA));
    denied("iam:GenerateCredentialReport", no_report);
    denied("iam:GetCredentialReport", no_report);
    denied("iam:GetAccountAuthorizationDetails", |truth| {
        truth
            .lost_globally(ADMIN)
            .all_unknown(ADMINS_FEW)
            .turn("unknown", |row| row.check == ROLE && !row.expects("not_applicable"))
            .unknown(FUNCTION, &["fw-isolate", "fw-powerless", "fw-everything"])
    });
}

#[test]
fn streams_denied() {
    denied("kinesis:ListStreams", |truth| truth.lost(STREAM, &REGIONS));
    denied("kinesis:DescribeStreamSummary", |truth| truth.all_unknown("aws-kinesis-stream-sse-kms"));
    denied("firehose:ListDeliveryStreams", |truth| truth.lost(DELIVERY, &REGIONS).unknown(SIEM, &["/farwatch/trail"]));
    denied("firehose:DescribeDeliveryStream", |truth| {
        let truth = truth.all_unknown("aws-firehose-stream-encrypted").all_unknown("aws-firehose-stream-active");
        truth.unknown(SIEM, &["/farwatch/trail"])
    });
}

#[test]
fn a_denial_in_one_account_is_no_gap_in_the_other() {
    let fault = proxy(vec![Rule::on("kms:ListKeys", Action::Deny).account(SECOND)]);
    let run = audit(&fault, &["--role-arn", &second_role(), "--external-id", EXTERNAL_ID]);
    let found = run.findings();
    let both = Emulator::moto().truth.both();
    both.unknown(ENCRYPTED, &["fw-b-advanced"])
        .unknown(ROTATES, &["fw-b-advanced"])
        .assert(&found.all, "kms:ListKeys denied in the second account");
    let gaps = found.own_gaps();
    assert!(gaps.iter().all(|gap| gap.account == SECOND), "the first account has no gap: {gaps:#?}");
}

#[test]
fn everything_denied_but_the_own_name() {
    let fault = proxy(vec![Rule::on("sts:GetCallerIdentity", Action::Forward), Rule::any(Action::Deny)]);
    let run = audit(&fault, &[]);
    let found = run.findings();
    for finding in &found.all {
        assert!(
            !["pass", "fail"].contains(&finding.outcome.as_str()),
            "{} → {}, of an account that said nothing: {}",
            finding.place(),
            finding.outcome,
            finding.sentence
        );
    }
    let walls: BTreeSet<String> = found
        .all
        .iter()
        .filter(|finding| {
            finding.reasons.iter().any(|reason| {
                reason.outcome.as_deref() == Some("denied")
                    && reason.action.as_deref().is_some_and(|action| action.contains(':'))
            })
        })
        .map(|finding| finding.check.clone())
        .collect();
    // What the organisation has not declared is not for want of a right.
    let silent: Vec<String> = truth()
        .checks()
        .difference(&walls)
        .filter(|check| ![DECLARATIONS, DRILL].contains(&check.as_str()))
        .cloned()
        .collect();
    assert!(silent.is_empty(), "these checks do not say which action they lack: {silent:?}");
    let assessment = run.assessment();
    for requirement in assessment["requirements"].as_array().expect("a list of requirements") {
        assert_eq!(requirement["status"], "NOT ASSESSED", "{}", requirement["id"]);
    }
    assert_eq!(run.code, Some(11), "nothing NOT MET, and nothing assessed\n{}", run.said());
}

// --- too slow, too much, broken ----------------------------------------------------------------

/// One operation of each wire protocol, and what an audit cannot say without them.
const ONE_OF_EACH: [&str; 5] = [
    "ec2:DescribeNetworkInterfaces",
    "iam:GetCredentialReport",
    "kms:GetKeyRotationStatus",
    "guardduty:GetDetector",
    "s3:GetBucketLifecycleConfiguration",
];

fn without_one_of_each(truth: Expectation) -> Expectation {
    no_report(no_detector(no_interfaces(truth)))
        .unknown(ROTATES, &["fw-main", "fw-still-key", "fw-disabled-key"])
        .unknown(RETENTION, &BUCKETS)
}

/// Audits with one operation of each protocol broken in the same way, and looks for that in the gaps.
fn broken_in_each_protocol(action: &Action, outcome: &str, more: &[&str]) {
    broken_and_expected(action, outcome, more, &without_one_of_each(truth()));
}

fn broken_and_expected(action: &Action, outcome: &str, more: &[&str], expected: &Expectation) {
    let rules = ONE_OF_EACH.iter().map(|name| Rule::on(name, action.clone())).collect();
    let run = audit(&proxy(rules), more);
    let found = run.findings();
    expected.assert(&found.all, outcome);
    for name in ONE_OF_EACH {
        assert!(lists_gap(&found.gaps, name, outcome), "the gaps do not list {name} as {outcome}: {:#?}", found.gaps);
    }
    assert_eq!(run.code, Some(10), "{}", run.said());
}

#[test]
fn throttled_for_ever() {
    broken_in_each_protocol(&Action::Throttle, "throttled", &[]);
}

#[test]
fn throttled_once_and_answered_then() {
    let rules = ONE_OF_EACH.iter().map(|name| Rule::on(name, Action::Throttle).first(1)).collect();
    let fault = proxy(rules);
    let run = audit(&fault, &[]);
    let found = run.findings();
    truth().assert(&found.all, "throttled once");
    assert_eq!(found.own_gaps(), [] as [&Gap; 0], "everything was answered in the end");
}

#[test]
fn a_service_that_never_answers() {
    let started = Instant::now();
    broken_in_each_protocol(&Action::Hang, "failed", &["--call-timeout", "2"]);
    assert!(started.elapsed() < Duration::from_secs(100), "a call of two seconds took {:?}", started.elapsed());
}

#[test]
fn a_run_that_may_not_take_longer() {
    let started = Instant::now();
    let fault = proxy(vec![Rule::on("kms:ListKeys", Action::Hang)]);
    let run = audit(&fault, &["--call-timeout", "600", "--run-timeout", "10"]);
    assert!(started.elapsed() < Duration::from_mins(1), "a run of ten seconds took {:?}", started.elapsed());
    let found = run.findings();
    let truth = truth();
    for finding in &found.all {
        // How far a slow machine came in this time is open; what it says is true or unknown.
        assert!(finding.outcome == "unknown" || truth.holds(finding), "{} → {}", finding.place(), finding.outcome);
    }
    let of_keys: Vec<_> = found.all.iter().filter(|finding| finding.check == ENCRYPTED).collect();
    assert!(!of_keys.is_empty() && of_keys.iter().all(|finding| finding.outcome != "pass"), "no key was ever listed");
}

#[test]
fn an_error_page_in_html() {
    broken_in_each_protocol(&Action::Html500, "failed", &[]);
}

#[test]
fn answers_cut_in_half() {
    // Half of "there is no lifecycle configuration" still says so.
    let expected = without_one_of_each(truth())
        .turn("pass", |row| row.check == RETENTION && row.handle == "fw-a-good")
        .perhaps_unknown(RETENTION, &["fw-a-good"]);
    broken_and_expected(&Action::Truncate, "failed", &[], &expected);
}

/// Answered, well formed, and not what was asked for: as ministack answers `GetBucketPolicyStatus`, which
/// it does not have, with a list of objects.
#[test]
fn answers_to_another_question() {
    let answer = |content_type, body: &str| Action::Answer { status: 200, content_type, body: body.to_owned() };
    let list = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult \
                xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><MaxKeys>1000</MaxKeys>\
                <IsTruncated>false</IsTruncated></ListBucketResult>";
    let fault = proxy(vec![
        Rule::on("s3:GetBucketPolicyStatus", answer("application/xml", list)),
        Rule::on("kms:GetKeyRotationStatus", answer("application/x-amz-json-1.1", "{}")),
        Rule::on("guardduty:GetDetector", answer("application/json", "{\"message\":\"hello\"}")),
    ]);
    no_detector(truth())
        .unknown(NOT_PUBLIC, &["fw-a-public-policy", "fw-a-access-logs", "fw-a-flow"])
        .unknown(ROTATES, &["fw-main", "fw-still-key", "fw-disabled-key"])
        .assert(&audit(&fault, &[]).findings().all, "answers to another question");
}

#[test]
fn a_chain_of_pages_that_breaks() {
    let lists =
        [(VPC, "ec2:DescribeVpcs", 3), (GROUP, "ec2:DescribeSecurityGroups", 8), (STREAM, "kinesis:ListStreams", 1)];
    let rules =
        lists.iter().map(|&(_, name, size)| Rule::on(name, Action::BreakPageChain { size }).region(EAST)).collect();
    let fault = proxy(rules);
    let run = audit(&fault, &[]);
    let found = run.findings();
    let mut expected = truth();
    for (kind, name, _) in lists {
        let page = fault.first_page(name).expect("the first page came");
        let seen = |row: &Row| row.is_named_in(&page);
        let before = expected.rows_of(kind, EAST);
        assert!(before.iter().any(|row| seen(row)) && before.iter().any(|row| !seen(row)), "{name} was cut");
        if name.starts_with("ec2:") {
            assert!(before.iter().any(|row| seen(row) && row.expects("fail")), "something bad is on the first page");
        }
        expected = expected.partly_lost(kind, EAST, &|row| !seen(row));
    }
    // A group without any rule may be on a page that never came.
    let expected = expected.unknown(ISOLATION, &["reject only"]);
    expected.assert(&found.all, "page chains broken in the middle");
    assert_eq!(run.code, Some(10), "what was seen to be wrong is wrong\n{}", run.said());
}

// --- regions -----------------------------------------------------------------------------------

#[test]
fn a_region_that_is_listed_as_on_and_knows_nobody() {
    let rules = vec![Rule::on("s3:*", Action::Forward), Rule::any(Action::RegionOff).region(WEST)];
    let run = audit(&proxy(rules), &[]);
    let stores = [
        "fw-a-public-acl",
        "fw-a-access-logs",
        "/farwatch/flow-short in the west",
        "/farwatch/flow-forever",
        "/farwatch/late",
        "/farwatch/never",
    ];
    let truth = regions_unknown(truth(), GUARDDUTY, &[WEST]);
    // The multi-region trail is seen from elsewhere: that it covers this region too may still be said.
    let truth = regions_perhaps(regions_perhaps(truth, COVERS, &[WEST]), COMPLETE, &[WEST]);
    truth
        .lost(VPC, &[WEST])
        .lost(GROUP, &[WEST])
        .lost(BALANCER, &[WEST])
        .lost(TRAIL, &[WEST])
        .lost(STREAM, &[WEST])
        .lost(DELIVERY, &[WEST])
        .lost(FLOW_LOG, &[WEST])
        .lost(TRANSIT_GATEWAY, &[WEST])
        .lost(DYNAMO, &[WEST])
        .lost(DETECTOR, &[WEST])
        .lost(ALERT, &[WEST])
        .lost(CONTAINMENT, &[WEST])
        .lost(WORKGROUP, &[WEST])
        .unknown(MACIE, &[&format!("{FIRST}/{WEST}")])
        // A trail there may record it, or deliver into it; a table there may lie on it.
        .unknown(TABLE_EVENTS, &["old orders"])
        .unknown(BUCKET_EVENTS, &["fw-a-flow", "fw-a-public-acl", "fw-a-access-logs", "fw-a-website"])
        .all_perhaps_unknown(TABLES)
        .all_perhaps_unknown(QUERIES)
        .perhaps_more(STORE, &STORE_CHECKS, |row| stores.contains(&row.handle.as_str()))
        .perhaps_unknown(RETENTION, &["fw-a-good", "fw-a-public-policy", "fw-a-restricted", "fw-a-flow"])
        .assert(&run.findings().all, "a region that refuses the credentials");
    assert_eq!(run.code, Some(10), "{}", run.said());
}

#[test]
fn regions_that_cannot_be_listed() {
    let fault = proxy(vec![Rule::on("ec2:DescribeRegions", Action::Deny)]);
    let run = audit(&fault, &[]);
    let found = run.findings();
    assert!(lists_denial(&found.gaps, "ec2:DescribeRegions"), "{:#?}", found.gaps);
    // Never an empty plan: the regions that every account has are read, those of the seed among them.
    let planned: BTreeSet<String> = fault
        .seen()
        .into_iter()
        .filter(|seen| seen.call.name() == "ec2:DescribeVpcs")
        .map(|seen| seen.call.region)
        .collect();
    assert!(planned.len() > 10 && REGIONS.iter().all(|&region| planned.contains(region)), "planned {planned:?}");
    // What was read there is judged; which regions there are remains open.
    let regions = |finding: &&Finding| finding.subject.r#type == "aws.region";
    let of_regions: Vec<&Finding> = found.all.iter().filter(regions).collect();
    assert!(of_regions.iter().any(|finding| finding.outcome == "unknown"), "no word that there may be more regions");
    for finding in of_regions.iter().filter(|finding| finding.outcome != "unknown") {
        let unseeded = !REGIONS.contains(&finding.subject.region.as_str());
        assert!(unseeded || truth().holds(finding), "{} → {}", finding.place(), finding.outcome);
    }
    // Derived from trails and flow logs of all regions, so there may be more of these as well.
    truth()
        .ignoring(&[COVERS, COMPLETE, GUARDDUTY, SUSPICIOUS, MACIE])
        .ignoring(&STORE_CHECKS)
        .in_seeded_regions()
        // More trails, filters, topics and subscriptions may be anywhere.
        .all_perhaps_unknown(BUCKET_EVENTS)
        .all_perhaps_unknown(TABLE_EVENTS)
        .all_perhaps_unknown(CHAIN)
        .all_perhaps_unknown(SIZE)
        // That a key exists nowhere takes a list of all the places where it might.
        .perhaps_unknown(ENCRYPTED, &["fw-ghost-key"])
        .tolerating_unknown_lists()
        .assert(&found.all, "regions not listed");
    assert_eq!(run.code, Some(10), "{}", run.said());
}

#[test]
fn a_region_that_is_off_is_never_called() {
    let fault = proxy(Vec::new());
    let run = audit(&fault, &[]);
    let off: Vec<_> = fault.counts().into_keys().filter(|call| call.region == emulators::OFF_REGION).collect();
    assert!(off.is_empty(), "{off:?}\n{}", run.said());
    let of_it: Vec<Finding> =
        run.findings().all.into_iter().filter(|finding| finding.subject.region == emulators::OFF_REGION).collect();
    assert!(!of_it.is_empty(), "a region that is off is not passed over in silence");
    assert!(of_it.iter().all(|finding| finding.outcome == "not_applicable"), "{of_it:#?}");
}

// --- accounts ----------------------------------------------------------------------------------

#[test]
fn an_account_that_cannot_be_entered_leaves_the_other_right() {
    // The trust policy of the role asks for another external id.
    let run = audit(&proxy(Vec::new()), &["--role-arn", &second_role(), "--external-id", "guessed"]);
    let found = run.findings();
    let (of_the_second, rest): (Vec<Finding>, Vec<Finding>) =
        found.all.into_iter().partition(|finding| finding.subject.account == SECOND && finding.subject.id.is_none());
    // A table of the second account may lie on these records.
    let no_table = |row: &Row| row.check == TABLES && row.expects("fail");
    let expected =
        truth().turn("unknown", no_table).turn("unknown", |row| row.check == QUERIES && !row.expects("pass"));
    expected.assert(&rest, "the second account cannot be entered");
    assert!(of_the_second.iter().all(|finding| finding.outcome == "unknown"), "{of_the_second:#?}");
    let named = found.gaps.iter().any(|gap| gap.account == SECOND && gap.action == "sts:AssumeRole");
    assert!(named, "the gaps do not name the account that could not be entered: {:#?}", found.gaps);
    assert_eq!(run.code, Some(10), "{}", run.said());
}

#[test]
fn credentials_that_nobody_knows() {
    let run = audit(&proxy(vec![Rule::any(Action::RegionOff)]), &[]);
    assert_eq!(run.code, Some(1), "no account could be identified\n{}", run.said());
    assert!(!run.dir.join("SHA256SUMS").exists(), "nothing was assessed, so nothing is finished");
    assert!(run.stderr.contains("InvalidClientTokenId"), "the message says what AWS said:\n{}", run.stderr);
}

/// Before the first audit: what is missing comes first, with the right to add.
#[test]
fn the_doctor_names_what_to_add() {
    let rules = vec![
        Rule::on("kms:ListKeys", Action::Deny).region("us-west-2"),
        Rule::on("logs:DescribeLogGroups", Action::Html500),
    ];
    let fault = proxy(rules);
    let output = emulators::farwatch(fault.endpoint()).args(["doctor", "aws"]).output().expect("farwatch starts");
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{said}");
    let first: Vec<&str> = said.lines().take_while(|line| line.starts_with("fail ")).collect();
    let first: Vec<&str> =
        first.into_iter().filter(|line| !UNANSWERED.iter().any(|read| line.contains(read))).collect();
    assert_eq!(first.len(), 2, "{said}");
    assert!(
        first[0].contains("add kms:ListKeys to the policy") && first[0].contains("111122223333/us-west-2"),
        "{said}"
    );
    assert!(first[1].starts_with("fail logs:DescribeLogGroups: failed"), "{said}");
    let body = "{\"status\":\"ENABLED\"}".to_owned();
    let answered = Action::Answer { status: 200, content_type: "application/json", body };
    let fault = proxy(vec![Rule::on("macie2:GetMacieSession", answered)]);
    let output = emulators::farwatch(fault.endpoint()).args(["doctor", "aws"]).output().expect("farwatch starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
