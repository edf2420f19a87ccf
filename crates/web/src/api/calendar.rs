//! The business calendars of the policy in force.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use mainstay_app::calendar::{Day, ShownCalendar};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::auth::Auth;
use crate::input::{Id, Parameters};
use crate::problem::Result;

/// The routes.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(read))
}

/// A business calendar with four of its weeks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Calendar)]
struct CalendarBody {
    /// Its name in the pack.
    name: String,
    /// The version of the policy that defines it.
    policy: u32,
    /// Its IANA time zone.
    time_zone: String,
    /// Whether it is open now.
    is_open: bool,
    /// The instant at which it opens or closes next; absent for one that never does.
    changes_at: Option<Timestamp>,
    /// Four weeks from a Monday on.
    days: Vec<DayBody>,
    /// The holidays of a year from the same Monday on.
    holidays: Vec<HolidayBody>,
}

/// A day of a calendar, in the calendar's time zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarDay)]
struct DayBody {
    /// Its date.
    date: Date,
    /// How long it is open, in seconds.
    open_seconds: i64,
    /// From when until when it is open.
    open: Vec<OpenBody>,
    /// What closes it beside its weekly hours: names of holidays, `holiday`, `exception` or `break`.
    closed_by: Vec<String>,
}

/// A stretch of open time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenTime)]
struct OpenBody {
    /// The first instant of it.
    from: Timestamp,
    /// The first instant after it.
    until: Timestamp,
}

/// A holiday.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holiday)]
struct HolidayBody {
    /// Its date.
    date: Date,
    /// Its name, where it has one.
    name: Option<String>,
}

impl From<Day> for DayBody {
    fn from(day: Day) -> Self {
        let open = |(from, until)| OpenBody { from, until };
        Self {
            date: day.date,
            open_seconds: day.open_seconds,
            open: day.open.into_iter().map(open).collect(),
            closed_by: day.closed_by,
        }
    }
}

impl CalendarBody {
    fn of(name: String, calendar: ShownCalendar) -> Self {
        let holidays = calendar.weeks.holidays.into_iter();
        Self {
            name,
            policy: calendar.policy.0,
            time_zone: calendar.time_zone,
            is_open: calendar.is_open,
            changes_at: calendar.changes_at,
            days: calendar.weeks.days.into_iter().map(Into::into).collect(),
            holidays: holidays
                .map(|holiday| HolidayBody {
                    date: holiday.date,
                    name: holiday.name,
                })
                .collect(),
        }
    }
}

/// Which weeks to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ShowCalendar {
    /// A date of the first week; today when absent.
    from: Option<Date>,
}

/// Read a calendar of the policy in force, with its coming weeks. `GET /policy` lists the calendars.
#[utoipa::path(get, path = "/calendars/{id}", tag = "calendars",
    params(("id" = String, Path, description = "Its name; a / in it is written as %2F"), ShowCalendar),
    responses((status = 200, body = CalendarBody)))]
async fn read(
    State(web): State<Web>,
    Auth(caller): Auth,
    Id(name): Id<String>,
    Parameters(query): Parameters<ShowCalendar>,
) -> Result<Json<CalendarBody>> {
    let calendar = web.app.calendar(&caller, &name, query.from)?;
    Ok(Json(CalendarBody::of(name, calendar)))
}
