-- Hits as they stand: one row a version, the highest counts. `body` is the whole hit as JSON; the rest is for finding it.
-- A hit's id begins with its `captured_at`, so the sort order finds it. `captured_at` never changes between versions, so all versions of a hit meet in one partition.
CREATE TABLE IF NOT EXISTS hits (
    captured_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    id String CODEC(ZSTD(1)),
    version UInt32 CODEC(T64, ZSTD(1)),
    position UInt64 CODEC(Delta, ZSTD(1)),
    found_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    agencies Array(LowCardinality(String)) CODEC(ZSTD(1)),
    entry UInt32 CODEC(ZSTD(1)),
    camera UInt32 CODEC(ZSTD(1)),
    vrm String CODEC(ZSTD(1)),
    body String CODEC(ZSTD(3)),
    INDEX hits_by_position position TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(captured_at)
ORDER BY (captured_at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024;
