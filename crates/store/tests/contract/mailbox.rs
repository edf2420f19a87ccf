//! Mailboxes that are set up, how their servers were found, and which mail came and leaves by them.

use mainstay_domain::mail::OutgoingMail;
use mainstay_domain::mailbox::{
    Incoming, MailCredential, MailHealth, MailOAuth, MailSecurity, MailServer, MailServerFault,
    MailSignIn, MailStep, Mailbox,
};
use mainstay_store::{StoreError, mail, mailbox};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};
use crate::mail::{outgoing, raw};

on_each_engine!(
    a_mailbox_is_set_up_changed_and_removed,
    how_a_mail_server_was_found_is_remembered,
    it_is_known_by_which_mailbox_a_mail_came_and_leaves,
);

fn set_up(number: u32) -> Mailbox {
    let server = |credential| MailServer {
        host: "mail.desk.example".to_owned(),
        port: 993,
        security: MailSecurity::Tls,
        sign_in: Some(MailSignIn {
            user: "help".to_owned(),
            credential,
        }),
    };
    Mailbox {
        id: given::id(number),
        address: format!("{number}@desk.example"),
        team: None,
        incoming: Some(Incoming {
            server: server(MailCredential::Password("sealed".to_owned())),
            folder: "INBOX".to_owned(),
        }),
        outgoing: Some(server(MailCredential::OAuth(MailOAuth {
            token_url: "https://login.example/token".to_owned(),
            client_id: "us".to_owned(),
            client_secret: None,
            refresh_token: Some("sealed".to_owned()),
            scope: Some("mail".to_owned()),
        }))),
        signed_replies: true,
        authserv_id: Some("mx.desk.example".to_owned()),
        active: true,
        created_at: at(i64::from(number)),
    }
}

async fn a_mailbox_is_set_up_changed_and_removed(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for number in [2, 1] {
        mailbox::insert(&tx, &set_up(number)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let tx = fresh.store.begin().await.unwrap();
    let mut twin = set_up(3);
    twin.address = set_up(1).address;
    let refused = mailbox::insert(&tx, &twin).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    drop(tx);
    let tx = fresh.store.begin().await.unwrap();
    assert_eq!(mailbox::all(&tx).await.unwrap(), [set_up(1), set_up(2)]);
    let changed = Mailbox {
        incoming: None,
        authserv_id: None,
        active: false,
        ..mailbox::lock(&tx, given::id(1)).await.unwrap().unwrap()
    };
    mailbox::update(&tx, &changed).await.unwrap();
    let found = mailbox::find_set_up(&tx, given::id(1)).await.unwrap();
    assert_eq!(found, Some(changed));
    assert!(mailbox::remove(&tx, given::id(1)).await.unwrap());
    assert!(!mailbox::remove(&tx, given::id(1)).await.unwrap());
    assert_eq!(mailbox::all(&tx).await.unwrap(), [set_up(2)]);
}

async fn how_a_mail_server_was_found_is_remembered(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let found = async || mailbox::health(&tx).await.unwrap();
    let worked = |second, fault| {
        let health = MailHealth {
            worked_at: Some(at(second)),
            fault,
        };
        [("imap:a".to_owned(), health)]
    };
    mailbox::note_worked(&tx, "imap:a", at(10), at(0))
        .await
        .unwrap();
    mailbox::note_worked(&tx, "imap:a", at(20), at(5))
        .await
        .unwrap();
    assert_eq!(
        found().await,
        worked(10, None),
        "it was written down lately"
    );
    let fault = MailServerFault {
        at: at(25),
        step: MailStep::SignIn,
        reason: "no".to_owned(),
    };
    mailbox::note_fault(&tx, "imap:a", &fault).await.unwrap();
    assert_eq!(found().await, worked(10, Some(fault)));
    mailbox::note_worked(&tx, "imap:a", at(30), at(5))
        .await
        .unwrap();
    assert_eq!(found().await, worked(30, None), "it works again");
    mailbox::forget_health(&tx, "imap:a").await.unwrap();
    assert_eq!(found().await, []);
}

async fn it_is_known_by_which_mailbox_a_mail_came_and_leaves(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    given::tickets(&tx, [1]).await;
    assert_eq!(mail::first_way(&tx, given::id(1)).await.unwrap(), None);
    for (number, source) in [(2, "imap:b"), (1, "imap:a")] {
        let mut received = raw(number, source);
        received.message_id = None;
        received.mailbox = (number == 1).then(|| given::id(7));
        mail::receive(&tx, &[&received]).await.unwrap();
        received.ticket = Some(given::id(1));
        mail::update_received(&tx, &received).await.unwrap();
    }
    let first = mail::first_way(&tx, given::id(1)).await.unwrap();
    assert_eq!(first, Some(("imap:a".to_owned(), Some(given::id(7)))));
    let by = OutgoingMail {
        mailbox: Some(given::id(7)),
        ..outgoing(1)
    };
    mail::enqueue(&tx, &by).await.unwrap();
    mail::enqueue(&tx, &outgoing(2)).await.unwrap();
    assert_eq!(
        mail::waiting(&tx).await.unwrap(),
        [(given::id(1), Some(given::id(7))), (given::id(2), None)]
    );
    let of = async |number: u32| mail::find_mailbox(&tx, given::id(number)).await.unwrap();
    assert_eq!(of(1).await, Some(Some(given::id(7))));
    assert_eq!(of(2).await, Some(None));
    assert_eq!(of(3).await, None);
}
