//! The first schema.

/// Accounts, contracts, contacts, agents, teams, and who may sign in.
pub(super) const PEOPLE: &str = "
CREATE TABLE account (
    id @uuid PRIMARY KEY,
    name TEXT NOT NULL,
    external_id TEXT UNIQUE,
    language TEXT,
    time_zone TEXT,
    domains TEXT NOT NULL,
    people TEXT NOT NULL,
    fields TEXT NOT NULL,
    notes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    archived_at BIGINT,
    name_key @key NOT NULL
);
CREATE INDEX account_name ON account (name_key, id);

CREATE TABLE agent (
    id @uuid PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    languages TEXT NOT NULL,
    skills TEXT NOT NULL,
    capacity BIGINT NOT NULL,
    calendar TEXT,
    time_zone TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    email_key @key NOT NULL UNIQUE,
    password_hash TEXT
);

CREATE TABLE account_domain (
    domain @key PRIMARY KEY,
    account @uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX account_domain_account ON account_domain (account);

CREATE TABLE account_person (
    account @uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    agent @uuid NOT NULL REFERENCES agent (id),
    PRIMARY KEY (account, role, agent)
);
CREATE INDEX account_person_agent ON account_person (agent);

CREATE TABLE contract (
    id @uuid PRIMARY KEY,
    account @uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    tier TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT,
    renews_on TEXT,
    value BIGINT NOT NULL,
    currency TEXT NOT NULL,
    overrides TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX contract_account ON contract (account, starts_on);

CREATE TABLE contact (
    id @uuid PRIMARY KEY,
    account @uuid REFERENCES account (id),
    name TEXT NOT NULL,
    addresses TEXT NOT NULL,
    language TEXT,
    phone TEXT,
    portal TEXT,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    name_key @key NOT NULL,
    password_hash TEXT
);
CREATE INDEX contact_account ON contact (account);
CREATE INDEX contact_name ON contact (name_key, id);

CREATE TABLE contact_address (
    address_key @key PRIMARY KEY,
    contact @uuid NOT NULL REFERENCES contact (id) ON DELETE CASCADE
);
CREATE INDEX contact_address_contact ON contact_address (contact);

CREATE TABLE team (
    id @uuid PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT,
    calendar TEXT,
    members TEXT NOT NULL,
    on_call TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE team_member (
    team @uuid NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    agent @uuid NOT NULL REFERENCES agent (id),
    PRIMARY KEY (team, agent)
);
CREATE INDEX team_member_agent ON team_member (agent);

CREATE TABLE session (
    id @uuid PRIMARY KEY,
    secret @bytes NOT NULL UNIQUE,
    actor TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_actor ON session (actor);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE api_token (
    id @uuid PRIMARY KEY,
    name TEXT NOT NULL,
    secret @bytes NOT NULL UNIQUE,
    actor TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_token_actor ON api_token (actor);
";

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

/// Jobs, settings, policies, the change feed.
pub(super) const WORK: &str = "
CREATE TABLE job (
    id @uuid PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    dedup_key TEXT UNIQUE,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    dead_at BIGINT,
    created_at BIGINT NOT NULL,
    leased_by TEXT,
    leased_until BIGINT
);
CREATE INDEX job_run ON job (run_at) WHERE dead_at IS NULL;
CREATE INDEX job_leased ON job (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX job_dead ON job (dead_at) WHERE dead_at IS NOT NULL;

CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request @bytes NOT NULL,
    status BIGINT,
    body TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_expires_at ON idempotency (expires_at);

CREATE TABLE policy_version (
    version BIGINT PRIMARY KEY,
    pack TEXT NOT NULL,
    digest @bytes NOT NULL,
    files TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    applied_by TEXT NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE change (
    id @serial,
    -- On PostgreSQL the transaction that wrote it: numbers are given in another order than they become visible.
    written_by @transaction,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    ticket @uuid,
    account @uuid,
    subject TEXT
);
CREATE INDEX change_place ON change (written_by, id);
CREATE INDEX change_at ON change (at);
";

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

/// Webhooks, saved views, macros, the audit trail.
pub(super) const SERVICE: &str = "
CREATE TABLE webhook (
    id @uuid PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    account @uuid REFERENCES account (id),
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE webhook_delivery (
    id @uuid PRIMARY KEY,
    webhook @uuid NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    response_status BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT
);
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook, created_at);

CREATE TABLE saved_view (
    id @uuid PRIMARY KEY,
    name TEXT NOT NULL,
    owner @uuid REFERENCES agent (id),
    query TEXT NOT NULL,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX saved_view_owner ON saved_view (owner);

CREATE TABLE macro (
    id @uuid PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    owner @uuid REFERENCES agent (id),
    actions TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX macro_owner ON macro (owner);

CREATE TABLE audit (
    id @uuid PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    account @uuid,
    detail TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor ON audit (actor, at);
CREATE INDEX audit_subject ON audit (subject_kind, subject, at);
CREATE INDEX audit_account ON audit (account, at);
";

/// The words of subjects and messages, each once for each text.
pub(super) const SEARCH_SQLITE: &str = "
CREATE TABLE search_entry (
    id INTEGER PRIMARY KEY,
    ticket BLOB NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    message BLOB REFERENCES message (id) ON DELETE CASCADE,
    internal BOOLEAN NOT NULL,
    words TEXT NOT NULL
);
CREATE INDEX search_entry_ticket ON search_entry (ticket);
CREATE INDEX search_entry_message ON search_entry (message);
CREATE VIRTUAL TABLE search_index USING fts5 (
    words, content = 'search_entry', content_rowid = 'id', detail = none, columnsize = 0, tokenize = 'ascii'
);
CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN
    INSERT INTO search_index (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN
    INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER search_entry_changed AFTER UPDATE OF words ON search_entry BEGIN
    INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words);
    INSERT INTO search_index (rowid, words) VALUES (new.id, new.words);
END;
";

/// The same for PostgreSQL. The words come separated and normalised, so its parser of texts is not asked.
pub(super) const SEARCH_POSTGRES: &str = "
CREATE TABLE search_entry (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    ticket UUID NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    message UUID REFERENCES message (id) ON DELETE CASCADE,
    internal BOOLEAN NOT NULL,
    words TEXT NOT NULL,
    lexemes TSVECTOR NOT NULL GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);
CREATE INDEX search_entry_ticket ON search_entry (ticket);
CREATE INDEX search_entry_message ON search_entry (message);
CREATE INDEX search_entry_lexemes ON search_entry USING gin (lexemes);
";

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

/// What was brought in from other systems.
pub(super) const IMPORTED: &str = "
CREATE TABLE imported (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    id @uuid NOT NULL,
    PRIMARY KEY (source, kind, external_id)
);
";
