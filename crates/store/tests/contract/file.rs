//! Uploads are their uploader's alone; exports are their account's.

use mainstay_domain::attachment::Upload;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_domain::export::{Export, ExportExtent, ExportState};
use mainstay_domain::ticket::Scope;
use mainstay_store::upload::{self, Owner};
use mainstay_store::{StoreError, account, contact, export};

use crate::engine::{Fresh, on_each_engine};
use crate::given::{self, at};

on_each_engine!(
    an_upload_is_its_uploaders_alone,
    an_upload_is_attached_once,
    exports_are_seen_by_their_account_as_far_as_the_portal_shows,
);

fn owner(number: u32, account: Option<u32>) -> Owner {
    Owner {
        uploader: Actor::Contact(given::id(number)),
        account: account.map(given::id),
    }
}

fn upload_of(number: u32, owner: Owner) -> Upload {
    Upload {
        id: given::id(number),
        uploader: owner.uploader,
        account: owner.account,
        digest: Digest([7; 32]),
        file_name: "日本語 'x'.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        size: 1 << 40,
        attached_at: None,
        created_at: at(1),
        expires_at: at(2),
    }
}

async fn an_upload_is_its_uploaders_alone(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for number in [1, 2] {
        account::insert(&tx, &given::account(number)).await.unwrap();
    }
    contact::insert(&tx, &given::contact(3, Some(1)))
        .await
        .unwrap();
    let mine = owner(3, Some(1));
    let upload = upload_of(10, mine);
    upload::insert(&tx, &upload).await.unwrap();
    tx.commit().await.unwrap();
    let reader = fresh.store.read();
    let found = upload::find(&reader, mine, upload.id).await.unwrap();
    assert_eq!(found, Some(upload.clone()));
    let agent = Owner {
        uploader: Actor::Agent(given::id(3)),
        account: Some(given::id(1)),
    };
    for other in [owner(4, Some(1)), owner(3, Some(2)), owner(3, None), agent] {
        assert_eq!(
            upload::find(&reader, other, upload.id).await.unwrap(),
            None,
            "{other:?}"
        );
        let tx = fresh.store.begin().await.unwrap();
        assert!(!upload::attach(&tx, other, upload.id, at(3)).await.unwrap());
    }
}

async fn an_upload_is_attached_once(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    let mine = owner(3, None);
    for number in [10, 11] {
        upload::insert(&tx, &upload_of(number, mine)).await.unwrap();
    }
    assert_eq!(
        upload::waiting_bytes(&tx, mine.uploader).await.unwrap(),
        2 << 40
    );
    assert!(
        upload::attach(&tx, mine, given::id(10), at(3))
            .await
            .unwrap()
    );
    assert!(
        !upload::attach(&tx, mine, given::id(10), at(4))
            .await
            .unwrap()
    );
    assert_eq!(
        upload::waiting_bytes(&tx, mine.uploader).await.unwrap(),
        1 << 40
    );
    let found = upload::find(&tx, mine, given::id(10))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.attached_at, Some(at(3)));
    assert!(upload::remove(&tx, given::id(10)).await.unwrap());
    assert!(!upload::remove(&tx, given::id(10)).await.unwrap());
    let nobody = Actor::Contact(given::id(9));
    assert_eq!(upload::waiting_bytes(&tx, nobody).await.unwrap(), 0);
}

async fn exports_are_seen_by_their_account_as_far_as_the_portal_shows(fresh: &Fresh) {
    let tx = fresh.store.begin().await.unwrap();
    for number in [1, 2] {
        account::insert(&tx, &given::account(number)).await.unwrap();
    }
    let wanted = |number: u32, of: u32, extent| Export {
        id: given::id(number),
        account: given::id(of),
        extent,
        requested_by: Actor::Agent(given::id(5)),
        requested_at: at(i64::from(number)),
        state: ExportState::Queued,
        last_error: None,
        finished_at: None,
        expires_at: None,
        size: None,
        lost_files: 0,
    };
    let whole = wanted(10, 1, ExportExtent::Everything);
    let theirs = wanted(11, 1, ExportExtent::Portal);
    let others = wanted(12, 2, ExportExtent::Portal);
    for export in [&whole, &theirs, &others] {
        export::insert(&tx, export).await.unwrap();
    }
    let portal = Scope::Account(given::id(1));
    let seen = |scope, since| export::of_account(&tx, scope, given::id(1), at(since));
    assert_eq!(
        seen(Scope::Everything, 0).await.unwrap(),
        [theirs.clone(), whole.clone()]
    );
    let one = std::slice::from_ref(&theirs);
    assert_eq!(seen(Scope::Everything, 11).await.unwrap(), one);
    assert_eq!(seen(portal, 0).await.unwrap(), one);
    assert_eq!(seen(Scope::Account(given::id(2)), 0).await.unwrap(), []);
    assert_eq!(export::find(&tx, portal, whole.id).await.unwrap(), None);
    assert_eq!(export::find(&tx, portal, others.id).await.unwrap(), None);
    let ready = Export {
        state: ExportState::Ready,
        finished_at: Some(at(20)),
        expires_at: Some(at(30)),
        size: Some(9),
        lost_files: 2,
        last_error: Some("once".to_owned()),
        ..theirs
    };
    export::update(&tx, &ready).await.unwrap();
    assert_eq!(
        export::find(&tx, portal, ready.id).await.unwrap(),
        Some(ready.clone())
    );
    let missing = Export {
        id: given::id(99),
        ..ready
    };
    let refused = export::update(&tx, &missing).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
}
