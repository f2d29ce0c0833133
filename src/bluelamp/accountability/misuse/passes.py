"""One pass of the always-on detector over one agency, in a process of its own: `python -m bluelamp.accountability.misuse.passes`.

It reads only that agency's looks and directory, so that a finding holds nothing that a supervisor there may not see.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from bluelamp.accountability.misuse import store, weights
from bluelamp.accountability.misuse.cases import Case, Reason, combined
from bluelamp.accountability.misuse.detect import detect
from bluelamp.accountability.misuse.files import normalised
from bluelamp.accountability.misuse.looks import TEXTS, LookBook, Looks
from bluelamp.accountability.misuse.settings import MisuseSettings
from bluelamp.accountability.misuse.weights import Weights
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.relational import Connection, Database, Record

ENTRIES_MAX = 1000
"""Audit entries listed in one finding, the latest; `looks` counts all."""
SUBJECTS_MAX = 100


class Passed(NamedTuple):
    """What a pass did."""

    looks: int
    cases: int
    opened: int
    changed: int


def _role(roles: list[str]) -> str:
    """The role that a person mostly looks as: the one with most to look at."""
    return next((role for role in ("analyst", "control", "officer", "supervisor", "auditor") if role in roles), roles[0] if roles else "")


async def _read(connection: Connection, agency: str, settings: MisuseSettings, people: dict[str, Record]) -> Looks:
    book = LookBook({"subject": normalised})
    async for block in store.looks(connection, agency, timedelta(days=settings.window_days), settings.looks_max):
        rows = [(row, subject) for row in block for subject in (row["subjects"] or [row["pattern"] or ""])[:200]]
        posts = [people.get(row["actor_name"]) for row, _ in rows]
        texts: dict[str, Any] = {name: [""] * len(rows) for name in TEXTS}
        texts |= {name: [row[name] for row, _ in rows] for name in ("action", "purpose", "reference", "place", "device")}
        texts["person"] = [row["actor_name"] for row, _ in rows]
        texts["subject"] = [subject for _, subject in rows]
        texts["role"] = ["" if post is None else _role(post["roles"]) for post in posts]
        texts["unit"] = ["" if post is None else post["unit"] for post in posts]
        texts["agency"] = [agency] * len(rows)
        book.add(
            [int(row["at"].timestamp() * 1000) for row, _ in rows],
            [row["results"] for row, _ in rows],
            [row["number"] for row, _ in rows],
            texts,
        )
    return book.close()


async def run_pass(db: Database, agency: str, number: int, settings: MisuseSettings) -> Passed:
    """Read, detect, keep. `number` is the latest audit entry known to the caller: how far this pass reaches."""
    began = time.monotonic()
    async with db.transaction() as connection:
        people = await store.people(connection, agency)
        looks = await _read(connection, agency, settings, people)
        directory = await store.directory(connection, agency)
        prior = await store.baselines(connection, agency)
        weigh = weights.taught(weights.read(settings.weights_file), await store.reviewed(connection, agency))
    found = detect(looks, directory, weigh, zone=settings.timezone, prior=prior)
    async with db.transaction() as connection:
        opened, changed = await _keep(connection, agency, looks, found.cases, people, weigh)
        if opened:
            await audit.record(
                connection, audit.SYSTEM._replace(agency=agency), "combination", "accountability.findings.open",
                subjects=tuple(opened), detail={"findings": len(opened)},
            )  # fmt: skip
        await store.keep_pass(connection, agency, number, len(looks), time.monotonic() - began, found.learned)
    return Passed(len(looks), len(found.cases), len(opened), changed)


async def _keep(
    connection: Connection, agency: str, looks: Looks, cases: list[Case], people: dict[str, Record], weigh: Weights
) -> tuple[list[str], int]:
    """Write the cases as findings: an open one about the same looks grows, a decided one is opened again only by what is new."""
    numbers = sorted({int(looks.line[row]) for case in cases for row in case.rows})
    ids = await store.entry_ids(connection, numbers)
    held = await store.findings_of(connection, agency, list({case.person for case in cases}))
    opened: list[str] = []
    changed = 0
    for case in cases:
        post = people.get(case.person)
        if post is None:
            continue  # a source or the platform itself, which has no account
        entries = {ids[int(looks.line[row])] for row in case.rows if int(looks.line[row]) in ids}
        overlapping = [f for f in held if f["username"] == case.person and entries & set(f["entries"])]
        standing = next((f for f in overlapping if f["state"] == "open"), None)
        values = _values(looks, case, ids)
        if standing is not None:
            if standing["looks"] != values["looks"] or abs(standing["score"] - values["score"]) > 0.001:
                await store.update_finding(connection, standing["id"], values)
                changed += 1
            continue
        fresh = _fresh(looks, case, ids, overlapping, weigh)
        if fresh is None:
            continue
        opened.append(new_id())
        about = {
            "agency": agency,
            "person": post["id"],
            "username": case.person,
            "manager": post["manager"],
            "role": case.role,
            "unit": case.unit,
        }
        await store.insert_finding(connection, opened[-1], about | _values(looks, fresh, ids))
    return opened, changed


def _fresh(looks: Looks, case: Case, ids: dict[int, str], decided: list[Record], weigh: Weights) -> Case | None:
    """The case without what was decided before; None where too little is left to ask again."""
    if not decided:
        return case
    known = {entry for finding in decided for entry in finding["entries"]}
    cleared = max((f["looks"] for f in decided if f["state"] == "cleared"), default=0)

    def new(rows: Any) -> list[int]:
        return [int(row) for row in rows if ids.get(int(looks.line[row])) not in known]

    left = new(case.rows)
    if not left or len(left) < cleared / 2:
        return None
    reasons: list[Reason] = [reason for reason in case.reasons if new(reason.rows)]
    score = combined([(reason.signal, reason.score) for reason in reasons], weigh)
    if score < weigh.threshold:
        return None
    return case._replace(score=round(score, 4), reasons=reasons, rows=np.array(left))


def _values(looks: Looks, case: Case, ids: dict[int, str]) -> dict[str, Any]:
    def listed(rows: Any) -> list[str]:
        return list(dict.fromkeys(ids[int(looks.line[row])] for row in rows if int(looks.line[row]) in ids))

    entries = listed(case.rows)
    moments = looks.at[case.rows]
    return {
        "score": case.score,
        "signals": [
            {"name": r.signal, "score": r.score, "weighed": r.weighed, "why": r.why, "subject": r.subject, "entries": listed(r.rows)[-50:]}
            for r in case.reasons
        ],
        "subjects": case.subjects[:SUBJECTS_MAX],
        "entries": entries[-ENTRIES_MAX:],
        "looks": max(1, len(entries)),
        "first_look": datetime.fromtimestamp(int(moments.min()) / 1000, UTC),
        "last_look": datetime.fromtimestamp(int(moments.max()) / 1000, UTC),
    }


async def _main() -> None:
    asked = json.loads(sys.stdin.read())
    db = await Database.open(asked["database_url"], connections_max=2)
    try:
        passed = await run_pass(db, asked["agency"], asked["number"], MisuseSettings())
        sys.stdout.write(json.dumps(passed._asdict()))
    finally:
        await db.close()


if __name__ == "__main__":
    os.nice(10)
    asyncio.run(_main())
