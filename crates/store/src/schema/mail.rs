//! Mail.

/// Mail, both ways.
pub(super) const MAIL: &str = "
CREATE TABLE raw_mail (
    id @uuid PRIMARY KEY,
    digest @bytes NOT NULL,
    source TEXT NOT NULL,
    message_id TEXT,
    bytes @bytes NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    decision TEXT,
    ticket @uuid,
    message @uuid,
    error TEXT,
    message_id_key TEXT NOT NULL
);
CREATE UNIQUE INDEX raw_mail_once ON raw_mail (source, message_id_key, digest);
CREATE INDEX raw_mail_state ON raw_mail (state, received_at);
CREATE INDEX raw_mail_received ON raw_mail (received_at);
CREATE INDEX raw_mail_ticket ON raw_mail (ticket);

CREATE TABLE outgoing_mail (
    id @uuid PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    account @uuid REFERENCES account (id),
    ticket @uuid REFERENCES ticket (id),
    message @uuid REFERENCES message (id),
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    subject TEXT NOT NULL,
    bytes @bytes NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    receipt TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX outgoing_mail_state ON outgoing_mail (state, created_at);
CREATE INDEX outgoing_mail_automatic ON outgoing_mail (recipients, created_at) WHERE message IS NULL;
CREATE INDEX outgoing_mail_ticket ON outgoing_mail (ticket);

CREATE TABLE mailbox (
    name TEXT PRIMARY KEY,
    uid_validity BIGINT NOT NULL,
    last_uid BIGINT NOT NULL
);
";

/// What finds the same bytes that came another way, and says which node watches a mailbox.
pub(super) const ONCE: &str = "
CREATE INDEX raw_mail_digest ON raw_mail (digest);
CREATE TABLE mailbox_watch (
    name TEXT PRIMARY KEY,
    watched_by TEXT NOT NULL,
    watched_until BIGINT NOT NULL
);
";

/// In which mailbox that was set up a mail was read.
pub(super) const MAILBOX_OF_RECEIVED: &str = "
ALTER TABLE raw_mail ADD COLUMN mailbox @uuid;
";

/// Whose pictures from elsewhere an agent always wants to see.
pub(super) const IMAGE_SENDERS: &str = "
CREATE TABLE image_sender (
    agent @uuid NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    address @key NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent, address)
);
";

/// Mailboxes that are set up in the browser, how the mail servers were found, and in whose name a mail leaves.
pub(super) const MAILBOXES: &str = "
CREATE TABLE mailbox_set_up (
    id @uuid PRIMARY KEY,
    address @key NOT NULL UNIQUE,
    team @uuid REFERENCES team (id),
    incoming TEXT,
    outgoing TEXT,
    signed_replies BOOLEAN NOT NULL,
    authserv_id TEXT,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE mail_health (
    name TEXT PRIMARY KEY,
    worked_at BIGINT,
    failed_at BIGINT,
    step TEXT,
    reason TEXT
);

ALTER TABLE outgoing_mail ADD COLUMN mailbox @uuid;
CREATE INDEX raw_mail_source ON raw_mail (source, received_at);
";
