"""Two regions share an incident; the link between them is cut, both go on, and once it heals each has all that the other said."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from bluelamp.app.engines.nats import binary
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.incidents.access import RESOURCES_DISPATCH
from bluelamp.incidents.consumers.federation import federate
from bluelamp.incidents.domain.carrying import id_in
from bluelamp.incidents.domain.fold import Carried, fold, view
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.federation.parcels import Parcel
from bluelamp.incidents.federation.receive import receive
from bluelamp.incidents.federation.server import configuration
from bluelamp.incidents.federation.settings import FederationSettings
from bluelamp.incidents.log import store
from bluelamp.incidents.log.actions import append
from bluelamp.incidents.media import elsewhere
from bluelamp.incidents.media import store as media_store
from bluelamp.incidents.positions.tables import POSITIONS_STREAM, POSITIONS_SUBJECT
from bluelamp.incidents.tables import INCIDENTS_STREAM, INCIDENTS_SUBJECTS
from bluelamp.incidents.told import Told, told_of
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine import outbox, relational
from bluelamp.spine.audit import SYSTEM, Actor
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.bus import Bus, PoisonError, Stream
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.agencies import FICTIONAL, add_agency
from bluelamp.spine.relational import Database
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.media.conftest import Phone
from tests.incidents.media.contents import picture
from tests.incidents.test_emergencies import call
from tests.support.outside import free_port


class Cable:
    """A TCP line between two places that can be cut."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = free_port()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
            try:
                await asyncio.gather(self._copy(reader, there_writer), self._copy(there_reader, writer))
            finally:
                there_writer.close()
        except (OSError, asyncio.CancelledError):
            pass  # cut
        finally:
            writer.close()
            self._open.discard(task)

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@contextlib.contextmanager
def server(folder: Path, name: str, text: str) -> Any:
    config = folder / f"{name}.conf"
    config.write_text(text)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([binary(), "--config", str(config)], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


@dataclass
class Regions:
    home: IncidentRoom
    away: Spine
    cable: Cable


@pytest.fixture
async def regions(room: IncidentRoom, tmp_path: Path) -> AsyncIterator[Regions]:
    """The tests' platform is region SOUTH; region NORTH, home of Irwell Valley Police, has records and a bus of its own."""
    spine = room.platform.spine
    leaf, south_port, north_port = free_port(), free_port(), free_port()
    cable = Cable(leaf)
    await cable.mend()
    south = configuration("SOUTH", port=south_port, store=str(tmp_path / "s"), user="f", password="p", listen=f"127.0.0.1:{leaf}")
    north = configuration(
        "NORTH", port=north_port, store=str(tmp_path / "n"), user="f", password="p", join=(f"nats://f:p@127.0.0.1:{cable.port}",)
    )
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(server(tmp_path, "south", south))
        stack.enter_context(server(tmp_path, "north", north))
        await _answering(south_port)
        await _answering(north_port)
        db = await Database.open(await new_database(spine))
        stack.push_async_callback(db.close)
        await relational.migrate(db, migrations_of(MODULES, "postgres"))
        async with db.transaction() as connection:
            for agency in FICTIONAL:
                await add_agency(connection, SYSTEM, agency.code, agency.name, agency.service)
        bus = await Bus.open(f"nats://f:p@127.0.0.1:{north_port}")
        stack.push_async_callback(bus.close)
        await bus.ensure(Stream(INCIDENTS_STREAM, (INCIDENTS_SUBJECTS,), 1, 1 << 24))
        await bus.ensure(Stream(POSITIONS_STREAM, (POSITIONS_SUBJECT,), 1, 1 << 24))
        away = replace(spine, db=db, bus=bus, blobs=Blobs.open(f"file://{tmp_path}/blobs"))
        ends = {
            "SOUTH": FederationSettings(region="SOUTH", regions={"NORTH": ["IRW"]}, url=f"nats://f:p@127.0.0.1:{south_port}"),
            "NORTH": FederationSettings(
                region="NORTH", regions={"SOUTH": ["KEN", "KFR", "KAS", "ORR"]}, url=f"nats://f:p@127.0.0.1:{north_port}"
            ),
        }
        working = [
            asyncio.create_task(federate(spine, ends["SOUTH"])),
            asyncio.create_task(federate(away, ends["NORTH"])),
            asyncio.create_task(outbox.relay(db, bus)),
        ]
        try:
            yield Regions(room, away, cable)
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)
            await cable.cut()


async def _answering(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def new_database(spine: Spine) -> str:
    """A second database on the tests' server; its URL."""
    name, parts = f"north_{new_id().lower()}", urlsplit(spine.db.url)
    async with spine.db.connection() as connection:
        await connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(parts._replace(path=f"/{name}"))


async def events_of(spine: Spine, incident: str) -> list[Any]:
    head = await store.head_of_any(spine.db, incident)
    return [] if head is None else await store.events_between(spine.db, incident, 0, head.sequence)


async def until(spine: Spine, incident: str, count: int) -> list[Any]:
    async with asyncio.timeout(60):
        while len(events := await events_of(spine, incident)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # nobody is told here when something came from there
    return events


IRIS = Author(Actor("iris", "iris", "IRW"), "Iris Chorlton", "IRW", frozenset({"control"}), frozenset())


async def test_a_cut_link_heals_with_nothing_lost_and_nothing_twice(regions: Regions) -> None:
    home, away, cable = regions.home, regions.away, regions.cable
    here = home.platform.spine
    incident, casualty = await home.open(), new_id()
    await home.say("officer", incident, event("casualty.found", casualty=casualty), event("log.written", text="ours", audience=("KEN",)))
    assert await events_of(away, incident) == []  # nobody there has joined
    await home.say("control", incident, event("agency.joined", agency="IRW"))
    first = await until(away, incident, 3)
    assert [e.kind for e in first] == ["incident.opened", "casualty.found", "agency.joined"]

    await append(away, IRIS, incident, [New(new_id(), "log.written", now_ms(), {"text": "from the north"})])
    await until(here, incident, 5)

    await cable.cut()
    await home.say("officer", incident, *(event("chat.said", text=f"south {n}") for n in range(20)))
    triage = {"casualty": casualty, "tool": "TST", "category": "P1"}
    north = [New(new_id(), "chat.said", now_ms(), {"text": f"north {n}"}) for n in range(20)]
    await append(away, IRIS, incident, [*north, New(new_id(), "casualty.triaged", now_ms(), triage)])
    await asyncio.sleep(2.5)
    assert len(await events_of(here, incident)) == 25
    assert len(await events_of(away, incident)) == 25

    await cable.mend()
    ours, theirs = await until(here, incident, 46), await until(away, incident, 45)
    assert len(ours) == 46
    assert len(theirs) == 45  # all but what is for Kentmere only
    assert {e.id for e in ours} - {e.id for e in theirs} == {e.id for e in ours if e.audience}
    for side in (ours, theirs):
        assert [e.sequence for e in side] == list(range(1, len(side) + 1))
        for region in ("south", "north"):
            said = [e.data["text"] for e in side if e.kind == "chat.said" and e.data["text"].startswith(region)]
            assert said == [f"{region} {n}" for n in range(20)]
    seen_here, seen_there = (view(fold(incident, side), "IRW") for side in (ours, theirs))
    for name in ("casualties", "casualty_count", "agencies", "title", "lead", "status", "number"):
        if name == "agencies":
            assert seen_here[name].keys() == seen_there[name].keys()
        else:
            assert seen_here[name] == seen_there[name]


@pytest.mark.heavy
async def test_who_is_put_out_hears_nothing_more(regions: Regions) -> None:
    home, away = regions.home, regions.away
    incident = await home.open("IRW")
    await until(away, incident, 2)
    await home.say("control", incident, event("agency.left", agency="IRW", reason="not needed"))
    await home.say("control", incident, event("log.written", text="only ours now"))
    last = await until(away, incident, 3)
    await asyncio.sleep(0.5)
    assert (
        [e.kind for e in last] == [e.kind for e in await events_of(away, incident)] == ["incident.opened", "agency.joined", "agency.left"]
    )
    assert await store.head(away.db, incident, "IRW", ["control"]) is None


async def test_a_region_speaks_for_its_own_agencies_only(room: IncidentRoom) -> None:
    spine, incident = room.platform.spine, await room.open("IRW")
    [opened, joined] = await events_of(spine, incident)
    there: dict[str, tuple[str, ...]] = {"KEN": (), "IRW": ()}

    def said(agency: str, kind: str, data: dict[str, Any]) -> Any:
        made = opened._replace(id=new_id(), kind=kind, agency=agency, data=data, happened_at=now_ms())
        return told_of(made, there)

    parcel = Parcel(
        incident, "IRW",
        (
            said("KEN", "log.written", {"text": "as if Kentmere"}),
            said("IRW", "incident.closed", {"reason": "not theirs to close"}),
            said("IRW", "no.such_kind", {"text": "x"}),
            said("IRW", "log.written", {"text": "theirs"}),
        ),
    )  # fmt: skip
    got = await receive(spine, "NORTH", parcel, {"NORTH": ["IRW"]})
    assert (got.kept, got.refused) == (1, 3)
    again = await receive(spine, "NORTH", parcel, {"NORTH": ["IRW"]})
    assert (again.kept, again.known) == (0, 1)
    state = await room.state("control", incident)
    assert state["status"] == "open"
    stranger = Parcel(new_id(), "IRW", (told_of(joined, there),))
    with pytest.raises(PoisonError):
        await receive(spine, "NORTH", stranger, {"NORTH": ["IRW"]})


async def test_a_region_asks_itself_into_nothing_and_speaks_only_while_it_is_part(room: IncidentRoom) -> None:
    spine, incident = room.platform.spine, await room.open()
    [opened] = await events_of(spine, incident)

    def said(kind: str, at_ms: int = 0, **data: Any) -> Any:
        made = opened._replace(id=new_id(), kind=kind, agency="IRW", data=data, happened_at=at_ms or now_ms())
        return told_of(made, {"KEN": (), "IRW": ()})

    async def send(*events: Any) -> tuple[int, int]:
        got = await receive(spine, "NORTH", Parcel(incident, "IRW", events), {"NORTH": ["IRW"]})
        return got.kept, got.refused

    assert await send(said("log.written", text="who are you?"), said("agency.joined", agency="IRW")) == (0, 2)
    assert "IRW" not in (await room.state("control", incident))["agencies"]
    await room.say("control", incident, event("agency.joined", agency="IRW"))
    early = now_ms()
    assert await send(said("log.written", text="on our way")) == (1, 0)
    await room.say("control", incident, event("agency.left", agency="IRW", reason="stood down"))
    assert await send(said("log.written", early, text="said before, came late")) == (1, 0)
    after = said("log.written", now_ms() + 5_000, text="too late"), said("agency.joined", early, agency="IRW")
    assert await send(*after) == (0, 2)


async def test_whom_another_region_puts_out_sees_nothing_of_what_was_merged_here(room: IncidentRoom) -> None:
    """Irwell leads the one that goes on: its word counts for what Kentmere merged into it, and comes but once."""
    spine, into, ended = room.platform.spine, await room.open("IRW"), await room.open("KFR")
    await room.ask("control", "POST", f"/{ended}/merge", json={"into": into, "reason": "the same"})
    await room.say("control", into, event("lead.passed", agency="IRW", reason="nearer"))
    last = (await events_of(spine, into))[-1]
    left = last._replace(id=new_id(), kind="agency.left", agency="IRW", data={"agency": "KFR", "reason": "ours now"}, happened_at=now_ms())
    parcel = Parcel(into, "IRW", (told_of(left, {"KEN": (), "KFR": (), "IRW": ()}),))
    assert (await receive(spine, "NORTH", parcel, {"NORTH": ["IRW"]})).kept == 1
    for incident in (into, ended):
        await room.ask("fire", "GET", f"/{incident}", 404)
        assert "KFR" not in (await room.state("control", incident))["agencies"]
    [again] = [e for e in await events_of(spine, ended) if e.kind == "agency.left"]
    assert (again.agency, again.id) == ("KEN", id_in(ended, left.id))


async def test_a_merging_crosses_with_what_the_other_region_said(regions: Regions) -> None:
    """What Irwell said of the ended one comes back to them as their own words; what they say before they hear of it goes on too."""
    home, away, cable = regions.home, regions.away, regions.cable
    here = home.platform.spine
    into, ended = await home.open(), await home.open("IRW")
    await until(away, ended, 2)
    casualty, own, unit, gone = new_id(), new_id(), await unit_of_irwell(away), await unit_of_irwell(away)
    sends = IRIS._replace(permissions=frozenset({RESOURCES_DISPATCH}))
    await append(away, IRIS, ended, [New(new_id(), "casualty.found", now_ms(), {"casualty": casualty, "label": "T1"})])
    assigned = [New(new_id(), "resource.assigned", now_ms(), {"resource": one}) for one in (unit, gone)]
    assert {result.state for result in await append(away, sends, ended, assigned)} == {"accepted"}
    await home.say("officer", ended, event("casualty.found", casualty=own))
    await until(here, ended, 6)
    await until(away, ended, 6)
    await cable.cut()
    await home.ask("control", "POST", f"/{ended}/merge", json={"into": into, "reason": "the same"})
    late = New(new_id(), "casualty.triaged", now_ms(), {"casualty": casualty, "tool": "TST", "category": "P2"})
    [result] = await append(away, IRIS, ended, [late])
    assert (result.state, result.incident) == ("accepted", "")  # they cannot know
    await append(away, sends, ended, [New(new_id(), "resource.released", now_ms(), {"resource": gone})])
    await asyncio.sleep(0.5)
    await cable.mend()
    async with asyncio.timeout(60):
        while True:
            sides = [fold(into, await events_of(side, into)) for side in (here, away)]
            if all(
                side.casualties.keys() == {casualty, own}
                and side.casualties[casualty].category == "P2"
                and gone in side.resources
                and side.resources[gone].released_at
                for side in sides
            ):
                break
            await asyncio.sleep(0.05)
    ours, theirs = (view(side, "IRW") for side in sides)
    for name in ("casualty_count", "resources", "title", "lead"):
        assert ours[name] == theirs[name]
    assert [len(one["history"]) for one in theirs["casualties"].values()] == [len(one["history"]) for one in ours["casualties"].values()]
    assert await away.db.fetchval("SELECT incident FROM resources WHERE id = $1", unit) == into
    assert await away.db.fetchval("SELECT incident FROM resources WHERE id = $1", gone) is None, "it was released before they heard"
    [told] = await append(away, IRIS, ended, [New(new_id(), "log.written", now_ms(), {"text": "after"})])
    assert told.incident == into
    forged = next(e for e in await events_of(here, into) if e.carried is not None and e.agency == "IRW")
    made = told_of(forged._replace(id=new_id(), data={**forged.data, "label": "T9"}), {"KEN": (), "IRW": ()})
    got = await receive(away, "SOUTH", Parcel(into, "KEN", (made,)), {"SOUTH": ["KEN", "KFR", "KAS", "ORR"]})
    assert (got.kept, got.refused) == (0, 1)


async def test_what_a_region_says_it_carried_moves_nothing_of_ours(room: IncidentRoom) -> None:
    """Irwell names our resource, emergency and picture in words of its own, and says our own words again from an incident that it left."""
    spine, phone = room.platform.spine, Phone(room)
    shared, ours, unit = await room.open("IRW"), await room.open("IRW"), await room.resource()
    await room.ask("officer", "PUT", "/me/resource", json={"resource": unit["id"]})
    await room.say("control", ours, event("resource.assigned", resource=unit["id"]))
    danger = call()
    await room.ask("officer", "POST", "/emergencies", json=danger)
    media = await phone.send(ours, picture())
    await room.say("control", ours, event("agency.left", agency="IRW", reason="stood down"))
    await room.say("control", shared, event("lead.passed", agency="IRW", reason="nearer"))
    told: list[Told] = []
    for one in await events_of(spine, ours):
        if one.kind in {"resource.assigned", "emergency.raised", "media.added"}:
            carried = Carried(ours, "IRW-20261122-0001", one.id)
            again = one._replace(incident=shared, id=new_id(), carried=carried)
            told += [told_of(again, {}), told_of(again._replace(id=new_id(), agency="IRW", carried=Carried(ours, "", new_id())), {})]
    assert len(told) == 6
    got = await receive(spine, "NORTH", Parcel(shared, "IRW", tuple(told)), {"NORTH": ["IRW"]})
    assert (got.kept, got.refused) == (3, 3)
    assert await spine.db.fetchval("SELECT incident FROM resources WHERE id = $1", unit["id"]) == ours
    assert await spine.db.fetchval("SELECT incident FROM emergencies WHERE id = $1", danger["id"]) == ours
    assert (await phone.open(shared, media, who="control")).status_code == 404
    found = await media_store.find(spine.db, media)
    assert found is not None
    assert not await elsewhere.may_have(spine.db, found, ["IRW"])
    await room.ask("officer", "DELETE", "/me/resource", 204)
    await room.ask("control", "POST", f"/emergencies/{danger['id']}/close", json={"outcome": "resolved"})


async def unit_of_irwell(away: Spine) -> str:
    """A car of Irwell's, which the other region has no record of."""
    unit = new_id()
    await away.db.execute(
        "INSERT INTO resources (id, agency, call_sign, type, status, status_at, created_at)"
        " VALUES ($1, 'IRW', $1, 'car', 'on_duty', now(), now())",
        unit,
    )
    return unit
