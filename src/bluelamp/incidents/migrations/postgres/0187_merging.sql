-- Merging: the incident that goes on has what the ended one knew, as events that name their source.
ALTER TABLE incidents ADD COLUMN merged_into text;
-- No reference: where regions share an incident, the one that it went on in may be known to the other region alone.
UPDATE incidents i SET merged_into = (
    SELECT e.data->>'incident' FROM incident_events e
    WHERE e.incident = i.id AND e.kind = 'incident.merged' AND e.data->>'direction' = 'into' ORDER BY e.sequence DESC LIMIT 1
) WHERE i.status = 'merged';
CREATE INDEX incidents_by_survivor ON incidents (merged_into) WHERE merged_into IS NOT NULL;

-- Where an event was said first: incident, its number, and the event's id there.
ALTER TABLE incident_events ADD COLUMN carried jsonb;
CREATE UNIQUE INDEX incident_events_carried_once ON incident_events (incident, (carried->>'id')) WHERE carried IS NOT NULL;

-- Pictures of one incident that are seen in another too; the content stays where it is.
CREATE TABLE incident_media_carried (
    incident text NOT NULL REFERENCES incidents (id),
    media text NOT NULL REFERENCES incident_media (id),
    -- Number of the event that tells of it there.
    sequence bigint NOT NULL,
    PRIMARY KEY (incident, media)
);
CREATE INDEX incident_media_carried_by_media ON incident_media_carried (media);
