//! Which places are in scope: what the organisation declares, and what the run has seen.

use crate::model::assessment::Environment;
use crate::model::catalog::EnvironmentKind;
use crate::model::exchange::CollectionSeal;
use crate::model::organisation::Organisation;
use crate::model::read::ACCOUNT;
use crate::model::scope::Scoped;
use std::collections::BTreeSet;

/// The environments of a run, in the order of their kinds. A kind that nobody declared is there, and open.
#[must_use]
pub fn environments(organisation: Option<&Organisation>, seal: &CollectionSeal, scoped: &Scoped) -> Vec<Environment> {
    let mut all = organisation.map(|one| one.environments.clone()).unwrap_or_default();
    let lists = organisation.is_some_and(|one| one.lists_accounts);
    let listed = lists && seal.accounts_listed == Some(true);
    let accounts: BTreeSet<&str> = seal.sessions.iter().map(|session| session.account.as_str()).collect();
    for account in accounts {
        let id = format!("{}:{account}", EnvironmentKind::Aws.word());
        if scoped.account_out(ACCOUNT, account).is_some() {
            all.retain(|one| one.id != id);
            continue;
        }
        if all.iter().any(|one| one.id == id) {
            continue;
        }
        let open = (organisation.is_some() && !listed).then(|| {
            "its account was read and farwatch.yaml does not declare it; name it under environments.aws.accounts, or \
             put it out of scope"
                .to_owned()
        });
        all.push(Environment { id, kind: EnvironmentKind::Aws, label: format!("AWS account {account}"), open });
    }
    for one in all.iter_mut().filter(|one| one.kind.is_cloud() && one.open.is_none()) {
        // What is said of an account that could not be entered cannot be held against anything.
        let session = seal.sessions.iter().find(|session| one.id == format!("aws:{}", session.account));
        one.open = match session.map(|session| session.failed.as_deref()) {
            Some(None) => None,
            Some(Some(why)) => Some(format!("it could not be entered: {why}")),
            None => Some("farwatch.yaml declares it, and it was not read in this run".to_owned()),
        };
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
