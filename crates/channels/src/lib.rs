//! E-mail, webhooks and other ways in and out: pure parsing, thin transport

pub mod compose;
mod endpoint;
pub mod image;
pub mod imap;
pub mod mail;
pub mod notify;
pub mod oauth;
mod outbound;
pub mod reply_address;
pub mod secret;
pub mod smtp;
pub mod template;
pub mod webhook;
