-- A lease's counter, which grows whenever its work goes to somebody else, and what was done under it.
ALTER TABLE leases ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN acts INTEGER NOT NULL DEFAULT 0;
