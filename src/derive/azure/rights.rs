//! What roles of Azure allow, and where: shared by the derivations that ask who may do something.
//!
//! A role allows what an action of one of its permissions fits and no not-action of the same permission does. Deny
//! assignments and classic administrators are not looked at.
//!
//! Sources: Microsoft Learn, "Understand Azure role definitions" (actions, not-actions, wildcards), "Understand scope
//! for Azure RBAC".

use crate::derive::known::{Known, Listed};
use crate::model::inventory::Inventory;
use crate::model::pattern::Pattern;
use crate::model::resource::Resource;
#[cfg(test)]
use crate::model::resource::ResourceKey;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const ASSIGNMENT: &str = "azure.authorization.role_assignment";
pub(super) const ELIGIBLE: &str = "azure.authorization.role_eligibility";
pub(super) const DEFINITION: &str = "azure.authorization.role_definition";
pub(super) const MEMBER: &str = "azure.authorization.group_member";
pub(super) const GLOBAL: &str = "global";

/// A role whose permissions are known.
pub(super) struct Role<'a> {
    definition: &'a Resource,
    permissions: &'a [Value],
}

impl Role<'_> {
    /// Does it allow the action, which is written in lower case?
    pub(super) fn allows(&self, action: &str) -> Known {
        match allows(self.permissions, action) {
            None => Known::missing(self.definition, "permissions"),
            Some(truth) => Known::of(truth, self.definition.evidence(["permissions"])),
        }
    }
}

/// The role that was assigned, with its name; or why it is not known.
pub(super) fn role_of<'a>(assignment: &Resource, definitions: &Listed<'a>) -> (String, Result<Role<'a>, Known>) {
    let Some(role) = assignment.text("role") else {
        return ("a role that is not told".to_owned(), Err(Known::missing(assignment, "role")));
    };
    // The same role has an id with and one without a subscription in it; the end is the same.
    let tail = |id: &str| id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let Some(definition) = definitions.items.iter().find(|one| tail(&one.key.id) == tail(role)) else {
        let rest = definitions.exists(|_| Known::of(false, BTreeSet::new()));
        let untold = Known::untold(format!("the role {} is in no list", tail(role)));
        return (format!("role {}", tail(role)), Err(if rest.truth.is_none() { rest } else { untold }));
    };
    let name = definition.text("name").unwrap_or(&definition.key.id).to_owned();
    let Some(Value::Array(permissions)) = definition.get("permissions") else {
        return (name, Err(Known::missing(definition, "permissions")));
    };
    (name, Ok(Role { definition, permissions }))
}

/// Is it the scope, or something in it?
pub(super) fn lies_in(id: &str, scope: &str) -> bool {
    let (id, scope) = (id.to_ascii_lowercase(), scope.trim_end_matches('/').to_ascii_lowercase());
    id == scope || id.strip_prefix(&scope).is_some_and(|rest| rest.starts_with('/'))
}

/// Does an assignment that was listed in the subscription of `id` at this scope reach it? What is listed there and lies
/// above the subscription reaches all of it.
pub(super) fn reaches(scope: &str, id: &str) -> bool {
    scope.starts_with("/providers/microsoft.management/managementgroups/") || lies_in(id, scope)
}

/// Does any permission of a role allow it? Nothing where a list of one is not there.
fn allows(permissions: &[Value], switch: &str) -> Option<bool> {
    let mut unread = false;
    for permission in permissions {
        let fits = |field: &str| -> Option<bool> {
            let patterns = permission.get(field)?.as_array()?;
            let mut texts = patterns.iter().filter_map(Value::as_str);
            Some(texts.any(|pattern| Pattern(pattern.to_ascii_lowercase()).fits(switch)))
        };
        match (fits("actions"), fits("not_actions")) {
            (Some(true), Some(false)) => return Some(true),
            (Some(false), _) | (_, Some(true)) => {}
            _ => unread = true,
        }
    }
    (!unread).then_some(false)
}

/// Who is in the group that holds this assignment, and whether they are all.
pub(super) fn members<'a>(
    inventory: &'a Inventory,
    account: &str,
    assignment: &str,
) -> (Vec<&'a Resource>, Option<Known>) {
    let of = |member: &&Resource| member.key.account == account && member.text("assignment") == Some(assignment);
    let members = inventory.of(MEMBER).iter().filter(of).collect();
    let mut lists = inventory.listings_of(MEMBER).iter().filter(|list| list.account == account);
    let list = lists.find(|list| list.parent.as_deref() == Some(assignment));
    (members, list.map(Known::end_of))
}

/// A resource that one answer told, for tests.
#[cfg(test)]
pub(super) fn told(account: &str, kind: &str, id: &str, fields: &Value) -> Resource {
    let mut resource = Resource::new(ResourceKey {
        kind: kind.to_owned(),
        account: account.to_owned(),
        region: GLOBAL.to_owned(),
        id: id.to_owned(),
    });
    resource.from.entry(String::new()).or_default().insert("E-1.1".to_owned());
    for (name, value) in fields.as_object().into_iter().flatten() {
        resource.set(name, value.clone(), ["E-1.1".to_owned()]);
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn not_actions_are_of_their_own_permission() {
        let permission = |actions: &[&str], not: &[&str]| json!({"actions": actions, "not_actions": not});
        let switch = "microsoft.network/networkwatchers/flowlogs/delete";
        assert_eq!(allows(&[permission(&["*"], &[])], switch), Some(true));
        assert_eq!(allows(&[permission(&["Microsoft.Network/*"], &[])], switch), Some(true));
        assert_eq!(allows(&[permission(&["Microsoft.Network/*/read"], &[])], switch), Some(false));
        assert_eq!(allows(&[permission(&["*"], &["Microsoft.Network/NetworkWatchers/*"])], switch), Some(false));
        let two = [permission(&["*"], &["Microsoft.Network/*"]), permission(&["*/delete"], &[])];
        assert_eq!(allows(&two, switch), Some(true));
        assert_eq!(allows(&[json!({"actions": ["*"]})], switch), None);
    }

    #[test]
    fn scopes_reach_what_is_in_them() {
        let nic = "/subscriptions/1/resourcegroups/net/providers/microsoft.network/networkinterfaces/n";
        for scope in [
            "/",
            "/subscriptions/1",
            "/subscriptions/1/resourceGroups/NET",
            nic,
            "/providers/microsoft.management/managementgroups/top",
        ] {
            assert!(reaches(scope, nic), "{scope}");
        }
        for scope in [
            "/subscriptions/2",
            "/subscriptions/1/resourcegroups/ne",
            "/subscriptions/1/resourcegroups/net/providers/x",
        ] {
            assert!(!reaches(scope, nic), "{scope}");
        }
    }
}
