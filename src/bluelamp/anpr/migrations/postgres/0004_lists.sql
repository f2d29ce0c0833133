-- VOI lists and their entries, with a revision that follows the order of commits so that a matcher can read what is new.
CREATE TABLE voi_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    value bigint NOT NULL
);
INSERT INTO voi_revision (value) VALUES (0);

-- The row lock is held until commit, so a lower revision is always visible before a higher one.
CREATE FUNCTION next_voi_revision() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT pg_notify('voi', '');
    UPDATE voi_revision SET value = value + 1 RETURNING value;
$$;

CREATE TABLE voi_lists (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 1000),
    created_by text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    removed_at timestamptz(3)
);
CREATE UNIQUE INDEX voi_lists_by_name ON voi_lists (agency, name) WHERE removed_at IS NULL;

-- `number` is what the index in memory holds: 32 bits are enough for four thousand million entries.
CREATE TABLE voi_entries (
    number bigint GENERATED ALWAYS AS IDENTITY (MAXVALUE 4294967294) PRIMARY KEY,
    list text NOT NULL REFERENCES voi_lists (id),
    vrm text NOT NULL CHECK (vrm ~ '^[A-Z0-9]{2,12}$'),
    reason text NOT NULL CHECK (length(reason) <= 500),
    priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 2),
    marker text NOT NULL DEFAULT '' CHECK (length(marker) <= 120),
    instruction text NOT NULL DEFAULT '' CHECK (length(instruction) <= 1000),
    starts_at timestamptz(3),
    expires_at timestamptz(3),
    conditions jsonb,
    revision bigint NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    reviewed_at timestamptz(3) NOT NULL DEFAULT now(),
    reminded_at timestamptz(3),
    removed_at timestamptz(3),
    CHECK (expires_at IS NULL OR starts_at IS NULL OR expires_at > starts_at)
);
CREATE UNIQUE INDEX voi_entries_by_vrm ON voi_entries (list, vrm) WHERE removed_at IS NULL;
CREATE INDEX voi_entries_by_list ON voi_entries (list, number);
CREATE INDEX voi_entries_by_revision ON voi_entries (revision, number);
CREATE INDEX voi_entries_by_expiry ON voi_entries (expires_at) WHERE removed_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX voi_entries_by_review ON voi_entries (reviewed_at) WHERE removed_at IS NULL;
