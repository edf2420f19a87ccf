//! Tickets and what happens to them.

/// Tickets, their ledger, clocks, escalations, messages.
pub(super) const TICKETS: &str = "
@sequence;

CREATE TABLE ticket (
    id @uuid PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    account @uuid REFERENCES account (id),
    contact @uuid REFERENCES contact (id),
    channel TEXT NOT NULL,
    severity BIGINT NOT NULL,
    category TEXT,
    status TEXT NOT NULL,
    status_kind TEXT NOT NULL,
    team @uuid REFERENCES team (id),
    assignee @uuid REFERENCES agent (id),
    tier TEXT,
    overrides TEXT NOT NULL,
    awaiting TEXT,
    tags TEXT NOT NULL,
    fields TEXT NOT NULL,
    followers TEXT NOT NULL,
    links TEXT NOT NULL,
    merged_into @uuid REFERENCES ticket (id),
    opened_at BIGINT NOT NULL,
    resolved_at BIGINT,
    closed_at BIGINT,
    last_message_at BIGINT,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    -- The greatest number stands for never, so that what is never due sorts last on both engines.
    next_due_at BIGINT NOT NULL DEFAULT 9223372036854775807,
    next_due_commitment TEXT
);
CREATE INDEX ticket_next_due ON ticket (next_due_at, number);
CREATE INDEX ticket_updated ON ticket (updated_at, number);
CREATE INDEX ticket_opened ON ticket (opened_at, number);
CREATE INDEX ticket_severity ON ticket (severity, number);
CREATE INDEX ticket_account ON ticket (account, updated_at);
CREATE INDEX ticket_contact ON ticket (contact, updated_at);
CREATE INDEX ticket_assignee ON ticket (assignee, status_kind);
CREATE INDEX ticket_open_load ON ticket (assignee, opened_at)
    WHERE assignee IS NOT NULL AND status_kind NOT IN ('resolved', 'closed');
CREATE INDEX ticket_team ON ticket (team, status_kind);
CREATE INDEX ticket_status ON ticket (status_kind, updated_at);
CREATE INDEX ticket_status_name ON ticket (status);
CREATE INDEX ticket_category ON ticket (category);
CREATE INDEX ticket_tier ON ticket (tier);
CREATE INDEX ticket_channel ON ticket (channel);
CREATE INDEX ticket_merged_into ON ticket (merged_into);

CREATE TABLE ticket_tag (
    tag TEXT NOT NULL,
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, ticket)
);
CREATE INDEX ticket_tag_ticket ON ticket_tag (ticket);

CREATE TABLE ticket_follower (
    agent @uuid NOT NULL REFERENCES agent (id),
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    PRIMARY KEY (agent, ticket)
);
CREATE INDEX ticket_follower_ticket ON ticket_follower (ticket);

CREATE TABLE ticket_link (
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    other @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    relation TEXT NOT NULL,
    PRIMARY KEY (ticket, other, relation)
);
CREATE INDEX ticket_link_other ON ticket_link (other);

CREATE TABLE event (
    id @uuid PRIMARY KEY,
    ticket @uuid REFERENCES ticket (id),
    account @uuid REFERENCES account (id),
    sequence BIGINT,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    policy BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE UNIQUE INDEX event_ticket ON event (ticket, sequence);
CREATE INDEX event_account ON event (account, at);
CREATE INDEX event_kind ON event (kind, at);

CREATE TABLE clock (
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    commitment TEXT NOT NULL,
    cycle BIGINT NOT NULL,
    state TEXT NOT NULL,
    policy BIGINT NOT NULL,
    calendar TEXT,
    target BIGINT,
    started_at BIGINT NOT NULL,
    promised_due_at BIGINT,
    due_at BIGINT,
    stopped_at BIGINT,
    missed_at BIGINT,
    cancelled_at BIGINT,
    warnings TEXT NOT NULL,
    next_at BIGINT,
    detail TEXT NOT NULL,
    PRIMARY KEY (ticket, commitment, cycle)
);
CREATE INDEX clock_next ON clock (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX clock_commitment ON clock (commitment, started_at);

CREATE TABLE escalation (
    id @uuid PRIMARY KEY,
    subject_key TEXT NOT NULL,
    ladder TEXT NOT NULL,
    phase TEXT NOT NULL,
    level BIGINT NOT NULL,
    reason TEXT NOT NULL,
    tickets TEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    ended_at BIGINT,
    next_at BIGINT,
    policy BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX escalation_subject ON escalation (subject_key, phase);
CREATE INDEX escalation_raised ON escalation (raised_at, id);
CREATE INDEX escalation_phase ON escalation (phase, raised_at);

CREATE TABLE escalation_ticket (
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    escalation @uuid NOT NULL REFERENCES escalation (id) ON DELETE CASCADE,
    PRIMARY KEY (ticket, escalation)
);
CREATE INDEX escalation_ticket_escalation ON escalation_ticket (escalation);

CREATE TABLE escalation_event (
    escalation @uuid NOT NULL REFERENCES escalation (id),
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (escalation, sequence)
);

CREATE TABLE due (
    kind TEXT NOT NULL,
    subject @uuid NOT NULL,
    next_at BIGINT NOT NULL,
    leased_by TEXT,
    leased_until BIGINT,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX due_next ON due (next_at);
CREATE INDEX due_leased ON due (leased_until) WHERE leased_until IS NOT NULL;

CREATE TABLE message (
    id @uuid PRIMARY KEY,
    ticket @uuid NOT NULL REFERENCES ticket (id),
    author TEXT NOT NULL,
    sender TEXT,
    visibility TEXT NOT NULL,
    origin TEXT NOT NULL,
    channel TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    quoted TEXT,
    language TEXT,
    mentions TEXT NOT NULL,
    raw_mail @uuid,
    at BIGINT NOT NULL
);
CREATE INDEX message_ticket ON message (ticket, at);

CREATE TABLE attachment (
    message @uuid NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    digest @bytes NOT NULL,
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    content_id TEXT,
    PRIMARY KEY (message, position)
);
CREATE INDEX attachment_digest ON attachment (digest);

CREATE TABLE thread (
    message_id TEXT PRIMARY KEY,
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    message @uuid REFERENCES message (id) ON DELETE CASCADE
);
CREATE INDEX thread_ticket ON thread (ticket);
CREATE INDEX thread_message ON thread (message);
";

/// How customers rate.
pub(super) const RATINGS: &str = "ALTER TABLE ticket ADD COLUMN rating TEXT";

/// When a customer's ticket last changed as far as the customer may know. Absent in rows of before: as `updated_at` says.
pub(super) const CUSTOMER_UPDATED: &str =
    "ALTER TABLE ticket ADD COLUMN customer_updated_at BIGINT";

/// Hardly a ticket was merged into another, so the index of those that were holds no others.
pub(super) const LIGHTER: &str = "
DROP INDEX ticket_merged_into;
CREATE INDEX ticket_merged_into ON ticket (merged_into) WHERE merged_into IS NOT NULL;
";

/// What is due is asked of `due`, and of clocks only with their ticket.
pub(super) const LIGHTER_CLOCKS: &str = "DROP INDEX clock_next";

/// Facts of an account are asked for by it, those of its tickets by the ticket alone.
pub(super) const LIGHTER_FACTS: &str = "
DROP INDEX event_account;
CREATE INDEX event_account ON event (account, at) WHERE ticket IS NULL;
";

/// Whom an outage affects is asked of a group's tickets by when they were opened: of the hour's, not of all there are. A program of
/// before does not know the column, which is filled for it.
pub(super) const GROUPS_BY_TIME_SQLITE: &str = "
DROP INDEX ticket_category;
CREATE INDEX ticket_category ON ticket (category, opened_at);
ALTER TABLE ticket_tag ADD COLUMN opened_at BIGINT;
UPDATE ticket_tag SET opened_at = (SELECT t.opened_at FROM ticket t WHERE t.id = ticket);
CREATE INDEX ticket_tag_opened ON ticket_tag (tag, opened_at);
CREATE TRIGGER ticket_tag_opened_at AFTER INSERT ON ticket_tag WHEN NEW.opened_at IS NULL BEGIN
    UPDATE ticket_tag SET opened_at = (SELECT t.opened_at FROM ticket t WHERE t.id = NEW.ticket)
    WHERE tag = NEW.tag AND ticket = NEW.ticket;
END;
";

/// As on SQLite. It is filled at the end of the statement, which may bring the ticket too.
pub(super) const GROUPS_BY_TIME_POSTGRES: &str = "
CREATE FUNCTION ticket_tag_opened_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ticket_tag SET opened_at = (SELECT t.opened_at FROM ticket t WHERE t.id = NEW.ticket)
    WHERE tag = NEW.tag AND ticket = NEW.ticket;
    RETURN NULL;
END $$;
DROP INDEX ticket_category;
CREATE INDEX ticket_category ON ticket (category, opened_at);
ALTER TABLE ticket_tag ADD COLUMN opened_at BIGINT;
UPDATE ticket_tag SET opened_at = t.opened_at FROM ticket t WHERE t.id = ticket_tag.ticket;
CREATE INDEX ticket_tag_opened ON ticket_tag (tag, opened_at);
CREATE TRIGGER ticket_tag_opened_at AFTER INSERT ON ticket_tag
    FOR EACH ROW WHEN (NEW.opened_at IS NULL) EXECUTE FUNCTION ticket_tag_opened_at();
";

/// Rows that change find room on their page, so that PostgreSQL need not write them into every index anew.
pub(super) const ROOM_TO_CHANGE_POSTGRES: &str = "
ALTER TABLE ticket SET (fillfactor = 85);
ALTER TABLE clock SET (fillfactor = 80);
ALTER TABLE due SET (fillfactor = 70);
";

#[cfg(test)]
mod tests {
    use crate::column::Field;
    use crate::connection::one;
    use crate::sql::Sql;
    use crate::{Store, StoreOptions};

    #[tokio::test]
    async fn a_tag_of_a_program_of_before_says_when_its_ticket_was_opened() {
        let store = Store::open(&StoreOptions::new("sqlite::memory:")).await;
        let tx = store.unwrap().begin().await.unwrap();
        tx.run(
            "INSERT INTO ticket (id, number, subject, channel, severity, status, status_kind, overrides, tags, fields, \
             followers, links, opened_at, updated_at, version) \
             VALUES (x'01', 1, '', '', 1, '', 'new', '', '', '', '', '', 7, 8, 1); \
             INSERT INTO ticket_tag (tag, ticket) VALUES ('a', x'01')",
        )
        .await
        .unwrap();
        let sql = Sql::new("SELECT opened_at FROM ticket_tag");
        let row = one(&tx, sql).await.unwrap().unwrap();
        assert_eq!(i64::read(&row, 0).unwrap(), 7);
    }
}
