//! Escalations.

use mainstay_domain::escalation::{
    Escalation, EscalationEvent, EscalationEventKind, GroupKey, Subject,
};
use mainstay_domain::event::Actor;
use mainstay_domain::policy::PolicyVersion;
use mainstay_store::due::{self, DueSubject};
use mainstay_store::escalation::{self, EscalationFilter, StoredEscalation, StoredPhase};
use mainstay_store::{PageRequest, StoreError};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(an_escalation_is_the_fold_of_its_facts);

fn event(second: i64, kind: EscalationEventKind) -> EscalationEvent {
    EscalationEvent {
        at: at(second),
        actor: Actor::System,
        kind,
    }
}

async fn an_escalation_is_the_fold_of_its_facts(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1, 2]).await;
    let subject = Subject::Group {
        key: GroupKey::Tag("network".into()),
        tickets: vec![given::id(1)],
    };
    let mut events = vec![event(
        1,
        EscalationEventKind::Raised {
            subject: subject.clone(),
            ladder: "critical".into(),
            reason: "several accounts".to_owned(),
            manual: None,
        },
    )];
    let fold = Escalation::fold(&events).unwrap();
    let first = StoredEscalation::of(given::id(1), &fold, PolicyVersion(1), Some(at(60)), 1);
    escalation::insert(&tx, &first, &events, at(1))
        .await
        .unwrap();
    assert_eq!(due::next_instant(&tx).await.unwrap(), Some(at(60)));
    assert_eq!(
        escalation::open_about(&tx, &subject).await.unwrap(),
        std::slice::from_ref(&first)
    );

    let later = vec![
        event(
            2,
            EscalationEventKind::TicketsJoined {
                tickets: vec![given::id(2)],
            },
        ),
        event(
            3,
            EscalationEventKind::Resolved {
                text: "cable".to_owned(),
            },
        ),
    ];
    events.extend(later.clone());
    let fold = Escalation::fold(&events).unwrap();
    let second = StoredEscalation::of(given::id(1), &fold, PolicyVersion(1), None, 3);
    escalation::update(&tx, &second, 1, &later, at(3))
        .await
        .unwrap();
    assert_eq!(escalation::load(&tx, given::id(1)).await.unwrap(), events);
    assert_eq!(
        escalation::find(&tx, given::id(1)).await.unwrap(),
        Some(second.clone())
    );
    assert_eq!(
        (second.phase, second.ended_at),
        (StoredPhase::Resolved, Some(at(3)))
    );
    assert_eq!(escalation::open_about(&tx, &subject).await.unwrap(), []);
    assert_eq!(
        escalation::of_ticket(&tx, given::id(2)).await.unwrap(),
        std::slice::from_ref(&second)
    );
    assert_eq!(due::next_instant(&tx).await.unwrap(), None);
    let listed = escalation::list(
        &tx,
        &EscalationFilter {
            phase: Some(StoredPhase::Resolved),
            ticket: Some(given::id(2)),
            concerns: None,
        },
        PageRequest::first(5),
    )
    .await
    .unwrap();
    assert_eq!(listed.items, std::slice::from_ref(&second));
    due::set(&tx, DueSubject::Escalation(given::id(1)), None)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let tx = fresh.store.begin().await.unwrap();
    let refused = escalation::update(&tx, &second, 1, &later, at(4)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}
