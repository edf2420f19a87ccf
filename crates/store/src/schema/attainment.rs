//! How promises were kept, counted as it happens.

/// How many clocks of the tickets of an account started on a day (of UTC, from 1970) and are in a state, so that nobody counts
/// hundreds of thousands to show a list of accounts. Triggers count, whatever version of the program writes.
macro_rules! fill {
    () => {
        "
DELETE FROM attainment_count;
INSERT INTO attainment_count (account, day, state, writer, clocks)
    SELECT t.account, c.started_at / 86400000000, c.state, 0, COUNT(*) FROM clock c JOIN ticket t ON t.id = c.ticket
    WHERE t.account IS NOT NULL GROUP BY t.account, c.started_at / 86400000000, c.state;
"
    };
}

/// Counts everything anew.
pub(crate) const FILL: &str = fill!();

/// The same on PostgreSQL.
pub(crate) const FILL_POSTGRES: &str = concat!("DELETE FROM attainment_change;", fill!());

/// The counts, and who keeps them.
pub(super) const COUNTS_SQLITE: &str = concat!(
    "
CREATE TABLE attainment_count (
    account BLOB NOT NULL,
    day BIGINT NOT NULL,
    state TEXT NOT NULL,
    writer BIGINT NOT NULL,
    clocks BIGINT NOT NULL,
    PRIMARY KEY (account, day, state, writer)
) WITHOUT ROWID;
CREATE TRIGGER clock_added AFTER INSERT ON clock BEGIN
    INSERT INTO attainment_count SELECT t.account, new.started_at / 86400000000, new.state, 0, 1
        FROM ticket t WHERE t.id = new.ticket AND t.account IS NOT NULL
        ON CONFLICT DO UPDATE SET clocks = clocks + 1;
END;
CREATE TRIGGER clock_removed AFTER DELETE ON clock BEGIN
    UPDATE attainment_count SET clocks = clocks - 1 WHERE account = (SELECT t.account FROM ticket t WHERE t.id = old.ticket)
        AND day = old.started_at / 86400000000 AND state = old.state AND writer = 0;
END;
CREATE TRIGGER clock_changed AFTER UPDATE OF state, started_at ON clock
    WHEN old.state <> new.state OR old.started_at <> new.started_at BEGIN
    UPDATE attainment_count SET clocks = clocks - 1 WHERE account = (SELECT t.account FROM ticket t WHERE t.id = old.ticket)
        AND day = old.started_at / 86400000000 AND state = old.state AND writer = 0;
    INSERT INTO attainment_count SELECT t.account, new.started_at / 86400000000, new.state, 0, 1
        FROM ticket t WHERE t.id = new.ticket AND t.account IS NOT NULL
        ON CONFLICT DO UPDATE SET clocks = clocks + 1;
END;
CREATE TRIGGER ticket_account_changed AFTER UPDATE OF account ON ticket WHEN old.account IS NOT new.account BEGIN
    INSERT INTO attainment_count SELECT old.account, c.started_at / 86400000000, c.state, 0, -COUNT(*)
        FROM clock c WHERE c.ticket = new.id AND old.account IS NOT NULL GROUP BY c.started_at / 86400000000, c.state
        ON CONFLICT DO UPDATE SET clocks = clocks + excluded.clocks;
    INSERT INTO attainment_count SELECT new.account, c.started_at / 86400000000, c.state, 0, COUNT(*)
        FROM clock c WHERE c.ticket = new.id AND new.account IS NOT NULL GROUP BY c.started_at / 86400000000, c.state
        ON CONFLICT DO UPDATE SET clocks = clocks + excluded.clocks;
END;
",
    fill!()
);

/// The same for PostgreSQL. Many write at once, and none should wait for another's count: each connection counted in rows of its own,
/// some of them below nothing, until [`APPENDED_POSTGRES`].
pub(super) const COUNTS_POSTGRES: &str = concat!(
    "
CREATE TABLE attainment_count (
    account UUID NOT NULL,
    day BIGINT NOT NULL,
    state TEXT NOT NULL,
    writer BIGINT NOT NULL,
    clocks BIGINT NOT NULL,
    PRIMARY KEY (account, day, state, writer)
);
CREATE FUNCTION clock_added() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_count SELECT t.account, c.started_at / 86400000000, c.state, pg_backend_pid(), COUNT(*)
        FROM added c JOIN ticket t ON t.id = c.ticket WHERE t.account IS NOT NULL
        GROUP BY t.account, c.started_at / 86400000000, c.state
        ON CONFLICT (account, day, state, writer) DO UPDATE SET clocks = attainment_count.clocks + excluded.clocks;
    RETURN NULL;
END $$;
CREATE FUNCTION clock_removed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_count SELECT t.account, c.started_at / 86400000000, c.state, pg_backend_pid(), -COUNT(*)
        FROM removed c JOIN ticket t ON t.id = c.ticket WHERE t.account IS NOT NULL
        GROUP BY t.account, c.started_at / 86400000000, c.state
        ON CONFLICT (account, day, state, writer) DO UPDATE SET clocks = attainment_count.clocks + excluded.clocks;
    RETURN NULL;
END $$;
CREATE FUNCTION clock_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_count SELECT t.account, c.day, c.state, pg_backend_pid(), SUM(c.clocks) FROM (
            SELECT ticket, started_at / 86400000000 AS day, state, 1 AS clocks FROM added
            UNION ALL SELECT ticket, started_at / 86400000000, state, -1 FROM removed
        ) c JOIN ticket t ON t.id = c.ticket WHERE t.account IS NOT NULL
        GROUP BY t.account, c.day, c.state HAVING SUM(c.clocks) <> 0
        ON CONFLICT (account, day, state, writer) DO UPDATE SET clocks = attainment_count.clocks + excluded.clocks;
    RETURN NULL;
END $$;
CREATE FUNCTION ticket_account_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_count SELECT a.account, c.started_at / 86400000000, c.state, pg_backend_pid(), SUM(a.clocks)
        FROM clock c, (VALUES (old.account, -1), (new.account, 1)) a (account, clocks)
        WHERE c.ticket = new.id AND a.account IS NOT NULL GROUP BY a.account, c.started_at / 86400000000, c.state
        ON CONFLICT (account, day, state, writer) DO UPDATE SET clocks = attainment_count.clocks + excluded.clocks;
    RETURN NULL;
END $$;
CREATE TRIGGER clock_added AFTER INSERT ON clock REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION clock_added();
CREATE TRIGGER clock_removed AFTER DELETE ON clock REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION clock_removed();
CREATE TRIGGER clock_changed AFTER UPDATE ON clock REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION clock_changed();
CREATE TRIGGER ticket_account_changed AFTER UPDATE OF account ON ticket FOR EACH ROW
    WHEN (old.account IS DISTINCT FROM new.account) EXECUTE FUNCTION ticket_account_changed();
",
    fill!()
);

/// On PostgreSQL what is counted is appended, and added to the counts a little later: to count in a row that is there is an update
/// of it, and of the same few rows there would be more and more that are dead.
pub(super) const APPENDED_POSTGRES: &str = "
CREATE TABLE attainment_change (
    account UUID NOT NULL,
    day BIGINT NOT NULL,
    state TEXT NOT NULL,
    clocks BIGINT NOT NULL
);
CREATE INDEX attainment_change_account ON attainment_change (account);
WITH taken AS (DELETE FROM attainment_count WHERE writer <> 0 RETURNING account, day, state, clocks)
INSERT INTO attainment_count SELECT account, day, state, 0, SUM(clocks) FROM taken GROUP BY account, day, state
ON CONFLICT (account, day, state, writer) DO UPDATE SET clocks = attainment_count.clocks + excluded.clocks;
CREATE OR REPLACE FUNCTION clock_added() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_change SELECT t.account, c.started_at / 86400000000, c.state, COUNT(*)
        FROM added c JOIN ticket t ON t.id = c.ticket WHERE t.account IS NOT NULL
        GROUP BY t.account, c.started_at / 86400000000, c.state;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION clock_removed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_change SELECT t.account, c.started_at / 86400000000, c.state, -COUNT(*)
        FROM removed c JOIN ticket t ON t.id = c.ticket WHERE t.account IS NOT NULL
        GROUP BY t.account, c.started_at / 86400000000, c.state;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION clock_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_change SELECT t.account, c.day, c.state, SUM(c.clocks) FROM (
            SELECT ticket, started_at / 86400000000 AS day, state, 1 AS clocks FROM added
            UNION ALL SELECT ticket, started_at / 86400000000, state, -1 FROM removed
        ) c JOIN ticket t ON t.id = c.ticket WHERE t.account IS NOT NULL
        GROUP BY t.account, c.day, c.state HAVING SUM(c.clocks) <> 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION ticket_account_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO attainment_change SELECT a.account, c.started_at / 86400000000, c.state, SUM(a.clocks)
        FROM clock c, (VALUES (old.account, -1), (new.account, 1)) a (account, clocks)
        WHERE c.ticket = new.id AND a.account IS NOT NULL GROUP BY a.account, c.started_at / 86400000000, c.state;
    RETURN NULL;
END $$;
";

/// Adds some of what was appended to the counts, in their order, so that two who do that wait for each other and no more.
pub(crate) const ADD_UP: &str = "
WITH taken AS (
    DELETE FROM attainment_change WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM attainment_change LIMIT 10000 FOR UPDATE SKIP LOCKED
    )) RETURNING account, day, state, clocks
)
INSERT INTO attainment_count SELECT account, day, state, 0, SUM(clocks) FROM taken
GROUP BY account, day, state ORDER BY account, day, state
ON CONFLICT (account, day, state, writer) DO UPDATE SET clocks = attainment_count.clocks + excluded.clocks
";
