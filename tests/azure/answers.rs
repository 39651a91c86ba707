//! What reads of Azure and Entra ask and expect, beside the published specification of their operation.

use super::known::{Known, Types, Wrong};
use farwatch::controls::Controls;
use farwatch::model::path::{Of, WirePath};
use farwatch::model::read::{At, Field, FieldKind, Read};
use farwatch::model::template::Template;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Read → what its specification says.
pub(super) type Specification = BTreeMap<String, Operation>;

/// One operation, as `specification.py` writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    /// The document, and its commit or version.
    pub(super) source: String,
    version: String,
    method: String,
    path: String,
    /// Parameters of the query; `(required)` behind those that must be sent.
    query: Vec<String>,
    /// The member that links to the next page.
    link: Option<String>,
    /// The members of the body that is sent, where one is.
    #[serde(default)]
    body: BTreeMap<String, Property>,
    /// Path → what is there. `[]` behind a list: what stands there describes its elements as well.
    answer: BTreeMap<String, Property>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Property {
    Plain(String),
    More {
        r#type: String,
        #[serde(default)]
        r#enum: Vec<String>,
        #[serde(default)]
        required: bool,
        #[serde(default)]
        default: Option<Value>,
    },
}

impl Property {
    fn kind(&self) -> &str {
        let (Self::Plain(kind) | Self::More { r#type: kind, .. }) = self;
        kind
    }

    fn required(&self) -> bool {
        matches!(self, Self::More { required: true, .. })
    }

    fn default(&self) -> Option<&Value> {
        if let Self::More { default, .. } = self { default.as_ref() } else { None }
    }

    fn values(&self) -> Option<BTreeSet<String>> {
        match self {
            Self::More { r#enum, .. } if !r#enum.is_empty() => Some(r#enum.iter().cloned().collect()),
            _ => None,
        }
    }
}

/// A place in an answer: its key in [`Operation::answer`], and whether it is a list as a whole.
#[derive(Debug, Clone)]
struct Node {
    key: String,
    list: bool,
    /// Is it there in every answer? The envelope `properties` is.
    always: bool,
}

impl Operation {
    fn root() -> Node {
        Node { key: String::new(), list: false, always: true }
    }

    fn walk(&self, from: &Node, path: &WirePath) -> Result<Node, String> {
        path.steps().iter().try_fold(from.clone(), |node, (name, of)| {
            let found = self.step(&node, name)?;
            match of {
                // A map may be empty.
                Of::Members => Ok(Node { always: false, ..found }),
                Of::Itself => Ok(found),
                // A list may be empty.
                Of::Every | Of::First => Self::element(found).map(|node| Node { always: false, ..node }),
            }
            .map_err(|what| format!("`{name}` {what}"))
        })
    }

    fn step(&self, node: &Node, name: &str) -> Result<Node, String> {
        if node.list {
            return Err(format!("`{name}` is looked for in a list"));
        }
        let key = if node.key.is_empty() { name.to_owned() } else { format!("{}.{name}", node.key) };
        let (key, list) = if self.answer.contains_key(&key) { (key, false) } else { (format!("{key}[]"), true) };
        let Some(property) = self.answer.get(&key) else {
            let here = if node.key.is_empty() { String::new() } else { format!("{}.", node.key) };
            let names: Vec<&str> = self
                .answer
                .keys()
                .filter_map(|key| key.strip_prefix(&here).filter(|rest| !rest.contains('.') || rest.starts_with('@')))
                .collect();
            return Err(format!("`{}` has no `{name}`; it has {}", node.key, names.join(", ")));
        };
        let always = node.always && (property.required() || name == "properties");
        Ok(Node { key, list, always })
    }

    fn element(node: Node) -> Result<Node, String> {
        if node.list { Ok(Node { list: false, ..node }) } else { Err("is not a list".to_owned()) }
    }

    fn property(&self, node: &Node) -> &Property {
        &self.answer[&node.key]
    }

    /// `string`, `object`, `array of string`; of an element, without the list around it.
    fn kind(&self, node: &Node) -> String {
        let kind = self.property(node).kind();
        if node.list { kind.to_owned() } else { kind.rsplit(" of ").next().unwrap_or(kind).to_owned() }
    }

    fn text(&self, node: &Node) -> Result<(), String> {
        match self.kind(node).as_str() {
            "string" => Ok(()),
            other => Err(format!("is a {other}, not a text")),
        }
    }
}

pub(super) struct Notes<'a> {
    read: &'a Read,
    wrong: &'a mut BTreeSet<Wrong>,
}

impl Notes<'_> {
    fn note(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.wrong.insert(Wrong { of: self.read.id.clone(), place: place.into(), what: what.into() });
    }

    fn see<T>(&mut self, place: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|what| self.note(place, what)).ok()
    }
}

pub(super) fn compare(controls: &Controls, specification: &Specification, wrong: &mut BTreeSet<Wrong>) -> Types {
    let mut types = Types::new();
    for read in &controls.reads.reads {
        let mut notes = Notes { read, wrong };
        let of = read.id.split('#').next().unwrap_or_default();
        let Some(operation) = specification.get(of) else {
            notes.note("read", "no specification of it is kept: make them again, tests/azure/specification.py");
            continue;
        };
        request(controls, read, operation, &mut notes);
        if read.stands_for.is_some() {
            inventory(read, operation, &mut notes);
            continue;
        }
        let fields = output(read, operation, &mut notes);
        if let Some(kind) = read.gives() {
            let known = types.entry(kind.to_owned()).or_default();
            for (name, field) in fields {
                known.entry(name).or_default().push(field);
            }
        }
    }
    types
}

// ---- the request ----

fn request(controls: &Controls, read: &Read, operation: &Operation, notes: &mut Notes<'_>) {
    let Some((method, path)) = read.http.as_deref().and_then(|http| http.split_once(' ')) else {
        return notes.note("http", "there is none");
    };
    if method != operation.method {
        notes.note("http", format!("{method}, and the specification has {}", operation.method));
    }
    let ours = plain(&spelt_out(controls, read, path));
    let theirs = plain(&operation.path);
    // A scope stands for whatever it is asked of.
    let scope = theirs.strip_prefix("/{}/").map(|rest| format!("/{rest}"));
    if ours != theirs && !scope.is_some_and(|rest| ours.ends_with(&rest)) {
        notes.note("http", format!("path: {ours}, and the specification has {theirs}"));
    }
    match read.request.get("api-version").and_then(Value::as_str) {
        Some(version) if version != operation.version => {
            notes.note("api-version", format!("{version}, and the specification is of {}", operation.version));
        }
        _ => {}
    }
    let in_query: Vec<&str> =
        read.request.keys().map(String::as_str).filter(|name| !path.contains(&format!("{{{name}}}"))).collect();
    let in_body = |name: &&&str| operation.body.contains_key(**name);
    for name in in_query.iter().filter(|name| !in_body(name)) {
        if !operation.query.iter().any(|known| known.split(' ').next() == Some(name)) {
            notes.note("request", format!("there is no `{name}`; there is {}", operation.query.join(", ")));
        }
    }
    for name in operation.query.iter().filter_map(|known| known.strip_suffix(" (required)")) {
        if !in_query.contains(&name) {
            notes.note("request", format!("`{name}` is required"));
        }
    }
    for option in ["$select", "$expand"] {
        for name in read.request.get(option).and_then(Value::as_str).into_iter().flat_map(|names| names.split(',')) {
            let item = Node { key: "value[]".to_owned(), list: false, always: true };
            notes.see("request", operation.step(&item, name).map_err(|what| format!("{option}: {what}")));
        }
    }
}

/// A path with everything in braces left out. Azure compares paths without case.
fn plain(path: &str) -> String {
    let mut depth = 0;
    let open: String = path
        .chars()
        .filter(|c| match c {
            '{' => {
                depth += 1;
                depth == 1
            }
            '}' => {
                depth -= 1;
                depth == 0
            }
            _ => depth == 0,
        })
        .collect();
    open.to_lowercase()
}

/// A path whose first member is an id, with the path of that id in its place.
fn spelt_out(controls: &Controls, read: &Read, path: &str) -> String {
    let first = path.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let Some((name, rest)) = first else { return path.to_owned() };
    let from = read.request.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = match (from.strip_prefix("{resource.").and_then(|rest| rest.strip_suffix('}')), read.made_for()) {
        (Some("id"), Some(kind)) => id_of(controls, kind),
        (Some(field), Some(kind)) => id_in(controls, kind, field),
        _ => None,
    };
    // What is derived may be any resource.
    format!("{}{rest}", id.unwrap_or_else(|| "/{}".to_owned()))
}

/// What a derived type refers to: the path of ids that no list gives.
const REFERENCES: [(&str, &str); 1] = [(
    "azure.network.gateway_reference",
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworkGateways/{}",
)];

/// The path of the ids of a type, from that of the list that gives it.
fn id_of(controls: &Controls, kind: &str) -> Option<String> {
    if let Some((_, path)) = REFERENCES.iter().find(|(reference, _)| *reference == kind) {
        return Some((*path).to_owned());
    }
    let read = controls.reads.reads.iter().find(|read| read.resource.as_deref() == Some(kind))?;
    let list = spelt_out(controls, read, read.http.as_deref()?.split_once(' ')?.1);
    if read.items.is_none() {
        // Not a list: it was asked for by its id.
        return Some(list);
    }
    let provider = list.strip_prefix("/subscriptions/{subscriptionId}/providers/");
    Some(match provider {
        Some(rest) => format!("/subscriptions/{{}}/resourceGroups/{{}}/providers/{rest}/{{}}"),
        None => format!("{list}/{{}}"),
    })
}

/// The same, where a field holds the id of the resource that another was listed for.
fn id_in(controls: &Controls, kind: &str, field: &str) -> Option<String> {
    let read = controls.reads.reads.iter().find(|read| read.resource.as_deref() == Some(kind))?;
    match &read.fields.get(field)?.at {
        At::Template(template) if template.source() == "{parent.id}" => id_of(controls, read.made_for()?),
        _ => None,
    }
}

// ---- the answer ----

/// The rows of an inventory are whatever the query asks for; their fields are compared where the list is that they stand
/// for. What is around them is the operation's own.
fn inventory(read: &Read, operation: &Operation, notes: &mut Notes<'_>) {
    let sent = |notes: &mut Notes<'_>, place: &str, name: &str| {
        if !operation.body.contains_key(name) {
            notes.note(place, format!("the body has no `{name}`; it has {:?}", operation.body.keys()));
        }
    };
    for (outer, value) in &read.request {
        for inner in value.as_object().into_iter().flat_map(serde_json::Map::keys) {
            sent(notes, "request", &format!("{outer}.{inner}"));
        }
    }
    let Some(pages) = &read.pages else { return notes.note("pages", "there are none") };
    sent(notes, "pages", &pages.request);
    pages.size.keys().for_each(|name| sent(notes, "pages", name));
    for path in [Some(&pages.answer), pages.cut.as_ref(), read.items.as_ref()].into_iter().flatten() {
        notes.see("answer", operation.walk(&Operation::root(), path));
    }
}

fn output(read: &Read, operation: &Operation, notes: &mut Notes<'_>) -> BTreeMap<String, Known> {
    let root = Operation::root();
    pages(read, operation, notes);
    for path in &read.redact {
        let inside = path.but.iter().map(|but| ("redact but", path.at.join(but)));
        for (place, path) in std::iter::once(("redact", path.at.clone())).chain(inside) {
            notes.see(place, operation.walk(&root, &path).map_err(|what| format!("{}: {what}", path.source())));
        }
    }
    let item = match &read.items {
        None => root,
        Some(path) => {
            let list = operation
                .walk(&root, path)
                .and_then(|list| Operation::element(list).map_err(|what| format!("`{}` {what}", path.source())));
            let Some(item) = notes.see("items", list) else { return BTreeMap::new() };
            Node { always: true, ..item }
        }
    };
    if read.items.is_none() && operation.answer.contains_key("value[]") {
        notes.note("items", "the answer is a list, and the read takes it for one thing");
    }
    if let Some(from) = &read.id_from {
        let found = if from.contains('{') {
            template(operation, &item, &Template::parse(from).expect("a loaded template"))
        } else {
            operation.walk(&item, &WirePath::parse(from)).and_then(|node| operation.text(&node))
        };
        notes.see("id_from", found);
    }
    let mut known = fields(&read.fields, operation, &item, "field ", notes);
    for settle in &read.settles {
        for (name, value) in &settle.fields {
            if let (Some(field), Some(word)) = (known.get_mut(name), value.as_str()) {
                field.words.insert(word.to_owned());
            }
        }
    }
    known
}

/// An answer that can link to a next page is read with it, also where the operation is not marked as one with pages.
fn pages(read: &Read, operation: &Operation, notes: &mut Notes<'_>) {
    let unmarked = operation.answer.contains_key("nextLink").then_some("nextLink");
    let link = operation.link.as_deref().or(unmarked);
    let ours = read.pages.as_ref().map(|pages| pages.answer.source());
    match (ours, link) {
        (None, Some(link)) => notes.note("pages", format!("the answer has pages, and `{link}` is not read")),
        (Some(ours), _) if Some(ours) != link => {
            notes.note("pages", format!("`{ours}`, and the specification has {}", link.unwrap_or("no such member")));
        }
        _ => {}
    }
    if let Some(link) = link.filter(|link| !operation.answer.contains_key(*link)) {
        notes.note("pages", format!("the answer has no `{link}`"));
    }
}

fn template(operation: &Operation, item: &Node, template: &Template) -> Result<(), String> {
    for place in template.places() {
        if let [first, rest @ ..] = place
            && first == "item"
        {
            let path = if rest.is_empty() { ".".to_owned() } else { rest.join(".") };
            operation.walk(item, &WirePath::parse(&path)).and_then(|node| operation.text(&node))?;
        }
    }
    Ok(())
}

fn fields(
    declared: &IndexMap<String, Field>,
    operation: &Operation,
    item: &Node,
    at: &str,
    notes: &mut Notes<'_>,
) -> BTreeMap<String, Known> {
    declared
        .iter()
        .map(|(name, field)| (name.clone(), one(field, operation, item, &format!("{at}{name}"), notes)))
        .collect()
}

fn one(field: &Field, operation: &Operation, item: &Node, place: &str, notes: &mut Notes<'_>) -> Known {
    let mut known =
        Known { is_time: matches!(field.kind, FieldKind::Time | FieldKind::TimeMillis), ..Known::default() };
    known.words.extend(field.when_absent.as_ref().and_then(Value::as_str).map(str::to_owned));
    let paths = match &field.at {
        At::Template(text) => {
            notes.see(place, template(operation, item, text));
            return known;
        }
        At::Paths(paths) => paths,
    };
    let mut all: Option<BTreeSet<String>> = Some(BTreeSet::new());
    for path in paths {
        let Some(node) = notes.see(place, operation.walk(item, path)) else { continue };
        if let Some(silence) = &field.when_absent {
            if node.always {
                notes.note(place, format!("`{}` is required, and the read says what silence means", path.source()));
            }
            if let Some(default) = operation.property(&node).default().filter(|default| *default != silence) {
                notes.note(place, format!("silence means {default} by the specification, and {silence} by the read"));
            }
        }
        let leaf = fits(field, path, operation, &node).map_err(|what| format!("`{}` {what}", path.source()));
        let leaf = notes.see(place, leaf);
        let here = leaf.as_ref().and_then(|leaf| operation.property(leaf).values());
        all = all.zip(here).map(|(mut all, here)| {
            all.extend(here);
            all
        });
        if let Some(leaf) = leaf
            && !field.of.is_empty()
        {
            let element = Node { always: true, ..leaf };
            known.of = fields(&field.of, operation, &element, &format!("{place}."), notes);
        }
    }
    known.values = all.filter(|values| !values.is_empty());
    known
}

/// Does the declared type fit? Gives the value itself, or the element of the list that it is.
fn fits(field: &Field, path: &WirePath, operation: &Operation, node: &Node) -> Result<Node, String> {
    // A path through a list is the list of what it leads to.
    let many = if path.is_many() { "array of " } else { "" };
    let kind = format!("{many}{}", operation.kind(node));
    let element = || Node { list: false, ..node.clone() };
    if field.decode.is_some() {
        return Err("is decoded, which no specification knows of".to_owned());
    }
    match (field.kind, kind.as_str()) {
        (FieldKind::Text | FieldKind::ArmId, "string")
        | (FieldKind::Text | FieldKind::Time, "time")
        | (FieldKind::Integer | FieldKind::TimeMillis, "integer")
        | (FieldKind::Decimal, "number" | "integer")
        | (FieldKind::Boolean, "boolean")
        | (FieldKind::Record, "object")
        | (FieldKind::Map, "map" | "object") => Ok(node.clone()),
        (FieldKind::TextList | FieldKind::ArmIds, "array of string") | (FieldKind::Records, "array of object") => {
            Ok(element())
        }
        (FieldKind::ArmIds, "array of object") => {
            operation.step(&element(), "id").and_then(|id| operation.text(&id).map(|()| id))
        }
        (declared, kind) => Err(format!("is a {kind}, and the field is declared as {declared:?}")),
    }
}
