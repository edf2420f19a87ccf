//! HTTP: routes, sign-in, wire types, OpenAPI, live events
