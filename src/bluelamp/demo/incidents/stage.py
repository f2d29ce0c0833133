"""What every player needs: the platform, the cast's tokens, the resources' ids there, a clock, and the count of what was done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from bluelamp.demo.incidents.cast import Person
from bluelamp.demo.session.client import PlatformClient

EVENTS_AT_ONCE = 150
REFUSALS_KEPT = 50


class Clock:
    """Story time, seconds since 1970. A test lets it run faster; the nation's runs as clocks do."""

    def __init__(self, speed: float = 1.0, now: Callable[[], float] = time.time) -> None:
        self._speed = speed
        self._now = now
        self._began_s = now()

    def now(self) -> float:
        return self._began_s + (self._now() - self._began_s) * self._speed

    async def until(self, moment_s: float) -> None:
        """Returns at once where that is past."""
        left = (moment_s - self.now()) / self._speed
        if left > 0:
            await asyncio.sleep(left)

    async def wait(self, seconds: float) -> None:
        await self.until(self.now() + seconds)


@dataclass
class Played:
    """What went out so far, and what became of it."""

    incidents: int = 0
    closed: int = 0
    events: int = 0
    repeated: int = 0
    positions: int = 0
    pictures: int = 0
    handed_over: int = 0
    emergencies: int = 0
    refused: int = 0
    refusals: list[str] = field(default_factory=list)
    """The first of them, as told."""

    def refuse(self, what: str) -> None:
        self.refused += 1
        if len(self.refusals) < REFUSALS_KEPT:
            self.refusals.append(what)


@dataclass
class Stage:
    client: PlatformClient
    """Without a token of its own: each person speaks with theirs."""
    tokens: dict[str, str]
    """Bearer tokens by username."""
    clock: Clock
    played: Played
    resources: dict[str, str] = field(default_factory=dict)
    """Ids on the platform, by call sign."""

    async def ask(self, who: Person, method: Literal["GET", "POST", "PUT"], path: str, body: Any = None) -> Any:
        """One request in somebody's name; waits while the platform is busy or away.

        Raises:
            RefusedError: refused for good.
        """
        headers = {"Authorization": f"Bearer {self.tokens[who.username]}"}
        return await self.client.ask(method, f"/v1/incidents{path}", json=body, headers=headers)

    async def send(self, who: Person, path: str, content: bytes, offset: int) -> None:
        """A file from an offset on, as one piece.

        Raises:
            RefusedError: refused for good.
        """
        headers = {"Authorization": f"Bearer {self.tokens[who.username]}", "Upload-Offset": str(offset)}
        headers["Content-Type"] = "application/offset+octet-stream"
        await self.client.ask("PATCH", f"/v1/incidents{path}", content=content[offset:], headers=headers)

    async def every(self, who: Person, path: str) -> list[dict[str, Any]]:
        """All items of a list that pages by cursor."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.ask(who, "GET", f"{path}{'&' if '?' in path else '?'}limit=200{f'&cursor={cursor}' if cursor else ''}")
            found += page["items"]
            if not (cursor := page["next"] or ""):
                return found


def stamp(moment_s: float | None = None) -> str:
    """RFC 3339; without a moment, now by this computer's clock."""
    return datetime.fromtimestamp(time.time() if moment_s is None else moment_s, UTC).isoformat(timespec="milliseconds")
