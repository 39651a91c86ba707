//! What the checks of Azure and Entra say about a subscription and its tenant, from the answers of a fake to the findings:
//! one in which everything is right, and what each change to it makes of which finding.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use emulators::azure::{FakeAzure, Fault, TENANT};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

const SUB: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const GLOBAL_ADMIN: &str = "62e90394-69f5-4237-9190-012177145e10";

fn list(items: &Value) -> Value {
    json!({ "value": items })
}

fn of(provider: &str) -> String {
    format!("/subscriptions/{SUB}/providers/{provider}")
}

fn id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUB}/resourceGroups/Main/providers/{kind}/{name}")
}

fn plan(name: &str, more: &Value) -> Value {
    let mut properties =
        json!({"pricingTier": "Standard", "resourcesCoverageStatus": "FullyCovered", "freeTrialRemainingTime": "PT0S"});
    for (name, value) in more.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({"id": format!("{}/{name}", of("Microsoft.Security/pricings")), "name": name, "properties": properties})
}

fn plans() -> Value {
    json!([
        plan(
            "VirtualMachines",
            &json!({"subPlan": "P2", "extensions": [{"name": "AgentlessVmScanning", "isEnabled": "True"}]})
        ),
        plan("StorageAccounts", &json!({"subPlan": "DefenderForStorageV2"})),
        plan("KeyVaults", &json!({"subPlan": "PerKeyVault"})),
        plan("Arm", &json!({})),
        plan("Dns", &json!({"pricingTier": "Free", "deprecated": true})),
        plan("AppServices", &json!({"pricingTier": "Free"})),
    ])
}

fn account(more: &Value) -> Value {
    let mut properties = json!({
        "supportsHttpsTrafficOnly": true, "minimumTlsVersion": "TLS1_2", "allowBlobPublicAccess": false,
        "publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"},
        "encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyvaulturi": "https://v.vault.azure.net", "keyname": "k"}},
    });
    for (name, value) in more.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({"id": id("Microsoft.Storage/storageAccounts", "logs"), "name": "logs", "location": "eastus", "kind": "StorageV2", "properties": properties})
}

fn vault(more: &Value) -> Value {
    let mut properties = json!({"vaultUri": "https://v.vault.azure.net/", "enablePurgeProtection": true, "networkAcls": {"defaultAction": "Deny"}});
    for (name, value) in more.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({"id": id("Microsoft.KeyVault/vaults", "v"), "name": "v", "location": "eastus", "properties": properties})
}

fn rule(name: &str, priority: i64, access: &str, source: &str, port: &str) -> Value {
    json!({"name": name, "properties": {"priority": priority, "direction": "Inbound", "access": access, "protocol": "Tcp",
        "sourceAddressPrefix": source, "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": port}})
}

fn group(rules: &Value) -> Value {
    json!({"id": id("Microsoft.Network/networkSecurityGroups", "web"), "name": "web", "location": "eastus", "properties": {
        "securityRules": rules,
        "defaultSecurityRules": [
            rule("AllowVnetInBound", 65000, "Allow", "VirtualNetwork", "*"),
            rule("DenyAllInBound", 65500, "Deny", "*", "*"),
        ],
        "subnets": [{"id": id("Microsoft.Network/virtualNetworks", "net/subnets/a")}],
    }})
}

fn policy(name: &str, more: &Value) -> Value {
    let mut policy = json!({
        "id": name, "displayName": name, "state": "enabled", "sessionControls": null,
        "conditions": {
            "signInRiskLevels": [], "userRiskLevels": [], "clientAppTypes": ["all"], "platforms": null, "locations": null,
            "devices": null,
            "applications": {"includeApplications": ["All"], "excludeApplications": [], "includeUserActions": []},
            "users": {"includeUsers": ["All"], "excludeUsers": ["emergency"], "includeGroups": [], "excludeGroups": [],
                "includeRoles": [], "excludeRoles": [], "excludeGuestsOrExternalUsers": null},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"], "customAuthenticationFactors": [], "termsOfUse": [],
            "authenticationStrength": null},
    });
    for (name, value) in more.as_object().unwrap() {
        policy[name] = value.clone();
    }
    policy
}

fn user(name: &str, registered: bool) -> Value {
    json!({"id": name, "userPrincipalName": name, "isAdmin": false, "userType": "member", "isMfaRegistered": registered, "isMfaCapable": registered})
}

const PRICINGS: &str = "Microsoft.Security/pricings";
const CONTACTS: &str = "Microsoft.Security/securityContacts";
const ACCOUNTS: &str = "Microsoft.Storage/storageAccounts";
const VAULTS: &str = "Microsoft.KeyVault/vaults";
const GROUPS: &str = "Microsoft.Network/networkSecurityGroups";
const ASSIGNMENTS: &str = "Microsoft.Authorization/roleAssignments";
const ELIGIBLE: &str = "Microsoft.Authorization/roleEligibilityScheduleInstances";
const WORKFLOWS: &str = "Microsoft.Logic/workflows";
const POLICIES: &str = "/v1.0/identity/conditionalAccess/policies";
const DEFAULTS: &str = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy";
const REGISTERED: &str = "/v1.0/reports/authenticationMethods/userRegistrationDetails";

fn sound() -> FakeAzure {
    let fake = FakeAzure::start();
    let answer = |path: &str, items: &Value| fake.answer("GET", path, 200, list(items));
    answer("/{+any}", &json!([]));
    answer("/v1.0/{+any}", &json!([]));
    answer(
        "/subscriptions",
        &json!([{"id": format!("/subscriptions/{SUB}"), "subscriptionId": SUB, "displayName": "Works", "state": "Enabled", "tenantId": TENANT}]),
    );
    answer(&of(PRICINGS), &plans());
    answer(
        &of(CONTACTS),
        &json!([{"id": format!("{}/default", of(CONTACTS)), "name": "default", "properties": {
        "isEnabled": true, "emails": "soc@example.com", "phone": "555-0100",
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}]}}]),
    );
    answer(
        &of("Microsoft.Security/automations"),
        &json!([{"id": id("Microsoft.Security/automations", "a"), "name": "a", "properties": {
        "isEnabled": true, "scopes": [], "sources": [{"eventSource": "Alerts"}],
        "actions": [{"actionType": "LogicApp", "logicAppResourceId": id("Microsoft.Logic/Workflows", "Isolate"), "uri": "https://secret.example/x?sig=canary"}]}}]),
    );
    answer(
        &of("Microsoft.Security/alerts"),
        &json!([{"id": id("Microsoft.Security/locations/eastus/alerts", "1"), "properties": {
        "alertDisplayName": "x", "severity": "High", "status": "Resolved", "timeGeneratedUtc": "2020-02-23T13:47:58.0000000Z"}}]),
    );
    answer(
        &of(WORKFLOWS),
        &json!([{"id": id("Microsoft.Logic/workflows", "isolate"), "name": "isolate", "location": "eastus",
        "properties": {"state": "Enabled", "definition": {"actions": {"x": "canary"}}, "parameters": {
            "p": {"value": "canary"}, "$connections": {"value": {"mail": {"connectionId": id("Microsoft.Web/connections", "Mail"),
            "connectionProperties": {"key": "canary"}, "id": of("Microsoft.Web/locations/eastus/managedApis/office365")}}}}}}]),
    );
    answer(
        &of("").replace("/providers/", "/resourcegroups"),
        &json!([{"id": format!("/subscriptions/{SUB}/resourceGroups/Main"), "name": "Main", "location": "eastus"}]),
    );
    answer(
        &id("Microsoft.Web/connections", "").trim_end_matches('/').to_lowercase(),
        &json!([{"id": id("Microsoft.Web/connections", "mail"), "name": "mail", "properties": {
        "displayName": "canary@example.com", "parameterValues": {"token": "canary"}, "api": {"name": "office365", "swagger": "canary"},
        "statuses": [{"status": "Error", "target": "canary", "error": {"code": "canary", "message": "canary"}}]}}]),
    );
    answer(
        &format!("{}/runs", id("Microsoft.Logic/workflows", "isolate").to_lowercase()),
        &json!([{"id": "r", "name": "r", "properties": {"startTime": "2020-02-23T13:47:58Z", "status": "Failed",
        "trigger": {"inputsLink": {"uri": "canary"}}, "outputs": {"o": "canary"}, "error": {"message": "canary"}, "code": "canary"}}]),
    );
    answer(&of(ACCOUNTS), &json!([account(&json!({}))]));
    let account = id("Microsoft.Storage/storageAccounts", "logs").to_lowercase();
    fake.answer(
        "GET",
        &format!("{account}/blobServices/default"),
        200,
        json!({"properties": {"isVersioningEnabled": true}}),
    );
    fake.answer(
        "GET",
        &format!("{account}/managementPolicies/default"),
        200,
        json!({"properties": {"policy": {"rules": [{
        "name": "tidy", "type": "Lifecycle", "definition": {"filters": {"blobTypes": ["appendBlob"]},
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 400}}}}}]}}}),
    );
    answer(
        &format!("{account}/blobServices/default/containers"),
        &json!([{"id": id("Microsoft.Storage/storageAccounts", "logs/blobServices/default/containers/insights-logs-x"),
        "name": "insights-logs-x", "properties": {"publicAccess": "None", "hasLegalHold": false, "hasImmutabilityPolicy": false}}]),
    );
    answer(
        &of("Microsoft.Network/networkWatchers"),
        &json!([{"id": id("Microsoft.Network/networkWatchers", "w"), "name": "w", "location": "eastus", "properties": {"provisioningState": "Succeeded"}}]),
    );
    answer(
        &format!("{}/flowLogs", id("Microsoft.Network/networkWatchers", "w").to_lowercase()),
        &json!([{
        "id": id("Microsoft.Network/networkWatchers", "w/flowLogs/f"), "name": "f", "location": "eastus", "properties": {
        "targetResourceId": id("Microsoft.Network/virtualNetworks", "net"), "enabled": true, "provisioningState": "Succeeded",
        "storageId": id("Microsoft.Storage/StorageAccounts", "LOGS")}}]),
    );
    answer(
        &of("Microsoft.Network/networkInterfaces"),
        &json!([{"id": id("Microsoft.Network/networkInterfaces", "n"), "name": "n", "location": "eastus",
        "properties": {"ipConfigurations": [], "virtualMachine": {"id": id("Microsoft.Compute/virtualMachines", "vm")}}}]),
    );
    answer(
        &of(GROUPS),
        &json!([group(&json!([
            rule("no-ssh", 100, "Deny", "Internet", "22"),
            rule("web", 200, "Allow", "*", "443"),
            rule("all-ssh", 300, "Allow", "*", "22")
        ]))]),
    );
    answer(&of(VAULTS), &json!([vault(&json!({}))]));
    answer(
        &format!("{}/keys", id("Microsoft.KeyVault/vaults", "v").to_lowercase()),
        &json!([{"id": id("Microsoft.KeyVault/vaults", "v/keys/k"), "name": "k", "properties": {
        "attributes": {"enabled": true}, "keyUri": "https://v.vault.azure.net/keys/k", "rotationPolicy": {"lifetimeActions": [{"action": {"type": "rotate"}}]}}}]),
    );
    answer(
        &of("Microsoft.Authorization/roleDefinitions"),
        &json!([{"id": format!("{}/{OWNER}", of("Microsoft.Authorization/roleDefinitions")), "name": OWNER,
        "properties": {"roleName": "Owner", "type": "BuiltInRole", "permissions": [{"actions": ["*"], "notActions": []}]}}]),
    );
    let assignment = |name: &str, principal: &str, kind: &str| {
        json!({"id": format!("{}/{name}", of(ASSIGNMENTS)), "name": name, "properties": {
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"), "principalId": principal,
        "principalType": kind, "scope": format!("/subscriptions/{SUB}")}})
    };
    answer(&of(ASSIGNMENTS), &json!([assignment("1", "ann-id", "User"), assignment("2", "ops-id", "Group")]));
    answer(
        "/v1.0/groups/ops-id/transitiveMembers",
        &json!([{"id": "bob-id", "userPrincipalName": "bob@example.com"}, {"id": "ann-id", "userPrincipalName": "ann@example.com"}]),
    );
    let workspace = id("Microsoft.OperationalInsights/workspaces", "ws");
    answer(
        &of("Microsoft.OperationalInsights/workspaces"),
        &json!([{"id": workspace, "name": "ws", "location": "eastus", "properties": {"customerId": "c", "provisioningState": "Succeeded", "retentionInDays": 365}}]),
    );
    let sentinel = |what: &str| format!("{}/providers/Microsoft.SecurityInsights/{what}", workspace.to_lowercase());
    answer(
        &sentinel("onboardingStates"),
        &json!([{"id": format!("{workspace}/providers/Microsoft.SecurityInsights/onboardingStates/default"), "name": "default", "properties": {"customerManagedKey": false}}]),
    );
    answer(
        &sentinel("alertRules"),
        &json!([{"id": format!("{workspace}/providers/Microsoft.SecurityInsights/alertRules/r"), "kind": "Scheduled",
        "properties": {"displayName": "out", "enabled": true, "severity": "High", "query": "AzureNetworkAnalytics_CL", "entityMappings": null}}]),
    );
    answer(
        &sentinel("automationRules"),
        &json!([{"id": format!("{workspace}/providers/Microsoft.SecurityInsights/automationRules/m"),
        "properties": {"displayName": "isolate", "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents"},
        "actions": [{"order": 1, "actionType": "RunPlaybook", "actionConfiguration": {"logicAppResourceId": id("Microsoft.Logic/workflows", "ISOLATE")}}]}}]),
    );
    answer(
        &of("Microsoft.EventHub/namespaces"),
        &json!([{"id": id("Microsoft.EventHub/namespaces", "out"), "name": "out", "location": "eastus", "properties": {"minimumTlsVersion": "1.2", "status": "Active"}}]),
    );
    fake.answer("GET", DEFAULTS, 200, json!({"id": "d", "isEnabled": false}));
    answer(POLICIES, &json!([policy("everybody", &json!({}))]));
    answer(
        "/v1.0/roleManagement/directory/roleAssignments",
        &json!([{"id": "ra", "principalId": "ann-id", "roleDefinitionId": GLOBAL_ADMIN, "directoryScopeId": "/",
        "principal": {"@odata.type": "#microsoft.graph.user", "userPrincipalName": "ann@example.com", "userType": "Member"}}]),
    );
    answer(REGISTERED, &json!([user("ann@example.com", true)]));
    fake
}

/// Findings by check, each the outcomes of its subjects, with the whole answer.
struct Found {
    outcomes: BTreeMap<String, Vec<String>>,
    sentences: BTreeMap<String, Vec<String>>,
    text: String,
}

impl Found {
    fn is(&self, check: &str, outcome: &str) -> bool {
        self.outcomes.get(check).is_some_and(|all| !all.is_empty() && all.iter().all(|one| one == outcome))
    }

    fn said(&self, check: &str) -> String {
        self.sentences.get(check).cloned().unwrap_or_default().join("; ")
    }
}

fn judge(fake: &FakeAzure) -> Found {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let output = Command::new(env!("CARGO_BIN_EXE_farwatch"))
        .args(["audit", "azure", "--azure-credential", "secret", "--no-pdf", "--json", "--call-timeout", "8", "--out"])
        .arg(&folder)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(fake.env())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&output.stderr)));
    let mut found = Found { outcomes: BTreeMap::new(), sentences: BTreeMap::new(), text: told.to_string() };
    for finding in told["findings"].as_array().or_else(|| told["assessment"]["findings"].as_array()).expect("findings")
    {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        found.outcomes.entry(text("check")).or_default().push(text("outcome"));
        let said = format!("{} {}", text("sentence"), finding["reasons"]);
        found.sentences.entry(text("check")).or_default().push(said);
    }
    for body in std::fs::read_dir(folder.join("collection/bodies")).unwrap().flatten() {
        let stored = String::from_utf8_lossy(&std::fs::read(body.path()).unwrap()).into_owned();
        assert!(!stored.contains("canary") && !stored.contains("555-0100"), "a secret is stored: {stored}");
    }
    found
}

#[test]
fn everything_is_right() {
    let found = judge(&sound());
    for check in [
        "azure-defender-alerts-handled",
        "azure-defender-automation",
        "azure-defender-on",
        "azure-event-hub-tls",
        "azure-key-vault-key-rotates",
        "azure-key-vault-network",
        "azure-key-vault-purge-protection",
        "azure-log-storage-own-key",
        "azure-log-storage-retention",
        "azure-log-storage-tamper-resistant",
        "azure-monitoring-admins-few",
        "azure-network-security-group-not-wide-open",
        "azure-no-internet-admin-ports",
        "azure-security-contact",
        "azure-sentinel-automation",
        "azure-sentinel-onboarded",
        "azure-sentinel-rules-enabled",
        "azure-storage-account-https-only",
        "azure-storage-account-network",
        "azure-storage-account-no-public-blobs",
        "azure-storage-account-tls",
        "entra-mfa-administrators",
        "entra-mfa-everybody",
        "entra-mfa-exclusions-few",
        "entra-mfa-registered",
    ] {
        assert!(found.is(check, "pass"), "{check}: {:?} {}", found.outcomes.get(check), found.said(check));
    }
    let mut plans = found.outcomes["azure-defender-plans-in-use"].clone();
    plans.sort();
    assert_eq!(plans, ["not_applicable", "not_applicable", "pass", "pass", "pass", "pass"]);
    // The parameter has no default, and a port is open.
    assert!(found.is("azure-internet-ports-authorized", "unknown"));
    let said = found.said("azure-monitoring-admins-few");
    assert!(said.contains("group member bob@example.com") && said.contains("2 may switch"), "{said}");
    assert!(found.said("entra-mfa-exclusions-few").contains("user emergency"));
}

/// What is answered instead, which check that fails, and a part of what it says.
type Change = (String, Value, &'static str, &'static str);

#[test]
fn every_change_for_the_worse_is_told() {
    let fails: Vec<Change> = vec![
        (
            of(GROUPS),
            json!([group(&json!([rule("ssh", 100, "Allow", "*", "22")]))]),
            "azure-no-internet-admin-ports",
            "an administrative port",
        ),
        (
            of(GROUPS),
            json!([group(&json!([rule("all", 100, "Allow", "Internet", "0-65535")]))]),
            "azure-network-security-group-not-wide-open",
            "everything",
        ),
        (
            of(ACCOUNTS),
            json!([account(&json!({"supportsHttpsTrafficOnly": false}))]),
            "azure-storage-account-https-only",
            "plain HTTP",
        ),
        (of(ACCOUNTS), json!([account(&json!({"minimumTlsVersion": null}))]), "azure-storage-account-tls", "TLS1_0"),
        (
            of(ACCOUNTS),
            json!([account(&json!({"encryption": {"keySource": "Microsoft.Storage"}}))]),
            "azure-log-storage-own-key",
            "Microsoft.Storage",
        ),
        (
            of(VAULTS),
            json!([vault(&json!({"enablePurgeProtection": null}))]),
            "azure-key-vault-purge-protection",
            "off",
        ),
        (of(VAULTS), json!([vault(&json!({"networkAcls": null}))]), "azure-key-vault-network", "every network"),
        (of(CONTACTS), json!([]), "azure-security-contact", "no security contact"),
        (of(PRICINGS), json!([plan("Arm", &json!({"pricingTier": "Free"}))]), "azure-defender-on", "none of the plans"),
        (of(WORKFLOWS), json!([]), "azure-defender-automation", "no enabled automation"),
        (
            POLICIES.to_owned(),
            json!([policy("reported", &json!({"state": "enabledForReportingButNotEnforced"}))]),
            "entra-mfa-everybody",
            "only reports",
        ),
        (POLICIES.to_owned(), json!([]), "entra-mfa-administrators", "asks every administrator"),
        (REGISTERED.to_owned(), json!([user("ann@example.com", false)]), "entra-mfa-registered", "ann@example.com"),
    ];
    for (path, items, check, said) in fails {
        let fake = sound();
        fake.answer("GET", &path, 200, list(&items));
        let found = judge(&fake);
        assert!(found.is(check, "fail"), "{check}: {:?} {}", found.outcomes.get(check), found.said(check));
        assert!(found.said(check).contains(said), "{}", found.said(check));
    }
}

#[test]
fn what_is_denied_is_not_known_and_the_right_is_named() {
    for (path, checks, right) in [
        (of(PRICINGS), vec!["azure-defender-on", "azure-defender-plans-in-use"], "Microsoft.Security/pricings/read"),
        (
            of(ACCOUNTS),
            vec!["azure-storage-account-tls", "azure-log-storage-retention"],
            "Microsoft.Storage/storageAccounts/read",
        ),
        (
            of(GROUPS),
            vec!["azure-no-internet-admin-ports", "azure-network-security-group-not-wide-open"],
            "Microsoft.Network/networkSecurityGroups/read",
        ),
        (of(ELIGIBLE), vec!["azure-monitoring-admins-few"], "roleEligibilityScheduleInstances/read"),
        (
            "/v1.0/groups/ops-id/transitiveMembers".to_owned(),
            vec!["azure-monitoring-admins-few"],
            "GroupMember.Read.All",
        ),
        (POLICIES.to_owned(), vec!["entra-mfa-everybody", "entra-mfa-administrators"], "Policy.Read.All"),
        (REGISTERED.to_owned(), vec!["entra-mfa-registered"], "AuditLog.Read.All"),
    ] {
        let fake = sound();
        fake.fault(&path, Fault::Denied);
        let found = judge(&fake);
        for check in checks {
            assert!(
                found.is(check, "unknown"),
                "{path}: {check}: {:?} {}",
                found.outcomes.get(check),
                found.said(check)
            );
            assert!(found.text.contains(right));
        }
    }
}

#[test]
fn a_missing_licence_is_told_from_a_missing_permission() {
    let fake = sound();
    let code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";
    let error =
        json!({"error": {"code": code, "message": "Neither tenant is B2C or tenant doesn't have premium license"}});
    fake.answer("GET", REGISTERED, 403, error);
    let found = judge(&fake);
    assert!(found.is("entra-mfa-registered", "unknown"), "{}", found.said("entra-mfa-registered"));
    assert!(found.said("entra-mfa-registered").contains("Entra ID P1"), "{}", found.said("entra-mfa-registered"));
    assert!(found.is("entra-mfa-everybody", "pass"), "the policies are judged all the same");
}

#[test]
fn the_security_defaults_need_no_policy() {
    let fake = sound();
    fake.answer("GET", DEFAULTS, 200, json!({"id": "d", "isEnabled": true}));
    fake.fault(POLICIES, Fault::Denied);
    let found = judge(&fake);
    assert!(found.is("entra-mfa-everybody", "pass") && found.is("entra-mfa-administrators", "pass"));
    assert!(found.said("entra-mfa-everybody").contains("security defaults"));
}

#[test]
fn an_account_without_blobs_or_rules_is_settled() {
    let fake = sound();
    let path = format!("{}/managementPolicies/default", id("Microsoft.Storage/storageAccounts", "logs").to_lowercase());
    fake.answer(
        "GET",
        &path,
        404,
        json!({"error": {"code": "ManagementPolicyNotFound", "message": "No ManagementPolicy found"}}),
    );
    let found = judge(&fake);
    assert!(found.is("azure-log-storage-retention", "pass"), "{}", found.said("azure-log-storage-retention"));
}
