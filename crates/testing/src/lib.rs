#![doc = include_str!("../README.md")]
#![expect(
    clippy::disallowed_methods,
    reason = "servers that others wrote start in their own time"
)]

mod certificate;
mod chromedriver;
mod disk;
mod dovecot;
mod exim;
mod guarded;
mod installed;
mod postgres;
#[cfg(feature = "s3")]
pub mod s3;

pub use certificate::Certificate;
pub use chromedriver::{ChromeDriver, chromedriver};
pub use dovecot::DovecotServer;
pub use exim::EximServer;
pub use guarded::free_port;
pub use installed::{Program, chromium, iproute, require};
pub use postgres::PostgresServer;
