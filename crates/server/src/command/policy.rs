//! `mainstay policy`: policy packs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mainstay_policy::{Pack, PackSource, Refusal, builtin_names};
use serde_json::{Value, json};

use super::output::say;
use super::store::StoreFlags;
use crate::Failure;

mod source;
mod stored;

use source::{counted, refused, source_of};
pub(crate) use source::{load, source_outside_the_store};

/// What can be done with policy packs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a pack and point at everything that is wrong with it
    Check(OnePack),
    /// Show what a pack promises
    Show(OnePack),
    /// Compare two packs by what they promise
    Diff(TwoPacks),
    /// Put a pack in force: from now on it makes the promises
    ///
    /// What was promised before stays as it was. Services that use the store follow within a second.
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(stored::Apply),
    /// List the versions that were applied, the latest first
    History(stored::History),
    /// Put an earlier version in force again, as a new version
    Rollback(stored::Rollback),
    /// Show which running clocks would be due at another instant under a pack, and change nothing
    Preview(stored::Preview),
    /// Print or write the JSON Schema of each kind of file, for editors
    Schema(SchemaOutput),
    /// List what may stand between {{ and }} in a message template
    Variables(Output),
    /// List the packs that come with the program
    List(Output),
}

const APPLY_EXAMPLES: &str = "\
Examples:
  mainstay policy check ./our-pack
  mainstay policy diff @in-force ./our-pack
  mainstay policy preview ./our-pack
  mainstay policy apply ./our-pack --note \"Gold customers get an answer within half an hour\"";

/// A pack, and how to print.
#[derive(Debug, Args)]
pub struct OnePack {
    /// A folder of TOML files, the name of a pack that comes with the program, or a version of the store: @in-force, @3
    pack: String,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    store: StoreFlags,
}

/// Two packs, and how to print.
#[derive(Debug, Args)]
pub struct TwoPacks {
    /// The pack before: a folder, the name of a pack that comes with the program, or a version: @in-force, @3
    before: String,
    /// The pack after, likewise
    after: String,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    store: StoreFlags,
}

/// Which schema to print, or where to write them all.
#[derive(Debug, Args)]
pub struct SchemaOutput {
    /// The kind of file, such as `tiers`; all of them when absent
    kind: Option<String>,
    /// Write one file for each kind into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "kind")]
    out: Option<PathBuf>,
}

/// How to print.
#[derive(Debug, Args)]
pub struct Output {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Check(one) => check(&one),
            Self::Show(one) => show(&one),
            Self::Diff(two) => diff(&two),
            Self::Apply(apply) => apply.run(),
            Self::History(history) => history.run(),
            Self::Rollback(rollback) => rollback.run(),
            Self::Preview(preview) => preview.run(),
            Self::Schema(output) => schema(&output),
            Self::Variables(output) => variables(&output),
            Self::List(output) => list(&output),
        }
    }
}

fn check(one: &OnePack) -> Result<(), Failure> {
    let source = source_of(&one.pack, &one.store)?;
    let outcome = mainstay_policy::load(&source);
    if one.output.json {
        print_check(&source, &outcome)?;
    }
    match outcome {
        Ok(pack) => {
            if !one.output.json {
                for warning in &pack.warnings {
                    eprintln!("{}", warning.render(&source));
                }
                say(verdict(&pack))?;
            }
            Ok(())
        }
        Err(refusal) if one.output.json => Err(Failure::new(format!(
            "the pack {} has {}",
            one.pack,
            counted(&refusal.problems)
        ))),
        Err(refusal) => Err(refused(&one.pack, &source, &refusal)),
    }
}

fn verdict(pack: &Pack) -> String {
    let policy = &pack.policy;
    let warnings = match pack.warnings.len() {
        0 => String::new(),
        _ => format!(", {}", counted(&pack.warnings)),
    };
    format!(
        "{} {}: {} tiers, {} commitments with {} promises, {} ladders, {} calendars{warnings}: sound",
        policy.pack,
        policy.pack_version,
        policy.tiers.len(),
        policy.commitments.len(),
        mainstay_policy::promises(policy).len() + policy.uptime.len(),
        policy.ladders.len(),
        policy.calendars.len(),
    )
}

fn print_check(source: &PackSource, outcome: &Result<Pack, Refusal>) -> Result<(), Failure> {
    let problems = match outcome {
        Ok(pack) => &pack.warnings,
        Err(refusal) => &refusal.problems,
    };
    let problems: Vec<Value> = problems
        .iter()
        .map(|problem| {
            json!({
                "level": problem.level.to_string(),
                "message": problem.message,
                "file": problem.place.as_ref().map(|place| place.file.as_ref()),
                "line": problem.place.as_ref().map(|place| place.line),
                "column": problem.column(source),
                "expected": problem.expected,
                "help": problem.help,
            })
        })
        .collect();
    say(json!({ "sound": outcome.is_ok(), "digest": source.digest(), "problems": problems }))
}

fn show(one: &OnePack) -> Result<(), Failure> {
    let pack = load(&one.pack, &one.store)?;
    if one.output.json {
        say(mainstay_policy::to_json(&pack))
    } else {
        say(mainstay_policy::to_text(&pack).trim_end())
    }
}

fn diff(two: &TwoPacks) -> Result<(), Failure> {
    let changes = mainstay_policy::diff(
        &load(&two.before, &two.store)?,
        &load(&two.after, &two.store)?,
    );
    if two.output.json {
        let changes: Vec<Value> = changes
            .iter()
            .map(mainstay_policy::Change::to_json)
            .collect();
        return say(json!({ "before": two.before, "after": two.after, "changes": changes }));
    }
    for change in &changes {
        say(change)?;
    }
    match changes.len() {
        0 => say("The packs say the same."),
        1 => say("1 change"),
        count => say(format_args!("{count} changes")),
    }
}

fn schema(output: &SchemaOutput) -> Result<(), Failure> {
    let files = mainstay_policy::schema_files();
    if let Some(folder) = &output.out {
        for (name, text) in &files {
            let path = folder.join(name);
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, text))
                .map_err(|error| {
                    Failure::new(format!("cannot write {}: {error}", path.display()))
                })?;
        }
        return say(format_args!(
            "{} schemas written to {}",
            files.len(),
            folder.display()
        ));
    }
    let Some(kind) = &output.kind else {
        let all: serde_json::Map<String, Value> = files
            .iter()
            .filter_map(|(name, text)| Some((name.clone(), serde_json::from_str(text).ok()?)))
            .collect();
        return say(Value::Object(all));
    };
    let wanted = format!("{}.json", kind.trim_end_matches(".toml"));
    let Some((_, text)) = files.iter().find(|(name, _)| *name == wanted) else {
        let kinds: Vec<&str> = files
            .iter()
            .map(|(name, _)| name.trim_end_matches(".json"))
            .collect();
        return Err(Failure::new(format!("a pack has no file `{kind}`"))
            .with_remedy(format!("there are {}", kinds.join(", "))));
    };
    say(text.trim_end())
}

fn variables(output: &Output) -> Result<(), Failure> {
    if output.json {
        let all: serde_json::Map<String, Value> = mainstay_policy::VARIABLES
            .iter()
            .map(|(name, what)| ((*name).to_owned(), json!(what)))
            .collect();
        return say(Value::Object(all));
    }
    let names = mainstay_policy::VARIABLES
        .iter()
        .map(|(name, _)| name.len());
    let width = names.max().unwrap_or(0);
    for (name, what) in mainstay_policy::VARIABLES {
        say(format_args!("{name:width$}  {what}"))?;
    }
    Ok(())
}

fn list(output: &Output) -> Result<(), Failure> {
    let mut entries = Vec::new();
    for name in builtin_names() {
        let pack = load(name, &StoreFlags::default())?;
        entries.push((name, pack));
    }
    if output.json {
        let entries: Vec<Value> = entries
            .iter()
            .map(|(name, pack)| {
                json!({
                    "pack": name,
                    "version": pack.policy.pack_version,
                    "title": pack.policy.title,
                    "description": pack.policy.description,
                    "digest": pack.digest,
                })
            })
            .collect();
        return say(Value::Array(entries));
    }
    let width = entries
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    for (name, pack) in &entries {
        say(format_args!("{name:width$}  {}", pack.policy.title))?;
        say(format_args!("{:width$}  {}", "", pack.policy.description))?;
    }
    Ok(())
}
