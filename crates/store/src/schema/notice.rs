//! Taking part, and being told.

/// Who takes part in a ticket by mail, who wrote how often, and what agents are to be told.
pub(super) const NOTICES: &str = "
CREATE TABLE ticket_participant (
    ticket @uuid NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    address_key @key NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (ticket, address_key)
);
CREATE INDEX ticket_participant_address ON ticket_participant (address_key);

CREATE TABLE mail_sender (
    address_key @key NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX mail_sender_address ON mail_sender (address_key, at);
CREATE INDEX mail_sender_at ON mail_sender (at);

CREATE TABLE notification (
    id @uuid PRIMARY KEY,
    recipient @uuid NOT NULL REFERENCES agent (id),
    channel TEXT NOT NULL,
    about TEXT NOT NULL,
    ticket @uuid REFERENCES ticket (id),
    escalation @uuid REFERENCES escalation (id),
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    urgency TEXT NOT NULL,
    wake TEXT NOT NULL,
    at BIGINT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL,
    held_until BIGINT,
    delivery @uuid,
    dispatched_at BIGINT,
    delivered_at BIGINT,
    read_at BIGINT,
    last_error TEXT
);
CREATE UNIQUE INDEX notification_once ON notification (cause, recipient, channel);
CREATE INDEX notification_pending ON notification (recipient, at) WHERE state = 'pending';
CREATE INDEX notification_in_app ON notification (recipient, at) WHERE channel = 'in_app';
CREATE INDEX notification_dispatched ON notification (recipient, dispatched_at);
CREATE INDEX notification_delivery ON notification (delivery);
CREATE INDEX notification_escalation ON notification (escalation);
CREATE INDEX notification_ticket ON notification (ticket);
";

/// What is shown in the program stands in the row of the channel by which the person is told as well, where there is one. Nothing
/// asks for the notifications of a ticket.
pub(super) const SHOWN: &str = "
ALTER TABLE notification ADD COLUMN shown_at BIGINT;
DROP INDEX notification_in_app;
CREATE INDEX notification_shown ON notification (recipient, at) WHERE (channel = 'in_app' OR shown_at IS NOT NULL);
DROP INDEX notification_ticket;
";

/// Indexes of notifications that hold only what can be asked of them: most are shown in the program alone, and none was handed
/// over yet when it is written.
pub(super) const LIGHTER: &str = "
DROP INDEX notification_dispatched;
DROP INDEX notification_delivery;
CREATE INDEX notification_dispatched ON notification (recipient, dispatched_at) WHERE dispatched_at IS NOT NULL;
CREATE INDEX notification_delivery ON notification (delivery) WHERE delivery IS NOT NULL;
";
