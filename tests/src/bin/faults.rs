//! Runs the fault test, for as long as it is told to; see [`mainstay_tests::faults`].
//!
//! The same program is also the nodes of the test (`faults node`), every command that the test gives
//! (`faults mainstay …`) and the relay of a network namespace (`faults relay`), so that one build holds everything.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use mainstay_server::command::serve;
use mainstay_tests::faults::{self, Options, SkewedClock};

/// Kill, freeze, cut off and starve nodes under load, then compare what was acknowledged with what is there.
#[derive(Debug, Parser)]
#[command(name = "faults", after_help = EXAMPLES)]
struct CommandLine {
    #[command(flatten)]
    options: Options,
}

const EXAMPLES: &str = "\
Examples:
  cargo run -p mainstay-tests --bin faults -- --engine sqlite --kills 500
  cargo run -p mainstay-tests --bin faults -- --engine postgres --kills 500 --seed 7";

/// A node of the test: the service with a clock that the test can put wrong.
#[derive(Debug, Parser)]
struct Node {
    #[command(flatten)]
    serve: serve::Command,
}

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    let role = arguments.get(1).and_then(|role| role.to_str());
    let outcome = match role {
        Some("mainstay") => {
            arguments.remove(0);
            mainstay_server::CommandLine::parse_from(arguments).run()
        }
        Some("node") => {
            arguments.remove(0);
            let node = Node::parse_from(arguments);
            node.serve.run_by(Arc::new(SkewedClock::start()))
        }
        Some("relay") => return relay(arguments.get(2).and_then(|to| to.to_str())),
        _ => return test(&CommandLine::parse().options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

fn relay(to: Option<&str>) -> ExitCode {
    let Some(to) = to.and_then(|to| to.parse().ok()) else {
        eprintln!("faults relay wants the address to relay to, such as 198.18.0.1:2525");
        return ExitCode::from(2);
    };
    match faults::relay(to) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the relay broke: {error}");
            ExitCode::FAILURE
        }
    }
}

fn test(options: &Options) -> ExitCode {
    match faults::run(options) {
        Ok(report) => {
            println!("{report}");
            if report.violations.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("the test could not be run (seed {}): {error}", options.seed);
            ExitCode::from(2)
        }
    }
}
