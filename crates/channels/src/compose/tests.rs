use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;

fn mail() -> OutgoingMail {
    OutgoingMail {
        from: Correspondent::named("Ana at Mainstay", "support@example.com"),
        to: vec![Correspondent::named("Zoë Müller", "zoe@customer.example")],
        cc: vec![],
        reply_to: Some(Correspondent::new("support+1.abc@example.com")),
        return_path: ReturnPath::Sender,
        subject: "Your printer".to_owned(),
        text: "Hello,\nit is mended.\n".to_owned(),
        html: None,
        message_id: "m1@example.com".to_owned(),
        in_reply_to: None,
        references: vec![],
        origin: Origin::Person,
        date: "2026-03-01T12:30:00Z".parse().unwrap(),
        attachments: vec![],
    }
}

fn text_of(mail: &OutgoingMail) -> String {
    String::from_utf8(mail.compose().unwrap().bytes).unwrap()
}

#[test]
fn a_plain_message() {
    insta::assert_snapshot!(text_of(&mail()).replace("\r\n", "\n"), @r#"
    Date: Sun, 1 Mar 2026 12:30:00 +0000
    Message-ID: <m1@example.com>
    From: "Ana at Mainstay" <support@example.com>
    To: =?utf-8?b?Wm/DqyBNw7xsbGVy?= <zoe@customer.example>
    Reply-To: support+1.abc@example.com
    Subject: Your printer
    MIME-Version: 1.0
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 7bit

    Hello,
    it is mended.
    "#);
}

#[test]
fn text_html_and_a_file() {
    let mail = OutgoingMail {
        html: Some("<p>It is mended: señor.</p>".to_owned()),
        attachments: vec![Attachment {
            file_name: "log\r\nX-Evil: 1.txt".to_owned(),
            content_type: "text/plain".to_owned(),
            bytes: b"one\ntwo\r\nthree".to_vec(),
        }],
        origin: Origin::Replied,
        return_path: ReturnPath::Nowhere,
        ..mail()
    };
    insta::assert_snapshot!(text_of(&mail).replace("\r\n", "\n"), @r#"
    Date: Sun, 1 Mar 2026 12:30:00 +0000
    Message-ID: <m1@example.com>
    From: "Ana at Mainstay" <support@example.com>
    To: =?utf-8?b?Wm/DqyBNw7xsbGVy?= <zoe@customer.example>
    Reply-To: support+1.abc@example.com
    Subject: Your printer
    Auto-Submitted: auto-replied
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="88d1732c1c4bd13e7524245313c2fbac"

    --88d1732c1c4bd13e7524245313c2fbac
    Content-Type: multipart/alternative;
     boundary="c7a7e723f150da7ecb1b0f0208114976"

    --c7a7e723f150da7ecb1b0f0208114976
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 7bit

    Hello,
    it is mended.

    --c7a7e723f150da7ecb1b0f0208114976
    Content-Type: text/html; charset=utf-8
    Content-Transfer-Encoding: quoted-printable

    <p>It is mended: se=C3=B1or.</p>
    --c7a7e723f150da7ecb1b0f0208114976--
    --88d1732c1c4bd13e7524245313c2fbac
    Content-Disposition: attachment; filename="log X-Evil: 1.txt"
    Content-Type: text/plain
    Content-Transfer-Encoding: base64

    b25lCnR3bw0KdGhyZWU=
    --88d1732c1c4bd13e7524245313c2fbac--
    "#);
    assert_eq!(mail.compose().unwrap().sender, None);
    assert_eq!(
        mail.compose(),
        mail.compose(),
        "a second attempt sends the same bytes"
    );
}

#[test]
fn each_recipient_once() {
    let mail = OutgoingMail {
        to: vec![Correspondent::new("a@b.example")],
        cc: vec![
            Correspondent::named("A", "a@b.example"),
            Correspondent::new("c@d.example"),
        ],
        ..mail()
    };
    let recipients = mail.compose().unwrap().recipients;
    assert_eq!(
        recipients
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["a@b.example", "c@d.example"]
    );
}

#[test]
fn long_threads_keep_their_beginning_and_their_end() {
    let mail = OutgoingMail {
        references: (0..50)
            .map(|n| format!("<{n}@example.com>"))
            .chain(["not an id".to_owned()])
            .collect(),
        in_reply_to: Some("49@example.com".to_owned()),
        ..mail()
    };
    let bytes = mail.compose().unwrap().bytes;
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    let references = parsed.references().as_text_list().unwrap().to_vec();
    assert_eq!(references.len(), MOST_REFERENCES);
    assert_eq!(references.first().unwrap(), "0@example.com");
    assert_eq!(references[1], "31@example.com");
    assert_eq!(references.last().unwrap(), "49@example.com");
    assert_eq!(parsed.in_reply_to().as_text(), Some("49@example.com"));
}

#[test]
fn a_domain_in_other_letters_is_written_in_ascii() {
    let mail = OutgoingMail {
        to: vec![Correspondent::new("info@müller.example")],
        ..mail()
    };
    assert_eq!(
        mail.compose().unwrap().recipients[0].to_string(),
        "info@xn--mller-kva.example"
    );
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let to = |address: &str| {
        OutgoingMail {
            to: vec![Correspondent::new(address)],
            ..mail()
        }
        .compose()
        .unwrap_err()
        .to_string()
    };
    insta::assert_snapshot!(to("zoe"), @"`zoe` in To is not an e-mail address: there is no `@`");
    insta::assert_snapshot!(to("zoe@customer.example\r\nBcc: all@customer.example"), @r"
    `zoe@customer.example
    Bcc: all@customer.example` in To is not an e-mail address: invalid email user
    ");
    insta::assert_snapshot!(to("zoë@customer.example"), @"`zoë@customer.example` in To is not an e-mail address: letters outside ASCII before the `@` are not supported");
    insta::assert_snapshot!(OutgoingMail { to: vec![], ..mail() }.compose().unwrap_err(), @"the message has no recipient: give at least one in `to`");
    insta::assert_snapshot!(
        OutgoingMail { message_id: "a@b>\r\nBcc: c".to_owned(), ..mail() }.compose().unwrap_err(),
        @r"
        `a@b>
        Bcc: c` is not a message id: it needs the form `left@right`, in ASCII without spaces
        "
    );
}

/// Any text, with line breaks and header-like pieces far more often than chance would give.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        ".{0,40}",
        Just("\r\nBcc: all@customer.example\r\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("\r".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("=?utf-8?q?=0D=0ABcc:_x?=".to_owned()),
        Just("\"<x@y>\", ".to_owned()),
        Just("ñ".repeat(70)),
        Just("w".repeat(300)),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_adds_a_header_and_all_of_it_is_read_back(
        subject in hostile(),
        name in hostile(),
        text in hostile(),
        html in prop::option::of(hostile()),
        file_name in hostile(),
        reference in hostile(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mail = OutgoingMail {
            from: Correspondent::named(&name, "support@example.com"),
            to: vec![Correspondent::named(&name, "zoe@customer.example")],
            subject,
            text,
            html,
            references: vec![reference, "ok@example.com".to_owned()],
            attachments: vec![Attachment {
                file_name,
                content_type: "application/pdf\r\nX-Evil: 1".to_owned(),
                bytes: bytes.clone(),
            }],
            ..mail()
        };
        let composed = mail.compose().unwrap().bytes;
        prop_assert!(composed.is_ascii());
        let whole = String::from_utf8(composed.clone()).unwrap();
        prop_assert!(!whole.replace("\r\n", "").contains(['\r', '\n']), "bare line end");
        prop_assert!(whole.lines().all(|line| line.len() <= 998));

        let parsed = MessageParser::default().parse(&composed).unwrap();
        let names: Vec<_> = parsed.headers().iter().map(|header| header.name().to_owned()).collect();
        let expected = ["Date", "Message-ID", "From", "To", "Reply-To", "Subject", "References", "MIME-Version", "Content-Type"];
        prop_assert_eq!(names, expected);
        prop_assert_eq!(one_line(parsed.subject().unwrap_or_default()), one_line(&mail.subject));
        let to = parsed.to().unwrap().first().unwrap();
        prop_assert_eq!(to.address(), Some("zoe@customer.example"));
        prop_assert_eq!(one_line(to.name().unwrap_or_default()), one_line(&name));
        let unix = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned();
        prop_assert_eq!(unix(&parsed.body_text(0).unwrap()), unix(&mail.text));
        if let Some(html) = &mail.html {
            prop_assert_eq!(unix(&parsed.body_html(0).unwrap()), unix(html));
        }
        let file = parsed.attachment(0).unwrap();
        prop_assert_eq!(file.contents(), &bytes[..]);
        prop_assert_eq!(parsed.attachment_count(), 1);
        prop_assert_eq!(
            one_line(file.attachment_name().unwrap_or_default()),
            plain_file_name(&mail.attachments[0].file_name)
        );
    }
}
