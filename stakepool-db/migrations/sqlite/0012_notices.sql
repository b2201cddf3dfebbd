-- Whether a user wants to be mailed changes of the pool's terms, maintenances and other news.
ALTER TABLE mail_wishes ADD COLUMN notices INTEGER NOT NULL DEFAULT 1;
