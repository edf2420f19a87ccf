//! Use cases: load, decide, save and queue
