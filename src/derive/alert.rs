//! Derivation: alerts, as chains from what is seen to somebody who is told.
//!
//! Two sorts of chain are followed, each inside one account and region, where AWS keeps its parts together:
//!
//! - records → metric filter (or a metric of the network itself) → alarm → topic → confirmed subscription;
//! - GuardDuty finding → rule of `EventBridge` → topic → confirmed subscription.
//!
//! One `aws.alert` is given for every alarm on such a metric and for every rule that lets findings of high severity
//! through, whole or broken. Its links are fields, so that a check can say which one is broken:
//!
//! | field | true when |
//! | --- | --- |
//! | `enabled` | the rule is enabled; the alarm's actions are, and there are some |
//! | `sees` | GuardDuty is on and the rule lets every finding of severity 7 and more through; the filter reads a group that records are delivered to |
//! | `covers` | it looks at everything that communicates in its region: GuardDuty does; a filter does where the flow logs of all networks in use there deliver to its group; of anything less it is not known, because several alerts may share the work |
//! | `awake` | the alarm was not without data for the last week |
//! | `delivers` | a topic exists, its policy lets the sender in, and a confirmed subscription leads to a person |
//!
//! A program that is told (function, queue, event bus) may tell somebody and may not: then it is not known. The
//! findings of a member account reach its administrator's account too, whose alerts serve both (`GuardDuty` User Guide,
//! "Managing multiple accounts").

use super::event_pattern::{Pattern as EventPattern, Share, high_guardduty_findings, security_hub_findings};
use super::identity::Identities;
use super::known::{Known, listed};
use super::log_store;
use super::policy::{Answer, Document, lets_invoke, lets_publish};
use super::signal::{self, Signal};
use crate::model::alert::SUMMARY;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The derived types.
const KIND: &str = "aws.alert";
const CONTAINMENT: &str = "aws.containment";
/// The classes of alerts that an organisation should have one of each of.
const COUNTED: [&str; 3] = ["large_outbound", "consumer_storage", "unusual_protocol"];
const ALARM: &str = "aws.cloudwatch.alarm";
const COMPOSITE: &str = "aws.cloudwatch.composite_alarm";
const FILTER: &str = "aws.logs.metric_filter";
const RULE: &str = "aws.events.rule";
const TARGET: &str = "aws.events.target";
const TOPIC: &str = "aws.sns.topic";
const SUBSCRIPTION: &str = "aws.sns.subscription";
const INTERFACE: &str = "aws.ec2.network_interface";
const FLOW_LOG: &str = "aws.ec2.flow_log";
const DETECTOR: &str = "aws.guardduty.detector";

/// An alarm without data for longer than this does not watch, in seconds: a week (features of the product: an alarm on
/// a metric that nothing feeds looks healthy for ever).
const ASLEEP_SECONDS: i64 = 7 * 24 * 3600;

/// Protocols of subscriptions at whose end somebody is told, or a service whose purpose it is (SNS API, Subscribe).
const TO_PEOPLE: [&str; 6] = ["email", "email-json", "sms", "http", "https", "application"];

/// Metrics of the network itself that grow with what leaves it, in bytes (CloudWatch metrics of EC2, NAT gateways,
/// transit gateways, VPN tunnels).
const NETWORK_METRICS: [(&str, &str); 4] = [
    ("AWS/EC2", "NetworkOut"),
    ("AWS/NATGateway", "BytesOutToDestination"),
    ("AWS/TransitGateway", "BytesOut"),
    ("AWS/VPN", "TunnelDataOut"),
];

/// The derived types and fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([
        (
            KIND,
            BTreeMap::from([
                ("name", FieldKind::Text),
                ("source", FieldKind::Text),
                ("serves", FieldKind::TextList),
                ("classes", FieldKind::TextList),
                ("traffic", FieldKind::Boolean),
                ("enabled", FieldKind::Boolean),
                ("sees", FieldKind::Boolean),
                ("covers", FieldKind::Boolean),
                ("missed", FieldKind::Text),
                ("awake", FieldKind::Boolean),
                ("delivers", FieldKind::Boolean),
                ("broken", FieldKind::Text),
                ("recipients", FieldKind::Integer),
                ("bytes", FieldKind::Integer),
                ("seconds", FieldKind::Integer),
            ]),
        ),
        (
            SUMMARY,
            COUNTED
                .into_iter()
                .map(|class| (class, FieldKind::Boolean))
                .chain([("alerts", FieldKind::Integer)])
                .collect(),
        ),
        (
            CONTAINMENT,
            BTreeMap::from([
                ("rule", FieldKind::Text),
                ("function", FieldKind::Text),
                ("invocable", FieldKind::Boolean),
                ("may_isolate", FieldKind::Boolean),
                ("administrator", FieldKind::Boolean),
                ("state", FieldKind::Text),
                ("last_update", FieldKind::Text),
            ]),
        ),
    ])
}

/// Adds the derived resources and lists to the inventory.
pub(super) fn derive(inventory: &mut Inventory) {
    let mut alerts: Vec<Resource> = Vec::new();
    alerts.extend(inventory.of(ALARM).iter().filter_map(|alarm| of_alarm(inventory, alarm)));
    let rules: Vec<(&Resource, Source, Share)> = inventory.of(RULE).iter().filter_map(of_findings).collect();
    let mut containment = Vec::new();
    let identities = Identities::new(inventory);
    for (rule, source, share) in &rules {
        alerts.push(of_rule(inventory, rule, *source, share));
        containment.extend(functions(inventory, &identities, rule));
    }
    administrators(inventory, &mut alerts);
    together(&mut alerts);
    for (kind, mut found, sources) in
        [(KIND, alerts, vec![ALARM, FILTER, RULE]), (CONTAINMENT, containment, vec![RULE, TARGET])]
    {
        found.sort_by(|a, b| a.key.cmp(&b.key));
        let listings = as_lists(inventory, kind, &sources);
        inventory.resources.insert(kind.to_owned(), found);
        inventory.listings.insert(kind.to_owned(), listings);
    }
    let summary = summary(inventory);
    let evidence = summary.iter().flat_map(|one| one.evidence([])).collect();
    let list = Listing {
        kind: SUMMARY.to_owned(),
        account: "organisation".to_owned(),
        region: "global".to_owned(),
        parent: None,
        state: ListState::Complete(evidence),
    };
    inventory.listings.insert(SUMMARY.to_owned(), if summary.is_empty() { Vec::new() } else { vec![list] });
    inventory.resources.insert(SUMMARY.to_owned(), summary);
}

/// All alerts of the run, counted: those that are whole, by name (the same alert in several regions is one), and
/// whether each of three classes is among them.
fn summary(inventory: &Inventory) -> Vec<Resource> {
    let links = ["enabled", "sees", "awake", "delivers"];
    let whole = |alert: &Resource| {
        let link = |field: &&str| Known::field(alert, field, Value::as_bool);
        links.iter().map(link).reduce(Known::and).unwrap_or_default()
    };
    // Of every cloud.
    let kinds = [KIND, super::azure::ALERT];
    let lists = kinds.iter().flat_map(|kind| inventory.listings_of(kind));
    let end = lists.map(Known::end_of).fold(Known::of(false, BTreeSet::new()), Known::or);
    let alerts: Vec<&Resource> = kinds.iter().flat_map(|kind| inventory.of(kind)).collect();
    let whole = |alert: &&Resource| whole(alert);
    let unsure = alerts.iter().map(&whole).filter(|one| one.truth.is_none()).fold(end.clone(), Known::or);
    let mut summary = Resource::new(ResourceKey {
        kind: SUMMARY.to_owned(),
        account: "organisation".to_owned(),
        region: "global".to_owned(),
        id: "alerts".to_owned(),
    });
    let evidence: BTreeSet<String> =
        alerts.iter().flat_map(|one| one.evidence(links)).chain(end.evidence.clone()).collect();
    if evidence.is_empty() && end.gaps.is_empty() {
        return Vec::new();
    }
    summary.from.entry(String::new()).or_default().extend(evidence.clone());
    if unsure.truth.is_some() {
        let names: BTreeSet<&str> =
            alerts.iter().filter(|one| whole(one).truth == Some(true)).filter_map(|one| one.text("name")).collect();
        summary.set("alerts", names.len().into(), evidence);
    } else {
        unsure.leave_out(&mut summary, "alerts");
    }
    for class in COUNTED {
        let among = |alert: &&Resource| {
            let is = |list: &Value| Some(list.as_array()?.iter().any(|one| one == class));
            whole(alert).and(Known::field(alert, "classes", is))
        };
        alerts.iter().map(among).fold(end.clone(), Known::or).put(&mut summary, class);
    }
    vec![summary]
}

/// What is derived from several lists is as complete as they are, place by place.
fn as_lists(inventory: &Inventory, kind: &str, sources: &[&str]) -> Vec<Listing> {
    let lists = sources.iter().flat_map(|source| inventory.listings_of(source));
    let mut by_place: BTreeMap<(&str, &str), (BTreeSet<String>, BTreeSet<_>)> = BTreeMap::new();
    for list in lists {
        let (pages, gaps) = by_place.entry((&list.account, &list.region)).or_default();
        match &list.state {
            ListState::Complete(evidence) => pages.extend(evidence.iter().cloned()),
            ListState::Cut(cut) => gaps.extend(cut.iter().cloned()),
        }
    }
    by_place
        .into_iter()
        .map(|((account, region), (pages, gaps))| Listing {
            kind: kind.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            parent: None,
            state: if gaps.is_empty() { ListState::Complete(pages) } else { ListState::Cut(gaps) },
        })
        .collect()
}

fn alert(of: &Resource, source: &str) -> Resource {
    let mut alert = Resource::new(ResourceKey { kind: KIND.to_owned(), ..of.key.clone() });
    alert.from.entry(String::new()).or_default().extend(of.evidence([]));
    let name = of.text("name").unwrap_or(&of.key.id).to_owned();
    alert.set("name", name.into(), []);
    alert.set("source", source.into(), []);
    alert.set("serves", vec![of.key.account.clone()].into(), []);
    alert.set("missed", "nothing".into(), []);
    alert
}

// ---- alarms ----

/// The alert that an alarm is, if it watches records of communications, or the network itself.
fn of_alarm(inventory: &Inventory, alarm: &Resource) -> Option<Resource> {
    let metrics = metrics(alarm);
    let (account, region) = (&alarm.key.account, &alarm.key.region);
    let filters = listed(inventory, FILTER, account, region);
    let feeding: Vec<&Resource> =
        filters.items.iter().copied().filter(|filter| metrics.iter().any(|metric| feeds(filter, metric))).collect();
    let own = metrics.iter().any(|(space, name)| NETWORK_METRICS.contains(&(space.as_str(), name.as_str())));
    if feeding.is_empty() && !own {
        return None;
    }
    let mut alert = alert(alarm, if own { "metric" } else { "metric_filter" });
    let evidence = alarm.evidence(["metric_name", "namespace", "metrics"]);
    alert.from.entry(String::new()).or_default().extend(evidence.clone());
    if own {
        alert.set("classes", vec!["large_outbound"].into(), evidence.clone());
        alert.set("traffic", true.into(), evidence.clone());
        Known::of(true, evidence).put(&mut alert, "sees");
        let what = format!("it is not told whether {} and other alerts together look at all machines", alarm.key.id);
        Known::untold(what).leave_out(&mut alert, "covers");
        bounds(&mut alert, alarm, Some(1.0));
    } else {
        of_filters(inventory, alarm, &feeding, &mut alert);
    }
    grows(alarm, &mut alert);
    let enabled = Known::field(alarm, "actions_enabled", Value::as_bool)
        .and(Known::field(alarm, "actions", |list| Some(!list.as_array()?.is_empty())));
    awake(alarm).put(&mut alert, "awake");
    if enabled.truth == Some(false) {
        // An alarm over alarms may act in its place.
        let over = listed(inventory, COMPOSITE, account, region);
        let names = [alarm.key.id.as_str(), alarm.text("name").unwrap_or(&alarm.key.id)];
        if let Some(over) = over
            .items
            .iter()
            .find(|one| one.text("rule").is_some_and(|rule| names.iter().any(|name| rule.contains(name))))
        {
            let what = format!(
                "it is not told whether the composite alarm {} acts in its place",
                over.text("name").unwrap_or(&over.key.id)
            );
            for field in ["enabled", "delivers"] {
                Known::untold(what.clone()).leave_out(&mut alert, field);
            }
            alert.set("broken", what.into(), []);
            return Some(alert);
        }
    }
    enabled.put(&mut alert, "enabled");
    let actions = alarm.get("actions").and_then(Value::as_array);
    match actions {
        Some(actions) => {
            let arns: Vec<&str> = actions.iter().filter_map(Value::as_str).collect();
            deliver(inventory, &mut alert, &arns, "cloudwatch.amazonaws.com", &alarm.key);
        }
        None => Known::missing(alarm, "actions").leave_out(&mut alert, "delivers"),
    }
    Some(alert)
}

/// The metrics that an alarm watches: one, or those of its expression.
fn metrics(alarm: &Resource) -> BTreeSet<(String, String)> {
    let one = alarm.text("namespace").zip(alarm.text("metric_name"));
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let many = alarm.get("metrics").and_then(Value::as_array).into_iter().flatten();
    many.filter_map(|metric| text(metric, "namespace").zip(text(metric, "metric_name")))
        .chain(one.map(|(space, name)| (space.to_owned(), name.to_owned())))
        .filter(|(_, name)| name != "none")
        .collect()
}

/// Does the filter give this metric?
fn feeds(filter: &Resource, (space, name): &(String, String)) -> bool {
    transformations(filter).any(|one| {
        one.get("namespace").and_then(Value::as_str) == Some(space)
            && one.get("name").and_then(Value::as_str) == Some(name)
    })
}

fn transformations(filter: &Resource) -> impl Iterator<Item = &Value> {
    filter.get("transformations").and_then(Value::as_array).into_iter().flatten()
}

/// What filters see, and of which class it is.
fn of_filters(inventory: &Inventory, alarm: &Resource, feeding: &[&Resource], alert: &mut Resource) {
    let mut sees = Known::of(false, BTreeSet::new());
    let mut classes = BTreeSet::new();
    let mut unclear = Known::default();
    let mut factor = None;
    for filter in feeding {
        let place = filter.text("group_place").unwrap_or_default();
        let stores: Vec<&Resource> =
            inventory.of(log_store::KIND).iter().filter(|store| store.text("place") == Some(place)).collect();
        let records: BTreeSet<&str> = stores.iter().flat_map(|store| log_store::records(store)).collect();
        let evidence = filter.evidence(["group_place", "pattern", "transformations"]);
        // What else may be delivered to the group: what writes to it is in its own region.
        let others = log_store::SOURCES
            .iter()
            .map(|kind| {
                let none = |_: &Resource| Known::of(false, BTreeSet::new());
                listed(inventory, kind, &filter.key.account, &filter.key.region).exists(none)
            })
            .fold(Known::of(false, evidence.clone()), Known::or);
        let shown: BTreeSet<String> = stores.iter().flat_map(|store| store.evidence([])).collect();
        let read = Known::of(!stores.is_empty(), shown.union(&evidence).cloned().collect()).or(others.clone());
        if others.truth.is_none() {
            unclear = others;
        }
        sees = sees.or(read);
        let Some(pattern) = filter.get("pattern").and_then(Value::as_str) else {
            unclear = Known::missing(filter, "pattern");
            continue;
        };
        let value = transformations(filter).find_map(|one| one.get("value").and_then(Value::as_str)).unwrap_or("1");
        match signal::of(pattern, value, &records) {
            Signal::Unreadable(why) => {
                unclear = Known::untold(format!("the pattern of the filter {} cannot be read: {why}", filter.key.id));
            }
            Signal::Read { classes: found, bytes_each } => {
                classes.extend(found);
                factor = factor.or(bytes_each);
            }
        }
        alert.from.entry(String::new()).or_default().extend(evidence);
    }
    let evidence = alert.evidence([]);
    let traffic = classes.iter().any(|class| signal::TRAFFIC.contains(class));
    if traffic || unclear == Known::default() {
        // What was seen stays, whatever else may be seen.
        alert.set("traffic", traffic.into(), evidence.clone());
    } else {
        unclear.clone().leave_out(alert, "traffic");
    }
    if unclear == Known::default() {
        alert.set("classes", classes.into_iter().map(Value::from).collect(), evidence);
    } else {
        unclear.leave_out(alert, "classes");
    }
    sees.put(alert, "sees");
    covers(inventory, alarm, feeding).put(alert, "covers");
    bounds(alert, alarm, factor);
}

/// Do the flow logs of every network in use in the region deliver to the group of one of these filters?
fn covers(inventory: &Inventory, alarm: &Resource, feeding: &[&Resource]) -> Known {
    let (account, region) = (&alarm.key.account, &alarm.key.region);
    let interfaces = listed(inventory, INTERFACE, account, region);
    let flow_logs = listed(inventory, FLOW_LOG, account, region);
    let groups: Vec<&str> = feeding.iter().filter_map(|filter| filter.text("group_place")).collect();
    let delivered = |network: &str| {
        flow_logs.exists(|one| {
            let here = one.text("target") == Some(network)
                && one.text("destination_group").is_some_and(|group| groups.contains(&group));
            Known::of(here, one.evidence(["target", "destination_group"]))
                .and(Known::field(one, "status", |status| Some(status.as_str()? == "ACTIVE")))
                .and(Known::field(one, "traffic_type", |kind| Some(kind.as_str()? == "ALL")))
        })
    };
    let uncovered = interfaces.exists(|one| match one.text("vpc_id") {
        Some(network) => match delivered(network) {
            Known { truth: Some(covered), evidence, .. } => Known::of(!covered, evidence),
            unknown => unknown,
        },
        None => Known::missing(one, "vpc_id"),
    });
    match uncovered.truth {
        Some(false) => Known::of(true, uncovered.evidence),
        // Another alert may look at the rest.
        Some(true) => Known::untold(format!(
            "it is not told whether {} and other alerts together look at all networks",
            alarm.key.id
        )),
        None => uncovered,
    }
}

/// From how many bytes in how many seconds the alarm goes off, where its metric counts bytes.
fn bounds(alert: &mut Resource, alarm: &Resource, bytes_each: Option<f64>) {
    let evidence = alarm.evidence(["threshold", "period", "evaluation_periods", "statistic"]);
    let period = alarm.get("period").and_then(Value::as_i64);
    let periods = alarm.get("evaluation_periods").and_then(Value::as_i64);
    if let (Some(period), Some(periods)) = (period, periods) {
        alert.set("seconds", period.saturating_mul(periods).into(), evidence.clone());
    }
    let threshold = alarm.get("threshold").and_then(Value::as_f64);
    // A sum adds up every record of the period; any other statistic looks at single ones.
    let sums = alarm.text("statistic") == Some("Sum");
    if let Some(bytes) = threshold.zip(bytes_each).map(|(threshold, each)| if each > 1.0 { each } else { threshold }) {
        #[allow(clippy::cast_possible_truncation)] // a number of bytes that an alarm can hold
        if (sums || bytes_each.is_some_and(|each| each > 1.0)) && bytes.abs() < 9e15 {
            alert.set("bytes", (bytes as i64).into(), evidence);
        }
    }
}

/// An alarm that goes off when there is less of something sees nothing of what there is too much of (CloudWatch API,
/// `PutMetricAlarm`, `ComparisonOperator`).
fn grows(alarm: &Resource, alert: &mut Resource) {
    let less = ["LessThanThreshold", "LessThanOrEqualToThreshold", "LessThanLowerThreshold"];
    let grows = Known::field(alarm, "comparison", |word| Some(!less.contains(&word.as_str()?)));
    if grows.truth == Some(true) || alert.get("sees") == Some(&Value::Bool(false)) {
        return;
    }
    if let Value::Object(data) = &mut alert.data {
        data.remove("sees");
        data.remove("bytes");
    }
    if grows.truth == Some(false) {
        alert.set("missed", "everything, because it goes off when there is less".into(), grows.evidence.clone());
    }
    grows.put(alert, "sees");
}

fn awake(alarm: &Resource) -> Known {
    let data = Known::field(alarm, "state", |state| Some(state.as_str()? != "INSUFFICIENT_DATA"));
    let young = Known::field(alarm, "state_since", |since| Some(since.get("age_seconds")?.as_i64()? <= ASLEEP_SECONDS));
    data.or(young)
}

// ---- rules ----

/// Whose findings a rule lets through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    GuardDuty,
    SecurityHub,
}

/// A rule that lets findings of high severity through, or may do so.
fn of_findings(rule: &Resource) -> Option<(&Resource, Source, Share)> {
    let text = rule.text("pattern").filter(|text| !text.is_empty())?;
    let Ok(pattern) = EventPattern::parse(text) else {
        // What cannot be read counts only if it speaks of GuardDuty at all.
        return text.contains("guardduty").then_some((rule, Source::GuardDuty, Share::Unknown));
    };
    let (account, region) = (&rule.key.account, &rule.key.region);
    match high_guardduty_findings(&pattern, account, region) {
        Share::None => match security_hub_findings(&pattern, account, region) {
            Share::None => None,
            share => Some((rule, Source::SecurityHub, share)),
        },
        share => Some((rule, Source::GuardDuty, share)),
    }
}

fn of_rule(inventory: &Inventory, rule: &Resource, source: Source, share: &Share) -> Resource {
    let mut alert = alert(rule, if source == Source::GuardDuty { "guardduty" } else { "security_hub" });
    let evidence = rule.evidence(["pattern"]);
    alert.set("classes", vec!["suspicious"].into(), evidence.clone());
    alert.set("traffic", true.into(), evidence.clone());
    alert.set("awake", true.into(), evidence.clone());
    alert.set("covers", true.into(), evidence.clone());
    let enabled = Known::field(rule, "state", |state| Some(state.as_str()?.starts_with("ENABLED")));
    let asked = enabled.truth == Some(true);
    enabled.put(&mut alert, "enabled");
    let lets = match share {
        Share::All => Known::of(true, evidence.clone()),
        Share::Some { missed } => {
            alert.set("missed", missed.join(", ").into(), evidence.clone());
            Known::of(false, evidence.clone())
        }
        Share::None => Known::of(false, evidence.clone()),
        Share::Unknown => Known::untold(format!("it is not told what the pattern of {} lets through", rule.key.id)),
    };
    let (account, region) = (&rule.key.account, &rule.key.region);
    let on = if source == Source::GuardDuty {
        listed(inventory, DETECTOR, account, region)
            .exists(|one| Known::field(one, "status", |status| Some(status.as_str()? == "ENABLED")))
    } else {
        Known::untold("it rests on Security Hub, which is not read")
    };
    let off = on.truth == Some(false);
    if off && *share == Share::All {
        alert.set("missed", "everything, because GuardDuty is off".into(), on.evidence.clone());
    }
    lets.and(on).put(&mut alert, "sees");
    let targets = listed(inventory, TARGET, account, region);
    let mine: Vec<&str> = targets
        .items
        .iter()
        .filter(|one| one.text("rule") == Some(&rule.key.id))
        .filter_map(|one| one.text("arn"))
        .collect();
    let end = targets_of(inventory, rule);
    if mine.is_empty() && !asked {
        Known::untold(format!("nobody asked for the targets of {}, which is switched off", rule.key.id))
            .leave_out(&mut alert, "delivers");
    } else if mine.is_empty() && end.truth.is_none() {
        end.leave_out(&mut alert, "delivers");
    } else {
        deliver(inventory, &mut alert, &mine, "events.amazonaws.com", &rule.key);
    }
    alert
}

/// Were the targets of a rule listed? False with the evidence where they were.
fn targets_of(inventory: &Inventory, rule: &Resource) -> Known {
    let mut end = Known::untold(format!("nothing was read that lists the targets of {}", rule.key.id));
    for list in inventory.listings_of(TARGET).iter().filter(|list| list.parent.as_ref() == Some(&rule.key.id)) {
        end = match &list.state {
            ListState::Complete(pages) => Known::of(false, pages.clone()),
            ListState::Cut(gaps) => Known { gaps: gaps.clone(), ..Known::default() },
        };
    }
    end
}

/// Several rules that each let a part through may let everything through between them; that is not added up.
fn together(alerts: &mut [Resource]) {
    let partial = |alert: &Resource| {
        alert.text("source") == Some("guardduty")
            && alert.get("sees") == Some(&Value::Bool(false))
            && alert.get("delivers") != Some(&Value::Bool(false))
            && !alert.text("missed").unwrap_or_default().starts_with("everything")
    };
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| partial(alert)) {
        *places.entry((alert.key.account.clone(), alert.key.region.clone())).or_default() += 1;
    }
    for alert in alerts.iter_mut() {
        let place = (alert.key.account.clone(), alert.key.region.clone());
        if partial(alert) && places.get(&place).is_some_and(|count| *count > 1) {
            if let Value::Object(data) = &mut alert.data {
                data.remove("sees");
            }
            let what = "several rules each let a part of the findings through".to_owned();
            Known::untold(what).leave_out(alert, "sees");
        }
    }
}

/// The alerts of a GuardDuty administrator serve its members. An administrator that is not among the accounts read is
/// an alert of which nothing is known.
fn administrators(inventory: &Inventory, alerts: &mut Vec<Resource>) {
    for member in inventory.of(DETECTOR) {
        let why = match member.text("administrator") {
            Some("none") => continue,
            Some(other) => {
                let there = |one: &ResourceKey| one.account == other && one.region == member.key.region;
                if inventory.of(DETECTOR).iter().any(|one| there(&one.key)) {
                    for alert in
                        alerts.iter_mut().filter(|one| there(&one.key) && one.text("source") == Some("guardduty"))
                    {
                        if let Some(Value::Array(serves)) = alert.data.get_mut("serves") {
                            serves.push(member.key.account.clone().into());
                        }
                    }
                    continue;
                }
                Known::untold(format!("the alerts of the GuardDuty administrator, account {other}, were not read"))
            }
            None => Known::missing(member, "administrator"),
        };
        let mut alert = alert(member, "guardduty");
        alert.set("name", "alerts of the GuardDuty administrator".into(), []);
        for field in ["traffic", "classes", "enabled", "sees", "covers", "awake", "delivers"] {
            why.clone().leave_out(&mut alert, field);
        }
        alerts.push(alert);
    }
}

// ---- from the sender to a person ----

/// Follows the targets of an alarm or rule to somebody who is told, and names the first broken link of each.
fn deliver(inventory: &Inventory, alert: &mut Resource, arns: &[&str], service: &str, sender: &ResourceKey) {
    if arns.is_empty() {
        Known::of(false, alert.evidence([])).put(alert, "delivers");
        alert.set("broken", "it has no target".into(), []);
        alert.set("recipients", 0.into(), []);
        return;
    }
    let mut delivers = Known::of(false, BTreeSet::new());
    let (mut broken, mut recipients) = (Vec::new(), 0);
    for arn in arns {
        let (reached, why, people) = if arn.split(':').nth(2) == Some("sns") {
            by_topic(inventory, arn, service, sender)
        } else if arn.contains(":logs:") {
            (Known::of(false, BTreeSet::new()), format!("{arn} is a log group, which tells nobody"), 0)
        } else {
            let what = format!("it is not told whether {arn}, a program, tells somebody");
            (Known::untold(what.clone()), what, 0)
        };
        if reached.truth != Some(true) {
            broken.push(why);
        }
        recipients += people;
        delivers = delivers.or(reached);
    }
    let text = if delivers.truth == Some(true) { "nothing".to_owned() } else { broken.join("; ") };
    let evidence = delivers.evidence.clone();
    alert.set("broken", text.into(), evidence.clone());
    alert.set("recipients", recipients.into(), evidence);
    delivers.put(alert, "delivers");
}

/// A topic: does it exist, may the sender publish to it, does it lead to a person?
fn by_topic(inventory: &Inventory, arn: &str, service: &str, sender: &ResourceKey) -> (Known, String, usize) {
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let topics = listed(inventory, TOPIC, account, region);
    let exists = topics.exists(|topic| Known::of(topic.key.id == arn, topic.evidence([])));
    let Some(topic) = topics.items.iter().find(|topic| topic.key.id == arn) else {
        let why = match exists.truth {
            Some(false) => format!("the topic {arn} does not exist"),
            _ => format!("the topic {arn} could not be seen"),
        };
        return (exists, why, 0);
    };
    let publish = may_publish(topic, arn, service, sender);
    if publish.truth != Some(true) {
        let words = if publish.truth.is_some() { "does not let" } else { "may not let" };
        return (publish, format!("the policy of the topic {arn} {words} {service} publish"), 0);
    }
    let mine = |one: &Resource| one.text("topic") == Some(arn);
    let confirmed = |one: &Resource| one.text("arn").is_some_and(|arn| arn.starts_with("arn:"));
    let people = |one: &Resource| one.text("protocol").is_some_and(|protocol| TO_PEOPLE.contains(&protocol));
    let subscriptions = listed(inventory, SUBSCRIPTION, account, region);
    let count = subscriptions.items.iter().filter(|one| mine(one) && confirmed(one) && people(one)).count();
    let listed_here = subscriptions.items.iter().filter(|one| mine(one) && confirmed(one)).count();
    let mut reached = subscriptions.exists(|one| {
        Known::of(mine(one) && confirmed(one) && people(one), one.evidence(["topic", "arn", "protocol"]))
    });
    let mut why = match subscriptions.items.iter().filter(|one| mine(one)).count() {
        0 => format!("the topic {arn} has no subscription"),
        _ => format!("the topic {arn} has no confirmed subscription that leads to a person"),
    };
    if reached.truth == Some(false) {
        // Other accounts' subscriptions stand in the topic's count alone; programs may tell somebody.
        let counted = topic.get("confirmed").and_then(Value::as_u64);
        let others = counted.is_none_or(|counted| counted > listed_here as u64);
        if others {
            reached = Known::missing(topic, "confirmed").or(reached);
            if counted.is_some() {
                reached = Known::untold(format!("the topic {arn} has confirmed subscriptions of other accounts"));
            }
            "it cannot be seen who receives from the topic ".clone_into(&mut why);
            why += arn;
        } else if listed_here > 0 {
            why = format!("only programs are subscribed to the topic {arn}");
            reached = Known::untold(format!("it is not told whether the programs subscribed to {arn} tell somebody"));
        }
    }
    (exists.and(publish).and(reached), why, count)
}

/// Does the policy of the topic let the service publish?
fn may_publish(topic: &Resource, arn: &str, service: &str, sender: &ResourceKey) -> Known {
    let Some(text) = topic.get("policy") else { return Known::missing(topic, "policy") };
    let evidence = topic.evidence(["policy"]);
    match Document::parse(text).map(|document| lets_publish(&document, arn, service, &sender.id, &sender.account)) {
        Ok(Answer::Yes) => Known::of(true, evidence),
        Ok(Answer::No) => Known::of(false, evidence),
        Ok(Answer::Perhaps) => {
            Known::untold(format!("only a request would tell whether the policy of the topic {arn} lets it in"))
        }
        Err(why) => Known::untold(format!("the policy of the topic {arn} cannot be read: {why}")),
    }
}

// ---- containment ----

/// What a function needs one of to cut a machine off (Service Authorization Reference, Amazon EC2).
const ISOLATES: [&str; 4] = [
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:ModifyInstanceAttribute",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:ReplaceNetworkAclEntry",
];

/// The functions that a rule for findings calls.
fn functions<'a>(inventory: &'a Inventory, identities: &'a Identities<'a>, rule: &Resource) -> Vec<Resource> {
    let targets = listed(inventory, TARGET, &rule.key.account, &rule.key.region);
    let mine = targets.items.into_iter().filter(|one| one.text("rule") == Some(&rule.key.id));
    mine.filter(|one| one.text("arn").is_some_and(|arn| arn.split(':').nth(2) == Some("lambda")))
        .map(|target| {
            let function = target.text("arn").unwrap_or_default();
            let mut found = Resource::new(ResourceKey { kind: CONTAINMENT.to_owned(), ..target.key.clone() });
            found.from.entry(String::new()).or_default().extend(target.evidence(["arn"]));
            found.set("rule", rule.text("name").unwrap_or(&rule.key.id).into(), []);
            found.set("function", function.into(), []);
            for (from, to) in [("function_state", "state"), ("function_last_update_status", "last_update")] {
                match target.text(from) {
                    Some(text) => found.set(to, text.into(), target.evidence([from])),
                    None => Known::missing(target, from).leave_out(&mut found, to),
                }
            }
            invocable(target, function, rule).put(&mut found, "invocable");
            let rights = match target.text("function_role") {
                Some(arn) => identities.role(arn).and_then(|role| identities.rights(role)),
                None => Err(Known::missing(target, "function_role")),
            };
            match rights {
                Ok(rights) => {
                    let best = ISOLATES.iter().map(|action| rights.may(action)).max().unwrap_or(Answer::No);
                    let say = |answer, what: &str| match answer {
                        Answer::Yes => Known::of(true, rights.evidence.clone()),
                        Answer::No => Known::of(false, rights.evidence.clone()),
                        Answer::Perhaps => Known::untold(format!(
                            "it is not told whether {function} {what}: it depends on conditions or on single resources"
                        )),
                    };
                    say(best, "may isolate a machine").put(&mut found, "may_isolate");
                    say(rights.administrator(), "is an administrator").put(&mut found, "administrator");
                }
                Err(why) => {
                    for to in ["may_isolate", "administrator"] {
                        why.clone().leave_out(&mut found, to);
                    }
                }
            }
            found
        })
        .collect()
}

fn invocable(target: &Resource, function: &str, rule: &Resource) -> Known {
    let Some(text) = target.get("function_policy") else { return Known::missing(target, "function_policy") };
    let evidence = target.evidence(["function_policy"]);
    if text.as_object().is_some_and(serde_json::Map::is_empty) {
        return Known::of(false, evidence);
    }
    let lets =
        |document: Document| lets_invoke(&document, function, "events.amazonaws.com", &rule.key.id, &rule.key.account);
    match Document::parse(text).map(lets) {
        Ok(Answer::Yes) => Known::of(true, evidence),
        Ok(Answer::No) => Known::of(false, evidence),
        Ok(Answer::Perhaps) => {
            Known::untold(format!("only a request would tell whether the policy of {function} lets it in"))
        }
        Err(why) => Known::untold(format!("the policy of {function} cannot be read: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gap::Gap;
    use crate::model::plan::Outcome;
    use serde_json::json;

    const ACCOUNT: &str = "111122223333";
    const TYPES: [&str; 7] = [ALARM, FILTER, RULE, TOPIC, SUBSCRIPTION, DETECTOR, TARGET];

    /// An inventory in which every list of two regions was read to its end.
    fn empty() -> Inventory {
        let mut inventory = Inventory::default();
        for kind in TYPES.into_iter().chain(log_store::SOURCES) {
            for region in ["us-east-1", "us-west-2", "global"] {
                list(
                    &mut inventory,
                    kind,
                    region,
                    None,
                    ListState::Complete(BTreeSet::from([format!("{kind}/{region}")])),
                );
            }
        }
        inventory
    }

    fn list(inventory: &mut Inventory, kind: &str, region: &str, parent: Option<&str>, state: ListState) {
        inventory.listings.entry(kind.to_owned()).or_default().push(Listing {
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            parent: parent.map(str::to_owned),
            state,
        });
    }

    fn add(inventory: &mut Inventory, kind: &str, region: &str, id: &str, fields: Value) {
        let key = ResourceKey {
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            id: id.to_owned(),
        };
        let mut resource = Resource::new(key);
        resource.from.entry(String::new()).or_default().insert(format!("e:{id}"));
        let Value::Object(fields) = fields else { return };
        for (name, value) in fields {
            resource.set(&name, value, [format!("e:{id}")]);
        }
        inventory.resources.entry(kind.to_owned()).or_default().push(resource);
    }

    fn topic_arn(region: &str) -> String {
        format!("arn:aws:sns:{region}:{ACCOUNT}:alerts")
    }

    /// Flow logs in a group, a filter on it, an alarm, a topic, a confirmed address: all of the same names in a region.
    fn chain(inventory: &mut Inventory, region: &str) {
        let place = format!("{ACCOUNT}/{region}/flows");
        add(
            inventory,
            log_store::KIND,
            region,
            &format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:flows"),
            json!({"kind": "log_group", "place": place, "records": ["traffic"]}),
        );
        add(
            inventory,
            FILTER,
            region,
            "flows/large",
            json!({"group_place": place,
            "pattern": "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, start, end, action, status]",
            "transformations": [{"namespace": "Own", "name": "Bytes", "value": "$bytes"}]}),
        );
        add(
            inventory,
            ALARM,
            region,
            &format!("arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:large"),
            json!({
            "name": "large", "namespace": "Own", "metric_name": "Bytes", "metrics": [], "statistic": "Sum",
            "period": 300, "evaluation_periods": 1, "threshold": 1_000_000_000.0,
            "comparison": "GreaterThanThreshold", "actions_enabled": true,
            "actions": [topic_arn(region)], "state": "OK", "state_since": {"at": "2026-11-01T00:00:00Z", "age_seconds": 100}}),
        );
        topic(inventory, region);
        subscribe(inventory, region, "ann@example.com", "arn:aws:sns:x:1:alerts:1");
    }

    fn topic(inventory: &mut Inventory, region: &str) {
        let arn = topic_arn(region);
        add(
            inventory,
            TOPIC,
            region,
            &arn,
            json!({"confirmed": 1, "policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]},
             "Action": "sns:Publish", "Resource": arn}]}}),
        );
    }

    fn subscribe(inventory: &mut Inventory, region: &str, endpoint: &str, arn: &str) {
        let topic = topic_arn(region);
        let id = format!("{topic}/email/{endpoint}/{arn}");
        add(
            inventory,
            SUBSCRIPTION,
            region,
            &id,
            json!({"topic": topic, "protocol": "email", "endpoint": endpoint, "arn": arn}),
        );
    }

    /// GuardDuty on, and a rule with this pattern and one target.
    fn rule(inventory: &mut Inventory, region: &str, name: &str, pattern: &str, target: &str) {
        let arn = format!("arn:aws:events:{region}:{ACCOUNT}:rule/{name}");
        add(inventory, RULE, region, &arn, json!({"name": name, "state": "ENABLED", "pattern": pattern}));
        add(inventory, TARGET, region, &format!("{arn}/1"), json!({"rule": arn, "arn": target}));
        list(inventory, TARGET, region, Some(&arn), ListState::Complete(BTreeSet::from(["t".to_owned()])));
        if !inventory.of(DETECTOR).iter().any(|one| one.key.region == region) {
            add(
                inventory,
                DETECTOR,
                region,
                &format!("d-{region}"),
                json!({"status": "ENABLED", "administrator": "none"}),
            );
        }
    }

    const HIGH: &str = r#"{"source":["aws.guardduty"],"detail-type":["GuardDuty Finding"],"detail":{"severity":[{"numeric":[">=",7]}]}}"#;

    /// The links of the alerts, by region and name: true, false or nothing.
    fn links(mut inventory: Inventory) -> Vec<(String, [Option<bool>; 4], String)> {
        derive(&mut inventory);
        let alerts = inventory.of(KIND).iter();
        alerts
            .map(|alert| {
                let link = |name| alert.get(name).and_then(Value::as_bool);
                let name = format!("{} {}", alert.key.region, alert.text("name").unwrap_or_default());
                let broken = alert.text("broken").unwrap_or_default().to_owned();
                (name, ["enabled", "sees", "awake", "delivers"].map(link), broken)
            })
            .collect()
    }

    const WHOLE: [Option<bool>; 4] = [Some(true); 4];

    fn with(resource: &str, field: &str, value: &Value) -> Vec<(String, [Option<bool>; 4], String)> {
        let mut inventory = empty();
        chain(&mut inventory, "us-east-1");
        for one in inventory.resources.get_mut(resource).into_iter().flatten() {
            one.set(field, value.clone(), []);
        }
        links(inventory)
    }

    #[test]
    fn parts_of_one_name_in_two_regions_are_two_chains() {
        let mut inventory = empty();
        chain(&mut inventory, "us-east-1");
        chain(&mut inventory, "us-west-2");
        // In the west nobody has confirmed.
        for one in
            inventory.resources.get_mut(SUBSCRIPTION).into_iter().flatten().filter(|s| s.key.region == "us-west-2")
        {
            one.set("arn", "PendingConfirmation".into(), []);
        }
        for one in inventory.resources.get_mut(TOPIC).into_iter().flatten().filter(|t| t.key.region == "us-west-2") {
            one.set("confirmed", 0.into(), []);
        }
        let nobody =
            format!("the topic {} has no confirmed subscription that leads to a person", topic_arn("us-west-2"));
        assert_eq!(
            links(inventory),
            [
                ("us-east-1 large".to_owned(), WHOLE, "nothing".to_owned()),
                ("us-west-2 large".to_owned(), [Some(true), Some(true), Some(true), Some(false)], nobody),
            ]
        );
    }

    #[test]
    fn every_link_of_an_alarm_can_break() {
        let only = |found: Vec<(String, [Option<bool>; 4], String)>| found.first().map(|(_, links, _)| *links);
        assert_eq!(
            only(with(ALARM, "actions_enabled", &false.into())),
            Some([Some(false), Some(true), Some(true), Some(true)])
        );
        assert_eq!(only(with(ALARM, "actions", &json!([]))), Some([Some(false), Some(true), Some(true), Some(false)]));
        let elsewhere = json!(format!("{ACCOUNT}/us-west-2/flows"));
        assert_eq!(
            only(with(FILTER, "group_place", &elsewhere)),
            Some([Some(true), Some(false), Some(true), Some(true)])
        );
        // It goes off when there is less.
        let less = "LessThanOrEqualToThreshold".into();
        assert_eq!(only(with(ALARM, "comparison", &less)), Some([Some(true), Some(false), Some(true), Some(true)]));
        // A metric that no filter feeds is no alert on communications.
        assert_eq!(with(ALARM, "metric_name", &"Byte".into()), []);
        let policy = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                            "Action": "sns:Publish", "Resource": "*"}]});
        assert_eq!(only(with(TOPIC, "policy", &policy)), Some([Some(true), Some(true), Some(true), Some(false)]));
        // A queue may be read by a program that tells somebody.
        assert_eq!(
            only(with(SUBSCRIPTION, "protocol", &"sqs".into())),
            Some([Some(true), Some(true), Some(true), None])
        );
        // Somebody of another account has confirmed.
        let mut inventory = empty();
        chain(&mut inventory, "us-east-1");
        inventory.resources.remove(SUBSCRIPTION);
        assert_eq!(only(links(inventory)), Some([Some(true), Some(true), Some(true), None]));
    }

    #[test]
    fn an_alarm_covers_what_its_group_receives() {
        let covers = |networks: &[&str]| {
            let mut inventory = empty();
            chain(&mut inventory, "us-east-1");
            let pages = BTreeSet::from(["interfaces".to_owned()]);
            list(&mut inventory, INTERFACE, "us-east-1", None, ListState::Complete(pages));
            for network in networks {
                add(&mut inventory, INTERFACE, "us-east-1", &format!("eni-{network}"), json!({ "vpc_id": network }));
            }
            let group = format!("{ACCOUNT}/us-east-1/flows");
            let flow_log =
                json!({"target": "vpc-1", "status": "ACTIVE", "traffic_type": "ALL", "destination_group": group});
            add(&mut inventory, FLOW_LOG, "us-east-1", "fl-1", flow_log);
            derive(&mut inventory);
            inventory.of(KIND).first().unwrap().get("covers").cloned()
        };
        assert_eq!(covers(&["vpc-1"]), Some(true.into()));
        // Another alert may look at the other network.
        assert_eq!(covers(&["vpc-1", "vpc-2"]), None);
    }

    #[test]
    fn an_alarm_without_data_sleeps_after_a_week() {
        let state = |seconds: i64| {
            let mut inventory = empty();
            chain(&mut inventory, "us-east-1");
            for one in inventory.resources.get_mut(ALARM).into_iter().flatten() {
                one.set("state", "INSUFFICIENT_DATA".into(), []);
                one.set("state_since", json!({"at": "2026-11-01T00:00:00Z", "age_seconds": seconds}), []);
            }
            links(inventory).first().map(|(_, links, _)| links[2])
        };
        assert_eq!((state(7 * 86_400), state(7 * 86_400 + 1)), (Some(Some(true)), Some(Some(false))));
    }

    #[test]
    fn the_size_at_which_an_alarm_goes_off() {
        let mut inventory = empty();
        chain(&mut inventory, "us-east-1");
        derive(&mut inventory);
        let alert = inventory.of(KIND).first().unwrap();
        assert_eq!((alert.get("bytes"), alert.get("seconds")), (Some(&json!(1_000_000_000)), Some(&json!(300))));
        assert_eq!(alert.get("classes"), Some(&json!(["large_outbound"])));
        let summary = inventory.of(SUMMARY).first().unwrap();
        assert_eq!((summary.get("alerts"), summary.get("large_outbound")), (Some(&json!(1)), Some(&json!(true))));
        assert_eq!(summary.get("unusual_protocol"), Some(&json!(false)));
    }

    #[test]
    fn rules_for_findings() {
        let of = |pattern: &str, target: &str| {
            let mut inventory = empty();
            topic(&mut inventory, "us-east-1");
            subscribe(&mut inventory, "us-east-1", "ann@example.com", "arn:aws:sns:x:1:alerts:1");
            rule(&mut inventory, "us-east-1", "r", pattern, target);
            links(inventory).first().map(|(_, links, _)| *links)
        };
        let topic = topic_arn("us-east-1");
        assert_eq!(of(HIGH, &topic), Some(WHOLE));
        // The older list of the guide ends at 8.9.
        let upto = r#"{"source":["aws.guardduty"],"detail":{"severity":[{"numeric":[">=",7,"<",9]}]}}"#;
        assert_eq!(of(upto, &topic), Some([Some(true), Some(false), Some(true), Some(true)]));
        // Another source is no alert; a function or another account's topic may tell somebody.
        assert_eq!(of(r#"{"source":["aws.ec2"]}"#, &topic), None);
        let unknown = Some([Some(true), Some(true), Some(true), None]);
        assert_eq!(of(HIGH, "arn:aws:lambda:us-east-1:111122223333:function:tell"), unknown);
        assert_eq!(of(HIGH, "arn:aws:sns:us-east-1:444455556666:central"), unknown);
        assert_eq!(
            of(HIGH, "arn:aws:sns:us-east-1:111122223333:gone"),
            Some([Some(true), Some(true), Some(true), Some(false)])
        );
    }

    #[test]
    fn an_administrator_that_was_not_read_may_alert() {
        let mut inventory = empty();
        add(&mut inventory, DETECTOR, "us-east-1", "d", json!({"status": "ENABLED", "administrator": "444455556666"}));
        let found = links(inventory);
        assert_eq!(found.first().map(|(_, links, _)| *links), Some([None; 4]));
    }

    #[test]
    fn a_list_that_was_cut_proves_nothing() {
        let mut inventory = empty();
        chain(&mut inventory, "us-east-1");
        inventory.resources.remove(SUBSCRIPTION);
        for one in inventory.resources.get_mut(TOPIC).into_iter().flatten() {
            one.set("confirmed", 0.into(), []);
        }
        let gap = Gap {
            read: "sns:ListSubscriptions".to_owned(),
            action: "sns:ListSubscriptions".to_owned(),
            account: ACCOUNT.to_owned(),
            region: "us-east-1".to_owned(),
            parent: None,
            outcome: Outcome::Denied,
            code: None,
            detail: None,
            evidence: None,
        };
        inventory.listings.insert(SUBSCRIPTION.to_owned(), Vec::new());
        list(&mut inventory, SUBSCRIPTION, "us-east-1", None, ListState::Cut(BTreeSet::from([gap.clone()])));
        derive(&mut inventory);
        let alert = inventory.of(KIND).first().unwrap();
        assert_eq!(alert.get("delivers"), None);
        assert_eq!(alert.missing.get("delivers"), Some(&BTreeSet::from([gap])));
    }
}
