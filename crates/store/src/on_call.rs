//! Rotas: who is on call in a team, and when.

use std::collections::BTreeMap;

use mainstay_domain::id::{CoverId, TeamId};
use mainstay_domain::on_call::{Cover, Layer, LayerSpec, Rota};

use crate::column::Field;
use crate::connection::{Connection, Transaction, all};
use crate::error::StoreError;
use crate::record::insert_values;
use crate::row::Row;
use crate::sql::Sql;

const LAYER: [&str; 9] = [
    "team",
    "position",
    "name",
    "agents",
    "starts_on",
    "hand_over",
    "time_zone",
    "turn_days",
    "hours",
];

const COVER: [&str; 7] = [
    "team", "id", "layer", "agent", "from_at", "until_at", "reason",
];

/// Replaces the layers of a team's rota. Its covers stay.
///
/// # Errors
/// [`StoreError::Conflict`] when the team is not there.
pub async fn set_layers(
    tx: &Transaction,
    team: TeamId,
    layers: &[Layer],
) -> Result<(), StoreError> {
    tx.execute(Sql::new("DELETE FROM on_call_layer").with(" WHERE team = ", &team))
        .await?;
    let rows = (0_u32..)
        .zip(layers)
        .map(|(position, layer)| {
            let spec = layer.spec();
            vec![
                team.to_value(),
                position.to_value(),
                spec.name.to_value(),
                spec.agents.to_value(),
                spec.starts_on.to_value(),
                spec.hand_over.to_value(),
                spec.time_zone.to_value(),
                spec.turn_days.to_value(),
                spec.hours.to_value(),
            ]
        })
        .collect();
    insert_values(tx, "on_call_layer", &LAYER, rows, "").await
}

/// Adds a cover to a team's rota.
///
/// # Errors
/// [`StoreError::Conflict`] when the team or the agent is not there.
pub async fn add_cover(tx: &Transaction, team: TeamId, cover: &Cover) -> Result<(), StoreError> {
    let row = vec![
        team.to_value(),
        cover.id.to_value(),
        cover.layer.to_value(),
        cover.agent.to_value(),
        cover.from.to_value(),
        cover.until.to_value(),
        cover.reason.to_value(),
    ];
    insert_values(tx, "on_call_cover", &COVER, vec![row], "").await
}

/// Removes a cover of a team's rota, and says whether there was one.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer.
pub async fn remove_cover(tx: &Transaction, team: TeamId, id: CoverId) -> Result<bool, StoreError> {
    let sql = Sql::new("DELETE FROM on_call_cover")
        .with(" WHERE team = ", &team)
        .with(" AND id = ", &id);
    Ok(tx.execute(sql).await? > 0)
}

/// The rota of a team; an empty one where none was set.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be read.
pub async fn find(on: &impl Connection, team: TeamId) -> Result<Rota, StoreError> {
    let mut found = read(on, Some(team)).await?;
    Ok(found.remove(&team).unwrap_or_default())
}

/// The rotas of all teams that have one.
///
/// # Errors
/// [`StoreError::Corrupt`] when one cannot be read.
pub async fn all_rotas(on: &impl Connection) -> Result<BTreeMap<TeamId, Rota>, StoreError> {
    read(on, None).await
}

async fn read(
    on: &impl Connection,
    team: Option<TeamId>,
) -> Result<BTreeMap<TeamId, Rota>, StoreError> {
    let mut rotas: BTreeMap<TeamId, Rota> = BTreeMap::new();
    for row in all(on, rows(&LAYER, "on_call_layer", team, "team, position")).await? {
        let rota = rotas.entry(Field::read(&row, 0)?).or_default();
        rota.layers.push(read_layer(&row)?);
    }
    for row in all(on, rows(&COVER, "on_call_cover", team, "team, id")).await? {
        let rota = rotas.entry(Field::read(&row, 0)?).or_default();
        rota.covers.push(read_cover(&row)?);
    }
    Ok(rotas)
}

fn rows(columns: &[&str], table: &str, team: Option<TeamId>, order: &str) -> Sql {
    let mut sql = Sql::new(format!("SELECT {} FROM {table}", columns.join(", ")));
    if let Some(team) = team {
        sql = sql.with(" WHERE team = ", &team);
    }
    sql.then(&format!(" ORDER BY {order}"))
}

fn read_layer(row: &Row) -> Result<Layer, StoreError> {
    Layer::new(LayerSpec {
        name: Field::read(row, 2)?,
        agents: Field::read(row, 3)?,
        starts_on: Field::read(row, 4)?,
        hand_over: Field::read(row, 5)?,
        time_zone: Field::read(row, 6)?,
        turn_days: Field::read(row, 7)?,
        hours: Field::read(row, 8)?,
    })
    .map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn read_cover(row: &Row) -> Result<Cover, StoreError> {
    Ok(Cover {
        id: Field::read(row, 1)?,
        layer: Field::read(row, 2)?,
        agent: Field::read(row, 3)?,
        from: Field::read(row, 4)?,
        until: Field::read(row, 5)?,
        reason: Field::read(row, 6)?,
    })
}
