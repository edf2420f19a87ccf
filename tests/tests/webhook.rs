//! Webhooks: the vendors' own signatures, and deliveries to a real listener.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mainstay_app::{AppError, Caller, Expected, Options};
use mainstay_channels::secret::Secret;
use mainstay_channels::webhook::{
    Destinations, IncomingWebhook, Scheme, SigningSecret, WebhookDelivery, WebhookOutcome,
    WebhookSender, WebhookSettings,
};
use mainstay_domain::webhook::Webhook;
use mainstay_testing::Certificate;
use mainstay_tests::TestApp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The body that the tests deliver.
const BODY: &[u8] = br#"{"type":"ticket.created"}"#;

#[derive(Deserialize)]
struct Signatures {
    cases: Vec<SignatureCase>,
}

#[derive(Deserialize)]
struct SignatureCase {
    id: String,
    provider: String,
    secret: String,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
    valid: bool,
    now: Option<i64>,
    url: Option<String>,
}

#[test]
fn every_published_signature_has_the_verdict_it_should() {
    let file = include_str!("../data/webhooks/signatures.json");
    let signatures: Signatures = serde_json::from_str(file).unwrap();
    assert_eq!(signatures.cases.len(), 12);
    for case in signatures.cases {
        let scheme = Scheme::by_name(&case.provider)
            .unwrap_or_else(|| panic!("no scheme {}", case.provider));
        let headers: Vec<_> = case.headers.into_iter().collect();
        let webhook = IncomingWebhook {
            headers: &headers,
            body: case.body.as_bytes(),
            url: case.url.as_deref().unwrap_or_default(),
        };
        let now = Timestamp::from_second(case.now.unwrap_or_default()).unwrap();
        let verdict = scheme.verify(&[Secret::new(case.secret)], &webhook, now);
        assert_eq!(verdict.is_ok(), case.valid, "{}: {verdict:?}", case.id);
    }
}

/// Answers every request with `answer` and reports each as text.
async fn receiver(answer: &'static str) -> (u16, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback works");
    let port = listener.local_addr().expect("it is bound").port();
    let (requests, received) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = requests.send(exchange(stream, answer).await);
        }
    });
    (port, received)
}

/// Reads one request with the body of these tests and answers it.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> String {
    let mut request = Vec::new();
    while !request.ends_with(BODY) {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            break;
        }
    }
    stream
        .write_all(answer.as_bytes())
        .await
        .expect("the sender listens");
    stream.shutdown().await.expect("the sender listens");
    String::from_utf8_lossy(&request).into_owned()
}

fn sender(
    destinations: Destinations,
    timeout: Duration,
    authorities: Vec<String>,
) -> WebhookSender {
    let settings = WebhookSettings {
        destinations,
        timeout,
        extra_authorities: authorities,
        user_agent: "mainstay/test".to_owned(),
    };
    WebhookSender::new(&settings).expect("the settings are right")
}

fn secret() -> SigningSecret {
    SigningSecret::from_bytes([7; 32]).expect("32 bytes are enough")
}

async fn deliver(sender: &WebhookSender, url: &str) -> WebhookOutcome {
    let delivery = WebhookDelivery {
        traceparent: None,
        url,
        id: "msg_1",
        at: Timestamp::from_second(1_700_000_000).expect("a date"),
        body: BODY,
        secrets: &[secret()],
    };
    sender.deliver(&delivery).await
}

#[tokio::test]
async fn a_delivery_is_signed_and_can_be_verified() {
    let (port, mut received) = receiver("HTTP/1.1 204 No Content\r\n\r\n").await;
    let sender = sender(Destinations::Anywhere, Duration::from_secs(30), vec![]);
    let outcome = deliver(&sender, &format!("http://127.0.0.1:{port}/hook")).await;
    assert_eq!(outcome, WebhookOutcome::Delivered { status: 204 });
    let request = received.recv().await.unwrap();
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let webhook = IncomingWebhook {
        headers: &headers,
        body: body.as_bytes(),
        url: "",
    };
    let now = Timestamp::from_second(1_700_000_100).unwrap();
    let verdict = Scheme::StandardWebhooks.verify(&[Secret::new(secret().expose())], &webhook, now);
    assert_eq!(verdict, Ok(()));
}

#[tokio::test]
async fn each_status_says_what_comes_next() {
    let sender = sender(Destinations::Anywhere, Duration::from_secs(30), vec![]);
    let (port, _received) =
        receiver("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n").await;
    let outcome = deliver(&sender, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(
        outcome,
        WebhookOutcome::Retry {
            reason: "the receiver answers 503".to_owned(),
            status: Some(503),
            retry_after: Some(Duration::from_secs(120)),
        }
    );
    for (answer, permanent) in [
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false),
        ("this is not HTTP\r\n\r\n", false),
    ] {
        let (port, _received) = receiver(answer).await;
        let outcome = deliver(&sender, &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(
            matches!(outcome, WebhookOutcome::Permanent { .. }),
            permanent,
            "{answer}: {outcome:?}"
        );
        assert_eq!(
            matches!(outcome, WebhookOutcome::Retry { .. }),
            !permanent,
            "{answer}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (target, mut followed) = receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let answer = format!(
        "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{target}/\r\nContent-Length: 0\r\n\r\n"
    );
    let (port, _received) = receiver(Box::leak(answer.into_boxed_str())).await;
    let sender = sender(Destinations::Anywhere, Duration::from_secs(30), vec![]);
    let outcome = deliver(&sender, &format!("http://127.0.0.1:{port}/")).await;
    assert!(
        matches!(
            outcome,
            WebhookOutcome::Permanent {
                status: Some(307),
                ..
            }
        ),
        "{outcome:?}"
    );
    assert!(followed.try_recv().is_err());
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_and_never_connected_to() {
    let (port, mut received) = receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let sender = sender(Destinations::Public, Duration::from_secs(30), vec![]);
    let outcome = deliver(&sender, &format!("https://localhost:{port}/secret-token")).await;
    let WebhookOutcome::Permanent {
        reason,
        status: None,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(reason.contains("private network"), "{reason}");
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn silence_and_closed_ports_are_tried_again_and_no_reason_shows_the_address() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // Nobody listens at the second.
    let ports = [silent.local_addr().unwrap().port(), 9];
    let sender = sender(Destinations::Anywhere, Duration::from_millis(300), vec![]);
    for port in ports {
        let outcome = deliver(&sender, &format!("http://127.0.0.1:{port}/secret-token")).await;
        let WebhookOutcome::Retry {
            reason,
            status: None,
            ..
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert!(!reason.contains("secret-token"), "{reason}");
    }
    let unknown = deliver(&sender, "http://no-such-host.invalid/").await;
    assert!(
        matches!(unknown, WebhookOutcome::Retry { .. }),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn https_is_checked() {
    let certificate = Certificate::new();
    let chain = vec![CertificateDer::from_pem_slice(certificate.chain().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(certificate.key().as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(chain, key)
    .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}/",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                exchange(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            }
        }
    });
    let stranger = sender(Destinations::Anywhere, Duration::from_secs(30), vec![]);
    let outcome = deliver(&stranger, &url).await;
    assert!(
        matches!(&outcome, WebhookOutcome::Retry { reason, .. } if reason.contains("UnknownIssuer")),
        "{outcome:?}"
    );
    let trusting = sender(
        Destinations::Anywhere,
        Duration::from_secs(30),
        vec![certificate.authority().to_owned()],
    );
    assert_eq!(
        deliver(&trusting, &url).await,
        WebhookOutcome::Delivered { status: 200 }
    );
}

#[tokio::test]
async fn a_subscription_to_an_address_that_would_never_be_called_is_refused() {
    let sender = WebhookSender::new(&WebhookSettings {
        destinations: Destinations::Public,
        timeout: Duration::from_secs(5),
        extra_authorities: Vec::new(),
        user_agent: "mainstay/test".to_owned(),
    });
    let options = Options {
        webhooks: Some(Arc::new(sender.expect("a sender"))),
        ..Options::default()
    };
    let test = TestApp::start_with("sqlite::memory:", "client-scaling", options).await;
    let machine = Caller::machine();
    let to = |url: &'static str| move |webhook: &mut Webhook| webhook.url = url.to_owned();
    for url in ["http://hooks.example/in", "https://10.0.0.7/in"] {
        let refused = test.app.create_webhook(&machine, to(url)).await;
        assert!(matches!(refused, Err(AppError::Invalid(_))), "{url}");
    }
    let outside = to("https://hooks.example/in");
    let kept = test.app.create_webhook(&machine, outside).await;
    let kept = kept.expect("a subscription");
    let moved = test
        .app
        .update_webhook(&machine, kept.id, &Expected::Any, to("https://127.0.0.1/"))
        .await;
    assert!(matches!(moved, Err(AppError::Invalid(_))));
    test.finish().await;
}
