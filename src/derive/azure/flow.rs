//! Derivation: whose traffic the flow logs of Azure record.
//!
//! A flow log records what its target carries: a virtual network, one of its subnets, one network interface, or (the
//! older kind, which Azure ends on 2027-09-30) what passes a network security group. A virtual network is recorded
//! where a log on it is, or where everything that uses it is covered by narrower ones. Interfaces are known one by one;
//! what else uses a subnet (gateways, firewalls, scale sets, services) is covered by a log on the subnet or on the
//! subnet's group alone.
//!
//! | field | |
//! | --- | --- |
//! | `in_use` | something uses a subnet of the network |
//! | `recorded` | everything that uses it is covered by logs that are on and leave nothing out |
//! | `legacy` | it is, and logs on security groups are needed for that |
//! | `recorded_by`, `unrecorded` | in words: by which kind of log, and which subnets are not |
//!
//! Flow logs get `unfiltered` (neither a filter nor record types leave anything out), `records_all` (that, and it is on,
//! was set up, and its storage account is there: nothing else tells whether Azure could write), `flaw` (what is wrong
//! with that), `level` (the kind of its target), and whether `storage_exists` and `workspace_exists`.

use crate::derive::known::{Known, listed};
use crate::model::inventory::Inventory;
use crate::model::read::FieldKind;
use crate::model::resource::Resource;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The types that get the fields.
const NETWORK: &str = "azure.network.virtual_network";
pub(super) const FLOW_LOG: &str = "azure.network.flow_log";
const INTERFACE: &str = "azure.network.network_interface";
const STORAGE: &str = "azure.storage.account";
pub(super) const WORKSPACE: &str = "azure.operational_insights.workspace";

/// All kinds of record: flows that begin, continue, end, and are denied (Microsoft.Network specification,
/// `FlowLogPropertiesFormat`, `recordTypes`).
const RECORD_TYPES: [&str; 4] = ["B", "C", "E", "D"];

/// What is in a subnet besides the interfaces that are listed one by one.
const USERS: [&str; 4] = ["ip_configurations", "ip_profiles", "application_gateways", "services"];

/// The derived fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([
        (
            NETWORK,
            BTreeMap::from([
                ("in_use", FieldKind::Boolean),
                ("recorded", FieldKind::Boolean),
                ("legacy", FieldKind::Boolean),
                ("recorded_by", FieldKind::Text),
                ("unrecorded", FieldKind::Text),
            ]),
        ),
        (
            FLOW_LOG,
            BTreeMap::from([
                ("records_all", FieldKind::Boolean),
                ("unfiltered", FieldKind::Boolean),
                ("flaw", FieldKind::Text),
                ("level", FieldKind::Text),
                ("storage_exists", FieldKind::Boolean),
                ("workspace_exists", FieldKind::Boolean),
            ]),
        ),
    ])
}

/// Adds them.
pub(super) fn derive(inventory: &mut Inventory) {
    let logs: Vec<Facts> = inventory.of(FLOW_LOG).iter().map(|log| of_log(inventory, log)).collect();
    write(inventory, FLOW_LOG, logs);
    let networks: Vec<Facts> = inventory.of(NETWORK).iter().map(|network| of_network(inventory, network)).collect();
    write(inventory, NETWORK, networks);
}

/// What becomes fields of one resource.
#[derive(Default)]
struct Facts {
    known: Vec<(&'static str, Known)>,
    texts: Vec<(&'static str, String, BTreeSet<String>)>,
}

fn write(inventory: &mut Inventory, kind: &str, all: Vec<Facts>) {
    for (resource, facts) in inventory.resources.get_mut(kind).into_iter().flatten().zip(all) {
        for (field, text, evidence) in facts.texts {
            resource.set(field, text.into(), evidence);
        }
        for (field, known) in facts.known {
            known.put(resource, field);
        }
    }
}

/// Is there a resource of this id? It is missing only where the list of its own subscription was read to its end.
pub(super) fn exists(inventory: &Inventory, kind: &str, id: &str) -> Known {
    let found = inventory.of(kind).iter().find(|one| one.key.id == id);
    match (found, subscription(id)) {
        (Some(one), _) => Known::of(true, one.evidence([])),
        (None, Some(account)) => listed(inventory, kind, account, "*").exists(|_| Known::of(false, BTreeSet::new())),
        (None, None) => Known::untold(format!("{id:?} is not the id of a resource in a subscription")),
    }
}

/// Does what a field names exist? `none` where it names nothing.
pub(super) fn destination(inventory: &Inventory, of: &Resource, field: &str, kind: &str) -> Known {
    match of.text(field) {
        Some("none") => Known::of(false, of.evidence([field])),
        Some(id) => Known::of(true, of.evidence([field])).and(exists(inventory, kind, id)),
        None => Known::missing(of, field),
    }
}

/// The subscription that an id lies in.
pub(super) fn subscription(id: &str) -> Option<&str> {
    id.strip_prefix("/subscriptions/")?.split('/').next().filter(|id| !id.is_empty())
}

// ---- flow logs ----

fn of_log(inventory: &Inventory, log: &Resource) -> Facts {
    let mut facts = Facts::default();
    let enabled = Known::field(log, "enabled", Value::as_bool);
    let set_up = Known::field(log, "state", |state| Some(state.as_str()? == "Succeeded"));
    let unfiltered = Known::field(log, "filter", |filter| Some(["", "none"].contains(&filter.as_str()?.trim())));
    let types = Known::field(log, "record_types", |types| Some(every_type(types.as_str()?)));
    let storage = destination(inventory, log, "storage", STORAGE);
    let flaw = [
        (&enabled, "it is switched off".to_owned()),
        (&set_up, format!("its state is {}", log.text("state").unwrap_or_default())),
        (&unfiltered, format!("its filter leaves traffic out: {}", log.text("filter").unwrap_or_default())),
        (&types, format!("it records flows of the types {} alone", log.text("record_types").unwrap_or_default())),
        (&storage, format!("its storage account {} is not there", log.text("storage").unwrap_or_default())),
    ]
    .into_iter()
    .filter(|(known, _)| known.truth == Some(false))
    .map(|(known, text)| (text, known.evidence.clone()))
    .next();
    let unfiltered = unfiltered.and(types);
    let all = enabled.and(set_up).and(unfiltered.clone()).and(storage.clone());
    facts.known.push(("unfiltered", unfiltered));
    let (flaw, evidence) = flaw.unwrap_or_else(|| ("none".to_owned(), all.evidence.clone()));
    if all.truth.is_some() {
        facts.texts.push(("flaw", flaw, evidence));
    }
    facts.known.push(("records_all", all));
    if let Some(target) = log.text("target") {
        facts.texts.push(("level", level(target).to_owned(), log.evidence(["target"])));
    }
    facts.known.push(("storage_exists", storage));
    facts.known.push(("workspace_exists", destination(inventory, log, "workspace", WORKSPACE)));
    facts
}

fn every_type(types: &str) -> bool {
    let named: BTreeSet<&str> = types.split(',').map(str::trim).collect();
    ["", "none"].contains(&types.trim()) || RECORD_TYPES.iter().all(|one| named.contains(one))
}

/// What kind of thing a flow log watches.
fn level(target: &str) -> &'static str {
    let has = |part: &str| target.contains(part);
    if has("/networksecuritygroups/") {
        "security group"
    } else if has("/networkinterfaces/") {
        "network interface"
    } else if has("/subnets/") {
        "subnet"
    } else if has("/virtualnetworks/") {
        "virtual network"
    } else {
        "something else"
    }
}

// ---- virtual networks ----

/// The text in a member of a record.
pub(super) fn text<'a>(record: &'a Value, field: &str) -> Option<&'a str> {
    record.get(field).and_then(Value::as_str)
}

/// The list in a member of a record; nothing where there is none.
pub(super) fn list<'a>(record: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    record.get(field).and_then(Value::as_array).into_iter().flatten()
}

/// What is known of the logs and interfaces of a network's subscription.
struct Around<'a> {
    inventory: &'a Inventory,
    network: &'a Resource,
}

impl Around<'_> {
    /// Is there a log on this target that records everything? A log on `none` is none.
    fn log_on(&self, target: Option<&str>) -> Known {
        let Some(target) = target.filter(|target| *target != "none") else {
            return Known::of(false, self.network.evidence(["subnets"]));
        };
        listed(self.inventory, FLOW_LOG, &self.network.key.account, "*").exists(|log| match log.text("target") {
            Some(of) if of != target => Known::of(false, log.evidence(["target"])),
            Some(_) => Known::field(log, "records_all", Value::as_bool).and(Known::of(true, log.evidence(["target"]))),
            None => Known::missing(log, "target"),
        })
    }

    /// Is there an interface in this subnet? And those that were seen.
    fn interfaces(&self, subnet: &str) -> (Known, Vec<&Resource>) {
        let all = listed(self.inventory, INTERFACE, &self.network.key.account, "*");
        let inside = |one: &Resource| {
            let configurations = one.get("ip_configurations").and_then(Value::as_array);
            configurations.map(|all| all.iter().any(|of| text(of, "subnet") == Some(subnet)))
        };
        let any = all.exists(|one| match inside(one) {
            Some(truth) => Known::of(truth, one.evidence(["ip_configurations"])),
            None => Known::missing(one, "ip_configurations"),
        });
        let seen = all.items.iter().copied().filter(|one| inside(one) == Some(true)).collect();
        (any, seen)
    }

    /// Does anything use the subnet?
    fn used(&self, subnet: &Value) -> Known {
        let Some(id) = text(subnet, "id") else {
            return Known::untold(format!("a subnet of {} has no id", self.network.key.id));
        };
        let evidence = self.network.evidence(["subnets"]);
        let mut named = Known::of(false, evidence.clone());
        for users in USERS.into_iter().chain(["private_endpoints"]) {
            named = named.or(match subnet.get(users).and_then(Value::as_array) {
                Some(list) => Known::of(!list.is_empty(), evidence.clone()),
                None => Known::untold(format!("it is not told what uses the subnet {id}")),
            });
        }
        named.or(self.interfaces(id).0)
    }

    /// Is everything in the subnet covered by narrower logs than one on the network?
    fn covered(&self, subnet: &Value, groups_too: bool) -> Known {
        let group = |of: Option<&str>| {
            if groups_too { self.log_on(of) } else { Known::of(false, BTreeSet::new()) }
        };
        let id = text(subnet, "id");
        let whole = self.log_on(id).or(group(text(subnet, "security_group")));
        if whole.truth == Some(true) {
            return whole;
        }
        let Some(id) = id else { return whole };
        // One interface after the other. Of what else is there, nothing narrower is known.
        let (any, seen) = self.interfaces(id);
        let end = listed(self.inventory, INTERFACE, &self.network.key.account, "*")
            .exists(|_| Known::of(false, BTreeSet::new()));
        let whole_list = match end {
            Known { truth: Some(_), ref evidence, .. } => Known::of(true, evidence.clone()),
            ref cut => cut.clone(),
        };
        let mut each = any.and(whole_list);
        for one in &seen {
            each = each.and(self.log_on(Some(&one.key.id)).or(group(one.text("security_group"))));
        }
        for users in USERS {
            for of in list(subnet, users) {
                let Some(user) = text(of, "id") else {
                    each = each.and(Known::untold(format!("something without an id uses the subnet {id}")));
                    continue;
                };
                if seen.iter().any(|one| user.starts_with(&format!("{}/", one.key.id))) {
                    continue;
                }
                // An interface that the list does not have may be covered where the list was cut.
                let interface = user.contains("/microsoft.network/networkinterfaces/");
                each = each.and(if interface && end.truth.is_none() {
                    end.clone()
                } else {
                    Known::of(false, self.network.evidence(["subnets"]))
                });
            }
        }
        whole.or(each)
    }

    /// Everything that uses the network is covered by narrower logs; and the names of the subnets of which it is not.
    fn narrower(&self, groups_too: bool) -> (Known, Vec<String>) {
        let mut all = Known::of(true, self.network.evidence(["subnets"]));
        let mut open = Vec::new();
        for subnet in self.network.get("subnets").and_then(Value::as_array).into_iter().flatten() {
            let used = self.used(subnet);
            if used.truth == Some(false) {
                all.evidence.extend(used.evidence);
                continue;
            }
            let covered = self.covered(subnet, groups_too);
            if covered.truth == Some(false) && used.truth == Some(true) {
                open.push(text(subnet, "name").or(text(subnet, "id")).unwrap_or_default().to_owned());
            }
            // Of a subnet that may be unused, a hole may be none.
            all = all.and(if covered.truth == Some(false) && used.truth.is_none() { used } else { covered });
        }
        (all, open)
    }
}

fn of_network(inventory: &Inventory, network: &Resource) -> Facts {
    let mut facts = Facts::default();
    let Some(subnets) = network.get("subnets").and_then(Value::as_array) else {
        for field in ["in_use", "recorded", "legacy"] {
            facts.known.push((field, Known::missing(network, "subnets")));
        }
        return facts;
    };
    let around = Around { inventory, network };
    let none = Known::of(false, network.evidence(["subnets"]));
    let in_use = subnets.iter().fold(none, |so_far, subnet| so_far.or(around.used(subnet)));
    facts.known.push(("in_use", in_use.clone()));
    let whole = around.log_on(Some(&network.key.id));
    let (parts, _) = around.narrower(false);
    let (with_groups, open) = around.narrower(true);
    // Where nothing is used, nothing is recorded by narrower logs either.
    let parts = in_use.clone().and(parts);
    let with_groups = in_use.and(with_groups);
    let modern = whole.clone().or(parts.clone());
    let recorded = modern.clone().or(with_groups);
    if let Some(truth) = recorded.truth {
        let (by, missing) = match (truth, whole.truth, modern.truth) {
            (true, Some(true), _) => ("a flow log on the virtual network", "none".to_owned()),
            (true, _, Some(true)) => ("flow logs on its subnets and network interfaces", "none".to_owned()),
            (true, ..) => ("flow logs on network security groups, which Azure ends on 2027-09-30", "none".to_owned()),
            (false, ..) if open.is_empty() => ("nothing", "all".to_owned()),
            (false, ..) => ("nothing", open.join(", ")),
        };
        facts.texts.push(("recorded_by", by.to_owned(), recorded.evidence.clone()));
        facts.texts.push(("unrecorded", missing, recorded.evidence.clone()));
    }
    let only_groups = match modern {
        Known { truth: Some(truth), evidence, .. } => Known::of(!truth, evidence),
        unknown => unknown,
    };
    facts.known.push(("legacy", recorded.clone().and(only_groups)));
    facts.known.push(("recorded", recorded));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gap::Gap;
    use crate::model::inventory::{ListState, Listing};
    use crate::model::plan::Outcome;
    use crate::model::resource::ResourceKey;
    use serde_json::json;

    const ACCOUNT: &str = "0b1f6471-1bf0-4dda-aec3-111122223333";

    fn id(rest: &str) -> String {
        format!("/subscriptions/{ACCOUNT}/resourcegroups/rg/providers/{rest}")
    }

    fn vnet() -> String {
        id("microsoft.network/virtualnetworks/hub")
    }

    fn subnet(name: &str) -> String {
        format!("{}/subnets/{name}", vnet())
    }

    fn nic(name: &str) -> String {
        id(&format!("microsoft.network/networkinterfaces/{name}"))
    }

    fn nsg(name: &str) -> String {
        id(&format!("microsoft.network/networksecuritygroups/{name}"))
    }

    fn storage() -> String {
        id("microsoft.storage/storageaccounts/logs")
    }

    fn add(inventory: &mut Inventory, kind: &str, id: &str, fields: Value) {
        let key = ResourceKey {
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
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

    fn gap() -> Gap {
        Gap {
            read: "Microsoft.Network:FlowLogs_List".to_owned(),
            action: "Microsoft.Network/networkWatchers/flowLogs/read".to_owned(),
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
            parent: None,
            outcome: Outcome::Denied,
            code: None,
            detail: None,
            evidence: None,
        }
    }

    fn state(inventory: &mut Inventory, kind: &str, state: ListState) {
        let listing = Listing {
            kind: kind.to_owned(),
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
            parent: None,
            state,
        };
        inventory.listings.insert(kind.to_owned(), vec![listing]);
    }

    /// A network with the subnets `web` (one interface) and `spare` (nothing), and a storage account.
    fn base() -> Inventory {
        let mut inventory = Inventory::default();
        for kind in [NETWORK, FLOW_LOG, INTERFACE, STORAGE, WORKSPACE] {
            state(&mut inventory, kind, ListState::Complete(BTreeSet::from([kind.to_owned()])));
        }
        let empty = |name: &str, users: Value, group: &str| {
            json!({ "id": subnet(name), "name": name, "security_group": group, "ip_configurations": users,
                    "ip_profiles": [], "application_gateways": [], "private_endpoints": [], "services": [] })
        };
        let users = json!([{ "id": format!("{}/ipconfigurations/one", nic("web")) }]);
        let subnets = json!([empty("web", users, &nsg("web")), empty("spare", json!([]), "none")]);
        add(&mut inventory, NETWORK, &vnet(), json!({ "subnets": subnets }));
        let interface = json!({ "ip_configurations": [{ "subnet": subnet("web") }], "security_group": nsg("machine") });
        add(&mut inventory, INTERFACE, &nic("web"), interface);
        add(&mut inventory, STORAGE, &storage(), json!({}));
        inventory
    }

    fn log(inventory: &mut Inventory, target: &str, changes: &Value) {
        let mut fields = json!({ "target": target, "enabled": true, "state": "Succeeded", "filter": "none",
                                 "record_types": "none", "storage": storage(), "workspace": "none" });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        add(inventory, FLOW_LOG, &format!("{target}/log"), fields);
    }

    /// `in_use`, `recorded`, `legacy`.
    fn judged(mut inventory: Inventory) -> [Option<bool>; 3] {
        derive(&mut inventory);
        let network = inventory.of(NETWORK).first().unwrap();
        ["in_use", "recorded", "legacy"].map(|field| network.get(field).and_then(Value::as_bool))
    }

    fn with(target: &str, changes: &Value) -> [Option<bool>; 3] {
        let mut inventory = base();
        log(&mut inventory, target, changes);
        judged(inventory)
    }

    const RECORDED: [Option<bool>; 3] = [Some(true), Some(true), Some(false)];
    const LEGACY: [Option<bool>; 3] = [Some(true), Some(true), Some(true)];
    const NOT: [Option<bool>; 3] = [Some(true), Some(false), Some(false)];

    #[test]
    fn each_kind_of_target_covers_what_it_carries() {
        let none = json!({});
        assert_eq!(judged(base()), NOT);
        for target in [vnet(), subnet("web"), nic("web")] {
            assert_eq!(with(&target, &none), RECORDED, "{target}");
        }
        assert_eq!(with(&nsg("web"), &none), LEGACY);
        assert_eq!(with(&nsg("machine"), &none), LEGACY);
        for target in [subnet("spare"), nic("other"), nsg("other"), format!("{}2", vnet())] {
            assert_eq!(with(&target, &none), NOT, "{target}");
        }
    }

    #[test]
    fn a_log_that_leaves_something_out_does_not_count() {
        for flaw in [
            json!({ "enabled": false }),
            json!({ "state": "Failed" }),
            json!({ "filter": "DstPort=443" }),
            json!({ "record_types": "D" }),
            json!({ "storage": "none" }),
            json!({ "storage": id("microsoft.storage/storageaccounts/gone") }),
        ] {
            assert_eq!(with(&vnet(), &flaw), NOT, "{flaw}");
        }
        assert_eq!(with(&vnet(), &json!({ "record_types": "B, C, E, D" })), RECORDED);
        assert_eq!(with(&vnet(), &json!({ "filter": "" })), RECORDED);
        let elsewhere = storage().replace(ACCOUNT, "another");
        assert_eq!(with(&vnet(), &json!({ "storage": elsewhere })), [Some(true), None, None]);
        assert_eq!(with(&vnet(), &json!({ "enabled": null })), [Some(true), None, None]);
    }

    #[test]
    fn a_gateway_needs_a_log_on_its_subnet_or_network() {
        let gateway = |target: &str| {
            let mut inventory = base();
            let user = json!([{ "id": id("microsoft.network/virtualnetworkgateways/vpn/ipconfigurations/default") }]);
            let network = inventory.resources.get_mut(NETWORK).unwrap().first_mut().unwrap();
            network.data["subnets"][1]["ip_configurations"] = user;
            log(&mut inventory, &nic("web"), &json!({}));
            log(&mut inventory, target, &json!({}));
            judged(inventory)
        };
        assert_eq!(gateway(&nic("other")), NOT);
        assert_eq!(gateway(&subnet("spare")), RECORDED);
    }

    #[test]
    fn cut_lists_disprove_nothing() {
        let cut = ListState::Cut(BTreeSet::from([gap()]));
        let mut inventory = base();
        state(&mut inventory, FLOW_LOG, cut.clone());
        assert_eq!(judged(inventory.clone()), [Some(true), None, None]);
        log(&mut inventory, &vnet(), &json!({}));
        assert_eq!(judged(inventory), RECORDED);
        // The interface was not seen: a log on it is not tied to the subnet, and the unused subnet may be used.
        let mut inventory = base();
        state(&mut inventory, INTERFACE, cut);
        inventory.resources.remove(INTERFACE);
        log(&mut inventory, &nic("web"), &json!({}));
        assert_eq!(judged(inventory.clone()), [Some(true), None, None]);
        log(&mut inventory, &vnet(), &json!({}));
        assert_eq!(judged(inventory), RECORDED);
        // One interface was seen and is covered; there may be others.
        let mut inventory = base();
        state(&mut inventory, INTERFACE, ListState::Cut(BTreeSet::from([gap()])));
        log(&mut inventory, &nic("web"), &json!({}));
        assert_eq!(judged(inventory), [Some(true), None, None]);
    }

    #[test]
    fn a_network_that_nothing_uses() {
        let mut inventory = base();
        inventory.resources.remove(INTERFACE);
        inventory.resources.get_mut(NETWORK).unwrap().first_mut().unwrap().data["subnets"][0]["ip_configurations"] =
            json!([]);
        assert_eq!(judged(inventory), [Some(false), Some(false), Some(false)]);
    }

    #[test]
    fn destinations() {
        let of = |changes: &Value| {
            let mut inventory = base();
            log(&mut inventory, &vnet(), changes);
            derive(&mut inventory);
            let log = inventory.of(FLOW_LOG).first().unwrap();
            ["storage_exists", "workspace_exists"].map(|field| log.get(field).and_then(Value::as_bool))
        };
        assert_eq!(of(&json!({})), [Some(true), Some(false)]);
        let gone = id("microsoft.storage/storageaccounts/gone");
        let elsewhere = gone.replace(ACCOUNT, "another");
        assert_eq!(of(&json!({ "storage": gone, "workspace": elsewhere })), [Some(false), None]);
    }
}
