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
