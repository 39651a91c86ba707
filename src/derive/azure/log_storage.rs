//! Derivation: the storage accounts that monitoring records are sent to.
//!
//! One `azure.monitor.log_storage` for every storage account that a flow log, a diagnostic setting or a setting of the
//! activity log in a subscription names, so that checks about records judge the accounts in use, not every account. It
//! belongs to the subscription whose records it holds; the account may lie in another one. What is said to be off sends
//! nothing.

use super::source::ACTIVITY;
use crate::derive::known::all_of;
use crate::model::inventory::Inventory;
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The derived type.
const KIND: &str = "azure.monitor.log_storage";
const FLOW_LOG: &str = "azure.network.flow_log";
const SETTING: &str = "azure.monitor.diagnostic_setting";
/// The types that name accounts.
const SOURCES: [&str; 3] = [FLOW_LOG, SETTING, ACTIVITY];

/// Its fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([(KIND, BTreeMap::from([("name", FieldKind::Text), ("receives", FieldKind::TextList)]))])
}

/// Adds them, and for each subscription whether they are all.
pub(super) fn derive(inventory: &mut Inventory) {
    let mut found: BTreeMap<ResourceKey, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for source in SOURCES.iter().flat_map(|kind| inventory.of(kind)).filter(|source| !is_off(source)) {
        let Some(id) = source.text("storage").filter(|id| *id != "none") else { continue };
        let key = ResourceKey { kind: KIND.to_owned(), id: id.to_owned(), ..source.key.clone() };
        let (receives, evidence) = found.entry(key).or_default();
        receives.insert(source.key.id.clone());
        evidence.extend(source.evidence(["storage"]));
    }
    let storage = found.into_iter().map(|(key, (receives, evidence))| {
        let name = key.id.rsplit('/').next().unwrap_or_default().to_owned();
        let mut storage = Resource::new(key);
        storage.from.entry(String::new()).or_default().extend(evidence);
        storage.set("name", name.into(), []);
        storage.set("receives", receives.into_iter().map(Value::from).collect(), []);
        storage
    });
    inventory.resources.insert(KIND.to_owned(), storage.collect());
    let lists: Vec<_> = SOURCES.iter().flat_map(|kind| inventory.listings_of(kind)).cloned().collect();
    inventory.listings.insert(KIND.to_owned(), all_of(KIND, &lists, |_| true));
}

/// A flow log that is off, or a setting of which every log is off.
fn is_off(source: &Resource) -> bool {
    let off = |of: &Value| of.get("enabled").and_then(Value::as_bool) == Some(false);
    match source.get("logs").and_then(Value::as_array) {
        Some(logs) => logs.iter().all(off),
        None => off(&source.data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::{ListState, Listing};
    use serde_json::json;

    fn source(kind: &str, account: &str, id: &str, fields: Value) -> Resource {
        let key = ResourceKey {
            kind: kind.to_owned(),
            account: account.to_owned(),
            region: "global".to_owned(),
            id: id.to_owned(),
        };
        let mut source = Resource::new(key);
        let Value::Object(fields) = fields else { panic!("fields") };
        fields.into_iter().for_each(|(name, value)| source.set(&name, value, [format!("e:{id}")]));
        source
    }

    fn list(kind: &str, account: &str, state: ListState) -> (String, Vec<Listing>) {
        let listing = Listing {
            kind: kind.to_owned(),
            account: account.to_owned(),
            region: "global".to_owned(),
            parent: None,
            state,
        };
        (kind.to_owned(), vec![listing])
    }

    #[test]
    fn what_is_sent_and_where() {
        let on = json!([{ "enabled": false }, { "enabled": true }]);
        let logs = "/subscriptions/a/storageaccounts/logs";
        let mut inventory = Inventory::default();
        inventory.resources.insert(
            FLOW_LOG.to_owned(),
            vec![
                source(FLOW_LOG, "a", "/f1", json!({ "storage": logs, "enabled": true })),
                source(FLOW_LOG, "a", "/f2", json!({ "storage": "/off", "enabled": false })),
                source(FLOW_LOG, "a", "/f3", json!({ "storage": "/not-told" })),
                source(FLOW_LOG, "a", "/f4", json!({ "storage": "none", "enabled": true })),
            ],
        );
        inventory.resources.insert(
            SETTING.to_owned(),
            vec![
                source(SETTING, "a", "/s1", json!({ "storage": logs, "logs": on })),
                source(SETTING, "b", "/s2", json!({ "storage": logs, "logs": on })),
                source(SETTING, "b", "/s3", json!({ "storage": "/all-off", "logs": [{ "enabled": false }] })),
                source(SETTING, "b", "/s4", json!({ "storage": "/no-logs", "logs": [] })),
            ],
        );
        inventory.resources.insert(
            ACTIVITY.to_owned(),
            vec![source(ACTIVITY, "b", "/x", json!({ "storage": "/activity", "logs": [{}] }))],
        );
        inventory.listings.extend([
            list(FLOW_LOG, "a", ListState::Complete(BTreeSet::from(["l1".to_owned()]))),
            list(SETTING, "a", ListState::Complete(BTreeSet::from(["l2".to_owned()]))),
            list(ACTIVITY, "b", ListState::Cut(BTreeSet::new())),
        ]);
        derive(&mut inventory);
        let found: Vec<_> = inventory
            .of(KIND)
            .iter()
            .map(|one| (&*one.key.account, &*one.key.id, one.get("receives").unwrap().to_string()))
            .collect();
        assert_eq!(
            found,
            [
                ("a", "/not-told", r#"["/f3"]"#.to_owned()),
                ("a", logs, r#"["/f1","/s1"]"#.to_owned()),
                ("b", "/activity", r#"["/x"]"#.to_owned()),
                ("b", logs, r#"["/s2"]"#.to_owned()),
            ]
        );
        let both = inventory.of(KIND).iter().find(|one| one.key.id == logs).unwrap();
        assert_eq!(both.text("name"), Some("logs"));
        assert_eq!(both.evidence([]), BTreeSet::from(["e:/f1".to_owned(), "e:/s1".to_owned()]));
        let lists = inventory.listings_of(KIND);
        assert_eq!(lists.len(), 2);
        assert_eq!(lists[0].state, ListState::Complete(BTreeSet::from(["l1".to_owned(), "l2".to_owned()])));
    }
}
