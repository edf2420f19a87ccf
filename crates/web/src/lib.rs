//! HTTP: routes, sign-in, wire types, OpenAPI, live events.

pub mod etag;
pub mod input;
pub mod page;
pub mod problem;
