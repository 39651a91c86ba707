//! Derivation: is it noticed when somebody switches monitoring off in a subscription of Azure?
//!
//! What records there are flow logs that are on, and diagnostic settings, of resources and of the activity log. Each has
//! to be watched by an alert on the activity log that is on, reaches it, goes off when it is deleted, and tells somebody.
//! Subscriptions get:
//!
//! | field | |
//! | --- | --- |
//! | `has_recorders` | there is something that records |
//! | `deletion_noticed` | the deletion of each of them would be told to somebody |
//! | `deletion_unnoticed` | in words: of which kinds it would not |
//!
//! An alert goes off when all of its conditions are met, compared without case; it sees only its own subscription
//! (Azure Monitor specification, `AlertRuleProperties`; Microsoft Learn, "Create activity log alerts"). What the deletion
//! is called is certain, and that it is an administrative event that succeeds; a condition on anything else leaves open
//! whether the alert goes off. A change that leaves a recorder in place is not looked for.

use super::alert::reaches_somebody;
use super::flow::{FLOW_LOG, list};
use super::source::{ACTIVITY, KIND as SOURCE, SETTING};
use crate::derive::known::{Known, listed};
use crate::model::inventory::Inventory;
use crate::model::read::FieldKind;
use crate::model::resource::Resource;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const SUBSCRIPTION: &str = "azure.subscription";
const ALERT: &str = "azure.monitor.activity_log_alert";

/// One kind of recorder.
struct Recorder {
    kind: &'static str,
    /// What it is listed for. Where there is none of that, there is no list of it, and none of it.
    of: &'static str,
    name: &'static str,
    deletion: &'static str,
}

const SETTING_DELETED: &str = "microsoft.insights/diagnosticsettings/delete";
const RECORDERS: [Recorder; 3] = [
    Recorder {
        kind: FLOW_LOG,
        of: "azure.network.watcher",
        name: "flow logs",
        deletion: "microsoft.network/networkwatchers/flowlogs/delete",
    },
    Recorder { kind: SETTING, of: SOURCE, name: "diagnostic settings", deletion: SETTING_DELETED },
    Recorder {
        kind: ACTIVITY,
        of: SUBSCRIPTION,
        name: "the diagnostic settings of the activity log",
        deletion: SETTING_DELETED,
    },
];

/// The derived fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    let fields = BTreeMap::from([
        ("has_recorders", FieldKind::Boolean),
        ("deletion_noticed", FieldKind::Boolean),
        ("deletion_unnoticed", FieldKind::Text),
    ]);
    BTreeMap::from([(SUBSCRIPTION, fields)])
}

/// Adds them.
pub(super) fn derive(inventory: &mut Inventory) {
    let found: Vec<(Known, Known, String)> =
        inventory.of(SUBSCRIPTION).iter().map(|one| of_subscription(inventory, &one.key.account)).collect();
    for (subscription, (has, noticed, unnoticed)) in
        inventory.resources.get_mut(SUBSCRIPTION).into_iter().flatten().zip(found)
    {
        if noticed.truth.is_some() {
            subscription.set("deletion_unnoticed", unnoticed.into(), noticed.evidence.clone());
        }
        has.put(subscription, "has_recorders");
        noticed.put(subscription, "deletion_noticed");
    }
}

fn of_subscription(inventory: &Inventory, account: &str) -> (Known, Known, String) {
    let alerts = listed(inventory, ALERT, account, "*");
    let (mut has, mut all, mut not) = (Known::of(false, BTreeSet::new()), Known::of(true, BTreeSet::new()), Vec::new());
    for recorder in &RECORDERS {
        has = has.or(exists(inventory, account, recorder, records));
        let missed = exists(inventory, account, recorder, |one| {
            let noticed = alerts.exists(|alert| {
                Known::field(alert, "enabled", Value::as_bool)
                    .and(reaches(alert, &one.key.id))
                    .and(goes_off(alert, recorder.deletion))
                    .and(told(inventory, alert))
            });
            records(one).and(opposite(noticed))
        });
        if missed.truth == Some(true) {
            not.push(recorder.name);
        }
        all = all.and(opposite(missed));
    }
    let not = if not.is_empty() { "none".to_owned() } else { not.join(", ") };
    (has, all, not)
}

fn opposite(known: Known) -> Known {
    Known { truth: known.truth.map(|truth| !truth), ..known }
}

/// Is there a recorder of which this is true?
fn exists(inventory: &Inventory, account: &str, recorder: &Recorder, judge: impl Fn(&Resource) -> Known) -> Known {
    if inventory.listings_of(recorder.kind).iter().any(|list| list.account == account) {
        return listed(inventory, recorder.kind, account, "*").exists(judge);
    }
    let unasked = || Known::untold(format!("it was not asked which {} there are in {account}", recorder.name));
    listed(inventory, recorder.of, account, "*").exists(|_| unasked())
}

/// Does it record anything? A flow log that is off does not.
fn records(one: &Resource) -> Known {
    match one.key.kind.as_str() {
        FLOW_LOG => Known::field(one, "enabled", Value::as_bool),
        _ => Known::of(true, one.evidence([])),
    }
}

/// Does the alert look at what happens to this resource? Its scopes are beginnings of ids.
fn reaches(alert: &Resource, id: &str) -> Known {
    Known::field(alert, "scopes", |scopes| {
        let mut scopes = scopes.as_array()?.iter().filter_map(Value::as_str);
        Some(scopes.any(|scope| id.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))))
    })
}

/// Does an alert go off when something is deleted?
fn goes_off(alert: &Resource, deletion: &str) -> Known {
    let evidence = alert.evidence(["conditions"]);
    let Some(conditions) = alert.get("conditions").and_then(Value::as_array) else {
        return Known::missing(alert, "conditions");
    };
    if conditions.is_empty() {
        return Known::untold(format!("{} has no condition", alert.key.id));
    }
    let met = |condition: &Value| match is_met(condition, deletion) {
        Some(met) => Known::of(met, evidence.clone()),
        None => Known::untold(format!("it is not known whether every condition of {} is met", alert.key.id)),
    };
    conditions.iter().fold(Known::of(true, evidence.clone()), |all, condition| {
        let mut any = list(condition, "any_of").map(met).peekable();
        let one = if any.peek().is_some() { any.reduce(Known::or).unwrap_or_default() } else { met(condition) };
        all.and(one)
    })
}

/// Is a single condition met by a deletion that succeeds? Nothing where that is not certain.
fn is_met(condition: &Value, deletion: &str) -> Option<bool> {
    let text = |field: &str| Some(condition.get(field)?.as_str()?.to_lowercase());
    let equals = text("equals")?;
    let mut wanted: BTreeSet<String> =
        list(condition, "contains").filter_map(Value::as_str).map(str::to_lowercase).collect();
    if equals != "none" {
        wanted.insert(equals);
    }
    let has = |word: &str| wanted.contains(word);
    match text("field")?.as_str() {
        "category" => Some(has("administrative")),
        "operationname" => Some(has(deletion)),
        "status" if has("succeeded") => Some(true),
        "level" if has("informational") => Some(true),
        _ => None,
    }
}

/// Does the alert tell somebody?
fn told(inventory: &Inventory, alert: &Resource) -> Known {
    let Some(groups) = alert.get("action_groups").and_then(Value::as_array) else {
        return Known::missing(alert, "action_groups");
    };
    groups.iter().fold(Known::of(false, alert.evidence(["action_groups"])), |so_far, group| {
        so_far.or(match group.get("id").and_then(Value::as_str) {
            Some(id) => reaches_somebody(inventory, id),
            None => Known::untold(format!("{} does not tell one of its action groups", alert.key.id)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::{ListState, Listing};
    use crate::model::resource::ResourceKey;
    use serde_json::json;

    const S: &str = "/subscriptions/s";
    const GROUP: &str = "azure.monitor.action_group";

    fn put(inventory: &mut Inventory, kind: &str, id: &str, fields: &Value) {
        let mut resource = Resource::new(ResourceKey {
            kind: kind.to_owned(),
            account: "s".to_owned(),
            region: "global".to_owned(),
            id: id.to_owned(),
        });
        resource.from.entry(String::new()).or_default().insert(format!("e:{id}"));
        for (name, value) in fields.as_object().unwrap() {
            resource.set(name, value.clone(), [format!("e:{id}")]);
        }
        inventory.resources.entry(kind.to_owned()).or_default().push(resource);
    }

    fn whole(inventory: &mut Inventory, kind: &str) {
        inventory.listings.entry(kind.to_owned()).or_default().push(Listing {
            kind: kind.to_owned(),
            account: "s".to_owned(),
            region: "global".to_owned(),
            parent: None,
            state: ListState::Complete(BTreeSet::from([format!("l:{kind}")])),
        });
    }

    fn when(conditions: &[(&str, &str)]) -> Value {
        conditions
            .iter()
            .map(|(field, equals)| json!({ "field": field, "equals": equals, "contains": [], "any_of": [] }))
            .collect()
    }

    fn alert(deletion: &str) -> Value {
        json!({ "enabled": true, "scopes": [S], "action_groups": [{ "id": "g" }],
                "conditions": when(&[("category", "Administrative"), ("operationName", deletion)]) })
    }

    fn flows() -> Value {
        alert("Microsoft.Network/networkWatchers/flowLogs/delete")
    }

    /// A subscription with a flow log and a setting of its activity log, each with an alert; one field of the first
    /// alert is another.
    fn subscription(field: &str, value: Value) -> Inventory {
        let mut inventory = Inventory::default();
        put(&mut inventory, SUBSCRIPTION, "s", &json!({}));
        put(&mut inventory, FLOW_LOG, &format!("{S}/resourcegroups/nw/f"), &json!({ "enabled": true }));
        put(&mut inventory, ACTIVITY, &format!("{S}/providers/microsoft.insights/diagnosticsettings/a"), &json!({}));
        let mut first = flows();
        if !field.is_empty() {
            first[field] = value;
        }
        put(&mut inventory, ALERT, "one", &first);
        put(&mut inventory, ALERT, "two", &alert("Microsoft.Insights/diagnosticSettings/Delete"));
        let mut group = json!({ "name": "g", "enabled": true, "email": [{ "status": "Enabled" }] });
        for other in ["sms", "voice", "app_push", "roles", "webhooks", "functions", "event_hubs", "tickets", "runbooks"]
        {
            group[other] = json!([]);
        }
        group["logic_apps"] = json!([]);
        put(&mut inventory, GROUP, "g", &group);
        for kind in [SUBSCRIPTION, FLOW_LOG, ACTIVITY, ALERT, GROUP, SOURCE, "azure.network.watcher"] {
            whole(&mut inventory, kind);
        }
        inventory
    }

    fn noticed(mut inventory: Inventory) -> (Option<bool>, Option<bool>, Option<String>) {
        derive(&mut inventory);
        let one = inventory.of(SUBSCRIPTION).first().unwrap();
        let flag = |field: &str| one.get(field).and_then(Value::as_bool);
        (flag("has_recorders"), flag("deletion_noticed"), one.text("deletion_unnoticed").map(str::to_owned))
    }

    fn with(field: &str, value: Value) -> Option<bool> {
        noticed(subscription(field, value)).1
    }

    #[test]
    fn every_deletion_has_to_be_noticed() {
        assert_eq!(noticed(subscription("", json!(null))), (Some(true), Some(true), Some("none".to_owned())));
        let unnoticed = Some("flow logs".to_owned());
        assert_eq!(noticed(subscription("enabled", json!(false))), (Some(true), Some(false), unnoticed));
        let mut off = subscription("enabled", json!(false));
        off.resources.get_mut(FLOW_LOG).unwrap()[0].set("enabled", json!(false), []);
        assert_eq!(noticed(off).1, Some(true), "a flow log that is off records nothing");
    }

    #[test]
    fn an_alert_must_reach_go_off_and_tell() {
        for scopes in [json!([]), json!([format!("{S}/resourcegroups/n")]), json!(["/subscriptions/other"])] {
            assert_eq!(with("scopes", scopes.clone()), Some(false), "{scopes}");
        }
        for scopes in [json!([format!("{S}/resourcegroups/nw")]), json!(["/subscriptions/other", S])] {
            assert_eq!(with("scopes", scopes.clone()), Some(true), "{scopes}");
        }
        assert_eq!(with("action_groups", json!([])), Some(false));
        assert_eq!(with("action_groups", json!([{ "id": "gone" }])), None, "a group of no subscription that was read");
        assert_eq!(with("action_groups", json!([{ "id": format!("{S}/gone") }])), Some(false));
    }

    #[test]
    fn conditions() {
        let deletion = ("operationName", "microsoft.network/networkWatchers/FLOWLOGS/delete");
        for (conditions, expected) in [
            (when(&[("category", "administrative")]), Some(true)),
            (when(&[deletion, ("status", "Succeeded"), ("level", "Informational")]), Some(true)),
            (when(&[deletion, ("category", "Security")]), Some(false)),
            (when(&[("operationName", "Microsoft.Network/networkWatchers/flowLogs/write")]), Some(false)),
            (when(&[deletion, ("status", "Failed")]), None),
            (when(&[deletion, ("caller", "ann@example.com")]), None),
            (when(&[("caller", "ann@example.com"), ("category", "Policy")]), Some(false)),
            (json!([]), None),
            (
                json!([{ "field": "operationName", "equals": "none", "contains": ["x", deletion.1], "any_of": [] }]),
                Some(true),
            ),
            (json!([{ "field": "operationName", "equals": "none", "contains": ["x"], "any_of": [] }]), Some(false)),
            (
                json!([{ "field": "none", "equals": "none", "contains": [], "any_of": [
                    { "field": "operationName", "equals": "x", "contains": [] },
                    { "field": deletion.0, "equals": deletion.1, "contains": [] }] }]),
                Some(true),
            ),
            (
                json!([{ "field": "none", "equals": "none", "contains": [], "any_of": [
                    { "field": "operationName", "equals": "x", "contains": [] }] }]),
                Some(false),
            ),
        ] {
            assert_eq!(with("conditions", conditions.clone()), expected, "{conditions}");
        }
    }

    #[test]
    fn what_was_not_read_is_not_known_and_nothing_is_not_a_pass() {
        for kind in [FLOW_LOG, ACTIVITY, SOURCE] {
            let mut inventory = subscription("", json!(null));
            inventory.listings.remove(kind);
            inventory.resources.remove(kind);
            assert_eq!(noticed(inventory).1, if kind == FLOW_LOG { Some(true) } else { None }, "{kind}");
        }
        let mut inventory = subscription("", json!(null));
        inventory.listings.remove(ALERT);
        assert_eq!(noticed(inventory).1, Some(true), "those that were seen are enough");
        let mut inventory = subscription("enabled", json!(false));
        inventory.listings.remove(ALERT);
        assert_eq!(noticed(inventory).1, None, "another may be there");
        let mut inventory = subscription("", json!(null));
        inventory.resources.retain(|kind, _| kind == SUBSCRIPTION);
        assert_eq!(noticed(inventory), (Some(false), Some(true), Some("none".to_owned())));
    }
}
