//! Drives the whole program.
