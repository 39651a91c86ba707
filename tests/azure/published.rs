//! The published example answers, read by the reads: nothing in them may get lost.

use farwatch::derive::pages;
use farwatch::model::exchange::Exchange;
use farwatch::model::path::WirePath;
use farwatch::model::plan::{CallId, Outcome};
use farwatch::model::read::{At, Field, FieldKind, Read};
use farwatch::model::resource::ResourceKey;
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Fields that an example has and the read does not take: operation, field, and why. One that is not needed fails.
const LOST: &[(&str, &str, &str)] = &[];

const ACCOUNT: &str = "00000000-0000-0000-0000-000000000001";

/// Published for calls that no read makes; the fake Azure answers with them.
const OF_NO_READ: &[&str] = &["ResourceGraph_Resources_BasicQuery", "ResourceGraph_Resources_FirstPageQuery"];

/// Operation → the answer of its example. A folder of further ones, named in the same way, may be given.
fn examples() -> BTreeMap<String, Value> {
    let further = std::env::var_os("FARWATCH_AZURE_EXAMPLES").map(PathBuf::from);
    let mut found = BTreeMap::new();
    let fake = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure/examples");
    for folder in further.into_iter().chain([super::folder("examples"), fake]) {
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_none_or(|kind| kind != "json") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let whole: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            if OF_NO_READ.contains(&name.as_str()) {
                continue;
            }
            found.insert(name, whole["responses"]["200"]["body"].clone());
        }
    }
    found
}

fn answered(read: &Read) -> Exchange {
    let at = "2026-11-24T00:00:00Z".parse().unwrap();
    Exchange {
        id: "E-1.1".to_owned(),
        of: "E-1".to_owned(),
        call: CallId {
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
            read: read.id.clone(),
            parent: read.for_each.as_ref().map(|_| "/p".to_owned()),
            params: BTreeMap::new(),
        },
        page: 1,
        last: true,
        outcome: Outcome::Answered,
        code: None,
        detail: None,
        action: None,
        caller: String::new(),
        http_status: 200,
        request_id: String::new(),
        started: at,
        finished: at,
        attempts: 1,
        digest: None,
        body: None,
        bytes: 0,
        redacted: Vec::new(),
    }
}

#[test]
fn every_published_example_is_read_without_loss() {
    let (mut wrong, mut lost) = (Vec::new(), BTreeSet::new());
    for (name, body) in examples() {
        let Some(read) = super::OURS.reads.reads.iter().find(|read| read.operation() == name) else {
            wrong.push(format!("{name}: no read has this name"));
            continue;
        };
        let items: Vec<Value> = match &read.items {
            Some(path) => path.find(&body).and_then(Value::as_array).cloned().unwrap_or_default(),
            None => vec![body.clone()],
        };
        let parent = read.for_each.as_ref().map(|kind| ResourceKey {
            kind: kind.clone(),
            account: ACCOUNT.to_owned(),
            region: "global".to_owned(),
            id: "/p".to_owned(),
        });
        let body = body.to_string();
        let (_, page) = pages(std::iter::once(read), &answered(read), body.as_bytes(), parent.as_ref()).remove(0);
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        if items.is_empty() || page.given.len() != items.len() {
            wrong.push(format!("{name}: {} items, and {} resources", items.len(), page.given.len()));
        }
        for id in &page.twice {
            lost.insert((name.clone(), "id".to_owned(), format!("{id} stands there twice")));
        }
        for (item, given) in items.iter().zip(&page.given) {
            let taken: BTreeMap<&str, &Value> =
                given.fields.iter().map(|(name, value)| (name.as_str(), value)).collect();
            look(&read.fields, item, &|field| taken.get(field).copied(), &name, "", &mut lost);
        }
    }
    for (of, field, what) in &lost {
        if !LOST.iter().any(|(operation, path, _)| operation == of && path == field) {
            wrong.push(format!("{of}: {field}: {what}"));
        }
    }
    for (operation, path, why) in LOST {
        assert!(why.len() > 20, "{operation} {path}: say why");
        if !lost.iter().any(|(of, field, _)| of == operation && field == path) {
            wrong.push(format!("no longer needed: {operation} {path}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every declared field that the item has must have been taken, and so must every member of a record.
fn look<'a>(
    fields: &IndexMap<String, Field>,
    item: &Value,
    taken: &dyn Fn(&str) -> Option<&'a Value>,
    of: &str,
    at: &str,
    lost: &mut BTreeSet<(String, String, String)>,
) {
    for (name, field) in fields {
        let place = format!("{at}{name}");
        let At::Paths(paths) = &field.at else { continue };
        let at_path = |path: &WirePath| {
            let many = || path.find_all(item).map(|all| all.into_iter().cloned().collect());
            if path.is_many() { many() } else { path.find(item).cloned() }
        };
        let Some(there) = paths.iter().find_map(at_path) else { continue };
        let mut lose = |what: String| lost.insert((of.to_owned(), place.clone(), what));
        let Some(value) = taken(name) else {
            lose(format!("{there} is not taken"));
            continue;
        };
        match field.kind {
            // An id of nothing is silence, and its meaning is declared.
            FieldKind::Text | FieldKind::Integer | FieldKind::Boolean | FieldKind::TextList | FieldKind::Map => {
                if *value != there {
                    lose(format!("{there} became {value}"));
                }
            }
            FieldKind::Records => {
                let (Some(there), Some(records)) = (there.as_array(), value.as_array()) else {
                    lose(format!("{there} became {value}"));
                    continue;
                };
                if there.len() != records.len() {
                    lose(format!("{} became {} records", there.len(), records.len()));
                }
                for (item, record) in there.iter().zip(records) {
                    look(&field.of, item, &|member| record.get(member), of, &format!("{place}."), lost);
                }
            }
            FieldKind::ArmIds => {
                if there.as_array().map(Vec::len) != value.as_array().map(Vec::len) {
                    lose(format!("{there} became {value}"));
                }
            }
            FieldKind::ArmId | FieldKind::Decimal | FieldKind::Time | FieldKind::TimeMillis | FieldKind::Record => {}
        }
    }
}
