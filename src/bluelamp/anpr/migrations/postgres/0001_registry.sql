-- Who may send reads, with what key and in which form; and the cameras behind them.
CREATE TABLE anpr_sources (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 120),
    agency text NOT NULL REFERENCES agencies (code),
    format text NOT NULL,
    timezone text NOT NULL,
    -- NULL: the vendor's usual order.
    date_order text CHECK (date_order IN ('mdy', 'dmy', 'unknown')),
    body_bytes_max int NOT NULL CHECK (body_bytes_max BETWEEN 1024 AND 67108864),
    picture_bytes_max int NOT NULL CHECK (picture_bytes_max BETWEEN 0 AND 67108864),
    items_per_minute_max int NOT NULL CHECK (items_per_minute_max BETWEEN 1 AND 100000000),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX anpr_sources_by_agency ON anpr_sources (agency, id);

-- Keys are kept as digests only; several may live at once, so that a source changes over without a gap.
CREATE TABLE anpr_source_keys (
    id text PRIMARY KEY,
    source int NOT NULL REFERENCES anpr_sources (id),
    key_sha256 bytea NOT NULL UNIQUE CHECK (length(key_sha256) = 32),
    prefix text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    revoked_at timestamptz(3)
);
CREATE INDEX anpr_source_keys_by_source ON anpr_source_keys (source);

-- `number` is the camera in every read ever stored: never reused, never changed.
CREATE TABLE anpr_cameras (
    number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source int NOT NULL REFERENCES anpr_sources (id),
    external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 128),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    agency text NOT NULL REFERENCES agencies (code),
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    road text NOT NULL CHECK (length(road) <= 200),
    bearing smallint CHECK (bearing BETWEEN 0 AND 359),
    lane smallint CHECK (lane BETWEEN 1 AND 255),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    UNIQUE (source, external_id)
);
CREATE INDEX anpr_cameras_by_agency ON anpr_cameras (agency, number);
