//! The archive in the making. It is compressed and written by a thread of its own, which takes over a small number of
//! pieces at a time: what is exported is never in memory whole, and nobody else waits for it.

use std::io::{BufWriter, Write};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::{AppError, Result};

/// How many pieces wait for the thread at most.
const PIECES: usize = 16;

/// How many bytes of text make a piece.
const PIECE: usize = 1 << 16;

/// A ZIP archive that grows file by file.
pub(super) struct Archive {
    pieces: mpsc::Sender<Piece>,
    writer: JoinHandle<zip::result::ZipResult<()>>,
    text: Vec<u8>,
}

/// How a file stands in the archive.
#[derive(Debug, Clone, Copy)]
pub(super) enum Packed {
    /// Compressed.
    Smaller,
    /// As it is: files are mostly compressed by themselves.
    AsItIs,
}

enum Piece {
    Begin(String, Packed),
    Bytes(Bytes),
    End,
}

impl Archive {
    /// An archive whose files are dated `at`.
    pub fn begin(out: impl Write + Send + 'static, at: Timestamp) -> Self {
        let (pieces, taken) = mpsc::channel(PIECES);
        let writer = tokio::task::spawn_blocking(move || write(out, at, taken));
        Self {
            pieces,
            writer,
            text: Vec::with_capacity(PIECE),
        }
    }

    /// Begins a file, and ends the one before.
    pub async fn file(&mut self, name: impl Into<String>, packed: Packed) -> Result<()> {
        self.flush().await?;
        self.send(Piece::Begin(name.into(), packed)).await
    }

    /// Goes on with the file.
    pub async fn bytes(&mut self, bytes: Bytes) -> Result<()> {
        self.flush().await?;
        self.send(Piece::Bytes(bytes)).await
    }

    /// Goes on with the file by what `write` writes.
    pub async fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        write(&mut self.text);
        if self.text.len() >= PIECE {
            self.flush().await?;
        }
        Ok(())
    }

    /// Ends the archive. One that was not ended is no archive, and is recognised as none.
    pub async fn end(mut self) -> Result<()> {
        self.flush().await?;
        self.send(Piece::End).await?;
        self.outcome().await
    }

    async fn flush(&mut self) -> Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let text = std::mem::replace(&mut self.text, Vec::with_capacity(PIECE));
        self.send(Piece::Bytes(text.into())).await
    }

    async fn send(&mut self, piece: Piece) -> Result<()> {
        if self.pieces.send(piece).await.is_ok() {
            return Ok(());
        }
        // The thread has ended early, and knows why.
        self.outcome().await?;
        Err(unwritable("it ended early"))
    }

    async fn outcome(&mut self) -> Result<()> {
        match (&mut self.writer).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unwritable(error)),
            Err(error) => Err(AppError::broken("An archive could not be written.", error)),
        }
    }
}

fn write(
    out: impl Write,
    at: Timestamp,
    mut pieces: mpsc::Receiver<Piece>,
) -> zip::result::ZipResult<()> {
    let at = at.to_zoned(TimeZone::UTC).datetime();
    let part = |part: i8| u8::try_from(part).unwrap_or_default();
    let dated = DateTime::from_date_and_time(
        u16::try_from(at.year()).unwrap_or_default(),
        part(at.month()),
        part(at.day()),
        part(at.hour()),
        part(at.minute()),
        part(at.second()),
    )
    .unwrap_or_default();
    let mut zip = ZipWriter::new_stream(BufWriter::new(out));
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Begin(name, packed) => {
                let method = match packed {
                    Packed::Smaller => CompressionMethod::Deflated,
                    Packed::AsItIs => CompressionMethod::Stored,
                };
                let options = SimpleFileOptions::default()
                    .compression_method(method)
                    .last_modified_time(dated)
                    // How large it becomes is not known beforehand.
                    .large_file(true);
                zip.start_file(name, options)?;
            }
            Piece::Bytes(bytes) => zip.write_all(&bytes)?,
            Piece::End => {
                zip.finish()?.into_inner().flush()?;
                return Ok(());
            }
        }
    }
    // Whoever sent the pieces has given up: what is there must not be taken for an archive.
    std::mem::forget(zip);
    Ok(())
}

fn unwritable(error: impl std::fmt::Display) -> AppError {
    AppError::Refused(format!("The export cannot be written: {error}."))
}
