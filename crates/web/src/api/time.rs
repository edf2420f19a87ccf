//! The time: what the program takes for the present, and moving that of a demonstration.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use mainstay_app::AppError;
use mainstay_app::time::{Time, parse_duration};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::auth::Auth;
use crate::input::Body;
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(read, change))
}

/// What the program takes for the present.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Time)]
struct TimeBody {
    /// The present instant.
    now: Timestamp,
    /// Whether it is simulated, as in a demonstration, and can be moved on.
    simulated: bool,
    /// How many times as fast as the wall clock it runs.
    speed: f64,
}

impl From<Time> for TimeBody {
    fn from(time: Time) -> Self {
        Self {
            now: time.now,
            simulated: time.simulated_speed.is_some(),
            speed: time.simulated_speed.unwrap_or(1.0),
        }
    }
}

/// How to move the time of a demonstration: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TimeInput)]
#[serde(deny_unknown_fields)]
struct TimeInput {
    /// Let this length of time pass at once, such as `90s`, `2h` or `1d`. Whatever falls due on the way is done at once,
    /// stamped with its own instant.
    advance: Option<String>,
    /// Let time run so many times as fast as the wall clock; 0 lets it stand.
    speed: Option<f64>,
}

/// What time it is for the program.
#[utoipa::path(get, path = "/time", tag = "settings", responses((status = 200, body = TimeBody)))]
async fn read(State(web): State<Web>, _caller: Auth) -> Result<Json<TimeBody>> {
    Ok(Json(web.app.time().into()))
}

/// Move the time of a demonstration on. A service that runs on the wall clock refuses.
#[utoipa::path(post, path = "/time", tag = "settings", request_body = TimeInput,
    responses((status = 200, body = TimeBody)))]
async fn change(
    State(web): State<Web>,
    Auth(caller): Auth,
    Body(input): Body<TimeInput>,
) -> Result<Json<TimeBody>> {
    let time = match (input.advance, input.speed) {
        (Some(text), None) => {
            let by = parse_duration(&text).map_err(|what| AppError::invalid("advance", what))?;
            web.app.advance_time(&caller, by)?
        }
        (None, Some(speed)) => web.app.set_speed_of_time(&caller, speed)?,
        (None, None) => {
            return Err(AppError::invalid("advance", "give either this or speed").into());
        }
        (Some(_), Some(_)) => {
            return Err(AppError::invalid("speed", "give either this or advance, not both").into());
        }
    };
    Ok(Json(time.into()))
}
