-- What service an agency is of: its words for types and status codes follow from it where it has set none.
ALTER TABLE agencies ADD COLUMN service text NOT NULL DEFAULT 'police'
    CHECK (service IN ('police', 'fire', 'ambulance', 'coastguard', 'other'));

-- Somebody's call for help goes out before everything else that waits.
ALTER TABLE outbox ADD COLUMN urgent boolean NOT NULL DEFAULT false;
CREATE INDEX outbox_in_turn ON outbox (urgent DESC, number);
