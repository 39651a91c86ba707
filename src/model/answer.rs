//! Stored bytes → one tree of values, whatever the wire format.

use super::path::WirePath;
use super::read::Decoder;
use base64::Engine as _;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

/// Why an answer could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Neither JSON nor XML.
    #[error("the answer is neither JSON nor XML")]
    Format,
    /// JSON, but broken.
    #[error("the JSON answer breaks off or is malformed: {0}")]
    Json(String),
    /// XML, but broken.
    #[error("the XML answer breaks off or is malformed: {0}")]
    Xml(String),
    /// A declared decoder could not be applied.
    #[error("{0}")]
    Decode(String),
    /// The list of items is not where it is declared.
    #[error("the answer has no list at `{0}`")]
    NoList(String),
}

/// Has the format types of its own (JSON), or is everything text (XML, CSV)?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Numbers, booleans and lists are what they say.
    Json,
    /// Everything is text; one element and a list of one look the same.
    Text,
}

/// Deepest nesting that is read; answers of the services are less than 20 deep.
const MAX_DEPTH: usize = 128;

/// Reads an answer. The format is recognised from the bytes: content types lie.
///
/// # Errors
/// [`AnswerError`] when the bytes are not one whole JSON or XML document.
pub fn parse(body: &[u8], decoder: Option<Decoder>) -> Result<(Value, Wire), AnswerError> {
    let (value, wire) = match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => {
            (serde_json::from_slice(body).map_err(|error| AnswerError::Json(error.to_string()))?, Wire::Json)
        }
        Some(b'<') => (xml(body)?, Wire::Text),
        _ => return Err(AnswerError::Format),
    };
    match decoder {
        None => Ok((value, wire)),
        Some(Decoder::Base64Csv) => Ok((credential_csv(&value)?, Wire::Text)),
        Some(decoder) => Ok((decode(&value, decoder)?, wire)),
    }
}

/// Does a text of valid JSON name every member of an object once? Readers differ in which of two counts; ours, whose value
/// this is, takes the later. The colons outside strings are then more than the names that were kept.
#[must_use]
pub fn names_once(text: &[u8], value: &Value) -> bool {
    let (mut colons, mut inside, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = inside,
            b'"' => inside = !inside,
            b':' if !inside => colons += 1,
            _ => {}
        }
    }
    let (mut names, mut left) = (0, vec![value]);
    while let Some(value) = left.pop() {
        match value {
            Value::Object(map) => {
                names += map.len();
                left.extend(map.values());
            }
            Value::Array(list) => left.extend(list),
            _ => {}
        }
    }
    colons == names
}

/// Applies a named decoder to one value.
///
/// # Errors
/// [`AnswerError::Decode`] when the value is not what the decoder expects.
pub fn decode(value: &Value, decoder: Decoder) -> Result<Value, AnswerError> {
    let text = || value.as_str().ok_or_else(|| AnswerError::Decode("expected text to decode".to_owned()));
    match decoder {
        Decoder::Json => serde_json::from_str(text()?).map_err(|error| AnswerError::Decode(error.to_string())),
        Decoder::PercentJson => {
            let plain = percent_encoding::percent_decode_str(text()?)
                .decode_utf8()
                .map_err(|error| AnswerError::Decode(error.to_string()))?;
            serde_json::from_str(&plain).map_err(|error| AnswerError::Decode(error.to_string()))
        }
        Decoder::BucketLocation => {
            // S3 API, GetBucketLocation: "Buckets in Region us-east-1 have a LocationConstraint of null"; `EU` is the
            // old name of eu-west-1. Some servers put the code one element deeper.
            let code = match value {
                Value::String(code) => code.as_str(),
                Value::Object(map) => map
                    .iter()
                    .filter(|(name, _)| !name.starts_with('@'))
                    .find_map(|(_, inner)| inner.as_str())
                    .unwrap_or_default(),
                _ => "",
            };
            let region = match code.trim() {
                "" => "us-east-1",
                "EU" => "eu-west-1",
                code => code,
            };
            Ok(json!({ "region": region }))
        }
        Decoder::Arn => {
            let parts: Vec<&str> = text()?.splitn(6, ':').collect();
            let [prefix, partition, service, region, account, resource] = parts.as_slice() else {
                return Err(AnswerError::Decode(format!("{:?} is not an ARN", text()?)));
            };
            if *prefix != "arn" {
                return Err(AnswerError::Decode(format!("{:?} is not an ARN", text()?)));
            }
            Ok(json!({"partition": partition, "service": service, "region": region, "account": account,
                      "resource": resource}))
        }
        Decoder::Base64Csv => credential_csv(value),
    }
}

/// The IAM credential report: base64 of a CSV, with the time it was generated on every row.
fn credential_csv(value: &Value) -> Result<Value, AnswerError> {
    let content = value
        .get("Content")
        .and_then(Value::as_str)
        .ok_or_else(|| AnswerError::Decode("the report has no Content".to_owned()))?;
    let packed: String = content.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .map_err(|error| AnswerError::Decode(format!("the report is not base64: {error}")))?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let broken = |error: csv::Error| AnswerError::Decode(format!("the report is not CSV: {error}"));
    let heads = reader.headers().map_err(broken)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let mut row: Map<String, Value> =
            heads.iter().zip(record.iter()).map(|(head, cell)| (head.to_owned(), cell.into())).collect();
        if let Some(time) = value.get("GeneratedTime") {
            row.insert("generated_time".to_owned(), time.clone());
        }
        rows.push(Value::Object(row));
    }
    Ok(Value::Array(rows))
}

/// The list at `path`; `None` where the answer has nothing there.
///
/// XML wraps lists in `item` (EC2) or `member` (Query), or repeats the element itself (S3), and writes an empty list
/// as an empty element. JSON lists are lists.
#[must_use]
pub fn list<'a>(answer: &'a Value, path: &WirePath, wire: Wire) -> Option<Vec<&'a Value>> {
    let mut value = answer;
    for (name, _) in path.steps() {
        match value.get(name) {
            Some(inner) => value = inner,
            // `<Buckets/>` has no `Bucket` in it, and is the empty list of them.
            None if wire == Wire::Text && is_empty_element(value) && !std::ptr::eq(value, answer) => {
                return Some(vec![]);
            }
            None => return None,
        }
    }
    as_list(value, wire)
}

fn is_empty_element(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A value as a list; see [`list`].
#[must_use]
pub fn as_list(value: &Value, wire: Wire) -> Option<Vec<&Value>> {
    match (value, wire) {
        (Value::Array(items), _) => Some(items.iter().collect()),
        (_, Wire::Json) | (Value::Null, Wire::Text) => None,
        (Value::String(_), Wire::Text) if is_empty_element(value) => Some(vec![]),
        (Value::Object(map), Wire::Text) if map.len() == 1 => match map.get("item").or_else(|| map.get("member")) {
            Some(inner) => match inner {
                // `<item/>` is one empty item; a list of none has no `item` at all.
                Value::Array(items) => Some(items.iter().collect()),
                one => Some(vec![one]),
            },
            None => Some(vec![value]),
        },
        (_, Wire::Text) => Some(vec![value]),
    }
}

/// XML → values: an element with children is an object, repeated children are a list, an element without is text.
/// Attributes carry `@`; the root's name is dropped, and so is a lone `…Result` below it (Query protocol).
fn xml(body: &[u8]) -> Result<Value, AnswerError> {
    struct Open {
        name: String,
        children: Map<String, Value>,
        text: String,
    }
    let broken = |what: String| AnswerError::Xml(what);
    let text = std::str::from_utf8(body).map_err(|error| broken(error.to_string()))?;
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<(String, Value)> = None;
    loop {
        match reader.read_event().map_err(|error| broken(error.to_string()))? {
            Event::Start(start) => {
                if root.is_some() || open.len() >= MAX_DEPTH {
                    return Err(broken("more than one root, or nested too deep".to_owned()));
                }
                let mut children = Map::new();
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(|error| broken(error.to_string()))?;
                    let name = attribute.key.as_ref().to_owned();
                    if !name.starts_with("xmlns") {
                        let value = attribute.value.into_owned();
                        children.insert(format!("@{name}"), value.into());
                    }
                }
                let name = start.local_name().as_ref().to_owned();
                open.push(Open { name, children, text: String::new() });
            }
            Event::Text(piece) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece.into_inner());
                }
            }
            Event::CData(piece) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece.into_inner());
                }
            }
            Event::GeneralRef(reference) => {
                let name = reference.to_string();
                let resolved = entity(&name).ok_or_else(|| broken(format!("unknown entity &{name};")))?;
                if let Some(element) = open.last_mut() {
                    element.text.push(resolved);
                }
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| broken("an end without a start".to_owned()))?;
                let value = if element.children.is_empty() {
                    Value::String(element.text)
                } else {
                    let mut children = element.children;
                    let text = element.text.trim();
                    if !text.is_empty() {
                        children.insert("#text".to_owned(), text.into());
                    }
                    Value::Object(children)
                };
                match open.last_mut() {
                    None => root = Some((element.name, value)),
                    Some(parent) => match parent.children.get_mut(&element.name) {
                        None => {
                            parent.children.insert(element.name, value);
                        }
                        Some(Value::Array(items)) => items.push(value),
                        Some(first) => *first = Value::Array(vec![first.take(), value]),
                    },
                }
            }
            Event::Eof => break,
            Event::DocType(_) => return Err(broken("a document type is not expected".to_owned())),
            // Empty elements are expanded into start and end.
            Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    if !open.is_empty() {
        return Err(broken("it ends in the middle".to_owned()));
    }
    let (name, value) = root.ok_or_else(|| broken("it is empty".to_owned()))?;
    if let (Some(operation), Value::Object(map)) = (name.strip_suffix("Response"), &value)
        && let Some(result) = map.get(&format!("{operation}Result"))
    {
        return Ok(result.clone());
    }
    Ok(value)
}

/// The five named entities of XML and character references.
fn entity(name: &str) -> Option<char> {
    match name {
        "quot" => Some('"'),
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(body: &str) -> Value {
        parse(body.as_bytes(), None).unwrap().0
    }

    #[test]
    fn xml_lists_in_every_style() {
        let ec2 = value("<R><vpcSet><item><id>a</id></item><item><id>b</id></item></vpcSet></R>");
        let path = WirePath::parse("vpcSet");
        assert_eq!(list(&ec2, &path, Wire::Text).unwrap().len(), 2);
        let one = value("<R><vpcSet><item><id>a</id></item></vpcSet></R>");
        assert_eq!(list(&one, &path, Wire::Text).unwrap(), vec![&json!({"id": "a"})]);
        let none = value("<R><vpcSet/><x>1</x></R>");
        assert_eq!(list(&none, &path, Wire::Text).unwrap().len(), 0);
        assert_eq!(list(&value("<R><x>1</x></R>"), &path, Wire::Text), None);
        let flat = value("<L><Rule><ID>1</ID></Rule></L>");
        assert_eq!(list(&flat, &WirePath::parse("Rule"), Wire::Text).unwrap().len(), 1);
        let buckets = value("<L><Owner/><Buckets/></L>");
        assert_eq!(list(&buckets, &WirePath::parse("Buckets.Bucket"), Wire::Text).unwrap().len(), 0);
    }

    #[test]
    fn query_results_are_unwrapped_and_entities_resolved() {
        let answer = value("<GetXResponse><GetXResult><A>1 &lt; 2 &#x41;</A></GetXResult><M/></GetXResponse>");
        assert_eq!(answer, json!({"A": "1 < 2 A"}));
    }

    #[test]
    fn cut_documents_are_refused() {
        assert!(matches!(parse(b"<R><vpcSet><item>", None), Err(AnswerError::Xml(_))));
        assert!(matches!(parse(b"{\"a\": [1,", None), Err(AnswerError::Json(_))));
        assert!(matches!(parse(b"", None), Err(AnswerError::Format)));
        assert!(matches!(parse(b"Service Unavailable", None), Err(AnswerError::Format)));
        assert!(matches!(parse("<a>".repeat(200).as_bytes(), None), Err(AnswerError::Xml(_))));
    }

    #[test]
    fn decoders() {
        assert_eq!(
            parse(b"<LocationConstraint/>", Some(Decoder::BucketLocation)).unwrap().0,
            json!({"region": "us-east-1"})
        );
        assert_eq!(
            parse(b"<LocationConstraint>us-west-2</LocationConstraint>", Some(Decoder::BucketLocation)).unwrap().0,
            json!({"region": "us-west-2"})
        );
        let policy = decode(&json!("%7B%22a%22%3A1%7D"), Decoder::PercentJson).unwrap();
        assert_eq!(policy, json!({"a": 1}));
        let arn = decode(&json!("arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1:2"), Decoder::Arn).unwrap();
        assert_eq!(arn["resource"], "key/1:2");
        assert!(decode(&json!("key/1"), Decoder::Arn).is_err());
        let csv = base64::engine::general_purpose::STANDARD.encode("user,mfa_active\n\"a,b\",true\n");
        let report = json!({"Content": csv, "GeneratedTime": "2026-01-01T00:00:00Z"});
        let rows = parse(report.to_string().as_bytes(), Some(Decoder::Base64Csv)).unwrap().0;
        assert_eq!(rows[0], json!({"user": "a,b", "mfa_active": "true", "generated_time": "2026-01-01T00:00:00Z"}));
    }
}
