//! The command line: joins the rooms, prints, reads the clock and the environment. One file per command.

mod arguments;
mod audit;
mod boundary;
mod check;
mod coverage;
mod demo;
mod doctor;
mod explain;
mod init;
mod job;
mod out;
mod policy;
mod sprs;
mod statement;

use arguments::{Arguments, Command};
use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;

/// Something the user must change before it can work: configuration, arguments. Exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Runs the command line and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let mut command = Arguments::command();
    if std::env::args_os().len() < 2 {
        // No answer must not look like "everything is MET".
        out::error(arguments::SHORT_HELP);
        return ExitCode::from(2);
    }
    let matches = command.get_matches_mut();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    out::choose_colour(arguments.global.color);
    match run(arguments, &mut command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let mut text = format!("error: {error}");
            for cause in error.chain().skip(1) {
                let cause = cause.to_string();
                if !text.contains(&cause) {
                    text += &format!("\n  because: {cause}");
                }
            }
            // Problems of controls speak for themselves.
            let problems = error.downcast_ref::<crate::controls::Problems>();
            let text = problems.map_or(text, ToString::to_string);
            out::error(&crate::cli::out::harmless(&text));
            let taken = matches!(
                error.downcast_ref::<crate::evidence::EvidenceError>(),
                Some(crate::evidence::EvidenceError::NotEmpty(_))
            );
            let usage = problems.is_some() || taken || error.downcast_ref::<Usage>().is_some();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

fn run(arguments: Arguments, command: &mut clap::Command) -> anyhow::Result<u8> {
    let global = &arguments.global;
    match arguments.command {
        Command::Demo(options) => demo::run(&options, global),
        Command::Audit(options) => audit::audit(&options, global),
        Command::Collect(options) => audit::collect_only(&options, global),
        Command::Assess(options) => audit::assess(&options, global),
        Command::Report(options) => audit::report(&options, global),
        Command::Explain(options) => explain::run(&options, global),
        Command::Check(options) => check::run(&options, global),
        Command::Coverage(options) => coverage::run(&options, global),
        Command::Doctor(options) => doctor::run(&options, global),
        Command::Policy(options) => policy::run(&options, global),
        Command::Init(options) => init::run(&options, global),
        Command::Statement(options) => statement::run(&options, global),
        Command::Boundary(options) => boundary::run(&options, global),
        Command::Sprs(options) => sprs::run(&options, global),
        Command::Schema { name } => {
            let known = "organisation, boundary, statement, exception, findings, assessment";
            let schema = crate::report::json::schema(&name)
                .or_else(|| crate::organisation::schema(&name))
                .ok_or_else(|| Usage(format!("there is no schema {name:?}; there are {known}")))?;
            out::print(&crate::model::text::json_pretty(&schema)?);
            Ok(0)
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, command, "farwatch", &mut text);
            out::print(&String::from_utf8_lossy(&text));
            Ok(0)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(command.clone()).render(&mut text)?;
            out::print(&String::from_utf8_lossy(&text));
            Ok(0)
        }
    }
}
