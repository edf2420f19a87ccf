#![doc = include_str!("../README.md")]

mod body;
mod calendar;
mod clock;
mod html;
mod import;
mod mail;
mod pack;
mod query;
mod service;
mod webhook;

pub use body::body;
pub use calendar::{calendar, icalendar};
pub use clock::clock;
pub use html::html;
pub use import::import;
pub use mail::mail;
pub use pack::pack;
pub use query::query;
pub use webhook::webhook;

/// What takes any bytes and panics when something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder in `fuzz/corpus`.
pub const TARGETS: [(&str, Target); 10] = [
    ("body", body),
    ("calendar", calendar),
    ("clock", clock),
    ("html", html),
    ("icalendar", icalendar),
    ("import", import),
    ("mail", mail),
    ("pack", pack),
    ("query", query),
    ("webhook", webhook),
];
