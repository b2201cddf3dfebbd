-- A row that is written to learn whether writes work, and that nobody reads.
CREATE TABLE write_tries (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    at INTEGER NOT NULL               -- seconds since 1970
) STRICT;

-- Small things that instances note for each other, such as when a channel of alerts last worked.
CREATE TABLE notes (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO schema_notes (name, note) VALUES
    ('write_tries', 'one row, written now and then to learn whether writes work'),
    ('notes', 'what instances of the web note for each other and for the command line');
