-- Which session of the browser a sign-in through a provider replaces, as the digest that sessions are kept by; empty: none.
ALTER TABLE provider_attempts ADD COLUMN replaced bytea NOT NULL DEFAULT '';
