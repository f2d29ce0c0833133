"""Preserving reads for a case, holding them, and letting them go: every step with its authority and its entry in the audit."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from bluelamp.anpr.access import PRESERVATION_MAKE
from bluelamp.anpr.actions.criteria import DAY_MS
from bluelamp.anpr.domain import Read
from bluelamp.anpr.errors import (
    AlreadyReleasedError,
    BadPlateError,
    BadWindowError,
    CriteriaClashError,
    ExportTooLargeError,
    NoSuchPreservationError,
    NoSuchReadError,
    SecondPersonNeededError,
    UnderHoldError,
)
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.queries import history, searches
from bluelamp.anpr.queries.lawful import duty
from bluelamp.anpr.schemas.preservation import PreservationQuestion
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.settings import history_settings
from bluelamp.anpr.store import preservation as store
from bluelamp.anpr.store.evidence import Evidence, evidence_of, key_of
from bluelamp.anpr.store.pictures import PictureStore
from bluelamp.anpr.store.places import CameraView, camera_views
from bluelamp.anpr.store.preservation import Copy, Kept
from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.kit.vrm import VrmError, normalise
from bluelamp.spine import audit
from bluelamp.spine.audit import Purpose
from bluelamp.spine.encryption.errors import SealBrokenError
from bluelamp.spine.errors import InvalidError, NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

REVIEW_DAYS_MAX = 366
"""Nothing is kept for ever by forgetting it: somebody looks at every preservation at least once a year."""


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def plate_of(text: str) -> str:
    """Raises `BadPlateError`."""
    try:
        return normalise(text)
    except VrmError as error:
        raise BadPlateError(str(error)) from None


async def preserve(spine: Spine, caller: Caller, question: PreservationQuestion) -> Record:
    """Copy reads and their pictures for a case.

    Raises:
        NoSuchReadError: nothing is found to preserve.
        ExportTooLargeError: more reads than one preservation may hold; none is copied.
    """
    now = moment(spine.clock())
    if not now < question.review_at <= moment(spine.clock() + REVIEW_DAYS_MAX * DAY_MS):
        raise InvalidError(f"say when this is to be reviewed: 'review_at' within {REVIEW_DAYS_MAX} days from now")
    criteria, lawful = await _criteria(spine, caller, question)
    why = Purpose("", question.case_reference)
    subjects = criteria.subjects
    intent = await audit.intend(
        spine.db, caller.actor, "anpr.preservations.gather", subjects=subjects, why=why, detail=searches.described(criteria)
    )
    async with store.holding(spine.db):
        reads = await searches.recorded(spine, intent, lambda: _reads(spine, lawful, criteria, question.reads), len)
        copies, hashes, missing = await copy(spine, lawful, reads)
        values = {
            "id": new_id(), "kind": "case", "agency": caller.agency, "case_reference": question.case_reference.strip(),
            "reason": question.reason, "authority": question.authority, "criteria": searches.described(criteria),
            "subjects": list(subjects), "created_by": caller.id, "created_by_name": caller.username, "created_at": now,
            "review_at": question.review_at, "reads": len(reads), "pictures": sum(len(c.pictures) for c in copies),
            "pictures_missing": missing, "digest": digest(hashes),
        }  # fmt: skip
        async with spine.db.transaction() as connection:
            await store.add(connection, values, copies, [read.id for read in reads], now)
            told = {name: values[name] for name in ("reads", "pictures", "pictures_missing", "digest", "authority", "reason")}
            await audit.record(
                connection, caller.actor, "alteration", "anpr.preservations.make", subjects=subjects, why=why,
                detail={"preservation": values["id"], **told, **searches.described(criteria)},
            )  # fmt: skip
    return await _own(spine, caller, str(values["id"]))


async def _criteria(spine: Spine, caller: Caller, question: PreservationQuestion) -> tuple[Criteria, Lawful]:
    """Which reads, and what policy opens for it: what the search opens to its caller now, or what the duty to preserve does."""
    if bool(question.search) == bool(question.vrm):
        raise CriteriaClashError("name what to preserve: a search (with or without some of its reads), or a plate with 'from' and 'to'")
    if question.search:
        _, ruling = await searches.ruled(spine, caller, question.search, searches.RUN)
        return ruling.criteria, ruling.lawful
    if question.start is None or question.end is None or question.start >= question.end:
        raise BadWindowError("a plate is preserved for a period: 'from' before 'to'")
    criteria = Criteria(start=to_ms(question.start), end=to_ms(question.end), vrms=(plate_of(question.vrm or ""),))
    return criteria, await duty(spine, caller, PRESERVATION_MAKE, criteria, Purpose("", question.case_reference))


async def _reads(spine: Spine, lawful: Lawful, criteria: Criteria, chosen: list[str] | None) -> list[Read]:
    most = history_settings().export_reads_max
    found, more = await history.find_all(spine, lawful, criteria, most)
    if more:
        raise ExportTooLargeError(f"more than {most} reads: narrow it, or preserve them in parts", reads_max=most)
    reads = [one.read for one in found]
    if chosen is not None:
        wanted = set(chosen)
        reads = [read for read in reads if read.id in wanted]
        if len(reads) < len(wanted):
            raise NoSuchReadError("the search does not find all of these reads: nothing was preserved")
    if not reads:
        raise NoSuchReadError("there is nothing to preserve: no read is found, or all are past their time")
    return sorted(reads, key=lambda read: read.id)


def digest(hashes: list[bytes]) -> str:
    return hashlib.sha256(b"".join(hashes)).hexdigest()


async def copy(spine: Spine, lawful: Lawful, reads: list[Read], *, pictures: bool = True) -> tuple[list[Copy], list[bytes], int]:
    """Copies of those reads that have none yet, the hashes of all in order, and how many pictures could not be copied."""
    known = await store.known(spine.db, [read.id for read in reads])
    copies: dict[str, Copy] = {}
    missing = 0
    source = PictureStore(spine.blobs)
    fresh = [read for read in reads if read.id not in known]
    for start in range(0, len(fresh), 500):
        some = fresh[start : start + 500]
        evidence = await evidence_of(spine.columnar, some, lawful)
        cameras = await camera_views(spine.db, (read.camera for read in some))
        for read in some:
            kept = _kept(read, evidence.get(key_of(read)), cameras.get(read.camera))
            copied, lost = await _copy_pictures(spine, source, kept) if pictures else ((), 0)
            missing += lost
            body = kept.encode()
            copies[read.id] = Copy(read.id, read.vrm, moment(read.captured_at), body, hashlib.sha256(body).digest(), copied)
    hashes = [known[read.id] if read.id in known else copies[read.id].sha256 for read in reads]
    return list(copies.values()), hashes, missing


def _kept(read: Read, evidence: Evidence | None, camera: CameraView | None) -> Kept:
    if camera is None:
        return Kept(read, evidence, "", "", "", None)
    return Kept(read, evidence, camera.name, camera.agency, camera.road, (camera.longitude, camera.latitude))


def group_of(read: Read) -> str:
    """The group of data keys that seal the copies of a day's pictures; its name begins their objects' names."""
    return f"preserved/{moment(read.captured_at).date().isoformat()}"


async def _copy_pictures(spine: Spine, source: PictureStore, kept: Kept) -> tuple[tuple[tuple[str, str, str, int], ...], int]:
    """Copies only what is still what its hash says."""
    done: list[tuple[str, str, str, int]] = []
    missing = 0
    for picture in kept.evidence.pictures if kept.evidence else ():
        try:
            content = await source.fetch(picture.ref)
        except (NotFoundError, SealBrokenError):
            missing += 1
            continue
        if hashlib.sha256(content).hexdigest() != picture.sha256:
            missing += 1
            continue
        place = f"{group_of(kept.read)}/{kept.read.id}-{picture.kind}"
        await spine.blobs.vault.put(group_of(kept.read), place, content)
        done.append((picture.ref, place, picture.sha256, len(content)))
    return tuple(done), missing


async def _own(spine: Spine, caller: Caller, preservation: str) -> Record:
    row = await store.one(spine.db, preservation, caller.agency)
    if row is None:
        raise NoSuchPreservationError("there is no such preservation")
    return row


async def _change(spine: Spine, caller: Caller, preservation: str, action: str, reason: str, decide: Any) -> Record:
    """One change of a preservation that is in force; `decide` says which columns take which values."""
    async with spine.db.transaction() as connection:
        row = await store.one(connection, preservation, caller.agency, lock=True)
        if row is None:
            raise NoSuchPreservationError("there is no such preservation")
        if row["released_at"] is not None:
            raise AlreadyReleasedError("this preservation was released; its copies are gone unless another case holds them")
        values, detail = decide(row)
        await store.change(connection, preservation, values)
        await audit.record(
            connection, caller.actor, "alteration", action, subjects=tuple(row["subjects"]), why=Purpose("", row["case_reference"]),
            detail={"preservation": preservation, "reason": reason, **detail},
        )  # fmt: skip
    return await _own(spine, caller, preservation)


async def hold(spine: Spine, caller: Caller, preservation: str, reason: str) -> Record:
    """Put a legal hold on it: no release and no erasure until two people have lifted it."""

    def decide(row: Record) -> tuple[dict[str, Any], dict[str, Any]]:
        if row["held_at"] is not None:
            raise UnderHoldError("there is a legal hold on this already")
        return {
            "hold_reason": reason, "held_by": caller.id, "held_by_name": caller.username, "held_at": moment(spine.clock()),
        }, {}  # fmt: skip

    return await _change(spine, caller, preservation, "anpr.preservations.hold", reason, decide)


async def lift(spine: Spine, caller: Caller, preservation: str, reason: str) -> Record:
    """Ask for a legal hold to be lifted, or, as a second person, lift it.

    Raises:
        SecondPersonNeededError: who asked cannot be the second.
    """

    def decide(row: Record) -> tuple[dict[str, Any], dict[str, Any]]:
        if row["held_at"] is None:
            raise InvalidError("there is no legal hold on this")
        if row["lift_asked_by"] is None:
            asked = {"lift_reason": reason, "lift_asked_by": caller.id, "lift_asked_by_name": caller.username}
            return asked | {"lift_asked_at": moment(spine.clock())}, {"step": "asked"}
        if row["lift_asked_by"] == caller.id:
            raise SecondPersonNeededError("you have asked for this yourself: a second person lifts the hold")
        names = ("held_by", "held_by_name", "held_at", "lift_asked_by", "lift_asked_by_name", "lift_asked_at")
        lifted = {"hold_reason": "", "lift_reason": "", **dict.fromkeys(names)}
        return lifted, {"step": "lifted", "asked_by": row["lift_asked_by"], "held_by": row["held_by"]}

    return await _change(spine, caller, preservation, "anpr.preservations.lift", reason, decide)


async def review(spine: Spine, caller: Caller, preservation: str, review_at: datetime, reason: str) -> Record:
    """Note that it was looked at and is still needed, and when to look again."""

    def decide(row: Record) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ARG001 - as every decision is asked
        if not moment(spine.clock()) < review_at <= moment(spine.clock() + REVIEW_DAYS_MAX * DAY_MS):
            raise InvalidError(f"the next review is within {REVIEW_DAYS_MAX} days from now")
        return {"review_at": review_at, "reminded_at": None}, {"review_at": review_at.isoformat()}

    return await _change(spine, caller, preservation, "anpr.preservations.review", reason, decide)


async def release(spine: Spine, caller: Caller, preservation: str, reason: str) -> tuple[int, int, int]:
    """Let a case's reads go: copies that no other case holds are deleted. Returns copies, pictures, and reads still held.

    The originals, if they are not past their time, stay until then like every other read.
    """
    async with store.holding(spine.db):
        async with spine.db.transaction() as connection:
            row = await store.one(connection, preservation, caller.agency, lock=True)
            if row is None:
                raise NoSuchPreservationError("there is no such preservation")
            if row["released_at"] is not None:
                raise AlreadyReleasedError("this preservation was released before")
            if row["held_at"] is not None:
                raise UnderHoldError("there is a legal hold on this: it is lifted by two people before anything is released")
            if row["kind"] == "restriction":
                raise InvalidError("this is a restriction: it ends with its reads, when they are past their time")
            erased, objects = await store.let_go(connection, preservation)
            now = moment(spine.clock())
            released = {"released_at": now, "released_by": caller.id, "release_reason": reason}
            await store.change(connection, preservation, released)
            counts = {"erased": erased, "pictures": len(objects), "still_held": row["reads"] - erased, "digest": row["digest"]}
            await audit.record(
                connection, caller.actor, "erasure", "anpr.preservations.release", subjects=tuple(row["subjects"]),
                why=Purpose("", row["case_reference"]), detail={"preservation": preservation, "reason": reason, **counts},
            )  # fmt: skip
        for place in objects:
            await spine.blobs.shred(place)
    await store.vacuum(spine.db)
    return erased, len(objects), row["reads"] - erased
