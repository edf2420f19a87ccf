//! E-mail, webhooks and other ways in and out: pure parsing, thin transport

pub mod mail;
