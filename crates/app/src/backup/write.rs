//! Writing the stream.

use std::collections::BTreeMap;
use std::io::Write;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use mainstay_store::Store;
use mainstay_store::dump::Snapshot;

use super::format::{End, Head, Sum, TableHead, Writer, kind_name, row_bytes};
use super::{BackupError, Summary};
use crate::attachment::Blobs;
use crate::error::AppError;

/// How many bytes of a file one frame holds.
const PART: usize = 1 << 20;

/// Writes everything as it is at this instant, while others go on writing: every row, and the files of attachments where
/// they are given. Returns the stream, which is complete, but which the caller must still bring to the disk.
///
/// # Errors
/// Fails when the store does not answer or the stream cannot be written. A file that cannot be read does not fail the
/// backup of everything else; it is named in the summary.
pub async fn write<W: Write>(
    store: &Store,
    blobs: Option<&Blobs>,
    at: Timestamp,
    out: W,
) -> Result<(W, Summary), BackupError> {
    let snapshot = Snapshot::of(store).await?;
    let mut writer = Writer::new(out)?;
    let head = Head {
        at,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        steps: snapshot.steps().to_vec(),
    };
    writer.json(b'H', &head)?;
    let mut sums = BTreeMap::new();
    for table in snapshot.tables() {
        let columns = table.columns();
        let head = TableHead {
            name: table.name.clone(),
            columns: columns
                .map(|(name, kind)| (name.to_owned(), kind_name(kind)))
                .collect(),
        };
        writer.json(b'T', &head)?;
        let mut sum = Sum::default();
        snapshot
            .rows(table, |row| {
                let row = row_bytes(row);
                sum.add(&row);
                writer.bytes(b'R', &row)
            })
            .await?;
        sums.insert(table.name.clone(), sum);
    }
    // A file is kept before a row names it: whatever the rows name is there by now.
    let (mut files, mut unreadable) = (0, Vec::new());
    if let Some(blobs) = blobs {
        (files, unreadable) = write_files(blobs, &mut writer).await?;
    }
    let rows = sums
        .iter()
        .map(|(name, sum): (&String, &Sum)| (name.clone(), sum.rows))
        .collect();
    let end = End {
        tables: sums,
        files,
        sha256: String::new(),
    };
    let out = writer.finish(end)?;
    let summary = Summary {
        rows,
        files,
        unreadable,
    };
    Ok((out, summary))
}

/// Writes the files that are kept by their digests, and what waits at places of its own: uploads that no message took yet,
/// and the archives of exports.
async fn write_files<W: Write>(
    blobs: &Blobs,
    writer: &mut Writer<W>,
) -> Result<(u64, Vec<String>), BackupError> {
    let refused = |error: AppError| BackupError::Files(error.to_string());
    let (mut files, mut unreadable) = (0, Vec::new());
    for (digest, _) in blobs.list().await.map_err(refused)? {
        match blobs.get(digest).await {
            Ok(bytes) => {
                writer.json(b'F', &digest.to_string())?;
                for part in bytes.chunks(PART) {
                    writer.bytes(b'B', part)?;
                }
                files += 1;
            }
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    for place in blobs.places().await.map_err(refused)? {
        // One whose day was over meanwhile is named by no row that is still of use.
        let Some(mut contents) = blobs.open_at(place, None).await.map_err(refused)? else {
            continue;
        };
        writer.json(b'P', &place.to_string())?;
        while let Some(part) = contents.bytes.try_next().await.map_err(refused)? {
            for part in part.chunks(PART) {
                writer.bytes(b'B', part)?;
            }
        }
        files += 1;
    }
    Ok((files, unreadable))
}
