//! Derivation: what identities may do, as far as their own policies tell.
//!
//! - `aws.iam.monitoring_admin`: every user and role that may switch monitoring off, or may be able to. Roles that
//!   services made for themselves (path `/aws-service-role/`) are left out: nobody can assume them.
//! - `aws.account`: how many there are, and their names.
//! - `aws.ec2.flow_log`: whom the role that delivers it trusts, and what it may do beyond delivering.
//!
//! Policies of the organization (SCPs), of sessions and of resources are not looked at: they can only take away from
//! what an identity's own policies allow in its account, but for resource policies, which may add.

use super::known::{Known, listed};
use super::policy::{Answer, Document, actions_beyond, identity_may, is_administrator, trust};
use crate::model::finding::Reason;
use crate::model::inventory::{Inventory, Listing};
use crate::model::read::{ACCOUNT, FieldKind};
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const ADMIN: &str = "aws.iam.monitoring_admin";
const USER: &str = "aws.iam.user";
const ROLE: &str = "aws.iam.role";
const GROUP: &str = "aws.iam.group";
const POLICY: &str = "aws.iam.policy";
const FLOW_LOG: &str = "aws.ec2.flow_log";
const GLOBAL: &str = "global";

/// Each of these alone stops, blinds or empties a part of the monitoring (Service Authorization Reference).
const SWITCHES: [&str; 20] = [
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DisableAlarmActions",
    "ec2:DeleteFlowLogs",
    "events:DeleteRule",
    "events:DisableRule",
    "events:RemoveTargets",
    "guardduty:DeleteDetector",
    "guardduty:UpdateDetector",
    "logs:DeleteLogGroup",
    "logs:DeleteMetricFilter",
    "logs:PutRetentionPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "sns:DeleteTopic",
    "sns:Unsubscribe",
];

/// What the role of a flow log needs (Amazon VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs").
const DELIVERY: [&str; 5] = [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
];
const FLOW_LOGS_SERVICE: &str = "vpc-flow-logs.amazonaws.com";

/// The derived types and fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    BTreeMap::from([
        (
            ADMIN,
            BTreeMap::from([
                ("kind", FieldKind::Text),
                ("name", FieldKind::Text),
                ("certain", FieldKind::Boolean),
                ("actions", FieldKind::Text),
            ]),
        ),
        (
            ACCOUNT,
            BTreeMap::from([("monitoring_admins", FieldKind::Integer), ("monitoring_admin_names", FieldKind::Text)]),
        ),
        (
            FLOW_LOG,
            BTreeMap::from([
                ("role_trust", FieldKind::Text),
                ("role_conditioned", FieldKind::Boolean),
                ("role_beyond", FieldKind::Text),
            ]),
        ),
    ])
}

/// The documents of an identity, parsed once each.
pub(super) struct Identities<'a> {
    inventory: &'a Inventory,
    /// By account and ARN: policies of AWS have no account of their own.
    managed: HashMap<(String, String), Result<Document, Known>>,
}

/// All that an identity's own policies say.
pub(super) struct Rights<'a> {
    documents: Vec<std::borrow::Cow<'a, Document>>,
    boundary: Option<&'a Document>,
    /// Evidence of what was read.
    pub(super) evidence: BTreeSet<String>,
}

impl Rights<'_> {
    /// May it do this, on some resource?
    pub(super) fn may(&self, action: &str) -> Answer {
        identity_may(&self.all(), self.boundary, action, None)
    }

    /// May it do everything?
    pub(super) fn administrator(&self) -> Answer {
        is_administrator(&self.all(), self.boundary)
    }

    fn all(&self) -> Vec<&Document> {
        self.documents.iter().map(AsRef::as_ref).collect()
    }
}

impl<'a> Identities<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let managed = inventory
            .of(POLICY)
            .iter()
            .map(|policy| ((policy.key.account.clone(), policy.key.id.clone()), default_version(policy)))
            .collect();
        Self { inventory, managed }
    }

    fn managed(&self, account: &str, arn: &str) -> Result<&Document, Known> {
        match self.managed.get(&(account.to_owned(), arn.to_owned())) {
            Some(Ok(document)) => Ok(document),
            Some(Err(why)) => Err(why.clone()),
            None => {
                let list =
                    listed(self.inventory, POLICY, account, GLOBAL).exists(|_| Known::of(false, BTreeSet::new()));
                let untold = Known::untold(format!("no answer has the text of the policy {arn}"));
                Err(if list.gaps.is_empty() { untold } else { list })
            }
        }
    }

    /// The role of this ARN, if the account that it is in was read.
    pub(super) fn role(&self, arn: &str) -> Result<&'a Resource, Known> {
        let account = arn.split(':').nth(4).unwrap_or_default();
        let here = listed(self.inventory, ROLE, account, GLOBAL);
        let end = here.exists(|_| Known::of(false, BTreeSet::new()));
        match here.items.into_iter().find(|role| role.key.id == arn) {
            Some(role) => Ok(role),
            None => {
                Err(if end.truth == Some(false) { Known::untold(format!("the role {arn} is in no list")) } else { end })
            }
        }
    }

    /// Everything that a user's or role's policies say; or why it is not known.
    pub(super) fn rights(&'a self, identity: &Resource) -> Result<Rights<'a>, Known> {
        let account = identity.key.account.as_str();
        let mut rights = Rights { documents: Vec::new(), boundary: None, evidence: BTreeSet::new() };
        self.add(identity, &mut rights)?;
        if identity.key.kind == USER {
            let groups = identity.get("groups").and_then(Value::as_array);
            let groups = groups.ok_or_else(|| Known::missing(identity, "groups"))?;
            let all = listed(self.inventory, GROUP, account, GLOBAL);
            for name in groups.iter().filter_map(Value::as_str) {
                let group = all.items.iter().find(|group| group.text("name") == Some(name));
                let group = group.ok_or_else(|| Known::untold(format!("the group {name} is in no list")))?;
                self.add(group, &mut rights)?;
            }
        }
        match identity.text("boundary") {
            None => return Err(Known::missing(identity, "boundary")),
            Some("none") => {}
            Some(arn) => rights.boundary = Some(self.managed(account, arn)?),
        }
        Ok(rights)
    }

    /// The policies of one user, role or group.
    fn add(&'a self, of: &Resource, rights: &mut Rights<'a>) -> Result<(), Known> {
        rights.evidence.extend(of.evidence(["attached", "inline", "groups", "boundary"]));
        let list =
            |field: &'static str| of.get(field).and_then(Value::as_array).ok_or_else(|| Known::missing(of, field));
        for attached in list("attached")? {
            let arn = attached.get("arn").and_then(Value::as_str);
            let arn = arn.ok_or_else(|| Known::untold(format!("a policy attached to {} has no ARN", of.key.id)))?;
            rights.documents.push(std::borrow::Cow::Borrowed(self.managed(&of.key.account, arn)?));
        }
        for inline in list("inline")? {
            let text = inline.get("document");
            let parsed = text.ok_or_else(|| Known::untold(format!("an inline policy of {} cannot be read", of.key.id)));
            let document = Document::parse(parsed?)
                .map_err(|why| Known::untold(format!("an inline policy of {} cannot be read: {why}", of.key.id)))?;
            rights.documents.push(std::borrow::Cow::Owned(document));
        }
        Ok(())
    }
}

/// The version of a managed policy that counts.
fn default_version(policy: &Resource) -> Result<Document, Known> {
    let versions =
        policy.get("versions").and_then(Value::as_array).ok_or_else(|| Known::missing(policy, "versions"))?;
    let default = versions.iter().find(|version| version.get("default") == Some(&Value::Bool(true)));
    let document = default.and_then(|version| version.get("document"));
    let document = document.ok_or_else(|| Known::untold(format!("{} has no default version", policy.key.id)))?;
    Document::parse(document)
        .map_err(|why| Known::untold(format!("the policy {} cannot be read: {why}", policy.key.id)))
}

/// Adds the derived resources, lists and fields to the inventory.
pub(super) fn derive(inventory: &mut Inventory) {
    let (admins, accounts, flow_logs) = {
        let identities = Identities::new(inventory);
        let admins = admins(inventory, &identities);
        let accounts = accounts(inventory, &admins);
        (admins, accounts, flow_logs(inventory, &identities))
    };
    let listings = |kind: &'static str| inventory.listings_of(kind).iter().cloned();
    let listings: Vec<Listing> =
        listings(USER).chain(listings(ROLE)).map(|list| Listing { kind: ADMIN.to_owned(), ..list }).collect();
    inventory.listings.insert(ADMIN.to_owned(), listings);
    inventory.resources.insert(ADMIN.to_owned(), admins);
    for (kind, renewed) in [(ACCOUNT, accounts), (FLOW_LOG, flow_logs)] {
        if let Some(old) = inventory.resources.get_mut(kind) {
            *old = renewed;
        }
    }
}

fn admins(inventory: &Inventory, identities: &Identities<'_>) -> Vec<Resource> {
    let people = inventory.of(USER).iter().map(|user| (user, "user"));
    let roles = inventory.of(ROLE).iter().filter(|role| !role.key.id.contains(":role/aws-service-role/"));
    let mut admins: Vec<Resource> = people
        .chain(roles.map(|role| (role, "role")))
        .filter_map(|(identity, kind)| {
            let key = ResourceKey { kind: ADMIN.to_owned(), ..identity.key.clone() };
            let mut admin = Resource::new(key);
            admin.set("kind", kind.into(), []);
            admin.set("name", identity.text("name").unwrap_or(&identity.key.id).into(), []);
            match identities.rights(identity) {
                Ok(rights) => {
                    let answers: Vec<(&&str, Answer)> = SWITCHES.iter().map(|one| (one, rights.may(one))).collect();
                    let of =
                        |wanted| answers.iter().filter(|(_, answer)| *answer == wanted).map(|(one, _)| *one).collect();
                    let (sure, perhaps): (Vec<&&str>, Vec<&&str>) = (of(Answer::Yes), of(Answer::Perhaps));
                    if sure.is_empty() && perhaps.is_empty() {
                        return None;
                    }
                    admin.from.entry(String::new()).or_default().extend(rights.evidence.clone());
                    if sure.is_empty() {
                        let what = format!(
                            "it is not told whether {} may use {}: it depends on conditions or on single resources",
                            identity.key.id,
                            named(&perhaps)
                        );
                        admin.unknown.insert("certain".to_owned(), Reason::NotTold { what });
                        admin.set("actions", named(&perhaps).into(), rights.evidence);
                    } else {
                        admin.set("certain", true.into(), rights.evidence.clone());
                        admin.set("actions", named(&sure).into(), rights.evidence);
                    }
                }
                Err(why) => {
                    admin.from.entry(String::new()).or_default().extend(identity.evidence([]));
                    why.clone().leave_out(&mut admin, "certain");
                    why.leave_out(&mut admin, "actions");
                }
            }
            Some(admin)
        })
        .collect();
    admins.sort_by(|a, b| a.key.cmp(&b.key));
    admins
}

/// `a, b, c and 4 more`: a sentence has room for a few.
fn named(actions: &[&&str]) -> String {
    let first: Vec<&str> = actions.iter().take(3).map(|action| **action).collect();
    match actions.len().saturating_sub(first.len()) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn accounts(inventory: &Inventory, admins: &[Resource]) -> Vec<Resource> {
    let count = |account: &Resource| {
        let mut account = account.clone();
        let own: Vec<&Resource> = admins.iter().filter(|admin| admin.key.account == account.key.id).collect();
        let all = [USER, ROLE]
            .map(|kind| listed(inventory, kind, &account.key.id, GLOBAL).exists(|_| Known::of(false, BTreeSet::new())));
        let all = all.into_iter().reduce(Known::or).unwrap_or_default();
        let unsure = own.iter().find(|admin| admin.get("certain").is_none());
        let unsure = unsure.map(|admin| Known::missing(admin, "certain"));
        let known = unsure.unwrap_or(all);
        if known.truth.is_some() {
            let mut names: Vec<String> = own
                .iter()
                .map(|admin| {
                    format!("{} {}", admin.text("kind").unwrap_or_default(), admin.text("name").unwrap_or_default())
                })
                .collect();
            names.sort();
            let text = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
            account.set("monitoring_admins", names.len().into(), known.evidence.clone());
            account.set("monitoring_admin_names", text.into(), known.evidence);
        } else {
            known.clone().leave_out(&mut account, "monitoring_admins");
            known.leave_out(&mut account, "monitoring_admin_names");
        }
        account
    };
    inventory.of(ACCOUNT).iter().map(count).collect()
}

/// Flow logs with what is known of the roles that deliver them.
fn flow_logs(inventory: &Inventory, identities: &Identities<'_>) -> Vec<Resource> {
    let fields = ["role_trust", "role_conditioned", "role_beyond"];
    let with_role = |flow_log: &Resource| {
        let mut flow_log = flow_log.clone();
        let known = match flow_log.text("role") {
            None => Err(Known::missing(&flow_log, "role")),
            Some("none") => return flow_log,
            Some(arn) => identities.role(arn).and_then(|role| Ok((trusted(role)?, role, identities.rights(role)?))),
        };
        match known {
            Ok(((kind, conditioned), role, rights)) => {
                let evidence = role.evidence(["trust"]);
                flow_log.set("role_trust", kind.into(), evidence.clone());
                conditioned.put(&mut flow_log, "role_conditioned");
                let beyond = actions_beyond(&rights.all(), &DELIVERY);
                let text = if beyond.is_empty() { "nothing".to_owned() } else { beyond.join(", ") };
                flow_log.set("role_beyond", text.into(), rights.evidence);
            }
            Err(why) => fields.iter().for_each(|field| why.clone().leave_out(&mut flow_log, field)),
        }
        flow_log
    };
    inventory.of(FLOW_LOG).iter().map(with_role).collect()
}

/// Whom a role trusts: flow logs alone, others too, or flow logs not at all; and whether accounts are conditions.
fn trusted(role: &Resource) -> Result<(&'static str, Known), Known> {
    let text = role.get("trust").ok_or_else(|| Known::missing(role, "trust"))?;
    let unread = |why| Known::untold(format!("the trust policy of {} cannot be read: {why}", role.key.id));
    let document = Document::parse(text).map_err(unread)?;
    let trust = trust(&document).map_err(unread)?;
    let flow_logs = trust.services.iter().any(|service| service == FLOW_LOGS_SERVICE);
    let others = trust.services.len() > 1 || !trust.aws.is_empty() || !trust.federated.is_empty();
    let kind = match (flow_logs, others) {
        (true, false) => "flow_logs_only",
        (true, true) => "also_others",
        (false, _) => "not_flow_logs",
    };
    let conditioned = match trust.source_account_conditioned {
        Answer::Yes => Known::of(true, role.evidence(["trust"])),
        Answer::No => Known::of(false, role.evidence(["trust"])),
        Answer::Perhaps => {
            Known::untold(format!("only a request would tell whether the trust policy of {} holds", role.key.id))
        }
    };
    Ok((kind, conditioned))
}
