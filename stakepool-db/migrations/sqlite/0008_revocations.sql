-- Whether the revocation of a missed or expired ticket was mined. Of those that ended before this column the daemons tell
-- again what they still know; the others were revoked long ago.
ALTER TABLE tickets ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
UPDATE tickets SET revoked = 1 WHERE state IN ('missed', 'expired');
