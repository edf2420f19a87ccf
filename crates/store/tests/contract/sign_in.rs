//! How somebody signs in: links, second factors, passkeys, passwords; and how long it counts: sessions, tokens.

use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::passkey::{Passkey, PasskeyChallenge};
use mainstay_domain::second_factor::{Authenticator, RecoveryCode};
use mainstay_domain::session::Session;
use mainstay_domain::sign_in_link::{LinkPurpose, SignInLink};
use mainstay_domain::token::ApiToken;
use mainstay_store::retention::{self, Fleeting};
use mainstay_store::{
    PageRequest, agent, contact, passkey, second_factor, session, sign_in_link, token,
};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    a_link_is_used_once,
    sessions_and_tokens_end,
    a_second_factor_takes_each_code_once,
    a_passkey_is_used_by_one_at_a_time,
    a_challenge_is_taken_once,
    a_hash_is_replaced_only_while_it_is_there,
);

async fn a_link_is_used_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let actor = Actor::Contact(given::id(1));
    let mut link = SignInLink {
        id: given::id(1),
        purpose: LinkPurpose::SignIn,
        address: "ana@example.com".to_owned(),
        actor: None,
        secret: None,
        created_at: at(0),
        expires_at: at(100),
    };
    sign_in_link::insert(&tx, &link).await.unwrap();
    let unsent = SignInLink {
        id: given::id(2),
        purpose: LinkPurpose::NewPassword,
        ..link.clone()
    };
    sign_in_link::insert(&tx, &unsent).await.unwrap();
    assert_eq!(
        sign_in_link::lock(&tx, link.id).await.unwrap().as_ref(),
        Some(&link)
    );
    link.actor = Some(actor);
    link.secret = Some(Digest([1; 32]));
    sign_in_link::update(&tx, &link).await.unwrap();
    let found = async |now| {
        sign_in_link::find_by_secret(&tx, Digest([1; 32]), now)
            .await
            .unwrap()
    };
    assert_eq!(found(at(99)).await.as_ref(), Some(&link));
    assert_eq!(found(at(100)).await, None);
    assert!(sign_in_link::remove(&tx, link.id).await.unwrap());
    assert!(!sign_in_link::remove(&tx, link.id).await.unwrap());
    sign_in_link::insert(&tx, &link).await.unwrap();
    sign_in_link::remove_of(&tx, actor).await.unwrap();
    assert_eq!(found(at(99)).await, None);
    assert_eq!(
        retention::prune(&tx, Fleeting::SignInLinks, at(100), 10)
            .await
            .unwrap(),
        1
    );
}

async fn a_second_factor_takes_each_code_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let (actor, other) = (Actor::Agent(given::id(1)), Actor::Agent(given::id(2)));
    let mut authenticator = Authenticator {
        id: given::id(1),
        actor,
        secret: "sealed".to_owned(),
        created_at: at(0),
        confirmed_at: None,
        last_span: 0,
    };
    second_factor::replace(&tx, &authenticator).await.unwrap();
    authenticator.id = given::id(2);
    second_factor::replace(&tx, &authenticator).await.unwrap();
    authenticator.confirmed_at = Some(at(1));
    second_factor::update(&tx, &authenticator).await.unwrap();
    assert_eq!(
        second_factor::all(&tx).await.unwrap(),
        [authenticator.clone()]
    );
    for (span, is_new) in [(5, true), (5, false), (4, false), (6, true)] {
        let used = second_factor::use_span(&tx, authenticator.id, span);
        assert_eq!(used.await.unwrap(), is_new, "{span}");
    }
    let code = |number: u8, actor| RecoveryCode {
        id: given::id(u32::from(number)),
        actor,
        code: Digest([number; 32]),
    };
    for codes in [
        [code(1, actor), code(2, actor)],
        [code(3, actor), code(4, actor)],
    ] {
        second_factor::replace_codes(&tx, actor, &codes)
            .await
            .unwrap();
    }
    assert_eq!(second_factor::count_codes(&tx, actor).await.unwrap(), 2);
    for (number, who, is_good) in [
        (1, actor, false),
        (3, other, false),
        (3, actor, true),
        (3, actor, false),
    ] {
        let used = second_factor::use_code(&tx, who, Digest([number; 32]));
        assert_eq!(used.await.unwrap(), is_good, "{number}");
    }
    assert!(second_factor::remove_of(&tx, actor).await.unwrap());
    assert!(!second_factor::remove_of(&tx, actor).await.unwrap());
    assert_eq!(second_factor::count_codes(&tx, actor).await.unwrap(), 0);
    assert_eq!(second_factor::of_actor(&tx, actor).await.unwrap(), None);
}

fn passkey_of(number: u8, actor: Actor) -> Passkey {
    Passkey {
        id: given::id(u32::from(number)),
        actor,
        name: format!("Key {number}"),
        credential: vec![number; 32],
        public_key: vec![number; 34],
        state: vec![0; 7],
        created_at: at(0),
        last_used_at: None,
    }
}

async fn a_passkey_is_used_by_one_at_a_time(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let (ana, ben) = (Actor::Agent(given::id(1)), Actor::Contact(given::id(1)));
    let [mut first, second, other] = [passkey_of(1, ana), passkey_of(2, ana), passkey_of(3, ben)];
    for passkey in [&first, &second, &other] {
        passkey::insert(&tx, passkey).await.unwrap();
    }
    let found = async |credential: u8| {
        passkey::find_by_credential(&tx, &[credential; 32])
            .await
            .unwrap()
    };
    assert_eq!(found(3).await.as_ref(), Some(&other));
    assert_eq!(found(4).await, None);
    let used = async |state: u8| {
        passkey::note_use(&tx, &first, &[state; 7], at(5))
            .await
            .unwrap()
    };
    assert!(used(1).await);
    assert!(!used(2).await, "somebody else used it in between");
    first.state = vec![1; 7];
    first.last_used_at = Some(at(5));
    let owned = passkey::of_actor(&tx, ana).await.unwrap();
    assert_eq!(owned, [second.clone(), first.clone()]);
    assert_eq!(passkey::count(&tx, ana).await.unwrap(), 2);
    assert!(!passkey::remove(&tx, ben, second.id).await.unwrap());
    assert!(passkey::remove(&tx, ana, second.id).await.unwrap());
    assert!(!passkey::remove(&tx, ana, second.id).await.unwrap());
    assert!(passkey::remove_of(&tx, ana).await.unwrap());
    assert!(!passkey::remove_of(&tx, ana).await.unwrap());
    assert_eq!(
        passkey::of_actor(&tx, ben).await.unwrap(),
        std::slice::from_ref(&other)
    );
    tx.commit().await.unwrap();
    let tx = fresh.store.begin().await.unwrap();
    let again = Passkey {
        id: given::id(9),
        ..other
    };
    assert!(passkey::insert(&tx, &again).await.is_err(), "it is there");
}

async fn a_challenge_is_taken_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let challenge = |number: u8, actor| PasskeyChallenge {
        id: given::id(u32::from(number)),
        challenge: Digest([number; 32]),
        actor,
        state: "sealed".to_owned(),
        expires_at: at(100),
    };
    let challenges = [
        challenge(1, None),
        challenge(2, Some(Actor::Agent(given::id(1)))),
        challenge(3, None),
    ];
    for challenge in &challenges {
        passkey::insert_challenge(&tx, challenge).await.unwrap();
    }
    let taken = async |number: u8, now| {
        passkey::take_challenge(&tx, Digest([number; 32]), now)
            .await
            .unwrap()
    };
    assert_eq!(taken(1, at(99)).await.as_ref(), Some(&challenges[0]));
    assert_eq!(taken(1, at(99)).await, None);
    assert_eq!(taken(2, at(0)).await.as_ref(), Some(&challenges[1]));
    assert_eq!(taken(3, at(100)).await, None, "it has expired");
    let pruned = retention::prune(&tx, Fleeting::PasskeyChallenges, at(100), 10);
    assert_eq!(pruned.await.unwrap(), 1);
}

async fn a_hash_is_replaced_only_while_it_is_there(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    agent::insert(&tx, &given::agent(1)).await.unwrap();
    contact::insert(&tx, &given::contact(1, None))
        .await
        .unwrap();
    let (agent, contact) = (given::agent(1).id, given::contact(1, None).id);
    agent::set_password_hash(&tx, agent, Some("old"))
        .await
        .unwrap();
    contact::set_password_hash(&tx, contact, Some("old"))
        .await
        .unwrap();
    for (from, to, kept) in [("other", "new", "old"), ("old", "new", "new")] {
        agent::upgrade_password_hash(&tx, agent, from, to)
            .await
            .unwrap();
        contact::upgrade_password_hash(&tx, contact, from, to)
            .await
            .unwrap();
        let hashes = [
            agent::password_hash(&tx, agent).await.unwrap(),
            contact::password_hash(&tx, contact).await.unwrap(),
        ];
        assert_eq!(hashes.map(Option::unwrap), [kept, kept]);
    }
}

async fn sessions_and_tokens_end(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let actor = Actor::Agent(given::id(1));
    let session = |number: u8| Session {
        id: given::id(u32::from(number)),
        secret: Digest([number; 32]),
        actor,
        user_agent: "Firefox".to_owned(),
        created_at: at(0),
        last_seen_at: at(0),
        expires_at: at(100 * i64::from(number)),
    };
    for number in 1..=3 {
        session::insert(&tx, &session(number)).await.unwrap();
    }
    let secret = Digest([1; 32]);
    assert_eq!(
        session::find_by_secret(&tx, secret, at(99)).await.unwrap(),
        Some(session(1))
    );
    assert_eq!(
        session::find_by_secret(&tx, secret, at(100)).await.unwrap(),
        None
    );
    session::touch(&tx, given::id(1), at(99), at(500))
        .await
        .unwrap();
    assert!(
        session::find_by_secret(&tx, secret, at(100))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        retention::prune(&tx, Fleeting::Sessions, at(200), 10)
            .await
            .unwrap(),
        1
    );
    assert!(session::remove(&tx, given::id(1)).await.unwrap());
    assert_eq!(
        session::of_actor(&tx, actor, at(0)).await.unwrap(),
        [session(3)]
    );
    assert_eq!(session::remove_of(&tx, actor).await.unwrap(), 1);

    let mut made = ApiToken {
        id: given::id(1),
        name: "import".to_owned(),
        secret: Digest([7; 32]),
        actor,
        scopes: vec!["tickets:write".to_owned()],
        created_at: at(0),
        expires_at: Some(at(50)),
        last_used_at: None,
        revoked_at: None,
    };
    token::insert(&tx, &made).await.unwrap();
    token::touch(&tx, made.id, at(3)).await.unwrap();
    assert!(token::revoke(&tx, made.id, at(4)).await.unwrap());
    assert!(!token::revoke(&tx, made.id, at(5)).await.unwrap());
    made.last_used_at = Some(at(3));
    made.revoked_at = Some(at(4));
    assert_eq!(
        token::find_by_secret(&tx, made.secret)
            .await
            .unwrap()
            .as_ref(),
        Some(&made)
    );
    let page = PageRequest::first(10);
    let listed = token::list(&tx, Some(actor), page).await.unwrap();
    assert_eq!(listed.items, [made]);
}
