-- Tickets of wallets of today (the API v3), what was signed for them, and the keys that belong to them. Voting keys, records
-- and the server's key are sealed under the file `vspkeyfile`, so that this database alone gives none of them away.

-- Registered tickets.
CREATE TABLE vsp_tickets (
    ticket       VARCHAR(64) NOT NULL PRIMARY KEY,
    owner        VARCHAR(255) NOT NULL,        -- the commitment address, whose key signs requests
    alternate    VARCHAR(255) NOT NULL,        -- another address whose key may sign, or empty
    fee_index    BIGINT NOT NULL,
    fee_address  VARCHAR(255) NOT NULL UNIQUE, -- no two tickets pay to one address
    fee_amount   BIGINT NOT NULL,
    fee_expires  BIGINT NOT NULL,
    confirmed_at BIGINT,                       -- the height where it was mined, once that counts as settled
    fee_status   VARCHAR(16) NOT NULL,
    fee_since    BIGINT NOT NULL,
    fee_hash     VARCHAR(64) NOT NULL,         -- of the transaction that pays, or empty
    payment      BLOB NOT NULL,                -- that transaction, as long as it may be sent again
    fee_mined_at BIGINT,
    voting_key   BLOB NOT NULL,                -- sealed; empty before it comes, and once it is deleted
    preferences  TEXT NOT NULL,                -- JSON
    outcome      VARCHAR(16) NOT NULL,         -- empty before the end
    ended_at     BIGINT,
    ticket_tx    BLOB NOT NULL,                -- the ticket's own
    registered   BIGINT NOT NULL,
    revision     BIGINT NOT NULL               -- counts changes; of two at one moment one fails
);
CREATE INDEX vsp_tickets_by_state ON vsp_tickets (fee_status, outcome);
CREATE INDEX vsp_tickets_unconfirmed ON vsp_tickets (outcome, confirmed_at);
CREATE INDEX vsp_tickets_confirmed ON vsp_tickets (confirmed_at);
CREATE INDEX vsp_tickets_paid ON vsp_tickets (fee_mined_at);
CREATE INDEX vsp_tickets_ended ON vsp_tickets (ended_at);

-- Requests with their signatures and answers, sealed.
CREATE TABLE vsp_records (
    ticket VARCHAR(64) NOT NULL,
    number BIGINT NOT NULL,
    kind   VARCHAR(32) NOT NULL,
    stamp  BIGINT NOT NULL,                    -- the time that the request says
    sealed BLOB NOT NULL,
    PRIMARY KEY (ticket, number)
);

-- Account keys whose addresses take fees. Rows are never deleted.
CREATE TABLE vsp_fee_keys (
    fee_key    VARCHAR(255) NOT NULL PRIMARY KEY,
    next_index BIGINT NOT NULL,
    retired    BIGINT NOT NULL,
    added      BIGINT NOT NULL
);

-- Other secrets of the pool, by name.
CREATE TABLE sealed_secrets (
    name   VARCHAR(64) NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
);

INSERT INTO schema_notes (name, note) VALUES
    ('vsp_tickets',    'tickets that wallets registered by the API v3; voting keys are sealed under vspkeyfile'),
    ('vsp_records',    'what owners and server signed for these tickets, sealed under vspkeyfile'),
    ('vsp_fee_keys',   'keys whose addresses take fees; rows are never deleted'),
    ('sealed_secrets', 'other secrets, sealed under vspkeyfile');
