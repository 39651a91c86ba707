//! Derivation: the points where communication crosses a boundary, compared with those that the organisation declares.
//!
//! Which resources are points stands in the reads (`boundary`). A point counts while its network is in use, which
//! resources of reads with `occupies` show. What could not be read never makes a point declared, undeclared or unused:
//! it leaves the fields that need it unknown.

mod tagged;

use crate::model::boundary::{
    BoundaryRule, Crosses, DECLARATION, DeclaredBoundary, DeclaredPoint, Found, PLACE, POINT, RuleCrosses, TAGGED,
};
use crate::model::finding::Reason;
use crate::model::gap::Gap;
use crate::model::inventory::{Inventory, ListState, Listing};
use crate::model::pattern::fits;
use crate::model::plan::Outcome;
use crate::model::read::{FieldKind, Read, Reads};
use crate::model::resource::{Resource, ResourceKey};
use crate::model::scope::Scoped;
use crate::model::template::{scalar_text, walk};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The account under which declarations stand.
const ORGANISATION: &str = "organisation";
/// The region of what has none.
const GLOBAL: &str = "global";
/// The region of lists that nobody could ask for, because the regions are not known.
const EVERYWHERE: &str = "*";

/// What is printed where the organisation has declared nothing.
const NOTHING_DECLARED: &str = "the organisation has not declared its boundary";

/// The derived types, with their fields.
pub(super) fn types() -> BTreeMap<&'static str, BTreeMap<&'static str, FieldKind>> {
    use FieldKind::{Boolean, Integer, Text, TextList};
    let point = BTreeMap::from([
        ("kind", Text),
        ("crosses", Text),
        ("public", Boolean),
        ("name", Text),
        ("network", Text),
        ("leads_to", Text),
        ("in_use", Boolean),
        ("declared", Boolean),
        ("declared_as", Text),
    ]);
    let mut place = BTreeMap::from([("declares", Boolean)]);
    for class in Class::ALL {
        place.extend([(class.found(), Integer), (class.undeclared(), TextList)]);
    }
    let declaration = BTreeMap::from([("name", Text), ("crosses", Text), ("purpose", Text), ("found", Integer)]);
    BTreeMap::from([(POINT, point), (PLACE, place), (DECLARATION, declaration), (TAGGED, tagged::fields())])
}

/// What a place counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    External,
    Internal,
    Public,
}

impl Class {
    const ALL: [Self; 3] = [Self::External, Self::Internal, Self::Public];

    fn found(self) -> &'static str {
        match self {
            Self::External => "external_found",
            Self::Internal => "internal_found",
            Self::Public => "public_found",
        }
    }

    fn undeclared(self) -> &'static str {
        match self {
            Self::External => "external_undeclared",
            Self::Internal => "internal_undeclared",
            Self::Public => "public_undeclared",
        }
    }

    fn holds(self, rule: &BoundaryRule) -> bool {
        match self {
            Self::External => rule.crosses == RuleCrosses::External,
            Self::Internal => rule.crosses == RuleCrosses::Internal,
            Self::Public => rule.public && rule.crosses != RuleCrosses::None,
        }
    }
}

fn crosses(rule: &BoundaryRule) -> Option<Crosses> {
    match rule.crosses {
        RuleCrosses::External => Some(Crosses::External),
        RuleCrosses::Internal => Some(Crosses::Internal),
        RuleCrosses::None => None,
    }
}

/// Is the network of a point in use?
enum Use {
    /// With the evidence that shows it.
    Yes(BTreeSet<String>),
    /// With the lists that show it.
    No(BTreeSet<String>),
    NotKnown(BTreeSet<Gap>),
}

/// A resource that is a point, or may be one.
struct Point<'a> {
    resource: &'a Resource,
    /// The rules that hold or may hold, as far as they show a point; never empty.
    rules: Vec<&'a BoundaryRule>,
    /// Why it is not certain which of them holds, or whether it is in scope.
    doubts: BTreeSet<Gap>,
    network: String,
    in_use: Use,
    /// The declaration that covers it, whichever of its rules holds.
    declared: Option<&'a DeclaredPoint>,
}

impl Point<'_> {
    fn is(&self, class: Class) -> bool {
        self.rules.iter().any(|rule| class.holds(rule))
    }

    fn name(&self) -> &str {
        let tag = || self.resource.get("tags")?.get("Name")?.as_str();
        tag().or_else(|| self.resource.text("name")).unwrap_or(&self.resource.key.id)
    }

    /// `kind id (name)`.
    fn words(&self) -> String {
        let kind = self.rules.first().map_or("", |rule| rule.kind.as_str());
        let (id, name) = (self.resource.key.id.as_str(), self.name());
        if name == id { format!("{kind} {id}") } else { format!("{kind} {id} ({name})") }
    }
}

/// Adds points, places and declarations to the inventory.
pub fn boundary(inventory: &mut Inventory, reads: &Reads, declared: Option<&DeclaredBoundary>, scoped: &Scoped) {
    let points = points(inventory, reads, declared, scoped);
    let lists = lists(inventory, reads);
    let found = points.iter().map(|point| point_resource(point, declared)).collect();
    let (places, place_listings) = places(&points, &lists, declared, scoped);
    let declarations = declarations(&points, &lists, declared);
    let (tagged, tagged_listings) = tagged::tagged(&points, &lists, declared);
    let mut of_points: BTreeMap<(String, String), ListState> = BTreeMap::new();
    for (_, listing) in &lists {
        let place = (listing.account.clone(), listing.region.clone());
        match of_points.get_mut(&place) {
            None => drop(of_points.insert(place, listing.state.clone())),
            Some(state) => add(state, &listing.state),
        }
    }
    let of_points = of_points.into_iter().map(|((account, region), state)| list_of(POINT, account, region, state));
    let of_points: Vec<Listing> = of_points.collect();
    inventory.resources.insert(POINT.to_owned(), found);
    inventory.listings.insert(POINT.to_owned(), of_points);
    inventory.resources.insert(TAGGED.to_owned(), tagged);
    inventory.listings.insert(TAGGED.to_owned(), tagged_listings);
    inventory.resources.insert(PLACE.to_owned(), places);
    inventory.listings.insert(PLACE.to_owned(), place_listings);
    inventory.resources.insert(DECLARATION.to_owned(), declarations);
    let of_declarations = declared.map(|declared| {
        let read = ListState::Complete(BTreeSet::from([declared.evidence.clone()]));
        list_of(DECLARATION, ORGANISATION.to_owned(), GLOBAL.to_owned(), read)
    });
    inventory.listings.insert(DECLARATION.to_owned(), of_declarations.into_iter().collect());
}

fn list_of(kind: &str, account: String, region: String, state: ListState) -> Listing {
    Listing { kind: kind.to_owned(), account, region, parent: None, state }
}

/// Two lists as one: cut if either is.
fn add(state: &mut ListState, other: &ListState) {
    match (&mut *state, other) {
        (ListState::Complete(all), ListState::Complete(more)) => all.extend(more.iter().cloned()),
        (ListState::Cut(all), ListState::Cut(more)) => all.extend(more.iter().cloned()),
        (ListState::Complete(_), ListState::Cut(_)) => *state = other.clone(),
        (ListState::Cut(_), ListState::Complete(_)) => {}
    }
}

/// The lists of types that can be points, each with the read that says so.
fn lists<'a>(inventory: &Inventory, reads: &'a Reads) -> Vec<(&'a Read, Listing)> {
    let of = |read: &'a Read| {
        let kind = read.resource.as_deref().filter(|_| !read.boundary.is_empty());
        kind.map(|kind| inventory.listings_of(kind).iter().map(move |listing| (read, listing.clone())))
    };
    reads.reads.iter().filter_map(of).flatten().collect()
}

/// Every resource in scope that is a point, or may be one.
fn points<'a>(
    inventory: &'a Inventory,
    reads: &'a Reads,
    declared: Option<&'a DeclaredBoundary>,
    scoped: &Scoped,
) -> Vec<Point<'a>> {
    let occupied = Occupied::new(inventory, reads);
    let mut points = Vec::new();
    for read in reads.reads.iter().filter(|read| !read.boundary.is_empty()) {
        for resource in inventory.of(read.resource.as_deref().unwrap_or_default()) {
            if scoped.out.contains_key(&resource.key) {
                continue;
            }
            let Some((rules, mut doubts)) = rules_of(read, resource) else { continue };
            let Some(main) = rules.first() else { continue };
            if let Some(why) = scoped.unclear.get(&resource.key) {
                doubts.insert(gap(&read.id, &read.needs().join(" and "), resource, why.clone()));
            }
            let (network, in_use) = match &main.network {
                None => (String::new(), Use::Yes(BTreeSet::new())),
                Some(field) => {
                    if let Some(network) = resource.text(field) {
                        (network.to_owned(), occupied.shows(resource, network))
                    } else {
                        let why = not_told(read, resource, field);
                        doubts.extend(why.iter().cloned());
                        (String::new(), Use::NotKnown(why))
                    }
                }
            };
            let mut point = Point { resource, rules, doubts, network, in_use, declared: None };
            point.declared = declared.and_then(|declared| covering(&point, declared));
            points.push(point);
        }
    }
    points.sort_by(|a, b| a.resource.key.cmp(&b.resource.key));
    points
}

/// The rules that show a point of this resource, and why it is not certain which; nothing where it is none for sure.
fn rules_of<'a>(read: &'a Read, resource: &Resource) -> Option<(Vec<&'a BoundaryRule>, BTreeSet<Gap>)> {
    let (mut possible, mut doubts) = (Vec::new(), BTreeSet::new());
    let mut certain = false;
    for rule in &read.boundary {
        let mut not_read: Vec<&str> = Vec::new();
        let mut refused = false;
        for (field, values) in &rule.when {
            match resource.holds(field, values) {
                Some(true) => {}
                Some(false) => refused = true,
                None => not_read.push(field),
            }
        }
        if refused {
            continue;
        }
        possible.push(rule);
        if not_read.is_empty() {
            certain = true;
            break;
        }
        doubts.extend(not_read.into_iter().flat_map(|field| not_told(read, resource, field)));
    }
    let says = |rule: &BoundaryRule| (crosses(rule), rule.public);
    let mut sayings: Vec<_> = possible.iter().map(|rule| says(rule)).collect();
    if !certain {
        sayings.push((None, false));
    }
    let agreed = sayings.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    possible.retain(|rule| rule.crosses != RuleCrosses::None);
    if possible.is_empty() { None } else { Some((possible, if agreed { BTreeSet::new() } else { doubts })) }
}

/// Why a field is not known.
fn not_told(read: &Read, resource: &Resource, field: &str) -> BTreeSet<Gap> {
    match resource.missing.get(field) {
        Some(gaps) if !gaps.is_empty() => gaps.clone(),
        _ => {
            let detail = format!("the answer does not tell `{field}` of {}", resource.key.id);
            BTreeSet::from([gap(&read.id, &read.needs().join(" and "), resource, detail)])
        }
    }
}

fn gap(read: &str, action: &str, resource: &Resource, detail: String) -> Gap {
    Gap {
        read: read.to_owned(),
        action: action.to_owned(),
        account: resource.key.account.clone(),
        region: resource.key.region.clone(),
        parent: Some(resource.key.id.clone()),
        outcome: Outcome::Failed,
        code: None,
        detail: Some(detail),
        evidence: resource.evidence([]).into_iter().next(),
    }
}

/// Which networks are in use.
struct Occupied<'a> {
    /// The reads that can show it.
    reads: Vec<&'a Read>,
    /// By account and network: evidence of a resource in it.
    seen: BTreeMap<(&'a str, &'a str), BTreeSet<String>>,
    /// By account and region: resources that do not tell their network.
    unplaced: BTreeMap<(&'a str, &'a str), BTreeSet<Gap>>,
    lists: Vec<(&'a Read, Listing)>,
}

impl<'a> Occupied<'a> {
    fn new(inventory: &'a Inventory, reads: &'a Reads) -> Self {
        let reads: Vec<&Read> = reads.reads.iter().filter(|read| read.occupies.is_some()).collect();
        let mut all = Self { reads: Vec::new(), seen: BTreeMap::new(), unplaced: BTreeMap::new(), lists: Vec::new() };
        for read in &reads {
            let (Some(kind), Some(field)) = (read.resource.as_deref(), read.occupies.as_deref()) else { continue };
            all.lists.extend(inventory.listings_of(kind).iter().map(|list| (*read, list.clone())));
            for resource in inventory.of(kind) {
                let key = &resource.key;
                if let Some(network) = resource.text(field) {
                    all.seen.entry((&key.account, network)).or_default().extend(resource.evidence([field]));
                } else {
                    let why = not_told(read, resource, field);
                    all.unplaced.entry((&key.account, &key.region)).or_default().extend(why);
                }
            }
        }
        all.reads = reads;
        all
    }

    /// Is the network of this resource in use? A list that may be cut does not show that it is not.
    fn shows(&self, resource: &Resource, network: &str) -> Use {
        let (account, region) = (resource.key.account.as_str(), resource.key.region.as_str());
        if let Some(evidence) = self.seen.get(&(account, network)) {
            return Use::Yes(evidence.clone());
        }
        let Some(read) = self.reads.first() else { return Use::Yes(BTreeSet::new()) };
        let lists = lists_of_place(&self.lists, account, region);
        let (mut pages, mut gaps) = (BTreeSet::new(), BTreeSet::new());
        for (_, state) in &lists {
            match state {
                ListState::Complete(evidence) => pages.extend(evidence.iter().cloned()),
                ListState::Cut(cut) => gaps.extend(cut.iter().cloned()),
            }
        }
        gaps.extend(self.unplaced.get(&(account, region)).into_iter().flatten().cloned());
        if lists.is_empty() {
            let detail = format!("nothing was read that shows whether {network} is in use");
            gaps.insert(gap(&read.id, &read.needs().join(" and "), resource, detail));
        }
        if gaps.is_empty() { Use::No(pages) } else { Use::NotKnown(gaps) }
    }
}

/// Does a list of this region hold what lies in that one?
fn covers(listed: &str, region: &str) -> bool {
    listed == region || listed == GLOBAL
}

/// The declaration that covers a point: one of each boundary that it may cross, in a region that the organisation uses.
fn covering<'a>(point: &Point<'_>, declared: &'a DeclaredBoundary) -> Option<&'a DeclaredPoint> {
    let key = &point.resource.key;
    // What lies in no region lies in none that is not used: the points of Azure, for one.
    if key.region != GLOBAL && !declared.regions.is_empty() && !declared.regions.contains(&key.region) {
        return None;
    }
    let mut first = None;
    for rule in &point.rules {
        let found = Found {
            crosses: crosses(rule)?,
            kind: &rule.kind,
            id: &key.id,
            network: &point.network,
            account: &key.account,
            region: &key.region,
        };
        let covering = declared.points.iter().find(|declaration| declaration.covers(found))?;
        first = first.or(Some(covering));
    }
    first
}

fn nothing_declared() -> Reason {
    Reason::NotDeclared { what: NOTHING_DECLARED.to_owned() }
}

fn point_resource(point: &Point<'_>, declared: Option<&DeclaredBoundary>) -> Resource {
    let key = ResourceKey { kind: POINT.to_owned(), ..point.resource.key.clone() };
    let mut resource = Resource::new(key);
    let rule = point.rules.first();
    let fields = point.rules.iter().flat_map(|rule| rule.when.keys().chain(&rule.network)).map(String::as_str);
    resource.from.insert(String::new(), point.resource.evidence(fields));
    let leads_to = rule
        .and_then(|rule| rule.leads_to.as_ref())
        .and_then(|to| to.render(|path| walk(&point.resource.data, path).and_then(scalar_text)).ok());
    for (name, value) in [
        ("kind", rule.map(|rule| rule.kind.clone()).unwrap_or_default()),
        ("name", point.name().to_owned()),
        ("network", point.network.clone()),
        ("leads_to", leads_to.unwrap_or_default()),
        ("declared_as", point.declared.map(|declared| declared.name.clone()).unwrap_or_default()),
    ] {
        resource.set(name, value.into(), []);
    }
    let ways: BTreeSet<Crosses> = point.rules.iter().filter_map(|rule| crosses(rule)).collect();
    match ways.first().filter(|_| ways.len() == 1) {
        Some(way) => resource.set("crosses", way.word().into(), []),
        None => drop(resource.missing.insert("crosses".to_owned(), point.doubts.clone())),
    }
    let public = point.is(Class::Public);
    if point.rules.iter().all(|rule| Class::Public.holds(rule) == public) {
        resource.set("public", public.into(), []);
    } else {
        resource.missing.insert("public".to_owned(), point.doubts.clone());
    }
    match &point.in_use {
        Use::Yes(evidence) => resource.set("in_use", true.into(), evidence.iter().cloned()),
        Use::No(evidence) => resource.set("in_use", false.into(), evidence.iter().cloned()),
        Use::NotKnown(gaps) => drop(resource.missing.insert("in_use".to_owned(), gaps.clone())),
    }
    match declared {
        Some(declared) => resource.set("declared", point.declared.is_some().into(), [declared.evidence.clone()]),
        None => drop(resource.unknown.insert("declared".to_owned(), nothing_declared())),
    }
    resource
}

/// One place for every account and region in which points were looked for or found, and the lists of places.
fn places(
    points: &[Point<'_>],
    lists: &[(&Read, Listing)],
    declared: Option<&DeclaredBoundary>,
    scoped: &Scoped,
) -> (Vec<Resource>, Vec<Listing>) {
    let listed = lists.iter().map(|(_, list)| (list.account.as_str(), list.region.as_str()));
    let found = points.iter().map(|point| (point.resource.key.account.as_str(), point.resource.key.region.as_str()));
    let all: BTreeSet<(&str, &str)> =
        listed.chain(found).filter(|(account, _)| scoped.account_out(account).is_none()).collect();
    let (mut places, mut listings) = (Vec::new(), Vec::new());
    for (account, region) in all {
        let here = lists_of_place(lists, account, region);
        let (mut pages, mut cut) = (BTreeSet::new(), BTreeSet::new());
        for (_, state) in &here {
            match state {
                ListState::Complete(evidence) => pages.extend(evidence.iter().cloned()),
                ListState::Cut(gaps) => cut.extend(gaps.iter().cloned()),
            }
        }
        let of_places = |state| list_of(PLACE, account.to_owned(), region.to_owned(), state);
        if region == EVERYWHERE {
            // Regions that nobody could list hold places that nobody knows.
            listings.push(of_places(if cut.is_empty() { ListState::Complete(pages) } else { ListState::Cut(cut) }));
            continue;
        }
        if !pages.is_empty() {
            listings.push(of_places(ListState::Complete(pages.clone())));
        }
        let key = ResourceKey {
            kind: PLACE.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            id: region.to_owned(),
        };
        let mut place = Resource::new(key);
        place.from.insert(String::new(), pages);
        match declared {
            Some(declared) => place.set("declares", true.into(), [declared.evidence.clone()]),
            None => drop(place.unknown.insert("declares".to_owned(), nothing_declared())),
        }
        let own = |point: &&Point<'_>| {
            let key = &point.resource.key;
            (key.account.as_str(), key.region.as_str()) == (account, region)
        };
        let own: Vec<&Point<'_>> = points.iter().filter(own).collect();
        for class in Class::ALL {
            let mut gaps = BTreeSet::new();
            for (_, state) in here.iter().filter(|(read, _)| read.boundary.iter().any(|rule| class.holds(rule))) {
                if let ListState::Cut(cut) = state {
                    gaps.extend(cut.iter().cloned());
                }
            }
            count(&mut place, class, &own, gaps, declared);
        }
        places.push(place);
    }
    (places, listings)
}

/// What became of the lists that show the points of a place. A type that was listed elsewhere in the account and not
/// here is one that nobody has seen here.
fn lists_of_place<'a>(lists: &[(&'a Read, Listing)], account: &str, region: &str) -> Vec<(&'a Read, ListState)> {
    let mut by_read: BTreeMap<&str, (&'a Read, Vec<&Listing>)> = BTreeMap::new();
    for (read, list) in lists.iter().filter(|(_, list)| list.account == account) {
        by_read.entry(&read.id).or_insert((read, Vec::new())).1.push(list);
    }
    let state = |read: &Read, own: &[&Listing]| {
        let mut here: Vec<&&Listing> = own.iter().filter(|list| covers(&list.region, region)).collect();
        if here.is_empty() {
            here = own.iter().filter(|list| list.region == EVERYWHERE).collect();
        }
        let mut states = here.into_iter().map(|list| list.state.clone());
        let Some(mut all) = states.next() else {
            return ListState::Cut(BTreeSet::from([Gap {
                read: read.id.clone(),
                action: read.needs().join(" and "),
                account: account.to_owned(),
                region: region.to_owned(),
                parent: None,
                outcome: Outcome::NotMade,
                code: None,
                detail: Some("nothing says that it was asked here".to_owned()),
                evidence: None,
            }]));
        };
        states.for_each(|state| add(&mut all, &state));
        all
    };
    by_read.into_values().map(|(read, own)| (read, state(read, &own))).collect()
}

/// Counts the points of one class in a place. `gaps` are those of the lists that could show more.
fn count(
    place: &mut Resource,
    class: Class,
    points: &[&Point<'_>],
    gaps: BTreeSet<Gap>,
    declared: Option<&DeclaredBoundary>,
) {
    // What stands in the way of each field: the lists, and points about which something is not known.
    let (mut of_found, mut of_undeclared) = (gaps.clone(), gaps);
    let (mut found, mut undeclared) = (0_u64, BTreeSet::new());
    let mut evidence = BTreeSet::new();
    for point in points.iter().filter(|point| point.is(class)) {
        let why: BTreeSet<Gap> = match &point.in_use {
            Use::No(shown) => {
                evidence.extend(shown.iter().cloned());
                continue;
            }
            Use::Yes(shown) => {
                evidence.extend(shown.iter().cloned());
                point.doubts.clone()
            }
            Use::NotKnown(gaps) => point.doubts.union(gaps).cloned().collect(),
        };
        if why.is_empty() {
            found += 1;
        }
        let is_declared = point.declared.is_some();
        if !is_declared && why.is_empty() {
            undeclared.insert(point.words());
        } else if !is_declared {
            of_undeclared.extend(why.iter().cloned());
        }
        of_found.extend(why);
    }
    // Seen is seen, whatever may be missing: both are then lower bounds.
    if found > 0 || of_found.is_empty() {
        place.set(class.found(), found.into(), evidence.iter().cloned());
    } else {
        place.missing.insert(class.found().to_owned(), of_found);
    }
    match declared {
        None => {
            place.unknown.insert(class.undeclared().to_owned(), nothing_declared());
            if !of_undeclared.is_empty() {
                place.missing.insert(class.undeclared().to_owned(), of_undeclared);
            }
        }
        Some(_) if undeclared.is_empty() && !of_undeclared.is_empty() => {
            place.missing.insert(class.undeclared().to_owned(), of_undeclared);
        }
        Some(declared) => {
            evidence.insert(declared.evidence.clone());
            place.set(class.undeclared(), undeclared.into_iter().map(Value::from).collect(), evidence);
        }
    }
}

/// One resource for every declared point. Where nothing is declared, one stands for all that should be, so that this
/// is told and not passed over.
fn declarations(
    points: &[Point<'_>],
    lists: &[(&Read, Listing)],
    declared: Option<&DeclaredBoundary>,
) -> Vec<Resource> {
    let new = |id: &str| {
        Resource::new(ResourceKey {
            kind: DECLARATION.to_owned(),
            account: ORGANISATION.to_owned(),
            region: GLOBAL.to_owned(),
            id: id.to_owned(),
        })
    };
    let Some(declared) = declared else {
        let mut none = new("boundary");
        for field in ["name", "crosses", "purpose", "found"] {
            none.unknown.insert(field.to_owned(), nothing_declared());
        }
        return vec![none];
    };
    let mut all: Vec<Resource> = declared
        .points
        .iter()
        .map(|declaration| {
            let mut resource = new(&declaration.name);
            resource.from.insert(String::new(), BTreeSet::from([declared.evidence.clone()]));
            resource.set("name", declaration.name.clone().into(), []);
            resource.set("crosses", declaration.crosses.word().into(), []);
            resource.set("purpose", declaration.purpose.clone().into(), []);
            look_for(&mut resource, declaration, points, lists);
            resource
        })
        .collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

/// How often a declared point was found; not known where something that could show it was not read.
fn look_for(resource: &mut Resource, declaration: &DeclaredPoint, points: &[Point<'_>], lists: &[(&Read, Listing)]) {
    let (mut found, mut evidence, mut gaps) = (0_u64, BTreeSet::new(), BTreeSet::new());
    let in_any_network = DeclaredPoint { network: None, ..declaration.clone() };
    for point in points {
        let key = &point.resource.key;
        // A point whose network was not read may lie in the one that is declared.
        let declaration = if point.doubts.is_empty() { declaration } else { &in_any_network };
        let covers = |rule: &BoundaryRule| {
            crosses(rule).is_some_and(|crosses| {
                declaration.covers(Found {
                    crosses,
                    kind: &rule.kind,
                    id: &key.id,
                    network: &point.network,
                    account: &key.account,
                    region: &key.region,
                })
            })
        };
        if !point.rules.iter().any(|rule| covers(rule)) {
            continue;
        }
        if point.doubts.is_empty() {
            found += 1;
            evidence.extend(point.resource.evidence([]));
        } else {
            gaps.extend(point.doubts.iter().cloned());
        }
    }
    let could_show = |read: &Read| {
        let fitting = |rule: &BoundaryRule| {
            crosses(rule) == Some(declaration.crosses) && fits(declaration.kind.as_ref(), &rule.kind)
        };
        read.boundary.iter().any(fitting)
    };
    let mut looked = false;
    for (_, list) in lists.iter().filter(|(read, _)| could_show(read)) {
        let place = fits(declaration.account.as_ref(), &list.account)
            && ([EVERYWHERE, GLOBAL].contains(&list.region.as_str())
                || fits(declaration.region.as_ref(), &list.region));
        if !place {
            continue;
        }
        looked = true;
        match &list.state {
            ListState::Complete(pages) if found == 0 => evidence.extend(pages.iter().cloned()),
            ListState::Complete(_) => {}
            ListState::Cut(cut) => gaps.extend(cut.iter().cloned()),
        }
    }
    if found > 0 || (looked && gaps.is_empty()) {
        resource.set("found", found.into(), evidence);
    } else if gaps.is_empty() {
        let what = format!("nothing was read that could show {:?}", declaration.name);
        resource.unknown.insert("found".to_owned(), Reason::NotTold { what });
    } else {
        resource.missing.insert("found".to_owned(), gaps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::provider::Provider;
    use crate::model::read::ACCOUNT;
    use serde_json::json;

    const READS: &str = r#"
- read: n:Gateways
  per: region
  resource: gateway
  id_from: id
  fields: { net: { at: net }, state: { at: state }, tags: { at: tags, type: map } }
  boundary:
    - { crosses: none, when: { state: [gone, "del*"] } }
    - { crosses: external, kind: gateway, public: true, network: net, leads_to: "the internet from {net}" }
- read: n:Peerings
  per: region
  resource: peering
  id_from: id
  fields: { one: { at: one }, other: { at: other } }
  boundary:
    - { crosses: internal, kind: peering, when: { one: ["{other}"] } }
    - { crosses: external, kind: peering }
- read: n:Interfaces
  per: region
  resource: interface
  id_from: id
  occupies: net
  fields: { net: { at: net } }
"#;

    fn reads() -> Reads {
        let provider = "{ identity: i, regions: r, accounts: a, partitions: {}, services: {}, codes: { denied: [], throttled: [], region_off: [], credentials: [] } }";
        Reads {
            reads: serde_saphyr::from_str(READS).unwrap(),
            provider: serde_saphyr::from_str::<Provider>(provider).unwrap(),
            azure: crate::model::provider::AzureProvider::default(),
        }
    }

    fn key(kind: &str, id: &str) -> ResourceKey {
        ResourceKey { kind: kind.to_owned(), account: "1".to_owned(), region: "east".to_owned(), id: id.to_owned() }
    }

    fn lost(kind: &str) -> Gap {
        Gap {
            read: kind.to_owned(),
            action: kind.to_owned(),
            account: "1".to_owned(),
            region: "east".to_owned(),
            parent: None,
            outcome: Outcome::Denied,
            code: None,
            detail: None,
            evidence: None,
        }
    }

    /// A region in which everything was listed: a gateway of a used network, one of an unused network, one that is
    /// deleted, and a peering within the account.
    fn world() -> Inventory {
        let mut inventory = Inventory::default();
        for (kind, id, fields) in [
            ("gateway", "g-used", json!({"net": "net-1", "state": "on", "tags": {"Name": "front"}})),
            ("gateway", "g-idle", json!({"net": "net-2", "state": "on"})),
            ("gateway", "g-gone", json!({"net": "net-1", "state": "deleted"})),
            ("interface", "i-1", json!({"net": "net-1"})),
            ("peering", "p-1", json!({"one": "1", "other": "1"})),
        ] {
            let mut resource = Resource::new(key(kind, id));
            resource.from.insert(String::new(), BTreeSet::from([format!("E-{kind}")]));
            for (name, value) in fields.as_object().unwrap() {
                resource.set(name, value.clone(), []);
            }
            inventory.resources.entry(kind.to_owned()).or_default().push(resource);
        }
        for kind in ["gateway", "peering", "interface"] {
            let state = ListState::Complete(BTreeSet::from([format!("E-{kind}")]));
            let list = list_of(kind, "1".to_owned(), "east".to_owned(), state);
            inventory.listings.insert(kind.to_owned(), vec![list]);
        }
        inventory
    }

    fn declaring(points: &str) -> DeclaredBoundary {
        let mut points: Vec<DeclaredPoint> = serde_saphyr::from_str(points).unwrap();
        for point in &mut points {
            if point.name.starts_with("in") {
                point.crosses = Crosses::Internal;
            }
        }
        DeclaredBoundary { description: String::new(), points, regions: Vec::new(), evidence: "O-1".to_owned() }
    }

    const ALL: &str = "[{ name: out, purpose: p, network: 'net-*' }, { name: in, purpose: p, id: 'p-?' }]";
    const SOME: &str = "[{ name: in, purpose: p, id: 'p-?' }]";

    fn judged(mut inventory: Inventory, declared: Option<&DeclaredBoundary>) -> Inventory {
        boundary(&mut inventory, &reads(), declared, &Scoped::default());
        inventory
    }

    fn place(inventory: &Inventory) -> Value {
        inventory.of(PLACE).iter().find(|place| place.key.id == "east").map_or(Value::Null, |place| place.data.clone())
    }

    fn point<'a>(inventory: &'a Inventory, id: &str) -> Option<&'a Resource> {
        inventory.of(POINT).iter().find(|point| point.key.id == id)
    }

    fn cut(inventory: &mut Inventory, kind: &str, keep: bool) {
        if !keep {
            inventory.resources.remove(kind);
        }
        for list in inventory.listings.get_mut(kind).unwrap() {
            list.state = ListState::Cut(BTreeSet::from([lost(kind)]));
        }
    }

    #[test]
    fn points_are_found_named_and_compared() {
        let declared = declaring(ALL);
        let inventory = judged(world(), Some(&declared));
        let used = point(&inventory, "g-used").unwrap();
        let expected = json!({
            "id": "g-used", "account": "1", "region": "east", "kind": "gateway", "crosses": "external", "public": true,
            "name": "front", "network": "net-1", "leads_to": "the internet from net-1", "in_use": true,
            "declared": true, "declared_as": "out",
        });
        assert_eq!(used.data, expected);
        assert!(used.evidence(["declared"]).contains("O-1") && used.evidence([]).contains("E-gateway"));
        assert_eq!(point(&inventory, "g-idle").unwrap().get("in_use"), Some(&json!(false)));
        assert!(point(&inventory, "g-gone").is_none());
        let peering = point(&inventory, "p-1").unwrap();
        assert_eq!((peering.text("crosses"), peering.get("public")), (Some("internal"), Some(&json!(false))));
        let expected = json!({
            "id": "east", "account": "1", "region": "east", "declares": true,
            "external_found": 1, "external_undeclared": [], "internal_found": 1, "internal_undeclared": [],
            "public_found": 1, "public_undeclared": [],
        });
        assert_eq!(place(&inventory), expected);
        let found = |name: &str| {
            inventory.of(DECLARATION).iter().find(|d| d.key.id == name).and_then(|d| d.get("found")).cloned()
        };
        assert_eq!((found("out"), found("in")), (Some(json!(2)), Some(json!(1))), "in use or not");
        assert!(matches!(inventory.listings_of(PLACE), [Listing { state: ListState::Complete(_), .. }]));
        assert!(matches!(inventory.listings_of(POINT), [Listing { state: ListState::Complete(_), .. }]));
    }

    #[test]
    fn what_is_in_use_and_not_declared_is_named() {
        let declared = declaring(SOME);
        let place = place(&judged(world(), Some(&declared)));
        assert_eq!(place["external_undeclared"], json!(["gateway g-used (front)"]));
        assert_eq!(place["public_undeclared"], json!(["gateway g-used (front)"]));
        assert_eq!(place["internal_undeclared"], json!([]));
    }

    #[test]
    fn nothing_declared_is_not_known_and_says_so() {
        let inventory = judged(world(), None);
        let place = inventory.of(PLACE).first().unwrap();
        assert_eq!((place.get("external_found"), place.get("external_undeclared")), (Some(&json!(1)), None));
        let why = Some(&Reason::NotDeclared { what: NOTHING_DECLARED.to_owned() });
        for field in ["declares", "external_undeclared", "internal_undeclared", "public_undeclared"] {
            assert_eq!(place.unknown.get(field), why, "{field}");
        }
        assert_eq!(point(&inventory, "g-used").unwrap().unknown.get("declared"), why);
        assert_eq!(inventory.of(DECLARATION).first().unwrap().unknown.get("found"), why);
    }

    #[test]
    fn a_cut_list_hides_nothing_and_proves_nothing() {
        let (all, some) = (declaring(ALL), declaring(SOME));
        let mut seen = world();
        cut(&mut seen, "gateway", true);
        // Seen and undeclared is undeclared, whatever else there may be.
        let with = place(&judged(seen.clone(), Some(&some)));
        assert_eq!(with["external_undeclared"], json!(["gateway g-used (front)"]));
        // Seen and declared: there may be others.
        let inventory = judged(seen, Some(&all));
        let with = inventory.of(PLACE).first().unwrap();
        assert_eq!((with.get("external_found"), with.get("external_undeclared")), (Some(&json!(1)), None));
        assert_eq!(with.missing["external_undeclared"], BTreeSet::from([lost("gateway")]));
        assert!(matches!(inventory.listings_of(POINT), [Listing { state: ListState::Cut(_), .. }]));
        // Not even seen.
        let mut unseen = world();
        cut(&mut unseen, "gateway", false);
        let inventory = judged(unseen, Some(&all));
        let with = inventory.of(PLACE).first().unwrap();
        // Peerings may be external too, and none is.
        assert_eq!((with.get("external_found"), with.get("external_undeclared")), (None, None));
        assert_eq!(with.get("internal_found"), Some(&json!(1)), "the list of peerings is whole");
        let out = inventory.of(DECLARATION).iter().find(|d| d.key.id == "out").unwrap();
        assert_eq!((out.get("found"), &out.missing["found"]), (None, &BTreeSet::from([lost("gateway")])));
    }

    #[test]
    fn a_network_that_may_be_in_use_makes_its_points_neither_declared_nor_undeclared() {
        let some = declaring(SOME);
        let mut inventory = world();
        cut(&mut inventory, "interface", false);
        let inventory = judged(inventory, Some(&some));
        let with = inventory.of(PLACE).first().unwrap();
        assert_eq!((with.get("external_found"), with.get("external_undeclared")), (None, None));
        assert_eq!(with.missing["external_undeclared"], BTreeSet::from([lost("interface")]));
        assert_eq!(point(&inventory, "g-idle").unwrap().get("in_use"), None);
        // An interface that was seen is enough.
        let mut inventory = world();
        cut(&mut inventory, "interface", true);
        let with = place(&judged(inventory, Some(&some)));
        assert_eq!(with["external_undeclared"], json!(["gateway g-used (front)"]));
    }

    #[test]
    fn a_region_that_the_organisation_does_not_use_is_undeclared() {
        let mut declared = declaring(ALL);
        declared.regions = vec!["west".to_owned()];
        let inventory = judged(world(), Some(&declared));
        assert_eq!(place(&inventory)["external_undeclared"], json!(["gateway g-used (front)"]));
        assert_eq!(place(&inventory)["internal_undeclared"], json!(["peering p-1"]));
        assert_eq!(point(&inventory, "g-used").unwrap().get("declared"), Some(&json!(false)));
    }

    #[test]
    fn what_is_out_of_scope_is_no_point_and_what_is_unclear_is_one() {
        let some = declaring(SOME);
        let mut scoped = Scoped::default();
        scoped.out.insert(key("gateway", "g-used"), "a laboratory".to_owned());
        scoped.unclear.insert(key("peering", "p-1"), "no tags".to_owned());
        let mut inventory = world();
        boundary(&mut inventory, &reads(), Some(&some), &scoped);
        assert!(point(&inventory, "g-used").is_none() && point(&inventory, "p-1").is_some());
        assert_eq!(place(&inventory)["external_undeclared"], json!([]));
        assert_eq!(place(&inventory)["internal_undeclared"], json!([]), "in scope or not, it is declared");
        assert_eq!(place(&inventory).get("internal_found"), None);
        // What may be out of scope is not undeclared for certain.
        let mut unclear = Scoped::default();
        unclear.unclear.insert(key("gateway", "g-used"), "no tags".to_owned());
        let mut inventory = world();
        boundary(&mut inventory, &reads(), Some(&some), &unclear);
        assert!(point(&inventory, "g-used").is_some());
        assert_eq!(inventory.of(PLACE)[0].missing["external_undeclared"].len(), 1);
        let account = ResourceKey { region: GLOBAL.to_owned(), ..key(ACCOUNT, "1") };
        scoped.out.insert(account, "sold".to_owned());
        let mut inventory = world();
        boundary(&mut inventory, &reads(), Some(&some), &scoped);
        assert!(inventory.of(PLACE).is_empty());
    }

    #[test]
    fn a_field_that_was_not_read_shows_a_point_and_decides_nothing() {
        let some = declaring(SOME);
        let without = |kind: &str, field: &str| {
            let mut inventory = world();
            for resource in inventory.resources.get_mut(kind).unwrap() {
                resource.data.as_object_mut().unwrap().remove(field);
            }
            judged(inventory, Some(&some))
        };
        // The deleted gateway may be there.
        let inventory = without("gateway", "state");
        assert!(point(&inventory, "g-gone").is_some());
        let with = inventory.of(PLACE).first().unwrap();
        assert_eq!((with.get("external_found"), with.get("external_undeclared")), (None, None));
        // The peering may lead outside, and is declared as internal only.
        let inventory = without("peering", "other");
        let peering = point(&inventory, "p-1").unwrap();
        assert_eq!((peering.get("crosses"), peering.missing["crosses"].len()), (None, 1));
        let with = inventory.of(PLACE).first().unwrap();
        assert_eq!(with.get("external_undeclared"), Some(&json!(["gateway g-used (front)"])), "seen is seen");
        assert_eq!((with.get("internal_found"), with.get("internal_undeclared")), (None, None));
        // The network of a gateway is not known: it may be in use, and may be the declared one.
        let inventory = without("gateway", "net");
        let with = inventory.of(PLACE).first().unwrap();
        assert_eq!((with.get("external_found"), with.get("external_undeclared")), (None, None));
    }

    #[test]
    fn regions_that_could_not_be_listed_hold_places_nobody_knows() {
        let mut inventory = world();
        for kind in ["gateway", "peering", "interface"] {
            let state = ListState::Cut(BTreeSet::from([lost("regions")]));
            inventory.listings.get_mut(kind).unwrap().push(list_of(kind, "1".to_owned(), "*".to_owned(), state));
        }
        let all = declaring(ALL);
        let inventory = judged(inventory, Some(&all));
        assert_eq!(inventory.of(PLACE).len(), 1);
        assert_eq!(place(&inventory)["external_undeclared"], json!([]), "this region was listed");
        let unknown = inventory.listings_of(PLACE).iter().find(|list| list.region == "*").unwrap();
        assert!(matches!(&unknown.state, ListState::Cut(gaps) if gaps.len() == 1));
    }

    #[test]
    fn a_declaration_is_looked_for_where_it_can_be() {
        let declared = declaring(
            "[{ name: a, purpose: p, id: g-used, account: '2' }, { name: b, purpose: p, id: g-x, account: '1' },
              { name: c, purpose: p, id: g-used, region: e* }]",
        );
        let inventory = judged(world(), Some(&declared));
        let found: Vec<_> = inventory.of(DECLARATION).iter().map(|d| d.get("found").cloned()).collect();
        assert_eq!(found, [None, Some(json!(0)), Some(json!(1))]);
        let a = inventory.of(DECLARATION).first().unwrap();
        assert!(matches!(a.unknown.get("found"), Some(Reason::NotTold { .. })));
        assert!(
            inventory.of(DECLARATION)[1].evidence(["found"]).contains("E-gateway"),
            "the list that was looked through"
        );
    }

    /// Declared with tags: `g-used` and `g-idle` of the networks, and a peering that no declaration with tags concerns.
    #[test]
    fn tags_are_compared_with_what_is_declared_to_bear_them() {
        const DECLARED: &str = "[{ name: developers, purpose: p, kind: gateway, network: net-1, tags: { use: dev* } },
          { name: in, purpose: p, id: 'p-?' }]";
        let declared = declaring(DECLARED);
        let world = |used: Value, idle: Value| {
            let mut inventory = world();
            for gateway in inventory.resources.get_mut("gateway").unwrap() {
                let tags = if gateway.key.id == "g-used" { &used } else { &idle };
                if tags.is_null() {
                    gateway.data.as_object_mut().unwrap().remove("tags");
                } else {
                    gateway.set("tags", tags.clone(), []);
                }
            }
            inventory
        };
        let told = |inventory: Inventory, declared: Option<&DeclaredBoundary>| {
            let inventory = judged(inventory, declared);
            let of = |one: &Resource| (one.key.id.clone(), one.get("bears").cloned(), one.get("declared").cloned());
            inventory.of(TAGGED).iter().map(of).collect::<Vec<_>>()
        };
        let (yes, no) = (Some(json!(true)), Some(json!(false)));
        let (used, idle) = ("g-used".to_owned(), "g-idle".to_owned());
        let (dev, none) = (json!({ "use": "development" }), json!({}));
        // What is not in question is not there: neither the other gateway nor the peering.
        let both = Some(&declared);
        assert_eq!(told(world(dev.clone(), none.clone()), both), [(used.clone(), yes.clone(), yes.clone())]);
        assert_eq!(told(world(none.clone(), none.clone()), both), [(used.clone(), no, yes.clone())]);
        let other = (idle.clone(), yes.clone(), Some(json!(false)));
        assert_eq!(
            told(world(dev.clone(), dev.clone()), both),
            [other, (used.clone(), yes.clone(), yes.clone())],
            "tagged and not declared"
        );
        // Tags that were not read say nothing, neither way.
        assert_eq!(told(world(Value::Null, none.clone()), both), [(used.clone(), None, yes.clone())]);
        assert_eq!(
            told(world(dev.clone(), Value::Null), both),
            [(idle.clone(), yes.clone(), None), (used.clone(), yes.clone(), yes.clone())]
        );
        // Two declarations with the same tags are one part of the system.
        let two = declaring(
            "[{ name: a, purpose: p, kind: gateway, network: net-1, tags: { use: dev* } },
              { name: b, purpose: p, kind: gateway, network: net-2, tags: { use: dev* } }]",
        );
        let all = [(idle, yes.clone(), yes.clone()), (used, yes.clone(), yes)];
        assert_eq!(told(world(dev.clone(), dev.clone()), Some(&two)), all);
        // Without tags there is no question; a cut list may hold what nobody saw.
        let plain = declaring(ALL);
        assert!(told(world(dev.clone(), dev.clone()), Some(&plain)).is_empty());
        assert!(told(world(dev.clone(), dev.clone()), None).is_empty());
        let mut lost = world(dev, none);
        cut(&mut lost, "gateway", false);
        let lost = judged(lost, both);
        assert!(matches!(lost.listings_of(TAGGED), [Listing { state: ListState::Cut(_), .. }]));
        assert!(judged(self::world(), Some(&plain)).listings_of(TAGGED).is_empty());
    }

    #[test]
    fn a_type_that_was_not_asked_for_here_is_not_known_here() {
        let some = declaring(SOME);
        for left in ["peering", "*"] {
            let mut inventory = world();
            for resource in inventory.resources.get_mut("gateway").unwrap() {
                resource.set("state", "gone".into(), []);
            }
            // The list of gateways is of another region, or of regions that nobody knows.
            let list = &mut inventory.listings.get_mut("gateway").unwrap()[0];
            if left == "*" {
                list.state = ListState::Cut(BTreeSet::from([lost("regions")]));
                list.region = EVERYWHERE.to_owned();
            } else {
                list.region = "west".to_owned();
            }
            let with = place(&judged(inventory, Some(&some)));
            assert_eq!((with.get("public_found"), with.get("public_undeclared")), (None, None), "{left}");
            assert_eq!(with["internal_undeclared"], json!([]));
        }
    }

    /// Whatever is lost, in whatever combination: a number of points or a list of undeclared ones that is still told
    /// says no more than the whole did, and "none" only where the whole said so.
    #[test]
    fn losing_lists_moves_only_toward_unknown() {
        let some = declaring(SOME);
        let all = declaring(ALL);
        for declared in [&some, &all] {
            let whole = place(&judged(world(), Some(declared)));
            for lost in 0..64_u32 {
                let mut inventory = world();
                for (at, kind) in ["gateway", "peering", "interface"].into_iter().enumerate() {
                    match lost >> (2 * at) & 3 {
                        0 => {}
                        keep => cut(&mut inventory, kind, keep == 1),
                    }
                }
                let with = place(&judged(inventory, Some(declared)));
                for class in Class::ALL {
                    let (was, is) = (&whole[class.undeclared()], &with[class.undeclared()]);
                    assert!(is.is_null() || is == was, "{lost}: {was} became {is}");
                    let (was, is) = (&whole[class.found()], &with[class.found()]);
                    assert!(is.is_null() || is == was, "{lost}: {was} became {is}");
                }
            }
        }
    }
}
