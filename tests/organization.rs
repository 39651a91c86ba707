//! Several accounts through one role name, and a whole organization: what is read, what is not, and what is said of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use farwatch::collect::{Limits, Replay, Seen, SeenPage, collect};
use farwatch::derive;
use farwatch::evidence::{Collection, Recorder};
use farwatch::model::parameter::defaults;
use farwatch::packet::judge::{Rules, Terms, judge};
use serde_json::Value;

use emulators::fault::{Action, Fault, Rule};
use emulators::truth::{Finding, Row};
use emulators::{EXTERNAL_ID, Emulator, FIRST, Gap, ROLE, Run, SECOND, audit, files};

/// The members of the organization, beside the account that manages it.
struct Members {
    /// Stands for the seeded second account; moto gives ids by chance.
    member: String,
    without_role: String,
    closed: String,
}

fn members() -> &'static Members {
    static MEMBERS: OnceLock<Members> = OnceLock::new();
    MEMBERS.get_or_init(|| {
        let said: Value = serde_json::from_str(&Emulator::moto().run("organization.py")).expect("the ids as JSON");
        let id = |name: &str| said[name].as_str().expect("an id").to_owned();
        Members { member: id("member"), without_role: id("without_role"), closed: id("closed") }
    })
}

/// The organization as it is: one member is the second account, one does not have the role.
fn organization(mut rules: Vec<Rule>) -> Fault {
    let Members { member, without_role, .. } = members();
    rules.extend([
        Rule::patch("organizations:ListAccounts", move |body| body.replace(member, SECOND)),
        Rule::on("sts:AssumeRole", Action::Deny).about(&format!("::{without_role}:")),
    ]);
    Fault::start(&Emulator::moto().endpoint, rules)
}

fn audited(fault: &Fault, more: &[&str]) -> Run {
    let mut arguments = vec!["--role-name", ROLE, "--external-id", EXTERNAL_ID];
    arguments.extend(more);
    audit(fault, &arguments)
}

fn whole() -> &'static Run {
    static WHOLE: OnceLock<Run> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let fault = organization(vec![]);
        let run = audited(&fault, &["--organization"]);
        let closed = format!("::{}:", members().closed);
        let knocked =
            fault.seen().iter().any(|seen| seen.call.name() == "sts:AssumeRole" && seen.subject.contains(&closed));
        assert!(!knocked, "a closed account was entered");
        run
    })
}

fn collection(run: &Run) -> Value {
    serde_json::from_slice(&fs::read(run.dir.join("collection/collection.json")).unwrap()).unwrap()
}

fn lines(run: &Run, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(run.dir.join("collection").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn accounts_of(run: &Run) -> Vec<String> {
    let seal = collection(run);
    seal["sessions"].as_array().unwrap().iter().map(|s| s["account"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_active_account_is_read_and_every_other_one_is_told() {
    let run = whole();
    let Members { without_role, closed, .. } = members();
    assert_eq!(run.code, Some(10), "{}", run.said());
    let found = run.findings();
    let (shut, rest): (Vec<Finding>, Vec<Finding>) =
        found.all.iter().cloned().partition(|finding| finding.subject.account == *without_role);
    // A table of the account without the role may lie on the records of the others, and an alert of its may serve them.
    let alerted = |row: &Row| row.check == "aws-suspicious-traffic-alert" && row.expects("fail");
    Emulator::moto()
        .truth
        .both()
        .turn("unknown", alerted)
        .turn("unknown", |row| row.check == "aws-athena-log-table" && row.expects("fail"))
        .turn("unknown", |row| row.check == "aws-athena-queries-run" && !row.expects("pass"))
        .assert(&rest, "an organization");
    assert!(shut.len() >= 17, "every check says that the account without the role could not be seen: {shut:#?}");
    assert!(shut.iter().all(|finding| finding.outcome == "unknown" && finding.subject.id.is_none()), "{shut:#?}");
    let gaps: Vec<_> = found.own_gaps().iter().map(|gap| (gap.account.as_str(), gap.action.as_str())).collect();
    assert_eq!(gaps, [(without_role.as_str(), "sts:AssumeRole")]);
    assert_eq!(accounts_of(run), [FIRST, SECOND, without_role]);
    assert_eq!(collection(run)["accounts_listed"], true);
    // The closed account: said, listed in the evidence, and nothing else.
    assert!(run.stderr.contains(&format!("not read: account {closed}")), "{}", run.said());
    assert!(run.stderr.contains("SUSPENDED"), "{}", run.said());
    assert!(rest.iter().all(|finding| finding.subject.account != *closed));
    let environments = run.assessment()["environments"].to_string();
    assert!(environments.contains(&format!("aws:{without_role}")), "it stays open: {environments}");
    assert!(!environments.contains(closed.as_str()), "{environments}");
    assert!(run.stdout.contains(&format!("{closed} : the organization lists it as SUSPENDED")), "{}", run.stdout);
}

#[test]
fn the_list_of_accounts_is_evidence_like_any_other() {
    let run = whole();
    let is_list = |line: &&Value| line["call"]["read"] == "organizations:ListAccounts";
    let planned: Vec<Value> = lines(run, "plan.jsonl").iter().filter(is_list).cloned().collect();
    let kept: Vec<Value> = lines(run, "exchanges.jsonl").iter().filter(is_list).cloned().collect();
    assert_eq!((planned.len(), kept.len()), (1, 1));
    assert_eq!(kept[0]["of"], planned[0]["id"]);
    assert_eq!(kept[0]["call"]["account"], FIRST);
    assert_eq!(kept[0]["redacted"], serde_json::json!(["Accounts[].Email"]));
    let body = fs::read_to_string(run.dir.join("collection/bodies").join(kept[0]["body"].as_str().unwrap())).unwrap();
    for account in [FIRST, SECOND, &members().without_role, &members().closed] {
        assert!(body.contains(account), "{account} is not in {body}");
    }
    for file in files(&run.dir) {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains("root@contractor.example"), "{} holds an address", file.display());
    }
    let (inventory, _) = derived(&run.dir);
    let listed = inventory.of("aws.organizations.account");
    assert_eq!(listed.len(), 4);
    let closed = listed.iter().find(|account| account.key.id == members().closed).unwrap();
    assert_eq!((closed.text("status"), closed.text("name")), (Some("SUSPENDED"), Some("closed")));
}

/// State is what there will be when Status is gone; they may differ meanwhile.
#[test]
fn the_newer_member_decides_whether_an_account_is_in_use() {
    let rule = Rule::patch("organizations:ListAccounts", |body| {
        let mut value: Value = serde_json::from_str(body).expect("JSON");
        for account in value["Accounts"].as_array_mut().expect("a list") {
            if account["Id"] == members().without_role.as_str() {
                account["State"] = "CLOSED".into();
            } else if account["Id"] == members().closed.as_str() {
                // Nothing says that it is out of use, so it is not left out.
                let account = account.as_object_mut().expect("an object");
                account.remove("State");
                account.remove("Status");
            }
        }
        value.to_string()
    });
    let closed = &members().closed;
    let refuse = Rule::on("sts:AssumeRole", Action::Deny).about(&format!("::{closed}:"));
    let run = audited(&organization(vec![rule, refuse]), &["--organization"]);
    assert_eq!(accounts_of(&run), [FIRST, SECOND, closed]);
    assert!(
        run.stderr.contains(&format!("account {}, which the organization lists as CLOSED", members().without_role))
    );
}

#[test]
fn a_list_that_is_denied_is_a_gap_that_everybody_sees() {
    let fault = organization(vec![Rule::on("organizations:ListAccounts", Action::Deny)]);
    let run = audited(&fault, &["--organization", "--account", SECOND]);
    assert_eq!(run.code, Some(10), "{}", run.said());
    let found = run.findings();
    Emulator::moto().truth.both().assert(&found.all, "accounts not listed");
    let gaps = found.own_gaps();
    assert_eq!(gaps.len(), 1, "{gaps:#?}");
    assert_eq!((gaps[0].account.as_str(), gaps[0].outcome.as_str()), (FIRST, "denied"));
    assert_eq!(gaps[0].action, "organizations:ListAccounts");
    assert_eq!(collection(&run)["accounts_listed"], false);
    // Accounts that nobody could list are an environment that stays open.
    let environments = run.assessment()["environments"].clone();
    let unlisted = environments.as_array().unwrap().iter().find(|one| one["id"] == "aws:not-listed").unwrap();
    assert!(unlisted["open"].as_str().unwrap().contains("could not be listed"), "{unlisted}");
    for text in [&run.stdout, &fs::read_to_string(run.dir.join("documents/ssp.md")).unwrap()] {
        assert!(text.contains("organizations:ListAccounts was denied"), "{text}");
    }
    // Who is not allowed to ask has at least been told what to add, before.
    let output = emulators::farwatch(fault.endpoint())
        .args(["doctor", "aws", "--organization", "--role-name", ROLE])
        .output()
        .expect("farwatch starts");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.contains("add organizations:ListAccounts to the policy"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_list_that_breaks_off_is_a_gap_and_what_was_listed_is_read() {
    let rule = Rule::on("organizations:ListAccounts", Action::BreakPageChain { size: 2 });
    let patch = Rule::patch("organizations:ListAccounts", |body| body.replace(&members().member, SECOND));
    let run = audited(&organization(vec![patch, rule]), &["--organization"]);
    let found = run.findings();
    Emulator::moto().truth.both().assert(&found.all, "half a list of accounts");
    let gaps: Vec<_> = found.own_gaps().iter().map(|gap| (gap.read.as_str(), gap.outcome.as_str())).collect();
    assert_eq!(gaps, [("organizations:ListAccounts", "failed")]);
    assert_eq!(collection(&run)["accounts_listed"], false);
    assert_eq!(accounts_of(&run), [FIRST, SECOND]);
}

#[test]
fn a_list_on_many_pages_is_read_to_its_end() {
    let fault = {
        let patch = Rule::patch("organizations:ListAccounts", |body| body.replace(&members().member, SECOND));
        organization(vec![patch, Rule::on("organizations:ListAccounts", Action::Paginate { size: 1 })])
    };
    let output = emulators::farwatch(fault.endpoint())
        .args(["doctor", "aws", "--organization", "--role-name", ROLE])
        .output()
        .expect("farwatch starts");
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(fault.count("organizations:ListAccounts"), 4);
    assert!(said.contains(&members().without_role), "{said}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(&members().closed));
}

#[test]
fn accounts_are_named_by_their_ids() {
    let fault = organization(vec![]);
    // The ambient account is read already: its role is not assumed.
    let run = audited(&fault, &["--account", SECOND, "--account", FIRST, "--account", SECOND]);
    let found = run.findings();
    Emulator::moto().truth.both().assert(&found.all, "accounts by their ids");
    assert_eq!(found.own_gaps(), [] as [&Gap; 0]);
    assert_eq!(accounts_of(&run), [FIRST, SECOND]);
    assert_eq!(collection(&run)["sessions"][1]["role"], format!("arn:aws:iam::{SECOND}:role/{ROLE}"));
    assert!(collection(&run).get("accounts_listed").is_none(), "nobody asked for the organization");
    assert_eq!(fault.count("organizations:ListAccounts"), 0);
    let assumed: BTreeSet<String> =
        fault.seen().into_iter().filter(|seen| seen.call.name() == "sts:AssumeRole").map(|seen| seen.subject).collect();
    assert!(assumed.iter().all(|subject| subject.contains(SECOND)), "{assumed:?}");
}

/// The way in may stand in farwatch.yaml, with the external id outside of it.
#[test]
fn the_organisation_file_says_how_to_come_in() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = format!(
        "organisation: {{ name: n }}\nsystem: {{ name: s, description: d }}\nenvironments:\n  aws:\n    accounts: \
         [{{ id: \"{FIRST}\" }}, {{ id: \"{SECOND}\" }}]\n    role_name: {ROLE}\n    external_id: env:EXTERNAL\n"
    );
    fs::write(place.path().join("farwatch.yaml"), config).unwrap();
    let fault = organization(vec![]);
    let folder = place.path().to_str().unwrap();
    let run = emulators::audit_with(&fault, &["--organisation", folder], |command| {
        command.env("EXTERNAL", EXTERNAL_ID);
    });
    assert_eq!(run.code, Some(10), "{}", run.said());
    assert_eq!(accounts_of(&run), [FIRST, SECOND]);
    assert_eq!(fault.count("organizations:ListAccounts"), 0);
    let environments = run.assessment()["environments"].clone();
    let open: Vec<&Value> = environments.as_array().unwrap().iter().filter(|one| one["open"].is_null()).collect();
    assert_eq!(
        open.iter().map(|one| one["id"].as_str().unwrap()).collect::<Vec<_>>(),
        [format!("aws:{FIRST}"), format!("aws:{SECOND}")]
    );
    // Without the secret nothing is asked.
    let asked = fault.seen().len();
    let run = emulators::audit_with(&fault, &["--organisation", folder], |_| {});
    assert_eq!(run.code, Some(2), "{}", run.said());
    assert!(run.stderr.contains("environment variable EXTERNAL is not set"), "{}", run.said());
    assert_eq!(fault.seen().len(), asked);
}

#[test]
fn an_account_that_cannot_be_entered_changes_nothing_for_the_others() {
    let key = |finding: &Finding| {
        let subject = &finding.subject;
        (finding.check.clone(), subject.account.clone(), subject.region.clone(), subject.id.clone())
    };
    let fault = organization(vec![]);
    // What the organisation declares is nobody's account.
    let alone: Vec<Finding> =
        audit(&fault, &[]).findings().all.into_iter().filter(|f| f.subject.account == FIRST).collect();
    let run = audited(&fault, &["--account", &members().without_role]);
    let beside: Vec<Finding> = run.findings().all.into_iter().filter(|f| f.subject.account == FIRST).collect();
    assert_eq!(alone.len(), beside.len());
    // An account that was not entered may have tables on these records, and alerts that serve this account.
    let across = ["aws-athena-log-table", "aws-athena-queries-run", "aws-suspicious-traffic-alert"];
    for (alone, beside) in alone.iter().zip(&beside) {
        assert_eq!(key(alone), key(beside));
        if across.contains(&alone.check.as_str()) && beside.outcome == "unknown" {
            continue;
        }
        assert_eq!(alone.outcome, beside.outcome, "{}", alone.place());
        if alone.outcome != "unknown" {
            assert_eq!(alone.sentence, beside.sentence);
            assert_eq!(alone.evidence, beside.evidence, "{}", alone.place());
        }
    }
}

/// A role of one account that answers as another: its answers are nobody's.
#[test]
fn a_role_that_leads_elsewhere_is_a_gap_of_its_account() {
    let rule = Rule::patch("sts:GetCallerIdentity", |body| body.replace(SECOND, FIRST)).account(SECOND);
    let run = audited(&organization(vec![rule]), &["--account", SECOND]);
    let found = run.findings();
    assert_eq!(accounts_of(&run), [FIRST, SECOND]);
    assert!(found.gaps.iter().any(|gap| gap.account == SECOND && gap.action == "sts:AssumeRole"), "{:#?}", found.gaps);
    assert!(found.all.iter().any(|finding| finding.subject.account == SECOND));
}

/// The inventory of a run, and its findings as JSON.
fn derived(dir: &Path) -> (farwatch::model::inventory::Inventory, Value) {
    let rules = rules();
    let kept = Collection::open(dir).unwrap();
    let terms =
        Terms { organisation: None, parameters: defaults(&rules.controls.parameters), as_of: kept.seal.finished };
    let judged = judge(&rules, &kept, terms).unwrap();
    (judged.inventory, serde_json::json!([judged.findings.findings, judged.findings.gaps]))
}

fn rules() -> Rules {
    Rules::load(None).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_recorded_organization_is_replayed_as_it_was() {
    let denied = organization(vec![Rule::on("organizations:ListAccounts", Action::Deny)]);
    let denied = audited(&denied, &["--organization", "--account", SECOND]);
    for run in [whole(), &denied] {
        let kept = Collection::open(&run.dir).unwrap();
        let controls = rules().controls;
        let exchanges = kept.exchanges.iter().map(|exchange| (exchange.clone(), kept.body(exchange)));
        let replay = Replay::new(&kept.seal, exchanges, "us-east-1");
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let dir = place.path().join("again");
        let mut recorder = Recorder::create(&dir).unwrap();
        let mut blank = kept.seal.clone();
        (blank.sessions, blank.accounts_listed, blank.requests) = (Vec::new(), None, 0);
        let limits = Limits { begun: 8, run: Duration::from_mins(5), pages: 1_000 };
        let understand = |reads: &[&farwatch::model::read::Read],
                          exchange: &farwatch::model::exchange::Exchange,
                          body: &[u8],
                          parent: Option<&farwatch::model::resource::ResourceKey>| {
            let pages = derive::pages(reads.iter().copied(), exchange, body, parent).into_iter();
            let seen = |page: derive::Page| {
                let derived = derive::shown_by(&page.given);
                let given = page.given.into_iter().chain(derived);
                let seen = given.map(|given| Seen { key: given.key, fields: given.fields }).collect();
                SeenPage { seen, next: page.next }
            };
            pages.map(|(_, page)| page.map(seen).map_err(|error| error.to_string())).collect()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut silent = |_| {};
        let work = collect(&replay, &controls.reads, &understand, &mut recorder, &limits, &mut silent, blank);
        let again = runtime.block_on(work).unwrap();
        assert_eq!(again.seal.sessions, kept.seal.sessions);
        assert_eq!(again.seal.accounts_listed, kept.seal.accounts_listed);
        recorder.seal(again.seal).unwrap();
        let calls = |dir: &Path| -> BTreeSet<String> {
            Collection::open(dir).unwrap().plan.into_iter().map(|planned| planned.id).collect()
        };
        let (again, before) = (calls(&dir), calls(&run.dir));
        assert_eq!(again.symmetric_difference(&before).collect::<Vec<_>>(), [] as [&String; 0]);
        assert!(derived(&dir).1 == derived(&run.dir).1, "the replayed run is judged otherwise");
    }
}
