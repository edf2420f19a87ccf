//! Packs as they are named on the command line.

use std::path::Path;

use mainstay_app::{App, Caller};
use mainstay_domain::policy::PolicyVersion;
use mainstay_policy::{Level, Pack, PackSource, Problem, Refusal, builtin, builtin_names};

use crate::Failure;
use crate::command::store::StoreFlags;

/// The text of a pack that was named on the command line: with an @ one of the store's versions, otherwise a folder, or
/// one of the program's own.
///
/// # Errors
/// Says what there is instead.
pub fn source_of(name: &str, store: &StoreFlags) -> Result<PackSource, Failure> {
    match name.strip_prefix('@') {
        Some(version) => {
            let version = Version::parse(version)?;
            store.open_existing(async |app| version.source(app).await)
        }
        None => source_outside_the_store(name),
    }
}

/// Reads a pack for a command that needs a sound one.
///
/// # Errors
/// As [`source_of`], and for a pack that is not sound, whose problems are printed.
pub fn load(name: &str, store: &StoreFlags) -> Result<Pack, Failure> {
    check(name, &source_of(name, store)?)
}

/// Reads the text of a pack for a command that needs a sound one.
///
/// # Errors
/// Fails for a pack that is not sound, whose problems are printed.
pub fn check(name: &str, source: &PackSource) -> Result<Pack, Failure> {
    mainstay_policy::load(source).map_err(|refusal| refused(name, source, &refusal))
}

/// Prints what is wrong with a pack.
pub fn refused(name: &str, source: &PackSource, refusal: &Refusal) -> Failure {
    for problem in &refusal.problems {
        eprintln!("{}", problem.render(source));
    }
    Failure::new(format!(
        "the pack {name} has {}",
        counted(&refusal.problems)
    ))
}

/// `2 errors and 1 warning`.
pub fn counted(problems: &[Problem]) -> String {
    let errors = problems
        .iter()
        .filter(|problem| problem.level == Level::Error)
        .count();
    let number = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    match (errors, problems.len() - errors) {
        (errors, 0) => number(errors, "error"),
        (0, warnings) => number(warnings, "warning"),
        (errors, warnings) => format!(
            "{} and {}",
            number(errors, "error"),
            number(warnings, "warning")
        ),
    }
}

/// The text of a pack of a folder, or one of the program's own.
///
/// # Errors
/// Says what there is instead.
pub fn source_outside_the_store(pack: &str) -> Result<PackSource, Failure> {
    let folder = Path::new(pack);
    if folder.is_dir() {
        return PackSource::from_folder(folder).map_err(|error| Failure::new(error.to_string()));
    }
    if folder.is_file() {
        let parent = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        return Err(Failure::new(format!("`{pack}` is a file, and a pack is a folder"))
            .with_remedy(format!(
                "name the folder that it lies in: `{}`. A pack in one file is a folder that holds nothing but its pack.toml",
                parent.display()
            )));
    }
    builtin(pack).ok_or_else(|| {
        let names: Vec<&str> = builtin_names().collect();
        Failure::new(format!("there is no folder and no pack `{pack}`")).with_remedy(format!(
            "name a folder that holds a pack.toml, a version of the store such as @in-force or @3, or one of {}",
            names.join(", ")
        ))
    })
}

/// A version of the policy in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    InForce,
    Number(PolicyVersion),
}

impl Version {
    fn parse(text: &str) -> Result<Self, Failure> {
        if text == "in-force" {
            return Ok(Self::InForce);
        }
        let number = text.parse().map_err(|_| {
            Failure::new(format!("`@{text}` names no version of the policy"))
                .with_remedy("name one as @in-force, or by its number, such as @3")
        })?;
        Ok(Self::Number(PolicyVersion(number)))
    }

    async fn source(self, app: &App) -> Result<PackSource, Failure> {
        let in_force = app.policy().version();
        if in_force == PolicyVersion(0) && matches!(self, Self::InForce) {
            let failure = Failure::new("no policy was applied to this store yet");
            return Err(failure.with_remedy(format!(
                "apply one with `mainstay policy apply {}`",
                mainstay_policy::DEFAULT_PACK
            )));
        }
        let version = match self {
            Self::InForce => in_force,
            Self::Number(version) => version,
        };
        app.policy_source(&Caller::machine(), version)
            .await
            .map_err(|error| {
                Failure::of(&error).with_remedy("`mainstay policy history` lists the versions")
            })
    }
}
