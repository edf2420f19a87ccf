//! Lists in pages: an opaque cursor says where the next page begins.

use axum::Json;
use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_app::PageRequest;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// What every list takes in its query.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// How many things a page holds.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200)]
    pub limit: Option<Limit>,
    /// Where to go on, from the `next` of the page before.
    pub cursor: Option<String>,
}

/// The layout of cursors. A cursor of another layout is refused rather than misread.
const LAYOUT: u8 = 1;

/// How many bytes of the digest a cursor carries.
const CHECK: usize = 6;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The things on this page.
    pub items: Vec<T>,
    /// The path and query of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many things a page holds: 1 to 200, 50 when not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = u16, minimum = 1, maximum = 200)]
pub struct Limit(u16);

impl Limit {
    /// The most a page can hold.
    pub const MOST: u16 = 200;

    /// The number.
    #[must_use]
    pub fn count(self) -> u32 {
        u32::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        text.parse()
            .ok()
            .filter(|limit| (1..=Self::MOST).contains(limit))
            .map(Self)
            .ok_or_else(|| {
                D::Error::custom(format!(
                    "{text:?} is no page size: expected a number from 1 to {}",
                    Self::MOST
                ))
            })
    }
}

/// Which part of a list to read.
///
/// # Errors
/// Returns a problem for a text that is not a cursor, or one of another list or version.
pub fn request(
    list: &str,
    limit: Option<Limit>,
    cursor: Option<&str>,
) -> Result<PageRequest, Problem> {
    let after = after::<String>(list, cursor)?;
    let after = after.map(|text| text.parse()).transpose();
    Ok(PageRequest {
        limit: limit.unwrap_or_default().count(),
        after: after.map_err(|_| not_a_cursor())?,
    })
}

impl<T> Page<T> {
    /// A list that is short by its nature, on one page.
    pub fn whole(items: impl IntoIterator<Item = T>) -> Self {
        Self {
            items: items.into_iter().collect(),
            next: None,
        }
    }
}

/// A page of a list that is short enough to be read whole. `key` names a thing among the others; when the one that a
/// cursor names is gone, the list goes on with what has taken its place.
///
/// # Errors
/// Returns a problem for a text that is not a cursor, or one of another list or version.
pub fn slice<T, K: ToString, W>(
    uri: &Uri,
    list: &str,
    part: &ListQuery,
    mut items: Vec<T>,
    key: impl Fn(&T) -> K,
    form: impl FnMut(T) -> W,
) -> Result<Json<Page<W>>, Problem> {
    let name = |item: &T| key(item).to_string();
    let start = after::<(usize, String)>(list, part.cursor.as_deref())?.map_or(0, |last| {
        let place = items.iter().position(|item| name(item) == last.1);
        place.map_or(last.0, |place| place + 1)
    });
    let limit = usize::from(part.limit.unwrap_or_default().0);
    let end = start.saturating_add(limit);
    let next = (end < items.len())
        .then(|| items.get(end - 1).map(|last| (end - 1, name(last))))
        .flatten()
        .map(|last| with_cursor(uri, &cursor(list, &last)));
    items.truncate(end);
    Ok(Json(Page {
        items: items.into_iter().skip(start).map(form).collect(),
        next,
    }))
}

/// The page of a list in its wire form, each thing turned into its own by `form`.
pub fn of<T, W>(
    uri: &Uri,
    list: &str,
    page: mainstay_app::Page<T>,
    form: impl FnMut(T) -> W,
) -> Page<W> {
    let next = page.next.map(|next| cursor(list, &next.to_string()));
    Page {
        items: page.items.into_iter().map(form).collect(),
        next: next.map(|cursor| with_cursor(uri, &cursor)),
    }
}

/// Writes the cursor of a list that continues after `key`.
pub fn cursor<K: Serialize>(list: &str, key: &K) -> String {
    let key = serde_json::to_vec(key).unwrap_or_default();
    let mut bytes = vec![LAYOUT];
    bytes.extend_from_slice(&check(list, &key));
    bytes.extend_from_slice(&key);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of this list.
///
/// # Errors
/// Returns a problem for a text that is not a cursor, or one of another list or version.
pub fn after<K: DeserializeOwned>(list: &str, cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(text) = cursor else {
        return Ok(None);
    };
    read(list, text).map(Some).ok_or_else(not_a_cursor)
}

fn not_a_cursor() -> Problem {
    Problem::bad_parameter(
        "cursor",
        "this is not a cursor of this list: take it from the list's `next`, or leave it out to begin again",
    )
}

fn read<K: DeserializeOwned>(list: &str, text: &str) -> Option<K> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (layout, rest) = bytes.split_first()?;
    let (digest, key) = rest.split_at_checked(CHECK)?;
    (*layout == LAYOUT && digest == check(list, key))
        .then(|| serde_json::from_slice(key).ok())
        .flatten()
}

/// Ties a cursor to its list, so that one taken from another list is noticed. It guards against mistakes, not against
/// malice: a cursor only says where to go on within what the caller may see anyway.
fn check(list: &str, key: &[u8]) -> [u8; CHECK] {
    let mut digest = Sha256::new();
    digest.update(list.as_bytes());
    digest.update([0]);
    digest.update(key);
    let digest = digest.finalize();
    std::array::from_fn(|index| digest[index])
}

/// The same path and query with another cursor.
fn with_cursor(uri: &Uri, cursor: &str) -> String {
    let kept = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(name, _)| name != "cursor");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("cursor", cursor)
        .finish();
    format!("{}?{query}", uri.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_gives_back_its_key(name in ".*", number in any::<u64>()) {
            let text = cursor("accounts", &(name.clone(), number));
            prop_assert_eq!(after::<(String, u64)>("accounts", Some(&text)).unwrap(), Some((name, number)));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = after::<(String, u64)>("accounts", Some(&text));
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let text = cursor("accounts", &1);
        assert!(after::<u64>("contacts", Some(&text)).is_err());
    }

    fn names(query: &str, items: &[&str]) -> (String, Option<String>) {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        let part = crate::input::parameters(query).unwrap();
        let page = slice(&uri, "x", &part, items.to_vec(), |item| *item, |item| item);
        let Json(page) = page.unwrap();
        let next = page
            .next
            .map(|next| next.trim_start_matches("/x?").to_owned());
        (page.items.concat(), next)
    }

    #[test]
    fn a_short_list_is_read_page_by_page_though_it_changes() {
        let (first, next) = names("limit=2", &["a", "b", "c", "d", "e"]);
        assert_eq!(first, "ab");
        let next = next.unwrap();
        assert_eq!(names(&next, &["a", "b", "c", "d", "e"]).0, "cd");
        assert_eq!(names(&next, &["z", "a", "b", "c"]), ("c".to_owned(), None));
        assert_eq!(names(&next, &["a", "c", "d"]), ("cd".to_owned(), None));
        assert_eq!(names(&next, &[]), (String::new(), None));
        assert_eq!(names("limit=2", &["a", "b"]), ("ab".to_owned(), None));
    }

    #[test]
    fn the_next_page_keeps_the_filters() {
        let uri: Uri = "/api/v1/accounts?tier=Gold+plus&cursor=old&limit=2"
            .parse()
            .unwrap();
        assert_eq!(
            with_cursor(&uri, "new"),
            "/api/v1/accounts?tier=Gold+plus&limit=2&cursor=new"
        );
    }
}
