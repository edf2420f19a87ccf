//! `mainstay bench`: how fast it is, measured on the machine at hand.

mod chart;
mod drive;
mod fire;
mod idle;
mod live;
mod load;
mod mail;
mod process;
mod run;
mod tally;
mod target;
mod terms;
mod work;

use clap::Subcommand;

use crate::Failure;

/// Measure how fast it is on this machine
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fill an empty store with a company of any size, to measure by
    #[command(after_help = load::EXAMPLES)]
    Load(load::Load),
    /// Put a load on a running service and say how it answers
    #[command(after_help = run::EXAMPLES)]
    Run(run::Run),
    /// Say what a running service costs while nothing happens
    Idle(idle::Idle),
    /// Let many agents look on, and say what a running service costs meanwhile
    #[command(after_help = live::EXAMPLES)]
    Live(live::Live),
    /// Wait for clocks that fall due together, and say how late each took effect
    Fire(fire::Fire),
    /// Draw what ops/growth.sh measured: how costs grow with the size of a store
    Chart(chart::Chart),
    /// Change a target of an account's contract, and say how long its open clocks took to follow
    Terms(terms::Terms),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what is wrong with the arguments, the store or the service.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Load(load) => load.run(),
            Self::Run(run) => run.run(),
            Self::Idle(idle) => idle.run(),
            Self::Live(live) => live.run(),
            Self::Chart(chart) => chart.run(),
            Self::Fire(fire) => fire.run(),
            Self::Terms(terms) => terms.run(),
        }
    }
}
