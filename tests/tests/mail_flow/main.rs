//! Mail in and out, from the raw bytes to the ticket, its clocks and the answer.

mod agent;
mod conversation;
mod desk;
mod filing;
mod mention;
mod reading_again;
mod sending;
