//! How people are reached when they are on duty.

/// The addresses of agents by other channels than e-mail, who is on call when, and what was sent to them.
pub(super) const DUTY: &str = "
ALTER TABLE agent ADD COLUMN phone TEXT;
ALTER TABLE agent ADD COLUMN slack TEXT;
ALTER TABLE agent ADD COLUMN pager TEXT;

ALTER TABLE notification ADD COLUMN fallback TEXT;

CREATE TABLE on_call_layer (
    team @uuid NOT NULL REFERENCES team (id),
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    agents TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    hand_over TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    turn_days BIGINT NOT NULL,
    hours TEXT,
    PRIMARY KEY (team, position)
);

CREATE TABLE on_call_cover (
    id @uuid PRIMARY KEY,
    team @uuid NOT NULL REFERENCES team (id),
    layer TEXT NOT NULL,
    agent @uuid NOT NULL REFERENCES agent (id),
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX on_call_cover_team ON on_call_cover (team, id);

CREATE TABLE dispatch (
    id @uuid PRIMARY KEY,
    recipient @uuid NOT NULL REFERENCES agent (id),
    channel TEXT NOT NULL,
    act TEXT NOT NULL,
    escalation @uuid REFERENCES escalation (id),
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    receipt TEXT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT
);
CREATE INDEX dispatch_escalation ON dispatch (escalation);
";
