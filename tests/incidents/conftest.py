"""An incident room for tests: Kentmere's control opens incidents, fire and ambulance join, everybody says things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform

PLACE = {"said": "M6 J36", "latitude": 54.2301, "longitude": -2.7180, "source": "map"}


def event(kind: str, *, id: str = "", at_ms: int | None = None, audience: tuple[str, ...] = (), **data: Any) -> dict[str, Any]:  # noqa: A002
    happened = to_rfc3339(at_ms if at_ms is not None else now_ms())
    return {"id": id or new_id(), "kind": kind, "happened_at": happened, "data": data, "audience": list(audience)}


@dataclass
class IncidentRoom:
    platform: RunningPlatform

    async def ask(self, who: str, method: str, path: str, status: int = 200, **request: Any) -> Any:
        answer = await self.platform.client(who).request(method, f"/v1/incidents{path}", **request)
        assert answer.status_code == status, f"{method} {path} as {who}: {answer.status_code} {answer.text[:400]}"
        return answer.json() if answer.content else None

    async def open(self, *share: str, who: str = "control", **more: Any) -> str:
        body = {
            "title": "Lorry and two cars",
            "type": "collision.injury",
            "grade": "I",
            "place": PLACE,
            "share": [{"agency": a} for a in share],
        }
        return str((await self.ask(who, "POST", "", 201, json=body | more))["id"])

    async def results(self, who: str, incident: str, *events: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        return list((await self.ask(who, "POST", f"/{incident}/events", json={"events": list(events)} | more))["items"])

    async def say(self, who: str, incident: str, *events: dict[str, Any], **more: Any) -> list[int]:
        results = await self.results(who, incident, *events, **more)
        assert all(result["state"] == "accepted" for result in results), results
        return [result["sequence"] for result in results]

    async def state(self, who: str, incident: str, **params: Any) -> dict[str, Any]:
        return dict(await self.ask(who, "GET", f"/{incident}", params=params))

    async def resource(self, who: str = "control", **more: Any) -> dict[str, Any]:
        return dict(await self.ask(who, "POST", "/resources", 201, json={"call_sign": f"T{new_id()[-8:]}", "type": "car"} | more))


@pytest.fixture
async def room(platform: RunningPlatform) -> IncidentRoom:
    # Whom an emergency is told to follows from what somebody crews: nobody begins with what another test gave them.
    await platform.spine.db.execute("DELETE FROM resource_crews")
    return IncidentRoom(platform)
