"""A platform that is busy, or away for a while, does not end the play: what it did not take is said again."""

from __future__ import annotations

import json
from typing import Any

import httpx

from bluelamp.demo.incidents.cast import crowd, everybody, regulars
from bluelamp.demo.incidents.collision import collision
from bluelamp.demo.incidents.player import play
from bluelamp.demo.incidents.script import Run, Say
from bluelamp.demo.incidents.stage import Clock, Played, Stage
from bluelamp.demo.incidents.ways import Ways
from bluelamp.demo.incidents.whereabouts import Whereabouts
from bluelamp.demo.session import client as sessions
from bluelamp.demo.session.client import PlatformClient
from bluelamp.demo.world.nation import Nation

FIRST_S = 1_800_000_000.0


class Busy(httpx.AsyncBaseTransport):
    """Says no to two of three requests, each time in another way; keeps what it took."""

    def __init__(self) -> None:
        self.asked = 0
        self.kept: dict[str, str] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = await request.aread()
        body: dict[str, Any] = {"id": "x", "picture": sent} if request.method == "PATCH" else json.loads(sent)
        self.asked += 1
        if self.asked % 6 == 1:
            return httpx.Response(503, json={"code": "engine_down"})
        if self.asked % 6 == 2:
            return httpx.Response(429, headers={"Retry-After": "0"}, json={"code": "too_many"})
        if self.asked % 6 == 4:
            self._take(body)
            raise httpx.ReadError("the answer is lost")
        return httpx.Response(200, json=self._take(body))

    def _take(self, body: dict[str, Any]) -> dict[str, Any]:
        if "events" not in body:
            return {"id": body["id"], "number": "1", "offset": 0}
        items = []
        for event in body["events"]:
            state = "repeated" if event["id"] in self.kept else "accepted"
            self.kept[event["id"]] = event["kind"]
            items.append({"id": event["id"], "state": state})
        return {"items": items}


async def test_a_busy_platform_hears_everything_once(nation: Nation, monkeypatch: Any) -> None:
    monkeypatch.setattr(sessions, "BACK_OFF_S_MIN", 0.001)
    monkeypatch.setattr(sessions, "BACK_OFF_S_MAX", 0.002)
    where = Whereabouts(Ways.of(nation), (*regulars(), *crowd()), nation.seed, FIRST_S)
    script = collision(Run("collision", 2, FIRST_S), where, nation.seed)
    busy = Busy()
    async with PlatformClient("http://platform.test", transport=busy) as client:
        tokens = {person.username: "t" for person in everybody()}
        ids = {name: name for name in where.units}
        stage = Stage(client, tokens, Clock(1.0, now=lambda: FIRST_S + 10_000), Played(), ids)
        await play(stage, where, script)
    lines = [step for step in script.steps if isinstance(step, Say)]
    assert sorted(busy.kept.values()) == sorted(line.kind for line in lines)
    assert stage.played.events == len(lines)
    assert stage.played.refused == 0
    assert client.waited > 20
