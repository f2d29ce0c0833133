"""The emergency button: raised once however often it is pressed, heard wider until somebody answers, closed by the control room."""

from __future__ import annotations

from typing import Any

import pytest

from bluelamp.incidents.emergencies import actions
from bluelamp.incidents.settings import IncidentSettings
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import PLACE, IncidentRoom, event


def call(**more: Any) -> dict[str, Any]:
    return {"id": new_id(), "pressed_at": to_rfc3339(now_ms()), "place": PLACE | {"source": "gps"}} | more


async def seen_by(room: IncidentRoom, who: str) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in (await room.ask(who, "GET", "/emergencies"))["items"]}


async def test_it_is_raised_once_and_stays_until_it_is_closed(room: IncidentRoom) -> None:
    body = call()
    for _ in range(3):
        assert (await room.ask("officer", "POST", "/emergencies", json=body))["state"] == "raised"
    emergency = body["id"]
    assert (await seen_by(room, "control"))[emergency]["person_name"] == "Ola Fenwick"
    assert emergency not in await seen_by(room, "fire")
    await room.ask("officer", "POST", f"/emergencies/{emergency}/acknowledge", 403)
    await room.ask("fire", "POST", f"/emergencies/{emergency}/acknowledge", 404)
    await room.ask("control", "POST", f"/emergencies/{emergency}/acknowledge")
    again = await room.ask("supervisor", "POST", f"/emergencies/{emergency}/acknowledge")
    assert again["acknowledged_by"] == "Connie Rydal"  # the first one counts
    assert (await room.ask("officer", "POST", "/emergencies", json=body))["acknowledged_by"] == "Connie Rydal"
    closed = await room.ask("control", "POST", f"/emergencies/{emergency}/close", json={"outcome": "false_alarm", "note": "leant on it"})
    assert (closed["state"], closed["outcome"]) == ("closed", "false_alarm")
    assert emergency not in await seen_by(room, "control")


async def test_on_an_incident_everybody_there_hears_it(room: IncidentRoom) -> None:
    incident, unit = await room.open("KFR"), await room.resource()
    await room.ask("officer", "PUT", "/me/resource", json={"resource": unit["id"]})
    await room.say("control", incident, event("resource.assigned", resource=unit["id"]))
    body = call()
    await room.ask("officer", "POST", "/emergencies", json=body)
    assert body["id"] in await seen_by(room, "fire")
    shown = (await room.state("fire", incident))["emergencies"][body["id"]]
    assert (shown["state"], shown["call_sign"]) == ("raised", unit["call_sign"])
    await room.ask("fire", "POST", f"/emergencies/{body['id']}/acknowledge")
    await room.ask("control", "POST", f"/emergencies/{body['id']}/close", json={"outcome": "resolved"})
    assert (await room.state("control", incident))["emergencies"][body["id"]]["outcome"] == "resolved"
    await room.ask("officer", "DELETE", "/me/resource", 204)


async def test_unanswered_it_is_told_again_and_wider(room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = IncidentSettings(emergency_escalates_s=3, emergency_partners={"KEN": ["KAS"]})
    monkeypatch.setattr(actions, "incident_settings", lambda: settings)
    body, spine = call(), room.platform.spine
    await room.ask("officer", "POST", "/emergencies", json=body)
    ago = "UPDATE emergencies SET escalates_at = now() - interval '1 second' WHERE id = $1"
    assert body["id"] not in await seen_by(room, "ambulance")
    for level in (1, 2):
        await spine.db.execute(ago, body["id"])
        await actions.escalate(spine)
        assert (await seen_by(room, "control"))[body["id"]]["level"] >= level
    assert body["id"] in await seen_by(room, "ambulance")
    await room.ask("ambulance", "POST", f"/emergencies/{body['id']}/acknowledge")
    await spine.db.execute(ago, body["id"])
    await actions.escalate(spine)
    assert (await seen_by(room, "control"))[body["id"]]["state"] == "acknowledged"
    await room.ask("control", "POST", f"/emergencies/{body['id']}/close", json={"outcome": "resolved"})


async def test_anothers_id_raises_nothing_of_theirs(room: IncidentRoom) -> None:
    body = call()
    await room.ask("officer", "POST", "/emergencies", json=body)
    await room.ask("firefighter", "POST", "/emergencies", 404, json=body)
    await room.ask("control", "POST", f"/emergencies/{body['id']}/close", json={"outcome": "resolved"})


async def test_help_is_told_before_what_waits(room: IncidentRoom) -> None:
    spine = room.platform.spine
    async with spine.db.transaction() as connection:
        # Seen within one transaction, before the relay can take any of it.
        await connection.execute(
            "INSERT INTO outbox (subject, payload, urgent) VALUES ('incidents.test', '\\x31', false), ('incidents.test', '\\x32', true)"
        )
        order = await connection.fetch("SELECT payload FROM outbox WHERE subject = 'incidents.test' ORDER BY urgent DESC, number")
        assert [bytes(row["payload"]) for row in order] == [b"2", b"1"]
        await connection.execute("DELETE FROM outbox WHERE subject = 'incidents.test'")
