-- Tickets of wallets of today that users have claimed by a signature. While a ticket is claimed, `tickets.user_id` is that user.
CREATE TABLE vsp_claims (
    ticket  VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    made    BIGINT NOT NULL
);
CREATE INDEX vsp_claims_of_user ON vsp_claims (user_id, made);

INSERT INTO schema_notes (name, note) VALUES
    ('vsp_claims', 'tickets of vsp_tickets that users have claimed; tickets.user_id follows them');
