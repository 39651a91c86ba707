//! A whole collection → inventory: resources, complete lists, and gaps as planned minus settled.

use super::fields::{Contribution, pages};
use super::{alert, azure, bucket_policy, identity, log_store, recorded_data, security_group};
use crate::model::exchange::{CollectionSeal, Exchange};
use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::plan::{CallId, Outcome, PlanNote, Planned};
use crate::model::provider::Cloud;
use crate::model::read::{OncePer, Per, REGION, Read, Reads, SUBSCRIPTION, account_key, place_key};
use crate::model::resource::{Resource, ResourceKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The pages of one call, as kept.
#[derive(Debug, Default)]
struct Answered<'a> {
    pages: Vec<&'a Exchange>,
}

impl Answered<'_> {
    /// The gap it leaves, if any: no page, a hole, an end that is not settled.
    fn gap(&self, call: &CallId, read: &Read) -> Option<Gap> {
        let gap = |outcome, exchange: Option<&Exchange>, detail: Option<String>| Gap {
            read: call.read.clone(),
            action: exchange.and_then(|e| e.action.clone()).unwrap_or_else(|| read.needs().join(" and ")),
            account: call.account.clone(),
            region: call.region.clone(),
            parent: call.parent.clone(),
            outcome,
            code: exchange.and_then(|e| e.code.clone()),
            detail: detail.or_else(|| exchange.and_then(|e| e.detail.clone())),
            evidence: exchange.map(|e| e.id.clone()),
        };
        let Some(last) = self.pages.last() else {
            return Some(gap(Outcome::NotMade, None, Some("planned, but no answer was kept".to_owned())));
        };
        if !last.outcome.is_settled() {
            return Some(gap(last.outcome, Some(last), None));
        }
        let whole = self.pages.iter().enumerate().all(|(index, page)| page.page as usize == index + 1);
        if !last.last || !whole {
            let why = last.detail.clone().filter(|_| whole);
            let why = why.unwrap_or_else(|| "the list breaks off before its last page".to_owned());
            return Some(gap(Outcome::Failed, Some(last), Some(why)));
        }
        None
    }

    fn evidence(&self) -> BTreeSet<String> {
        self.pages.iter().map(|page| page.id.clone()).collect()
    }
}

/// Collects resources by key, merging what several answers say.
#[derive(Default)]
struct Merge {
    resources: BTreeMap<ResourceKey, Resource>,
    /// Fields on which answers about one `once_per` resource disagree.
    disputed: BTreeSet<(ResourceKey, String)>,
}

impl Merge {
    fn add(&mut self, given: Contribution) {
        let resource = self.resources.entry(given.key.clone()).or_insert_with(|| Resource::new(given.key.clone()));
        resource.from.entry(String::new()).or_default().insert(given.evidence.clone());
        for (name, value) in given.fields {
            let differs = |old: &Value| without_age(old) != without_age(&value);
            if resource.get(&name).is_some_and(differs) {
                self.disputed.insert((given.key.clone(), name.clone()));
            }
            resource.set(&name, value, [given.evidence.clone()]);
        }
        for name in given.absent {
            resource.from.entry(name).or_default().insert(given.evidence.clone());
        }
    }

    /// Adds a derived resource, or renews it: what calls about it have added stays. Is it new?
    fn put(&mut self, derived: &Resource) -> bool {
        let Some(old) = self.resources.get_mut(&derived.key) else {
            self.resources.insert(derived.key.clone(), derived.clone());
            return true;
        };
        for (name, value) in derived.data.as_object().into_iter().flatten() {
            let evidence = derived.from.get(name).cloned().unwrap_or_default();
            old.set(name, value.clone(), evidence);
        }
        old.from.entry(String::new()).or_default().extend(derived.evidence([]));
        false
    }

    /// Fields that could not be seen, and why.
    fn miss(&mut self, missing: Vec<(&Read, ResourceKey, Gap)>) {
        for (read, key, gap) in missing {
            let Some(resource) = self.resources.get_mut(&key) else { continue };
            for field in read.fields.keys() {
                if resource.get(field).is_none() {
                    resource.missing.entry(field.clone()).or_default().insert(gap.clone());
                }
            }
        }
    }

    /// What answers disagree about is not known.
    fn settle(&mut self) {
        for (key, field) in std::mem::take(&mut self.disputed) {
            if let Some(Value::Object(data)) = self.resources.get_mut(&key).map(|resource| &mut resource.data) {
                data.remove(&field);
            }
        }
    }
}

/// What inventories of many accounts stand in for: lists of one account, as (read, account).
struct Standing {
    /// Lists that were asked for themselves: their answers count, and the rows of an inventory do not.
    direct: BTreeSet<(String, String)>,
    /// Lists of which an inventory has rows, and its call. Of the others nobody knows: it has no row where there is
    /// nothing, and none where the identity may not look.
    rows: BTreeMap<(String, String), CallId>,
}

impl Standing {
    fn of(reads: &Reads, known: &BTreeSet<CallId>) -> Self {
        let direct = known.iter().filter(|call| reads.get(&call.read).is_some_and(|read| reads.stood_in(read)));
        let direct = direct.map(|call| (call.read.clone(), call.account.clone())).collect();
        Self { direct, rows: BTreeMap::new() }
    }

    /// Is this row taken for what it says?
    fn takes(&mut self, list: &str, account: &str, inventory: &CallId) -> bool {
        let list = (list.to_owned(), account.to_owned());
        let taken = !self.direct.contains(&list);
        if taken {
            self.rows.insert(list, inventory.clone());
        }
        taken
    }

    /// The call of the inventory that has rows of this list.
    fn inventory(&self, list: &CallId) -> Option<&CallId> {
        self.rows.get(&(list.read.clone(), list.account.clone()))
    }
}

/// The same moment seen at two times has two ages.
fn without_age(value: &Value) -> &Value {
    match value {
        Value::Object(map) if map.contains_key("age_seconds") => map.get("at").unwrap_or(value),
        other => other,
    }
}

/// Makes the inventory of a collection. `body` gives the stored bytes of an exchange.
///
/// Gaps are computed twice over: calls that the plan names and nothing settled, and calls that the reads and the
/// resources seen imply, whether the plan names them or not. So neither a lost answer nor a lost line of the plan can
/// vanish.
pub fn inventory(
    reads: &Reads,
    seal: &CollectionSeal,
    plan: &[Planned],
    exchanges: &[Exchange],
    body: &dyn Fn(&Exchange) -> Vec<u8>,
) -> Inventory {
    let mut answers: HashMap<&str, Answered<'_>> = HashMap::new();
    for exchange in exchanges {
        answers.entry(exchange.of.as_str()).or_default().pages.push(exchange);
    }
    for answer in answers.values_mut() {
        answer.pages.sort_by_key(|page| page.page);
    }
    let mut merge = Merge::default();
    let mut conflicts = Vec::new();
    // By call and type: of several lists in one answer, one may be missing.
    let mut unreadable: HashMap<(String, String), Gap> = HashMap::new();
    // Which call named a resource first: a second naming is a mistake, unless the read says `once_per`.
    let mut listed: HashMap<ResourceKey, String> = HashMap::new();
    let made = |planned: &&Planned| !matches!(planned.note, PlanNote::ParentUnknown { .. });
    let mut known: BTreeSet<CallId> = plan.iter().filter(made).map(|planned| planned.call.clone()).collect();
    known.extend(exchanges.iter().map(|exchange| exchange.call.clone()));

    let mut standing = Standing::of(reads, &known);

    // Calls about a resource need the resource's key, so lists come first: as often as a level adds resources.
    let mut waiting: Vec<&CallId> =
        known.iter().filter(|call| answers.contains_key(call.evidence_id().as_str())).collect();
    loop {
        let before = waiting.len();
        waiting.retain(|call| {
            let Some(read) = reads.get(&call.read) else { return false };
            let parent = match (&read.for_each, &call.parent) {
                (None, _) => None,
                (Some(kind), Some(id)) => match parent_key(&merge, read, kind, call, id) {
                    Some(key) => Some(key),
                    None => return true,
                },
                (Some(_), None) => return false,
            };
            let id = call.evidence_id();
            for page in answers.get(id.as_str()).map(|a| a.pages.as_slice()).unwrap_or_default() {
                let bytes = if page.outcome == Outcome::Answered { body(page) } else { Vec::new() };
                for (read, found) in pages(reads.parts(&call.read), page, &bytes, parent.as_ref()) {
                    let kind = read.gives().unwrap_or_default();
                    match found {
                        Ok(mut found) => {
                            if let Some(list) = &read.stands_for {
                                found.given.retain(|given| standing.takes(list, &given.key.account, call));
                            }
                            for key in found.given.iter().map(|given| &given.key).filter(|_| !read.adds()) {
                                let other = listed.insert(key.clone(), id.clone());
                                let again = other.as_ref().is_some_and(|other| match read.once_per {
                                    None => true,
                                    Some(OncePer::Id) => *other == id,
                                    Some(OncePer::Repeat) => false,
                                });
                                if again && !found.twice.contains(&key.id) {
                                    let what =
                                        format!("{} named {:?} in more than one answer ({})", read.id, key.id, page.id);
                                    conflicts.push((key.kind.clone(), key.account.clone(), key.region.clone(), what));
                                }
                            }
                            let repeats = read.once_per == Some(OncePer::Repeat);
                            for double in found.twice.iter().filter(|_| !repeats) {
                                let what = format!("{} named {double:?} twice in one answer ({})", read.id, page.id);
                                conflicts.push((kind.to_owned(), call.account.clone(), call.region.clone(), what));
                            }
                            found.given.into_iter().for_each(|one| merge.add(one));
                        }
                        Err(error) => {
                            let gap = Gap {
                                read: call.read.clone(),
                                action: read.needs().join(" and "),
                                account: call.account.clone(),
                                region: call.region.clone(),
                                parent: call.parent.clone(),
                                outcome: Outcome::Failed,
                                code: None,
                                detail: Some(error.to_string()),
                                evidence: Some(page.id.clone()),
                            };
                            unreadable.insert((id.clone(), kind.to_owned()), gap);
                        }
                    }
                }
            }
            false
        });
        // Reads may fan out from log stores, which trails and flow logs show.
        let stores = log_store::stores(merge.resources.values());
        let sources = azure::sources(merge.resources.values());
        let new = stores.into_iter().chain(sources).filter(|store| merge.put(store)).count();
        if waiting.len() == before && new == 0 {
            break;
        }
    }
    merge.settle();
    for planned in plan.iter().filter(|planned| planned.note == PlanNote::Unconfirmed) {
        // A region of the partition's defaults: asked, but not known to be on.
        let key = ResourceKey {
            kind: REGION.to_owned(),
            account: planned.call.account.clone(),
            region: planned.call.region.clone(),
            id: planned.call.region.clone(),
        };
        merge.resources.entry(key.clone()).or_insert_with(|| Resource::new(key));
    }

    // A subscription that was asked, or has rows, was seen, also where the list that named it is lost: its lists are
    // looked for.
    let asked = known.iter().filter(|call| reads.get(&call.read).is_some_and(|r| r.per == Some(Per::Subscription)));
    for account in asked.map(|call| &call.account).chain(standing.rows.keys().map(|(_, account)| account)) {
        let key = place_key(SUBSCRIPTION, account);
        merge.resources.entry(key.clone()).or_insert_with(|| Resource::new(key));
    }

    let mut inventory = Inventory { conflicts, ..Inventory::default() };
    let gap_of = |call: &CallId, read: &Read| -> Option<Gap> {
        let id = call.evidence_id();
        let part = (id.clone(), read.gives().unwrap_or_default().to_owned());
        unreadable.get(&part).cloned().or_else(|| {
            answers.get(id.as_str()).map_or_else(|| Answered::default().gap(call, read), |a| a.gap(call, read))
        })
    };
    let pages_of = |call: &CallId| answers.get(call.evidence_id().as_str()).map(Answered::evidence).unwrap_or_default();

    // What the reads and the resources imply. Lists in the order of levels, so that a cut list cuts what hangs on it.
    let mut listings: Vec<Listing> = Vec::new();
    let mut implied: BTreeSet<CallId> = BTreeSet::new();
    let mut unmade: Vec<(&Read, ResourceKey, String)> = Vec::new();
    let mut missing: Vec<(&Read, ResourceKey, Gap)> = Vec::new();
    for read in reads.reads.iter().filter(|read| read.made_for().is_some()) {
        for resource in merge.resources.values().filter(|resource| reads.is_about(read, resource)) {
            if !read.asks(resource) {
                // What says that there is nothing to ask shows the empty list.
                if !read.adds() {
                    let shown = resource.evidence(read.when.keys().map(String::as_str));
                    listings.push(listing(read, &resource.key, None, shown));
                }
                continue;
            }
            match read.call_for(resource) {
                Err(place) => unmade.push((read, resource.key.clone(), place)),
                Ok(call) => {
                    // An inventory stands in only where all of it was read.
                    let whole = |rows: &&CallId| reads.get(&rows.read).is_some_and(|read| gap_of(rows, read).is_none());
                    if let Some(rows) = standing.inventory(&call).filter(whole) {
                        listings.push(listing(read, &resource.key, None, pages_of(rows)));
                        continue;
                    }
                    let (gap, pages) = (gap_of(&call, read), pages_of(&call));
                    implied.insert(call);
                    if read.adds() {
                        missing.extend(gap.map(|gap| (read, resource.key.clone(), gap)));
                    } else {
                        listings.push(listing(read, &resource.key, gap, pages));
                    }
                }
            }
        }
    }
    // What was to be asked about the organization, by the first identity.
    if let (Some(_), Some(first)) = (seal.accounts_listed, seal.sessions.first()) {
        let asker = Resource::new(account_key(&first.account));
        for read in reads.of_organization() {
            let (gap, pages) = match read.call_for(&asker) {
                Ok(call) => {
                    let about = (gap_of(&call, read), pages_of(&call));
                    implied.insert(call);
                    about
                }
                Err(place) => (Some(not_made(read, &asker, &place)), BTreeSet::new()),
            };
            listings.push(listing(read, &asker.key, gap, pages));
        }
    }
    inventory.gaps.extend(missing.iter().map(|(_, _, gap)| gap.clone()));
    inventory.gaps.extend(listings.iter().flat_map(|listing| match &listing.state {
        ListState::Cut(gaps) => gaps.clone(),
        ListState::Complete(_) => BTreeSet::new(),
    }));
    merge.miss(missing);
    // Calls that could not be put together: by now it is known why.
    let mut missing = Vec::new();
    for (read, key, place) in unmade {
        let Some(resource) = merge.resources.get(&key) else { continue };
        let gap = not_made(read, resource, &place);
        inventory.gaps.insert(gap.clone());
        if read.adds() {
            missing.push((read, key, gap));
        } else {
            listings.push(listing(read, &key, Some(gap), BTreeSet::new()));
        }
    }
    merge.miss(missing);
    // What the plan named and the reads no longer imply (other controls, or a resource that a broken answer hid).
    for call in known.difference(&implied) {
        if let Some(read) = reads.get(&call.read).filter(|read| read.per != Some(Per::Session)) {
            inventory.gaps.extend(gap_of(call, read));
        }
    }
    for listing in listings.iter().filter(|listing| listing.kind == REGION) {
        let ListState::Cut(gaps) = &listing.state else { continue };
        for region in merge.resources.values_mut().filter(|r| r.key.kind == REGION && r.key.account == listing.account)
        {
            if region.get("opt_in_status").is_none() {
                region.missing.entry("opt_in_status".to_owned()).or_default().extend(gaps.iter().cloned());
            }
        }
    }
    for session in &seal.sessions {
        let evidence: BTreeSet<String> =
            merge.resources.get(&session.place()).and_then(|account| account.from.get("").cloned()).unwrap_or_default();
        let state = match &session.failed {
            None if !evidence.is_empty() => ListState::Complete(evidence),
            reason => {
                let asked = reads.identity(Cloud::of_partition(&session.partition));
                let asked = if session.role.is_some() { "sts:AssumeRole" } else { asked };
                let gap = Gap {
                    read: asked.to_owned(),
                    action: asked.to_owned(),
                    account: session.account.clone(),
                    region: "global".to_owned(),
                    parent: session.role.clone(),
                    outcome: Outcome::Failed,
                    code: None,
                    detail: Some(reason.clone().unwrap_or_else(|| "no answer was kept".to_owned())),
                    evidence: None,
                };
                inventory.gaps.insert(gap.clone());
                ListState::Cut(BTreeSet::from([gap]))
            }
        };
        listings.push(Listing {
            kind: session.place().kind,
            account: session.account.clone(),
            region: "global".to_owned(),
            parent: None,
            state,
        });
    }
    hang_on(reads, &mut listings);
    // Stores hang on trails and flow logs, and lists of what they hold on stores.
    let stores = log_store::listings(&listings);
    listings.extend(stores);
    let sources = azure::listings(&listings);
    listings.extend(sources);
    hang_on(reads, &mut listings);
    for read in &reads.reads {
        if let (Some(kind), true) = (&read.resource, read.for_each.is_some()) {
            let field = read.fields.iter().find(
                |(_, field)| matches!(&field.at, crate::model::read::At::Template(t) if t.source() == "{parent.id}"),
            );
            inventory.parent_field.extend(field.map(|(name, _)| (kind.clone(), name.clone())));
        }
    }
    for (key, resource) in merge.resources {
        inventory.resources.entry(key.kind).or_default().push(resource);
    }
    for listing in listings {
        inventory.listings.entry(listing.kind.clone()).or_default().push(listing);
    }
    security_group::derive(&mut inventory);
    log_store::derive(&mut inventory);
    recorded_data::derive(&mut inventory);
    bucket_policy::derive(&mut inventory);
    identity::derive(&mut inventory);
    azure::derive(&mut inventory);
    alert::derive(&mut inventory);
    inventory
}

/// A list that was asked for one resource or place.
fn listing(read: &Read, key: &ResourceKey, gap: Option<Gap>, pages: BTreeSet<String>) -> Listing {
    Listing {
        kind: read.gives().unwrap_or_default().to_owned(),
        account: key.account.clone(),
        region: key.region.clone(),
        parent: read.for_each.as_ref().map(|_| key.id.clone()),
        state: match gap {
            Some(gap) => ListState::Cut(BTreeSet::from([gap])),
            None => ListState::Complete(pages),
        },
    }
}

/// A list that hangs on another list is as complete as that one: no account, no regions; no prefix lists, no entries.
fn hang_on(reads: &Reads, listings: &mut Vec<Listing>) {
    // As many rounds as there are levels; four are in use (account → region → list → fan-out).
    for _ in 0..8 {
        let mut more: Vec<Listing> = Vec::new();
        for read in reads.reads.iter().filter(|read| !read.adds()) {
            let (Some(parent_kind), Some(kind)) = (read.made_for(), read.gives()) else { continue };
            for parent in listings.iter().filter(|listing| listing.kind == parent_kind) {
                let state = match &parent.state {
                    ListState::Cut(_) => parent.state.clone(),
                    // The empty list of parents proves the empty list of children.
                    ListState::Complete(_) if read.for_each.is_some() => parent.state.clone(),
                    ListState::Complete(_) => continue,
                };
                // Regions that could not be listed are places nobody knows; so are the regions of an unknown account.
                let region = if read.per == Some(Per::Region) { "*" } else { parent.region.as_str() };
                let listing = Listing {
                    kind: kind.to_owned(),
                    account: parent.account.clone(),
                    region: region.to_owned(),
                    parent: None,
                    state,
                };
                if !listings.contains(&listing) && !more.contains(&listing) {
                    more.push(listing);
                }
            }
        }
        if more.is_empty() {
            return;
        }
        listings.extend(more);
    }
}

/// The call could not be put together, because something about the resource is not known.
fn not_made(read: &Read, resource: &Resource, place: &str) -> Gap {
    let field = place.strip_prefix("resource.").unwrap_or(place);
    let cause = resource.missing.get(field).and_then(|gaps| gaps.first());
    Gap {
        read: read.id.clone(),
        action: cause.map_or_else(|| read.needs().join(" and "), |gap| gap.action.clone()),
        account: resource.key.account.clone(),
        region: resource.key.region.clone(),
        parent: Some(resource.key.id.clone()),
        outcome: Outcome::NotMade,
        code: None,
        detail: Some(match cause {
            Some(gap) => format!("it needs `{field}`, and {}", gap.sentence()),
            None => format!("it needs `{field}`, which is not known"),
        }),
        evidence: cause.and_then(|gap| gap.evidence.clone()),
    }
}

/// The key of the resource that a call was made for.
fn parent_key(merge: &Merge, read: &Read, kind: &str, call: &CallId, id: &str) -> Option<ResourceKey> {
    let of = |region: &str| ResourceKey {
        kind: kind.to_owned(),
        account: call.account.clone(),
        region: region.to_owned(),
        id: id.to_owned(),
    };
    // The call goes to the region of the resource, or (for a resource of the whole account) where the read sends it. A
    // resource of the same id in another region is another one, also while the one that was asked about is not seen.
    let mut places = vec![of("global")];
    if read.region.is_none() {
        places.insert(0, of(&call.region));
    }
    places.into_iter().find(|key| merge.resources.contains_key(key))
}
