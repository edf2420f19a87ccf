//! Entry point of the `mainstay` program.

fn main() {}
