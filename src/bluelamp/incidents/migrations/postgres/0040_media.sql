-- Pictures, films and documents of incidents: what was announced, how much of it has come, and what the content turned out to be.
CREATE TABLE incident_media (
    -- Chosen by the device, so that an upload begun without an answer is not begun twice.
    id text PRIMARY KEY,
    incident text NOT NULL REFERENCES incidents (id),
    person text NOT NULL REFERENCES users (id),
    name text NOT NULL,
    agency text NOT NULL,
    device text NOT NULL DEFAULT '',
    -- As announced.
    bytes bigint NOT NULL CHECK (bytes > 0),
    sha256 text NOT NULL,
    taken_at timestamptz(3),
    place jsonb,
    caption text NOT NULL DEFAULT '',
    audience text[] NOT NULL DEFAULT '{}',
    -- How far it is.
    state text NOT NULL CHECK (state IN ('receiving', 'kept', 'refused', 'abandoned')),
    held bigint NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    started_at timestamptz(3) NOT NULL,
    touched_at timestamptz(3) NOT NULL,
    -- As found in the content, once it is whole. `event` is the id of the event that tells of it.
    content_type text NOT NULL DEFAULT '',
    width integer NOT NULL DEFAULT 0,
    height integer NOT NULL DEFAULT 0,
    file_says jsonb NOT NULL DEFAULT '{}',
    thumbnails integer[] NOT NULL DEFAULT '{}',
    event text NOT NULL,
    sequence bigint NOT NULL DEFAULT 0
);
CREATE INDEX incident_media_by_incident ON incident_media (incident, id);
CREATE INDEX incident_media_unfinished ON incident_media (touched_at) WHERE state = 'receiving';
CREATE INDEX incident_media_open_by_person ON incident_media (person) WHERE state = 'receiving';

-- The content, piece by piece as it came: each an object of the blob store. They stay the original's parts, so nothing is copied.
CREATE TABLE incident_media_pieces (
    media text NOT NULL REFERENCES incident_media (id),
    start bigint NOT NULL,
    bytes integer NOT NULL CHECK (bytes > 0),
    object text NOT NULL,
    PRIMARY KEY (media, start)
);
