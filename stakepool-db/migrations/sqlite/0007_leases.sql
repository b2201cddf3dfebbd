-- Work that only one of several instances does, such as telling the operator of troubles.
CREATE TABLE leases (
    work   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,             -- an instance, by a random name
    until  INTEGER NOT NULL           -- seconds since 1970
) STRICT, WITHOUT ROWID;

INSERT INTO schema_notes (name, note) VALUES
    ('leases', 'which instance of the web does a piece of work for all, until when');
