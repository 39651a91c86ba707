//! What an Amazon `EventBridge` event pattern lets through.
//!
//! Sources, in this order: the *Amazon `EventBridge` User Guide*, "Event pattern syntax" (with its "considerations"),
//! "Comparison operators for use in event patterns", "Matching events on null values and empty strings", "Arrays in
//! event patterns"; and `aws/event-ruler`, the engine that AWS published for `EventBridge` ("JSON Array Matching",
//! "Exists matching", "The `$or` Primitive"). An answer is given where they say one. Where they disagree, or say
//! nothing, it is `None`, never a guess:
//!
//! * the guide matches numbers "at the string representation level" (300, 300.0 and 3.0e2 differ), the engine by value:
//!   the same number written otherwise is unknown; the same goes for an IP address written otherwise;
//! * letters beyond ASCII under `equals-ignore-case`, if the two texts are not the same;
//! * `anything-but` on another type than its own, on an object, or on a list of which only some values match;
//! * `exists` on an empty list; a list of several objects under a pattern with `$or` or `exists: false`;
//! * field names with a dot, which the engine cannot tell from nesting; a field named twice (the guide takes the later
//!   one, the engine may join or refuse them); `$or` that may be a field's name;
//! * every operator that is not listed here, and every operator written otherwise than the guide does.

use ipnet::IpNet;
use serde_json::{Map, Number, Value, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// Bytes. `EventBridge` takes patterns of 2,048 characters, more on request ("`EventBridge` quotas").
const MAX_TEXT: usize = 16 * 1024;
const MAX_DEPTH: usize = 64;
/// Digits that compare exactly, and the bounds of `numeric` ("15 digits of precision", -5.0e9 to +5.0e9, six digits
/// after the point).
const MAX_DIGITS: usize = 15;
const MAX_NUMERIC: f64 = 5.0e9;
const LEAST_STEP: f64 = 1.0e-6;
/// Steps that one wildcard may take.
const MAX_STEPS: usize = 4_000_000;

/// The words that the engine does not take for field names inside `$or`.
const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// Why a pattern cannot be read, in a short sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much of a class of events a pattern lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Share {
    /// Every event of the class.
    All,
    /// Some events surely, and some surely not. What is only doubtful is not named.
    Some {
        /// What is surely not let through, in words.
        missed: Vec<String>,
    },
    /// No event of the class.
    None,
    /// It cannot be told.
    Unknown,
}

/// An event pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    root: Node,
    /// Every number is written as it is printed here, so that its written form can be compared.
    plain: bool,
    /// Holds `$or` or `exists: false`: fields that belong together may not be in one object.
    joined: bool,
}

/// One level of a pattern.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    All(Vec<Node>),
    Or(Vec<Node>),
    Field(String, Box<Node>),
    Leaf(Vec<Test>),
    /// Not certain how the levels hang together; then the whole pattern is.
    Unclear,
}

/// One alternative for a value.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Prefix(String, Case),
    Suffix(String, Case),
    Ignore(String),
    Wildcard(Vec<Piece>),
    Numeric(Vec<(Bound, f64)>),
    Cidr(IpNet),
    Exists(bool),
    But(Vec<Test>),
    Unclear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Kept,
    Ignored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Any,
    One(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Equal,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// A place in an event.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Value(&'a Value),
    Missing,
    /// Any value, or none.
    Open,
}

impl Pattern {
    /// The JSON text of a rule's `EventPattern`.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.len() > MAX_TEXT {
            return Err(unreadable("the pattern is longer than EventBridge takes"));
        }
        let value: Value = serde_json::from_str(text).map_err(|_| unreadable("the pattern is not JSON"))?;
        let written = Written::of(text);
        if written.members != members(&value) {
            return Err(unreadable("the pattern names a field twice"));
        }
        if written.digits > MAX_DIGITS {
            return Err(unreadable("a number has more digits than can be compared exactly"));
        }
        let Value::Object(fields) = &value else {
            return Err(unreadable("the pattern is not a JSON object"));
        };
        let root = object(fields, false, 0)?;
        Ok(Self { joined: root.joins(), root, plain: written.plain })
    }

    /// Whether an event matches; `None` if it cannot be told. The numbers of the event count as written the way that
    /// `serde_json` prints them.
    #[cfg(test)]
    pub(super) fn matches(&self, event: &Value) -> Option<bool> {
        event.is_object().then(|| Look { pattern: self, open: false }.node(&self.root, Place::Value(event))).flatten()
    }

    /// The same for an event of which only a part is given: a field that is not there may have any value.
    pub(super) fn matches_part(&self, event: &Value) -> Option<bool> {
        Look { pattern: self, open: true }.node(&self.root, Place::Value(event))
    }
}

fn unreadable(why: &str) -> Unreadable {
    Unreadable(why.to_owned())
}

/// What parsing loses of a text of valid JSON.
struct Written {
    members: usize,
    /// Digits of the longest number.
    digits: usize,
    plain: bool,
}

impl Written {
    fn of(text: &str) -> Self {
        let mut all = Self { members: 0, digits: 0, plain: true };
        let mut number = String::new();
        let (mut quoted, mut escaped) = (false, false);
        // The blank at the end closes a number.
        for c in text.chars().chain([' ']) {
            if quoted {
                (quoted, escaped) = (escaped || c != '"', !escaped && c == '\\');
            } else if c.is_ascii_digit() || c == '-' || (!number.is_empty() && matches!(c, '.' | 'e' | 'E' | '+')) {
                number.push(c);
            } else {
                if !number.is_empty() {
                    all.number(&number);
                    number.clear();
                }
                quoted = c == '"';
                all.members += usize::from(c == ':');
            }
        }
        all
    }

    fn number(&mut self, text: &str) {
        let digits = text.chars().take_while(|c| !matches!(c, 'e' | 'E')).filter(char::is_ascii_digit).count();
        self.digits = self.digits.max(digits);
        self.plain &= text.parse::<Number>().is_ok_and(|number| number.to_string() == text);
    }
}

/// The members of all objects: fewer than were written if one was written twice.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.len() + fields.values().map(members).sum::<usize>(),
        Value::Array(values) => values.iter().map(members).sum(),
        _ => 0,
    }
}

fn object(fields: &Map<String, Value>, in_or: bool, depth: usize) -> Result<Node, Unreadable> {
    if fields.is_empty() {
        return Err(unreadable("the pattern has an empty object"));
    }
    if depth >= MAX_DEPTH {
        return Err(unreadable("the pattern is nested too deeply"));
    }
    let (mut parts, mut unclear) = (Vec::new(), false);
    for (name, value) in fields {
        unclear |= name.contains('.') || (in_or && RESERVED.contains(&name.as_str()));
        let part = if name == "$or" { either(value, depth)? } else { field(name, value, in_or, depth)? };
        unclear |= part == Node::Unclear;
        parts.push(part);
    }
    // In the engine, the later of two conditions on one field replaces the earlier.
    unclear |= parts.iter().filter(|part| matches!(part, Node::Or(_))).any(|or| {
        let mut of_or = BTreeSet::new();
        or.paths("", &mut of_or);
        let mut others = BTreeSet::new();
        parts.iter().filter(|part| !matches!(part, Node::Or(_))).for_each(|part| part.paths("", &mut others));
        !of_or.is_disjoint(&others)
    });
    Ok(if unclear { Node::Unclear } else { Node::All(parts) })
}

fn field(name: &str, value: &Value, in_or: bool, depth: usize) -> Result<Node, Unreadable> {
    let inner = match value {
        Value::Object(fields) => object(fields, in_or, depth + 1)?,
        Value::Array(tests) if tests.is_empty() => return Err(unreadable("the pattern has an empty list")),
        Value::Array(tests) => Node::Leaf(tests.iter().map(test).collect()),
        _ => return Err(unreadable("a field of the pattern is neither an object nor a list")),
    };
    Ok(if inner == Node::Unclear { inner } else { Node::Field(name.to_owned(), Box::new(inner)) })
}

/// `$or`: a list of two or more objects; anything else could be a field of that name.
fn either(value: &Value, depth: usize) -> Result<Node, Unreadable> {
    let Some(branches) = value.as_array().filter(|branches| branches.len() > 1) else {
        return Ok(Node::Unclear);
    };
    let mut all = Vec::new();
    for branch in branches {
        let Value::Object(fields) = branch else {
            return Ok(Node::Unclear);
        };
        all.push(object(fields, true, depth + 1)?);
    }
    Ok(if all.contains(&Node::Unclear) { Node::Unclear } else { Node::Or(all) })
}

impl Node {
    fn joins(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::joins),
            Self::Field(_, inner) => inner.joins(),
            Self::Leaf(tests) => tests.contains(&Test::Exists(false)),
            Self::Or(_) | Self::Unclear => true,
        }
    }

    /// The names of the fields that have conditions. No name has a dot.
    fn paths(&self, under: &str, found: &mut BTreeSet<String>) {
        match self {
            Self::All(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.paths(under, found)),
            Self::Field(name, inner) => inner.paths(&format!("{under}.{name}"), found),
            Self::Leaf(_) | Self::Unclear => drop(found.insert(under.to_owned())),
        }
    }
}

/// "Comparison operators for use in event patterns".
fn test(value: &Value) -> Test {
    match value {
        Value::Null => Test::Null,
        Value::Bool(is) => Test::Bool(*is),
        Value::Number(number) => Test::Number(number.clone()),
        Value::String(text) => Test::Text(text.clone()),
        Value::Array(_) => Test::Unclear,
        Value::Object(_) => operator(value).unwrap_or(Test::Unclear),
    }
}

fn operator(value: &Value) -> Option<Test> {
    let (name, operand) = only(value)?;
    match name {
        "exists" => operand.as_bool().map(Test::Exists),
        "anything-but" => anything_but(operand),
        "numeric" => numeric(operand.as_array()?),
        "cidr" => cidr(operand.as_str()?),
        _ => on_text(name, operand),
    }
}

/// The one member of an object.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let mut members = value.as_object()?.iter();
    let (name, operand) = members.next()?;
    members.next().is_none().then_some((name.as_str(), operand))
}

fn on_text(name: &str, operand: &Value) -> Option<Test> {
    let (text, case) = match only(operand) {
        Some(("equals-ignore-case", inner)) => (inner.as_str()?, Case::Ignored),
        _ => (operand.as_str()?, Case::Kept),
    };
    match (name, case) {
        ("prefix", _) => Some(Test::Prefix(text.to_owned(), case)),
        ("suffix", _) => Some(Test::Suffix(text.to_owned(), case)),
        ("equals-ignore-case", Case::Kept) => Some(Test::Ignore(text.to_owned())),
        ("wildcard", Case::Kept) => wildcard(text),
        _ => None,
    }
}

/// "Anything-but matching": texts or numbers, not both; or `prefix`, `suffix`, `equals-ignore-case`, `wildcard`.
fn anything_but(operand: &Value) -> Option<Test> {
    if let Some((name, inner)) = only(operand) {
        // No combination with a prefix that ignores case is documented, and no empty prefix or suffix.
        let one = |text: &Value| text.as_str().filter(|text| !text.is_empty()).and_then(|_| on_text(name, text));
        return each(inner, one).map(Test::But);
    }
    let tests = each(operand, |value| match test(value) {
        plain @ (Test::Text(_) | Test::Number(_)) => Some(plain),
        _ => None,
    })?;
    let texts = tests.iter().filter(|test| matches!(test, Test::Text(_))).count();
    (texts == 0 || texts == tests.len()).then_some(Test::But(tests))
}

/// One value, or a list of at least one.
fn each(value: &Value, one: impl Fn(&Value) -> Option<Test>) -> Option<Vec<Test>> {
    match value {
        Value::Array(values) if values.is_empty() => None,
        Value::Array(values) => values.iter().map(one).collect(),
        _ => Some(vec![one(value)?]),
    }
}

/// "Wildcard matching": `*`, with `\*` and `\\` for themselves. Two `*` in a row are not allowed.
fn wildcard(text: &str) -> Option<Test> {
    let mut pieces = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let piece = match c {
            '\\' => Piece::One(chars.next().filter(|c| matches!(c, '*' | '\\'))?),
            '*' => Piece::Any,
            _ => Piece::One(c),
        };
        if piece == Piece::Any && pieces.last() == Some(&Piece::Any) {
            return None;
        }
        pieces.push(piece);
    }
    Some(Test::Wildcard(pieces))
}

/// "Numeric matching": one bound, or a lower and then an upper one.
fn numeric(operand: &[Value]) -> Option<Test> {
    let mut bounds = Vec::new();
    for pair in operand.chunks(2) {
        let [bound, number] = pair else { return None };
        let bound = match bound.as_str()? {
            "=" => Bound::Equal,
            "<" => Bound::Below,
            "<=" => Bound::AtMost,
            ">" => Bound::Above,
            ">=" => Bound::AtLeast,
            _ => return None,
        };
        bounds.push((bound, number.as_f64().filter(|number| number.abs() <= MAX_NUMERIC)?));
    }
    match bounds.as_slice() {
        [_] => Some(Test::Numeric(bounds)),
        [(Bound::Above | Bound::AtLeast, from), (Bound::Below | Bound::AtMost, to)] if from < to => {
            Some(Test::Numeric(bounds))
        }
        _ => None,
    }
}

/// "IP address matching". The engine takes no range of a single address.
fn cidr(text: &str) -> Option<Test> {
    let net: IpNet = text.parse().ok()?;
    (net.prefix_len() < net.max_prefix_len()).then_some(Test::Cidr(net))
}

fn all(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

fn any(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(answers.into_iter().map(|answer| answer.map(|is| !is))).map(|none| !none)
}

/// One evaluation.
struct Look<'a> {
    pattern: &'a Pattern,
    open: bool,
}

impl Look<'_> {
    /// As deep as the pattern, whatever the event.
    fn node(&self, node: &Node, place: Place<'_>) -> Option<bool> {
        match (node, place) {
            (Node::Unclear, _) => None,
            (Node::Leaf(tests), _) => any(tests.iter().map(|test| self.leaf(test, place))),
            (_, Place::Value(value @ Value::Array(_))) => self.array(node, value),
            (Node::All(parts), _) => all(parts.iter().map(|part| self.node(part, place))),
            (Node::Or(parts), _) => any(parts.iter().map(|part| self.node(part, place))),
            (Node::Field(name, inner), Place::Value(Value::Object(fields))) => match fields.get(name) {
                Some(value) => self.node(inner, Place::Value(value)),
                None if self.open => self.node(inner, Place::Open),
                // The engine cannot tell a name with a dot from nesting.
                None if fields.keys().any(|key| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))) => {
                    None
                }
                None => self.node(inner, Place::Missing),
            },
            (Node::Field(_, inner), Place::Open) => self.node(inner, Place::Open),
            (Node::Field(_, inner), _) => self.node(inner, Place::Missing),
        }
    }

    /// "JSON Array Matching": one object of the list has to match on its own.
    fn array(&self, node: &Node, value: &Value) -> Option<bool> {
        let objects: Vec<&Value> = flat(value).into_iter().filter(|value| value.is_object()).collect();
        match objects.as_slice() {
            [] => self.node(node, Place::Missing),
            [one] => self.node(node, Place::Value(one)),
            _ if self.pattern.joined => None,
            many => any(many.iter().map(|one| self.node(node, Place::Value(one)))),
        }
    }

    /// "Arrays in event patterns": any value of the list may match.
    fn leaf(&self, test: &Test, place: Place<'_>) -> Option<bool> {
        let value = match (test, place) {
            (Test::Unclear, _) | (_, Place::Open) => return None,
            (_, Place::Missing) => return Some(*test == Test::Exists(false)),
            (_, Place::Value(value)) => value,
        };
        let (objects, values): (Vec<&Value>, Vec<&Value>) = flat(value).into_iter().partition(|one| one.is_object());
        match test {
            // "Exists matching only works on leaf nodes": to it, an object is not there.
            Test::Exists(is) if values.is_empty() => (!objects.is_empty()).then_some(!is),
            Test::Exists(is) => Some(*is),
            Test::But(tests) => {
                // An object among the values, or no value at all: not documented.
                let mut answers = values.iter().map(|value| but(tests, value, self.pattern.plain));
                let first = answers.next()??;
                (objects.is_empty() && answers.all(|answer| answer == Some(first))).then_some(first)
            }
            _ => any(values.iter().map(|value| one(test, value, self.pattern.plain))),
        }
    }
}

/// The values of a list and of the lists in it; a value that is no list by itself.
fn flat(value: &Value) -> Vec<&Value> {
    let (mut todo, mut found) = (vec![value], Vec::new());
    while let Some(next) = todo.pop() {
        match next {
            Value::Array(values) => todo.extend(values),
            _ => found.push(next),
        }
    }
    found
}

/// Whether none of the tests is met, if they are for this type.
fn but(tests: &[Test], value: &Value, plain: bool) -> Option<bool> {
    let numbers = matches!(tests.first(), Some(Test::Number(_)));
    if !(numbers && value.is_number() || !numbers && value.is_string()) {
        return None;
    }
    any(tests.iter().map(|test| one(test, value, plain))).map(|is| !is)
}

/// Whether a value that is no list and no object meets a test.
fn one(test: &Test, value: &Value, plain: bool) -> Option<bool> {
    match (test, value) {
        (Test::Null, _) => Some(value.is_null()),
        (Test::Bool(is), _) => Some(value.as_bool() == Some(*is)),
        (Test::Number(number), Value::Number(value)) => same_number(number, value, plain),
        (Test::Numeric(bounds), Value::Number(value)) => {
            let value = value.as_f64().filter(|value| value.abs() <= MAX_NUMERIC)?;
            all(bounds.iter().map(|(bound, number)| within(*bound, value, *number)))
        }
        (Test::Text(text), Value::String(value)) => same_text(text, value),
        (Test::Prefix(text, case), Value::String(value)) => {
            value.starts_with(text).then_some(true).or_else(|| cased(text, value, *case, |a, b| b.starts_with(a)))
        }
        (Test::Suffix(text, case), Value::String(value)) => {
            value.ends_with(text).then_some(true).or_else(|| cased(text, value, *case, |a, b| b.ends_with(a)))
        }
        (Test::Ignore(text), Value::String(value)) => {
            (text == value).then_some(true).or_else(|| cased(text, value, Case::Ignored, |a, b| a == b))
        }
        (Test::Wildcard(pieces), Value::String(value)) => fits(pieces, value),
        (Test::Cidr(net), Value::String(value)) => in_range(net, value),
        (Test::Unclear | Test::Exists(_) | Test::But(_), _) => None,
        // The operators are for numbers, or for texts, only.
        _ => Some(false),
    }
}

fn order(a: f64, b: f64) -> Option<Ordering> {
    let order = a.partial_cmp(&b)?;
    (order == Ordering::Equal || (a - b).abs() >= LEAST_STEP).then_some(order)
}

fn same_number(a: &Number, b: &Number, plain: bool) -> Option<bool> {
    if plain && a.to_string() == b.to_string() {
        return Some(true);
    }
    // The same value in another form: equal to the engine, not equal to the guide.
    (order(a.as_f64()?, b.as_f64()?)? != Ordering::Equal).then_some(false)
}

fn within(bound: Bound, value: f64, number: f64) -> Option<bool> {
    let order = order(value, number)?;
    Some(match bound {
        Bound::Equal => order.is_eq(),
        Bound::Below => order.is_lt(),
        Bound::AtMost => order.is_le(),
        Bound::Above => order.is_gt(),
        Bound::AtLeast => order.is_ge(),
    })
}

/// "Exact (character-by-character), without case-folding or any other string normalization"; but to the engine, two
/// spellings of one address are the same.
fn same_text(a: &str, b: &str) -> Option<bool> {
    if a == b {
        return Some(true);
    }
    let differ = |a: IpAddr, b: IpAddr| a.to_canonical() != b.to_canonical();
    match (a.parse(), b.parse()) {
        (Ok(a), Ok(b)) => differ(a, b).then_some(false),
        _ => (!(like_address(a) && like_address(b))).then_some(false),
    }
}

/// What the engine tries to read as an address.
fn like_address(text: &str) -> bool {
    (text.matches('.').count() == 3 && text.chars().all(|c| c.is_ascii_digit() || c == '.'))
        || (text.contains(':') && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')))
}

fn cased(text: &str, value: &str, case: Case, is: impl Fn(&str, &str) -> bool) -> Option<bool> {
    match case {
        Case::Kept => Some(false),
        Case::Ignored if text.is_ascii() && value.is_ascii() => {
            Some(is(&text.to_ascii_lowercase(), &value.to_ascii_lowercase()))
        }
        Case::Ignored => None,
    }
}

fn in_range(net: &IpNet, value: &str) -> Option<bool> {
    match value.parse::<IpAddr>() {
        // An IPv4 address inside an IPv6 one may be read as either.
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => None,
        Ok(address) => Some(net.contains(&address)),
        Err(_) => (!like_address(value)).then_some(false),
    }
}

/// Takes the shortest run for every `*` and, on a mismatch, a longer one for the last `*` only: no step is repeated
/// more often than the value is long.
fn fits(pieces: &[Piece], value: &str) -> Option<bool> {
    let value: Vec<char> = value.chars().collect();
    if pieces.len().saturating_mul(value.len()) > MAX_STEPS {
        return None;
    }
    let (mut piece, mut at) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while let Some(c) = value.get(at) {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                last = Some((piece, at));
                piece += 1;
            }
            Some(Piece::One(one)) if one == c => {
                piece += 1;
                at += 1;
            }
            _ => {
                let Some((star, from)) = last else { return Some(false) };
                last = Some((star, from + 1));
                piece = star + 1;
                at = from + 1;
            }
        }
    }
    Some(pieces.iter().skip(piece).all(|piece| *piece == Piece::Any))
}

/// Finding types with the severities, in tenths, that each can have: High is 7.0 to 8.9, Critical 9.0 to 10.0 (*Amazon
/// GuardDuty User Guide*, "Severity levels of GuardDuty findings"; the "Default severity" of each type; that of
/// `Recon:EC2/PortProbeUnprotectedPort` is Low, but High for some ports).
const TYPES: [(&str, u32, u32); 7] = [
    ("AttackSequence:S3/CompromisedData", 90, 100),
    ("Backdoor:EC2/C&CActivity.B!DNS", 70, 89),
    ("CryptoCurrency:EC2/BitcoinTool.B!DNS", 70, 89),
    ("Exfiltration:S3/AnomalousBehavior", 70, 89),
    ("Recon:EC2/PortProbeUnprotectedPort", 70, 89),
    ("Trojan:EC2/DNSDataExfiltration", 70, 89),
    ("UnauthorizedAccess:EC2/TorClient", 70, 89),
];

/// The findings of one type: severity in tenths, and whether it is let through.
struct Row {
    name: Option<&'static str>,
    cells: Vec<(u32, Option<bool>)>,
}

/// How many of the GuardDuty findings of severity 7.0 to 10.0 in this account and Region match.
///
/// The samples hold only what every such event holds; whatever else a pattern asks for is unknown, as it differs from
/// finding to finding. One sample has no type: only a pattern that does not ask for the type lets *all* through. An
/// administrator's bus also gets its members' findings, with their `accountId`; the samples are of the account itself.
pub(super) fn high_guardduty_findings(pattern: &Pattern, account: &str, region: &str) -> Share {
    let rows: Vec<Row> = TYPES
        .iter()
        .map(|(name, from, to)| (Some(*name), *from, *to))
        .chain([(None, 70, 100)])
        .map(|(name, from, to)| {
            let let_through =
                |tenths| pattern.matches_part(&guardduty_finding(name, &severity(tenths), account, region));
            Row { name, cells: (from..=to).map(|tenths| (tenths, let_through(tenths))).collect() }
        })
        .collect();
    let answers: Vec<Option<bool>> = rows.iter().flat_map(|row| row.cells.iter().map(|(_, answer)| *answer)).collect();
    share(&answers, || missed(&rows))
}

/// A severity as the findings hold it. Whole ones are written `8`: so does the example of `GetFindings`, whose JSON is
/// that of the events, and the rule of the User Guide for "the severity of either 5 or 8" asks for `[5,8]`. Assumed is
/// that none is written `8.0`, which AWS's longer example lists as well (`7, 7.0, 7.1`). To a pattern with `8.0` only,
/// the answer is unknown.
fn severity(tenths: u32) -> Value {
    if tenths.is_multiple_of(10) { json!(tenths / 10) } else { json!(f64::from(tenths) / 10.0) }
}

/// "GuardDuty Finding" (*Amazon `EventBridge` Events Reference*; *GuardDuty User Guide*, "Processing GuardDuty
/// findings with Amazon `EventBridge`"). `detail.region` is not given: for global services it can be another one. The
/// finding is one that nobody has archived: those that suppression rules archive are not sent.
fn guardduty_finding(name: Option<&str>, severity: &Value, account: &str, region: &str) -> Value {
    let mut detail = json!({
        "accountId": account,
        "severity": severity,
        "service": { "serviceName": "guardduty", "archived": false },
    });
    if let Some(detail) = detail.as_object_mut() {
        detail.extend(name.map(|name| ("type".to_owned(), name.into())));
        detail.extend(partition(region).map(|partition| ("partition".to_owned(), partition.into())));
    }
    json!({
        "version": "0",
        "detail-type": "GuardDuty Finding",
        "source": "aws.guardduty",
        "account": account,
        "region": region,
        "detail": detail,
    })
}

/// The partitions whose Regions can be told by their names.
fn partition(region: &str) -> Option<&'static str> {
    let begins = |prefix| region.starts_with(prefix);
    match region {
        _ if begins("us-gov-") => Some("aws-us-gov"),
        _ if begins("cn-") => Some("aws-cn"),
        _ if region.contains("iso") || begins("eusc-") => None,
        _ => Some("aws"),
    }
}

fn share(answers: &[Option<bool>], missed: impl FnOnce() -> Vec<String>) -> Share {
    let has = |answer| answers.contains(&answer);
    match (has(Some(true)), has(Some(false)), has(None)) {
        (true, true, _) => Share::Some { missed: missed() },
        (true, false, false) => Share::All,
        (false, true, false) => Share::None,
        _ => Share::Unknown,
    }
}

/// First the severities that are missed whatever the type, then what else is missed, by type.
fn missed(rows: &[Row]) -> Vec<String> {
    let of = |tenths: u32| rows.iter().flat_map(|row| &row.cells).filter(move |(at, _)| *at == tenths);
    let every: Vec<u32> = (70..=100).filter(|tenths| of(*tenths).all(|(_, answer)| *answer == Some(false))).collect();
    let mut words = spans(&every);
    for row in rows {
        let cells = row.cells.iter().filter(|(at, _)| !every.contains(at));
        let (gone, kept): (Vec<&(u32, Option<bool>)>, Vec<_>) = cells.partition(|(_, answer)| *answer == Some(false));
        let Some(name) = row.name.filter(|_| !gone.is_empty()) else { continue };
        if kept.is_empty() {
            words.push(format!("type {name}"));
        } else {
            let at: Vec<u32> = gone.iter().map(|(at, _)| *at).collect();
            words.extend(spans(&at).into_iter().map(|span| format!("type {name} at {span}")));
        }
    }
    words
}

/// `severity 9.0 to 10.0` for every run of tenths.
fn spans(tenths: &[u32]) -> Vec<String> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for at in tenths {
        match runs.last_mut() {
            Some((_, to)) if *to + 1 == *at => *to = *at,
            _ => runs.push((*at, *at)),
        }
    }
    let write = |tenths: u32| format!("{}.{}", tenths / 10, tenths % 10);
    runs.into_iter()
        .map(|(from, to)| {
            let end = if from == to { String::new() } else { format!(" to {}", write(to)) };
            format!("severity {}{end}", write(from))
        })
        .collect()
}

/// The same for the events of Security Hub about new GuardDuty findings labelled HIGH or CRITICAL.
pub(super) fn security_hub_findings(pattern: &Pattern, account: &str, region: &str) -> Share {
    let labels = ["HIGH", "CRITICAL"];
    let answers = labels.map(|label| pattern.matches_part(&security_hub_finding(label, account, region)));
    share(&answers, || {
        let missed = labels.iter().zip(answers).filter(|(_, answer)| *answer == Some(false));
        missed.map(|(label, _)| format!("severity label {label}")).collect()
    })
}

/// "Security Hub Findings - Imported": one finding in each event (*AWS Security Hub User Guide*, "`EventBridge` event
/// formats"; "AWS Security Finding Format"). A new finding is active, and its workflow is new; assumed is that no
/// automation rule changes that first.
fn security_hub_finding(label: &str, account: &str, region: &str) -> Value {
    let mut finding = json!({
        "SchemaVersion": "2018-10-08",
        "CompanyName": "Amazon",
        "ProductName": "GuardDuty",
        "AwsAccountId": account,
        "Severity": { "Label": label },
        "FindingProviderFields": { "Severity": { "Label": label } },
        "Workflow": { "Status": "NEW" },
        "RecordState": "ACTIVE",
    });
    if let (Some(finding), Some(partition)) = (finding.as_object_mut(), partition(region)) {
        let product = format!("arn:{partition}:securityhub:{region}::product/aws/guardduty");
        finding.insert("ProductArn".to_owned(), product.into());
    }
    json!({
        "version": "0",
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "account": account,
        "region": region,
        "detail": { "findings": [finding] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111122223333";
    const REGION: &str = "us-east-1";

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    /// Whether `{"f": tests}` matches `{"f": value}`.
    fn meets(tests: &str, value: &str) -> Option<bool> {
        let event: Value = serde_json::from_str(&format!(r#"{{"f":{value}}}"#)).unwrap();
        pattern(&format!(r#"{{"f":{tests}}}"#)).matches(&event)
    }

    fn unread(text: &str) -> String {
        Pattern::parse(text).unwrap_err().to_string()
    }

    fn guardduty(severity: &str) -> Share {
        let text = format!(
            r#"{{"source":["aws.guardduty"],"detail-type":["GuardDuty Finding"],"detail":{{"severity":{severity}}}}}"#
        );
        high_guardduty_findings(&pattern(&text), ACCOUNT, REGION)
    }

    fn some(missed: &[&str]) -> Share {
        Share::Some { missed: missed.iter().map(|&words| words.to_owned()).collect() }
    }

    #[test]
    fn exact_values() {
        let yes = [
            (r#"["a"]"#, r#""a""#),
            (r#"["b","a"]"#, r#""a""#),
            ("[7]", "7"),
            ("[7.5]", "7.5"),
            ("[true]", "true"),
            ("[null]", "null"),
            (r#"[""]"#, r#""""#),
        ];
        let no = [
            (r#"["a"]"#, r#""A""#),
            (r#"["7"]"#, "7"),
            ("[7]", r#""7""#),
            ("[7]", "8"),
            ("[300]", "300.5"),
            ("[true]", "false"),
            ("[null]", r#""""#),
            (r#"[""]"#, "null"),
            (r#"["true"]"#, "true"),
            (r#"["a"]"#, r#"{"a":"a"}"#),
        ];
        for (tests, value) in yes {
            assert_eq!(meets(tests, value), Some(true), "{tests} {value}");
        }
        for (tests, value) in no {
            assert_eq!(meets(tests, value), Some(false), "{tests} {value}");
        }
    }

    #[test]
    fn the_same_number_in_another_form_is_unknown() {
        for (tests, value) in
            [("[300]", "300.0"), ("[300.0]", "300"), ("[3.0e2]", "300"), ("[3.0e2]", "300.0"), ("[7.00]", "7.0")]
        {
            assert_eq!(meets(tests, value), None, "{tests} {value}");
        }
        assert_eq!(meets("[300.0, 300]", "300"), Some(true));
        assert_eq!(meets("[3.0e2]", "301"), Some(false));
        assert_eq!(meets(r#"[{"anything-but":300}]"#, "300.0"), None);
    }

    #[test]
    fn the_same_address_in_another_form_is_unknown() {
        assert_eq!(meets(r#"["::1"]"#, r#""0:0:0:0:0:0:0:1""#), None);
        assert_eq!(meets(r#"["10.0.0.1"]"#, r#""10.0.0.01""#), None);
        assert_eq!(meets(r#"["10.0.0.1"]"#, r#""10.0.0.2""#), Some(false));
        assert_eq!(meets(r#"["10.0.0.1"]"#, r#""10.0.0.1""#), Some(true));
    }

    #[test]
    fn lists_match_by_any_value() {
        assert_eq!(meets(r#"["a","b"]"#, r#"["x","b"]"#), Some(true));
        assert_eq!(meets(r#"["a"]"#, r#"[["x"],["a"]]"#), Some(true));
        assert_eq!(meets(r#"["a"]"#, r#"["x"]"#), Some(false));
        assert_eq!(meets(r#"["a"]"#, "[]"), Some(false));
    }

    #[test]
    fn one_object_of_a_list_matches_on_its_own() {
        let staff = json!({ "employees": [
            { "firstName": "John", "lastName": "Doe" },
            [{ "firstName": "Anna", "lastName": "Smith" }],
            { "firstName": "Peter", "lastName": "Jones" },
        ] });
        let is = |text| pattern(text).matches(&staff);
        assert_eq!(is(r#"{"employees":{"firstName":["Anna"]}}"#), Some(true));
        assert_eq!(is(r#"{"employees":{"firstName":["Anna"],"lastName":["Smith"]}}"#), Some(true));
        assert_eq!(is(r#"{"employees":{"firstName":["Anna"],"lastName":["Jones"]}}"#), Some(false));
        assert_eq!(is(r#"{"employees":{"age":[{"exists":false}]}}"#), None);
        assert_eq!(is(r#"{"employees":{"$or":[{"firstName":["Anna"]},{"lastName":["X"]}]}}"#), None);
    }

    #[test]
    fn prefix_and_suffix() {
        assert_eq!(meets(r#"[{"prefix":"2017-10-02"}]"#, r#""2017-10-02T18:43:48Z""#), Some(true));
        assert_eq!(meets(r#"[{"prefix":"eventb"}]"#, r#""EventBridge""#), Some(false));
        assert_eq!(meets(r#"[{"prefix":{"equals-ignore-case":"eventb"}}]"#, r#""EventBridge""#), Some(true));
        assert_eq!(meets(r#"[{"prefix":{"equals-ignore-case":"é"}}]"#, r#""ÉA""#), None);
        assert_eq!(meets(r#"[{"prefix":{"equals-ignore-case":"é"}}]"#, r#""éa""#), Some(true));
        assert_eq!(meets(r#"[{"prefix":""}]"#, r#""any""#), Some(true));
        assert_eq!(meets(r#"[{"prefix":"1"}]"#, "1"), Some(false));
        assert_eq!(meets(r#"[{"suffix":".png"}]"#, r#""a.png""#), Some(true));
        assert_eq!(meets(r#"[{"suffix":".png"}]"#, r#""a.PNG""#), Some(false));
        assert_eq!(meets(r#"[{"suffix":{"equals-ignore-case":"tBridge"}}]"#, r#""EventBridge""#), Some(true));
    }

    #[test]
    fn equals_ignore_case() {
        assert_eq!(meets(r#"[{"equals-ignore-case":"alice"}]"#, r#""ALICE""#), Some(true));
        assert_eq!(meets(r#"[{"equals-ignore-case":"alice"}]"#, r#""Bob""#), Some(false));
        // The Kelvin sign.
        assert_eq!(meets(r#"[{"equals-ignore-case":"k"}]"#, "\"\u{212a}\""), None);
    }

    #[test]
    fn anything_but() {
        let is = |operand: &str, value: &str| meets(&format!(r#"[{{"anything-but":{operand}}}]"#), value);
        assert_eq!(is(r#""initializing""#, r#""running""#), Some(true));
        assert_eq!(is(r#""initializing""#, r#""initializing""#), Some(false));
        assert_eq!(is("123", "124"), Some(true));
        assert_eq!(is("123", "123"), Some(false));
        assert_eq!(is(r#"["stopped","overloaded"]"#, r#""stopped""#), Some(false));
        assert_eq!(is(r#"["stopped","overloaded"]"#, r#""running""#), Some(true));
        assert_eq!(is("[100,200,300]", "200"), Some(false));
        assert_eq!(is("[100,200,300]", "250"), Some(true));
        assert_eq!(is(r#"{"prefix":"us-"}"#, r#""us-east-1""#), Some(false));
        assert_eq!(is(r#"{"prefix":["us-","eu-"]}"#, r#""ap-east-1""#), Some(true));
        assert_eq!(is(r#"{"suffix":".png"}"#, r#""a.jpg""#), Some(true));
        assert_eq!(is(r#"{"suffix":[".png",".jpg"]}"#, r#""a.jpg""#), Some(false));
        assert_eq!(is(r#"{"equals-ignore-case":"initializing"}"#, r#""INITIALIZING""#), Some(false));
        assert_eq!(is(r#"{"equals-ignore-case":["a","b"]}"#, r#""C""#), Some(true));
        assert_eq!(is(r#"{"wildcard":"*/lib/*"}"#, r#""/usr/lib/x""#), Some(false));
        assert_eq!(is(r#"{"wildcard":["*/bin/*.jar","*/bin/*.class"]}"#, r#""/usr/lib/x""#), Some(true));
        // All of a list, none of it, and some of it.
        assert_eq!(is(r#""a""#, r#"["b","c"]"#), Some(true));
        assert_eq!(is(r#""a""#, r#"["a"]"#), Some(false));
        assert_eq!(is(r#""a""#, r#"["a","b"]"#), None);
        for (operand, value) in [
            (r#""a""#, "1"),
            ("1", r#""a""#),
            (r#""a""#, "null"),
            (r#""a""#, r#"{"a":1}"#),
            (r#""a""#, "[]"),
            (r#"["a",1]"#, r#""b""#),
            ("[]", r#""b""#),
            ("[null]", r#""b""#),
            (r#"{"prefix":""}"#, r#""b""#),
            (r#"{"prefix":{"equals-ignore-case":"a"}}"#, r#""b""#),
            (r#"{"cidr":"10.0.0.0/8"}"#, r#""10.0.0.1""#),
        ] {
            assert_eq!(is(operand, value), None, "{operand} {value}");
        }
        assert_eq!(pattern(r#"{"f":[{"anything-but":"a"}]}"#).matches(&json!({})), Some(false));
    }

    #[test]
    fn numeric() {
        let is = |operand: &str, value: &str| meets(&format!(r#"[{{"numeric":{operand}}}]"#), value);
        for (operand, value, answer) in [
            (r#"[">",0,"<=",5]"#, "5", true),
            (r#"[">",0,"<=",5]"#, "0", false),
            (r#"[">=",0,"<",5]"#, "0.0", true),
            (r#"[">=",0,"<",5]"#, "5.0", false),
            (r#"["<",10]"#, "9.9", true),
            (r#"["<=",10]"#, "10", true),
            (r#"[">",10]"#, "10.0", false),
            (r#"["=",3.018e2]"#, "301.8", true),
            (r#"["=",100]"#, "101", false),
            (r#"[">=",7]"#, r#""8""#, false),
            (r#"[">=",7]"#, "null", false),
        ] {
            assert_eq!(is(operand, value), Some(answer), "{operand} {value}");
        }
        for (operand, value) in [
            (r#"["<",5,">",0]"#, "3"),
            (r#"[">",5,"<",0]"#, "3"),
            (r#"[">",0,"<",5,"=",3]"#, "3"),
            (r#"["!=",3]"#, "4"),
            (r#"[">"]"#, "4"),
            (r#"[">","1"]"#, "4"),
            ("[]", "4"),
            ("7", "7"),
            (r#"["<",9.0e9]"#, "4"),
            (r#"[">",1]"#, "9.0e9"),
            (r#"[">",1]"#, "1.0000000001"),
        ] {
            assert_eq!(is(operand, value), None, "{operand} {value}");
        }
    }

    #[test]
    fn cidr() {
        let is = |operand: &str, value: &str| meets(&format!(r#"[{{"cidr":"{operand}"}}]"#), value);
        assert_eq!(is("10.0.0.0/24", r#""10.0.0.255""#), Some(true));
        assert_eq!(is("10.0.0.9/24", r#""10.0.0.1""#), Some(true));
        assert_eq!(is("10.0.0.0/24", r#""10.0.1.0""#), Some(false));
        assert_eq!(is("2001:db8::/32", r#""2001:db8::1""#), Some(true));
        assert_eq!(is("2001:db8::/32", r#""10.0.0.1""#), Some(false));
        assert_eq!(is("10.0.0.0/24", r#""host""#), Some(false));
        assert_eq!(is("10.0.0.0/24", "10"), Some(false));
        assert_eq!(is("10.0.0.0/24", r#""10.0.0.010""#), None);
        assert_eq!(is("10.0.0.0/24", r#""::ffff:10.0.0.1""#), None);
        assert_eq!(is("10.0.0.1/32", r#""10.0.0.1""#), None);
        assert_eq!(is("10.0.0.0", r#""10.0.0.1""#), None);
    }

    #[test]
    fn exists() {
        let (there, absent) = (r#"[{"exists":true}]"#, r#"[{"exists":false}]"#);
        for value in ["1", "null", r#""""#, r#"["a"]"#] {
            assert_eq!((meets(there, value), meets(absent, value)), (Some(true), Some(false)), "{value}");
        }
        // An object is no leaf.
        for value in [r#"{"c1":100}"#, r#"[{"c1":100}]"#] {
            assert_eq!((meets(there, value), meets(absent, value)), (Some(false), Some(true)), "{value}");
        }
        assert_eq!((meets(there, "[]"), meets(absent, "[]")), (None, None));
        let is = |text, event: &Value| pattern(text).matches(event);
        let nested = (r#"{"detail":{"c":[{"exists":true}]}}"#, r#"{"detail":{"c":[{"exists":false}]}}"#);
        for event in [json!({}), json!({ "detail": {} }), json!({ "detail": 1 }), json!({ "detail": [] })] {
            assert_eq!((is(nested.0, &event), is(nested.1, &event)), (Some(false), Some(true)), "{event}");
        }
    }

    #[test]
    fn wildcards() {
        let is = |operand: &str, value: &str| {
            meets(&json!([{ "wildcard": operand }]).to_string(), &json!(value).to_string())
        };
        for (operand, value, answer) in [
            ("dir/*.png", "dir/a/b.png", true),
            ("dir/*.png", "dir/a.jpg", false),
            ("*", "", true),
            ("a*", "a", true),
            ("*a*b*c*", "xxaxxbxxbxxcxx", true),
            ("*a*b*c", "xxaxxcxxbxx", false),
            ("Simple*Service", "SimpleQueueService", true),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            (r"a\\b", r"a\b", true),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("", "", true),
        ] {
            assert_eq!(is(operand, value), Some(answer), "{operand} {value}");
        }
        for operand in ["a**b", r"a\b", "a\\"] {
            assert_eq!(is(operand, "ab"), None, "{operand}");
        }
        assert_eq!(meets(r#"[{"wildcard":"*"}]"#, "1"), Some(false));
        let (hard, long) = ("*a".repeat(900), "a".repeat(2000));
        assert_eq!(is(&format!("{hard}b"), &long), Some(false));
        assert_eq!(is(&format!("{hard}b"), &"a".repeat(9000)), None);
    }

    #[test]
    fn wildcards_match_as_their_definition_says() {
        fn naive(pieces: &[char], value: &[char]) -> bool {
            match pieces.split_first() {
                None => value.is_empty(),
                Some((&'*', rest)) => (0..=value.len()).any(|from| naive(rest, &value[from..])),
                Some((one, rest)) => value.split_first().is_some_and(|(c, left)| c == one && naive(rest, left)),
            }
        }
        let texts = |letters: &str| {
            let mut all = vec![String::new()];
            for at in 0.. {
                if all[at].len() == 5 {
                    return all;
                }
                let longer: Vec<String> = letters.chars().map(|c| format!("{}{c}", all[at])).collect();
                all.extend(longer);
            }
            all
        };
        let values = texts("ab");
        for operand in texts("ab*") {
            let Some(Test::Wildcard(pieces)) = wildcard(&operand) else { continue };
            let chars: Vec<char> = operand.chars().collect();
            for value in &values {
                let answer = naive(&chars, &value.chars().collect::<Vec<_>>());
                assert_eq!(fits(&pieces, value), Some(answer), "{operand} {value}");
            }
        }
    }

    #[test]
    fn or() {
        // "Complex example with $or matching".
        let of = pattern(
            r#"{"detail":{"$or":[{"c-count":[{"numeric":[">",0,"<=",5]}]},{"d-count":[{"numeric":["<",10]}]},
                {"x-limit":[{"numeric":["=",3.018e2]}]}]}}"#,
        );
        assert_eq!(of.matches(&json!({ "detail": { "c-count": 6, "d-count": 9 } })), Some(true));
        assert_eq!(of.matches(&json!({ "detail": { "c-count": 6, "d-count": 10 } })), Some(false));
        // "Or" has an "And" inside.
        let inner = pattern(
            r#"{"source":["aws.cloudwatch"],"$or":[{"metricName":["CPU"]},{"metricType":["T"],"namespace":["N"]}]}"#,
        );
        let is = |event: Value| inner.matches(&event);
        assert_eq!(is(json!({ "source": "aws.cloudwatch", "metricType": "T", "namespace": "N" })), Some(true));
        assert_eq!(is(json!({ "source": "aws.cloudwatch", "metricType": "T" })), Some(false));
        assert_eq!(is(json!({ "source": "aws.ec2", "metricName": "CPU" })), Some(false));
        // Not the primitive for certain, a reserved word, a field twice.
        for text in [
            r#"{"$or":["a"]}"#,
            r#"{"$or":[{"a":[1]}]}"#,
            r#"{"$or":{"a":[1]}}"#,
            r#"{"$or":[{"prefix":["a"]},{"b":[1]}]}"#,
            r#"{"a":[2],"$or":[{"a":[1]},{"b":[1]}]}"#,
            r#"{"d":{"a":[2]},"$or":[{"d":{"a":[1]}},{"b":[1]}]}"#,
            r#"{"source":["x"],"d":{"$or":[{"a":[1]}]}}"#,
        ] {
            assert_eq!(pattern(text).matches(&json!({ "a": 1 })), None, "{text}");
        }
    }

    #[test]
    fn unknown_operators_are_unknown_unless_another_alternative_decides() {
        let new = r#"{"later-than":"2020"}"#;
        assert_eq!(meets(&format!("[{new}]"), r#""a""#), None);
        assert_eq!(meets(&format!(r#"["a",{new}]"#), r#""a""#), Some(true));
        assert_eq!(meets(&format!(r#"["b",{new}]"#), r#""a""#), None);
        let two = pattern(&format!(r#"{{"f":[{new}],"g":["x"]}}"#));
        assert_eq!(two.matches(&json!({ "f": "a", "g": "y" })), Some(false));
        assert_eq!(two.matches(&json!({ "f": "a", "g": "x" })), None);
        assert_eq!(pattern(&format!(r#"{{"f":[{new}]}}"#)).matches(&json!({})), None);
        for tests in [r#"[{"prefix":"a","suffix":"b"}]"#, "[{}]", "[[1]]", r#"[{"prefix":1}]"#, r#"[{"exists":1}]"#] {
            assert_eq!(meets(tests, r#""ab""#), None, "{tests}");
        }
    }

    #[test]
    fn names_with_a_dot_are_unknown() {
        assert_eq!(pattern(r#"{"a.b":[1]}"#).matches(&json!({ "a": { "b": 1 } })), None);
        assert_eq!(pattern(r#"{"a":{"b":[1]}}"#).matches(&json!({ "a.b": 1 })), None);
    }

    #[test]
    fn the_complex_example() {
        let text = r#"{"time":[{"prefix":"2017-10-02"}],"detail":{"state":[{"anything-but":"initializing"}],
            "c-count":[{"numeric":[">",0,"<=",5]}],"d-count":[{"numeric":["<",10]}],
            "x-limit":[{"anything-but":[100,200,300]}]}}"#;
        let event = |state: &str| {
            json!({ "time": "2017-10-02T16:24:49Z", "source": "aws.ec2",
                "detail": { "c-count": 5, "d-count": 3, "x-limit": 301.8, "state": state } })
        };
        assert_eq!(pattern(text).matches(&event("running")), Some(true));
        assert_eq!(pattern(text).matches(&event("initializing")), Some(false));
        assert_eq!(pattern(text).matches(&json!("no event")), None);
    }

    #[test]
    fn unreadable() {
        assert_eq!(unread("{"), "the pattern is not JSON");
        assert_eq!(unread("[]"), "the pattern is not a JSON object");
        assert_eq!(unread("{}"), "the pattern has an empty object");
        assert_eq!(unread(r#"{"a":[]}"#), "the pattern has an empty list");
        assert_eq!(unread(r#"{"a":"b"}"#), "a field of the pattern is neither an object nor a list");
        assert_eq!(unread(r#"{"a":[1],"a":[":"]}"#), "the pattern names a field twice");
        assert_eq!(unread(r#"{"a":[1234567890123456]}"#), "a number has more digits than can be compared exactly");
        assert_eq!(unread(&" ".repeat(MAX_TEXT + 1)), "the pattern is longer than EventBridge takes");
        let deep = |levels: usize| format!("{}[1]{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        assert_eq!(unread(&deep(MAX_DEPTH + 1)), "the pattern is nested too deeply");
        assert_eq!(unread(&deep(2000)), "the pattern is not JSON");
        assert!(Pattern::parse(&deep(MAX_DEPTH)).is_ok());
    }

    #[test]
    fn severities_of_guardduty() {
        assert_eq!(guardduty(r#"[{"numeric":[">=",7]}]"#), Share::All);
        assert_eq!(guardduty(r#"[{"numeric":[">=",4]}]"#), Share::All);
        assert_eq!(guardduty(r#"[{"numeric":[">",7]}]"#), some(&["severity 7.0"]));
        assert_eq!(guardduty(r#"[{"numeric":[">=",9]}]"#), some(&["severity 7.0 to 8.9"]));
        assert_eq!(guardduty(r#"[{"numeric":[">=",4,"<",7]}]"#), Share::None);
        assert_eq!(guardduty(r#"[{"at-least":7}]"#), Share::Unknown);
        // The example of the GuardDuty User Guide.
        let upto = |last: u32, both: bool| {
            let write = |tenths: u32| match (tenths % 10, both) {
                (0, true) => format!("{0},{0}.0", tenths / 10),
                (0, false) => format!("{}", tenths / 10),
                (rest, _) => format!("{}.{rest}", tenths / 10),
            };
            format!("[{}]", (40..=last).map(write).collect::<Vec<_>>().join(","))
        };
        assert!(upto(89, true).starts_with("[4,4.0,4.1,"));
        assert_eq!(guardduty(&upto(89, true)), some(&["severity 9.0 to 10.0"]));
        assert_eq!(guardduty(&upto(89, false)), some(&["severity 9.0 to 10.0"]));
        assert_eq!(guardduty(&upto(100, true)), Share::All);
        // "either 5 or 8".
        assert_eq!(guardduty("[5,8]"), some(&["severity 7.0 to 7.9", "severity 8.1 to 10.0"]));
        // Whether 8.0 matches 8 is not told by the sources.
        assert_eq!(guardduty("[8.0]"), Share::Unknown);
    }

    #[test]
    fn shares_of_guardduty() {
        let is = |text: &str| high_guardduty_findings(&pattern(text), ACCOUNT, REGION);
        assert_eq!(is(r#"{"source":["aws.guardduty"]}"#), Share::All);
        assert_eq!(is(r#"{"source":["aws.guardduty"],"account":["111122223333"],"region":["us-east-1"]}"#), Share::All);
        assert_eq!(is(r#"{"source":["aws.guardduty"],"detail":{"service":{"archived":[false]}}}"#), Share::All);
        assert_eq!(is(r#"{"source":["aws.guardduty"],"region":["eu-west-1"]}"#), Share::None);
        assert_eq!(is(r#"{"source":["aws.guardduty"],"detail-type":["GuardDuty finding"]}"#), Share::None);
        assert_eq!(is(r#"{"source":["aws.securityhub"]}"#), Share::None);
        // What differs from finding to finding.
        assert_eq!(is(r#"{"detail":{"resource":{"resourceType":["Instance"]}}}"#), Share::Unknown);
        assert_eq!(is(r#"{"detail":{"title":[{"exists":true}]}}"#), Share::Unknown);
        // Types: no sample, all samples, some samples.
        assert_eq!(is(r#"{"detail":{"type":["Impact:EC2/PortSweep"]}}"#), Share::Unknown);
        assert_eq!(is(r#"{"detail":{"type":[{"anything-but":{"prefix":"Policy:"}}]}}"#), Share::Unknown);
        assert_eq!(
            is(r#"{"detail":{"type":[{"anything-but":{"prefix":"Recon:"}}]}}"#),
            some(&["type Recon:EC2/PortProbeUnprotectedPort"])
        );
        assert_eq!(
            is(r#"{"detail":{"$or":[{"type":[{"anything-but":["Trojan:EC2/DNSDataExfiltration"]}]},
                {"severity":[{"numeric":[">=",8]}]}]}}"#),
            some(&["type Trojan:EC2/DNSDataExfiltration at severity 7.0 to 7.9"])
        );
    }

    #[test]
    fn shares_of_security_hub() {
        let is = |finding: &str| {
            let text = format!(
                r#"{{"source":["aws.securityhub"],"detail-type":["Security Hub Findings - Imported"],
                    "detail":{{"findings":{finding}}}}}"#
            );
            security_hub_findings(&pattern(&text), ACCOUNT, REGION)
        };
        assert_eq!(is(r#"{"Severity":{"Label":["HIGH","CRITICAL"]}}"#), Share::All);
        assert_eq!(is(r#"{"Severity":{"Label":["CRITICAL"]}}"#), some(&["severity label HIGH"]));
        assert_eq!(is(r#"{"Severity":{"Label":["LOW"]}}"#), Share::None);
        assert_eq!(is(r#"{"Severity":{"Normalized":[{"numeric":[">=",70]}]}}"#), Share::Unknown);
        assert_eq!(
            is(r#"{"ProductName":["GuardDuty"],"RecordState":["ACTIVE"],"Workflow":{"Status":["NEW"]}}"#),
            Share::All
        );
        assert_eq!(is(r#"{"ProductArn":["arn:aws:securityhub:us-east-1::product/aws/guardduty"]}"#), Share::All);
        assert_eq!(is(r#"{"ProductName":["Inspector"]}"#), Share::None);
        assert_eq!(is(r#"{"Compliance":{"Status":["FAILED"]}}"#), Share::Unknown);
        let all = |text| security_hub_findings(&pattern(text), ACCOUNT, REGION);
        assert_eq!(all(r#"{"source":["aws.securityhub"]}"#), Share::All);
        assert_eq!(all(r#"{"source":["aws.securityhub"],"detail-type":["Findings Imported V2"]}"#), Share::None);
    }
}
