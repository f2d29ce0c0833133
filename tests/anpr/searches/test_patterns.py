"""What a pattern finds is what a plain matcher finds in a list of all reads, in the same order, page by page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from bluelamp.anpr.domain import vrm_key
from bluelamp.anpr.lawful import without_decision
from bluelamp.anpr.queries import history
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.searching.patterns import matches, normalise_pattern
from bluelamp.anpr.searching.ranking import Position
from bluelamp.anpr.store.reads import insert_reads
from bluelamp.anpr.tables import READS
from bluelamp.kit.clock import now_ms
from tests.support.platform import RunningPlatform

DAY_MS = 86_400_000
DAYS = 200
PLAIN: dict[str, Any] = {
    "camera": 7, "seen_as": "", "confidence": 900, "direction": "", "lane": 0, "make": "", "model": "", "colour": "", "vehicle_class": "",
    "first_key": 0, "version": 0, "replaces": "", "car": "", "characters": b"", "variant_vrms": [], "variant_confidences": [],
    "plate_picture": None, "overview_picture": None, "event_key": 0,
}  # fmt: skip


class Known(NamedTuple):
    """All reads of plates that carry a tag of this test's, as they should be found."""

    tag: str
    end: int
    reads: list[tuple[str, Position]]
    """Newest first."""


@pytest.fixture(scope="module")
async def known(platform: RunningPlatform) -> Known:
    """Few letters, so that patterns fit many; some reads come twice, some are taken back, which the dictionary of plates is not told."""
    chance = random.Random(302)
    tag, now = "".join(random.SystemRandom().choice("QIZO") for _ in range(6)), now_ms()

    def plate() -> str:
        text = "".join(chance.choice("AB12") for _ in range(chance.randrange(2, 7)))
        at = chance.randrange(len(text) + 1)
        return text[:at] + tag + text[at:]

    rows, stands = [], {}
    for _ in range(700):
        vrm, at, camera = plate(), now - int(DAYS * DAY_MS * chance.random() ** 2), chance.randrange(1, 5)
        row = PLAIN | {"vrm": vrm, "captured_at": at, "received_at": at, "camera": camera}
        rows += [row] * chance.choice([1, 1, 2])
        if chance.random() < 0.2:
            other = plate()
            rows.append(row | {"vrm": other, "version": 1, "first_key": vrm_key(vrm), "replaces": vrm})
            stands[camera, at, vrm] = (other, Position(0, -at, camera, 0 if other == vrm else vrm_key(vrm), other))
        else:
            stands[camera, at, vrm] = (vrm, Position(0, -at, camera, 0, vrm))
    for start in range(0, len(rows), 300):  # parts of the dictionary that are not merged yet, each with times of its own
        await insert_reads(platform.spine.columnar, pa.Table.from_pylist(rows[start : start + 300], READS))
    return Known(tag, now + 1, sorted(stands.values(), key=lambda read: read[1]))


def questions(known: Known, chance: random.Random) -> Iterator[tuple[str, int, int]]:
    """Patterns with the tag in them, and windows."""
    for _ in range(12):
        vrm = chance.choice(known.reads)[0]
        head, tail = ("".join(chance.choice([c, c, "?", "*"]) for c in part) for part in vrm.split(known.tag))
        text = chance.choice(["*", "", head]) + known.tag + chance.choice(["*", tail, "*"])
        start, end = sorted(known.end - chance.randrange(DAYS * DAY_MS) for _ in range(2))
        yield normalise_pattern(text), *chance.choice([(known.end - DAYS * DAY_MS, known.end), (start, end)])
    for text in (f"*{known.tag}*", f"*{'*'.join(known.tag)}*A*", f"?{known.tag}*", f"*{known.tag}?"):
        yield normalise_pattern(text), known.end - DAYS * DAY_MS, known.end


@pytest.mark.parametrize(("few", "most"), [(50, 500), (3, 20), (0, 1)])
async def test_a_pattern_finds_what_a_plain_matcher_finds(
    platform: RunningPlatform, known: Known, monkeypatch: pytest.MonkeyPatch, few: int, most: int
) -> None:
    """By names alone; by names for the newest and a join for the rest; nearly all by the join."""
    monkeypatch.setattr(history, "FEW_PLATES", few)
    monkeypatch.setattr(history, "PATTERN_PLATES_MAX", most)
    chance, met = random.Random(few), 0
    for pattern, start, end in questions(known, chance):
        expected = [at for vrm, at in known.reads if start <= -at.age < end and matches(pattern, vrm)]
        criteria, lawful = Criteria(start=start, end=end, pattern=pattern), without_decision(start, end)
        limit = chance.choice([20, 101, 1000])
        found: list[Position] = []
        while True:
            page = await history.find(platform.spine, lawful, criteria, found[-1] if found else None, limit)
            found += [read.position for read in page]
            if len(page) < limit:
                break
        assert found == expected, (pattern, start, end, limit)
        met += len(found)
    assert met > 1000
