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
use emulators::{EXTERNAL_ID, Emulator, FIRST, REGIONS, SECOND, audit, second_role};

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
const LISTENERS: &str = "aws-load-balancer-listeners-encrypted";

/// The checks of buckets and log groups that logs are delivered to.
const STORE_CHECKS: [&str; 4] = [NOT_PUBLIC, RETENTION, SSE_KMS, GROUP_RETENTION];
/// The buckets of the first account that trails deliver to, and the one that flow logs deliver to.
const TRAIL_BUCKETS: [&str; 5] =
    ["fw-a-good", "fw-a-public-policy", "fw-a-public-acl", "fw-a-restricted", "fw-a-access-logs"];
const BUCKETS: [&str; 6] =
    ["fw-a-good", "fw-a-public-policy", "fw-a-public-acl", "fw-a-restricted", "fw-a-access-logs", "fw-a-flow"];
const FLOW_STORES: [&str; 4] = ["fw-a-flow", "/farwatch/flow-short", "/farwatch/flow-forever", "/farwatch/late"];

const VPC: &str = "aws.ec2.vpc";
const GROUP: &str = "aws.ec2.security_group";
const BALANCER: &str = "aws.elbv2.load_balancer";
const TRAIL: &str = "aws.cloudtrail.trail";
const STORE: &str = "aws.log_store";
const STREAM: &str = "aws.kinesis.stream";
const DELIVERY: &str = "aws.firehose.stream";
const USER: &str = "aws.iam.credential_report_entry";

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
            finding.blames(action(name), "denied"),
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
    denied("ec2:DescribeSubnets", |truth| {
        // A flow log of the VPC itself answers without its subnets; for the rest they matter.
        truth.unknown(FLOW_LOGS, &["reject only", "every subnet", "half the subnets", "undelivered"])
    });
    denied("ec2:DescribeNetworkInterfaces", |truth| truth.all_unknown(FLOW_LOGS));
    denied("ec2:DescribeFlowLogs", |truth| {
        truth
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
    denied("ec2:DescribeSecurityGroups", |truth| truth.lost(GROUP, &REGIONS));
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
        truth
            .lost(TRAIL, &REGIONS)
            .perhaps_more(STORE, &STORE_CHECKS, |row| !FLOW_STORES.contains(&row.handle.as_str()))
            .perhaps_unknown(RETENTION, &["fw-a-flow"])
    });
    denied("cloudtrail:GetTrailStatus", |truth| {
        // A trail that may not be logging need not count as one that covers the region.
        regions_perhaps(regions_unknown(truth, COVERS, &REGIONS), COMPLETE, &REGIONS)
    });
    denied("cloudtrail:GetEventSelectors", |truth| regions_unknown(truth, COMPLETE, &REGIONS));
}

#[test]
fn s3_denied() {
    denied("s3:ListBuckets", |truth| {
        truth.unknown(NOT_PUBLIC, &BUCKETS).unknown(RETENTION, &BUCKETS).unknown(SSE_KMS, &BUCKETS)
    });
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
    denied("s3:GetBucketLogging", |truth| truth.unknown(SSE_KMS, &BUCKETS));
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
        truth.unknown(
            GROUP_RETENTION,
            &["/farwatch/trail", "/farwatch/flow-short", "/farwatch/flow-forever", "/farwatch/late"],
        )
    });
    denied("guardduty:ListDetectors", |truth| regions_unknown(truth, GUARDDUTY, &REGIONS));
    // Where there is no detector there is nothing to ask.
    denied("guardduty:GetDetector", |truth| regions_unknown(truth, GUARDDUTY, &[EAST, EAST2]));
}

#[test]
fn iam_denied() {
    denied("iam:GetAccountSummary", |truth| truth.all_unknown(ROOT_MFA));
    denied("iam:GenerateCredentialReport", |truth| truth.lost_globally(USER));
    denied("iam:GetCredentialReport", |truth| truth.lost_globally(USER));
}

#[test]
fn streams_denied() {
    denied("kinesis:ListStreams", |truth| truth.lost(STREAM, &REGIONS));
    denied("kinesis:DescribeStreamSummary", |truth| truth.all_unknown("aws-kinesis-stream-sse-kms"));
    denied("firehose:ListDeliveryStreams", |truth| truth.lost(DELIVERY, &REGIONS));
    denied("firehose:DescribeDeliveryStream", |truth| truth.all_unknown("aws-firehose-stream-encrypted"));
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
    assert!(found.gaps.iter().all(|gap| gap.account == SECOND), "the first account has no gap: {:#?}", found.gaps);
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
    let silent: Vec<String> =
        truth().checks().difference(&walls).filter(|check| *check != DECLARATIONS).cloned().collect();
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
    let truth = regions_unknown(truth, GUARDDUTY, &[EAST, EAST2]);
    truth
        .all_unknown(FLOW_LOGS)
        .lost_globally(USER)
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
    assert!(found.gaps.is_empty(), "everything was answered in the end: {:#?}", found.gaps);
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
    let truth = regions_unknown(truth(), GUARDDUTY, &[EAST, EAST2]);
    truth
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
    expected.assert(&found.all, "page chains broken in the middle");
    assert_eq!(run.code, Some(10), "what was seen to be wrong is wrong\n{}", run.said());
}

// --- regions -----------------------------------------------------------------------------------

#[test]
fn a_region_that_is_listed_as_on_and_knows_nobody() {
    let rules = vec![Rule::on("s3:*", Action::Forward), Rule::any(Action::RegionOff).region(WEST)];
    let run = audit(&proxy(rules), &[]);
    let stores = ["fw-a-public-acl", "fw-a-access-logs", "/farwatch/flow-forever", "/farwatch/late"];
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
        .ignoring(&[COVERS, COMPLETE, GUARDDUTY])
        .ignoring(&STORE_CHECKS)
        .in_seeded_regions()
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
    truth().assert(&rest, "the second account cannot be entered");
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
    assert_eq!(first.len(), 2, "{said}");
    assert!(
        first[0].contains("add kms:ListKeys to the policy") && first[0].contains("111122223333/us-west-2"),
        "{said}"
    );
    assert!(first[1].starts_with("fail logs:DescribeLogGroups: failed"), "{said}");
    let fault = proxy(vec![]);
    let output = emulators::farwatch(fault.endpoint()).args(["doctor", "aws"]).output().expect("farwatch starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
