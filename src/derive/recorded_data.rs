//! Derivation: which data events the trails record.
//!
//! A trail says it in basic or in advanced selectors, each with its own way to name resources. One
//! `aws.cloudtrail.recorded_data` is given for every ARN (`exact`) or beginning of ARNs (`prefix`; empty: all) of one
//! type of resource that a selector of a trail names, with the beginnings that it leaves out (`except`). A selector with
//! conditions on anything else than category, type, ARN and whether the call reads records less than that, and gives
//! none ("Logging data events", CloudTrail User Guide).

use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The derived type.
pub(super) const KIND: &str = "aws.cloudtrail.recorded_data";
const TRAIL: &str = "aws.cloudtrail.trail";

/// Its fields.
pub(super) fn fields() -> BTreeMap<&'static str, FieldKind> {
    BTreeMap::from([
        ("trail", FieldKind::Text),
        ("logging", FieldKind::Boolean),
        ("resource_type", FieldKind::Text),
        ("prefix", FieldKind::Text),
        ("exact", FieldKind::Boolean),
        ("except", FieldKind::TextList),
        ("reads", FieldKind::Boolean),
        ("writes", FieldKind::Boolean),
        ("covers", FieldKind::Text),
    ])
}

/// What one selector records.
#[derive(Debug, PartialEq, Eq)]
struct Recorded {
    kind: String,
    prefix: String,
    /// The prefix is a whole ARN.
    exact: bool,
    /// What begins so is left out.
    except: Vec<String>,
    reads: bool,
    writes: bool,
}

/// Adds the derived resources and lists to the inventory.
pub(super) fn derive(inventory: &mut Inventory) {
    let (mut found, mut listings) = (Vec::new(), Vec::new());
    for list in inventory.listings_of(TRAIL) {
        listings.push(Listing { kind: KIND.to_owned(), region: "global".to_owned(), ..list.clone() });
    }
    for trail in inventory.of(TRAIL) {
        let list = |state| Listing {
            kind: KIND.to_owned(),
            account: trail.key.account.clone(),
            region: "global".to_owned(),
            parent: Some(trail.key.id.clone()),
            state,
        };
        let selectors = ["selectors", "advanced_selectors"];
        let gaps: BTreeSet<_> = selectors
            .iter()
            .filter(|field| trail.get(field).is_none())
            .flat_map(|field| trail.missing.get(*field).into_iter().flatten().cloned())
            .collect();
        let evidence = trail.evidence(selectors);
        let state = if gaps.is_empty() { ListState::Complete(evidence.clone()) } else { ListState::Cut(gaps) };
        listings.push(list(state));
        let mut recorded: Vec<Recorded> = items(trail, "selectors").flat_map(basic).collect();
        recorded.extend(items(trail, "advanced_selectors").flat_map(advanced));
        for one in recorded {
            let what = format!(
                "{}/{}/{}/{}/{}/{}{}",
                trail.key.id,
                one.kind,
                one.prefix,
                one.exact,
                one.except.join(","),
                one.reads,
                one.writes
            );
            let key = ResourceKey {
                kind: KIND.to_owned(),
                account: trail.key.account.clone(),
                region: "global".to_owned(),
                id: what,
            };
            let mut resource = Resource::new(key);
            resource.from.entry(String::new()).or_default().extend(evidence.clone());
            resource.set("trail", trail.key.id.clone().into(), []);
            resource.set("resource_type", one.kind.into(), []);
            resource.set("prefix", one.prefix.into(), []);
            resource.set("exact", one.exact.into(), []);
            resource.set("except", one.except.into(), []);
            resource.set("reads", one.reads.into(), []);
            resource.set("writes", one.writes.into(), []);
            let covers = trail.get("multi_region").and_then(Value::as_bool);
            if let Some(all) = covers {
                let covers = if all { "*" } else { trail.key.region.as_str() };
                resource.set("covers", covers.into(), trail.evidence(["multi_region"]));
            }
            for (from, to) in [("logging", "logging"), ("multi_region", "covers")] {
                if let Some(gaps) = trail.missing.get(from) {
                    resource.missing.insert(to.to_owned(), gaps.clone());
                }
            }
            if let Some(logging) = trail.get("logging") {
                resource.set("logging", logging.clone(), trail.evidence(["logging"]));
            }
            found.push(resource);
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.dedup_by(|a, b| a.key == b.key);
    inventory.resources.insert(KIND.to_owned(), found);
    inventory.listings.insert(KIND.to_owned(), listings);
}

fn items<'a>(trail: &'a Resource, field: &str) -> impl Iterator<Item = &'a Value> {
    trail.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn texts<'a>(value: &'a Value, field: &str) -> Vec<&'a str> {
    value.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// `arn:aws:s3` and `arn:aws:dynamodb` stand for all buckets and tables (CloudTrail API, `DataResource`).
fn basic(selector: &Value) -> Vec<Recorded> {
    let kinds = selector.get("read_write").and_then(Value::as_str).unwrap_or_default();
    let (reads, writes) = (["All", "ReadOnly"].contains(&kinds), ["All", "WriteOnly"].contains(&kinds));
    let resources = selector.get("data_resources").and_then(Value::as_array).into_iter().flatten();
    resources
        .filter_map(|resource| Some((resource.get("type")?.as_str()?, texts(resource, "values"))))
        .flat_map(|(kind, values)| {
            values.into_iter().map(move |value| {
                let all =
                    value.splitn(6, ':').filter(|part| !part.is_empty()).count() <= 3 && value.starts_with("arn:");
                let prefix = if all { String::new() } else { value.to_owned() };
                // Of objects a value names a bucket or a beginning of keys; of anything else, one resource.
                let exact = !all && kind != "AWS::S3::Object";
                Recorded { kind: kind.to_owned(), prefix, exact, except: Vec::new(), reads, writes }
            })
        })
        .filter(|one| one.reads || one.writes)
        .collect()
}

/// All conditions of an advanced selector must hold; values of one operator are alternatives (CloudTrail API,
/// `AdvancedFieldSelector`).
fn advanced(selector: &Value) -> Vec<Recorded> {
    let (mut data, mut kinds) = (false, Vec::new());
    let (mut reads, mut writes) = (true, true);
    // What is named, and whether by whole ARNs; nothing where no condition names anything.
    let mut named: Option<(Vec<&str>, bool)> = None;
    let mut except: Vec<String> = Vec::new();
    for condition in selector.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        let field = condition.get("field").and_then(Value::as_str).unwrap_or_default();
        for operator in ["equals", "starts_with", "ends_with", "not_equals", "not_starts_with", "not_ends_with"] {
            let wanted = texts(condition, operator);
            if wanted.is_empty() {
                continue;
            }
            match (field, operator) {
                ("eventCategory", "equals") => data = wanted.contains(&"Data"),
                ("resources.type", "equals") => kinds = wanted,
                ("readOnly", "equals") => {
                    reads &= wanted.contains(&"true");
                    writes &= wanted.contains(&"false");
                }
                ("resources.ARN", "equals") if named.is_none() => named = Some((wanted, true)),
                ("resources.ARN", "starts_with") if named.is_none() => named = Some((wanted, false)),
                ("resources.ARN", "not_starts_with" | "not_equals") => {
                    except.extend(wanted.into_iter().map(str::to_owned));
                }
                // Names what cannot be told from ARNs, or names twice: less than it looks.
                _ => return Vec::new(),
            }
        }
    }
    if !data || !(reads || writes) {
        return Vec::new();
    }
    let (prefixes, exact) = named.unwrap_or((vec![""], false));
    let one = |kind: &str, prefix: &str| Recorded {
        kind: kind.to_owned(),
        prefix: prefix.to_owned(),
        exact,
        except: except.clone(),
        reads,
        writes,
    };
    kinds
        .into_iter()
        .flat_map(|kind| prefixes.iter().map(move |prefix| (kind, *prefix)))
        .map(|(k, p)| one(k, p))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn recorded(kind: &str, prefix: &str, reads: bool, writes: bool) -> Recorded {
        let exact = kind == "AWS::DynamoDB::Table" && !prefix.is_empty();
        Recorded { kind: kind.to_owned(), prefix: prefix.to_owned(), exact, except: Vec::new(), reads, writes }
    }

    #[test]
    fn basic_selectors() {
        let selector = json!({"read_write": "WriteOnly", "data_resources": [
            {"type": "AWS::S3::Object", "values": ["arn:aws:s3", "arn:aws:s3:::fci/", "arn:aws:s3:::"]},
            {"type": "AWS::DynamoDB::Table", "values": ["arn:aws:dynamodb", "arn:aws:dynamodb:us-east-1:1:table/t"]}]});
        assert_eq!(
            basic(&selector),
            [
                recorded("AWS::S3::Object", "", false, true),
                recorded("AWS::S3::Object", "arn:aws:s3:::fci/", false, true),
                recorded("AWS::S3::Object", "", false, true),
                recorded("AWS::DynamoDB::Table", "", false, true),
                recorded("AWS::DynamoDB::Table", "arn:aws:dynamodb:us-east-1:1:table/t", false, true),
            ]
        );
        assert_eq!(basic(&json!({"read_write": "All"})), []);
    }

    #[test]
    fn advanced_selectors() {
        let data = json!({"field": "eventCategory", "equals": ["Data"]});
        let s3 = json!({"field": "resources.type", "equals": ["AWS::S3::Object"]});
        let of = |conditions: Value| advanced(&json!({ "conditions": conditions }));
        assert_eq!(of(json!([data, s3])), [recorded("AWS::S3::Object", "", true, true)]);
        let reads = json!({"field": "readOnly", "equals": ["true"]});
        let arn = json!({"field": "resources.ARN", "starts_with": ["arn:aws:s3:::a/", "arn:aws:s3:::b/"]});
        assert_eq!(
            of(json!([data, s3, reads, arn])),
            [
                recorded("AWS::S3::Object", "arn:aws:s3:::a/", true, false),
                recorded("AWS::S3::Object", "arn:aws:s3:::b/", true, false)
            ]
        );
        // The usual "all buckets but the one of the logs".
        let out = json!({"field": "resources.ARN", "not_starts_with": ["arn:aws:s3:::a/"]});
        let all_but =
            Recorded { except: vec!["arn:aws:s3:::a/".to_owned()], ..recorded("AWS::S3::Object", "", true, true) };
        assert_eq!(of(json!([data, s3, out])), [all_but]);
        // Two conditions that name: both must hold, and that is less than either.
        assert_eq!(of(json!([data, s3, arn, {"field": "resources.ARN", "equals": ["arn:aws:s3:::b/k"]}])), []);
        let names = json!({"field": "eventName", "equals": ["PutObject"]});
        assert_eq!(of(json!([data, s3, names])), []);
        assert_eq!(of(json!([s3])), []);
    }
}
