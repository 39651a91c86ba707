//! The parsers of derivations under changed inputs: policies, metric filters, rules. A part of `derive`, so that they
//! can stay its own; it lies here because that room touches no file.

#[path = "harness.rs"]
mod harness;

use super::azure::kql;
use super::event_pattern::{self, high_guardduty_findings, security_hub_findings};
use super::filter_pattern;
use super::policy::{
    Answer, Document, actions_beyond, denies_deletion, identity_may, is_administrator, lets_invoke, lets_publish,
    trust, writers,
};
use super::{bucket_policy, identity, signal};
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::resource::{Resource, ResourceKey};
use harness::{Draw, Parser};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

fn resource(kind: &str, id: &str, fields: &[(&str, &Value)]) -> Resource {
    let key = ResourceKey {
        kind: kind.to_owned(),
        account: ACCOUNT.to_owned(),
        region: "global".to_owned(),
        id: id.to_owned(),
    };
    let mut resource = Resource::new(key);
    for (name, value) in fields {
        resource.set(name, (*value).clone(), ["E-1".to_owned()]);
    }
    resource
}

/// One list, complete.
fn add(inventory: &mut Inventory, kind: &str, resources: Vec<Resource>) {
    let listing = Listing {
        kind: kind.to_owned(),
        account: ACCOUNT.to_owned(),
        region: "global".to_owned(),
        parent: None,
        state: ListState::Complete(BTreeSet::from(["E-1".to_owned()])),
    };
    inventory.listings.insert(kind.to_owned(), vec![listing]);
    inventory.resources.insert(kind.to_owned(), resources);
}

/// A policy that cannot be read says nothing, wherever it stands: neither that its owner may, nor that he may not.
fn unreadable_says_nothing(policy: &Value) {
    let mut inventory = Inventory::default();
    let location = json!(REGION);
    add(
        &mut inventory,
        bucket_policy::KIND,
        vec![resource(bucket_policy::KIND, "logs", &[("policy", policy), ("location", &location)])],
    );
    let (none, empty) = (json!("none"), json!([]));
    let inline = json!([{ "name": "p", "document": policy }]);
    let user =
        [("name", &json!("u")), ("attached", &empty), ("inline", &inline), ("groups", &empty), ("boundary", &none)];
    add(&mut inventory, "aws.iam.user", vec![resource("aws.iam.user", "arn:aws:iam::111122223333:user/u", &user)]);
    for kind in ["aws.iam.role", "aws.iam.group", "aws.iam.policy"] {
        add(&mut inventory, kind, Vec::new());
    }
    add(&mut inventory, "aws.account", vec![resource("aws.account", ACCOUNT, &[])]);
    bucket_policy::derive(&mut inventory);
    identity::derive(&mut inventory);
    let bucket = &inventory.of(bucket_policy::KIND)[0];
    // No policy at all is an answer.
    if policy != &json!({}) {
        for field in bucket_policy::fields().keys() {
            assert_eq!(bucket.get(field), None, "{field} out of a policy that cannot be read");
        }
    }
    let admin = inventory.of("aws.iam.monitoring_admin").first().expect("a user of whom nobody knows");
    assert_eq!((admin.get("certain"), admin.get("actions")), (None, None));
    assert_eq!(inventory.of("aws.account")[0].get("monitoring_admins"), None);
}

/// The document with one more statement in front.
fn with(policy: &Value, statement: Value) -> Document {
    let mut policy = policy.clone();
    let old = match policy["Statement"].take() {
        Value::Array(list) => list,
        one => vec![one],
    };
    policy["Statement"] = [vec![statement], old].concat().into();
    Document::parse(&policy).expect("one more statement that can be read")
}

#[test]
fn policies() {
    let words: [&[&str]; 11] = [
        &["\"Allow\"", "\"Deny\""],
        &["\"Action\"", "\"NotAction\"", "\"Resource\"", "\"NotResource\"", "\"Principal\"", "\"NotPrincipal\""],
        &["\"Effect\"", "\"Condition\"", "\"Statement\"", "\"Version\"", "\"Sid\""],
        &["\"AWS\"", "\"Service\"", "\"Federated\"", "\"CanonicalUser\""],
        &[
            "\"*\"",
            "\"s3:*\"",
            "\"s3:Delete?bject*\"",
            "\"iam:*\"",
            "\"sts:AssumeRole\"",
            "\"**\"",
            "\"?:*\"",
            "\"sns:Publish\"",
        ],
        &[
            "arn:aws:s3:::logs/*",
            "arn:aws:s3:::logs",
            "arn:aws:s3:::l?gs*",
            "arn:*",
            "arn:aws:s3:::${aws:username}/*",
            "*",
        ],
        &["events.amazonaws.com", "cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com", "*", "111122223333"],
        &["\"ArnLike\"", "\"StringEquals\"", "\"StringNotLike\"", "\"Bool\"", "\"StringLikeIfExists\"", "\"Null\""],
        &["aws:SourceArn", "aws:SourceAccount", "aws:SourceOwner", "aws:SecureTransport", "aws:username"],
        &["\"2012-10-17\"", "\"2008-10-17\"", "true", "\"false\"", "null", "[]", "{}", "\"\"", "3600"],
        &["*", "?", "${", "}", ":", "[", "]", ",", "Not", "\\u0000", "ß", ""],
    ];
    let asked =
        ["s3:GetObject", "s3:DeleteObject", "cloudtrail:StopLogging", "sns:Publish", "iam:*", "*", "", "ß", "?*"];
    let (events, alarms) = ("events.amazonaws.com", "cloudwatch.amazonaws.com");
    let (function, rule, topic) = (
        "arn:aws:lambda:us-east-1:111122223333:function:respond",
        "arn:aws:events:us-east-1:111122223333:rule/findings",
        "arn:aws:sns:us-east-1:111122223333:alerts",
    );
    Parser { name: "policy", more: Vec::new(), words: &words, inputs: 3_000 }.run(&|_, bytes, draw| {
        let text = String::from_utf8_lossy(bytes);
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let Ok(document) = Document::parse_text(&text) else {
            unreadable_says_nothing(&value);
            return false;
        };
        let action = *draw.one(&asked);
        let on = (draw.below(2) == 0).then(|| *draw.one(&["*", "arn:aws:s3:::logs/*", "arn:aws:s3:::logs", topic]));
        let may = |document: &Document| identity_may(&[document], None, action, on);
        let invokes = |document: &Document| lets_invoke(document, function, events, rule, ACCOUNT);
        let publishes = |document: &Document| lets_publish(document, topic, alarms, "", ACCOUNT);
        let kept = |document: &Document| denies_deletion(document, "logs", "aws");

        // More Deny never allows more, more Allow never less.
        let deny =
            json!({ "Effect": "Deny", "Principal": "*", "Action": action_or(action), "Resource": on.unwrap_or("*") });
        let denied = with(&value, deny);
        assert!(may(&denied) <= may(&document), "a Deny allowed {action}");
        assert!(invokes(&denied) <= invokes(&document) && publishes(&denied) <= publishes(&document));
        assert!(kept(&denied) >= kept(&document), "a Deny took a Deny away");
        assert!(is_administrator(&[&denied], None) <= is_administrator(&[&document], None));
        let allow =
            json!({ "Effect": "Allow", "Principal": "*", "Action": action_or(action), "Resource": on.unwrap_or("*") });
        let allowed = with(&value, allow);
        assert!(may(&allowed) >= may(&document), "an Allow took {action} away");
        assert!(invokes(&allowed) >= invokes(&document) && publishes(&allowed) >= publishes(&document));
        assert_eq!(kept(&allowed), kept(&document));

        // A boundary takes away; a policy twice is the policy; the case of an action says nothing.
        assert!(identity_may(&[&document], Some(&denied), action, on) <= may(&document));
        assert_eq!(identity_may(&[&document, &document], None, action, on), may(&document));
        assert_eq!(identity_may(&[&document], None, &action.to_ascii_uppercase(), on), may(&document));
        // An administrator may everything. That several statements together allow a whole group of actions is only seen
        // where all actions are asked about.
        if is_administrator(&[&document], None) == Answer::Yes {
            let least = if action.contains(['*', '?']) { Answer::Perhaps } else { Answer::Yes };
            assert!(may(&document) >= least, "an administrator may not {action} on {on:?}");
        }
        let _ = (trust(&document), writers(&document, "logs", "aws"), actions_beyond(&[&document], &asked));
        true
    });
}

/// A statement needs an action; some of those asked about are none.
fn action_or(action: &str) -> &str {
    if action.contains(':') || action == "*" { action } else { "s3:GetObject" }
}

/// Lines that filters meet.
const LINES: [&str; 8] = [
    "2 111122223333 eni-0a1b2c3d 10.0.1.10 198.51.100.20 49152 443 6 20 4249 1790000000 1790000060 ACCEPT OK",
    "2 111122223333 eni-0a1b2c3d - - - - - - - 1790000000 1790000060 - NODATA",
    r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#,
    r#"{"eventName": "StopLogging", "eventType": "AwsApiCall", "userIdentity": {"type": "Root"}, "errorCode": "AccessDenied"}"#,
    r#"{"query_name": "www.dropbox.com.", "bytes": 15000000, "list": [{"n": -4}, [1, 2.5]], "flag": true, "gone": null, "a.b": 1}"#,
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "",
    "é \"é\" [é] ERROR -1",
];

#[test]
fn filter_patterns() {
    let words: [&[&str]; 9] = [
        &[
            "$.userIdentity.type",
            "$.eventName",
            "$.bytes",
            "$.list[0].n",
            "$.['a.b']",
            "$.list[*]",
            "$.a.*",
            "$.flag",
            "$.gone",
        ],
        &["=", "!=", ">=", "<=", "<", ">"],
        &["&&", "||", ",", ") && (", "|| ("],
        &["IS NULL", "IS TRUE", "NOT EXISTS", "= 1", "!= *a*", "= \"x\""],
        &[
            "ERROR",
            "\"*dropbox*\"",
            "4*",
            "*",
            "%a.b%",
            "22",
            "\"22\"",
            "1e3",
            "-1.5",
            "1e999",
            "NaN",
            "10000000",
            "Root",
        ],
        &["bytes", "action", "destport", "protocol", "status", "w1", "..."],
        &["{", "}", "[", "]", "(", ")"],
        &["?", "-", "\"", "'", "%", "$.", "."],
        &["\\", "é", "\u{0}", " ", "\n", ""],
    ];
    Parser { name: "filter-pattern", more: Vec::new(), words: &words, inputs: 6_000 }.run(&|_, bytes, draw| {
        let text = String::from_utf8_lossy(bytes);
        let _ = signal::of(&text, "$bytes", &BTreeSet::from(["traffic", "names", "calls"]));
        let Ok(pattern) = filter_pattern::Pattern::parse(&text) else { return false };
        let twice = |operator: &str| {
            let inside = text.trim().strip_prefix('{')?.strip_suffix('}')?;
            filter_pattern::Pattern::parse(&format!("{{ ({inside}) {operator} ({inside}) }}")).ok()
        };
        let (both, either) = (twice("&&"), twice("||"));
        let line = draw.one(&LINES);
        for line in [(*line).to_owned(), changed(line, draw)] {
            let matches = pattern.matches(&line);
            for same in [&both, &either].into_iter().flatten() {
                assert_eq!(same.matches(&line), matches, "{line}");
            }
            let selector = *draw.one(&["$bytes", "$.bytes", "$.list[0].n", "1", "$", "$.a b"]);
            // A value is only told of a line that certainly matches.
            assert!(pattern.value(selector, &line).is_none() || matches == Some(true), "{selector} {line}");
        }
        true
    });
}

#[test]
fn event_patterns() {
    let words: [&[&str]; 7] = [
        &[
            "\"source\"",
            "\"detail\"",
            "\"detail-type\"",
            "\"severity\"",
            "\"type\"",
            "\"account\"",
            "\"a\"",
            "\"b\"",
            "\"$or\"",
            "\"new\"",
        ],
        &[
            "{\"exists\":true}",
            "{\"exists\":false}",
            "{\"prefix\":\"a\"}",
            "{\"suffix\":\"b\"}",
            "{\"wildcard\":\"*a*\"}",
            "{\"anything-but\":[\"a\"]}",
            "{\"anything-but\":{\"prefix\":\"a\"}}",
            "{\"equals-ignore-case\":\"A\"}",
            "{\"numeric\":[\">=\",7]}",
            "{\"numeric\":[\">\",4,\"<\",9]}",
            "{\"cidr\":\"10.0.0.0/24\"}",
            "null",
            "true",
            "7",
            "\"aws.guardduty\"",
            "\"\"",
        ],
        &[
            "\"exists\"",
            "\"prefix\"",
            "\"suffix\"",
            "\"wildcard\"",
            "\"anything-but\"",
            "\"equals-ignore-case\"",
            "\"numeric\"",
            "\"cidr\"",
        ],
        &["\">=\"", "\"=\"", "\"<\"", "\"<=\"", "\">\""],
        &["7", "7.0", "8.9", "8", "1e999", "-5e9", "0.1", "123456789012345678"],
        &["*", "\\\\*", "10.0.0.1", "::1", "aws.securityhub", "HIGH", "Recon:", "é", "\\u0000", "."],
        &["[", "]", "{", "}", ",", ":", ""],
    ];
    let events = [
        json!({ "source": "aws.guardduty", "detail-type": "GuardDuty Finding", "account": ACCOUNT, "region": REGION,
                "detail": { "severity": 8, "type": "Recon:EC2/PortProbeUnprotectedPort", "service": { "archived": false } } }),
        json!({ "source": "aws.securityhub", "detail": { "findings": [{ "Severity": { "Label": "HIGH" } }, { "a": 1 }] } }),
        json!({ "detail": { "a": [1, 7.5, "a", null, ["b"], {}], "b": "ab", "c": "10.0.0.1", "sourceIPAddress": "10.1.2.3" } }),
        json!({ "detail": [], "a.b": 1, "b": true, "resources": ["arn:aws:events:us-east-1:111122223333:rule/x"] }),
        json!({}),
    ];
    Parser { name: "event-pattern", more: Vec::new(), words: &words, inputs: 4_000 }.run(&|_, bytes, draw| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(pattern) = event_pattern::Pattern::parse(&text) else { return false };
        let mut event = draw.one(&events).clone();
        if let Ok(other) = serde_json::from_str(&changed(&event.to_string(), draw)) {
            event = other;
        }
        // What holds for every event of which this is a part holds for this one, and for one that has more.
        let Some(part) = pattern.matches_part(&event) else { return true };
        let told = [Some(part), None];
        if event.is_object() {
            assert!(told.contains(&pattern.matches(&event)), "{event}");
        }
        for place in ["", "/detail"] {
            if let Some(Value::Object(fields)) = event.pointer_mut(place) {
                let name = *draw.one(&["source", "a", "b", "type", "severity", "account", "new"]);
                fields.entry(name).or_insert(json!(*draw.one(&["a", "aws.guardduty", ""])));
            }
        }
        assert!(told.contains(&pattern.matches_part(&event)), "with more: {event}");
        if draw.below(8) == 0 {
            let _ =
                (high_guardduty_findings(&pattern, ACCOUNT, REGION), security_hub_findings(&pattern, ACCOUNT, &text));
        }
        true
    });
}

/// A text with some characters taken out, put in or exchanged.
fn changed(text: &str, draw: &mut Draw) -> String {
    let pieces: Vec<char> = "{}[]()\"'%$.*=!<>&|,:-+?\\ \n\t0e9aéS…\u{0}😀".chars().collect();
    let mut text: Vec<char> = text.chars().collect();
    for _ in 0..draw.below(4) {
        let from = draw.below(text.len() + 1);
        let to = (from + draw.below(3)).min(text.len());
        text.splice(from..to, [*draw.one(&pieces)]);
    }
    text.into_iter().collect()
}

/// Log search queries: what is not told never turns what comes out into something else.
#[test]
fn log_queries() {
    let words: [&[&str]; 7] = [
        &["where", "extend", "project", "summarize", "count", "take", "order", "join"],
        &["and", "or", "=="],
        &["==", "!=", "=~", "<", ">=", "has", "contains", "in", "in~", "!in", "between"],
        &["Bytes", "Port", "Name", "Total"],
        &["sum(", "count(", "countif(", "iff(", "tolower(", "not(", "bin(", "series("],
        &["(", ")", "[", "]", "..", ","],
        &["1", "23", "1h", "'a'", "dynamic([1, 2])", "ago(1h)", "true"],
    ];
    let full = kql::Row::from([
        ("Bytes".to_owned(), kql::V::Num(1000.0)),
        ("Port".to_owned(), kql::V::Num(23.0)),
        ("Name".to_owned(), kql::V::Text("a.example.com".to_owned())),
    ]);
    let kind = |out: &kql::Out| match out {
        kql::Out::Nothing => Some(false),
        kql::Out::Row(_) => Some(true),
        kql::Out::Unknown => None,
    };
    Parser { name: "log-query", more: Vec::new(), words: &words, inputs: 4_000 }.run(&|_, bytes, draw| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(query) = kql::parse(&text) else { return false };
        let out = query.show(&full, 1.0);
        let mut fewer = full.clone();
        fewer.remove(*draw.one(&["Bytes", "Port", "Name"]));
        let less = kind(&query.show(&fewer, 1.0));
        assert!(less.is_none() || less == kind(&out), "{text}");
        if let Ok(same) = kql::parse(&format!("{} | where true", text.trim_end().trim_end_matches(';'))) {
            assert_eq!(kind(&same.show(&full, 1.0)), kind(&out), "{text}");
        }
        true
    });
}
