//! Figures into HTML, CSV and SVG, and the ledger of a deadline into words.

pub mod explanation;
