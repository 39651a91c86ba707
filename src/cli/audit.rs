//! `audit`, and its parts `collect`, `assess` and `report`.

use super::arguments::{AccessOptions, AssessOptions, AuditOptions, ReadOptions, ReportOptions};
use super::job::{self, Loaded};
use super::{Usage, out};
use crate::collect::aws::{Aws, AwsOptions};
use crate::collect::{CollectError, Collected, Limits, NotRead, Progress, Seen, SeenPage, Source, collect};
use crate::derive;
use crate::evidence::{Collection, Recorder};
use crate::model::assessment::Assessment;
use crate::model::exchange::{CollectionSeal, Exchange, Sink};
use crate::model::read::{Read, Reads};
use crate::model::resource::ResourceKey;
use crate::model::text::visible;
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Reads, judges, writes.
pub(super) fn audit(options: &AuditOptions, controls: Option<&Path>) -> anyhow::Result<u8> {
    let loaded = job::load(controls)?;
    let parameters = job::parameters(&loaded.controls, &options.judge.params)?;
    job::check_key(&options.judge.sign)?;
    read_live(&loaded, &options.read)?;
    let judged = job::judge_and_write(&loaded, &options.read.out, parameters, &options.judge)?;
    job::sign(&options.read.out, &options.judge.sign)?;
    let code = job::show(&options.read.out, &judged, &options.judge)?;
    say_where(&options.read.out, options.read.quiet, options.judge.no_pdf);
    Ok(code)
}

/// Reads only.
pub(super) fn collect_only(options: &ReadOptions, controls: Option<&Path>) -> anyhow::Result<u8> {
    let loaded = job::load(controls)?;
    read_live(&loaded, options)?;
    if !options.quiet {
        out::error(&format!("read into {}; judge it with: farwatch assess {0}", options.out.display()));
    }
    Ok(0)
}

/// Judges a run again.
pub(super) fn assess(options: &AssessOptions, controls: Option<&Path>) -> anyhow::Result<u8> {
    let loaded = job::load(controls)?;
    let parameters = job::parameters(&loaded.controls, &options.judge.params)?;
    job::check_key(&options.judge.sign)?;
    let judged = job::judge_and_write(&loaded, &options.run, parameters, &options.judge)?;
    job::sign(&options.run, &options.judge.sign)?;
    job::show(&options.run, &judged, &options.judge)
}

/// Writes the documents of the newest assessment again, after judging it again: an assessment that was altered, or
/// made by other controls, is refused.
pub(super) fn report(options: &ReportOptions, controls: Option<&Path>) -> anyhow::Result<u8> {
    let loaded = job::load(controls)?;
    job::check_key(&options.sign)?;
    let collection = Collection::open(&options.run)?;
    let (path, stored) = newest(&options.run)?;
    let as_of = stored.as_of.parse().with_context(|| format!("{}: as_of is no time", path.display()))?;
    let judged = job::judge(&loaded, &collection, stored.parameters.clone().into_iter().collect(), Some(as_of))?;
    let same = judged.assessment == stored && {
        let found = std::fs::read_to_string(path.with_file_name("findings.json")).unwrap_or_default();
        found == crate::report::json::findings(&judged.findings)?
    };
    if !same {
        anyhow::bail!(
            "{} does not follow from the stored evidence: it was altered, or made by another version or other controls; \
             judge the run again with `farwatch assess {}`",
            path.display(),
            options.run.display()
        );
    }
    job::write_documents(&options.run, &judged, !options.no_pdf)?;
    job::sign(&options.run, &options.sign)?;
    say_where(&options.run, false, options.no_pdf);
    Ok(0)
}

/// The newest assessment of a run, and its file.
pub(super) fn newest(run: &Path) -> anyhow::Result<(PathBuf, Assessment)> {
    let folder = run.join("assessments");
    let none =
        || format!("{} names no assessment; make one with `farwatch assess {}`", folder.display(), run.display());
    let id = std::fs::read_to_string(folder.join("NEWEST")).with_context(none)?;
    // The file is text from a folder: only an id of ours is followed.
    let id =
        Some(id.trim()).filter(|id| id.len() == 12 && id.chars().all(|c| c.is_ascii_hexdigit())).with_context(none)?;
    let path = folder.join(id).join("assessment.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let assessment = serde_json::from_str(&text)
        .with_context(|| format!("{} is not an assessment of this version", path.display()))?;
    Ok((path, assessment))
}

/// Reads the live accounts into the run folder.
fn read_live(loaded: &Loaded, options: &ReadOptions) -> anyhow::Result<()> {
    let access = ways_in(&options.access)?;
    let created = !options.out.exists();
    let recorder = Recorder::create(&options.out)?;
    let runtime = job::runtime()?;
    let result = runtime.block_on(async {
        let aws = Aws::new(&access, &loaded.controls.reads.provider).await;
        let limits = Limits {
            in_flight: usize::from(options.access.in_flight),
            run: Duration::from_secs(options.run_timeout),
            pages: 10_000,
        };
        let work = read(loaded, &aws, recorder, &limits, jiff::Timestamp::now(), false, options.quiet);
        tokio::select! {
            result = work => result,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted; nothing was kept")),
        }
    });
    if result.is_err() {
        // Nothing half-written stays behind.
        let _ = std::fs::remove_dir_all(options.out.join("collection.partial"));
        if created {
            let _ = std::fs::remove_dir(&options.out);
        }
    }
    result.map_err(|error| match error.downcast_ref::<CollectError>() {
        Some(CollectError::NoAccount(_)) => error.context(
            "farwatch needs credentials that may ask who they are: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or use --profile or --role-arn (GovCloud and China need AWS_REGION as well); \
             `farwatch policy aws` prints the rights it needs",
        ),
        _ => error,
    })
}

/// The ways into the accounts that the command line asks for.
fn ways_in(access: &AccessOptions) -> Result<AwsOptions, Usage> {
    let options = AwsOptions {
        profile: access.profile.clone(),
        roles: access.roles.clone(),
        roles_only: access.roles_only,
        role_name: access.role_name.clone(),
        accounts: access.accounts.clone(),
        organization: access.organization,
        external_id: access.external_id.clone(),
        session_name: access.session_name.clone(),
        call_timeout: Duration::from_secs(access.call_timeout),
        attempts: 5,
    };
    options.check().map_err(Usage)?;
    Ok(options)
}

/// Accounts of the organization that are not in use were listed and are not read: somebody should know.
fn say_not_read(not_read: &[NotRead]) {
    for NotRead { account, status } in not_read {
        out::error(&format!(
            "not read: account {}, which the organization lists as {}",
            visible(account),
            visible(status)
        ));
    }
}

/// Makes the calls of some reads, and keeps what the sink keeps.
pub(super) async fn try_reads(
    reads: &Reads,
    access: &AccessOptions,
    sink: &mut (dyn Sink + Send),
) -> anyhow::Result<CollectionSeal> {
    let aws = Aws::new(&ways_in(access)?, &reads.provider).await;
    let limits = Limits { in_flight: usize::from(access.in_flight), run: Duration::from_mins(10), pages: 10_000 };
    let bar = bar(false);
    let Collected { seal, not_read } = collect(
        &aws,
        reads,
        &understand,
        sink,
        &limits,
        &mut |progress| tell(&bar, progress),
        blank(jiff::Timestamp::now(), "", false),
    )
    .await?;
    bar.finish_and_clear();
    say_not_read(&not_read);
    Ok(seal)
}

/// The seal of a run that has not begun.
fn blank(started: jiff::Timestamp, reads: &str, demo: bool) -> CollectionSeal {
    CollectionSeal {
        schema: "farwatch/collection/1".to_owned(),
        farwatch: env!("CARGO_PKG_VERSION").to_owned(),
        reads: reads.to_owned(),
        started,
        finished: started,
        sessions: Vec::new(),
        plan: String::new(),
        exchanges: String::new(),
        requests: 0,
        endpoint: None,
        accounts_listed: None,
        demo,
    }
}

/// What a page shows: `derive` for `collect`.
fn understand(read: &Read, exchange: &Exchange, body: &[u8], parent: Option<&ResourceKey>) -> Result<SeenPage, String> {
    let page = derive::page(read, exchange, body, parent).map_err(|error| error.to_string())?;
    let seen = page.given.into_iter().map(|given| Seen { key: given.key, fields: given.fields }).collect();
    Ok(SeenPage { seen, next: page.next })
}

/// Moves the progress line.
fn tell(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.planned as u64);
    bar.set_position(progress.ended as u64);
    bar.set_message(format!("{} denied, {} other gaps", progress.denied, progress.other_gaps));
}

/// Reads a source into a recorder, and seals it.
pub(super) async fn read(
    loaded: &Loaded,
    source: &dyn Source,
    mut recorder: Recorder,
    limits: &Limits,
    started: jiff::Timestamp,
    demo: bool,
    quiet: bool,
) -> anyhow::Result<()> {
    let seal = blank(started, loaded.controls.digests.get("reads").map_or("", String::as_str), demo);
    let bar = bar(quiet || demo);
    let Collected { seal, not_read } = collect(
        source,
        &loaded.controls.reads,
        &understand,
        &mut recorder,
        limits,
        &mut |progress| tell(&bar, progress),
        seal,
    )
    .await?;
    bar.finish_and_clear();
    if !quiet {
        say_not_read(&not_read);
    }
    recorder.seal(seal)?;
    Ok(())
}

/// A progress line on standard error, only where somebody can see it.
fn bar(quiet: bool) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if quiet || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    } else if let Ok(style) = ProgressStyle::with_template("reading {pos} of {len} calls · {msg} · {elapsed}") {
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

fn say_where(run: &Path, quiet: bool, no_pdf: bool) {
    if quiet {
        return;
    }
    let documents = if no_pdf { "ssp.md" } else { "packet.pdf and ssp.md" };
    out::error(&format!(
        "wrote {}: {documents} in documents/, findings.json in assessments/, SHA256SUMS over all",
        run.display()
    ));
}
