-- What charts are made of.

-- What was seen of the network, one row a day; days are counted from 1970-01-01 UTC.
CREATE TABLE network_days (
    day          INTEGER PRIMARY KEY,
    height       INTEGER NOT NULL,
    network_live INTEGER NOT NULL,
    pool_live    INTEGER NOT NULL
) STRICT;

-- Tickets that ended within a span of blocks, of all users and of one.
CREATE INDEX tickets_ended ON tickets (ended_at, ignored, state);
CREATE INDEX tickets_of_user_ended ON tickets (user_id, ended_at DESC, ticket, state, ignored);

INSERT INTO schema_notes (name, note) VALUES
    ('network_days', 'live tickets of the network and of the pool, one row a day');
