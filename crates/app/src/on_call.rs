//! Who is on call in a team: its rota, and the covers that replace somebody for a while.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use mainstay_calendar::Calendar;
use mainstay_domain::id::{AgentId, CoverId, TeamId};
use mainstay_domain::name::CalendarName;
use mainstay_domain::on_call::{Cover, DutySpan, Layer, LayerSpec, Rota};
use mainstay_domain::role::Permission;
use mainstay_domain::team::Team;
use mainstay_store::{Transaction, agent, on_call, team};
use serde_json::json;

use crate::audit::Action;
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Expected, Fault, Result};
use crate::field::Faults;
use crate::secret::fingerprint;

/// The rota of a team, and who is on call at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// The team.
    pub team: Team,
    /// Its rota; where it is empty, the team's flagged members are on call.
    pub rota: Rota,
    /// The instant.
    pub at: Timestamp,
    /// Who is on call then, the first layer's first.
    pub on_call: Vec<OnDuty>,
}

/// Somebody who is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDuty {
    /// In which layer; absent for a flagged member of a team without a rota.
    pub layer: Option<String>,
    /// Who.
    pub agent: AgentId,
    /// The cover by which they are, if they stand in.
    pub cover: Option<CoverId>,
    /// When somebody else is, as far as that is foreseen.
    pub until: Option<Timestamp>,
}

/// How many days of a rota can be asked for at once.
const MOST_DAYS: i64 = 62;

impl App {
    /// Who is on call in a team when, between two instants, by its rota. Of a team without one there is nothing to tell
    /// ahead: its flagged members are on call until somebody flags others.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `agent.read`, [`AppError::NotFound`] when there is no such team,
    /// [`AppError::Invalid`] when the end is not after the beginning, or more than 62 days lie between.
    pub async fn duty_spans(
        &self,
        caller: &Caller,
        id: TeamId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<DutySpan>> {
        self.team(caller, id).await?;
        let asked = until.duration_since(from);
        if !asked.is_positive() || asked > SignedDuration::from_hours(24 * MOST_DAYS) {
            let told = format!("expected an instant after `from`, {MOST_DAYS} days later at most");
            return Err(AppError::invalid("until", told));
        }
        let rota = on_call::find(&self.read(), id).await?;
        Ok(rota.spans(&self.policy().current().calendars, from, until))
    }

    /// Who is on call in a team at an instant, now unless one is given, and by which rota.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `agent.read`, [`AppError::NotFound`] when there is no such team.
    pub async fn on_call(
        &self,
        caller: &Caller,
        id: TeamId,
        at: Option<Timestamp>,
    ) -> Result<Duty> {
        let team = self.team(caller, id).await?;
        let rota = on_call::find(&self.read(), id).await?;
        let policy = self.policy();
        let at = at.unwrap_or(self.now());
        Ok(duty(team, rota, &policy.current().calendars, at))
    }

    /// Replaces the layers of a team's rota. Its covers stay.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `team.update`, [`AppError::NotFound`] when there is no such team,
    /// [`AppError::Invalid`] for a layer that is none, [`AppError::Changed`] when the rota is not what the caller expects.
    pub async fn set_rota(
        &self,
        caller: &Caller,
        id: TeamId,
        expected: &Expected,
        specs: Vec<LayerSpec>,
    ) -> Result<Duty> {
        caller.require(Permission::UpdateTeams)?;
        // It is shown afterwards.
        caller.require(Permission::ReadAgents)?;
        let tx = self.begin().await?;
        let team = find_team(&tx, id).await?;
        let before = on_call::find(&tx, id).await?;
        expected.check(fingerprint(&before))?;
        let layers = self.checked_layers(&team, specs)?;
        if layers != before.layers {
            on_call::set_layers(&tx, id, &layers).await?;
            self.record(&tx, caller, Action::new("team.rota_set", "team", id))
                .await?;
        }
        tx.commit().await?;
        self.on_call(caller, id, None).await
    }

    /// Adds a cover to a team's rota: somebody stands in for whoever has the turn. `fill` fills it in.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `team.update`, [`AppError::NotFound`] when there is no such team,
    /// [`AppError::Invalid`] for a layer or an agent that is not there, or an end that is not after the beginning.
    pub async fn add_cover(
        &self,
        caller: &Caller,
        id: TeamId,
        fill: impl FnOnce(&mut Cover),
    ) -> Result<Cover> {
        caller.require(Permission::UpdateTeams)?;
        let now = self.now();
        let tx = self.begin().await?;
        find_team(&tx, id).await?;
        let rota = on_call::find(&tx, id).await?;
        let first = rota.layers.first().map(|layer| layer.spec().name.clone());
        let mut cover = Cover {
            id: self.new_id(now),
            layer: first.unwrap_or_default(),
            agent: AgentId::from(mainstay_domain::id::Uuid::nil()),
            from: now,
            until: now,
            reason: String::new(),
        };
        fill(&mut cover);
        check_cover(&tx, &rota, &cover).await?;
        on_call::add_cover(&tx, id, &cover).await?;
        let action = Action::new("team.cover_added", "team", id)
            .with(json!({ "cover": cover.id.to_string(), "agent": cover.agent.to_string() }));
        self.record(&tx, caller, action).await?;
        tx.commit().await?;
        Ok(cover)
    }

    /// Removes a cover of a team's rota.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] without the permission `team.update`, [`AppError::NotFound`] when there is none.
    pub async fn remove_cover(&self, caller: &Caller, id: TeamId, cover: CoverId) -> Result<()> {
        caller.require(Permission::UpdateTeams)?;
        let tx = self.begin().await?;
        if !on_call::remove_cover(&tx, id, cover).await? {
            return Err(AppError::no_such("cover", cover));
        }
        let action = Action::new("team.cover_removed", "team", id)
            .with(json!({ "cover": cover.to_string() }));
        self.record(&tx, caller, action).await?;
        Ok(tx.commit().await?)
    }

    fn checked_layers(&self, team: &Team, specs: Vec<LayerSpec>) -> Result<Vec<Layer>> {
        let policy = self.policy();
        let calendars = &policy.current().calendars;
        let (mut layers, mut faults) = (Vec::new(), Vec::new());
        let mut names = BTreeSet::new();
        for (index, mut spec) in specs.into_iter().enumerate() {
            spec.name = spec.name.trim().to_owned();
            let mut fault = |field: &str, detail: String| {
                faults.push(Fault {
                    path: vec!["layers".to_owned(), index.to_string(), field.to_owned()],
                    detail,
                });
            };
            if spec.name.is_empty() || spec.name.contains('/') || spec.name.len() > 60 {
                let detail = "a name of 1 to 60 letters without a slash, such as primary";
                fault("name", detail.to_owned());
            } else if !names.insert(spec.name.to_lowercase()) {
                fault("name", format!("another layer is named {:?}", spec.name));
            }
            for agent in &spec.agents {
                if !team.members.contains(agent) {
                    fault("agents", format!("{agent} is no member of the team"));
                }
            }
            if let Some(hours) = &spec.hours
                && !calendars.contains_key(hours)
            {
                let known: Vec<&str> = calendars.keys().map(|name| name.as_str()).collect();
                let known = known.join(", ");
                fault(
                    "hours",
                    format!("there is no calendar {hours}: the policy has {known}"),
                );
            }
            match Layer::new(spec) {
                Ok(layer) => layers.push(layer),
                Err(error) => fault(field_of(&error), error.to_string()),
            }
        }
        match faults.is_empty() {
            true => Ok(layers),
            false => Err(AppError::Invalid(faults)),
        }
    }
}

fn field_of(error: &mainstay_domain::on_call::LayerError) -> &'static str {
    use mainstay_domain::on_call::LayerError;
    match error {
        LayerError::Nobody => "agents",
        LayerError::Turn(_) => "turn_days",
        LayerError::TimeZone(_) => "time_zone",
    }
}

async fn find_team(tx: &Transaction, id: TeamId) -> Result<Team> {
    team::find(tx, id)
        .await?
        .ok_or_else(|| AppError::no_such("team", id))
}

async fn check_cover(tx: &Transaction, rota: &Rota, cover: &Cover) -> Result<()> {
    let mut faults = Faults::default();
    let known = |layer: &Layer| layer.spec().name == cover.layer;
    if rota.is_empty() {
        faults.add("layer", "the team has no rota to cover in: set one first");
    } else if !rota.layers.iter().any(known) {
        faults.add("layer", format!("there is no layer {:?}", cover.layer));
    }
    if cover.until <= cover.from {
        faults.add("until", "a cover ends after it begins");
    }
    let agent = agent::find(tx, cover.agent).await?;
    if !agent.is_some_and(|agent| agent.active) {
        faults.add(
            "agent",
            format!("there is no agent {} who may serve", cover.agent),
        );
    }
    faults.finish()
}

/// Who is on call in a team at an instant.
pub(crate) fn duty(
    team: Team,
    rota: Rota,
    hours: &BTreeMap<CalendarName, Calendar>,
    at: Timestamp,
) -> Duty {
    let on_call = if rota.is_empty() {
        team.on_call
            .iter()
            .map(|agent| OnDuty {
                layer: None,
                agent: *agent,
                cover: None,
                until: None,
            })
            .collect()
    } else {
        rota.on_call(hours, at)
            .into_iter()
            .map(|found| OnDuty {
                until: rota.next_hand_over(&found.layer, hours, at),
                layer: Some(found.layer),
                agent: found.agent,
                cover: found.cover,
            })
            .collect()
    };
    Duty {
        team,
        rota,
        at,
        on_call,
    }
}
