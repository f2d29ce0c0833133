"""Replay: a large incident as it was at any second. `python -m bench incidents --size S`; size 1 is 100,000 events.

The events are those of a long day: 300 resources whose states change, 120 casualties, drawings, chat and log. They are put into the
platform's own tables in bulk, with a snapshot where the platform would have made one; the questions go through the platform's own code.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from pathlib import Path
from typing import Any

from bench.audit import server
from bench.table import Row, percentile
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.incidents.domain.fold import Event, apply
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.log import queries, store
from bluelamp.incidents.log.actions import SNAPSHOT_EVERY
from bluelamp.incidents.log.states import bring_forward
from bluelamp.kit.ids import new_id
from bluelamp.spine import relational
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.http import Caller
from bluelamp.spine.identity import actions as identity
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database

EVENTS = 100_000
ASKED = 300
TARGET_MS = 300.0
BEGAN = 1_770_000_000_000
STEP_MS = 800
RESOURCES, CASUALTIES, FEATURES = 300, 120, 80
INCIDENT = "01BENCHREPLAY0000000000000"
PLACE = {"said": "M6 J36", "latitude": 54.23, "longitude": -2.718, "source": "map"}


def run(size: float) -> list[Row]:
    with server() as (data, url):
        return asyncio.run(_measure(data, url, max(2_000, int(EVENTS * size))))


async def _measure(data: Path, url: str, count: int) -> list[Row]:
    db = await Database.open(url, 4)
    await relational.migrate(db, migrations_of(MODULES, "postgres"))
    final = await _fill(db, count)
    nothing: Any = None
    spine = Spine(PlatformSettings(data=data), db, nothing, nothing, nothing, nothing)
    caller = Caller("u1", "control", "Bench", "KEN", frozenset({"control"}), frozenset())
    dice, took, sizes = random.Random(4), [], []
    gc.collect()  # as `bluelamp serve` does, so that no pause of the collector is measured that it does not have
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    moments = [dice.randrange(BEGAN, BEGAN + count * STEP_MS) for _ in range(ASKED)]
    for moment in moments:
        began = time.perf_counter()
        shown = await queries.shown(spine, caller, INCIDENT, at_ms=moment)
        answer = IncidentState.model_validate(shown).model_dump_json()  # as the door does
        took.append((time.perf_counter() - began) * 1000)
        sizes.append(len(answer))
    whole = []
    for _ in range(3):
        began, state = time.perf_counter(), IncidentState(id=INCIDENT)
        await bring_forward(db, state, count)
        whole.append((time.perf_counter() - began) * 1000)
        assert state == final, "the fold of the same events is the same state"
    p50, p99, fold = percentile(took, 0.5), percentile(took, 0.99), percentile(whole, 0.5)
    await db.close()
    what = f"an incident of {count:,} events as it was at a random moment ({sum(sizes) / len(sizes) / 1024:.0f} KB of answer)"
    against = f"folding all of it {fold:,.0f} ms"
    return [
        Row(f"{what}, p50", f"{p50:.0f} ms", against, f"{p50 / fold:.3f}", "300 ms", p50 <= TARGET_MS),
        Row("the same, p99", f"{p99:.0f} ms", against, f"{p99 / fold:.3f}", "300 ms", p99 <= TARGET_MS),
        Row("the same, the slowest", f"{max(took):.0f} ms", against, f"{max(took) / fold:.3f}"),
    ]


async def _fill(db: Database, count: int) -> IncidentState:
    """The log, its snapshots and the rows that questions need; the state at its end."""
    async with db.transaction() as connection:
        await connection.execute("INSERT INTO agencies (code, name) VALUES ('KEN', 'Kentmere') ON CONFLICT DO NOTHING")
        await identity.create_user(connection, identity.PLATFORM, "control", "Bench", "KEN", frozenset({"control"}))
    state, dice, waiting = (
        IncidentState(id=INCIDENT, number="KEN-1", lead="KEN", title="Bench", type="other", grade="emergency"),
        random.Random(1),
        [],
    )
    async with db.transaction() as connection:
        await store.add_incident(connection, state, BEGAN)
        state = IncidentState(id=INCIDENT)
        for sequence in range(1, count + 1):
            event = _event(sequence, dice)
            apply(state, event)
            waiting.append(event)
            if sequence % SNAPSHOT_EVERY == 0:
                await store.keep_snapshot(connection, state, event.at)
            if len(waiting) == 5_000 or sequence == count:
                await store.add_events(connection, waiting)
                waiting = []
        await store.keep_row(connection, state, BEGAN + count * STEP_MS)
        await store.keep_agencies(connection, state)
    await db.execute("ANALYZE incident_events")
    return state


def _event(sequence: int, dice: random.Random) -> Event:
    kind, data = _said(sequence, dice)
    at = BEGAN + sequence * STEP_MS
    return Event(
        INCIDENT, sequence, f"E{sequence:025d}", kind, at, at - dice.randrange(2_000), "u1", "Bench", "KEN", f"KN{dice.randrange(300)}",
        "", (), data,
    )  # fmt: skip


def _said(sequence: int, dice: random.Random) -> tuple[str, dict[str, Any]]:
    if sequence == 1:
        return "incident.opened", {
            "number": "KEN-1", "title": "Bench", "type": "other", "grade": "emergency", "place": PLACE, "lead": "KEN", "source": "call",
        }  # fmt: skip
    if sequence <= 1 + RESOURCES:
        return "resource.assigned", {"resource": f"R{sequence:09d}", "call_sign": f"KN{sequence}", "agency": "KEN", "resource_type": "car"}
    chosen = dice.random()
    place = PLACE | {"latitude": 54.2 + dice.random() / 10, "longitude": -2.7 - dice.random() / 10}
    if chosen < 0.45:
        status = dice.choice(["en_route", "at_scene", "committed", "available"])
        return "resource.status", {"resource": f"R{dice.randrange(2, 2 + RESOURCES):09d}", "code": "6", "status": status}
    if chosen < 0.50:
        category = dice.choice(["P1", "P2", "P3", "dead"])
        return "casualty.triaged", {"casualty": f"C{dice.randrange(CASUALTIES):09d}", "tool": "TST", "category": category, "place": place}
    if chosen < 0.53:
        ring = [[place["longitude"] + x / 1000, place["latitude"] + y / 1000] for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        return "feature.drawn", {"feature": f"F{dice.randrange(FEATURES):09d}", "type": "outer_cordon", "geometry": geometry}
    return dice.choice(["log.written", "chat.said"]), {"text": f"Message {sequence}: {new_id()} on the way to the rendezvous point."}
