//! `farwatch.yaml` and `boundary.yaml`.

use super::{BOUNDARY, FILE, Known, did_you_mean};
use crate::model::assessment::Environment;
use crate::model::boundary::{Crosses, DeclaredBoundary, DeclaredPoint};
use crate::model::catalog::EnvironmentKind;
use crate::model::organisation::{
    Absent, Citation, FileProblem, Information, Organisation, Person, Role, System, file_evidence,
};
use crate::model::pattern::Pattern;
use crate::model::problem::Problems;
use crate::model::scope::Scope;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};

const FORMAT: &str = "`farwatch schema organisation` describes the format; docs/organisation.md explains it";

/// What was read: the organisation, and how its accounts are reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What is kept with an assessment.
    pub organisation: Organisation,
    /// What only the collecting needs.
    pub access: Access,
}

/// How the AWS accounts are reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Accounts in scope.
    pub accounts: Vec<String>,
    /// The role to assume in each.
    pub role_name: Option<String>,
    /// Its external id.
    pub external_id: Option<SecretRef>,
    /// Are the accounts of the AWS organisation to be listed?
    pub organization: bool,
    /// Regions that are meant to be used.
    pub regions: Vec<String>,
}

/// Where a secret is. Secrets never stand in the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file.
    File(String),
}

/// `farwatch.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    /// Who you are.
    organisation: Who,
    /// The system that you assess.
    system: System,
    /// The number of the clause that your documents print first.
    #[serde(default)]
    citation: Citation,
    /// People who answer for something.
    #[serde(default)]
    people: Vec<PersonBlock>,
    /// Every place that processes, stores or transmits Federal Contract Information.
    environments: Environments,
    /// What is out of scope, and what marks FCI.
    #[serde(default)]
    scope: Scope,
    /// Decisions of yours: `farwatch init` writes them all with what they mean.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    parameters: BTreeMap<String, Spanned<Value>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Who {
    /// Name of the organisation.
    name: String,
    /// CAGE codes of the information systems in scope.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    cage_codes: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PersonBlock {
    /// Short and unique.
    #[schemars(with = "String")]
    id: Spanned<String>,
    /// Name.
    name: String,
    /// Title in the organisation.
    #[serde(default)]
    title: String,
    /// E-mail address.
    #[serde(default)]
    email: String,
    /// Roles.
    #[serde(default)]
    roles: Vec<Role>,
}

/// Each kind is declared, or declared absent by `none: REASON`. A kind that is left out stays open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Environments {
    /// AWS accounts.
    #[schemars(with = "Option<Aws>")]
    aws: Option<Spanned<Aws>>,
    /// Azure subscriptions.
    #[schemars(with = "Option<Azure>")]
    azure: Option<Spanned<Azure>>,
    /// Microsoft Entra tenants.
    #[schemars(with = "Option<Entra>")]
    entra: Option<Spanned<Entra>>,
    /// Offices, shops and other rooms.
    #[schemars(with = "Option<Office>")]
    office: Option<Spanned<Office>>,
    /// Laptops, desktops, phones, machines with a computer in them.
    #[schemars(with = "Option<Endpoints>")]
    endpoints: Option<Spanned<Endpoints>>,
    /// Software as a service: mail, file sharing, accounting.
    #[schemars(with = "Option<Saas>")]
    saas: Option<Spanned<Saas>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Aws {
    /// Why there is none.
    none: Option<String>,
    /// Accounts in scope.
    #[serde(default)]
    accounts: Vec<Place>,
    /// The role that farwatch assumes in each account other than the one of its own credentials.
    role_name: Option<String>,
    /// The external id of that role: `env:NAME` or `file:PATH`, never the value itself.
    #[schemars(with = "Option<String>")]
    external_id: Option<Spanned<String>>,
    /// List the accounts of the AWS organisation and read them all.
    #[serde(default)]
    organization: bool,
    /// Regions that you mean to use. All regions are read all the same; what is in use in others counts as undeclared.
    #[serde(default)]
    regions: Vec<String>,
}

macro_rules! kind_block {
    ($name:ident, $list:ident, $what:literal) => {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            /// Why there is none.
            none: Option<String>,
            #[doc = $what]
            #[serde(default)]
            $list: Vec<Place>,
        }
    };
}
kind_block!(Azure, subscriptions, "Subscriptions in scope.");
kind_block!(Entra, tenants, "Tenants in scope.");
kind_block!(Office, places, "Rooms in scope.");
kind_block!(Endpoints, groups, "Groups of devices in scope.");
kind_block!(Saas, services, "Services in scope.");

/// One environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    /// The cloud's own id, or a short name of yours.
    #[schemars(with = "String")]
    id: Spanned<String>,
    /// Name for people.
    #[serde(default)]
    name: String,
}

/// `boundary.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BoundaryFile {
    /// The boundary in a few sentences: what lies inside, what outside.
    description: String,
    /// Where communication crosses between the system and the outside.
    #[serde(default)]
    #[schemars(with = "Vec<DeclaredPoint>")]
    external: Vec<Spanned<DeclaredPoint>>,
    /// Where communication crosses between parts of the system.
    #[serde(default)]
    #[schemars(with = "Vec<DeclaredPoint>")]
    internal: Vec<Spanned<DeclaredPoint>>,
}

/// Where a value stands.
pub(super) fn place<T>(value: &Spanned<T>) -> Option<(usize, usize)> {
    let at = value.referenced;
    let (line, column) = (usize::try_from(at.line()).ok()?, usize::try_from(at.column()).ok()?);
    (line > 0).then_some((line, column))
}

/// A problem at a value, with its line.
pub(super) fn at<T>(problems: &mut Problems, file: &str, text: &str, value: &Spanned<T>, what: String, hint: &str) {
    let place = place(value);
    problems.at(file, place, what, hint);
    if let (Some(problem), Some((line, _))) = (problems.0.last_mut(), place) {
        problem.line = text.lines().nth(line - 1).map(str::to_owned);
    }
}

/// Parses a file. Where it is wrong, every top-level part is parsed for itself, so that the first mistake of each is
/// told at once.
fn parse<T: DeserializeOwned>(file: &str, text: &str, problems: &mut Problems) -> Option<T> {
    let error = match serde_saphyr::from_str(text) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    problems.yaml(file, text, &error, FORMAT);
    let told = problems.0.last().and_then(|problem| problem.at).map(|(line, _)| line);
    let lines: Vec<&str> = text.lines().collect();
    let starts = |line: &str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"' || c == '\'');
    let heads: Vec<usize> = (0..lines.len()).filter(|at| lines.get(*at).is_some_and(|line| starts(line))).collect();
    for (nth, head) in heads.iter().enumerate() {
        let end = heads.get(nth + 1).copied().unwrap_or(lines.len());
        if told.is_some_and(|line| (head + 1..=end).contains(&line)) {
            continue;
        }
        // Blank lines in front keep the positions.
        let part = lines.get(*head..end).unwrap_or_default().join("\n");
        let alone = format!("{}{part}\n", "\n".repeat(*head));
        let Err(error) = serde_saphyr::from_str::<T>(&alone) else { continue };
        let said = error.to_string();
        // What is missing stands in the other parts; what an alias means as well.
        if !said.contains("missing field") && !said.to_lowercase().contains("anchor") && !said.contains("alias") {
            problems.yaml(file, text, &error, FORMAT);
        }
    }
    None
}

/// Reads `farwatch.yaml`.
pub(super) fn read(text: &str, known: &Known<'_>, mut problems: Problems) -> Result<(Organisation, Access), Problems> {
    let Some(config) = parse::<ConfigFile>(FILE, text, &mut problems) else { return Err(problems) };
    let mut warnings = Vec::new();
    let mut say = |value: &Spanned<String>, what: String, hint: &str| at(&mut problems, FILE, text, value, what, hint);
    for code in &config.organisation.cage_codes {
        // Five characters, letters and digits without I and O (DLA, CAGE code format).
        let fine = code.value.len() == 5
            && code.value.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase() && c != 'I' && c != 'O');
        if !fine {
            say(
                code,
                format!("{:?} is not a CAGE code", code.value),
                "five characters: digits, and letters but I and O",
            );
        }
    }
    let mut ids = BTreeSet::new();
    for person in &config.people {
        if !ids.insert(person.id.value.as_str()) {
            say(&person.id, format!("two people have the id `{}`", person.id.value), "give each an id of their own");
        }
        if !is_id(&person.id.value) {
            say(&person.id, format!("{:?} is not an id", person.id.value), "letters, digits, dots and dashes");
        }
    }
    let mut environments = Vec::new();
    let mut absent = Vec::new();
    let mut access = Access::default();
    {
        let mut kind = |kind: EnvironmentKind,
                        none: Option<&String>,
                        places: &[Place],
                        block: (usize, usize),
                        more: bool| {
            let mut wrong = |what: String, hint: &str| problems.at(FILE, Some(block), what, hint);
            match (none, places.is_empty() && !more) {
                (Some(reason), true) if !reason.trim().is_empty() => {
                    absent.push(Absent { kind, reason: reason.trim().to_owned() });
                }
                (Some(_), true) => wrong("`none` without a reason".to_owned(), "say why there is none, in a few words"),
                (Some(_), false) => {
                    wrong("it is declared and declared absent at once".to_owned(), "remove `none` or the list");
                }
                (None, true) => wrong("nothing is declared here".to_owned(), "name what there is, or `none: REASON`"),
                (None, false) => {}
            }
            let mut seen = BTreeSet::new();
            for one in places {
                // Azure and Entra write the same GUID in either case.
                let guid = matches!(kind, EnvironmentKind::Azure | EnvironmentKind::Entra);
                let id = if guid { one.id.value.trim().to_lowercase() } else { one.id.value.trim().to_owned() };
                let id = id.as_str();
                if !seen.insert(id.to_owned()) {
                    at(&mut problems, FILE, text, &one.id, format!("`{id}` is declared twice"), "remove one");
                }
                let (fine, form) = match kind {
                    EnvironmentKind::Aws => {
                        (id.len() == 12 && id.chars().all(|c| c.is_ascii_digit()), "twelve digits, between quotes")
                    }
                    EnvironmentKind::Azure | EnvironmentKind::Entra => (is_guid(id), "a GUID, as the portal shows it"),
                    _ => (is_id(id), "letters, digits, dots and dashes"),
                };
                if !fine {
                    at(&mut problems, FILE, text, &one.id, format!("{id:?} is not an id of this kind"), form);
                }
                let name = if one.name.trim().is_empty() { id } else { one.name.trim() };
                let label = match kind {
                    EnvironmentKind::Aws => format!("AWS account {id}"),
                    EnvironmentKind::Azure => format!("Azure subscription {id}"),
                    EnvironmentKind::Entra => format!("Entra tenant {id}"),
                    _ => name.to_owned(),
                };
                let label = if label.ends_with(name) { label } else { format!("{label} ({name})") };
                environments.push(Environment { id: format!("{}:{id}", kind.word()), kind, label, open: None });
            }
        };
        let here = |at: Option<(usize, usize)>| at.unwrap_or((1, 1));
        let all = &config.environments;
        if let Some(block) = &all.aws {
            let aws = &block.value;
            kind(EnvironmentKind::Aws, aws.none.as_ref(), &aws.accounts, here(place(block)), aws.organization);
        }
        if let Some(block) = &all.azure {
            kind(
                EnvironmentKind::Azure,
                block.value.none.as_ref(),
                &block.value.subscriptions,
                here(place(block)),
                false,
            );
        }
        if let Some(block) = &all.entra {
            kind(EnvironmentKind::Entra, block.value.none.as_ref(), &block.value.tenants, here(place(block)), false);
        }
        if let Some(block) = &all.office {
            kind(EnvironmentKind::Office, block.value.none.as_ref(), &block.value.places, here(place(block)), false);
        }
        if let Some(block) = &all.endpoints {
            kind(EnvironmentKind::Endpoints, block.value.none.as_ref(), &block.value.groups, here(place(block)), false);
        }
        if let Some(block) = &all.saas {
            kind(EnvironmentKind::Saas, block.value.none.as_ref(), &block.value.services, here(place(block)), false);
        }
    }
    if let Some(block) = &config.environments.aws {
        let aws = &block.value;
        access.accounts = aws.accounts.iter().map(|one| one.id.value.trim().to_owned()).collect();
        access.role_name.clone_from(&aws.role_name);
        access.organization = aws.organization;
        access.regions.clone_from(&aws.regions);
        access.external_id = aws.external_id.as_ref().and_then(|secret| {
            let reference = secret_ref(&secret.value);
            if reference.is_none() {
                // The value is not repeated.
                let what = "`external_id` holds the value itself; a secret does not belong into this file".to_owned();
                problems.at(FILE, place(secret), what, "write env:NAME (an environment variable) or file:PATH");
            }
            reference
        });
        if aws.organization && aws.role_name.is_none() {
            let what = "`organization` needs `role_name`: the role to assume in each account".to_owned();
            at(&mut problems, FILE, text, block, what, "name the role that `farwatch policy aws` is attached to");
        }
    }
    let mut parameters = BTreeMap::new();
    for (name, value) in &config.parameters {
        match known.parameters.get(name) {
            None => {
                let near = did_you_mean(name, known.parameters.keys().map(String::as_str));
                let what = format!("there is no parameter `{name}`{near}");
                at(&mut problems, FILE, text, value, what, "`farwatch init` lists them with what they mean");
            }
            Some(parameter) => match parameter.accept(&value.value) {
                Ok(value) => drop(parameters.insert(name.clone(), value)),
                Err(why) => at(&mut problems, FILE, text, value, format!("`{name}`: {why}"), &parameter.about),
            },
        }
    }
    scope_problems(&config.scope, text, &mut problems);
    let cui = config.system.information == Information::Cui;
    if cui || [&config.system.name, &config.system.description].iter().any(|text| mentions_cui(text)) {
        warnings.push(FileProblem {
            file: FILE.to_owned(),
            line: line_of(text, "CUI"),
            what: "the file speaks of Controlled Unclassified Information (CUI): Level 1 is for Federal Contract \
                   Information (FCI) only, and a system with CUI needs Level 2"
                .to_owned(),
            hint: "ask your contracting officer which level your contract asks for".to_owned(),
        });
    }
    if is_template(&config.system.description) {
        warnings.push(FileProblem {
            file: FILE.to_owned(),
            line: line_of(text, TEMPLATE),
            what: "the description of the system is still that of the template".to_owned(),
            hint: "say what the system is, who uses it, and for what".to_owned(),
        });
    }
    if !config.people.iter().any(|person| person.roles.contains(&Role::AffirmingOfficial)) {
        warnings.push(FileProblem {
            file: FILE.to_owned(),
            line: line_of(text, "people"),
            what: "nobody has the role `affirming_official`".to_owned(),
            hint: "32 CFR 170.22 asks for one; name the person under `people`".to_owned(),
        });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let organisation = Organisation {
        schema: "farwatch/organisation/1".to_owned(),
        name: config.organisation.name.trim().to_owned(),
        cage_codes: config.organisation.cage_codes.into_iter().map(|code| code.value).collect(),
        system: config.system,
        citation: config.citation,
        people: config
            .people
            .into_iter()
            .map(|person| Person {
                id: person.id.value,
                name: person.name,
                title: person.title,
                email: person.email,
                roles: person.roles,
            })
            .collect(),
        environments,
        absent,
        lists_accounts: access.organization,
        scope: config.scope,
        parameters,
        boundary: None,
        statements: Vec::new(),
        exceptions: Vec::new(),
        files: Vec::new(),
        problems: Vec::new(),
        warnings,
    };
    Ok((organisation, access))
}

/// What is wrong with the scope beyond its form.
fn scope_problems(scope: &Scope, text: &str, problems: &mut Problems) {
    for rule in &scope.out {
        let mut wrong = |what: String, hint: &str| problems.near(FILE, text, &rule.reason, what, hint);
        if rule.reason.trim().is_empty() {
            wrong("a scope rule has no reason".to_owned(), "say why it holds no Federal Contract Information");
        }
        let told = [&rule.id, &rule.name, &rule.account].into_iter().flatten().any(|pattern| !pattern.is_vague());
        let tagged = rule.tag.as_ref().is_some_and(|tag| !tag.key.is_vague());
        if !told && !tagged {
            let what = "a scope rule fits everything of its kind".to_owned();
            wrong(what, "name what is out of scope by id, name, tag or account");
        }
    }
}

/// Reads `boundary.yaml`.
pub(super) fn boundary(text: &str, access: &Access, problems: &mut Problems) -> Option<DeclaredBoundary> {
    let file: BoundaryFile = parse(BOUNDARY, text, problems)?;
    let before = problems.0.len();
    if file.description.trim().is_empty() || is_template(&file.description) {
        let what = "the description is empty, or still that of the template".to_owned();
        problems.near(BOUNDARY, text, "description", what, "describe the boundary in your own words");
    }
    let mut names = BTreeSet::new();
    let mut points = Vec::new();
    for (crosses, list) in [(Crosses::External, file.external), (Crosses::Internal, file.internal)] {
        for point in list {
            let one = &point.value;
            let mut wrong = |what: String, hint: &str| at(problems, BOUNDARY, text, &point, what, hint);
            if !names.insert(one.name.clone()) {
                wrong(format!("two points have the name {:?}", one.name), "give each a name of its own");
            }
            if one.name.trim().is_empty() || one.purpose.trim().is_empty() {
                wrong("a point needs a name and a purpose".to_owned(), "say what it is for");
            }
            let told = [&one.id, &one.network]
                .into_iter()
                .flatten()
                .any(|pattern: &Pattern| !pattern.is_vague() && !pattern.is_kind_alone());
            if !told {
                let what = format!("the point {:?} would fit everything", one.name);
                wrong(what, "name its `id` or its `network`; a pattern must say more than the kind of thing");
            }
            points.push(DeclaredPoint { crosses, ..point.value });
        }
    }
    let evidence = file_evidence(BOUNDARY);
    let description = file.description.trim().to_owned();
    let regions = access.regions.clone();
    (problems.0.len() == before).then_some(DeclaredBoundary { description, points, regions, evidence })
}

/// How the descriptions begin that `farwatch init` and `farwatch boundary --draft` write.
const TEMPLATE: &str = "Describe in a few sentences";

/// Is it still a text to be replaced?
fn is_template(text: &str) -> bool {
    text.trim_start().starts_with(TEMPLATE)
}

/// `env:NAME` or `file:PATH`.
fn secret_ref(text: &str) -> Option<SecretRef> {
    match text.split_once(':') {
        Some(("env", name)) if !name.is_empty() => Some(SecretRef::Env(name.to_owned())),
        Some(("file", path)) if !path.is_empty() => Some(SecretRef::File(path.to_owned())),
        _ => None,
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Does a text speak of Controlled Unclassified Information?
pub(super) fn mentions_cui(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "CUI")
        || text.to_ascii_lowercase().contains("controlled unclassified information")
}

/// The first line that holds a text.
pub(super) fn line_of(text: &str, wanted: &str) -> Option<usize> {
    text.lines().position(|line| line.contains(wanted)).map(|at| at + 1)
}
