//! The step for files in and out.

/// Uploads that wait for a message, and exports of accounts.
pub(super) const FILES: &str = "
CREATE TABLE upload (
    id @uuid PRIMARY KEY,
    uploader TEXT NOT NULL,
    account @uuid REFERENCES account (id),
    digest @bytes NOT NULL,
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    attached_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX upload_waiting ON upload (uploader) WHERE attached_at IS NULL;

CREATE TABLE export (
    id @uuid PRIMARY KEY,
    account @uuid NOT NULL REFERENCES account (id),
    extent TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    last_error TEXT,
    finished_at BIGINT,
    expires_at BIGINT,
    size BIGINT,
    lost_files BIGINT NOT NULL
);
CREATE INDEX export_account ON export (account, requested_at);
";
