//! Which places are in scope: what the organisation declares, and what the run has seen.

use crate::model::assessment::Environment;
use crate::model::catalog::EnvironmentKind;
use crate::model::exchange::CollectionSeal;
use crate::model::inventory::{Inventory, ListState};
use crate::model::organisation::Organisation;
use crate::model::provider::Cloud;
use crate::model::read::SUBSCRIPTION;
use crate::model::scope::Scoped;
use std::collections::BTreeMap;

/// The environments of a run, in the order of their kinds. A kind that nobody declared is there, and open.
#[must_use]
pub fn environments(
    organisation: Option<&Organisation>,
    seal: &CollectionSeal,
    inventory: &Inventory,
    scoped: &Scoped,
) -> Vec<Environment> {
    let mut all = organisation.map(|one| one.environments.clone()).unwrap_or_default();
    let lists = organisation.is_some_and(|one| one.lists_accounts);
    let listed = lists && seal.accounts_listed == Some(true);
    // Id, name, and why nothing can be held against it.
    let mut read: BTreeMap<String, (EnvironmentKind, String, Option<String>)> = BTreeMap::new();
    for session in &seal.sessions {
        let kind = match Cloud::of_partition(&session.partition) {
            Cloud::Aws => EnvironmentKind::Aws,
            Cloud::Azure => EnvironmentKind::Entra,
        };
        let closed = session.failed.as_ref().map(|why| format!("it could not be entered: {why}"));
        read.insert(id_of(kind, &session.account), (kind, format!("{} {}", kind.label(), session.account), closed));
    }
    for subscription in inventory.of(SUBSCRIPTION) {
        let id = &subscription.key.id;
        let name = subscription.text("name").map(|name| format!(" ({name})")).unwrap_or_default();
        // Subscriptions API, SubscriptionState: only `Enabled` is in ordinary use; in the others resources may be
        // stopped, hidden or about to be deleted.
        let closed = match subscription.text("state") {
            Some("Enabled") => None,
            Some(state) => Some(format!("Azure says that the subscription is {state:?}, not Enabled")),
            None => Some("no answer tells whether the subscription is enabled".to_owned()),
        };
        let kind = EnvironmentKind::Azure;
        read.insert(id_of(kind, id), (kind, format!("{} {id}{name}", kind.label()), closed));
    }
    for (id, (kind, label, _)) in &read {
        let account = id.split_once(':').map_or("", |(_, account)| account);
        if scoped.account_out(account).is_some() {
            all.retain(|one| one.id != *id);
        } else if !all.iter().any(|one| one.id == *id) {
            let undeclared = organisation.is_some() && !(listed && *kind == EnvironmentKind::Aws);
            let open = undeclared.then(|| {
                format!(
                    "it was read and farwatch.yaml does not declare it; name it under environments.{}, or put it out of \
                     scope",
                    match kind {
                        EnvironmentKind::Azure => "azure.subscriptions",
                        EnvironmentKind::Entra => "entra.tenants",
                        _ => "aws.accounts",
                    }
                )
            });
            all.push(Environment { id: id.clone(), kind: *kind, label: label.clone(), open });
        }
    }
    for one in all.iter_mut().filter(|one| one.kind.is_cloud() && one.open.is_none()) {
        // What is said of an account that could not be entered cannot be held against anything.
        one.open = match read.get(&one.id) {
            Some((_, _, closed)) => closed.clone(),
            None => Some("farwatch.yaml declares it, and it was not read in this run".to_owned()),
        };
    }
    if inventory.listings_of(SUBSCRIPTION).iter().any(|list| matches!(list.state, ListState::Cut(_))) {
        all.push(Environment {
            id: "azure:not-listed".to_owned(),
            kind: EnvironmentKind::Azure,
            label: "Azure subscriptions that were not listed".to_owned(),
            open: Some("the subscriptions of a tenant could not be listed completely".to_owned()),
        });
    }
    if seal.accounts_listed == Some(false) || lists && !listed {
        all.push(Environment {
            id: "aws:not-listed".to_owned(),
            kind: EnvironmentKind::Aws,
            label: "AWS accounts of the organisation that were not listed".to_owned(),
            open: Some(
                if seal.accounts_listed.is_some() {
                    "the accounts of the organisation could not be listed completely"
                } else {
                    "farwatch.yaml says `organization: true`, and this run did not ask for the accounts"
                }
                .to_owned(),
            ),
        });
    }
    for kind in EnvironmentKind::ALL {
        let absent = organisation.is_some_and(|one| one.absent.iter().any(|absent| absent.kind == kind));
        if absent || all.iter().any(|one| one.kind == kind) {
            continue;
        }
        let words = kind.label();
        all.push(Environment {
            id: kind.word().to_owned(),
            kind,
            label: format!("{} (not declared)", kind.plural()),
            open: Some(format!("nobody has declared {words}, or declared that there are none")),
        });
    }
    all.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    all
}

fn id_of(kind: EnvironmentKind, account: &str) -> String {
    format!("{}:{account}", kind.word())
}
