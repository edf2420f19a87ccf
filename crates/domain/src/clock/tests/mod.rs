//! What clocks do, told as ledgers.

mod change;
mod conversation;
mod late;
mod merge;
mod notation;
mod property;
mod reopen;
mod second_opinion;
mod time;
