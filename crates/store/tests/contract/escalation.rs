//! Escalations.

use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::escalation::storm::{Sent, Urgency, Wake};
use mainstay_domain::escalation::{
    Escalation, EscalationEvent, EscalationEventKind, GroupKey, Sighting, Subject,
};
use mainstay_domain::event::{Actor, EventKind};
use mainstay_domain::name::{CategoryName, Tag};
use mainstay_domain::notification::{About, Notification, NotificationState};
use mainstay_domain::policy::PolicyVersion;
use mainstay_domain::status::{Status, StatusKind};
use mainstay_store::due::{self, DueSubject};
use mainstay_store::escalation::{
    self, EscalationFilter, StoredEscalation, StoredPhase, WrittenEscalation,
};
use mainstay_store::notification::{self, ReadState};
use mainstay_store::{PageRequest, StoreError, Transaction, account, agent, ledger, ticket};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    an_escalation_is_the_fold_of_its_facts,
    an_agent_is_told_once,
    several_notifications_are_written_at_once,
    what_is_shown_is_read,
    tickets_of_a_group_are_sighted,
);

fn event(second: i64, kind: EscalationEventKind) -> EscalationEvent {
    EscalationEvent {
        at: at(second),
        actor: Actor::System,
        kind,
    }
}

/// Writes an escalation beside what it was, and what happened since.
async fn write(
    tx: &Transaction,
    stored: &StoredEscalation,
    before: Option<&StoredEscalation>,
    events: &[EscalationEvent],
    second: i64,
) -> Result<(), StoreError> {
    let written = WrittenEscalation {
        stored: stored.clone(),
        before: before.cloned(),
        events: events.to_vec(),
    };
    escalation::write_many(tx, &[written], at(second)).await
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
            parts: None,
        },
    )];
    let fold = Escalation::fold(&events).unwrap();
    let first = StoredEscalation::of(given::id(1), &fold, PolicyVersion(1), Some(at(60)), 1);
    write(&tx, &first, None, &events, 1).await.unwrap();
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
    write(&tx, &second, Some(&first), &later, 3).await.unwrap();
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
    let refused = write(&tx, &second, Some(&first), &later, 4).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}

fn told(number: u32, channel: NotifyChannel) -> Notification {
    Notification {
        id: given::id(number),
        recipient: given::id(1),
        channel,
        shown_at: None,
        about: About::ClockWarned {
            commitment: "first_response".into(),
            due_at: at(90),
        },
        ticket: None,
        escalation: None,
        title: "First response is due".to_owned(),
        detail: String::new(),
        urgency: Urgency::Urgent,
        wake: Wake::No,
        at: at(i64::from(number)),
        cause: format!("event:{number}"),
        state: NotificationState::Pending,
        held_until: None,
        fallback: None,
        delivery: None,
        dispatched_at: None,
        delivered_at: None,
        read_at: None,
        last_error: None,
    }
}

async fn an_agent_is_told_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert_many(&tx, &[given::agent(1), given::agent(2)])
        .await
        .unwrap();
    let mails: Vec<_> = (1..=3)
        .map(|number| told(number, NotifyChannel::Email))
        .collect();
    notification::insert(&tx, &mails).await.unwrap();
    // The same again, by the same channel: nobody is told twice.
    let again = Notification {
        id: given::id(9),
        ..mails[0].clone()
    };
    notification::insert(&tx, &[again]).await.unwrap();
    assert_eq!(
        notification::pending(&tx, given::id(1)).await.unwrap(),
        mails
    );
    assert_eq!(notification::pending(&tx, given::id(2)).await.unwrap(), []);

    let digest = given::id::<uuid::Uuid>(50);
    for mail in &mails[..2] {
        let sent = Notification {
            state: NotificationState::Dispatched,
            dispatched_at: Some(at(60)),
            delivery: Some(digest),
            ..mail.clone()
        };
        notification::update(&tx, &sent).await.unwrap();
    }
    let carried = notification::of_delivery(&tx, digest).await.unwrap();
    assert_eq!(carried.len(), 2);
    let one = Sent {
        to: given::id(1),
        channel: NotifyChannel::Email,
        at: at(60),
    };
    let sent = notification::dispatched_after(&tx, given::id(1), at(59))
        .await
        .unwrap();
    assert_eq!(sent, [one], "a digest is one delivery");
    let later = notification::dispatched_after(&tx, given::id(1), at(60))
        .await
        .unwrap();
    assert_eq!(later, []);
}

async fn several_notifications_are_written_at_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert_many(&tx, &[given::agent(1)]).await.unwrap();
    let all: Vec<_> = (1..=3)
        .map(|number| told(number, NotifyChannel::Email))
        .collect();
    notification::insert(&tx, &all).await.unwrap();
    let sent: Vec<_> = all[..2]
        .iter()
        .map(|mail| Notification {
            state: NotificationState::Dispatched,
            dispatched_at: Some(at(60)),
            ..mail.clone()
        })
        .collect();
    notification::update_many(&tx, &sent).await.unwrap();
    notification::update_many(&tx, &[]).await.unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    for mail in &sent {
        let found = notification::find(&on, mail.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(mail));
    }
    let waiting = notification::pending(&on, given::id(1)).await.unwrap();
    assert_eq!(waiting, all[2..], "what is not named stays as it is");

    let tx = fresh.store.begin().await.unwrap();
    let to_nobody = Notification {
        recipient: given::id(9),
        ..sent[0].clone()
    };
    notification::update_many(&tx, std::slice::from_ref(&to_nobody))
        .await
        .unwrap();
    notification::update(&tx, &to_nobody).await.unwrap();
    let found = notification::find(&tx, to_nobody.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&sent[0]), "whom it tells stays");
}

async fn what_is_shown_is_read(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert_many(&tx, &[given::agent(1)]).await.unwrap();
    let shown = [
        (1, NotifyChannel::InApp),
        (2, NotifyChannel::InApp),
        (3, NotifyChannel::Email),
    ];
    let shown = shown.map(|(number, channel)| Notification {
        shown_at: Some(at(i64::from(number))),
        ..told(number, channel)
    });
    notification::insert(&tx, &shown).await.unwrap();
    notification::insert(&tx, &[told(4, NotifyChannel::Email)])
        .await
        .unwrap();
    let first = shown[0].id;
    assert!(notification::note_read(&tx, first, at(5)).await.unwrap());
    assert!(!notification::note_read(&tx, first, at(6)).await.unwrap());
    // Whoever delivers it knows nothing of its having been read.
    notification::update(&tx, &shown[0]).await.unwrap();
    let agent = given::id(1);
    assert_eq!(notification::count_unread(&tx, agent).await.unwrap(), 2);
    let unread = notification::shown(&tx, agent, ReadState::Unread, PageRequest::first(1))
        .await
        .unwrap();
    assert_eq!(unread.items, [shown[2].clone()]);
    let rest = PageRequest {
        limit: 5,
        after: unread.next,
    };
    let rest = notification::shown(&tx, agent, ReadState::Unread, rest)
        .await
        .unwrap();
    assert_eq!(rest.items, [shown[1].clone()]);
    assert_eq!(notification::read_all(&tx, agent, at(2)).await.unwrap(), 1);
    assert_eq!(notification::read_all(&tx, agent, at(9)).await.unwrap(), 1);
    let all = notification::shown(&tx, agent, ReadState::Any, PageRequest::first(9))
        .await
        .unwrap();
    let read: Vec<_> = all.items.iter().map(|told| told.read_at).collect();
    assert_eq!(read, [Some(at(9)), Some(at(2)), Some(at(5))]);
}

async fn tickets_of_a_group_are_sighted(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert_many(&tx, &[given::account(1), given::account(2)])
        .await
        .unwrap();
    let (tag, category) = (Tag::from("component:mail"), CategoryName::from("mail"));
    let comes = [
        EventKind::TagsAdded {
            tags: vec![tag.clone()],
        },
        EventKind::CategoryChanged {
            to: Some(category.clone()),
        },
    ];
    // The first is opened in both groups, the second comes to them. The third is nobody's and the fourth is done, so they count
    // for nobody; the fifth is in no group.
    for number in 1..=5 {
        let account = (number != 3).then(|| given::id(if number == 1 { 1 } else { 2 }));
        let mut opening = given::opened(number);
        if let EventKind::Opened {
            account: of,
            category: opened_category,
            tags,
            status,
            ..
        } = &mut opening.kind
        {
            *of = account;
            if [1, 3, 4].contains(&number) {
                (*opened_category, *tags) = (Some(category.clone()), vec![tag.clone()]);
            }
            if number == 4 {
                *status = Status::from(StatusKind::Closed);
            }
        }
        let mut facts = vec![opening];
        if number == 2 {
            let later = (2..).zip(comes.clone());
            facts.extend(later.map(|(sequence, kind)| given::event(2, sequence, kind)));
        }
        let mut stored = given::ticket(number);
        for fact in &facts {
            stored.ticket.apply(fact);
        }
        ticket::insert_many(&tx, std::slice::from_ref(&stored))
            .await
            .unwrap();
        ledger::append(&tx, stored.ticket.id, account, &facts)
            .await
            .unwrap();
    }
    for key in [GroupKey::Tag(tag), GroupKey::Category(category)] {
        let seen = |number: u32| Sighting {
            account: given::id(number),
            ticket: given::id(number),
            key: key.clone(),
            at: at(i64::from(number)),
        };
        for (from, until, expected) in [
            (0, 10, vec![seen(1), seen(2)]),
            (1, 1, vec![seen(1)]),
            (2, 10, vec![seen(2)]),
            (3, 10, vec![]),
        ] {
            let found = escalation::sightings(&tx, &key, at(from), at(until)).await;
            assert_eq!(found.unwrap(), expected, "{from} to {until}");
        }
    }
    let other = GroupKey::Category("other".into());
    let none = escalation::sightings(&tx, &other, at(0), at(10)).await;
    assert_eq!(none.unwrap(), []);
}
