-- The last change of each registered ticket, so that what has changed is found without a look at all. A row outlasts its ticket.
CREATE TABLE vsp_changes (
    ticket VARCHAR(64) NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE
);

INSERT INTO schema_notes (name, note) VALUES
    ('vsp_changes', 'the number of the last change of each row of vsp_tickets');
