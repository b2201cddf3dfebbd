-- What protects an account beyond its password, and what its user is mailed.

-- One-time passwords. The secret must be known to check them, so that it lies here as it is; without the password it
-- opens nothing. A step that was used is never taken again.
CREATE TABLE second_factors (
    user_id   INTEGER PRIMARY KEY,
    secret    BLOB NOT NULL,
    confirmed INTEGER NOT NULL,       -- 0 until the user gave a right code
    last_step INTEGER NOT NULL        -- the latest half minute whose code was used
) STRICT;

CREATE TABLE recovery_codes (
    user_id   INTEGER NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Keys of things that count once, in whichever instance of the web they arrive.
CREATE TABLE used_once (
    key     BLOB PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_once_by_expiry ON used_once (expires);

-- Which tickets a user is mailed about. Without a row: ignored and missed ones.
CREATE TABLE mail_wishes (
    user_id INTEGER PRIMARY KEY,
    ignored INTEGER NOT NULL,
    voted   INTEGER NOT NULL,
    missed  INTEGER NOT NULL
) STRICT;

-- Mails about tickets, one a ticket and kind, however many daemons and instances tell of it. A row stays for good.
CREATE TABLE ticket_mails (
    ticket   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    user_id  INTEGER NOT NULL,
    noted    INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    next_try INTEGER NOT NULL,        -- not before; a try that is under way has it in the future
    done     INTEGER NOT NULL,
    PRIMARY KEY (ticket, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_mails_due ON ticket_mails (next_try) WHERE done = 0;

CREATE INDEX tokens_of_user ON tokens (user_id, purpose);

INSERT INTO schema_notes (name, note) VALUES
    ('second_factors', 'secrets of one-time passwords'),
    ('recovery_codes', 'hashes of the codes for lost one-time passwords'),
    ('used_once',      'keys of things that count once, such as answers to riddles'),
    ('mail_wishes',    'which tickets a user is mailed about'),
    ('ticket_mails',   'mails about tickets, sent and to be sent; rows are never deleted');
