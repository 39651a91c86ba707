//! The parts of the job that several commands share: load, judge, write.

use super::Usage;
use super::arguments::{Global, JudgeOptions, SignOptions};
use crate::controls::{Controls, Problems};
use crate::evidence::{Collection, sums, write_file, write_folder};
use crate::model::check::Check;
use crate::model::organisation::Organisation;
use crate::model::parameter::defaults;
use crate::model::text::json_pretty;
use crate::organisation;
use crate::packet::judge::{Judged, Rules, Terms, judge};
use crate::packet::sign::{self, Signed};
use crate::report::pdf::{Renderer, Typst};
use crate::report::view::View;
use crate::report::{Input, build, json, ssp, svg_files};
use anyhow::Context as _;
use include_dir::{Dir, include_dir};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/report-templates");

/// Loads the rules; all problems at once.
pub(super) fn load(global: &Global) -> Result<Rules, Problems> {
    Rules::load(global.controls.as_deref())
}

/// The organisation's files. What is wrong with single files is told at once, and takes only these files out.
pub(super) fn organisation(global: &Global, rules: &Rules) -> anyhow::Result<Option<organisation::Loaded>> {
    let loaded = organisation_files(global, rules)?;
    for one in loaded.iter().map(|loaded| &loaded.organisation) {
        for problem in &one.problems {
            super::out::error(&super::out::harmless(&format!("not counted: {}", problem.sentence())));
        }
        for warning in &one.warnings {
            super::out::error(&super::out::harmless(&format!("warning: {}", warning.sentence())));
        }
    }
    Ok(loaded)
}

/// The organisation's files: those that were named, or the ones of the current folder.
pub(super) fn organisation_files(global: &Global, rules: &Rules) -> anyhow::Result<Option<organisation::Loaded>> {
    let folder = match &global.organisation {
        Some(path) if path.is_dir() => path.clone(),
        Some(path) if path.file_name().is_some_and(|name| name == organisation::FILE) => {
            path.parent().map(Path::to_owned).unwrap_or_default()
        }
        Some(path) => {
            let what = format!(
                "--organisation {}: there is no such folder; name the folder of {}, which `farwatch init` makes",
                path.display(),
                organisation::FILE
            );
            return Err(Usage(what).into());
        }
        None if Path::new(organisation::FILE).is_file() => PathBuf::from("."),
        None => return Ok(None),
    };
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    Ok(Some(organisation_from(&organisation::Folder(folder), rules)?))
}

/// The organisation of these files.
pub(super) fn organisation_from(
    files: &dyn organisation::Files,
    rules: &Rules,
) -> Result<organisation::Loaded, Problems> {
    let known = organisation::Known {
        catalog: &rules.controls.catalog,
        parameters: &rules.controls.parameters,
        checks: rules.known_checks(),
    };
    organisation::load(files, &known)
}

/// Parameter values: the defaults, what the organisation has set, and what the command line says.
pub(super) fn parameters(
    controls: &Controls,
    organisation: Option<&Organisation>,
    given: &[String],
) -> Result<Map<String, Value>, Usage> {
    let mut values = defaults(&controls.parameters);
    values.extend(organisation.map(|one| one.parameters.clone()).unwrap_or_default());
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

/// What became of a judgement, and how it reads.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) judged: Judged,
    pub(super) organisation: Option<Organisation>,
    pub(super) view: View,
}

/// Judges a collection and words the result.
pub(super) fn tell(
    rules: &Rules,
    collection: &Collection,
    organisation: Option<Organisation>,
    parameters: Map<String, Value>,
    as_of: Option<jiff::Timestamp>,
) -> anyhow::Result<Told> {
    let terms =
        Terms { organisation: organisation.as_ref(), parameters, as_of: as_of.unwrap_or(collection.seal.finished) };
    let judged = judge(rules, collection, terms)?;
    let checks: Vec<&Check> = rules.checks.iter().map(|check| &check.check).collect();
    let view = build(&Input {
        catalog: &rules.controls.catalog,
        checks: &checks,
        parameters: &rules.controls.parameters,
        scenarios: &rules.controls.scenarios,
        assessment: &judged.assessment,
        findings: &judged.findings,
        inventory: &judged.inventory,
        organisation: organisation.as_ref(),
        seal: &collection.seal,
        exchanges: &collection.exchanges,
    });
    Ok(Told { judged, organisation, view })
}

/// Judges the collection of a run, and writes the assessment and its documents.
pub(super) fn judge_and_write(
    rules: &Rules,
    run: &Path,
    organisation: Option<Organisation>,
    parameters: Map<String, Value>,
    options: &JudgeOptions,
) -> anyhow::Result<Told> {
    let collection = Collection::open(run)?;
    let told = tell(rules, &collection, organisation, parameters, options.as_of)?;
    write_assessment(run, &told)?;
    write_documents(run, &told, !options.no_pdf)?;
    Ok(told)
}

/// Writes an assessment below the run.
fn write_assessment(run: &Path, told: &Told) -> anyhow::Result<()> {
    let judged = &told.judged;
    let mut files = BTreeMap::from([
        ("assessment.json".to_owned(), json::assessment(&judged.assessment)?.into_bytes()),
        ("findings.json".to_owned(), json::findings(&judged.findings)?.into_bytes()),
    ]);
    if let Some(organisation) = &told.organisation {
        files.insert("organisation.json".to_owned(), json_pretty(organisation)?.into_bytes());
    }
    let folder = run.join("assessments");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    write_folder(&folder.join(&judged.assessment.id), &files, false)?;
    write_file(&folder.join("NEWEST"), format!("{}\n", judged.assessment.id).as_bytes())?;
    Ok(())
}

/// Writes the documents of an assessment, then the digests of everything.
pub(super) fn write_documents(run: &Path, told: &Told, pdf: bool) -> anyhow::Result<()> {
    let template = TEMPLATES
        .get_file("ssp/section.md.hbs")
        .and_then(include_dir::File::contents_utf8)
        .context("the template ssp/section.md.hbs is not embedded")?;
    let judged = &told.judged;
    let mut files = BTreeMap::from([("ssp.md".to_owned(), ssp::markdown_sections(&told.view, template)?.into_bytes())]);
    files.extend(svg_files(&told.view).into_iter().map(|(name, svg)| (name, svg.into_bytes())));
    if pdf {
        let attachment = format!(
            "{{\"assessment\":{},\"findings\":{}}}\n",
            json::assessment(&judged.assessment)?.trim_end(),
            json::findings(&judged.findings)?.trim_end()
        );
        let renderer = Typst::new(packet_templates())?;
        let view = serde_json::to_value(&told.view)?;
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
pub(super) fn show(run: &Path, told: &Told, options: &JudgeOptions) -> anyhow::Result<u8> {
    let judged = &told.judged;
    let code = judged.assessment.exit_code();
    if options.json {
        let all = serde_json::json!({
            "run": run.display().to_string(),
            "exit_code": code,
            "assessment": judged.assessment,
            "findings": judged.findings.findings,
            "gaps": judged.findings.gaps,
            "out_of_scope": judged.findings.out_of_scope,
        });
        super::out::print(&crate::model::text::json_pretty(&all)?);
    } else {
        super::out::print(&crate::report::terminal::summary(&told.view, &super::out::paint));
    }
    Ok(code)
}
