//! What keeps others out, and shows that nobody meddled.

/// The chain of the audit trail, and second factors.
pub(super) const SAFETY: &str = "
ALTER TABLE audit ADD COLUMN place BIGINT;
ALTER TABLE audit ADD COLUMN hash @bytes;
CREATE UNIQUE INDEX audit_place ON audit (place);
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY,
    place BIGINT NOT NULL,
    hash @bytes NOT NULL
);

ALTER TABLE session ADD COLUMN awaits_second_factor BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE authenticator (
    actor TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE TABLE recovery_code (
    id @uuid PRIMARY KEY,
    actor TEXT NOT NULL,
    digest @bytes NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX recovery_code_actor ON recovery_code (actor);
";
