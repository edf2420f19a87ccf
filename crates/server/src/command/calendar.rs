//! `mainstay calendar`: business calendars.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use mainstay_calendar::Calendar;

use crate::Failure;

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
    Show(Show),
}

/// Which calendar to draw, and from when.
#[derive(Debug, Args)]
pub struct Show {
    /// The calendar's name
    name: String,
    /// The folder of the policy pack that defines it
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with = "file",
        required_unless_present = "file"
    )]
    pack: Option<PathBuf>,
    /// A calendar-vectors/1 file that defines it, or - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A date of the first week to draw (today, unless given)
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
}

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
        let calendar = match (&self.file, &self.pack) {
            (Some(file), _) => calendar_of_file(file, &self.name)?,
            (None, Some(pack)) => calendar_of_pack(pack, &self.name)?,
            (None, None) => {
                return Err(Failure::new("no place was given to look for the calendar")
                    .with_remedy("name a policy pack with --pack or a file with --file"));
            }
        };
        let from = self
            .from
            .unwrap_or_else(|| calendar.time_zone().to_datetime(Timestamp::now()).date());
        let drawing = drawing::draw(&calendar, &self.name, from);
        match io::stdout().lock().write_all(drawing.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(cannot_print),
        }
    }
}

fn calendar_of_file(path: &Path, name: &str) -> Result<Calendar, Failure> {
    let file = read_vectors(path)?;
    file.calendar(name).map_err(|what| {
        let known = file.calendar_names().collect::<Vec<_>>().join(", ");
        Failure::new(format!("{}: {what}", path.display()))
            .with_remedy(format!("the calendars of this file are: {known}"))
    })
}

fn calendar_of_pack(pack: &Path, name: &str) -> Result<Calendar, Failure> {
    Err(Failure::new(format!(
        "calendar `{name}` cannot be read from {}: this version reads calendars from files only",
        pack.display()
    ))
    .with_remedy("name a calendar-vectors/1 file with --file"))
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
