"""Replaying rejects after their cause was mended, and keeping them within bounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from bluelamp.anpr.store import rejects as store
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine

REPLAY_MAX = 10_000
AT_ONCE = 200
"""Items that share a commit; in the order they came, so that a car's events keep theirs."""

PER_SOURCE_MAX = 100_000
BYTES_PER_SOURCE_MAX = 1 << 30
DAYS_MAX = 90
"""Rejects hold plates: what nobody mends in this time nobody will."""


Resend = Callable[[int, list[bytes]], Awaitable[Sequence[object]]]
"""Sends items of a source through the intake again; for each its account, or the exception that kept it from being tried."""


class Replayed(NamedTuple):
    """What became of a replay; `more`: there are further rejects of that kind, which another replay takes."""

    replayed: int
    accepted: int
    still_rejected: int
    more: bool


async def replay(spine: Spine, actor: Actor, resend: Resend, source: int, ids: list[int] | None, code: str) -> Replayed:
    """Send a source's rejects through the intake again: the given ones, or the oldest `REPLAY_MAX` (of one code).

    An item that becomes a read, or that turns out to be one already, is forgotten; the others stay with their newer reason.

    Raises:
        EngineDownError: the intake could not try; what was replayed before stays replayed.
    """
    done = kept = last = 0
    more = True
    while done + kept < REPLAY_MAX:
        items = await store.to_replay(spine.db, source, ids, code, last, AT_ONCE)
        if not items:
            more = False
            break
        last = items[-1][0]
        outcomes = await resend(source, [raw for _, raw in items])
        became, still = _sorted(items, outcomes)
        async with spine.db.transaction() as connection:
            await store.settle_replay(connection, became, still)
        done, kept = done + len(became), kept + len(still)
        if len(became) + len(still) < len(items):
            raise EngineDownError(f"the intake stopped answering; {done} items are replayed, repeat this for the others")
    async with spine.db.transaction() as connection:
        detail = {"code": code, "ids": len(ids or []), "accepted": done, "still_rejected": kept}
        await audit.record(connection, actor, "collection", "anpr.rejects.replay", subjects=(f"source:{source}",), detail=detail)
    return Replayed(done + kept, done, kept, more)


def _sorted(items: list[tuple[int, bytes]], outcomes: Sequence[object]) -> tuple[list[int], list[int]]:
    """Ids that need keeping no longer, and ids that do; those that could not be tried are in neither."""
    became: list[int] = []
    still: list[int] = []
    for (number, _), outcome in zip(items, outcomes, strict=True):
        refused = getattr(outcome, "rejected", None)
        if isinstance(outcome, EngineDownError | TimeoutError | OSError | LookupError):
            continue
        if isinstance(outcome, BaseException) or refused:
            still.append(number)
        else:
            became.append(number)
    return became, still


async def trim(spine: Spine) -> None:
    """Give up the oldest rejects of sources over their bounds: a camera that errs for ever fills no disk."""
    async with spine.db.transaction() as connection:
        gone = await store.trim(connection, PER_SOURCE_MAX, BYTES_PER_SOURCE_MAX, DAYS_MAX)
        if gone:
            await audit.record(connection, audit.SYSTEM, "erasure", "anpr.rejects.trim", detail={"items": gone})
