//! Derivation: what writes resource logs in Azure, and whether they are sent anywhere.
//!
//! One `azure.monitor.source` for every firewall, application gateway, key vault and network security group, and for the
//! blob service of every storage account (the account itself has no logs of its own). Reads fan out from them. Sources
//! get, from their diagnostic settings:
//!
//! | field | |
//! | --- | --- |
//! | `sends` | every category that matters is on in a setting whose destination exists |
//! | `missing` | in words: which are not |
//!
//! A setting names a category, or a group of them: `allLogs` is every category there is; what other groups hold, the
//! source itself tells. Several settings add up.
//!
//! The settings of a subscription's activity log (`azure.monitor.activity_log_setting`) get `sends`, whether a
//! destination exists, and `categories`, those that are on, with `allLogs` written out. Subscriptions get
//! `workspace_ready`: a workspace is ready, in this subscription or in another of the run.

use super::flow::{WORKSPACE, destination, text};
use crate::derive::known::{Known, all_of};
use crate::model::inventory::{Inventory, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The derived type.
pub(super) const KIND: &str = "azure.monitor.source";
pub(super) const SETTING: &str = "azure.monitor.diagnostic_setting";
const CATEGORY: &str = "azure.monitor.diagnostic_category";
/// The group whose categories are asked for, where a setting names it (`when` of the read).
const ASKED: &str = "audit";
pub(super) const ACTIVITY: &str = "azure.monitor.activity_log_setting";
const STORAGE: &str = "azure.storage.account";
const SUBSCRIPTION: &str = "azure.subscription";

/// What one sort of source is called, and the categories that matter: any one of the lists will do (Azure Monitor,
/// "Supported resource logs", by type).
struct Sort {
    of: &'static str,
    name: &'static str,
    below: &'static str,
    wanted: &'static [&'static [&'static str]],
}

const SORTS: [Sort; 5] = [
    Sort {
        of: "azure.network.firewall",
        name: "firewall",
        below: "",
        wanted: &[
            &["AZFWNetworkRule", "AZFWApplicationRule", "AZFWNatRule"],
            &["AzureFirewallNetworkRule", "AzureFirewallApplicationRule"],
        ],
    },
    Sort {
        of: "azure.network.application_gateway",
        name: "application gateway",
        below: "",
        wanted: &[&["ApplicationGatewayAccessLog"]],
    },
    Sort { of: "azure.key_vault.vault", name: "key vault", below: "", wanted: &[&["AuditEvent"]] },
    Sort {
        of: "azure.network.network_security_group",
        name: "network security group",
        below: "",
        wanted: &[&["NetworkSecurityGroupEvent"]],
    },
    Sort {
        of: STORAGE,
        name: "blob service",
        below: "/blobservices/default",
        wanted: &[&["StorageRead", "StorageWrite", "StorageDelete"]],
    },
];

/// The categories of an activity log (Azure Monitor, "Azure activity log event schema").
const ACTIVITY_CATEGORIES: [&str; 8] =
    ["Administrative", "Alert", "Autoscale", "Policy", "Recommendation", "ResourceHealth", "Security", "ServiceHealth"];

/// The types and fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([
        (
            KIND,
            BTreeMap::from([
                ("kind", FieldKind::Text),
                ("name", FieldKind::Text),
                ("sends", FieldKind::Boolean),
                ("missing", FieldKind::Text),
            ]),
        ),
        (SUBSCRIPTION, BTreeMap::from([("workspace_ready", FieldKind::Boolean)])),
        (ACTIVITY, BTreeMap::from([("sends", FieldKind::Boolean), ("categories", FieldKind::TextList)])),
    ])
}

fn sort(of: &str) -> Option<&'static Sort> {
    SORTS.iter().find(|sort| sort.of == of)
}

/// The sources among these resources.
pub(super) fn sources<'a>(resources: impl Iterator<Item = &'a Resource>) -> Vec<Resource> {
    resources
        .filter_map(|one| {
            let sort = sort(&one.key.kind)?;
            let id = format!("{}{}", one.key.id, sort.below);
            let mut source = Resource::new(ResourceKey { kind: KIND.to_owned(), id, ..one.key.clone() });
            source.from.entry(String::new()).or_default().extend(one.evidence(["name"]));
            source.set("kind", sort.name.into(), []);
            let name = one.text("name").or_else(|| one.key.id.rsplit('/').next()).unwrap_or_default();
            source.set("name", name.into(), []);
            Some(source)
        })
        .collect()
}

/// The sources of a subscription are known when what they are is.
pub(super) fn listings(all: &[Listing]) -> Vec<Listing> {
    all_of(KIND, all, |kind| sort(kind).is_some())
}

/// Adds the derived fields.
pub(super) fn derive(inventory: &mut Inventory) {
    let found: Vec<(Known, Option<String>)> = inventory.of(KIND).iter().map(|one| of_source(inventory, one)).collect();
    for (source, (sends, missing)) in inventory.resources.get_mut(KIND).into_iter().flatten().zip(found) {
        if let (Some(missing), Some(_)) = (missing, sends.truth) {
            source.set("missing", missing.into(), sends.evidence.clone());
        }
        sends.put(source, "sends");
    }
    let ready = workspace_ready(inventory);
    for subscription in inventory.resources.get_mut(SUBSCRIPTION).into_iter().flatten() {
        ready.clone().put(subscription, "workspace_ready");
    }
    let activity: Vec<(Known, Option<Vec<String>>)> =
        inventory.of(ACTIVITY).iter().map(|one| (delivered(inventory, one), categories(one))).collect();
    for (setting, (sends, categories)) in inventory.resources.get_mut(ACTIVITY).into_iter().flatten().zip(activity) {
        sends.put(setting, "sends");
        if let Some(categories) = categories {
            let evidence = setting.evidence(["logs"]);
            setting.set("categories", categories.into(), evidence);
        }
    }
}

/// Is a workspace ready, in whichever subscription of the run?
fn workspace_ready(inventory: &Inventory) -> Known {
    let lists = inventory.listings_of(WORKSPACE);
    let mut end = if lists.is_empty() {
        Known::untold("nothing was read that lists workspaces")
    } else {
        Known::of(false, BTreeSet::new())
    };
    for list in lists {
        end = end.or(Known::end_of(list));
    }
    let state = |one: &Resource| Known::field(one, "state", |state| Some(state.as_str()? == "Succeeded"));
    inventory.of(WORKSPACE).iter().map(state).fold(end, Known::or)
}

/// Does a destination of this setting exist? An event hub and a partner's service are not read, so of them it is not
/// known.
fn delivered(inventory: &Inventory, setting: &Resource) -> Known {
    let unread = |field: &'static str, what: &str| match setting.text(field) {
        Some("none") => Known::of(false, setting.evidence([field])),
        Some(id) => Known::untold(format!("it is not read whether {what} {id} is there")),
        None => Known::missing(setting, field),
    };
    destination(inventory, setting, "workspace", WORKSPACE)
        .or(destination(inventory, setting, "storage", STORAGE))
        .or(unread("event_hub_rule", "the event hub of"))
        .or(unread("partner", "the partner's service"))
}

fn logs(setting: &Resource) -> impl Iterator<Item = &Value> {
    setting.get("logs").and_then(Value::as_array).into_iter().flatten()
}

/// The categories of the activity log that are on; nothing where one is not told, or a group is not known.
fn categories(setting: &Resource) -> Option<Vec<String>> {
    setting.get("logs")?;
    let mut on = BTreeSet::new();
    for log in logs(setting) {
        if !log.get("enabled").and_then(Value::as_bool)? {
            continue;
        }
        match (text(log, "category")?, text(log, "group")?) {
            ("none", group) if group.eq_ignore_ascii_case("allLogs") => on.extend(ACTIVITY_CATEGORIES),
            ("none", _) => return None,
            (category, _) => {
                on.insert(
                    ACTIVITY_CATEGORIES.into_iter().find(|one| one.eq_ignore_ascii_case(category)).unwrap_or("other"),
                );
            }
        }
    }
    Some(on.into_iter().map(str::to_owned).collect())
}

// ---- resource logs ----

/// What was listed for one source or setting, which the items name in `field`.
fn of_parent<'a>(inventory: &'a Inventory, kind: &str, field: &str, parent: &Resource) -> (Vec<&'a Resource>, Known) {
    let items = inventory.of(kind).iter().filter(|one| one.text(field) == Some(&parent.key.id)).collect();
    let lists = inventory.listings_of(kind).iter().filter(|list| list.parent.as_ref() == Some(&parent.key.id));
    let end = lists.map(Known::end_of).reduce(Known::or);
    (items, end.unwrap_or_else(|| Known::untold(format!("it was not asked what belongs to {}", parent.key.id))))
}

fn of_source(inventory: &Inventory, source: &Resource) -> (Known, Option<String>) {
    let wanted = SORTS.iter().find(|sort| Some(sort.name) == source.text("kind")).map(|sort| sort.wanted);
    let (settings, end) = of_parent(inventory, SETTING, "target", source);
    let one = |category: &&str| {
        settings.iter().fold(end.clone(), |so_far, setting| {
            so_far.or(on(inventory, setting, category).and(delivered(inventory, setting)))
        })
    };
    let mut sends = Known::of(false, BTreeSet::new());
    let mut missing = None;
    for list in wanted.unwrap_or_default() {
        let each: Vec<(&str, Known)> = list.iter().map(|category| (*category, one(category))).collect();
        let off: Vec<&str> =
            each.iter().filter(|(_, known)| known.truth == Some(false)).map(|(category, _)| *category).collect();
        missing = missing.or(Some(off.join(", ")));
        sends = sends.or(each.into_iter().map(|(_, known)| known).reduce(Known::and).unwrap_or_default());
    }
    let missing = if sends.truth == Some(true) { Some("none".to_owned()) } else { missing };
    (sends, missing)
}

/// Is the category on in this setting?
fn on(inventory: &Inventory, setting: &Resource, category: &str) -> Known {
    if setting.get("logs").is_none() {
        return Known::missing(setting, "logs");
    }
    let evidence = setting.evidence(["logs"]);
    let mut found = Known::of(false, evidence.clone());
    for log in logs(setting) {
        let named = match (text(log, "category"), text(log, "group")) {
            (Some(name), _) if name.eq_ignore_ascii_case(category) => Known::of(true, evidence.clone()),
            (Some("none"), Some(group)) if group.eq_ignore_ascii_case("allLogs") => Known::of(true, evidence.clone()),
            (Some("none"), Some(group)) if group.eq_ignore_ascii_case(ASKED) => in_group(inventory, setting, category),
            (Some("none"), Some(group)) if group != "none" => {
                Known::untold(format!("it is not read which categories the group {group} holds"))
            }
            (Some(_), _) => Known::of(false, evidence.clone()),
            (None, _) => Known::untold(format!("{} has a log setting that names nothing", setting.key.id)),
        };
        let enabled = match log.get("enabled").and_then(Value::as_bool) {
            Some(enabled) => Known::of(enabled, evidence.clone()),
            None => Known::untold(format!("{} does not tell whether a log is on", setting.key.id)),
        };
        found = found.or(named.and(enabled));
    }
    found
}

/// Does the source of the setting count the category to the group that is asked about?
fn in_group(inventory: &Inventory, setting: &Resource, category: &str) -> Known {
    let (categories, end) = of_parent(inventory, CATEGORY, "setting", setting);
    categories.iter().filter(|one| one.text("name").is_some_and(|name| name.eq_ignore_ascii_case(category))).fold(
        end,
        |so_far, one| {
            so_far.or(Known::field(one, "groups", |groups| {
                let mut groups = groups.as_array()?.iter().filter_map(Value::as_str);
                Some(groups.any(|one| one.eq_ignore_ascii_case(ASKED)))
            }))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::ListState;
    use serde_json::json;

    const ACCOUNT: &str = "0b1f6471-1bf0-4dda-aec3-111122223333";

    fn resource(kind: &str, id: &str, fields: Value) -> Resource {
        let mut resource = Resource::new(ResourceKey {
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
            id: id.to_owned(),
        });
        resource.from.entry(String::new()).or_default().insert(format!("e:{id}"));
        if let Value::Object(fields) = fields {
            for (name, value) in fields {
                resource.set(&name, value, [format!("e:{id}")]);
            }
        }
        resource
    }

    fn workspace() -> String {
        format!("/subscriptions/{ACCOUNT}/resourcegroups/rg/providers/microsoft.operationalinsights/workspaces/soc")
    }

    fn list(inventory: &mut Inventory, kind: &str, parent: Option<&str>) {
        inventory.listings.entry(kind.to_owned()).or_default().push(Listing {
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
            parent: parent.map(str::to_owned),
            state: ListState::Complete(BTreeSet::from([format!("{kind} {}", parent.unwrap_or_default())])),
        });
    }

    fn setting(kind: &str, changes: &Value) -> Resource {
        let mut fields = json!({ "target": "vault", "workspace": workspace(), "storage": "none",
                                 "event_hub_rule": "none", "partner": "none", "logs": [] });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        resource(kind, "setting", fields)
    }

    /// A vault with this setting.
    fn vault(changes: &Value) -> Option<bool> {
        let mut inventory = Inventory::default();
        let vault = resource("azure.key_vault.vault", "vault", json!({ "name": "v" }));
        inventory.resources.insert(KIND.to_owned(), sources([&vault].into_iter()));
        inventory.resources.insert(WORKSPACE.to_owned(), vec![resource(WORKSPACE, &workspace(), json!({}))]);
        inventory.resources.insert(SETTING.to_owned(), vec![setting(SETTING, changes)]);
        let categories = [
            resource(
                CATEGORY,
                "vault/a",
                json!({ "setting": "setting", "name": "AuditEvent", "groups": ["audit", "allLogs"] }),
            ),
            resource(CATEGORY, "vault/b", json!({ "setting": "setting", "name": "Other", "groups": ["allLogs"] })),
        ];
        inventory.resources.insert(CATEGORY.to_owned(), categories.to_vec());
        for kind in [STORAGE, WORKSPACE] {
            list(&mut inventory, kind, None);
        }
        list(&mut inventory, SETTING, Some("vault"));
        list(&mut inventory, CATEGORY, Some("setting"));
        derive(&mut inventory);
        inventory.of(KIND).first().unwrap().get("sends").and_then(Value::as_bool)
    }

    fn log(category: &str, group: &str, enabled: bool) -> Value {
        json!([{ "category": category, "group": group, "enabled": enabled }])
    }

    #[test]
    fn categories_and_groups() {
        assert_eq!(vault(&json!({})), Some(false));
        for logs in [log("AuditEvent", "none", true), log("none", "allLogs", true), log("none", "audit", true)] {
            assert_eq!(vault(&json!({ "logs": logs })), Some(true), "{logs}");
        }
        for logs in [log("AuditEvent", "none", false), log("Other", "none", true)] {
            assert_eq!(vault(&json!({ "logs": logs })), Some(false), "{logs}");
        }
        assert_eq!(vault(&json!({ "logs": log("none", "rest", true) })), None);
    }

    #[test]
    fn a_setting_must_lead_somewhere() {
        let on = log("AuditEvent", "none", true);
        assert_eq!(vault(&json!({ "logs": on, "workspace": "none" })), Some(false));
        let gone = format!("{}2", workspace());
        assert_eq!(vault(&json!({ "logs": on, "workspace": gone })), Some(false));
        assert_eq!(vault(&json!({ "logs": on, "workspace": "none", "event_hub_rule": "/subscriptions/x/y" })), None);
        assert_eq!(vault(&json!({ "logs": on, "workspace": "/subscriptions/other/workspace" })), None);
    }

    #[test]
    fn nobody_asked() {
        let mut inventory = Inventory::default();
        let account = resource(STORAGE, "/subscriptions/s/logs", json!({ "name": "logs" }));
        inventory.resources.insert(KIND.to_owned(), sources([&account].into_iter()));
        derive(&mut inventory);
        let blobs = inventory.of(KIND).first().unwrap();
        assert_eq!((blobs.key.id.as_str(), blobs.get("sends")), ("/subscriptions/s/logs/blobservices/default", None));
    }

    #[test]
    fn an_activity_log() {
        let of = |logs: Value| categories(&setting(ACTIVITY, &json!({ "logs": logs })));
        assert_eq!(of(log("none", "allLogs", true)).map(|all| all.len()), Some(8));
        assert_eq!(of(log("Security", "none", true)), Some(vec!["Security".to_owned()]));
        assert_eq!(of(log("Security", "none", false)), Some(Vec::new()));
        assert_eq!(of(log("none", "audit", true)), None);
    }
}
