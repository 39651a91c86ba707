//! `demo`: the whole job on a recorded account of a fictitious contractor, offline.

use super::arguments::DemoOptions;
use super::{audit, job, out};
use crate::collect::{Limits, Replay};
use crate::evidence::{Collection, Recorder};
use crate::packet::sign;
use anyhow::Context as _;
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A collection as `farwatch collect` wrote it from a seeded emulator.
static RECORDING: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/cli/demo");

/// Signs demo packets. It is public, so its signature proves nothing but the way it is checked; its name says DEMO.
const DEMO_KEY: &str = include_str!("demo/DEMO-signing-key");

/// Runs the demo.
pub(super) fn run(options: &DemoOptions, controls: Option<&Path>) -> anyhow::Result<u8> {
    let loaded = job::load(controls)?;
    let parameters = job::parameters(&loaded.controls, &options.judge.params)?;
    let recorded = recording()?;
    let recorder = Recorder::create(&options.out)?;
    let exchanges = recorded.exchanges.iter().map(|exchange| (exchange.clone(), recorded.body(exchange)));
    let replay = Replay::new(&recorded.seal, exchanges, "us-east-1");
    let limits = Limits { in_flight: 8, run: Duration::from_mins(10), pages: 1_000 };
    job::runtime()?.block_on(audit::read(&loaded, &replay, recorder, &limits, recorded.seal.started, true, true))?;
    let judged = job::judge_and_write(&loaded, &options.out, parameters, &options.judge)?;
    if job::sign(&options.out, &options.judge.sign)?.is_none() {
        let key = ssh_key::PrivateKey::from_openssh(DEMO_KEY).context("the demo's key is broken")?;
        let sums = std::fs::read(options.out.join("SHA256SUMS"))?;
        job::keep_signature(&options.out, &sign::with_key(&key, &sums)?)?;
    }
    let code = job::show(&options.out, &judged, &options.judge)?;
    if !options.judge.json {
        let out = options.out.display();
        out::print(&format!(
            "\nDEMO: a recorded account of a fictitious contractor. `farwatch audit` would have exited with {code}.\n\
             Open {out}/documents/packet.pdf, {out}/documents/ssp.md and {out}/assessments/{}/findings.json\n\
             Check them with: (cd {out} && sha256sum -c SHA256SUMS)\n",
            judged.assessment.id
        ));
    }
    Ok(0)
}

/// The embedded recording.
fn recording() -> anyhow::Result<Collection> {
    let mut files = BTreeMap::new();
    let folder = RECORDING.get_dir("collection").context("the demo has no recording")?;
    for file in folder.files().chain(folder.dirs().flat_map(Dir::files)) {
        let name = file.path().strip_prefix("collection").unwrap_or(file.path());
        files.insert(name.to_string_lossy().replace('\\', "/"), file.contents().to_vec());
    }
    Ok(Collection::from_files(files)?)
}
