//! The commands of the program, one module each.

use clap::{Parser, Subcommand};

use crate::Failure;

pub mod admin;
pub mod calendar;
pub mod clock;
pub mod config;
pub mod demo;
pub mod mail;
pub mod openapi;
mod output;
pub mod policy;
pub mod serve;
mod store;
pub mod time;

/// Keeps every promise you make to your business customers.
#[derive(Debug, Parser)]
#[command(
    name = "mainstay",
    version,
    propagate_version = true,
    max_term_width = 110
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the first administrator
    #[command(subcommand)]
    Admin(admin::Command),
    /// Look at business calendars and compute with them
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// Explain deadlines and replay scenarios
    #[command(subcommand)]
    Clock(clock::Command),
    /// Print the settings in force and where each came from
    Config(config::Command),
    /// Run a demonstration: sixty accounts, a year of history, a day in full swing
    Demo(demo::Command),
    /// Read e-mail and strip replies
    #[command(subcommand)]
    Mail(mail::Command),
    /// Print the description of the API (OpenAPI 3.1, JSON)
    Openapi(openapi::Command),
    /// Check, show, compare and apply policy packs
    #[command(subcommand)]
    Policy(policy::Command),
    /// Run the service
    Serve(serve::Command),
    /// Look at the time of a demonstration and move it on
    Time(time::Command),
}

impl CommandLine {
    /// Runs the command that was given.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Admin(command) => command.run(),
            Command::Calendar(command) => command.run(),
            Command::Clock(command) => command.run(),
            Command::Config(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Mail(command) => command.run(),
            Command::Openapi(command) => command.run(),
            Command::Policy(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Time(command) => command.run(),
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
