//! `mainstay admin`: what the person at the machine may do without signing in.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use mainstay_app::token::{EVERYTHING, NewToken};
use mainstay_app::{App, AppError, Caller};
use mainstay_domain::agent::Agent;
use mainstay_domain::event::Actor;
use mainstay_domain::role::BuiltIn;
use serde_json::json;

use super::argument::instant;
use super::output::say;
use super::store::StoreFlags;
use crate::Failure;

/// What the person at the machine may do without signing in.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an administrator, such as the first one
    ///
    /// Without a password given, one is made up and printed once.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Create),
    /// Make an API token in the name of an agent and print it, this once
    #[command(after_help = TOKEN_EXAMPLES)]
    Token(Token),
    /// Seal the secrets in the store with a new key
    #[command(after_help = ROTATE_HELP)]
    RotateKey(RotateKey),
}

const CREATE_EXAMPLES: &str = "\
Examples:
  mainstay admin create --email ada@example.com --name \"Ada Lovelace\"
  mainstay admin create --email ada@example.com --password-file /run/secrets/ada
  pass show mainstay | mainstay admin create --email ada@example.com --password-stdin";

const TOKEN_EXAMPLES: &str = "\
Examples:
  export MAINSTAY_TOKEN=$(mainstay admin token --email ada@example.com --name laptop)
  mainstay admin token --email ada@example.com --name monitoring --scopes ticket.read,clock.read";

const ROTATE_HELP: &str = "\
The new key goes to the front of the key file; the former ones stay in it, for nodes that
have not read it yet and for backups. Copy the file to the other nodes and restart them.
Where secrets.key gives the keys, put a new one on its first line yourself: this command then
seals with it.";

/// A new key.
#[derive(Debug, Args)]
pub struct RotateKey {
    #[command(flatten)]
    store: StoreFlags,
}

impl RotateKey {
    fn run(&self) -> Result<(), Failure> {
        // The store is opened first: a slip in its name must not touch a key.
        self.store.open_existing(async |_| Ok(()))?;
        if let Some(path) = self.store.key_file()? {
            crate::key::add(&path)?;
        }
        self.store.open_existing(async |app| {
            let sealed = app.rotate_secrets(&Caller::machine()).await;
            let sealed = sealed.map_err(|error| Failure::of(&error))?;
            let name = app
                .options()
                .vault
                .current()
                .map(mainstay_app::VaultKey::name);
            say(format_args!(
                "The key {} seals the secrets now. Secrets sealed anew: {sealed}.",
                name.unwrap_or_default()
            ))
        })
    }
}

/// Who is to be an administrator.
#[derive(Debug, Args)]
pub struct Create {
    /// The address they sign in with
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Their name
    #[arg(long, default_value = "Administrator")]
    name: String,
    /// Read their password from this file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
    /// Read their password from standard input; at a terminal it is asked for
    #[arg(long)]
    password_stdin: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

/// What the token is to be.
#[derive(Debug, Args)]
pub struct Token {
    /// The address of the agent in whose name it acts
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// What it is called
    #[arg(long)]
    name: String,
    /// What it may do: permissions such as ticket.read, separated by commas; * for everything the agent may
    #[arg(long, value_name = "SCOPE,…", value_delimiter = ',', default_value = EVERYTHING)]
    scopes: Vec<String>,
    /// When it ends, such as 2027-01-01T00:00:00Z; never when left out
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    expires: Option<Timestamp>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreFlags,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(),
            Self::Token(token) => token.run(),
            Self::RotateKey(rotate) => rotate.run(),
        }
    }
}

impl Create {
    fn run(&self) -> Result<(), Failure> {
        let given = match (&self.password_file, self.password_stdin) {
            (Some(path), _) => Some(password_of_file(path)?),
            (None, true) => Some(password_of_standard_input()?),
            (None, false) => None,
        };
        self.store.open(async |app| {
            let password = given.clone().unwrap_or_else(|| app.new_password());
            let agent = self.make(app, password.clone()).await?;
            let made_up = given.is_none().then_some(password);
            self.announce(&agent, made_up.as_deref())
        })
    }

    async fn make(&self, app: &App, password: String) -> Result<Agent, Failure> {
        let fill = |agent: &mut Agent| {
            agent.email.clone_from(&self.email);
            agent.name.clone_from(&self.name);
            agent.roles = vec![BuiltIn::Administrator.as_str().into()];
        };
        app.create_agent(&Caller::machine(), Some(password), fill)
            .await
            .map_err(|error| match error {
                AppError::Conflict(_) => {
                    Failure::new(format!("there is an agent {} already", self.email))
                        .with_remedy("give another address, or change that agent in the program")
                }
                other => Failure::of(&other),
            })
    }

    fn announce(&self, agent: &Agent, made_up: Option<&str>) -> Result<(), Failure> {
        if self.json {
            return say(json!({
                "id": agent.id.to_string(),
                "email": agent.email,
                "password": made_up,
            }));
        }
        say(format_args!("{} is an administrator now.", self.email))?;
        match made_up {
            Some(password) => say(format_args!("Their password, shown this once: {password}")),
            None => Ok(()),
        }
    }
}

impl Token {
    fn run(&self) -> Result<(), Failure> {
        self.store.open_existing(async |app| {
            let machine = Caller::machine();
            let failed = |error| Failure::of(&error);
            let agents = app.agents(&machine).await.map_err(failed)?;
            let owner = agents
                .iter()
                .find(|agent| agent.email.eq_ignore_ascii_case(self.email.trim()))
                .ok_or_else(|| self.no_agent(&agents))?;
            let new = NewToken {
                name: self.name.clone(),
                scopes: self.scopes.clone(),
                expires_at: self.expires,
            };
            let (token, secret) = app
                .issue_token(&machine, Actor::Agent(owner.id), new)
                .await
                .map_err(failed)?;
            if self.json {
                return say(json!({ "id": token.id.to_string(), "token": secret }));
            }
            say(secret)
        })
    }

    fn no_agent(&self, agents: &[Agent]) -> Failure {
        let failure = Failure::new(format!("there is no agent {}", self.email));
        if agents.is_empty() {
            return failure.with_remedy("make the first one with `mainstay admin create`");
        }
        let known: Vec<&str> = agents
            .iter()
            .take(10)
            .map(|agent| agent.email.as_str())
            .collect();
        failure.with_remedy(format!("there are {}", known.join(", ")))
    }
}

fn password_of_file(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(format!("cannot read {}: {error}", path.display()))
            .with_remedy("give a file that holds nothing but the password")
    })?;
    Ok(without_line_end(&text))
}

fn password_of_standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    let mut input = io::stdin().lock();
    let read = if input.is_terminal() {
        eprint!("Password: ");
        input.read_line(&mut text)
    } else {
        input.read_to_string(&mut text)
    };
    read.map_err(|error| Failure::new(format!("the password cannot be read: {error}")))?;
    Ok(without_line_end(&text))
}

fn without_line_end(text: &str) -> String {
    text.trim_end_matches(['\r', '\n']).to_owned()
}
