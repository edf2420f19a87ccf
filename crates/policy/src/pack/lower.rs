//! How what the files of a pack say becomes a policy.

use mainstay_domain::name::{CalendarName, TeamName};
use mainstay_domain::policy::Policy;

use super::Draft;
use crate::calendar::lower_calendars;
use crate::check::{self, Checked};
use crate::definition::{CategoryForm, SeverityForm, StatusForm};
use crate::names::{Definitions, Names};
use crate::place::{At, Place};
use crate::problem::Problem;
use crate::service::PerformanceForm;
use crate::source::PackSource;
use crate::text::Name;

/// The policy of a pack, and the teams that it names.
type Lowered = (Policy, Vec<(TeamName, Place)>);

impl Draft {
    /// The policy; none without a head, which names the pack.
    pub(super) fn lower(
        mut self,
        source: &PackSource,
        problems: &mut Vec<Problem>,
    ) -> Option<Lowered> {
        let lost = std::mem::take(&mut self.lost);
        let mut names = Definitions::new(problems, &lost);
        self.define(&mut names);
        let head = self.head.take();
        let default_calendar = head
            .as_ref()
            .map(|head| names.calendar(&head.default_calendar));
        let (calendar_definitions, calendars) = lower_calendars(&self.calendar, source, &mut names);
        let checked = Checked {
            tiers: self
                .tier
                .iter()
                .map(|form| (form.lower(&mut names), form.name.place.clone()))
                .collect(),
            commitments: self
                .commitment
                .iter()
                .map(|form| form.lower(&mut names))
                .collect(),
        };
        check::ladders(&self.ladder, &mut names);
        let mut policy = Policy::empty("", default_calendar.unwrap_or(CalendarName::from("")));
        policy.severities = self.severity.iter().map(SeverityForm::lower).collect();
        policy.levels = self
            .level
            .iter()
            .map(|form| form.lower(&mut names))
            .collect();
        policy.statuses = self.status.iter().map(StatusForm::lower).collect();
        policy.categories = self.category.iter().map(CategoryForm::lower).collect();
        policy.roles = self
            .role
            .iter()
            .map(|form| form.lower(&mut names))
            .collect();
        policy.ladders = self
            .ladder
            .iter()
            .map(|form| form.lower(&mut names))
            .collect();
        policy.routing = self
            .routing
            .as_ref()
            .map(|routing| routing.lower(&mut names))
            .unwrap_or_default();
        policy.uptime = self
            .uptime
            .iter()
            .map(|form| form.lower(&mut names))
            .collect();
        policy.performance = self
            .performance
            .iter()
            .flat_map(|form| form.lower(&mut names))
            .collect();
        policy.recovery = self
            .recovery
            .iter()
            .map(|form| form.lower(&mut names))
            .collect();
        policy.templates = self
            .template
            .iter()
            .filter_map(|form| form.lower(source, &mut names))
            .collect();
        policy.calendars = calendars;
        policy.calendar_definitions = calendar_definitions;
        policy.support_hours = checked
            .tiers
            .iter()
            .map(|(tier, _)| (tier.name.clone(), tier.support_hours.clone()))
            .collect();
        check::statuses(&policy.statuses, &self.status, &mut names);
        check::commitments(&checked, &policy, &mut names);
        policy.tiers = checked.tiers.into_iter().map(|(tier, _)| tier).collect();
        policy.commitments = checked
            .commitments
            .into_iter()
            .map(|placed| placed.commitment)
            .collect();
        let head = head?;
        policy.pack = head.name.value.0.clone();
        policy.title = head.title;
        policy.pack_version = head.version;
        policy.description = head.description;
        policy.currency = check::currency(head.currency.as_ref(), &mut names);
        Some((policy, names.teams))
    }

    /// Gathers every name, so that a use before the definition is fine, and reports those that are defined twice.
    fn define(&self, names: &mut Definitions<'_>) {
        for form in &self.calendar {
            names
                .calendars
                .define("calendar", &form.name, names.problems);
        }
        for form in &self.tier {
            names.tiers.define("tier", &form.name, names.problems);
        }
        for form in &self.category {
            names
                .categories
                .define("category", &form.name, names.problems);
        }
        for form in &self.status {
            names.statuses.define("status", &form.name, names.problems);
        }
        for form in &self.role {
            names.roles.redefine("role", &form.name, names.problems);
        }
        for form in &self.commitment {
            names
                .commitments
                .define("commitment", &form.name, names.problems);
        }
        for form in &self.ladder {
            names.ladders.define("ladder", &form.name, names.problems);
        }
        let numbered = |place: &Place, text: String| At {
            value: Name(text),
            place: place.clone(),
        };
        for form in &self.level {
            let name = numbered(&form.level.place, form.level.value.to_string());
            names.levels.define("support level", &name, names.problems);
        }
        let mut severities = Names::default();
        let (mut uptime, mut recovery) = (Names::default(), Names::default());
        for form in &self.uptime {
            uptime.define("uptime of", form.tier(), names.problems);
        }
        for form in &self.recovery {
            recovery.define("recovery of", form.tier(), names.problems);
        }
        let mut performance = Names::default();
        for name in self.performance.iter().flat_map(PerformanceForm::names) {
            performance.define("performance", &name, names.problems);
        }
        for form in &self.severity {
            let name = numbered(&form.severity.place, form.severity.value.0.to_string());
            severities.define("severity", &name, names.problems);
        }
        let mut templates = Names::default();
        for form in &self.template {
            let text = format!("{} ({})", form.name.value.0, form.language.value.0);
            let name = numbered(&form.name.place, text);
            templates.define("template", &name, names.problems);
        }
    }
}
