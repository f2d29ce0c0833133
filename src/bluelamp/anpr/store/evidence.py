"""What stands behind reads: their pictures, per-character evidence and other plates the camera thought possible."""

from __future__ import annotations

from typing import Any, NamedTuple

from bluelamp.anpr.domain import Read, ReadKey, vrm_key
from bluelamp.anpr.lawful import Lawful
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.columnar import Columnar


class PictureOf(NamedTuple):
    """A picture of a read: `plate` or `overview`, where it is, what it hashes to (hexadecimal)."""

    kind: str
    ref: str
    sha256: str


class Evidence(NamedTuple):
    """Everything kept beside a read."""

    received_at: int
    pictures: tuple[PictureOf, ...]
    characters: tuple[tuple[str, float], ...]
    variants: tuple[tuple[str, float], ...]


def key_of(read: Read) -> ReadKey:
    """The natural key of a read, whatever its version."""
    return ReadKey(read.camera, read.captured_at, read.first_key or vrm_key(read.vrm))


async def evidence_of(columnar: Columnar, reads: list[Read], lawful: Lawful) -> dict[ReadKey, Evidence]:
    """Evidence of those reads that have any. All versions of an amended read count: the latest of each kind is taken.

    Only of reads within the lawful window.
    """
    reads = [read for read in reads if read.captured_at in lawful]
    if not reads:
        return {}
    keys = {key_of(read) for read in reads}
    # Times as text: for 500 reads, a call in each pair takes 190 ms to read and a text 40.
    pairs = ",".join(f"({key.camera},'{to_rfc3339(key.captured_at)[:-1]}')" for key in sorted(keys))
    cameras = ",".join(str(number) for number in sorted({key.camera for key in keys}))
    times = [key.captured_at for key in keys]
    rows = await columnar.query(
        "SELECT camera, toUnixTimestamp64Milli(captured_at) AS at, vrm, first_key, version,"
        " toUnixTimestamp64Milli(received_at) AS received, hex(characters) AS characters, variant_vrms, variant_confidences,"
        " plate_ref, lower(hex(plate_sha256)) AS plate_sha256,"
        " overview_ref, lower(hex(overview_sha256)) AS overview_sha256 FROM reads_evidence"
        f" WHERE camera IN ({cameras}) AND (camera, captured_at) IN ({pairs})"
        " AND captured_at >= fromUnixTimestamp64Milli({first:Int64}, 'UTC')"
        " AND captured_at <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')"
        " ORDER BY version DESC",
        {"first": min(times), "last": max(times)},
        max_threads=2,
        max_query_size=1 << 20,
    )
    found: dict[ReadKey, list[dict[str, Any]]] = {}
    for row in rows:
        key = ReadKey(row["camera"], row["at"], row["first_key"] or vrm_key(row["vrm"]))
        if key in keys:
            found.setdefault(key, []).append(row)
    return {key: _evidence(versions) for key, versions in found.items()}


def _evidence(versions: list[dict[str, Any]]) -> Evidence:
    """From the rows of one read, newest version first."""
    pictures = []
    for kind in ("plate", "overview"):
        row = next((row for row in versions if row[f"{kind}_ref"]), None)
        if row is not None:
            pictures.append(PictureOf(kind, row[f"{kind}_ref"], row[f"{kind}_sha256"]))
    latest = versions[0]
    packed = bytes.fromhex(latest["characters"])
    characters = tuple((chr(packed[at]), packed[at + 1] / 100) for at in range(0, len(packed) - 1, 2))
    variants = tuple(
        (vrm, confidence / 1000) for vrm, confidence in zip(latest["variant_vrms"], latest["variant_confidences"], strict=True)
    )
    return Evidence(versions[-1]["received"], tuple(pictures), characters, variants)
