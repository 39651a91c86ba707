//! How many requests a run makes, and how fast: as few as the plan needs, none twice, and never more in a second than
//! the limits of `services.yaml` let, counted where a provider counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use emulators::fault::{Action, Fault, Rule, Seen};
use emulators::{EXTERNAL_ID, Emulator, FIRST, REGIONS, Run, SECOND, audit, second_role};
use farwatch::controls::Controls;
use farwatch::model::exchange::{CollectionSeal, Requests};
use farwatch::model::plan::Planned;
use farwatch::model::read::{Per, Reads};

/// Looked at until it is done: more than once, if IAM takes its time.
const POLL: &str = "iam:GenerateCredentialReport";
/// Made by the SDK to get the credentials of a role; no read of ours.
const ENTRY: &str = "sts:AssumeRole";

fn reads() -> Reads {
    Controls::load(None).unwrap_or_else(|problems| panic!("{problems}")).reads
}

fn seal(run: &Run) -> CollectionSeal {
    serde_json::from_slice(&fs::read(run.dir.join("collection/collection.json")).expect("a seal")).expect("JSON")
}

fn both(fault: &Fault) -> Run {
    audit(fault, &["--role-arn", &second_role(), "--external-id", EXTERNAL_ID])
}

#[test]
fn nothing_is_asked_twice_and_lists_come_in_bulk() {
    let fault = Fault::start(&Emulator::moto().endpoint, Vec::new());
    let run = both(&fault);
    let ours: Vec<Seen> = fault.seen().into_iter().filter(|seen| seen.call.name() != ENTRY).collect();

    // At the server: the same question, about the same thing, in the same place, comes once.
    let mut times: BTreeMap<&Seen, usize> = BTreeMap::new();
    for seen in ours.iter().filter(|seen| seen.call.name() != POLL) {
        *times.entry(seen).or_default() += 1;
    }
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "asked more than once: {twice:#?}\n{}", run.said());
    assert!(times.len() > 150, "only {} different requests came", times.len());
    let foreign = ours.iter().find(|seen| ![FIRST, SECOND].contains(&seen.call.account.as_str()));
    assert!(foreign.is_none(), "a call with foreign keys: {foreign:?}");

    // In the plan: one call for each account, region, read and parent.
    let plan = fs::read_to_string(run.dir.join("collection/plan.jsonl")).expect("a plan");
    let mut planned = BTreeSet::new();
    for line in plan.lines() {
        let call = serde_json::from_str::<Planned>(line).expect("a line of the plan").call;
        assert!(planned.insert((call.account, call.region, call.read, call.parent)), "planned twice: {line}");
    }

    // One call lists everything in a region: flow logs, security groups, interfaces and the like are not asked for one by
    // one. No list of the seed is longer than a page.
    let reads = reads();
    let count = |account: &str, name: &str, region: Option<&str>| {
        let of_it = |seen: &&Seen| seen.call.name() == name && seen.call.account == account;
        ours.iter().filter(of_it).filter(|seen| region.is_none_or(|region| seen.call.region == region)).count()
    };
    for account in [FIRST, SECOND] {
        for read in reads.reads.iter().filter(|read| read.per == Some(Per::Region)) {
            // One operation that is asked for several things is several reads.
            let name = read.id.split('#').next().unwrap();
            let same: BTreeSet<_> = reads.reads.iter().map(|read| &read.id).filter(|id| id.starts_with(name)).collect();
            let times = if name == read.id { 1 } else { same.len() };
            for region in REGIONS {
                assert_eq!(count(account, name, Some(region)), times, "{} in {account}, {region}", read.id);
            }
            assert_eq!(count(account, name, None), REGIONS.len() * times, "{} in {account}", read.id);
        }
        for read in reads.reads.iter().filter(|read| read.per == Some(Per::Account)) {
            assert_eq!(count(account, &read.id, None), 1, "{} in {account}", read.id);
        }
    }
    for kind in ["vpc", "subnet", "network_interface", "flow_log", "security_group"] {
        let kind = format!("aws.ec2.{kind}");
        let one_by_one = reads.reads.iter().find(|read| read.for_each.as_deref() == Some(kind.as_str()));
        assert!(one_by_one.is_none(), "{} is made for each {kind}", one_by_one.unwrap().id);
    }

    // What the run says of itself is what the server saw, and no more than was needed.
    let seal = seal(&run);
    assert_eq!(seal.requests, ours.len() as u64, "{}", run.said());
    for (service, requests) in &seal.services {
        let here = ours.iter().filter(|seen| seen.call.service == *service).count();
        let polls = ours.iter().filter(|seen| seen.call.service == *service && seen.call.name() == POLL).count();
        // Each account's report is generated by one request at least.
        let spare = polls.saturating_sub(2);
        assert_eq!(*requests, Requests { made: here as u64, least: (here - spare) as u64 }, "{service}");
    }
    assert!(run.stderr.contains(&format!("made {}\n", seal.told())), "{}", run.said());
}

/// More trails than an account has, and an answer to every first question that asks for patience: retries count too.
#[test]
fn no_service_gets_more_requests_in_a_second_than_its_limit() {
    let more_trails = |body: &str| {
        let mut answer: serde_json::Value = serde_json::from_str(body).expect("an answer in JSON");
        let trails = answer["trailList"].as_array_mut().expect("a list of trails");
        let trail = trails.first().expect("a trail of the seed").clone();
        for number in 0..6 {
            let mut trail = trail.clone();
            trail["TrailARN"] = format!("arn:aws:cloudtrail:{}:{FIRST}:trail/more-{number}", REGIONS[0]).into();
            trail["HomeRegion"] = REGIONS[0].into();
            trails.push(trail);
        }
        answer.to_string()
    };
    let fault = Fault::start(
        &Emulator::moto().endpoint,
        vec![
            Rule::on("cloudtrail:GetTrailStatus", Action::Throttle).first(1),
            Rule::on("kms:DescribeKey", Action::Throttle).first(1),
            Rule::patch("cloudtrail:DescribeTrails", more_trails).account(FIRST),
        ],
    );
    let run = both(&fault);
    let provider = reads().provider;
    let mut lanes: BTreeMap<(String, String, String), Vec<Instant>> = BTreeMap::new();
    for (arrived, Seen { call, .. }) in fault.arrivals().into_iter().filter(|(_, seen)| seen.call.name() != ENTRY) {
        let (limit, _) = provider.limit(&call.service, &call.operation);
        lanes.entry((limit, call.account, call.region)).or_default().push(arrived);
    }
    let services = &provider.services;
    for ((service, account, region), mut arrived) in lanes.clone() {
        let (of, operation) = service.split_once(':').unwrap_or((&service, ""));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small whole numbers
        let limit = provider.limit(of, operation).1 as usize;
        arrived.sort();
        for window in arrived.windows(limit + 1) {
            let apart = window[limit] - window[0];
            assert!(
                apart >= Duration::from_secs(1),
                "{} requests to {service} within {apart:?} in {account}, {region}; {limit} may come in a second",
                limit + 1
            );
        }
    }
    // The limit was met, not only never reached.
    let cloudtrail = &lanes[&("cloudtrail".to_owned(), FIRST.to_owned(), REGIONS[0].to_owned())];
    assert!(cloudtrail.len() > 20, "only {} requests came\n{}", cloudtrail.len(), run.said());
    let history = &lanes[&("cloudtrail:LookupEvents".to_owned(), FIRST.to_owned(), REGIONS[0].to_owned())];
    assert!(history.len() > 2, "the history was asked {} times", history.len());
    assert!(provider.limit("cloudtrail", "LookupEvents").1 <= 2.0, "AWS answers no more than two lookups a second");
    assert!(services["cloudtrail"].per_second <= 5.0, "CloudTrail takes ten, of which the account needs some itself");
    let requests = seal(&run).services["cloudtrail"];
    assert!(requests.made > requests.least, "{requests:?}");
    assert!(run.stderr.contains(&format!("cloudtrail {} ({} would have done)", requests.made, requests.least)));
}
