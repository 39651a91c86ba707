//! What we send, beside what botocore sends for the same call.

use super::Oracle;
use super::known::Wrong;
use farwatch::collect::{self, aws::Outgoing};
use farwatch::controls::Controls;
use farwatch::derive::derived_types;
use farwatch::model::plan::CallId;
use farwatch::model::read::{FieldKind, Per, REGION, Read, account_key};
use farwatch::model::resource::{Resource, ResourceKey};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ACCOUNT: &str = "111122223333";
const PARTITIONS: [(&str, &str); 3] = [("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")];
/// Everything that a path, a query or a form may get wrong.
const TOKEN: &str = "AAAA+b/c==&d=e %41 ü*~'()!;:@,$?#[]";

/// Ids that resources may have.
fn ids(kind: &str, partition: &str, region: &str) -> Vec<String> {
    if kind == "aws.s3.bucket" {
        // botocore refuses other names; dots make the path style.
        return ["logs-111122223333", "logs.example.com", "123"].map(str::to_owned).to_vec();
    }
    vec![
        "plain-name_1.x".to_owned(),
        format!("arn:{partition}:service:{region}:{ACCOUNT}:thing/a/b-c:d"),
        "/aws/vpc/flow logs+more %41&a=b".to_owned(),
        "Übersicht~*'()!;:@,$?#[]".to_owned(),
    ]
}

/// Is the type seen in regions, or in the account as a whole?
fn is_regional(controls: &Controls, kind: &str) -> bool {
    let Some(read) = controls.reads.reads.iter().find(|read| read.resource.as_deref() == Some(kind)) else {
        return true;
    };
    match (read.per, &read.for_each) {
        (Some(Per::Region), _) => true,
        (None, Some(parent)) => is_regional(controls, parent),
        _ => false,
    }
}

/// The calls that a read means in one region, with ids of all sorts.
fn calls(controls: &Controls, read: &Read, (partition, region): (&str, &str)) -> Vec<CallId> {
    let account = Resource::new(account_key(ACCOUNT));
    let resources = match (read.per, &read.for_each) {
        (Some(Per::Region), _) => vec![Resource::new(ResourceKey {
            kind: REGION.to_owned(),
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            id: region.to_owned(),
        })],
        (None, Some(kind)) => {
            let home = if is_regional(controls, kind) { region } else { "global" };
            ids(kind, partition, region)
                .into_iter()
                .map(|id| {
                    let key = ResourceKey {
                        kind: kind.clone(),
                        account: ACCOUNT.to_owned(),
                        region: home.to_owned(),
                        id: id.clone(),
                    };
                    let mut resource = Resource::new(key);
                    let data = resource.data.as_object_mut().expect("a resource is an object");
                    for field in controls.reads.reads.iter().filter(|one| one.gives() == Some(kind)) {
                        for (name, field) in &field.fields {
                            let text = Value::from(id.clone());
                            let list = field.kind == FieldKind::TextList;
                            data.insert(name.clone(), if list { vec![text].into() } else { text });
                        }
                    }
                    for name in derived_types().get(kind.as_str()).into_iter().flat_map(|fields| fields.keys()) {
                        data.insert((*name).to_owned(), id.clone().into());
                    }
                    for place in read.region.iter().flat_map(farwatch::model::template::Template::places) {
                        if let [_, field] = place {
                            data.insert(field.clone(), region.into());
                        }
                    }
                    resource
                })
                .collect()
        }
        _ => vec![account],
    };
    resources
        .iter()
        .map(|resource| {
            let mut call = read.call_for(resource).unwrap_or_else(|place| panic!("{}: {place} is missing", read.id));
            if read.per == Some(Per::Session) {
                region.clone_into(&mut call.region);
            }
            call
        })
        .collect()
}

pub(super) fn compare(controls: &Controls, oracle: &Oracle, wrong: &mut BTreeSet<Wrong>) {
    for read in &controls.reads.reads {
        for place in PARTITIONS {
            for call in calls(controls, read, place) {
                one(controls, oracle, read, read.operation(), (place, &call, None), wrong);
                if let Some(generate) = &read.generate {
                    let operation = generate.call.split_once(':').map_or(generate.call.as_str(), |(_, name)| name);
                    one(controls, oracle, read, operation, (place, &call, None), wrong);
                }
                if read.pages.is_some() {
                    one(controls, oracle, read, read.operation(), (place, &call, Some(TOKEN)), wrong);
                }
            }
        }
    }
}

fn one(
    controls: &Controls,
    oracle: &Oracle,
    read: &Read,
    operation: &str,
    (place, call, token): ((&str, &str), &CallId, Option<&str>),
    wrong: &mut BTreeSet<Wrong>,
) {
    let provider = &controls.reads.provider;
    let region = match call.region.as_str() {
        "global" => provider.global_region(place.0, &read.service),
        region => region.to_owned(),
    };
    // The parameters, put together a second time: what is asked is declared, how it travels is not.
    let mut params = Map::new();
    if operation == read.operation() {
        params.extend(call.params.iter().map(|(name, value)| (name.clone(), value.0.clone())));
        if let Some(pages) = &read.pages {
            params.extend(pages.size.clone());
            params.extend(token.map(|token| (pages.request.clone(), token.into())));
        }
    }
    let question = json!({"ask": "request", "service": read.service, "operation": operation, "region": place.1,
                          "params": params, "headers": read.headers});
    let Some(answer) = oracle.ask(&question) else { return };
    let mut note = |what: String| {
        let page = if token.is_some() { " (second page)" } else { "" };
        let place = format!("request {operation}{page} in {}", place.1);
        wrong.insert(Wrong { of: read.id.clone(), place, what });
    };
    if let Some(error) = answer["error"].as_str() {
        return note(format!("botocore refuses it: {error}"));
    }
    let token = token.map(Value::from);
    let request = collect::Request { session: 0, read, operation, call, region, token, page: 1 };
    let ours = match collect::aws::request(provider, &request) {
        Ok(ours) => ours,
        Err(error) => return note(error),
    };
    for (what, (own, other)) in parts(&ours, answer) {
        if own != other {
            note(format!("{what}: {own}, and botocore has {other}"));
        }
    }
}

/// Part by part: what we send, what botocore sends.
fn parts(ours: &Outgoing, theirs: &Value) -> BTreeMap<&'static str, (String, String)> {
    let text = |name: &str| theirs[name].as_str().unwrap_or_default();
    let (own, other) = (Url::of(&ours.url), Url::of(text("url")));
    let their_headers = theirs["headers"].as_object().expect("headers");
    let mut own_headers: BTreeMap<String, String> =
        ours.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let mut other_headers: BTreeMap<String, String> = their_headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .filter(|(name, _)| !is_clients_own(name))
        .collect();
    // `; charset=utf-8` says nothing here: forms are ASCII, and JSON is UTF-8.
    for headers in [&mut own_headers, &mut other_headers] {
        if let Some(kind) = headers.get_mut("content-type") {
            *kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        }
    }
    let kind = other_headers.get("content-type").cloned().unwrap_or_default();
    BTreeMap::from([
        ("method", (ours.method.clone(), text("method").to_owned())),
        ("scheme and host", (own.host, other.host)),
        ("path", (own.path, other.path)),
        ("query", (format!("{:?}", own.query), format!("{:?}", other.query))),
        ("headers", (format!("{own_headers:?}"), format!("{other_headers:?}"))),
        ("body", (body(&ours.body, &kind), body(text("body"), &kind))),
        ("signing region", (ours.signing_region.clone(), text("signing_region").to_owned())),
        ("signing name", (ours.signing_name.clone(), text("signing_name").to_owned())),
    ])
}

/// Headers of the signature, of the connection, and of the client about itself.
fn is_clients_own(name: &str) -> bool {
    name.starts_with("amz-sdk-")
        || matches!(
            name,
            "authorization"
                | "user-agent"
                | "x-amz-user-agent"
                | "x-amz-date"
                | "x-amz-content-sha256"
                | "content-length"
        )
}

struct Url {
    host: String,
    path: String,
    /// As they stand, in order of the alphabet; `acl` and `acl=` are the same.
    query: Vec<String>,
}

impl Url {
    fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        Self { host: format!("{scheme}://{host}"), path: path.to_owned(), query: pairs(query) }
    }
}

fn pairs(text: &str) -> Vec<String> {
    let mut pairs: Vec<String> =
        text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.trim_end_matches('=').to_owned()).collect();
    pairs.sort();
    pairs
}

/// A body by its meaning.
fn body(text: &str, kind: &str) -> String {
    if kind == "application/x-www-form-urlencoded" {
        // In a form, `+` is a space.
        let decoded = pairs(text).into_iter().map(|pair| {
            percent_encoding::percent_decode_str(&pair.replace('+', "%20")).decode_utf8_lossy().into_owned()
        });
        return format!("{:?}", decoded.collect::<Vec<_>>());
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value.to_string(),
        Err(_) => text.to_owned(),
    }
}
