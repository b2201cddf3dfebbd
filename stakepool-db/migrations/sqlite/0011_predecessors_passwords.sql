-- Users.Password as it was when `argon2` was stored: where the predecessor's programs changed it since, `argon2` is of an
-- older password. NULL where that is not known yet.
ALTER TABLE accounts ADD COLUMN bcrypt ANY;
