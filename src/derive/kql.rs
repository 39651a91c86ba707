//! A small reader of the Kusto query language: enough to show a query one record and see what comes out.
//!
//! It reads one table and the operators that keep, add and add up columns. Everything else (joins, unions, functions
//! that it does not know) is not guessed at: the query is then unreadable, or the value unknown. Times are seconds from
//! now. (Kusto query language reference: where, extend, project, summarize, string and numeric operators.)

use std::collections::{BTreeMap, BTreeSet};

/// A value in a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum V {
    /// A number; times and spans are numbers of seconds.
    Num(f64),
    /// Text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// A list.
    List(Vec<V>),
    /// Not known.
    Unknown,
}

/// A record.
pub(super) type Row = BTreeMap<String, V>;

/// What comes out of a query into which one record was put.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Out {
    /// Nothing.
    Nothing,
    /// One row.
    Row(Row),
    /// It depends on what is not known.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Num(f64),
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 25] = [
    "..", "==", "=~", "!=", "!~", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ";",
    "|", ":", ".", "!",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
        } else if rest.starts_with("//") {
            rest = rest.find('\n').and_then(|at| rest.get(at..)).unwrap_or_default();
        } else if first == '"' || first == '\'' || (first == '@' && rest.len() > 1) {
            let raw = first == '@';
            let body = if raw { rest.get(1..).unwrap_or_default() } else { rest };
            let quote = body.chars().next().unwrap_or_default();
            if quote != '"' && quote != '\'' {
                return Err("a sign that is not known: @".to_owned());
            }
            let (mut value, mut end, mut escaped) = (String::new(), None, false);
            for (at, sign) in body.char_indices().skip(1) {
                if escaped {
                    value.push(sign);
                    escaped = false;
                } else if sign == '\\' && !raw {
                    escaped = true;
                } else if sign == quote {
                    end = Some(at + 1);
                    break;
                } else {
                    value.push(sign);
                }
            }
            rest = end.and_then(|end| body.get(end..)).ok_or("a text does not end")?;
            all.push(Token::Text(value));
        } else if first.is_ascii_digit() {
            let ends = |sign: char| !(sign.is_ascii_alphanumeric() || sign == '.');
            let mut end = rest.find(ends).unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default();
            if let Some(range) = word.find("..") {
                end = range;
            }
            let word = rest.get(..end).unwrap_or_default();
            all.push(Token::Num(number(word).ok_or_else(|| format!("{word} is no number"))?));
            rest = rest.get(end..).unwrap_or_default();
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let ends = |sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == '$');
            let end = rest.find(ends).unwrap_or(rest.len());
            all.push(Token::Name(rest.get(..end).unwrap_or_default().to_owned()));
            rest = rest.get(end..).unwrap_or_default();
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            all.push(Token::Sign(sign));
            rest = rest.get(sign.len()..).unwrap_or_default();
        } else {
            return Err(format!("a sign that is not known: {first}"));
        }
    }
    Ok(all)
}

/// A number, or a span of time in seconds.
fn number(word: &str) -> Option<f64> {
    if let Ok(plain) = word.parse::<f64>() {
        return plain.is_finite().then_some(plain);
    }
    let (digits, unit) = word.split_at(word.find(|sign: char| sign.is_ascii_alphabetic())?);
    let each = match unit {
        "d" => 86_400.0,
        "h" => 3_600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 0.001,
        _ => return None,
    };
    Some(digits.parse::<f64>().ok()? * each)
}

#[derive(Debug, Clone)]
enum Expr {
    Value(V),
    Column(String),
    Call(String, Vec<Expr>),
    Pair(String, Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone)]
enum Step {
    Where(Expr),
    Extend(Vec<(String, Expr)>),
    Project(Vec<(String, Expr)>),
    Summarize { what: Vec<(String, Expr)>, by: Vec<(String, Expr)> },
    Count,
    Keep,
}

/// A query that was read.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// The table.
    pub(super) table: String,
    /// The columns of the table that it names.
    pub(super) columns: BTreeSet<String>,
    steps: Vec<Step>,
}

/// Deeper than any query that a person writes.
const DEEPEST: usize = 40;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    deep: usize,
    named: BTreeMap<String, Expr>,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Sign(sign)) if *sign == wanted);
        self.at += usize::from(here);
        here
    }

    fn word(&mut self, wanted: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Name(name)) if name == wanted);
        self.at += usize::from(here);
        here
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Name(name)) => Ok(name),
            other => Err(format!("a name is missing, there is {other:?}")),
        }
    }

    fn need(&mut self, sign: &'static str) -> Result<(), String> {
        if self.sign(sign) { Ok(()) } else { Err(format!("`{sign}` is missing")) }
    }

    fn query(mut self) -> Result<Query, String> {
        while self.word("let") {
            let name = self.name()?;
            self.need("=")?;
            let value = self.expr()?;
            self.need(";")?;
            self.named.insert(name, value);
        }
        let table = self.name()?;
        let mut steps = Vec::new();
        while self.sign("|") {
            steps.push(self.step()?);
        }
        self.sign(";");
        if self.peek().is_some() {
            return Err("it goes on after its end".to_owned());
        }
        let mut columns = BTreeSet::new();
        let mut made: BTreeSet<String> = BTreeSet::new();
        for step in &steps {
            let (used, gives): (Vec<&(String, Expr)>, bool) = match step {
                Step::Where(expr) => {
                    names(expr, &made, &mut columns);
                    continue;
                }
                Step::Extend(all) => (all.iter().collect(), true),
                Step::Project(all) => (all.iter().collect(), true),
                Step::Summarize { what, by } => (what.iter().chain(by).collect(), true),
                Step::Count | Step::Keep => (Vec::new(), false),
            };
            for (_, expr) in &used {
                names(expr, &made, &mut columns);
            }
            if gives {
                made.extend(used.iter().map(|(name, _)| name.clone()));
            }
            if matches!(step, Step::Count) {
                made.insert("Count".to_owned());
            }
        }
        Ok(Query { table, columns, steps })
    }

    fn step(&mut self) -> Result<Step, String> {
        let mut operator = self.name()?;
        while self.sign("-") {
            operator = format!("{operator}-{}", self.name()?);
        }
        match operator.as_str() {
            "where" | "filter" => Ok(Step::Where(self.expr()?)),
            "extend" => Ok(Step::Extend(self.named_list()?)),
            "project" => Ok(Step::Project(self.named_list()?)),
            "summarize" => {
                let what = if self.word("by") {
                    self.at -= 1;
                    Vec::new()
                } else {
                    self.named_list()?
                };
                let by = if self.word("by") { self.named_list()? } else { Vec::new() };
                Ok(Step::Summarize { what, by })
            }
            "count" => Ok(Step::Count),
            "project-away" | "project-reorder" | "take" | "limit" | "order" | "sort" | "top" | "distinct" => {
                while self.peek().is_some_and(|token| !matches!(token, Token::Sign("|" | ";"))) {
                    self.at += 1;
                }
                Ok(Step::Keep)
            }
            other => Err(format!("it uses `{other}`")),
        }
    }

    fn named_list(&mut self) -> Result<Vec<(String, Expr)>, String> {
        let mut all = Vec::new();
        loop {
            let named =
                matches!((self.peek(), self.tokens.get(self.at + 1)), (Some(Token::Name(_)), Some(Token::Sign("="))));
            let name = if named { Some(self.name()?) } else { None };
            if named {
                self.need("=")?;
            }
            let expr = self.expr()?;
            let name = name.unwrap_or_else(|| own_name(&expr));
            all.push((name, expr));
            if !self.sign(",") {
                return Ok(all);
            }
        }
    }

    fn expr(&mut self) -> Result<Expr, String> {
        self.deep += 1;
        if self.deep > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let mut left = self.both()?;
        while self.word("or") {
            left = Expr::Pair("or".to_owned(), Box::new(left), Box::new(self.both()?));
        }
        self.deep -= 1;
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr, String> {
        let mut left = self.compared()?;
        while self.word("and") {
            left = Expr::Pair("and".to_owned(), Box::new(left), Box::new(self.compared()?));
        }
        Ok(left)
    }

    fn compared(&mut self) -> Result<Expr, String> {
        let left = self.sum()?;
        let negated = self.sign("!");
        let operator = match self.peek() {
            Some(Token::Sign(sign @ ("==" | "=~" | "!=" | "!~" | "<=" | ">=" | "<" | ">"))) if !negated => {
                (*sign).to_owned()
            }
            Some(Token::Name(name))
                if [
                    "in",
                    "in_any_case",
                    "contains",
                    "has",
                    "startswith",
                    "endswith",
                    "between",
                    "has_any",
                    "contains_cs",
                    "has_cs",
                    "hasprefix",
                    "hassuffix",
                    "matches",
                    "has_all",
                    "startswith_cs",
                    "endswith_cs",
                ]
                .contains(&name.as_str()) =>
            {
                name.clone()
            }
            _ if negated => return Err("`!` stands before nothing".to_owned()),
            _ => return Ok(left),
        };
        self.at += 1;
        let right = match operator.as_str() {
            "in" | "in_any_case" | "has_any" | "has_all" => {
                self.need("(")?;
                Expr::Call("list".to_owned(), self.arguments()?)
            }
            "between" => {
                self.need("(")?;
                let from = self.sum()?;
                self.need("..")?;
                let to = self.sum()?;
                self.need(")")?;
                Expr::Call("list".to_owned(), vec![from, to])
            }
            "matches" => return Err("it uses a regular expression".to_owned()),
            _ => self.sum()?,
        };
        let pair = Expr::Pair(operator, Box::new(left), Box::new(right));
        Ok(if negated { Expr::Call("not".to_owned(), vec![pair]) } else { pair })
    }

    fn sum(&mut self) -> Result<Expr, String> {
        let mut left = self.product()?;
        loop {
            let sign = if self.sign("+") {
                "+"
            } else if self.sign("-") {
                "-"
            } else {
                return Ok(left);
            };
            left = Expr::Pair(sign.to_owned(), Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expr, String> {
        let mut left = self.single()?;
        loop {
            let sign = if self.sign("*") {
                "*"
            } else if self.sign("/") {
                "/"
            } else {
                return Ok(left);
            };
            left = Expr::Pair(sign.to_owned(), Box::new(left), Box::new(self.single()?));
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, String> {
        let mut all = Vec::new();
        if self.sign(")") {
            return Ok(all);
        }
        loop {
            all.push(self.expr()?);
            if self.sign(")") {
                return Ok(all);
            }
            self.need(",")?;
        }
    }

    fn single(&mut self) -> Result<Expr, String> {
        let expr = match self.next() {
            Some(Token::Num(number)) => Expr::Value(V::Num(number)),
            Some(Token::Text(text)) => Expr::Value(V::Text(text)),
            Some(Token::Sign("-")) => {
                Expr::Pair("-".to_owned(), Box::new(Expr::Value(V::Num(0.0))), Box::new(self.single()?))
            }
            Some(Token::Sign("(")) => {
                let inner = self.expr()?;
                self.need(")")?;
                inner
            }
            Some(Token::Sign("[")) => {
                let mut all = Vec::new();
                while !self.sign("]") {
                    all.push(self.expr()?);
                    self.sign(",");
                }
                Expr::Call("list".to_owned(), all)
            }
            Some(Token::Name(name)) => {
                if self.sign("(") {
                    Expr::Call(name, self.arguments()?)
                } else {
                    match (name.as_str(), self.named.get(&name)) {
                        (_, Some(named)) => named.clone(),
                        ("true", _) => Expr::Value(V::Bool(true)),
                        ("false", _) => Expr::Value(V::Bool(false)),
                        _ => Expr::Column(name),
                    }
                }
            }
            other => return Err(format!("a value is missing, there is {other:?}")),
        };
        if matches!(self.peek(), Some(Token::Sign("." | "["))) {
            return Err("it looks into a dynamic value".to_owned());
        }
        Ok(expr)
    }
}

/// The name of a column that has none: that of the column itself, or of the sum over one.
fn own_name(expr: &Expr) -> String {
    match expr {
        Expr::Column(name) => name.clone(),
        Expr::Call(call, of) => match (call.as_str(), of.first()) {
            ("bin", Some(first)) => own_name(first),
            (_, Some(Expr::Column(column))) => format!("{call}_{column}"),
            _ => format!("{call}_"),
        },
        _ => "Column1".to_owned(),
    }
}

fn names(expr: &Expr, made: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Column(name) if !made.contains(name) => {
            found.insert(name.clone());
        }
        Expr::Call(_, of) => of.iter().for_each(|one| names(one, made, found)),
        Expr::Pair(_, left, right) => {
            names(left, made, found);
            names(right, made, found);
        }
        Expr::Value(_) | Expr::Column(_) => {}
    }
}

/// Reads a query; or says why it cannot.
pub(super) fn parse(text: &str) -> Result<Query, String> {
    let tokens = tokens(&text.replace("in~", "in_any_case"))?;
    Parser { tokens, at: 0, deep: 0, named: BTreeMap::new() }.query()
}

impl Query {
    /// Are all records added up, so that there is one row however many there were?
    pub(super) fn gives_one_row(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Summarize { .. } | Step::Count))
    }

    /// What comes out when this record, so many times, is all there is.
    pub(super) fn show(&self, row: &Row, times: f64) -> Out {
        let mut row = Some(row.clone());
        for step in &self.steps {
            row = match (step, row) {
                (Step::Where(expr), Some(row)) => match truth(&value(expr, &row, times)) {
                    Some(true) => Some(row),
                    Some(false) => None,
                    None => return Out::Unknown,
                },
                (Step::Extend(all), Some(mut row)) => {
                    for (name, expr) in all {
                        let made = value(expr, &row, times);
                        row.insert(name.clone(), made);
                    }
                    Some(row)
                }
                (Step::Project(all), Some(row)) => {
                    Some(all.iter().map(|(name, expr)| (name.clone(), value(expr, &row, times))).collect())
                }
                (Step::Summarize { what, by }, Some(row)) => {
                    let each = what.iter().chain(by);
                    Some(each.map(|(name, expr)| (name.clone(), value(expr, &row, times))).collect())
                }
                // Nothing to add up still gives one row, unless it is grouped.
                (Step::Summarize { what, by }, None) if by.is_empty() => {
                    Some(what.iter().map(|(name, _)| (name.clone(), V::Num(0.0))).collect())
                }
                (Step::Count, row) => {
                    let count = if row.is_some() { times } else { 0.0 };
                    Some(BTreeMap::from([("Count".to_owned(), V::Num(count))]))
                }
                (Step::Keep, row) => row,
                (_, None) => None,
            };
        }
        row.map_or(Out::Nothing, Out::Row)
    }
}

fn truth(value: &V) -> Option<bool> {
    match value {
        V::Bool(truth) => Some(*truth),
        _ => None,
    }
}

fn maybe(truth: Option<bool>) -> V {
    truth.map_or(V::Unknown, V::Bool)
}

fn value(expr: &Expr, row: &Row, times: f64) -> V {
    match expr {
        Expr::Value(value) => value.clone(),
        Expr::Column(name) => row.get(name).cloned().unwrap_or(V::Unknown),
        Expr::Call(name, of) => call(name, of, row, times),
        Expr::Pair(operator, left, right) => pair(operator, &value(left, row, times), &value(right, row, times)),
    }
}

fn call(name: &str, of: &[Expr], row: &Row, times: f64) -> V {
    let arguments: Vec<V> = of.iter().map(|one| value(one, row, times)).collect();
    let text = |at: usize| match arguments.get(at) {
        Some(V::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let first = arguments.first().cloned().unwrap_or(V::Unknown);
    match name {
        "list" => V::List(arguments),
        // What stands in brackets after `dynamic` is a list already; a parameter of a set is one value.
        "dynamic" | "datetime" | "timespan" | "bin" | "max" | "min" | "avg" | "any" | "take_any" | "tolong"
        | "toint" | "toreal" | "todouble" | "percentile" | "toscalar" => first,
        "tostring" => match first {
            V::Num(number) => V::Text(number.to_string()),
            other => other,
        },
        "now" => V::Num(0.0),
        "ago" => match first {
            V::Num(seconds) => V::Num(-seconds),
            _ => V::Unknown,
        },
        "not" => maybe(truth(&first).map(|truth| !truth)),
        "tolower" => text(0).map_or(V::Unknown, |text| V::Text(text.to_lowercase())),
        "toupper" => text(0).map_or(V::Unknown, |text| V::Text(text.to_uppercase())),
        "isempty" => maybe(text(0).map(str::is_empty)),
        "isnotempty" => maybe(text(0).map(|text| !text.is_empty())),
        "iff" | "iif" => match (truth(&first), arguments.get(1), arguments.get(2)) {
            (Some(true), Some(then), _) => then.clone(),
            (Some(false), _, Some(otherwise)) => otherwise.clone(),
            _ => V::Unknown,
        },
        "count" => V::Num(times),
        "dcount" => V::Num(1.0),
        "countif" => truth(&first).map_or(V::Unknown, |truth| V::Num(if truth { times } else { 0.0 })),
        "sum" => match first {
            V::Num(number) => V::Num(number * times),
            _ => V::Unknown,
        },
        "sumif" => match (first, arguments.get(1).and_then(truth)) {
            (V::Num(number), Some(true)) => V::Num(number * times),
            (_, Some(false)) => V::Num(0.0),
            _ => V::Unknown,
        },
        "make_set" | "make_list" => V::List(vec![first]),
        _ => V::Unknown,
    }
}

fn pair(operator: &str, left: &V, right: &V) -> V {
    match operator {
        "and" => match (truth(left), truth(right)) {
            (Some(false), _) | (_, Some(false)) => V::Bool(false),
            (Some(true), Some(true)) => V::Bool(true),
            _ => V::Unknown,
        },
        "or" => match (truth(left), truth(right)) {
            (Some(true), _) | (_, Some(true)) => V::Bool(true),
            (Some(false), Some(false)) => V::Bool(false),
            _ => V::Unknown,
        },
        "+" | "-" | "*" | "/" => match (left, right) {
            (V::Num(left), V::Num(right)) => {
                let result = match operator {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    _ => left / right,
                };
                if result.is_finite() { V::Num(result) } else { V::Unknown }
            }
            _ => V::Unknown,
        },
        "in" => within(left, right, &|one| pair("==", left, one)),
        "in_any_case" => within(left, right, &|one| {
            let operator = if matches!(one, V::Text(_)) { "=~" } else { "==" };
            pair(operator, left, one)
        }),
        "has_any" => within(left, right, &|one| pair("has", left, one)),
        "has_all" => V::Unknown,
        "between" => match right {
            V::List(ends) => match ends.as_slice() {
                [from, to] => pair("and", &pair(">=", left, from), &pair("<=", left, to)),
                _ => V::Unknown,
            },
            _ => V::Unknown,
        },
        _ => compare(operator, left, right),
    }
}

/// Is it true of one of a list? A list in a list is that list.
fn within(left: &V, right: &V, is: &dyn Fn(&V) -> V) -> V {
    if *left == V::Unknown {
        return V::Unknown;
    }
    match right {
        V::List(all) => all.iter().fold(V::Bool(false), |so_far, one| {
            let here = if matches!(one, V::List(_)) { within(left, one, is) } else { is(one) };
            pair("or", &so_far, &here)
        }),
        _ => V::Unknown,
    }
}

fn compare(operator: &str, left: &V, right: &V) -> V {
    match (left, right) {
        (V::Num(left), V::Num(right)) => V::Bool(match operator {
            "==" => (left - right).abs() < f64::EPSILON,
            "!=" => (left - right).abs() >= f64::EPSILON,
            "<" => left < right,
            "<=" => left <= right,
            ">" => left > right,
            ">=" => left >= right,
            _ => return V::Unknown,
        }),
        (V::Bool(left), V::Bool(right)) => match operator {
            "==" => V::Bool(left == right),
            "!=" => V::Bool(left != right),
            _ => V::Unknown,
        },
        (V::Text(left), V::Text(right)) => {
            let (small, other) = (left.to_lowercase(), right.to_lowercase());
            V::Bool(match operator {
                "==" => left == right,
                "!=" => left != right,
                "=~" => small == other,
                "!~" => small != other,
                "contains" => small.contains(&other),
                "contains_cs" => left.contains(right.as_str()),
                "startswith" | "hasprefix" => small.starts_with(&other),
                "endswith" | "hassuffix" => small.ends_with(&other),
                "startswith_cs" => left.starts_with(right.as_str()),
                "endswith_cs" => left.ends_with(right.as_str()),
                "has" => has(&small, &other),
                "has_cs" => has(left, right),
                _ => return V::Unknown,
            })
        }
        _ => V::Unknown,
    }
}

/// `has`: the words stand in the text, with no letter or digit beside them.
fn has(text: &str, words: &str) -> bool {
    if words.is_empty() {
        return true;
    }
    text.match_indices(words).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: f64, port: f64) -> Row {
        BTreeMap::from([
            ("Bytes".to_owned(), V::Num(bytes)),
            ("Port".to_owned(), V::Num(port)),
            ("Name".to_owned(), V::Text("www.example.com".to_owned())),
            ("TimeGenerated".to_owned(), V::Num(-60.0)),
        ])
    }

    fn out(query: &str) -> Option<bool> {
        match parse(query).unwrap().show(&row(1000.0, 23.0), 1.0) {
            Out::Row(_) => Some(true),
            Out::Nothing => Some(false),
            Out::Unknown => None,
        }
    }

    #[test]
    fn conditions() {
        assert_eq!(out("T | where Bytes > 999 and Port == 23"), Some(true));
        assert_eq!(out("T // of mine\n| where Port !in (22, 23)"), Some(false));
        assert_eq!(out("let ports = dynamic([22, 23]); T | where Port in (ports)"), Some(true));
        assert_eq!(out("T | where Name in~ ('WWW.example.com')"), Some(true));
        assert_eq!(out("T | where Port between (20 .. 25)"), Some(true));
        assert_eq!(out("T | where Name has 'example' and Name !has 'exam'"), Some(true));
        assert_eq!(out("T | where TimeGenerated > ago(1h)"), Some(true));
        assert_eq!(out("T | where TimeGenerated > ago(1m) or Other == 3"), None);
        assert_eq!(out("T | where Other == 3 and Port == 1"), Some(false));
        assert_eq!(
            out("T | summarize Total = sum(Bytes) by Name, bin(TimeGenerated, 5m) | where Total >= 1000"),
            Some(true)
        );
        assert_eq!(out("T | summarize sum(Bytes) by Name | where sum_Bytes > 1000"), Some(false));
        assert_eq!(out("T | where Port == 1 | summarize count()"), Some(true));
        assert_eq!(out("T | where Port == 1 | summarize count() by Name"), Some(false));
    }

    #[test]
    fn what_is_not_read() {
        for query in [
            "T | join (U) on Name",
            "union T, U",
            "T | where Name matches regex 'a.*'",
            "T | where (Bytes > 1",
            "T | where Name == 'a",
            "",
        ] {
            assert!(parse(query).is_err(), "{query}");
        }
        let deep = format!("T | where {}1 == 1{}", "(".repeat(5000), ")".repeat(5000));
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn columns_of_the_table() {
        let query = parse("T | extend Big = Bytes * 2 | where Big > 1 | summarize N = count() by Name").unwrap();
        assert_eq!(query.columns.iter().map(String::as_str).collect::<Vec<_>>(), ["Bytes", "Name"]);
        assert_eq!(query.table, "T");
    }
}
