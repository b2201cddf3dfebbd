-- Who may sign up, whom mail did not reach, and tries that all instances count together.

-- Invitations to sign up. A code is random and shown once; its hash is kept. Rows are never deleted.
CREATE TABLE invitations (
    id        BIGINT NOT NULL PRIMARY KEY,
    code_hash VARCHAR(64) NOT NULL UNIQUE,
    made_by   VARCHAR(64) NOT NULL,
    note      TEXT NOT NULL,
    uses      BIGINT NOT NULL,        -- how many accounts may be made with it
    used      BIGINT NOT NULL,        -- how many were
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    revoked   BIGINT                  -- when an administrator ended it
);

-- Users whose last mail was given up; a row goes away when a mail arrives.
CREATE TABLE mail_failures (
    user_id   BIGINT NOT NULL PRIMARY KEY,
    failed_at BIGINT NOT NULL,
    reason    TEXT NOT NULL
);

-- How often something was tried; a row goes away when its time is over.
CREATE TABLE counted_tries (
    subject VARCHAR(64) NOT NULL PRIMARY KEY,
    tries   BIGINT NOT NULL,
    ends    BIGINT NOT NULL
);

INSERT INTO schema_notes (name, note) VALUES
    ('invitations',   'codes with which accounts may be made, as hashes; rows are never deleted'),
    ('mail_failures', 'users whose last mail was given up'),
    ('counted_tries', 'how often second factors were tried, for all instances of the web');
