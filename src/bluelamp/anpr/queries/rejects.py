"""What sources sent that could not become a read. Plates stand in it, so every look is an audit entry."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from bluelamp.anpr.domain import Capture, SourceTerms
from bluelamp.anpr.errors import NoSuchRejectError, NotThisFormatError
from bluelamp.anpr.gateways import Payload
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.anpr.store import rejects as store
from bluelamp.anpr.store import sources
from bluelamp.anpr.store.rejects import Reject
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database

EXCERPT_BYTES_MAX = 20_000


class Understood(NamedTuple):
    """What the source's format makes of an item today."""

    camera: str
    plate: str
    captured_at: str
    confidence: float
    position: tuple[float, float] | None
    """Longitude and latitude that the camera claims: a help in registering it."""


class RejectView(NamedTuple):
    """A reject with what it holds."""

    reject: Reject
    body: str
    """The item as text, cut at `EXCERPT_BYTES_MAX`; what is no text is replaced."""
    understood: Understood | None
    """None where the format makes nothing of it."""


async def rejects(
    db: Database, agency: str | None, source: int | None = None, code: str = "", before: int = 1 << 62, count: int = 100
) -> list[Reject]:
    """Newest first, without their bytes."""
    return await store.rejects(db, agency, source, code, before, count)


async def tallies(db: Database, agency: str | None) -> list[tuple[int, str, int]]:
    """Source, code and number of rejects kept."""
    return await store.tallies(db, agency)


async def reject(spine: Spine, actor: Actor, number: int, agency: str | None) -> RejectView:
    """One reject, opened. Raises `NoSuchRejectError`: not there, or of another agency's source."""
    found = await store.reject(spine.db, number)
    if found is None or (agency is not None and found[2] != agency):
        raise NoSuchRejectError("there is no such reject in your agency")
    kept, raw, _ = found
    source = await sources.source(spine.db, kept.source)
    understood = _understood(raw, source) if source else None
    subjects = (f"reject:{number}", *((understood.plate[:40],) if understood and understood.plate else ()))
    intent = await audit.intend(spine.db, actor, "anpr.rejects.view", subjects=subjects)
    await audit.conclude(spine.db, intent, "answered", 1)
    return RejectView(kept, raw[:EXCERPT_BYTES_MAX].decode("utf-8", "replace"), understood)


def _understood(raw: bytes, source: sources.Source) -> Understood | None:
    terms = SourceTerms(ZoneInfo(source.timezone), source.date_order)  # type: ignore[arg-type]
    try:
        items = FORMATS[source.format].parse(Payload(raw, "", terms))
    except NotThisFormatError:
        return None
    if len(items) != 1 or not isinstance(items[0].outcome, Capture):
        return None
    capture = items[0].outcome
    try:
        captured_at = to_rfc3339(capture.captured_at)
    except (ValueError, OverflowError, OSError):
        captured_at = ""
    return Understood(capture.camera, capture.plate, captured_at, capture.confidence, capture.position)
