-- Rescans that wallets owe; a row goes away when its rescan is done.
CREATE TABLE rescans (
    wallet      TEXT PRIMARY KEY,     -- host and port
    from_height INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO schema_notes (name, note) VALUES
    ('rescans', 'from which height a wallet must still look through the chain again');
