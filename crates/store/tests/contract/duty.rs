//! Who is on call, and what is on its way to them.

use jiff::civil::{date, time};
use mainstay_domain::dispatch::{Dispatch, DispatchAct, DispatchState};
use mainstay_domain::escalation::NotifyChannel;
use mainstay_domain::on_call::{Cover, Layer, LayerSpec};
use mainstay_domain::team::Team;
use mainstay_store::{agent, dispatch, on_call, team};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(rotas_are_read_as_written, dispatches_are_read_as_written,);

fn a_team(number: u32) -> Team {
    Team {
        id: given::id(number),
        name: format!("Team {number}"),
        email: None,
        calendar: None,
        members: vec![given::id(1), given::id(2)],
        on_call: Vec::new(),
        created_at: at(0),
    }
}

fn layer(name: &str) -> Layer {
    Layer::new(LayerSpec {
        name: name.to_owned(),
        agents: vec![given::id(2), given::id(1), given::id(2)],
        starts_on: date(2026, 3, 2),
        hand_over: time(9, 30, 0, 0),
        time_zone: "Europe/Madrid".to_owned(),
        turn_days: 7,
        hours: (name == "primary").then(|| "office".into()),
    })
    .unwrap()
}

fn cover(number: u32) -> Cover {
    Cover {
        id: given::id(number),
        layer: "primary".to_owned(),
        agent: given::id(1),
        from: at(10),
        until: at(20),
        reason: "Holidays".to_owned(),
    }
}

async fn rotas_are_read_as_written(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for number in [1, 2] {
        agent::insert(&tx, &given::agent(number)).await.unwrap();
    }
    for number in [1, 2] {
        team::insert(&tx, &a_team(number)).await.unwrap();
    }
    let layers = [layer("secondary"), layer("primary")];
    on_call::set_layers(&tx, given::id(1), &layers)
        .await
        .unwrap();
    on_call::set_layers(&tx, given::id(2), &layers[..1])
        .await
        .unwrap();
    for number in [8, 7] {
        on_call::add_cover(&tx, given::id(1), &cover(number))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    let found = on_call::find(&on, given::id(1)).await.unwrap();
    assert_eq!(found.layers, layers);
    assert_eq!(found.covers, [cover(7), cover(8)]);
    let all = on_call::all_rotas(&on).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[&given::id(1)], found);
    assert_eq!(all[&given::id(2)].layers, layers[..1]);
    let nowhere = on_call::find(&on, given::id(3)).await.unwrap();
    assert!(nowhere.is_empty());

    let tx = fresh.store.begin().await.unwrap();
    on_call::set_layers(&tx, given::id(1), &[]).await.unwrap();
    // A cover of another team is not this team's to remove.
    let foreign = on_call::remove_cover(&tx, given::id(2), given::id(7)).await;
    assert!(!foreign.unwrap());
    let own = on_call::remove_cover(&tx, given::id(1), given::id(7)).await;
    assert!(own.unwrap());
    tx.commit().await.unwrap();
    let left = on_call::find(&fresh.store.read(), given::id(1))
        .await
        .unwrap();
    assert!(left.is_empty());
    assert_eq!(left.covers, [cover(8)]);
}

async fn dispatches_are_read_as_written(fresh: &Fresh) {
    let mut written = Dispatch {
        id: given::id(5),
        recipient: given::id(1),
        channel: NotifyChannel::Voice,
        act: DispatchAct::Tell,
        escalation: None,
        title: "Escalation of #1".to_owned(),
        detail: "It does not work".to_owned(),
        url: "https://mainstay.example/a/1".to_owned(),
        state: DispatchState::Queued,
        attempts: 0,
        last_error: None,
        receipt: None,
        created_at: at(1),
        delivered_at: None,
    };
    let tx = fresh.store.begin().await.unwrap();
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    dispatch::insert(&tx, &written).await.unwrap();
    written.state = DispatchState::Delivered;
    written.attempts = 2;
    written.receipt = Some("CA1".to_owned());
    written.delivered_at = Some(at(2));
    dispatch::update(&tx, &written).await.unwrap();
    tx.commit().await.unwrap();
    let on = fresh.store.read();
    let found = dispatch::find(&on, written.id).await.unwrap();
    assert_eq!(found, Some(written));
    let of_another = dispatch::of_escalation(&on, given::id(9)).await.unwrap();
    assert_eq!(of_another, []);
}
