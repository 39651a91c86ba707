//! What reads expect of answers, beside botocore's models of them.

use super::Oracle;
use super::known::{Known, Types, Wrong};
use farwatch::controls::Controls;
use farwatch::model::path::{Of, WirePath};
use farwatch::model::read::{At, Decoder, Field, FieldKind, Read};
use farwatch::model::template::Template;
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A place in an answer.
#[derive(Clone, Copy)]
enum Node<'a> {
    /// A value, as its model's edge describes it.
    Value(&'a Value),
    /// The repeated elements of a list, in XML.
    Items(&'a Value),
}

/// botocore's model of one operation.
#[derive(Clone, Copy)]
struct Model<'a>(&'a Value);

impl<'a> Model<'a> {
    fn xml(self) -> bool {
        matches!(self.0["protocol"].as_str(), Some("query" | "ec2" | "rest-xml"))
    }

    fn shape(self, edge: &Value) -> &'a Value {
        &self.0["shapes"][edge["shape"].as_str().unwrap_or_default()]
    }

    fn root(self) -> Result<Node<'a>, String> {
        let output = &self.0["output"];
        if output.is_null() { Err("the answer has no content".to_owned()) } else { Ok(Node::Value(output)) }
    }

    fn walk(self, from: Node<'a>, path: &WirePath) -> Result<Node<'a>, String> {
        path.steps().iter().try_fold(from, |node, (name, of)| {
            let found = self.step(node, name)?;
            match of {
                Of::Itself => Ok(found),
                Of::Every | Of::First => self.element(found).map_err(|what| format!("`{name}` {what}")),
                Of::Members => Err("the oracle does not look into maps".to_owned()),
            }
        })
    }

    fn step(self, node: Node<'a>, name: &str) -> Result<Node<'a>, String> {
        let Node::Value(edge) = node else { return Err(format!("`{name}` is looked for in a list")) };
        let shape = self.shape(edge);
        let shape_name = edge["shape"].as_str().unwrap_or_default();
        match shape["type"].as_str() {
            Some("structure") => {
                let members = shape["members"].as_object().expect("members");
                let of_body = || members.values().filter(|member| member["location"].is_null());
                let Some(member) = of_body().find(|member| member["wire"] == name) else {
                    let names: Vec<&str> = of_body().filter_map(|member| member["wire"].as_str()).collect();
                    return Err(format!("{shape_name} has no `{name}`; it has {}", names.join(", ")));
                };
                let repeated = self.xml() && self.shape(member)["type"] == "list" && member["flattened"] == true;
                Ok(if repeated { Node::Items(member) } else { Node::Value(member) })
            }
            Some("list") if self.xml() && shape["member"]["wire"] == name => Ok(Node::Items(edge)),
            Some("map") => {
                if self.xml()
                    && (edge["flattened"] == true || shape["key"]["wire"] != "key" || shape["value"]["wire"] != "value")
                {
                    return Err(format!("{shape_name} is a map that is not written as entries of key and value"));
                }
                let keys = values(self.shape(&shape["key"]));
                match keys {
                    Some(keys) if !keys.contains(name) => Err(format!("{shape_name} has no key `{name}`")),
                    _ => Ok(Node::Value(&shape["value"])),
                }
            }
            other => Err(format!("{shape_name} is a {}; `{name}` cannot be in it", other.unwrap_or("nothing"))),
        }
    }

    /// The element of a list.
    fn element(self, node: Node<'a>) -> Result<Node<'a>, String> {
        let (Node::Value(edge) | Node::Items(edge)) = node;
        let shape = self.shape(edge);
        if shape["type"] != "list" {
            return Err(format!("is a {}, not a list", shape["type"].as_str().unwrap_or_default()));
        }
        let item = shape["member"]["wire"].as_str().unwrap_or_default();
        match node {
            Node::Value(_) if self.xml() && !matches!(item, "item" | "member") => {
                Err(format!("is what is around the list; its elements are `{item}`"))
            }
            _ => Ok(Node::Value(&shape["member"])),
        }
    }

    fn type_of(self, node: Node<'a>) -> &'a str {
        match node {
            Node::Value(edge) => self.shape(edge)["type"].as_str().unwrap_or_default(),
            Node::Items(_) => "list",
        }
    }

    /// Is it a text, such as an id or a token can be?
    fn text(self, node: Node<'a>) -> Result<(), String> {
        match self.type_of(node) {
            "string" | "blob" => Ok(()),
            other => Err(format!("is a {other}, not a text")),
        }
    }
}

/// The values of an enumeration.
fn values(shape: &Value) -> Option<BTreeSet<String>> {
    let values: BTreeSet<String> =
        shape["enum"].as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    (!values.is_empty()).then_some(values)
}

struct Notes<'a> {
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

pub(super) fn compare(controls: &Controls, oracle: &Oracle, wrong: &mut BTreeSet<Wrong>) -> Types {
    let mut types = Types::new();
    for read in &controls.reads.reads {
        let ask =
            |operation: &str| oracle.ask(&json!({"ask": "model", "service": read.service, "operation": operation}));
        let mut notes = Notes { read, wrong };
        let generated = read.generate.as_ref().map(|generate| {
            ask(generate.call.split_once(':').map_or(generate.call.as_str(), |(_, operation)| operation))
        });
        let Some(model) = ask(read.operation()) else { continue };
        if let Some(error) = model["error"].as_str() {
            notes.note("read", error);
            continue;
        }
        if let Some(model) = generated.flatten() {
            generate(read, Model(model), &mut notes);
        }
        input(read, Model(model), &mut notes);
        settles(read, Model(model), &mut notes);
        let fields = output(read, Model(model), &mut notes);
        if let Some(kind) = read.gives() {
            let known = types.entry(kind.to_owned()).or_default();
            for (name, field) in fields {
                known.entry(name).or_default().push(field);
            }
        }
    }
    types
}

fn generate(read: &Read, model: Model<'_>, notes: &mut Notes<'_>) {
    let Some(generate) = &read.generate else { return };
    let state = model.root().and_then(|root| model.walk(root, &generate.state));
    if let Some(Node::Value(edge)) = notes.see("generate", state)
        && let Some(values) = values(model.shape(edge))
        && !values.contains(&generate.done)
    {
        notes.note("generate", format!("`{}` is not among {values:?}", generate.done));
    }
}

fn input(read: &Read, model: Model<'_>, notes: &mut Notes<'_>) {
    let input = model.0["input"].as_object().expect("input");
    let has = |place: &str, name: &str, notes: &mut Notes<'_>| {
        if !input.contains_key(name) {
            let names: Vec<&str> = input.keys().map(String::as_str).collect();
            notes.note(place, format!("the request has no `{name}`; it has {}", names.join(", ")));
        }
    };
    for name in read.request.keys() {
        has("request", name, notes);
    }
    if let Some(pages) = &read.pages {
        has("pages.request", &pages.request, notes);
        for (name, value) in &pages.size {
            has("pages.size", name, notes);
            let bounds = &model.0["bounds"][name];
            let size = value.as_i64();
            if !bounds.is_object()
                || size.is_none()
                || bounds["min"].as_i64().is_some_and(|min| size < Some(min))
                || bounds["max"].as_i64().is_some_and(|max| size > Some(max))
            {
                notes.note("pages.size", format!("{name}: {value} is not a number within {bounds}"));
            }
        }
    } else if !model.0["pages"].is_null() {
        notes.note("pages", format!("the answer has pages, and the read does not ask for them: {}", model.0["pages"]));
    }
}

fn settles(read: &Read, model: Model<'_>, notes: &mut Notes<'_>) {
    for settle in &read.settles {
        let has =
            |list: &str| model.0[list].as_array().is_some_and(|codes| codes.iter().any(|code| *code == settle.code));
        if !has("errors") && !has("service_errors") {
            notes.note(format!("settles {}", settle.code), "the model has no such error");
        }
    }
}

fn output(read: &Read, model: Model<'_>, notes: &mut Notes<'_>) -> BTreeMap<String, Known> {
    let Some(root) = notes.see("answer", model.root()) else { return BTreeMap::new() };
    if let Some(wrapper) = model.0["wrapper"].as_str()
        && wrapper != format!("{}Result", read.operation())
    {
        notes.note("answer", format!("the result stands in {wrapper}"));
    }
    pages(read, model, root, notes);
    for path in &read.redact {
        if model.xml() {
            notes.note("redact", "declared places are for JSON answers");
        }
        // A whole structure may be removed, too.
        for path in std::iter::once(path.at.clone()).chain(path.but.iter().map(|but| path.at.join(but))) {
            let found = model.walk(root, &path);
            notes.see("redact", found.map_err(|what| format!("{}: {what}", path.source())));
        }
    }
    match read.decode {
        None => {}
        Some(Decoder::BucketLocation) => return location(read, model, root, notes),
        Some(Decoder::Base64Csv) => return columns(read, model, root, notes),
        Some(decoder) => notes.note("decode", format!("the oracle does not know {decoder:?} on a whole answer")),
    }
    let item = match &read.items {
        None => root,
        Some(path) => {
            let list = model
                .walk(root, path)
                .and_then(|list| model.element(list).map_err(|what| format!("`{}` {what}", path.source())));
            let Some(item) = notes.see("items", list) else { return BTreeMap::new() };
            item
        }
    };
    if let Some(from) = &read.id_from {
        let found = if from.contains('{') {
            template(model, item, &Template::parse(from).expect("a loaded template"))
        } else {
            model.walk(item, &WirePath::parse(from)).and_then(|node| model.text(node))
        };
        notes.see("id_from", found);
    }
    if let Some(path) = &read.home_region {
        notes.see("home_region", model.walk(item, path).and_then(|node| model.text(node)));
    }
    let mut known = fields(&read.fields, model, item, "field ", notes);
    for settle in &read.settles {
        for (name, value) in &settle.fields {
            if let (Some(field), Some(word)) = (known.get_mut(name), value.as_str()) {
                field.words.insert(word.to_owned());
            }
        }
    }
    known
}

fn pages(read: &Read, model: Model<'_>, root: Node<'_>, notes: &mut Notes<'_>) {
    let Some(pages) = &read.pages else { return };
    let token = if pages.answer.source() == "last_item" {
        let items = read.items.as_ref().ok_or_else(|| "there are no items".to_owned());
        items.and_then(|items| model.walk(root, items)).and_then(|list| model.element(list))
    } else {
        model.walk(root, &pages.answer)
    };
    notes.see("pages.answer", token.and_then(|node| model.text(node)));
    if let Some(more) = &pages.more {
        let kind = model.walk(root, more).map(|node| model.type_of(node));
        if let Some(kind) = notes.see("pages.more", kind)
            && kind != "boolean"
        {
            notes.note("pages.more", format!("is a {kind}"));
        }
    }
}

/// The decoder gives `region` only.
fn location(read: &Read, model: Model<'_>, root: Node<'_>, notes: &mut Notes<'_>) -> BTreeMap<String, Known> {
    notes.see("decode", model.walk(root, &WirePath::parse("LocationConstraint")).and_then(|node| model.text(node)));
    let gives = json!({"protocol": "json", "shapes": {
        "Decoded": {"type": "structure", "members": {"region": {"wire": "region", "shape": "Region"}}},
        "Region": {"type": "string"}}});
    let edge = json!({"shape": "Decoded"});
    fields(&read.fields, Model(&gives), Node::Value(&edge), "field ", notes)
}

/// The columns of a CSV report are in no model.
fn columns(read: &Read, model: Model<'_>, root: Node<'_>, notes: &mut Notes<'_>) -> BTreeMap<String, Known> {
    for (name, kind) in [("Content", "blob"), ("GeneratedTime", "timestamp")] {
        let found = model.walk(root, &WirePath::parse(name)).map(|node| model.type_of(node));
        if let Some(found) = notes.see("decode", found)
            && found != kind
        {
            notes.note("decode", format!("{name} is a {found}"));
        }
    }
    let paths = read.fields.values().flat_map(|field| match &field.at {
        At::Paths(paths) => paths.iter().map(|path| path.source().to_owned()).collect(),
        At::Template(_) => Vec::new(),
    });
    for column in paths.chain(read.id_from.clone()).filter(|column| column != "generated_time") {
        notes.note(format!("column {column}"), "the model does not say what is in the report");
    }
    read.fields.keys().map(|name| (name.clone(), Known::default())).collect()
}

fn template(model: Model<'_>, item: Node<'_>, template: &Template) -> Result<(), String> {
    for place in template.places() {
        match place {
            [first, rest @ ..] if first == "item" => {
                let path = if rest.is_empty() { ".".to_owned() } else { rest.join(".") };
                model.walk(item, &WirePath::parse(&path)).and_then(|node| model.text(node))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn fields(
    declared: &IndexMap<String, Field>,
    model: Model<'_>,
    item: Node<'_>,
    at: &str,
    notes: &mut Notes<'_>,
) -> BTreeMap<String, Known> {
    declared
        .iter()
        .map(|(name, field)| (name.clone(), one(field, model, item, &format!("{at}{name}"), notes)))
        .collect()
}

fn one(field: &Field, model: Model<'_>, item: Node<'_>, place: &str, notes: &mut Notes<'_>) -> Known {
    let mut known =
        Known { is_time: matches!(field.kind, FieldKind::Time | FieldKind::TimeMillis), ..Known::default() };
    known.words.extend(field.when_absent.as_ref().and_then(Value::as_str).map(str::to_owned));
    let paths = match &field.at {
        At::Template(text) => {
            notes.see(place, template(model, item, text));
            return known;
        }
        At::Paths(paths) => paths,
    };
    let mut all: Option<BTreeSet<String>> = Some(BTreeSet::new());
    for path in paths {
        let Some(node) = notes.see(place, model.walk(item, path)) else { continue };
        let leaf = notes.see(place, fits(field, model, node).map_err(|what| format!("`{}` {what}", path.source())));
        if field.decode.is_some() {
            all = None;
            continue;
        }
        let here = match leaf {
            Some(Node::Value(edge)) => values(model.shape(edge)),
            _ => None,
        };
        all = all.zip(here).map(|(mut all, here)| {
            all.extend(here);
            all
        });
        if let Some(leaf) = leaf
            && !field.of.is_empty()
        {
            known.of = fields(&field.of, model, leaf, &format!("{place}."), notes);
        }
    }
    known.values = all.filter(|values| !values.is_empty());
    known
}

/// Does the declared type fit? Gives the value itself, or the element of the list that it is.
fn fits<'a>(field: &Field, model: Model<'a>, node: Node<'a>) -> Result<Node<'a>, String> {
    let kind = model.type_of(node);
    let refuse = |node| if kind.is_empty() { Err("is nothing".to_owned()) } else { Ok(node) };
    let expected = |what: &str| Err(format!("is a {kind}, and the field is declared as {what}"));
    if let Some(decoder) = field.decode {
        return if kind == "string" { Ok(node) } else { expected(&format!("text for the decoder {decoder:?}")) };
    }
    match (field.kind, kind) {
        (FieldKind::Text, "string" | "blob")
        | (FieldKind::Integer | FieldKind::TimeMillis, "integer" | "long")
        | (FieldKind::Decimal, "double" | "float" | "integer" | "long")
        | (FieldKind::Boolean, "boolean")
        | (FieldKind::Record, "structure")
        | (FieldKind::Map, "map" | "structure") => refuse(node),
        // In XML a time is a text.
        (FieldKind::Text, "timestamp") if model.xml() => Ok(node),
        (FieldKind::Time, "timestamp") => {
            let Node::Value(edge) = node else { return expected("time") };
            match (edge["format"].as_str(), model.xml()) {
                (None | Some("iso8601"), _) | (Some("unixTimestamp"), false) => Ok(node),
                (Some(format), _) => Err(format!("is a time written as {format}, which is not read")),
            }
        }
        (FieldKind::TextList, "list") => {
            let element = model.element(node)?;
            model.text(element).map(|()| element)
        }
        (FieldKind::Records, "list") => {
            let element = model.element(node)?;
            match model.type_of(element) {
                "structure" => Ok(element),
                other => Err(format!("is a list of {other}, not of records")),
            }
        }
        (FieldKind::Map, "list") => {
            let element = model.element(node)?;
            let pair = |key: &str, value: &str| model.step(element, key).and(model.step(element, value)).is_ok();
            if pair("key", "value") || pair("Key", "Value") { Ok(node) } else { expected("map") }
        }
        (declared, _) => expected(&format!("{declared:?}")),
    }
}
