//! Loads and validates `controls/`: what is embedded, and what `--controls DIR` adds or replaces.
//!
//! Files are found by walking the folder; nothing is registered. All problems are reported at once, each with file,
//! line, column and a hint.

pub use crate::model::problem::{Problem, Problems};

use crate::model::boundary::RuleCrosses;
use crate::model::catalog::{Catalog, Guidance, ShownBy};
use crate::model::check::Check;
use crate::model::coverage::Coverage;
use crate::model::parameter::Parameters;
use crate::model::provider::{AzureProvider, Cloud, Provider};
use crate::model::read::{Per, Read, ReadFile, Reads};
use crate::model::scenario::Scenario;
use crate::model::template::Template;
use crate::model::text::sha256_hex;
use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/controls");

/// What a good statement about an aspect contains.
const GUIDANCE: &str = "catalog/statements.yaml";

/// Largest file that is read: real ones are under 100 kB.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Everything in `controls/`, validated but for the conditions of the checks (which the rule engine compiles).
#[derive(Debug)]
pub struct Controls {
    /// The rule-makers' side.
    pub catalog: Catalog,
    /// What a good statement about an aspect contains, by `OBJECTIVE/aspect`.
    pub guidance: BTreeMap<String, Guidance>,
    /// Declared reads and what is true of the cloud.
    pub reads: Reads,
    /// Checks, sorted by id.
    pub checks: Vec<Check>,
    /// Stories that documents hold against the findings.
    pub scenarios: Vec<Scenario>,
    /// How the checks answer the lists of others, sorted by id.
    pub coverage: Vec<Coverage>,
    /// Parameters.
    pub parameters: Parameters,
    /// SHA-256 of catalog, reads, checks and parameters, by those names.
    pub digests: BTreeMap<String, String>,
    /// Text of every file by path, for positions of later problems.
    pub files: BTreeMap<String, String>,
}

impl Controls {
    /// Loads the embedded controls, with the files of `overlay` added or in place of embedded ones of the same path.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong, at once.
    pub fn load(overlay: Option<&Path>) -> Result<Self, Problems> {
        let mut files = BTreeMap::new();
        embedded(&EMBEDDED, &mut files);
        let mut problems = Problems::default();
        if let Some(folder) = overlay {
            walk(folder, folder, &mut files, &mut problems);
        }
        Self::from_files(files, problems)
    }

    /// Loads from texts by path.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong, at once.
    pub fn from_files(files: BTreeMap<String, String>, mut problems: Problems) -> Result<Self, Problems> {
        let catalog: Option<Catalog> = one(&files, "catalog/far-52.204-21.yaml", &mut problems);
        let guidance: Option<BTreeMap<String, Guidance>> = one(&files, GUIDANCE, &mut problems);
        let parameters: Option<Parameters> = one(&files, "parameters.yaml", &mut problems);
        let provider: Option<Provider> = one(&files, "aws/services.yaml", &mut problems);
        let azure: Option<AzureProvider> = one(&files, "azure/services.yaml", &mut problems);
        let mut services: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        services.extend(provider.iter().map(|aws| ("aws", aws.services.keys().collect())));
        for of in ["azure", "entra"] {
            services.extend(azure.iter().map(|azure| (of, azure.services.keys().collect())));
        }
        let mut reads: Vec<Read> = Vec::new();
        let mut checks: Vec<Check> = Vec::new();
        let mut scenarios: Vec<Scenario> = Vec::new();
        let mut coverage: Vec<Coverage> = Vec::new();
        for (path, text) in &files {
            let parts: Vec<&str> = path.split('/').collect();
            match parts.as_slice() {
                ["catalog", _] | ["parameters.yaml"] | [_, "services.yaml"] => {}
                ["scenarios", name] => {
                    if let Some(mut scenario) = parse::<Scenario>(path, text, &mut problems) {
                        name.trim_end_matches(".yaml").clone_into(&mut scenario.id);
                        scenarios.push(scenario);
                    }
                }
                ["coverage", name] => {
                    if let Some(mut list) = parse::<Coverage>(path, text, &mut problems) {
                        name.trim_end_matches(".yaml").clone_into(&mut list.id);
                        coverage.push(list);
                    }
                }
                [provider, "reads", _] => {
                    if let Some(file) = parse::<ReadFile>(path, text, &mut problems) {
                        for mut read in file.reads {
                            read.service.clone_from(&file.service);
                            (*provider).clone_into(&mut read.provider);
                            read_problems(&read, path, text, services.get(provider).map(Vec::as_slice), &mut problems);
                            if reads.iter().any(|other| other.id == read.id) {
                                problems.near(
                                    path,
                                    text,
                                    &read.id,
                                    format!("the read `{}` is declared twice", read.id),
                                    "remove one",
                                );
                            }
                            reads.extend(read.parts());
                        }
                    }
                }
                [provider, "checks", name] => {
                    if let Some(mut check) = parse::<Check>(path, text, &mut problems) {
                        (*provider).clone_into(&mut check.provider);
                        check.id = format!("{provider}-{}", name.trim_end_matches(".yaml"));
                        checks.push(check);
                    }
                }
                _ => problems.at(
                    path,
                    None,
                    format!("{path} is not where controls are expected"),
                    "folders are catalog/, coverage/, aws/reads/, aws/checks/ and so on; files end in .yaml",
                ),
            }
        }
        inventories(&mut reads, &files, &mut problems);
        if let Some(catalog) = &catalog {
            catalog_problems(catalog, &files, &mut problems);
            if let Some(guidance) = &guidance {
                guidance_problems(catalog, guidance, &files, &mut problems);
            }
        }
        if let Some(azure) = &azure {
            for (role, id) in [("identity", &azure.identity), ("subscriptions", &azure.subscriptions)] {
                if !reads.iter().any(|read| read.id == *id) {
                    problems.at(
                        "azure/services.yaml",
                        None,
                        format!("`{role}: {id}` names no declared read"),
                        "declare it under azure/reads/",
                    );
                }
            }
        }
        if let Some(provider) = &provider {
            for (role, id) in
                [("identity", &provider.identity), ("regions", &provider.regions), ("accounts", &provider.accounts)]
            {
                let read = reads.iter().find(|read| read.id == *id);
                if read.is_none() {
                    problems.at(
                        "aws/services.yaml",
                        None,
                        format!("`{role}: {id}` names no declared read"),
                        "declare it under aws/reads/",
                    );
                }
                let placed = read.is_none_or(|read| read.per == Some(Per::Organization));
                if role == "accounts" && !placed {
                    problems.at(
                        "aws/services.yaml",
                        None,
                        format!("`{role}: {id}` names a read that is not made for the organization"),
                        "say `per: organization` in the read",
                    );
                }
            }
        }
        checks.sort_by(|a, b| a.id.cmp(&b.id));
        scenario_problems(&scenarios, &reads, &checks, catalog.as_ref(), &files, &mut problems);
        coverage_problems(&coverage, &checks, catalog.as_ref(), &files, &mut problems);
        match (catalog, guidance, parameters, provider, azure) {
            (Some(catalog), Some(guidance), Some(parameters), Some(provider), Some(azure)) if problems.is_empty() => {
                Ok(Self {
                    catalog,
                    guidance,
                    reads: Reads { reads, provider, azure },
                    checks,
                    scenarios,
                    coverage,
                    parameters,
                    digests: digests(&files),
                    files,
                })
            }
            _ => Err(problems),
        }
    }

    /// The path of a check's file.
    #[must_use]
    pub fn check_path(check: &Check) -> String {
        let name = check.id.strip_prefix(&format!("{}-", check.provider)).unwrap_or(&check.id);
        format!("{}/checks/{name}.yaml", check.provider)
    }
}

fn embedded(dir: &Dir<'_>, files: &mut BTreeMap<String, String>) {
    for file in dir.files().filter(|file| file.path().extension().is_some_and(|end| end == "yaml")) {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.insert(path.replace('\\', "/"), text.to_owned());
        }
    }
    for inner in dir.dirs() {
        embedded(inner, files);
    }
}

/// Adds the YAML files of a folder. Links are not followed: what is loaded lies in the folder.
fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>, problems: &mut Problems) {
    let shown = folder.display().to_string();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.at(&shown, None, format!("the folder cannot be read: {error}"), "check --controls and its rights");
            return;
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let shown = path.display().to_string();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            walk(root, &path, files, problems);
        } else if kind.is_symlink() {
            problems.at(&shown, None, "a link is not followed".to_owned(), "put the file itself there");
        } else if path.extension().is_some_and(|end| end == "yml") {
            problems.at(&shown, None, "the name ends in .yml".to_owned(), "name it .yaml; ids come from file names");
        } else if path.extension().is_some_and(|end| end == "yaml") {
            if entry.metadata().is_ok_and(|meta| meta.len() > MAX_FILE) {
                problems.at(&shown, None, format!("larger than {MAX_FILE} bytes"), "controls are small files");
                continue;
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let inner = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                    files.insert(inner, text);
                }
                Err(error) => problems.at(&shown, None, format!("cannot be read: {error}"), "it must be UTF-8 text"),
            }
        }
    }
}

fn one<T: DeserializeOwned>(files: &BTreeMap<String, String>, path: &str, problems: &mut Problems) -> Option<T> {
    if let Some(text) = files.get(path) {
        parse(path, text, problems)
    } else {
        problems.at(path, None, "the file is missing".to_owned(), "it is needed");
        None
    }
}

fn parse<T: DeserializeOwned>(path: &str, text: &str, problems: &mut Problems) -> Option<T> {
    match serde_saphyr::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            problems.yaml(path, text, &error, "see docs/checks.md and docs/reads.md for the format");
            None
        }
    }
}

/// Gives each inventory the fields of the list that it stands for.
fn inventories(reads: &mut [Read], files: &BTreeMap<String, String>, problems: &mut Problems) {
    for at in 0..reads.len() {
        let Some((read, id)) = reads.get(at).and_then(|read| Some((read.clone(), read.stands_for.clone()?))) else {
            continue;
        };
        let list =
            reads.iter().find(|list| list.id == id && list.per == Some(Per::Subscription) && list.items.is_some());
        if let Some(whole) = list.map(|list| read.clone().standing_for(list)) {
            reads.get_mut(at).into_iter().for_each(|place| *place = whole.clone());
            continue;
        }
        let of = |(_, text): &(&String, &String)| text.contains(&read.id) && text.contains("stands_for");
        if let Some((path, text)) = files.iter().find(of) {
            let what = format!("{}: `stands_for` names {id}, which is no list of a subscription", read.id);
            problems.near(path, text, &id, what, "name a read with `per: subscription` and `items`");
        }
    }
}

/// What is wrong with a read beyond its form.
fn read_problems(read: &Read, path: &str, text: &str, services: Option<&[&String]>, problems: &mut Problems) {
    let mut say = |what: String, hint: &str| problems.near(path, text, &read.id, format!("{}: {what}", read.id), hint);
    if !services.is_none_or(|services| services.contains(&&read.service)) {
        say(format!("the service `{}` is not in services.yaml", read.service), "declare how it is called");
    }
    if read.id.split_once(':').is_none_or(|(service, _)| service != read.service) {
        say(format!("the id must be `{}:Operation`", read.service), "service and operation as the provider names them");
    }
    if read.per.is_some() == read.for_each.is_some() {
        say("needs either `per` or `for`".to_owned(), "per: account | region | subscription | tenant, or for: TYPE");
    }
    azure_problems(read, &mut say);
    let own = read.items.is_some() || read.resource.is_some() || !read.fields.is_empty();
    if !read.gives.is_empty() && (own || !read.settles.is_empty()) {
        say("`gives` stands in place of `items`, `resource`, `fields`, `settles`".to_owned(), "say it in each list");
    }
    let inventory = [read.stands_for.is_some(), read.account_from.is_some(), read.per == Some(Per::Inventory)];
    if inventory.contains(&true) && inventory.contains(&false) {
        let what = "`per: inventory`, `stands_for` and `account_from` go together".to_owned();
        say(what, "say which list the rows stand in for, and where a row names its account");
    }
    let fields = read.resource.is_some() || !read.fields.is_empty() || !read.gives.is_empty();
    if read.stands_for.is_some() && (fields || read.items.is_none()) {
        let what = "`stands_for` needs `items`, and stands in place of `resource`, `fields`, `gives`".to_owned();
        say(what, "the fields are those of the read that it names");
    }
    if !read.when.is_empty() && read.for_each.is_none() {
        say("`when` needs `for`".to_owned(), "say for which resources the call is made");
    }
    if read.resource.is_some() != read.id_from.is_some() {
        say("`resource` and `id_from` go together".to_owned(), "say where the id stands in an item");
    }
    if read.items.is_some() && read.resource.is_none() && read.stands_for.is_none() {
        say("`items` needs `resource`".to_owned(), "name the type of the items");
    }
    if read.per == Some(Per::Session) && read.resource.is_none() {
        say("the identity must give a resource".to_owned(), "resource: aws.account");
    }
    if read.per == Some(Per::Organization) && read.resource.is_none() {
        say("what is said of the organization must give a resource".to_owned(), "resource: aws.organizations.account");
    }
    for (name, field) in read.fields.iter().chain(read.gives.iter().flat_map(|given| &given.fields)) {
        if field.when_absent.is_some() && field.source.is_none() {
            say(
                format!("field `{name}` gives silence a meaning without a source"),
                "add source: the provider's document",
            );
        }
    }
    network_problems(read, &mut say);
    for settle in &read.settles {
        for name in settle.fields.keys().filter(|name| !read.fields.contains_key(*name)) {
            say(format!("`settles` sets the unknown field `{name}`"), "declare it under fields");
        }
    }
}

/// What a read of Azure or Entra must say, and one of AWS cannot.
fn azure_problems(read: &Read, say: &mut impl FnMut(String, &str)) {
    let link = read.pages.as_ref().is_some_and(|pages| pages.request.is_empty());
    if read.cloud() == Cloud::Aws {
        if link {
            say("`pages` needs `request`".to_owned(), "name the parameter that carries the token");
        }
        return;
    }
    if read.per == Some(Per::Session) {
        return;
    }
    if read.actions.is_empty() {
        say("needs `actions`".to_owned(), "the RBAC action or the Graph permission that the call needs");
    }
    let fine = |http: &str| ["GET /", "GET {", "POST /"].iter().any(|start| http.starts_with(start));
    if !read.http.as_deref().is_some_and(fine) {
        say("needs `http`".to_owned(), "http: GET /subscriptions/{subscriptionId}/providers/…");
    }
}

/// What is wrong with what a read says about networks: places, points, and fields that it does not declare.
fn network_problems(read: &Read, say: &mut impl FnMut(String, &str)) {
    let mut names: Vec<(&str, &str)> = Vec::new();
    names.extend(read.inside.iter().map(|inside| ("inside", inside.is.as_str())));
    names.extend(read.occupies.iter().map(|field| ("occupies", field.as_str())));
    for rule in &read.boundary {
        names.extend(rule.when.keys().map(|field| ("boundary", field.as_str())));
        names.extend(rule.network.iter().map(|field| ("boundary", field.as_str())));
        for place in rule.when.values().flatten().chain(&rule.leads_to).flat_map(Template::places) {
            names.extend(place.first().map(|field| ("boundary", field.as_str())));
        }
        if rule.kind.is_empty() && rule.crosses != RuleCrosses::None {
            say("a rule under `boundary` has no `kind`".to_owned(), "say what the point is: kind: internet gateway");
        }
    }
    let place = |name: &str| ["id", "account", "region"].contains(&name);
    for (key, name) in names.into_iter().filter(|(_, name)| !place(name) && !read.fields.contains_key(*name)) {
        say(format!("`{key}` names the unknown field `{name}`"), "declare it under fields");
    }
    if read.resource.is_none() && (read.inside.is_some() || read.occupies.is_some() || !read.boundary.is_empty()) {
        say("`inside`, `occupies` and `boundary` need `resource`".to_owned(), "say it on the read that lists the type");
    }
}

/// What is wrong with scenarios beyond their form: types, checks and aspects that do not exist.
fn scenario_problems(
    scenarios: &[Scenario],
    reads: &[Read],
    checks: &[Check],
    catalog: Option<&Catalog>,
    files: &BTreeMap<String, String>,
    problems: &mut Problems,
) {
    for scenario in scenarios {
        let path = format!("scenarios/{}.yaml", scenario.id);
        let text = files.get(&path).map(String::as_str).unwrap_or_default();
        let needs = scenario.needs.as_str();
        if !reads.iter().any(|read| read.resource.as_deref() == Some(needs)) {
            let what = format!("no read gives the type `{needs}`");
            problems.near(&path, text, needs, what, "name a type of resource that a read lists");
        }
        for link in &scenario.links {
            for id in
                link.checks.iter().chain(&link.none_fails).filter(|id| !checks.iter().any(|check| check.id == **id))
            {
                problems.near(
                    &path,
                    text,
                    id,
                    format!("there is no check `{id}`"),
                    "farwatch check list names them all",
                );
            }
            if link.checks.is_empty() == link.drill.is_none() {
                let what = "a link needs either `checks` or `drill`".to_owned();
                problems.near(&path, text, &link.asks, what, "say what shows it");
            }
            let known = |aspect: &str| {
                let (objective, aspect) = aspect.split_once('/')?;
                catalog?.objective(objective)?.1.aspect(aspect).map(|_| ())
            };
            if let Some(aspect) = link.drill.as_deref().filter(|aspect| catalog.is_some() && known(aspect).is_none()) {
                let what = format!("the catalog has no aspect `{aspect}`");
                problems.near(&path, text, aspect, what, "OBJECTIVE/aspect, as in SC.L1-b.1.x.c/traffic-recorded");
            }
        }
    }
}

/// What is wrong with lists of others beyond their form: rows that are not answered, or twice, or by what does not exist.
fn coverage_problems(
    lists: &[Coverage],
    checks: &[Check],
    catalog: Option<&Catalog>,
    files: &BTreeMap<String, String>,
    problems: &mut Problems,
) {
    for list in lists {
        let path = format!("coverage/{}.yaml", list.id);
        let text = files.get(&path).map(String::as_str).unwrap_or_default();
        let mut say = |at: &Spanned<String>, what: String, hint: &str| problems.spanned(&path, text, at, what, hint);
        let mut seen = BTreeSet::new();
        let known = |id: &str| catalog.is_none_or(|catalog| catalog.requirements.iter().any(|one| one.id == id));
        for id in list.requirements.iter().filter(|id| !known(&id.value)) {
            say(id, format!("the catalog has no requirement `{}`", id.value), "as in SC.L1-b.1.x");
        }
        for row in &list.rows {
            let id = &row.id.value;
            if !seen.insert(id) {
                say(&row.id, format!("the row `{id}` is there twice"), "remove one");
            }
            for name in row.requirements.iter().filter(|name| !known(&name.value)) {
                say(name, format!("{id}: the catalog has no requirement `{}`", name.value), "as in SC.L1-b.1.x");
            }
            if list.requirements(row).next().is_none() {
                say(
                    &row.id,
                    format!("{id}: it is not said for which requirement"),
                    "add `requirements`, here or above",
                );
            }
            for name in row.checks.iter().filter(|name| !checks.iter().any(|check| check.id == name.value)) {
                let what = format!("{id}: there is no check `{}`", name.value);
                say(name, what, "farwatch check list names them all");
            }
            let empty = |words: &Option<String>| words.as_ref().is_some_and(|words| words.trim().is_empty());
            if empty(&row.but) || empty(&row.reason) {
                say(&row.id, format!("{id}: the reason is empty"), "say why, in a few words");
            }
            match (row.checks.is_empty(), &row.but, &row.reason) {
                (true, None, None) => {
                    say(
                        &row.id,
                        format!("{id}: neither `checks` nor `reason`"),
                        "say what answers it, or why nothing does",
                    );
                }
                (true, Some(_), _) => {
                    say(&row.id, format!("{id}: `but` without `checks`"), "say `reason` where nothing answers it");
                }
                (false, _, Some(_)) => {
                    say(
                        &row.id,
                        format!("{id}: both `checks` and `reason`"),
                        "say `but` for what the checks leave open",
                    );
                }
                _ => {}
            }
        }
    }
}

/// What is wrong with the catalog beyond its form: counts, ids, words that are not the guide's.
fn catalog_problems(catalog: &Catalog, files: &BTreeMap<String, String>, problems: &mut Problems) {
    let path = "catalog/far-52.204-21.yaml";
    let text = files.get(path).map(String::as_str).unwrap_or_default();
    let mut ids = BTreeSet::new();
    for (requirement, objective) in catalog.objectives() {
        if !ids.insert(objective.id.clone()) || !objective.id.starts_with(&format!("{}.", requirement.id)) {
            problems.near(
                path,
                text,
                &objective.id,
                format!("objective id {} is wrong or double", objective.id),
                "REQUIREMENT.letter",
            );
        }
        let mut names = BTreeSet::new();
        for aspect in &objective.aspects {
            if !names.insert(&aspect.id) {
                problems.near(
                    path,
                    text,
                    &aspect.id,
                    format!("{}: aspect `{}` is double", objective.id, aspect.id),
                    "rename one",
                );
            }
            let quoted =
                requirement.considerations.iter().chain([&objective.text]).any(|words| words.contains(&aspect.basis));
            if !quoted {
                problems.near(
                    path,
                    text,
                    &aspect.basis,
                    format!("{}/{}: the basis is not in the guide's words", objective.id, aspect.id),
                    "quote them exactly",
                );
            }
        }
        if objective.aspects.is_empty() {
            problems.near(path, text, &objective.id, format!("{} has no aspect", objective.id), "add one");
        }
    }
}

/// Every aspect that a statement may answer says what a good one contains, and nothing else does.
fn guidance_problems(
    catalog: &Catalog,
    guidance: &BTreeMap<String, Guidance>,
    files: &BTreeMap<String, String>,
    problems: &mut Problems,
) {
    let text = files.get(GUIDANCE).map(String::as_str).unwrap_or_default();
    let mut needed = BTreeSet::new();
    for (_, objective) in catalog.objectives() {
        for aspect in objective.aspects.iter().filter(|a| a.shown_by.values().any(|how| *how != ShownBy::Check)) {
            needed.insert(format!("{}/{}", objective.id, aspect.id));
        }
    }
    for name in needed.iter().filter(|name| !guidance.contains_key(*name)) {
        problems.at(GUIDANCE, None, format!("{name} is missing"), "say what a good statement about it contains");
    }
    for (name, one) in guidance {
        if !needed.contains(name) {
            let what = format!("no statement answers `{name}`");
            problems.near(GUIDANCE, text, name, what, "keys are OBJECTIVE/aspect of the catalog");
        }
        if one.contains.is_empty() || one.asked.is_empty() || one.evidence.is_empty() {
            let what = format!("{name}: a list is empty");
            problems.near(GUIDANCE, text, name, what, "fill `contains`, `asked` and `evidence`");
        }
    }
}

fn digests(files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let of = |wanted: &dyn Fn(&str) -> bool| {
        let mut lines = String::new();
        for (path, text) in files.iter().filter(|(path, _)| wanted(path)) {
            lines += &format!("{}  {path}\n", sha256_hex(text.as_bytes()));
        }
        sha256_hex(lines.as_bytes())
    };
    BTreeMap::from([
        ("catalog".to_owned(), of(&|path| path.starts_with("catalog/"))),
        ("checks".to_owned(), of(&|path| path.contains("/checks/"))),
        ("parameters".to_owned(), of(&|path| path == "parameters.yaml")),
        ("scenarios".to_owned(), of(&|path| path.starts_with("scenarios/"))),
        ("reads".to_owned(), of(&|path| path.contains("/reads/") || path.ends_with("/services.yaml"))),
    ])
}
