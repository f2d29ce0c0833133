-- What other regions tell beside events: receipts of their people, pictures, and which of their resources is on which incident.
ALTER TABLE incident_receipts DROP CONSTRAINT incident_receipts_person_fkey;
-- Empty: somebody of ours.
ALTER TABLE incident_receipts ADD COLUMN region text NOT NULL DEFAULT '';

ALTER TABLE incident_media DROP CONSTRAINT incident_media_person_fkey;
-- Where the content is fetched from; empty: it was sent here.
ALTER TABLE incident_media ADD COLUMN region text NOT NULL DEFAULT '';
ALTER TABLE incident_media ADD COLUMN next_at timestamptz(3);
ALTER TABLE incident_media ADD COLUMN tries integer NOT NULL DEFAULT 0;
CREATE INDEX incident_media_elsewhere ON incident_media (next_at) WHERE state = 'receiving' AND region <> '';
-- Those that were told of before contents crossed.
INSERT INTO incident_media (
    id, incident, person, name, agency, bytes, sha256, taken_at, place, caption, audience, state, started_at, touched_at, event, sequence,
    region, next_at
)
SELECT data->>'media', incident, person, name, agency, (data->>'bytes')::bigint, data->>'sha256', (data->>'taken_at')::timestamptz,
    data->'place', coalesce(data->>'caption', ''), audience, 'receiving', at, at, id, sequence, substr(device, 8), at
FROM incident_events WHERE kind = 'media.added' AND device LIKE 'region:%' AND (data->>'bytes')::bigint > 0
ON CONFLICT DO NOTHING;

-- Another region's resources have no record here; this says which incident they are on.
CREATE TABLE resources_elsewhere (
    resource text PRIMARY KEY,
    incident text NOT NULL REFERENCES incidents (id),
    agency text NOT NULL
);
CREATE INDEX resources_elsewhere_by_incident ON resources_elsewhere (incident);
