-- The history of reads. Inserts are synced before the stream's messages are acknowledged, so a power cut loses none.
-- One insert into `reads_in` (which keeps nothing) feeds every table below, parsed once.
-- Layout, codecs and figures: docs/store.md; why: docs/decisions/0070 to 0073.
CREATE TABLE IF NOT EXISTS reads_in (
    camera UInt32,
    captured_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    vrm String,
    seen_as String,
    confidence UInt16,
    direction String,
    lane UInt8,
    make String,
    model String,
    colour String,
    vehicle_class String,
    first_key UInt32,
    version UInt8,
    replaces String,
    characters String,
    variant_vrms Array(String),
    variant_confidences Array(UInt16),
    plate_ref String,
    plate_sha256 String,
    overview_ref String,
    overview_sha256 String
) ENGINE = Null;

-- Where was this vehicle? Month partitions, each merged to one part when it has rested for an hour: a year's look-up costs
-- what the parts cost that it opens, and these are 13.
CREATE TABLE IF NOT EXISTS reads_by_plate (
    vrm String CODEC(ZSTD(1)),
    captured_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    camera UInt32 CODEC(T64, ZSTD(1)),
    first_key UInt32 CODEC(ZSTD(1)),
    version UInt8 CODEC(ZSTD(1)),
    gone UInt8 CODEC(ZSTD(1)),
    seen_as String CODEC(ZSTD(1)),
    confidence UInt16 CODEC(T64, ZSTD(1)),
    direction LowCardinality(String) CODEC(ZSTD(1)),
    lane UInt8 CODEC(ZSTD(1)),
    make LowCardinality(String) CODEC(ZSTD(1)),
    model LowCardinality(String) CODEC(ZSTD(1)),
    colour LowCardinality(String) CODEC(ZSTD(1)),
    vehicle_class LowCardinality(String) CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version, gone)
PARTITION BY toYYYYMM(captured_at)
ORDER BY (vrm, captured_at, camera, first_key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024, min_compress_block_size = 16384, max_compress_block_size = 65536,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- What passed this place then? Day partitions: a question has hours or days, and touches few.
CREATE TABLE IF NOT EXISTS reads_by_camera (
    camera UInt32 CODEC(ZSTD(1)),
    captured_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    vrm String CODEC(ZSTD(1)),
    first_key UInt32 CODEC(ZSTD(1)),
    version UInt8 CODEC(ZSTD(1)),
    gone UInt8 CODEC(ZSTD(1)),
    seen_as String CODEC(ZSTD(1)),
    confidence UInt16 CODEC(T64, ZSTD(1)),
    direction LowCardinality(String) CODEC(ZSTD(1)),
    lane UInt8 CODEC(ZSTD(1)),
    make LowCardinality(String) CODEC(ZSTD(1)),
    model LowCardinality(String) CODEC(ZSTD(1)),
    colour LowCardinality(String) CODEC(ZSTD(1)),
    vehicle_class LowCardinality(String) CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version, gone)
PARTITION BY toYYYYMMDD(captured_at)
ORDER BY (camera, captured_at, vrm, first_key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 2048,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- What stands behind a read: pictures, per-character evidence, when it came in. Read one at a time, so kept apart.
CREATE TABLE IF NOT EXISTS reads_evidence (
    camera UInt32 CODEC(ZSTD(1)),
    captured_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    vrm String CODEC(ZSTD(1)),
    first_key UInt32 CODEC(ZSTD(1)),
    version UInt8 CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    characters String CODEC(ZSTD(1)),
    variant_vrms Array(String) CODEC(ZSTD(1)),
    variant_confidences Array(UInt16) CODEC(ZSTD(1)),
    plate_ref String CODEC(ZSTD(1)),
    plate_sha256 String CODEC(ZSTD(1)),
    overview_ref String CODEC(ZSTD(1)),
    overview_sha256 String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(captured_at)
ORDER BY (camera, captured_at, vrm, first_key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- Other plates that a camera thought possible: the door from a true plate to reads that were settled wrongly.
CREATE TABLE IF NOT EXISTS reads_variants (
    variant String CODEC(ZSTD(1)),
    captured_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    camera UInt32 CODEC(T64, ZSTD(1)),
    vrm String CODEC(ZSTD(1)),
    first_key UInt32 CODEC(ZSTD(1)),
    version UInt8 CODEC(ZSTD(1)),
    confidence UInt16 CODEC(T64, ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(captured_at)
ORDER BY (variant, captured_at, camera, vrm, first_key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- Every plate string ever read, once. `letters` has bit (ASCII - 48) for each character that occurs: it settles most of a pattern.
CREATE TABLE IF NOT EXISTS plates (
    vrm String CODEC(ZSTD(1)),
    letters SimpleAggregateFunction(max, UInt64) CODEC(T64, LZ4),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
ORDER BY vrm
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024, min_compress_block_size = 16384, max_compress_block_size = 65536;

CREATE MATERIALIZED VIEW IF NOT EXISTS reads_to_plate TO reads_by_plate AS
SELECT vrm, captured_at, camera, if(first_key = CRC32(vrm), 0, first_key) AS first_key, version, 0 AS gone, seen_as,
    confidence, direction, lane, make, model, colour, vehicle_class
FROM reads_in;

CREATE MATERIALIZED VIEW IF NOT EXISTS reads_to_camera TO reads_by_camera AS
SELECT camera, captured_at, vrm, if(first_key = CRC32(vrm), 0, first_key) AS first_key, version, 0 AS gone, seen_as,
    confidence, direction, lane, make, model, colour, vehicle_class
FROM reads_in;

-- An amendment that changes the plate takes back the row that stood under the old one.
CREATE MATERIALIZED VIEW IF NOT EXISTS reads_taken_back_plate TO reads_by_plate AS
SELECT replaces AS vrm, captured_at, camera,
    if(if(first_key = 0, CRC32(reads_in.vrm), first_key) = CRC32(replaces), 0, if(first_key = 0, CRC32(reads_in.vrm), first_key)) AS first_key,
    version, 1 AS gone
FROM reads_in WHERE replaces != '' AND replaces != reads_in.vrm;

CREATE MATERIALIZED VIEW IF NOT EXISTS reads_taken_back_camera TO reads_by_camera AS
SELECT camera, captured_at, replaces AS vrm,
    if(if(first_key = 0, CRC32(reads_in.vrm), first_key) = CRC32(replaces), 0, if(first_key = 0, CRC32(reads_in.vrm), first_key)) AS first_key,
    version, 1 AS gone
FROM reads_in WHERE replaces != '' AND replaces != reads_in.vrm;

CREATE MATERIALIZED VIEW IF NOT EXISTS reads_to_evidence TO reads_evidence AS
SELECT camera, captured_at, vrm, if(first_key = CRC32(vrm), 0, first_key) AS first_key, version, received_at, characters,
    variant_vrms, variant_confidences, plate_ref, plate_sha256, overview_ref, overview_sha256
FROM reads_in WHERE characters != '' OR notEmpty(variant_vrms) OR plate_ref != '' OR overview_ref != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS reads_to_variants TO reads_variants AS
SELECT variant, captured_at, camera, vrm, if(first_key = CRC32(vrm), 0, first_key) AS first_key, version, variant_confidence AS confidence
FROM reads_in ARRAY JOIN variant_vrms AS variant, variant_confidences AS variant_confidence
WHERE variant != vrm AND notEmpty(variant_vrms);

CREATE MATERIALIZED VIEW IF NOT EXISTS reads_to_plates TO plates AS
SELECT vrm,
    arrayReduce('groupBitOr', arrayMap(c -> bitShiftLeft(toUInt64(1), toUInt8(ascii(c) - 48)), ngrams(vrm, 1))) AS letters,
    min(captured_at) AS first_seen, max(captured_at) AS last_seen
FROM reads_in GROUP BY vrm;
