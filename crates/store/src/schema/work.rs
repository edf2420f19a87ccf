//! What the program works with.

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
