//! The parts of the job that several commands share: load, judge, write.

use super::Usage;
use super::arguments::{JudgeOptions, SignOptions};
use crate::assess::{assess, undeclared_environments};
use crate::check::{Compiled, Types, compile, run as run_checks};
use crate::controls::{Controls, Problems};
use crate::derive::{boundary, derived_types, inventory};
use crate::evidence::{Collection, sums, write_file, write_folder};
use crate::model::assessment::Assessment;
use crate::model::check::Check;
use crate::model::finding::Findings;
use crate::model::inventory::Inventory;
use crate::model::parameter::defaults;
use crate::model::scope::Scoped;
use crate::model::text::sha256_hex;
use crate::packet::sign::{self, Signed};
use crate::report::pdf::{Renderer, Typst};
use crate::report::view::View;
use crate::report::{Input, build, json, ssp};
use anyhow::Context as _;
use include_dir::{Dir, include_dir};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/report-templates");

/// Loaded controls, and the checks ready to run.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) controls: Controls,
    pub(super) checks: Vec<Compiled>,
}

/// Loads controls and compiles every check; all problems at once.
pub(super) fn load(overlay: Option<&Path>) -> Result<Loaded, Problems> {
    let controls = Controls::load(overlay)?;
    let types = Types::new(&controls.reads, &derived_types());
    let aspects = |objective: &str, aspect: &str| {
        controls.catalog.objective(objective).is_some_and(|(_, objective)| objective.aspect(aspect).is_some())
    };
    let mut problems = Problems::default();
    let mut checks = Vec::new();
    for check in &controls.checks {
        match compile(check.clone(), &types, &controls.parameters, &aspects) {
            Ok(check) => checks.push(check),
            Err(found) => {
                let path = Controls::check_path(check);
                let text = controls.files.get(&path).map(String::as_str).unwrap_or_default();
                for problem in found {
                    problems.near(&path, text, &problem.near, problem.what, "see docs/checks.md for the format");
                }
            }
        }
    }
    if problems.is_empty() { Ok(Loaded { controls, checks }) } else { Err(problems) }
}

/// Parameter values: the defaults, and what the command line says.
pub(super) fn parameters(controls: &Controls, given: &[String]) -> Result<Map<String, Value>, Usage> {
    let mut values = defaults(&controls.parameters);
    for pair in given {
        let (name, text) =
            pair.split_once('=').ok_or_else(|| Usage(format!("--param {pair}: write it as NAME=VALUE")))?;
        let parameter = controls.parameters.get(name).ok_or_else(|| {
            let known: Vec<&str> = controls.parameters.keys().map(String::as_str).collect();
            Usage(format!("--param {name}: there is no such parameter; there are {}", known.join(", ")))
        })?;
        let value = parameter.read(text).map_err(|why| Usage(format!("--param {name}: {why}")))?;
        values.insert(name.to_owned(), value);
    }
    Ok(values)
}

/// What became of a judgement.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) assessment: Assessment,
    pub(super) findings: Findings,
    pub(super) view: View,
}

/// The inventory of a collection.
pub(super) fn inventory_of(loaded: &Loaded, collection: &Collection) -> Inventory {
    inventory(&loaded.controls.reads, &collection.seal, &collection.plan, &collection.exchanges, &|exchange| {
        collection.body(exchange)
    })
}

/// Judges a collection: pure, offline, and the same bytes for the same input.
pub(super) fn judge(
    loaded: &Loaded,
    collection: &Collection,
    parameters: Map<String, Value>,
    as_of: Option<jiff::Timestamp>,
) -> anyhow::Result<Judged> {
    let mut inventory = inventory_of(loaded, collection);
    boundary(&mut inventory, &loaded.controls.reads, None, &Scoped::default());
    let values = Value::Object(parameters);
    let found = run_checks(&loaded.checks, &inventory, &values);
    let as_of = as_of.unwrap_or(collection.seal.finished).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let findings = Findings {
        schema: "farwatch/findings/1".to_owned(),
        as_of: as_of.clone(),
        findings: found,
        gaps: inventory.gaps.iter().cloned().collect(),
    };
    let mut accounts: Vec<String> = collection.seal.sessions.iter().map(|session| session.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    let environments = undeclared_environments(accounts);
    let requirements = assess(&loaded.controls.catalog, &environments, &findings.findings);
    let Value::Object(values) = values else { anyhow::bail!("parameters are not a map") };
    let mut digests = loaded.controls.digests.clone();
    digests.insert("collection".to_owned(), collection.digest.clone());
    digests.insert("findings".to_owned(), sha256_hex(json::findings(&findings)?.as_bytes()));
    let version = env!("CARGO_PKG_VERSION");
    let made_from = serde_json::json!([version, as_of, digests, values]);
    let assessment = Assessment {
        schema: "farwatch/assessment/1".to_owned(),
        id: sha256_hex(made_from.to_string().as_bytes()).chars().take(12).collect(),
        as_of,
        farwatch: version.to_owned(),
        digests,
        parameters: values.into_iter().collect(),
        environments,
        requirements,
        gaps: findings.gaps.len(),
    };
    let checks: Vec<Check> = loaded.checks.iter().map(|check| check.check.clone()).collect();
    let view = build(&Input {
        catalog: &loaded.controls.catalog,
        checks: &checks,
        parameters: &loaded.controls.parameters,
        assessment: &assessment,
        findings: &findings,
        seal: &collection.seal,
        exchanges: &collection.exchanges,
    });
    Ok(Judged { assessment, findings, view })
}

/// Judges the collection of a run, and writes the assessment and its documents.
pub(super) fn judge_and_write(
    loaded: &Loaded,
    run: &Path,
    parameters: Map<String, Value>,
    options: &JudgeOptions,
) -> anyhow::Result<Judged> {
    let collection = Collection::open(run)?;
    let judged = judge(loaded, &collection, parameters, options.as_of)?;
    write_assessment(run, &judged)?;
    write_documents(run, &judged, !options.no_pdf)?;
    Ok(judged)
}

/// Writes an assessment below the run.
fn write_assessment(run: &Path, judged: &Judged) -> anyhow::Result<()> {
    let files = BTreeMap::from([
        ("assessment.json".to_owned(), json::assessment(&judged.assessment)?.into_bytes()),
        ("findings.json".to_owned(), json::findings(&judged.findings)?.into_bytes()),
    ]);
    let folder = run.join("assessments");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    write_folder(&folder.join(&judged.assessment.id), &files, false)?;
    write_file(&folder.join("NEWEST"), format!("{}\n", judged.assessment.id).as_bytes())?;
    Ok(())
}

/// Writes the documents of an assessment, then the digests of everything.
pub(super) fn write_documents(run: &Path, judged: &Judged, pdf: bool) -> anyhow::Result<()> {
    let template = TEMPLATES
        .get_file("ssp/section.md.hbs")
        .and_then(include_dir::File::contents_utf8)
        .context("the template ssp/section.md.hbs is not embedded")?;
    let mut files =
        BTreeMap::from([("ssp.md".to_owned(), ssp::markdown_sections(&judged.view, template)?.into_bytes())]);
    if pdf {
        let attachment = format!(
            "{{\"assessment\":{},\"findings\":{}}}\n",
            json::assessment(&judged.assessment)?.trim_end(),
            json::findings(&judged.findings)?.trim_end()
        );
        let renderer = Typst::new(packet_templates())?;
        let view = serde_json::to_value(&judged.view)?;
        files.insert("packet.pdf".to_owned(), renderer.render(&view, attachment.as_bytes())?);
    }
    write_folder(&run.join("documents"), &files, true)?;
    write_file(&run.join("SHA256SUMS"), sums(run)?.as_bytes())?;
    Ok(())
}

/// The files of `report-templates/packet`, by their names below it.
fn packet_templates() -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Dir<'_>, files: &mut BTreeMap<String, Vec<u8>>) {
        for file in dir.files() {
            if let Ok(name) = file.path().strip_prefix("packet") {
                files.insert(name.to_string_lossy().replace('\\', "/"), file.contents().to_vec());
            }
        }
        for inner in dir.dirs() {
            walk(inner, files);
        }
    }
    let mut files = BTreeMap::new();
    if let Some(dir) = TEMPLATES.get_dir("packet") {
        walk(dir, &mut files);
    }
    files
}

/// Does the signature beside the digests still fit them?
fn signature_fits(run: &Path) -> bool {
    let read = |name: &str| std::fs::read_to_string(run.join(name));
    match (read("SHA256SUMS"), read("SHA256SUMS.sig"), read("SHA256SUMS.pub")) {
        (Ok(sums), Ok(signature), Ok(key)) => sign::verify(&key, &signature, sums.as_bytes()).is_ok(),
        _ => false,
    }
}

/// Signs `SHA256SUMS`, if a key was given. An older signature stays only while it fits.
pub(super) fn sign(run: &Path, options: &SignOptions) -> anyhow::Result<Option<String>> {
    if options.sign_key.is_none() && options.sign_kms.is_none() && signature_fits(run) {
        return Ok(None);
    }
    for name in ["SHA256SUMS.sig", "SHA256SUMS.pub"] {
        let old = run.join(name);
        if old.exists() {
            std::fs::remove_file(&old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    let path = run.join("SHA256SUMS");
    let message = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let signed = if let Some(key) = &options.sign_key {
        sign::with_key(&local_key(key)?, &message)?
    } else if let Some(key) = &options.sign_kms {
        let profile = options.sign_profile.clone().unwrap_or_default();
        runtime()?.block_on(async {
            let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest()).profile_name(profile);
            loader = loader.http_client(crate::collect::aws::http_client());
            let client = aws_sdk_kms::Client::new(&loader.load().await);
            sign::with_kms(&client, key, &message).await
        })?
    } else {
        return Ok(None);
    };
    keep_signature(run, &signed)?;
    Ok(Some(signed.public_key))
}

/// Writes a signature beside the digests.
pub(super) fn keep_signature(run: &Path, signed: &Signed) -> anyhow::Result<()> {
    write_file(&run.join("SHA256SUMS.sig"), signed.signature.as_bytes())?;
    write_file(&run.join("SHA256SUMS.pub"), signed.public_key.as_bytes())?;
    Ok(())
}

/// The local signing key, opened with the passphrase of the environment.
fn local_key(path: &Path) -> Result<ssh_key::PrivateKey, sign::SignError> {
    sign::read_key(path, std::env::var("FARWATCH_SIGN_PASSPHRASE").ok().as_deref())
}

/// Is the signing key there and of use? Asked before hours of work, not after.
pub(super) fn check_key(options: &SignOptions) -> Result<(), Usage> {
    if let Some(key) = &options.sign_key {
        local_key(key).map_err(|error| Usage(error.to_string()))?;
    }
    Ok(())
}

/// The asynchronous runtime: one thread is enough for a job that waits.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}

/// Prints the result (the summary, or JSON) and gives the exit code of `audit`.
pub(super) fn show(run: &Path, judged: &Judged, options: &JudgeOptions) -> anyhow::Result<u8> {
    let code = judged.assessment.exit_code();
    if options.json {
        let all = serde_json::json!({
            "run": run.display().to_string(),
            "exit_code": code,
            "assessment": judged.assessment,
            "findings": judged.findings.findings,
            "gaps": judged.findings.gaps,
        });
        super::out::print(&crate::model::text::json_pretty(&all)?);
    } else {
        super::out::print(&crate::report::terminal::summary(&judged.view, &super::out::paint));
    }
    Ok(code)
}
