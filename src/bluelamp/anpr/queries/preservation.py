"""Preserved reads in the answers of searches: only to who names the case as the reason, marked as preserved, pictures included.

Reads within the retention are answered from the history; beyond it, a search by the case's own people finds the copies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bluelamp.anpr.access import PRESERVATION_VIEW
from bluelamp.anpr.domain import Read
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.queries import history
from bluelamp.anpr.queries.shown import image_href, shown_all
from bluelamp.anpr.schemas.searches import ImageShown, PreservedIn, ReadShown
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.searching.ranking import Found, Position
from bluelamp.anpr.searching.tolerance import candidates
from bluelamp.anpr.settings import intake_settings
from bluelamp.anpr.store import places
from bluelamp.anpr.store import preservation as store
from bluelamp.anpr.store.evidence import Evidence
from bluelamp.anpr.store.pictures import PictureStore
from bluelamp.anpr.store.preservation import Kept, decode_kept
from bluelamp.anpr.store.searches import Search
from bluelamp.kit.clock import to_ms, to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.audit import Purpose
from bluelamp.spine.deciding import facts_of
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

KEPT_MAX = 10_000
DAY_MS = 86_400_000

Preserved = dict[str, tuple[Kept, PreservedIn]]
"""Copies by the id of their read, with the preservation that holds each."""


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


async def preserved(spine: Spine, caller: Caller, criteria: Criteria, why: Purpose) -> Preserved:
    """What the case named by the reason keeps of the reads that the criteria ask for and the history no longer has."""
    kept_from = spine.clock() - intake_settings().retention_days * DAY_MS
    end = min(criteria.end, kept_from)
    if criteria.start >= end or not why.reference.strip() or not caller.may(PRESERVATION_VIEW):
        return {}
    if not spine.policy.decide(facts_of(caller, PRESERVATION_VIEW, purpose=why.purpose, relation="own")).allowed:
        return {}
    rows = await store.of_case(spine.db, caller.agency, why.reference.strip(), _moment(criteria.start), _moment(end), KEPT_MAX)
    if not rows:
        return {}
    cameras = await places.cameras_in(spine.db, criteria)
    found: Preserved = {}
    for row in rows:
        kept = decode_kept(row["body"])
        if history.covers(criteria, kept.read, cameras):
            held = PreservedIn(id=row["id"], case_reference=row["case_reference"], review_at=to_rfc3339(to_ms(row["review_at"])))
            found[row["read"]] = (kept, held)
    return found


def merged(found: list[Found], kept: Preserved, criteria: Criteria, after: Position | None, limit: int) -> list[Found]:
    """A page of the history with the preserved reads in their places."""
    if not kept:
        return found[:limit]
    extra = [Found(k.read, _likelihood(criteria, k.read)) for k, _ in kept.values()]
    here = {one.read.id for one in found}
    extra = [one for one in extra if one.read.id not in here and (after is None or one.position > after)]
    return sorted([*found, *extra], key=lambda one: one.position)[:limit]


def _likelihood(criteria: Criteria, read: Read) -> int:
    if not criteria.vrms:
        return 1000
    return max(round(candidates(vrm, criteria.tolerance).get(read.vrm, 0.0) * 1000) for vrm in criteria.vrms)


async def shown(spine: Spine, lawful: Lawful, found: list[Found], kept: Preserved, search: str) -> list[ReadShown]:
    """Reads for an answer; preserved ones are marked, and their pictures are the copies."""
    items = await shown_all(spine, lawful, found, search)
    return [_marked(item, *kept[item.id], search) if item.id in kept else item for item in items]


def _marked(item: ReadShown, kept: Kept, held: PreservedIn, search: str) -> ReadShown:
    pictures = kept.evidence.pictures if kept.evidence else ()
    images: list[Any] = [ImageShown(kind=p.kind, href=image_href(p.ref, search, item.id), sha256=p.sha256) for p in pictures]
    return item.model_copy(update={"preserved": held, "images": images})


async def kept_read(spine: Spine, caller: Caller, search: Search, read: str) -> tuple[Read, Evidence | None] | None:
    """A read that a search of this person shows because a case preserves it."""
    found = (await preserved(spine, caller, search.criteria, search.why)).get(read)
    return (found[0].read, found[0].evidence) if found else None


async def picture(spine: Spine, ref: str) -> bytes:
    """A picture by its reference: the original, or where that is gone the copy of a case. Who may see it is settled before.

    Raises:
        NotFoundError: neither is there.
    """
    try:
        return await PictureStore(spine.blobs).fetch(ref)
    except NotFoundError:
        row = await store.picture(spine.db, ref)
        if row is None:
            raise
        place: str = row["object"]
        return await spine.blobs.vault.get(place.rpartition("/")[0], place)


async def listed(spine: Spine, caller: Caller, *, released: bool, before: str, count: int) -> list[Record]:
    """The agency's preservations, newest first; the look is on record."""
    intent = await audit.intend(spine.db, caller.actor, PRESERVATION_VIEW, detail={"released": released})
    rows = await store.listed(spine.db, caller.agency, released=released, before=before, count=count)
    await audit.conclude(spine.db, intent, "answered", len(rows))
    return rows


async def opened(spine: Spine, caller: Caller, preservation: str) -> Record | None:
    """One of the agency's; the look is on record."""
    row = await store.one(spine.db, preservation, caller.agency)
    if row is not None:
        why = Purpose("", row["case_reference"])
        intent = await audit.intend(
            spine.db, caller.actor, PRESERVATION_VIEW, subjects=tuple(row["subjects"]), why=why, detail={"preservation": preservation}
        )
        await audit.conclude(spine.db, intent, "answered", 1)
    return row
