//! What people have on their desks, and who tried to sign in in vain.

/// Drafts, who looks at what, and wrong passwords of late.
pub(super) const DESK: &str = "
CREATE TABLE draft (
    agent @uuid NOT NULL REFERENCES agent (id),
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    visibility TEXT NOT NULL,
    mentions TEXT NOT NULL,
    status TEXT,
    updated_at BIGINT NOT NULL,
    leaves_at BIGINT,
    refused TEXT,
    PRIMARY KEY (agent, ticket)
);
CREATE INDEX draft_ticket ON draft (ticket);

CREATE TABLE presence (
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    agent @uuid NOT NULL REFERENCES agent (id),
    doing TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (ticket, agent)
);
CREATE INDEX presence_until ON presence (until);

CREATE TABLE sign_in_failure (
    name @bytes PRIMARY KEY,
    count BIGINT NOT NULL,
    last BIGINT NOT NULL
);
CREATE INDEX sign_in_failure_last ON sign_in_failure (last);
";
