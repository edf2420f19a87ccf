//! Taking part, and being told.

/// Who takes part in a ticket by mail, who wrote how often, and what agents are to be told.
pub(super) const NOTICES: &str = "
CREATE TABLE ticket_participant (
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    address_key @key NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (ticket, address_key)
);
CREATE INDEX ticket_participant_address ON ticket_participant (address_key);

CREATE TABLE mail_sender (
    address_key @key NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX mail_sender_address ON mail_sender (address_key, at);
CREATE INDEX mail_sender_at ON mail_sender (at);

CREATE TABLE notification (
    id @uuid PRIMARY KEY,
    recipient @uuid NOT NULL REFERENCES agent (id),
    channel TEXT NOT NULL,
    about TEXT NOT NULL,
    ticket @uuid REFERENCES ticket (id),
    escalation @uuid REFERENCES escalation (id),
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    urgency TEXT NOT NULL,
    wake TEXT NOT NULL,
    at BIGINT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL,
    held_until BIGINT,
    delivery @uuid,
    dispatched_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    last_error TEXT
);
CREATE UNIQUE INDEX notification_once ON notification (cause, recipient, channel);
CREATE INDEX notification_pending ON notification (recipient, at) WHERE state = 'pending';
CREATE INDEX notification_in_app ON notification (recipient, at) WHERE channel = 'in_app';
CREATE INDEX notification_dispatched ON notification (recipient, dispatched_at);
CREATE INDEX notification_delivery ON notification (delivery);
CREATE INDEX notification_escalation ON notification (escalation);
CREATE INDEX notification_ticket ON notification (ticket);
";

/// What is shown in the program stands in the row of the channel by which the person is told as well, where there is one. Nothing
/// asks for the notifications of a ticket.
pub(super) const SHOWN: &str = "
ALTER TABLE notification ADD COLUMN shown_at BIGINT;
UPDATE notification SET shown_at = COALESCE(dispatched_at, at) WHERE channel = 'in_app';
DROP INDEX notification_in_app;
DROP INDEX notification_ticket;
CREATE INDEX notification_shown ON notification (recipient, at) WHERE shown_at IS NOT NULL;
";

/// Indexes of notifications that hold only what can be asked of them: most are shown in the program alone, and none was handed
/// over yet when it is written.
pub(super) const LIGHTER: &str = "
DROP INDEX notification_dispatched;
DROP INDEX notification_delivery;
CREATE INDEX notification_dispatched ON notification (recipient, dispatched_at) WHERE dispatched_at IS NOT NULL;
CREATE INDEX notification_delivery ON notification (delivery) WHERE delivery IS NOT NULL;
";

#[cfg(test)]
mod tests {
    use crate::column::Field;
    use crate::connection::one;
    use crate::sql::Sql;
    use crate::{Store, StoreOptions};

    /// The store as it was before, with one that is shown, one that goes by mail, and whom they tell.
    const BEFORE: &str = "
DROP INDEX notification_shown;
ALTER TABLE notification DROP COLUMN shown_at;
CREATE INDEX notification_in_app ON notification (recipient, at) WHERE channel = 'in_app';
CREATE INDEX notification_ticket ON notification (ticket);
DELETE FROM seaql_migrations WHERE version = '0048_shown_besides';
INSERT INTO agent (id, email, email_key, name, roles, languages, skills, capacity, time_zone, active, created_at)
    VALUES (x'01', 'a@desk.example', 'a@desk.example', 'Ada', '[]', '[]', '[]', 1, 'UTC', TRUE, 0);
INSERT INTO notification
    (id, recipient, channel, about, title, detail, urgency, wake, at, cause, state, dispatched_at, delivered_at)
    VALUES (x'02', x'01', 'in_app', '{}', '', '', 'routine', 'no', 5, 'a', 'delivered', 7, 7),
           (x'03', x'01', 'email', '{}', '', '', 'routine', 'no', 5, 'a', 'dispatched', 9, NULL);
";

    #[tokio::test]
    async fn what_was_shown_before_is_shown_still() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mainstay.db");
        let options = StoreOptions::new(format!("sqlite://{}", path.display()));
        let store = Store::open(&options).await.unwrap();
        let tx = store.begin().await.unwrap();
        tx.run(BEFORE).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await.unwrap();

        let store = Store::open(&options).await.unwrap();
        for (id, shown_at) in [("x'02'", Some(7)), ("x'03'", None)] {
            let sql = Sql::new(format!("SELECT shown_at FROM notification WHERE id = {id}"));
            let row = one(&store.read(), sql).await.unwrap().unwrap();
            let found: Option<i64> = Field::read(&row, 0).unwrap();
            assert_eq!(found, shown_at, "{id}");
        }
    }
}
