//! `mainstay import`: bringing in what another system knows.

use std::cell::Cell;
use std::fs::File;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use mainstay_app::import::{
    Comparison, ImportMap, ImportMode, ImportOptions, ImportProgress, ImportReport, OurVerdicts,
    Remark, Remarked,
};
use mainstay_app::policy::PolicyInForce;
use mainstay_app::{App, AppError, Caller};
use mainstay_domain::name::TierName;
use mainstay_domain::policy::PolicyVersion;
use mainstay_policy::{DEFAULT_PACK, PackSource};
use serde_json::{Value, json};

use super::output::say;
use super::policy::source_outside_the_store;
use super::serve::{in_runtime, stop_on_signal};
use crate::settings::{Flags, Settings};
use crate::time::WallClock;
use crate::{Failure, logging, service};

/// How many remarks on rows are shown on the screen; all of them go into `--rejected`.
const SHOWN: usize = 10;

/// What can be brought in.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring in tickets with their histories; what is there already is not brought in twice
    Tickets(Box<Tickets>),
    /// List the maps that come with the program, or print one to begin your own with
    Maps(Maps),
}

/// The file, how to read it, and where to.
#[derive(Debug, Args)]
pub struct Tickets {
    /// A CSV or JSON file, gzipped or not
    file: PathBuf,
    /// What its columns mean: a TOML file, or the name of a map that comes with the program
    #[arg(long, value_name = "MAP")]
    map: String,
    /// Promise what this pack promises, where the store has no policy yet: a folder or a name [default: mainstay]
    #[arg(long, value_name = "PACK")]
    pack: Option<String>,
    /// The tier that new accounts are taken to have bought
    #[arg(long, value_name = "TIER")]
    tier: Option<String>,
    /// What to call the system the tickets come from [default: the map's name]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Bring in no more than so many new tickets
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Only read and judge the file; write nothing into the store
    #[arg(long)]
    check: bool,
    /// Write every row that was rejected, ignored or noted, with the reason, into this CSV file
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
    /// Print the summary as one JSON line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Which map.
#[derive(Debug, Args)]
pub struct Maps {
    /// Print this map
    name: Option<String>,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what is wrong with the file, the map, the settings or the store.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Tickets(tickets) => tickets.run(),
            Self::Maps(maps) => maps.run(),
        }
    }
}

impl Maps {
    fn run(self) -> Result<(), Failure> {
        let text = match &self.name {
            None => ImportMap::builtin_names()
                .map(|name| format!("{name}\n"))
                .collect(),
            Some(name) => builtin_map(name)?.text().to_owned(),
        };
        // Whoever reads may close the pipe early, as `head` does: that is no fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(())
    }
}

impl Tickets {
    fn run(self) -> Result<(), Failure> {
        let map = load_map(&self.map)?;
        self.open()?;
        let mut flags = self.flags.clone();
        flags.log_level = flags.log_level.or_else(|| Some("warn".to_owned()));
        let settings = Settings::load(&flags)?;
        let _traces = logging::start(&settings)?;
        let report = in_runtime(async {
            if service::store_file(&settings).is_some_and(|path| !path.exists()) {
                // Neither a check nor a refusal is to leave an empty store behind.
                let checked = self.check_apart(&flags, &map).await?;
                if self.check {
                    return Ok(checked);
                }
            }
            let app = service::open_with_policy(&settings, Arc::new(WallClock)).await?;
            if let Some(pack) = self.pack_to_apply(&app)? {
                // Whatever is wrong with the file or the map is found before anything is written.
                let checked = self.import(&app, &map, ImportMode::Check).await?;
                if self.check {
                    return Ok(checked);
                }
                self.apply(&app, &pack).await?;
            }
            let mode = if self.check {
                ImportMode::Check
            } else {
                ImportMode::Write
            };
            self.import(&app, &map, mode).await
        })?;
        if let Some(path) = &self.rejected {
            write_remarks(path, &report.remarks)?;
        }
        if self.json {
            say(summary(&report))
        } else {
            say(self.words(&report).trim_end())
        }
    }

    /// Judges the file in a store that is gone afterwards, for want of one that is there.
    async fn check_apart(&self, flags: &Flags, map: &ImportMap) -> Result<ImportReport, Failure> {
        let folder = tempfile::tempdir()
            .map_err(|error| Failure::new(format!("no temporary folder can be made: {error}")))?;
        let settings = Settings::load(&Flags {
            data: Some(folder.path().display().to_string()),
            database: Some(format!(
                "sqlite:{}",
                folder.path().join("check.db").display()
            )),
            ..flags.clone()
        })?;
        let app = service::open_with_policy(&settings, Arc::new(WallClock)).await?;
        self.pack_to_apply(&app)?;
        self.import(&app, map, ImportMode::Check).await
    }

    fn open(&self) -> Result<File, Failure> {
        File::open(&self.file).map_err(|error| {
            Failure::new(format!("{} cannot be read: {error}", self.file.display()))
                .with_remedy("give the path of a CSV or JSON file, gzipped or not")
        })
    }

    async fn import(
        &self,
        app: &App,
        map: &ImportMap,
        mode: ImportMode,
    ) -> Result<ImportReport, Failure> {
        let stop = stop_on_signal()?;
        let shown = Shown::new(self.json || mode == ImportMode::Check);
        let options = ImportOptions {
            source: self.source.clone(),
            tier: self.tier.as_deref().map(TierName::from),
            limit: self.limit,
            mode,
        };
        let report = app
            .import_tickets(
                &Caller::machine(),
                map,
                self.open()?,
                &options,
                |progress| shown.show(progress),
                || stop.is_cancelled(),
            )
            .await;
        shown.finish();
        report.map_err(|error| match error {
            AppError::Invalid(_) => Failure::new(format!("{}: {error}", self.file.display())),
            error => Failure::of(&error),
        })
    }

    /// Promises need a policy: the one in force, else the pack that was named, else the recommended one. The pack is put
    /// in force in this process only.
    fn pack_to_apply(&self, app: &App) -> Result<Option<PackSource>, Failure> {
        let policy = app.policy();
        if policy.version() != PolicyVersion(0) {
            let in_force = &policy.current().pack;
            return match &self.pack {
                Some(wanted) if wanted != in_force => Err(Failure::new(format!(
                    "the store promises what the pack {in_force} promises already, not {wanted}"
                ))
                .with_remedy(
                    "leave --pack out, apply the other pack first, or name another store with --data",
                )),
                _ => Ok(None),
            };
        }
        let name = self.pack.as_deref().unwrap_or(DEFAULT_PACK);
        let source = source_outside_the_store(name)?;
        let pack = mainstay_policy::load(&source).map_err(|_| {
            Failure::new(format!("the pack {name} has errors"))
                .with_remedy(format!("see mainstay policy check {name}"))
        })?;
        app.put_in_force(PolicyInForce::new(
            PolicyVersion(0),
            Arc::new(pack.policy),
            policy.book().clone(),
        ));
        Ok(Some(source))
    }

    async fn apply(&self, app: &App, pack: &PackSource) -> Result<(), Failure> {
        let note = "Applied by an import into a store that had no policy.";
        let applied = app
            .apply_policy(&Caller::machine(), pack, note)
            .await
            .map_err(|error| Failure::of(&error))?;
        eprintln!(
            "The store had no policy: the pack {} is in force now.",
            applied.pack
        );
        Ok(())
    }

    fn words(&self, report: &ImportReport) -> String {
        let made = report.made;
        let mut lines = vec![
            format!("{} rows tell of {} tickets.", report.rows, report.tickets),
            format!("  {:>8} brought in", report.imported),
            format!("  {:>8} had been brought in before", report.known),
        ];
        if report.left > 0 {
            lines.push(format!(
                "  {:>8} left: run the same command again to go on",
                report.left
            ));
        }
        lines.push(format!(
            "Made for them: {} accounts, {} contacts, {} teams, {} agents.",
            made.accounts, made.contacts, made.teams, made.agents
        ));
        self.add_remarks(&mut lines, &report.remarks);
        if let Some(comparison) = &report.comparison {
            lines.push(format!("\n{}", table(comparison)));
        }
        lines.join("\n")
    }

    fn add_remarks(&self, lines: &mut Vec<String>, remarks: &[Remarked]) {
        let count = |remark| {
            remarks
                .iter()
                .filter(|remarked| remarked.remark == remark)
                .count()
        };
        lines.push(format!(
            "Rows: {} rejected, {} ignored, {} noted.",
            count(Remark::Rejected),
            count(Remark::Ignored),
            count(Remark::Noted)
        ));
        for remarked in remarks.iter().take(SHOWN) {
            let line = remarked
                .line
                .map(|line| format!(" (line {line})"))
                .unwrap_or_default();
            let ticket = remarked
                .external_id
                .as_deref()
                .map(|id| format!(" {id}"))
                .unwrap_or_default();
            lines.push(format!(
                "  row {}{line}{ticket} {}: {}",
                remarked.row,
                remarked.remark.as_str(),
                remarked.reason
            ));
        }
        if remarks.len() > SHOWN {
            let advice = if self.rejected.is_some() {
                ""
            } else {
                "; --rejected FILE writes them all"
            };
            lines.push(format!("  … and {} more{advice}", remarks.len() - SHOWN));
        }
    }
}

fn load_map(name: &str) -> Result<ImportMap, Failure> {
    let path = Path::new(name);
    if !path.is_file() {
        return builtin_map(name);
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))?;
    ImportMap::parse(name, &text).map_err(|problem| {
        Failure::new(problem.to_string())
            .with_remedy("docs/import.md explains the language of maps")
    })
}

fn builtin_map(name: &str) -> Result<ImportMap, Failure> {
    ImportMap::builtin(name).ok_or_else(|| {
        let names: Vec<&str> = ImportMap::builtin_names().collect();
        Failure::new(format!("there is no file and no map {name:?}"))
            .with_remedy(format!("name a TOML file, or one of {}", names.join(", ")))
    })
}

/// Progress: a bar on a terminal, a line now and then otherwise.
struct Shown {
    bar: ProgressBar,
    lines: bool,
    tenths: Cell<usize>,
}

impl Shown {
    fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let style =
            ProgressStyle::with_template("Bringing in {bar:40} {pos}/{len} tickets, {eta} left");
        Self {
            bar: if quiet || !terminal {
                ProgressBar::hidden()
            } else {
                ProgressBar::new(0)
                    .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            },
            lines: !quiet && !terminal,
            tenths: Cell::new(0),
        }
    }

    fn show(&self, progress: ImportProgress) {
        self.bar.set_length(progress.total as u64);
        self.bar.set_position(progress.done as u64);
        let tenths = progress.done * 10 / progress.total.max(1);
        if self.lines && tenths > self.tenths.replace(tenths) {
            eprintln!(
                "{} of {} tickets are in the store.",
                progress.done, progress.total
            );
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn write_remarks(path: &Path, remarks: &[Remarked]) -> Result<(), Failure> {
    let refused =
        |error: csv::Error| Failure::new(format!("{} cannot be written: {error}", path.display()));
    let mut writer = csv::Writer::from_path(path).map_err(refused)?;
    writer
        .write_record(["row", "line", "external_id", "outcome", "reason"])
        .map_err(refused)?;
    for remarked in remarks {
        writer
            .write_record([
                remarked.row.to_string().as_str(),
                &remarked
                    .line
                    .map(|line| line.to_string())
                    .unwrap_or_default(),
                remarked.external_id.as_deref().unwrap_or_default(),
                remarked.remark.as_str(),
                &remarked.reason,
            ])
            .map_err(refused)?;
    }
    writer.flush().map_err(|error| refused(error.into()))
}

fn summary(report: &ImportReport) -> Value {
    let verdicts = |ours: OurVerdicts| json!({ "met": ours.met, "missed": ours.missed, "open": ours.open, "none": ours.none });
    json!({
        "rows": report.rows,
        "tickets": report.tickets,
        "imported": report.imported,
        "known": report.known,
        "left": report.left,
        "rejected": report.count(Remark::Rejected),
        "ignored": report.count(Remark::Ignored),
        "noted": report.count(Remark::Noted),
        "made": {
            "accounts": report.made.accounts,
            "contacts": report.made.contacts,
            "teams": report.made.teams,
            "agents": report.made.agents,
        },
        "comparison": report.comparison.as_ref().map(|comparison| json!({
            "name": comparison.name,
            "commitment": comparison.commitment.as_str(),
            "theirs_met": verdicts(comparison.theirs_met),
            "theirs_missed": verdicts(comparison.theirs_missed),
            "theirs_unknown": verdicts(comparison.theirs_unknown),
        })),
    })
}

/// Their verdicts beside ours.
fn table(comparison: &Comparison) -> String {
    let name = &comparison.name;
    let mut text = format!(
        "Their {name} beside our {}:\n  {:<24}{:>10}{:>10}{:>10}{:>10}{:>10}\n",
        comparison.commitment, "", "ours met", "missed", "open/void", "none", "total"
    );
    let rows = [
        (format!("{name}: yes"), comparison.theirs_met),
        (format!("{name}: no"), comparison.theirs_missed),
        (format!("{name}: not said"), comparison.theirs_unknown),
    ];
    for (title, ours) in rows {
        if ours.total() > 0 || !title.ends_with("said") {
            text += &format!(
                "  {title:<24}{:>10}{:>10}{:>10}{:>10}{:>10}\n",
                ours.met,
                ours.missed,
                ours.open,
                ours.none,
                ours.total()
            );
        }
    }
    let none =
        comparison.theirs_met.none + comparison.theirs_missed.none + comparison.theirs_unknown.none;
    if none > 0 {
        text += &format!(
            "The policy in force promises no {} for {none} of them: `mainstay policy show` says what it does.\n",
            comparison.commitment
        );
    }
    let agree = comparison.theirs_met.met + comparison.theirs_missed.missed;
    let judged = agree + comparison.theirs_met.missed + comparison.theirs_missed.met;
    let share = if judged == 0 {
        0.0
    } else {
        100.0 * agree as f64 / judged as f64
    };
    text += &format!(
        "Both say the same of {agree} of the {judged} tickets that both judge ({share:.1}%). That is no measure of right \
         and wrong:\ntheir targets and hours are not in the file. Ours are those of the policy in force.\n"
    );
    text
}
