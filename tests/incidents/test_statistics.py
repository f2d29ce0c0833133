"""How long things took: step by step, by type and grade, over an agency's own incidents and its own resources."""

from __future__ import annotations

from typing import Any

from bluelamp.kit.clock import now_ms, to_rfc3339
from tests.incidents.conftest import IncidentRoom, event

TYPE = "power"
"""Which no other test opens; the figures are those of the incidents here alone."""


async def row(room: IncidentRoom, who: str, since: str, **wanted: Any) -> dict[str, Any]:
    answer = await room.ask(who, "GET", "/statistics", params={"since": since})
    return dict(next(one for one in answer["rows"] if all(one[key] == value for key, value in wanted.items())))


async def answered(room: IncidentRoom, share: tuple[str, ...] = (), *, after_s: int, called_s: float | None) -> str:
    """One whose resource is at the scene now and was sent, by its own clock, `after_s` before: after 0 s as soon as it was opened."""
    incident = await room.open(*share, type=TYPE, **({} if called_s is None else {"called_seconds_ago": called_s}))
    unit, now = await room.resource(), now_ms()
    await room.say("control", incident, event("resource.assigned", at_ms=now - after_s * 1000, resource=unit["id"]))
    await room.say("control", incident, event("resource.status", at_ms=now, resource=unit["id"], code="6"))
    return incident


async def test_steps_have_a_middle_and_a_slow_end(room: IncidentRoom) -> None:
    since = to_rfc3339(now_ms())
    made = [await answered(room, after_s=after, called_s=called) for after, called in ((0, 20.0), (60, 40.0), (120, None))]
    found = await row(room, "control", since, type=TYPE, grade=None)
    assert found["incidents"] == 3
    assert (found["call_to_open"]["count"], round(found["call_to_open"]["median_s"])) == (2, 30)
    assert found["assigned_to_scene"]["count"] == 3
    assert found["assigned_to_scene"]["median_s"] == 60
    assert found["assigned_to_scene"]["median_s"] < found["assigned_to_scene"]["ninety_s"] < 120
    assert found["open_to_assigned"]["count"] == 1, "who was sent before it was opened is no measurement"
    assert (found["scene_to_closed"]["count"], found["scene_to_closed"]["median_s"]) == (0, None)
    graded = await row(room, "control", since, type=TYPE, grade="emergency")
    assert graded["incidents"] == 3
    assert (await row(room, "control", since, type=None, grade=None))["incidents"] >= 3
    opened = (await room.ask("control", "GET", f"/{made[0]}/events", params={"kind": "incident.opened"}))["items"][0]
    assert opened["data"]["called_at"] < opened["at"]


async def test_partners_count_their_own_steps(room: IncidentRoom) -> None:
    since = to_rfc3339(now_ms())
    await answered(room, ("KFR",), after_s=1, called_s=30)
    theirs = await row(room, "fire", since, type=TYPE, grade=None)
    assert theirs["incidents"] == 1
    assert {step: theirs[step]["count"] for step in ("call_to_open", "open_to_assigned", "assigned_to_scene")} == {
        "call_to_open": 0, "open_to_assigned": 0, "assigned_to_scene": 0,
    }  # fmt: skip


async def test_wrong_periods_are_answered_in_words(room: IncidentRoom) -> None:
    now = now_ms()
    backwards = {"since": to_rfc3339(now), "until": to_rfc3339(now - 1000)}
    assert "begins before it ends" in (await room.ask("control", "GET", "/statistics", 422, params=backwards))["detail"]
    long = {"since": to_rfc3339(now - 400 * 86_400_000)}
    assert (await room.ask("control", "GET", "/statistics", 422, params=long))["code"] == "no_such_period"
    await room.ask("officer", "GET", "/statistics", 403)
