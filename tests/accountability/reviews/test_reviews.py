"""Reviews by API: who may look at whom, the story, the three verdicts, the answer, and the draw that anybody can repeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bluelamp.accountability.reviews import actions, jobs, store
from bluelamp.accountability.reviews.domain import Item
from bluelamp.accountability.reviews.errors import SecondPersonNeededError
from bluelamp.kit.ids import new_id
from bluelamp.spine.http import Caller
from bluelamp.spine.policy import Policy
from tests.support.force import EVERYTHING, Force


async def test_nobody_reviews_themselves_or_their_line(force: Force) -> None:
    plates = {name: f"KN34{name[:3].upper()}" for name in force.people}
    for name, plate in plates.items():
        await force.look(name, plate)
    await force.draw()
    reviews = {review["person"]["username"].split(".")[0]: review["id"] for review in await force.waiting("beside")}
    # `beside` stands in nobody's line and sees everybody but themselves.
    assert reviews.keys() == {"chief", "sergeant", "officer"}
    for name in ("chief", "sergeant"):
        assert {review["person"]["username"].split(".")[0] for review in await force.waiting(name)} == {"beside"}
        for review in reviews.values():
            assert (await force.client(name).get(f"/v1/reviews/{review}")).status_code == 404
            assert (await force.decide(name, review, "proper")).status_code == 404
    # Nor does a supervisor of another force.
    kentmere = force.platform.client("supervisor")
    assert (await kentmere.get(f"/v1/reviews/{reviews['officer']}")).json()["code"] == "no_such_review"


async def test_a_story_tells_what_was_around_and_is_itself_a_look(force: Force) -> None:
    entry = await force.look("officer", "KN34STO")
    await force.look("officer", "KN34OTH", "Op Other")
    await force.look("sergeant", "KN34STO", "Op Same")
    await force.draw()
    [review] = [r for r in await force.waiting("beside") if r["subjects"] == ["KN34STO"] and "officer" in r["person"]["username"]]
    told = (await force.client("beside").get(f"/v1/reviews/{review['id']}")).json()
    assert [(look["entry"], look["reference"], look["results"]) for look in told["looks"]] == [(entry, "Op Test", 7)]
    assert [look["subjects"] for look in told["around"]] == [["KN34OTH"]]
    assert [(look["username"], look["reference"]) for look in told["same_subject"]] == [(f"sergeant.{force.code.lower()}", "Op Same")]
    assert "Drawn by chance" in told["review"]["reasons"][0]["why"]
    rows = await force.platform.spine.db.fetch(
        "SELECT e.subjects, o.count FROM audit_entries e JOIN audit_outcomes o ON o.entry = e.id"
        " WHERE e.actor = $1 AND e.action = 'reviews.reviews.open'",
        force.people["beside"],
    )
    assert [(set(row["subjects"]), row["count"]) for row in rows] == [({review["id"], force.people["officer"], "KN34STO"}, 3)]


async def test_explain_then_decide(force: Force) -> None:
    await force.look("officer", "KN34ASK")
    await force.draw()
    [review] = await force.waiting("beside")
    officer = force.client("officer")
    assert (await officer.get("/v1/me/reviews")).json()["items"] == []
    assert (await force.decide("beside", review["id"], "needs_explaining")).json()["code"] == "note_missing"
    asked = await force.decide("beside", review["id"], "needs_explaining", "Which incident was this?")
    assert asked.json()["state"] == "asked"

    [question] = (await officer.get("/v1/me/reviews")).json()["items"]
    assert (question["question"], question["subjects"], question["answer"]) == ("Which incident was this?", ["KN34ASK"], "")
    # It is the officer's alone to answer, and once.
    path = f"/v1/me/reviews/{review['id']}/answer"
    assert (await force.client("sergeant").post(path, json={"text": "For them."})).status_code == 404
    answered = await officer.post(path, json={"text": "Incident 12, the blue van."})
    assert (answered.json()["state"], answered.json()["answer"]) == ("answered", "Incident 12, the blue van.")
    assert (await officer.post(path, json={"text": "Again."})).json()["code"] == "not_asked"

    told = (await force.client("beside").get(f"/v1/reviews/{review['id']}")).json()
    assert [(step["step"], step["note"]) for step in told["steps"]] == [
        ("asked", "Which incident was this?"),
        ("answered", "Incident 12, the blue van."),
    ]
    assert (await force.decide("beside", review["id"], "proper")).json()["outcome"] == "proper"
    assert (await force.decide("beside", review["id"], "improper", "No.")).json()["code"] == "review_decided"
    assert await force.waiting("beside") == []
    assert [r["id"] for r in await force.waiting("beside", state="decided")] == [review["id"]]
    figures = (await force.client("beside").get("/v1/reviews/statistics")).json()
    assert (figures["waiting"], figures["decided"], figures["improper"]) == (0, 1, 0)


async def test_the_same_sample_is_drawn_again_and_a_skipped_look_is_named(force: Force) -> None:
    entries = [await force.look("officer", f"KN34A{n:02}") for n in range(12)]
    await force.look("officer", "KN34AAA", action="anpr.lists.entry")  # no look at a vehicle's history
    draw = await force.draw(EVERYTHING.model_copy(update={"rates": "*:*=0.3", "least": 2}))
    assert await force.draw() is None, "a day is drawn once"
    auditor = force.platform.client("auditor")
    checked = (await auditor.get(f"/v1/reviews/draws/{draw}")).json()
    assert (checked["same"], checked["as_recorded"], checked["draw"]["population"]) == (True, True, 12)
    assert (checked["skipped"], checked["slipped_in"], checked["not_put_up"]) == ([], [], [])
    put_up = checked["entries"]
    assert 2 <= len(put_up) < 12
    assert set(put_up) < set(entries)

    # Somebody takes one out of the draw, and the review with it.
    db = force.platform.spine.db
    await db.execute("UPDATE review_draws SET entries = array_remove(entries, $2) WHERE id = $1", draw, put_up[0])
    await db.execute("DELETE FROM reviews WHERE source = $1", put_up[1])
    checked = (await auditor.get(f"/v1/reviews/draws/{draw}")).json()
    assert (checked["same"], checked["skipped"], checked["not_put_up"]) == (False, [put_up[0]], [put_up[1]])
    assert not checked["as_recorded"]

    # Or lowers the rates as well, so that the draw agrees with itself: the audit still knows.
    await db.execute("UPDATE review_draws SET rates = '*:*=0', least = 0, entries = '{}' WHERE id = $1", draw)
    checked = (await auditor.get(f"/v1/reviews/draws/{draw}")).json()
    assert (checked["same"], checked["as_recorded"]) == (True, False)
    assert (await auditor.post(f"/v1/reviews/{draw}/decision", json={"outcome": "proper"})).status_code == 403


def _caller(force: Force, name: str) -> Caller:
    return Caller(force.people[name], name, name, force.code, frozenset({"supervisor"}), Policy(()).of_roles(()))


async def test_two_people_must_agree_where_it_is_asked(force: Force) -> None:
    db, spine = force.platform.spine.db, force.platform.spine
    item = Item(
        kind="override", source=new_id(), agency=force.code, person="gone", username="gone", roles=("officer",), unit="", rank="",
        manager="", risk=1.0, looked_at=await db.fetchval("SELECT now()"), entries=(), subjects=("KN34TWO",), purpose="test",
        reference="Op Two", reasons=({"name": "override", "score": 1, "why": "Grounds given: a child in the car"},),
    )  # fmt: skip
    async with db.transaction() as connection:
        review = await store.put_up(connection, item)
        assert await store.put_up(connection, item) is None
    assert review is not None
    chief, beside = _caller(force, "chief"), _caller(force, "beside")
    assert (await actions.decide(spine, chief, review, "improper", "No threat.", "improper"))["state"] == "seconding"
    with pytest.raises(SecondPersonNeededError):
        await actions.decide(spine, chief, review, "improper", "Still none.", "improper")
    assert review not in {r["id"] for r in await force.waiting("chief")}
    assert (await actions.decide(spine, beside, review, "proper", "There was one.", "improper"))["state"] == "waiting"
    assert (await actions.decide(spine, beside, review, "improper", "Now I see.", "improper"))["state"] == "seconding"
    decided = await actions.decide(spine, chief, review, "improper", "Agreed.", "improper")
    assert (decided["state"], decided["outcome"]) == ("decided", "improper")


async def test_the_job_draws_days_that_are_over(force: Force) -> None:
    await jobs.put_up_all(force.platform.spine)
    draws = (await force.client("chief").get("/v1/reviews/draws")).json()["items"]
    assert len(draws) == jobs.CATCH_UP_DAYS
    assert {draw["agency"] for draw in draws} == {force.code}


async def test_an_override_is_put_up_at_once_and_its_review_is_done_when_it_is_decided(force: Force) -> None:
    scope = {"purpose": "missing_person", "reference": f"Op {force.code}", "vrms": ["KN34OVR"], "grounds": "A child is missing."}
    year = {"from": (datetime.now(UTC) - timedelta(days=200)).isoformat()}
    taken = await force.client("officer").post("/v1/accountability/overrides", json=scope | year)
    assert (taken.status_code, taken.json()["review"]) == (201, "due"), taken.text
    await force.look("officer", "KN34OVR", scope["reference"])
    await jobs.put_up_grave(force.platform.spine)
    assert await force.waiting("beside", kind="override") == [], "while it is in force there may be more to see"
    await force.platform.spine.db.execute("UPDATE authorisations SET expires_at = now() WHERE id = $1", taken.json()["id"])
    await jobs.put_up_grave(force.platform.spine)
    await jobs.put_up_grave(force.platform.spine)
    [review] = await force.waiting("beside", kind="override")
    assert review["looks"] == 1
    assert (review["risk"], review["subjects"], review["reference"]) == (1, ["KN34OVR"], scope["reference"])
    assert "A child is missing." in review["reasons"][0]["why"]
    assert await force.waiting("sergeant", kind="override") == [], "the officer's own line reviews it"
    told = (await force.client("beside").get(f"/v1/reviews/{review['id']}")).json()
    assert [look["subjects"] for look in told["looks"]] == [["KN34OVR"]], "what was looked at under it"
    assert (await force.decide("beside", review["id"], "proper")).json()["state"] == "decided"
    state = "SELECT review_state FROM authorisations WHERE id = $1"
    assert await force.platform.spine.db.fetchval(state, taken.json()["id"]) == "done"
    await jobs.put_up_grave(force.platform.spine)
    assert await force.waiting("beside", kind="override") == []


@pytest.mark.parametrize(("outcome", "taught"), [("improper", "upheld"), ("proper", "cleared")])
async def test_what_a_supervisor_decides_of_a_finding_teaches_the_detector(force: Force, outcome: str, taught: str) -> None:
    db, finding = force.platform.spine.db, new_id()
    entry = await force.look("officer", "KN34OWN")
    signals = [
        {"name": "own_record", "score": 0.9, "weighed": 2.0, "why": "KN34OWN is their own.", "subject": "KN34OWN", "entries": [entry]}
    ]
    await db.execute(
        "INSERT INTO misuse_findings (id, agency, person, username, manager, role, unit, score, signals, subjects, entries, looks,"
        " first_look, last_look) VALUES ($1, $2, $3, 'officer', $4, 'officer', '', 0.8, $5, '{KN34OWN}', $6, 1, now(), now())",
        finding, force.code, force.people["officer"], force.people["sergeant"], signals, [entry],
    )  # fmt: skip
    await jobs.put_up_grave(force.platform.spine)
    [review] = await force.waiting("beside", kind="finding")
    assert [(reason["name"], reason["why"]) for reason in review["reasons"]] == [("own_record", "KN34OWN is their own.")]
    assert await force.waiting("sergeant", kind="finding") == []

    # It grows while it waits.
    second = await force.look("officer", "KN34OWN")
    await db.execute("UPDATE misuse_findings SET score = 0.9, entries = $2 WHERE id = $1", finding, [entry, second])
    await jobs.put_up_grave(force.platform.spine)
    [grown] = await force.waiting("beside", kind="finding")
    assert (grown["id"], grown["looks"], round(grown["risk"], 2)) == (review["id"], 2, 0.9)

    assert (await force.decide("beside", review["id"], outcome, "Their own car.")).json()["state"] == "decided"
    row = await db.fetchrow("SELECT state, decided_by FROM misuse_findings WHERE id = $1", finding)
    assert row is not None
    assert tuple(row) == (taught, force.people["beside"])
