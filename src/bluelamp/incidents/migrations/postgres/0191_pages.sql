-- What the console's pages ask: incidents of a period, and how a partner's line stands.
CREATE INDEX incidents_by_opening ON incidents (opened_at);

CREATE INDEX handover_transfers_by_partner ON handover_transfers (partner, direction, id);
CREATE INDEX handover_transfers_unsettled ON handover_transfers (partner, state)
    WHERE state IN ('queued', 'sending', 'sent', 'reading', 'dead', 'refused');

-- What a person put right in a message, by the names of its fields: said instead of what was sent, or over what would be sent.
ALTER TABLE handover_transfers ADD COLUMN mended jsonb;
ALTER TABLE handover_transfers ADD COLUMN mended_by text NOT NULL DEFAULT '';
