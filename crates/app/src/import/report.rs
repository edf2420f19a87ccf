//! What became of a file: what was brought in, what was not and why, and their verdicts beside ours.

use mainstay_domain::name::CommitmentName;
pub use mainstay_import::{Remark, Remarked};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// How many rows the file has, the header not counted.
    pub rows: u64,
    /// How many tickets they tell of, those left out not among them.
    pub tickets: u64,
    /// How many tickets were brought in.
    pub imported: u64,
    /// How many had been brought in before.
    pub known: u64,
    /// How many are still to be brought in, because the import was stopped or limited.
    pub left: u64,
    /// How many accounts, contacts, teams and agents were made for them.
    pub made: Made,
    /// Rows of which there is something to say, by row.
    pub remarks: Vec<Remarked>,
    /// Their verdicts beside ours, where the map names one.
    pub comparison: Option<Comparison>,
}

impl ImportReport {
    /// How many rows are so.
    #[must_use]
    pub fn count(&self, remark: Remark) -> usize {
        self.remarks
            .iter()
            .filter(|remarked| remarked.remark == remark)
            .count()
    }
}

/// What was made for the tickets of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Made {
    /// Accounts.
    pub accounts: u64,
    /// Contacts.
    pub contacts: u64,
    /// Teams.
    pub teams: u64,
    /// Agents.
    pub agents: u64,
}

/// How the other system's verdicts and ours agree, over all tickets of the file that are in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What the other system's verdict is called.
    pub name: String,
    /// Our commitment beside it.
    pub commitment: CommitmentName,
    /// The tickets that it says were in time.
    pub theirs_met: OurVerdicts,
    /// The tickets that it says were late.
    pub theirs_missed: OurVerdicts,
    /// The tickets of which it says nothing.
    pub theirs_unknown: OurVerdicts,
}

/// Our verdicts, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OurVerdicts {
    /// Met.
    pub met: u64,
    /// Missed.
    pub missed: u64,
    /// Running, paused or cancelled.
    pub open: u64,
    /// Nothing of the kind was promised.
    pub none: u64,
}

impl OurVerdicts {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.met + self.missed + self.open + self.none
    }
}
