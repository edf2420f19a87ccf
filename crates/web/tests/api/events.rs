//! Live events.
