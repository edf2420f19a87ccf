//! What a service and the commands work with, opened as the settings say: the store, its time, the use cases.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mainstay_app::attachment::AttachmentLimits;
use mainstay_app::{App, Clock};
use mainstay_store::{Claim, Claimed, Store, StoreOptions};

use crate::mail::SetUpServers;
use crate::settings::Settings;
use crate::time::{RememberedTime, SharedClock, SteadyClock};
use crate::{Failure, key, mail, notify, random, webhook};

/// Opens what the use cases need and puts the policy in force that the store holds, if it holds one.
///
/// # Errors
/// Fails when the store cannot be opened or the policy cannot be read.
pub async fn open_with_policy(settings: &Settings, clock: Arc<dyn Clock>) -> Result<App, Failure> {
    let servers = Arc::new(SetUpServers::new(settings));
    open_with_servers(settings, clock, servers).await
}

/// The same with what reaches the servers of mailboxes, for whoever reads these too.
pub(super) async fn open_with_servers(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    servers: Arc<SetUpServers>,
) -> Result<App, Failure> {
    let app = open(settings, clock, servers).await?;
    app.load_policy()
        .await
        .map_err(|error| Failure::of(&error))?;
    Ok(app)
}

/// Opens what the use cases need.
async fn open(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    servers: Arc<SetUpServers>,
) -> Result<App, Failure> {
    let store = open_store(settings).await?;
    let in_use = mainstay_app::key_in_use(&store)
        .await
        .map_err(|error| Failure::of(&error))?;
    let mark = random::bytes()?;
    let options = mainstay_app::Options {
        // The process number alone repeats on other machines and after a restart.
        node: format!(
            "{}-{:02x}{:02x}{:02x}",
            std::process::id(),
            mark[0],
            mark[1],
            mark[2]
        ),
        session_lifetime: settings.session_lifetime.get(),
        second_factor_roles: settings.second_factor_roles.0.clone(),
        public_url: settings.http.public_url.clone(),
        blobs: mail::blobs(settings)?,
        attachments: AttachmentLimits {
            file: settings.attachments.max_size.bytes() as u64,
            message: settings.attachments.max_per_message.bytes() as u64,
            waiting: settings.attachments.max_waiting.bytes() as u64,
        },
        mail: mail::options(settings, servers)?,
        retention: mainstay_app::tidy::Retention {
            webhook_deliveries: settings.keep_webhook_deliveries.get(),
            changes: settings.keep_changes.get(),
        },
        webhooks: Some(webhook::sender(settings)?),
        images: Some(webhook::images()?),
        vault: key::vault(settings, in_use.as_deref())?,
        notify: Some(notify::transport(settings)?),
        company: settings.portal.company(settings.mail.company.as_deref())?,
    };
    let clock = match clock.simulated_speed() {
        Some(_) => clock,
        None => clock_of(&store, clock).await?,
    };
    let app = App::new(store, clock, random::bytes()?, options);
    app.prepare_vault().await.map_err(|error| {
        Failure::of(&error).with_remedy(
            "give this node the key file of the others, or name the key with secrets.key",
        )
    })?;
    Ok(app)
}

/// The clock of a store: every command on the store of a demonstration shares the demonstration's time, nodes that share a
/// store share its, and on any other it is the machine's clock; neither runs back.
///
/// # Errors
/// Fails when the store does not answer.
pub async fn clock_of(store: &Store, machine: Arc<dyn Clock>) -> Result<Arc<dyn Clock>, Failure> {
    if let Some(remembered) = remembered_time(store).await? {
        return Ok(Arc::new(remembered.clock()));
    }
    let untold = |error| Failure::new(format!("the store does not tell its time: {error}"));
    let source = match SharedClock::of(store).await.map_err(untold)? {
        Some(shared) => shared as Arc<dyn Clock>,
        None => machine,
    };
    Ok(SteadyClock::of(store, source).await.map_err(untold)?)
}

/// The file of the store, where it is a file.
#[must_use]
pub fn store_file(settings: &Settings) -> Option<PathBuf> {
    let path = settings.database.url.expose().strip_prefix("sqlite:")?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.starts_with(':')).then(|| PathBuf::from(path))
}

/// What the store of the settings remembers of a demonstration's time, and whether anybody works with it already.
///
/// # Errors
/// Fails when the store cannot be opened.
pub async fn look_at_store(settings: &Settings) -> Result<(Option<RememberedTime>, bool), Failure> {
    let store = open_store(settings).await?;
    let agents = mainstay_store::agent::all(&store.read())
        .await
        .map_err(|error| Failure::new(format!("the store cannot be read: {error}")))?;
    Ok((remembered_time(&store).await?, !agents.is_empty()))
}

/// Claims the store of the settings where processes can share it, for as long as the answer is held; nothing where
/// another process stands against it.
///
/// # Errors
/// Fails when the store cannot be opened.
pub async fn claim(settings: &Settings, claim: Claim) -> Result<Option<Claimed>, Failure> {
    let claimed = open_store(settings).await?.claim(claim).await;
    claimed.map_err(|error| Failure::new(format!("the store cannot be claimed: {error}")))
}

async fn remembered_time(store: &Store) -> Result<Option<RememberedTime>, Failure> {
    RememberedTime::of(store)
        .await
        .map_err(|error| Failure::new(format!("the store cannot be read: {error}")))
}

async fn open_store(settings: &Settings) -> Result<Store, Failure> {
    Store::open(&store_options(settings)?)
        .await
        .map_err(|error| Failure::new(format!("the store cannot be opened: {error}")))
}

/// Where the store of the settings is; the folder of a file is made when it is not there.
///
/// # Errors
/// Fails when the folder cannot be made.
pub fn store_options(settings: &Settings) -> Result<StoreOptions, Failure> {
    if let Some(path) = store_file(settings) {
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::new(format!(
                "the folder {} cannot be made: {error}",
                folder.display()
            ))
            .with_remedy("choose another folder with --data")
        })?;
    }
    Ok(StoreOptions {
        connections: settings.database.max_connections,
        ..StoreOptions::new(settings.database.url.expose())
    })
}
