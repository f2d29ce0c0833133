-- Where every resource was. Compact: degrees as whole ten-millionths, whose differences from one position to the next are small.
-- A repeat of a position has the same resource and time, and the later word of two holds. `received_after` is in milliseconds.
CREATE TABLE IF NOT EXISTS positions (
    resource String CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_after UInt32 CODEC(T64, ZSTD(1)),
    latitude Int32 CODEC(Delta, ZSTD(1)),
    longitude Int32 CODEC(Delta, ZSTD(1)),
    agency LowCardinality(String) CODEC(ZSTD(1)),
    kind LowCardinality(String) CODEC(ZSTD(1)),
    call_sign String CODEC(ZSTD(1)),
    source LowCardinality(String) CODEC(ZSTD(1)),
    covert UInt8 CODEC(ZSTD(1)),
    gone UInt8 CODEC(ZSTD(1)),
    accuracy UInt16 CODEC(T64, ZSTD(1)),
    speed UInt16 CODEC(T64, ZSTD(1)),
    course UInt16 CODEC(Delta, ZSTD(1)),
    altitude Int16 CODEC(Delta, ZSTD(1)),
    clock_off Int32 CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(received_after)
PARTITION BY toYYYYMMDD(at)
ORDER BY (resource, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 2048,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- The last word about each resource: what a process that starts shows at once.
CREATE TABLE IF NOT EXISTS positions_last (
    resource String,
    at DateTime64(3, 'UTC'),
    received_after UInt32,
    latitude Int32,
    longitude Int32,
    agency LowCardinality(String),
    kind LowCardinality(String),
    call_sign String,
    source LowCardinality(String),
    covert UInt8,
    gone UInt8,
    accuracy UInt16,
    speed UInt16,
    course UInt16,
    altitude Int16,
    clock_off Int32
) ENGINE = ReplacingMergeTree(at)
ORDER BY resource
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS positions_to_last TO positions_last AS
SELECT resource, at, received_after, latitude, longitude, agency, kind, call_sign, source, covert, gone, accuracy, speed, course, altitude, clock_off
FROM positions;
