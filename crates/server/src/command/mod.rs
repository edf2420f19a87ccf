//! The commands of the program, one module each.

use clap::{Parser, Subcommand};

use crate::Failure;

pub mod admin;
mod argument;
pub mod backup;
pub mod bench;
pub mod calendar;
pub mod clock;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod import;
pub mod mail;
pub mod on_call;
pub mod openapi;
mod output;
pub mod policy;
pub mod serve;
mod store;
pub mod time;
pub mod top;

/// Keeps every promise you make to your business customers.
#[derive(Debug, Parser)]
#[command(
    name = "mainstay",
    version,
    max_term_width = 110,
    after_help = START_HERE
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const START_HERE: &str = "\
Start here:
  mainstay demo                                    a whole company to look at; nothing is installed
  mainstay serve                                   the real thing: everything is kept in ./data
  mainstay admin create --email you@example.com    the first to sign in
  mainstay mail receive < message.eml              a customer writes
  mainstay clock explain 1                         why is it due then?

`mainstay help COMMAND` says more about each command.";

/// What a command is for is said once, with its arguments.
#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Command),
    #[command(after_help = demo::EXAMPLES)]
    Demo(demo::Command),
    Time(time::Command),
    Top(top::Command),
    /// Make administrators and API tokens, at the machine
    #[command(subcommand)]
    Admin(admin::Command),
    /// Check, show, compare and apply policy packs: what you promise to whom
    #[command(subcommand)]
    Policy(policy::Command),
    /// Explain deadlines and replay scenarios
    #[command(subcommand)]
    Clock(clock::Command),
    /// Look at business calendars and compute with them
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// See who is on call
    #[command(subcommand)]
    OnCall(on_call::Command),
    /// Receive e-mail, read it and strip replies
    #[command(subcommand)]
    Mail(mail::Command),
    /// Bring in tickets with their histories from another system
    #[command(subcommand)]
    Import(import::Command),
    Export(export::Command),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Move(backup::Move),
    Doctor(doctor::Command),
    #[command(subcommand)]
    Bench(bench::Command),
    Config(config::Command),
    Openapi(openapi::Command),
}

impl CommandLine {
    /// Runs the command that was given.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Admin(command) => command.run(),
            Command::Backup(command) => command.run(),
            Command::Bench(command) => command.run(),
            Command::Calendar(command) => command.run(),
            Command::Clock(command) => command.run(),
            Command::Config(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Doctor(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Mail(command) => command.run(),
            Command::OnCall(command) => command.run(),
            Command::Move(command) => command.run(),
            Command::Openapi(command) => command.run(),
            Command::Policy(command) => command.run(),
            Command::Restore(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Time(command) => command.run(),
            Command::Top(command) => command.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        CommandLine::command().debug_assert();
    }
}
