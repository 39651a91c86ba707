//! Declared fields out of an item, typed.

use crate::model::answer::{AnswerError, Wire, as_list, decode, list, parse};
use crate::model::exchange::Exchange;
use crate::model::path::WirePath;
use crate::model::plan::Outcome;
use crate::model::provider::Cloud;
use crate::model::read::{ACCOUNT, ACCOUNTS, At, Field, FieldKind, REGION, Read};
use crate::model::resource::ResourceKey;
use crate::model::template::{Template, scalar_text};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// What one item of an answer says about one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The resource.
    pub key: ResourceKey,
    /// Field values.
    pub fields: Vec<(String, Value)>,
    /// Declared fields that the answer does not have, or has in another shape.
    pub absent: Vec<String>,
    /// Evidence id of the page.
    pub evidence: String,
}

/// What one page of a read says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// What it says about resources.
    pub given: Vec<Contribution>,
    /// Ids that it holds twice.
    pub twice: Vec<String>,
    /// The token by which the next page is asked for.
    pub next: Option<Value>,
}

/// Reads one page, as each of the reads that share its call: one for each list that an answer gives. Where the answer is
/// not what a read declares, the call is a gap for this one.
pub fn pages<'r>(
    reads: impl Iterator<Item = &'r Read>,
    exchange: &Exchange,
    body: &[u8],
    parent: Option<&ResourceKey>,
) -> Vec<(&'r Read, Result<Page, AnswerError>)> {
    // They share the answer as well, so it is parsed once.
    let mut answer: Option<Result<(Value, Wire), AnswerError>> = None;
    reads
        .map(|read| {
            if exchange.outcome != Outcome::Answered {
                return (read, Ok(Page { given: settled(read, exchange, parent), ..Page::default() }));
            }
            let answer = answer.get_or_insert_with(|| {
                let nothing = read.no_content && body.iter().all(u8::is_ascii_whitespace);
                if nothing { Ok((json!({}), Wire::Json)) } else { parse(body, read.decode) }
            });
            let found = match answer {
                Ok((answer, wire)) => page(read, exchange, answer, *wire, parent),
                Err(error) => Err(error.clone()),
            };
            (read, found)
        })
        .collect()
}

/// What an answer says, as one of the reads that share it.
fn page(
    read: &Read,
    exchange: &Exchange,
    answer: &Value,
    wire: Wire,
    parent: Option<&ResourceKey>,
) -> Result<Page, AnswerError> {
    let call = &exchange.call;
    let items = match &read.items {
        None => vec![answer],
        Some(path) => list(answer, path, wire).ok_or_else(|| AnswerError::NoList(path.source().to_owned()))?,
    };
    let next = next_token(read, answer, items.last().copied())?;
    let mut seen = HashSet::new();
    let (mut given, mut twice) = (Vec::with_capacity(items.len()), Vec::new());
    for item in items {
        // A row that does not say whose it is could be anybody's.
        let account = match &read.account_from {
            None => call.account.clone(),
            Some(path) => path
                .find(item)
                .and_then(Value::as_str)
                .map(str::to_lowercase)
                .ok_or_else(|| AnswerError::Decode(format!("an item has no `{}`", path.source())))?,
        };
        let place = Place { call_account: &account, call_region: &call.region, parent };
        let key = match &read.resource {
            None => match parent {
                Some(parent) => parent.clone(),
                None => place_key(read, &account, &call.region),
            },
            Some(kind) => {
                let id = item_id(read, item, &place).ok_or_else(|| {
                    AnswerError::Decode(format!("an item has no `{}`", read.id_from.as_deref().unwrap_or("id")))
                })?;
                let region = match &read.home_region {
                    None if kind == REGION => id.clone(),
                    None => call.region.clone(),
                    Some(path) => path
                        .find(item)
                        .and_then(Value::as_str)
                        .map(str::to_owned)
                        .ok_or_else(|| AnswerError::Decode(format!("an item has no `{}`", path.source())))?,
                };
                let account = if ACCOUNTS.contains(&kind.as_str()) { id.clone() } else { account.clone() };
                if !seen.insert(id.clone()) {
                    twice.push(id.clone());
                }
                ResourceKey { kind: kind.clone(), account, region, id }
            }
        };
        let (fields, absent) = take_fields(read, item, wire, exchange.finished, &place);
        given.push(Contribution { key, fields, absent, evidence: exchange.id.clone() });
    }
    Ok(Page { given, twice, next })
}

/// The token of the next page, if there is one. A list that says it goes on and does not say how is not complete.
fn next_token(read: &Read, answer: &Value, last: Option<&Value>) -> Result<Option<Value>, AnswerError> {
    let Some(pages) = read.pages.as_ref() else { return Ok(None) };
    let more = says(pages.more.as_ref(), answer);
    if more == Some(false) {
        return Ok(None);
    }
    let by_item = pages.answer.source() == "last_item";
    // The last item is always there; only the flag can say that it is a token.
    let token = if by_item { last.filter(|_| more == Some(true)) } else { pages.answer.find(answer) };
    match token.filter(|token| token.as_str() != Some("")) {
        Some(token) => Ok(Some(token.clone())),
        None if more == Some(true) => {
            Err(AnswerError::Decode("the answer says that there is more, and not how to ask for it".to_owned()))
        }
        None if says(pages.cut.as_ref(), answer) == Some(true) => {
            Err(AnswerError::Decode("the answer says that it was cut, and not how to ask for the rest".to_owned()))
        }
        None if by_item && more.is_none() => {
            Err(AnswerError::Decode("the answer does not say whether there is more".to_owned()))
        }
        None => Ok(None),
    }
}

/// What an answer says, yes or no; some say it as text.
fn says(path: Option<&WirePath>, answer: &Value) -> Option<bool> {
    path.and_then(|path| path.find(answer)).map(|said| match said {
        Value::Bool(said) => *said,
        other => other.as_str() == Some("true"),
    })
}

/// The key of the place that a read per account or region is made for.
fn place_key(read: &Read, account: &str, region: &str) -> ResourceKey {
    let kind = read.made_for().unwrap_or(ACCOUNT).to_owned();
    let id = if kind == REGION { region } else { account };
    ResourceKey { kind, account: account.to_owned(), region: region.to_owned(), id: id.to_owned() }
}

/// An outcome other than "answered" that says something definite: the values its read declares for it.
fn settled(read: &Read, exchange: &Exchange, parent: Option<&ResourceKey>) -> Vec<Contribution> {
    let code = exchange.code.as_deref().unwrap_or_default();
    let detail = exchange.detail.as_deref().unwrap_or_default();
    let rule = read
        .settles
        .iter()
        .find(|rule| rule.code == code && rule.message.as_deref().is_none_or(|text| detail.contains(text)));
    let Some(rule) = rule.filter(|_| read.adds() && exchange.outcome.is_settled()) else { return Vec::new() };
    let key = parent.cloned().unwrap_or_else(|| place_key(read, &exchange.call.account, &exchange.call.region));
    let absent = read.fields.keys().filter(|name| !rule.fields.contains_key(*name)).cloned().collect();
    let fields = rule.fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    vec![Contribution { key, fields, absent, evidence: exchange.id.clone() }]
}

/// Where an item was found.
struct Place<'a> {
    call_account: &'a str,
    call_region: &'a str,
    parent: Option<&'a ResourceKey>,
}

impl Place<'_> {
    fn lookup(&self, path: &[String], item: &Value) -> Option<String> {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["account"] => Some(self.call_account.to_owned()),
            ["region"] => Some(self.call_region.to_owned()),
            ["parent", "id"] => self.parent.map(|parent| parent.id.clone()),
            ["item"] => scalar_text(item),
            ["item", rest @ ..] => rest.iter().try_fold(item, |value, name| value.get(name)).and_then(scalar_text),
            _ => None,
        }
    }
}

fn item_id(read: &Read, item: &Value, place: &Place<'_>) -> Option<String> {
    let from = read.id_from.as_deref()?;
    let id = if from == "." {
        scalar_text(item)?
    } else if from.contains('{') {
        Template::parse(from).ok()?.render(|path| place.lookup(path, item)).ok()?
    } else {
        scalar_text(WirePath::parse(from).find(item)?)?
    };
    if id.is_empty() {
        return None;
    }
    // Azure compares ids without case, and spells the same one in several ways.
    Some(if read.cloud() == Cloud::Aws { id } else { arm_id(&id).unwrap_or_else(|| id.to_lowercase()) })
}

/// An id of Azure in the one spelling that farwatch uses; nothing where the text means that nothing is configured.
fn arm_id(text: &str) -> Option<String> {
    let id = text.trim().to_lowercase();
    // The whole tenant, as the scope of a role.
    if id == "/" {
        return Some(id);
    }
    let id = id.trim_end_matches('/').to_owned();
    match id.as_str() {
        "" | "-" => None,
        _ if id.starts_with("subscriptions/") || id.starts_with("providers/") => Some(format!("/{id}")),
        _ => Some(id),
    }
}

fn take_fields(
    read: &Read,
    item: &Value,
    wire: Wire,
    answered: jiff::Timestamp,
    place: &Place<'_>,
) -> (Vec<(String, Value)>, Vec<String>) {
    let (mut fields, mut absent) = (Vec::new(), Vec::new());
    for (name, field) in &read.fields {
        match take(field, item, wire, answered, Some(place)) {
            Some(value) => fields.push((name.clone(), value)),
            None => absent.push(name.clone()),
        }
    }
    (fields, absent)
}

/// One field: its typed value, what its absence means, or nothing.
fn take(
    field: &Field,
    item: &Value,
    wire: Wire,
    answered: jiff::Timestamp,
    place: Option<&Place<'_>>,
) -> Option<Value> {
    if let At::Paths(paths) = &field.at
        && let Some(path) = paths.iter().find(|path| path.is_many())
    {
        return match path.find_all(item) {
            Some(values) => typed(field, &values.into_iter().cloned().collect(), wire, answered),
            None => field.when_absent.clone(),
        };
    }
    let found = match &field.at {
        At::Template(template) => {
            return template.render(|path| place.and_then(|place| place.lookup(path, item))).ok().map(Value::String);
        }
        At::Paths(paths) => paths.iter().find_map(|path| match (path.find(item), field.kind) {
            // A list inside an empty element: `<IpPermissions/>`.
            (None, FieldKind::Records | FieldKind::TextList) => {
                list(item, path, wire).filter(Vec::is_empty).map(|_| &EMPTY_LIST)
            }
            (found, _) => found,
        }),
    };
    let found =
        found.filter(|value| field.kind != FieldKind::ArmId || value.as_str().is_none_or(|id| arm_id(id).is_some()));
    match found {
        // What is there but malformed stays unknown: only silence has a declared meaning.
        Some(value) => {
            let decoded;
            let value = match field.decode {
                Some(decoder) => {
                    decoded = decode(value, decoder).ok()?;
                    &decoded
                }
                None => value,
            };
            typed(field, value, wire, answered)
        }
        None => field.when_absent.as_ref().map(|token| match field.kind {
            FieldKind::Time | FieldKind::TimeMillis => json!({ "at": token }),
            _ => token.clone(),
        }),
    }
}

static EMPTY_LIST: Value = Value::Array(Vec::new());

fn typed(field: &Field, value: &Value, wire: Wire, answered: jiff::Timestamp) -> Option<Value> {
    match field.kind {
        FieldKind::Text => match value {
            Value::String(_) => Some(value.clone()),
            // An element with attributes and text.
            Value::Object(map) if wire == Wire::Text => map.get("#text").cloned(),
            _ => None,
        },
        FieldKind::ArmId => value.as_str().and_then(arm_id).map(Value::String),
        FieldKind::ArmIds => {
            let items = as_list(value, wire)?;
            items
                .into_iter()
                .map(|item| item.get("id").unwrap_or(item).as_str().and_then(arm_id).map(Value::String))
                .collect::<Option<Vec<_>>>()
                .map(Value::Array)
        }
        FieldKind::Integer => match value {
            #[allow(clippy::cast_possible_truncation)] // whole and within i64's exact range for doubles
            Value::Number(number) => number
                .as_i64()
                .or_else(|| number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as i64))
                .map(Value::from),
            Value::String(text) if wire == Wire::Text => text.trim().parse::<i64>().ok().map(Value::from),
            _ => None,
        },
        FieldKind::Decimal => match value {
            Value::Number(number) => number.as_f64().map(Value::from),
            Value::String(text) if wire == Wire::Text => {
                text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
            }
            _ => None,
        },
        FieldKind::Boolean => match value {
            Value::Bool(_) => Some(value.clone()),
            Value::String(text) if wire == Wire::Text => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Some(true.into()),
                "false" => Some(false.into()),
                _ => None,
            },
            _ => None,
        },
        FieldKind::Time | FieldKind::TimeMillis => {
            let time = if field.kind == FieldKind::Time {
                timestamp(value)?
            } else {
                jiff::Timestamp::from_millisecond(value.as_i64()?).ok()?
            };
            let age = answered.as_second() - time.as_second();
            Some(json!({ "at": time.to_string(), "age_seconds": age }))
        }
        FieldKind::TextList => {
            let items = as_list(value, wire)?;
            items
                .into_iter()
                .map(|item| scalar_text(item).map(Value::String))
                .collect::<Option<Vec<_>>>()
                .map(Value::Array)
        }
        FieldKind::Records => {
            let items = as_list(value, wire)?;
            Some(items.into_iter().map(|item| record(field, item, wire, answered)).collect())
        }
        FieldKind::Record => match value {
            Value::Object(_) => Some(record(field, value, wire, answered)),
            Value::String(text) if wire == Wire::Text && text.trim().is_empty() => {
                Some(record(field, &Value::Object(Map::new()), wire, answered))
            }
            _ => None,
        },
        FieldKind::Map => Some(tags(value, wire)),
    }
}

/// A record has only its declared members; one that is absent stays absent, and is unknown to a rule.
fn record(field: &Field, item: &Value, wire: Wire, answered: jiff::Timestamp) -> Value {
    field
        .of
        .iter()
        .filter_map(|(name, member)| Some((name.clone(), take(member, item, wire, answered, None)?)))
        .collect::<Map<_, _>>()
        .into()
}

/// A free map; lists of `{key, value}` (tags) become one.
fn tags(value: &Value, wire: Wire) -> Value {
    let Some(items) = as_list(value, wire) else { return value.clone() };
    let pairs: Option<Map<String, Value>> = items
        .iter()
        .map(|item| {
            let key = item.get("key").or_else(|| item.get("Key"))?.as_str()?;
            let value = item.get("value").or_else(|| item.get("Value"))?;
            Some((key.to_owned(), value.clone()))
        })
        .collect();
    pairs.map_or_else(|| value.clone(), Value::Object)
}

/// RFC 3339 text, or seconds since 1970 as AWS JSON writes them.
fn timestamp(value: &Value) -> Option<jiff::Timestamp> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => {
            let seconds = number.as_f64()?;
            #[allow(clippy::cast_possible_truncation)] // checked to be within the range of a time stamp
            (seconds.abs() < 2.5e11)
                .then(|| jiff::Timestamp::from_millisecond((seconds * 1000.0) as i64).ok())
                .flatten()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(yaml: &str) -> Field {
        serde_saphyr::from_str(yaml).unwrap()
    }
    fn now() -> jiff::Timestamp {
        "2026-11-24T00:00:00Z".parse().unwrap()
    }
    fn taken(yaml: &str, item: &Value, wire: Wire) -> Option<Value> {
        take(&field(yaml), item, wire, now(), None)
    }

    #[test]
    fn silence_means_only_what_is_declared() {
        let item = json!({"present": "x", "odd": {"deep": 1}});
        assert_eq!(taken("{ at: gone }", &item, Wire::Json), None);
        assert_eq!(taken("{ at: gone, when_absent: none, source: s }", &item, Wire::Json), Some(json!("none")));
        // Present but malformed is not absent.
        assert_eq!(taken("{ at: odd, when_absent: none, source: s }", &item, Wire::Json), None);
        assert_eq!(taken("{ at: [gone, present] }", &item, Wire::Json), Some(json!("x")));
    }

    #[test]
    fn json_types_are_strict_and_text_is_parsed() {
        assert_eq!(taken("{ at: b, type: boolean }", &json!({"b": "true"}), Wire::Json), None);
        assert_eq!(taken("{ at: b, type: boolean }", &json!({"b": "true"}), Wire::Text), Some(json!(true)));
        assert_eq!(taken("{ at: num, type: integer }", &json!({"num": "443"}), Wire::Text), Some(json!(443)));
        assert_eq!(taken("{ at: num, type: integer }", &json!({"num": 7.5}), Wire::Json), None);
    }

    #[test]
    fn times_carry_their_age_at_the_answer() {
        let expected = Some(json!({"at": "2026-11-23T23:00:00Z", "age_seconds": 3600}));
        assert_eq!(taken("{ at: t, type: time }", &json!({"t": "2026-11-23T23:00:00Z"}), Wire::Text), expected);
        assert_eq!(taken("{ at: t, type: time }", &json!({"t": 1_795_474_800.0}), Wire::Json), expected);
        assert_eq!(
            taken("{ at: t, type: time, when_absent: never, source: s }", &json!({}), Wire::Json),
            Some(json!({"at": "never"}))
        );
    }

    #[test]
    fn records_have_declared_members_only() {
        let yaml = "{ at: rules, type: records, of: { days: { at: Expiration.Days, type: integer, when_absent: never, source: s } } }";
        let item = json!({"rules": [{"Expiration": {"Days": 3}, "Secret": "x"}, {}]});
        assert_eq!(taken(yaml, &item, Wire::Json), Some(json!([{"days": 3}, {"days": "never"}])));
        assert_eq!(taken(yaml, &json!({"rules": ""}), Wire::Text), Some(json!([])));
    }

    #[test]
    fn a_rule_of_several_tags_is_no_rule_of_none() {
        let yaml = "{ at: [Filter.Tag.Key, 'Filter.And.Tag[0].Key'], when_absent: none, source: s }";
        let tag = json!({"Key": "a", "Value": "1"});
        let one = json!({"Filter": {"And": {"Tag": tag}}});
        let two = json!({"Filter": {"And": {"Tag": [tag, {"Key": "b", "Value": "2"}]}}});
        for (item, expected) in [(one, "a"), (two, "a"), (json!({"Filter": {"Prefix": "x"}}), "none")] {
            assert_eq!(taken(yaml, &item, Wire::Text), Some(json!(expected)), "{item}");
        }
    }

    #[test]
    fn a_list_that_goes_on_says_how() {
        let read: Read = serde_saphyr::from_str(
            "{ read: 'kms:ListKeys', per: region, pages: { request: Marker, answer: NextMarker, more: Truncated }, items: Keys, resource: k, id_from: KeyId }",
        )
        .unwrap();
        let next = |answer: Value| next_token(&read, &answer, None);
        assert_eq!(next(json!({"Truncated": true, "NextMarker": "m"})), Ok(Some(json!("m"))));
        assert_eq!(next(json!({"Truncated": false, "NextMarker": null})), Ok(None));
        assert_eq!(next(json!({"NextMarker": "m"})), Ok(Some(json!("m"))));
        assert!(next(json!({"Truncated": true})).is_err());
        let read: Read = serde_saphyr::from_str(
            "{ read: 'firehose:L', per: region, pages: { request: S, answer: last_item, more: More }, items: N, resource: k, id_from: '.' }",
        )
        .unwrap();
        let last = json!("b");
        assert_eq!(next_token(&read, &json!({"More": true}), Some(&last)), Ok(Some(last.clone())));
        assert_eq!(next_token(&read, &json!({"More": false}), Some(&last)), Ok(None));
        assert!(next_token(&read, &json!({}), Some(&last)).is_err());
    }

    #[test]
    fn ids_of_azure_have_one_spelling() {
        let yaml = "{ at: id, type: arm_id, when_absent: none, source: s }";
        let id = |text: &str| taken(yaml, &json!({ "id": text }), Wire::Json);
        for text in [
            "/subscriptions/A/resourceGroups/b",
            "subscriptions/a/resourcegroups/B",
            "/SUBSCRIPTIONS/a/RESOURCEGROUPS/b/",
        ] {
            assert_eq!(id(text), Some(json!("/subscriptions/a/resourcegroups/b")), "{text}");
        }
        assert_eq!((id(""), id("-")), (Some(json!("none")), Some(json!("none"))));
        assert_eq!(id("/"), Some(json!("/")));
        assert_eq!(taken(yaml, &json!({"id": 7}), Wire::Json), None);
        let list = taken("{ at: nets, type: arm_ids }", &json!({"nets": [{"id": "/A"}, "/b"]}), Wire::Json);
        assert_eq!(list, Some(json!(["/a", "/b"])));
        let many = "{ at: 'logs[].group', type: text_list, when_absent: [], source: s }";
        let logs = json!({"logs": [{"group": "audit"}, {"category": "x", "group": null}]});
        assert_eq!(taken(many, &logs, Wire::Json), Some(json!(["audit"])));
        assert_eq!(taken(many, &json!({}), Wire::Json), Some(json!([])));
    }

    #[test]
    fn tags_become_a_map() {
        let item = json!({"tagSet": {"item": {"key": "Env", "value": "dev"}}});
        assert_eq!(taken("{ at: tagSet, type: map }", &item, Wire::Text), Some(json!({"Env": "dev"})));
    }
}
