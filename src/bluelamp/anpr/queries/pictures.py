"""One read with its evidence, and one picture: each only to who came by it through a search or a hit, each look recorded."""

from __future__ import annotations

from bluelamp.anpr.access import HITS_VIEW, PICTURES_VIEW
from bluelamp.anpr.domain import Read, parse_read_id
from bluelamp.anpr.errors import NoSuchPictureError, NoSuchReadError
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.queries import history, preservation, searches
from bluelamp.anpr.queries.shown import shown
from bluelamp.anpr.schemas.searches import ReadOpened
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.searching.ranking import Found
from bluelamp.anpr.searching.tolerance import candidates
from bluelamp.anpr.store import history as store
from bluelamp.anpr.store import hits, places
from bluelamp.anpr.store.evidence import Evidence, evidence_of, key_of
from bluelamp.anpr.store.searches import Search
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.audit import NO_PURPOSE, Purpose
from bluelamp.spine.deciding import demand, facts_of
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine


async def _read_in(spine: Spine, caller: Caller, lawful: Lawful, search: Search, text: str) -> tuple[Read, Evidence | None]:
    """A read that a search shows, with its evidence.

    Raises:
        NoSuchReadError: there is none, or the search does not show it.
    """
    missing = NoSuchReadError("the search shows no such read")
    try:
        key = parse_read_id(text)
    except ValueError:
        raise missing from None
    read = await store.read_by_key(spine.columnar, key, lawful)
    if read is None:
        kept = await preservation.kept_read(spine, caller, search, text)
        if kept is None:
            raise missing
        return kept
    evidence = (await evidence_of(spine.columnar, [read], lawful)).get(key_of(read))
    cameras = await places.cameras_in(spine.db, search.criteria)
    if not history.covers(search.criteria, read, cameras) and not _offered(search.criteria, evidence):
        raise missing
    return read, evidence


def _offered(criteria: Criteria, evidence: Evidence | None) -> bool:
    """Whether the camera thought a plate possible that the search is about."""
    return evidence is not None and any(vrm in criteria.vrms for vrm, _ in evidence.variants)


async def open_read(spine: Spine, caller: Caller, text: str, search: str) -> ReadOpened:
    """One read of a search with all its evidence."""
    opened, ruling = await searches.ruled(spine, caller, search, searches.RUN)
    intent = await searches.intend(spine, caller.actor, opened, "anpr.reads.view", ruling)

    async def look() -> ReadOpened:
        read, evidence = await _read_in(spine, caller, ruling.lawful, opened, text)
        views = await places.camera_views(spine.db, [read.camera])
        likelihood = max((candidates(vrm, opened.criteria.tolerance).get(read.vrm, 0.0) for vrm in opened.criteria.vrms), default=1.0)
        item = shown(Found(read, round(likelihood * 1000)), views, {key_of(read): evidence} if evidence else {}, search)
        return ReadOpened(
            **dict(item),
            received_at=to_rfc3339(evidence.received_at) if evidence else None,
            version=read.version,
            characters=[{"value": value, "confidence": sure} for value, sure in evidence.characters] if evidence else [],
            variants=[{"vrm": vrm, "confidence": sure} for vrm, sure in evidence.variants] if evidence else [],
        )

    return await searches.recorded(spine, intent, look, lambda _: 1)


async def open_picture(spine: Spine, caller: Caller, ref: str, search: str, read: str, hit: str) -> bytes:
    """A stored picture (JPEG), to who names the search and read, or the hit, that showed it.

    Raises:
        NoSuchPictureError: there is none, or none that this person came by in that way.
    """
    vrm, why = await (_by_hit(spine, caller, ref, hit) if hit else _by_search(spine, caller, ref, search, read))
    intent = await audit.intend(
        spine.db, caller.actor, "anpr.pictures.view", subjects=(vrm,), why=why,
        detail={"picture": ref, **({"hit": hit} if hit else {"search": search, "read": read})},
    )  # fmt: skip
    return await searches.recorded(spine, intent, lambda: preservation.picture(spine, ref), lambda _: 1)


async def _by_search(spine: Spine, caller: Caller, ref: str, search: str, read: str) -> tuple[str, Purpose]:
    missing = NoSuchPictureError("there is no such picture; open pictures by the link that a search or a hit shows")
    try:
        opened, ruling = await searches.ruled(spine, caller, search, PICTURES_VIEW)
        seen, evidence = await _read_in(spine, caller, ruling.lawful, opened, read)
    except NotFoundError:
        raise missing from None
    if evidence is None or all(picture.ref != ref for picture in evidence.pictures):
        raise missing
    return seen.vrm, opened.why


async def _by_hit(spine: Spine, caller: Caller, ref: str, hit: str) -> tuple[str, Purpose]:
    # The wider of the two that the scope below holds: the agency's own hits and those shared with it.
    await demand(spine, caller, facts_of(caller, HITS_VIEW, relation="shared"))
    seen = await hits.hit_by_id(spine.columnar, hit, await hits.scope_of(spine.db, caller.agency))
    if seen is None or all(image.ref != ref for image in seen.read.images):
        raise NoSuchPictureError("there is no such picture; open pictures by the link that a search or a hit shows")
    return seen.read.vrm, NO_PURPOSE
