//! Amazon CloudWatch Logs filter patterns: which log lines a metric filter counts, and with what number.
//!
//! Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log
//! events, and Live Tail"; the sections named below are its own, or of its earlier edition "Filter and pattern syntax".
//! Where the page is silent, or where its editions contradict each other, the answer is `None`: a line is only said to
//! match, or not to, where every reading agrees.
//!
//! Not evaluated: regular expressions (`%…%`) and wildcard selectors (`$.list[*]`, `$.*`). They are unknown, unless
//! the rest of the pattern decides.

use crate::model::answer::names_once;
use serde_json::Value;
use std::cmp::Ordering;
use std::iter::Peekable;

/// API reference of `PutMetricFilter`: `filterPattern` has 0 to 1024 characters.
const LONGEST: usize = 1024;
/// Parentheses within parentheses. The guide names no limit; no pattern that a person wrote comes near.
const DEEPEST: usize = 32;
/// Decimal digits that a double always keeps apart. Beyond, equal doubles may have been written differently.
const EXACT_DIGITS: usize = 15;

/// Why a pattern cannot be read with certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) &'static str);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unreadable {}

/// A filter pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Terms {
        with: Vec<String>,
        without: Vec<String>,
        optional: Vec<String>,
    },
    /// A regular expression that stands alone.
    Regex,
    Json(Expr<(Vec<Step>, Test)>),
    /// Fields before `...`, and those after it, if it is there.
    Fields {
        head: Vec<Field>,
        tail: Option<Vec<Field>>,
    },
}

/// Conditions with `&&` and `||`.
#[derive(Debug, Clone, PartialEq)]
enum Expr<C> {
    Any(Vec<Expr<C>>),
    All(Vec<Expr<C>>),
    One(C),
}

/// One step of a property selector.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
    /// `[*]` or `.*`.
    Wildcard,
}

/// What a JSON property is asked.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Is(Value),
    NotExists,
    Compare(Op, Operand),
}

/// A field of a space-delimited pattern. Each of its conditions repeats its name; a lone name has none.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: String,
    test: Expr<(String, Option<(Op, Operand)>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Quoted(String),
    Bare(String),
    Number(Num, String),
    /// A regular expression, or a text whose meaning the guide leaves open.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Num {
    value: f64,
    whole: Option<i128>,
    digits: usize,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is not of a form that the guide describes, so that nothing can be said of what it matches.
    pub(super) fn parse(text: &str) -> Result<Pattern, Unreadable> {
        if text.chars().nth(LONGEST).is_some() {
            return Err(Unreadable("it is longer than the 1024 characters that a filter pattern may have"));
        }
        let trimmed = text.trim();
        if let Some(inside) = trimmed.strip_prefix('{') {
            let inside = inside.strip_suffix('}').ok_or(Unreadable("its brace is not closed"))?;
            return json(inside).map(Kind::Json).map(Pattern);
        }
        if let Some(inside) = trimmed.strip_prefix('[') {
            let inside = inside.strip_suffix(']').ok_or(Unreadable("its bracket is not closed"))?;
            return fields(inside).map(Pattern);
        }
        if let Some(inside) = trimmed.strip_prefix('%').and_then(|text| text.strip_suffix('%')) {
            let alone = !inside.is_empty() && !inside.contains('%');
            return if alone { Ok(Pattern(Kind::Regex)) } else { Err(Unreadable("its % signs are not one pair")) };
        }
        terms(text).map(Pattern)
    }

    /// Does the pattern match a line? `None` where this reader cannot be certain.
    #[must_use]
    pub(super) fn matches(&self, line: &str) -> Option<bool> {
        match &self.0 {
            // Section "… in unstructured log events": "all question mark terms will be ignored" beside other terms.
            Kind::Terms { with, without, optional } if with.is_empty() && without.is_empty() => {
                if optional.is_empty() {
                    Some(true)
                } else {
                    any(optional.iter().map(|term| says(line, term)))
                }
            }
            Kind::Terms { with, without, .. } => {
                let lacks = without.iter().map(|term| says(line, term).map(|says| !says));
                all(with.iter().map(|term| says(line, term)).chain(lacks))
            }
            Kind::Regex => None,
            Kind::Json(expr) => json_matches(expr, line),
            Kind::Fields { head, tail } => {
                let columns = columns(line)?;
                let (pairs, fits) = place(head, tail.as_deref(), &columns)?;
                let holds = all(pairs.iter().map(|(field, text)| {
                    field.test.eval(&mut |(_, condition)| match condition {
                        Some((op, operand)) => text_holds(*op, operand, text),
                        None => Some(true),
                    })
                }));
                // One edition counts `[w1=ERROR, w2]` as two fields, another lets it match longer lines: where the
                // numbers of fields differ, only a condition that fails decides.
                holds.filter(|holds| fits || !holds)
            }
        }
    }

    /// The number that a metric value gives for a matching line: a literal number, `$field` or `$.property`.
    ///
    /// Section "Configuring metric values for a metric filter". A selector must be one that the pattern names.
    /// `None` where the line does not certainly match, or where it has no certain number there. Numeric identifiers
    /// (`$7`) are not read: the guide does not say how they count beside named fields.
    #[must_use]
    pub(super) fn value(&self, selector: &str, line: &str) -> Option<f64> {
        if self.matches(line) != Some(true) {
            return None;
        }
        let Some(name) = selector.strip_prefix('$') else { return Num::read(selector).map(|num| num.value) };
        match &self.0 {
            Kind::Json(expr) => {
                let (steps, "") = steps(name).ok()? else { return None };
                let named = expr.leaves().iter().any(|(path, _)| *path == steps);
                let root = object(line.trim())?;
                let Value::Number(number) = find(&root, &steps)? else { return None };
                Num::read(&number.to_string()).filter(|_| named).map(|num| num.value)
            }
            Kind::Fields { head, tail } => {
                let columns = columns(line)?;
                let (pairs, _) = place(head, tail.as_deref(), &columns)?;
                let mut named = pairs.iter().filter(|(field, _)| field.name == name);
                let (Some((_, text)), None) = (named.next(), named.next()) else { return None };
                Num::read(text).map(|num| num.value)
            }
            Kind::Terms { .. } | Kind::Regex => None,
        }
    }
}

/// Kleene's "and": one false decides, else one unknown leaves it open.
fn all(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return part,
            None => known = None,
        }
    }
    known
}

/// Kleene's "or".
fn any(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    all(parts.into_iter().map(|part| part.map(|part| !part))).map(|none| !none)
}

impl<C> Expr<C> {
    /// Asks every condition, also where the first ones decide: the caller may note what it meets.
    fn eval(&self, ask: &mut dyn FnMut(&C) -> Option<bool>) -> Option<bool> {
        match self {
            Expr::Any(parts) => any(parts.iter().map(|part| part.eval(ask)).collect::<Vec<_>>()),
            Expr::All(parts) => all(parts.iter().map(|part| part.eval(ask)).collect::<Vec<_>>()),
            Expr::One(condition) => ask(condition),
        }
    }

    fn leaves(&self) -> Vec<&C> {
        match self {
            Expr::Any(parts) | Expr::All(parts) => parts.iter().flat_map(Expr::leaves).collect(),
            Expr::One(condition) => vec![condition],
        }
    }
}

// ---- Unstructured terms ----

/// Section "Using filter patterns to match terms in unstructured log events": terms that include other characters
/// than letters and digits are in double quotes; `-` excludes, `?` makes optional; `" "` matches everything.
fn terms(text: &str) -> Result<Kind, Unreadable> {
    let (mut with, mut without, mut optional) = (Vec::new(), Vec::new(), Vec::new());
    let blank = |text: &str| text.chars().all(char::is_whitespace);
    let quoted = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    // `"` alone loses its only quote to the prefix, and does not come here.
    if text.is_empty() || quoted.is_some_and(blank) {
        return Ok(Kind::Terms { with, without, optional });
    }
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (list, after) = if let Some(after) = rest.strip_prefix('-') {
            (&mut without, after)
        } else if let Some(after) = rest.strip_prefix('?') {
            (&mut optional, after)
        } else {
            (&mut with, rest)
        };
        let (term, after) = if let Some(after) = after.strip_prefix('"') {
            let (term, after) = after.split_once('"').ok_or(Unreadable("a quote is not closed"))?;
            if term.contains(['\\', '*']) {
                return Err(Unreadable("the guide does not say what \\ and * mean in a quoted term"));
            }
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                return Err(Unreadable("something stands next to a quoted term"));
            }
            (term, after)
        } else {
            let (term, after) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
            if !term.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(Unreadable("a term with other characters than letters, digits and _ is not in quotes"));
            }
            (term, after)
        };
        if blank(term) {
            return Err(Unreadable("a term is empty"));
        }
        list.push(term.to_owned());
        rest = after.trim_start();
    }
    if with.is_empty() && without.is_empty() && optional.is_empty() {
        return Err(Unreadable("it has white space only"));
    }
    Ok(Kind::Terms { with, without, optional })
}

/// Is a term in a line? One edition of the guide has `ERROR` match `ERRORCODE`, later ones speak of words: within a
/// longer word it is unknown. (Occurrences that overlap are not all tried: that can only leave it unknown.)
fn says(line: &str, term: &str) -> Option<bool> {
    let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut found = line.match_indices(term).peekable();
    if found.peek().is_none() {
        return Some(false);
    }
    let whole = found.any(|(at, _)| {
        let (before, after) = (line.get(..at).unwrap_or_default(), line.get(at + term.len()..).unwrap_or_default());
        let from_word = inner(term.chars().next()) && inner(before.chars().next_back());
        let into_word = inner(term.chars().next_back()) && inner(after.chars().next());
        !from_word && !into_word
    });
    whole.then_some(true)
}

// ---- Tokens and expressions of the other two forms ----

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Regex,
    Selector(Vec<Step>),
    Op(Op),
    And,
    Or,
    Open,
    Close,
    Comma,
}

type Tokens = Peekable<std::vec::IntoIter<Token>>;

/// The longer signs come first.
const SIGNS: [(&str, Token); 11] = [
    ("&&", Token::And),
    ("||", Token::Or),
    ("!=", Token::Op(Op::Ne)),
    ("<=", Token::Op(Op::Le)),
    (">=", Token::Op(Op::Ge)),
    ("=", Token::Op(Op::Eq)),
    ("<", Token::Op(Op::Lt)),
    (">", Token::Op(Op::Gt)),
    ("(", Token::Open),
    (")", Token::Close),
    (",", Token::Comma),
];

fn tokens(text: &str) -> Result<Tokens, Unreadable> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some((token, after)) =
            SIGNS.iter().find_map(|(sign, token)| rest.strip_prefix(sign).map(|after| (token, after)))
        {
            found.push(token.clone());
            rest = after;
        } else if let Some(after) = rest.strip_prefix('"') {
            let (text, after) = after.split_once('"').ok_or(Unreadable("a quote is not closed"))?;
            if text.contains('\\') {
                return Err(Unreadable("the guide does not say what \\ means in a quoted string"));
            }
            found.push(Token::Quoted(text.to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('%') {
            rest = after.split_once('%').ok_or(Unreadable("a % is not closed"))?.1;
            found.push(Token::Regex);
        } else if let Some(after) = rest.strip_prefix('$') {
            let (path, after) = steps(after)?;
            found.push(Token::Selector(path));
            rest = after;
        } else {
            // The guide asks quotes around everything but letters, digits and _, and then writes `123.123.*`.
            let bare = |c: char| c.is_ascii_alphanumeric() || "_.*-+:/".contains(c);
            let (word, after) = rest.split_at(rest.find(|c| !bare(c)).unwrap_or(rest.len()));
            if word.is_empty() {
                return Err(Unreadable("it has a character that belongs in quotes"));
            }
            found.push(Token::Word(word.to_owned()));
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(found.into_iter().peekable())
}

/// The steps of a property selector after its `$`, and what follows it. Section "Writing filter patterns that match
/// strings": `$.name`, names of letters, digits, `-` and `_`; `[0]` counts from zero; `$.['a.b']` for other names.
fn steps(text: &str) -> Result<(Vec<Step>, &str), Unreadable> {
    let (mut found, mut rest) = (Vec::new(), text);
    loop {
        let bracket = rest.strip_prefix(".[").or_else(|| rest.strip_prefix('['));
        if let Some(after) = bracket {
            if let Some((name, after)) = ['\'', '"'].iter().find_map(|quote| {
                let (name, after) = after.strip_prefix(*quote)?.split_once(*quote)?;
                Some((name, after.strip_prefix(']')?))
            }) {
                if name.contains(['\\', '*']) {
                    return Err(Unreadable("the guide does not say what \\ and * mean in a property's name"));
                }
                found.push(Step::Name(name.to_owned()));
                rest = after;
            } else {
                let (inside, after) = after.split_once(']').ok_or(Unreadable("a selector's bracket is not closed"))?;
                let digits = !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit());
                found.push(match inside.parse() {
                    _ if inside == "*" => Step::Wildcard,
                    Ok(index) if digits => Step::Index(index),
                    _ => return Err(Unreadable("a selector has something else than a number in brackets")),
                });
                rest = after;
            }
        } else if let Some(after) = rest.strip_prefix(".*") {
            found.push(Step::Wildcard);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let (name, after) = after.split_at(after.find(|c| !inner(c)).unwrap_or(after.len()));
            if name.is_empty() {
                return Err(Unreadable("a selector has a name with other characters than letters, digits, - and _"));
            }
            found.push(Step::Name(name.to_owned()));
            rest = after;
        } else if found.is_empty() {
            return Err(Unreadable("a selector names no property"));
        } else {
            return Ok((found, rest));
        }
    }
}

/// Section "Using compound expressions to match terms in JSON objects": the order is `()`, then `&&`, then `||`.
fn expression<C>(
    tokens: &mut Tokens,
    depth: usize,
    condition: fn(&mut Tokens) -> Result<C, Unreadable>,
) -> Result<Expr<C>, Unreadable> {
    let mut either = Vec::new();
    loop {
        let mut both = Vec::new();
        loop {
            if tokens.next_if_eq(&Token::Open).is_some() {
                let deeper = depth.checked_sub(1).ok_or(Unreadable("its parentheses are too deep"))?;
                both.push(expression(tokens, deeper, condition)?);
                tokens.next_if_eq(&Token::Close).ok_or(Unreadable("a parenthesis is not closed"))?;
            } else {
                both.push(Expr::One(condition(tokens)?));
            }
            if tokens.next_if_eq(&Token::And).is_none() {
                break;
            }
        }
        either.push(Expr::All(both));
        if tokens.next_if_eq(&Token::Or).is_none() {
            return Ok(Expr::Any(either));
        }
    }
}

/// The right side of a comparison. Only numbers have an order.
fn operand(tokens: &mut Tokens, op: Op) -> Result<Operand, Unreadable> {
    let endless = |text: &str| text.parse::<f64>().is_ok_and(|value| !value.is_finite());
    let operand = match tokens.next() {
        Some(Token::Regex) => Operand::Unknown,
        // "Strings don't support scientific notation", and an empty string is not described.
        Some(Token::Quoted(text)) if text.is_empty() || (Num::read(&text).is_some() && text.contains(['e', 'E'])) => {
            Operand::Unknown
        }
        Some(Token::Quoted(text)) => Operand::Quoted(text),
        Some(Token::Word(text)) if endless(&text) => Operand::Unknown,
        Some(Token::Word(text)) => match Num::read(&text) {
            Some(number) => Operand::Number(number, text),
            None => Operand::Bare(text),
        },
        _ => return Err(Unreadable("a comparison has no right side")),
    };
    match (op, &operand) {
        (Op::Eq | Op::Ne, _) | (_, Operand::Number(..)) => Ok(operand),
        _ => Err(Unreadable("something else than a number is compared by order")),
    }
}

impl Op {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Op::Eq => order.is_eq(),
            Op::Ne => order.is_ne(),
            Op::Lt => order.is_lt(),
            Op::Le => order.is_le(),
            Op::Gt => order.is_gt(),
            Op::Ge => order.is_ge(),
        }
    }

    /// For texts, which are only compared by `=` and `!=`.
    fn of_same(self, same: bool) -> bool {
        same != (self == Op::Ne)
    }
}

impl Num {
    /// Section "Writing filter patterns that match numeric values": whole or decimal, with or without a sign, and
    /// scientific notation. Infinite and beyond is no number.
    fn read(text: &str) -> Option<Num> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let form = unsigned.starts_with(|c: char| c.is_ascii_digit())
            && unsigned.ends_with(|c: char| c.is_ascii_digit())
            && unsigned.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
        let value = text.parse::<f64>().ok().filter(|value| form && value.is_finite())?;
        let digits = unsigned.split(['e', 'E']).next().unwrap_or_default().chars().filter(char::is_ascii_digit).count();
        Some(Num { value, whole: text.parse().ok(), digits })
    }

    /// The order of two numbers. Doubles that are equal by rounding leave it unknown.
    fn order(&self, other: &Num) -> Option<Ordering> {
        let order = self.value.partial_cmp(&other.value)?;
        let rounded = self.digits.max(other.digits) > EXACT_DIGITS;
        let written = self.whole.is_some() && self.whole == other.whole;
        (order.is_ne() || !rounded || written).then_some(order)
    }
}

/// Does a text match one with `*`? One edition of the guide has `Ev*ent` match only the actual string `Ev*ent`, later
/// ones know no such bound: with a `*` inside, both readings must agree.
fn like(pattern: &str, text: &str) -> Option<bool> {
    let (open, inner) = pattern.strip_prefix('*').map_or((false, pattern), |inner| (true, inner));
    let (inner, ends) = inner.strip_suffix('*').map_or((inner, false), |inner| (inner, true));
    let literal = match (open, ends) {
        (true, true) => text.contains(inner),
        (true, false) => text.ends_with(inner),
        (false, true) => text.starts_with(inner),
        // A lone `*` is all prefix.
        (false, false) => text == inner,
    };
    if !inner.contains('*') {
        return Some(literal);
    }
    (literal == wild(pattern, text)).then_some(literal)
}

/// Every `*` stands for any text. The pieces between are looked for from left to right: no going back.
fn wild(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else { return pattern == text };
    let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
    let Some(rest) = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    middle.split('*').try_fold(rest, |rest, piece| rest.split_once(piece).map(|(_, rest)| rest)).is_some()
}

/// May another reader take the text, which is no number here, for one (`.5`, `10ms`, `NaN`)?
fn loose(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['+', '-']);
    text.starts_with(|c: char| c.is_numeric() || c == '.' || c == ',')
        || ["nan", "inf", "infinity"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A comparison with a text. Against a bare number, the text and the number that it writes must both agree.
fn text_holds(op: Op, operand: &Operand, text: &str) -> Option<bool> {
    let (number, written) = match operand {
        Operand::Unknown => return None,
        Operand::Quoted(pattern) | Operand::Bare(pattern) => return like(pattern, text).map(|same| op.of_same(same)),
        Operand::Number(number, written) => (number, written),
    };
    let Some(read) = Num::read(text) else {
        // "-" is not 22, and not above it either; whether it is `!= 22` depends on how the two are compared.
        return (op != Op::Ne && !loose(text)).then_some(false);
    };
    let holds = op.holds(read.order(number)?);
    let agreed = !matches!(op, Op::Eq | Op::Ne) || holds == op.of_same(written == text);
    agreed.then_some(holds)
}

// ---- JSON ----

/// Section "Using filter patterns to match terms in JSON log events".
fn json(inside: &str) -> Result<Expr<(Vec<Step>, Test)>, Unreadable> {
    let mut tokens = tokens(inside)?;
    let expr = expression(&mut tokens, DEEPEST, json_condition)?;
    if tokens.next().is_some() { Err(Unreadable("something follows a whole condition")) } else { Ok(expr) }
}

/// `IS NOT` and `EXISTS` "currently aren't supported".
fn json_condition(tokens: &mut Tokens) -> Result<(Vec<Step>, Test), Unreadable> {
    let Some(Token::Selector(path)) = tokens.next() else {
        return Err(Unreadable("a condition does not begin with a selector"));
    };
    let test = match tokens.next() {
        Some(Token::Op(op)) => Test::Compare(op, operand(tokens, op)?),
        Some(Token::Word(verb)) => match (verb.as_str(), tokens.next()) {
            ("IS", Some(Token::Word(what))) if what == "NULL" => Test::Is(Value::Null),
            ("IS", Some(Token::Word(what))) if what == "TRUE" => Test::Is(Value::Bool(true)),
            ("IS", Some(Token::Word(what))) if what == "FALSE" => Test::Is(Value::Bool(false)),
            ("NOT", Some(Token::Word(what))) if what == "EXISTS" => Test::NotExists,
            _ => return Err(Unreadable("a selector is followed by words that the guide does not know")),
        },
        _ => return Err(Unreadable("a selector is asked nothing")),
    };
    Ok((path, test))
}

fn json_matches(expr: &Expr<(Vec<Step>, Test)>, line: &str) -> Option<bool> {
    let line = line.trim();
    if !line.contains('{') && serde_json::from_str::<Value>(line).is_err() {
        // No JSON log event, and none inside.
        return Some(false);
    }
    let root = object(line)?;
    let mut misfit = false;
    let holds = expr.eval(&mut |(path, test)| {
        if path.contains(&Step::Wildcard) {
            return None;
        }
        let node = find(&root, path);
        match test {
            Test::NotExists => Some(node.is_none()),
            // A string "true" may count as TRUE for another reader.
            Test::Is(value) if node.is_some_and(Value::is_string) && *value != Value::Null => None,
            Test::Is(value) => Some(node == Some(value)),
            Test::Compare(..) if node.is_some_and(|node| node.is_array() || node.is_object()) => {
                misfit = true;
                Some(false)
            }
            Test::Compare(op, operand) => json_holds(*op, operand, node),
        }
    });
    // "If a property selector points to an array or object, the filter pattern won't match the log format": that
    // condition alone, or the whole pattern.
    holds.filter(|holds| !misfit || !holds)
}

/// A line as an object. `None` also where a name is written twice, as readers differ in which of the two counts.
fn object(line: &str) -> Option<Value> {
    let root = serde_json::from_str(line).ok().filter(Value::is_object)?;
    names_once(line.as_bytes(), &root).then_some(root)
}

/// The value that a selector without wildcard points to, if there is one.
fn find<'a>(root: &'a Value, path: &[Step]) -> Option<&'a Value> {
    let step = |node: &'a Value, step: &Step| match step {
        Step::Name(name) => node.as_object()?.get(name),
        Step::Index(index) => node.as_array()?.get(*index),
        Step::Wildcard => None,
    };
    path.iter().try_fold(root, step)
}

/// A comparison with a value that is neither array nor object. "Value nodes can be strings or numbers": across the
/// two, and for null, true and false, only what no reading can match is certain.
fn json_holds(op: Op, operand: &Operand, node: Option<&Value>) -> Option<bool> {
    let never = |may: bool| (!may && op != Op::Ne).then_some(false);
    match (node, operand) {
        // "If the items do not have an id property, this will be false", it says of `=`.
        (None, _) => never(false),
        (_, Operand::Unknown) => None,
        (Some(Value::String(text)), Operand::Quoted(_) | Operand::Bare(_)) => text_holds(op, operand, text),
        (Some(Value::String(text)), Operand::Number(..)) => never(text_holds(op, operand, text) != Some(false)),
        (Some(Value::Number(number)), Operand::Number(other, _)) => {
            Num::read(&number.to_string())?.order(other).map(|order| op.holds(order))
        }
        (Some(Value::Number(number)), Operand::Quoted(pattern) | Operand::Bare(pattern)) => {
            // "Use the asterisk as a wild card to match numbers", unquoted; the AWS CDK writes `= "*"` for "exists".
            let whole = number.is_i64() || number.is_u64();
            if op == Op::Eq && pattern == "*" {
                Some(true)
            } else if whole && pattern.contains('*') && matches!(operand, Operand::Bare(_)) {
                text_holds(op, operand, &number.to_string())
            } else {
                // 1.5 may also be written 15e-1: only what no number is written with is certainly not in it.
                let strange = pattern.chars().any(|c| !c.is_ascii_digit() && !"+-.eE*".contains(c));
                let other = whole && !pattern.contains(['.', 'e', 'E']);
                let differs = other && like(pattern, &number.to_string()) == Some(false);
                never(!(strange || differs))
            }
        }
        (Some(node), Operand::Quoted(pattern) | Operand::Bare(pattern)) => {
            let may = |text: &str| like(pattern, text) != Some(false);
            never(may(&node.to_string()) || (node.is_null() && may("")))
        }
        (Some(_), Operand::Number(..)) => never(op != Op::Eq),
    }
}

// ---- Space-delimited ----

/// Section "Using filter patterns to match terms in space-delimited log events".
fn fields(inside: &str) -> Result<Kind, Unreadable> {
    let mut tokens = tokens(inside)?;
    let (mut head, mut tail) = (Vec::new(), None);
    loop {
        if tokens.next_if_eq(&Token::Word("...".to_owned())).is_some() {
            if tail.replace(Vec::new()).is_some() {
                return Err(Unreadable("it has more than one ellipsis"));
            }
        } else {
            let test = expression(&mut tokens, DEEPEST, field_condition)?;
            let leaves = test.leaves();
            let name = leaves.first().map(|(name, _)| name.clone()).unwrap_or_default();
            if leaves.iter().any(|(other, test)| *other != name || (test.is_none() && leaves.len() > 1)) {
                return Err(Unreadable("the conditions of one field are not all about that field"));
            }
            tail.as_mut().unwrap_or(&mut head).push(Field { name, test });
        }
        match tokens.next() {
            Some(Token::Comma) => {}
            None => return Ok(Kind::Fields { head, tail }),
            Some(_) => return Err(Unreadable("something follows a whole field")),
        }
    }
}

fn field_condition(tokens: &mut Tokens) -> Result<(String, Option<(Op, Operand)>), Unreadable> {
    let unnamed = Unreadable("a field has no name of letters, digits, - and _, with a letter or _ first");
    let Some(Token::Word(name)) = tokens.next() else { return Err(unnamed) };
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || !name.chars().all(inner) {
        return Err(unnamed);
    }
    let Some(Token::Op(op)) = tokens.next_if(|token| matches!(token, Token::Op(_))) else { return Ok((name, None)) };
    Ok((name, Some((op, operand(tokens, op)?))))
}

/// The fields of a line: "Characters between brackets and double quotation marks are considered single fields".
/// `None` where they could be cut in more than one way: other white space, two spaces, quotes or brackets within a
/// field, escapes.
fn columns(line: &str) -> Option<Vec<&str>> {
    let (mut found, mut rest) = (Vec::new(), line);
    loop {
        let (field, after) = if let Some(after) = rest.strip_prefix('"') {
            after.split_once('"')?
        } else if let Some(after) = rest.strip_prefix('[') {
            after.split_once(']')?
        } else {
            let cut = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
            Some(cut).filter(|(field, _)| !field.is_empty())?
        };
        let strange = |c: char| "\"[]\\".contains(c) || c.is_control() || (c.is_whitespace() && c != ' ');
        if field.contains(strange) {
            return None;
        }
        found.push(field);
        if after.is_empty() {
            return Some(found);
        }
        rest = after.strip_prefix(' ')?;
    }
}

/// The pattern's fields with the texts of a line, and whether the line certainly has as many as the pattern wants.
/// "Ellipsis can reference as many fields as needed": whether none can be needed is not said.
fn place<'a>(
    head: &'a [Field],
    tail: Option<&'a [Field]>,
    columns: &[&'a str],
) -> Option<(Vec<(&'a Field, &'a str)>, bool)> {
    let mut pairs: Vec<_> = head.iter().zip(columns.iter().copied()).collect();
    let Some(tail) = tail else { return Some((pairs, head.len() == columns.len())) };
    let skipped = columns.len().checked_sub(head.len() + tail.len())?;
    pairs.extend(tail.iter().zip(columns.iter().copied().skip(head.len() + skipped)));
    Some((pairs, skipped > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    fn ask(pattern: &str, line: &str) -> Option<bool> {
        Pattern::parse(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}")).matches(line)
    }

    fn unreadable(patterns: &[&str]) {
        for pattern in patterns {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }

    /// The example of section "… in JSON log events".
    const TRAIL: &str = r#"{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"], "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": null, "cluster.name": "c", "ThisFlag": true, "count": 404, "ratio": 0.5, "text": "404"}"#;
    /// The example of section "Using compound expressions …".
    const USERS: &str = r#"{"user": {"id": 1, "email": "John.Stiles@example.com"}, "users": [{"id": 2, "email":
        "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}], "actions": ["GET", "PUT", "DELETE"],
        "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]}"#;
    const APACHE: &str = r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;
    const FLOW: &str = "2 123456789012 eni-0a1 203.0.113.9 10.0.0.5 51000 22 6 20 12000000 1 60 ACCEPT OK";
    const FLOW_FIELDS: &str = r#"[version, account, eni, source, destination, srcport, destport="22", protocol="6",
        packets, bytes >= 10000000, start, end, action="ACCEPT", log_status]"#;

    #[test]
    fn terms_of_the_guide() {
        let lines = [
            "[ERROR 400] BAD REQUEST",
            "[ERROR 401] UNAUTHORIZED REQUEST",
            "[ERROR 419] MISSING ARGUMENTS",
            "[ERROR 420] INVALID ARGUMENTS",
            "[INFO] REQUEST FAILED",
        ];
        let all = |pattern: &str| lines.map(|line| ask(pattern, line));
        assert_eq!(all("ERROR"), [YES, YES, YES, YES, NO]);
        assert_eq!(all("ERROR ARGUMENTS"), [NO, NO, YES, YES, NO]);
        assert_eq!(all("?ERROR ?ARGUMENTS"), [YES, YES, YES, YES, NO]);
        assert_eq!(all("ERROR -ARGUMENTS"), [YES, YES, NO, NO, NO]);
        assert_eq!(all("-ARGUMENTS"), [YES, YES, NO, NO, YES]);
        assert_eq!(all("-\"BAD REQUEST\" ERROR"), [NO, YES, YES, YES, NO]);
        assert_eq!(all("?\"BAD REQUEST\" ?INFO"), [YES, NO, NO, NO, YES]);
        assert_eq!(all("?ERROR ?ARGUMENTS REQUEST"), [YES, YES, NO, NO, YES], "optional terms are ignored");
        assert_eq!(all("?BAD -ARGUMENTS"), [YES, YES, NO, NO, YES], "beside excluded ones too");
        assert_eq!(all("error"), [NO; 5], "case sensitive");
        for everything in ["", "\"\"", "\" \"", " \" \" "] {
            assert_eq!(all(everything), [YES; 5], "{everything:?}");
        }
        assert_eq!(ask("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR"), YES);
        assert_eq!(ask("\"INTERNAL SERVER ERROR\"", "INTERNAL ERROR SERVER"), NO);
        assert_eq!(ask("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST"), None);
        assert_eq!(ask("%a b|c d%", ""), None);
    }

    #[test]
    fn a_term_within_a_longer_word_is_unknown() {
        assert_eq!(ask("ERROR", "Exiting with ERRORCODE: -1"), None);
        assert_eq!(ask("ERROR", "ERRORCODE ERROR"), YES);
        assert_eq!(ask("ERROR", "äERROR"), None);
        assert_eq!(ask("-ERROR", "MY_ERROR"), None);
        assert_eq!(ask("ERROR x1", "ERRORCODE"), NO, "the other term decides");
        assert_eq!(ask("?ERROR ?WARN", "ERRORCODE WARN"), YES);
        assert_eq!(ask("?ERROR ?WARN", "ERRORCODE"), None);
        assert_eq!(ask("\"=22\"", "port=22"), YES);
        assert_eq!(ask("\"=22\"", "port=221"), None);
        assert_eq!(ask("\"é\"", "caf é"), YES);
    }

    #[test]
    fn terms_that_cannot_be_read() {
        unreadable(&[" ", "\t", "-", "?", "\"a", "a\"b\"", "\"a\"b", "ERROR*", "a=b", "é", "- \"Exiting\"", "--a"]);
        unreadable(&["\"a\\\"b\"", "\"a*\"", "a \" \"", "-\"\"", "%", "%%", "%a% b", "a %b%", "%a%b%", "100%", "\""]);
        unreadable(&["}", "]", "(a)", "/x/", "“a”"]);
    }

    #[test]
    fn length() {
        assert!(Pattern::parse(&"a".repeat(1024)).is_ok());
        assert!(Pattern::parse(&"a".repeat(1025)).is_err());
        assert!(Pattern::parse(&format!("\"{}\"", "é".repeat(1022))).is_ok(), "characters, not bytes");
    }

    #[test]
    fn json_of_the_guide() {
        for (pattern, says) in [
            (r#"{ $.eventType = "UpdateTrail" }"#, YES),
            (r#"{ $.eventType != "UpdateTrail" }"#, NO),
            (r#"{$.eventType="StopLogging"}"#, NO),
            ("{ $.eventType = UpdateTrail }", YES),
            (r#"{ $.eventType = "updatetrail" }"#, NO),
            ("{ $.sourceIPAddress != 123.123.* }", YES),
            ("{ $.sourceIPAddress = 111.111.* }", YES),
            (r#"{ $.arrayKey[0] = "value" }"#, YES),
            (r#"{ $.arrayKey[1] = "value" }"#, NO),
            (r#"{ $.arrayKey[2] = "value" }"#, NO),
            (r#"{ $.eventType[0] = "value" }"#, NO),
            ("{ $.objectList[1].id = 2 }", YES),
            (r#"{ $.['cluster.name'] = "c" }"#, YES),
            (r#"{ $.["cluster.name"] = "d" }"#, NO),
            ("{ $.SomeObject IS NULL }", YES),
            ("{ $.eventType IS NULL }", NO),
            ("{ $.nothing IS NULL }", NO),
            ("{ $.ThisFlag IS TRUE }", YES),
            ("{ $.ThisFlag IS FALSE }", NO),
            ("{ $.text IS TRUE }", None),
            ("{ $.SomeOtherObject NOT EXISTS }", YES),
            ("{ $.SomeObject.deeper[3] NOT EXISTS }", YES),
            ("{ $.SomeObject NOT EXISTS }", NO),
            ("{ $.arrayKey NOT EXISTS }", NO),
            ("{ $.eventType = %Trail% }", None),
            ("{ $.arrayKey[*] = %val.{2}% }", None),
            ("{ $.* = %111% }", None),
            (r#"{ $.eventType = "*" && $.sourceIPAddress != 123.123.* }"#, YES),
        ] {
            assert_eq!(ask(pattern, TRAIL), says, "{pattern}");
        }
        for (pattern, says) in [
            (r#"{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }"#, YES),
            (r#"{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }"#, NO),
            (
                r#"{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = no }"#,
                YES,
            ),
            (
                r#"{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "no") && $.actions[2] = "no" }"#,
                NO,
            ),
            ("{ $.coordinates[1][2] = 6 }", YES),
        ] {
            assert_eq!(ask(pattern, USERS), says, "{pattern}");
        }
    }

    #[test]
    fn json_numbers() {
        let line = r#"{"n": 1000, "small": 0.001, "minus": -5, "big": 9007199254740993, "exp": 1E3}"#;
        for (condition, says) in [
            ("$.n >= 1000", YES),
            ("$.n > +1000", NO),
            ("$.n < 10e3", YES),
            ("$.n <= 999.9", NO),
            ("$.n = 1e+3", YES),
            ("$.exp = 1000", YES),
            ("$.n != 1e-3", YES),
            ("$.small = 1e-3", YES),
            ("$.minus<-4", YES),
            ("$.minus=-5.0", YES),
            ("$.n = 1*", YES),
            ("$.n = 2*", NO),
            ("$.n != 2*", YES),
            ("$.n = *", YES),
            (r#"$.n = "*""#, YES),
            (r#"$.n = "1000""#, None),
            (r#"$.n = "1000.0""#, None),
            (r#"$.n = "1001""#, NO),
            (r#"$.n != "1001""#, None),
            (r#"$.n = "abc""#, NO),
            ("$.small = 0.*", None),
            ("$.big = 9007199254740993", YES),
            ("$.big = 9007199254740992", None),
            ("$.big > 9007199254740992", None),
            ("$.big > 9007199254000000", YES),
            ("$.n = 1e999", None),
            ("$.gone > 1", NO),
            ("$.gone < 1", NO),
        ] {
            assert_eq!(ask(&format!("{{ {condition} }}"), line), says, "{condition}");
        }
    }

    #[test]
    fn across_kinds_only_the_impossible_is_certain() {
        for (condition, says) in [
            ("$.text = 404", None),
            ("$.text = 405", NO),
            ("$.text != 405", None),
            ("$.text > 5", None),
            ("$.text > 500", NO),
            ("$.eventType > 5", NO),
            ("$.eventType = 5", NO),
            (r#"$.ThisFlag = "true""#, None),
            (r#"$.ThisFlag = "false""#, NO),
            (r#"$.ThisFlag != "false""#, None),
            ("$.ThisFlag = 1", NO),
            ("$.ThisFlag > 0", None),
            ("$.SomeObject = x", NO),
            ("$.SomeObject = *", None),
            ("$.gone = *", NO),
            ("$.gone != x", None),
            ("$.gone = %x%", NO),
            (r#"$.eventType = """#, None),
            (r#"$.eventType != "1e5""#, None),
        ] {
            assert_eq!(ask(&format!("{{ {condition} }}"), TRAIL), says, "{condition}");
        }
    }

    #[test]
    fn an_array_or_object_does_not_fit() {
        for pattern in ["{ $.users = 1 }", "{ $.users != 1 }", "{ $.user = * }", "{ $.users > 0 }"] {
            assert_eq!(ask(pattern, USERS), NO, "{pattern}");
        }
        assert_eq!(ask("{ $.users = 1 || $.user.id = 1 }", USERS), None, "the condition alone, or the whole pattern");
        assert_eq!(ask("{ $.user.id = 1 || $.users = 1 }", USERS), None);
        assert_eq!(ask("{ $.users = 1 || $.user.id = 2 }", USERS), NO);
    }

    #[test]
    fn unknown_conditions_follow_kleene() {
        let (yes, no, open) = ("$.user.id = 1", "$.user.id = 2", "$.user.email = %J%");
        for (expr, says) in [
            (format!("{open} && {no}"), NO),
            (format!("{open} && {yes}"), None),
            (format!("{open} || {yes}"), YES),
            (format!("{open} || {no}"), None),
            (format!("{no} && {open} || {yes}"), YES),
            (format!("{no} && ({open} || {yes})"), NO),
        ] {
            assert_eq!(ask(&format!("{{ {expr} }}"), USERS), says, "{expr}");
        }
    }

    #[test]
    fn lines_that_are_no_json_object() {
        let pattern = "{ $.a NOT EXISTS || $.a = 1 }";
        assert_eq!(ask(pattern, "START RequestId"), NO);
        assert_eq!(ask(pattern, ""), NO);
        for line in ["{", "{\"a\": 1", "x {\"a\": 1}", "[1]", "5", "[{\"a\": 1}]", "{\"a\": 1, \"a\": 2}", "{} {}"] {
            assert_eq!(ask(pattern, line), None, "{line}");
        }
        assert_eq!(ask("{ $.a = 1 }", r#"{"a": 1, "b:": "\":{", "\u0061": 1}"#), None, "the same name, escaped");
        assert_eq!(ask("{ $.a = 1 }", r#" {"a": 1, "b:": "\":{", "c": {"a": 2}} "#), YES);
        assert_eq!(ask(pattern, &"{\"a\":".repeat(100_000)), None, "deep");
    }

    #[test]
    fn wildcards() {
        for (pattern, text, says) in [
            ("*", "", YES),
            ("**", "x", YES),
            ("*Event", "PutEvent", YES),
            ("*Event", "Events", NO),
            ("Event*", "EventId", YES),
            ("Event*", "PutEvent", NO),
            ("*.html*", "GET /index.html HTTP/1.0", YES),
            ("Ev*ent", "Ev*ent", YES),
            ("Ev*ent", "Event", None),
            ("Ev*ent", "Other", NO),
            ("*a*b*", "xa*by", YES),
            ("*a*b*", "b a", NO),
            ("a*a", "a", NO),
            ("é*", "été", YES),
            ("*é", "ét", NO),
        ] {
            assert_eq!(like(pattern, text), says, "{pattern} {text}");
        }
        assert!(wild("a*b*c", "a-b-b-c") && !wild("a*b*c", "a-c-b") && wild("ab*ba", "abba") && !wild("ab*ba", "aba"));
        // Exponential for a matcher that goes back.
        assert!(!wild(&"a*".repeat(500), &"a".repeat(499)));
        assert!(!wild(&format!("{}b", "*a".repeat(500)), &"a".repeat(200_000)));
    }

    #[test]
    fn json_that_cannot_be_read() {
        unreadable(&[
            "{",
            "{}",
            "{ }",
            "{ $.a }",
            "{ $.a = }",
            "{ $.a == 1 }",
            "{ $.a = 1 && }",
            "{ $.a = 1 $.b = 2 }",
        ]);
        unreadable(&["{ a = 1 }", "{ $ = 1 }", "{ $. = 1 }", "{ $.a. = 1 }", "{ $.a[x] = 1 }", "{ $.a[ = 1 }"]);
        unreadable(&["{ $.a[-1] = 1 }", "{ $.a[+1] = 1 }", "{ $.a[] = 1 }", "{ $.['a = 1 }", "{ $.a@b = 1 }"]);
        unreadable(&["{ $.a[99999999999999999999999] = 1 }", "{ $.['a'b] = 1 }", "{ $.['*'] = 1 }", "{ $.é = 1 }"]);
        unreadable(&["{ $.a > \"x\" }", "{ $.a > x }", "{ $.a < 4* }", "{ $.a > %1% }", "{ $.a = a\"b\" }"]);
        unreadable(&["{ $.a IS NOT NULL }", "{ $.a EXISTS }", "{ $.a is null }", "{ $.a IS }", "{ $.a NOT }"]);
        unreadable(&["{ ($.a = 1 }", "{ $.a = 1) }", "{ !($.a = 1) }", "{ $.a = \"x }", "{ $.a = %x }", "{ $.a = é }"]);
        unreadable(&["{ $.a = \"a\\\"b\" }", "{ $.a = 1, $.b = 2 }", "{ $.a = 1 } x", "{ 1 = $.a }", "{ $.a = $.b }"]);
        let deep = |n: usize| format!("{{ {}$.a = 1{} }}", "(".repeat(n), ")".repeat(n));
        assert_eq!(ask(&deep(32), r#"{"a": 1}"#), YES);
        unreadable(&[&deep(33), &deep(500), &"{(".repeat(500)]);
    }

    #[test]
    fn fields_of_the_guide() {
        for (pattern, says) in [
            ("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", YES),
            ("[..., request =*.html*, status_code = 4*, bytes]", YES),
            ("[ip, user, ..., status_code, bytes > 1000]", YES),
            ("[ip=127.0.0.1, user, ...]", YES),
            ("[ip=127.0.0.2, user, ...]", NO),
            ("[...]", YES),
            ("[..., status_code = 404 || status_code = 410, bytes]", YES),
            ("[..., status_code = 4* && status_code != 404, bytes]", NO),
            ("[..., status_code = 4* && status_code != 403, bytes]", YES),
            ("[..., (status_code = 403 || status_code = 410) && status_code != 1, bytes]", NO),
            ("[a, b, c, time=\"10/Oct/2000:13:25:15 -0700\", request=\"GET *\", code, bytes]", YES),
            (r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", None),
            (r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.php*, status_code = 4*, bytes]", NO),
            (r"[ip=%a,b% || ip=127.*, ...]", YES),
            ("[w1=ERROR, w2]", NO),
            ("[w1=127.0.0.1, w2]", None),
            ("[a, b, c, d, e, f, g, h]", None),
            ("[a, b, c, d, e, f, g, ...]", None),
            ("[a, b, c, d, e, ..., f, g, h]", None),
        ] {
            assert_eq!(ask(pattern, APACHE), says, "{pattern}");
        }
        assert_eq!(ask("[w1=ERROR || w1=WARN, w2]", "WARN message"), YES);
        assert_eq!(ask("[w1!=ERROR && w1!=WARN, w2]", "WARN message"), NO);
        assert_eq!(ask("[w1!=ERROR&&w1!=WARN, w2]", "INFO message"), YES);
    }

    #[test]
    fn flow_logs() {
        assert_eq!(ask(FLOW_FIELDS, FLOW), YES);
        assert_eq!(ask(FLOW_FIELDS, &FLOW.replace("ACCEPT", "REJECT")), NO);
        assert_eq!(ask(FLOW_FIELDS, &FLOW.replace("12000000", "9999999")), NO);
        assert_eq!(ask(FLOW_FIELDS, "2 123456789012 eni-0a1 - - - - - - - 1 60 - NODATA"), NO);
        assert_eq!(ask("[a, b, c, d, e, f, p=22 || p=3389, ...]", FLOW), YES);
        assert_eq!(ask("[a, b, c, d, e, f, p=23 || p=3389, ...]", FLOW), NO);
    }

    #[test]
    fn a_bare_number_is_a_text_and_a_number() {
        for (condition, text, says) in [
            ("p=22", "22", YES),
            ("p=22", "022", None),
            ("p!=22", "22.0", None),
            ("p=22", "23", NO),
            ("p!=22", "23", YES),
            ("p=22", "-", NO),
            ("p!=22", "-", None),
            ("p>22", "-", NO),
            ("p>22", "100ms", None),
            ("p>22", "NaN", None),
            ("p>22", "1e2", YES),
            ("p=\"22\"", "022", NO),
            ("p!=\"22\"", "-", YES),
        ] {
            assert_eq!(ask(&format!("[{condition}]"), text), says, "{condition} {text}");
        }
    }

    #[test]
    fn lines_with_more_than_one_cut_are_unknown() {
        for line in ["", " a b", "a b ", "a  b", "a\tb", "a b\n", "a \"b", "a [b", "a \"b\"c", "a k=\"b\"", "a b[1]"] {
            assert_eq!(ask("[x=zzz, y]", line), None, "{line:?}");
        }
        for line in ["a \"b\\\" c\"", "a [b [c] d]", "a \"b [c] d\"", "a\u{3000}b c"] {
            assert_eq!(ask("[x=zzz, y]", line), None, "{line:?}");
        }
        assert_eq!(columns("a \"\" [b c] é"), Some(vec!["a", "", "b c", "é"]));
    }

    #[test]
    fn fields_that_cannot_be_read() {
        unreadable(&["[", "[]", "[,]", "[a,]", "[a b]", "[a, , b]", "[..., a, ...]", "[a=]", "[=a]", "[a=1 b]", "[…]"]);
        unreadable(&["[a=1 && b=2]", "[w1=ERROR || W1=WARNING, w2]", "[a || a=1]", "[w1=!ERROR]", "[a > x]", "[$a]"]);
        unreadable(&["[a=1", "[(a=1]", "[a=\"1]", "[a=%1]", "[a.b]", "[a=1] x", "[a IS NULL]", "[\"a\"=1]", "[a=1,2]"]);
    }

    #[test]
    fn values() {
        let of = |pattern: &str, selector: &str, line: &str| Pattern::parse(pattern).unwrap().value(selector, line);
        assert_eq!(of(FLOW_FIELDS, "$bytes", FLOW), Some(12_000_000.0));
        assert_eq!(of(FLOW_FIELDS, "$packets", FLOW), Some(20.0));
        assert_eq!(of(FLOW_FIELDS, "1", FLOW), Some(1.0));
        assert_eq!(of(FLOW_FIELDS, "-2.5e1", FLOW), Some(-25.0));
        assert_eq!(of("[..., code, bytes]", "$bytes", APACHE), Some(1534.0));
        assert_eq!(of("{ $.count = * }", "$.count", TRAIL), Some(404.0));
        assert_eq!(of("{ $.ratio = * }", "$.ratio", TRAIL), Some(0.5));
        assert_eq!(of("{ $.objectList[1].id = 2 }", "$.objectList[1].id", TRAIL), Some(2.0));
        assert_eq!(of("ERROR", "1", "an ERROR"), Some(1.0));
        for selector in ["", "$", "$no", "$eni", "$7", "$.bytes", "x", "NaN", "1e999", "bytes"] {
            assert_eq!(of(FLOW_FIELDS, selector, FLOW), None, "{selector}");
        }
        assert_eq!(of(FLOW_FIELDS, "1", &FLOW.replace("ACCEPT", "REJECT")), None, "the line does not match");
        assert_eq!(of("%x%", "1", "x"), None, "it may not match");
        assert_eq!(of("[a, a]", "$a", "1 2"), None, "two fields of that name");
        assert_eq!(of("{ $.text = * }", "$.text", TRAIL), None, "a string");
        assert_eq!(of("{ $.count = * }", "$.ratio", TRAIL), None, "not in the pattern");
        assert_eq!(of("{ $.count = * }", "$.count x", TRAIL), None);
        assert_eq!(of("{ $.count = * }", "$count", TRAIL), None);
        assert_eq!(of("ERROR", "$x", "an ERROR"), None);
    }

    /// What AWS Security Hub and the CIS benchmark prescribe must be readable.
    #[test]
    fn patterns_of_the_benchmarks() {
        let root = r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS &&
            $.eventType !="AwsServiceEvent"}"#;
        let event = r#"{"eventType": "AwsApiCall", "eventName": "StopLogging", "userIdentity": {"type": "Root"}}"#;
        assert_eq!(ask(root, event), YES);
        assert_eq!(ask(root, &event.replace("Root", "IAMUser")), NO);
        let trail = r"{($.eventName=CreateTrail) || ($.eventName=UpdateTrail) || ($.eventName=StopLogging)}";
        assert_eq!(ask(trail, event), YES);
        let denied = r#"{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}"#;
        assert_eq!(ask(denied, event), NO);
        assert_eq!(ask(denied, r#"{"errorCode": "Client.UnauthorizedOperation"}"#), YES);
        let console = r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }"#;
        let login = r#"{"eventName": "ConsoleLogin", "additionalEventData": {"MFAUsed": "No"}}"#;
        assert_eq!(ask(console, login), YES);
        assert_eq!(ask(console, event), NO);
        assert_eq!(ask(console, r#"{"eventName": "ConsoleLogin"}"#), None);
        let policy = "{($.eventSource=iam.amazonaws.com) && (($.eventName=DeleteGroupPolicy) || ($.eventName=PutX))}";
        assert_eq!(ask(policy, event), NO);
    }
}
