//! `mainstay backup`, `restore` and `move`: everything that is kept, in one file and back.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use clap::Args;
use mainstay_app::Clock as _;
use mainstay_app::backup::{self, BackupError, Summary};
use mainstay_store::{Store, StoreError, StoreOptions};
use serde_json::json;

use super::output::say;
use super::serve::in_runtime;
use super::store::StoreFlags;
use crate::time::WallClock;
use crate::{Failure, mail};

/// By which an encrypted file begins.
const ENCRYPTED: &[u8] = b"age-encryption.org/";

/// Write everything that is kept into one file, while the service runs
///
/// Every row and every file of an attachment, as they are at one instant. The file is complete when the command has ended
/// with 0, and not there otherwise. With a passphrase it is encrypted by age, whose own program can decrypt it too.
#[derive(Debug, Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub struct Backup {
    /// The file to write; it must not be there
    file: PathBuf,
    #[command(flatten)]
    secret: Secret,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

const BACKUP_EXAMPLES: &str = "\
Examples:
  mainstay backup /backup/mainstay-$(date +%F)
  mainstay backup --passphrase-file /run/secrets/backup /backup/mainstay
  mainstay restore /backup/mainstay --database postgres://mainstay@db/mainstay";

/// Fill an empty store with a backup, on either engine
///
/// All of it or nothing: every row is read back and compared before anything is kept, every file with its digest. A backup
/// of an older version is brought up to date.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    secret: Secret,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

/// Bring everything from one store into another that is empty, such as from SQLite to PostgreSQL
///
/// End the service first: what is written after the move began is not in the new store. Every row is read back and
/// compared; all are there in the end, or none. The files of attachments stay where they are.
#[derive(Debug, Args)]
#[command(after_help = MOVE_EXAMPLES)]
pub struct Move {
    /// The address of the store, such as sqlite:data/mainstay.db
    from: String,
    /// The address of the new one, such as postgres://mainstay@db/mainstay
    to: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const MOVE_EXAMPLES: &str = "\
Examples:
  mainstay move sqlite:data/mainstay.db postgres://mainstay@db/mainstay
  mainstay move postgres://mainstay@db/mainstay sqlite:data/mainstay.db";

/// By what a backup is encrypted.
#[derive(Debug, Args)]
pub struct Secret {
    /// Encrypt, or decrypt, by the passphrase that this file holds
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Secret {
    fn read(&self) -> Result<Option<SecretString>, Failure> {
        let Some(path) = &self.passphrase_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            let what = format!("{} holds no passphrase", path.display());
            return Err(Failure::new(what).with_remedy("write one into its first line"));
        }
        Ok(Some(SecretString::from(text.to_owned())))
    }
}

impl Backup {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when the store or the file cannot be used; no file is left behind then.
    pub fn run(&self) -> Result<(), Failure> {
        let secret = self.secret.read()?;
        if self.file.exists() {
            let what = format!("{} is there already", self.file.display());
            return Err(Failure::new(what).with_remedy("give another name, or remove it"));
        }
        let part = part_of(&self.file);
        let summary = self.store.open_existing(async |app| {
            let written = write(app, &part, secret.clone()).await;
            written.inspect_err(|_| {
                let _ = std::fs::remove_file(&part);
            })
        })?;
        std::fs::rename(&part, &self.file).map_err(|error| file_failure(&self.file, &error))?;
        sync_folder(&self.file);
        if self.json {
            say(shown(&summary))?;
        } else {
            say(format_args!(
                "{} holds {} rows and {} files.",
                self.file.display(),
                summary.all_rows(),
                summary.files
            ))?;
        }
        match summary.unreadable.as_slice() {
            [] => Ok(()),
            faults => Err(Failure::new(format!(
                "the backup is written, without {} files that cannot be read:\n{}",
                faults.len(),
                faults.join("\n")
            ))
            .with_remedy("`mainstay doctor` says which attachments need them")),
        }
    }
}

async fn write(
    app: &mainstay_app::App,
    part: &Path,
    secret: Option<SecretString>,
) -> Result<Summary, Failure> {
    let failed = |error| file_failure(part, &error);
    let file = File::create(part).map_err(failed)?;
    let out = BufWriter::new(file);
    let (store, blobs, now) = (app.store(), Some(app.blobs()), app.now());
    let (out, summary) = match secret {
        None => backup::write(store, blobs, now, out)
            .await
            .map_err(refused)?,
        Some(secret) => {
            let encrypted = age::Encryptor::with_user_passphrase(secret)
                .wrap_output(out)
                .map_err(failed)?;
            let (out, summary) = backup::write(store, blobs, now, encrypted)
                .await
                .map_err(refused)?;
            (out.finish().map_err(failed)?, summary)
        }
    };
    let file = out
        .into_inner()
        .map_err(|error| file_failure(part, error.error()))?;
    file.sync_all().map_err(failed)?;
    Ok(summary)
}

impl Restore {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when the backup is damaged, its passphrase is another, or the store is not empty; the store is then as it was.
    pub fn run(&self) -> Result<(), Failure> {
        let secret = self.secret.read()?;
        let settings = self.store.settings()?;
        let options = crate::service::store_options(&settings)?;
        let input = open(&self.file, secret)?;
        let summary = in_runtime(async {
            let blobs = mail::blobs(&settings)?;
            backup::read(input, &options, Some(&blobs))
                .await
                .map_err(refused)
        })?;
        if self.json {
            return say(shown(&summary));
        }
        say(format_args!(
            "{} rows and {} files are restored, and were compared with the backup.",
            summary.all_rows(),
            summary.files
        ))
    }
}

impl Move {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails when a store cannot be used or the new one is not empty; it is then as it was.
    pub fn run(&self) -> Result<(), Failure> {
        if let Some(path) = self.from.strip_prefix("sqlite:")
            && !Path::new(path.trim_start_matches("//")).exists()
        {
            return Err(Failure::new(format!("there is no store at {path}")));
        }
        let summary = in_runtime(async {
            let from = Store::open(&StoreOptions::new(&self.from))
                .await
                .map_err(|error| refused(error.into()))?;
            let to = StoreOptions::new(&self.to);
            let (reader, writer) = std::io::pipe()
                .map_err(|error| Failure::new(format!("no pipe can be had: {error}")))?;
            let handle = tokio::runtime::Handle::current();
            // Both ends wait for each other, so each has a thread of its own.
            let writing = tokio::task::spawn_blocking(move || {
                handle.block_on(async {
                    backup::write(&from, None, WallClock.now(), BufWriter::new(writer)).await?;
                    Ok::<(), BackupError>(())
                })
            });
            let handle = tokio::runtime::Handle::current();
            let reading = tokio::task::spawn_blocking(move || {
                handle.block_on(backup::read(BufReader::new(reader), &to, None))
            });
            let broke = |error| Failure::new(format!("the move broke: {error}"));
            // Where reading failed, writing fails for want of a reader: the reason is the reader's.
            let summary = reading.await.map_err(broke)?.map_err(refused)?;
            writing.await.map_err(broke)?.map_err(refused)?;
            Ok(summary)
        })?;
        if self.json {
            return say(shown(&summary));
        }
        for (table, rows) in summary.rows.iter().filter(|(_, rows)| **rows > 0) {
            say(format_args!("{rows:>10}  {table}"))?;
        }
        say(format_args!(
            "{} rows were moved and compared. Name the new store in the settings, and start the service.",
            summary.all_rows()
        ))
    }
}

fn open(path: &Path, secret: Option<SecretString>) -> Result<Box<dyn Read + Send>, Failure> {
    let failed = |error| file_failure(path, &error);
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let beginning = std::io::BufRead::fill_buf(&mut file).map_err(failed)?;
    match (beginning.starts_with(ENCRYPTED), secret) {
        (false, None) => Ok(Box::new(file)),
        (false, Some(_)) => Err(Failure::new(format!("{} is not encrypted", path.display()))
            .with_remedy("leave out --passphrase-file")),
        (true, None) => Err(Failure::new(format!("{} is encrypted", path.display()))
            .with_remedy("name the file that holds its passphrase with --passphrase-file")),
        (true, Some(secret)) => {
            let wrong = |error: age::DecryptError| {
                Failure::new(format!("{} cannot be decrypted: {error}", path.display()))
                    .with_remedy("look whether the passphrase is that of this backup")
            };
            let identity = age::scrypt::Identity::new(secret);
            let decryptor = age::Decryptor::new(file).map_err(wrong)?;
            let identities = std::iter::once(&identity as &dyn age::Identity);
            Ok(Box::new(decryptor.decrypt(identities).map_err(wrong)?))
        }
    }
}

fn shown(summary: &Summary) -> serde_json::Value {
    json!({ "rows": summary.rows, "files": summary.files, "unreadable": summary.unreadable })
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Brings the new name to the disk; a system that cannot do so for folders has its own way.
fn sync_folder(path: &Path) {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

fn file_failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

fn refused(error: BackupError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        BackupError::Store(StoreError::Conflict(_)) => failure.with_remedy(
            "give the address of a store in which nothing is, with --data or --database",
        ),
        BackupError::Damaged(_) => {
            failure.with_remedy("use another backup; nothing was kept of this one")
        }
        _ => failure,
    }
}
