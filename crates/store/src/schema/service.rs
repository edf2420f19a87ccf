//! What surrounds the tickets.

/// Webhooks, saved views, macros, the audit trail.
pub(super) const SERVICE: &str = "
CREATE TABLE webhook (
    id @uuid PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    account @uuid REFERENCES account (id),
    include_messages BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    failing_since BIGINT,
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
