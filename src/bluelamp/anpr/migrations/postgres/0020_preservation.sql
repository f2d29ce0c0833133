-- Reads that outlive the twelve months: copies with their pictures, for a case (CPIA), and reads that are set aside (restriction).
CREATE TABLE preservations (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('case', 'restriction')),
    agency text NOT NULL REFERENCES agencies (code),
    case_reference text NOT NULL CHECK (length(case_reference) BETWEEN 1 AND 120),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    -- Who gave authority: name, rank, and under what.
    authority text NOT NULL CHECK (length(authority) BETWEEN 1 AND 200),
    criteria jsonb NOT NULL,
    subjects text[] NOT NULL,
    created_by text NOT NULL,
    created_by_name text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    review_at timestamptz(3) NOT NULL,
    reminded_at timestamptz(3),
    reads int NOT NULL,
    pictures int NOT NULL,
    pictures_missing int NOT NULL,
    -- SHA-256 over the hashes of its reads, in order of their ids.
    digest text NOT NULL,
    hold_reason text NOT NULL DEFAULT '' CHECK (length(hold_reason) <= 1000),
    held_by text,
    held_by_name text,
    held_at timestamptz(3),
    lift_reason text NOT NULL DEFAULT '' CHECK (length(lift_reason) <= 1000),
    lift_asked_by text,
    lift_asked_by_name text,
    lift_asked_at timestamptz(3),
    released_at timestamptz(3),
    released_by text,
    release_reason text NOT NULL DEFAULT '' CHECK (length(release_reason) <= 1000)
);
CREATE INDEX preservations_by_agency ON preservations (agency, id DESC);
CREATE INDEX preservations_by_case ON preservations (agency, lower(case_reference)) WHERE released_at IS NULL;
CREATE INDEX preservations_by_review ON preservations (review_at) WHERE released_at IS NULL;

-- One row a read, however many cases hold it. `body` is the whole read with its evidence, exactly the bytes that `sha256` is of.
CREATE TABLE preserved_reads (
    read text PRIMARY KEY,
    vrm text NOT NULL,
    captured_at timestamptz(3) NOT NULL,
    body bytea NOT NULL,
    sha256 bytea NOT NULL,
    preserved_at timestamptz(3) NOT NULL
);
CREATE INDEX preserved_reads_by_time ON preserved_reads (captured_at);
CREATE INDEX preserved_reads_by_plate ON preserved_reads (vrm, captured_at);

CREATE TABLE preserved_pictures (
    ref text PRIMARY KEY,
    read text NOT NULL REFERENCES preserved_reads (read) ON DELETE CASCADE,
    object text NOT NULL,
    sha256 text NOT NULL,
    bytes int NOT NULL
);
CREATE INDEX preserved_pictures_by_read ON preserved_pictures (read);

CREATE TABLE preservation_reads (
    preservation text NOT NULL REFERENCES preservations (id),
    read text NOT NULL REFERENCES preserved_reads (read),
    PRIMARY KEY (preservation, read)
);
CREATE INDEX preservation_reads_by_read ON preservation_reads (read);

-- What each round of the deletion did, and what it found when it looked again.
CREATE TABLE retention_runs (
    id text PRIMARY KEY,
    at timestamptz(3) NOT NULL,
    before timestamptz(3) NOT NULL,
    deleted bigint NOT NULL,
    report jsonb NOT NULL,
    sha256 text NOT NULL
);
