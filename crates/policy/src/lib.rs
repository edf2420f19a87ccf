//! Policy packs: text to domain policy, with errors that point at file, line and column.
//!
//! A pack is a folder of TOML files ([`PackSource`]). [`load`] reads it into a [`Pack`], or says everything that is
//! wrong with it; a [`Problem`] is shown the way a good compiler shows it. `docs/packs.md` is the reference of the
//! format.

mod builtin;
mod calendar;
mod check;
mod commitment;
mod condition;
mod definition;
mod diff;
mod escalation;
mod hours;
mod names;
mod pack;
mod place;
mod problem;
mod reading;
mod routing;
mod schema;
mod service;
mod show;
mod source;
mod table;
mod template;
mod text;
mod tier;
mod title;
mod words;

pub use builtin::{DEFAULT_PACK, builtin, builtin_names};
pub use diff::{Change, diff};
pub use hours::hours_text;
pub use pack::{Pack, Refusal, default_templates, load, load_applied};
pub use place::Place;
pub use problem::{Level, Problem};
pub use schema::schema_files;
pub use show::{Promise, promises, to_json};
pub use source::{PackSource, UnreadableFolder};
pub use table::to_text;
pub use template::{MESSAGES, VARIABLES};
pub use text::length_text;
pub use words::{condition_text, triggers_text};
