//! What agents work with: views, macros, drafts, and who is at a ticket.

use mainstay_domain::draft::Draft;
use mainstay_domain::event::Visibility;
use mainstay_domain::macro_::Macro;

use mainstay_domain::view::View;

use mainstay_store::image_sender::{self, ImageSender};
use mainstay_store::presence::{Doing, Presence};

use mainstay_store::{StoreError, account, agent, draft, macro_, presence, view};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    views_and_macros_are_ones_own_or_everybodys,
    who_reads_a_row_to_change_it_loses_nobodys_change,
    drafts_are_one_for_each_agent_and_ticket,
    pictures_are_shown_of_whom_an_agent_trusts,
    who_is_at_a_ticket_is_known_for_a_while,
);

async fn views_and_macros_are_ones_own_or_everybodys(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert_many(&tx, &[given::agent(1), given::agent(2)])
        .await
        .unwrap();
    for (number, owner) in [(1, None), (2, Some(1)), (3, Some(2))] {
        let saved = View {
            id: given::id(number),
            name: format!("View {number}"),
            owner: owner.map(given::id),
            query: "status=open&sort=next_due".to_owned(),
            position: 9 - number,
            created_at: at(0),
        };
        view::insert(&tx, &saved).await.unwrap();
        assert_eq!(view::find(&tx, saved.id).await.unwrap(), Some(saved));
        let made = Macro {
            id: given::id(number),
            name: format!("Macro {number}"),
            description: String::new(),
            owner: owner.map(given::id),
            actions: "[]".to_owned(),
            created_at: at(0),
        };
        macro_::insert(&tx, &made).await.unwrap();
    }
    let views = view::usable_by(&tx, given::id(1)).await.unwrap();
    assert_eq!(
        views
            .iter()
            .map(|view| view.name.as_str())
            .collect::<Vec<_>>(),
        ["View 2", "View 1"]
    );
    let macros = macro_::usable_by(&tx, given::id(2)).await.unwrap();
    assert_eq!(
        macros
            .iter()
            .map(|made| made.name.as_str())
            .collect::<Vec<_>>(),
        ["Macro 1", "Macro 3"]
    );
    assert!(macro_::remove(&tx, given::id(1)).await.unwrap());
}

/// Six writers count each of three rows up by one, all at once.
async fn who_reads_a_row_to_change_it_loses_nobodys_change(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let view = View {
        id: given::id(1),
        name: "0".to_owned(),
        owner: None,
        query: String::new(),
        position: 0,
        created_at: at(0),
    };
    view::insert(&tx, &view).await.unwrap();
    let of_all = Macro {
        id: given::id(2),
        name: "0".to_owned(),
        description: String::new(),
        owner: None,
        actions: "[]".to_owned(),
        created_at: at(0),
    };
    macro_::insert(&tx, &of_all).await.unwrap();
    account::insert(&tx, &given::account(3)).await.unwrap();
    tx.commit().await.unwrap();
    let writers = (0..6).map(|_| {
        let store = fresh.store.clone();
        tokio::spawn(async move {
            let tx = store.begin().await.unwrap();
            let mut view = view::lock(&tx, given::id(1)).await.unwrap().unwrap();
            let mut found = macro_::lock(&tx, given::id(2)).await.unwrap().unwrap();
            let mut account = account::lock(&tx, given::id(3)).await.unwrap().unwrap();
            // Whoever read without locking would have read by now what the others read too.
            tokio::task::yield_now().await;
            view.position += 1;
            found.name = (found.name.parse::<u32>().unwrap() + 1).to_string();
            account.notes.push('x');
            view::update(&tx, &view).await.unwrap();
            macro_::update(&tx, &found).await.unwrap();
            account::update(&tx, &account).await.unwrap();
            tx.commit().await.unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let on = fresh.store.read();
    let view = view::find(&on, given::id(1)).await.unwrap().unwrap();
    let found = macro_::find(&on, given::id(2)).await.unwrap().unwrap();
    let account = account::find(&on, given::id(3)).await.unwrap().unwrap();
    assert_eq!(
        (view.position, &*found.name, &*account.notes),
        (6, "6", "xxxxxx")
    );
}

async fn drafts_are_one_for_each_agent_and_ticket(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=2).await;
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    agent::insert(&tx, &given::agent(2)).await.unwrap();
    let written = |ticket, text: &str, second| Draft {
        agent: given::id(1),
        ticket: given::id(ticket),
        text: text.to_owned(),
        visibility: Visibility::Internal,
        mentions: vec![given::id(2)],
        status: Some("open".into()),
        updated_at: at(second),
        leaves_at: None,
        refused: None,
    };
    draft::put(&tx, &written(1, "He", 1)).await.unwrap();
    draft::put(&tx, &written(2, "Other", 2)).await.unwrap();
    let last = Draft {
        leaves_at: Some(at(9)),
        refused: Some("closed".to_owned()),
        ..written(1, "Hello", 3)
    };
    draft::put(&tx, &last).await.unwrap();
    let found = draft::of_agent(&tx, given::id(1)).await.unwrap();
    assert_eq!(found, [last.clone(), written(2, "Other", 2)]);
    let locked = draft::lock(&tx, given::id(1), given::id(1)).await.unwrap();
    assert_eq!(locked, Some(last));
    assert_eq!(
        draft::find(&tx, given::id(2), given::id(1)).await.unwrap(),
        None
    );
    assert!(
        draft::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
    assert!(
        !draft::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
}

async fn pictures_are_shown_of_whom_an_agent_trusts(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert_many(&tx, &[given::agent(1), given::agent(2)])
        .await
        .unwrap();
    let sender = |agent, address: &str, second| ImageSender {
        agent: given::id(agent),
        address: address.to_owned(),
        created_at: at(second),
    };
    let (casey, bo) = (
        sender(1, "casey@acme.example", 1),
        sender(1, "bo@b.example", 2),
    );
    let of_other = sender(2, "casey@acme.example", 3);
    for one in [&casey, &bo, &of_other] {
        image_sender::put(&tx, one).await.unwrap();
    }
    let again = sender(1, "casey@acme.example", 9);
    image_sender::put(&tx, &again).await.unwrap();
    let of = async |agent| image_sender::of_agent(&tx, given::id(agent)).await.unwrap();
    assert_eq!(of(1).await, [bo.clone(), again], "by address, each once");

    let removed = async |address| {
        image_sender::remove(&tx, given::id(1), address)
            .await
            .unwrap()
    };
    assert!(removed("casey@acme.example").await);
    assert!(!removed("casey@acme.example").await, "it is gone already");
    assert_eq!(of(1).await, [bo]);
    assert_eq!(of(2).await, [of_other], "the other's stays");
    let of_nobody = image_sender::put(&tx, &sender(9, "casey@acme.example", 1)).await;
    assert!(
        matches!(of_nobody, Err(StoreError::Conflict(_))),
        "{of_nobody:?}"
    );
}

async fn who_is_at_a_ticket_is_known_for_a_while(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, 1..=2).await;
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    let there = |doing, until| Presence {
        ticket: given::id(1),
        agent: given::id(1),
        doing,
        until: at(until),
    };
    presence::put(&tx, &there(Doing::Reading, 10))
        .await
        .unwrap();
    presence::put(&tx, &there(Doing::Typing, 20)).await.unwrap();
    let found = presence::at_ticket(&tx, given::id(1), at(19))
        .await
        .unwrap();
    assert_eq!(found, [there(Doing::Typing, 20)]);
    assert_eq!(
        presence::at_ticket(&tx, given::id(1), at(20))
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        presence::at_ticket(&tx, given::id(2), at(1)).await.unwrap(),
        []
    );
    assert!(
        presence::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
    assert!(
        !presence::remove(&tx, given::id(1), given::id(1))
            .await
            .unwrap()
    );
}
