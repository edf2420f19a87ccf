//! The form of the stream: a line that says what it is, then frames, compressed.
//!
//! A frame is a letter, the length of what follows in four bytes, and what follows. `H` is the head, `T` the name and
//! columns of a table, `R` a row of it, `F` the digest of a file, `P` the place of an upload or of an export's archive, `B` a
//! part of the bytes of either, `E` the end with counts and digests. All but `B` are JSON. A stream without its end is no
//! backup.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_store::dump::{Cell, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::BackupError;
use crate::attachment::Place;

/// The first line.
const MARK: &[u8; 18] = b"mainstay backup 1\n";

/// No frame is longer; a file comes in parts.
const LONGEST: usize = 256 << 20;

/// What the stream begins with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// When it was made.
    pub at: Timestamp,
    /// By which version of the program.
    pub version: String,
    /// The steps of the schema that its rows were written by.
    pub steps: Vec<String>,
}

/// A table that begins.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TableHead {
    pub name: String,
    pub columns: Vec<(String, String)>,
}

/// How many rows there were, whatever their order, and what they were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub rows: u64,
    /// The sum of the SHA-256 of every row, as four numbers, so that the order does not matter and two alike count twice.
    sum: [u64; 4],
}

impl Sum {
    pub(super) fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        let digest = Sha256::digest(row);
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            let part = part.try_into().map_or(0, u64::from_be_bytes);
            *sum = sum.wrapping_add(part);
        }
    }
}

/// What the stream ends with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct End {
    pub tables: BTreeMap<String, Sum>,
    pub files: u64,
    /// The SHA-256 of every frame before.
    pub sha256: String,
}

/// A frame that was read.
#[derive(Debug)]
pub(super) enum Frame {
    Head(Head),
    Table(TableHead),
    Row(Vec<u8>),
    File(Digest),
    Place(Place),
    Bytes(Vec<u8>),
    End(End),
}

/// Writes frames.
pub(super) struct Writer<W: Write> {
    out: GzEncoder<W>,
    digest: Sha256,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(mut out: W) -> Result<Self, BackupError> {
        out.write_all(MARK)?;
        Ok(Self {
            out: GzEncoder::new(out, Compression::fast()),
            digest: Sha256::new(),
        })
    }

    pub(super) fn json(&mut self, letter: u8, value: &impl Serialize) -> Result<(), BackupError> {
        let bytes = serde_json::to_vec(value).map_err(|error| damaged(error.to_string()))?;
        self.bytes(letter, &bytes)
    }

    pub(super) fn bytes(&mut self, letter: u8, bytes: &[u8]) -> Result<(), BackupError> {
        let length = u32::try_from(bytes.len())
            .ok()
            .filter(|_| bytes.len() <= LONGEST)
            .ok_or_else(|| damaged(format!("{} bytes are too many for a row", bytes.len())))?;
        for part in [&[letter][..], &length.to_be_bytes(), bytes] {
            self.digest.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, mut end: End) -> Result<W, BackupError> {
        end.sha256 = hex(self.digest.clone());
        self.json(b'E', &end)?;
        Ok(self.out.finish()?)
    }
}

/// Reads frames.
pub(super) struct Reader<R: Read> {
    input: GzDecoder<R>,
    digest: Sha256,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(mut input: R) -> Result<Self, BackupError> {
        let mut mark = [0; MARK.len()];
        let read = input.read_exact(&mut mark);
        if read.is_err() || mark != *MARK {
            return Err(damaged("this is no backup of Mainstay".to_owned()));
        }
        Ok(Self {
            input: GzDecoder::new(input),
            digest: Sha256::new(),
        })
    }

    pub(super) fn frame(&mut self) -> Result<Frame, BackupError> {
        let before = hex(self.digest.clone());
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let [letter, length @ ..] = head;
        let length = u32::from_be_bytes(length) as usize;
        if length > LONGEST {
            return Err(damaged(
                "the backup is damaged: a part is too long".to_owned(),
            ));
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        self.digest.update(head);
        self.digest.update(&bytes);
        Ok(match letter {
            b'H' => Frame::Head(parse(&bytes)?),
            b'T' => Frame::Table(parse(&bytes)?),
            b'R' => Frame::Row(bytes),
            b'F' => {
                let name: String = parse(&bytes)?;
                let digest = name
                    .parse()
                    .map_err(|_| damaged(format!("{name} is no digest")))?;
                Frame::File(digest)
            }
            b'P' => {
                let name: String = parse(&bytes)?;
                let place = Place::parse(&name).ok_or_else(|| {
                    damaged(format!(
                        "the backup holds {name}, which this version does not know"
                    ))
                })?;
                Frame::Place(place)
            }
            b'B' => Frame::Bytes(bytes),
            b'E' => {
                let end: End = parse(&bytes)?;
                if end.sha256 != before {
                    return Err(damaged(
                        "the backup is damaged: its digest does not fit".to_owned(),
                    ));
                }
                Frame::End(end)
            }
            other => {
                return Err(damaged(format!(
                    "the backup is damaged: {other} is no part"
                )));
            }
        })
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.input
            .read_exact(bytes)
            .map_err(|error| damaged(format!("the backup is cut off or damaged: {error}")))
    }
}

pub(super) fn damaged(what: String) -> BackupError {
    BackupError::Damaged(what)
}

fn hex(digest: Sha256) -> String {
    Digest(digest.finalize().into()).to_string()
}

fn parse<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, BackupError> {
    serde_json::from_slice(bytes)
        .map_err(|error| damaged(format!("the backup is damaged: {error}")))
}

/// A row as it stands in the stream.
pub(super) fn row_bytes(row: Vec<Cell>) -> Vec<u8> {
    let cells = row.into_iter().map(|cell| match cell {
        Cell::Null => Value::Null,
        Cell::Integer(value) => value.into(),
        Cell::Real(value) => value.into(),
        Cell::Text(value) => value.into(),
        Cell::Boolean(value) => value.into(),
        Cell::Bytes(value) => STANDARD.encode(value).into(),
    });
    Value::Array(cells.collect()).to_string().into_bytes()
}

/// The row that stands in the stream.
pub(super) fn row_cells(bytes: &[u8], kinds: &[Kind]) -> Result<Vec<Cell>, BackupError> {
    let cells: Vec<Value> = parse(bytes)?;
    if cells.len() != kinds.len() {
        return Err(damaged(
            "the backup is damaged: a row has too many or too few values".to_owned(),
        ));
    }
    cells
        .into_iter()
        .zip(kinds)
        .map(|(cell, kind)| {
            let read = match (kind, cell) {
                (_, Value::Null) => Some(Cell::Null),
                (Kind::Integer, Value::Number(value)) => value.as_i64().map(Cell::Integer),
                (Kind::Real, Value::Number(value)) => value.as_f64().map(Cell::Real),
                (Kind::Text, Value::String(value)) => Some(Cell::Text(value)),
                (Kind::Boolean, Value::Bool(value)) => Some(Cell::Boolean(value)),
                (Kind::Bytes, Value::String(value)) => STANDARD.decode(value).ok().map(Cell::Bytes),
                _ => None,
            };
            read.ok_or_else(|| damaged(format!("the backup is damaged: a value is no {kind:?}")))
        })
        .collect()
}

/// The names of kinds in the stream.
const KINDS: [(Kind, &str); 5] = [
    (Kind::Integer, "integer"),
    (Kind::Real, "real"),
    (Kind::Text, "text"),
    (Kind::Boolean, "boolean"),
    (Kind::Bytes, "bytes"),
];

pub(super) fn kind_name(kind: Kind) -> String {
    let found = KINDS.iter().find(|(known, _)| *known == kind);
    found.map_or("", |(_, name)| name).to_owned()
}

pub(super) fn kind_of(name: &str) -> Result<Kind, BackupError> {
    let found = KINDS.iter().find(|(_, known)| *known == name);
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        damaged(format!(
            "the backup holds {name}, which this version does not know"
        ))
    })
}
