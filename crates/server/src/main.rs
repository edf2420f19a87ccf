//! Entry point of the `mainstay` program.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match mainstay_server::CommandLine::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}
