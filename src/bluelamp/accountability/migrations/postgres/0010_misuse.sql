-- Misuse detection: what a force tells of its people, what is usual, and what somebody should ask about.
CREATE TABLE misuse_loads (
    agency text PRIMARY KEY REFERENCES agencies (code),
    id text NOT NULL UNIQUE,
    at timestamptz(3) NOT NULL DEFAULT now(),
    loaded_by text NOT NULL,
    facts bigint NOT NULL,
    -- A directory that nobody renews is erased: it says much about people who work here.
    expires_at timestamptz(3) NOT NULL
);

CREATE TABLE misuse_directory (
    load text NOT NULL REFERENCES misuse_loads (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    kind text NOT NULL,
    person text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    starts bigint NOT NULL,
    ends bigint NOT NULL
);
CREATE INDEX misuse_directory_by_load ON misuse_directory (load);

-- Medians, limits and rates by measure and role, as the last pass learned them: the next one's prior.
CREATE TABLE misuse_baselines (
    agency text NOT NULL REFERENCES agencies (code),
    name text NOT NULL,
    value double precision NOT NULL,
    learned_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (agency, name)
);

-- How far the detector has read the audit of each agency, and what that took.
CREATE TABLE misuse_passes (
    agency text PRIMARY KEY REFERENCES agencies (code),
    number bigint NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT now(),
    looks bigint NOT NULL,
    seconds double precision NOT NULL
);

CREATE TABLE misuse_findings (
    id text PRIMARY KEY,
    at timestamptz(3) NOT NULL DEFAULT now(),
    changed_at timestamptz(3) NOT NULL DEFAULT now(),
    agency text NOT NULL REFERENCES agencies (code),
    person text NOT NULL,
    username text NOT NULL,
    manager text NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    signals jsonb NOT NULL,
    subjects text[] NOT NULL,
    entries text[] NOT NULL,
    looks int NOT NULL CHECK (looks > 0),
    first_look timestamptz(3) NOT NULL,
    last_look timestamptz(3) NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'upheld', 'cleared')),
    decided_by text NOT NULL DEFAULT '',
    decided_at timestamptz(3),
    CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX misuse_findings_by_agency ON misuse_findings (agency, state, id DESC);
CREATE INDEX misuse_findings_by_person ON misuse_findings (person);
