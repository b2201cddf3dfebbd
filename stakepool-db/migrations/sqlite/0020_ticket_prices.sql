-- A user's tickets in the order of their prices, and what those cost that have not ended, without a look at the tickets themselves.
CREATE INDEX tickets_of_user_price ON tickets (user_id, price DESC, ticket, state, ignored);
