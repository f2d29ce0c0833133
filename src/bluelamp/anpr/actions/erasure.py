"""Erasing or restricting reads by authority, out of their turn: in the history, in copies, in pictures; a tombstone is left.

Nothing under a legal hold is touched, and a case's copies only where that is said. The tombstone names no plate.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pyarrow as pa

from bluelamp.anpr.access import SUBJECTS_ERASE
from bluelamp.anpr.actions.preservation import copy, digest, moment, plate_of
from bluelamp.anpr.domain import Read
from bluelamp.anpr.errors import (
    BadWindowError,
    ExportTooLargeError,
    NoSuchPreservationError,
    NoSuchReadError,
    PreservedError,
    UnderHoldError,
)
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.queries import history
from bluelamp.anpr.queries.lawful import duty
from bluelamp.anpr.schemas.preservation import ErasureQuestion
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.settings import history_settings, intake_settings
from bluelamp.anpr.store import erasure as store
from bluelamp.anpr.store import exports, places
from bluelamp.anpr.store import preservation as copies
from bluelamp.anpr.store.evidence import Evidence, evidence_of, key_of
from bluelamp.anpr.store.pictures import PictureStore
from bluelamp.anpr.store.preservation import Kept, decode_kept
from bluelamp.anpr.store.reads import insert_reads
from bluelamp.anpr.store.retention import forget_plate
from bluelamp.anpr.tables import READS
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Purpose
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

RESTRICTED_DAYS = 366
ACTION = "anpr.erasures.make"


async def erase(spine: Spine, caller: Caller, question: ErasureQuestion) -> dict[str, Any]:
    """Erase or restrict; returns what went, place by place.

    Raises:
        NoSuchReadError: nothing is found.
        UnderHoldError: a legal hold keeps one of them; nothing was touched.
        PreservedError: a case keeps one of them, and the question does not say that its copies go too.
    """
    if question.start >= question.end:
        raise BadWindowError("'from' must lie before 'to'")
    criteria = Criteria(start=to_ms(question.start), end=to_ms(question.end), vrms=(plate_of(question.vrm),))
    lawful = await duty(spine, caller, SUBJECTS_ERASE, criteria, Purpose("", question.reference))
    async with copies.holding(spine.db):
        kept = await _found(spine, lawful, criteria, question)
        reads = [one.read for one in kept]
        await _refuse(spine, reads, question)
        ids = [read.id for read in reads]
        number = new_id()
        begun = {"erasure": number, "reads": len(reads), "digest": hashlib.sha256("".join(ids).encode()).hexdigest(), "mode": question.mode}
        why = Purpose("", question.reference)
        async with spine.db.transaction() as connection:
            detail = begun | {"authority": question.authority, "reason": question.reason}
            await audit.record(connection, caller.actor, "erasure", "anpr.erasures.begin", why=why, detail=detail)
        if question.mode == "restrict":
            counts = await _restrict(spine, caller, lawful, question, reads, number)
        else:
            counts = await _erase(spine, plate_of(question.vrm), kept)
        async with spine.db.transaction() as connection:
            await audit.record(connection, caller.actor, "erasure", ACTION, why=why, detail=begun | {"counts": counts})
    if question.mode == "erase":
        await copies.vacuum(spine.db)
    return {
        "id": number, "mode": question.mode, "reads": len(reads), "counts": counts, "sha256": begun["digest"],
        "remaining": _remaining(question.mode),
    }  # fmt: skip


def _remaining(mode: str) -> list[str]:
    days = intake_settings().stream_days
    resting = (
        "the audit, its findings, reviews and authorities name who looked at this plate and when; they are kept for a time of their own"
    )
    told = [
        f"the event log holds what came in during the last {days:g} days, and lets go of it by itself; no search asks it",
        "backups made before hold the reads as long as they are kept: after restoring one, this is to be done again",
        resting,
    ]
    return [*told, "hits of these reads are not restricted"] if mode == "restrict" else told


async def _found(spine: Spine, lawful: Lawful, criteria: Criteria, question: ErasureQuestion) -> list[Kept]:
    """Reads of the history, and copies of reads that the history no longer has."""
    vrm, most = criteria.vrms[0], history_settings().export_reads_max
    found, more = await history.find_all(spine, lawful, criteria, most)
    if more:
        raise ExportTooLargeError(f"more than {most} reads: name a shorter period", reads_max=most)
    evidence = await evidence_of(spine.columnar, [one.read for one in found], lawful)
    kept = {one.read.id: Kept(one.read, evidence.get(key_of(one.read)), "", "", "", None) for one in found}
    if question.mode == "erase":
        for row in await copies.of_plate(spine.db, vrm, question.start, question.end, most):
            kept.setdefault(row["read"], decode_kept(row["body"]))
    if question.reads is not None:
        missing = set(question.reads) - kept.keys()
        if missing:
            raise NoSuchReadError("not all of these are reads of this plate in this period: nothing was touched")
        kept = {read: kept[read] for read in question.reads}
    if not kept:
        raise NoSuchReadError("no read of this plate is held in this period")
    return [kept[read] for read in sorted(kept)]


async def _refuse(spine: Spine, reads: list[Read], question: ErasureQuestion) -> None:
    async with spine.db.connection() as connection:
        kept, held = await store.held_copies(connection, [read.id for read in reads])
    if held:
        raise UnderHoldError(f"{len(held)} of these reads are under a legal hold: nothing was touched", reads=len(held))
    if kept and not question.preserved_too:
        raise PreservedError(
            f"{len(kept)} of these reads are preserved for a case, nothing was touched: say 'preserved_too' where that is covered",
            reads=len(kept),
        )


async def _erase(spine: Spine, vrm: str, kept: list[Kept]) -> dict[str, int]:
    """Pictures first: a crash then leaves reads that can be named again, not pictures that nobody can find."""
    reads, ids = [one.read for one in kept], [one.read.id for one in kept]
    counts = {"pictures": await _erase_pictures(spine, kept)}
    hits = await store.delete_hits(spine.columnar, reads)
    counts["hits"] = len(hits)
    for table in store.READS:
        counts[table] = await store.delete_from(spine.columnar, table, reads)
    counts["plates"] = await forget_plate(spine.columnar, vrm)
    gone = await _exports_with(spine, reads)
    async with spine.db.transaction() as connection:
        counts |= await store.delete_records(connection, vrm, ids, hits)
        await store.drop_copies(connection, ids)
        counts["preserved_reads"], objects = await copies.delete_unheld(connection, ids)
        await exports.delete_exports(connection, gone)
    counts["preserved_pictures"], counts["exports"] = len(objects), len(gone)
    for export in gone:
        objects += await spine.blobs.keys(exports.blob_key(export, ""))
    for place in objects:
        await spine.blobs.shred(place)
    return counts


async def _erase_pictures(spine: Spine, kept: list[Kept]) -> int:
    store_of_pictures, done = PictureStore(spine.blobs), 0
    for one in kept:
        for picture in one.evidence.pictures if one.evidence else ():
            try:
                done += await store_of_pictures.erase(picture.ref)
            except NotFoundError:
                continue
    return done


async def _exports_with(spine: Spine, reads: list[Read]) -> list[str]:
    """Exports whose search finds one of these reads: a file cannot be erased in part, so all of it goes."""
    async with spine.db.connection() as connection:
        rows = await store.exports_of(connection, moment(min(read.captured_at for read in reads)))
    found = []
    for row in rows:
        if row["criteria"] is None:
            continue
        criteria = msgspec.convert(row["criteria"], Criteria)
        cameras = await places.cameras_in(spine.db, criteria)
        if any(history.covers(criteria, read, cameras) for read in reads):
            found.append(row["id"])
    return found


async def _restrict(
    spine: Spine, caller: Caller, lawful: Lawful, question: ErasureQuestion, reads: list[Read], restriction: str
) -> dict[str, int]:
    """Set aside: a copy without pictures, and out of the history. The pictures stay where they are; nothing refers to them meanwhile."""
    made, hashes, _ = await copy(spine, lawful, reads, pictures=False)
    now = moment(spine.clock())
    values = {
        "id": restriction, "kind": "restriction", "agency": caller.agency, "case_reference": question.reference, "reason": question.reason,
        "authority": question.authority, "criteria": {}, "subjects": [], "created_by": caller.id, "created_by_name": caller.username,
        "created_at": now, "review_at": moment(spine.clock() + RESTRICTED_DAYS * 86_400_000), "reads": len(reads), "pictures": 0,
        "pictures_missing": 0, "digest": digest(hashes),
    }  # fmt: skip
    async with spine.db.transaction() as connection:
        await copies.add(connection, values, made, [read.id for read in reads], now)
    return {table: await store.delete_from(spine.columnar, table, reads) for table in store.READS}


async def lift(spine: Spine, caller: Caller, restriction: str, reason: str) -> int:
    """Put restricted reads back into the history; how many. Those past their time by now are gone.

    Raises:
        NoSuchPreservationError: no restriction of the caller's agency that is in force.
    """
    async with copies.holding(spine.db):
        row = await copies.one(spine.db, restriction, caller.agency)
        if row is None or row["kind"] != "restriction" or row["released_at"] is not None:
            raise NoSuchPreservationError("there is no such restriction in force")
        kept = [decode_kept(body) for body in await copies.bodies(spine.db, restriction)]
        since = spine.clock() - intake_settings().retention_days * 86_400_000
        back = [one for one in kept if one.read.captured_at >= since]
        if back:
            await insert_reads(spine.columnar, pa.Table.from_pylist([_row(one.read, one.evidence) for one in back], READS))
        async with spine.db.transaction() as connection:
            _, objects = await copies.let_go(connection, restriction)
            await copies.change(
                connection, restriction, {"released_at": moment(spine.clock()), "released_by": caller.id, "release_reason": reason}
            )
            await audit.record(
                connection, caller.actor, "alteration", "anpr.erasures.lift", why=Purpose("", row["case_reference"]),
                detail={"preservation": restriction, "reads": len(back), "reason": reason},
            )  # fmt: skip
        for place in objects:
            await spine.blobs.shred(place)
    return len(back)


def _row(read: Read, evidence: Evidence | None) -> dict[str, Any]:
    """A read as it came in."""
    pictures = {p.kind: {"ref": p.ref, "sha256": bytes.fromhex(p.sha256)} for p in evidence.pictures} if evidence else {}
    characters = evidence.characters if evidence else ()
    variants = evidence.variants if evidence else ()
    return {
        "camera": read.camera, "captured_at": read.captured_at, "received_at": evidence.received_at if evidence else read.captured_at,
        "vrm": read.vrm, "seen_as": read.seen_as, "confidence": round(read.confidence * 1000), "direction": read.direction,
        "lane": read.lane, "make": read.make, "model": read.model, "colour": read.colour, "vehicle_class": read.vehicle_class,
        "first_key": read.first_key, "version": read.version, "replaces": "", "car": "",
        "characters": b"".join(value.encode() + bytes([round(sure * 100)]) for value, sure in characters),
        "variant_vrms": [vrm for vrm, _ in variants], "variant_confidences": [round(sure * 1000) for _, sure in variants],
        "plate_picture": pictures.get("plate"), "overview_picture": pictures.get("overview"), "event_key": 0,
    }  # fmt: skip
