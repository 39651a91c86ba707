//! Several accounts in one run: what one of them has is never counted for the other, however equal their names are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use farwatch::check::run;
use farwatch::derive::{boundary, inventory};
use farwatch::evidence::Collection;
use farwatch::model::exchange::{CollectionSeal, Exchange};
use farwatch::model::finding::{Finding, Outcome};
use farwatch::model::parameter::defaults;
use farwatch::model::plan::{Planned, page_id};
use farwatch::model::scope::Scoped;
use farwatch::packet::judge::Rules;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// The account of the recording, and one that is to look just like it.
const ONE: &str = "210987654321";
const OTHER: &str = "210987654322";

struct World {
    rules: Rules,
    params: serde_json::Value,
    recorded: Collection,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let rules = Rules::load(None).unwrap_or_else(|problems| panic!("{problems}"));
    let params = serde_json::Value::Object(defaults(&rules.controls.parameters));
    let mut recorded = Collection::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo")).unwrap();
    // The demo has a tenant too; here two accounts of one cloud are compared.
    recorded.seal.sessions.retain(|session| session.account == ONE);
    recorded.plan.retain(|planned| planned.call.account == ONE);
    recorded.exchanges.retain(|exchange| exchange.call.account == ONE);
    World { rules, params, recorded }
});

/// What one account answered.
#[derive(Clone)]
struct Account {
    seal: CollectionSeal,
    plan: Vec<Planned>,
    exchanges: Vec<Exchange>,
    bodies: BTreeMap<String, String>,
}

/// The recorded answers as those of `account`: every id and name the same, but for the account's own number.
fn answers(account: &str) -> Account {
    let recorded = &WORLD.recorded;
    let own = |text: String| text.replace(ONE, account);
    let seal = serde_json::from_str(&own(serde_json::to_string(&recorded.seal).unwrap())).unwrap();
    let mut plan: Vec<Planned> = Vec::new();
    for planned in &recorded.plan {
        let mut planned: Planned = serde_json::from_str(&own(serde_json::to_string(planned).unwrap())).unwrap();
        planned.id = planned.call.evidence_id();
        plan.push(planned);
    }
    let (mut exchanges, mut bodies) = (Vec::new(), BTreeMap::new());
    for exchange in &recorded.exchanges {
        let body = own(String::from_utf8(recorded.body(exchange)).unwrap());
        let mut exchange: Exchange = serde_json::from_str(&own(serde_json::to_string(exchange).unwrap())).unwrap();
        exchange.of = exchange.call.evidence_id();
        exchange.id = page_id(&exchange.of, exchange.page);
        bodies.insert(exchange.id.clone(), body);
        exchanges.push(exchange);
    }
    Account { seal, plan, exchanges, bodies }
}

impl Account {
    /// With the answers to one read changed.
    fn with(mut self, read: &str, change: impl Fn(&str) -> String) -> Self {
        let mut changed = false;
        for exchange in self.exchanges.iter().filter(|exchange| exchange.call.read == read) {
            let body = self.bodies.get_mut(&exchange.id).unwrap();
            let new = change(body);
            changed |= new != *body;
            *body = new;
        }
        assert!(changed, "the recording has nothing to change in {read}");
        self
    }

    /// A bucket has its name alone in the whole partition, so the other account's are called otherwise.
    fn with_buckets_of_its_own(mut self) -> Self {
        let names: BTreeSet<String> = (self.exchanges.iter())
            .filter(|exchange| exchange.call.read == "s3:GetBucketLocation")
            .filter_map(|exchange| exchange.call.parent.clone())
            .collect();
        assert!(!names.is_empty());
        // Longest first: a name may be the start of another.
        let mut names: Vec<&String> = names.iter().collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let rename = |text: &str| {
            let marked = names
                .iter()
                .enumerate()
                .fold(text.to_owned(), |text, (at, name)| text.replace(name.as_str(), &format!("\u{1}{at}\u{1}")));
            names
                .iter()
                .enumerate()
                .fold(marked, |text, (at, name)| text.replace(&format!("\u{1}{at}\u{1}"), &format!("other-{name}")))
        };
        for planned in &mut self.plan {
            *planned = serde_json::from_str(&rename(&serde_json::to_string(planned).unwrap())).unwrap();
            planned.id = planned.call.evidence_id();
        }
        let mut bodies = BTreeMap::new();
        for exchange in &mut self.exchanges {
            let body = rename(&self.bodies[&exchange.id]);
            *exchange = serde_json::from_str(&rename(&serde_json::to_string(exchange).unwrap())).unwrap();
            exchange.of = exchange.call.evidence_id();
            exchange.id = page_id(&exchange.of, exchange.page);
            bodies.insert(exchange.id.clone(), body);
        }
        self.bodies = bodies;
        self
    }
}

/// The findings over some accounts, read in one run.
fn judge(accounts: &[&Account]) -> Vec<Finding> {
    let world = &*WORLD;
    let mut seal = accounts[0].seal.clone();
    seal.sessions = accounts.iter().flat_map(|account| account.seal.sessions.clone()).collect();
    let plan: Vec<Planned> = accounts.iter().flat_map(|account| account.plan.clone()).collect();
    let exchanges: Vec<Exchange> = accounts.iter().flat_map(|account| account.exchanges.clone()).collect();
    let body = |exchange: &Exchange| {
        let body = accounts.iter().find_map(|account| account.bodies.get(&exchange.id));
        body.map(|body| body.clone().into_bytes()).unwrap_or_default()
    };
    let reads = &world.rules.controls.reads;
    let mut all = inventory(reads, &seal, &plan, &exchanges, &body);
    boundary(&mut all, reads, None, &Scoped::default());
    let mut findings = run(&world.rules.checks, &all, &world.params, &Scoped::default());
    // What the organisation declares is judged once, whatever the accounts.
    findings.retain(|finding| finding.subject().account != "organisation");
    findings
}

fn of<'a>(findings: &'a [Finding], account: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.subject().account == account).collect()
}

/// Everything that can be wrong with an account of the recording, is.
fn spoiled(account: Account) -> Account {
    account
        .with("ec2:DescribeFlowLogs", |body| body.replace("<trafficType>ALL<", "<trafficType>REJECT<"))
        .with("cloudtrail:GetTrailStatus", |body| {
            body.replace("\"IsLogging\": true", "\"IsLogging\": false")
                .replace("\"IsLogging\":true", "\"IsLogging\":false")
        })
        .with("cloudtrail:DescribeTrails", |body| {
            body.replace("ValidationEnabled\": true", "ValidationEnabled\": false")
                .replace("ValidationEnabled\":true", "ValidationEnabled\":false")
        })
}

#[test]
fn accounts_with_equal_ids_and_names_are_judged_apart() {
    let good = |account| answers(account);
    for first_is_good in [true, false] {
        let (one, other) = if first_is_good {
            (good(ONE), spoiled(good(OTHER)).with_buckets_of_its_own())
        } else {
            (spoiled(good(ONE)), good(OTHER).with_buckets_of_its_own())
        };
        let (alone, other_alone) = (judge(&[&one]), judge(&[&other]));
        let worse = (alone.iter().zip(&other_alone)).filter(|(a, b)| a.outcome() != b.outcome()).count();
        assert!(worse >= 3, "the two accounts differ in {worse} findings only");
        let both = judge(&[&one, &other]);
        assert_eq!(both.len(), alone.len() + other_alone.len());
        for (account, alone) in [(ONE, &alone), (OTHER, &other_alone)] {
            for (together, alone) in of(&both, account).into_iter().zip(alone) {
                assert_eq!(together.id(), alone.id());
                assert_eq!(together.outcome(), alone.outcome(), "{} {}", together.check(), together.sentence());
                // What is unknown may have one more reason: the other account's list could have told it too.
                if !matches!(together.outcome(), Outcome::Unknown) {
                    assert_eq!(together.sentence(), alone.sentence());
                }
            }
        }
        // What decides a finding about one account is an answer of that account.
        let ids = |account: &Account| -> BTreeSet<String> { account.bodies.keys().cloned().collect() };
        assert!(ids(&one).is_disjoint(&ids(&other)), "equal evidence ids");
        for (account, own) in [(ONE, ids(&one)), (OTHER, ids(&other))] {
            // Lists in which a bucket or a key of another account might have been are looked through as well.
            for finding in
                of(&both, account).into_iter().filter(|finding| finding.subject().kind.starts_with("aws.ec2"))
            {
                let json = serde_json::to_value(finding).unwrap();
                for id in json["evidence"].as_array().unwrap() {
                    assert!(own.contains(id.as_str().unwrap()), "{} rests on {id}", finding.sentence());
                }
            }
        }
    }
}

/// It cannot be (a name is taken once in a partition), so the answers are not to be trusted: no pass, no fail.
#[test]
fn a_bucket_name_that_two_accounts_claim_decides_nothing() {
    let one = answers(ONE);
    let both = judge(&[&one, &answers(OTHER)]);
    let about_buckets = |finding: &&Finding| finding.check().starts_with("aws-log-bucket-");
    let decided = |finding: &&Finding| matches!(finding.outcome(), Outcome::Pass | Outcome::Fail);
    let alone = judge(&[&one]);
    assert!(alone.iter().filter(about_buckets).filter(decided).count() >= 3);
    let still: Vec<_> = both.iter().filter(about_buckets).filter(decided).collect();
    assert!(still.is_empty(), "{still:#?}");
}

#[test]
fn a_shared_vpc_is_judged_by_its_owner_and_by_nobody_else() {
    let check = "aws-vpc-flow-log-all-traffic";
    for owner_is_good in [true, false] {
        let owner = if owner_is_good { answers(ONE) } else { spoiled(answers(ONE)) };
        // The participant has interfaces and flow logs of its own in the VPC, under the same VPC id.
        let guest = if owner_is_good { spoiled(answers(OTHER)) } else { answers(OTHER) };
        let guest = guest
            .with("ec2:DescribeVpcs", |body| body.replace(&format!("<ownerId>{OTHER}<"), &format!("<ownerId>{ONE}<")))
            .with_buckets_of_its_own();
        let both = judge(&[&owner, &guest]);
        let judged = |account| -> Vec<Outcome> {
            of(&both, account).into_iter().filter(|f| f.check() == check).map(Finding::outcome).collect()
        };
        let alone = judge(&[&owner]);
        let expected: Vec<Outcome> = alone.iter().filter(|f| f.check() == check).map(Finding::outcome).collect();
        assert!(expected.contains(if owner_is_good { &Outcome::Pass } else { &Outcome::Fail }), "{expected:?}");
        assert_eq!(judged(ONE), expected);
        assert!(judged(OTHER).iter().all(|outcome| *outcome == Outcome::NotApplicable), "{:?}", judged(OTHER));
        assert!(!judged(OTHER).is_empty());
    }
}
