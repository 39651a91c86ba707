//! Derivation: which data events the trails record.
//!
//! A trail says it in basic or in advanced selectors, each with its own way to name resources. One
//! `aws.cloudtrail.recorded_data` is given for every beginning of ARNs (`prefix`; empty: all) of one type of resource
//! that a selector of a trail names. A selector with conditions on anything else than category, type, ARN and whether
//! the call reads records less than its prefix, and gives none ("Logging data events", CloudTrail User Guide).

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
            let what = format!("{}/{}/{}/{}{}", trail.key.id, one.kind, one.prefix, one.reads, one.writes);
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

/// `arn:aws:s3` and `arn:aws:dynamodb` stand for all buckets and tables (CloudTrail API, DataResource).
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
                Recorded { kind: kind.to_owned(), prefix, reads, writes }
            })
        })
        .filter(|one| one.reads || one.writes)
        .collect()
}

/// All conditions of an advanced selector must hold; values of one operator are alternatives (CloudTrail API,
/// AdvancedFieldSelector).
fn advanced(selector: &Value) -> Vec<Recorded> {
    let (mut data, mut kinds, mut prefixes) = (false, Vec::new(), vec![String::new()]);
    let (mut reads, mut writes) = (true, true);
    for condition in selector.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        let used: Vec<&str> = ["equals", "starts_with", "ends_with", "not_equals", "not_starts_with", "not_ends_with"]
            .into_iter()
            .filter(|operator| condition.get(operator).and_then(Value::as_array).is_some_and(|list| !list.is_empty()))
            .collect();
        let field = condition.get("field").and_then(Value::as_str).unwrap_or_default();
        match (field, used.as_slice()) {
            ("eventCategory", ["equals"]) => data = texts(condition, "equals").contains(&"Data"),
            ("resources.type", ["equals"]) => kinds = texts(condition, "equals"),
            ("readOnly", ["equals"]) => {
                let wanted = texts(condition, "equals");
                reads &= wanted.contains(&"true");
                writes &= wanted.contains(&"false");
            }
            ("resources.ARN", ["starts_with"]) => {
                prefixes = texts(condition, "starts_with").into_iter().map(str::to_owned).collect();
            }
            // Leaves something out, or names single objects: less than a prefix.
            _ => return Vec::new(),
        }
    }
    if !data || !(reads || writes) {
        return Vec::new();
    }
    let one = |kind: &str, prefix: &String| Recorded { kind: kind.to_owned(), prefix: prefix.clone(), reads, writes };
    kinds.into_iter().flat_map(|kind| prefixes.iter().map(move |prefix| one(kind, prefix))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn recorded(kind: &str, prefix: &str, reads: bool, writes: bool) -> Recorded {
        Recorded { kind: kind.to_owned(), prefix: prefix.to_owned(), reads, writes }
    }

    #[test]
    fn basic_selectors() {
        let selector = json!({"read_write": "WriteOnly", "data_resources": [
            {"type": "AWS::S3::Object", "values": ["arn:aws:s3", "arn:aws:s3:::fci/", "arn:aws:s3:::"]},
            {"type": "AWS::DynamoDB::Table", "values": ["arn:aws:dynamodb"]}]});
        assert_eq!(
            basic(&selector),
            [
                recorded("AWS::S3::Object", "", false, true),
                recorded("AWS::S3::Object", "arn:aws:s3:::fci/", false, true),
                recorded("AWS::S3::Object", "", false, true),
                recorded("AWS::DynamoDB::Table", "", false, true),
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
        // What leaves something out covers no prefix as a whole.
        let out = json!({"field": "resources.ARN", "not_starts_with": ["arn:aws:s3:::a/"]});
        assert_eq!(of(json!([data, s3, out])), []);
        let names = json!({"field": "eventName", "equals": ["PutObject"]});
        assert_eq!(of(json!([data, s3, names])), []);
        assert_eq!(of(json!([s3])), []);
    }
}
