//! `doctor`: can an audit work here? Failures first, each with what to add.

use super::arguments::{Cloud, DoctorOptions, Global, What};
use super::{Usage, audit, job, out};
use crate::model::exchange::{Exchange, Sink};
use crate::model::plan::{Outcome, Planned};
use crate::model::provider::Cloud as Of;
use crate::model::read::{Per, Read};
use crate::model::statement::Standing;
use crate::model::text::{count, visible};
use crate::organisation;
use std::collections::{BTreeMap, BTreeSet};

/// Keeps what became of each call, and no body.
#[derive(Debug, Default)]
struct Seen(Vec<Exchange>);

impl Sink for Seen {
    fn planned(&mut self, _planned: &Planned) -> std::io::Result<()> {
        Ok(())
    }
    fn exchanged(&mut self, exchange: Exchange, _body: Option<&[u8]>) -> std::io::Result<Exchange> {
        self.0.push(exchange.clone());
        Ok(exchange)
    }
}

/// Tries every list once in every region, and says what stands in the way.
pub(super) fn run(options: &DoctorOptions, global: &Global) -> anyhow::Result<u8> {
    let loaded = job::load(global)?;
    let cloud = match options.what {
        What::Organisation => return files(job::organisation_files(global, &loaded)?.as_ref()),
        What::Aws => Cloud::Aws,
        What::Azure => Cloud::Azure,
    };
    let organisation = job::organisation(global, &loaded)?;
    let mut reads = loaded.controls.reads.clone();
    reads.reads.retain(|read| (read.cloud() == Of::Aws) == cloud.has_aws());
    // Reads about single resources are tried only when there is a resource to ask about, an inventory only when one is
    // asked for.
    let seldom = |read: &&Read| read.for_each.is_some() || read.per == Some(Per::Inventory);
    let untried: BTreeSet<String> = reads.reads.iter().filter(seldom).flat_map(Read::needs).collect();
    reads.reads.retain(|read| read.for_each.is_none());
    let mut seen = Seen::default();
    let seal =
        job::runtime()?.block_on(audit::try_reads(cloud, &reads, &options.access, organisation.as_ref(), &mut seen))?;
    let mut walls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for exchange in seen.0.iter().filter(|exchange| !exchange.outcome.is_settled()) {
        let what = if let (Outcome::Denied, Some(action)) = (exchange.outcome, &exchange.action) {
            format!("{} was denied: add {action} to the policy", exchange.call.read)
        } else {
            let why = exchange.code.clone().or_else(|| exchange.detail.clone()).unwrap_or_default();
            format!("{}: {} ({why})", exchange.call.read, exchange.outcome.word())
        };
        walls.entry(what).or_default().insert(format!("{}/{}", exchange.call.account, exchange.call.region));
    }
    let mut text = String::new();
    for session in seal.sessions.iter().filter(|session| session.failed.is_some()) {
        let who = session.role.as_deref().unwrap_or("the credentials");
        text += &format!("{} {who}: {}\n", out::paint("fail", "fail"), session.failed.as_deref().unwrap_or_default());
    }
    for (what, places) in &walls {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        text += &format!("{} {what} [{}]\n", out::paint("fail", "fail"), places.join(", "));
    }
    for session in seal.sessions.iter().filter(|session| session.failed.is_none()) {
        text += &format!(
            "{}   {} {} as {}\n",
            out::paint("pass", "ok"),
            if cloud.has_aws() { "account" } else { "tenant" },
            visible(&session.account),
            visible(&session.caller)
        );
    }
    let answered: BTreeSet<&str> = seen
        .0
        .iter()
        .filter(|exchange| exchange.outcome.is_settled())
        .map(|exchange| exchange.call.read.as_str())
        .collect();
    text +=
        &format!("{}   answered: {}\n", out::paint("pass", "ok"), answered.into_iter().collect::<Vec<_>>().join(", "));
    text += &format!(
        "     asked only when there is something to ask about: {}\n",
        untried.into_iter().collect::<Vec<_>>().join(", ")
    );
    let failed = !walls.is_empty() || seal.sessions.iter().any(|session| session.failed.is_some());
    text += if failed {
        "An audit works all the same; what fails here will be unknown in it.\n"
    } else {
        "An audit can work here.\n"
    };
    out::print(&text);
    Ok(u8::from(failed))
}

/// The organisation's files alone: what is wrong with them, and what they come to.
fn files(loaded: Option<&organisation::Loaded>) -> anyhow::Result<u8> {
    let Some(loaded) = loaded else {
        return Err(Usage(format!("there is no {} here; make one with `farwatch init`", organisation::FILE)).into());
    };
    let one = &loaded.organisation;
    let day = jiff::Zoned::now().date();
    let counted = |standings: Vec<Standing>| standings.iter().filter(|one| **one == Standing::Counts).count();
    let statements = counted(one.statements.iter().map(|statement| statement.standing(day)).collect());
    let exceptions = counted(one.exceptions.iter().map(|exception| exception.standing(day)).collect());
    let mut text = String::new();
    for problem in &one.problems {
        text += &format!("{} {}\n", out::paint("fail", "fail"), visible(&problem.sentence()));
    }
    for warning in &one.warnings {
        text += &format!("{} {}\n", out::paint("unknown", "look"), visible(&warning.sentence()));
    }
    text += &format!(
        "{}   {}: {}, {} of {} statements and {} of {} exceptions count today, boundary {}\n",
        out::paint("pass", "ok"),
        visible(&one.name),
        count(one.environments.len(), "environment declared", "environments declared"),
        statements,
        one.statements.len(),
        exceptions,
        one.exceptions.len(),
        if one.boundary.is_some() { "declared" } else { "not declared" },
    );
    out::print(&text);
    Ok(u8::from(!one.problems.is_empty()))
}
