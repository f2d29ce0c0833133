-- What each camera sent, by hour of arrival; kept for a fortnight, to tell a camera's own habit.
CREATE TABLE anpr_camera_hours (
    camera int NOT NULL REFERENCES anpr_cameras (number),
    hour timestamptz(0) NOT NULL,
    reads int NOT NULL,
    unplated int NOT NULL,
    late int NOT NULL,
    lag_ms_sum bigint NOT NULL,
    -- The smallest received minus captured: what remains of it when batching and networks are at their quickest is the clock.
    lag_ms_min bigint,
    PRIMARY KEY (camera, hour)
) WITH (fillfactor = 70);
CREATE INDEX anpr_camera_hours_by_hour ON anpr_camera_hours (hour);

CREATE TABLE anpr_source_hours (
    source int NOT NULL REFERENCES anpr_sources (id),
    hour timestamptz(0) NOT NULL,
    accepted bigint NOT NULL,
    duplicates bigint NOT NULL,
    amended bigint NOT NULL,
    unplated bigint NOT NULL,
    rejected bigint NOT NULL,
    PRIMARY KEY (source, hour)
) WITH (fillfactor = 70);

-- Reads per hour by hour of the day (UTC), averaged over the days that a camera has been heard of.
CREATE TABLE anpr_camera_habits (
    camera int PRIMARY KEY REFERENCES anpr_cameras (number),
    days smallint NOT NULL,
    reads real[] NOT NULL CHECK (cardinality(reads) = 24),
    made_at timestamptz(0) NOT NULL
);

CREATE TABLE anpr_camera_health (
    camera int PRIMARY KEY REFERENCES anpr_cameras (number),
    status text NOT NULL DEFAULT 'ok' CHECK (status IN ('ok', 'quiet', 'down', 'late', 'drifting', 'unread', 'never')),
    since timestamptz(3) NOT NULL DEFAULT now(),
    first_received_at timestamptz(3),
    last_received_at timestamptz(3),
    reads_last_hour int NOT NULL DEFAULT 0,
    usual_reads_per_hour real,
    clock_drift_ms bigint,
    late_share real,
    unread_share real
) WITH (fillfactor = 70);

-- When a camera gave nothing although it should have: what a search tells beside "nothing found".
CREATE TABLE anpr_camera_downtimes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    camera int NOT NULL REFERENCES anpr_cameras (number),
    started_at timestamptz(3) NOT NULL,
    ended_at timestamptz(3),
    CHECK (ended_at IS NULL OR ended_at >= started_at)
);
CREATE UNIQUE INDEX anpr_camera_downtimes_open ON anpr_camera_downtimes (camera) WHERE ended_at IS NULL;
CREATE INDEX anpr_camera_downtimes_by_end ON anpr_camera_downtimes (ended_at, started_at);
CREATE INDEX anpr_camera_downtimes_by_camera ON anpr_camera_downtimes (camera, started_at);

-- When the health job last looked: silence while nobody listened is not the camera's.
CREATE TABLE anpr_health_watch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    looked_at timestamptz(3) NOT NULL,
    listening_since timestamptz(3) NOT NULL
);
