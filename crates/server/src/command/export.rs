//! `mainstay export`: everything that is kept of one account.

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use mainstay_app::export::ExportSummary;
use mainstay_app::{App, Caller};

use super::serve::in_runtime;
use super::store::must_exist;
use crate::failure::root_of;
use crate::settings::{Flags, Settings};
use crate::time::WallClock;
use crate::{Failure, logging, service};

/// Write everything that is kept of one account as a ZIP archive.
#[derive(Debug, Args)]
pub struct Command {
    /// The account's id, what another system calls it, or its name
    account: String,
    /// Write into this file instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what is wrong with the settings, the store or the file.
    pub fn run(self) -> Result<(), Failure> {
        let mut flags = self.flags.clone();
        flags.log_level = flags.log_level.or_else(|| Some("warn".to_owned()));
        let settings = Settings::load(&flags)?;
        let _traces = logging::start(&settings)?;
        must_exist(&settings)?;
        if self.out.is_none() && std::io::stdout().is_terminal() {
            return Err(
                Failure::new("an archive is nothing to be read on a terminal")
                    .with_remedy("name a file with --out, such as --out account.zip"),
            );
        }
        in_runtime(async {
            let app = service::open_with_policy(&settings, Arc::new(WallClock)).await?;
            let summary = match &self.out {
                None => self.write(&app, std::io::stdout()).await?,
                Some(path) => {
                    let summary = self.write_file(&app, path).await?;
                    eprintln!(
                        "{}: {} tickets, {} messages, {} facts, {} mails, {} escalations.",
                        path.display(),
                        summary.tickets,
                        summary.messages,
                        summary.facts,
                        summary.mails,
                        summary.escalations
                    );
                    summary
                }
            };
            if summary.lost_files > 0 {
                eprintln!(
                    "warning: {} attached files could not be read and are missing from the archive.",
                    summary.lost_files
                );
            }
            Ok(())
        })
    }

    async fn write(
        &self,
        app: &App,
        out: impl Write + Send + 'static,
    ) -> Result<ExportSummary, Failure> {
        let caller = Caller::machine();
        let account = app
            .find_account(&caller, &self.account)
            .await
            .map_err(|error| Failure::of(&error))?;
        app.export_account(&caller, account.id, out)
            .await
            .map_err(|error| Failure::of(&error))
    }

    /// Writes beside the file and puts it in place at the end, so that half an export is never taken for a whole one.
    async fn write_file(&self, app: &App, path: &Path) -> Result<ExportSummary, Failure> {
        let refused = |error: std::io::Error| {
            let cause = root_of(&error);
            Failure::new(format!("{} cannot be written: {cause}", path.display())).with_remedy(
                "name a file in a folder that is there and may be written to with --out",
            )
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let part = tempfile::NamedTempFile::new_in(folder).map_err(refused)?;
        let out = part.reopen().map_err(refused)?;
        let summary = self.write(app, out).await?;
        part.as_file().sync_all().map_err(refused)?;
        part.persist(path).map_err(|error| refused(error.error))?;
        Ok(summary)
    }
}
