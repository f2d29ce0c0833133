"""Draws the sample of an agency's day, and draws it again for whoever checks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from bluelamp.accountability.reviews import looks, store
from bluelamp.accountability.reviews.domain import Item
from bluelamp.accountability.reviews.sampling import METHOD, Candidate, Draw, Plan, parse_rates, seed_of
from bluelamp.accountability.reviews.settings import ReviewSettings
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import entries
from bluelamp.spine.audit.entries import Scope, Wanted
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

ACTION = "reviews.samples.draw"


async def _drawn(spine: Spine, agency: str, day: date, plan: Plan, roles: dict[str, list[str]], *, know: bool) -> tuple[Draw, list[str]]:
    """The draw over all looks of the day; `know`: roles are filled with those who are not in it yet."""
    draw = Draw(plan)
    _, end = looks.bounds(day)
    async for page in looks.of_day(spine, agency, day):
        if know:
            strangers = sorted({row["actor"] for row in page} - roles.keys())
            posts = await store.posts_at(spine.db, agency, strangers, end)
            roles |= {person: list(posts[person]["roles"]) if person in posts else [] for person in strangers}
        draw.add(Candidate(row["id"], tuple(roles.get(row["actor"], ())), row["purpose"]) for row in page)
    return draw, draw.entries()


async def draw_day(spine: Spine, agency: str, day: date, settings: ReviewSettings) -> str | None:
    """Draw one day and put the sample up for review; the draw's id, or None where the day was drawn before."""
    plan = Plan(seed_of(agency, day.isoformat()), parse_rates(settings.rates), settings.least, settings.most)
    roles: dict[str, list[str]] = {}
    draw, chosen = await _drawn(spine, agency, day, plan, roles, know=True)
    number = new_id()
    values: dict[str, Any] = {
        "id": number, "agency": agency, "period": day, "method": METHOD, "seed": plan.seed, "rates": settings.rates,
        "least": plan.least, "most": plan.most, "roles": roles, "population": draw.population, "entries": chosen,
    }  # fmt: skip
    items = await _items(spine, agency, day, number, chosen)
    async with spine.db.transaction() as connection:
        if not await store.insert_draw(connection, values):
            return None
        for item in items:
            await store.put_up(connection, item)
        actor = audit.SYSTEM._replace(agency=agency)
        await audit.record(connection, actor, "combination", ACTION, subjects=(number,), detail=_recorded(values))
    return number


def _recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit keeps of a draw: the plan, and a hash of what was drawn."""
    plain = {name: values[name] for name in ("method", "seed", "rates", "least", "most", "population")}
    drawn = {"drawn": len(values["entries"]), "sha256": hashlib.sha256("\n".join(values["entries"]).encode()).hexdigest()}
    return plain | drawn | {"period": values["period"].isoformat()}


async def is_as_recorded(spine: Spine, held: Record) -> bool:
    """Whether the draw says what the audit entry of that day said: whoever edits the draw cannot edit that."""
    rows = await entries.newest(spine.db, Scope(agency=held["agency"]), Wanted(subjects=(held["id"],), action=ACTION), looks.NEWEST, 1)
    return [row["detail"] for row in rows] == [_recorded(held)]


async def _items(spine: Spine, agency: str, day: date, draw: str, chosen: list[str]) -> list[Item]:
    """What is put up: the look as the audit tells it, and the post of whoever looked."""
    items = []
    _, end = looks.bounds(day)
    for at in range(0, len(chosen), looks.ENTRIES_MAX):
        found = await looks.of_entries(spine, agency, chosen[at : at + looks.ENTRIES_MAX])
        posts = await store.posts_at(spine.db, agency, sorted({look.person for look in found}), end)
        for look in found:
            post = posts.get(look.person)
            items.append(
                Item(
                    kind="sample", source=look.entry, agency=agency, person=look.person, username=look.username,
                    roles=tuple(post["roles"]) if post else (), unit=post["unit"] if post else "", rank=post["rank"] if post else "",
                    manager=post["manager"] if post else "", risk=0.0, looked_at=look.at, entries=(look.entry,), subjects=look.subjects,
                    purpose=look.purpose, reference=look.reference, draw=draw,
                    reasons=({"name": "sample", "score": 0, "why": f"Drawn by chance from the looks of {day:%d %B %Y}."},),
                )
            )  # fmt: skip
    return items


async def draw_again(spine: Spine, held: Record) -> tuple[int, list[str]]:
    """Population and entries that the same plan draws from the audit now."""
    plan = Plan(held["seed"], parse_rates(held["rates"]), held["least"], held["most"])
    draw, chosen = await _drawn(spine, held["agency"], held["period"], plan, dict(held["roles"]), know=False)
    return draw.population, chosen
