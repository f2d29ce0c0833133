"""Puts up what must be reviewed: findings and overrides at once, the sample of a day when the day is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bluelamp.accountability.reviews import looks, store
from bluelamp.accountability.reviews.domain import Item
from bluelamp.accountability.reviews.drawing import draw_day
from bluelamp.accountability.reviews.settings import review_settings
from bluelamp.spine import audit
from bluelamp.spine.audit.entries import Wanted
from bluelamp.spine.module import Job, Spine
from bluelamp.spine.relational import Record

GRACE = timedelta(hours=1)
"""After midnight, so that entries whose transactions took long are there."""
CATCH_UP_DAYS = 7


async def put_up_all(spine: Spine) -> None:
    """One round."""
    await put_up_grave(spine)
    now = datetime.fromtimestamp(spine.clock() / 1000, UTC) - GRACE
    days = [now.date() - timedelta(days=back) for back in range(CATCH_UP_DAYS, 0, -1)]
    for agency in await store.agencies(spine.db):
        done = await store.drawn_days(spine.db, agency, days[0])
        for day in days:
            if day not in done:
                await draw_day(spine, agency, day, review_settings())
    await _forget(spine)


async def put_up_grave(spine: Spine) -> None:
    """Every finding and every override: no rate applies to them."""
    found = [*map(_of_finding, await store.open_findings(spine.db))]
    found += [await _of_override(spine, row) for row in await store.overrides_due(spine.db)]
    for item in found:
        async with spine.db.transaction() as connection:
            if review := await store.put_up(connection, item):
                detail = {"review": review, "kind": item.kind, "source": item.source}
                actor = audit.SYSTEM._replace(agency=item.agency)
                await audit.record(
                    connection, actor, "combination", "reviews.reviews.put_up", subjects=(review, item.person), detail=detail
                )


def _of_finding(row: Record) -> Item:
    return Item(
        kind="finding", source=row["id"], agency=row["agency"], person=row["person"], username=row["username"], roles=(row["role"],),
        unit=row["unit"], rank="", manager=row["manager"], risk=float(row["score"]), looked_at=row["last_look"],
        entries=tuple(row["entries"]), subjects=tuple(row["subjects"]), purpose="", reference="", reasons=tuple(row["signals"]),
    )  # fmt: skip


async def _of_override(spine: Spine, row: Record) -> Item:
    posts = await store.posts_at(spine.db, row["agency"], [row["person"]], row["asked_at"])
    post = posts.get(row["person"])
    # An outcome may be a moment late, and so may the last look.
    over = min(row["ended_at"] or row["expires_at"], row["expires_at"]) + timedelta(minutes=1)
    under = Wanted(actors=(row["person"],), reference=row["reference"], since=row["asked_at"], until=over)
    taken = await looks.newest(spine, row["agency"], under, looks.ENTRIES_MAX)
    why = f"Emergency override, without authority beforehand. Grounds given: {row['grounds']}"
    return Item(
        kind="override", source=row["id"], agency=row["agency"], person=row["person"], username=row["username"],
        roles=tuple(post["roles"]) if post else (), unit=post["unit"] if post else "", rank=post["rank"] if post else "",
        manager=row["manager"], risk=1.0, looked_at=row["asked_at"], entries=tuple(look.entry for look in taken),
        subjects=(*row["vrms"], *((row["pattern"],) if row["pattern"] else ())), purpose=row["purpose"], reference=row["reference"],
        reasons=({"name": "override", "score": 1, "why": why},),
    )  # fmt: skip


async def _forget(spine: Spine) -> None:
    async with spine.db.transaction() as connection:
        if gone := await store.forget(connection, review_settings().keep_days):
            await audit.record(
                connection, audit.SYSTEM, "erasure", "reviews.reviews.forget", subjects=tuple(gone[:1000]), detail={"reviews": len(gone)}
            )


PUT_UP = Job("reviews", 60, put_up_all)
