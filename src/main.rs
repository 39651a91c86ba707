//! The farwatch command.

use std::process::ExitCode;

fn main() -> ExitCode {
    farwatch::cli::main()
}
