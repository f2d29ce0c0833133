-- Searches are resources: what was asked, by whom and why; what standing ones found; and the exports made of them.
CREATE TABLE searches (
    id text PRIMARY KEY,
    owner text NOT NULL,
    owner_name text NOT NULL,
    agency text NOT NULL REFERENCES agencies (code),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    criteria jsonb NOT NULL,
    purpose text NOT NULL,
    reference text NOT NULL,
    name text NOT NULL DEFAULT '' CHECK (length(name) <= 120),
    saved boolean NOT NULL DEFAULT false,
    shared boolean NOT NULL DEFAULT false,
    standing boolean NOT NULL DEFAULT false,
    standing_since timestamptz(3),
    looked_at timestamptz(3),
    CHECK (saved OR NOT (shared OR standing))
);
CREATE INDEX searches_by_owner ON searches (owner, id DESC);
CREATE INDEX searches_shared ON searches (agency, id DESC) WHERE shared;
CREATE INDEX searches_standing ON searches (id) WHERE standing;

-- What a standing search has found, so that it tells each read once.
CREATE TABLE search_findings (
    search text NOT NULL REFERENCES searches (id) ON DELETE CASCADE,
    read text NOT NULL,
    found_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (search, read)
);
CREATE INDEX search_findings_by_age ON search_findings (found_at);

CREATE TABLE search_notices (
    id text PRIMARY KEY,
    search text NOT NULL REFERENCES searches (id) ON DELETE CASCADE,
    person text NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT now(),
    count int NOT NULL,
    newest_read text NOT NULL,
    vrm text NOT NULL,
    seen_at timestamptz(3)
);
CREATE INDEX search_notices_by_person ON search_notices (person, id DESC);

CREATE TABLE exports (
    id text PRIMARY KEY,
    search text NOT NULL,
    owner text NOT NULL,
    agency text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    format text NOT NULL CHECK (format IN ('csv', 'geojson', 'pdf')),
    count int NOT NULL,
    purpose text NOT NULL,
    reference text NOT NULL,
    -- [{"name", "sha256", "bytes"}]
    files jsonb NOT NULL
);
CREATE INDEX exports_by_owner ON exports (owner, id DESC);
