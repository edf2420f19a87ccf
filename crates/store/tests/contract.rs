//! What the store promises, on each engine.
//!
//! Every case runs on SQLite in a temporary file and on a private PostgreSQL, from the same script.

#[path = "contract/engine.rs"]
mod engine;
#[path = "contract/given.rs"]
mod given;
#[path = "contract/queue.rs"]
mod queue;
#[path = "contract/ticket.rs"]
mod ticket;
