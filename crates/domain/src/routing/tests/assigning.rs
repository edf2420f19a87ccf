use jiff::Timestamp;
use mainstay_calendar::{Calendar, CalendarSpec, TimeOfDay, TimeRange, Weekly};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;
use uuid::Uuid;

use crate::id::AgentId;
use crate::name::{Language, Skill};
use crate::routing::{Candidate, Needs, OffHours, Strategy, assign};

const MORNING: &str = "2026-03-02T10:00:00Z";
const NIGHT: &str = "2026-03-02T22:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn agent(number: u128) -> AgentId {
    AgentId::from(Uuid::from_u128(number))
}

/// On weekdays between two hours, UTC.
fn between(open: u32, close: u32) -> Option<Calendar> {
    let day = TimeRange::new(
        TimeOfDay::new(open, 0).unwrap(),
        TimeOfDay::new(close, 0).unwrap(),
    );
    Calendar::new(CalendarSpec::new("UTC", Weekly::monday_to_friday(day))).ok()
}

fn candidate(number: u128, open_load: u32, capacity: u32) -> Candidate {
    Candidate {
        agent: agent(number),
        open_load,
        capacity,
        skills: ["sso", "billing"].map(Skill::from).into(),
        languages: ["en"].map(Language::from).into(),
        hours: between(9, 17),
        away_until: None,
        last_assigned_at: None,
    }
}

fn chosen(
    candidates: &[Candidate],
    strategy: Strategy,
    needs: &Needs,
    now: &str,
) -> (u128, String) {
    let assignment = assign(candidates, strategy, needs, at(now)).unwrap();
    (
        assignment.agent.uuid().as_u128(),
        assignment.reason.to_string(),
    )
}

fn refused(candidates: &[Candidate], strategy: Strategy, needs: &Needs, now: &str) -> String {
    assign(candidates, strategy, needs, at(now))
        .unwrap_err()
        .to_string()
}

#[test]
fn the_least_load_is_the_smallest_share_of_the_capacity() {
    let candidates = [candidate(1, 2, 3), candidate(2, 5, 10), candidate(3, 6, 10)];
    assert_eq!(
        chosen(&candidates, Strategy::LeastLoad, &Needs::default(), MORNING),
        (2, "the least load of 3: 5 of at most 10 tickets".to_owned())
    );
}

#[test]
fn between_equals_the_choice_is_always_the_same() {
    let (one, two) = (candidate(1, 1, 5), candidate(2, 1, 5));
    for strategy in [Strategy::LeastLoad, Strategy::RoundRobin] {
        for team in [[one.clone(), two.clone()], [two.clone(), one.clone()]] {
            assert_eq!(chosen(&team, strategy, &Needs::default(), MORNING).0, 1);
        }
    }
}

#[test]
fn the_turn_is_of_whoever_was_assigned_longest_ago() {
    let last = |number, time: Option<&str>| Candidate {
        last_assigned_at: time.map(at),
        ..candidate(number, 0, 5)
    };
    let candidates = [
        last(1, Some("2026-03-02T09:30:00Z")),
        last(2, Some("2026-03-02T09:10:00Z")),
        last(3, Some("2026-03-02T09:20:00Z")),
    ];
    assert_eq!(
        chosen(
            &candidates,
            Strategy::RoundRobin,
            &Needs::default(),
            MORNING
        ),
        (
            2,
            "the turn among 3: last assigned at 2026-03-02T09:10:00Z".to_owned()
        )
    );
    let with_a_new_one = [candidates[1].clone(), last(9, None)];
    assert_eq!(
        chosen(
            &with_a_new_one,
            Strategy::RoundRobin,
            &Needs::default(),
            MORNING
        )
        .0,
        9
    );
}

#[test]
fn nobody_is_chosen_over_their_capacity_not_even_the_owner() {
    let full = [candidate(1, 5, 5), candidate(2, 9, 3), candidate(3, 0, 0)];
    let needs = Needs {
        owner: Some(agent(1)),
        ..Needs::default()
    };
    assert_eq!(
        refused(&full, Strategy::LeastLoad, &needs, MORNING),
        "everybody who could take it is at capacity"
    );
    assert_eq!(
        refused(&full, Strategy::NamedOwner, &needs, MORNING),
        "the named owner cannot take it: they are at capacity"
    );
    let with_room = [candidate(1, 5, 5), candidate(2, 2, 3)];
    assert_eq!(
        chosen(&with_room, Strategy::LeastLoad, &needs, MORNING).0,
        2
    );
}

#[test]
fn the_named_owner_comes_first_and_with_that_strategy_alone() {
    let candidates = [candidate(1, 4, 5), candidate(2, 0, 5)];
    let owned = |number| Needs {
        owner: Some(agent(number)),
        ..Needs::default()
    };
    assert_eq!(
        chosen(&candidates, Strategy::LeastLoad, &owned(1), MORNING),
        (1, "the named owner".to_owned())
    );
    assert_eq!(
        chosen(&candidates, Strategy::NamedOwner, &owned(1), MORNING).0,
        1
    );
    assert_eq!(
        refused(&candidates, Strategy::NamedOwner, &owned(7), MORNING),
        "the named owner cannot take it: they are not in the team"
    );
    assert_eq!(
        refused(
            &candidates,
            Strategy::NamedOwner,
            &Needs::default(),
            MORNING
        ),
        "no owner is named: name one for the account, or let the rule choose by load or in turn"
    );
}

#[test]
fn skills_and_language_are_needed_all() {
    let spanish = Candidate {
        languages: ["en", "es"].map(Language::from).into(),
        ..candidate(2, 4, 5)
    };
    let candidates = [candidate(1, 0, 5), spanish];
    let needs = |skill: &str| Needs {
        skills: vec![Skill::from("sso"), Skill::from(skill)],
        language: Some(Language::from("es")),
        ..Needs::default()
    };
    assert_eq!(
        chosen(&candidates, Strategy::LeastLoad, &needs("billing"), MORNING),
        (
            2,
            "the least load of 1: 4 of at most 5 tickets; good at sso, billing; writes es"
                .to_owned()
        )
    );
    let nobody = assign(
        &candidates,
        Strategy::LeastLoad,
        &needs("kernel"),
        at(MORNING),
    )
    .unwrap_err();
    assert_eq!(
        nobody.to_string(),
        "nobody has the skills and the language it needs"
    );
    assert_eq!(
        nobody.considered[1].why.to_string(),
        "lacks the skill kernel"
    );
    assert_eq!(
        refused(&[], Strategy::LeastLoad, &needs("sso"), MORNING),
        "there is nobody to assign it to: the team has no agents"
    );
}

#[test]
fn off_hours_nobody_is_chosen_unless_the_rule_says_so() {
    let late = Candidate {
        hours: between(12, 20),
        ..candidate(2, 0, 5)
    };
    let candidates = [candidate(1, 3, 5), late];
    assert_eq!(
        refused(&candidates, Strategy::LeastLoad, &Needs::default(), NIGHT),
        "nobody who could take it is on now; somebody is again at 2026-03-03T09:00:00Z"
    );
    let next_on = Needs {
        off_hours: OffHours::NextOn,
        ..Needs::default()
    };
    assert_eq!(
        chosen(&candidates, Strategy::LeastLoad, &next_on, NIGHT),
        (
            1,
            "the least load of 1: 3 of at most 5 tickets; nobody is on now, first on again at 2026-03-03T09:00:00Z"
                .to_owned()
        )
    );
    // While somebody is on, whoever is off is not asked, however free they are.
    assert_eq!(
        chosen(&candidates, Strategy::LeastLoad, &next_on, MORNING).0,
        1
    );
}

#[test]
fn who_is_away_is_not_on() {
    let away = Candidate {
        away_until: Some(at("2026-03-05T00:00:00Z")),
        ..candidate(1, 0, 5)
    };
    assert_eq!(away.next_on(at(MORNING)), Some(at("2026-03-05T09:00:00Z")));
    assert_eq!(
        chosen(
            &[away, candidate(2, 4, 5)],
            Strategy::LeastLoad,
            &Needs::default(),
            MORNING
        )
        .0,
        2
    );
}

fn candidates() -> impl Generator<Value = Vec<Candidate>> {
    let one = (
        0u32..6,
        0u32..6,
        prop::sample::subsequence(vec!["sso", "billing", "kernel"], 0..=3),
        prop::sample::subsequence(vec!["en", "es", "pt"], 0..=3),
        prop::option::of(0usize..3),
        prop::option::of(0i64..100),
        prop::option::of(0i64..100),
    );
    prop::collection::vec(one, 0..8).prop_map(|all| {
        let hours = [between(9, 17), between(12, 20), between(0, 8)];
        (1u128..)
            .zip(all)
            .map(
                |(number, (load, capacity, skills, languages, shift, away, last))| Candidate {
                    agent: agent(number),
                    open_load: load,
                    capacity,
                    skills: skills.into_iter().map(Skill::from).collect(),
                    languages: languages.into_iter().map(Language::from).collect(),
                    hours: shift.and_then(|shift| hours[shift].clone()),
                    away_until: away.map(hour),
                    last_assigned_at: last.map(hour),
                },
            )
            .collect()
    })
}

fn hour(hours: i64) -> Timestamp {
    at("2026-03-02T00:00:00Z") + jiff::SignedDuration::from_hours(hours)
}

fn needs() -> impl Generator<Value = Needs> {
    (
        prop::option::of(1u128..9),
        prop::sample::subsequence(vec!["sso", "billing"], 0..=2),
        prop::option::of(prop::sample::select(vec!["en", "es"])),
        prop_oneof![Just(OffHours::Wait), Just(OffHours::NextOn)],
    )
        .prop_map(|(owner, skills, language, off_hours)| Needs {
            owner: owner.map(agent),
            skills: skills.into_iter().map(Skill::from).collect(),
            language: language.map(Language::from),
            off_hours,
        })
}

fn strategy() -> impl Generator<Value = Strategy> {
    prop::sample::select(vec![
        Strategy::LeastLoad,
        Strategy::RoundRobin,
        Strategy::NamedOwner,
    ])
}

/// Whether somebody could take it at some time: room, skills, language, and the owner where only they may.
fn could(candidate: &Candidate, strategy: Strategy, needs: &Needs) -> bool {
    candidate.open_load < candidate.capacity
        && needs
            .skills
            .iter()
            .all(|skill| candidate.skills.contains(skill))
        && needs
            .language
            .as_ref()
            .is_none_or(|language| candidate.languages.contains(language))
        && (strategy != Strategy::NamedOwner || needs.owner == Some(candidate.agent))
}

proptest! {
    #[test]
    fn whoever_is_chosen_could_take_it_and_nobody_is_left_unchosen_who_could(
        candidates in candidates(),
        needs in needs(),
        strategy in strategy(),
        now in 0i64..100,
    ) {
        let now = hour(now);
        let on = |candidate: &Candidate| candidate.next_on(now) == Some(now);
        let result = assign(&candidates, strategy, &needs, now);
        let anybody_on = candidates.iter().any(|candidate| could(candidate, strategy, &needs) && on(candidate));
        match &result {
            Ok(assignment) => {
                let taker = candidates.iter().find(|candidate| candidate.agent == assignment.agent).unwrap();
                prop_assert!(could(taker, strategy, &needs));
                prop_assert!(on(taker) || (needs.off_hours == OffHours::NextOn && !anybody_on));
            }
            Err(_) => {
                prop_assert!(!anybody_on);
                if needs.off_hours == OffHours::NextOn {
                    let ever = candidates.iter().any(|candidate| could(candidate, strategy, &needs));
                    prop_assert!(!ever);
                }
            }
        }
        // The order in which they are given does not matter.
        let mut turned = candidates;
        turned.reverse();
        let again = assign(&turned, strategy, &needs, now);
        prop_assert_eq!(result.map(|found| found.agent).ok(), again.map(|found| found.agent).ok());
    }

    #[test]
    fn in_turn_everybody_gets_as_many_as_the_others_within_one(size in 1usize..6, tickets in 1usize..40) {
        let mut team: Vec<Candidate> = (1..=size).map(|number| candidate(number as u128, 0, 100)).collect();
        for ticket in 0..tickets {
            let now = at(MORNING) + jiff::SignedDuration::from_secs(ticket as i64);
            let taker = assign(&team, Strategy::RoundRobin, &Needs::default(), now).unwrap().agent;
            let taker = team.iter_mut().find(|candidate| candidate.agent == taker).unwrap();
            taker.open_load += 1;
            taker.last_assigned_at = Some(now);
        }
        let loads: Vec<u32> = team.iter().map(|candidate| candidate.open_load).collect();
        prop_assert!(loads.iter().max().unwrap() - loads.iter().min().unwrap() <= 1, "{:?}", loads);
    }
}
