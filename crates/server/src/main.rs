//! Entry point of the `mainstay` program.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;

/// Many small things are allocated on one thread and freed on another, which the system's allocator does slowly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    match mainstay_server::CommandLine::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // The code says what went wrong also where nothing can be printed: a mail server keeps the mail by it.
            let _ = writeln!(std::io::stderr(), "{failure}");
            failure.exit_code()
        }
    }
}

/// A reader such as `head` may close our output before we are done. That is no fault of ours, and nothing to report.
fn end_quietly_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>();
        let is_unread = |what: &str| {
            let failed = format!("failed printing to {what}");
            text.is_some_and(|text| text.starts_with(&failed) && text.contains("Broken pipe"))
        };
        if is_unread("stdout") {
            std::process::exit(0);
        }
        // What went wrong was not read to its end, and it went wrong all the same.
        if is_unread("stderr") {
            std::process::exit(1);
        }
        report(panic);
    }));
}
