//! The run itself: identities, regions, then everything the reads and the resources seen imply, with bounds.

use super::classify::classify;
use super::redact::redact;
use super::{Reply, Request, SessionInfo, Source};
use crate::model::exchange::{CollectionSeal, Exchange, Requests, SessionSeal, Sink};
use crate::model::plan::{CallId, Outcome, PlanNote, Planned, page_id};
use crate::model::provider::{ACTIVE, Cloud};
use crate::model::read::{Per, REGION, Read, Reads, SUBSCRIPTION, TENANT, account_key};
use crate::model::resource::{Resource, ResourceKey};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

/// A resource that an answer shows, with the fields it tells.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The resource.
    pub key: ResourceKey,
    /// Its fields.
    pub fields: Vec<(String, Value)>,
}

/// What one page shows.
#[derive(Debug, Clone, Default)]
pub struct SeenPage {
    /// Resources.
    pub seen: Vec<Seen>,
    /// Token of the next page.
    pub next: Option<Value>,
}

/// Reads one page, as each of the reads that share its call: a function of `derive`, passed in because rooms do not know
/// one another.
pub type Understand<'a> =
    &'a (dyn Fn(&[&Read], &Exchange, &[u8], Option<&ResourceKey>) -> Vec<Result<SeenPage, String>> + Sync);

/// Bounds of a run.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Calls begun at once. A source may let them wait for its limits; it says how many requests are under way.
    pub begun: usize,
    /// The whole run; calls not made by then are gaps.
    pub run: Duration,
    /// Most pages of one list: 10,000 pages are more than any account has, and a token loop has no end.
    pub pages: u32,
}

/// How far a run is: for a person who waits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Calls planned so far.
    pub planned: usize,
    /// Calls ended.
    pub ended: usize,
    /// Calls denied.
    pub denied: usize,
    /// Calls that left another gap.
    pub other_gaps: usize,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Collected {
    /// What it was as a whole.
    pub seal: CollectionSeal,
    /// Accounts of the organization that were listed, and not read for what they are.
    pub not_read: Vec<NotRead>,
}

/// An account of the organization that is not in use: suspended, closed or about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRead {
    /// Its id.
    pub account: String,
    /// What the organization says of it.
    pub status: String,
}

/// Why a run could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// No identity could be used.
    #[error("no account could be identified:\n{0}")]
    NoAccount(String),
    /// The run directory could not be written.
    #[error("the run could not be written: {0}")]
    Write(#[from] std::io::Error),
}

/// A call ready to be made.
struct Job<'r> {
    session: usize,
    read: &'r Read,
    call: CallId,
    parent: Option<ResourceKey>,
    region: String,
}

/// Calls that wait, each behind those to the same service in the same account and region. Services, accounts and regions
/// take turns: a call that has to wait for a limit holds a connection, and the calls of one limit in a row would hold them
/// all.
#[derive(Default)]
struct Queue<'r> {
    lanes: HashMap<Lane, VecDeque<Job<'r>>>,
    turns: VecDeque<Lane>,
}

/// Session, service, account, region.
type Lane = (usize, String, String, String);

impl<'r> Queue<'r> {
    fn push(&mut self, job: Job<'r>) {
        let lane = (job.session, job.read.service.clone(), job.call.account.clone(), job.region.clone());
        let waiting = self.lanes.entry(lane.clone()).or_default();
        if waiting.is_empty() {
            self.turns.push_back(lane);
        }
        waiting.push_back(job);
    }

    fn pop(&mut self) -> Option<Job<'r>> {
        let lane = self.turns.pop_front()?;
        let waiting = self.lanes.get_mut(&lane)?;
        let job = waiting.pop_front();
        if !waiting.is_empty() {
            self.turns.push_back(lane);
        }
        job
    }
}

/// A call that ended: its pages as they may be stored, and what they show.
struct Done<'r> {
    job: Job<'r>,
    pages: Vec<(Exchange, Option<Vec<u8>>)>,
    seen: Vec<Seen>,
    requests: Requests,
}

impl Done<'_> {
    /// The accounts that the rows of an inventory are of; none where it was not read to its end.
    fn accounts(&self) -> BTreeSet<String> {
        let whole = self.pages.last().is_some_and(|(page, _)| page.last && page.outcome.is_settled());
        self.seen.iter().filter(|_| whole).map(|seen| seen.key.account.clone()).collect()
    }
}

/// Asks everything, writes everything down, and says what the run was.
///
/// A failure in one call, region or account never stops the rest.
///
/// # Errors
/// [`CollectError`] when no account could be identified or nothing can be written.
pub async fn collect(
    source: &dyn Source,
    reads: &Reads,
    understand: Understand<'_>,
    sink: &mut (dyn Sink + Send),
    limits: &Limits,
    on_progress: &mut (dyn FnMut(Progress) + Send),
    mut seal: CollectionSeal,
) -> Result<Collected, CollectError> {
    let deadline = tokio::time::Instant::now() + limits.run;
    seal.endpoint = source.endpoint();
    let mut run = Run {
        source,
        reads,
        understand,
        limits,
        standing: HashMap::new(),
        known: BTreeMap::new(),
        planned: HashSet::new(),
        unconfirmed: HashSet::new(),
        identities: HashMap::new(),
        queue: Queue::default(),
    };
    let mut progress = Progress::default();
    let sessions = source.sessions().into_iter().enumerate().collect();
    let failures = run.identify(sink, &mut seal, sessions, None).await?;
    if seal.sessions.iter().all(|session| session.failed.is_some()) {
        return Err(CollectError::NoAccount(failures.join("\n")));
    }
    let not_read = run.enter(sink, &mut seal, deadline).await?;
    if seal.inventory.is_some() {
        run.plan_inventories(sink)?;
    }
    run.plan_for_all(sink)?;
    let mut running = FuturesUnordered::new();
    let mut doubts = seal.inventory.is_some();
    loop {
        while running.len() < limits.begun.max(1) {
            let Some(job) = run.queue.pop() else { break };
            let caller = run.identities.get(&job.session).map(|(caller, _)| caller.clone()).unwrap_or_default();
            running.push(ask(run.source, run.reads, run.understand, run.limits, job, caller));
        }
        progress.planned = run.planned.len();
        on_progress(progress);
        let Ok(next) = tokio::time::timeout_at(deadline, running.next()).await else { break };
        let Some(done) = next else {
            // Everything was asked. What the inventory said may have to be asked once more.
            if !std::mem::take(&mut doubts) {
                break;
            }
            for (list, account) in sink.doubted(&seal)? {
                if let Some(Some(accounts)) = run.standing.get_mut(&list) {
                    accounts.remove(&account);
                }
            }
            run.plan_lists(sink)?;
            continue;
        };
        progress.ended += 1;
        seal.count(&done.job.read.service, done.requests);
        match done.pages.last().map(|(page, _)| page.outcome) {
            Some(Outcome::Denied) => progress.denied += 1,
            Some(outcome) if !outcome.is_settled() => progress.other_gaps += 1,
            _ => {}
        }
        if let Some(list) = &done.job.read.stands_for {
            run.standing.insert(list.clone(), Some(done.accounts()));
        }
        let told = done.job.read.stands_for.is_some();
        for (page, body) in done.pages {
            seal.finished = seal.finished.max(page.finished);
            sink.exchanged(page, body.as_deref())?;
        }
        if done.job.read.id == reads.provider.regions && done.seen.is_empty() {
            run.default_regions(sink, done.job.session, &done.job.call.account)?;
        }
        run.learn(sink, done.job.session, done.seen)?;
        if told {
            run.plan_lists(sink)?;
        }
    }
    drop(running);
    run.leftovers(sink)?;
    Ok(Collected { seal, not_read })
}

struct Run<'r> {
    source: &'r dyn Source,
    reads: &'r Reads,
    understand: Understand<'r>,
    limits: &'r Limits,
    /// Lists in whose place an inventory is read: the accounts that it has rows of, once it has answered.
    standing: HashMap<String, Option<BTreeSet<String>>>,
    /// Resources seen so far, with their session.
    known: BTreeMap<ResourceKey, (usize, Resource)>,
    /// Calls already planned: resource and read.
    planned: HashSet<(ResourceKey, String)>,
    /// Regions that are asked although nobody confirmed them.
    unconfirmed: HashSet<(String, String)>,
    /// ARN and partition of each session's identity.
    identities: HashMap<usize, (String, String)>,
    queue: Queue<'r>,
}

impl Run<'_> {
    /// Asks every one of these sessions who it is. Their answers are taken in their own order.
    async fn identify(
        &mut self,
        sink: &mut (dyn Sink + Send),
        seal: &mut CollectionSeal,
        sessions: Vec<(usize, SessionInfo)>,
        deadline: Option<tokio::time::Instant>,
    ) -> Result<Vec<String>, CollectError> {
        let mut failures = Vec::new();
        let (source, reads, understand, limits) = (self.source, self.reads, self.understand, self.limits);
        let mut answers = futures::stream::iter(sessions)
            .map(async |(session, info)| {
                if let Some(reason) = info.refused.clone() {
                    return (session, info, Err(reason));
                }
                let name = reads.identity(Cloud::of_partition(info.partition.as_deref().unwrap_or_default()));
                let Some(read) = reads.get(name) else {
                    return (session, info, Err(format!("the reads name no `{name}`")));
                };
                let call = CallId {
                    account: String::new(),
                    region: "global".to_owned(),
                    read: read.id.clone(),
                    parent: None,
                    params: BTreeMap::new(),
                };
                let job = Job { session, read, call, parent: None, region: info.region.clone() };
                let answer = ask(source, reads, understand, limits, job, String::new());
                let done = match deadline {
                    None => Ok(answer.await),
                    Some(deadline) => tokio::time::timeout_at(deadline, answer)
                        .await
                        .map_err(|_| "the time for the whole reading was over (--run-timeout)".to_owned()),
                };
                (session, info, done)
            })
            .buffered(limits.begun.max(1));
        while let Some((session, info, answer)) = answers.next().await {
            let (mut done, refused) = match answer {
                Ok(done) => (Some(done), None),
                Err(reason) => (None, Some(reason)),
            };
            if let Some(done) = &done {
                seal.count(&done.job.read.service, done.requests);
            }
            let seen = done.as_ref().and_then(|done| done.seen.first());
            let account = seen.map(|seen| seen.key.id.clone());
            let caller = seen.and_then(|seen| {
                seen.fields
                    .iter()
                    .find(|(name, _)| name == "caller")
                    .and_then(|(_, arn)| arn.as_str().map(str::to_owned))
            });
            let in_role = info.role.as_deref().and_then(account_of).unwrap_or_default().to_owned();
            let foreign = !in_role.is_empty() && account.as_ref().is_some_and(|account| *account != in_role);
            let twice = |other: &SessionSeal| Some(&other.account) == account.as_ref() && other.failed.is_none();
            if !foreign && seal.sessions.iter().any(twice) {
                // The account is already being read; its evidence must not stand twice.
                continue;
            }
            let failed = match (&account, &caller) {
                (Some(account), Some(_)) if foreign => {
                    Some(format!("the role is of account {in_role}, but the answer is of account {account}"))
                }
                (Some(_), Some(_)) => None,
                _ => Some(refused.unwrap_or_else(|| {
                    done.as_ref().and_then(|done| done.pages.last()).map_or_else(
                        || "no answer".to_owned(),
                        |(page, _)| {
                            let detail = page.detail.clone().unwrap_or_default();
                            page.code.as_ref().map_or(detail.clone(), |code| format!("{code}: {detail}"))
                        },
                    )
                })),
            };
            let arn = caller.clone().unwrap_or_default();
            // What could not be identified is at least where its role is.
            let named = if arn.is_empty() { info.role.as_deref().unwrap_or_default() } else { &arn };
            let sealed = SessionSeal {
                role: info.role.clone(),
                account: account.clone().filter(|_| failed.is_none()).unwrap_or(if in_role.is_empty() {
                    "unidentified".to_owned()
                } else {
                    in_role
                }),
                partition: (info.partition.clone())
                    .unwrap_or_else(|| named.split(':').nth(1).unwrap_or("aws").to_owned()),
                caller: if failed.is_none() { arn.clone() } else { String::new() },
                failed: failed.clone(),
            };
            self.identities.insert(session, (sealed.caller.clone(), sealed.partition.clone()));
            if let Some(reason) = failed {
                let azure = Cloud::of_partition(&sealed.partition) == Cloud::Azure;
                let ambient = if azure { "the Azure credentials" } else { "the ambient credentials" };
                let who = info.role.clone().unwrap_or_else(|| ambient.to_owned());
                failures.push(format!("  {who}: {reason}"));
                seal.sessions.push(sealed);
                continue;
            }
            for (page, body) in done.iter_mut().flat_map(|done| &mut done.pages) {
                page.call.account.clone_from(&sealed.account);
                page.of = page.call.evidence_id();
                page.id = page_id(&page.of, page.page);
                page.caller.clone_from(&arn);
                let plan = Planned { id: page.of.clone(), call: page.call.clone(), note: PlanNote::Sure };
                sink.planned(&plan)?;
                sink.exchanged(page.clone(), body.as_deref())?;
            }
            seal.sessions.push(sealed);
            for seen in done.into_iter().flat_map(|done| done.seen) {
                let mut resource = Resource::new(ResourceKey { region: "global".to_owned(), ..seen.key });
                for (name, value) in seen.fields {
                    resource.set(&name, value, []);
                }
                self.known.insert(resource.key.clone(), (session, resource));
            }
        }
        Ok(failures)
    }

    /// Reaches further accounts from the first identity: those that were named, and those of its organization.
    async fn enter(
        &mut self,
        sink: &mut (dyn Sink + Send),
        seal: &mut CollectionSeal,
        deadline: tokio::time::Instant,
    ) -> Result<Vec<NotRead>, CollectError> {
        let further = self.source.further();
        let Some(first) = seal.sessions.first().cloned() else { return Ok(Vec::new()) };
        let mut wanted = further.accounts;
        let mut not_read = Vec::new();
        if further.organization {
            for seen in self.listed_accounts(sink, seal, &first, deadline).await? {
                let status = seen.fields.iter().find(|(name, _)| name == "status");
                match status.and_then(|(_, status)| status.as_str()) {
                    // A status that the answer does not tell is no reason to leave an account out.
                    None | Some(ACTIVE) => wanted.push(seen.key.id),
                    Some(status) => not_read.push(NotRead { account: seen.key.id, status: status.to_owned() }),
                }
            }
        }
        // An account that has an identity already, be it one that failed, is told of once.
        let mut taken: HashSet<String> = seal.sessions.iter().map(|session| session.account.clone()).collect();
        let mut sessions = Vec::new();
        for account in wanted {
            if !taken.insert(account.clone()) {
                continue;
            }
            match self.source.open(&first.partition, &account).await {
                Some((session, mut info)) => {
                    if first.failed.is_some() {
                        info.refused = Some("the credentials that would assume it could not be identified".to_owned());
                    }
                    sessions.push((session, info));
                }
                None => seal.sessions.push(SessionSeal {
                    role: None,
                    account,
                    caller: String::new(),
                    partition: first.partition.clone(),
                    failed: Some("no role is named by which it could be read (--role-name)".to_owned()),
                }),
            }
        }
        self.identify(sink, seal, sessions, Some(deadline)).await?;
        not_read.retain(|account| !taken.contains(&account.account));
        Ok(not_read)
    }

    /// Asks for what is said of the organization: above all its accounts. What was listed before an answer broke off
    /// counts.
    async fn listed_accounts(
        &mut self,
        sink: &mut (dyn Sink + Send),
        seal: &mut CollectionSeal,
        first: &SessionSeal,
        deadline: tokio::time::Instant,
    ) -> Result<Vec<Seen>, CollectError> {
        let (source, reads, understand, limits) = (self.source, self.reads, self.understand, self.limits);
        let mut accounts = Vec::new();
        seal.accounts_listed = Some(false);
        for read in reads.of_organization() {
            let Ok(call) = read.call_for(&Resource::new(account_key(&first.account))) else { continue };
            sink.planned(&Planned { id: call.evidence_id(), call: call.clone(), note: PlanNote::Sure })?;
            if first.failed.is_some() {
                continue;
            }
            let job = Job { session: 0, read, call, parent: None, region: self.global_region(0, read) };
            let answer = ask(source, reads, understand, limits, job, first.caller.clone());
            let Ok(done) = tokio::time::timeout_at(deadline, answer).await else { continue };
            seal.count(&read.service, done.requests);
            let whole = done.pages.last().is_some_and(|(page, _)| page.last && page.outcome.is_settled());
            for (page, body) in done.pages {
                seal.finished = seal.finished.max(page.finished);
                sink.exchanged(page, body.as_deref())?;
            }
            if read.id == reads.provider.accounts {
                seal.accounts_listed = Some(whole);
                accounts.clone_from(&done.seen);
            }
            self.learn(sink, 0, done.seen)?;
        }
        Ok(accounts)
    }

    fn plan_for_all(&mut self, sink: &mut (dyn Sink + Send)) -> Result<(), CollectError> {
        let keys: Vec<ResourceKey> = self.known.keys().cloned().collect();
        keys.iter().try_for_each(|key| self.plan_for(sink, key))
    }

    /// Plans the inventories of every tenant. The lists that they stand in for wait for them.
    fn plan_inventories(&mut self, sink: &mut (dyn Sink + Send)) -> Result<(), CollectError> {
        let tenants = self.known.iter().filter(|(key, _)| key.kind == TENANT);
        let tenants: Vec<(usize, Resource)> =
            tenants.map(|(_, (session, tenant))| (*session, tenant.clone())).collect();
        let reads = self.reads;
        for ((session, tenant), read) in
            tenants.iter().flat_map(|tenant| reads.inventories().map(move |read| (tenant, read)))
        {
            let Ok(call) = read.call_for(tenant) else { continue };
            sink.planned(&Planned { id: call.evidence_id(), call: call.clone(), note: PlanNote::Sure })?;
            self.standing.extend(read.stands_for.clone().map(|list| (list, None)));
            let region = self.global_region(*session, read);
            self.queue.push(Job { session: *session, read, call, parent: None, region });
        }
        Ok(())
    }

    /// Is this list not to be asked for, or not yet? Of an account that an inventory has no row of, nobody knows whether
    /// it has nothing or the identity may not look.
    fn stood_in(&self, read: &Read, account: &str) -> bool {
        self.standing
            .get(&read.id)
            .is_some_and(|accounts| accounts.as_ref().is_none_or(|accounts| accounts.contains(account)))
    }

    /// Plans the lists that no inventory stands in for any more.
    fn plan_lists(&mut self, sink: &mut (dyn Sink + Send)) -> Result<(), CollectError> {
        let keys: Vec<ResourceKey> = self.known.keys().filter(|key| key.kind == SUBSCRIPTION).cloned().collect();
        keys.iter().try_for_each(|key| self.plan_for(sink, key))
    }

    /// Plans every read of a resource that can be put together with what is known of it.
    fn plan_for(&mut self, sink: &mut (dyn Sink + Send), key: &ResourceKey) -> Result<(), CollectError> {
        let Some((session, resource)) = self.known.get(key) else { return Ok(()) };
        let mut jobs = Vec::new();
        for read in self.reads.made_for(resource) {
            if self.planned.contains(&(key.clone(), read.id.clone())) || self.stood_in(read, &key.account) {
                continue;
            }
            let Ok(call) = read.call_for(resource) else { continue };
            // The lists of one answer share the call.
            if jobs.iter().any(|(id, ..): &(String, _, _)| *id == read.id) {
                continue;
            }
            jobs.push((read.id.clone(), call, read.for_each.as_ref().map(|_| key.clone())));
        }
        let (session, reads) = (*session, self.reads);
        for (id, call, parent) in jobs {
            let Some(read) = reads.get(&id) else { continue };
            let unconfirmed = read.per == Some(Per::Region)
                && self.unconfirmed.contains(&(call.account.clone(), call.region.clone()));
            let note = if unconfirmed { PlanNote::Unconfirmed } else { PlanNote::Sure };
            sink.planned(&Planned { id: call.evidence_id(), call: call.clone(), note })?;
            self.planned.insert((key.clone(), id));
            let region = if call.region == "global" { self.global_region(session, read) } else { call.region.clone() };
            self.queue.push(Job { session, read, call, parent, region });
        }
        Ok(())
    }

    /// Where calls about a whole account are sent.
    fn global_region(&self, session: usize, read: &Read) -> String {
        let partition = self.identities.get(&session).map(|(_, partition)| partition.as_str()).unwrap_or_default();
        self.reads.global_region(partition, read)
    }

    /// Takes in what an answer shows, and plans what follows from it.
    fn learn(&mut self, sink: &mut (dyn Sink + Send), session: usize, seen: Vec<Seen>) -> Result<(), CollectError> {
        for one in seen {
            let (_, resource) =
                self.known.entry(one.key.clone()).or_insert_with(|| (session, Resource::new(one.key.clone())));
            for (name, value) in one.fields {
                resource.set(&name, value, []);
            }
            self.plan_for(sink, &one.key)?;
        }
        Ok(())
    }

    /// The regions could not be listed: those that every account of the partition has are asked all the same.
    fn default_regions(
        &mut self,
        sink: &mut (dyn Sink + Send),
        session: usize,
        account: &str,
    ) -> Result<(), CollectError> {
        let partition = self.identities.get(&session).and_then(|(_, name)| self.reads.provider.partitions.get(name));
        for region in partition.map(|partition| partition.default_regions.clone()).unwrap_or_default() {
            self.unconfirmed.insert((account.to_owned(), region.clone()));
            let key = ResourceKey {
                kind: REGION.to_owned(),
                account: account.to_owned(),
                region: region.clone(),
                id: region.clone(),
            };
            self.known.entry(key.clone()).or_insert_with(|| (session, Resource::new(key.clone())));
            self.plan_for(sink, &key)?;
        }
        Ok(())
    }

    /// Calls that could not be put together are planned as such, so that they show as gaps.
    fn leftovers(&mut self, sink: &mut (dyn Sink + Send)) -> Result<(), CollectError> {
        for (key, (_, resource)) in &self.known {
            for read in self.reads.made_for(resource) {
                if self.planned.contains(&(key.clone(), read.id.clone())) {
                    continue;
                }
                if let Err(missing) = read.call_for(resource) {
                    let call = CallId {
                        account: key.account.clone(),
                        region: "unknown".to_owned(),
                        read: read.id.clone(),
                        parent: Some(key.id.clone()),
                        params: BTreeMap::new(),
                    };
                    let note = PlanNote::ParentUnknown { missing };
                    sink.planned(&Planned { id: call.evidence_id(), call, note })?;
                }
            }
        }
        Ok(())
    }
}

/// The account in an ARN.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}

/// Makes one call to its last page.
async fn ask<'r>(
    source: &dyn Source,
    reads: &Reads,
    understand: Understand<'_>,
    limits: &Limits,
    job: Job<'r>,
    caller: String,
) -> Done<'r> {
    let read = job.read;
    let id = job.call.evidence_id();
    let (mut pages, mut seen, mut requests) = (Vec::new(), Vec::new(), Requests::default());
    let mut tokens: HashMap<String, u32> = HashMap::new();
    let send = async |operation: &str, token: Option<Value>, page: u32| -> Reply {
        let request =
            Request { session: job.session, read, operation, call: &job.call, region: job.region.clone(), token, page };
        source.send(request).await
    };
    let keep = |reply: &Reply, operation: &str, page: u32| {
        let ending = classify(reply, read, operation, &reads.provider.codes);
        Exchange {
            id: page_id(&id, page),
            of: id.clone(),
            call: job.call.clone(),
            page,
            last: ending.outcome != Outcome::Answered,
            outcome: ending.outcome,
            code: ending.code,
            detail: ending.detail,
            action: ending.action,
            caller: caller.clone(),
            http_status: reply.http_status,
            request_id: reply.request_id.clone(),
            started: reply.started,
            finished: reply.finished,
            attempts: reply.attempts,
            digest: None,
            body: None,
            bytes: 0,
            redacted: Vec::new(),
        }
    };
    if let Some(generate) = read.generate.as_ref().filter(|_| !source.is_replay()) {
        let operation = generate.call.rsplit(':').next().unwrap_or_default();
        let mut waited = 0;
        requests.least += 1;
        loop {
            let reply = send(operation, None, 1).await;
            requests.made += u64::from(reply.attempts);
            let mut exchange = keep(&reply, operation, 1);
            let state = crate::model::answer::parse(&reply.body, None)
                .ok()
                .and_then(|(answer, _)| generate.state.find(&answer).and_then(Value::as_str).map(str::to_owned));
            if exchange.outcome == Outcome::Answered && state.as_deref() == Some(generate.done.as_str()) {
                break;
            }
            if exchange.outcome == Outcome::Answered && waited < generate.for_seconds {
                tokio::time::sleep(Duration::from_secs(generate.every_seconds)).await;
                waited += generate.every_seconds.max(1);
                continue;
            }
            if exchange.outcome == Outcome::Answered {
                exchange.outcome = Outcome::Failed;
                exchange.detail =
                    Some(format!("{} was not ready after {} seconds", generate.call, generate.for_seconds));
            }
            exchange.last = true;
            let (body, redacted) = redact(reply.body, &[]).unwrap_or_default();
            exchange.redacted = redacted;
            pages.push((exchange, Some(body)));
            return Done { job, pages, seen, requests };
        }
    }
    let (mut token, mut page) = (None, 1);
    loop {
        let reply = send(read.operation(), token.take(), page).await;
        requests.made += u64::from(reply.attempts);
        requests.least += 1;
        let mut exchange = keep(&reply, read.operation(), page);
        let answered = exchange.outcome == Outcome::Answered;
        let fail = |exchange: &mut Exchange, why: String| {
            exchange.outcome = Outcome::Failed;
            exchange.detail = Some(why);
            exchange.last = true;
        };
        let kept = match redact(reply.body, if answered { &read.redact } else { &[] }) {
            Ok((body, redacted)) => {
                exchange.redacted = redacted;
                Some(body)
            }
            Err(error) => {
                fail(&mut exchange, error.to_string());
                None
            }
        };
        let mut next = None;
        if let Some(body) = kept.as_deref().filter(|_| exchange.outcome.is_settled()) {
            let parts: Vec<&Read> = reads.parts(&read.id).collect();
            let mut read_at_all = false;
            let mut wrong = None;
            for part in understand(&parts, &exchange, body, job.parent.as_ref()) {
                match part {
                    Ok(shown) => {
                        read_at_all = true;
                        seen.extend(shown.seen);
                        next = next.or(shown.next);
                    }
                    Err(why) => wrong = Some(why),
                }
            }
            // A list that is missing among several is a gap of its own, found when the answer is read again.
            if let Some(why) = wrong.filter(|_| !read_at_all) {
                fail(&mut exchange, why);
            }
        }
        if let Some(value) = &next {
            if tokens.insert(value.to_string(), page).is_some() {
                fail(&mut exchange, "the page token comes back: the list would never end".to_owned());
                next = None;
            } else if page >= limits.pages {
                fail(&mut exchange, format!("more than {} pages", limits.pages));
                next = None;
            }
        }
        if exchange.outcome == Outcome::Answered {
            exchange.last = next.is_none();
            // What was asked for is kept and counts; that it is not all is a gap.
            if let Some(most) = read.pages.as_ref().and_then(|pages| pages.at_most).filter(|most| page >= *most)
                && next.take().is_some()
            {
                exchange.detail = Some(format!("there is more; no more than {most} pages of it are asked for"));
            }
        }
        pages.push((exchange, kept.filter(|body| !body.is_empty())));
        match next {
            Some(value) => {
                token = Some(value);
                page += 1;
            }
            None => return Done { job, pages, seen, requests },
        }
    }
}
