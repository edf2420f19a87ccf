//! Escalations.

use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::escalation::storm::{Sent, Urgency, Wake};
use mainstay_domain::escalation::{
    Escalation, EscalationEvent, EscalationEventKind, GroupKey, Subject,
};
use mainstay_domain::event::Actor;
use mainstay_store::due::{self, DueSubject};
use mainstay_store::escalation::{self, StoredEscalation, StoredPhase};
use mainstay_store::notification::{self, NotificationState, StoredNotification};
use mainstay_store::{PageRequest, StoreError, agent};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    an_escalation_is_the_fold_of_its_facts,
    an_agent_is_told_once
);

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
    let first = StoredEscalation::of(given::id(1), &fold, Some(at(60)), 1);
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
    let second = StoredEscalation::of(given::id(1), &fold, None, 3);
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
    let listed = escalation::list(&tx, Some(StoredPhase::Resolved), PageRequest::first(5))
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

fn told(number: u32, channel: NotifyChannel) -> StoredNotification {
    StoredNotification {
        id: given::id(number),
        agent: given::id(1),
        channel,
        urgency: Urgency::Urgent,
        wake: Wake::No,
        kind: "clock.warned".to_owned(),
        title: "First response is due".to_owned(),
        body: String::new(),
        ticket: None,
        escalation: None,
        step: Some(0),
        state: NotificationState::Pending,
        at: at(i64::from(number)),
        held_until: None,
        sent_at: None,
        delivery: None,
        error: None,
        read_at: None,
    }
}

async fn an_agent_is_told_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert_many(&tx, &[given::agent(1), given::agent(2)])
        .await
        .unwrap();
    let alerts: Vec<_> = (1..=3)
        .map(|number| told(number, NotifyChannel::Email))
        .collect();
    notification::insert(&tx, &alerts).await.unwrap();
    notification::insert(
        &tx,
        &[told(4, NotifyChannel::InApp), told(5, NotifyChannel::InApp)],
    )
    .await
    .unwrap();
    notification::hold(&tx, &[given::id(1), given::id(2)], at(60))
        .await
        .unwrap();
    let pending = notification::pending(&tx, given::id(1)).await.unwrap();
    assert_eq!(pending.len(), 5);
    assert_eq!(pending[0].alert().held_until, Some(at(60)));
    assert_eq!(pending[2], told(3, NotifyChannel::Email));

    let digest = [given::id(1), given::id(2)];
    assert_eq!(notification::claim(&tx, &digest).await.unwrap().len(), 2);
    assert_eq!(notification::claim(&tx, &digest).await.unwrap(), []);
    notification::put_back(&tx, &digest, "421 busy")
        .await
        .unwrap();
    assert_eq!(notification::claim(&tx, &digest).await.unwrap().len(), 2);
    notification::note_sent(&tx, &digest, at(60), "250 OK")
        .await
        .unwrap();
    notification::give_up(&tx, &[given::id(3)], "no address")
        .await
        .unwrap();
    let sent = notification::sent_since(&tx, given::id(1), at(60))
        .await
        .unwrap();
    let one = Sent {
        to: given::id(1),
        channel: NotifyChannel::Email,
        at: at(60),
    };
    assert_eq!(sent, [one], "a digest is one delivery");
    assert_eq!(
        notification::sent_since(&tx, given::id(1), at(61))
            .await
            .unwrap(),
        []
    );

    assert_eq!(
        notification::count_unread(&tx, given::id(1)).await.unwrap(),
        2
    );
    notification::note_read(&tx, given::id(2), &[given::id(4)], at(70))
        .await
        .unwrap();
    assert_eq!(
        notification::count_unread(&tx, given::id(1)).await.unwrap(),
        2,
        "another's are not theirs to read"
    );
    notification::note_read(&tx, given::id(1), &[], at(70))
        .await
        .unwrap();
    notification::note_read(&tx, given::id(1), &[given::id(4)], at(70))
        .await
        .unwrap();
    assert_eq!(
        notification::count_unread(&tx, given::id(1)).await.unwrap(),
        1
    );
    notification::note_all_read(&tx, given::id(1), at(71))
        .await
        .unwrap();
    let listed = notification::list(&tx, given::id(1), PageRequest::first(9))
        .await
        .unwrap();
    let read: Vec<_> = listed.items.iter().map(|told| told.read_at).collect();
    assert_eq!(read, [Some(at(71)), Some(at(70))]);
}
