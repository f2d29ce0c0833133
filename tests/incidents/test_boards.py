"""The list as a board: who has answered, how many casualties, each as the agency that looks sees it."""

from __future__ import annotations

from typing import Any

from bluelamp.kit.ids import new_id

from .conftest import IncidentRoom, event


async def _on_board(room: IncidentRoom, who: str, incident: str) -> dict[str, Any]:
    page = await room.ask(who, "GET", "", params={"limit": 200})
    return dict(next(row for row in page["items"] if row["id"] == incident))


async def test_who_has_answered_and_how_many_are_hurt(room: IncidentRoom) -> None:
    incident = await room.open("KFR", "KAS")
    assert (await _on_board(room, "control", incident))["agencies"] == {"KAS": False, "KEN": True, "KFR": False}
    hidden, twice = new_id(), new_id()
    await room.say("ambulance", incident, event("agency.acknowledged", reference="A-77"))
    await room.say(
        "officer",
        incident,
        event("casualty.triaged", casualty=new_id(), tool="TST", category="P1"),
        event("casualty.found", casualty=hidden, audience=("KEN",)),
        event("casualty.found", casualty=twice),
        event("casualty.triaged", casualty=twice, tool="TST", category="P3"),
    )
    shown = await _on_board(room, "control", incident)
    assert shown["agencies"] == {"KAS": True, "KEN": True, "KFR": False}
    assert shown["casualties"] == 3
    assert (await _on_board(room, "fire", incident))["casualties"] == 2
    await room.say("officer", incident, event("casualty.struck", casualty=twice, reason="Counted twice"))
    assert (await _on_board(room, "fire", incident))["casualties"] == 1


async def test_put_out_and_asked_again_has_to_answer_again(room: IncidentRoom) -> None:
    incident = await room.open("KAS")
    await room.say("ambulance", incident, event("agency.acknowledged"))
    await room.say("control", incident, event("agency.left", agency="KAS", reason="Not needed"), event("agency.joined", agency="KAS"))
    assert (await _on_board(room, "control", incident))["agencies"]["KAS"] is False
