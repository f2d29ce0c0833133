"""The history of reads: what goes in. One Arrow insert feeds every table that migrations/clickhouse/0001 lays out."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from bluelamp.spine.columnar import Columnar

TABLE = "reads_in"
_UNSTORED = frozenset({"car", "event_key", "plate_picture", "overview_picture"})
"""Columns of READS that only the intake needs, or that are flattened below."""

INSERT_SETTINGS = {
    "min_insert_block_size_rows": 1_000_000,
    "max_insert_block_size": 1_000_000,
    "max_insert_threads": 1,
    "max_threads": 1,
    "parallel_view_processing": 0,
    "optimize_on_insert": 0,
}
"""One block, so one new part a table and partition; one thread, so that searches keep the other core; repeats are folded by
merges and questions, not at insert (a fifth less work)."""


def flatten(reads: pa.Table) -> pa.Table:
    """READS as the columns of `reads_in`: two picture structs become four strings, empty where no picture was sent."""
    names = [name for name in reads.schema.names if name not in _UNSTORED]
    columns = [reads.column(name) for name in names]
    for kind in ("plate", "overview"):
        picture = reads.column(f"{kind}_picture")
        if picture.null_count == len(picture):
            blank = pa.chunked_array([pa.repeat(pa.scalar(""), len(picture))])
            parts = (blank, blank)
        else:
            parts = tuple(
                pc.fill_null(pc.struct_field(picture, field).cast(to), empty)
                for field, to, empty in (("ref", pa.string(), ""), ("sha256", pa.binary(), b""))
            )
        columns += parts
        names += [f"{kind}_ref", f"{kind}_sha256"]
    return pa.table(columns, names=names)


async def insert_reads(columnar: Columnar, reads: pa.Table) -> None:
    """Store a table of READS, any number of rows, of any days. Storing the same rows again changes nothing that is shown.

    Raises:
        EngineDownError: nothing may be relied on; insert all of it again.
    """
    await columnar.insert(TABLE, flatten(reads).combine_chunks(), **INSERT_SETTINGS)
