//! Accounts, contracts, contacts, agents, teams.

use jiff::civil::date;
use mainstay_domain::account::NamedPerson;
use mainstay_domain::contract::Contract;
use mainstay_domain::event::TargetOverride;
use mainstay_domain::id::{AccountId, AgentId};
use mainstay_domain::severity::Severity;
use mainstay_domain::team::Team;
use mainstay_store::account::{AccountFilter, Archived};
use mainstay_store::contact::ContactFilter;
use mainstay_store::names::Noun;
use mainstay_store::{
    PageRequest, StoreError, Transaction, account, agent, contact, contract, names, team,
};
use uuid::Uuid;

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    accounts_are_found_by_domain_name_and_person,
    contracts_are_in_force_on_their_days,
    an_address_belongs_to_one_contact,
    agents_and_teams_are_read_as_written,
    what_is_taken_is_said_in_words,
    names_are_found_whatever_bears_them,
);

async fn names_are_found_whatever_bears_them(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    account::insert_many(&tx, &[given::account(2), given::account(3)])
        .await
        .unwrap();
    let contacts = [given::contact(4, Some(2)), given::contact(5, Some(3))];
    contact::insert_many(&tx, &contacts).await.unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    let ids: Vec<Uuid> = (1..=9)
        .map(|number| given::id::<AccountId>(number).uuid())
        .collect();
    let found = async |account| {
        let mut found: Vec<_> = names::find(&on, &Noun::PEOPLE, account, &ids)
            .await
            .unwrap()
            .into_iter()
            .map(|name| (name.noun.as_str(), name.id))
            .collect();
        found.sort_unstable();
        found
    };
    let of = |numbers: &[(&'static str, usize)]| -> Vec<_> {
        numbers
            .iter()
            .map(|(noun, number)| (*noun, ids[number - 1]))
            .collect()
    };
    assert_eq!(
        found(None).await,
        of(&[
            ("account", 2),
            ("account", 3),
            ("agent", 1),
            ("contact", 4),
            ("contact", 5)
        ])
    );
    // A portal user learns nothing of other accounts.
    assert_eq!(
        found(Some(given::id(2))).await,
        of(&[("account", 2), ("agent", 1), ("contact", 4)])
    );
}

async fn accounts_are_found_by_domain_name_and_person(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    let mut accounts: Vec<_> = (1..=5).map(given::account).collect();
    for (account, name) in accounts
        .iter_mut()
        .zip(["beta", "Alpha", "álpha", "100% Ltd", "Zeta_1"])
    {
        account.name = name.to_owned();
    }
    accounts[0].domains = vec!["Beta.example".to_owned(), "beta.co.uk".to_owned()];
    accounts[0].people = vec![NamedPerson {
        role: "success_manager".into(),
        agent: given::id(1),
    }];
    accounts[4].archived_at = Some(at(9));
    account::insert_many(&tx, &accounts).await.unwrap();
    tx.commit().await.unwrap();

    let on = fresh.store.read();
    assert_eq!(
        account::find(&on, given::id(1)).await.unwrap().as_ref(),
        Some(&accounts[0])
    );
    for (domain, expected) in [
        ("beta.example", Some(1)),
        ("EU.mail.BETA.example", Some(1)),
        ("beta.co.uk", Some(1)),
        ("co.uk", None),
        ("notbeta.example", None),
        ("example", None),
        ("", None),
    ] {
        let found = account::find_by_domain(&on, domain).await.unwrap();
        assert_eq!(
            found.map(|account| account.id),
            expected.map(given::id),
            "{domain}"
        );
    }
    let by_name = account::find_by_name(&on, " BETA ").await.unwrap();
    assert_eq!(by_name.map(|account| account.id), Some(given::id(1)));
    let by_external_id = account::find_by_external_id(&on, "ext-3").await.unwrap();
    assert_eq!(by_external_id.map(|account| account.id), Some(given::id(3)));

    let names = async |filter: AccountFilter| {
        let mut names = Vec::new();
        let mut page = PageRequest::first(2);
        loop {
            let part = account::list(&on, &filter, page).await.unwrap();
            names.extend(part.items.into_iter().map(|account| account.name));
            page.after = part.next;
            if page.after.is_none() {
                return names;
            }
        }
    };
    assert_eq!(
        names(AccountFilter::default()).await,
        ["100% Ltd", "Alpha", "beta", "álpha"]
    );
    let all = AccountFilter {
        archived: Archived::Included,
        ..AccountFilter::default()
    };
    assert_eq!(names(all).await.len(), 5);
    for (text, expected) in [
        ("0%", vec!["100% Ltd"]),
        ("LPHA", vec!["Alpha", "álpha"]),
        ("co.uk", vec!["beta"]),
        ("EXT-2", vec!["Alpha"]),
        ("'", vec![]),
    ] {
        let filter = AccountFilter {
            text: Some(text.to_owned()),
            ..AccountFilter::default()
        };
        assert_eq!(names(filter).await, expected, "{text}");
    }
    let mine = AccountFilter {
        agent: Some(given::id(1)),
        ..AccountFilter::default()
    };
    assert_eq!(names(mine).await, ["beta"]);

    let tx = fresh.store.begin().await.unwrap();
    let mut thief = given::account(6);
    thief.domains = vec!["BETA.EXAMPLE".to_owned()];
    let refused = account::insert(&tx, &thief).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}

async fn contracts_are_in_force_on_their_days(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert_many(&tx, &[given::account(1), given::account(2)])
        .await
        .unwrap();
    let contract = |number, tier: &str, starts_on, ends_on| Contract {
        id: given::id(number),
        account: given::id(1),
        tier: tier.into(),
        starts_on,
        ends_on,
        renews_on: ends_on,
        value: 12_000_000,
        currency: "EUR".to_owned(),
        overrides: vec![TargetOverride {
            commitment: "first_response".into(),
            severity: Some(Severity::P1),
            target: Some(given::seconds(900)),
            calendar: Some("always".into()),
            clause: "§ 4.2".to_owned(),
        }],
        created_at: at(0),
    };
    let old = contract(1, "Standard", date(2024, 1, 1), Some(date(2024, 12, 31)));
    let new = contract(2, "Premium", date(2024, 12, 1), None);
    contract::insert_many(&tx, &[old.clone(), new.clone()])
        .await
        .unwrap();
    let ids = [9, 2, 1].map(given::id);
    let mut parties = contract::with_accounts(&tx, &ids).await.unwrap();
    parties.sort_by_key(|(account, _)| account.id);
    let sold = vec![new.clone(), old.clone()];
    let expected = [(given::account(1), sold), (given::account(2), Vec::new())];
    assert_eq!(parties, expected);
    let nobody = contract::with_accounts(&tx, &ids[..1]).await.unwrap();
    assert_eq!(nobody, []);
    let none = contract::with_accounts(&tx, &[]).await.unwrap();
    assert_eq!(none, []);
    for (day, expected) in [
        (date(2023, 12, 31), None),
        (date(2024, 1, 1), Some(&old)),
        (date(2024, 11, 30), Some(&old)),
        (date(2024, 12, 1), Some(&new)),
        (date(2030, 1, 1), Some(&new)),
    ] {
        let found = contract::in_force(&tx, given::id(1), day).await.unwrap();
        assert_eq!(found.as_ref(), expected, "{day}");
        let all = contract::all_in_force(&tx, day).await.unwrap();
        assert_eq!(
            all.iter().collect::<Vec<_>>(),
            expected.into_iter().collect::<Vec<_>>()
        );
    }
    assert_eq!(
        contract::in_force(&tx, given::id(2), date(2024, 6, 1))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        contract::of_account(&tx, given::id(1)).await.unwrap(),
        [new, old]
    );
}

async fn an_address_belongs_to_one_contact(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert(&tx, &given::account(1)).await.unwrap();
    let mut ana = given::contact(1, Some(1));
    ana.addresses = vec![
        "Ana@Account.example".to_owned(),
        "ana@home.example".to_owned(),
    ];
    contact::insert_many(&tx, &[ana.clone(), given::contact(2, None)])
        .await
        .unwrap();
    for address in ["ana@account.EXAMPLE", " Ana@Home.example "] {
        assert_eq!(
            contact::find_by_address(&tx, address)
                .await
                .unwrap()
                .as_ref(),
            Some(&ana),
            "{address}"
        );
    }
    contact::set_password_hash(&tx, ana.id, Some("$argon2id$…"))
        .await
        .unwrap();
    ana.addresses.remove(0);
    ana.portal = None;
    contact::update(&tx, &ana).await.unwrap();
    assert_eq!(
        contact::find_by_address(&tx, "ana@account.example")
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        contact::password_hash(&tx, ana.id)
            .await
            .unwrap()
            .as_deref(),
        Some("$argon2id$…")
    );
    assert_eq!(
        contact::of_account(&tx, given::id(1)).await.unwrap(),
        [ana.clone()]
    );
    let filter = ContactFilter {
        account: None,
        text: Some("home".to_owned()),
    };
    let found = contact::list(&tx, &filter, PageRequest::first(5))
        .await
        .unwrap();
    assert_eq!(found.items, [ana]);
    let mut thief = given::contact(3, None);
    thief.addresses = vec!["ANA@HOME.EXAMPLE".to_owned()];
    let refused = contact::insert(&tx, &thief).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}

/// The agents who have one of these addresses, by their ids.
async fn emails(tx: &Transaction, emails: &[&str]) -> Vec<AgentId> {
    let emails: Vec<String> = emails.iter().map(|&email| email.to_owned()).collect();
    let found = agent::find_by_emails(tx, &emails).await.unwrap();
    let mut ids: Vec<AgentId> = found.iter().map(|agent| agent.id).collect();
    ids.sort_unstable();
    ids
}

async fn agents_and_teams_are_read_as_written(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let mut agents = vec![given::agent(1), given::agent(2), given::agent(3)];
    agents[2].active = false;
    agents[1].roles.push("manager".into());
    agent::insert_many(&tx, &agents).await.unwrap();
    assert_eq!(agent::all(&tx).await.unwrap(), agents);
    assert_eq!(
        agent::with_role(&tx, &"agent".into()).await.unwrap(),
        agents[..2]
    );
    assert_eq!(
        agent::with_role(&tx, &"manager".into()).await.unwrap(),
        agents[1..2]
    );
    let found = agent::find_by_email(&tx, "AGENT2@mainstay.example")
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&agents[1]));
    assert_eq!(emails(&tx, &[]).await, [] as [AgentId; 0]);
    let one_of_each = ["agent3@MAINSTAY.example", "nobody@mainstay.example"];
    assert_eq!(emails(&tx, &one_of_each).await, [agents[2].id]);
    // More than one statement holds, two of them there, one of these twice.
    let mut many: Vec<String> = (10..6_000)
        .map(|number| given::agent(number).email)
        .collect();
    many.insert(0, agents[0].email.clone());
    many.insert(1, agents[0].email.to_uppercase());
    many.push(agents[1].email.clone());
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(emails(&tx, &many).await, [agents[0].id, agents[1].id]);
    assert_eq!(agent::password_hash(&tx, given::id(1)).await.unwrap(), None);
    agent::set_password_hash(&tx, given::id(1), Some("hash"))
        .await
        .unwrap();
    agents[0].capacity = 3;
    agent::update(&tx, &agents[0]).await.unwrap();
    assert_eq!(
        agent::password_hash(&tx, given::id(1))
            .await
            .unwrap()
            .as_deref(),
        Some("hash")
    );

    let mut network = Team {
        id: given::id(1),
        name: "Network".to_owned(),
        email: None,
        calendar: Some("follow-the-sun".into()),
        members: vec![given::id(2), given::id(1)],
        on_call: Vec::new(),
        created_at: at(0),
    };
    team::insert(&tx, &network).await.unwrap();
    assert_eq!(
        team::of_agent(&tx, given::id(1)).await.unwrap(),
        [network.clone()]
    );
    network.members.pop();
    team::update(&tx, &network).await.unwrap();
    assert_eq!(team::of_agent(&tx, given::id(1)).await.unwrap(), []);
    assert_eq!(
        team::find_by_name(&tx, "Network").await.unwrap(),
        Some(network.clone())
    );
    assert_eq!(team::all(&tx).await.unwrap(), [network.clone()]);
    network.id = given::id(2);
    let refused = team::insert(&tx, &network).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}

async fn what_is_taken_is_said_in_words(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    account::insert(&tx, &given::account(1)).await.unwrap();
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    contact::insert(&tx, &given::contact(1, Some(1)))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let refusal = async |number: u32| {
        let tx = fresh.store.begin().await.unwrap();
        let refused = match number {
            0 => {
                let mut twin = given::account(2);
                twin.id = given::id(1);
                account::insert(&tx, &twin).await
            }
            1 => {
                let mut twin = given::account(2);
                twin.external_id = Some("ext-1".to_owned());
                account::insert(&tx, &twin).await
            }
            2 => {
                let mut twin = given::account(2);
                twin.domains = given::account(1).domains;
                account::insert(&tx, &twin).await
            }
            3 => {
                let mut twin = given::agent(2);
                twin.email = given::agent(1).email;
                agent::insert(&tx, &twin).await
            }
            4 => {
                let mut twin = given::contact(2, None);
                twin.addresses = given::contact(1, None).addresses;
                contact::insert(&tx, &twin).await
            }
            _ => contact::insert(&tx, &given::contact(2, Some(77))).await,
        };
        match refused {
            Err(StoreError::Conflict(what)) => what,
            other => panic!("{number}: {other:?}"),
        }
    };
    assert_eq!(refusal(0).await, "this account is there already");
    assert_eq!(refusal(1).await, "another account has this external id");
    assert_eq!(refusal(2).await, "another account has this domain");
    assert_eq!(refusal(3).await, "another agent has this e-mail address");
    assert_eq!(refusal(4).await, "another contact has this e-mail address");
    assert_eq!(refusal(5).await, "it refers to something that is not there");
}
