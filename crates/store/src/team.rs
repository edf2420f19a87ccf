//! Teams.

use mainstay_domain::id::{AgentId, TeamId};
use mainstay_domain::team::Team;

use crate::column::Field;
use crate::connection::{Connection, Transaction};
use crate::error::StoreError;
use crate::named_list::name_key;
use crate::record::{self, fetch_all, fetch_one, insert_all, insert_values, record, select};
use crate::sql::Sql;

record!(Team in "team" { id, name, email, calendar, members, on_call, created_at });

/// Inserts a new team.
///
/// # Errors
/// [`StoreError::Conflict`] when its name is taken, or a member is not there.
pub async fn insert(tx: &Transaction, team: &Team) -> Result<(), StoreError> {
    insert_all(tx, [team]).await?;
    insert_members(tx, team).await
}

/// Writes a team.
///
/// # Errors
/// As [`insert`], and when the team is not there.
pub async fn update(tx: &Transaction, team: &Team) -> Result<(), StoreError> {
    record::update(tx, team).await?;
    tx.execute(Sql::new("DELETE FROM team_member").with(" WHERE team = ", &team.id))
        .await?;
    insert_members(tx, team).await
}

/// A team by its id.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, id: TeamId) -> Result<Option<Team>, StoreError> {
    record::find(on, &id).await
}

/// Reads a team to change it: no other transaction changes it until this one ends.
///
/// # Errors
/// As [`find`].
pub async fn lock(tx: &Transaction, id: TeamId) -> Result<Option<Team>, StoreError> {
    record::lock(tx, &id).await
}

/// The team by its exact name.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find_by_name(on: &impl Connection, name: &str) -> Result<Option<Team>, StoreError> {
    fetch_one(
        on,
        select::<Team>().with(" WHERE t.name = ", &name.to_owned()),
    )
    .await
}

/// Every team, by name.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all(on: &impl Connection) -> Result<Vec<Team>, StoreError> {
    sorted(fetch_all(on, select::<Team>()).await?)
}

/// The teams an agent belongs to, by name.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn of_agent(on: &impl Connection, agent: AgentId) -> Result<Vec<Team>, StoreError> {
    let sql = select::<Team>().with(
        " JOIN team_member m ON m.team = t.id WHERE m.agent = ",
        &agent,
    );
    sorted(fetch_all(on, sql).await?)
}

fn sorted(mut teams: Vec<Team>) -> Result<Vec<Team>, StoreError> {
    teams.sort_by_cached_key(|team| (name_key(&team.name), team.id));
    Ok(teams)
}

async fn insert_members(tx: &Transaction, team: &Team) -> Result<(), StoreError> {
    let rows = team
        .members
        .iter()
        .map(|agent| vec![team.id.to_value(), agent.to_value()])
        .collect();
    insert_values(
        tx,
        "team_member",
        &["team", "agent"],
        rows,
        " ON CONFLICT DO NOTHING",
    )
    .await
}
