//! What came from elsewhere.

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
