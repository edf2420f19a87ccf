//! Those who serve, at work.

use jiff::SignedDuration;
use mainstay_domain::event::Actor;
use mainstay_domain::role::BuiltIn;
use mainstay_domain::severity::Severity;

use crate::house::House;

#[tokio::test]
async fn two_agents_see_a_breach_as_it_happens() {
    let Some(house) = House::open().await else {
        return;
    };
    let account = house.test.account("Acme", "Enterprise").await;
    let ticket = house.test.customer_opens(account, Severity::P1).await;
    let mut watching = Vec::new();
    for name in ["Priya", "Marcus"] {
        let agent = house.test.serving(name, &[BuiltIn::Agent]).await;
        let Actor::Agent(id) = agent.actor else {
            panic!("{name} serves");
        };
        house.let_in(id).await;
        let agent = house.signed_in(&agent.email).await;
        agent.finds("//nav//a[contains(., 'Inbox')]").await;
        agent.goes(&format!("/tickets/{}", ticket.number)).await;
        agent.sees("left").await;
        watching.push(agent);
    }
    house.test.advance(SignedDuration::from_mins(20)).await;
    for agent in watching {
        agent.sees("Missed").await;
        agent.leaves().await;
    }
    house.close().await;
}
