"""READS: the one table shape that intake, stream, matcher and store pass on (Apache Arrow, a row a read)."""

from __future__ import annotations

import pyarrow as pa

PICTURE = pa.struct(
    [
        pa.field("ref", pa.string(), nullable=False),  # opaque: where the blob store finds it
        pa.field("sha256", pa.binary(32), nullable=False),
    ]
)

READS = pa.schema(
    [
        pa.field("camera", pa.uint32(), nullable=False),  # number in the camera register
        pa.field("captured_at", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("received_at", pa.timestamp("ms", "UTC"), nullable=False),
        pa.field("vrm", pa.string(), nullable=False),  # normalised, 1-12 of [A-Z0-9]
        pa.field("seen_as", pa.string(), nullable=False),  # as the camera sent it; "" where equal to vrm
        pa.field("confidence", pa.uint16(), nullable=False),  # per mille
        pa.field("direction", pa.string(), nullable=False),  # domain.Direction
        pa.field("lane", pa.uint8(), nullable=False),  # 0 unknown
        pa.field("make", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("colour", pa.string(), nullable=False),
        pa.field("vehicle_class", pa.string(), nullable=False),
        pa.field("first_key", pa.uint32(), nullable=False),  # 0: the CRC-32 of vrm; else of the first event's VRM
        pa.field("version", pa.uint8(), nullable=False),  # 0 first event, then one more an amendment
        pa.field("replaces", pa.string(), nullable=False),  # VRM of the stored row that this version supersedes, or ""
        pa.field("car", pa.string(), nullable=False),  # vendor's name of the passing vehicle, or ""
        pa.field("characters", pa.binary(), nullable=False),  # pairs of bytes: ASCII value, confidence 0-100; or empty
        pa.field("variant_vrms", pa.list_(pa.string()), nullable=False),
        pa.field("variant_confidences", pa.list_(pa.uint16()), nullable=False),  # per mille
        pa.field("plate_picture", PICTURE),  # null: none was sent
        pa.field("overview_picture", PICTURE),
        pa.field("event_key", pa.uint64(), nullable=False),  # tells this event from every other for a day; not stored
    ]
)
"""Columns and units of a batch of reads. Every consumer may rely on exactly this schema."""

READS_STREAM = "ANPR_READS"
READS_SUBJECT = "anpr.reads"
HITS_STREAM = "ANPR_HITS"
HITS_SUBJECTS = "anpr.hits.>"
