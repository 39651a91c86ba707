//! Derivation: what Logic Apps could do about an alert, and who could keep evidence of it.
//!
//! `azure.logic.workflow` gets
//!
//! | field | |
//! | --- | --- |
//! | `responds` | an alert starts it: an enabled automation of Defender for Cloud, an enabled rule of Sentinel that has not run out, or an enabled action group that an enabled alert of Azure Monitor names |
//! | `playbook` | a rule of Sentinel does |
//! | `starters` | those, by name |
//! | `isolates` | the subscriptions in which its identities may cut off every machine |
//! | `broken_connections` | its connections that are gone or not signed in, by name; `none` |
//!
//! and `azure.subscription` gets `forensics`: a role lets somebody take packets, or snapshots of disks.
//!
//! A workflow that something starts and that is not read (one of the plan Standard, or in a subscription that was not read)
//! is there as well, with a name and nothing else: what rests on it is not known.
//!
//! A machine is cut off where one may change its interface, or the rules of a security group that guards it: the group
//! of the interface or of its subnet. Of a workflow's identities, its own and those given to it count, with the roles
//! that they hold and those of the groups that they are in. A connection that is signed in as a person acts by that
//! person's rights, which nobody can see here. A role is no proof that the workflow does it: what it does is not read.
//!
//! Sources: Microsoft Learn, "Azure permissions for Networking" and "… for Compute" (the actions named here); "Network
//! security groups: how traffic is evaluated" (a group of the interface, and one of the subnet).

use super::flow::exists;
use super::rights::{ASSIGNMENT, DEFINITION, ELIGIBLE, GLOBAL, members, reaches, role_of};
use crate::derive::known::{Known, Listed, listed};
use crate::model::finding::Reason;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const WORKFLOW: &str = "azure.logic.workflow";
const CONNECTION: &str = "azure.web.connection";
const AUTOMATION: &str = "azure.security.automation";
const RULE: &str = "azure.sentinel.automation_rule";
const ACTION_GROUP: &str = "azure.monitor.action_group";
const ALERTS: [&str; 3] =
    ["azure.monitor.scheduled_query_rule", "azure.monitor.activity_log_alert", "azure.monitor.metric_alert"];
/// What starts workflows, and where it names them.
const STARTERS: [(&str, &str); 3] = [(AUTOMATION, "actions"), (RULE, "actions"), (ACTION_GROUP, "logic_apps")];
const SUBSCRIPTION: &str = "azure.subscription";
const INTERFACE: &str = "azure.network.network_interface";
const NETWORK: &str = "azure.network.virtual_network";
const WATCHER: &str = "azure.network.watcher";

const CHANGE_INTERFACE: [&str; 1] = ["microsoft.network/networkinterfaces/write"];
const CHANGE_RULES: [&str; 2] =
    ["microsoft.network/networksecuritygroups/write", "microsoft.network/networksecuritygroups/securityrules/write"];
const TAKE_PACKETS: [&str; 1] = ["microsoft.network/networkwatchers/packetcaptures/write"];
const TAKE_SNAPSHOT: [&str; 1] = ["microsoft.compute/snapshots/write"];

/// The derived fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([
        (
            WORKFLOW,
            BTreeMap::from([
                ("responds", FieldKind::Boolean),
                ("playbook", FieldKind::Boolean),
                ("starters", FieldKind::Text),
                ("isolates", FieldKind::TextList),
                ("broken_connections", FieldKind::Text),
            ]),
        ),
        (SUBSCRIPTION, BTreeMap::from([("forensics", FieldKind::Boolean)])),
    ])
}

/// Adds them.
pub(super) fn derive(inventory: &mut Inventory) {
    let unread = unread(inventory);
    // What starts workflows names those that no list has: where that was not read to its end, there may be more.
    let lists = STARTERS.into_iter().flat_map(|(kind, _)| inventory.listings_of(kind));
    let cut = lists.filter(|list| matches!(list.state, ListState::Cut(_)));
    let more: Vec<Listing> =
        cut.map(|list| Listing { kind: WORKFLOW.to_owned(), parent: None, ..list.clone() }).collect();
    let all = inventory.listings.entry(WORKFLOW.to_owned()).or_default();
    for list in more {
        if !all.contains(&list) {
            all.push(list);
        }
    }
    if !unread.is_empty() {
        let all = inventory.resources.entry(WORKFLOW.to_owned()).or_default();
        all.extend(unread);
        all.sort_by(|a, b| a.key.cmp(&b.key));
    }
    let workflows: Vec<Resource> = inventory.of(WORKFLOW).iter().map(|one| of_workflow(inventory, one)).collect();
    let subscriptions: Vec<Resource> =
        inventory.of(SUBSCRIPTION).iter().map(|one| of_subscription(inventory, one)).collect();
    for (kind, renewed) in [(WORKFLOW, workflows), (SUBSCRIPTION, subscriptions)] {
        if let Some(old) = inventory.resources.get_mut(kind) {
            *old = renewed;
        }
    }
}

/// Workflows that something starts and that no list shows where it could: of a plan that nothing reads, or of a
/// subscription that was not read. They are there, and nothing else is known of them.
fn unread(inventory: &Inventory) -> Vec<Resource> {
    let known: BTreeSet<&str> = inventory.of(WORKFLOW).iter().map(|one| one.key.id.as_str()).collect();
    let mut found: BTreeMap<String, Resource> = BTreeMap::new();
    for (kind, field) in STARTERS {
        for starter in inventory.of(kind) {
            let actions = starter.get(field).and_then(Value::as_array).into_iter().flatten();
            for id in actions.filter_map(|action| action.get("workflow").and_then(Value::as_str)) {
                let standard = id.contains("/microsoft.web/sites/");
                if id == "none" || known.contains(id) || !standard && exists(inventory, WORKFLOW, id).truth.is_some() {
                    continue;
                }
                let key = ResourceKey { kind: WORKFLOW.to_owned(), id: id.to_owned(), ..starter.key.clone() };
                let workflow = found.entry(id.to_owned()).or_insert_with(|| Resource::new(key));
                workflow.from.entry(String::new()).or_default().extend(starter.evidence([field]));
                workflow.set("name", id.rsplit('/').next().unwrap_or(id).into(), starter.evidence([field]));
                let what = if standard {
                    format!("{id} is a workflow of the plan Standard, which is not read")
                } else {
                    format!("{id} lies in a subscription whose workflows were not read")
                };
                for field in ["state", "runs", "connections", "principal", "user_identities"] {
                    workflow.unknown.insert(field.to_owned(), Reason::NotTold { what: what.clone() });
                }
            }
        }
    }
    found.into_values().collect()
}

fn no() -> Known {
    Known::of(false, BTreeSet::new())
}

/// Is there one of the type, in any subscription of the run?
fn anywhere(inventory: &Inventory, kind: &str, judge: impl Fn(&Resource) -> Known) -> Known {
    let accounts: BTreeSet<&str> = inventory.of(SUBSCRIPTION).iter().map(|one| one.key.account.as_str()).collect();
    let unlisted = inventory.listings_of(SUBSCRIPTION).iter().filter_map(|list| match &list.state {
        ListState::Cut(gaps) => Some(Known { gaps: gaps.clone(), ..Known::default() }),
        ListState::Complete(_) => None,
    });
    let end = unlisted.fold(no(), Known::or);
    accounts.into_iter().fold(end, |so_far, account| so_far.or(listed(inventory, kind, account, GLOBAL).exists(&judge)))
}

/// Does the field hold a record of which this is true? A member that is not told may make it so.
fn has(resource: &Resource, field: &str, judge: impl Fn(&Value) -> Option<bool>) -> Known {
    let any = |value: &Value| {
        let told: Vec<Option<bool>> = value.as_array()?.iter().map(&judge).collect();
        if told.contains(&Some(true)) { Some(true) } else { (!told.contains(&None)).then_some(false) }
    };
    Known::field(resource, field, any)
}

fn is_on(resource: &Resource) -> Known {
    Known::field(resource, "enabled", Value::as_bool)
}

/// Is the member of a record this text?
fn is(record: &Value, member: &str, text: &str) -> Option<bool> {
    Some(record.get(member)?.as_str()? == text)
}

fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

// ---- what starts a workflow ----

fn by_automation(automation: &Resource, workflow: &str) -> Known {
    let alerts = has(automation, "sources", |source| is(source, "kind", "Alerts"));
    let starts = |action: &Value| both(is(action, "kind", "LogicApp"), is(action, "workflow", workflow));
    is_on(automation).and(alerts).and(has(automation, "actions", starts))
}

fn by_rule(rule: &Resource, workflow: &str) -> Known {
    let lasts = Known::field(rule, "expires", |expires| {
        let never = expires.get("at")?.as_str()? == "never";
        Some(never || expires.get("age_seconds")?.as_i64()? < 0)
    });
    let starts = |action: &Value| both(is(action, "kind", "RunPlaybook"), is(action, "workflow", workflow));
    is_on(rule).and(lasts).and(has(rule, "actions", starts))
}

fn by_action_group(inventory: &Inventory, group: &Resource, workflow: &str) -> Known {
    let starts = is_on(group).and(has(group, "logic_apps", |app| is(app, "workflow", workflow)));
    if starts.truth == Some(false) {
        return starts;
    }
    let names = |one: &Value| Some(one.get("id").unwrap_or(one).as_str()? == group.key.id);
    let named = |alert: &Resource| is_on(alert).and(has(alert, "action_groups", names));
    starts.and(ALERTS.into_iter().fold(no(), |so_far, kind| so_far.or(anywhere(inventory, kind, named))))
}

fn of_workflow(inventory: &Inventory, workflow: &Resource) -> Resource {
    let mut renewed = workflow.clone();
    let id = workflow.key.id.as_str();
    let automation = |one: &Resource| by_automation(one, id);
    let rule = |one: &Resource| by_rule(one, id);
    let group = |one: &Resource| by_action_group(inventory, one, id);
    let mut names: Vec<String> = Vec::new();
    let mut name = |what: &str, kind: &str, judge: &dyn Fn(&Resource) -> Known| {
        let starting = inventory.of(kind).iter().filter(|one| judge(one).truth == Some(true));
        names.extend(starting.map(|one| format!("{what} {}", one.text("name").unwrap_or(&one.key.id))));
    };
    name("automation", AUTOMATION, &automation);
    name("Sentinel rule", RULE, &rule);
    name("action group", ACTION_GROUP, &group);
    let playbook = anywhere(inventory, RULE, rule);
    let responds =
        playbook.clone().or(anywhere(inventory, AUTOMATION, automation)).or(anywhere(inventory, ACTION_GROUP, group));
    if names.is_empty() && responds.truth.is_none() {
        responds.clone().leave_out(&mut renewed, "starters");
    } else {
        let text = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        renewed.set("starters", text.into(), responds.evidence.clone());
    }
    responds.put(&mut renewed, "responds");
    playbook.put(&mut renewed, "playbook");
    isolates(inventory, workflow, &mut renewed);
    connections(inventory, workflow, &mut renewed);
    renewed
}

// ---- its connections ----

fn connections(inventory: &Inventory, workflow: &Resource, renewed: &mut Resource) {
    let Some(Value::Array(all)) = workflow.get("connections") else {
        return Known::missing(workflow, "connections").leave_out(renewed, "broken_connections");
    };
    let (mut broken, mut sound) = (Vec::new(), Known::of(true, workflow.evidence(["connections"])));
    for connection in all {
        let Some(id) = connection.get("id").and_then(Value::as_str) else {
            let untold = format!("{} uses a connection whose id is not told", workflow.key.id);
            sound = sound.and(Known::untold(untold));
            continue;
        };
        let (known, words) = connection_is_sound(inventory, id);
        if known.truth == Some(false) {
            broken.push(format!("{} ({words})", id.rsplit('/').next().unwrap_or(id)));
        }
        sound = sound.and(known);
    }
    if sound.truth.is_none() {
        return sound.leave_out(renewed, "broken_connections");
    }
    let text = if broken.is_empty() { "none".to_owned() } else { broken.join(", ") };
    let evidence = workflow.evidence(["connections"]).into_iter().chain(sound.evidence);
    renewed.set("broken_connections", text.into(), evidence);
}

/// Is it there and signed in? And what it says. Words that are not known say nothing.
fn connection_is_sound(inventory: &Inventory, id: &str) -> (Known, String) {
    let Some(connection) = inventory.of(CONNECTION).iter().find(|one| one.key.id == id) else {
        return (exists(inventory, CONNECTION, id), "gone".to_owned());
    };
    let states: Vec<&str> = connection.get("states").and_then(Value::as_array).map_or_else(Vec::new, |states| {
        states.iter().map(|state| state.get("state").and_then(Value::as_str).unwrap_or("not told")).collect()
    });
    let sound = Known::field(connection, "states", |_| {
        let one = |state: &&str| match *state {
            // `Ready` is the state of connections that use the identity of the workflow.
            "Connected" | "Ready" => Some(true),
            "Error" | "Unauthenticated" => Some(false),
            _ => None,
        };
        let told: Vec<Option<bool>> = states.iter().map(one).collect();
        if told.contains(&Some(false)) {
            Some(false)
        } else {
            (!told.is_empty() && !told.contains(&None)).then_some(true)
        }
    });
    (sound, states.join(", "))
}

// ---- what its identities may ----

/// The identities of a workflow; and why there may be more.
fn identities(workflow: &Resource) -> (BTreeSet<String>, Known) {
    let mut all = BTreeSet::new();
    let mut end = Known::of(false, workflow.evidence(["principal", "user_identities"]));
    match workflow.text("principal") {
        Some("none") => {}
        Some(principal) => drop(all.insert(principal.to_ascii_lowercase())),
        None => end = end.or(Known::missing(workflow, "principal")),
    }
    match workflow.get("user_identities").and_then(Value::as_array) {
        Some(given) => {
            for identity in given {
                match identity.get("principal").and_then(Value::as_str) {
                    Some(principal) => drop(all.insert(principal.to_ascii_lowercase())),
                    None => {
                        end = end.or(Known::untold(format!("{} has an identity that is not told", workflow.key.id)));
                    }
                }
            }
        }
        None => end = end.or(Known::missing(workflow, "user_identities")),
    }
    (all, end)
}

/// The subscriptions where it may cut off every machine. If that is not known of one, the list is not known.
fn isolates(inventory: &Inventory, workflow: &Resource, renewed: &mut Resource) {
    let (principals, end) = identities(workflow);
    let (mut all, mut evidence) = (Vec::new(), workflow.evidence(["principal", "user_identities"]));
    let mut unknown = Known::of(true, BTreeSet::new());
    for subscription in inventory.of(SUBSCRIPTION) {
        let account = subscription.key.account.as_str();
        let may = Rights { inventory, account, principals: &principals, end: &end };
        let known = may.isolate_every_machine();
        match known.truth {
            Some(true) => all.push(Value::from(account)),
            Some(false) => {}
            None => unknown = unknown.and(known.clone()),
        }
        evidence.extend(known.evidence);
    }
    if unknown.truth.is_none() {
        return unknown.leave_out(renewed, "isolates");
    }
    renewed.set("isolates", all.into(), evidence);
}

/// What somebody may in one subscription.
struct Rights<'a> {
    inventory: &'a Inventory,
    account: &'a str,
    principals: &'a BTreeSet<String>,
    /// Why there may be more identities.
    end: &'a Known,
}

impl Rights<'_> {
    fn here(&self, kind: &str) -> Listed<'_> {
        listed(self.inventory, kind, self.account, GLOBAL)
    }

    /// May they do one of these things to the resource?
    fn may(&self, actions: &[&str], to: &str) -> Known {
        if self.principals.is_empty() {
            return self.end.clone();
        }
        let definitions = self.here(DEFINITION);
        let by = |assignment: &Resource| {
            let Some(scope) = assignment.text("scope") else { return Known::missing(assignment, "scope") };
            if !reaches(scope, to) {
                return Known::of(false, assignment.evidence(["scope"]));
            }
            let held = self.hold(assignment);
            if held.truth == Some(false) {
                return held;
            }
            held.and(match role_of(assignment, &definitions).1 {
                Ok(role) => actions.iter().fold(no(), |so_far, action| so_far.or(role.allows(action))),
                Err(why) => why,
            })
        };
        self.here(ASSIGNMENT).exists(by).or(self.end.clone())
    }

    /// Is it assigned to one of them, or to a group that one of them is in?
    fn hold(&self, assignment: &Resource) -> Known {
        let Some(principal) = assignment.text("principal") else { return Known::missing(assignment, "principal") };
        if self.principals.contains(&principal.to_ascii_lowercase()) {
            return Known::of(true, assignment.evidence(["principal"]));
        }
        match assignment.text("principal_type") {
            Some("Group") => {}
            Some(_) => return Known::of(false, assignment.evidence(["principal"])),
            None => return Known::missing(assignment, "principal_type"),
        }
        let (members, whole) = members(self.inventory, self.account, &assignment.key.id);
        let end = whole.unwrap_or_else(|| Known::untold(format!("who is in the group {principal} was not read")));
        members.into_iter().fold(end, |so_far, member| {
            so_far.or(Known::field(member, "member", |id| {
                Some(self.principals.contains(&id.as_str()?.to_ascii_lowercase()))
            }))
        })
    }

    fn isolate_every_machine(&self) -> Known {
        let interfaces = self.here(INTERFACE);
        let machines: Vec<&Resource> =
            interfaces.items.iter().copied().filter(|one| one.text("virtual_machine") != Some("none")).collect();
        // A list that goes on may hold a machine that is out of reach.
        let end = interfaces.exists(|_| no());
        let whole = Known { truth: end.truth.map(|_| !machines.is_empty()), ..end };
        machines.into_iter().fold(whole, |so_far, machine| so_far.and(self.isolate(machine)))
    }

    fn isolate(&self, interface: &Resource) -> Known {
        let itself = self.may(&CHANGE_INTERFACE, &interface.key.id);
        if itself.truth == Some(true) {
            return itself;
        }
        itself.or(self.by_group(interface, "security_group")).or(self.by_subnet(interface))
    }

    fn by_group(&self, of: &Resource, field: &str) -> Known {
        match of.text(field) {
            Some("none") => Known::of(false, of.evidence([field])),
            Some(group) => self.may(&CHANGE_RULES, group),
            None => Known::missing(of, field),
        }
    }

    /// The group of a subnet guards every interface in it.
    fn by_subnet(&self, interface: &Resource) -> Known {
        let Some(Value::Array(addresses)) = interface.get("ip_configurations") else {
            return Known::missing(interface, "ip_configurations");
        };
        let subnets: BTreeSet<&str> =
            addresses.iter().filter_map(|address| address.get("subnet").and_then(Value::as_str)).collect();
        self.here(NETWORK).exists(|network| {
            let Some(Value::Array(all)) = network.get("subnets") else { return Known::missing(network, "subnets") };
            let of_it =
                |subnet: &&Value| subnet.get("id").and_then(Value::as_str).is_some_and(|id| subnets.contains(id));
            all.iter().filter(of_it).fold(no(), |so_far, subnet| {
                so_far.or(match subnet.get("security_group").and_then(Value::as_str) {
                    Some("none") => Known::of(false, network.evidence(["subnets"])),
                    Some(group) => self.may(&CHANGE_RULES, group),
                    None => Known::untold(format!("{} does not tell the group of a subnet", network.key.id)),
                })
            })
        })
    }
}

// ---- who may keep evidence ----

/// Roles that are held and roles that may be taken, since it is people who do it.
fn of_subscription(inventory: &Inventory, subscription: &Resource) -> Resource {
    let mut renewed = subscription.clone();
    let account = subscription.key.account.as_str();
    let here = |kind| listed(inventory, kind, account, GLOBAL);
    let (definitions, watchers) = (here(DEFINITION), here(WATCHER));
    let may = |assignment: &Resource| {
        let Some(scope) = assignment.text("scope") else { return Known::missing(assignment, "scope") };
        let role = match role_of(assignment, &definitions).1 {
            Ok(role) => role,
            Err(why) => return why,
        };
        let any = |actions: &[&str]| actions.iter().fold(no(), |so_far, action| so_far.or(role.allows(action)));
        // A snapshot may be kept wherever one may write it; packets are taken by a watcher.
        let watched = watchers.exists(|one| Known::of(reaches(scope, &one.key.id), one.evidence([])));
        any(&TAKE_SNAPSHOT).or(any(&TAKE_PACKETS).and(watched))
    };
    let forensics = here(ASSIGNMENT).exists(may).or(here(ELIGIBLE).exists(may));
    forensics.put(&mut renewed, "forensics");
    renewed
}

#[cfg(test)]
mod tests {
    use super::super::rights::told as resource;
    use super::*;
    use crate::model::gap::Gap;
    use crate::model::plan::Outcome;
    use serde_json::json;

    const HERE: &str = "11111111-2222-3333-4444-555555555555";
    const OTHER: &str = "99999999-2222-3333-4444-555555555555";

    fn id(account: &str, rest: &str) -> String {
        format!("/subscriptions/{account}/resourcegroups/{rest}")
    }

    fn workflow_id() -> String {
        id(HERE, "soc/providers/microsoft.logic/workflows/isolate")
    }

    fn nic(account: &str, name: &str) -> String {
        id(account, &format!("net/providers/microsoft.network/networkinterfaces/{name}"))
    }

    fn group(name: &str) -> String {
        id(HERE, &format!("guard/providers/microsoft.network/networksecuritygroups/{name}"))
    }

    fn interface(account: &str, name: &str, machine: &str, own_group: &str) -> Resource {
        let subnet = id(account, "net/providers/microsoft.network/virtualnetworks/v/subnets/s");
        let fields = json!({ "virtual_machine": machine, "security_group": own_group, "ip_configurations": [{ "subnet": subnet }] });
        resource(account, INTERFACE, &nic(account, name), &fields)
    }

    /// A role with these actions, and that it is assigned.
    fn role(account: &str, name: &str, principal: &str, kind: &str, actions: &[&str], scope: &str) -> [Resource; 2] {
        let role = format!("/providers/microsoft.authorization/roledefinitions/{name}");
        let definition = json!({ "name": name, "permissions": [{ "actions": actions, "not_actions": [] }] });
        let assignment = json!({ "role": role, "principal": principal, "principal_type": kind, "scope": scope });
        [
            resource(account, DEFINITION, &role, &definition),
            resource(account, ASSIGNMENT, &format!("/a-{name}"), &assignment),
        ]
    }

    const LISTED: [&str; 13] = [
        WORKFLOW,
        CONNECTION,
        AUTOMATION,
        RULE,
        ACTION_GROUP,
        ALERTS[0],
        ALERTS[1],
        ALERTS[2],
        INTERFACE,
        NETWORK,
        WATCHER,
        ASSIGNMENT,
        DEFINITION,
    ];

    fn gap(account: &str, kind: &str) -> Gap {
        Gap {
            read: kind.to_owned(),
            action: kind.to_owned(),
            account: account.to_owned(),
            region: GLOBAL.to_owned(),
            parent: None,
            outcome: Outcome::Denied,
            code: None,
            detail: None,
            evidence: None,
        }
    }

    /// Two subscriptions in which every list was read to its end, but for those of these types.
    fn inventory(resources: Vec<Resource>, cut: &[&str]) -> Inventory {
        let mut inventory = Inventory::default();
        for account in [HERE, OTHER] {
            let all = inventory.resources.entry(SUBSCRIPTION.to_owned()).or_default();
            all.push(resource(account, SUBSCRIPTION, account, &json!({})));
            for kind in LISTED.into_iter().chain([ELIGIBLE, SUBSCRIPTION]) {
                let state = if cut.contains(&kind) {
                    ListState::Cut(BTreeSet::from([gap(account, kind)]))
                } else {
                    ListState::Complete(BTreeSet::from(["E-1.1".to_owned()]))
                };
                let list = Listing {
                    kind: kind.to_owned(),
                    account: account.to_owned(),
                    region: GLOBAL.to_owned(),
                    parent: None,
                    state,
                };
                inventory.listings.entry(kind.to_owned()).or_default().push(list);
            }
        }
        for resource in resources {
            inventory.resources.entry(resource.key.kind.clone()).or_default().push(resource);
        }
        derive(&mut inventory);
        inventory
    }

    fn workflow(changes: &Value) -> Resource {
        let mut fields = json!({ "name": "isolate", "state": "Enabled", "principal": "ME", "user_identities": [], "connections": [] });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        resource(HERE, WORKFLOW, &workflow_id(), &fields)
    }

    fn field(inventory: &Inventory, name: &str) -> Option<Value> {
        let one = inventory.of(WORKFLOW).iter().find(|one| one.key.id == workflow_id()).unwrap();
        one.get(name).cloned()
    }

    fn isolates(resources: impl IntoIterator<Item = Resource>, cut: &[&str]) -> Option<Value> {
        let machine = interface(HERE, "n", "/vm", "none");
        field(&inventory([workflow(&json!({})), machine].into_iter().chain(resources).collect(), cut), "isolates")
    }

    const WRITE: &str = "Microsoft.Network/networkInterfaces/write";

    #[test]
    fn a_role_counts_where_it_reaches_and_for_whom_it_is() {
        let net = id(HERE, "NET");
        let with = |principal: &str, actions: &[&str], scope: &str| {
            isolates(role(HERE, "r", principal, "ServicePrincipal", actions, scope), &[])
        };
        assert_eq!(with("me", &[WRITE], &net), Some(json!([HERE])));
        assert_eq!(with("me", &["*"], "/"), Some(json!([HERE])));
        assert_eq!(with("me", &["*"], "/providers/microsoft.management/managementgroups/top"), Some(json!([HERE])));
        assert_eq!(with("somebody", &["*"], "/"), Some(json!([])));
        assert_eq!(with("me", &["Microsoft.Network/*/read"], &net), Some(json!([])));
        assert_eq!(with("me", &[WRITE], &id(HERE, "soc")), Some(json!([])));
        assert_eq!(with("me", &[WRITE], &nic(HERE, "n")), Some(json!([HERE])));
        assert_eq!(with("me", &[WRITE], &nic(HERE, "other")), Some(json!([])));
        // What is assigned in another subscription is assigned there.
        let there = role(OTHER, "r", "me", "ServicePrincipal", &["*"], &format!("/subscriptions/{OTHER}"));
        assert_eq!(isolates(there.clone(), &[]), Some(json!([])), "it has no machine");
        let machine = interface(OTHER, "m", "/vm", "none");
        assert_eq!(isolates(there.into_iter().chain([machine]), &[]), Some(json!([OTHER])));
    }

    #[test]
    fn every_machine_counts_and_nothing_else() {
        let one = || role(HERE, "r", "me", "ServicePrincipal", &[WRITE], &nic(HERE, "n"));
        let second = |machine: &str| interface(HERE, "second", machine, "none");
        assert_eq!(isolates(one().into_iter().chain([second("/vm2")]), &[]), Some(json!([])));
        assert_eq!(
            isolates(one().into_iter().chain([second("none")]), &[]),
            Some(json!([HERE])),
            "that of an endpoint"
        );
        assert_eq!(isolates(one(), &[INTERFACE]), None, "there may be more machines");
        assert_eq!(isolates(one(), &[ASSIGNMENT]), Some(json!([HERE])), "what was seen is there");
        assert_eq!(isolates([], &[ASSIGNMENT]), None);
        assert_eq!(isolates([], &[]), Some(json!([])));
    }

    #[test]
    fn a_group_that_guards_the_machine_is_enough() {
        let rules = &["Microsoft.Network/networkSecurityGroups/securityRules/write"];
        let by = |on: &str| role(HERE, "r", "me", "ServicePrincipal", rules, &group(on));
        let subnet = id(HERE, "net/providers/microsoft.network/virtualnetworks/v/subnets/s");
        let network = |guard: &str| {
            let fields = json!({ "subnets": [{ "id": subnet, "security_group": guard }, { "id": "/x", "security_group": group("x") }] });
            resource(HERE, NETWORK, &id(HERE, "net/providers/microsoft.network/virtualnetworks/v"), &fields)
        };
        assert_eq!(isolates(by("g").into_iter().chain([network(&group("g"))]), &[]), Some(json!([HERE])));
        assert_eq!(isolates(by("g").into_iter().chain([network("none")]), &[]), Some(json!([])));
        assert_eq!(isolates(by("x").into_iter().chain([network("none")]), &[]), Some(json!([])), "of another subnet");
        assert_eq!(isolates(by("g"), &[NETWORK]), None, "which group guards it was not read");
        let own = interface(HERE, "n", "/vm", &group("own"));
        let all = [workflow(&json!({})), own].into_iter().chain(by("own")).collect();
        assert_eq!(field(&inventory(all, &[]), "isolates"), Some(json!([HERE])));
    }

    #[test]
    fn identities_that_are_given_and_groups_count() {
        let machine = || interface(HERE, "n", "/vm", "none");
        let with = |changes: &Value, kind: &str, principal: &str| {
            let mut all = vec![workflow(changes), machine()];
            all.extend(role(HERE, "r", principal, kind, &["*"], "/"));
            field(&inventory(all, &[]), "isolates")
        };
        let given = json!({ "principal": "none", "user_identities": [{ "principal": "Me2" }] });
        assert_eq!(with(&given, "ServicePrincipal", "me2"), Some(json!([HERE])));
        assert_eq!(with(&json!({ "principal": "none" }), "ServicePrincipal", "me"), Some(json!([])));
        let untold = json!({ "user_identities": [{}] });
        assert_eq!(with(&untold, "ServicePrincipal", "me"), Some(json!([HERE])), "its own is enough");
        assert_eq!(with(&untold, "ServicePrincipal", "somebody"), None, "the other may be anybody");
        assert_eq!(with(&json!({}), "Group", "g"), None, "who is in the group was not read");
    }

    #[test]
    fn what_starts_a_workflow() {
        let automation = |more: &Value| {
            let mut fields = json!({ "name": "a", "enabled": true, "sources": [{ "kind": "Alerts" }],
                "actions": [{ "kind": "LogicApp", "workflow": workflow_id() }] });
            for (name, value) in more.as_object().unwrap() {
                fields[name] = value.clone();
            }
            resource(OTHER, AUTOMATION, "/a", &fields)
        };
        let rule = |more: &Value| {
            let mut fields = json!({ "name": "r", "enabled": true, "expires": { "at": "never" },
                "actions": [{ "kind": "ModifyProperties", "workflow": "none" }, { "kind": "RunPlaybook", "workflow": workflow_id() }] });
            for (name, value) in more.as_object().unwrap() {
                fields[name] = value.clone();
            }
            resource(HERE, RULE, "/r", &fields)
        };
        let told = |starters: Vec<Resource>, cut: &[&str]| {
            let all = [workflow(&json!({}))].into_iter().chain(starters).collect();
            let found = inventory(all, cut);
            let truth = |name: &str| field(&found, name).map(|value| value.as_bool().unwrap());
            (
                truth("responds"),
                truth("playbook"),
                field(&found, "starters").map(|text| text.as_str().unwrap().to_owned()),
            )
        };
        let (yes, no) = (Some(true), Some(false));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(told(vec![], &[]), (no, no, text("nothing")));
        assert_eq!(told(vec![automation(&json!({}))], &[]), (yes, no, text("automation a")));
        assert_eq!(told(vec![rule(&json!({}))], &[]), (yes, yes, text("Sentinel rule r")));
        for change in [
            json!({ "enabled": false }),
            json!({ "sources": [{ "kind": "Assessments" }] }),
            json!({ "actions": [{ "kind": "EventHub", "workflow": workflow_id() }] }),
        ] {
            assert_eq!(told(vec![automation(&change)], &[]).0, no, "{change}");
        }
        for change in [
            json!({ "enabled": false }),
            json!({ "expires": { "at": "2026-01-01T00:00:00Z", "age_seconds": 5 } }),
            json!({ "actions": [{ "kind": "RunPlaybook", "workflow": "/another" }] }),
        ] {
            assert_eq!(told(vec![rule(&change)], &[]).1, no, "{change}");
        }
        let later = json!({ "expires": { "at": "2027-01-01T00:00:00Z", "age_seconds": -5 } });
        assert_eq!(told(vec![rule(&later)], &[]).1, yes);
        // Of lists that were not read nothing is known, but for what others show.
        assert_eq!(told(vec![], &[AUTOMATION]), (None, no, None));
        assert_eq!(told(vec![], &[SUBSCRIPTION]), (None, None, None), "another subscription may have one");
        assert_eq!(told(vec![rule(&json!({}))], &[AUTOMATION]), (yes, yes, text("Sentinel rule r")));
        assert_eq!(told(vec![rule(&json!({ "actions": [{ "kind": "RunPlaybook" }] }))], &[]), (None, None, None));
        // An action group that an alert names.
        let group = resource(
            HERE,
            ACTION_GROUP,
            "/g",
            &json!({ "name": "g", "enabled": true, "logic_apps": [{ "workflow": workflow_id() }] }),
        );
        let alert = |kind: &str, enabled: bool, names: Value| {
            resource(OTHER, kind, "/rule", &json!({ "enabled": enabled, "action_groups": names }))
        };
        assert_eq!(told(vec![group.clone()], &[]).0, no, "no alert names it");
        assert_eq!(
            told(vec![group.clone(), alert(ALERTS[0], true, json!(["/g"]))], &[]),
            (yes, no, text("action group g"))
        );
        assert_eq!(told(vec![group.clone(), alert(ALERTS[1], true, json!([{ "id": "/g" }]))], &[]).0, yes);
        assert_eq!(told(vec![group.clone(), alert(ALERTS[2], false, json!([{ "id": "/g" }]))], &[]).0, no);
        assert_eq!(told(vec![group, alert(ALERTS[0], true, json!(["/h"]))], &[]).0, no);
    }

    #[test]
    fn what_a_workflow_signs_in_with() {
        let connection = |name: &str| id(HERE, &format!("soc/providers/microsoft.web/connections/{name}"));
        let told = |states: &Value, cut: &[&str]| {
            let uses = json!({ "connections": [{ "id": connection("mail"), "api": "/x" }] });
            let is = resource(HERE, CONNECTION, &connection("mail"), &json!({ "states": states }));
            let found = inventory(vec![workflow(&uses), is], cut);
            field(&found, "broken_connections").map(|text| text.as_str().unwrap().to_owned())
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(told(&json!([{ "state": "Connected" }]), &[]), text("none"));
        assert_eq!(told(&json!([{ "state": "Ready" }]), &[CONNECTION]), text("none"));
        assert_eq!(told(&json!([{ "state": "Error" }]), &[]), text("mail (Error)"));
        assert_eq!(
            told(&json!([{ "state": "Connected" }, { "state": "Unauthenticated" }]), &[]),
            text("mail (Connected, Unauthenticated)")
        );
        assert_eq!(told(&json!([]), &[]), None);
        assert_eq!(told(&json!([{}]), &[]), None);
        assert_eq!(told(&json!([{ "state": "Connected" }, { "state": "New" }]), &[]), None);
        let uses = |all: Value| workflow(&json!({ "connections": all }));
        let gone = inventory(vec![uses(json!([{ "id": connection("gone") }]))], &[]);
        assert_eq!(field(&gone, "broken_connections"), Some(json!("gone (gone)")));
        let unread = inventory(vec![uses(json!([{ "id": connection("gone") }]))], &[CONNECTION]);
        assert_eq!(field(&unread, "broken_connections"), None);
        let untold = inventory(vec![uses(json!([{ "api": "/x" }]))], &[]);
        assert_eq!(field(&untold, "broken_connections"), None);
        // One that is broken is broken, whatever the other is.
        let both = inventory(vec![uses(json!([{ "id": connection("gone") }, { "api": "/x" }]))], &[]);
        assert_eq!(field(&both, "broken_connections"), Some(json!("gone (gone)")));
    }

    #[test]
    fn what_is_started_and_not_read_is_there_and_not_known() {
        let started = |id: &str, cut: &[&str]| {
            let rule = json!({ "name": "r", "enabled": true, "expires": { "at": "never" }, "actions": [{ "kind": "RunPlaybook", "workflow": id }] });
            inventory(vec![resource(HERE, RULE, "/r", &rule)], cut)
        };
        let standard = id(HERE, "soc/providers/microsoft.web/sites/app/workflows/isolate");
        let foreign = "/subscriptions/77777777-2222-3333-4444-555555555555/resourcegroups/soc/providers/microsoft.logic/workflows/isolate";
        for (id, cut) in [(standard.as_str(), &[][..]), (foreign, &[]), (&workflow_id(), &[WORKFLOW])] {
            let found = started(id, cut);
            let [one] = found.of(WORKFLOW) else { panic!("{id}: one") };
            assert_eq!(
                (one.key.id.as_str(), one.text("name"), one.get("responds")),
                (id, Some("isolate"), Some(&json!(true)))
            );
            assert_eq!((one.get("state"), one.get("broken_connections")), (None, None));
        }
        assert!(started(&workflow_id(), &[]).of(WORKFLOW).is_empty(), "it is gone");
        // A rule that was not read may start one that no list has.
        let is_cut = |cut: &[&str]| {
            let found = inventory(vec![], cut);
            found.listings_of(WORKFLOW).iter().any(|list| matches!(list.state, ListState::Cut(_)))
        };
        assert_eq!([RULE, AUTOMATION, ACTION_GROUP, CONNECTION].map(|kind| is_cut(&[kind])), [true, true, true, false]);
    }

    #[test]
    fn who_may_keep_evidence() {
        let told = |resources: Vec<Resource>, cut: &[&str]| {
            let found = inventory(resources, cut);
            found.of(SUBSCRIPTION)[0].get("forensics").map(|truth| truth.as_bool().unwrap())
        };
        let by = |actions: &[&str], scope: &str| role(HERE, "r", "ann", "User", actions, scope).to_vec();
        let snapshot = ["Microsoft.Compute/snapshots/write"];
        let packets = ["Microsoft.Network/networkWatchers/packetCaptures/*"];
        assert_eq!(told(vec![], &[]), Some(false));
        assert_eq!(told(by(&snapshot, &id(HERE, "keep")), &[]), Some(true));
        assert_eq!(told(by(&["Microsoft.Compute/*/read"], "/"), &[]), Some(false));
        assert_eq!(told(by(&packets, &format!("/subscriptions/{HERE}")), &[]), Some(false), "there is no watcher");
        assert_eq!(told(by(&packets, &format!("/subscriptions/{HERE}")), &[WATCHER]), None);
        let watcher =
            resource(HERE, WATCHER, &id(HERE, "watch/providers/microsoft.network/networkwatchers/w"), &json!({}));
        let with = |scope: &str| by(&packets, scope).into_iter().chain([watcher.clone()]).collect();
        assert_eq!(told(with(&id(HERE, "watch")), &[]), Some(true));
        assert_eq!(told(with(&id(HERE, "net")), &[]), Some(false));
        assert_eq!(told(vec![], &[ELIGIBLE]), None);
        let [definition, mut held] = role(HERE, "r", "ann", "User", &snapshot, "/");
        held.key.kind = ELIGIBLE.to_owned();
        assert_eq!(told(vec![definition, held], &[]), Some(true), "a role that may be taken");
    }
}
