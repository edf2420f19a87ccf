use crate::commitment::Source;
use crate::condition::{Condition, TicketFacts};
use crate::event::{Channel, ContractTerms};
use crate::name::{CategoryName, Language, RoleName, Skill, Tag, TeamName, TierName};
use crate::routing::*;
use crate::severity::Severity;
use crate::status::{Status, StatusKind};

fn facts() -> TicketFacts {
    TicketFacts {
        account: None,
        channel: Channel::Email,
        severity: Severity::P3,
        category: None,
        status: Status::from(StatusKind::New),
        team: None,
        assignee: None,
        terms: ContractTerms {
            tier: Some(TierName::from("Enterprise")),
            overrides: Vec::new(),
        },
        tags: Vec::new(),
        awaiting: None,
        last_message_at: None,
    }
}

fn rule(name: &str, when: RoutingWhen, then: RoutingOutcome) -> RoutingRule {
    RoutingRule {
        name: name.to_owned(),
        when,
        then,
        source: Source::default(),
    }
}

fn words(words: &[&str]) -> RoutingWhen {
    RoutingWhen {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        ..RoutingWhen::default()
    }
}

fn team(name: &str) -> RoutingOutcome {
    RoutingOutcome {
        team: Some(TeamName::from(name)),
        ..RoutingOutcome::default()
    }
}

fn rules() -> Vec<RoutingRule> {
    vec![
        rule(
            "billing",
            words(&["invoice", "fatura"]),
            RoutingOutcome {
                category: Some(CategoryName::from("billing")),
                tags: vec![Tag::from("money")],
                ..team("finance")
            },
        ),
        rule(
            "outage",
            RoutingWhen {
                subject_words: vec!["down".to_owned()],
                ..RoutingWhen::default()
            },
            RoutingOutcome {
                severity: Some(Severity::P1),
                skills: vec![Skill::from("platform")],
                tags: vec![Tag::from("money"), Tag::from("outage")],
                ..team("platform")
            },
        ),
        rule(
            "spanish",
            RoutingWhen {
                languages: vec![Language::from("es")],
                ..RoutingWhen::default()
            },
            team("latam"),
        ),
        rule(
            "named",
            RoutingWhen {
                facts: Condition::Tier(vec![TierName::from("Enterprise")]),
                account_role: Some(RoleName::from("account_manager")),
                ..RoutingWhen::default()
            },
            RoutingOutcome {
                owner: Some(Owner::AccountRole(RoleName::from("account_manager"))),
                strategy: Some(Strategy::NamedOwner),
                ..team("enterprise")
            },
        ),
    ]
}

/// The rules followed and the team given.
fn followed(
    matching: Matching,
    subject: &str,
    text: &str,
    language: Option<&str>,
    roles: &[&str],
) -> (Vec<String>, Routed) {
    let routing = Routing {
        matching,
        rules: rules(),
    };
    let facts = facts();
    let language = language.map(Language::from);
    let roles: Vec<RoleName> = roles.iter().copied().map(RoleName::from).collect();
    let routed = routing.route(&Incoming {
        facts: &facts,
        subject,
        text,
        language: language.as_ref(),
        account_roles: &roles,
    });
    let names = routed
        .followed
        .iter()
        .map(|followed| followed.rule.clone())
        .collect();
    (names, routed)
}

#[test]
fn the_first_rule_that_fits_is_followed_alone() {
    let (names, routed) = followed(
        Matching::First,
        "All is down",
        "and your INVOICE is wrong",
        Some("es"),
        &["account_manager"],
    );
    assert_eq!(names, ["billing"]);
    assert_eq!(routed.outcome.team, Some(TeamName::from("finance")));
    assert_eq!(routed.outcome.severity, None);
    assert_eq!(
        routed.followed[0].found,
        [Finding::Word("invoice".to_owned())]
    );
}

#[test]
fn all_rules_that_fit_add_up_and_the_first_word_stands() {
    let (names, routed) = followed(
        Matching::All,
        "All is down",
        "and your invoice is wrong",
        Some("es"),
        &["account_manager"],
    );
    assert_eq!(names, ["billing", "outage", "spanish", "named"]);
    let outcome = routed.outcome;
    assert_eq!(outcome.team, Some(TeamName::from("finance")));
    assert_eq!(outcome.severity, Some(Severity::P1));
    assert_eq!(outcome.tags, [Tag::from("money"), Tag::from("outage")]);
    assert_eq!(outcome.skills, [Skill::from("platform")]);
    assert_eq!(outcome.strategy, Some(Strategy::NamedOwner));
}

#[test]
fn every_part_of_a_condition_must_hold() {
    // `down` stands in the text, not in the subject; the language is another one; nobody is named.
    let (names, routed) = followed(Matching::All, "Help", "it is down", Some("en"), &[]);
    assert_eq!(names, Vec::<String>::new());
    assert_eq!(routed, Routed::default());
    let (names, _) = followed(Matching::All, "Faturação? A FATURA!", "", None, &[]);
    assert_eq!(names, ["billing"]);
    let (names, routed) = followed(Matching::All, "Hi", "", None, &["account_manager"]);
    assert_eq!(names, ["named"]);
    assert_eq!(
        routed.followed[0].found,
        [Finding::AccountRole("account_manager".into())]
    );
}

#[test]
fn a_language_that_is_not_known_fits_no_rule_that_asks_for_one() {
    let (names, _) = followed(Matching::All, "Hola", "no funciona", None, &[]);
    assert_eq!(names, Vec::<String>::new());
    let (names, _) = followed(Matching::All, "Hola", "no funciona", Some("es"), &[]);
    assert_eq!(names, ["spanish"]);
}
