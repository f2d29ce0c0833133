"""A source with three cameras, and reads sent to it through the real intake, found by the real writer."""

from __future__ import annotations

import asyncio
import base64
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform

JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9").decode()
REASON = {"purpose": "test", "reference": "tests of search"}
LETTERS = "ABCEFGHJKLMNPRSTUVWXY"


def plate() -> str:
    """A mark of our own: nobody else's test meets it, and no character of it is easily confused but those we put in."""
    pick = random.SystemRandom().choice
    return (
        "".join(pick("ACEFHJKMNPRTVWXY") for _ in range(2))
        + f"{random.SystemRandom().randrange(30, 80)}".replace("5", "4")
        .replace("6", "7")
        .replace("8", "9")
        .replace("2", "3")
        .replace("1", "3")
        .replace("0", "3")
        + "".join(pick("ACEFHJKMNPRTVWXY") for _ in range(3))
    )


@dataclass
class History:
    """Sends reads and asks for them."""

    platform: RunningPlatform
    key: str
    source: str
    cameras: dict[str, str] = field(default_factory=dict)

    def read(self, vrm: str, age_s: float = 60, camera: str = "north", **more: Any) -> dict[str, Any]:
        return {
            "camera": camera, "vrm": vrm, "captured_at": to_rfc3339(now_ms() - int(age_s * 1000)), "confidence": 0.9,
        } | more  # fmt: skip

    async def send(self, *reads: dict[str, Any]) -> dict[str, Any]:
        answer = await self.platform.client().post(
            "/v1/anpr/intake/native", json=list(reads), headers={"Authorization": f"Bearer {self.key}"}
        )
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def ask(self, username: str = "analyst", **question: Any) -> dict[str, Any]:
        answer = await self.platform.client(username).post("/v1/anpr/searches", json={"reason": REASON} | question)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def wait(self, count: int, **question: Any) -> dict[str, Any]:
        """Ask until so many are found: reads become searchable within a second."""
        async with asyncio.timeout(15):
            while True:
                answer = await self.ask(**question)
                if len(answer["items"]) >= count:
                    return answer
                await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
async def history(platform: RunningPlatform) -> History:
    admin = platform.client("admin")
    name = f"history {new_id()}"
    source = (await admin.post("/v1/anpr/sources", json={"name": name, "format": "native"})).json()
    west = -4.0 - random.SystemRandom().random() / 10
    rows = [
        f"{camera},{camera} camera,KEN,{name},{latitude},{west},A1,0"
        for camera, latitude in (("north", 55.0), ("south", 51.0), ("near", 55.002), ("town", 55.05))
    ]
    body = "external_id,name,agency,source,latitude,longitude,road,bearing\n" + "\n".join(rows)
    answer = await admin.post("/v1/anpr/cameras/import", content=body, headers={"Content-Type": "text/csv"})
    assert answer.json()["imported"] == 4, answer.text
    listed = (await admin.get("/v1/anpr/cameras", params={"bbox": f"{west - 1e-6},50,{west + 1e-6},56"})).json()["items"]
    made = History(platform, source["key"], name)
    made.cameras = {item["name"].split()[0]: item["id"] for item in listed if item["name"].endswith(" camera")}
    async with asyncio.timeout(10):
        while (await made.send(made.read("ZZ99ZZZ")))["rejected"]:  # noqa: ASYNC110 - the register sends no signal
            await asyncio.sleep(0.05)
    return made
