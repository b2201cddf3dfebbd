-- The tables of the predecessor, with its names, columns and types, and nothing else in them. They exist already where
-- its database was converted. No column may ever be added here: its programs read whole rows into records and fail on a
-- column that they do not know, so that there would be no way back to them. What we know beyond lies in tables of ours.
-- Its programs fail on NULL, too: none is ever written.
CREATE TABLE IF NOT EXISTS Users (
    UserId           INTEGER PRIMARY KEY AUTOINCREMENT,
    Email            VARCHAR(255),
    Username         VARCHAR(255),
    Password         MEDIUMBLOB,   -- bcrypt; empty where the user never signed in to the predecessor
    MultiSigAddress  VARCHAR(255), -- empty until the user submits a public key address
    MultiSigScript   VARCHAR(255),
    PoolPubKeyAddr   VARCHAR(255),
    UserPubKeyAddr   VARCHAR(255),
    UserFeeAddr      VARCHAR(255),
    HeightRegistered BIGINT,
    EmailVerified    BIGINT,       -- 0 no, 1 yes, 2 older than verification
    EmailToken       VARCHAR(255),
    APIToken         VARCHAR(255),
    VoteBits         BIGINT,
    VoteBitsVersion  BIGINT
);

CREATE TABLE IF NOT EXISTS LowFeeTicket (
    LowFeeTicketID INTEGER PRIMARY KEY AUTOINCREMENT,
    AddedByUid     BIGINT,         -- 0 for the command line
    TicketAddress  VARCHAR(255),
    TicketHash     VARCHAR(255),   -- as displayed
    TicketExpiry   BIGINT,         -- always 0
    Voted          BIGINT,         -- 0 may still vote; ours beyond: 1 voted, 2 missed, 3 expired
    Created        BIGINT,
    Expires        BIGINT          -- the row counts while Voted = 0 and Expires > now
);

-- Tokens of the predecessor, in plain text and valid for an hour. We never read them; ours are in `tokens`.
CREATE TABLE IF NOT EXISTS EmailChange (
    EmailChangeID INTEGER PRIMARY KEY AUTOINCREMENT,
    UserId        BIGINT,
    NewEmail      VARCHAR(255),
    Token         VARCHAR(255),
    Created       BIGINT,
    Expires       BIGINT
);

CREATE TABLE IF NOT EXISTS PasswordReset (
    PasswordResetID INTEGER PRIMARY KEY AUTOINCREMENT,
    UserId          BIGINT,
    Token           VARCHAR(255),
    Created         BIGINT,
    Expires         BIGINT
);

CREATE INDEX IF NOT EXISTS low_fee_ticket_by_hash ON LowFeeTicket (TicketHash);
