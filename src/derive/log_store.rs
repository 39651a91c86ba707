//! Derivation: the places that monitoring records are delivered to.
//!
//! One `aws.log_store` for every bucket, log group or stream that a trail, a flow log or a resolver query log of the run
//! names, so that checks about records judge the stores in use, not every bucket of the account.

use super::known::all_of;
use crate::model::inventory::{Inventory, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The derived type.
pub(super) const KIND: &str = "aws.log_store";
const TRAIL: &str = "aws.cloudtrail.trail";
const FLOW_LOG: &str = "aws.ec2.flow_log";
const QUERY_LOG: &str = "aws.route53resolver.query_log_config";
/// The types that name stores.
pub(super) const SOURCES: [&str; 3] = [TRAIL, FLOW_LOG, QUERY_LOG];

/// Its fields.
pub(super) fn fields() -> BTreeMap<&'static str, FieldKind> {
    BTreeMap::from([
        ("kind", FieldKind::Text),
        ("name", FieldKind::Text),
        ("owner", FieldKind::Text),
        ("place", FieldKind::Text),
        ("prefixes", FieldKind::TextList),
        ("receives", FieldKind::TextList),
        // What the records are about: `traffic`, `calls`, `names`.
        ("records", FieldKind::TextList),
    ])
}

#[derive(Default)]
struct Store {
    kind: &'static str,
    name: String,
    prefixes: BTreeSet<String>,
    receives: BTreeSet<String>,
    records: BTreeSet<&'static str>,
    evidence: BTreeSet<String>,
}

/// The stores that these resources name.
pub(super) fn stores<'a>(resources: impl Iterator<Item = &'a Resource>) -> Vec<Resource> {
    let mut stores: BTreeMap<ResourceKey, Store> = BTreeMap::new();
    let mut add = |source: &Resource, arn: &str, receives: String, prefix: Option<&str>, fields: &[&str]| {
        let Some((kind, id, name)) = destination(arn) else { return };
        // A bucket of the same name in another partition is another bucket.
        let own = arn.split(':').nth(1) == Some(partition(&source.key.region));
        let name = if own { name } else { id.clone() };
        // Bucket names are unique in a partition; log groups and streams live in a region.
        let region = if kind == "bucket" { "global" } else { arn.split(':').nth(3).unwrap_or("global") };
        let key =
            ResourceKey { kind: KIND.to_owned(), account: source.key.account.clone(), region: region.to_owned(), id };
        let store = stores.entry(key).or_default();
        store.kind = kind;
        store.name = name;
        store.prefixes.extend(prefix.map(|prefix| match prefix.trim_matches('/') {
            "" => "AWSLogs/".to_owned(),
            prefix => format!("{prefix}/AWSLogs/"),
        }));
        store.receives.insert(receives);
        store.records.insert(match source.key.kind.as_str() {
            TRAIL => "calls",
            QUERY_LOG => "names",
            _ => "traffic",
        });
        store.evidence.extend(source.evidence(fields.iter().copied()));
    };
    let (trails, others): (Vec<_>, Vec<_>) = resources.partition(|resource| resource.key.kind == TRAIL);
    for trail in trails {
        let name = format!("CloudTrail {}", trail.text("name").unwrap_or(&trail.key.id));
        let partition = trail.key.id.split(':').nth(1).unwrap_or("aws");
        if let Some(bucket) = trail.text("bucket") {
            let prefix = trail.text("bucket_prefix").unwrap_or_default();
            add(
                trail,
                &format!("arn:{partition}:s3:::{bucket}"),
                name.clone(),
                Some(prefix),
                &["bucket", "bucket_prefix"],
            );
        }
        if let Some(group) = trail.text("log_group_arn").filter(|arn| arn.starts_with("arn:")) {
            add(trail, group, name, None, &["log_group_arn"]);
        }
    }
    for queries in others.iter().filter(|resource| resource.key.kind == QUERY_LOG) {
        let name = format!("resolver query log {}", queries.text("name").unwrap_or(&queries.key.id));
        if let Some(arn) = queries.text("destination") {
            // Amazon Route 53 Developer Guide, "Resolver query logging": below AWSLogs/ as flow logs are.
            let prefix = arn.split_once(":s3:::").and_then(|(_, path)| path.split_once('/')).map(|(_, prefix)| prefix);
            add(queries, arn, name, Some(prefix.unwrap_or_default()), &["destination"]);
        }
    }
    for flow_log in others.into_iter().filter(|resource| resource.key.kind == FLOW_LOG) {
        let name = format!("flow log {}", flow_log.key.id);
        let Some(arn) = arn_of(flow_log) else { continue };
        let prefix = arn.split_once(":s3:::").and_then(|(_, path)| path.split_once('/')).map(|(_, prefix)| prefix);
        add(flow_log, &arn, name, Some(prefix.unwrap_or_default()), &["destination", "log_group"]);
    }
    stores
        .into_iter()
        .map(|(key, store)| {
            let mut resource = Resource::new(key);
            resource.from.entry(String::new()).or_default().extend(store.evidence);
            resource.set("kind", store.kind.into(), []);
            resource.set("owner", resource.key.id.split(':').nth(4).unwrap_or_default().to_owned().into(), []);
            resource.set("place", place(&resource.key.id, &store.name).into(), []);
            resource.set("name", store.name.into(), []);
            resource.set("prefixes", store.prefixes.into_iter().map(Value::from).collect(), []);
            resource.set("receives", store.receives.into_iter().map(Value::from).collect(), []);
            resource.set("records", store.records.into_iter().map(Value::from).collect(), []);
            resource
        })
        .collect()
}

/// Where a flow log delivers to. A destination in CloudWatch Logs may be named by its group alone (EC2 API, `FlowLog`).
fn arn_of(flow_log: &Resource) -> Option<String> {
    let group = flow_log.text("log_group").filter(|name| *name != "none");
    match (flow_log.text("destination"), group) {
        (Some(arn), _) if arn.starts_with("arn:") => Some(arn.to_owned()),
        (_, Some(group)) => {
            let (account, region) = (&flow_log.key.account, &flow_log.key.region);
            Some(format!("arn:{}:logs:{region}:{account}:log-group:{group}", partition(region)))
        }
        _ => None,
    }
}

/// The field of flow logs that names their log group as `aws.logs.log_group` does.
pub(super) fn flow_log_fields() -> (&'static str, BTreeMap<&'static str, FieldKind>) {
    (FLOW_LOG, BTreeMap::from([("destination_group", FieldKind::Text)]))
}

/// Adds that field: `none` where a flow log delivers elsewhere.
pub(super) fn derive(inventory: &mut Inventory) {
    for flow_log in inventory.resources.get_mut(FLOW_LOG).into_iter().flatten() {
        let Some((kind, id, name)) = arn_of(flow_log).and_then(|arn| destination(&arn)) else { continue };
        let group = if kind == "log_group" { place(&id, &name) } else { "none".to_owned() };
        let evidence = flow_log.evidence(["destination", "log_group"]);
        flow_log.set("destination_group", group.into(), evidence);
    }
}

/// What the records in a store are about.
pub(super) fn records(store: &Resource) -> impl Iterator<Item = &str> {
    store.get("records").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Account, region and name of a destination: what tells groups of one name apart.
fn place(arn: &str, name: &str) -> String {
    let mut parts = arn.splitn(6, ':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{account}/{region}/{name}")
}

/// The partition of a region (AWS General Reference, "Amazon Resource Names").
pub(super) fn partition(region: &str) -> &'static str {
    match region.split('-').take(2).collect::<Vec<_>>().as_slice() {
        ["us", "gov"] => "aws-us-gov",
        ["cn", _] => "aws-cn",
        _ => "aws",
    }
}

/// Bucket, log group or stream behind a destination ARN: kind, ARN without prefix, name.
fn destination(arn: &str) -> Option<(&'static str, String, String)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts.as_slice() else { return None };
    match *service {
        "s3" => {
            let bucket = resource.split('/').next().filter(|name| !name.is_empty())?;
            Some(("bucket", format!("arn:{partition}:s3:::{bucket}"), bucket.to_owned()))
        }
        "logs" => {
            let name = resource.strip_prefix("log-group:")?.trim_end_matches(":*");
            Some(("log_group", format!("arn:{partition}:logs:{region}:{account}:log-group:{name}"), name.to_owned()))
        }
        "firehose" => {
            let name = resource.strip_prefix("deliverystream/")?;
            Some(("stream", arn.to_owned(), name.to_owned()))
        }
        _ => None,
    }
}

/// The stores of an account are known when what names them is.
pub(super) fn listings(all: &[Listing]) -> Vec<Listing> {
    all_of(KIND, all, |kind| SOURCES.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations() {
        let bucket = destination("arn:aws-us-gov:s3:::logs/flow/").unwrap();
        assert_eq!(bucket, ("bucket", "arn:aws-us-gov:s3:::logs".to_owned(), "logs".to_owned()));
        let group = destination("arn:aws:logs:us-east-1:111122223333:log-group:/aws/vpc:*").unwrap();
        assert_eq!(group.1, "arn:aws:logs:us-east-1:111122223333:log-group:/aws/vpc");
        assert_eq!(group.2, "/aws/vpc");
        assert_eq!(destination("nonsense"), None);
    }
}
