"""What is held on a vehicle, for its keeper's request (Data Protection Act 2018, s.45): a bundle with a manifest, a disclosure."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from datetime import datetime
from typing import Any

import msgspec

from bluelamp.anpr.actions.preservation import moment, plate_of
from bluelamp.anpr.errors import BadWindowError, ExportTooLargeError
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.queries import history
from bluelamp.anpr.queries.preservation import picture
from bluelamp.anpr.queries.shown import shown_all
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.settings import history_settings
from bluelamp.anpr.store import preservation as copies
from bluelamp.anpr.store import subject as store
from bluelamp.anpr.store.evidence import evidence_of
from bluelamp.anpr.store.preservation import decode_kept
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor, Purpose
from bluelamp.spine.encryption.errors import SealBrokenError
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.module import Spine

PICTURES_MAX = 2_000
REVIEW = ("lists.json", "preserved.json", "hits.json")
"""Files that a person reads before they go out: telling of an investigation may prejudice it (s.45(4))."""


def asked(plate: str, start: datetime, end: datetime) -> Criteria:
    """What is asked for: one plate in a period."""
    if start >= end:
        raise BadWindowError("'from' must lie before 'to'")
    return Criteria(start=to_ms(start), end=to_ms(end), vrms=(plate_of(plate),))


async def gather(spine: Spine, actor: Actor, lawful: Lawful, criteria: Criteria, why: Purpose) -> tuple[bytes, dict[str, Any]]:
    """A ZIP of JSON files and pictures, and its manifest. The disclosure is on record before it leaves.

    Raises:
        ExportTooLargeError: more reads than one bundle may hold.
    """
    vrm = criteria.vrms[0]
    intent = await audit.intend(spine.db, actor, "anpr.subjects.gather", subjects=(vrm,), why=why)
    try:
        files, counts, withheld = await _files(spine, lawful, criteria)
    except BaseException:
        await asyncio.shield(audit.conclude(spine.db, intent, "failed", 0))
        raise
    await audit.conclude(spine.db, intent, "answered", sum(counts.values()))
    listed = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "review": name in REVIEW}
        for name, data in files.items()
    ]
    manifest = {
        "vrm": vrm, "from": to_rfc3339(criteria.start), "to": to_rfc3339(criteria.end), "made_at": to_rfc3339(spine.clock()),
        "reference": why.reference, "marking": "OFFICIAL-SENSITIVE", "counts": counts, "algorithm": "SHA-256", "files": listed,
        "note": "files marked 'review' are read by a person before they are disclosed; officers are not named",
    }  # fmt: skip
    bundle = await asyncio.to_thread(_zip, {**files, "manifest.json": json.dumps(manifest, ensure_ascii=False, indent=1).encode()})
    sha256 = hashlib.sha256(bundle).hexdigest()
    async with spine.db.transaction() as connection:
        await audit.record(
            connection, actor, "disclosure", "anpr.subjects.disclose", subjects=(vrm,), why=why,
            detail={"counts": counts, "withheld": withheld, "sha256": sha256, "bytes": len(bundle)},
        )  # fmt: skip
    return bundle, manifest | {"sha256": sha256}


async def _files(spine: Spine, lawful: Lawful, criteria: Criteria) -> tuple[dict[str, bytes], dict[str, int], int]:
    vrm, start, end = criteria.vrms[0], moment(criteria.start), moment(criteria.end)
    most = history_settings().export_reads_max
    found, more = await history.find_all(spine, lawful, criteria, most)
    if more:
        raise ExportTooLargeError(f"more than {most} reads: ask for a shorter period", reads_max=most)
    reads = [item.model_dump(by_alias=True, exclude={"preserved", "likelihood"}) for item in await shown_all(spine, lawful, found, "")]
    pictures: dict[str, bytes] = {}
    for evidence in (await evidence_of(spine.columnar, [one.read for one in found], lawful)).values():
        for held in evidence.pictures:
            if len(pictures) < PICTURES_MAX:
                await _add_picture(spine, pictures, held.ref, held.sha256)
    for item in reads:
        item["images"] = [{"kind": image["kind"], "sha256": image["sha256"]} for image in item["images"]]
    preserved = [decode_kept(row["body"]) for row in await copies.of_plate(spine.db, vrm, start, end, most)]
    for one in preserved:
        for held in one.evidence.pictures if one.evidence else ():
            if len(pictures) < PICTURES_MAX:
                await _add_picture(spine, pictures, held.ref, held.sha256)
    looks, withheld = await store.consultations(spine.db, vrm, start, end, history_settings().withheld)
    parts: dict[str, list[Any]] = {
        "reads.json": reads,
        "hits.json": await store.hits(spine.columnar, vrm, criteria.start, criteria.end),
        "lists.json": await store.entries(spine.db, vrm),
        "preserved.json": [msgspec.to_builtins(one) for one in preserved],
        "consultations.json": looks,
    }
    files = {name: json.dumps(part, ensure_ascii=False, indent=1).encode() for name, part in parts.items()}
    counts = {name.removesuffix(".json"): len(part) for name, part in parts.items()} | {"pictures": len(pictures)}
    return files | pictures, counts, withheld


async def _add_picture(spine: Spine, pictures: dict[str, bytes], ref: str, sha256: str) -> None:
    try:
        pictures[f"pictures/{sha256}.jpg"] = await picture(spine, ref)
    except (NotFoundError, SealBrokenError):
        return  # gone, or not what it was: the read says that there was one


def _zip(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()
