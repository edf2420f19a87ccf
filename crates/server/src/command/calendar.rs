//! `mainstay calendar`: business calendars.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::civil::Date;
use mainstay_app::Clock as _;
use mainstay_app::calendar::{Weeks, weeks};
use mainstay_calendar::Calendar;
use mainstay_domain::name::CalendarName;
use mainstay_policy::DEFAULT_PACK;
use serde_json::{Value, json};

use super::output::say;
use super::policy::load;
use super::store::StoreFlags;
use crate::Failure;
use crate::time::WallClock;

pub mod drawing;
pub mod vectors;

use vectors::VectorFile;

/// What can be done with business calendars.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compute the cases of a calendar-vectors/1 file and print one JSON line per case
    ///
    /// Each line is {"id":…,"result":…} or {"id":…,"error":…}, in the order of the cases. A case that cannot be computed
    /// does not keep the others from being computed.
    Run {
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Draw the coming four weeks of a calendar, with its holidays and its open hours
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
}

/// Which calendar to draw, and from when.
#[derive(Debug, Args)]
pub struct Show {
    /// The calendar's name
    name: String,
    /// The policy pack that defines it: a folder, the name of a pack that comes with the program, or a version of the
    /// store, such as @3; the one in force when absent, and where there is no store yet, the recommended one
    #[arg(long, value_name = "PACK", conflicts_with = "file")]
    pack: Option<String>,
    /// A calendar-vectors/1 file that defines it, or - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A date of the first week to draw (today, unless given)
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Print one JSON object: each day's open intervals, and the holidays of the coming year
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

const SHOW_EXAMPLES: &str = "\
Examples:
  mainstay calendar show business-hours
  mainstay calendar show business-hours --pack mainstay --from 2026-12-21
  mainstay calendar show desk --file vectors.json --json";

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Run { file } => run_vectors(&file),
            Self::Show(show) => show.run(),
        }
    }
}

fn run_vectors(path: &Path) -> Result<(), Failure> {
    let file = read_vectors(path)?;
    let mut out = BufWriter::new(io::stdout().lock());
    for outcome in file.outcomes() {
        match writeln!(out, "{outcome}") {
            // Whoever reads the lines has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(cannot_print)?,
        }
    }
    out.flush().or_else(|error| match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(cannot_print(error)),
    })
}

impl Show {
    fn run(self) -> Result<(), Failure> {
        let calendar = match &self.file {
            Some(file) => calendar_of_file(file, &self.name)?,
            None => calendar_of_pack(self.pack()?, &self.name, &self.store)?,
        };
        let from = self
            .from
            .unwrap_or_else(|| calendar.time_zone().to_datetime(WallClock.now()).date());
        if self.json {
            let weeks = weeks(&calendar, from);
            return say(weeks_json(&self.name, &calendar, &weeks));
        }
        let drawing = drawing::draw(&calendar, &self.name, from);
        match io::stdout().lock().write_all(drawing.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(cannot_print),
        }
    }
}

impl Show {
    fn pack(&self) -> Result<&str, Failure> {
        if let Some(pack) = &self.pack {
            return Ok(pack);
        }
        if !self.store.is_before_all()? {
            return Ok("@in-force");
        }
        eprintln!(
            "There is no store yet: this is a calendar of the pack `{DEFAULT_PACK}`, which comes with the program."
        );
        Ok(DEFAULT_PACK)
    }
}

fn weeks_json(name: &str, calendar: &Calendar, weeks: &Weeks) -> Value {
    let days = weeks.days.iter().map(|day| {
        let open = day.open.iter();
        let open = open.map(|(from, until)| json!([from.to_string(), until.to_string()]));
        json!({
            "date": day.date.to_string(),
            "open_seconds": day.open_seconds,
            "open": open.collect::<Vec<_>>(),
            "closed_by": day.closed_by,
        })
    });
    let holidays = weeks.holidays.iter();
    let holidays =
        holidays.map(|holiday| json!({ "date": holiday.date.to_string(), "name": holiday.name }));
    json!({
        "calendar": name,
        "time_zone": calendar.time_zone().iana_name(),
        "days": days.collect::<Vec<_>>(),
        "holidays": holidays.collect::<Vec<_>>(),
    })
}

fn calendar_of_file(path: &Path, name: &str) -> Result<Calendar, Failure> {
    let file = read_vectors(path)?;
    file.calendar(name).map_err(|what| {
        let known = file.calendar_names().collect::<Vec<_>>().join(", ");
        Failure::new(format!("{}: {what}", path.display()))
            .with_remedy(format!("the calendars of this file are: {known}"))
    })
}

fn calendar_of_pack(pack: &str, name: &str, store: &StoreFlags) -> Result<Calendar, Failure> {
    let pack = load(pack, store)?.policy;
    let calendar = pack.calendars.get(&CalendarName::from(name));
    calendar.cloned().ok_or_else(|| {
        let known: Vec<&str> = pack.calendars.keys().map(CalendarName::as_str).collect();
        Failure::new(format!("the pack {} has no calendar `{name}`", pack.pack))
            .with_remedy(format!("it has {}", known.join(", ")))
    })
}

fn read_vectors(path: &Path) -> Result<VectorFile, Failure> {
    let standard_input = path == Path::new("-");
    let name = if standard_input {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let bytes = if standard_input {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|error| {
        Failure::new(format!("cannot read {name}: {error}"))
            .with_remedy("give the path of a calendar-vectors/1 file, or - to read standard input")
    })?;
    VectorFile::parse(&bytes).map_err(|what| {
        Failure::new(format!("{name}{what}")).with_remedy(
            "a calendar-vectors/1 file is a JSON object with `format`, `calendars` and `cases`",
        )
    })
}

fn cannot_print(error: io::Error) -> Failure {
    Failure::new(format!("cannot write to standard output: {error}"))
}
