//! `audit`, and its parts `collect`, `assess` and `report`.

use super::arguments::{
    AccessOptions, AssessOptions, AuditOptions, AzureCredential, Cloud, Global, Inventory, ReadOptions, ReportOptions,
};
use super::job::{self, Told};
use super::{Usage, out};
use crate::collect::aws::{Aws, AwsOptions};
use crate::collect::azure::{Azure, AzureOptions, Credential, Endpoints, Pem};
use crate::collect::{CollectError, Collected, Joined, Limits, NotRead, Progress, Seen, SeenPage, Source, collect};
use crate::derive;
use crate::evidence::{Collection, Recorder};
use crate::model::assessment::Assessment;
use crate::model::exchange::{CollectionSeal, Exchange, Sink};
use crate::model::finding::Outcome;
use crate::model::organisation::Organisation;
use crate::model::plan::Outcome::Denied;
use crate::model::plan::Planned;
use crate::model::read::{Read, Reads, SUBSCRIPTION};
use crate::model::resource::ResourceKey;
use crate::model::text::visible;
use crate::organisation::{self, SecretRef};
use crate::packet::judge::{Rules, Terms, judge};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Reads, judges, writes.
pub(super) fn audit(options: &AuditOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let organisation = job::organisation(global, &rules)?;
    let said = organisation.as_ref().map(|loaded| &loaded.organisation);
    let parameters = job::parameters(&rules.controls, said, &options.judge.params)?;
    job::check_key(&options.judge.sign)?;
    read_live(&rules, &options.read, organisation.as_ref(), &parameters)?;
    let organisation = organisation.map(|loaded| loaded.organisation);
    let told = job::judge_and_write(&rules, &options.read.out, organisation, parameters, &options.judge)?;
    job::sign(&options.read.out, &options.judge.sign)?;
    let code = job::show(&options.read.out, &told, &options.judge)?;
    say_where(&options.read.out, options.read.quiet, options.judge.no_pdf);
    Ok(code)
}

/// Reads only.
pub(super) fn collect_only(options: &ReadOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let organisation = job::organisation(global, &rules)?;
    let parameters = job::parameters(&rules.controls, organisation.as_ref().map(|one| &one.organisation), &[])?;
    read_live(&rules, options, organisation.as_ref(), &parameters)?;
    if !options.quiet {
        out::error(&format!("read into {}; judge it with: farwatch assess {0}", options.out.display()));
    }
    Ok(0)
}

/// Judges a run again.
pub(super) fn assess(options: &AssessOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    let organisation = job::organisation(global, &rules)?.map(|loaded| loaded.organisation);
    let parameters = job::parameters(&rules.controls, organisation.as_ref(), &options.judge.params)?;
    job::check_key(&options.judge.sign)?;
    let told = job::judge_and_write(&rules, &options.run, organisation, parameters, &options.judge)?;
    job::sign(&options.run, &options.judge.sign)?;
    job::show(&options.run, &told, &options.judge)
}

/// Writes the documents of the newest assessment again, after judging it again: an assessment that was altered, or
/// made by other controls, is refused.
pub(super) fn report(options: &ReportOptions, global: &Global) -> anyhow::Result<u8> {
    let rules = job::load(global)?;
    job::check_key(&options.sign)?;
    let told = again(&rules, &options.run)?;
    job::write_documents(&options.run, &told, !options.no_pdf)?;
    job::sign(&options.run, &options.sign)?;
    say_where(&options.run, false, options.no_pdf);
    Ok(0)
}

/// Judges the newest assessment of a run again, from what lies in the run alone.
pub(super) fn again(rules: &Rules, run: &Path) -> anyhow::Result<Told> {
    let collection = Collection::open(run)?;
    let (path, stored) = newest(run)?;
    let as_of = stored.as_of.parse().with_context(|| format!("{}: as_of is no time", path.display()))?;
    let organisation = stored_organisation(&path)?;
    let told =
        job::tell(rules, &collection, organisation, stored.parameters.clone().into_iter().collect(), Some(as_of))?;
    let same = told.judged.assessment == stored && {
        let found = std::fs::read_to_string(path.with_file_name("findings.json")).unwrap_or_default();
        found == crate::report::json::findings(&told.judged.findings)?
    };
    if !same {
        anyhow::bail!(
            "{} does not follow from the stored evidence: it was altered, or made by another version or other controls; \
             judge the run again with `farwatch assess {}`",
            path.display(),
            run.display()
        );
    }
    Ok(told)
}

/// What the organisation said when an assessment was made; its digest is part of the assessment.
fn stored_organisation(assessment: &Path) -> anyhow::Result<Option<Organisation>> {
    let path = assessment.with_file_name("organisation.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let broken = || format!("{} is not an organisation of this version", path.display());
            serde_json::from_str(&text).map(Some).with_context(broken)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
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
fn read_live(
    rules: &Rules,
    options: &ReadOptions,
    organisation: Option<&organisation::Loaded>,
    parameters: &Map<String, Value>,
) -> anyhow::Result<()> {
    let runtime = job::runtime()?;
    let source = runtime.block_on(live(options.cloud, &options.access, organisation, &rules.controls.reads))?;
    let created = !options.out.exists();
    let recorder = Recorder::create(&options.out)?;
    let result = runtime.block_on(async {
        let limits =
            Limits { begun: begun(&options.access), run: Duration::from_secs(options.run_timeout), pages: 10_000 };
        let organisation = organisation.map(|loaded| &loaded.organisation);
        let mut kept = Doubting { recorder, rules, organisation, parameters };
        let mut seal = blank(rules, jiff::Timestamp::now());
        if options.cloud.has_azure() && options.access.azure.inventory == Inventory::ResourceGraph {
            seal.inventory = Some("resource-graph".to_owned());
        }
        let work = read(rules, &source, &mut kept, &limits, seal, options.quiet);
        let seal = tokio::select! {
            result = work => result,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted; nothing was kept")),
        }?;
        kept.recorder.seal(seal).map_err(anyhow::Error::from)
    });
    if result.is_err() {
        // Nothing half-written stays behind.
        let _ = std::fs::remove_dir_all(options.out.join("collection.partial"));
        if created {
            let _ = std::fs::remove_dir(&options.out);
        }
    }
    result.map_err(|error| match error.downcast_ref::<CollectError>() {
        Some(CollectError::NoAccount(_)) => error.context(match options.cloud {
            Cloud::Azure => AZURE_WAYS_IN.to_owned(),
            Cloud::Aws => AWS_WAYS_IN.to_owned(),
            Cloud::All => format!("{AWS_WAYS_IN}\n{AZURE_WAYS_IN}"),
        }),
        _ => error,
    })
}

/// How many calls are begun at once: most of them wait for a limit, and hold no connection.
fn begun(access: &AccessOptions) -> usize {
    8 * usize::from(access.in_flight)
}

const AWS_WAYS_IN: &str = "farwatch needs credentials that may ask who they are: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
     AWS_SECRET_ACCESS_KEY, or use --profile or --role-arn (GovCloud and China need AWS_REGION as well); \
     `farwatch policy aws` prints the rights it needs";
const AZURE_WAYS_IN: &str = "farwatch needs an identity of the Entra tenant: sign in with `az login`, or say --azure-credential \
     managed-identity, workload-identity, certificate or secret (and --azure-cloud for Government and DoD); `farwatch policy \
     azure` prints the rights it needs";

/// The live clouds that are asked for. Nothing is asked yet.
async fn live(
    cloud: Cloud,
    access: &AccessOptions,
    organisation: Option<&organisation::Loaded>,
    reads: &Reads,
) -> anyhow::Result<Joined> {
    let mut sources: Vec<Box<dyn Source + Send>> = Vec::new();
    if cloud.has_aws() {
        sources.push(Box::new(Aws::new(&ways_in(access, organisation)?, &reads.provider).await));
    }
    if cloud.has_azure() {
        sources.push(Box::new(Azure::new(&way_into_azure(access)?, &reads.azure).map_err(Usage)?));
    }
    Ok(Joined::new(sources))
}

/// The way into the tenant, from the command line and the environment.
fn way_into_azure(access: &AccessOptions) -> Result<AzureOptions, Usage> {
    let azure = &access.azure;
    let pem = |option: &str, path: Option<&PathBuf>| match path.map(|path| (path, std::fs::read(path))) {
        None => Ok(None),
        Some((path, Ok(bytes))) => Ok(Some(Pem { path: path.display().to_string(), bytes })),
        Some((path, Err(error))) => Err(Usage(format!("{option} {}: {error}", path.display()))),
    };
    Ok(AzureOptions {
        cloud: azure.azure_cloud.clone(),
        credential: match azure.azure_credential {
            AzureCredential::Cli => Credential::Cli,
            AzureCredential::ManagedIdentity => Credential::ManagedIdentity,
            AzureCredential::WorkloadIdentity => Credential::WorkloadIdentity,
            AzureCredential::Certificate => Credential::Certificate,
            AzureCredential::Secret => Credential::Secret,
        },
        tenant: azure.azure_tenant.clone(),
        client_id: azure.azure_client_id.clone(),
        certificate: pem("--azure-certificate", azure.azure_certificate.as_ref())?,
        // Never an argument: arguments are seen by every user of the machine.
        secret: std::env::var("AZURE_CLIENT_SECRET").ok(),
        ca_bundle: pem("--ca-bundle", azure.ca_bundle.as_ref())?,
        endpoints: Endpoints {
            authority: azure.azure_authority.clone(),
            arm: azure.arm_endpoint.clone(),
            graph: azure.graph_endpoint.clone(),
        },
        call_timeout: Duration::from_secs(access.call_timeout),
        connections: usize::from(access.in_flight),
    })
}

/// The ways into the accounts: what the command line asks for; where it names none, what farwatch.yaml says.
fn ways_in(access: &AccessOptions, organisation: Option<&organisation::Loaded>) -> anyhow::Result<AwsOptions> {
    let mut options = AwsOptions {
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
        connections: usize::from(access.in_flight),
    };
    let named = !access.roles.is_empty() || access.role_name.is_some() || access.organization;
    if let Some(said) = organisation.map(|loaded| &loaded.access).filter(|said| !named && said.role_name.is_some()) {
        options.role_name.clone_from(&said.role_name);
        options.accounts.clone_from(&said.accounts);
        options.organization = said.organization;
        if options.external_id.is_none() {
            options.external_id = said.external_id.as_ref().map(secret).transpose()?;
        }
    }
    options.check().map_err(Usage)?;
    Ok(options)
}

/// The value that farwatch.yaml refers to. It is never printed.
fn secret(reference: &SecretRef) -> Result<String, Usage> {
    let value = match reference {
        SecretRef::Env(name) => std::env::var(name)
            .map_err(|_| Usage(format!("external_id: the environment variable {name} is not set, or is no text")))?,
        SecretRef::File(path) => std::fs::read_to_string(path)
            .map_err(|error| Usage(format!("external_id: {path} cannot be read: {error}")))?,
    };
    Ok(value.trim().to_owned())
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
    cloud: Cloud,
    reads: &Reads,
    access: &AccessOptions,
    organisation: Option<&organisation::Loaded>,
    sink: &mut (dyn Sink + Send),
) -> anyhow::Result<CollectionSeal> {
    let source = live(cloud, access, organisation, reads).await?;
    let limits = Limits { begun: begun(access), run: Duration::from_mins(10), pages: 10_000 };
    let bar = bar(false);
    let Collected { seal, not_read } = collect(
        &source,
        reads,
        &understand,
        sink,
        &limits,
        &mut |progress| tell(&bar, progress),
        sealed("", jiff::Timestamp::now()),
    )
    .await?;
    bar.finish_and_clear();
    say_not_read(&not_read);
    Ok(seal)
}

/// The seal of a run that has not begun.
pub(super) fn blank(rules: &Rules, started: jiff::Timestamp) -> CollectionSeal {
    sealed(rules.controls.digests.get("reads").map_or("", String::as_str), started)
}

fn sealed(reads: &str, started: jiff::Timestamp) -> CollectionSeal {
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
        services: BTreeMap::new(),
        endpoint: None,
        accounts_listed: None,
        inventory: None,
        demo: false,
    }
}

/// A recorder that says what an inventory is not believed about: a failure is not told on its word alone.
struct Doubting<'a> {
    recorder: Recorder,
    rules: &'a Rules,
    organisation: Option<&'a Organisation>,
    parameters: &'a Map<String, Value>,
}

impl Sink for Doubting<'_> {
    fn planned(&mut self, planned: &Planned) -> std::io::Result<()> {
        self.recorder.planned(planned)
    }

    fn exchanged(&mut self, exchange: Exchange, body: Option<&[u8]>) -> std::io::Result<Exchange> {
        self.recorder.exchanged(exchange, body)
    }

    fn doubted(&mut self, so_far: &CollectionSeal) -> std::io::Result<BTreeSet<(String, String)>> {
        let collection = self.recorder.so_far(so_far).map_err(std::io::Error::other)?;
        let terms =
            Terms { organisation: self.organisation, parameters: self.parameters.clone(), as_of: so_far.finished };
        let judged = judge(self.rules, &collection, terms)?;
        let reads = &self.rules.controls.reads;
        let list = |exchange: &Exchange| reads.get(&exchange.call.read)?.stands_for.clone();
        let rows = collection.exchanges.iter().filter_map(|exchange| Some((exchange.id.as_str(), list(exchange)?)));
        let rows: BTreeMap<&str, String> = rows.collect();
        let subscriptions = judged.inventory.resources.get(SUBSCRIPTION).into_iter().flatten();
        let subscriptions: BTreeSet<&String> = subscriptions.map(|one| &one.key.account).collect();
        let mut doubted = BTreeSet::new();
        // Who may read some resource groups of a subscription has rows of these, and may list none of its types.
        for gap in judged.findings.gaps.iter().filter(|gap| gap.outcome == Denied) {
            let lists = reads.inventories().filter_map(|read| read.stands_for.clone());
            doubted.extend(lists.map(|list| (list, gap.account.clone())));
        }
        for finding in judged.findings.findings.iter().filter(|finding| finding.outcome() == Outcome::Fail) {
            let lists = finding.evidence().iter().filter_map(|id| rows.get(id.as_str()));
            let about = &finding.subject().account;
            // A failure of the whole run may rest on any of them.
            let in_all = !subscriptions.contains(about);
            for list in lists {
                let accounts = subscriptions.iter().filter(|account| in_all || **account == about);
                doubted.extend(accounts.map(|account| (list.clone(), (*account).clone())));
            }
        }
        Ok(doubted)
    }
}

/// What a page shows: `derive` for `collect`.
fn understand(
    reads: &[&Read],
    exchange: &Exchange,
    body: &[u8],
    parent: Option<&ResourceKey>,
) -> Vec<Result<SeenPage, String>> {
    let pages = derive::pages(reads.iter().copied(), exchange, body, parent).into_iter();
    pages
        .map(|(_, page)| {
            let page = page.map_err(|error| error.to_string())?;
            let derived = derive::shown_by(&page.given);
            let given = page.given.into_iter().chain(derived);
            let seen = given.map(|given| Seen { key: given.key, fields: given.fields }).collect();
            Ok(SeenPage { seen, next: page.next })
        })
        .collect()
}

/// Moves the progress line.
fn tell(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.planned as u64);
    bar.set_position(progress.ended as u64);
    bar.set_message(format!("{} denied, {} other gaps", progress.denied, progress.other_gaps));
}

/// Reads a source into a sink; gives what the run was.
pub(super) async fn read(
    rules: &Rules,
    source: &dyn Source,
    sink: &mut (dyn Sink + Send),
    limits: &Limits,
    seal: CollectionSeal,
    quiet: bool,
) -> anyhow::Result<CollectionSeal> {
    let bar = bar(quiet);
    let mut on_progress = |progress| tell(&bar, progress);
    let Collected { seal, not_read } =
        collect(source, &rules.controls.reads, &understand, sink, limits, &mut on_progress, seal).await?;
    bar.finish_and_clear();
    if !quiet {
        say_not_read(&not_read);
        out::error(&format!("made {}", seal.told()));
    }
    Ok(seal)
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
