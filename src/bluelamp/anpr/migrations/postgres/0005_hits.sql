-- What people decide about hits. The hits themselves are in the stream and the columnar store: 2% of a nation's reads.
CREATE TABLE hit_states (
    hit text PRIMARY KEY,
    taken_by text,
    taken_by_name text,
    taken_by_agency text,
    taken_at timestamptz(3),
    outcome text CHECK (outcome IN ('correct', 'misread', 'clone_suspected', 'no_longer_of_interest')),
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    decided_by text,
    decided_by_name text,
    decided_by_agency text,
    decided_at timestamptz(3)
);

CREATE TABLE mutes (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    camera text,
    entry bigint,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    until timestamptz(3) NOT NULL,
    created_by text NOT NULL,
    created_by_name text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    CHECK ((camera IS NULL) <> (entry IS NULL))
);
CREATE INDEX mutes_by_end ON mutes (until);

CREATE TABLE handovers (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    created_by text NOT NULL,
    created_by_name text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    note text NOT NULL CHECK (length(note) <= 5000),
    summary jsonb NOT NULL
);
CREATE INDEX handovers_by_agency ON handovers (agency, created_at DESC);

-- Messages that a consumer could not handle: set aside so that the rest go on, kept so that a person can look.
CREATE TABLE set_aside_messages (
    consumer text NOT NULL,
    sequence bigint NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL,
    payload bytea NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, sequence)
);
