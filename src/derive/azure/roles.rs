//! Derivation: who may switch monitoring off in a subscription of Azure, by its role assignments.
//!
//! - `azure.authorization.monitoring_admin`: every principal that may, or perhaps may, with the role and where it was
//!   assigned. Roles that somebody may take when needed (Privileged Identity Management) count like those held.
//! - `azure.subscription`: how many people and applications they are, and their names.
//!
//! A role allows what an action of one of its permissions fits and no not-action of the same permission does. An
//! assignment at the subscription or above reaches everything; one inside it reaches what lies there, so it counts
//! where something of the monitoring does. A condition limits only the assignment of roles and what storage holds, so it
//! makes unsure only whether somebody may assign roles. Of a group, its members are counted, as far as they were read.
//! Deny assignments and classic administrators are not looked at.
//!
//! Sources: Microsoft Learn, "Understand Azure role definitions" (actions, not-actions, wildcards), "Understand scope
//! for Azure RBAC", "What is Azure attribute-based access control" (what conditions are for), "Azure permissions" (the
//! actions named here).

use super::rights::{ASSIGNMENT, DEFINITION, ELIGIBLE, GLOBAL, lies_in, members, role_of};
use crate::derive::known::{Known, Listed, listed};
use crate::model::finding::Reason;
use crate::model::inventory::{Inventory, Listing};
use crate::model::read::FieldKind;
use crate::model::resource::{Resource, ResourceKey};
use std::collections::{BTreeMap, BTreeSet};

const ADMIN: &str = "azure.authorization.monitoring_admin";
const SUBSCRIPTION: &str = "azure.subscription";

/// Each of these alone stops, blinds or empties a part of the monitoring; beside it, what it is done to, where that may
/// lie in a resource group.
const SWITCHES: [(&str, Option<&str>); 20] = [
    ("microsoft.authorization/roleassignments/delete", None),
    (ASSIGN_ROLES, None),
    ("microsoft.insights/actiongroups/delete", Some("azure.monitor.action_group")),
    ("microsoft.insights/actiongroups/write", Some("azure.monitor.action_group")),
    ("microsoft.insights/activitylogalerts/delete", Some("azure.monitor.activity_log_alert")),
    ("microsoft.insights/activitylogalerts/write", Some("azure.monitor.activity_log_alert")),
    ("microsoft.insights/diagnosticsettings/delete", Some("azure.monitor.diagnostic_setting")),
    ("microsoft.insights/diagnosticsettings/write", Some("azure.monitor.diagnostic_setting")),
    ("microsoft.insights/metricalerts/delete", Some("azure.monitor.metric_alert")),
    ("microsoft.insights/scheduledqueryrules/delete", Some("azure.monitor.scheduled_query_rule")),
    ("microsoft.insights/scheduledqueryrules/write", Some("azure.monitor.scheduled_query_rule")),
    ("microsoft.network/networkwatchers/flowlogs/delete", Some("azure.network.flow_log")),
    ("microsoft.network/networkwatchers/flowlogs/write", Some("azure.network.flow_log")),
    ("microsoft.operationalinsights/workspaces/delete", Some("azure.operational_insights.workspace")),
    ("microsoft.operationalinsights/workspaces/tables/write", Some("azure.operational_insights.workspace")),
    ("microsoft.operationalinsights/workspaces/write", Some("azure.operational_insights.workspace")),
    ("microsoft.security/pricings/write", None),
    ("microsoft.securityinsights/alertrules/delete", Some("azure.operational_insights.workspace")),
    // Which accounts receive records a single resource group does not tell, so these count from the subscription up.
    ("microsoft.storage/storageaccounts/blobservices/containers/immutabilitypolicies/delete", None),
    ("microsoft.storage/storageaccounts/managementpolicies/write", None),
];
const ASSIGN_ROLES: &str = "microsoft.authorization/roleassignments/write";

/// The derived types and fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([
        (
            ADMIN,
            BTreeMap::from([
                ("principal", FieldKind::Text),
                ("kind", FieldKind::Text),
                ("name", FieldKind::Text),
                ("certain", FieldKind::Boolean),
                ("eligible", FieldKind::Boolean),
                ("actions", FieldKind::Text),
                ("path", FieldKind::Text),
            ]),
        ),
        (
            SUBSCRIPTION,
            BTreeMap::from([("monitoring_admins", FieldKind::Integer), ("monitoring_admin_names", FieldKind::Text)]),
        ),
    ])
}

/// Adds the derived resources, lists and fields to the inventory.
pub(super) fn derive(inventory: &mut Inventory) {
    let mut admins = Vec::new();
    let mut subscriptions = Vec::new();
    for subscription in inventory.of(SUBSCRIPTION) {
        let (found, renewed) = of_subscription(inventory, subscription);
        admins.extend(found);
        subscriptions.push(renewed);
    }
    let lists = [ASSIGNMENT, ELIGIBLE].into_iter().flat_map(|kind| inventory.listings_of(kind));
    let lists: Vec<Listing> = lists.map(|list| Listing { kind: ADMIN.to_owned(), ..list.clone() }).collect();
    admins.sort_by(|a, b| a.key.cmp(&b.key));
    inventory.listings.insert(ADMIN.to_owned(), lists);
    inventory.resources.insert(ADMIN.to_owned(), admins);
    if let Some(old) = inventory.resources.get_mut(SUBSCRIPTION) {
        *old = subscriptions;
    }
}

/// What one principal may do, by all the roles it has.
#[derive(Default)]
struct Holder {
    kind: String,
    names: BTreeSet<String>,
    sure: BTreeSet<&'static str>,
    perhaps: BTreeMap<&'static str, Known>,
    /// Roles that are not known at all.
    unread: Option<Known>,
    paths: BTreeSet<String>,
    held: bool,
    evidence: BTreeSet<String>,
    assignments: Vec<String>,
}

fn of_subscription(inventory: &Inventory, subscription: &Resource) -> (Vec<Resource>, Resource) {
    let account = subscription.key.account.as_str();
    let here = |kind| listed(inventory, kind, account, GLOBAL);
    let definitions = here(DEFINITION);
    let mut holders: BTreeMap<String, Holder> = BTreeMap::new();
    for (kind, held) in [(ASSIGNMENT, true), (ELIGIBLE, false)] {
        for assignment in here(kind).items {
            // Whoever it is, somebody holds the role.
            let principal = assignment.text("principal").unwrap_or(&assignment.key.id);
            let (role, answers) = switches(inventory, assignment, &definitions, account);
            let holder = holders.entry(principal.to_owned()).or_default();
            let mut counts = false;
            match answers {
                Err(why) => {
                    counts = true;
                    holder.unread = Some(why);
                }
                Ok(answers) => {
                    for (switch, known) in answers {
                        match known.truth {
                            Some(true) => drop(holder.sure.insert(switch)),
                            Some(false) => continue,
                            None => drop(holder.perhaps.insert(switch, known)),
                        }
                        counts = true;
                    }
                }
            }
            if !counts {
                continue;
            }
            assignment.text("principal_type").unwrap_or("not told").clone_into(&mut holder.kind);
            holder.names.extend(assignment.text("name").map(str::to_owned));
            let scope = assignment.text("scope").unwrap_or("not told");
            let may = if held { "" } else { "may take " };
            holder.paths.insert(format!("{may}{role} at {scope}"));
            holder.held |= held;
            holder.evidence.extend(assignment.evidence([]));
            if held {
                holder.assignments.push(assignment.key.id.clone());
            } else if holder.kind == "Group" {
                // Nothing reads who is in a group that may take a role.
                holder.assignments.push(String::new());
            }
        }
    }
    holders.retain(|_, holder| !holder.paths.is_empty());
    let admins: Vec<Resource> = holders.iter().map(|(principal, holder)| admin(account, principal, holder)).collect();
    let renewed = counted(inventory, subscription, &holders);
    (admins, renewed)
}

/// What is known of each switch; or why nothing is.
type Answers = Result<Vec<(&'static str, Known)>, Known>;

/// The role's name, and what of the switches it allows where it was assigned.
fn switches(
    inventory: &Inventory,
    assignment: &Resource,
    definitions: &Listed<'_>,
    account: &str,
) -> (String, Answers) {
    let (name, role) = role_of(assignment, definitions);
    let role = match role {
        Ok(role) => role,
        Err(why) => return (name, Err(why)),
    };
    let Some(scope) = assignment.text("scope") else { return (name, Err(Known::missing(assignment, "scope"))) };
    let inside = is_inside(scope, account);
    let mut answers = Vec::new();
    for (switch, target) in SWITCHES {
        let known = role.allows(switch);
        let reaches = match (inside, target) {
            (false, _) => Known::of(true, assignment.evidence(["scope"])),
            (true, None) => Known::of(false, assignment.evidence(["scope"])),
            (true, Some(kind)) => listed(inventory, kind, account, GLOBAL)
                .exists(|resource| Known::of(lies_in(&resource.key.id, scope), resource.evidence([]))),
        };
        let condition = if switch == ASSIGN_ROLES { free(assignment) } else { Known::of(true, BTreeSet::new()) };
        answers.push((switch, known.and(reaches).and(condition)));
    }
    (name, Ok(answers))
}

/// An assignment under a condition may not be able to assign every role.
fn free(assignment: &Resource) -> Known {
    Known::field(assignment, "condition", |condition| (condition.as_str()? == "none").then_some(true))
}

/// Is it in the subscription, and not all of it?
fn is_inside(scope: &str, subscription: &str) -> bool {
    let start = format!("/subscriptions/{}/", subscription.to_ascii_lowercase());
    let rest = scope.to_ascii_lowercase();
    rest.strip_prefix(&start).is_some_and(|rest| !rest.is_empty())
}

fn admin(account: &str, principal: &str, holder: &Holder) -> Resource {
    let key = ResourceKey {
        kind: ADMIN.to_owned(),
        account: account.to_owned(),
        region: GLOBAL.to_owned(),
        id: principal.to_owned(),
    };
    let mut admin = Resource::new(key);
    admin.from.entry(String::new()).or_default().extend(holder.evidence.iter().cloned());
    admin.set("principal", principal.into(), []);
    admin.set("kind", holder.kind.clone().into(), []);
    admin.set("name", name_of(principal, holder).into(), []);
    admin.set("eligible", (!holder.held).into(), []);
    admin.set("path", holder.paths.iter().cloned().collect::<Vec<_>>().join(", ").into(), []);
    if holder.sure.is_empty() {
        let why = holder.unread.iter().chain(holder.perhaps.values()).cloned().reduce(Known::and).unwrap_or_default();
        let told = !why.gaps.is_empty() || !why.untold.is_empty();
        why.leave_out(&mut admin, "certain");
        if !told {
            let what = format!("it is not told whether {principal} may switch monitoring off");
            admin.unknown.insert("certain".to_owned(), Reason::NotTold { what });
        }
        admin.set("actions", named(holder.perhaps.keys().copied()).into(), []);
    } else {
        admin.set("certain", true.into(), []);
        admin.set("actions", named(holder.sure.iter().copied()).into(), []);
    }
    admin
}

fn name_of(principal: &str, holder: &Holder) -> String {
    holder.names.first().cloned().unwrap_or_else(|| principal.to_owned())
}

/// `a, b, c and 4 more`: a sentence has room for a few.
fn named(actions: impl Iterator<Item = &'static str>) -> String {
    let all: Vec<&str> = actions.collect();
    let first = all.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    if all.len() > 3 { format!("{first} and {} more", all.len() - 3) } else { first }
}

/// The subscription with the number of those who may.
fn counted(inventory: &Inventory, subscription: &Resource, holders: &BTreeMap<String, Holder>) -> Resource {
    let mut renewed = subscription.clone();
    let account = subscription.key.account.as_str();
    let end = |kind| listed(inventory, kind, account, GLOBAL).exists(|_| Known::of(false, BTreeSet::new()));
    let mut known = end(ASSIGNMENT).or(end(ELIGIBLE));
    let mut people: BTreeMap<String, String> = BTreeMap::new();
    for (principal, holder) in holders {
        if holder.sure.is_empty() {
            let why = holder.unread.iter().chain(holder.perhaps.values()).cloned().reduce(Known::and);
            known = known.or(why.unwrap_or_default());
        }
        if holder.kind == "ForeignGroup" {
            let name = name_of(principal, holder);
            known = known.or(Known::untold(format!("who is in {name}, a group of another tenant, is not read")));
        }
        if holder.kind != "Group" {
            people.insert(principal.clone(), format!("{} {}", word(&holder.kind), name_of(principal, holder)));
            continue;
        }
        for assignment in &holder.assignments {
            let (members, whole) = members(inventory, account, assignment);
            known = known.or(whole.unwrap_or_else(|| {
                Known::untold(format!("who is in the group {} was not read", name_of(principal, holder)))
            }));
            for member in members {
                let id = member.text("member").unwrap_or(&member.key.id).to_owned();
                let name = member.text("name").unwrap_or(&id).to_owned();
                people.entry(id).or_insert(format!("group member {name}"));
            }
        }
    }
    if known.truth.is_none() {
        known.clone().leave_out(&mut renewed, "monitoring_admins");
        known.leave_out(&mut renewed, "monitoring_admin_names");
        return renewed;
    }
    let names: BTreeSet<String> = people.into_values().collect();
    let text =
        if names.is_empty() { "nobody".to_owned() } else { names.iter().cloned().collect::<Vec<_>>().join(", ") };
    renewed.set("monitoring_admins", names.len().into(), known.evidence.clone());
    renewed.set("monitoring_admin_names", text.into(), known.evidence);
    renewed
}

fn word(kind: &str) -> &str {
    match kind {
        "User" => "user",
        "ServicePrincipal" => "application",
        "ForeignGroup" => "group of another tenant",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rights::{MEMBER, told};
    use super::*;
    use crate::model::inventory::ListState;
    use serde_json::{Value, json};

    const SUB: &str = "11111111-2222-3333-4444-555555555555";
    const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

    fn resource(kind: &str, id: &str, fields: &Value) -> Resource {
        told(SUB, kind, id, fields)
    }

    fn role(id: &str, actions: &[&str], not_actions: &[&str]) -> Resource {
        let id = format!("/subscriptions/{SUB}/providers/microsoft.authorization/roledefinitions/{id}");
        resource(
            DEFINITION,
            &id,
            &json!({"name": "Role", "permissions": [{"actions": actions, "not_actions": not_actions}]}),
        )
    }

    fn assigned(kind: &str, id: &str, principal: &str, principal_type: &str, role: &str, scope: &str) -> Resource {
        resource(
            kind,
            id,
            &json!({"principal": principal, "principal_type": principal_type, "scope": scope, "condition": "none",
            "role": format!("/providers/microsoft.authorization/roledefinitions/{role}")}),
        )
    }

    fn whole() -> String {
        format!("/subscriptions/{SUB}")
    }

    fn inventory(resources: Vec<Resource>, complete: &[&str]) -> Inventory {
        let mut inventory = Inventory::default();
        inventory.resources.insert(SUBSCRIPTION.to_owned(), vec![resource(SUBSCRIPTION, SUB, &json!({}))]);
        for resource in resources {
            inventory.resources.entry(resource.key.kind.clone()).or_default().push(resource);
        }
        for kind in complete {
            let list = Listing {
                kind: (*kind).to_owned(),
                account: SUB.to_owned(),
                region: GLOBAL.to_owned(),
                parent: None,
                state: ListState::Complete(BTreeSet::from(["E-1.1".to_owned()])),
            };
            inventory.listings.insert((*kind).to_owned(), vec![list]);
        }
        derive(&mut inventory);
        inventory
    }

    const ALL: [&str; 3] = [ASSIGNMENT, ELIGIBLE, DEFINITION];

    fn count(inventory: &Inventory) -> Option<i64> {
        inventory.of(SUBSCRIPTION)[0].get("monitoring_admins").and_then(Value::as_i64)
    }

    #[test]
    fn roles_held_and_roles_that_may_be_taken_are_named() {
        let found = inventory(
            vec![
                role(OWNER, &["*"], &[]),
                role("reader", &["*/read"], &[]),
                assigned(ASSIGNMENT, "/a1", "ann", "User", OWNER, &whole()),
                assigned(ASSIGNMENT, "/a2", "bob", "User", "reader", &whole()),
                assigned(ELIGIBLE, "/e1", "eve", "User", OWNER, "/providers/microsoft.management/managementgroups/top"),
            ],
            &ALL,
        );
        assert_eq!(count(&found), Some(2));
        let [ann, eve] = found.of(ADMIN) else { panic!("two") };
        assert_eq!(
            (ann.text("name"), ann.get("certain"), ann.get("eligible")),
            (Some("ann"), Some(&json!(true)), Some(&json!(false)))
        );
        assert_eq!(ann.text("path"), Some(format!("Role at {}", whole()).as_str()));
        assert_eq!(eve.get("eligible"), Some(&json!(true)));
        assert_eq!(found.of(SUBSCRIPTION)[0].text("monitoring_admin_names"), Some("user ann, user eve"));
    }

    #[test]
    fn inside_a_subscription_only_what_lies_there_counts() {
        let group = format!("{}/resourcegroups/logs", whole());
        let assignment = assigned(ASSIGNMENT, "/a1", "ann", "User", OWNER, &group);
        let base = vec![role(OWNER, &["*"], &[]), assignment];
        let targets = SWITCHES.iter().filter_map(|(_, target)| *target);
        let complete: Vec<&str> = ALL.into_iter().chain(targets).collect();
        assert_eq!(count(&inventory(base.clone(), &complete)), Some(0));
        let workspace = |id: &str| resource("azure.operational_insights.workspace", id, &json!({}));
        let mut with = base.clone();
        with.push(workspace(&format!("{group}/providers/microsoft.operationalinsights/workspaces/w")));
        assert_eq!(count(&inventory(with, &complete)), Some(1));
        let mut beside = base.clone();
        beside.push(workspace(&format!("{group}2/providers/microsoft.operationalinsights/workspaces/w")));
        assert_eq!(count(&inventory(beside, &complete)), Some(0), "another group whose name begins alike");
        assert_eq!(count(&inventory(base, &ALL)), None, "what lies there was not read");
    }

    #[test]
    fn members_of_groups_count_where_they_were_read() {
        let base = vec![role(OWNER, &["*"], &[]), assigned(ASSIGNMENT, "/a1", "ops", "Group", OWNER, &whole())];
        assert_eq!(count(&inventory(base.clone(), &ALL)), None);
        let mut with = base;
        with.push(resource(MEMBER, "/a1/ann", &json!({"assignment": "/a1", "member": "ann", "name": "ann@x"})));
        let mut found = inventory(with.clone(), &ALL);
        let list = Listing {
            kind: MEMBER.to_owned(),
            account: SUB.to_owned(),
            region: GLOBAL.to_owned(),
            parent: Some("/a1".to_owned()),
            state: ListState::Complete(BTreeSet::from(["E-2.1".to_owned()])),
        };
        found.listings.insert(MEMBER.to_owned(), vec![list]);
        derive(&mut found);
        assert_eq!(count(&found), Some(1));
        assert_eq!(found.of(SUBSCRIPTION)[0].text("monitoring_admin_names"), Some("group member ann@x"));
        let foreign = assigned(ASSIGNMENT, "/a2", "them", "ForeignGroup", OWNER, &whole());
        assert_eq!(count(&inventory(vec![role(OWNER, &["*"], &[]), foreign], &ALL)), None, "a group of another tenant");
        let mut nobody = assigned(ASSIGNMENT, "/a3", "x", "User", OWNER, &whole());
        nobody.data.as_object_mut().unwrap().remove("principal");
        assert_eq!(
            count(&inventory(vec![role(OWNER, &["*"], &[]), nobody], &ALL)),
            Some(1),
            "somebody who is not told"
        );
        with.push(assigned(ELIGIBLE, "/e1", "more", "Group", OWNER, &whole()));
        assert_eq!(count(&inventory(with, &ALL)), None, "nothing reads who is in a group that may take a role");
    }

    #[test]
    fn what_was_not_read_is_not_known() {
        let assignment = assigned(ASSIGNMENT, "/a1", "ann", "User", OWNER, &whole());
        let found = inventory(vec![assignment.clone()], &ALL);
        assert_eq!(count(&found), None, "the role is in no list");
        assert_eq!(found.of(ADMIN)[0].get("certain"), None);
        let found = inventory(vec![assignment, role(OWNER, &["*"], &[])], &[ASSIGNMENT, DEFINITION]);
        assert_eq!(count(&found), None, "roles that may be taken were not listed");
        assert_eq!(found.of(ADMIN)[0].get("certain"), Some(&json!(true)));
    }

    #[test]
    fn a_condition_makes_unsure_who_may_assign_roles() {
        let mut limited = assigned(ASSIGNMENT, "/a1", "ann", "User", "delegate", &whole());
        limited.set("condition", json!("((…))"), []);
        let actions = ["Microsoft.Authorization/roleAssignments/write"];
        let found = inventory(vec![limited.clone(), role("delegate", &actions, &[])], &ALL);
        assert_eq!(count(&found), None);
        assert!(found.of(ADMIN)[0].unknown.contains_key("certain"));
        let found = inventory(vec![limited, role("delegate", &["Microsoft.Security/*"], &[])], &ALL);
        assert_eq!(count(&found), Some(1));
    }
}
