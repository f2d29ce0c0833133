"""kill -9 of every process in turn while a hundred devices follow an incident: nothing accepted is lost or doubled, none sees too much."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bluelamp.app.engines.data_folder import free_port
from bluelamp.incidents.gateways.cot.trust.authority import FILE
from bluelamp.kit.clock import now_ms, to_rfc3339
from tests.incidents.conftest import PLACE, event
from tests.incidents.cot.tak import Tak
from tests.support.incident_load import Handset, Line, Outbox, Presser, until, until_answered
from tests.support.installation import Installation, installed

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]

VICTIMS = ("api", "worker", "cot", "nats", "postgres", "columnar", "supervisor")
MEMBERS = {
    "officer": "KEN",
    "supervisor": "KEN",
    "control": "KEN",
    "fire": "KFR",
    "firefighter": "KFR",
    "ambulance": "KAS",
    "paramedic": "KAS",
}
STRANGER = "officer2"
ROOMS = {"officer": "control", "paramedic": "ambulance"}
"""Who calls for help, and the control room that answers; the first is on the incident, the second is not."""
LINES_EACH = 12
"""As many as a person may have."""
HANDSETS_EACH = 4


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    yield root
    shutil.rmtree(root, ignore_errors=True)


def tell(what: str) -> None:
    """For who runs it with `-s`."""
    sys.stdout.write(f"{what}\n")


class Town:
    """The platform, two incidents (one shared with fire and ambulance, one not), and everybody who is at them."""

    def __init__(self, platform: Installation, ports: dict[str, int], clients: dict[str, httpx.AsyncClient]) -> None:
        self.platform, self.ports, self.clients = platform, ports, clients
        self.shared = self.ours = self.number = self.resource = ""
        self.lines: list[Line] = []
        self.handsets: list[Handset] = []
        self.outboxes: list[Outbox] = []
        self.pressers: list[Presser] = []
        self.tak_alerts = 0
        self.tasks: list[asyncio.Task[Any]] = []
        self.endless: list[asyncio.Task[Any]] = []
        """Of the load: ended by cutting it off."""

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        return await until_answered(self.clients[who], method, f"/v1/incidents{path}", body)

    def begin(self, work: Any) -> None:
        self.tasks.append(asyncio.create_task(work))

    def lines_of(self, *people: str) -> list[Line]:
        return [line for line in self.lines if line.who in people]

    async def log_of(self, who: str, incident: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = "0"
        while after is not None:
            page = await self.ask(who, "GET", f"/{incident}/events?limit=1000&after={after}")
            found += page["items"]
            after = page["next"]
        return found

    async def prepare(self) -> None:
        for share in (["KFR", "KAS"], []):
            body = {"title": "Collision", "type": "collision.injury", "grade": "I", "place": PLACE, "share": [{"agency": a} for a in share]}
            opened = await self.ask("control", "POST", "", body)
            if share:
                self.shared, self.number = opened["id"], opened["number"]
            else:
                self.ours = opened["id"]
        self.resource = (await self.ask("control", "POST", "/resources", {"call_sign": "SURV1", "type": "car"}))["id"]
        await self.ask("officer", "PUT", "/me/resource", {"resource": self.resource})
        await self.ask("control", "POST", f"/{self.shared}/events", {"events": [event("resource.assigned", resource=self.resource)]})
        await self.ask("control", "POST", f"/resources/{self.resource}/status", {"code": "2"})

    async def connect(self) -> None:
        for who in (*MEMBERS, STRANGER):
            token = self.clients[who].headers["Authorization"].removeprefix("Bearer ")
            self.lines += [
                Line(self.platform.url, who, token, [self.shared, self.ours], agency=who in ROOMS.values()) for _ in range(LINES_EACH)
            ]
        pem = (self.platform.data / FILE).read_bytes()
        doors = SimpleNamespace(ports=self.ports, authority=SimpleNamespace(pem=pem))
        tak = Tak(SimpleNamespace(client=self.clients.__getitem__), doors)  # type: ignore[arg-type]
        for who in ("officer", "supervisor", "firefighter", "paramedic", STRANGER):
            for n in range(HANDSETS_EACH):
                self.handsets.append(Handset(self.ports["tls"], who, f"S-{who}-{n}", await tak.context(who)))
        for one in (*self.lines, *self.handsets):
            self.begin(one.run())
        await until(lambda: all(line.ready.is_set() for line in self.lines), "every line is ready")
        await until(lambda: all(handset.device is not None for handset in self.handsets), "every handset is connected")

    def load(self) -> None:
        """Everything at once, and for as long as the test lasts."""
        said = [
            ("officer", self.shared, ()),
            ("firefighter", self.shared, ()),
            ("officer", self.shared, ("KEN",)),
            ("control", self.ours, ()),
        ]
        for who, incident, audience in said:
            self.outboxes.append(Outbox(self.clients[who], incident, lambda audience=audience: [_note(audience) for _ in range(3)]))
        self.outboxes.append(Outbox(self.clients["paramedic"], self.shared, lambda: [event("chat.said", text="a word")]))
        self.pressers = [Presser(self.clients[who]) for who in ROOMS]
        for one in (*self.outboxes, *self.pressers):
            self.begin(one.run())
        before = len(self.tasks)
        self.begin(self._move())
        talking = [next(h for h in self.handsets if h.who == who) for who in ("officer", "firefighter")]
        for handset in talking:
            self.begin(handset.talk(self.number, 0.5))
        self.begin(self._alarm(next(h for h in self.handsets if h.who == "supervisor")))
        self.endless = self.tasks[before:]

    async def _move(self) -> None:
        number = 0
        while True:
            number += 1
            now = to_rfc3339(now_ms())
            moved = {"sent_at": now, "positions": [{"at": now, "latitude": 54.2 + number / 1e5, "longitude": -2.7}]}
            await until_answered(self.clients["officer"], "POST", "/v1/incidents/positions", moved)
            await asyncio.sleep(0.5)

    async def _alarm(self, handset: Handset) -> None:
        """Presses on a TAK device until the control room has it, which closes it; then again."""
        while True:
            mine: list[str] = []
            while not mine:
                handset.alarm()
                await asyncio.sleep(0.5)
                standing = (await self.ask("control", "GET", "/emergencies"))["items"]
                mine = [one["id"] for one in standing if one["person_name"] == "Sunil Garsdale"]
            assert len(mine) == 1, "one press, one emergency, whatever was killed meanwhile"
            await self.ask("control", "POST", f"/emergencies/{mine[0]}/close", {"outcome": "resolved"})
            handset.cancel()
            self.tak_alerts += 1
            await asyncio.sleep(1)

    async def all_well(self, victim: str) -> None:
        """Everybody is back: what is said now reaches all of them, positions move, and a call for help is heard."""
        probe, word = event("log.written", text=f"after {victim}"), event("chat.said", text=f"after {victim}")
        since, raised = to_rfc3339(now_ms()), sum(len(presser.raised) for presser in self.pressers)
        since_ms = now_ms()
        await Outbox(self.clients["control"], self.shared, list).say(probe, word)
        members = self.lines_of(*MEMBERS)
        lacking = lambda: [(line.who, line.returns, line.heard_at, line.cursor) for line in members if not line.has(probe["id"])]  # noqa: E731
        await until(lambda: not lacking(), f"every line hears after {victim}", told=lambda: (len(lacking()), lacking()[:8], self.faults()))
        here = [handset for handset in self.handsets if handset.who != STRANGER]
        await until(lambda: all(word["id"] in handset.chats for handset in here), f"every handset hears after {victim}")
        await until(lambda: all(line.moved.get(self.resource, "") > since for line in members), f"positions move after {victim}")
        uid = next(handset.uid for handset in here if handset.who == "officer")
        await until(lambda: all(h.moved.get(uid, 0) > since_ms for h in here if h.uid != uid), f"handsets move after {victim}")
        await until(lambda: sum(len(presser.raised) for presser in self.pressers) > raised + 1, f"calls for help after {victim}")
        alerts = self.tak_alerts
        await until(lambda: self.tak_alerts > alerts, f"a TAK alert is raised after {victim}")
        assert self.faults() == []

    def faults(self) -> list[BaseException]:
        """Of those who should go on for ever."""
        return [error for task in self.tasks if task.done() and (error := task.exception()) is not None]

    async def end(self) -> None:
        """Nobody says anything more, and what was said is in the log."""
        for one in (*self.outboxes, *self.pressers):
            one.ending.set()
        for task in self.endless:
            task.cancel()
            self.tasks.remove(task)
        await asyncio.gather(*self.endless, return_exceptions=True)
        kept = [-1]

        async def is_quiet() -> bool:
            kept.append(len(await self.log_of("control", self.shared)))
            await asyncio.sleep(1)
            return kept[-1] == kept[-2]

        await until(is_quiet, "the log comes to rest")


def _note(audience: tuple[str, ...]) -> dict[str, Any]:
    return event("log.written", text="for some" if audience else "for all", audience=audience)


@asynccontextmanager
async def town(place: Path) -> AsyncIterator[Town]:
    ports = {"tls": free_port(), "enrol": free_port()}
    environment = {"BLUELAMP_COT_ENABLED": "true", "BLUELAMP_COT_PORT": str(ports["tls"]), "BLUELAMP_COT_ENROL_PORT": str(ports["enrol"])}
    with installed(place / "data", environment) as platform:
        async with AsyncExitStack() as stack:
            clients = {}
            for who in (*MEMBERS, STRANGER):
                token = await asyncio.to_thread(platform.command, "token", who)
                client = httpx.AsyncClient(base_url=platform.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
                clients[who] = await stack.enter_async_context(client)
            made = Town(platform, ports, clients)
            try:
                yield made
            finally:
                for task in made.tasks:
                    task.cancel()
                await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_nothing_accepted_is_lost_doubled_or_shown_to_others_whatever_is_killed(place: Path) -> None:
    async with town(place) as here:
        await here.prepare()
        await here.connect()
        begun = {incident: len(await here.log_of("control", incident)) for incident in (here.shared, here.ours)}
        here.load()
        await here.all_well("nothing")
        for victim in VICTIMS:
            await asyncio.to_thread(here.platform.kill, victim)
            if victim == "supervisor":
                await asyncio.to_thread(here.platform.start)
            await here.all_well(victim)
            tell(f"after {victim}: lines returned {sum(line.returns for line in here.lines)} times, handsets "
                  f"{sum(handset.returns for handset in here.handsets)}, said {sum(len(o.acknowledged) for o in here.outboxes)}, "
                  f"sent again {sum(o.tried_again for o in here.outboxes)}, "
                  f"emergencies {sum(len(p.raised) for p in here.pressers)} + {here.tak_alerts} of TAK")  # fmt: skip
        await here.end()
        await _judge(here, begun)


async def _judge(here: Town, begun: dict[str, int]) -> None:
    await Outbox(here.clients["control"], here.shared, list).say(last := event("chat.said", text="the last word"))
    await until(lambda: all(line.has(last["id"]) for line in here.lines_of(*MEMBERS)), "the last word reaches every line")
    assert [o.wrong for o in here.outboxes if o.wrong] == []
    assert [line.wrong for line in here.lines if line.wrong] == []
    logs = {(agency, i): await here.log_of(who, i) for who, agency in (("control", "KEN"), ("fire", "KFR"), ("ambulance", "KAS"))
            for i in ((here.shared, here.ours) if agency == "KEN" else (here.shared,))}  # fmt: skip

    kept = Counter(one["id"] for i in (here.shared, here.ours) for one in logs["KEN", i])
    assert {i for i, count in kept.items() if count > 1} == set(), "in the log once"
    accepted = [i for outbox in here.outboxes for i in outbox.acknowledged]
    assert set(accepted) <= kept.keys(), "every accepted event is in the log"

    assert sum(line.gaps for line in here.lines) == 0, "every cursor was good"
    early = {one["id"] for i, log in logs.items() for one in log[: begun[i[1]]] if i[0] == "KEN"}
    delivered, bad = 0, []
    for line in here.lines:
        of = MEMBERS.get(line.who)
        wanted = {one["id"]: one for (agency, _), log in logs.items() if agency == of for one in log if one["id"] not in early}
        got = Counter(one for _, one in line.told if one in kept or line.who == STRANGER)
        missing = [f"{one['sequence']} {one['kind']} {one['at']}" for i, one in wanted.items() if i not in got]
        doubled, foreign = [i for i, count in got.items() if count > 1], got.keys() - wanted.keys()
        if missing or doubled or foreign:
            bad.append((line.who, missing, doubled, foreign))
        delivered += len(got)
    assert bad == [], f"each line has each event that it may see once, and no other: {len(bad)} have not"

    words = {one["id"] for one in logs["KEN", here.shared] if one["kind"] == "chat.said" and not one["audience"]}
    by_name = {one["id"]: one["name"] for one in logs["KEN", here.shared]}
    talkers = {"Ola Fenwick", "Finn Langdale"}
    repeats = 0
    for handset in here.handsets:
        heard = set(handset.chats) & kept.keys()
        if handset.who == STRANGER:
            assert heard == set()
            assert not [uid for uid in handset.moved if not uid.startswith(f"S-{STRANGER}")]
            continue
        missing = {word for word in words - heard if by_name[word] not in talkers}
        assert missing == set(), f"{handset.uid} missed {len(missing)} of {len(words)}"
        repeats += sum(count - 1 for word, count in handset.chats.items() if word in kept)

    for presser, room in zip(here.pressers, ROOMS.values(), strict=True):
        raised = set(presser.raised)
        assert all(raised <= line.dangers for line in here.lines_of(room)), f"every screen of {room} had each"
        standing = {one["id"]: one["state"] for one in (await here.ask(room, "GET", "/emergencies"))["items"]}
        assert {number for number in raised if standing.get(number) != "raised"} == set(), "open until somebody acknowledges it"
        for number in raised:
            assert (await here.ask(room, "POST", f"/emergencies/{number}/acknowledge"))["state"] == "acknowledged"
    tell(f"{len(accepted)} accepted and {len(kept)} in the logs, {delivered} deliveries on {len(here.lines)} lines, each once; "
          f"{len(words)} words on {len(here.handsets)} handsets, {repeats} told again under the same id; "
          f"{sum(len(p.raised) for p in here.pressers)} emergencies pressed, {here.tak_alerts} on TAK devices")  # fmt: skip
