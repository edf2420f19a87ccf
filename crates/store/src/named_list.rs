//! Lists of things with names, sorted by name whatever its letters' case, page by page.

use crate::connection::Connection;
use crate::error::StoreError;
use crate::page::{Cursor, Page, PageRequest};
use crate::record::{Record, fetch_all};
use crate::sql::Sql;
use uuid::Uuid;

/// What a name is sorted and looked up by.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Goes on with a condition that a column holds a text somewhere. The column holds lower-case text.
pub(crate) fn push_holds(sql: &mut Sql, column: &str, text: &str) {
    let mut pattern = String::from("%");
    for letter in name_key(text).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    sql.push(column)
        .push(" LIKE ")
        .bind(&pattern)
        .push(" ESCAPE '\\'");
}

/// Reads a page of a statement that selects `T` as `t` and ends within its conditions.
pub(crate) async fn page_by_name<T: Record>(
    on: &impl Connection,
    mut sql: Sql,
    page: PageRequest,
    id: impl Fn(&T) -> Uuid,
) -> Result<Page<T>, StoreError> {
    if let Some(after) = page.after {
        let after: Uuid = after.id();
        sql.push(" AND (t.name_key, t.id) > ((SELECT name_key FROM ");
        sql.push(T::TABLE)
            .push(" WHERE id = ")
            .bind(&after)
            .push("), ")
            .bind(&after)
            .push(")");
    }
    sql.push(" ORDER BY t.name_key, t.id LIMIT ")
        .bind(&(i64::from(page.limit) + 1));
    let items = fetch_all(on, sql).await?;
    Ok(Page::of(items, page.limit, |item| Cursor {
        key: 0,
        tie: id(item).as_u128(),
    }))
}
