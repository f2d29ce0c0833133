"""One's own list over the live line: sent, shared, closed and put out are heard of at once, by whoever may and by nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from bluelamp.incidents.live.book import Book, Known
from bluelamp.incidents.live.happenings import Happening, Named
from bluelamp.incidents.live.mine import Mine
from bluelamp.incidents.live.viewers import Credentials, Viewer
from bluelamp.incidents.positions.reports import Carrier
from bluelamp.spine.errors import EngineDownError
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.live.scene import Memory, Screen, caller, until
from tests.incidents.live.test_door import Device, device
from tests.spine.identity.conftest import NewPerson, new_person  # noqa: F401
from tests.support.platform import RunningPlatform


async def _about(line: Device, incident: str) -> dict[str, Any]:
    """The next word about the incident on the list."""
    while True:
        told = await line.hear("listed", "unlisted")
        if incident in (told["incident"], told["incident"]["id"] if told["type"] == "listed" else ""):
            return told


async def test_a_crew_hears_that_its_unit_is_sent_and_released(
    platform: RunningPlatform,
    room: IncidentRoom,
    new_person: NewPerson,  # noqa: F811
) -> None:
    incident, car, other = await room.open(), await room.resource(), await room.resource()
    person = await new_person("officer")
    async with device(platform, token=person.token) as phone:
        headers = {"Authorization": f"Bearer {person.token}"}
        await phone.follow(mine=True)

        async def looked() -> dict[str, Any]:
            await phone.hear("mine")
            answer = await platform.client().get("/v1/incidents/me", headers=headers)
            return dict(answer.json()["resource"] or {})

        booked = await platform.client().put("/v1/incidents/me/resource", json={"resource": car["id"]}, headers=headers)
        assert booked.status_code == 200, booked.text
        assert (await looked())["id"] == car["id"]
        await room.say("control", incident, event("resource.assigned", resource=other["id"]))
        await room.say("control", incident, event("resource.assigned", resource=car["id"]))
        assert (await looked())["incident"] == incident
        await room.ask("control", "POST", f"/resources/{car['id']}/status", json={"code": "6"})
        assert (await looked())["code"] == "6"
        await room.say("control", incident, event("resource.released", resource=car["id"]))
        assert (await looked())["incident"] is None
        # The other unit is nobody's business here: all that came was about their own.
        await phone.say(type="ping")
        assert (await phone.hear("mine", "pong"))["type"] == "pong"


async def test_an_agency_that_joins_has_the_incident_on_its_lists_at_once(platform: RunningPlatform, room: IncidentRoom) -> None:
    async with device(platform, "firefighter") as fire, device(platform, "officer") as police, device(platform, "paramedic") as medic:
        for line in (fire, police, medic):
            assert (await line.follow(mine=True))["incidents"] == []
        incident = await room.open()
        assert (await _about(police, incident))["incident"]["title"] == "Lorry and two cars"
        await room.say("control", incident, event("agency.joined", agency="KFR"))
        told = (await _about(fire, incident))["incident"]
        mine = await room.ask("firefighter", "GET", "/me")
        assert told == next(row for row in mine["incidents"] if row["id"] == incident)
        await room.say("control", incident, event("incident.amended", title="Lorry on fire"))
        assert (await _about(fire, incident))["incident"]["title"] == "Lorry on fire"
        # Only the ambulance's control room: those in the field are told nothing, not even its id.
        await room.say("control", incident, event("agency.joined", agency="KAS", roles=["dispatcher"]))
        await medic.hear("mine")
        await room.say("control", incident, event("agency.left", agency="KFR", reason="stood down"))
        assert (await _about(fire, incident)) == {"type": "unlisted", "incident": incident}
        await room.say("control", incident, event("incident.closed", reason="road open"))
        while (told := await _about(police, incident))["type"] != "unlisted":
            pass
        await medic.say(type="ping")
        assert (await medic.hear("listed", "unlisted", "event", "pong"))["type"] == "pong"


async def test_whose_roles_change_looks_at_the_list_anew(
    platform: RunningPlatform,
    new_person: NewPerson,  # noqa: F811
) -> None:
    person = await new_person("officer")
    async with device(platform, token=person.token) as phone:
        await phone.follow(mine=True)
        answer = await platform.client("admin").patch(f"/v1/users/{person.id}", json={"roles": ["officer", "analyst"]})
        assert answer.status_code == 200, answer.text
        await phone.hear("mine")


async def test_the_same_by_server_sent_events(platform: RunningPlatform, room: IncidentRoom) -> None:
    async with platform.client("firefighter").stream("GET", "/v1/live/events", params={"mine": "true"}) as answer:
        incident = ""
        async for text in answer.aiter_lines():
            if not text.startswith("data: "):
                continue
            told = json.loads(text[6:])
            if told["type"] == "ready":
                incident = await room.open("KFR")
            elif told["type"] == "listed" and told["incident"]["id"] == incident:
                break


async def test_what_an_agency_has_there_leaves_with_it() -> None:
    book = Book(Memory())

    def happens(kind: str, sequence: int, **named: str) -> None:
        book.apply(Happening(sequence, "i", sequence, kind, {"KEN": (), "KFR": ()}, (), False, Named(**named), b"{}"))

    happens("resource.assigned", 1, resource="engine", agency="KFR")
    happens("resource.assigned", 2, resource="car", agency="KEN")
    assert book.resources_on("i") == {"engine", "car"}
    happens("agency.left", 3, agency="KFR")
    assert book.resources_on("i") == {"car"}


class Crews:
    """Records of who crews what. They answer when told to, the last who asked first, with what stood there when they were asked."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.watchers: list[Callable[[str], None]] = []
        self.asked: list[asyncio.Future[None]] = []

    async def of_person(self, _person: str) -> Carrier | None:
        unit, told = self.unit, asyncio.get_running_loop().create_future()
        self.asked.append(told)
        await told
        return Carrier(unit, "KEN", unit, "car", covert=False, on_duty=True) if unit else None

    async def answer(self) -> None:
        await until(lambda: self.asked)
        self.asked.pop().set_result(None)

    def changes(self, unit: str) -> None:
        self.unit = unit
        for watcher in self.watchers:
            watcher("person:p")


class Lists:
    """A list without a door: records that fail when told to, and screens that are slow."""

    def __init__(self) -> None:
        self.book = Book(Memory())
        self.down = False
        self.mine = Mine(self.book, self.rows)

    async def rows(self, incidents: list[str]) -> dict[str, bytes]:
        if self.down:
            raise EngineDownError("away")
        return {incident: json.dumps({"id": incident}).encode() for incident in incidents}

    def attach(self, unit: str) -> Crews:
        crews = Crews(unit)
        self.mine.attach(crews)  # type: ignore[arg-type]
        return crews

    def follow(self, room: int = 1 << 30, agency: str = "KEN") -> tuple[Viewer, Screen]:
        screen = Screen(room)
        viewer = Viewer(caller(agency), Credentials("", "token"), screen, 0)
        viewer.mine = True
        self.mine.put(viewer)
        return viewer, screen

    async def happens(self, kind: str) -> None:
        told = Happening(1, "i", 1, kind, {"KEN": ()}, (), False, Named(), b"{}")
        self.book._incidents["i"] = Known(1, {"KEN": ()})
        self.mine.happened(told)
        await until(lambda: self.mine._telling is None)


async def test_who_could_not_be_told_is_rung_later() -> None:
    lists = Lists()
    quick, heard = lists.follow()
    slow, late = lists.follow(room=0)
    await lists.happens("incident.amended")
    assert ([told["type"] for told in heard.told], late.told) == (["listed"], [])
    late.room = 1000
    lists.mine.pay(slow)
    lists.mine.pay(slow)
    assert [told["type"] for told in late.told] == ["mine"], "once"
    lists.down = True
    await lists.happens("incident.closed")
    lists.mine.pay(quick)
    assert [told["type"] for told in heard.told] == ["listed", "mine"]


async def test_an_agency_put_out_hears_it_also_where_more_happened_at_once() -> None:
    lists = Lists()
    _, ours = lists.follow()
    _, screen = lists.follow(agency="KFR")
    lists.book._incidents["i"] = Known(2, {"KEN": ()})
    lists.mine.happened(Happening(1, "i", 1, "agency.left", {"KEN": (), "KFR": ()}, (), False, Named(agency="KFR"), b"{}"))
    lists.mine.happened(Happening(2, "i", 2, "incident.amended", {"KEN": ()}, (), False, Named(), b"{}"))
    await until(lambda: lists.mine._telling is None)
    assert screen.told == [{"type": "unlisted", "incident": "i"}]
    assert ours.told == [{"type": "listed", "incident": {"id": "i"}}]


async def test_what_changes_before_it_is_known_who_crews_what_is_heard() -> None:
    lists = Lists()
    crews = lists.attach("car")
    viewer, screen = lists.follow()
    lists.mine.unit_changed("other")
    lists.mine.unit_changed("car")
    await crews.answer()
    await until(lambda: screen.told)
    # To follow something else is to be asked about again: what changes meanwhile is heard too, and nothing is told twice.
    lists.mine.put(viewer)
    await crews.answer()
    await until(lambda: viewer.unit)
    lists.mine.put(viewer)
    lists.mine.unit_changed("car")
    await crews.answer()
    await until(lambda: viewer.unit)
    assert [told["type"] for told in screen.told] == ["mine", "mine"]


async def test_of_two_answers_about_a_crew_the_newer_holds() -> None:
    lists = Lists()
    crews = lists.attach("old")
    viewer, _ = lists.follow()
    await until(lambda: crews.asked)
    crews.changes("new")
    await asyncio.sleep(0)
    await crews.answer()
    await crews.answer()
    await until(lambda: not lists.mine._crew_workers)
    assert viewer.unit == "new"


@pytest.mark.parametrize("kind", ["log.written", "report.sent", "resource.assigned", "casualty.found"])
async def test_what_changes_no_list_is_not_told_there(kind: str) -> None:
    lists = Lists()
    _, screen = lists.follow()
    await lists.happens(kind)
    assert screen.told == []
