//! The packs that come with the program.

use crate::source::PackSource;

/// The name of the pack that is recommended to whoever has none.
pub const DEFAULT_PACK: &str = "mainstay";

/// A pack's name and its files.
type Embedded = (&'static str, &'static [(&'static str, &'static str)]);

const PACKS: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/builtin_packs.rs"));

/// The names of the packs that come with the program.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

/// A pack that comes with the program, by its name.
#[must_use]
pub fn builtin(name: &str) -> Option<PackSource> {
    let (_, files) = PACKS.iter().find(|(other, _)| *other == name)?;
    Some(PackSource::new(files.iter().copied()))
}
