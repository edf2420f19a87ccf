//! Reading the stream into an empty store.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek as _, Write as _};

use jiff::Timestamp;
use mainstay_domain::digest::Digest;
use mainstay_store::dump::{Cell, Filling, Kind, Table};
use mainstay_store::{Store, StoreOptions};

use super::format::{End, Frame, Head, Reader, Sum, damaged, kind_of, row_bytes, row_cells};
use super::{BackupError, Summary};
use crate::attachment::{Blobs, Place, digest};

/// How many rows are written with one call.
const AT_ONCE: usize = 500;

/// Fills an empty store, or one that is not there yet, with a stream: all of it or nothing. Before anything is kept, every
/// row is read back and compared with what the stream says it holds, and every file with its name. Then the schema is
/// brought up to date.
///
/// # Errors
/// [`BackupError::Damaged`] when the stream is, or when what was written is not what was read;
/// [`BackupError::Store`] when the store is not empty or is written by a newer version.
pub async fn read<R: Read>(
    input: R,
    options: &StoreOptions,
    blobs: Option<&Blobs>,
) -> Result<Summary, BackupError> {
    let mut reader = Reader::new(input)?;
    let Frame::Head(head) = reader.frame()? else {
        return Err(damaged("the backup is damaged: it has no head".to_owned()));
    };
    let filling = Filling::begin(options, &head.steps).await?;
    let mut reading = Reading {
        filling,
        blobs,
        table: None,
        rows: Vec::new(),
        sums: BTreeMap::new(),
        tables: Vec::new(),
        file: None,
        files: 0,
    };
    let end = loop {
        match reader.frame()? {
            Frame::Head(_) => return Err(damaged("the backup is damaged: two heads".to_owned())),
            Frame::Table(head) => {
                reading.flush().await?;
                let columns: Result<Vec<(String, Kind)>, BackupError> = head
                    .columns
                    .into_iter()
                    .map(|(name, kind)| Ok((name, kind_of(&kind)?)))
                    .collect();
                reading.begin(&head.name, &columns?)?;
            }
            Frame::Row(row) => reading.row(&row).await?,
            Frame::File(name) => {
                reading.flush().await?;
                reading.file = Some(Arriving::Known(name, Vec::new()));
            }
            Frame::Place(place) => {
                reading.flush().await?;
                reading.file = Some(Arriving::Waiting(place, tempfile::tempfile()?));
            }
            Frame::Bytes(bytes) => match &mut reading.file {
                Some(Arriving::Known(_, file)) => file.extend(bytes),
                Some(Arriving::Waiting(_, file)) => file.write_all(&bytes)?,
                None => {
                    return Err(damaged(
                        "the backup is damaged: bytes of no file".to_owned(),
                    ));
                }
            },
            Frame::End(end) => break end,
        }
    };
    let summary = reading.finish(&end).await?;
    Store::open(options).await?.close().await?;
    Ok(summary)
}

/// When a backup was made, and by which version of the program.
///
/// # Errors
/// [`BackupError::Damaged`] when it is no backup.
pub fn restored_from<R: Read>(input: R) -> Result<(Timestamp, String), BackupError> {
    match Reader::new(input)?.frame()? {
        Frame::Head(Head { at, version, .. }) => Ok((at, version)),
        _ => Err(damaged("the backup is damaged: it has no head".to_owned())),
    }
}

struct Reading<'a> {
    filling: Filling,
    blobs: Option<&'a Blobs>,
    table: Option<(Table, Vec<Kind>)>,
    rows: Vec<Vec<Cell>>,
    sums: BTreeMap<String, Sum>,
    tables: Vec<Table>,
    file: Option<Arriving>,
    files: u64,
}

/// A file whose parts come one after the other.
enum Arriving {
    /// One that is known by its digest.
    Known(Digest, Vec<u8>),
    /// One at a place of its own. An archive may be larger than the memory.
    Waiting(Place, File),
}

impl Reading<'_> {
    fn begin(&mut self, name: &str, columns: &[(String, Kind)]) -> Result<(), BackupError> {
        let table = self.filling.table(name, columns)?;
        let kinds = columns.iter().map(|(_, kind)| *kind).collect();
        self.sums.insert(name.to_owned(), Sum::default());
        self.tables.push(table.clone());
        self.table = Some((table, kinds));
        Ok(())
    }

    async fn row(&mut self, row: &[u8]) -> Result<(), BackupError> {
        let Some((table, kinds)) = &self.table else {
            return Err(damaged(
                "the backup is damaged: a row of no table".to_owned(),
            ));
        };
        if let Some(sum) = self.sums.get_mut(&table.name) {
            sum.add(row);
        }
        self.rows.push(row_cells(row, kinds)?);
        if self.rows.len() == AT_ONCE {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what has come together.
    async fn flush(&mut self) -> Result<(), BackupError> {
        if let Some((table, _)) = &self.table {
            let rows = std::mem::take(&mut self.rows);
            if !rows.is_empty() {
                self.filling.insert(table, rows).await?;
            }
        }
        let (Some(file), Some(blobs)) = (self.file.take(), self.blobs) else {
            return Ok(());
        };
        let kept = match file {
            Arriving::Known(name, bytes) => {
                if digest(&bytes) != name {
                    return Err(damaged(format!("the file {name} in the backup is damaged")));
                }
                blobs.put(bytes).await.map(|_| ())
            }
            Arriving::Waiting(place, mut file) => {
                file.rewind()?;
                let file = tokio::fs::File::from_std(file);
                blobs.keep_at(place, file).await.map(|_| ())
            }
        };
        kept.map_err(|error| BackupError::Files(error.to_string()))?;
        self.files += 1;
        Ok(())
    }

    /// Reads everything back before it is kept.
    async fn finish(mut self, end: &End) -> Result<Summary, BackupError> {
        self.flush().await?;
        if self.sums != end.tables {
            return Err(damaged(
                "the backup is damaged: its rows are not those that it counts".to_owned(),
            ));
        }
        if self.blobs.is_some() && self.files != end.files {
            return Err(damaged(format!(
                "the backup is damaged: it holds {} files and counts {}",
                self.files, end.files
            )));
        }
        for table in &self.tables {
            let mut sum = Sum::default();
            self.filling
                .rows(table, |row| {
                    sum.add(&row_bytes(row));
                    Ok::<(), BackupError>(())
                })
                .await?;
            if self.sums.get(&table.name) != Some(&sum) {
                return Err(damaged(format!(
                    "the table {} was written with {} rows that are not those of the backup; nothing was kept",
                    table.name, sum.rows
                )));
            }
        }
        self.filling.finish().await?;
        let rows = self.sums.into_iter().map(|(name, sum)| (name, sum.rows));
        Ok(Summary {
            rows: rows.collect(),
            files: self.files,
            unreadable: Vec::new(),
        })
    }
}
