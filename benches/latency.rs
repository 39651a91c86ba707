//! `cargo bench --bench latency`: how long a reading takes when every request takes 50 ms, and what it waits for.
//!
//! The recorded account of the demo answers, as it does offline, but each request is held for 50 ms and has to wait for
//! its turn as a live one does. The reading spends its time waiting, so the profile hardly matters:
//! `cargo bench --profile dev --bench latency` needs no release build.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement may stop at the first surprise, and prints"
)]

use farwatch::collect::{Limits, Pace, Replay, Reply, Request, Seen, SeenPage, SessionInfo, Source, collect};
use farwatch::controls::Controls;
use farwatch::derive::{Page, pages, shown_by};
use farwatch::evidence::Collection;
use farwatch::model::exchange::{CollectionSeal, Exchange, Sink};
use farwatch::model::plan::Planned;
use farwatch::model::provider::Provider;
use farwatch::model::read::Read;
use farwatch::model::resource::ResourceKey;
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What is added to every request: the way to another continent's region and back, and the service's own time.
const DELAY: Duration = Duration::from_millis(50);
/// What `farwatch audit` has in flight at once unless told otherwise (`--in-flight`).
const IN_FLIGHT: usize = 24;

/// The recording, at a distance, and with more regions than it has: further ones answer as the last of it does.
struct Far<'a> {
    regions: &'a [String],
    recorded: BTreeSet<String>,
    near: Replay,
    delay: Duration,
    /// The limits of the services; nothing where they are left out.
    pace: Option<(Pace, &'a Provider)>,
    /// Requests by limit and region, where there are limits.
    lanes: Mutex<BTreeMap<(String, String), usize>>,
}

impl Far<'_> {
    /// The list of regions with all of them in it.
    fn listed(&self, answer: &str) -> String {
        let item = |region: &String| {
            format!("<item><regionName>{region}</regionName><optInStatus>opt-in-not-required</optInStatus></item>")
        };
        let further = self.regions.iter().filter(|region| !self.recorded.contains(*region)).map(item);
        answer.replace("</regionInfo>", &format!("{}</regionInfo>", further.collect::<String>()))
    }
}

impl Source for Far<'_> {
    fn sessions(&self) -> Vec<SessionInfo> {
        self.near.sessions()
    }
    fn is_replay(&self) -> bool {
        true
    }
    fn send<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let region = request.region.clone();
            let turn = match &self.pace {
                Some((pace, provider)) => {
                    let (limit, per_second) = provider.limit(&request.read.service, request.operation);
                    *self.lanes.lock().unwrap().entry((limit.clone(), region.clone())).or_default() += 1;
                    Some(pace.lane(request.session, &limit, &region, per_second).turn().await)
                }
                None => None,
            };
            tokio::time::sleep(self.delay).await;
            drop(turn);
            let mut call = request.call.clone();
            if call.region != "global" && !self.recorded.contains(&call.region) {
                self.recorded.last().expect("a recorded region").clone_into(&mut call.region);
            }
            let regions = request.read.id == "ec2:DescribeRegions";
            let mut reply = self.near.send(Request { call: &call, ..request }).await;
            if regions {
                reply.body = self.listed(&String::from_utf8(reply.body).expect("text")).into_bytes();
            }
            reply
        })
    }
}

/// Nothing is kept.
struct Nowhere;

impl Sink for Nowhere {
    fn planned(&mut self, _: &Planned) -> std::io::Result<()> {
        Ok(())
    }
    fn exchanged(&mut self, exchange: Exchange, _: Option<&[u8]>) -> std::io::Result<Exchange> {
        Ok(exchange)
    }
}

/// What a page shows, as `farwatch audit` has it read.
fn understand(
    reads: &[&Read],
    exchange: &Exchange,
    body: &[u8],
    parent: Option<&ResourceKey>,
) -> Vec<Result<SeenPage, String>> {
    let seen = |page: Page| {
        let derived = shown_by(&page.given);
        let seen = page.given.into_iter().chain(derived).map(|given| Seen { key: given.key, fields: given.fields });
        SeenPage { seen: seen.collect(), next: page.next }
    };
    let pages = pages(reads.iter().copied(), exchange, body, parent).into_iter();
    pages.map(|(_, page)| page.map(seen).map_err(|error| error.to_string())).collect()
}

struct Reading {
    took: Duration,
    seal: CollectionSeal,
    lanes: BTreeMap<(String, String), usize>,
}

/// Reads the recorded account.
fn read(
    controls: &Controls,
    recorded: &Collection,
    regions: &[String],
    (delay, in_flight, paced): (Duration, usize, bool),
) -> Reading {
    let exchanges = recorded.exchanges.iter().map(|exchange| (exchange.clone(), recorded.body(exchange)));
    let far = Far {
        regions,
        recorded: recorded.plan.iter().map(|planned| planned.call.region.clone()).filter(|r| r != "global").collect(),
        near: Replay::new(&recorded.seal, exchanges, "us-east-1"),
        delay,
        pace: paced.then(|| (Pace::new(in_flight), &controls.reads.provider)),
        lanes: Mutex::default(),
    };
    // As in `farwatch audit`: what waits for a limit holds no connection.
    let begun = if paced { 8 * in_flight } else { in_flight };
    let limits = Limits { begun, run: Duration::from_mins(10), pages: 10_000 };
    let counted = recorded.seal.clone();
    let seal = CollectionSeal { requests: 0, services: BTreeMap::new(), sessions: Vec::new(), ..counted };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut sink, mut silent) = (Nowhere, |_| {});
    let began = Instant::now();
    let work = collect(&far, &controls.reads, &understand, &mut sink, &limits, &mut silent, seal);
    let collected = runtime.block_on(work).expect("a reading");
    let took = began.elapsed();
    Reading { took, seal: collected.seal, lanes: far.lanes.into_inner().unwrap() }
}

fn main() {
    let controls = Controls::load(None).expect("the embedded controls");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo");
    let mut recorded = Collection::open(&folder).expect("the recorded account");
    // The tenant of the demo is another cloud, with limits of its own.
    recorded.seal.sessions.retain(|session| session.partition == "aws");
    let accounts: Vec<String> = recorded.seal.sessions.iter().map(|session| session.account.clone()).collect();
    recorded.plan.retain(|planned| accounts.contains(&planned.call.account));
    recorded.exchanges.retain(|exchange| accounts.contains(&exchange.call.account));

    let all = &controls.reads.provider.partitions["aws"].default_regions;
    for (what, regions) in [("the account of the demo, three regions", &[][..]), ("the same in all regions", all)] {
        println!("\n{what}");
        measure(&controls, &recorded, regions);
    }
}

fn measure(controls: &Controls, recorded: &Collection, regions: &[String]) {
    // With a second for each request, nothing to wait for and no end of connections, whole seconds are requests that had
    // to be made one after the other.
    let alone = read(controls, recorded, regions, (Duration::from_secs(1), usize::MAX, false));
    let chain = alone.took.as_secs();
    let least = DELAY * u32::try_from(chain).unwrap();
    println!("{}", alone.seal.told());
    println!("longest chain of requests that need each other: {chain}, so {} ms", least.as_millis());
    println!("with nothing else to wait for: {:.2} times the chain", alone.took.as_secs_f64() / chain as f64);
    let times = |took: Duration| took.as_secs_f64() / least.as_secs_f64();
    let say =
        |what: &str, took: Duration| println!("{what}: {} ms, {:.2} times the chain", took.as_millis(), times(took));

    let unpaced = read(controls, recorded, regions, (DELAY, IN_FLIGHT, false));
    say(&format!("{IN_FLIGHT} in flight, without the limits of services.yaml"), unpaced.took);
    let paced = read(controls, recorded, regions, (DELAY, IN_FLIGHT, true));
    say(&format!("{IN_FLIGHT} in flight, as farwatch audit reads"), paced.took);
    if times(paced.took) <= 1.3 {
        return;
    }
    println!("what bounds it:");
    let requests: u64 = alone.seal.requests;
    let slots = DELAY.as_secs_f64() * requests as f64 / IN_FLIGHT as f64;
    println!("  {requests} requests of {} ms, {IN_FLIGHT} at once: {:.0} ms", DELAY.as_millis(), slots * 1000.0);
    // Requests of a lane start no closer than its limit lets them.
    let bound = |((service, region), requests): (&(String, String), &usize)| {
        let (of, operation) = service.split_once(':').unwrap_or((service, ""));
        let per_second = controls.reads.provider.limit(of, operation).1;
        (requests.saturating_sub(1) as f64 / per_second, per_second, service.clone(), region.clone(), *requests)
    };
    let mut bounds: Vec<_> = paced.lanes.iter().map(bound).collect();
    bounds.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (seconds, per_second, service, region, requests) in bounds.into_iter().take(3) {
        println!(
            "  {service} in {region}: {requests} requests at {per_second} a second: {:.0} ms from first to last",
            seconds * 1000.0
        );
    }
}
