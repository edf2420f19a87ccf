//! What is kept is there again, wherever it is kept: in memory, in a folder, and in a service that speaks S3.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::time::Duration;

use futures::TryStreamExt as _;
use mainstay_app::AppError;
use mainstay_app::attachment::{Blobs, Place, S3Settings, digest};
use mainstay_domain::digest::Digest;
use mainstay_domain::id::{UploadId, Uuid};
use mainstay_testing::s3::{BUCKET, KEY, S3Server};

/// Somewhere to keep files, and what must live as long.
struct Kept {
    blobs: Blobs,
    /// Where the files can be looked at from behind.
    folder: Option<PathBuf>,
    _server: Option<S3Server>,
    _folder: Option<tempfile::TempDir>,
}

fn settings(server: &S3Server) -> S3Settings {
    // The program does so when it begins; the second time in a process is refused, and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    S3Settings {
        bucket: BUCKET.to_owned(),
        prefix: "kept/here".to_owned(),
        endpoint: Some(server.endpoint()),
        region: "us-east-1".to_owned(),
        credentials: Some((KEY.0.to_owned(), KEY.1.to_owned())),
        try_for: Duration::from_secs(60),
    }
}

async fn in_s3() -> Kept {
    let server = S3Server::start().await;
    Kept {
        blobs: Blobs::in_s3(settings(&server)).unwrap(),
        folder: Some(server.bucket().join("kept/here")),
        _server: Some(server),
        _folder: None,
    }
}

async fn in_memory() -> Kept {
    Kept {
        blobs: Blobs::in_memory(),
        folder: None,
        _server: None,
        _folder: None,
    }
}

async fn in_folder() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    Kept {
        blobs: Blobs::in_folder(folder.path()).unwrap(),
        folder: Some(folder.path().to_owned()),
        _server: None,
        _folder: Some(folder),
    }
}

/// Makes a test of each way of keeping.
macro_rules! wherever_it_is_kept {
    ($($case:ident),* $(,)?) => {
        wherever_it_is_kept!(@ in_memory: $($case),*);
        wherever_it_is_kept!(@ in_folder: $($case),*);
        wherever_it_is_kept!(@ in_s3: $($case),*);
    };
    (@ $place:ident: $($case:ident),*) => {
        mod $place {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(super::$place().await).await;
            })*
        }
    };
}

wherever_it_is_kept!(
    bytes_are_kept_once_and_found_by_their_digest,
    a_part_is_given,
    what_is_missing_is_said_to_be,
    a_place_is_filled_adopted_and_cleared,
    the_same_bytes_may_be_put_side_by_side,
    a_large_file_is_kept_in_parts,
    what_cannot_be_read_to_its_end_is_not_there,
    a_damaged_file_does_not_end_as_if_it_were_whole,
);

fn place(number: u128) -> Place {
    Place::Upload(UploadId::from(Uuid::from_u128(number)))
}

/// More than one part holds, and no more than a busy machine can digest soon.
const LARGE: usize = 11 << 20;

/// Bytes that compress badly and differ everywhere.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

async fn bytes_are_kept_once_and_found_by_their_digest(kept: Kept) {
    for bytes in [&b"hello"[..], b"", &[0; 100_000]] {
        let known_by = kept.blobs.put(bytes.to_vec()).await.unwrap();
        assert_eq!(known_by, digest(bytes));
        assert_eq!(kept.blobs.put(bytes.to_vec()).await.unwrap(), known_by);
        assert_eq!(kept.blobs.get(known_by).await.unwrap(), bytes);
    }
}

async fn a_part_is_given(kept: Kept) {
    let known_by = kept.blobs.put("0123456789").await.unwrap();
    for (range, is) in [(0..3, "012"), (3..10, "3456789"), (9..10, "9")] {
        let part = kept
            .blobs
            .open(known_by, Some(range.clone()))
            .await
            .unwrap();
        assert_eq!((part.size, part.range), (10, range));
        let bytes: Vec<_> = part.bytes.try_collect().await.unwrap();
        assert_eq!(bytes.concat(), is.as_bytes());
    }
}

async fn what_is_missing_is_said_to_be(kept: Kept) {
    let missing = kept.blobs.get(Digest([7; 32])).await;
    assert!(matches!(missing, Err(AppError::NotFound(_))), "{missing:?}");
    assert!(kept.blobs.open_at(place(1), None).await.unwrap().is_none());
    let nothing = kept.blobs.adopt(place(1), Digest([7; 32])).await;
    assert!(matches!(nothing, Err(AppError::NotFound(_))), "{nothing:?}");
    kept.blobs.clear(place(1)).await.unwrap();
}

async fn a_place_is_filled_adopted_and_cleared(kept: Kept) {
    let bytes = b"an upload";
    assert_eq!(kept.blobs.keep_at(place(1), &bytes[..]).await.unwrap(), 9);
    let known_by = digest(bytes);
    assert!(
        kept.blobs.get(known_by).await.is_err(),
        "it is not taken yet"
    );
    kept.blobs.adopt(place(1), known_by).await.unwrap();
    kept.blobs.adopt(place(1), known_by).await.unwrap();
    kept.blobs.clear(place(1)).await.unwrap();
    assert!(kept.blobs.open_at(place(1), None).await.unwrap().is_none());
    kept.blobs.clear(place(1)).await.unwrap();
    assert_eq!(kept.blobs.get(known_by).await.unwrap(), &bytes[..]);
}

async fn the_same_bytes_may_be_put_side_by_side(kept: Kept) {
    let bytes = noise(300_000);
    let puts = (0..16).map(|_| kept.blobs.put(bytes.clone()));
    for known_by in futures::future::join_all(puts).await {
        assert_eq!(known_by.unwrap(), digest(&bytes));
    }
    assert_eq!(kept.blobs.get(digest(&bytes)).await.unwrap(), bytes);
}

async fn a_large_file_is_kept_in_parts(kept: Kept) {
    let bytes = noise(LARGE);
    let size = kept.blobs.keep_at(place(1), &bytes[..]).await.unwrap();
    assert_eq!(size, bytes.len() as u64);
    let known_by = digest(&bytes);
    kept.blobs.adopt(place(1), known_by).await.unwrap();
    kept.blobs.clear(place(1)).await.unwrap();
    assert!(kept.blobs.get(known_by).await.unwrap() == bytes);
}

async fn what_cannot_be_read_to_its_end_is_not_there(kept: Kept) {
    for length in [1000, LARGE] {
        let bytes = noise(length);
        let torn = tokio_util::io::StreamReader::new(futures::stream::iter([
            Ok(bytes::Bytes::from(bytes)),
            Err(std::io::Error::other("torn")),
        ]));
        let outcome = kept.blobs.keep_at(place(1), torn).await;
        assert!(
            matches!(outcome, Err(AppError::Unavailable { .. })),
            "{outcome:?}"
        );
        assert!(kept.blobs.open_at(place(1), None).await.unwrap().is_none());
    }
    if let Some(folder) = &kept.folder {
        let left = files_under(folder);
        assert_eq!(left, [""; 0], "nothing is left of what was begun");
    }
}

async fn a_damaged_file_does_not_end_as_if_it_were_whole(kept: Kept) {
    let Some(folder) = &kept.folder else {
        return;
    };
    let known_by = kept.blobs.put("hello").await.unwrap();
    let name = known_by.to_string();
    let (first, rest) = name.split_at(2);
    std::fs::write(folder.join(first).join(rest), "hullo").unwrap();
    let damaged = kept.blobs.get(known_by).await;
    assert!(
        matches!(damaged, Err(AppError::Broken { .. })),
        "{damaged:?}"
    );
}

/// The files under a folder, as their paths.
fn files_under(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_dead_is_said_to_be_and_tried_again() {
    let mut server = S3Server::start().await;
    let blobs = Blobs::in_s3(settings(&server)).unwrap();
    let kept = blobs.put("before").await.unwrap();
    // Nobody waits long for what does not come; what does come may take its time.
    let hasty = S3Settings {
        try_for: Duration::from_millis(300),
        ..settings(&server)
    };
    let hasty = Blobs::in_s3(hasty).unwrap();
    server.stop().await;
    for outcome in [
        hasty.put("after").await.map(|_| ()),
        hasty.get(kept).await.map(|_| ()),
        hasty.keep_at(place(1), &b"x"[..]).await.map(|_| ()),
        hasty.clear(place(1)).await,
    ] {
        let Err(AppError::Unavailable { what, .. }) = &outcome else {
            panic!("{outcome:?}");
        };
        assert!(what.contains("try again"), "{what}");
    }
    server.restart().await;
    assert_eq!(blobs.get(kept).await.unwrap(), "before");
    let after = blobs.put("after").await.unwrap();
    assert_eq!(blobs.get(after).await.unwrap(), "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused() {
    let server = S3Server::start().await;
    let wrong = S3Settings {
        credentials: Some((KEY.0.to_owned(), "wrong".to_owned())),
        ..settings(&server)
    };
    let outcome = Blobs::in_s3(wrong).unwrap().put("x").await;
    assert!(
        matches!(outcome, Err(AppError::Unavailable { .. })),
        "{outcome:?}"
    );
}
