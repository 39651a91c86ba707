//! Derivation: does Entra ask everybody, and at least its administrators, for a second factor?
//!
//! Two things can ask: the security defaults, and Conditional Access policies. `entra.tenant` gets what both come to.
//! A policy counts where it is enabled (`enabledForReportingButNotEnforced` only writes down what it would do), asks
//! for a second factor whatever else would satisfy it, reaches every application, and has no condition that narrows it:
//! a platform, a place, a risk, a device, a kind of client, a flow. Several narrow policies are not added up. Who is
//! excluded is counted, and named.
//!
//! What is asked for user by user (the older *per-user* authentication) no read shows.
//!
//! Sources: Microsoft Graph v1.0, conditionalAccessPolicy, conditionalAccessConditionSet, conditionalAccessUsers,
//! conditionalAccessApplications, conditionalAccessGrantControls, authenticationStrengthPolicy,
//! userRegistrationDetails; Microsoft Learn, "Security defaults in Microsoft Entra ID"; "Conditional Access: Users,
//! groups, and workload identities" (roles of an administrative unit and custom roles are not enforced).

use super::known::{Known, Listed, listed};
use crate::model::finding::Reason;
use crate::model::inventory::Inventory;
use crate::model::read::FieldKind;
use crate::model::resource::Resource;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const TENANT: &str = "entra.tenant";
const POLICY: &str = "entra.conditional_access_policy";
const STRENGTH: &str = "entra.authentication_strength";
const REGISTRATION: &str = "entra.user_registration";
const ASSIGNMENT: &str = "entra.role_assignment";
const LICENSE: &str = "entra.license";
const GLOBAL: &str = "global";

/// The roles of which Microsoft asks a second factor first (Microsoft Learn, "Require MFA for administrators with
/// Conditional Access", and "Security defaults in Microsoft Entra ID"), by the ids of "Microsoft Entra built-in roles".
const ADMIN_ROLES: [&str; 14] = [
    "62e90394-69f5-4237-9190-012177145e10", // Global Administrator
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application Administrator
    "c4e39bd9-1100-46d3-8c65-fb160da0071f", // Authentication Administrator
    "b0f54661-2d74-4c50-afa3-1ec803f12efe", // Billing Administrator
    "158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application Administrator
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", // Conditional Access Administrator
    "29232cdf-9323-42fd-ade2-1d097af3e4de", // Exchange Administrator
    "729827e3-9c14-49f7-bb1b-9608f156bbb8", // Helpdesk Administrator
    "966707d0-3269-4727-9be2-8c3a10f19b9d", // Password Administrator
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", // Privileged Authentication Administrator
    "e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role Administrator
    "194ae4cb-b126-40b2-bd5b-6091b380977d", // Security Administrator
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c", // SharePoint Administrator
    "fe930be7-5e62-47db-91af-98c3a49a38b1", // User Administrator
];

/// Kinds of clients that are, together, all of them.
const CLIENTS: [&str; 4] = ["browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"];

/// The fields that tenants get.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([(
        TENANT,
        BTreeMap::from([
            ("mfa_everybody", FieldKind::Boolean),
            ("mfa_admins", FieldKind::Boolean),
            ("mfa_by", FieldKind::Text),
            ("mfa_short", FieldKind::Text),
            ("mfa_excluded", FieldKind::Integer),
            ("mfa_excluded_names", FieldKind::Text),
            ("without_mfa", FieldKind::Integer),
            ("without_mfa_names", FieldKind::Text),
        ]),
    )])
}

/// Adds the fields to the tenants of the inventory.
pub(super) fn derive(inventory: &mut Inventory) {
    let tenants: Vec<Resource> = inventory.of(TENANT).iter().map(|tenant| of_tenant(inventory, tenant)).collect();
    if let Some(old) = inventory.resources.get_mut(TENANT) {
        *old = tenants;
    }
}

fn of_tenant(inventory: &Inventory, tenant: &Resource) -> Resource {
    let mut tenant = tenant.clone();
    let here = |kind| listed(inventory, kind, &tenant.key.account, GLOBAL);
    let (policies, strengths, assignments) = (here(POLICY), here(STRENGTH), here(ASSIGNMENT));
    let (registrations, licenses) = (here(REGISTRATION), here(LICENSE));
    let defaults = Known::field(&tenant, "security_defaults", Value::as_bool);
    let asks = |policy: &Resource| asks_of_those_it_reaches(policy, &strengths);
    let of_all = |policy: &Resource| asks(policy).and(has(policy, "include_users", "All"));
    let everybody = defaults.clone().or(policies.exists(of_all));

    let unasked = assignments.exists(|assignment| {
        let covered = policies.exists(|policy| asks(policy).and(reaches_role(policy, assignment)));
        is_admin(assignment).and(not(covered))
    });
    let roles = assignments.exists(is_admin).and(not(unasked));
    let admins = everybody.clone().or(roles);

    let whole: Vec<&&Resource> = policies.items.iter().filter(|policy| of_all(policy).truth == Some(true)).collect();
    let by = if defaults.truth == Some(true) {
        Some(("security defaults".to_owned(), defaults.evidence.clone()))
    } else if !whole.is_empty() {
        Some((names(whole.iter().map(|policy| name(policy)).collect()), everybody.evidence.clone()))
    } else if admins.truth == Some(true) {
        let part = policies.items.iter().filter(|policy| asks(policy).truth == Some(true));
        Some((names(part.map(|policy| name(policy)).collect()), admins.evidence.clone()))
    } else {
        None
    };
    if let Some((by, evidence)) = by {
        tenant.set("mfa_by", by.into(), evidence);
    }
    let listed_all = policies.exists(|_| Known::of(false, BTreeSet::new()));
    let short: Vec<String> = policies.items.iter().filter_map(|policy| falls_short(policy, &strengths)).collect();
    let short = if short.is_empty() { "no other policy asks for it".to_owned() } else { names(short) };
    if listed_all.truth.is_some() {
        tenant.set("mfa_short", short.into(), listed_all.evidence);
    } else {
        listed_all.leave_out(&mut tenant, "mfa_short");
    }

    excluded(&mut tenant, &defaults, &whole, &everybody);
    without(&mut tenant, &registrations, &licenses);
    everybody.put(&mut tenant, "mfa_everybody");
    admins.put(&mut tenant, "mfa_admins");
    tenant
}

fn not(known: Known) -> Known {
    Known { truth: known.truth.map(|truth| !truth), ..known }
}

/// Has a list of texts this one?
fn has(of: &Resource, field: &str, text: &str) -> Known {
    Known::field(of, field, |list| Some(list.as_array()?.iter().any(|item| item.as_str() == Some(text))))
}

/// Nothing in it: a list, a map.
fn empty(of: &Resource, field: &str) -> Known {
    Known::field(of, field, |value| match value {
        Value::Array(items) => Some(items.is_empty()),
        Value::Object(members) => Some(members.is_empty()),
        Value::String(text) => Some(text == "none"),
        _ => None,
    })
}

/// It is in force, asks for a second factor, reaches every application, and nothing narrows it.
fn asks_of_those_it_reaches(policy: &Resource, strengths: &Listed<'_>) -> Known {
    in_force(policy).and(second_factor(policy, strengths)).and(unnarrowed(policy))
}

fn in_force(policy: &Resource) -> Known {
    Known::field(policy, "state", |state| match state.as_str()? {
        "enabled" => Some(true),
        "disabled" | "enabledForReportingButNotEnforced" => Some(false),
        _ => None,
    })
}

/// Can nothing but a second factor satisfy it? A password change needs a second factor beside it, by rule of Entra.
fn second_factor(policy: &Resource, strengths: &Listed<'_>) -> Known {
    let strong = || match policy.text("strength") {
        None => Known::missing(policy, "strength"),
        Some("none") => Known::of(false, policy.evidence(["strength"])),
        Some(id) => {
            let same = |strength: &&&Resource| strength.key.id.eq_ignore_ascii_case(id);
            let Some(strength) = strengths.items.iter().find(same) else {
                let rest = strengths.exists(|_| Known::of(false, BTreeSet::new()));
                let untold = Known::untold(format!("the authentication strength {id} is in no list"));
                return if rest.truth.is_none() { rest } else { untold };
            };
            Known::field(strength, "satisfies", |word| match word.as_str()? {
                "mfa" => Some(true),
                "none" => Some(false),
                _ => None,
            })
        }
    };
    let mfa = || has(policy, "controls", "mfa");
    match policy.text("operator") {
        None => Known::missing(policy, "operator"),
        Some("AND") => mfa().or(strong()),
        Some("OR") => {
            let only_mfa = Known::field(policy, "controls", |controls| {
                Some(controls.as_array()?.iter().all(|control| control.as_str() == Some("mfa")))
            });
            let no_strength = Known::field(policy, "strength", |id| Some(id.as_str()? == "none"));
            let others = empty(policy, "custom_controls").and(empty(policy, "terms_of_use"));
            mfa().or(strong()).and(only_mfa).and(no_strength.or(strong())).and(others)
        }
        Some("none") => Known::of(false, policy.evidence(["operator"])),
        Some(other) => Known::untold(format!("{} joins its controls by {other:?}", policy.key.id)),
    }
}

/// What narrows a policy, each with the words for it.
fn narrowings(policy: &Resource) -> [(Known, &'static str); 12] {
    let all_or_none = |field: &'static str| empty(policy, field).or(has_any_case(policy, field, "all"));
    let clients = Known::field(policy, "client_apps", |kinds| {
        let kinds: Vec<&str> = kinds.as_array()?.iter().filter_map(Value::as_str).collect();
        Some(kinds.contains(&"all") || CLIENTS.iter().all(|kind| kinds.contains(kind)))
    });
    [
        (has(policy, "include_applications", "All"), "for some applications"),
        (empty(policy, "exclude_applications"), "not for the applications it leaves out"),
        (empty(policy, "application_filter"), "for the applications of a filter"),
        (clients, "for some kinds of clients"),
        (all_or_none("include_platforms"), "for some platforms"),
        (empty(policy, "exclude_platforms"), "not for all platforms"),
        (all_or_none("include_locations"), "for some places"),
        (empty(policy, "exclude_locations"), "not for trusted places"),
        (empty(policy, "sign_in_risk").and(empty(policy, "user_risk")), "at some risks"),
        (empty(policy, "service_principal_risk").and(empty(policy, "insider_risk")), "at some risks"),
        (empty(policy, "devices"), "for some devices"),
        (empty(policy, "authentication_flows"), "for some authentication flows"),
    ]
}

fn has_any_case(of: &Resource, field: &str, text: &str) -> Known {
    Known::field(of, field, |list| {
        Some(list.as_array()?.iter().filter_map(Value::as_str).any(|item| item.eq_ignore_ascii_case(text)))
    })
}

fn unnarrowed(policy: &Resource) -> Known {
    let all = narrowings(policy).into_iter().map(|(known, _)| known);
    all.reduce(Known::and).unwrap_or_default()
}

fn is_admin(assignment: &Resource) -> Known {
    let role = Known::field(assignment, "role", |role| {
        let role = role.as_str()?;
        Some(ADMIN_ROLES.iter().any(|admin| admin.eq_ignore_ascii_case(role)))
    });
    // An application has no second factor, and no such policy is for it.
    role.and(Known::field(assignment, "application", |id| Some(id.as_str()? == "none")))
}

/// A policy for roles is for those who hold them in the whole tenant.
fn reaches_role(policy: &Resource, assignment: &Resource) -> Known {
    let Some(role) = assignment.text("role") else { return Known::missing(assignment, "role") };
    let whole = Known::field(assignment, "scope", |scope| Some(scope.as_str()? == "/"));
    has_any_case(policy, "include_roles", role).and(whole)
}

/// Why a policy that is about a second factor does not ask everybody for it.
fn falls_short(policy: &Resource, strengths: &Listed<'_>) -> Option<String> {
    let about = has(policy, "controls", "mfa").truth == Some(true)
        || policy.text("strength").is_some_and(|strength| strength != "none");
    if !about {
        return None;
    }
    let mut why: Vec<&str> = Vec::new();
    match policy.text("state") {
        Some("disabled") => why.push("is disabled"),
        Some("enabledForReportingButNotEnforced") => why.push("only reports what it would ask"),
        _ => {}
    }
    if second_factor(policy, strengths).truth == Some(false) {
        why.push("can be satisfied without a second factor");
    }
    if has(policy, "include_users", "All").truth == Some(false) {
        why.push("is for some people");
    }
    for (known, words) in narrowings(policy) {
        if known.truth == Some(false) && !why.contains(&words) {
            why.push(words);
        }
    }
    (!why.is_empty()).then(|| format!("{} ({})", name(policy), why.join(", ")))
}

fn name(of: &Resource) -> String {
    of.text("name").unwrap_or(&of.key.id).to_owned()
}

/// `a, b, c and 4 more`: a sentence has room for a few.
fn names(mut all: Vec<String>) -> String {
    all.sort();
    all.dedup();
    let more = all.len().saturating_sub(4);
    let first = all.into_iter().take(4).collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

/// Whom the policy that excludes fewest leaves out. The security defaults leave out nobody.
fn excluded(tenant: &mut Resource, defaults: &Known, whole: &[&&Resource], everybody: &Known) {
    if defaults.truth == Some(true) {
        tenant.set("mfa_excluded", 0.into(), defaults.evidence.clone());
        tenant.set("mfa_excluded_names", "nobody".into(), defaults.evidence.clone());
        return;
    }
    let list = |policy: &Resource, field: &str| -> Option<Vec<String>> {
        let items = policy.get(field)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let of = |policy: &Resource| -> Option<(usize, Vec<String>, bool)> {
        let users = list(policy, "exclude_users")?;
        let groups = list(policy, "exclude_groups")?;
        let roles = list(policy, "exclude_roles")?;
        let guests = !policy.get("exclude_guests")?.as_object()?.is_empty();
        // `GuestsOrExternalUsers` among the users stands for a crowd, too.
        let countable =
            groups.is_empty() && roles.is_empty() && !guests && !users.iter().any(|u| u == "GuestsOrExternalUsers");
        let count = users.len();
        let words = |kind: &str, all: Vec<String>| all.into_iter().map(|id| format!("{kind} {id}")).collect::<Vec<_>>();
        let mut all = words("user", users);
        all.extend(words("group", groups));
        all.extend(words("role", roles));
        all.extend(guests.then(|| "guests".to_owned()));
        Some((count, all, countable))
    };
    // Those whose number is known come first, then those with fewer.
    let best = whole.iter().filter_map(|policy| of(policy).map(|found| (policy, found)));
    let best = best.min_by_key(|(_, (count, all, countable))| (!countable, *count, all.len()));
    match best {
        Some((policy, (count, all, countable))) => {
            let evidence = policy.evidence(["exclude_users", "exclude_groups", "exclude_roles", "exclude_guests"]);
            if countable {
                tenant.set("mfa_excluded", count.into(), evidence.clone());
            } else {
                let what = format!("it is not told how many people the exclusions of {} are", name(policy));
                tenant.unknown.insert("mfa_excluded".to_owned(), Reason::NotTold { what });
            }
            let text = if all.is_empty() { "nobody".to_owned() } else { names(all) };
            tenant.set("mfa_excluded_names", text.into(), evidence);
        }
        None if everybody.truth.is_none() => {
            everybody.clone().leave_out(tenant, "mfa_excluded");
            everybody.clone().leave_out(tenant, "mfa_excluded_names");
        }
        None => {
            let what = "nothing asks everybody for a second factor, so nobody is excluded from it".to_owned();
            for field in ["mfa_excluded", "mfa_excluded_names"] {
                tenant.unknown.insert(field.to_owned(), Reason::NotTold { what: what.clone() });
            }
        }
    }
}

/// Members of the tenant who have not registered a second factor. A tenant has users, so a report without any is no
/// report: it needs a licence.
fn without(tenant: &mut Resource, registrations: &Listed<'_>, licenses: &Listed<'_>) {
    let end = registrations.exists(|_| Known::of(false, BTreeSet::new()));
    let known = if end.truth.is_some() && registrations.items.is_empty() {
        let premium = licenses.exists(|license| {
            let on = Known::field(license, "status", |status| Some(matches!(status.as_str()?, "Enabled" | "Warning")));
            on.and(Known::field(license, "plans", |plans| {
                let is = |plan: &Value| {
                    let text = |field: &str| plan.get(field).and_then(Value::as_str).unwrap_or_default();
                    text("name").starts_with("AAD_PREMIUM") && text("status") == "Success"
                };
                Some(plans.as_array()?.iter().any(is))
            }))
        });
        Known::untold(match premium.truth {
            Some(false) => {
                "the report of who registered a second factor needs Microsoft Entra ID P1, which the tenant does not have"
            }
            Some(true) => {
                "the report of who registered a second factor lists nobody, although the tenant has Microsoft Entra ID P1; Graph may need Directory.Read.All to see the licence"
            }
            None => "the report of who registered a second factor lists nobody: it needs Microsoft Entra ID P1",
        })
    } else {
        end
    };
    let unread = registrations.items.iter().map(|user| match user.get("mfa_registered").and(user.get("user_type")) {
        Some(_) => Known::of(false, BTreeSet::new()),
        None => Known::missing(user, if user.get("user_type").is_none() { "user_type" } else { "mfa_registered" }),
    });
    let known = unread.fold(known, Known::or);
    if known.truth.is_none() {
        known.clone().leave_out(tenant, "without_mfa");
        known.leave_out(tenant, "without_mfa_names");
        return;
    }
    let found: Vec<String> = registrations
        .items
        .iter()
        .filter(|user| user.text("user_type") != Some("guest"))
        .filter(|user| user.get("mfa_registered") == Some(&Value::Bool(false)))
        .map(|user| name(user))
        .collect();
    tenant.set("without_mfa", found.len().into(), known.evidence.clone());
    let text = if found.is_empty() { "nobody".to_owned() } else { names(found) };
    tenant.set("without_mfa_names", text.into(), known.evidence);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gap::Gap;
    use crate::model::inventory::{ListState, Listing};
    use crate::model::plan::Outcome;
    use crate::model::resource::ResourceKey;
    use serde_json::json;

    const GLOBAL_ADMIN: &str = "62e90394-69f5-4237-9190-012177145e10";

    fn resource(kind: &str, id: &str, fields: &Value) -> Resource {
        let key = ResourceKey {
            kind: kind.to_owned(),
            account: "t".to_owned(),
            region: GLOBAL.to_owned(),
            id: id.to_owned(),
        };
        let mut resource = Resource::new(key);
        resource.from.entry(String::new()).or_default().insert("E-1.1".to_owned());
        for (name, value) in fields.as_object().unwrap() {
            resource.set(name, value.clone(), ["E-1.1".to_owned()]);
        }
        resource
    }

    /// A policy that asks everybody for everything, but for what is said otherwise.
    fn policy(changes: &Value) -> Resource {
        let mut fields = json!({
            "name": "p", "state": "enabled", "include_users": ["All"], "exclude_users": [], "include_groups": [],
            "exclude_groups": [], "include_roles": [], "exclude_roles": [], "exclude_guests": {},
            "include_applications": ["All"], "exclude_applications": [], "application_filter": {},
            "client_apps": ["all"], "include_platforms": [], "exclude_platforms": [], "include_locations": [],
            "exclude_locations": [], "sign_in_risk": [], "user_risk": [], "service_principal_risk": [],
            "insider_risk": "none", "devices": {}, "authentication_flows": {}, "operator": "OR", "controls": ["mfa"],
            "custom_controls": [], "terms_of_use": [], "strength": "none",
        });
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        resource(POLICY, fields["name"].as_str().unwrap_or("p"), &fields)
    }

    fn admin(role: &str) -> Resource {
        resource(ASSIGNMENT, "a", &json!({"role": role, "application": "none", "scope": "/"}))
    }

    fn tenant_of(defaults: &Value, resources: Vec<Resource>, cut: &[&str]) -> Resource {
        let mut inventory = Inventory::default();
        let tenant = resource(TENANT, "t", &json!({"security_defaults": defaults}));
        inventory.resources.insert(TENANT.to_owned(), vec![tenant]);
        for resource in resources {
            inventory.resources.entry(resource.key.kind.clone()).or_default().push(resource);
        }
        for kind in [POLICY, STRENGTH, ASSIGNMENT, REGISTRATION, LICENSE] {
            let gap = Gap {
                read: "r".to_owned(),
                action: "Policy.Read.All".to_owned(),
                account: "t".to_owned(),
                region: GLOBAL.to_owned(),
                parent: None,
                outcome: Outcome::Denied,
                code: Some("Authorization_RequestDenied".to_owned()),
                detail: None,
                evidence: None,
            };
            let whole = BTreeSet::from(["E-1.1".to_owned()]);
            let state =
                if cut.contains(&kind) { ListState::Cut(BTreeSet::from([gap])) } else { ListState::Complete(whole) };
            let (account, region) = ("t".to_owned(), GLOBAL.to_owned());
            let list = Listing { kind: kind.to_owned(), account, region, parent: None, state };
            inventory.listings.insert(kind.to_owned(), vec![list]);
        }
        derive(&mut inventory);
        inventory.of(TENANT)[0].clone()
    }

    fn everybody(policies: Vec<Resource>) -> Option<bool> {
        tenant_of(&json!(false), policies, &[]).get("mfa_everybody").and_then(Value::as_bool)
    }

    #[test]
    fn the_security_defaults_ask_everybody() {
        let tenant = tenant_of(&json!(true), Vec::new(), &[POLICY]);
        assert_eq!(tenant.get("mfa_everybody"), Some(&json!(true)));
        assert_eq!(tenant.get("mfa_admins"), Some(&json!(true)));
        assert_eq!(tenant.text("mfa_by"), Some("security defaults"));
        assert_eq!(tenant.get("mfa_excluded"), Some(&json!(0)));
    }

    #[test]
    fn a_policy_for_all_asks_everybody_unless_something_narrows_it() {
        assert_eq!(everybody(vec![policy(&json!({}))]), Some(true));
        assert_eq!(everybody(Vec::new()), Some(false));
        for changes in [
            json!({"state": "enabledForReportingButNotEnforced"}),
            json!({"state": "disabled"}),
            json!({"include_users": ["ann"]}),
            json!({"include_users": ["None"], "include_roles": [GLOBAL_ADMIN]}),
            json!({"include_applications": ["Office365"]}),
            json!({"exclude_applications": ["app"]}),
            json!({"application_filter": {"mode": "include", "rule": "x"}}),
            json!({"client_apps": ["browser", "mobileAppsAndDesktopClients"]}),
            json!({"include_platforms": ["iOS"]}),
            json!({"include_platforms": ["all"], "exclude_platforms": ["linux"]}),
            json!({"include_locations": ["All"], "exclude_locations": ["AllTrusted"]}),
            json!({"include_locations": ["office"]}),
            json!({"sign_in_risk": ["high"]}),
            json!({"user_risk": ["high"]}),
            json!({"insider_risk": "elevated"}),
            json!({"devices": {"deviceFilter": {"mode": "exclude"}}}),
            json!({"authentication_flows": {"transferMethods": "deviceCodeFlow"}}),
            json!({"controls": ["mfa", "compliantDevice"]}),
            json!({"controls": ["compliantDevice"]}),
            json!({"controls": ["block"]}),
            json!({"custom_controls": ["other"]}),
            json!({"terms_of_use": ["terms"]}),
            json!({"operator": "none", "controls": []}),
            json!({"operator": "AND", "controls": ["compliantDevice"]}),
        ] {
            assert_eq!(everybody(vec![policy(&changes)]), Some(false), "{changes}");
        }
        for changes in [
            json!({"operator": "AND", "controls": ["mfa", "compliantDevice"]}),
            json!({"include_platforms": ["all"], "include_locations": ["All"]}),
            json!({"client_apps": ["browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"]}),
        ] {
            assert_eq!(everybody(vec![policy(&changes)]), Some(true), "{changes}");
        }
    }

    #[test]
    fn strengths_count_by_what_they_satisfy() {
        let strength = |satisfies: &str| resource(STRENGTH, "s1", &json!({"satisfies": satisfies}));
        let by = json!({"controls": [], "strength": "S1"});
        assert_eq!(everybody(vec![policy(&by), strength("mfa")]), Some(true));
        assert_eq!(everybody(vec![policy(&by), strength("none")]), Some(false));
        assert_eq!(everybody(vec![policy(&by), strength("unknownFutureValue")]), None);
        assert_eq!(everybody(vec![policy(&by)]), None, "a strength that is in no list");
        let either = json!({"controls": ["compliantDevice"], "strength": "s1"});
        assert_eq!(everybody(vec![policy(&either), strength("mfa")]), Some(false));
    }

    #[test]
    fn words_that_nobody_knows_are_not_known() {
        assert_eq!(everybody(vec![policy(&json!({"state": "unknownFutureValue"}))]), None);
        assert_eq!(everybody(vec![policy(&json!({"operator": "XOR"}))]), None);
        let mut unread = policy(&json!({}));
        unread.data.as_object_mut().unwrap().remove("devices");
        assert_eq!(everybody(vec![unread]), None);
    }

    #[test]
    fn a_cut_list_proves_what_it_has_and_disproves_nothing() {
        let tenant = tenant_of(&json!(false), vec![policy(&json!({}))], &[POLICY]);
        assert_eq!(tenant.get("mfa_everybody"), Some(&json!(true)));
        let tenant = tenant_of(&json!(false), Vec::new(), &[POLICY]);
        assert_eq!(tenant.get("mfa_everybody"), None);
        assert!(tenant.missing.contains_key("mfa_everybody"), "the refusal is named");
        assert_eq!(tenant.text("mfa_short"), None);
    }

    #[test]
    fn administrators_by_their_roles() {
        let of = |resources: Vec<Resource>| tenant_of(&json!(false), resources, &[]).get("mfa_admins").cloned();
        let roles = policy(&json!({"include_users": [], "include_roles": [GLOBAL_ADMIN]}));
        assert_eq!(of(vec![roles.clone(), admin(GLOBAL_ADMIN)]), Some(json!(true)));
        let other = resource(ASSIGNMENT, "b", &json!({"role": ADMIN_ROLES[1], "application": "none", "scope": "/"}));
        assert_eq!(of(vec![roles.clone(), admin(GLOBAL_ADMIN), other.clone()]), Some(json!(false)));
        let second = policy(&json!({"name": "q", "include_users": [], "include_roles": [ADMIN_ROLES[1]]}));
        assert_eq!(of(vec![roles.clone(), second, admin(GLOBAL_ADMIN), other]), Some(json!(true)), "together");
        let application =
            resource(ASSIGNMENT, "c", &json!({"role": ADMIN_ROLES[1], "application": "app", "scope": "/"}));
        assert_eq!(of(vec![roles.clone(), admin(GLOBAL_ADMIN), application]), Some(json!(true)));
        let unit = json!({"role": GLOBAL_ADMIN, "application": "none", "scope": "/administrativeUnits/u"});
        assert_eq!(of(vec![roles.clone(), resource(ASSIGNMENT, "d", &unit)]), Some(json!(false)));
        assert_eq!(of(vec![roles]), Some(json!(false)), "no administrator at all is nothing to show");
        let harmless = admin("88d8e3e3-8f55-4a1e-953a-9b9898b8876b");
        assert_eq!(of(vec![harmless, admin(GLOBAL_ADMIN)]), Some(json!(false)));
    }

    #[test]
    fn exclusions_are_counted_and_named() {
        let of = |resources: Vec<Resource>| tenant_of(&json!(false), resources, &[]);
        let tenant = of(vec![policy(&json!({"exclude_users": ["u1", "u2"]}))]);
        assert_eq!(tenant.get("mfa_excluded"), Some(&json!(2)));
        assert_eq!(tenant.text("mfa_excluded_names"), Some("user u1, user u2"));
        let fewer = policy(&json!({"name": "q", "exclude_users": ["u3"]}));
        let tenant = of(vec![policy(&json!({"exclude_users": ["u1", "u2"]})), fewer]);
        assert_eq!(tenant.get("mfa_excluded"), Some(&json!(1)), "of the policy that excludes fewest");
        for changes in [
            json!({"exclude_groups": ["g"]}),
            json!({"exclude_roles": ["r"]}),
            json!({"exclude_guests": {"x": 1}}),
            json!({"exclude_users": ["GuestsOrExternalUsers"]}),
        ] {
            let tenant = of(vec![policy(&changes)]);
            assert_eq!(tenant.get("mfa_excluded"), None, "{changes}");
            assert!(tenant.text("mfa_excluded_names").is_some());
        }
        assert_eq!(of(vec![policy(&json!({}))]).text("mfa_excluded_names"), Some("nobody"));
        assert_eq!(of(Vec::new()).get("mfa_excluded"), None);
    }

    #[test]
    fn why_a_policy_falls_short_is_said() {
        let tenant = tenant_of(
            &json!(false),
            vec![policy(&json!({"state": "enabledForReportingButNotEnforced", "include_platforms": ["iOS"]}))],
            &[],
        );
        assert_eq!(tenant.text("mfa_short"), Some("p (only reports what it would ask, for some platforms)"));
        let tenant = tenant_of(&json!(false), Vec::new(), &[]);
        assert_eq!(tenant.text("mfa_short"), Some("no other policy asks for it"));
    }

    #[test]
    fn a_missing_licence_is_not_a_missing_permission() {
        let user = |registered: bool, kind: &str| {
            resource(REGISTRATION, "u", &json!({"name": "ann", "user_type": kind, "mfa_registered": registered}))
        };
        let of = |resources: Vec<Resource>, cut: &[&str]| tenant_of(&json!(false), resources, cut);
        assert_eq!(of(vec![user(true, "member")], &[]).get("without_mfa"), Some(&json!(0)));
        let tenant = of(vec![user(false, "member")], &[]);
        assert_eq!((tenant.get("without_mfa"), tenant.text("without_mfa_names")), (Some(&json!(1)), Some("ann")));
        assert_eq!(of(vec![user(false, "guest")], &[]).get("without_mfa"), Some(&json!(0)));
        let denied = of(Vec::new(), &[REGISTRATION]);
        assert!(denied.missing.contains_key("without_mfa") && !denied.unknown.contains_key("without_mfa"));
        let told = |tenant: &Resource| match tenant.unknown.get("without_mfa") {
            Some(Reason::NotTold { what }) => what.clone(),
            other => panic!("{other:?}"),
        };
        let unlicensed = of(Vec::new(), &[]);
        assert!(unlicensed.missing.is_empty());
        assert!(told(&unlicensed).contains("which the tenant does not have"));
        let plans = json!([{"name": "AAD_PREMIUM", "status": "Success"}]);
        let license = resource(LICENSE, "l", &json!({"status": "Enabled", "plans": plans}));
        assert!(told(&of(vec![license], &[])).contains("Directory.Read.All"));
        assert!(told(&of(Vec::new(), &[LICENSE])).ends_with("it needs Microsoft Entra ID P1"));
        let unread = resource(REGISTRATION, "u", &json!({"name": "ann", "user_type": "member"}));
        assert_eq!(of(vec![unread], &[]).get("without_mfa"), None);
    }
}
