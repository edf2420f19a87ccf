//! Mail sent to a real Exim and read from a real mailbox.

use std::time::Duration;

use mail_parser::{MessageParser, MimeHeaders};
use mainstay_channels::compose::{Attachment, Correspondent, Origin, OutgoingMail, ReturnPath};
use mainstay_channels::secret::Secret;
use mainstay_channels::smtp::{SmtpFailure, SmtpSecurity, SmtpSettings, SmtpTransport};
use mainstay_testing::{DovecotServer, EximServer, require};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// A mail server with the mailboxes `customer` and `manager`, or nothing where one is not installed.
fn servers() -> Option<(EximServer, DovecotServer)> {
    // Both TLS libraries may be linked into a test, and rustls refuses to choose between them.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dovecot = require(DovecotServer::find())?;
    let exim = require(EximServer::find())?;
    let mailboxes = DovecotServer::start(&dovecot, &["customer", "manager"]);
    Some((EximServer::start(&exim, &mailboxes), mailboxes))
}

fn settings(port: u16, security: SmtpSecurity) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security,
        credentials: None,
        extra_authorities: vec![],
        hello_name: Some("mainstay.example.test".to_owned()),
        timeout: Duration::from_secs(30),
        content_timeout: Duration::from_secs(30),
    }
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        from: Correspondent::named("Ana at Mainstay", "support@example.test"),
        to: vec![Correspondent::new("customer@example.test")],
        cc: vec![],
        reply_to: Some(Correspondent::new("support+7.sig@example.test")),
        return_path: ReturnPath::Sender,
        subject: "¿Todo bien?".to_owned(),
        text: "Hola.\n.\n..two dots\n".to_owned(),
        html: Some("<p>Hola.</p>".to_owned()),
        message_id: "m7@example.test".to_owned(),
        in_reply_to: Some("c1@customer.example".to_owned()),
        references: vec![
            "c0@customer.example".to_owned(),
            "c1@customer.example".to_owned(),
        ],
        origin: Origin::Person,
        date: "2026-03-01T12:30:00Z".parse().expect("a date"),
        attachments: vec![Attachment {
            file_name: "informe.bin".to_owned(),
            content_type: "application/octet-stream".to_owned(),
            bytes: (0..=255).collect(),
        }],
    }
}

fn reason(failure: &SmtpFailure) -> String {
    failure.to_string()
}

#[tokio::test]
async fn what_is_sent_arrives_whole() {
    let Some((exim, mailboxes)) = servers() else {
        return;
    };
    let transport = SmtpTransport::new(settings(exim.port(), SmtpSecurity::None)).unwrap();
    let receipt = transport
        .send(&mail())
        .await
        .unwrap_or_else(|error| panic!("{error}\n{}", exim.log()));
    assert_eq!(receipt.accepted, ["customer@example.test"]);
    assert!(receipt.refused.is_empty());
    let arrived = mailboxes.wait_for_mail("customer", 1).remove(0);
    let parsed = MessageParser::default().parse(&arrived).unwrap();
    assert_eq!(parsed.subject(), Some("¿Todo bien?"));
    assert_eq!(parsed.message_id(), Some("m7@example.test"));
    assert_eq!(parsed.return_path().as_text(), Some("support@example.test"));
    assert_eq!(
        parsed
            .body_text(0)
            .unwrap()
            .replace("\r\n", "\n")
            .trim_end(),
        "Hola.\n.\n..two dots"
    );
    assert_eq!(parsed.body_html(0).unwrap(), "<p>Hola.</p>");
    let file = parsed.attachment(0).unwrap();
    assert_eq!(file.attachment_name(), Some("informe.bin"));
    assert_eq!(file.contents(), (0..=255).collect::<Vec<u8>>());
}

#[tokio::test]
async fn starttls_and_tls_with_a_sign_in() {
    let Some((exim, mailboxes)) = servers() else {
        return;
    };
    for (port, security) in [
        (exim.port(), SmtpSecurity::StartTls),
        (exim.tls_port(), SmtpSecurity::Tls),
    ] {
        let mut settings = settings(port, security);
        settings.extra_authorities = vec![exim.certificate().authority().to_owned()];
        settings.credentials = Some((
            EximServer::USER.to_owned(),
            Secret::new(EximServer::PASSWORD).into(),
        ));
        let transport = SmtpTransport::new(settings).unwrap();
        transport
            .send(&mail())
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", exim.log()));
    }
    let arrived = mailboxes.wait_for_mail("customer", 2);
    for message in arrived {
        let received = String::from_utf8_lossy(&message).into_owned();
        assert!(
            received.contains("with esmtpsa"),
            "encrypted and signed in: {received}"
        );
    }
}

#[tokio::test]
async fn an_unknown_authority_is_never_spoken_to() {
    let Some((exim, mailboxes)) = servers() else {
        return;
    };
    for (port, security) in [
        (exim.port(), SmtpSecurity::StartTls),
        (exim.tls_port(), SmtpSecurity::Tls),
    ] {
        let transport = SmtpTransport::new(settings(port, security)).unwrap();
        let failure = transport.send(&mail()).await.unwrap_err();
        assert!(
            matches!(
                failure,
                SmtpFailure::Retry {
                    in_doubt: false,
                    ..
                }
            ),
            "{failure:?}"
        );
        assert!(reason(&failure).contains("UnknownIssuer"), "{failure}");
    }
    assert!(mailboxes.mail("customer").is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_our_fault_and_tried_again() {
    let Some((exim, _mailboxes)) = servers() else {
        return;
    };
    let mut settings = settings(exim.port(), SmtpSecurity::None);
    settings.credentials = Some((EximServer::USER.to_owned(), Secret::new("wrong").into()));
    let failure = SmtpTransport::new(settings)
        .unwrap()
        .send(&mail())
        .await
        .unwrap_err();
    assert!(
        matches!(
            failure,
            SmtpFailure::Retry {
                in_doubt: false,
                ..
            }
        ),
        "{failure:?}"
    );
    assert!(reason(&failure).contains("signing in failed"), "{failure}");
    assert!(reason(&failure).contains("535"), "{failure}");
}

#[tokio::test]
async fn each_recipient_has_its_own_fate() {
    let Some((exim, mailboxes)) = servers() else {
        return;
    };
    exim.defer(&["manager@example.test"]);
    exim.reject(&["gone@example.test"]);
    let mail = OutgoingMail {
        cc: vec![
            Correspondent::new("manager@example.test"),
            Correspondent::new("gone@example.test"),
        ],
        ..mail()
    };
    let transport = SmtpTransport::new(settings(exim.port(), SmtpSecurity::None)).unwrap();
    let receipt = transport.send(&mail).await.unwrap();
    assert_eq!(receipt.accepted, ["customer@example.test"]);
    let [deferred, rejected] = &receipt.refused[..] else {
        panic!("{receipt:?}")
    };
    assert_eq!(deferred.recipient, "manager@example.test");
    assert!(
        matches!(
            deferred.failure,
            SmtpFailure::Retry {
                in_doubt: false,
                ..
            }
        ),
        "{deferred:?}"
    );
    assert!(
        matches!(
            rejected.failure,
            SmtpFailure::Permanent {
                smtp_code: Some(550),
                ..
            }
        ),
        "{rejected:?}"
    );
    assert!(
        reason(&rejected.failure).contains("not wanted here"),
        "{rejected:?}"
    );

    // The next attempt is for the deferred one alone: nobody gets the message twice.
    exim.defer(&[]);
    let bytes = mail.compose().unwrap().bytes;
    let again = transport
        .hand_over("", std::slice::from_ref(&deferred.recipient), &bytes)
        .await
        .unwrap();
    assert_eq!(again.accepted, ["manager@example.test"]);
    let manager = mailboxes.wait_for_mail("manager", 1);
    let customer = mailboxes.wait_for_mail("customer", 1);
    assert_eq!((customer.len(), manager.len()), (1, 1));
    let parsed = MessageParser::default().parse(&manager[0]).unwrap();
    assert_eq!(
        parsed.to().unwrap().first().unwrap().address(),
        Some("customer@example.test")
    );
}

#[tokio::test]
async fn nobody_accepted_is_a_failure_that_says_whether_to_retry() {
    let Some((exim, mailboxes)) = servers() else {
        return;
    };
    let transport = SmtpTransport::new(settings(exim.port(), SmtpSecurity::None)).unwrap();
    exim.defer(&["customer@example.test"]);
    let deferred = transport.send(&mail()).await.unwrap_err();
    assert!(
        matches!(
            deferred,
            SmtpFailure::Retry {
                in_doubt: false,
                ..
            }
        ),
        "{deferred:?}"
    );
    exim.defer(&[]);
    exim.reject(&["customer@example.test"]);
    let rejected = transport.send(&mail()).await.unwrap_err();
    assert!(
        matches!(
            rejected,
            SmtpFailure::Permanent {
                smtp_code: Some(550),
                ..
            }
        ),
        "{rejected:?}"
    );
    exim.reject(&[]);
    transport.send(&mail()).await.unwrap();
    assert_eq!(mailboxes.wait_for_mail("customer", 1).len(), 1);
}

#[tokio::test]
async fn a_closed_port_is_tried_again() {
    // Nobody listens there.
    let transport = SmtpTransport::new(settings(9, SmtpSecurity::None)).unwrap();
    let failure = transport.send(&mail()).await.unwrap_err();
    assert!(
        matches!(
            failure,
            SmtpFailure::Retry {
                in_doubt: false,
                ..
            }
        ),
        "{failure:?}"
    );
}

/// A server that speaks SMTP until the given command, and then falls silent or hangs up.
async fn server_that_stops_at(command: &'static str, hangs_up: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback works");
    let port = listener.local_addr().expect("loopback works").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("loopback works");
        let mut stream = BufReader::new(stream);
        stream
            .write_all(b"220 pretender\r\n")
            .await
            .expect("loopback works");
        let mut line = String::new();
        let mut in_content = false;
        while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
            let said = std::mem::take(&mut line);
            if said.starts_with(command) {
                if hangs_up {
                    return;
                }
                std::future::pending::<()>().await;
            }
            let answer = match &said[..] {
                "DATA\r\n" => "354 go on\r\n",
                _ if in_content => continue,
                _ => "250 fine\r\n",
            };
            in_content = said == "DATA\r\n";
            stream
                .write_all(answer.as_bytes())
                .await
                .expect("loopback works");
        }
    });
    port
}

#[tokio::test]
async fn silence_before_the_content_is_plain_and_after_it_in_doubt() {
    for (command, hangs_up, doubtful) in [
        ("EHLO", false, false),
        ("RCPT", true, false),
        ("RCPT", false, false),
        ("DATA", false, false),
        (".\r\n", false, true),
        (".\r\n", true, true),
    ] {
        let port = server_that_stops_at(command, hangs_up).await;
        let mut settings = settings(port, SmtpSecurity::None);
        // Only the step that is to fall silent is short, so that a busy machine changes nothing about the outcome.
        match doubtful {
            true => settings.content_timeout = Duration::from_millis(300),
            false => settings.timeout = Duration::from_millis(300),
        }
        let failure = SmtpTransport::new(settings)
            .unwrap()
            .send(&mail())
            .await
            .unwrap_err();
        let SmtpFailure::Retry { in_doubt, reason } = failure else {
            panic!("{command}: {failure:?}");
        };
        assert_eq!(in_doubt, doubtful, "{command:?}: {reason}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let port = server_that_stops_at("never", true).await;
    let transport = SmtpTransport::new(settings(port, SmtpSecurity::StartTls)).unwrap();
    let failure = transport.send(&mail()).await.unwrap_err();
    assert!(
        reason(&failure).contains("does not offer STARTTLS"),
        "{failure}"
    );
}
