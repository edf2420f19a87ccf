//! Those who write, those who serve, and what was sold.

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
