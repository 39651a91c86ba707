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
use crate::model::inventory::Inventory;
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
    for (kind, field) in [(AUTOMATION, "actions"), (RULE, "actions"), (ACTION_GROUP, "logic_apps")] {
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
    accounts
        .into_iter()
        .fold(no(), |so_far, account| so_far.or(listed(inventory, kind, account, GLOBAL).exists(&judge)))
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
                        end = end.or(Known::untold(format!("{} has an identity that is not told", workflow.key.id)))
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
