-- When a user last signed in; 0 where it was not noted. Sessions go away when they end, so this is kept apart.
ALTER TABLE accounts ADD COLUMN last_sign_in INTEGER NOT NULL DEFAULT 0;

-- Votes that were not cast are few among many.
CREATE INDEX votes_failed ON votes (at_ms DESC, ticket, block, daemon) WHERE outcome = 'failed';
