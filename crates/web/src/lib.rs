//! HTTP: routes, sign-in, wire types, OpenAPI, live events.

pub mod etag;
mod frame;
pub mod input;
pub mod page;
pub mod problem;

pub use frame::Limits;
