-- Items that did not become reads, as their source sent them, until their owner has mended the cause and replayed them.
CREATE TABLE anpr_rejects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source int NOT NULL REFERENCES anpr_sources (id),
    digest bytea NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    raw bytea NOT NULL,
    count int NOT NULL DEFAULT 1,
    first_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    replayed_at timestamptz(3),
    UNIQUE (source, digest)
);
-- An equal item of a camera that repeats counts up; it takes no second row.
CREATE INDEX anpr_rejects_by_source ON anpr_rejects (source, code, id);

-- How much a source had to give up of its oldest rejects to stay within its bounds.
CREATE TABLE anpr_rejects_dropped (
    source int PRIMARY KEY REFERENCES anpr_sources (id),
    items bigint NOT NULL,
    last_at timestamptz(3) NOT NULL
);
