//! Pictures from elsewhere in a message, which nobody fetches before they are asked for.

use mainstay_app::remote_image::RecordingImages;
use mainstay_app::{Caller, Options};
use mainstay_domain::role::BuiltIn;

use crate::house::House;

const LETTER: &str = "From: Alma <alma@customer.example>\r\n\
    To: support@localhost\r\n\
    Subject: Look at this\r\n\
    Message-ID: <1@customer.example>\r\n\
    Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n\
    Content-Type: text/html\r\n\
    \r\n\
    <p>This is what I see:</p><img alt=\"seen\" src=\"https://pictures.example/1.gif\">\r\n";

/// A picture of one point.
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

const IS_SHOWN: &str =
    "document.querySelector('iframe')?.contentDocument?.querySelector('img')?.naturalWidth === 1";

#[tokio::test]
async fn pictures_are_fetched_when_they_are_asked_for_and_always_from_who_is_trusted() {
    let images = RecordingImages::holding([("https://pictures.example/1.gif", Ok(GIF.to_vec()))]);
    let options = Options {
        images: Some(images.clone()),
        ..Options::default()
    };
    let Some(house) = House::open_as(options).await else {
        return;
    };
    let app = &house.test.app;
    app.receive_mail(&Caller::machine(), LETTER.into(), "pipe", app.now())
        .await
        .unwrap();
    house.test.run_due().await;

    let priya = house.at_work("Priya", BuiltIn::Agent).await;
    priya.goes("/tickets/1").await;
    priya.sees("1 picture from elsewhere is not shown").await;
    assert!(images.asked().is_empty());
    priya.clicks("Show pictures").await;
    priya.sees("1 picture from elsewhere is shown.").await;
    priya.sees_that(IS_SHOWN).await;
    assert_eq!(images.asked(), ["https://pictures.example/1.gif"]);
    let barriers = priya.barriers().await;
    assert!(barriers.is_empty(), "{barriers:?}");

    priya.clicks("Always from alma@customer.example").await;
    priya.sees("are always shown to you").await;
    priya.goes("/tickets/1").await;
    priya.sees_that(IS_SHOWN).await;
    priya.clicks("Ask me again").await;
    priya.sees("1 picture from elsewhere is not shown").await;
    assert_eq!(images.asked().len(), 1, "it is kept");
    priya.leaves().await;
    house.close().await;
}
