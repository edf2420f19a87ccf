//! The store that a command works on: the one that the settings name.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use mainstay_app::{App, Clock};

use super::serve::in_runtime;
use crate::settings::{Flags, Settings};
use crate::time::WallClock;
use crate::{Failure, service};

/// Which store a command works on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Store")]
pub struct StoreFlags {
    /// Read settings from this file instead of mainstay.toml
    #[arg(
        long,
        value_name = "FILE",
        env = "MAINSTAY_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
    /// The folder in which everything is kept
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
    /// The store: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl StoreFlags {
    /// Does something with the store, which is made if it is not there yet.
    ///
    /// # Errors
    /// Fails when the settings are wrong, the store cannot be opened or what is done fails.
    pub fn open<T>(
        &self,
        work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        run(&self.settings()?, Arc::new(WallClock), work)
    }

    /// Does something with the store, which must be there: a slip in its name is not to make an empty one.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when there is no such store.
    pub fn open_existing<T>(
        &self,
        work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.open_existing_at(Arc::new(WallClock), work)
    }

    /// The same at another time than now.
    ///
    /// # Errors
    /// As [`open_existing`](Self::open_existing).
    pub fn open_existing_at<T>(
        &self,
        clock: Arc<dyn Clock>,
        work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let settings = self.settings()?;
        must_exist(&settings)?;
        run(&settings, clock, work)
    }

    /// Whether no store was named and none is where one would be: nobody has begun yet.
    ///
    /// # Errors
    /// Fails when the settings are wrong.
    pub fn is_before_all(&self) -> Result<bool, Failure> {
        let is_named = self.data.is_some() || self.database.is_some() || self.config.is_some();
        let file = service::store_file(&self.settings()?);
        Ok(!is_named && file.is_some_and(|path| !path.exists()))
    }

    /// The file with the keys of the store's secrets, where the settings name no key.
    ///
    /// # Errors
    /// Fails when the settings are wrong.
    pub fn key_file(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(crate::key::file(&self.settings()?))
    }

    /// The settings that name the store.
    ///
    /// # Errors
    /// Fails when they are wrong.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Settings::load(&Flags {
            config: self.config.clone(),
            data: self.data.clone(),
            database: self.database.clone(),
            ..Flags::default()
        })
    }
}

fn run<T>(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
) -> Result<T, Failure> {
    in_runtime(async {
        let app = service::open_with_policy(settings, clock).await?;
        work(&app).await
    })
}

/// Refuses settings that name a file which is not there.
///
/// # Errors
/// Says which file.
pub fn must_exist(settings: &Settings) -> Result<(), Failure> {
    match service::store_file(settings) {
        Some(path) if !path.exists() => Err(Failure::new(format!(
            "there is no store at {}",
            path.display()
        ))
        .with_remedy(
            "name its folder with --data or its address with --database; `mainstay serve` makes one",
        )),
        _ => Ok(()),
    }
}
