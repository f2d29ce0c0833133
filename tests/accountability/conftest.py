"""Searches for reads half a year old, and the people who ask for and give authority."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform


class Case:
    """One case of its own: a plate nobody else's test asks for, and a reference."""

    def __init__(self, platform: RunningPlatform, purpose: str = "serious_crime") -> None:
        self.platform = platform
        self.vrm = "YX7" + "".join(random.SystemRandom().choice("ACEFHJKMNPRTVWXY") for _ in range(4))
        self.reason = {"purpose": purpose, "reference": f"Op {new_id()}"}

    def ago(self, days: float) -> str:
        return (datetime.now(UTC) - timedelta(days=days)).isoformat()

    async def search(self, username: str = "analyst", days: float | None = 180, **more: Any) -> httpx.Response:
        question = {"vrm": self.vrm, "reason": self.reason} | ({"from": self.ago(days)} if days else {}) | more
        return await self.platform.client(username).post("/v1/anpr/searches", json=question)

    def scope(self, days: float = 200, **more: Any) -> dict[str, Any]:
        return self.reason | {"vrms": [self.vrm], "from": self.ago(days), "grounds": "Seen at an earlier scene."} | more

    async def ask(self, username: str = "analyst", **more: Any) -> dict[str, Any]:
        answer = await self.platform.client(username).post("/v1/accountability/authorisations", json=self.scope(**more))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def decide(self, authorisation: str, username: str = "supervisor", **more: Any) -> httpx.Response:
        decision = {"grant": True, "reason": "Necessary and proportionate."} | more
        return await self.platform.client(username).post(f"/v1/accountability/authorisations/{authorisation}/decision", json=decision)

    async def granted(self, username: str = "analyst", **more: Any) -> dict[str, Any]:
        asked = await self.ask(username, **more)
        answer = await self.decide(asked["id"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def entries(self, kind: str, action: str) -> list[dict[str, Any]]:
        """What the audit holds of this case."""
        rows = await self.platform.spine.db.fetch(
            "SELECT detail FROM audit_entries WHERE kind = $1 AND action = $2 AND reference = $3 ORDER BY at",
            kind, action, self.reason["reference"],
        )  # fmt: skip
        return [row["detail"] for row in rows]


@pytest.fixture
def case(platform: RunningPlatform) -> Case:
    return Case(platform)
