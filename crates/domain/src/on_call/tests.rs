use jiff::SignedDuration;
use jiff::civil::{date, time};
use mainstay_calendar::{CalendarSpec, TimeRange, Weekly};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn agent(number: u128) -> AgentId {
    AgentId::from(Uuid::from_u128(number))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Three agents, 1 to 3, from Monday 2 March 2026 on, at nine in Madrid.
fn layer(name: &str, turn_days: u32) -> Layer {
    Layer::new(spec(name, turn_days)).unwrap()
}

fn spec(name: &str, turn_days: u32) -> LayerSpec {
    LayerSpec {
        name: name.to_owned(),
        agents: vec![agent(1), agent(2), agent(3)],
        starts_on: date(2026, 3, 2),
        hand_over: time(9, 0, 0, 0),
        time_zone: "Europe/Madrid".to_owned(),
        turn_days,
        hours: None,
    }
}

fn cover(number: u128, agent_number: u128, from: &str, until: &str) -> Cover {
    Cover {
        id: CoverId::from(Uuid::from_u128(number)),
        layer: "primary".to_owned(),
        agent: agent(agent_number),
        from: at(from),
        until: at(until),
        reason: String::new(),
    }
}

fn rota(layer: Layer, covers: Vec<Cover>) -> Rota {
    Rota {
        layers: vec![layer],
        covers,
    }
}

fn who(rota: &Rota, instant: &str) -> Vec<AgentId> {
    rota.on_call(&BTreeMap::new(), at(instant))
        .into_iter()
        .map(|found| found.agent)
        .collect()
}

#[test]
fn turns_change_at_the_hand_over_and_begin_again() {
    let weekly = rota(layer("primary", 7), Vec::new());
    assert_eq!(who(&weekly, "2026-03-02T07:59:59Z"), []);
    assert_eq!(who(&weekly, "2026-03-02T08:00:00Z"), [agent(1)]);
    assert_eq!(who(&weekly, "2026-03-09T07:59:59Z"), [agent(1)]);
    assert_eq!(who(&weekly, "2026-03-09T08:00:00Z"), [agent(2)]);
    assert_eq!(who(&weekly, "2026-03-16T08:00:00Z"), [agent(3)]);
    assert_eq!(who(&weekly, "2026-03-23T08:00:00Z"), [agent(1)]);
}

#[test]
fn nine_in_the_morning_stays_nine_in_the_morning() {
    let daily = layer("primary", 1);
    // Clocks go forward on 29 March and back on 25 October.
    for (instant, from, until) in [
        (
            "2026-03-28T12:00:00Z",
            "2026-03-28T08:00:00Z",
            "2026-03-29T07:00:00Z",
        ),
        (
            "2026-10-24T12:00:00Z",
            "2026-10-24T07:00:00Z",
            "2026-10-25T08:00:00Z",
        ),
    ] {
        let turn = daily.turn(at(instant)).unwrap();
        assert_eq!((turn.from, turn.until), (at(from), at(until)));
    }
}

#[test]
fn a_hand_over_that_clocks_skip_comes_as_much_later() {
    let skipped = Layer::new(LayerSpec {
        hand_over: time(2, 30, 0, 0),
        ..spec("primary", 1)
    });
    let turn = skipped.unwrap().turn(at("2026-03-29T01:30:00Z")).unwrap();
    assert_eq!(turn.from, at("2026-03-29T01:30:00Z"));
}

#[test]
fn a_cover_wins_and_of_two_the_later_one() {
    let covers = vec![
        cover(1, 8, "2026-12-24T00:00:00Z", "2026-12-26T00:00:00Z"),
        cover(2, 9, "2026-12-25T00:00:00Z", "2026-12-25T12:00:00Z"),
    ];
    let covered = rota(layer("primary", 7), covers);
    assert_eq!(who(&covered, "2026-12-24T00:00:00Z"), [agent(8)]);
    assert_eq!(who(&covered, "2026-12-25T00:00:00Z"), [agent(9)]);
    assert_eq!(who(&covered, "2026-12-25T12:00:00Z"), [agent(8)]);
    assert_ne!(who(&covered, "2026-12-26T00:00:00Z"), [agent(8)]);
    let none = BTreeMap::new();
    let next = |instant| covered.next_hand_over("primary", &none, at(instant));
    assert_eq!(
        next("2026-12-24T12:00:00Z"),
        Some(at("2026-12-25T00:00:00Z"))
    );
    assert_eq!(
        next("2026-12-25T12:00:00Z"),
        Some(at("2026-12-26T00:00:00Z"))
    );
}

#[test]
fn outside_the_hours_nobody_is_on_call_but_who_covers() {
    let (open, close) = ("09:00".parse().unwrap(), "17:00".parse().unwrap());
    let weekly = Weekly::every_day(TimeRange { open, close });
    let office = CalendarSpec::new("Europe/Madrid", weekly);
    let hours = BTreeMap::from([(CalendarName::from("office"), Calendar::new(office).unwrap())]);
    let limited = Layer::new(LayerSpec {
        hours: Some("office".into()),
        ..spec("primary", 7)
    });
    let covers = vec![cover(1, 8, "2026-03-03T20:00:00Z", "2026-03-03T22:00:00Z")];
    let rota = rota(limited.unwrap(), covers);
    let who = |instant| {
        let found = rota.on_call(&hours, at(instant));
        found.first().map(|found| found.agent)
    };
    assert_eq!(who("2026-03-03T12:00:00Z"), Some(agent(1)));
    assert_eq!(who("2026-03-03T16:00:00Z"), None);
    assert_eq!(who("2026-03-03T21:00:00Z"), Some(agent(8)));
    let next = rota.next_hand_over("primary", &hours, at("2026-03-03T12:00:00Z"));
    assert_eq!(next, Some(at("2026-03-03T16:00:00Z")));
    let next = rota.next_hand_over("primary", &hours, at("2026-03-03T22:00:00Z"));
    assert_eq!(next, Some(at("2026-03-04T08:00:00Z")));
}

#[test]
fn what_is_no_layer_is_refused_in_words() {
    let refused = |change: fn(&mut LayerSpec)| {
        let mut spec = spec("primary", 7);
        change(&mut spec);
        Layer::new(spec).unwrap_err().to_string()
    };
    insta::assert_snapshot!(refused(|spec| spec.agents.clear()), @"a layer needs at least one agent");
    insta::assert_snapshot!(refused(|spec| spec.turn_days = 0), @"a turn lasts 1 to 366 days, not 0");
    insta::assert_snapshot!(refused(|spec| spec.time_zone = "Mars".into()), @r#""Mars" is not a time zone: expected one such as Europe/Berlin"#);
}

#[test]
fn one_person_alone_never_hands_over() {
    let mut alone = spec("primary", 7);
    alone.agents.truncate(1);
    let rota = rota(Layer::new(alone).unwrap(), Vec::new());
    let next = rota.next_hand_over("primary", &BTreeMap::new(), at("2026-04-01T00:00:00Z"));
    assert_eq!(next, None);
}

fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Kolkata",
    ])
}

prop_compose! {
    fn any_layer()(
        zone in zones(), hour in 0_i8..24, minute in 0_i8..60, turn_days in 1_u32..20, people in 1_u128..5,
        offset in 0_i64..400,
    ) -> Layer {
        Layer::new(LayerSpec {
            name: "primary".to_owned(),
            agents: (1..=people).map(agent).collect(),
            starts_on: date(2025, 1, 1).checked_add(Span::new().days(offset)).unwrap(),
            hand_over: time(hour, minute, 0, 0),
            time_zone: zone.to_owned(),
            turn_days,
            hours: None,
        }).unwrap()
    }
}

proptest! {
    #[test]
    fn turns_follow_each_other_without_a_gap(layer in any_layer(), seconds in 0_i64..100_000_000) {
        let instant = at("2026-02-05T00:00:00Z") + SignedDuration::from_secs(seconds);
        let turn = layer.turn(instant).unwrap();
        prop_assert!(turn.from <= instant && instant < turn.until);
        let next = layer.turn(turn.until).unwrap();
        prop_assert_eq!(next.from, turn.until);
        let people = &layer.spec().agents;
        let place = |of: AgentId| people.iter().position(|agent| *agent == of).unwrap();
        prop_assert_eq!(place(next.agent), (place(turn.agent) + 1) % people.len());
    }

    #[test]
    fn a_hand_over_is_at_its_local_time(layer in any_layer(), seconds in 0_i64..100_000_000) {
        let instant = at("2026-02-05T00:00:00Z") + SignedDuration::from_secs(seconds);
        let until = layer.turn(instant).unwrap().until;
        let zone = mainstay_calendar::time_zone(&layer.spec().time_zone).unwrap();
        let local = zone.to_datetime(until);
        let wanted = local.date().to_datetime(layer.spec().hand_over);
        let is_skipped = zone.to_ambiguous_timestamp(wanted).is_ambiguous();
        prop_assert!(local.time() == layer.spec().hand_over || is_skipped, "{local}");
    }

    #[test]
    fn one_person_for_each_layer_and_covers_win(
        layer in any_layer(), seconds in 0_i64..100_000_000,
        covers in prop::collection::vec((0_i64..100_000_000, 1_i64..5_000_000), 0..6),
    ) {
        let start = at("2026-02-05T00:00:00Z");
        let instant = start + SignedDuration::from_secs(seconds);
        let covers: Vec<Cover> = covers.iter().zip(100..).map(|((from, length), number)| Cover {
            from: start + SignedDuration::from_secs(*from),
            until: start + SignedDuration::from_secs(from + length),
            ..cover(number, number, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
        }).collect();
        let mut second = layer.spec().clone();
        second.name = "secondary".to_owned();
        let rota = Rota { layers: vec![layer, Layer::new(second).unwrap()], covers };
        let found = rota.on_call(&BTreeMap::new(), instant);
        let layers: Vec<&str> = found.iter().map(|found| found.layer.as_str()).collect();
        prop_assert_eq!(layers, ["primary", "secondary"]);
        let covering = rota.covers.iter().rfind(|cover| cover.covers(instant));
        prop_assert_eq!(found[0].cover, covering.map(|cover| cover.id));
        if let Some(covering) = covering {
            prop_assert_eq!(found[0].agent, covering.agent);
        }
        let none = BTreeMap::new();
        if let Some(next) = rota.next_hand_over("primary", &none, instant) {
            prop_assert!(next > instant);
            prop_assert_ne!(rota.on_call(&none, next)[0].agent, found[0].agent);
        }
    }
}

#[test]
fn a_week_is_told_span_by_span_with_who_stands_in() {
    let covers = vec![cover(1, 3, "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z")];
    let weekly = rota(layer("primary", 7), covers);
    let spans = weekly.spans(
        &BTreeMap::new(),
        at("2026-03-01T00:00:00Z"),
        at("2026-03-10T00:00:00Z"),
    );
    let told: Vec<(AgentId, bool, String, String)> = spans
        .iter()
        .map(|span| {
            let (from, until) = (span.from.to_string(), span.until.to_string());
            (span.agent, span.cover.is_some(), from, until)
        })
        .collect();
    let span = |number, stands_in, from: &str, until: &str| {
        (agent(number), stands_in, from.to_owned(), until.to_owned())
    };
    assert_eq!(
        told,
        [
            span(1, false, "2026-03-02T08:00:00Z", "2026-03-04T00:00:00Z"),
            span(3, true, "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"),
            span(1, false, "2026-03-05T00:00:00Z", "2026-03-09T08:00:00Z"),
            span(2, false, "2026-03-09T08:00:00Z", "2026-03-10T00:00:00Z"),
        ]
    );
}

proptest! {
    /// Whoever is on call at an instant is who the spans name, and where they name nobody, nobody is.
    #[test]
    fn the_spans_say_what_each_instant_says(
        turn_days in 1_u32..9, asked in 0_i64..20_000, from_minutes in 0_i64..20_000, minutes in 1_i64..20_000,
        length in 1_i64..5_000,
    ) {
        let begin = at("2026-02-27T00:00:00Z");
        let minute = |count: i64| begin + SignedDuration::from_mins(count);
        let mut stands_in = cover(1, 4, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
        stands_in.from = minute(from_minutes);
        stands_in.until = minute(from_minutes + length);
        let rota = rota(layer("primary", turn_days), vec![stands_in]);
        let hours = BTreeMap::new();
        let spans = rota.spans(&hours, begin, minute(minutes));
        let instant = minute(asked % minutes);
        let told = spans.iter().find(|span| span.from <= instant && instant < span.until);
        let found = rota.on_call(&hours, instant);
        prop_assert_eq!(told.map(|span| (span.agent, span.cover)), found.first().map(|found| (found.agent, found.cover)));
        prop_assert!(spans.windows(2).all(|pair| pair[0].until <= pair[1].from));
    }
}
