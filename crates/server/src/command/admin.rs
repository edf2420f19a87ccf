//! `mainstay admin`: what the person at the machine may do without signing in.

use std::io::Read as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use mainstay_app::{App, AppError, Caller};
use mainstay_domain::role::BuiltIn;

use super::serve::in_runtime;
use crate::settings::{Flags, Settings};
use crate::time::WallClock;
use crate::{Failure, service};

/// What the person at the machine may do without signing in.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an administrator, such as the first one
    Create(Create),
}

/// Make an administrator, such as the first one.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    flags: Flags,
    /// The address they sign in with
    #[arg(long)]
    email: String,
    /// Their name
    #[arg(long, default_value = "Administrator")]
    name: String,
    /// Read their password from standard input instead of making one up
    #[arg(long)]
    password_stdin: bool,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns what went wrong, in words for the person who typed the command.
    pub fn run(self) -> Result<(), Failure> {
        let Self::Create(create) = self;
        let settings = Settings::load(&create.flags)?;
        in_runtime(async {
            let app = service::open(&settings, Arc::new(WallClock)).await?;
            create.run(&app).await
        })
    }
}

impl Create {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let given = self.password_stdin.then(read_password).transpose()?;
        let password = given.clone().unwrap_or_else(|| app.new_password());
        let fill = |agent: &mut mainstay_domain::agent::Agent| {
            agent.email.clone_from(&self.email);
            agent.name.clone_from(&self.name);
            agent.roles = vec![BuiltIn::Administrator.as_str().into()];
        };
        app.create_agent(&Caller::machine(), Some(password.clone()), fill)
            .await
            .map_err(|error| refused(&self.email, &error))?;
        println!("{} is an administrator now.", self.email);
        if given.is_none() {
            println!("Their password, shown this once: {password}");
        }
        Ok(())
    }
}

fn read_password() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(format!("the password cannot be read: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn refused(email: &str, error: &AppError) -> Failure {
    match error {
        AppError::Conflict(_) => Failure::new(format!("there is an agent {email} already"))
            .with_remedy("give another address, or change that agent in the program"),
        other => Failure::new(other.to_string()),
    }
}
