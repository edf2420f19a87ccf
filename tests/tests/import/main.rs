//! Tickets are brought in with their histories, once, whatever is wrong with the file.

mod history;
mod log;
mod refusal;
mod zendesk;
