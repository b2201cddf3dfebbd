-- Our own tables, beside the predecessor's. Times are Unix seconds unless the name says otherwise, hashes are as
-- displayed, amounts are atoms. No foreign keys lead to the predecessor's tables, whose rows may go away by hand.

-- What we know of a user beyond Users. A row stays when the user's goes, so that no number is given twice.
CREATE TABLE accounts (
    user_id             INTEGER PRIMARY KEY,
    email_key           TEXT UNIQUE,  -- trimmed, lower-cased Email; NULL for a double of an earlier user
    address_key         TEXT UNIQUE,  -- MultiSigAddress; NULL without one, and for a double of an earlier user
    argon2              TEXT NOT NULL DEFAULT '',
    api_keys_valid_from INTEGER NOT NULL DEFAULT 0,
    created             INTEGER NOT NULL DEFAULT 0,
    disabled            INTEGER NOT NULL DEFAULT 0,
    admin               INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Every key index ever given. A row stays for good, so that no index is given twice.
CREATE TABLE key_indexes (
    key_index INTEGER PRIMARY KEY,
    user_id   INTEGER NOT NULL UNIQUE
) STRICT;

CREATE TABLE tokens (
    token_hash BLOB PRIMARY KEY,
    purpose    TEXT NOT NULL,
    user_id    INTEGER NOT NULL,
    email      TEXT NOT NULL,         -- the new address for change_email, else empty
    expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (expires);

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    user_id    INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    client     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires);

CREATE TABLE tickets (
    ticket        TEXT PRIMARY KEY,
    address       TEXT NOT NULL,
    user_id       INTEGER NOT NULL,
    state         TEXT NOT NULL,
    verdict       TEXT NOT NULL,
    price         INTEGER NOT NULL,
    fee_address   TEXT NOT NULL,
    committed_fee INTEGER NOT NULL,
    required_fee  INTEGER NOT NULL,
    mined_at      INTEGER NOT NULL,
    added         INTEGER NOT NULL,
    ignored       INTEGER NOT NULL,   -- follows from verdict and added
    ended_at      INTEGER,
    told_by       TEXT NOT NULL,      -- the daemon that first told the present state
    updated       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Each index holds all that a query for a page looks at, so that leaving out rows and counting touch no ticket.
CREATE INDEX tickets_of_user ON tickets (user_id, mined_at DESC, ticket, state, ignored);
CREATE INDEX tickets_by_state ON tickets (state, ignored, mined_at DESC, ticket);
CREATE INDEX tickets_newest ON tickets (mined_at DESC, ticket, state, ignored);

CREATE TABLE votes (
    daemon     TEXT NOT NULL,
    ticket     TEXT NOT NULL,
    block      TEXT NOT NULL,
    address    TEXT NOT NULL,
    height     INTEGER NOT NULL,
    bits       INTEGER NOT NULL,
    outcome    TEXT NOT NULL,
    detail     TEXT NOT NULL,         -- the last error of a failed vote, else empty
    attempts   INTEGER NOT NULL,
    total_ns   INTEGER NOT NULL,
    signing_ns INTEGER NOT NULL,
    sending_ns INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (daemon, ticket, block)
) STRICT, WITHOUT ROWID;
CREATE INDEX votes_latest ON votes (at_ms DESC, ticket, block, daemon);
CREATE INDEX votes_of_ticket ON votes (ticket, at_ms DESC, block, daemon);

-- How far the events of each daemon are stored. The numbers are unsigned, kept in the bits of signed ones.
CREATE TABLE daemon_cursors (
    daemon TEXT PRIMARY KEY,
    epoch  INTEGER NOT NULL,
    seq    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_only_grows_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;
CREATE TRIGGER audit_only_grows_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log only grows');
END;

-- For whoever opens the file by hand.
CREATE TABLE schema_notes (
    name TEXT PRIMARY KEY,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO schema_notes (name, note) VALUES
    ('Users',          'users, as the predecessor keeps them; columns must not be added'),
    ('LowFeeTicket',   'low-fee tickets that an administrator added; Voted: 0 may vote, 1 voted, 2 missed, 3 expired'),
    ('EmailChange',    'of the predecessor, not used'),
    ('PasswordReset',  'of the predecessor, not used'),
    ('accounts',       'what is known of a user beyond Users; rows are never deleted'),
    ('key_indexes',    'every key index ever given; rows are never deleted'),
    ('tokens',         'hashes of the single-use secrets in mails'),
    ('sessions',       'hashes of the secrets of signed-in browsers'),
    ('tickets',        'the ledger of tickets, from the reports of the daemons'),
    ('votes',          'the ledger of votes, one a daemon, ticket and block'),
    ('daemon_cursors', 'how far the events of each daemon are stored'),
    ('audit',          'administrative acts; rows are never changed');
