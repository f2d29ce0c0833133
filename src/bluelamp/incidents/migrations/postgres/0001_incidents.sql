-- Incidents: an incident is its events. Everything else here is made from them, or bounds how long it takes to fold them.
CREATE TABLE incidents (
    id text PRIMARY KEY,
    number text NOT NULL UNIQUE,
    lead text NOT NULL REFERENCES agencies (code),
    -- What lists show and are ordered by; written with the event that changes it.
    title text NOT NULL,
    type text NOT NULL,
    grade text NOT NULL,
    major boolean NOT NULL DEFAULT false,
    status text NOT NULL CHECK (status IN ('open', 'closed', 'merged')),
    place text NOT NULL,
    latitude double precision,
    longitude double precision,
    opened_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    -- Number of the last event. Who appends holds this row's lock.
    sequence bigint NOT NULL
);
CREATE INDEX incidents_by_update ON incidents (status, updated_at DESC);

-- Which agencies see it now; the events say which did when.
CREATE TABLE incident_agencies (
    incident text NOT NULL REFERENCES incidents (id),
    agency text NOT NULL REFERENCES agencies (code),
    roles text[] NOT NULL,
    PRIMARY KEY (incident, agency)
);
CREATE INDEX incident_agencies_by_agency ON incident_agencies (agency, incident);

CREATE TABLE incident_events (
    incident text NOT NULL REFERENCES incidents (id),
    sequence bigint NOT NULL,
    -- Chosen by the device that made it, so that what is sent twice is kept once.
    id text NOT NULL UNIQUE,
    kind text NOT NULL,
    at timestamptz(3) NOT NULL,
    happened_at timestamptz(3) NOT NULL,
    person text NOT NULL,
    name text NOT NULL,
    agency text NOT NULL,
    call_sign text NOT NULL DEFAULT '',
    device text NOT NULL DEFAULT '',
    audience text[] NOT NULL DEFAULT '{}',
    data jsonb NOT NULL,
    PRIMARY KEY (incident, sequence)
);
CREATE INDEX incident_events_by_kind ON incident_events (incident, kind, sequence);

-- The fold as of an event, every few hundred events: so that any second is a few hundred events away.
CREATE TABLE incident_snapshots (
    incident text NOT NULL REFERENCES incidents (id),
    sequence bigint NOT NULL,
    fold integer NOT NULL,
    at timestamptz(3) NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (incident, fold, sequence)
);

-- How far a person's device has received and read the chat of an incident.
CREATE TABLE incident_receipts (
    incident text NOT NULL REFERENCES incidents (id),
    person text NOT NULL REFERENCES users (id),
    name text NOT NULL,
    agency text NOT NULL,
    delivered bigint NOT NULL DEFAULT 0,
    read bigint NOT NULL DEFAULT 0,
    at timestamptz(3) NOT NULL,
    PRIMARY KEY (incident, person)
);

-- Numbers as people say them: agency, day, and how many that day.
CREATE TABLE incident_numbers (
    agency text NOT NULL REFERENCES agencies (code),
    day date NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (agency, day)
);

-- An agency's own words for types, grades and status codes, each with what it means to all.
CREATE TABLE incident_terms (
    agency text NOT NULL REFERENCES agencies (code),
    kind text NOT NULL CHECK (kind IN ('type', 'grade', 'status')),
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 60),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    meaning text NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (agency, kind, code)
);

CREATE TABLE resources (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    call_sign text NOT NULL CHECK (length(call_sign) BETWEEN 1 AND 40),
    type text NOT NULL,
    skills text[] NOT NULL DEFAULT '{}',
    -- Seen by its own agency's control room only.
    covert boolean NOT NULL DEFAULT false,
    code text NOT NULL DEFAULT '',
    status text NOT NULL,
    status_at timestamptz(3) NOT NULL,
    incident text REFERENCES incidents (id),
    created_at timestamptz(3) NOT NULL,
    closed_at timestamptz(3)
);
CREATE UNIQUE INDEX resources_call_sign ON resources (agency, lower(call_sign)) WHERE closed_at IS NULL;
CREATE INDEX resources_by_incident ON resources (incident) WHERE incident IS NOT NULL;

-- Who crews a resource now. A person is in one crew at a time.
CREATE TABLE resource_crews (
    person text PRIMARY KEY REFERENCES users (id),
    resource text NOT NULL REFERENCES resources (id),
    since timestamptz(3) NOT NULL
);
CREATE INDEX resource_crews_by_resource ON resource_crews (resource);

CREATE TABLE emergencies (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    person text NOT NULL REFERENCES users (id),
    person_name text NOT NULL,
    call_sign text NOT NULL DEFAULT '',
    resource text REFERENCES resources (id),
    incident text REFERENCES incidents (id),
    place jsonb,
    pressed_at timestamptz(3) NOT NULL,
    received_at timestamptz(3) NOT NULL,
    state text NOT NULL CHECK (state IN ('raised', 'acknowledged', 'closed')),
    level integer NOT NULL DEFAULT 0,
    escalates_at timestamptz(3),
    acknowledged_at timestamptz(3),
    acknowledged_by text NOT NULL DEFAULT '',
    closed_at timestamptz(3),
    closed_by text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT ''
);
CREATE INDEX emergencies_open ON emergencies (agency, received_at DESC) WHERE state <> 'closed';
CREATE INDEX emergencies_due ON emergencies (escalates_at) WHERE state = 'raised';
