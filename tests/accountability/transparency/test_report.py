"""What the public is told: no small number, nothing of persons, one report a day, and nobody has to sign in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bluelamp.accountability.transparency import jobs, store
from bluelamp.accountability.transparency.figures import FIGURES, Tally, place, shown, tables
from bluelamp.accountability.transparency.routes import NAME
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor, Purpose, notes
from tests.support.platform import RunningPlatform
from tests.support.tree import under_a_checkpoint

KEN = Actor("source:1", "Gateway", "KEN")


@pytest.mark.parametrize(
    ("count", "told"), [(0, "fewer than 5"), (4, "fewer than 5"), (5, "5"), (7, "5"), (8, "10"), (1234567, "1,234,565")]
)
def test_small_numbers_are_not_told_nor_differences_of_one(count: int, told: str) -> None:
    assert shown(count) == {"count": None if count < 5 else int(told.replace(",", "")), "shown": told}


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        (Tally("collection", "anpr.intake", "", "", 3, 900), ("reads", "collected", 900)),
        (Tally("consultation", "anpr.searches.run", "crime", "", 8, 0), ("searches", "crime", 8)),
        (Tally("consultation", "anpr.searches.open", "crime", "", 8, 0), None),
        (Tally("erasure", "anpr.retention.delete", "", "reads_by_plate", 1, 70), ("deletions", "reads", 70)),
        (Tally("erasure", "anpr.retention.delete", "", "reads_by_camera", 1, 70), None),
        (Tally("erasure", "anpr.retention.prove", "", "", 24, 0), ("deletions", "proofs", 24)),
        (Tally("erasure", "anpr.erasures.make", "", "", 1, 9), ("deletions", "rights", 1)),
        (Tally("erasure", "identity.session.close", "", "", 9, 0), None),
        (Tally("refusal", "anpr.searches.run", "", "", 2, 0), ("refusals", "refused", 2)),
        (Tally("disclosure", "anpr.exports.make", "crime", "", 2, 0), ("disclosures", "exports", 2)),
        (Tally("alteration", "accountability.authorisations.decide", "", "true", 2, 0), ("authorisations", "granted", 2)),
        (Tally("alteration", "accountability.authorisations.decide", "", "false", 2, 0), ("authorisations", "refused", 2)),
        (Tally("alteration", "accountability.authorisations.override", "", "", 1, 0), ("authorisations", "overrides", 1)),
        (Tally("alteration", "reviews.reviews.decide", "", "needs_explaining", 1, 0), ("reviews", "asked", 1)),
        (Tally("alteration", "reviews.reviews.decide", "", "improper", 1, 0), ("reviews", "improper", 1)),
        (Tally("alteration", "anpr.lists.change", "", "", 1, 0), None),
    ],
)
def test_where_an_entry_counts(tally: Tally, expected: tuple[str, str, int] | None) -> None:
    assert place(tally) == expected
    if expected:
        figure, name, _ = expected
        assert figure == "searches" or name in FIGURES[figure].names


def test_an_unknown_purpose_is_told_as_another() -> None:
    counts = {("searches", "crime"): 20, ("searches", "old one"): 3, ("searches", "older one"): 7}
    [searches] = [table for table in tables(counts, [("crime", "Crime")]) if table["figure"] == "searches"]
    assert [(row["title"], row["shown"]) for row in searches["rows"]] == [("Crime", "20"), ("Another purpose", "10")]


async def test_the_report_is_public_and_says_nothing_of_anybody(platform: RunningPlatform) -> None:
    db, plate = platform.spine.db, f"KN34{new_id()[-3:]}"
    for _ in range(6):
        await audit.intend(
            db, Actor("quillon", "s.quillon", "KEN"), "anpr.searches.run", subjects=(plate,), why=Purpose("crime", "Op Hidden")
        )
    async with db.transaction() as connection:
        await audit.record(connection, KEN, "collection", "anpr.intake", detail={"reads": 40})
    await jobs.publish(platform.spine)
    platform.app.state.per_process[NAME].forget()
    answer = await platform.client().get("/v1/transparency")
    assert answer.status_code == 200
    told = {(table["figure"], row["name"]): row["count"] for table in answer.json()["figures"] for row in table["rows"]}
    assert told["searches", "crime"] >= 5
    assert told["reads", "collected"] >= 40
    for hidden in (plate, "quillon", "Op Hidden", "KEN"):
        assert hidden not in str(answer.json()["figures"])


async def test_whoever_keeps_the_report_keeps_a_signed_fingerprint_of_the_audit(platform: RunningPlatform) -> None:
    async with platform.spine.db.transaction() as connection:
        entry = await audit.record(connection, KEN, "collection", "anpr.intake", detail={"reads": 1})
    await under_a_checkpoint(platform.spine, entry)
    await jobs.publish(platform.spine)
    platform.app.state.per_process[NAME].forget()
    report = (await platform.client().get("/v1/transparency")).json()
    said, signatures = notes.parse(report["checkpoint"])
    assert said.size > 0
    assert notes.signed_by(said, signatures, notes.VerifyKey.parse(report["keys"][-1]))


async def test_a_day_that_is_over_is_counted_once(platform: RunningPlatform) -> None:
    """Tomorrow, today is over: counted by the first report of tomorrow, kept by the second."""
    db, tomorrow = platform.spine.db, replace(platform.spine, clock=lambda: now_ms() + 26 * 3_600_000)
    async with db.transaction() as connection:
        await audit.record(connection, KEN, "collection", "anpr.intake", detail={"reads": 40})
    try:
        await jobs.publish(tomorrow)
        assert not (await store.latest(db) or {})["first_day"]
        kept = "SELECT sum(count) FROM transparency_days WHERE figure = 'reads' AND day >= now()::date - 1"
        first = await db.fetchval(kept)
        await jobs.publish(tomorrow)
        assert first >= 40
        assert await db.fetchval(kept) == first
    finally:
        # The days to come are not over: what else runs on this platform counts them itself.
        for table in ("transparency_days", "transparency_counted", "transparency_reports"):
            await db.execute(f"DELETE FROM {table} WHERE day >= now()::date")
