-- When things happened to a ticket, as the headers of the blocks say, and what spent it: all NULL until it is known.
ALTER TABLE tickets ADD COLUMN mined_time INTEGER;
ALTER TABLE tickets ADD COLUMN matured_time INTEGER;
ALTER TABLE tickets ADD COLUMN drawn_time INTEGER;
ALTER TABLE tickets ADD COLUMN ended_time INTEGER;
ALTER TABLE tickets ADD COLUMN spend_tx TEXT;        -- the vote, or the revocation; empty like NULL
ALTER TABLE tickets ADD COLUMN spend_at INTEGER;     -- the height of its block
ALTER TABLE tickets ADD COLUMN spend_time INTEGER;   -- and its time
ALTER TABLE tickets ADD COLUMN spend_paid INTEGER;   -- what its outputs pay together
ALTER TABLE tickets ADD COLUMN spend_first INTEGER;  -- what it pays where the first commitment says, which may be the pool's fee
ALTER TABLE tickets ADD COLUMN lacks_facts INTEGER NOT NULL DEFAULT 1;  -- 0 where none of these is missing
CREATE INDEX tickets_lacking ON tickets (lacks_facts, ticket);
CREATE INDEX tickets_changed ON tickets (user_id, updated);
CREATE INDEX tickets_spent ON tickets (spend_time, verdict, committed_fee, spend_first);
