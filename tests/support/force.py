"""A force of its own with a line of command, for tests of reviews: nothing depends on what others did today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from bluelamp.accountability.reviews import drawing
from bluelamp.accountability.reviews.settings import ReviewSettings
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor, Purpose
from bluelamp.spine.identity import actions
from bluelamp.spine.organisations.agencies import add_agency
from tests.support.platform import RunningPlatform, token_for

EVERYTHING = ReviewSettings(rates="*:*=1", most=1000)


@dataclass
class Force:
    """Chief above sergeant above officer; a second sergeant beside them; all but the officer review."""

    platform: RunningPlatform
    code: str
    people: dict[str, str]
    """User ids by name."""

    def client(self, name: str) -> httpx.AsyncClient:
        return self.platform.client(f"{name}.{self.code.lower()}")

    async def look(self, name: str, plate: str, reference: str = "Op Test", action: str = "anpr.searches.run") -> str:
        """A look in the audit as a search leaves it; its entry."""
        actor = Actor(self.people[name], f"{name}.{self.code.lower()}", self.code)
        db = self.platform.spine.db
        entry = await audit.intend(db, actor, action, subjects=(plate,), why=Purpose("test", reference))
        await audit.conclude(db, entry, "answered", 7)
        return entry

    async def draw(self, settings: ReviewSettings = EVERYTHING) -> str | None:
        return await drawing.draw_day(self.platform.spine, self.code, datetime.now(UTC).date(), settings)

    async def waiting(self, name: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.client(name).get("/v1/reviews", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def decide(self, name: str, review: str, outcome: str, note: str = "") -> httpx.Response:
        return await self.client(name).post(f"/v1/reviews/{review}/decision", json={"outcome": outcome, "note": note})


async def make_force(platform: RunningPlatform) -> Force:
    code = f"R{new_id()[-6:]}"
    db = platform.spine.db
    roles = {"chief": "supervisor", "sergeant": "supervisor", "beside": "supervisor", "officer": "officer"}
    people = {}
    async with db.transaction() as connection:
        await add_agency(connection, audit.SYSTEM, code, f"Force {code}")
        for name, role in roles.items():
            username = f"{name}.{code.lower()}"
            people[name] = await actions.create_user(connection, actions.PLATFORM, username, name.title(), code, frozenset({role}))
        for below, above in (("officer", "sergeant"), ("sergeant", "chief")):
            await connection.execute("UPDATE memberships SET manager = $2 WHERE person = $1", people[below], people[above])
    for name in roles:
        username = f"{name}.{code.lower()}"
        platform.tokens[username] = await token_for(platform.spine, username)
    return Force(platform, code, people)
