//! `init`: the organisation's file and folders, from a few questions.

use super::arguments::{Global, InitOptions};
use super::{Usage, job, out};
use crate::model::catalog::EnvironmentKind;
use crate::model::parameter::{ParameterKind, Parameters};
use crate::model::template::scalar_text;
use crate::organisation::{BOUNDARY, EXCEPTIONS, FILE, STATEMENTS};
use anyhow::Context as _;
use std::fmt::Write as _;
use std::io::BufRead as _;

/// What the person answered.
#[derive(Debug, Default)]
struct Answers {
    name: String,
    cage_codes: Vec<String>,
    person: String,
    aws: Places,
    azure: Places,
    entra: Places,
    offices: Places,
    endpoints: Places,
    saas: Places,
}

/// What somebody said about one kind of environment.
#[derive(Debug, Default)]
enum Places {
    /// Nothing: it stays undeclared, and so open.
    #[default]
    NotSaid,
    /// There is none.
    None,
    /// These.
    Some(Vec<String>),
}

/// Writes the files.
pub(super) fn run(options: &InitOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let folder = &options.folder;
    let path = folder.join(FILE);
    if path.exists() {
        return Err(Usage(format!("{} is already there and is left as it is", path.display())).into());
    }
    let answers = if options.yes {
        Answers { name: options.name.clone().unwrap_or_else(|| "Your organisation".to_owned()), ..Answers::default() }
    } else {
        ask(options.name.as_deref())?
    };
    for name in [STATEMENTS, EXCEPTIONS, "evidence"] {
        let place = folder.join(name);
        std::fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
    }
    let write = |name: &str, text: &str| -> anyhow::Result<()> {
        let place = folder.join(name);
        if place.exists() {
            return Ok(());
        }
        std::fs::write(&place, text).with_context(|| format!("cannot write {}", place.display()))
    };
    write(FILE, &config(&answers, &rules.controls.parameters))?;
    write(&format!("{STATEMENTS}/README.md"), STATEMENTS_TEXT)?;
    write(&format!("{EXCEPTIONS}/README.md"), EXCEPTIONS_TEXT)?;
    // What was written must be right.
    let loaded = job::organisation_from(&crate::organisation::Folder(folder.clone()), &rules)?;
    let shown = folder.display();
    let declared =
        |kinds: &[EnvironmentKind]| loaded.organisation.environments.iter().any(|one| kinds.contains(&one.kind));
    let azure = declared(&[EnvironmentKind::Azure, EnvironmentKind::Entra]);
    let clouds = match (declared(&[EnvironmentKind::Aws]), azure) {
        (true, true) => "all",
        (false, true) => "azure",
        _ => "aws",
    };
    let mut text = format!(
        "Wrote {shown}/{FILE} and the folders {STATEMENTS}, {EXCEPTIONS} and evidence.\n\n\
         Next:\n  1. Open {shown}/{FILE} and complete it: people, places, decisions.\n  \
         2. See which statements are needed:        farwatch statement list\n  \
         3. Write the first one as a draft:         farwatch statement new AC.L1-b.1.i.a\n  \
         4. Read your accounts and judge:           farwatch audit {clouds} --out run\n  \
         5. Declare your boundary from what was found: farwatch boundary run --draft > {BOUNDARY}\n"
    );
    let said = |kind: EnvironmentKind| {
        let one = &loaded.organisation;
        one.environments.iter().any(|place| place.kind == kind) || one.absent.iter().any(|absent| absent.kind == kind)
    };
    let open: Vec<&str> =
        EnvironmentKind::ALL.into_iter().filter(|kind| !said(*kind)).map(EnvironmentKind::plural).collect();
    if !open.is_empty() {
        text += &format!(
            "\nNot declared yet: {}. What the rule asks of each stays open until you declare it, or declare that there is \
             none.\n",
            open.join(", ")
        );
    }
    out::print(&text);
    Ok(0)
}

/// Asks, in words that need no knowledge of clouds.
fn ask(name: Option<&str>) -> anyhow::Result<Answers> {
    let stdin = std::io::stdin();
    let mut lines = stdin.lock().lines();
    let mut question = |text: &str| -> anyhow::Result<String> {
        out::error(text);
        let answer = lines.next().transpose()?;
        let gone = "the answers ended before the questions; use --yes for a file to fill in without questions";
        Ok(answer.ok_or_else(|| Usage(gone.to_owned()))?.trim().to_owned())
    };
    let list = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let places = |text: &str| match text.to_ascii_lowercase().trim_end_matches('.') {
        "" => Places::NotSaid,
        "no" | "none" => Places::None,
        _ => Places::Some(list(text)),
    };
    out::error(
        "A few questions. Answer `none` where there is none; press Enter where you do not know yet. All of it can be changed \
         later.\n",
    );
    let name = match name {
        Some(name) => name.to_owned(),
        None => question("What is your organisation called?")?,
    };
    let cage =
        question("Which CAGE codes do you have? (five characters each, commas between; Enter if you are not sure)")?;
    let person = question("Your own name?")?;
    let aws = question("Do you use Amazon Web Services (AWS)? Then the account numbers, twelve digits each:")?;
    let azure = question("Do you use Microsoft Azure? Then the subscription ids:")?;
    let entra = question("Do people sign in with Microsoft 365 or Entra? Then the tenant id:")?;
    let offices =
        question("Where do people work with contract information: offices, shops? Names, such as Main office:")?;
    let endpoints = question("On which computers and phones? Names of groups, such as Company laptops:")?;
    let saas = question("Which online services hold contract information: mail, file sharing, accounting?")?;
    Ok(Answers {
        name: if name.is_empty() { "Your organisation".to_owned() } else { name },
        cage_codes: list(&cage.to_ascii_uppercase()),
        person,
        aws: places(&aws),
        azure: places(&azure),
        entra: places(&entra),
        offices: places(&offices),
        endpoints: places(&endpoints),
        saas: places(&saas),
    })
}

/// Text as a YAML scalar: JSON strings are YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// "Main office, Dayton" → `main-office-dayton`.
fn short(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let id: String = words.join("-").chars().take(40).collect();
    if id.is_empty() { "one".to_owned() } else { id }
}

/// The commented file.
fn config(answers: &Answers, parameters: &Parameters) -> String {
    let mut text = String::from(
        "# Your organisation, for farwatch. Everything here is yours to change; farwatch only reads it.\n\
         # An editor that knows JSON Schema checks it while you type: farwatch schema organisation > organisation.schema.json\n\
         # yaml-language-server: $schema=organisation.schema.json\n\n\
         organisation:\n",
    );
    let _ = writeln!(text, "  name: {}", quoted(&answers.name));
    text += "  # CAGE codes of the information systems in scope, from SAM.gov. SPRS asks for them.\n";
    let codes: Vec<String> = answers.cage_codes.iter().map(|code| quoted(code)).collect();
    let _ = writeln!(text, "  cage_codes: [{}]\n", codes.join(", "));
    text += "# The system that you assess: everything that processes, stores or transmits Federal Contract Information (FCI).\n\
             # If it holds Controlled Unclassified Information (CUI), Level 1 is the wrong level.\n\
             system:\n";
    let _ = writeln!(text, "  name: {}", quoted(&format!("{} information system", answers.name)));
    text += "  description: >\n    Describe in a few sentences what the system is, who uses it, and for what.\n  information: FCI\n\n\
             # The number of the clause that your documents print first: 52.204-21 (the codified one), or 52.240-93, used under\n\
             # agency deviations. Look into your contract.\n\
             citation: \"52.204-21\"\n\n\
             # Who answers for what. Statements name people by their id.\n\
             # Roles: affirming_official, compliance_officer, system_owner, engineer, facilities\n\
             people:\n";
    let person = if answers.person.is_empty() { "Your name" } else { &answers.person };
    let _ = writeln!(
        text,
        "  - id: {}\n    name: {}\n    title: \"\"\n    email: \"\"\n    roles: [compliance_officer]",
        quoted(&short(person)),
        quoted(person)
    );
    text += "  # - { id: a.smith, name: Alex Smith, title: President, email: \"\", roles: [affirming_official] }\n\n\
             # Every place that processes, stores or transmits FCI. Name what there is, or say `none:` with the reason.\n\
             # A kind that is left out stays open in every assessment.\n\
             environments:\n";
    let block = |text: &mut String, kind: &str, list: &str, places: &Places, ids: bool, about: &str| {
        let _ = writeln!(text, "  # {about}");
        let values = match places {
            Places::NotSaid => {
                let _ = writeln!(text, "  # {kind}:\n  #   {list}: [{{ id: …, name: … }}]   or   none: the reason");
                return;
            }
            Places::None => {
                let _ = writeln!(text, "  {kind}: {{ none: {} }}", quoted("We have none."));
                return;
            }
            Places::Some(values) => values,
        };
        let _ = writeln!(text, "  {kind}:\n    {list}:");
        for value in values {
            let id = if ids { value.clone() } else { short(value) };
            let name = if ids { String::new() } else { format!(", name: {}", quoted(value)) };
            let _ = writeln!(text, "      - {{ id: {}{name} }}", quoted(&id));
        }
    };
    block(
        &mut text,
        "aws",
        "accounts",
        &answers.aws,
        true,
        "Amazon Web Services: account ids, twelve digits between quotes.",
    );
    text += "  # With several accounts also: role_name (the role to read each with), external_id (env:NAME or file:PATH),\n\
             \x20 # organization: true (list the accounts of your AWS organisation), regions (that you mean to use).\n";
    block(&mut text, "azure", "subscriptions", &answers.azure, true, "Microsoft Azure: subscription ids.");
    block(
        &mut text,
        "entra",
        "tenants",
        &answers.entra,
        true,
        "Microsoft Entra (the directory of Microsoft 365): tenant ids.",
    );
    block(&mut text, "office", "places", &answers.offices, false, "Offices, shops, any room with FCI in it.");
    block(
        &mut text,
        "endpoints",
        "groups",
        &answers.endpoints,
        false,
        "Laptops, desktops, phones, machines with a computer inside.",
    );
    block(&mut text, "saas", "services", &answers.saas, false, "Online services: mail, file sharing, accounting.");
    let all = [&answers.aws, &answers.azure, &answers.entra, &answers.offices, &answers.endpoints, &answers.saas];
    if all.iter().all(|places| matches!(places, Places::NotSaid)) {
        text += "  {}\n";
    }
    text += "\n# What holds no FCI and is therefore out of scope. It is listed in every document with your reason.\n\
             # scope:\n\
             #   out:\n\
             #     - { type: aws.ec2.vpc, name: \"sandbox-*\", reason: it is for experiments and holds no contract data }\n\
             #     - { tag: { key: Purpose, value: training }, reason: training machines hold no contract data }\n\
             #   fci_tags:\n\
             #     - { key: DataClass, value: FCI }   # what bears it stays in scope, whatever a rule says\n\n\
             # Decisions of yours that checks compare with. Remove the # to set one.\n\
             # parameters:\n";
    for (name, parameter) in parameters {
        for line in wrapped(&parameter.about, 112) {
            let _ = writeln!(text, "#   # {line}");
        }
        let value = serde_json::to_value(&parameter.default).unwrap_or_default();
        let shown = match (&value, parameter.kind) {
            (serde_json::Value::Null, ParameterKind::IntegerList | ParameterKind::TextList) => "[]".to_owned(),
            (serde_json::Value::Null, _) => parameter.usual.first().and_then(scalar_text).unwrap_or_default(),
            (list, _) if list.is_array() => list.to_string(),
            (one, _) => scalar_text(one).unwrap_or_default(),
        };
        let usual: Vec<String> = parameter.usual.iter().filter_map(scalar_text).collect();
        let usual = if usual.is_empty() { String::new() } else { format!("   # usual: {}", usual.join(", ")) };
        let _ = writeln!(text, "#   {name}: {shown}{usual}");
    }
    text
}

/// Words on lines of at most this width.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| !line.is_empty() && line.len() + word.len() + 1 > width) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

const STATEMENTS_TEXT: &str = "\
# Statements

One Markdown file for each thing that people state. `farwatch statement list` tells what is needed, and
`farwatch statement new ID` writes a draft with what a good one contains. A statement counts when it is `final`, approved,
and not expired. Files that it names as evidence lie in `evidence/`.
";

const EXCEPTIONS_TEXT: &str = "\
# Exceptions

One YAML file for each. The rule knows two kinds and no third:

- `enduring_exception`: full compliance is not feasible for this system (a machine tool, test equipment). It needs
  mitigations, and stands in the system security plan.
- `temporary_deficiency`: something that once worked is broken and will be mended. It needs proof that it once worked, and
  an operational plan of action with milestones and a review date.

`farwatch schema exception` describes the format.
";
