//! AWS policy documents: what they allow, deny, and to whom, as far as the text alone tells.
//!
//! Sources: AWS IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements" (Action,
//! `NotAction`, Resource, `NotResource`, Principal, `NotPrincipal`, Condition), "IAM JSON policy elements: Condition
//! operators", "Conditions with multiple context keys or values", "IAM policy elements: Variables and tags", "How AWS
//! enforcement code logic evaluates requests to allow or deny access", "Permissions boundaries for IAM entities".
//!
//! Every question is answered in three values. *Yes* and *No* hold whatever the request looks like; all that hangs on
//! a condition, a policy variable, a part of the resources asked about, or a rule that AWS does not document is
//! *Perhaps*. A document that leaves the grammar is not read at all.

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// Longest document that is read. Bucket policies, among the longest of AWS, end at 20 KB.
const MAX_BYTES: usize = 1 << 20;
/// Most action patterns among which those that a `NotAction` leaves out are looked for; beyond, the answer is left
/// open, so that nobody can make the search long.
const MAX_PATTERNS: usize = 4_000;

/// Why a document is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

fn unreadable<T>(why: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable(why.into()))
}

/// An answer in Kleene's logic. The order makes *and* the least and *or* the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// It is not so, whatever the request.
    No,
    /// The text alone does not tell.
    Perhaps,
    /// It is so, whatever the request.
    Yes,
}

impl Answer {
    fn of(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }

    fn and(self, other: Self) -> Self {
        self.min(other)
    }

    fn or(self, other: Self) -> Self {
        self.max(other)
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Perhaps => Self::Perhaps,
            Self::Yes => Self::No,
        }
    }

    fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().fold(Self::No, Self::or)
    }

    fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().fold(Self::Yes, Self::and)
    }
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    allow: bool,
    principal: Principal,
    actions: Words,
    /// Trust policies name no resource.
    resources: Option<Words>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Principal {
    Absent,
    Named(Vec<(Kind, String)>),
    /// `NotPrincipal`: who is left depends on the request.
    Except,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Aws,
    Service,
    Federated,
    Canonical,
}

/// `Action` or `Resource`, or the same with `Not`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Words {
    except: bool,
    patterns: Vec<String>,
}

/// One operator over one key. A key of a condition is not case-sensitive, so it is kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    operator: String,
    key: String,
    values: Vec<String>,
}

impl Document {
    /// Reads a document from its text.
    #[cfg(test)]
    pub(super) fn parse_text(text: &str) -> Result<Self, Unreadable> {
        if text.len() > MAX_BYTES {
            return unreadable(format!("the policy has {} bytes, more than any policy of AWS", text.len()));
        }
        match serde_json::from_str(text) {
            Ok(value) => Self::parse(&value),
            Err(error) => unreadable(format!("the policy is not JSON: {error}")),
        }
    }

    /// Reads a document ("Grammar of the IAM JSON policy language").
    pub(super) fn parse(value: &Value) -> Result<Self, Unreadable> {
        let policy = object(value, "the policy")?;
        known_keys(policy, &["Version", "Id", "Statement"], "the policy")?;
        match policy.get("Version").map(Value::as_str) {
            None | Some(Some("2012-10-17" | "2008-10-17")) => {}
            _ => return unreadable("the policy is of an unknown Version"),
        }
        let statements = match policy.get("Statement") {
            Some(Value::Array(list)) => list.iter().map(Statement::parse).collect::<Result<Vec<_>, _>>()?,
            Some(one) => vec![Statement::parse(one)?],
            None => return unreadable("the policy has no Statement"),
        };
        let size = statements.iter().map(Statement::size).fold(0, usize::saturating_add);
        if size > MAX_BYTES {
            return unreadable(format!("the policy has {size} bytes, more than any policy of AWS"));
        }
        Ok(Self { statements })
    }

    fn allows(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.allow)
    }

    fn denies(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| !statement.allow)
    }
}

impl Statement {
    fn parse(value: &Value) -> Result<Self, Unreadable> {
        let statement = object(value, "a statement")?;
        let known = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        known_keys(statement, &known, "a statement")?;
        let allow = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return unreadable("the Effect of a statement is neither Allow nor Deny"),
        };
        let Some(actions) = words(statement, "Action", "NotAction")? else {
            return unreadable("a statement has no Action");
        };
        if let Some(odd) = actions.patterns.iter().find(|pattern| !is_action(pattern)) {
            return unreadable(format!("{odd:?} is not an action"));
        }
        let resources = words(statement, "Resource", "NotResource")?;
        let principal = principal(statement)?;
        let conditions = conditions(statement.get("Condition"))?;
        Ok(Self { allow, principal, actions, resources, conditions })
    }

    fn size(&self) -> usize {
        let resources = self.resources.iter().flat_map(|words| &words.patterns);
        let conditions = self.conditions.iter().flat_map(|one| one.values.iter().chain([&one.operator, &one.key]));
        let mut size = self.actions.patterns.iter().chain(resources).chain(conditions).map(String::len).sum();
        if let Principal::Named(named) = &self.principal {
            size += named.iter().map(|(_, id)| id.len()).sum::<usize>();
        }
        size
    }

    /// Does the statement cover the action?
    fn acts(&self, action: &str) -> Answer {
        self.actions.over(action, action_over)
    }

    /// Does the statement cover the resource? Without `Resource`, AWS does not say what a statement covers.
    fn reaches(&self, resource: &str) -> Answer {
        self.resources.as_ref().map_or(Answer::Perhaps, |words| words.over(resource, resource_over))
    }

    /// Does the statement apply to an identity that it is attached to? Such a statement has no `Principal`.
    fn applies(&self) -> Answer {
        let free = self.conditions.is_empty() && self.principal == Principal::Absent;
        if free { Answer::Yes } else { Answer::Perhaps }
    }

    /// Does the statement hold for everyone? `"*"` and `{"AWS": "*"}` mean the same ("Principal", "All principals").
    fn everyone(&self) -> Answer {
        match &self.principal {
            Principal::Named(named) => Answer::of(named.iter().any(|(kind, id)| *kind == Kind::Aws && id == "*")),
            Principal::Absent | Principal::Except => Answer::Perhaps,
        }
    }
}

impl Words {
    fn over(&self, asked: &str, one: impl Fn(&str, &str) -> Answer) -> Answer {
        let named = Answer::any(self.patterns.iter().map(|pattern| one(pattern, asked)));
        if self.except { named.not() } else { named }
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, Unreadable> {
    value.as_object().ok_or_else(|| Unreadable(format!("{what} is not an object")))
}

/// A key that is not known may change what the statement means.
fn known_keys(map: &Map<String, Value>, known: &[&str], what: &str) -> Result<(), Unreadable> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => unreadable(format!("{what} has the unknown element {key:?}")),
        None => Ok(()),
    }
}

/// One element or its opposite, never both ("IAM JSON policy elements reference").
fn words(statement: &Map<String, Value>, name: &str, opposite: &str) -> Result<Option<Words>, Unreadable> {
    let (except, name, value) = match (statement.get(name), statement.get(opposite)) {
        (Some(_), Some(_)) => return unreadable(format!("a statement has both {name} and {opposite}")),
        (Some(value), None) => (false, name, value),
        (None, Some(value)) => (true, opposite, value),
        (None, None) => return Ok(None),
    };
    Ok(Some(Words { except, patterns: texts(value, name)? }))
}

/// A text or a list of texts, none of them empty.
fn texts(value: &Value, name: &str) -> Result<Vec<String>, Unreadable> {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let texts: Option<Vec<String>> = list.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect();
    match texts {
        Some(texts) if !texts.is_empty() && texts.iter().all(|text| !text.is_empty()) => Ok(texts),
        _ => unreadable(format!("{name} is neither a text nor a list of texts")),
    }
}

fn principal(statement: &Map<String, Value>) -> Result<Principal, Unreadable> {
    let (except, value) = match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(_), Some(_)) => return unreadable("a statement has both Principal and NotPrincipal"),
        (Some(value), None) => (false, value),
        (None, Some(value)) => (true, value),
        (None, None) => return Ok(Principal::Absent),
    };
    let mut named = Vec::new();
    match value {
        Value::String(text) if text == "*" => named.push((Kind::Aws, text.clone())),
        Value::Object(map) if !map.is_empty() => {
            for (name, ids) in map {
                let kind = match name.as_str() {
                    "AWS" => Kind::Aws,
                    "Service" => Kind::Service,
                    "Federated" => Kind::Federated,
                    "CanonicalUser" => Kind::Canonical,
                    _ => return unreadable(format!("{name:?} is not a kind of principal")),
                };
                named.extend(texts(ids, name)?.into_iter().map(|id| (kind, id)));
            }
        }
        _ => return unreadable("a Principal is neither \"*\" nor a map"),
    }
    Ok(if except { Principal::Except } else { Principal::Named(named) })
}

fn conditions(value: Option<&Value>) -> Result<Vec<Condition>, Unreadable> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for (operator, keys) in object(value, "a Condition")? {
        let keys = object(keys, "an operator of a Condition")?;
        // An operator over nothing is not documented: kept as a condition that nobody can judge.
        if keys.is_empty() {
            all.push(Condition { operator: operator.clone(), key: String::new(), values: Vec::new() });
        }
        for (key, value) in keys {
            let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            // "Quotation marks are optional for numeric and Boolean values."
            let values: Option<Vec<String>> = list
                .iter()
                .map(|item| match item {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    Value::Bool(truth) => Some(truth.to_string()),
                    _ => None,
                })
                .collect();
            let Some(values) = values else {
                return unreadable(format!("the condition on {key:?} has a value that is no text"));
            };
            all.push(Condition { operator: operator.clone(), key: key.to_ascii_lowercase(), values });
        }
    }
    Ok(all)
}

/// `*`, or a service and an action name with wildcards.
fn is_action(pattern: &str) -> bool {
    let plain = pattern.chars().all(|c| c.is_ascii_alphanumeric() || ":*?-_.".contains(c));
    plain && (all_stars(pattern) || pattern.split_once(':').is_some_and(|(s, a)| !s.is_empty() && !a.is_empty()))
}

fn all_stars(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.chars().all(|c| c == '*')
}

fn wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// `*` stands for any characters, `?` for one. Where `text` is itself a pattern, a match means that everything it
/// stands for is matched: hence `?` does not take a `*`. Going back to the last `*` only is enough, and keeps the time
/// within the product of the lengths.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    let mut back = None;
    while let Some(&c) = text.get(read) {
        match (pattern.get(at), back) {
            (Some('*'), _) => {
                back = Some((at + 1, read));
                at += 1;
            }
            (Some(&p), _) if p == c || (p == '?' && c != '*') => {
                at += 1;
                read += 1;
            }
            (_, Some((after, from))) => {
                back = Some((after, from + 1));
                at = after;
                read = from + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}

/// Can one text match both? Only what stands before the first wildcard of each is compared: enough to tell things
/// apart for certain, and never apart that are not.
fn may_meet(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        match (one.next(), other.next()) {
            (Some('*'), _) | (_, Some('*')) | (None, None) => return true,
            (Some(a), Some(b)) if a == b || a == '?' || b == '?' => {}
            _ => return false,
        }
    }
}

/// How much of what is asked a pattern covers: all, none, or some or not known. Action names are not case-sensitive
/// ("IAM JSON policy elements: Action"). `*` may not stand in for a part of the service's name, so what such a pattern
/// does is not known.
fn action_over(pattern: &str, asked: &str) -> Answer {
    let (pattern, asked) = (pattern.to_ascii_lowercase(), asked.to_ascii_lowercase());
    if every_action(&pattern) == Answer::Yes {
        return Answer::Yes;
    }
    if glob(&pattern, &asked) {
        return if pattern.split(':').next().is_some_and(wild) { Answer::Perhaps } else { Answer::Yes };
    }
    if may_meet(&pattern, &asked) && wild(&asked) { Answer::Perhaps } else { Answer::No }
}

/// Does the pattern stand for every action?
fn every_action(pattern: &str) -> Answer {
    match pattern.split_once(':') {
        None => Answer::of(all_stars(pattern)),
        Some((service, action)) if all_stars(service) => Answer::of(all_stars(action)),
        Some((service, action)) if wild(service) && all_stars(action) => Answer::Perhaps,
        Some(_) => Answer::No,
    }
}

/// How much of what is asked an ARN pattern covers. Wildcards stand within the segments of an ARN; one that ends the
/// pattern reaches beyond colons; none may stand in the segment of the service ("IAM JSON policy elements: Resource",
/// "Using wildcards in resource ARNs"). Where a match would cross a colon otherwise, it is not known.
fn resource_over(pattern: &str, asked: &str) -> Answer {
    if all_stars(pattern) {
        return Answer::Yes;
    }
    let open = without_variables(pattern);
    if !may_meet(&open, asked) || !wild(asked) && !glob(&open, asked) {
        return Answer::No;
    }
    let service = pattern.split(':').nth(2);
    let known = open == pattern && service.is_some_and(|service| !wild(service)) && by_segment(pattern, asked);
    if known { Answer::Yes } else { Answer::Perhaps }
}

/// Does every segment of an ARN match? A pattern that ends in `*` may have fewer of them.
fn by_segment(pattern: &str, asked: &str) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let count = if pattern.ends_with('*') { parts.len() } else { 6 };
    let asked: Vec<&str> = asked.splitn(count, ':').collect();
    parts.len() == asked.len() && parts.iter().zip(asked).all(|(part, asked)| glob(part, asked))
}

/// A policy variable may become any text. (`Version` 2008-10-17 has none, and takes them literally; no name in AWS
/// looks like one, so nothing is lost by not telling the two apart.)
fn without_variables(pattern: &str) -> String {
    let mut open = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        open.push_str(before);
        open.push('*');
        // A variable that is not closed, or holds another, may become anything up to the end.
        rest = after.split_once('}').filter(|(name, _)| !name.contains("${")).map_or("", |(_, rest)| rest);
    }
    open.push_str(rest);
    open
}

/// May an identity do something by its own policies, within its permissions boundary? An explicit Deny in either beats
/// every Allow, and the boundary must allow as well ("Permissions boundaries for IAM entities"). What resource
/// policies, control policies of the organisation and sessions add or take is not asked.
///
/// Without a resource the question is "on any resource at all". An Allow on named resources is then *Perhaps*: whether
/// the action works on resources of that kind, or only on `*`, is not in the text. So is a Deny on some resources. A
/// `*` in the action or resource asked about means all of them.
pub(super) fn identity_may(
    documents: &[&Document],
    boundary: Option<&Document>,
    action: &str,
    resource: Option<&str>,
) -> Answer {
    let resource = resource.unwrap_or("*");
    let hit = |statement: &Statement| statement.applies().and(statement.acts(action)).and(statement.reaches(resource));
    let granted = Answer::any(documents.iter().flat_map(|document| document.allows()).map(hit));
    let bounded = boundary.map_or(Answer::Yes, |boundary| Answer::any(boundary.allows().map(hit)));
    let denies = documents.iter().copied().chain(boundary).flat_map(Document::denies);
    granted.and(bounded).and(Answer::any(denies.map(hit)).not())
}

/// Is an identity an administrator: allowed every action on every resource without conditions, within its boundary,
/// and denied nothing? A Deny that leaves anything is *Perhaps*.
pub(super) fn is_administrator(documents: &[&Document], boundary: Option<&Document>) -> Answer {
    let bounded = boundary.map_or(Answer::Yes, |boundary| everything(&[boundary]));
    let denies = documents.iter().copied().chain(boundary).flat_map(Document::denies);
    let denied = denies.map(|deny| deny.applies().and(deny.acts("*")).and(deny.reaches("*")).or(Answer::Perhaps));
    everything(documents).and(bounded).and(Answer::any(denied).not())
}

/// Are all actions allowed on all resources? `NotAction` leaves some out, which other statements may allow again.
fn everything(documents: &[&Document]) -> Answer {
    let allows: Vec<(&Statement, Answer)> = documents
        .iter()
        .flat_map(|document| document.allows())
        .map(|allow| (allow, allow.applies().and(every_resource(allow))))
        .filter(|(_, wide)| *wide != Answer::No)
        .collect();
    let many = allows.iter().map(|(allow, _)| allow.actions.patterns.len()).sum::<usize>() > MAX_PATTERNS;
    Answer::any(allows.iter().map(|(allow, wide)| {
        let patterns = &allow.actions.patterns;
        let every = Answer::any(patterns.iter().map(|pattern| every_action(pattern)));
        if !allow.actions.except {
            return every.and(*wide);
        }
        if many {
            return every.not().and(Answer::Perhaps);
        }
        let again = patterns
            .iter()
            .map(|left_out| Answer::any(allows.iter().map(|(other, wide)| whole(other.acts(left_out), *wide))));
        every.not().and(*wide).and(Answer::all(again))
    }))
}

/// Allowed again in part is not allowed: only a statement that covers all that was left out counts.
fn whole(acts: Answer, wide: Answer) -> Answer {
    if acts == Answer::Yes { wide } else { Answer::No }
}

/// Does a statement cover the resources of every service?
fn every_resource(statement: &Statement) -> Answer {
    let Some(words) = &statement.resources else { return Answer::Perhaps };
    let one = |pattern: &String| {
        if all_stars(pattern) {
            return Answer::Yes;
        }
        let open = without_variables(pattern);
        let mut parts = open.splitn(6, ':').skip(2);
        // `arn:*` names no service either.
        let named = parts.next().is_some_and(|service| !wild(service));
        if named { Answer::No } else { Answer::Perhaps }
    };
    let named = Answer::any(words.patterns.iter().map(one));
    match (words.except, named) {
        (false, named) => named,
        (true, Answer::Yes) => Answer::No,
        (true, _) => Answer::Perhaps,
    }
}

/// Who a trust policy lets assume its role, each list sorted, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trust {
    /// AWS services.
    pub(super) services: Vec<String>,
    /// Accounts, users, roles and sessions, or `*`.
    pub(super) aws: Vec<String>,
    /// Identity providers.
    pub(super) federated: Vec<String>,
    /// Is every service that is let in (or everyone, which holds services) bound to an account, by the value of
    /// `aws:SourceAccount` or `aws:SourceArn`? *Yes* where no service is let in.
    pub(super) source_account_conditioned: Answer,
    /// There are Deny statements, which may take from the lists.
    pub(super) narrowed: bool,
}

/// Reads a trust policy ("IAM JSON policy elements: Principal"; "The confused deputy problem").
pub(super) fn trust(document: &Document) -> Result<Trust, Unreadable> {
    let assumes = |statement: &Statement| {
        let actions = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];
        Answer::any(actions.iter().map(|action| statement.acts(action))) != Answer::No
    };
    let (mut services, mut aws, mut federated) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut conditioned = Answer::Yes;
    for statement in document.allows().filter(|statement| assumes(statement)) {
        let Principal::Named(named) = &statement.principal else {
            return unreadable("a statement of the trust policy does not name whom it trusts");
        };
        if statement.resources.is_some() {
            return unreadable("a trust policy names resources");
        }
        for (kind, id) in named {
            match kind {
                Kind::Aws => aws.insert(id.clone()),
                Kind::Service => services.insert(id.clone()),
                Kind::Federated => federated.insert(id.clone()),
                Kind::Canonical => return unreadable("a trust policy names a canonical user"),
            };
        }
        let service = named.iter().any(|(kind, id)| *kind == Kind::Service || id == "*");
        if service {
            conditioned = conditioned.and(Answer::any(statement.conditions.iter().map(binds_source)));
        }
    }
    Ok(Trust {
        services: services.into_iter().collect(),
        aws: aws.into_iter().collect(),
        federated: federated.into_iter().collect(),
        source_account_conditioned: conditioned,
        narrowed: document.denies().any(assumes),
    })
}

/// Does a condition bind the caller's source to an account? Every value must, since one of them is enough.
fn binds_source(condition: &Condition) -> Answer {
    let of_account = match condition.key.as_str() {
        "aws:sourceaccount" => true,
        "aws:sourcearn" => false,
        _ => return Answer::No,
    };
    let patterns = match condition.operator.as_str() {
        "StringEquals" | "StringEqualsIgnoreCase" => false,
        "StringLike" | "ArnLike" | "ArnEquals" => true,
        operator if operator.contains("Not") => return Answer::No,
        // `…IfExists`, `ForAnyValue:…`, `Null`: whether they bind hangs on what the service sends.
        _ => return Answer::Perhaps,
    };
    if condition.values.is_empty() {
        return Answer::Perhaps;
    }
    Answer::all(condition.values.iter().map(|value| {
        if value.contains("${") {
            return Answer::Perhaps;
        }
        if !patterns || !wild(value) {
            return Answer::Yes;
        }
        if of_account {
            return Answer::No;
        }
        // The wildcards of StringLike run across colons: the account may then stand anywhere.
        if condition.operator == "StringLike" && value.split(':').take(4).any(wild) {
            return Answer::Perhaps;
        }
        let mut parts = value.splitn(6, ':').skip(4);
        match (parts.next(), parts.next()) {
            // The ARNs of S3 name no account; the bucket stands for it.
            (Some(""), Some(resource)) => Answer::of(!resource.starts_with(['*', '?'])),
            (Some(account), Some(_)) => Answer::of(!wild(account)),
            _ => Answer::No,
        }
    }))
}

/// The action patterns that Allow statements name and that cover more than what is needed, sorted, as written: those
/// that are not, but for case, one of `needed`. Deny statements take nothing away.
pub(super) fn actions_beyond(documents: &[&Document], needed: &[&str]) -> Vec<String> {
    let mut beyond = BTreeSet::new();
    for allow in documents.iter().flat_map(|document| document.allows()) {
        let Words { except, patterns } = &allow.actions;
        if *except {
            beyond.insert(format!("everything but {}", patterns.join(", ")));
        } else {
            let more = patterns.iter().filter(|pattern| !needed.iter().any(|one| one.eq_ignore_ascii_case(pattern)));
            beyond.extend(more.cloned());
        }
    }
    beyond.into_iter().collect()
}

/// All objects of a bucket.
fn objects(bucket: &str, partition: &str) -> String {
    format!("arn:{partition}:s3:::{bucket}/*")
}

/// Does a bucket policy deny everyone to delete the bucket's objects and their versions? (Amazon S3 User Guide,
/// "Policies and permissions in Amazon S3": deleting a version is an action of its own.) A Deny on some of the objects,
/// under conditions, or with `NotPrincipal` is *Perhaps*.
pub(super) fn denies_deletion(document: &Document, bucket: &str, partition: &str) -> Answer {
    let objects = objects(bucket, partition);
    let denied = |action: &&str| {
        Answer::any(document.denies().map(|deny| {
            let always = if deny.conditions.is_empty() { Answer::Yes } else { Answer::Perhaps };
            deny.everyone().and(always).and(deny.acts(action)).and(deny.reaches(&objects))
        }))
    };
    Answer::all(["s3:DeleteObject", "s3:DeleteObjectVersion"].iter().map(denied))
}

/// Whom a bucket policy lets write any of the bucket's objects, under whatever conditions: sorted, as
/// `service:cloudtrail.amazonaws.com`, `aws:111122223333`, `*`. Deny statements take nothing away.
pub(super) fn writers(document: &Document, bucket: &str, partition: &str) -> Result<Vec<String>, Unreadable> {
    let objects = objects(bucket, partition);
    let mut all = BTreeSet::new();
    for allow in document.allows() {
        if allow.acts("s3:PutObject").and(allow.reaches(&objects)) == Answer::No {
            continue;
        }
        let Principal::Named(named) = &allow.principal else {
            return unreadable("a statement that lets write objects does not name whom");
        };
        all.extend(named.iter().map(|(kind, id)| match kind {
            Kind::Aws if id == "*" => "*".to_owned(),
            Kind::Aws => format!("aws:{id}"),
            Kind::Service => format!("service:{id}"),
            Kind::Federated => format!("federated:{id}"),
            Kind::Canonical => format!("canonical:{id}"),
        }));
    }
    Ok(all.into_iter().collect())
}

/// A service that acts for a resource of an account.
struct Caller<'a> {
    service: &'a str,
    source_arn: &'a str,
    source_account: &'a str,
    /// Does the service surely send `aws:SourceArn` and `aws:SourceAccount`?
    sends_source: bool,
    /// Does the service send `aws:SourceOwner`, an older key of SNS? Not known, if not told.
    sends_owner: Option<bool>,
    /// Is the service among "all principals"? Not documented but for one case.
    among_all: Answer,
}

impl Caller<'_> {
    fn may(&self, document: &Document, action: &str, resource: &str) -> Answer {
        let hit = |statement: &Statement| {
            let holds = Answer::all(statement.conditions.iter().map(|condition| self.meets(condition)));
            self.is(&statement.principal).and(statement.acts(action)).and(statement.reaches(resource)).and(holds)
        };
        Answer::any(document.allows().map(hit)).and(Answer::any(document.denies().map(hit)).not())
    }

    fn is(&self, principal: &Principal) -> Answer {
        let Principal::Named(named) = principal else { return Answer::Perhaps };
        let label = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        Answer::any(named.iter().map(|(kind, id)| match kind {
            Kind::Aws if id == "*" => self.among_all,
            // A service that is among all principals may be among those of its account.
            Kind::Aws if self.among_all == Answer::Yes && id.contains(self.source_account) => Answer::Perhaps,
            Kind::Service if id == self.service => Answer::Yes,
            // Other case, a wildcard, or the service's name in one region or partition.
            Kind::Service if wild(id) || label(id) == label(self.service) => Answer::Perhaps,
            _ => Answer::No,
        }))
    }

    /// Is a condition met? Several keys must all be, one of several values is enough; names of keys are not
    /// case-sensitive; a key that is not sent does not match, which meets `…Not…` and `…IfExists`.
    fn meets(&self, condition: &Condition) -> Answer {
        let (actual, sent) = match condition.key.as_str() {
            // AWS services call one another over TLS ("AWS global condition context keys", aws:SecureTransport, tells
            // whether the request was sent using TLS): the usual Deny for calls without it does not meet them.
            "aws:securetransport" if condition.operator == "Bool" && !condition.values.is_empty() => {
                return Answer::any(condition.values.iter().map(|value| match value.as_str() {
                    "true" => Answer::Yes,
                    "false" => Answer::No,
                    _ => Answer::Perhaps,
                }));
            }
            "aws:sourcearn" => (self.source_arn, self.sends_source.then_some(true)),
            "aws:sourceaccount" => (self.source_account, self.sends_source.then_some(true)),
            "aws:sourceowner" => (self.source_account, self.sends_owner),
            _ => return Answer::Perhaps,
        };
        let (operator, if_exists) = match condition.operator.strip_suffix("IfExists") {
            Some(operator) => (operator, true),
            None => (condition.operator.as_str(), false),
        };
        let (one, negated): (fn(&str, &str) -> Answer, bool) = match operator {
            "StringEquals" => (|value, actual| Answer::of(value == actual), false),
            "StringNotEquals" => (|value, actual| Answer::of(value == actual), true),
            "StringEqualsIgnoreCase" => (|value, actual| Answer::of(value.eq_ignore_ascii_case(actual)), false),
            "StringNotEqualsIgnoreCase" => (|value, actual| Answer::of(value.eq_ignore_ascii_case(actual)), true),
            "StringLike" => (|value, actual| Answer::of(glob(value, actual)), false),
            "StringNotLike" => (|value, actual| Answer::of(glob(value, actual)), true),
            "ArnEquals" | "ArnLike" => (arn_like, false),
            "ArnNotEquals" | "ArnNotLike" => (arn_like, true),
            _ => return Answer::Perhaps,
        };
        if condition.values.is_empty() {
            return Answer::Perhaps;
        }
        let hit = Answer::any(condition.values.iter().map(|value| {
            if !value.contains("${") {
                return one(value, actual);
            }
            // Whatever a variable becomes, the rest must fit.
            if glob(&without_variables(value), actual) { Answer::Perhaps } else { Answer::No }
        }));
        let if_sent = if negated { hit.not() } else { hit };
        let if_not = Answer::of(negated || if_exists);
        match sent {
            Some(true) => if_sent,
            Some(false) => if_not,
            None if if_sent == if_not => if_sent,
            None => Answer::Perhaps,
        }
    }
}

/// `ArnLike`, and `ArnEquals`, which is the same: the six segments are compared one by one ("Amazon Resource Name (ARN)
/// condition operators"). What fewer segments match is not documented.
fn arn_like(pattern: &str, actual: &str) -> Answer {
    let (parts, actual_parts): (Vec<&str>, Vec<&str>) =
        (pattern.splitn(6, ':').collect(), actual.splitn(6, ':').collect());
    let six = parts.len() == 6 && actual_parts.len() == 6;
    if six && parts.iter().zip(actual_parts).all(|(part, actual)| glob(part, actual)) {
        return Answer::Yes;
    }
    if glob(pattern, actual) { Answer::Perhaps } else { Answer::No }
}

/// May a service, acting for a resource such as a rule of `EventBridge`, invoke a function by the function's policy?
/// (`EventBridge` User Guide, "Using resource-based policies", "AWS Lambda permissions"; "Using IAM policy conditions",
/// by which it sends the ARN of the rule and its account.) Conditions on other keys are *Perhaps*.
pub(super) fn lets_invoke(
    document: &Document,
    function_arn: &str,
    service: &str,
    source_arn: &str,
    source_account: &str,
) -> Answer {
    let caller = Caller {
        service,
        source_arn,
        source_account,
        sends_source: true,
        sends_owner: None,
        among_all: Answer::Perhaps,
    };
    caller.may(document, "lambda:InvokeFunction", function_arn)
}

/// May a service, acting for an alarm or a rule, publish to a topic by the topic's policy?
///
/// Alarms: the default policy of a topic lets in `{"AWS": "*"}` where `AWS:SourceOwner` is the owner's account, and that
/// is how alarms of the same account reach it (Amazon SNS Developer Guide, "Example cases for Amazon SNS access
/// control"). `EventBridge` is not let in that way: it must be named, and "you can't use Condition blocks in Amazon SNS
/// topic policies for `EventBridge`" (`EventBridge` User Guide, "Amazon SNS permissions"), so whether a condition on
/// its source is met is not known.
pub(super) fn lets_publish(
    document: &Document,
    topic_arn: &str,
    service: &str,
    source_arn: &str,
    source_account: &str,
) -> Answer {
    let (alarms, rules) = (service == "cloudwatch.amazonaws.com", service == "events.amazonaws.com");
    let caller = Caller {
        service,
        source_arn,
        source_account,
        sends_source: alarms,
        sends_owner: match (alarms, rules) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        among_all: if alarms { Answer::Yes } else { Answer::Perhaps },
    };
    caller.may(document, "sns:Publish", topic_arn)
}

#[cfg(test)]
mod tests {
    use super::Answer::{No, Perhaps, Yes};
    use super::*;
    use serde_json::json;

    fn read(statements: &Value) -> Document {
        Document::parse(&json!({ "Version": "2012-10-17", "Statement": statements })).unwrap()
    }

    fn allow(action: &Value, resource: &Value) -> Document {
        read(&json!({ "Effect": "Allow", "Action": action, "Resource": resource }))
    }

    fn deny(action: &Value, resource: &Value) -> Document {
        read(&json!({ "Effect": "Deny", "Action": action, "Resource": resource }))
    }

    fn may(documents: &[&Document], action: &str, resource: &str) -> Answer {
        identity_may(documents, None, action, Some(resource))
    }

    fn all() -> Document {
        allow(&json!("*"), &json!("*"))
    }

    #[test]
    fn kleene() {
        for a in [No, Perhaps, Yes] {
            assert_eq!((a.and(No), a.or(Yes), a.and(Yes), a.or(No)), (No, Yes, a, a));
            assert_eq!(a.not().not(), a);
        }
        assert_eq!((Perhaps.and(Perhaps), Perhaps.not()), (Perhaps, Perhaps));
    }

    #[test]
    fn wildcards() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("?", "", false),
            ("?", "ä", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("a**", "a", true),
            ("*a?", "aaaab", true),
            ("*a?", "aaaaba", false),
            ("?", "*", false),
            ("a*", "a*", true),
            ("ab*", "a*", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
        // No blow-up: this would take for ever with one branch per star.
        assert!(!glob(&format!("{}b", "*a".repeat(2_000)), &"a".repeat(4_000)));
        assert!(glob(&"*".repeat(1 << 20), "x"));
    }

    #[test]
    fn reads_the_grammar_and_no_more() {
        let good = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        let one = |key: &str, value: Value| {
            let mut statement = good.clone();
            statement[key] = value;
            Document::parse(&json!({ "Statement": statement }))
        };
        for (version, reads) in [("2012-10-17", true), ("2008-10-17", true), ("2012-10-18", false), ("", false)] {
            assert_eq!(Document::parse(&json!({ "Version": version, "Statement": good })).is_ok(), reads, "{version}");
        }
        assert!(Document::parse(&json!({ "Version": 2012, "Statement": good })).is_err());
        assert!(Document::parse(&json!({ "Version": null, "Statement": good })).is_err());
        assert!(Document::parse(&json!({ "Id": "x", "Statement": [good, good] })).is_ok());
        assert!(Document::parse(&json!({ "Statement": [] })).is_ok());
        for bad in [json!({}), json!([]), json!(null), json!({ "statement": good }), json!({ "Statement": [1] })] {
            assert!(Document::parse(&bad).is_err(), "{bad}");
        }
        assert!(Document::parse(&json!({ "Statement": good, "Extra": 1 })).is_err());
        assert!(one("Sid", json!("a")).is_ok());
        for (key, value) in [
            ("Effect", json!("allow")),
            ("Effect", json!("DENY")),
            ("Effect", json!(["Allow"])),
            ("Effect", json!(null)),
            ("action", json!("s3:PutObject")),
            ("Conditions", json!({})),
            ("NotAction", json!("s3:PutObject")),
            ("NotResource", json!("*")),
            ("Action", json!([])),
            ("Action", json!("")),
            ("Action", json!("s3")),
            ("Action", json!("s3*")),
            ("Action", json!(":GetObject")),
            ("Action", json!("s3: GetObject")),
            ("Action", json!("s3:${aws:username}")),
            ("Action", json!(["s3:GetObject", 1])),
            ("Resource", json!([])),
            ("Resource", json!({ "a": "b" })),
            ("Resource", json!([["*"]])),
            ("Principal", json!("111122223333")),
            ("Principal", json!({})),
            ("Principal", json!({ "AWS": [] })),
            ("Principal", json!({ "aws": "*" })),
            ("Principal", json!(["*"])),
            ("Condition", json!([])),
            ("Condition", json!({ "Bool": "x" })),
            ("Condition", json!({ "Bool": { "x": null } })),
            ("Condition", json!({ "Bool": { "x": [["true"]] } })),
        ] {
            assert!(one(key, value.clone()).is_err(), "{key} {value}");
        }
        assert!(one("Condition", json!({ "Bool": { "x": true }, "NumericLessThan": { "y": [1, "2"] } })).is_ok());
        let both = json!({ "Effect": "Allow", "Principal": "*", "NotPrincipal": "*", "Action": "*", "Resource": "*" });
        assert!(Document::parse(&json!({ "Statement": both })).is_err());
        let none = json!({ "Effect": "Allow", "Resource": "*" });
        assert_eq!(
            Document::parse(&json!({ "Statement": none })).unwrap_err().to_string(),
            "a statement has no Action"
        );
    }

    #[test]
    fn hostile_texts() {
        let long = format!("{}{}", " ".repeat(MAX_BYTES), r#"{"Statement":[]}"#);
        let deep = "[".repeat(500_000);
        for text in ["", "{", "%7B%22Statement%22%3A%5B%5D%7D", "\u{feff}{}", "NaN", &long, &deep] {
            assert!(Document::parse_text(text).is_err());
        }
        assert!(Document::parse_text(r#"{"Statement":[]}"#).is_ok());
        let large = json!({ "Effect": "Allow", "Action": "*", "Resource": "x".repeat(MAX_BYTES) });
        assert!(Document::parse(&json!({ "Statement": large })).is_err());
        // The search for what NotAction leaves out stays short.
        let many: Vec<String> = (0..40_000).map(|n| format!("s{n}:*")).collect();
        let large = read(&json!([
            { "Effect": "Allow", "NotAction": many, "Resource": "*" },
            { "Effect": "Allow", "Action": many.iter().map(|a| format!("{a}x")).collect::<Vec<_>>(), "Resource": "*" },
        ]));
        assert_eq!(is_administrator(&[&large], None), Perhaps);
    }

    #[test]
    fn actions() {
        let doc = allow(&json!(["S3:get*", "ec2:Describe?nstances"]), &json!("*"));
        for (action, answer) in [
            ("s3:GetObject", Yes),
            ("S3:GETOBJECT", Yes),
            ("s3:Get", Yes),
            ("s3:PutObject", No),
            ("ec2:DescribeInstances", Yes),
            ("ec2:DescribeImages", No),
            ("s3-object-lambda:GetObject", No),
            ("s3:Get*", Yes),
            ("s3:*", Perhaps),
            ("*", Perhaps),
            ("iam:*", No),
        ] {
            assert_eq!(identity_may(&[&doc], None, action, None), answer, "{action}");
        }
        let not = read(&json!({ "Effect": "Allow", "NotAction": ["iam:*", "s3:Delete*"], "Resource": "*" }));
        for (action, answer) in
            [("iam:CreateUser", No), ("s3:DeleteObjectVersion", No), ("s3:GetObject", Yes), ("s3:*", Perhaps)]
        {
            assert_eq!(identity_may(&[&not], None, action, None), answer, "{action}");
        }
        // A wildcard within the service's name is not documented.
        let odd = allow(&json!("s*:GetObject"), &json!("*"));
        assert_eq!(identity_may(&[&odd], None, "s3:GetObject", None), Perhaps);
        assert_eq!(identity_may(&[&odd], None, "ec2:RunInstances", None), No);
        assert_eq!(identity_may(&[&allow(&json!("*:*"), &json!("*"))], None, "a:B", None), Yes);
    }

    #[test]
    fn resources() {
        let on = |resource: Value, asked: &str| may(&[&allow(&json!("s3:*"), &resource)], "s3:GetObject", asked);
        let object = "arn:aws:s3:::logs/a/b.gz";
        for (pattern, answer) in [
            ("*", Yes),
            ("arn:aws:s3:::logs/*", Yes),
            ("arn:aws:s3:::logs/?/b.gz", Yes),
            ("arn:aws:s3:::logs*", Yes),
            ("arn:aws:s3:*", Yes),
            ("arn:*:s3:::logs/*", Yes),
            ("arn:aws:s3:::logs", No),
            ("arn:aws:s3:::LOGS/*", No),
            ("arn:aws-us-gov:s3:::logs/*", No),
            ("arn:aws:s3:::${aws:username}/*", Perhaps),
            ("arn:aws:s3:::other/${aws:username}/*", No),
            ("arn:aws:s3:::logs/${aws:username", Perhaps),
            ("arn:aws:s3:::logs/a/b.gz${*}", Perhaps),
            ("arn:aws:*:::logs/*", Perhaps),
            ("arn:*:logs/*", Perhaps),
            ("arn:aws:*", Perhaps),
        ] {
            assert_eq!(on(json!(pattern), object), answer, "{pattern}");
        }
        assert_eq!(on(json!(["arn:aws:s3:::x", object]), object), Yes);
        // A short pattern crosses colons only by its last star; a variable is none of its own letters.
        assert_eq!(on(json!("arn:*:s3"), "arn:aws:s3:::s3"), Perhaps);
        assert_eq!(on(json!("arn:aws:s3:::b/${x}"), "arn:aws:s3:::b/${x}"), Perhaps);
        // All objects are asked about: some of them are not all.
        assert_eq!(on(json!("arn:aws:s3:::logs/a/*"), "arn:aws:s3:::logs/*"), Perhaps);
        assert_eq!(on(json!("arn:aws:s3:::logs/*"), "arn:aws:s3:::logs/*"), Yes);
        assert_eq!(on(json!("arn:aws:s3:::logs2/*"), "arn:aws:s3:::logs/*"), No);
        let not = read(&json!({ "Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::logs/*" }));
        assert_eq!(may(&[&not], "s3:GetObject", object), No);
        assert_eq!(may(&[&not], "s3:GetObject", "arn:aws:s3:::other/a"), Yes);
        assert_eq!(identity_may(&[&not], None, "s3:GetObject", None), Perhaps);
        let nothing = read(&json!({ "Effect": "Allow", "Action": "s3:*", "NotResource": "*" }));
        assert_eq!(identity_may(&[&nothing], None, "s3:GetObject", None), No);
        let absent = read(&json!({ "Effect": "Allow", "Action": "s3:*" }));
        assert_eq!(may(&[&absent], "s3:GetObject", object), Perhaps);
    }

    #[test]
    fn any_resource() {
        let any = |documents: &[&Document]| identity_may(documents, None, "cloudtrail:StopLogging", None);
        assert_eq!(any(&[]), No);
        assert_eq!(any(&[&all()]), Yes);
        // Whether the action works on this kind of resource is not in the text.
        let one = json!("arn:aws:cloudtrail:us-east-1:111122223333:trail/main");
        assert_eq!(any(&[&allow(&json!("*"), &one)]), Perhaps);
        assert_eq!(any(&[&all(), &deny(&json!("cloudtrail:*"), &one)]), Perhaps);
        assert_eq!(any(&[&all(), &deny(&json!("cloudtrail:*"), &json!("*"))]), No);
        assert_eq!(any(&[&all(), &deny(&json!("cloudtrail:StartLogging"), &json!("*"))]), Yes);
        let rest = read(&json!({ "Effect": "Deny", "Action": "*", "NotResource": one }));
        assert_eq!(any(&[&all(), &rest]), Perhaps);
        let only = read(&json!({ "Effect": "Deny", "NotAction": "iam:*", "Resource": "*" }));
        assert_eq!(any(&[&all(), &only]), No);
    }

    #[test]
    fn deny_conditions_and_boundaries() {
        let mfa = json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } });
        let denied = read(&json!({ "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": mfa }));
        let allowed = read(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": mfa }));
        let s3 = allow(&json!("s3:*"), &json!("*"));
        assert_eq!(identity_may(&[&all(), &denied], None, "s3:GetObject", None), Perhaps);
        assert_eq!(identity_may(&[&s3, &denied], None, "ec2:RunInstances", None), No);
        assert_eq!(identity_may(&[&allowed], None, "s3:GetObject", None), Perhaps);
        assert_eq!(identity_may(&[&allowed, &s3], None, "s3:GetObject", None), Yes);
        // No conditions are no conditions.
        let empty = read(&json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {} }));
        assert_eq!(identity_may(&[&empty], None, "s3:GetObject", None), Yes);
        let odd = json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "StringEquals": {} } });
        assert_eq!(identity_may(&[&read(&odd)], None, "s3:GetObject", None), Perhaps);
        // A boundary gives nothing and takes what it does not allow.
        let bounded = |documents: &[&Document], boundary: &Document, action: &str| {
            identity_may(documents, Some(boundary), action, None)
        };
        assert_eq!(bounded(&[], &all(), "s3:GetObject"), No);
        assert_eq!(bounded(&[&all()], &s3, "s3:GetObject"), Yes);
        assert_eq!(bounded(&[&all()], &s3, "ec2:RunInstances"), No);
        assert_eq!(bounded(&[&all()], &allowed, "s3:GetObject"), Perhaps);
        assert_eq!(bounded(&[&all()], &denied, "s3:GetObject"), No);
        let guarded = read(&json!([
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": "iam:*", "Resource": "*" },
        ]));
        assert_eq!(bounded(&[&all()], &guarded, "iam:CreateUser"), No);
        assert_eq!(bounded(&[&all()], &guarded, "s3:GetObject"), Yes);
        // A statement for somebody is no statement of an identity's own policy.
        let foreign = json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
        assert_eq!(identity_may(&[&read(&foreign)], None, "s3:GetObject", None), Perhaps);
    }

    #[test]
    fn administrators() {
        let admin = |statements: Value| is_administrator(&[&read(&statements)], None);
        assert_eq!(is_administrator(&[], None), No);
        // AWS managed policy AdministratorAccess.
        assert_eq!(is_administrator(&[&all()], None), Yes);
        assert_eq!(admin(json!({ "Effect": "Allow", "Action": ["*:*"], "Resource": ["arn:aws:s3:::x", "*"] })), Yes);
        // Like ReadOnlyAccess.
        let read_only = json!(["s3:Get*", "s3:List*", "ec2:Describe*", "iam:Get*", "iam:List*"]);
        assert_eq!(is_administrator(&[&allow(&read_only, &json!("*"))], None), No);
        assert_eq!(may(&[&allow(&read_only, &json!("*"))], "s3:GetObject", "arn:aws:s3:::b/k"), Yes);
        assert_eq!(may(&[&allow(&read_only, &json!("*"))], "s3:PutObject", "arn:aws:s3:::b/k"), No);
        // Like PowerUserAccess; and with what it leaves out.
        let power = json!([
            { "Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*" },
            { "Effect": "Allow", "Action": ["iam:CreateServiceLinkedRole", "iam:List*"], "Resource": "*" },
        ]);
        assert_eq!(admin(power.clone()), No);
        let rest = allow(&json!(["IAM:*", "organizations:*", "account:*"]), &json!("*"));
        assert_eq!(is_administrator(&[&read(&power), &rest], None), Yes);
        let rest = allow(&json!(["iam:*", "organizations:*"]), &json!("*"));
        assert_eq!(is_administrator(&[&read(&power), &rest], None), No);
        let other = json!({ "Effect": "Allow", "NotAction": "s3:*", "Resource": "*" });
        assert_eq!(is_administrator(&[&read(&power), &read(&other)], None), Yes);
        assert_eq!(admin(json!({ "Effect": "Allow", "NotAction": "*", "Resource": "*" })), No);
        assert_eq!(admin(json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*" })), No);
        assert_eq!(admin(json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:*" })), Perhaps);
        assert_eq!(admin(json!({ "Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::x" })), Perhaps);
        assert_eq!(admin(json!({ "Effect": "Allow", "Action": "?*:*", "Resource": "*" })), Perhaps);
        let mfa = json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
        assert_eq!(admin(json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": mfa })), Perhaps);
        let some = deny(&json!("aws-portal:*"), &json!("*"));
        assert_eq!(is_administrator(&[&all(), &some], None), Perhaps);
        assert_eq!(is_administrator(&[&all(), &deny(&json!("*"), &json!("*"))], None), No);
        assert_eq!(is_administrator(&[&all()], Some(&all())), Yes);
        assert_eq!(is_administrator(&[&all()], Some(&rest)), No);
        assert_eq!(is_administrator(&[&all()], Some(&read(&power))), No);
    }

    #[test]
    fn trusts() {
        let service = |condition: Value| {
            trust(&read(&json!({
                "Effect": "Allow", "Principal": { "Service": ["config.amazonaws.com", "ec2.amazonaws.com"] },
                "Action": "sts:AssumeRole", "Condition": condition,
            })))
            .unwrap()
        };
        let plain = service(json!({}));
        assert_eq!(plain.services, ["config.amazonaws.com", "ec2.amazonaws.com"]);
        assert_eq!((plain.source_account_conditioned, plain.narrowed), (No, false));
        for (operator, key, value, answer) in [
            ("StringEquals", "aws:SourceAccount", json!("111122223333"), Yes),
            ("StringEquals", "AWS:SOURCEACCOUNT", json!(["111122223333", "444455556666"]), Yes),
            ("StringEquals", "aws:SourceAccount", json!(111_122_223_333_u64), Yes),
            ("StringEquals", "aws:SourceAccount", json!("${aws:ResourceAccount}"), Perhaps),
            ("StringEquals", "aws:SourceAccount", json!([]), Perhaps),
            ("StringEqualsIfExists", "aws:SourceAccount", json!("111122223333"), Perhaps),
            ("ForAnyValue:StringEquals", "aws:SourceAccount", json!("111122223333"), Perhaps),
            ("StringNotEquals", "aws:SourceAccount", json!("111122223333"), No),
            ("StringLike", "aws:SourceAccount", json!("111122223333"), Yes),
            ("StringLike", "aws:SourceAccount", json!(["111122223333", "*"]), No),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:config:*:111122223333:*"), Yes),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:config:us-east-1:*:*"), No),
            ("StringLike", "aws:SourceArn", json!("arn:aws:config:*:111122223333:*"), Perhaps),
            ("StringLike", "aws:SourceArn", json!("arn:aws:config:us-east-1:111122223333:*"), Yes),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::bucket*"), Yes),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::*"), No),
            ("ArnEquals", "aws:SourceArn", json!("*"), No),
            ("StringEquals", "aws:PrincipalAccount", json!("111122223333"), No),
        ] {
            let condition = json!({ operator: { key: value } });
            assert_eq!(service(condition.clone()).source_account_conditioned, answer, "{condition}");
        }
        let mixed = trust(&read(&json!([
            { "Effect": "Allow", "Principal": { "AWS": ["444455556666", "*"] }, "Action": "sts:*",
              "Condition": { "StringEquals": { "aws:SourceAccount": "1" } } },
            { "Effect": "Allow", "Principal": { "Federated": "arn:aws:iam::111122223333:saml-provider/x" },
              "Action": "sts:AssumeRoleWithSAML" },
            { "Effect": "Allow", "NotPrincipal": { "AWS": "1" }, "Action": ["sts:TagSession"] },
            { "Effect": "Deny", "NotPrincipal": { "AWS": "1" }, "Action": "sts:AssumeRole" },
        ])))
        .unwrap();
        assert_eq!(mixed.aws, ["*", "444455556666"]);
        assert_eq!(mixed.federated, ["arn:aws:iam::111122223333:saml-provider/x"]);
        assert_eq!((mixed.services.len(), mixed.source_account_conditioned, mixed.narrowed), (0, Yes, true));
        let everyone = json!({ "Effect": "Allow", "Principal": "*", "NotAction": "sts:TagSession" });
        let everyone = trust(&read(&everyone)).unwrap();
        assert_eq!((everyone.aws, everyone.source_account_conditioned), (vec!["*".to_owned()], No));
        for bad in [
            json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "1" }, "Action": "sts:AssumeRole" }),
            json!({ "Effect": "Allow", "Action": "sts:AssumeRole" }),
            json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*" }),
            json!({ "Effect": "Allow", "Principal": { "CanonicalUser": "x" }, "Action": "sts:AssumeRole" }),
        ] {
            assert!(trust(&read(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn beyond() {
        let doc = allow(&json!(["s3:getobject", "s3:Get*", "s3:*", "ec2:RunInstances"]), &json!("*"));
        let not = read(&json!([
            { "Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*" },
            { "Effect": "Deny", "Action": "kms:*", "Resource": "*" },
        ]));
        assert_eq!(
            actions_beyond(&[&doc, &not], &["S3:GetObject", "s3:get*"]),
            ["ec2:RunInstances", "everything but iam:*, s3:*", "s3:*"]
        );
        assert!(actions_beyond(&[], &[]).is_empty());
    }

    #[test]
    fn deletion() {
        let denies = |change: Value| {
            let mut statement = json!({
                "Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::logs/*",
                "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            });
            for (key, value) in change.as_object().unwrap() {
                if value.is_null() {
                    statement.as_object_mut().unwrap().remove(key);
                } else {
                    statement[key] = value.clone();
                }
            }
            denies_deletion(&read(&statement), "logs", "aws")
        };
        for (change, answer) in [
            (json!({}), Yes),
            (json!({ "Principal": { "AWS": "*" } }), Yes),
            (json!({ "Principal": { "AWS": ["1", "*"] } }), Yes),
            (json!({ "Action": "s3:Delete*" }), Yes),
            (json!({ "Action": "S3:deleteobject*" }), Yes),
            (json!({ "Action": "*" }), Yes),
            (json!({ "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"] }), Yes),
            (json!({ "Resource": "arn:aws:s3:::logs*" }), Yes),
            (json!({ "Resource": null, "NotResource": "arn:aws:s3:::logs" }), Yes),
            (json!({ "Action": null, "NotAction": "s3:GetObject" }), Yes),
            // One of the two is not enough.
            (json!({ "Action": "s3:DeleteObject" }), No),
            (json!({ "Action": "s3:DeleteObjectVersion" }), No),
            (json!({ "Action": "s3:DeleteBucket" }), No),
            (json!({ "Action": ["s3:DeleteObject", "s3:DeleteObjectTagging"] }), No),
            // The bucket is not its objects, and another bucket is not this one.
            (json!({ "Resource": "arn:aws:s3:::logs" }), No),
            (json!({ "Resource": "arn:aws:s3:::logs2/*" }), No),
            (json!({ "Resource": "arn:aws-cn:s3:::logs/*" }), No),
            (json!({ "Resource": null, "NotResource": "arn:aws:s3:::logs/*" }), No),
            (json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:root" } }), No),
            (json!({ "Principal": { "Service": "*" } }), No),
            (json!({ "Effect": "Allow" }), No),
            (json!({ "Resource": "arn:aws:s3:::logs/AWSLogs/*" }), Perhaps),
            (json!({ "Resource": null, "NotResource": "arn:aws:s3:::logs/tmp/*" }), Perhaps),
            (json!({ "Resource": "arn:aws:s3:::logs/${aws:username}/*" }), Perhaps),
            (json!({ "Principal": null, "NotPrincipal": { "AWS": "1" } }), Perhaps),
            (json!({ "Condition": { "Bool": { "aws:SecureTransport": "false" } } }), Perhaps),
        ] {
            assert_eq!(denies(change.clone()), answer, "{change}");
        }
        // The two may stand in two statements.
        let two = read(&json!([
            { "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::logs/*" },
            { "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion", "Resource": "*" },
        ]));
        assert_eq!(denies_deletion(&two, "logs", "aws"), Yes);
    }

    #[test]
    fn who_writes() {
        let doc = read(&json!([
            { "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "s3:PutObject",
              "Resource": "arn:aws:s3:::logs/AWSLogs/111122223333/*",
              "Condition": { "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } } },
            { "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "s3:GetBucketAcl",
              "Resource": "arn:aws:s3:::logs" },
            { "Effect": "Allow", "Principal": { "AWS": ["arn:aws:iam::1:root", "444455556666"] }, "Action": "s3:Put*",
              "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"] },
            { "Effect": "Allow", "Principal": { "CanonicalUser": "c", "Federated": "f" }, "NotAction": "s3:Get*",
              "NotResource": "arn:aws:s3:::logs" },
            { "Effect": "Allow", "Principal": { "AWS": "reader" }, "Action": "s3:PutObjectAcl", "Resource": "*" },
            { "Effect": "Allow", "Principal": { "AWS": "bucket" }, "Action": "s3:*", "Resource": "arn:aws:s3:::logs" },
            { "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*" },
        ]));
        assert_eq!(
            writers(&doc, "logs", "aws").unwrap(),
            [
                "aws:444455556666",
                "aws:arn:aws:iam::1:root",
                "canonical:c",
                "federated:f",
                "service:cloudtrail.amazonaws.com"
            ]
        );
        let public = read(&json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }));
        assert_eq!(writers(&public, "logs", "aws").unwrap(), ["*"]);
        let not = json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "1" }, "Action": "s3:*", "Resource": "*" });
        assert!(writers(&read(&not), "logs", "aws").is_err());
    }

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:respond";
    const RULE: &str = "arn:aws:events:us-east-1:111122223333:rule/findings";
    const EVENTS: &str = "events.amazonaws.com";

    fn invokes(statements: &Value) -> Answer {
        lets_invoke(&read(statements), FUNCTION, EVENTS, RULE, "111122223333")
    }

    fn rule_statement(condition: &Value) -> Value {
        json!({ "Sid": "x", "Effect": "Allow", "Principal": { "Service": EVENTS }, "Action": "lambda:InvokeFunction",
                "Resource": FUNCTION, "Condition": condition })
    }

    #[test]
    fn invocation() {
        for (operator, key, value, answer) in [
            ("ArnLike", "AWS:SourceArn", json!(RULE), Yes),
            ("ArnLike", "aws:sourcearn", json!("arn:aws:events:us-east-1:111122223333:rule/*"), Yes),
            ("ArnEquals", "aws:SourceArn", json!("arn:aws:events:*:111122223333:rule/find?ngs"), Yes),
            ("ArnEquals", "aws:SourceArn", json!([format!("{RULE}2"), RULE]), Yes),
            ("ArnLike", "aws:SourceArn", json!(format!("{RULE}2")), No),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:events:us-east-1:444455556666:rule/*"), No),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:events:*"), Perhaps),
            ("ArnLike", "aws:SourceArn", json!("*"), Perhaps),
            ("ArnNotLike", "aws:SourceArn", json!(RULE), No),
            ("ArnNotEquals", "aws:SourceArn", json!("arn:aws:s3:::x"), Yes),
            ("StringEquals", "aws:SourceArn", json!(RULE), Yes),
            ("StringEquals", "aws:SourceArn", json!("arn:aws:events:us-east-1:111122223333:rule/*"), No),
            ("StringLike", "aws:SourceArn", json!("arn:aws:events:*"), Yes),
            ("StringLike", "aws:SourceArn", json!("*/other"), No),
            ("StringEquals", "aws:SourceAccount", json!("111122223333"), Yes),
            ("StringEquals", "aws:SourceAccount", json!(111_122_223_333_u64), Yes),
            ("StringEquals", "aws:SourceAccount", json!("444455556666"), No),
            ("StringEquals", "aws:SourceAccount", json!("${aws:PrincipalAccount}"), Perhaps),
            ("StringEquals", "aws:SourceAccount", json!([]), Perhaps),
            ("StringLike", "aws:SourceArn", json!("arn:aws:s3:::${aws:username}"), No),
            ("StringEqualsIfExists", "aws:SourceAccount", json!("111122223333"), Yes),
            ("StringNotEqualsIgnoreCase", "aws:SourceAccount", json!("x"), Yes),
            ("ForAnyValue:StringEquals", "aws:SourceAccount", json!("111122223333"), Perhaps),
            ("Null", "aws:SourceAccount", json!("false"), Perhaps),
            ("stringequals", "aws:SourceAccount", json!("111122223333"), Perhaps),
            ("StringEquals", "aws:PrincipalOrgID", json!("o-1"), Perhaps),
        ] {
            let condition = json!({ operator: { key: value } });
            assert_eq!(invokes(&rule_statement(&condition)), answer, "{condition}");
        }
        // Every condition must be met: one that is not decides.
        let both = json!({ "ArnLike": { "aws:SourceArn": RULE }, "StringEquals": { "aws:SourceAccount": "4" } });
        assert_eq!(invokes(&rule_statement(&both)), No);
        let open = json!({ "StringEquals": { "aws:SourceAccount": "4", "aws:PrincipalOrgID": "o-1" } });
        assert_eq!(invokes(&rule_statement(&open)), No);
        assert_eq!(invokes(&json!([])), No);
        let change = |key: &str, value: Value| {
            let mut statement = rule_statement(&json!({}));
            statement[key] = value;
            invokes(&statement)
        };
        assert_eq!(change("Sid", json!("y")), Yes);
        assert_eq!(change("Action", json!("lambda:*")), Yes);
        assert_eq!(change("Action", json!("lambda:InvokeFunctionUrl")), No);
        assert_eq!(change("Resource", json!(format!("{FUNCTION}:live"))), No);
        assert_eq!(change("Principal", json!({ "Service": "s3.amazonaws.com" })), No);
        assert_eq!(change("Principal", json!({ "Service": "events.us-east-1.amazonaws.com" })), Perhaps);
        assert_eq!(change("Principal", json!({ "AWS": "111122223333" })), No);
        assert_eq!(change("Principal", json!("*")), Perhaps);
        let mut except = rule_statement(&json!({}));
        except.as_object_mut().unwrap().remove("Principal");
        assert_eq!(invokes(&except), Perhaps);
        except["NotPrincipal"] = json!({ "AWS": "1" });
        assert_eq!(invokes(&except), Perhaps);
        let allowed = rule_statement(&json!({}));
        let denied = |condition: Value| {
            let mut deny = rule_statement(&condition);
            deny["Effect"] = json!("Deny");
            invokes(&json!([allowed, deny]))
        };
        assert_eq!(denied(json!({})), No);
        assert_eq!(denied(json!({ "StringNotEquals": { "aws:SourceAccount": "111122223333" } })), Yes);
        // The usual Deny for calls without TLS does not meet a service.
        assert_eq!(denied(json!({ "Bool": { "aws:SecureTransport": "false" } })), Yes);
        assert_eq!(denied(json!({ "Bool": { "aws:SecureTransport": "true" } })), No);
        assert_eq!(denied(json!({ "Bool": { "aws:MultiFactorAuthPresent": "false" } })), Perhaps);
    }

    const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";
    const ALARMS: &str = "cloudwatch.amazonaws.com";

    fn publishes(statements: &Value, service: &str, account: &str) -> Answer {
        let source = match service {
            ALARMS => format!("arn:aws:cloudwatch:us-east-1:{account}:alarm:root-use"),
            _ => format!("arn:aws:events:us-east-1:{account}:rule/findings"),
        };
        lets_publish(&read(statements), TOPIC, service, &source, account)
    }

    #[test]
    fn publication() {
        let default = json!({
            "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": { "AWS": "*" },
            "Action": ["SNS:GetTopicAttributes", "SNS:Subscribe", "SNS:Publish"], "Resource": TOPIC,
            "Condition": { "StringEquals": { "AWS:SourceOwner": "111122223333" } },
        });
        assert_eq!(publishes(&default, ALARMS, "111122223333"), Yes);
        assert_eq!(publishes(&default, ALARMS, "444455556666"), No);
        assert_eq!(publishes(&default, EVENTS, "111122223333"), No);
        assert_eq!(publishes(&default, "s3.amazonaws.com", "111122223333"), Perhaps);
        let named = |service: &str, condition: Value| {
            json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sns:Publish",
                    "Resource": TOPIC, "Condition": condition })
        };
        let of = |account: &str| json!({ "StringEquals": { "aws:SourceAccount": account } });
        assert_eq!(publishes(&named(EVENTS, json!({})), EVENTS, "111122223333"), Yes);
        assert_eq!(publishes(&json!([default, named(EVENTS, json!({}))]), EVENTS, "111122223333"), Yes);
        assert_eq!(publishes(&named(ALARMS, json!({})), EVENTS, "111122223333"), No);
        // EventBridge is said not to send what conditions ask for.
        assert_eq!(publishes(&named(EVENTS, of("111122223333")), EVENTS, "111122223333"), Perhaps);
        assert_eq!(publishes(&named(EVENTS, of("444455556666")), EVENTS, "111122223333"), No);
        assert_eq!(publishes(&named(ALARMS, of("111122223333")), ALARMS, "111122223333"), Yes);
        let alarm = json!({ "ArnLike": { "aws:SourceArn": "arn:aws:cloudwatch:*:111122223333:alarm:*" } });
        assert_eq!(publishes(&named(ALARMS, alarm.clone()), ALARMS, "111122223333"), Yes);
        assert_eq!(publishes(&named(ALARMS, alarm), ALARMS, "444455556666"), No);
        let account = json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
                              "Action": "sns:Publish", "Resource": TOPIC });
        assert_eq!(publishes(&account, ALARMS, "111122223333"), Perhaps);
        assert_eq!(publishes(&account, EVENTS, "111122223333"), No);
        let plain = json!({ "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC,
                            "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
        assert_eq!(publishes(&json!([named(ALARMS, json!({})), plain]), ALARMS, "111122223333"), Yes);
    }
}
