//! `demo`: the whole job on the recorded clouds of a fictitious contractor, offline.

use super::arguments::{DemoOptions, Global};
use super::{audit, job, out};
use crate::collect::{Limits, Replay};
use crate::evidence::{Collection, Recorder};
use crate::model::exchange::CollectionSeal;
use crate::organisation;
use crate::packet::sign;
use anyhow::Context as _;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::time::Duration;

/// A collection as `farwatch collect` wrote it from a seeded emulator.
static RECORDING: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/cli/demo");

/// Signs demo packets. It is public, so its signature proves nothing but the way it is checked; its name says DEMO.
const DEMO_KEY: &str = include_str!("demo/DEMO-signing-key");

/// Runs the demo.
pub(super) fn run(options: &DemoOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let organisation = job::organisation_from(&organisation::Memory(files("organisation")?), &rules)?.organisation;
    let parameters = job::parameters(&rules.controls, Some(&organisation), &options.judge.params)?;
    let recorded = recording()?;
    let mut recorder = Recorder::create(&options.out)?;
    let exchanges = recorded.exchanges.iter().map(|exchange| (exchange.clone(), recorded.body(exchange)));
    let replay = Replay::new(&recorded.seal, exchanges, "us-east-1");
    let limits = Limits { begun: 8, run: Duration::from_mins(10), pages: 1_000 };
    let blank = CollectionSeal { demo: true, ..audit::blank(&rules, recorded.seal.started) };
    let seal = job::runtime()?.block_on(audit::read(&rules, &replay, &mut recorder, &limits, blank, true))?;
    recorder.seal(seal)?;
    let told = job::judge_and_write(&rules, &options.out, Some(organisation), parameters, &options.judge)?;
    if job::sign(&options.out, &options.judge.sign)?.is_none() {
        let key = ssh_key::PrivateKey::from_openssh(DEMO_KEY).context("the demo's key is broken")?;
        let sums = std::fs::read(options.out.join("SHA256SUMS"))?;
        job::keep_signature(&options.out, &sign::with_key(&key, &sums)?)?;
    }
    let code = job::show(&options.out, &told, &options.judge)?;
    if !options.judge.json {
        let out = options.out.display();
        out::print(&format!(
            "\nDEMO: the recorded clouds of a fictitious contractor. `farwatch audit` would have exited with {code}.\n\
             Open {out}/documents/packet.pdf, {out}/documents/ssp.md and {out}/assessments/{}/findings.json\n\
             Check them with: (cd {out} && sha256sum -c SHA256SUMS)\n",
            told.judged.assessment.id
        ));
    }
    Ok(0)
}

/// The embedded recording.
fn recording() -> anyhow::Result<Collection> {
    Ok(Collection::from_files(files("collection")?)?)
}

/// The embedded files below a folder.
fn files(folder: &str) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    fn walk(dir: &Dir<'_>, folder: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for file in dir.files() {
            let name = file.path().strip_prefix(folder).unwrap_or(file.path());
            files.insert(name.to_string_lossy().replace('\\', "/"), file.contents().to_vec());
        }
        for inner in dir.dirs() {
            walk(inner, folder, files);
        }
    }
    let mut files = BTreeMap::new();
    walk(RECORDING.get_dir(folder).context("the demo is not embedded")?, folder, &mut files);
    Ok(files)
}
