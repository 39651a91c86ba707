//! Parsers under changed inputs: answers of every format, decoders, files of checks, conditions. The corpus is in
//! `tests/corpus`, the changes are in `tests/fuzz/harness.rs`; the parsers of derivations are tried in
//! `tests/fuzz/derive.rs`, inside the library.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and says what it tried"
)]

#[path = "fuzz/harness.rs"]
mod harness;

use base64::Engine as _;
use farwatch::check::{Compiled, Types, compile, run, selftest};
use farwatch::collect::redact;
use farwatch::controls::Controls;
use farwatch::derive::{derived_types, pages, shown_by};
use farwatch::model::answer::{decode, parse};
use farwatch::model::check::Check;
use farwatch::model::exchange::Exchange;
use farwatch::model::finding::Outcome;
use farwatch::model::gap::Gap;
use farwatch::model::inventory::{Inventory, ListState, Listing};
use farwatch::model::path::WirePath;
use farwatch::model::plan::{CallId, Outcome as CallOutcome};
use farwatch::model::read::{At, Decoder, Field, FieldKind, Read};
use farwatch::model::resource::{Resource, ResourceKey};
use farwatch::model::scope::Scoped;
use harness::{Draw, Parser, Seed};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
/// Stands for a secret; what is stored must not hold it.
const CANARY: &str = "canary-of-a-secret";

static CONTROLS: LazyLock<Controls> = LazyLock::new(|| Controls::load(None).unwrap_or_else(|wrong| panic!("{wrong}")));

fn key(kind: &str, id: &str) -> ResourceKey {
    let (kind, id) = (kind.to_owned(), id.to_owned());
    ResourceKey { kind, account: ACCOUNT.to_owned(), region: REGION.to_owned(), id }
}

// ---- answers ----

/// The read that a seed is named after: `ec2-DescribeVpcs`.
fn read_of(seed: &str) -> Option<&'static Read> {
    CONTROLS.reads.get(&seed.replacen('-', ":", 1))
}

fn answered(read: &Read) -> Exchange {
    let call = CallId {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        read: read.id.clone(),
        parent: read.for_each.as_ref().map(|_| "p".to_owned()),
        params: BTreeMap::new(),
    };
    let at = "2026-11-24T00:00:00Z".parse().unwrap();
    Exchange {
        id: "E-1.1".to_owned(),
        of: "E-1".to_owned(),
        call,
        page: 1,
        last: true,
        outcome: CallOutcome::Answered,
        code: None,
        detail: None,
        action: None,
        caller: String::new(),
        http_status: 200,
        request_id: String::new(),
        started: at,
        finished: at,
        attempts: 1,
        digest: None,
        body: None,
        bytes: 0,
        redacted: Vec::new(),
    }
}

/// Whatever the bytes: an error, or resources with ids, each with its declared fields and no others, all of the declared
/// types.
fn page_holds(read: &Read, body: &[u8]) {
    let exchange = answered(read);
    let parent = read.for_each.as_deref().map(|kind| key(kind, "p"));
    let one = std::iter::once(read);
    let (_, Ok(page)) = pages(one, &exchange, body, parent.as_ref()).remove(0) else { return };
    for given in &page.given {
        assert!(!given.key.id.is_empty(), "{}: a resource without an id", read.id);
        assert_eq!(given.evidence, exchange.id);
        match &read.resource {
            Some(kind) => assert_eq!(&given.key.kind, kind),
            None => assert!(parent.is_none() || Some(&given.key) == parent.as_ref()),
        }
        let told = given.fields.iter().map(|(name, _)| name).chain(&given.absent).collect::<Vec<_>>();
        assert_eq!(told.len(), read.fields.len(), "{}: {told:?}", read.id);
        assert!(told.into_iter().all(|name| read.fields.contains_key(name)), "{}", read.id);
        for (name, value) in &given.fields {
            assert!(fits(&read.fields[name], value), "{}: {name} is {value}", read.id);
        }
    }
    let ids: BTreeSet<&String> = page.given.iter().map(|given| &given.key.id).collect();
    assert!(page.twice.iter().all(|id| ids.contains(id)));
    assert!(page.next.as_ref().is_none_or(|token| token.as_str() != Some("")), "{}: an empty token", read.id);
    let _ = shown_by(&page.given);
}

/// Is a value what its declaration says?
fn fits(field: &Field, value: &Value) -> bool {
    let silence = |value: &Value| field.when_absent.as_ref() == Some(value);
    let members = |value: &Value| {
        let mut members = value.as_object().into_iter().flatten();
        value.is_object() && members.all(|(name, value)| field.of.get(name).is_some_and(|field| fits(field, value)))
    };
    silence(value)
        || match (&field.at, field.kind) {
            (At::Template(_), _) | (_, FieldKind::Text | FieldKind::ArmId) => value.is_string(),
            (_, FieldKind::Integer) => value.is_i64(),
            (_, FieldKind::Decimal) => value.is_number(),
            (_, FieldKind::Boolean) => value.is_boolean(),
            (_, FieldKind::Time | FieldKind::TimeMillis) => {
                silence(&value["at"]) || value["at"].is_string() && value["age_seconds"].is_i64()
            }
            (_, FieldKind::TextList | FieldKind::ArmIds) => {
                value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
            }
            (_, FieldKind::Records) => value.as_array().is_some_and(|list| list.iter().all(members)),
            (_, FieldKind::Record) => members(value),
            (_, FieldKind::Map) => true,
        }
}

/// A body that breaks off is refused, or says the same: it never is a shorter list.
fn cut_holds(body: &[u8], draw: &mut Draw) -> bool {
    let Ok((whole, wire)) = parse(body, None) else { return false };
    for _ in 0..3 {
        let cut = &body[..draw.below(body.len())];
        if let Ok(said) = parse(cut, None) {
            assert_eq!(said, (whole.clone(), wire), "the first {} bytes say something else", cut.len());
        }
    }
    true
}

/// What is stored of a body holds no secret that is known as one, and is as readable as it was.
fn redaction_holds(read: &Read, body: &[u8], draw: &mut Draw) {
    let secret = *draw.one(&["?X-Amz-Signature=", "<SecretAccessKey>", "\"password\": \"", "&amp;token="]);
    let at = draw.below(body.len() + 1);
    let with = [&body[..at], secret.as_bytes(), CANARY.as_bytes(), b"<", &body[at..]].concat();
    let has = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|found| found == CANARY.as_bytes());
    // Letters that stand before a name are another name: `xpassword`.
    let apart = at == 0 || !body[at - 1].is_ascii_alphanumeric();
    if apart
        && !has(body)
        && let Ok((kept, _)) = redact(with, &[])
    {
        assert!(!has(&kept), "{secret} was kept");
    }
    if !read.redact.is_empty()
        && let Ok((kept, _)) = redact(body.to_vec(), &read.redact)
    {
        assert!(parse(body, None).is_err() || parse(&kept, None).is_ok(), "redacted, and no longer readable");
        let value: Value = serde_json::from_slice(&kept).expect("declared places are removed from JSON");
        assert!(!has(&kept) || has(value.to_string().as_bytes()), "a secret is hidden behind a name that stands twice");
        for place in &read.redact {
            let names = |path: &WirePath| path.steps().iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            let but: Vec<Vec<String>> = place.but.iter().map(names).collect();
            let but: Vec<&[String]> = but.iter().map(Vec::as_slice).collect();
            assert!(is_blank(&value, &names(&place.at), &but), "{} was kept in {value}", place.at.source());
        }
    }
}

/// Does nothing stand at the place, through lists or not, but texts that may stay?
fn is_blank(value: &Value, names: &[String], but: &[&[String]]) -> bool {
    match (value, names) {
        (Value::Array(items), [_, ..]) => items.iter().all(|item| is_blank(item, names, but)),
        (Value::Array(items), []) if !but.is_empty() => {
            let inside: Vec<&[String]> = but.iter().copied().filter(|path| !path.is_empty()).collect();
            items.iter().all(|item| is_blank(item, names, &inside))
        }
        (Value::Object(map), []) if !but.is_empty() => map.iter().all(|(name, inner)| {
            let rest = |path: &&[String]| path.first().is_some_and(|first| first == "*" || first == name);
            let inside: Vec<&[String]> = but.iter().copied().filter(rest).map(|path| &path[1..]).collect();
            is_blank(inner, &[], &inside)
        }),
        (_, []) => {
            value.is_null() || value == "[redacted]" || value.is_string() && but.iter().any(|path| path.is_empty())
        }
        (Value::Object(map), [name, rest @ ..]) if name == "*" => map.values().all(|inner| is_blank(inner, rest, but)),
        (_, [name, rest @ ..]) => value.get(name).is_none_or(|inner| is_blank(inner, rest, but)),
    }
}

fn answers(parser: Parser<'_>) {
    let reads = &CONTROLS.reads.reads;
    parser.run(&|seed, body, draw| {
        for read in [read_of(seed), Some(draw.one(reads))].into_iter().flatten() {
            page_holds(read, body);
            redaction_holds(read, body, draw);
        }
        cut_holds(body, draw)
    });
}

#[test]
fn answers_in_xml() {
    let words: [&[&str]; 6] = [
        &[
            "<item>",
            "</item>",
            "<item/>",
            "<member>",
            "</member>",
            "<member/>",
            "<vpcSet>",
            "</vpcSet>",
            "<Bucket>",
            "</Bucket>",
        ],
        &[
            "<entry>",
            "</entry>",
            "<key>",
            "</key>",
            "<value>",
            "</value>",
            "<nextToken>",
            "</nextToken>",
            "<a b=\"c\">",
            "</a>",
            "<a/>",
        ],
        &["<!--", "-->", "<![CDATA[", "]]>", "<?xml version=\"1.0\"?>", "<!DOCTYPE a>", "<!ENTITY a \"b\">"],
        &["&lt;", "&amp;", "&#x41;", "&#xD800;", "&#0;", "&a;", "&", ";"],
        &["xmlns=\"a\"", "xsi:type=\"Group\"", "\u{feff}", "é", " ", "\n", ""],
        &["true", "false", "TRUE", "22", "-1", "1.5", "2026-01-02T03:04:05.678Z", "us-east-1", "0.0.0.0/0", ""],
    ];
    answers(Parser { name: "xml", more: Vec::new(), words: &words, inputs: 3_000 });
}

#[test]
fn answers_in_json() {
    let words: [&[&str]; 5] = [
        &[
            "\"NextToken\"",
            "\"nextToken\"",
            "\"NextMarker\"",
            "\"Truncated\"",
            "\"HasMoreStreams\"",
            "\"HasMoreDeliveryStreams\"",
        ],
        &[
            "\"trailList\"",
            "\"Keys\"",
            "\"KeyId\"",
            "\"authKey\"",
            "\"virtualInterfaces\"",
            "\"Email\"",
            "\"Accounts\"",
            "\"HECToken\"",
            "\"a\"",
        ],
        &[
            "true",
            "false",
            "null",
            "0",
            "-1",
            "1.5e3",
            "1e999",
            "9007199254740993",
            "1700000000",
            "\"2026-01-02T03:04:05Z\"",
            "\"\"",
            "\"a\"",
            "[]",
            "{}",
            "[[]]",
            "\"111122223333\"",
        ],
        &["[", "]", "{", "}", ",", ":"],
        &["\\u0000", "\\ud800", "\\", "é", " ", ""],
    ];
    answers(Parser { name: "json", more: Vec::new(), words: &words, inputs: 4_000 });
}

#[test]
fn credential_reports() {
    let words: [&[&str]; 4] = [
        &["user", "arn", "password_enabled", "mfa_active", "user_creation_time"],
        &[
            "<root_account>",
            "arn:aws:iam::111122223333:user/anna",
            "arn:aws:iam::111122223333:root",
            "anna",
            "é",
            "=1+1",
            "",
        ],
        &["true", "false", "TRUE", "not_supported", "N/A", "no_information", ""],
        &["\"", "\"\"", ",", "\n", "\r\n", "\r", "\0"],
    ];
    let read = CONTROLS.reads.get("iam:GetCredentialReport").unwrap();
    Parser { name: "credential-report", more: Vec::new(), words: &words, inputs: 1_500 }.run(&|_, csv, draw| {
        let mut packed = base64::engine::general_purpose::STANDARD.encode(csv);
        if draw.below(4) == 0 {
            let at = draw.below(packed.len() + 1);
            packed.insert_str(at, draw.one::<&str>(&["=", " \n", "A", "-", "&amp;", "<b>c</b>"]));
        }
        let body = format!(
            "<GetCredentialReportResponse><GetCredentialReportResult><Content>{packed}</Content>\
             <GeneratedTime>2026-11-24T00:00:00Z</GeneratedTime></GetCredentialReportResult></GetCredentialReportResponse>"
        );
        page_holds(read, body.as_bytes());
        let Ok((Value::Array(rows), _)) = parse(body.as_bytes(), Some(Decoder::Base64Csv)) else { return false };
        assert!(rows.iter().all(Value::is_object) && rows.len() <= csv.len());
        true
    });
}

#[test]
fn decoders() {
    let words: [&[&str]; 4] = [
        &["arn:", "arn:aws:", "s3://", "s3a://", "S3://", "alias/"],
        &["EU", "us-east-1", "111122223333", "kms", "s3", "*", "/", ":", "::"],
        &["%7B", "%7D", "%22", "%3A", "%", "%C3", "%A4", "%00", "+"],
        &["{", "}", "\"", "\\u0000", ",", "[]", "null", "é", " ", "\n", ""],
    ];
    Parser { name: "decoder", more: Vec::new(), words: &words, inputs: 6_000 }.run(&|_, bytes, _| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let value = Value::String(text.clone());
        let of = |decoder| decode(&value, decoder).ok();
        // Nothing of an ARN is lost.
        let arn = of(Decoder::Arn);
        if let Some(arn) = &arn {
            let parts =
                ["partition", "service", "region", "account", "resource"].map(|name| arn[name].as_str().unwrap());
            assert_eq!(format!("arn:{}", parts.join(":")), text);
        }
        let location = of(Decoder::BucketLocation).unwrap();
        assert!(location["region"].as_str().is_some_and(|region| !region.is_empty()));
        let json = of(Decoder::Json);
        assert_eq!(json, serde_json::from_str(&text).ok());
        if !text.contains('%') {
            assert_eq!(of(Decoder::PercentJson), json);
        }
        let percent = of(Decoder::PercentJson);
        for odd in [&json!(null), &json!(1), &json!([text]), &json!({ "a": text, "Content": text })] {
            for decoder in [Decoder::Arn, Decoder::BucketLocation, Decoder::Json, Decoder::Base64Csv] {
                let _ = decode(odd, decoder);
            }
        }
        arn.is_some() || percent.is_some()
    });
}

// ---- checks ----

static TYPES: LazyLock<Types> = LazyLock::new(|| Types::new(&CONTROLS.reads, &derived_types()));

fn compiled(check: Check) -> Option<Compiled> {
    compile(check, &TYPES, &CONTROLS.parameters, &|_, _| true).ok()
}

#[test]
fn check_files() {
    let words: [&[&str]; 7] = [
        &[
            "title:",
            "severity:",
            "maps_to:",
            "why:",
            "for_each:",
            "related:",
            "assert:",
            "pass:",
            "remediation:",
            "tests:",
        ],
        &[
            "type:",
            "where:",
            "is:",
            "within:",
            "one:",
            "when_missing:",
            "when:",
            "that:",
            "message:",
            "reason:",
            "text:",
            "cli:",
        ],
        &["name:", "given:", "expect:", "params:", "partial:"],
        &[
            "resource.id",
            "resource.account",
            "resource.region",
            "resource.root_mfa",
            "params.min_retention_days",
            "true",
        ],
        &["aws.account", "aws.region", "aws.ec2.vpc", "aws.logs.log_group", "aws.cloudtrail.trail"],
        &["unknown", "fail", "pass", "not_applicable", "error"],
        &[
            "{resource.id}",
            "{{",
            "}}",
            "{",
            "}",
            "[",
            "]",
            "null",
            "&a",
            "*a",
            "<<:",
            "|",
            ">",
            "-",
            "#",
            "\t",
            "\n",
            "  ",
            "\"",
            "'",
            "!!str",
            "é",
            "\0",
            "---",
            "...",
            "",
        ],
    ];
    let checks = CONTROLS.files.iter().filter(|(path, _)| path.contains("/checks/"));
    let more: Vec<Seed> =
        checks.map(|(path, text)| Seed { name: path.replace('/', "-"), bytes: text.clone().into_bytes() }).collect();
    Parser { name: "check", more, words: &words, inputs: 500 }.run(&|_, bytes, _| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(check) = serde_saphyr::from_str::<Check>(&text) else { return false };
        if let Some(check) = compiled(check) {
            let _ = selftest(&check, &CONTROLS.parameters);
        }
        true
    });
}

/// A trail, its key and the log groups of the account, of which a condition may ask anything.
struct World {
    trail: Map<String, Value>,
    key: Option<Map<String, Value>>,
    groups: Vec<Map<String, Value>>,
    groups_cut: bool,
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("not an object") };
    map
}

impl World {
    fn whole(draw: &mut Draw) -> Self {
        let trail = json!({
            "name": *draw.one(&["main", "old", ""]), "multi_region": draw.below(2) == 0, "organization": false,
            "validation": draw.below(2) == 0, "kms_key": "k", "bucket": "fw-trail-logs", "bucket_prefix": "",
            "log_group_arn": "none", "logging": draw.below(2) == 0, "delivery_error": "none",
            "last_delivery": draw.one(&[json!({ "at": "2026-01-01T00:00:00Z", "age_seconds": 60 }), json!({ "at": "never" })]),
            "selectors": [{ "read_write": "All", "management": true, "excluded": [] }],
            "advanced_selectors": [{ "conditions": [{ "field": "eventCategory", "equals": ["Management"] }] }],
        });
        let group = |id: &str, days: Value| object(json!({ "id": id, "place": id, "retention_days": days }));
        let days = [json!("never_expires"), json!(1), json!(365)];
        let groups = ["/vpc/flow", "x", "main"].iter().map(|id| group(id, draw.one(&days).clone())).collect();
        let key = object(json!({ "id": "k", "arn": "k", "state": "Enabled", "manager": "AWS", "rotates": true }));
        Self { trail: object(trail), key: Some(key), groups, groups_cut: false }
    }

    /// The same with something not known.
    fn less(&self, draw: &mut Draw) -> Self {
        let mut less = Self {
            trail: self.trail.clone(),
            key: self.key.clone(),
            groups: self.groups.clone(),
            groups_cut: self.groups_cut,
        };
        let lose = |of: &mut Map<String, Value>, draw: &mut Draw| {
            let names: Vec<String> =
                of.keys().filter(|name| !["id", "arn"].contains(&name.as_str())).cloned().collect();
            if !names.is_empty() {
                of.remove(draw.one(&names));
            }
        };
        for _ in 0..=draw.below(3) {
            match draw.below(5) {
                0 if !less.groups.is_empty() => {
                    less.groups.remove(draw.below(less.groups.len()));
                    less.groups_cut = true;
                }
                1 => less.groups_cut = true,
                2 => {
                    if let Some(group) = less.groups.last_mut() {
                        lose(group, draw);
                    }
                }
                3 => less.key.iter_mut().for_each(|key| lose(key, draw)),
                _ => lose(&mut less.trail, draw),
            }
        }
        less
    }

    fn outcome(&self, check: &Compiled) -> Outcome {
        let mut inventory = Inventory::default();
        let mut add = |kind: &str, things: Vec<(&str, &Map<String, Value>)>, cut: bool| {
            let resources = things.into_iter().map(|(id, fields)| {
                let mut resource = Resource::new(key(kind, id));
                resource.from.entry(String::new()).or_default().insert("E-1".to_owned());
                for (name, value) in fields {
                    resource.set(name, value.clone(), ["E-1".to_owned()]);
                }
                resource
            });
            inventory.resources.insert(kind.to_owned(), resources.collect());
            let gap = Gap {
                read: "a read".to_owned(),
                action: String::new(),
                account: ACCOUNT.to_owned(),
                region: REGION.to_owned(),
                parent: None,
                outcome: CallOutcome::Denied,
                code: None,
                detail: None,
                evidence: None,
            };
            let state = if cut {
                ListState::Cut(BTreeSet::from([gap]))
            } else {
                ListState::Complete(BTreeSet::from(["E-1".to_owned()]))
            };
            let (account, region) = (ACCOUNT.to_owned(), REGION.to_owned());
            let listing = Listing { kind: kind.to_owned(), account, region, parent: None, state };
            inventory.listings.insert(kind.to_owned(), vec![listing]);
        };
        add("aws.cloudtrail.trail", vec![("t", &self.trail)], false);
        add("aws.kms.key", self.key.iter().map(|key| ("k", key)).collect(), false);
        let id = |group: &Map<String, Value>| group["id"].as_str().unwrap().to_owned();
        let ids: Vec<String> = self.groups.iter().map(id).collect();
        add("aws.logs.log_group", ids.iter().map(String::as_str).zip(&self.groups).collect(), self.groups_cut);
        let params = json!({ "min_retention_days": 180, "large_outbound_megabytes": 100, "admin_ports": [22, 3389] });
        let findings = run(std::slice::from_ref(check), &inventory, &params, &Scoped::default());
        findings.iter().find(|finding| finding.subject().id.as_deref() == Some("t")).expect("the trail").outcome()
    }
}

/// A check that asks this, and as little else as a check may.
fn asks(condition: &str) -> Check {
    let text = r#"
        title: x
        severity: low
        maps_to: [{ objectives: [SC.L1-b.1.x.c], aspect: x, relation: supports }]
        why: x
        for_each: aws.cloudtrail.trail
        related:
          key: { type: aws.kms.key, where: arn, is: resource.kms_key, within: run, one: true }
          groups: { type: aws.logs.log_group, where: account, is: resource.account, within: account }
        assert:
          - { that: "true", message: "{resource.id}" }
          - { that: 'resource.id != "" || key.state != "" || groups.exists(g, g.id != "")', message: "{resource.id}" }
        pass: "{resource.id}"
        remediation: { text: x }
        tests:
          - { name: a, given: { aws.logs.log_group: [] }, expect: { a: pass, b: fail, c: unknown } }
    "#;
    let mut check: Check = serde_saphyr::from_str(text).unwrap();
    condition.clone_into(&mut check.assert[0].that);
    check
}

#[test]
fn conditions() {
    let words: [&[&str]; 12] = [
        &[
            "resource.name",
            "resource.kms_key",
            "resource.bucket",
            "key.state",
            "key.arn",
            "g.id",
            "\"main\"",
            "\"k\"",
            "\"\"",
        ],
        &["resource.logging", "resource.validation", "resource.multi_region", "key.rotates", "true", "false"],
        &[
            "resource.last_delivery.age_seconds",
            "g.retention_days",
            "params.min_retention_days",
            "groups.size()",
            "0",
            "1",
            "3",
            "1.5",
        ],
        &["resource.last_delivery.at", "\"never\"", "\"never_expires\""],
        &[
            "resource.selectors",
            "resource.advanced_selectors",
            "s.conditions",
            "groups",
            "params.admin_ports",
            "[1, 2]",
            "s.excluded",
        ],
        &[".exists(g, ", ".all(g, ", ".exists_one(g, ", ".filter(g, ", ".map(g, "],
        &[".exists(s, ", ".all(s, ", ".exists(c, ", ".all(c, "],
        &["&&", "||"],
        &["==", "!=", "<", "<=", ">", ">=", " in "],
        &["+", "-", "*", "/", "%"],
        &[".startsWith(", ".endsWith(", ".contains(", ".matches("],
        &[
            "resource",
            "key",
            "g",
            "has(",
            "!",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "?",
            ":",
            ",",
            ".?",
            "[?",
            ".orValue(",
            "null",
            "-9223372036854775808",
            "1u",
            "b\"x\"",
            "r\"x\"",
            "\\u00e9",
            "\"(a+)+$\"",
            "timestamp(",
            "type(",
            "dyn(",
            "{\"a\": 1}",
            "//",
            "\n",
            "é",
            "",
        ],
    ];
    // The conditions that checks ask are seeds as well.
    let all = CONTROLS.checks.iter().flat_map(|check| &check.assert).map(|assert| assert.that.clone());
    let more = all.map(|that| Seed { name: "controls".to_owned(), bytes: that.into_bytes() }).collect();
    Parser { name: "condition", more, words: &words, inputs: 600 }.run(&|_, bytes, draw| {
        let text = String::from_utf8_lossy(bytes);
        let Some(check) = compiled(asks(&text)) else { return false };
        let whole = World::whole(draw);
        let known = whole.outcome(&check);
        for _ in 0..4 {
            let less = whole.less(draw).outcome(&check);
            // A condition that is wrong (a text above a number) is no verdict, wherever that shows.
            let told = known == Outcome::Error || [known, Outcome::Unknown, Outcome::Error].contains(&less);
            assert!(told, "{known:?} became {less:?} by losing something: {text}");
        }
        true
    });
}

/// However deep the nesting, a condition is refused or needs no more stack than any thread has: what needs more ends the
/// process, and is no panic that could be caught. Long is not deep.
#[test]
fn deep_conditions() {
    let around = [("(", ")"), ("[", "]"), ("!(", ")"), ("true?", ":true"), ("size([", "])"), ("true && (", ")")];
    let behind = [
        ("1", "+1", " == 1"),
        ("1 == 1", " == true", ""),
        ("true", "?true:true", ""),
        ("resource.name", ".a", " == 1"),
        ("resource.selectors", "[0]", " == 1"),
        ("resource.selectors", ".filter(s, s.management)", ".size() == 1"),
        ("true", " in [true]", ""),
        ("", "!", "true"),
        ("", "-", "1 == 1"),
        ("", "groups.exists(g, ", "true"),
    ];
    for times in [1, 8, 11, 16, 23, 24, 25, 64, 140, 290, 900] {
        let around = around.iter().map(|(open, close)| format!("{}true{}", open.repeat(times), close.repeat(times)));
        let behind = behind.iter().map(|(before, again, after)| format!("{before}{}{after}", again.repeat(times)));
        for text in around.chain(behind) {
            let small = std::thread::Builder::new().stack_size(1 << 20);
            let ended = small.spawn(move || {
                compiled(asks(&text)).map(|check| World::whole(&mut Draw::of(text.as_bytes())).outcome(&check))
            });
            ended.unwrap().join().expect("an outcome, or a refusal");
        }
    }
    for operator in [" || ", " && "] {
        let long = vec!["key.rotates"; 40].join(operator);
        assert!(compiled(asks(&long)).is_some(), "forty alternatives are not deep");
    }
}
