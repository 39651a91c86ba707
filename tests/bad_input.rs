//! Answers that are there and cannot be used: policies that do not parse or have no end, patterns that nobody can read,
//! names of other partitions, things that are gone. What rests on them is not known, or fails where that is what they
//! mean; everything else stays as it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod worlds;

use farwatch::model::exchange::Exchange;
use farwatch::model::finding::{Finding, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use worlds::World;

static READY: LazyLock<World> = LazyLock::new(World::ready);
static WHOLE: LazyLock<BTreeMap<(String, String), Outcome>> =
    LazyLock::new(|| by_subject(&READY.judge().findings.findings));

fn by_subject(findings: &[Finding]) -> BTreeMap<(String, String), Outcome> {
    let subject = |one: &Finding| format!("{:?}", one.subject());
    findings.iter().map(|one| ((one.check().to_owned(), subject(one)), one.outcome())).collect()
}

/// The outcomes that change where the answers of a read are changed: check → outcomes that it has now there.
fn changed(read: &str, change: impl Fn(&str) -> String) -> BTreeMap<String, BTreeSet<&'static str>> {
    let world = &*READY;
    let mut touched = 0;
    let body = |exchange: &Exchange| {
        let body = world.collection.body(exchange);
        if exchange.call.read == read { change(&String::from_utf8_lossy(&body)).into_bytes() } else { body }
    };
    for exchange in world.collection.exchanges.iter().filter(|exchange| exchange.call.read == read) {
        touched += usize::from(body(exchange) != world.collection.body(exchange));
    }
    assert!(touched > 0, "{read}: nothing was changed");
    let judged = world.judge_with(&world.collection.exchanges, &body, Some(&world.organisation));
    let mut told: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (key, outcome) in by_subject(&judged.findings.findings) {
        assert_ne!(outcome, Outcome::Error, "{key:?}");
        if WHOLE.get(&key) != Some(&outcome) {
            told.entry(key.0).or_default().insert(outcome.word());
        }
    }
    told
}

fn only(expected: &[(&str, &'static str)]) -> BTreeMap<String, BTreeSet<&'static str>> {
    expected.iter().map(|(check, outcome)| ((*check).to_owned(), BTreeSet::from([*outcome]))).collect()
}

/// In place of the policy of a topic, which stands escaped in XML.
fn topic_policy(body: &str, policy: &str) -> String {
    let start = body.find("<key>Policy</key>").expect("a topic has a policy");
    let from = start + body[start..].find("<value>").unwrap() + "<value>".len();
    let to = from + body[from..].find("</value>").unwrap();
    format!("{}{policy}{}", &body[..from], &body[to..])
}

const NOBODY_KNOWS: [(&str, &str); 2] =
    [("aws-alert-chain-whole", "unknown"), ("aws-suspicious-traffic-alert", "unknown")];

#[test]
fn a_policy_that_does_not_parse_is_not_known() {
    let told = changed("sns:GetTopicAttributes", |body| topic_policy(body, "{&quot;Statement&quot;: ["));
    assert_eq!(told, only(&NOBODY_KNOWS));
    let told = changed("sns:GetTopicAttributes", |body| topic_policy(body, "{&quot;Statement&quot;: 7}"));
    assert_eq!(told, only(&NOBODY_KNOWS));
}

#[test]
fn a_policy_of_ten_megabytes_is_read_or_left_but_stops_nothing() {
    let names = "&quot;arn:aws:iam::111122223333:role/a&quot;,".repeat(250_000);
    let policy = format!(
        "{{&quot;Statement&quot;: [{{&quot;Effect&quot;: &quot;Allow&quot;, &quot;Action&quot;: &quot;sns:Publish&quot;, \
         &quot;Resource&quot;: &quot;*&quot;, &quot;Principal&quot;: {{&quot;AWS&quot;: [{names} &quot;111122223333&quot;]}}}}]}}"
    );
    assert!(policy.len() > 10_000_000);
    // Nobody but these roles may publish: neither the alarm nor the rule reaches the topic, or it is not known.
    let told = changed("sns:GetTopicAttributes", |body| topic_policy(body, &policy));
    let checks: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(checks, ["aws-alert-chain-whole", "aws-suspicious-traffic-alert"]);
}

#[test]
fn patterns_that_cannot_be_read_are_not_known() {
    // A rule of which nobody can tell what it lets through, and a filter of which nobody can tell what it notices.
    let told = changed("events:ListRules", |body| body.replace("numeric", "somehow"));
    assert_eq!(told.get("aws-alert-chain-whole"), Some(&BTreeSet::from(["unknown"])), "{told:?}");
    let told = changed("logs:DescribeMetricFilters", |body| body.replace("[version,", "[version;"));
    assert_eq!(told.get("aws-large-outbound-alert-threshold"), Some(&BTreeSet::from(["unknown"])), "{told:?}");
    for check in told.keys() {
        assert!(check.contains("alert"), "{check} has nothing to do with it");
    }
}

#[test]
fn names_of_another_partition_lead_nowhere() {
    let told = changed("events:ListTargetsByRule", |body| body.replace("arn:aws:sns", "arn:aws-us-gov:sns"));
    // In the east the rule calls a function as well, which may tell somebody.
    assert_eq!(told.get("aws-alert-chain-whole"), Some(&BTreeSet::from(["fail", "unknown"])), "{told:?}");
    let told = changed("ec2:DescribeFlowLogs", |body| body.replace("arn:aws:s3", "arn:aws-cn:s3"));
    assert!(told.values().all(|outcomes| !outcomes.contains("pass")), "{told:?}");
    assert_eq!(told.get("aws-log-bucket-retention"), Some(&BTreeSet::from(["unknown"])), "{told:?}");
}

#[test]
fn what_is_gone_is_told_as_gone() {
    let gone = |body: &str| body.replace("security-alerts", "other-alerts");
    let told = changed("sns:ListTopics", gone);
    assert_eq!(told.get("aws-alert-chain-whole"), Some(&BTreeSet::from(["fail", "unknown"])), "{told:?}");
    let told = changed("lambda:GetFunctionConfiguration", |_| "{}".to_owned());
    assert_eq!(told, only(&[("aws-containment-function", "unknown")]));
}

/// A trail that delivers to a bucket of an account that nobody read: what is asked of the bucket is not known, and the
/// trail itself is judged.
#[test]
fn a_bucket_of_an_account_that_was_not_read_is_not_known() {
    let told = changed("cloudtrail:DescribeTrails", |body| {
        body.replace("hallmark-machining-monitoring", "somebody-elses-archive")
    });
    for (check, outcomes) in &told {
        assert!(!outcomes.contains("fail") || check.starts_with("aws-athena"), "{check}: {outcomes:?}");
    }
    assert!(!told.contains_key("aws-cloudtrail-covers-every-region"), "{told:?}");
}
