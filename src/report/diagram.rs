//! The boundary as drawings (SVG 1.1) and in sentences.
//!
//! The layout is by hand and has no surprises: the outside on top, below it the external boundary as a wall with the
//! points that cross it, below the wall one card for each network. Texts never wrap: what is longer than its place is
//! cut in the middle, and what is too many is counted. Tables print everything. What is not declared is never only
//! counted away: its number stands in the drawing, and its id in the sentences.
//!
//! Names come from accounts. They become text of the drawing through [`Canvas::text`] alone; no attribute is made from
//! data, and a drawing refers to nothing.

use super::view::{BoundaryNetworkView, BoundaryPointView, DiagramView, View};
use crate::model::text::{count, visible};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Width of a drawing. At the width of the packet's text (7.1 inches) one unit is 0.73 points.
const WIDTH: i32 = 700;
/// No drawing is higher: with its caption it fits a page.
const HEIGHT: i32 = 780;
/// Most networks in one drawing.
const NETWORKS: usize = 9;
/// Size of the smallest text: 7.3 points in print.
const SMALL: i32 = 10;
/// From one line of text to the next.
const LINE: i32 = 13;
const MARGIN: i32 = 12;
const GAP: i32 = 12;
/// Title, counts, and a line about what is missing.
const HEADER: i32 = 44;
const HEADER_CUT: i32 = HEADER + 14;
/// What a page of a drawing has left for its tiers.
const ROOM: i32 = HEIGHT - HEADER_CUT - LEGEND;
const LEGEND: i32 = 30;
/// The strip that shows the outside, and the way from it to the wall.
const OUTSIDE: i32 = 36;
/// The label of the wall.
const WALL: i32 = 20;

// The colours of the packet's theme.
const INK: &str = "#1b2430";
const ACCENT: &str = "#1d3d63";
const QUIET: &str = "#535e6c";
const RULE: &str = "#c8d0d9";
const WASH: &str = "#f2f5f8";
const WALL_GROUND: &str = "#e4ecf9";
const ALARM: &str = "#8f1b13";
const ALARM_GROUND: &str = "#fbe6e3";
const WHITE: &str = "#ffffff";

const NOT_COMPLETE: &str = "NOT COMPLETE: some points could not be listed; the packet says which.";

/// What the organisation says about a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Undeclared,
    /// The organisation declares nothing, so there is nothing to compare with.
    Open,
    Declared,
    Unused,
}

impl State {
    fn of(point: &BoundaryPointView) -> Self {
        if point.declared == "not declared" {
            Self::Undeclared
        } else if !point.in_use || point.declared == "not in use" {
            Self::Unused
        } else if point.declared.starts_with("declared as ") {
            Self::Declared
        } else {
            Self::Open
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Undeclared => "not declared",
            Self::Open => "held against no declaration",
            Self::Declared => "declared",
            Self::Unused => "not in use",
        }
    }
}

fn external(point: &BoundaryPointView) -> bool {
    point.crosses != "internal"
}

/// How much is written out, from the most to the least; the first that fits is drawn.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// Up to this many points of one kind are drawn one by one.
    alone: usize,
    /// Names of undeclared points under a count.
    named: usize,
    /// Kinds of points in one column; the others are drawn together.
    kinds: usize,
    /// Internal points that a card lists one by one.
    listed: usize,
    /// Every fact on a line of its own?
    roomy: bool,
}

const DETAILS: [Detail; 5] = [
    Detail { alone: 4, named: 8, kinds: 12, listed: 8, roomy: true },
    Detail { alone: 2, named: 4, kinds: 12, listed: 8, roomy: false },
    Detail { alone: 2, named: 3, kinds: 8, listed: 3, roomy: false },
    Detail { alone: 1, named: 1, kinds: 6, listed: 3, roomy: false },
    Detail { alone: 0, named: 0, kinds: 2, listed: 0, roomy: false },
];

/// A line of text in a box.
#[derive(Debug, Clone)]
struct Row {
    /// Gives way first where there is no room for both.
    lead: String,
    text: String,
    look: Look,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Strong,
    Quiet,
    /// White on the alarm colour.
    Badge,
    /// A connection to another network: the line goes out of its card.
    Stub,
}

impl Row {
    fn new(look: Look, text: impl Into<String>) -> Self {
        Self { lead: String::new(), text: text.into(), look }
    }

    /// Name and id: the id is what can be looked up, so the name gives way.
    fn named(look: Look, lead: impl Into<String>, id: &str) -> Self {
        Self { lead: lead.into(), text: id.to_owned(), look }
    }
}

/// One point, or several of one kind, in the wall.
#[derive(Debug, Clone)]
struct Panel {
    state: State,
    rows: Vec<Row>,
}

impl Panel {
    fn height(&self) -> i32 {
        rows_height(&self.rows) + 9
    }
}

fn rows_height(rows: &[Row]) -> i32 {
    rows.iter().map(|row| if row.look == Look::Badge { LINE + 4 } else { LINE }).sum()
}

/// A network, or what belongs to none.
#[derive(Debug, Clone)]
struct Column {
    /// Panels in the wall, side by side in one or more stacks.
    stacks: Vec<Vec<Panel>>,
    /// The card below the wall: its head and its body. Nothing where no network and no internal point is.
    card: Option<(Vec<Row>, Vec<Row>)>,
}

impl Column {
    fn wall(&self) -> i32 {
        let stack = |panels: &Vec<Panel>| panels.iter().map(|panel| panel.height() + 5).sum();
        self.stacks.iter().map(stack).max().unwrap_or(0).max(LINE + 5)
    }

    fn card(&self) -> i32 {
        self.card
            .as_ref()
            .map_or(0, |(head, body)| rows_height(head) + 10 + if body.is_empty() { 0 } else { rows_height(body) + 10 })
    }
}

/// Columns side by side under one strip of the outside.
#[derive(Debug, Clone)]
struct Tier<'a> {
    columns: Vec<Column>,
    /// As wide as if there were this many columns.
    across: i32,
    networks: Vec<&'a Network<'a>>,
    outside: Vec<String>,
}

impl Tier<'_> {
    fn wall(&self) -> i32 {
        WALL + self.columns.iter().map(Column::wall).max().unwrap_or(0) + 3
    }

    fn height(&self) -> i32 {
        let card = self.columns.iter().map(Column::card).max().unwrap_or(0);
        OUTSIDE + self.wall() + 12 + card + 16
    }
}

/// What belongs to no network, beside networks and where there is none.
const NONE: &str = "In no network";
const ALL: &str = "Inside";

/// A network with its points; the id is empty for what belongs to none.
#[derive(Debug, Clone, Default)]
struct Network<'a> {
    id: &'a str,
    name: &'a str,
    about: &'a str,
    external: Vec<&'a BoundaryPointView>,
    internal: Vec<&'a BoundaryPointView>,
    /// Connections that other networks lead here.
    incoming: Vec<&'a BoundaryPointView>,
}

impl Network<'_> {
    fn order(&self) -> (bool, &str, &str) {
        (!self.id.is_empty(), if self.name.is_empty() { self.id } else { self.name }, self.id)
    }

    fn points(&self) -> impl Iterator<Item = &BoundaryPointView> {
        self.external.iter().chain(&self.internal).copied()
    }
}

/// Drawings of the points: for each account and region one, or several where one would not fit a page.
///
/// `networks` gives networks their names; one that only points name is drawn by its id, one without points as an empty
/// card. `cut` says what could not be listed; if anything could not, every drawing says that it is not complete.
#[must_use]
pub fn diagrams(points: &[BoundaryPointView], networks: &[BoundaryNetworkView], cut: &[String]) -> Vec<DiagramView> {
    let mut places: BTreeMap<(&str, &str), BTreeMap<&str, Network<'_>>> = BTreeMap::new();
    for network in networks {
        let place = places.entry((&network.account, &network.region)).or_default();
        let entry = place.entry(&network.id).or_default();
        (entry.id, entry.name, entry.about) = (&network.id, &network.name, &network.about);
    }
    for point in points {
        let entry =
            places.entry((&point.account, &point.region)).or_default().entry(point.network.as_str()).or_default();
        entry.id = &point.network;
        if external(point) { entry.external.push(point) } else { entry.internal.push(point) }
    }
    for point in points.iter().filter(|point| !external(point) && point.leads_to != point.network) {
        if let Some(place) = places.get_mut(&(point.account.as_str(), point.region.as_str()))
            && let Some(entry) = place.get_mut(point.leads_to.as_str()).filter(|entry| !entry.id.is_empty())
        {
            entry.incoming.push(point);
        }
    }
    let mut out = Vec::new();
    for ((account, region), place) in places {
        let mut networks: Vec<Network<'_>> = place.into_values().collect();
        for network in &mut networks {
            for list in [&mut network.external, &mut network.internal, &mut network.incoming] {
                list.sort_by_key(|p| (State::of(p), &p.kind, &p.name, &p.id, &p.leads_to, &p.declared));
            }
        }
        networks.sort_by(|a, b| a.order().cmp(&b.order()));
        // Where nothing names a network, there is nothing that the rest lies outside of.
        if let [network] = networks.as_mut_slice()
            && network.id.is_empty()
        {
            network.name = ALL;
        }
        draw_place((account, region), &networks, cut, &mut out);
    }
    out
}

/// The drawings of a view as files, by name.
#[must_use]
pub fn svg_files(view: &View) -> BTreeMap<String, String> {
    let numbered = view.boundary.diagrams.iter().enumerate();
    numbered.map(|(index, diagram)| (format!("boundary-{}.svg", index + 1), diagram.svg.clone())).collect()
}

fn draw_place((account, region): (&str, &str), networks: &[Network<'_>], cut: &[String], out: &mut Vec<DiagramView>) {
    let names: BTreeMap<&str, &str> = networks.iter().map(|network| (network.id, network.name)).collect();
    let total = networks.iter().filter(|network| !network.id.is_empty()).count();
    let across = match total {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    };
    let (alone, own): (Vec<_>, Vec<_>) = networks.iter().partition(|network| network.id.is_empty());
    let mut tiers: Vec<Tier<'_>> = alone.into_iter().map(|network| tier(&[network], 1, total, &names)).collect();
    tiers.extend(own.chunks(across).map(|chunk| tier(chunk, across, total, &names)));

    let mut pages: Vec<Vec<Tier<'_>>> = Vec::new();
    for tier in tiers {
        let fits = pages.last().is_some_and(|page| {
            let number: usize = page.iter().map(|tier| tier.networks.len()).sum();
            number + tier.networks.len() <= NETWORKS
                && page.iter().map(Tier::height).sum::<i32>() + tier.height() <= ROOM
        });
        match pages.last_mut().filter(|_| fits) {
            Some(page) => page.push(tier),
            None => pages.push(vec![tier]),
        }
    }
    let mut before = 0;
    for page in pages {
        let here: Vec<&Network<'_>> = page.iter().flat_map(|tier| tier.networks.iter().copied()).collect();
        let number = here.iter().filter(|network| !network.id.is_empty()).count();
        let part = match number {
            0 if total == 0 => "all points".to_owned(),
            0 => "points without a network".to_owned(),
            _ if number == total => count(total, "network", "networks"),
            1 => format!("network {} of {total}", before + 1),
            _ => format!("networks {} to {} of {total}", before + 1, before + number),
        };
        before += number;
        let title = match region {
            "" => format!("Account {account}: {part}"),
            _ => format!("Account {account}, {region}: {part}"),
        };
        let title = drawn(&title);
        let alt = sentences(&title, &here, &names, cut);
        out.push(DiagramView { svg: draw(&title, &alt, &page, !cut.is_empty()), title, alt });
    }
}

// ---- What stands where -------------------------------------------------------------------------------------

/// The most detailed tier that fits a page of its own.
fn tier<'a>(networks: &[&'a Network<'a>], across: usize, total: usize, names: &BTreeMap<&str, &str>) -> Tier<'a> {
    let first = usize::from(total > 3) + usize::from(total > NETWORKS);
    let mut best = None;
    for detail in DETAILS.iter().skip(first) {
        let columns = networks.iter().map(|network| column(network, *detail, across, names)).collect();
        let outside = outside(networks);
        let tier = Tier { columns, across: int(across), networks: networks.to_vec(), outside };
        let fits = tier.height() <= ROOM;
        best = Some(tier);
        if fits {
            break;
        }
    }
    best.unwrap_or(Tier { columns: Vec::new(), across: 1, networks: Vec::new(), outside: Vec::new() })
}

/// Where the external points of a tier lead to: the internet first.
fn outside(networks: &[&Network<'_>]) -> Vec<String> {
    let all: BTreeSet<&str> = networks
        .iter()
        .flat_map(|network| &network.external)
        .map(|point| point.leads_to.as_str())
        .filter(|place| !place.is_empty())
        .collect();
    let mut all: Vec<String> = all.into_iter().map(ToOwned::to_owned).collect();
    all.sort_by_key(|place| !place.to_lowercase().contains("internet"));
    all
}

/// Points of one kind, those with undeclared ones first.
fn by_kind<'a>(points: &[&'a BoundaryPointView]) -> Vec<(&'a str, Vec<&'a BoundaryPointView>)> {
    let mut kinds: BTreeMap<&str, Vec<&BoundaryPointView>> = BTreeMap::new();
    for point in points {
        kinds.entry(&point.kind).or_default().push(point);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    let state = |points: &[&BoundaryPointView]| points.iter().map(|point| State::of(point)).min();
    kinds.sort_by_key(|(_, points)| (state(points), !points.iter().any(|point| point.public)));
    kinds
}

/// [`by_kind`] with at most so many kinds, the last ones under one name.
fn few_kinds<'a>(
    points: &[&'a BoundaryPointView],
    most: usize,
    others: &'a str,
) -> Vec<(&'a str, Vec<&'a BoundaryPointView>)> {
    let mut kinds = by_kind(points);
    if kinds.len() > most {
        let rest = kinds.split_off(most.saturating_sub(1)).into_iter().flat_map(|(_, points)| points).collect();
        kinds.push((others, rest));
    }
    kinds
}

fn column(network: &Network<'_>, detail: Detail, across: usize, names: &BTreeMap<&str, &str>) -> Column {
    let mut panels = Vec::new();
    for (kind, points) in few_kinds(&network.external, detail.kinds, "other point") {
        // Across the whole drawing there is room for more.
        let alone = if across == 1 && detail.alone > 0 { detail.alone + 2 } else { detail.alone };
        if points.len() <= alone.max(1) {
            panels.extend(points.iter().map(|point| lone(point, detail)));
        } else {
            panels.push(together(kind, &points, detail));
        }
    }
    let mut stacks: Vec<Vec<Panel>> = Vec::new();
    if across == 1 {
        // The shortest stack takes the next.
        stacks.resize_with(3, Vec::new);
        for panel in panels {
            let height = |stack: &Vec<Panel>| stack.iter().map(|panel| panel.height() + 5).sum::<i32>();
            if let Some(stack) = stacks.iter_mut().min_by_key(|stack| height(stack)) {
                stack.push(panel);
            }
        }
        stacks.retain(|stack| !stack.is_empty());
    } else {
        stacks.push(panels);
    }
    let body = inside(network, detail, names);
    let mut head = Vec::new();
    if network.id.is_empty() {
        head.push(Row::new(Look::Strong, if network.name.is_empty() { NONE } else { network.name }));
    } else {
        let name = if network.name.is_empty() { network.id } else { network.name };
        head.push(Row::new(Look::Strong, name));
        if name != network.id {
            head.push(Row::new(Look::Plain, network.id));
        }
        if !network.about.is_empty() {
            head.push(Row::new(Look::Quiet, network.about));
        }
    }
    let card = (!network.id.is_empty() || !body.is_empty()).then_some((head, body));
    Column { stacks, card }
}

fn kind_words(point: &BoundaryPointView) -> String {
    let kind = if point.kind.is_empty() { "point" } else { point.kind.as_str() };
    if point.public && !kind.contains("public") { format!("{kind}, public") } else { kind.to_owned() }
}

fn lone(point: &BoundaryPointView, detail: Detail) -> Panel {
    let state = State::of(point);
    let mut rows = Vec::new();
    if state == State::Undeclared {
        rows.push(Row::new(Look::Badge, "NOT DECLARED"));
    }
    let strong = if state == State::Unused { Look::Quiet } else { Look::Strong };
    let plain = if state == State::Unused { Look::Quiet } else { Look::Plain };
    rows.push(Row::new(strong, kind_words(point)));
    if (detail.listed > 3 || state == State::Undeclared) && !name_of(point).is_empty() {
        rows.push(Row::new(plain, name_of(point)));
        rows.push(Row::new(plain, point.id.as_str()));
    } else {
        rows.push(Row::named(plain, name_of(point), &point.id));
    }
    if !point.leads_to.is_empty() && (detail.roomy || !point.leads_to.to_lowercase().contains("internet")) {
        rows.push(Row::new(Look::Quiet, format!("to {}", point.leads_to)));
    }
    if state == State::Unused {
        rows.push(Row::new(Look::Quiet, "not in use"));
    } else if state == State::Declared && detail.roomy {
        rows.push(Row::new(Look::Quiet, point.declared.as_str()));
    }
    Panel { state, rows }
}

/// Several points of one kind in one panel: a count, and the undeclared ones by name.
fn together(kind: &str, points: &[&BoundaryPointView], detail: Detail) -> Panel {
    let bad: Vec<_> = points.iter().filter(|point| State::of(point) == State::Undeclared).collect();
    let mut rows = Vec::new();
    if !bad.is_empty() {
        rows.push(Row::new(Look::Badge, format!("{} NOT DECLARED", bad.len())));
    }
    let all_unused = points.iter().all(|point| State::of(point) == State::Unused);
    rows.push(Row::new(if all_unused { Look::Quiet } else { Look::Strong }, kind_count(points.len(), kind)));
    let named = if bad.len() == detail.named + 1 && detail.named > 0 { bad.len() } else { detail.named };
    for point in bad.iter().take(named) {
        if detail.roomy && !name_of(point).is_empty() {
            rows.push(Row::new(Look::Plain, name_of(point)));
            rows.push(Row::new(Look::Quiet, point.id.as_str()));
        } else {
            rows.push(Row::named(Look::Plain, name_of(point), &point.id));
        }
    }
    if bad.len() > named && named > 0 {
        rows.push(Row::new(Look::Plain, format!("and {} more, in the table", bad.len() - named)));
    } else if bad.len() > named {
        rows.push(Row::new(Look::Plain, "named in the table"));
    }
    for state in [State::Declared, State::Unused] {
        let number = points.iter().filter(|point| State::of(point) == state).count();
        if number == points.len() && state == State::Unused {
            rows.push(Row::new(Look::Quiet, "not in use"));
        } else if number > 0 {
            rows.push(Row::new(Look::Quiet, format!("{number} {}", state.word())));
        }
    }
    let state = points.iter().map(|point| State::of(point)).min().unwrap_or(State::Open);
    Panel { state, rows }
}

/// What lies inside a network: its internal points, and the connections to and from others.
fn inside(network: &Network<'_>, detail: Detail, names: &BTreeMap<&str, &str>) -> Vec<Row> {
    let mut rows = Vec::new();
    let (stubs, points): (Vec<_>, Vec<_>) = network.internal.iter().copied().partition(|point| is_stub(point));
    if points.len() <= detail.listed {
        for (kind, points) in by_kind(&points) {
            listed_rows(kind, &points, &mut rows);
        }
    } else {
        for (kind, points) in few_kinds(&points, detail.kinds, "other point") {
            if points.len() == 1 && detail.listed > 0 {
                listed_rows(kind, &points, &mut rows);
            } else {
                counted_rows(kind, &points, detail, &mut rows);
            }
        }
    }
    let most = detail.listed / 2;
    if stubs.len() <= most.max(1) {
        for point in &stubs {
            if State::of(point) == State::Undeclared {
                rows.push(Row::new(Look::Badge, "NOT DECLARED"));
            }
            let unused = if State::of(point) == State::Unused { ", not in use" } else { "" };
            rows.push(Row::new(Look::Stub, format!("{}{unused}", kind_words(point))));
            rows.push(Row::named(Look::Plain, name_of(point), &point.id));
            rows.push(Row::new(Look::Quiet, format!("to {}", name_in(names, &point.leads_to))));
        }
    } else {
        for (kind, points) in few_kinds(&stubs, detail.kinds, "other connection") {
            let start = rows.len();
            counted_rows(kind, &points, detail, &mut rows);
            let stub = rows.iter_mut().skip(start).find(|row| row.look == Look::Strong);
            if let Some(row) = stub {
                row.look = Look::Stub;
            }
            let targets: BTreeSet<&str> = points.iter().map(|point| point.leads_to.as_str()).collect();
            rows.push(Row::new(Look::Quiet, format!("to {}", some(&targets, 2))));
        }
    }
    if network.incoming.len() <= most.max(1) {
        for point in &network.incoming {
            rows.push(Row::new(Look::Stub, kind_words(point)));
            rows.push(Row::named(Look::Plain, name_of(point), &point.id));
            rows.push(Row::new(Look::Quiet, format!("from {}", name_in(names, &point.network))));
        }
    } else {
        rows.push(Row::new(Look::Stub, count(network.incoming.len(), "connection", "connections")));
        let sources: BTreeSet<&str> = network.incoming.iter().map(|point| point.network.as_str()).collect();
        rows.push(Row::new(Look::Quiet, format!("from {}", some(&sources, 2))));
    }
    rows
}

/// Does a line go from it to another network?
fn is_stub(point: &BoundaryPointView) -> bool {
    !point.leads_to.is_empty() && point.leads_to != point.network && !point.kind.contains("subnet")
}

/// The points of one kind below its count, one by one.
fn listed_rows(kind: &str, points: &[&BoundaryPointView], rows: &mut Vec<Row>) {
    let unused = points.iter().all(|point| State::of(point) == State::Unused);
    rows.push(Row::new(if unused { Look::Quiet } else { Look::Strong }, count_words(kind, points)));
    for point in points {
        match State::of(point) {
            State::Undeclared => {
                rows.push(Row::new(Look::Badge, "NOT DECLARED"));
                rows.push(Row::named(Look::Plain, name_of(point), &point.id));
            }
            State::Unused => rows.push(Row::named(Look::Quiet, name_of(point), &point.id)),
            State::Open | State::Declared => rows.push(Row::named(Look::Plain, name_of(point), &point.id)),
        }
    }
}

/// "12 subnets: 4 public, 1 not in use", then the undeclared ones by name.
fn counted_rows(kind: &str, points: &[&BoundaryPointView], detail: Detail, rows: &mut Vec<Row>) {
    let bad: Vec<_> = points.iter().filter(|point| State::of(point) == State::Undeclared).collect();
    if !bad.is_empty() {
        rows.push(Row::new(Look::Badge, format!("{} NOT DECLARED", bad.len())));
    }
    rows.push(Row::new(Look::Strong, count_words(kind, points)));
    for point in bad.iter().take(detail.named) {
        rows.push(Row::named(Look::Plain, name_of(point), &point.id));
    }
    if bad.len() > detail.named {
        rows.push(Row::new(Look::Plain, format!("and {} more, in the table", bad.len() - detail.named)));
    }
}

fn count_words(kind: &str, points: &[&BoundaryPointView]) -> String {
    let public = points.iter().filter(|point| point.public).count();
    let unused = points.iter().filter(|point| State::of(point) == State::Unused).count();
    let mut parts = Vec::new();
    if public > 0 && !kind.contains("public") {
        parts.push(format!("{public} public"));
    }
    if unused > 0 {
        parts.push(format!("{unused} not in use"));
    }
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{}{colon}{}", kind_count(points.len(), kind), parts.join(", "))
}

/// The name, unless it says no more than the id.
fn name_of(point: &BoundaryPointView) -> &str {
    if point.name == point.id { "" } else { &point.name }
}

/// A network by its name, or by its id.
fn name_in<'a>(names: &BTreeMap<&str, &'a str>, id: &'a str) -> &'a str {
    names.get(id).copied().filter(|name| !name.is_empty()).unwrap_or(id)
}

/// "a, b and 3 more".
fn some(all: &BTreeSet<&str>, most: usize) -> String {
    let shown = all.iter().take(most).copied().collect::<Vec<_>>().join(", ");
    if all.len() > most { format!("{shown} and {} more", all.len() - most) } else { shown }
}

/// "50 public addresses".
fn kind_count(number: usize, kind: &str) -> String {
    let kind = if kind.is_empty() { "point" } else { kind };
    let before_y = kind.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    let several = if let Some(stem) = before_y {
        format!("{stem}ies")
    } else if kind.ends_with(['s', 'x']) || kind.ends_with("ch") || kind.ends_with("sh") {
        format!("{kind}es")
    } else if kind.ends_with(|c: char| c.is_ascii_alphabetic()) {
        format!("{kind}s")
    } else {
        return format!("{number} × {kind}");
    };
    count(number, kind, &several)
}

// ---- The same in sentences ---------------------------------------------------------------------------------

fn sentences(title: &str, networks: &[&Network<'_>], names: &BTreeMap<&str, &str>, cut: &[String]) -> String {
    let mut out = format!("{title}.");
    if !cut.is_empty() {
        let _ = write!(out, " {NOT_COMPLETE}");
    }
    let outside = outside(networks);
    if !outside.is_empty() {
        let more = if outside.len() > 12 { format!(" and {} more", outside.len() - 12) } else { String::new() };
        let shown: Vec<&str> = outside.iter().take(12).map(String::as_str).collect();
        let _ = write!(out, " Outside: {}{more}.", shown.join(", "));
    }
    if networks.iter().flat_map(|network| network.points()).any(|point| State::of(point) == State::Open) {
        out += " The organisation declares no boundary to hold these points against.";
    }
    for network in networks {
        let about = if network.about.is_empty() { String::new() } else { format!(", {}", network.about) };
        match (network.id, network.name) {
            ("", "") => out += &format!(" {NONE}:"),
            ("", _) => {}
            (id, "") => out += &format!(" Network {id}{about}:"),
            (id, name) => out += &format!(" Network {name} ({id}){about}:"),
        }
        let mut parts = Vec::new();
        for (word, points) in [("External boundary", &network.external), (ALL, &network.internal)] {
            if !points.is_empty() {
                let kinds: Vec<String> =
                    by_kind(points).iter().map(|(kind, points)| kind_sentence(kind, points, names)).collect();
                parts.push(format!("{word}: {}", kinds.join("; ")));
            }
        }
        if !network.incoming.is_empty() {
            let sources: BTreeSet<&str> = network.incoming.iter().map(|point| point.network.as_str()).collect();
            parts.push(format!("Connections from {}", some(&sources, 12)));
        }
        if parts.is_empty() {
            parts.push("No point was found".to_owned());
        }
        let _ = write!(out, " {}.", parts.join(". "));
    }
    drawn(&out)
}

fn kind_sentence(kind: &str, points: &[&BoundaryPointView], names: &BTreeMap<&str, &str>) -> String {
    let label = |point: &BoundaryPointView| match name_of(point) {
        "" => point.id.clone(),
        name => format!("{name} ({})", point.id),
    };
    if let [point] = points {
        let mut out = format!("{} {}", kind_words(point), label(point));
        if !point.leads_to.is_empty() {
            let _ = match name_in(names, &point.leads_to) {
                id if id == point.leads_to => write!(out, " to {id}"),
                name => write!(out, " to {name} ({})", point.leads_to),
            };
        }
        let _ = match State::of(point) {
            State::Undeclared => write!(out, ", NOT DECLARED"),
            State::Open => Ok(()),
            State::Declared if point.in_use => write!(out, ", {}", point.declared),
            State::Declared | State::Unused => write!(out, ", not in use"),
        };
        return out;
    }
    let mut out = count_words(kind, points);
    let targets: BTreeSet<&str> = points.iter().map(|p| p.leads_to.as_str()).filter(|to| !to.is_empty()).collect();
    if !targets.is_empty() {
        let _ = write!(out, " to {}", some(&targets, 12));
    }
    for state in [State::Undeclared, State::Open] {
        let ids: Vec<String> = points.iter().filter(|p| State::of(p) == state).map(|p| label(p)).collect();
        if !ids.is_empty() {
            let word = if state == State::Undeclared { format!("{} NOT DECLARED: ", ids.len()) } else { String::new() };
            let _ = write!(out, ", {word}{}", ids.join(", "));
        }
    }
    let declared = points.iter().filter(|point| State::of(point) == State::Declared).count();
    if declared > 0 {
        let _ = write!(out, ", {declared} declared");
    }
    out
}

// ---- Ink ---------------------------------------------------------------------------------------------------

fn draw(title: &str, alt: &str, tiers: &[Tier<'_>], cut: bool) -> String {
    let header = if cut { HEADER_CUT } else { HEADER };
    let height = header + tiers.iter().map(Tier::height).sum::<i32>() + LEGEND;
    let mut canvas = Canvas::new(height, title, alt);
    canvas.text(MARGIN, 18, WIDTH - 2 * MARGIN, &Font { size: 13, strong: true, ink: ACCENT }, "", title);
    let points: Vec<&BoundaryPointView> =
        tiers.iter().flat_map(|tier| &tier.networks).flat_map(|network| network.points()).collect();
    let small = Font { size: SMALL, strong: false, ink: QUIET };
    canvas.text(MARGIN, 34, WIDTH - 2 * MARGIN, &small, "", &tally(&points));
    if cut {
        let font = Font { size: SMALL, strong: true, ink: ALARM };
        canvas.text(MARGIN, 49, WIDTH - 2 * MARGIN, &font, "", NOT_COMPLETE);
    }
    let mut y = header;
    for tier in tiers {
        draw_tier(&mut canvas, y, tier);
        y += tier.height();
    }
    legend(&mut canvas, y + 2, &points);
    canvas.end()
}

/// "12 points cross the external boundary (3 NOT DECLARED), 40 are internal".
fn tally(points: &[&BoundaryPointView]) -> String {
    let of = |outer: bool| {
        let some: Vec<_> = points.iter().filter(|point| external(point) == outer).collect();
        let bad = some.iter().filter(|point| State::of(point) == State::Undeclared).count();
        (some.len(), if bad > 0 { format!(" ({bad} NOT DECLARED)") } else { String::new() })
    };
    let ((outer, outer_bad), (inner, inner_bad)) = (of(true), of(false));
    let open = if points.iter().any(|point| State::of(point) == State::Open) {
        "; no boundary is declared to hold them against"
    } else {
        ""
    };
    format!(
        "{} the external boundary{outer_bad}; {}{inner_bad}{open}",
        count(outer, "point crosses", "points cross"),
        count(inner, "internal point", "internal points"),
    )
}

fn draw_tier(canvas: &mut Canvas, top: i32, tier: &Tier<'_>) {
    let inner = WIDTH - 2 * MARGIN;
    outside_strip(canvas, top, &tier.outside);
    let wall = top + OUTSIDE;
    let bottom = wall + tier.wall();
    canvas.rect(MARGIN - 6, wall, inner + 12, bottom - wall, 0, &format!("fill=\"{WALL_GROUND}\""));
    for y in [wall, bottom] {
        canvas.line((MARGIN - 6, y), (WIDTH - MARGIN + 6, y), &format!("stroke=\"{ACCENT}\" stroke-width=\"3\""));
    }
    let label = Font { size: SMALL, strong: true, ink: ACCENT };
    let room = 140;
    let width = (inner - (tier.across - 1) * GAP) / tier.across;
    // At the right, where no way from the outside goes through it.
    canvas.text_end(WIDTH - MARGIN, wall + 14, room, &label, "EXTERNAL BOUNDARY");
    for (column, left) in tier.columns.iter().zip((0..).map(|at| MARGIN + at * (width + GAP))) {
        let card = bottom + 12;
        let stack_width = if tier.across == 1 { (inner - 2 * GAP) / 3 } else { width };
        for (stack, left) in column.stacks.iter().zip((0..).map(|at| left + at * (stack_width + GAP))) {
            draw_stack(canvas, (left, wall + WALL, stack_width), top + 22, stack, column.card.is_some(), card);
        }
        if column.stacks.iter().all(Vec::is_empty) {
            let quiet = Font { size: SMALL, strong: false, ink: QUIET };
            canvas.text(left + 4, wall + WALL + LINE, width - 8, &quiet, "", "no point was found here");
        }
        if let Some((head, body)) = &column.card {
            draw_card(canvas, (left, card, width), column.card(), head, body);
        }
    }
}

fn outside_strip(canvas: &mut Canvas, top: i32, places: &[String]) {
    let (left, right) = (MARGIN - 6, WIDTH - MARGIN + 6);
    canvas.rect(left, top, right - left, 22, 4, &format!("fill=\"{WASH}\" stroke=\"{RULE}\" stroke-width=\"1\""));
    let strong = Font { size: SMALL, strong: true, ink: QUIET };
    canvas.text(MARGIN, top + 15, 70, &strong, "", "OUTSIDE");
    let mut x = MARGIN + 72;
    let font = Font { size: SMALL, strong: false, ink: INK };
    for (index, place) in places.iter().enumerate() {
        let text = fit(place, 180, &font);
        let wide = width(&text, &font);
        // Room is kept for "and 99 more".
        if x + wide + 16 > right - 80 {
            canvas.text(x, top + 15, right - x, &font, "", &format!("and {} more", places.len() - index));
            break;
        }
        canvas.rect(
            x,
            top + 3,
            wide + 12,
            16,
            8,
            &format!("fill=\"{WHITE}\" stroke=\"{QUIET}\" stroke-width=\"0.75\""),
        );
        canvas.text(x + 6, top + 15, wide, &font, "", &text);
        x += wide + 20;
    }
}

/// Panels below one another, with the way that leads from the outside through them to the inside.
fn draw_stack(canvas: &mut Canvas, place: (i32, i32, i32), from: i32, stack: &[Panel], card: bool, to: i32) {
    let (left, top, wide) = place;
    if stack.is_empty() {
        return;
    }
    let way = left + 6;
    let stroke = format!("stroke=\"{QUIET}\" stroke-width=\"1.25\"");
    let end = if card { to } else { to - 2 };
    canvas.line((way, from), (way, end), &stroke);
    canvas.arrow(way, end);
    let mut y = top;
    for panel in stack {
        canvas.line((way, y + 9), (left + 14, y + 9), &stroke);
        draw_panel(canvas, (left + 14, y, wide - 14), panel);
        y += panel.height() + 5;
    }
}

fn draw_panel(canvas: &mut Canvas, (x, y, wide): (i32, i32, i32), panel: &Panel) {
    let high = panel.height();
    match panel.state {
        State::Undeclared => {
            canvas.octagon((x, y), (wide, high));
        }
        State::Unused => {
            let dashed = format!("fill=\"{WASH}\" stroke=\"{QUIET}\" stroke-width=\"1\" stroke-dasharray=\"3 2\"");
            canvas.rect(x, y, wide, high, 2, &dashed);
        }
        State::Open | State::Declared => {
            canvas.rect(x, y, wide, high, 2, &format!("fill=\"{WHITE}\" stroke=\"{INK}\" stroke-width=\"1\""));
        }
    }
    draw_rows(canvas, (x + 7, y + 3, wide - 14), &panel.rows, 0);
}

fn draw_card(canvas: &mut Canvas, (x, y, wide): (i32, i32, i32), high: i32, head: &[Row], body: &[Row]) {
    canvas.rect(x, y, wide, high, 5, &format!("fill=\"{WHITE}\" stroke=\"{ACCENT}\" stroke-width=\"1.5\""));
    draw_rows(canvas, (x + 8, y + 4, wide - 16), head, 0);
    if !body.is_empty() {
        let middle = y + rows_height(head) + 9;
        canvas.line((x, middle), (x + wide, middle), &format!("stroke=\"{RULE}\" stroke-width=\"1\""));
        draw_rows(canvas, (x + 8, middle + 3, wide - 16), body, x + wide);
    }
}

/// Lines of text; stubs go out at `edge`.
fn draw_rows(canvas: &mut Canvas, (x, top, room): (i32, i32, i32), rows: &[Row], edge: i32) {
    let mut y = top;
    for row in rows {
        let ink = match row.look {
            Look::Quiet => QUIET,
            Look::Badge => WHITE,
            Look::Stub => ACCENT,
            Look::Plain | Look::Strong => INK,
        };
        let strong = matches!(row.look, Look::Strong | Look::Badge | Look::Stub);
        let font = Font { size: SMALL, strong, ink };
        match row.look {
            Look::Badge => {
                let text = fit(&row.text, room - 24, &font);
                canvas.badge(x, y + 1, width(&text, &font) + 24);
                canvas.text(x + 18, y + 12, room - 18, &font, "", &text);
                y += LINE + 4;
                continue;
            }
            Look::Stub => {
                canvas.text(x, y + 11, room - 14, &font, &row.lead, &row.text);
                canvas.stub(edge, y + 7);
            }
            Look::Plain | Look::Strong | Look::Quiet => {
                canvas.text(x, y + 11, room, &font, &row.lead, &row.text);
            }
        }
        y += LINE;
    }
}

fn legend(canvas: &mut Canvas, y: i32, points: &[&BoundaryPointView]) {
    let font = Font { size: SMALL, strong: false, ink: QUIET };
    let mut states: BTreeSet<State> = points.iter().map(|point| State::of(point)).collect();
    // Both are plain, and nothing is declared or something is.
    if states.contains(&State::Open) {
        states.remove(&State::Declared);
    }
    let mut x = MARGIN;
    for state in states {
        let word = match state {
            State::Undeclared => "cut corners: NOT DECLARED",
            State::Open => "plain: found",
            State::Declared => "plain: declared",
            State::Unused => "dashed: not in use",
        };
        draw_panel(canvas, (x, y + 4, 22), &Panel { state, rows: Vec::new() });
        let wide = width(word, &font);
        canvas.text(x + 28, y + 12, wide, &font, "", word);
        x += wide + 42;
    }
    if points.iter().any(|point| !external(point) && is_stub(point)) {
        canvas.stub(x, y + 8);
        canvas.text(x + 16, y + 12, WIDTH - x - 16, &font, "", "to another network");
    }
}

#[derive(Debug, Clone, Copy)]
struct Font {
    size: i32,
    strong: bool,
    ink: &'static str,
}

/// SVG in the making. Attributes are numbers and words of this file.
struct Canvas {
    out: String,
}

impl Canvas {
    fn new(height: i32, title: &str, alt: &str) -> Self {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" font-family=\"Inter, sans-serif\" font-size=\"{SMALL}\">\n"
        );
        let _ = writeln!(out, "<title>{}</title>\n<desc>{}</desc>", escape(title), escape(alt));
        let mut canvas = Self { out };
        canvas.rect(0, 0, WIDTH, height, 0, &format!("fill=\"{WHITE}\""));
        canvas
    }

    fn rect(&mut self, x: i32, y: i32, wide: i32, high: i32, round: i32, look: &str) {
        let round = if round > 0 { format!(" rx=\"{round}\"") } else { String::new() };
        let _ = writeln!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\"{round} {look}/>");
    }

    fn line(&mut self, from: (i32, i32), to: (i32, i32), look: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(self.out, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {look}/>");
    }

    fn path(&mut self, d: &str, look: &str) {
        let _ = writeln!(self.out, "<path d=\"{d}\" {look}/>");
    }

    /// The point of an arrow that goes down to there.
    fn arrow(&mut self, x: i32, y: i32) {
        self.path(&format!("M{x} {y}l-4 -7h8z"), &format!("fill=\"{QUIET}\""));
    }

    /// A box with its corners cut off, and a thick edge.
    fn octagon(&mut self, (left, top): (i32, i32), (wide, high): (i32, i32)) {
        let cut = (high / 3).min(6);
        let (across, down) = (wide - 2 * cut, high - 2 * cut);
        let outline =
            format!("M{} {top}h{across}l{cut} {cut}v{down}l-{cut} {cut}h-{across}l-{cut} -{cut}v-{down}z", left + cut);
        self.path(&outline, &format!("fill=\"{ALARM_GROUND}\" stroke=\"{ALARM}\" stroke-width=\"2\""));
    }

    /// The ground of "NOT DECLARED": a bar with a warning triangle.
    fn badge(&mut self, x: i32, y: i32, wide: i32) {
        self.rect(x, y, wide, 15, 2, &format!("fill=\"{ALARM}\""));
        self.path(&format!("M{} {}l5 10h-10z", x + 9, y + 2), &format!("fill=\"{WHITE}\""));
        self.path(
            &format!("M{} {}v4m0 1v1.4", x + 9, y + 5),
            &format!("stroke=\"{ALARM}\" stroke-width=\"1.4\" fill=\"none\""),
        );
    }

    /// The start of a line to another network.
    fn stub(&mut self, x: i32, y: i32) {
        self.line((x - 8, y), (x + 7, y), &format!("stroke=\"{ACCENT}\" stroke-width=\"2\""));
        let _ = writeln!(self.out, "<circle cx=\"{}\" cy=\"{y}\" r=\"3\" fill=\"{ACCENT}\"/>", x + 7);
    }

    /// Text that fits the room, with its base line at `y`.
    fn text(&mut self, x: i32, y: i32, room: i32, font: &Font, lead: &str, text: &str) {
        let shown = pair(lead, text, room, font);
        self.write(x, y, "", font, &shown);
    }

    /// The same, ending at `x`.
    fn text_end(&mut self, x: i32, y: i32, room: i32, font: &Font, text: &str) {
        let shown = fit(text, room, font);
        self.write(x, y, " text-anchor=\"end\"", font, &shown);
    }

    fn write(&mut self, x: i32, y: i32, anchor: &str, font: &Font, text: &str) {
        if text.is_empty() {
            return;
        }
        let size = if font.size == SMALL { String::new() } else { format!(" font-size=\"{}\"", font.size) };
        let weight = if font.strong { " font-weight=\"600\"" } else { "" };
        let _ = writeln!(
            self.out,
            "<text x=\"{x}\" y=\"{y}\"{anchor}{size}{weight} fill=\"{}\">{}</text>",
            font.ink,
            escape(text)
        );
    }

    fn end(mut self) -> String {
        self.out += "</svg>\n";
        self.out
    }
}

/// Two texts in one room: the first is cut first, and goes where little would be left of it.
fn pair(lead: &str, text: &str, room: i32, font: &Font) -> String {
    if lead.is_empty() {
        return fit(text, room, font);
    }
    let text = fit(text, room, font);
    let left = room - width(&text, font) - width(" ", font);
    let lead = drawn(lead);
    if lead.is_empty() || (left < 50 && width(&lead, font) > left) {
        return text;
    }
    format!("{} {text}", fit(&lead, left, font))
}

/// The text, cut in the middle where it is too wide for its room.
fn fit(text: &str, room: i32, font: &Font) -> String {
    let text = drawn(text);
    if width(&text, font) <= room {
        return text;
    }
    let all: Vec<char> = text.chars().collect();
    let of = |c: char| width_of(c, font);
    let room = (room - 1) * 1000 - of('…');
    let (mut used, mut head, mut tail) = (0, 0, 0);
    while head + tail < all.len() {
        let front = head <= tail;
        let next = if front { all.get(head) } else { all.get(all.len() - 1 - tail) };
        used += next.map_or(0, |c| of(*c));
        if used > room {
            break;
        }
        if front { head += 1 } else { tail += 1 }
    }
    let start: String = all.iter().take(head).collect();
    let end: String = all.iter().skip(all.len() - tail).collect();
    format!("{start}…{end}")
}

/// An upper estimate of the width of a text: Inter, and the wider of the fonts that stand in for it.
fn width(text: &str, font: &Font) -> i32 {
    (text.chars().map(|c| width_of(c, font)).fold(0, i32::saturating_add) + 999) / 1000 + 1
}

/// In thousandths.
fn width_of(c: char, font: &Font) -> i32 {
    let plain = match c {
        ' ' | 'i' | 'j' | 'l' | 'I' | '\'' | '.' | ',' | ':' | ';' | '|' => 345,
        '!' | 'f' | 'r' | 't' | '/' | '\\' | '(' | ')' | '[' | ']' => 415,
        '-' | '"' | '`' | '_' => 505,
        'm' | 'w' => 980,
        '\u{a0}'..='\u{17f}' | '\u{370}'..='\u{3ff}' | 'M' | 'W' | '@' | '%' | '…' | '“' | '”' => 1020,
        '+' | '<' | '>' | '=' | '~' | '^' | '#' => 840,
        '&' | 'A'..='Z' => 790,
        ' '..='~' => 670,
        '\u{180}'..='\u{24f}' | '\u{400}'..='\u{52f}' => 1380,
        // Where no font has it, it is written as its number, `\u{1f600}`.
        _ => 9 * 670,
    };
    plain * font.size * if font.strong { 105 } else { 100 } / 100
}

/// Text as it may stand in a drawing: nothing that hides, reorders or stacks; what does is written as its number.
fn drawn(text: &str) -> String {
    let text = visible(text);
    let moves = |c: char| {
        matches!(u32::from(c), 0x0300..=0x036F | 0x0483..=0x0489 | 0x0590..=0x08FF | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF
            | 0x20D0..=0x20FF | 0xFB1D..=0xFDFF | 0xFE20..=0xFE2F | 0xFE70..=0xFEFF | 0x1_0800..=0x1_0FFF
            | 0x1_E800..=0x1_EFFF)
    };
    if !text.chars().any(moves) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if moves(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// For XML 1.0: [`visible`] has left no character that it does not allow.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&apos;",
            c => out.push(c),
        }
    }
    out
}

fn int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
