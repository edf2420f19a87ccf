//! An account's data can be taken out whole, and nobody is given another's.

use std::io::{Cursor, Read as _, Seek as _};

use mainstay_app::ticket::MessageText;
use mainstay_app::{App, AppError, Caller};
use mainstay_domain::attachment::Attachment;
use mainstay_domain::digest::Digest;
use mainstay_domain::event::{Side, Visibility};
use mainstay_domain::id::AccountId;
use mainstay_domain::severity::Severity;
use mainstay_tests::TestApp;
use serde_json::Value;

/// The archive of an account.
async fn archive(app: &App, caller: &Caller, id: AccountId) -> Result<Vec<u8>, AppError> {
    let mut file = tempfile::tempfile().expect("a temporary file");
    let out = file.try_clone().expect("a second handle");
    app.export_account(caller, id, out).await?;
    let mut bytes = Vec::new();
    file.rewind().expect("a file");
    file.read_to_end(&mut bytes).expect("an archive");
    Ok(bytes)
}

/// The bytes of a file in an archive, if it is there.
fn file(archive: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut bytes = Vec::new();
    let mut entry = archive.by_name(name).ok()?;
    entry.read_to_end(&mut bytes).expect("a file");
    Some(bytes)
}

fn read(archive: &[u8], name: &str) -> Value {
    let document = file(archive, name).expect("a document");
    serde_json::from_slice(&document).expect("the document is JSON")
}

async fn export(app: &App, caller: &Caller, id: AccountId) -> Result<Value, AppError> {
    Ok(read(
        &archive(app, caller, id).await?,
        mainstay_app::export::DOCUMENT,
    ))
}

fn texts(document: &Value) -> Vec<&str> {
    document["tickets"]
        .as_array()
        .expect("an export of the form that is documented")
        .iter()
        .flat_map(|ticket| {
            ticket["messages"]
                .as_array()
                .expect("an export of the form that is documented")
        })
        .map(|message| {
            message["text"]
                .as_str()
                .expect("an export of the form that is documented")
        })
        .collect()
}

#[tokio::test]
async fn an_export_holds_everything_of_the_account_and_nothing_of_another() {
    let test = TestApp::start("mainstay").await;
    let ours = test.account("Ours", "Enterprise").await;
    let theirs = test.account("Theirs", "Standard").await;
    let ticket = test.customer_opens(ours, Severity::P2).await;
    test.customer_opens(theirs, Severity::P1).await;
    test.advance(jiff::SignedDuration::from_mins(1)).await;
    let note = MessageText::plain(&test.app, Side::Agent, Visibility::Internal, "Between us.");
    test.app
        .add_message(&test.agent(), ticket.id, note, None)
        .await
        .unwrap();
    test.advance(jiff::SignedDuration::from_mins(1)).await;
    let kept = test.app.blobs().put(b"a picture".to_vec()).await.unwrap();
    let mut with_files = MessageText::plain(
        &test.app,
        Side::Agent,
        Visibility::Public,
        "See the picture.",
    );
    let picture = |digest| Attachment {
        digest,
        file_name: "picture.png".to_owned(),
        content_type: "image/png".to_owned(),
        size: 9,
        content_id: None,
    };
    with_files.attachments = vec![picture(kept), picture(Digest([7; 32]))];
    test.app
        .add_message(&test.agent(), ticket.id, with_files, None)
        .await
        .unwrap();
    test.run_due().await;

    let whole = archive(&test.app, &Caller::machine(), ours).await.unwrap();
    let document = read(&whole, mainstay_app::export::DOCUMENT);
    assert_eq!(document["format"], mainstay_app::export::FORMAT);
    assert_eq!(document["account"]["name"], "Ours");
    assert_eq!(document["contracts"][0]["tier"], "Enterprise");
    assert_eq!(
        texts(&document),
        ["Words.", "Between us.", "See the picture."]
    );
    let tickets = document["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 1);
    let facts = tickets[0]["facts"].as_array().unwrap();
    assert_eq!(facts.len(), test.ledger(ticket.id).await.len());
    assert!(
        tickets[0]["clocks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|clock| clock["commitment"] == "first_response")
    );
    let files = &tickets[0]["messages"][2]["attachments"];
    let bytes = |at: &Value| file(&whole, at["file"].as_str().expect("a name"));
    assert_eq!(bytes(&files[0]).as_deref(), Some(&b"a picture"[..]));
    assert_eq!(
        bytes(&files[1]),
        None,
        "a lost file does not keep the rest back"
    );

    let portal = export(&test.app, &test.contact_of(ours), ours)
        .await
        .unwrap();
    assert_eq!(portal["scope"], "portal");
    assert_eq!(texts(&portal), ["Words.", "See the picture."]);
    for hidden in ["facts", "mails_received", "mails_sent", "escalations"] {
        assert!(
            portal["tickets"][0].get(hidden).is_none() && portal.get(hidden).is_none(),
            "{hidden}"
        );
    }
    assert!(portal["account"].get("notes").is_none());

    let refused = export(&test.app, &test.contact_of(ours), theirs).await;
    assert!(matches!(refused, Err(AppError::NotFound(_))), "{refused:?}");
    let mut plain = test.contact_of(ours);
    plain
        .permissions
        .remove(&mainstay_domain::role::Permission::PortalExport);
    let refused = export(&test.app, &plain, ours).await;
    assert!(
        matches!(refused, Err(AppError::Forbidden(_))),
        "{refused:?}"
    );
    test.finish().await;
}

#[tokio::test]
async fn an_account_is_found_by_each_of_its_names() {
    let test = TestApp::start("mainstay").await;
    let id = test.account("Acme", "Standard").await;
    let caller = Caller::machine();
    for name in ["acme", &id.to_string()] {
        assert_eq!(test.app.find_account(&caller, name).await.unwrap().id, id);
    }
    let missing = test.app.find_account(&caller, "nobody").await;
    assert!(matches!(missing, Err(AppError::NotFound(_))), "{missing:?}");
    test.finish().await;
}
