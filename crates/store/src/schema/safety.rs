//! What keeps others out, and shows that nobody meddled.

/// The chain of the audit trail.
pub(super) const SAFETY: &str = "
ALTER TABLE audit ADD COLUMN place BIGINT;
ALTER TABLE audit ADD COLUMN hash @bytes;
CREATE UNIQUE INDEX audit_place ON audit (place);
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY,
    place BIGINT NOT NULL,
    hash @bytes NOT NULL
);
";

/// Entries of the audit trail that wait to be linked are found without looking at the others.
pub(super) const WAITING: &str = "
CREATE INDEX audit_waiting ON audit (id) WHERE place IS NULL AND hash IS NOT NULL;
";

/// Other ways to sign in than by a password, and a second factor beside it.
pub(super) const SIGN_IN: &str = "
CREATE TABLE sign_in_link (
    id @uuid PRIMARY KEY,
    purpose TEXT NOT NULL,
    address TEXT NOT NULL,
    actor TEXT,
    secret @bytes UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_link_actor ON sign_in_link (actor);
CREATE INDEX sign_in_link_expires_at ON sign_in_link (expires_at);
CREATE TABLE authenticator (
    id @uuid PRIMARY KEY,
    actor TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_span BIGINT NOT NULL
);
CREATE TABLE recovery_code (
    id @uuid PRIMARY KEY,
    actor TEXT NOT NULL,
    code @bytes NOT NULL UNIQUE
);
CREATE INDEX recovery_code_actor ON recovery_code (actor);
";

/// Passkeys, and the challenges they are to answer.
pub(super) const PASSKEYS: &str = "
CREATE TABLE passkey (
    id @uuid PRIMARY KEY,
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    credential @bytes NOT NULL UNIQUE,
    public_key @bytes NOT NULL,
    state @bytes NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkey_actor ON passkey (actor);
CREATE TABLE passkey_challenge (
    id @uuid PRIMARY KEY,
    challenge @bytes NOT NULL UNIQUE,
    actor TEXT,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_challenge_expires_at ON passkey_challenge (expires_at);
";
