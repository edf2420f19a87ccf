//! Settings: defaults, then a file, then the environment, then flags; each remembers where it came from.
//!
//! A setting is declared once, in [`Settings::read`]: its key, its default and its type. The key `http.listen` is
//! `listen` under `[http]` in the file and `MAINSTAY_HTTP_LISTEN` in the environment. A secret `smtp.password` may be
//! given as `smtp.password_file` instead, which names a file that holds it.

mod http;
mod mail;
mod notify;
mod portal;
mod reader;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use http::Http;
pub use mail::{Mail, Mailbox, OAuth, SignIn, Smtp};
pub use notify::Notify;
pub use portal::{Colour, Portal};
pub use reader::{Origin, Reader, Shown};
pub use value::{Address, LogFormat, Networks, Roles, Secret, Size, Span, Tls};

use crate::Failure;
use crate::traces::Endpoint;

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The folder for everything that is kept on this machine.
    pub data: PathBuf,
    /// The store.
    pub database: Database,
    /// The HTTP service.
    pub http: Http,
    /// Attachments and raw mail.
    pub blobs: Blobs,
    /// How much may be uploaded.
    pub attachments: Attachments,
    /// What is logged and how.
    pub log: Log,
    /// Mail.
    pub mail: Mail,
    /// Outgoing webhooks.
    pub webhooks: Webhooks,
    /// How long deliveries to webhooks are kept once they were made or given up.
    pub keep_webhook_deliveries: Span,
    /// How long the feed of live changes is kept.
    pub keep_changes: Span,
    /// The keys that seal secrets in the store, one on a line; a file in the data folder holds them where this is absent.
    pub key: Option<Secret>,
    /// Slack, text messages, telephone calls and pagers.
    pub notify: Notify,
    /// What customers see.
    pub portal: Portal,
    /// How long somebody stays signed in without doing anything.
    pub session_lifetime: Span,
    /// The roles whose bearers must have a second factor.
    pub second_factor_roles: Roles,
    /// Where measurements are given out, if they are.
    pub metrics: Option<SocketAddr>,
    /// Where spans are sent, if they are.
    pub traces: Option<Endpoint>,
    /// Whether this node does due clocks and jobs.
    pub worker: bool,
    /// How long running requests and jobs may take to finish when the program is asked to end.
    pub shutdown_deadline: Span,
    /// Each setting with its value and where it came from, in the order they are declared.
    pub shown: Vec<Shown>,
    /// Things that look like settings and are not, in words for the log.
    pub warnings: Vec<String>,
}

/// Settings of the store.
#[derive(Debug)]
pub struct Database {
    /// `sqlite:` and a path, or `postgres://…`.
    pub url: Secret,
    /// The most connections this node holds open.
    pub max_connections: u32,
}

/// Settings of the store of attachments and raw mail.
#[derive(Debug)]
pub struct Blobs {
    /// A folder, or `s3://bucket/prefix`.
    pub url: String,
    /// The S3 service's address, where it is not Amazon's.
    pub s3_endpoint: Option<String>,
    /// The S3 region.
    pub s3_region: String,
    /// The S3 access key's identifier.
    pub s3_access_key: Option<String>,
    /// The S3 access key's secret.
    pub s3_secret_key: Option<Secret>,
}

/// Settings of uploads.
#[derive(Debug)]
pub struct Attachments {
    /// The largest file.
    pub max_size: Size,
    /// The files of one message together.
    pub max_per_message: Size,
    /// The uploads of one person that no message took yet, together.
    pub max_waiting: Size,
    /// The longest an upload may take.
    pub upload_timeout: Span,
}

/// Settings of the log.
#[derive(Debug)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a list of `module=level`.
    pub level: String,
}

/// Settings of outgoing webhooks.
#[derive(Debug)]
pub struct Webhooks {
    /// Whether they may reach addresses of private networks.
    pub allow_private_addresses: bool,
}

/// What the command line says: the file to read, and settings it gives directly.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Flags {
    /// Read settings from this file instead of mainstay.toml
    #[arg(
        long,
        value_name = "FILE",
        env = "MAINSTAY_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,
    /// Keep everything in this folder
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// The address and port to listen on, of a command that does.
    #[arg(skip)]
    pub listen: Option<String>,
    /// Use this store: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Log this much: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Log for people or for machines
    #[arg(long, value_name = "text|json")]
    pub log_format: Option<String>,
}

impl Flags {
    fn given(&self) -> BTreeMap<&'static str, (&'static str, String)> {
        [
            ("data", "--data", &self.data),
            ("http.listen", "--listen", &self.listen),
            ("database.url", "--database", &self.database),
            ("log.level", "--log-level", &self.log_level),
            ("log.format", "--log-format", &self.log_format),
        ]
        .into_iter()
        .filter_map(|(key, flag, value)| Some((key, (flag, value.clone()?))))
        .collect()
    }
}

impl Settings {
    /// Reads the settings that are in force for this process.
    ///
    /// # Errors
    /// Returns everything that is wrong with them, each with its place and how to mend it.
    pub fn load(flags: &Flags) -> Result<Self, Failure> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let file = match &flags.config {
            Some(path) => Some((path.clone(), read(path)?)),
            None => {
                let path = PathBuf::from("mainstay.toml");
                path.is_file()
                    .then(|| read(&path))
                    .transpose()?
                    .map(|text| (path, text))
            }
        };
        let file = file
            .as_ref()
            .map(|(path, text)| (path.as_path(), text.as_str()));
        Self::read(Reader::new(file, environment, flags.given())?)
    }

    /// Reads the settings from what was given.
    ///
    /// # Errors
    /// Returns everything that is wrong with them, each with its place and how to mend it.
    pub fn read(mut reader: Reader) -> Result<Self, Failure> {
        let r = &mut reader;
        let data = PathBuf::from(r.text("data", "data"));
        let database_default = format!("sqlite:{}", data.join("mainstay.db").display());
        let database = Database {
            url: r.secret_or("database.url", &database_default),
            max_connections: r.value("database.max_connections", 10),
        };
        let http = Http::read(r);
        let blobs = Blobs {
            url: r.text("blobs.url", &data.join("blobs").display().to_string()),
            s3_endpoint: r.maybe("blobs.s3_endpoint"),
            s3_region: r.text("blobs.s3_region", "us-east-1"),
            s3_access_key: r.maybe("blobs.s3_access_key"),
            s3_secret_key: r.secret("blobs.s3_secret_key"),
        };
        let attachments = Attachments {
            max_size: r.value("attachments.max_size", Size::mebibytes(25)),
            max_per_message: r.value("attachments.max_per_message", Size::mebibytes(25)),
            max_waiting: r.value("attachments.max_waiting", Size::mebibytes(250)),
            upload_timeout: r.value("attachments.upload_timeout", Span::seconds(600)),
        };
        let log = Log {
            format: r.value("log.format", LogFormat::Text),
            level: r.text("log.level", "info"),
        };
        let mail = Mail::read(r);
        let webhooks = Webhooks {
            allow_private_addresses: r.value("webhooks.allow_private_addresses", false),
        };
        let keep_webhook_deliveries =
            r.value("retention.webhook_deliveries", Span::seconds(30 * 86_400));
        let keep_changes = r.value("retention.changes", Span::seconds(7 * 86_400));
        let key = r.secret("secrets.key");
        let notify = Notify::read(r);
        let portal = Portal::read(r);
        let session_lifetime = r.value("session.lifetime", Span::seconds(14 * 86_400));
        let second_factor_roles = r.value("session.second_factor_roles", Roles::default());
        let metrics = r.maybe("metrics.listen").map(|Address(listen)| listen);
        let traces = r.maybe("telemetry.otlp_endpoint");
        let worker = r.value("worker.enabled", true);
        let shutdown_deadline = r.value("shutdown.deadline", Span::seconds(20));
        let (shown, warnings) = reader.finish()?;
        Ok(Self {
            data,
            database,
            http,
            blobs,
            attachments,
            log,
            mail,
            webhooks,
            keep_webhook_deliveries,
            keep_changes,
            key,
            notify,
            portal,
            session_lifetime,
            second_factor_roles,
            metrics,
            traces,
            worker,
            shutdown_deadline,
            shown,
            warnings,
        })
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("{}: {error}", path.display())).with_remedy(
            "give the settings file with --config, or leave it out to use the defaults",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)], flags: &Flags) -> Result<Settings, String> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let file = (Path::new("mainstay.toml"), file);
        Reader::new(Some(file), environment, flags.given())
            .and_then(Settings::read)
            .map_err(|failure| failure.to_string())
    }

    fn origin(settings: &Settings, key: &str) -> String {
        settings
            .shown
            .iter()
            .find(|shown| shown.key == key)
            .map(|shown| shown.origin.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn the_defaults_hold_without_a_file() {
        let settings = load("", &[], &Flags::default()).unwrap();
        assert_eq!(settings.database.url.expose(), "sqlite:data/mainstay.db");
        assert_eq!(settings.http.public_url, "http://127.0.0.1:8080");
        assert!(settings.mail.smtp.is_none() && settings.mail.mailboxes.is_empty());
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let file = "data = \"/a\"\n[http]\nlisten = \"0.0.0.0:1\"\n[log]\nlevel = \"debug\"\n";
        let environment = [
            ("MAINSTAY_HTTP_LISTEN", "0.0.0.0:2"),
            ("MAINSTAY_DATA", "/b"),
        ];
        let flags = Flags {
            listen: Some("0.0.0.0:3".into()),
            ..Flags::default()
        };
        let settings = load(file, &environment, &flags).unwrap();
        assert_eq!(settings.http.listen.port(), 3);
        assert_eq!(settings.data, Path::new("/b"));
        assert_eq!(settings.log.level, "debug");
        assert_eq!(origin(&settings, "http.listen"), "--listen");
        assert_eq!(origin(&settings, "data"), "MAINSTAY_DATA");
        assert_eq!(origin(&settings, "log.level"), "mainstay.toml:5:9");
        assert_eq!(origin(&settings, "worker.enabled"), "default");
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_place() {
        let file = "[http]\nlisen = \"0.0.0.0:1\"\nrequest_timeout = \"soon\"\n[log]\nformat = 7\n";
        let error = load(
            file,
            &[("MAINSTAY_HTTP_MAX_BODY", "big")],
            &Flags::default(),
        );
        insta::assert_snapshot!(error.unwrap_err(), @r#"
        error: the settings are wrong
          MAINSTAY_HTTP_MAX_BODY: http.max_body: "big" is no size: expected a number and a unit, such as 32 MiB
          mainstay.toml:3:19: http.request_timeout: "soon" is no length of time: expected a number and a unit, such as 30s, 15m, 8h or 14d
          mainstay.toml:5:10: log.format: "7" is no log format: expected text or json
          mainstay.toml:2:1: unknown key http.lisen: did you mean http.listen?
          help: `mainstay config` prints every setting there is; mend these and try again
        "#);
    }

    #[test]
    fn a_file_that_is_not_toml_is_refused_with_its_place() {
        let error = load("data = \n", &[], &Flags::default()).unwrap_err();
        assert!(error.contains("mainstay.toml:1:"), "{error}");
    }

    #[test]
    fn mailboxes_come_from_the_file_and_the_environment() {
        let file = "[[mail.mailboxes]]\nhost = \"imap.example\"\nuser = \"a\"\n";
        let environment = [
            ("MAINSTAY_MAIL_MAILBOXES_0_PASSWORD", "x"),
            ("MAINSTAY_MAIL_MAILBOXES_1_HOST", "other.example"),
            ("MAINSTAY_MAIL_MAILBOXES_1_USER", "b"),
            ("MAINSTAY_MAIL_MAILBOXES_1_PASSWORD", "y"),
            ("MAINSTAY_MAIL_MAILBOXES_1_TLS", "starttls"),
        ];
        let settings = load(file, &environment, &Flags::default()).unwrap();
        let ports: Vec<u16> = settings.mail.mailboxes.iter().map(|m| m.port).collect();
        assert_eq!(ports, [993, 143]);
    }

    #[test]
    fn a_secret_comes_from_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "hunter2\n").unwrap();
        let file =
            format!("[smtp]\nhost = \"mail.example\"\nuser = \"u\"\npassword_file = {path:?}\n");
        let settings = load(&file, &[], &Flags::default()).unwrap();
        let smtp = settings.mail.smtp.as_ref().unwrap();
        let Some((_, SignIn::Password(password))) = &smtp.user else {
            panic!("{smtp:?}");
        };
        assert_eq!(password.expose(), "hunter2");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_secret_given_twice_is_refused() {
        let file = "[smtp]\nuser = \"u\"\npassword = \"a\"\npassword_file = \"b\"\n";
        let error = load(file, &[], &Flags::default()).unwrap_err();
        assert!(
            error.contains("smtp.password and smtp.password_file"),
            "{error}"
        );
    }

    #[test]
    fn a_password_in_a_database_url_is_masked() {
        let flags = Flags {
            database: Some("postgres://me:hunter2@db/mainstay".into()),
            ..Flags::default()
        };
        let settings = load("", &[], &flags).unwrap();
        let shown = settings
            .shown
            .iter()
            .find(|s| s.key == "database.url")
            .unwrap();
        assert_eq!(
            shown.value.as_deref(),
            Some("postgres://me:***@db/mainstay")
        );
    }

    #[test]
    fn the_standard_variable_of_traces_counts_after_our_own() {
        let standard = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://theirs:4318");
        let ours = ("MAINSTAY_TELEMETRY_OTLP_ENDPOINT", "http://ours:4318");
        for (environment, expected, from) in [
            (&[standard][..], "http://theirs:4318/v1/traces", standard.0),
            (&[standard, ours][..], "http://ours:4318/v1/traces", ours.0),
        ] {
            let settings = load("", environment, &Flags::default()).unwrap();
            let traces = settings.traces.as_ref().map(Endpoint::for_traces);
            assert_eq!(traces.as_deref(), Some(expected));
            assert_eq!(origin(&settings, "telemetry.otlp_endpoint"), from);
        }
        assert!(load("", &[], &Flags::default()).unwrap().traces.is_none());
    }

    #[test]
    fn a_foreign_variable_is_a_warning_only() {
        let environment = [("MAINSTAY_HTTP_LISTN", "x"), ("MAINSTAY_TEST_DATA", "y")];
        let settings = load("", &environment, &Flags::default()).unwrap();
        assert_eq!(
            settings.warnings,
            ["MAINSTAY_HTTP_LISTN is no setting: did you mean MAINSTAY_HTTP_LISTEN?"]
        );
    }
}
