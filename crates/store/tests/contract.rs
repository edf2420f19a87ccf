//! What the store promises, on each engine.
//!
//! Every case runs on SQLite in a temporary file and on a private PostgreSQL, from the same script.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "contract/alike.rs"]
mod alike;
#[path = "contract/clock.rs"]
mod clock;
#[path = "contract/desk.rs"]
mod desk;
#[path = "contract/duty.rs"]
mod duty;
#[path = "contract/engine.rs"]
mod engine;
#[path = "contract/escalation.rs"]
mod escalation;
#[path = "contract/file.rs"]
mod file;
#[path = "contract/found.rs"]
mod found;
#[path = "contract/given.rs"]
mod given;
#[path = "contract/imported.rs"]
mod imported;
#[path = "contract/kept.rs"]
mod kept;
#[path = "contract/list.rs"]
mod list;
#[path = "contract/mail.rs"]
mod mail;
#[path = "contract/mailbox.rs"]
mod mailbox;
#[path = "contract/open.rs"]
mod open;
#[path = "contract/order.rs"]
mod order;
#[path = "contract/page.rs"]
mod page;
#[path = "contract/people.rs"]
mod people;
#[path = "contract/queue.rs"]
mod queue;
#[path = "contract/search.rs"]
mod search;
#[path = "contract/service.rs"]
mod service;
#[path = "contract/sign_in.rs"]
mod sign_in;
#[path = "contract/ticket.rs"]
mod ticket;
#[path = "contract/trail.rs"]
mod trail;
