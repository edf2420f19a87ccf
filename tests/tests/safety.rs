//! What is kept sealed, and the chain that shows whether somebody meddled.

use std::sync::Arc;

use mainstay_app::audit::AuditVerdict;
use mainstay_app::webhook::RecordingWebhooks;
use mainstay_app::{App, Caller, Options, Vault, VaultKey};
use mainstay_domain::audit::AuditEntry;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::Actor;
use mainstay_store::{audit, webhook};
use mainstay_tests::TestApp;

fn with(keys: &[u8]) -> Options {
    let keys = keys.iter().map(|byte| VaultKey::new([*byte; 32]));
    Options {
        webhooks: Some(Arc::new(RecordingWebhooks::default())),
        vault: Vault::new(keys.collect()),
        ..Options::default()
    }
}

async fn kept_secret(app: &App) -> String {
    let kept = webhook::all(&app.store().read())
        .await
        .expect("a store that answers");
    kept[0].secret.clone()
}

#[tokio::test]
async fn secrets_are_sealed_in_the_store_and_follow_a_new_key() {
    let test = TestApp::start_with("sqlite::memory:", "mainstay", with(&[1])).await;
    let app = &test.app;
    app.prepare_vault().await.expect("a key that fits");
    let fill = |new: &mut mainstay_domain::webhook::Webhook| {
        new.url = "https://hooks.example/in".to_owned();
    };
    let made = app
        .create_webhook(&Caller::machine(), fill)
        .await
        .expect("a webhook");
    assert!(made.secret.starts_with("whsec_"));
    let sealed = kept_secret(app).await;
    assert!(!sealed.contains(&made.secret), "{sealed}");

    let again = |keys: &[u8]| {
        let clock = test.clock.clone();
        App::new(app.store().clone(), clock, [8; 32], with(keys))
    };
    let stranger = again(&[3])
        .prepare_vault()
        .await
        .expect_err("a foreign key");
    assert!(
        stranger.to_string().contains("sealed with the key"),
        "{stranger}"
    );

    let rotated = again(&[2, 1]);
    rotated.prepare_vault().await.expect("the former key fits");
    let count = rotated
        .rotate_secrets(&Caller::machine())
        .await
        .expect("a rotation");
    assert_eq!(count, 1);
    let anew = kept_secret(app).await;
    assert_ne!(anew, sealed);
    again(&[2])
        .prepare_vault()
        .await
        .expect("the former key is not needed any more");
    let former = again(&[1])
        .prepare_vault()
        .await
        .expect_err("the former key alone");
    assert!(
        former.to_string().contains("sealed with the key"),
        "{former}"
    );
    let trail = app.verify_audit().await.expect("a verdict");
    assert!(
        matches!(trail, AuditVerdict::Whole { before: 0, .. }),
        "{trail:?}"
    );
    test.finish().await;
}

#[tokio::test]
async fn an_entry_that_the_program_did_not_write_breaks_the_chain() {
    let test = TestApp::start("mainstay").await;
    let app = &test.app;
    let AuditVerdict::Whole { entries, .. } = app.verify_audit().await.expect("a verdict") else {
        unreachable!("nobody meddled");
    };
    assert!(entries > 0);
    let tx = app.store().begin().await.expect("a transaction");
    let forged = AuditEntry {
        id: app.new_id(app.now()),
        at: app.now(),
        actor: Actor::System,
        action: "password.changed".to_owned(),
        subject_kind: "person".to_owned(),
        subject: "nobody".to_owned(),
        account: None,
        detail: "{}".to_owned(),
    };
    audit::append(&tx, &forged, Digest([7; 32]))
        .await
        .expect("an entry");
    tx.commit().await.expect("a commit");
    app.link_audit().await.expect("the others are linked");
    let verdict = app.verify_audit().await.expect("a verdict");
    let AuditVerdict::Broken { place, entry, .. } = verdict else {
        unreachable!("an entry is forged");
    };
    assert_eq!((place, entry), (entries + 1, Some(forged.id)));
    test.finish().await;
}
