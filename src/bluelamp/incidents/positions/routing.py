"""A routing service that speaks OSRM's HTTP API: one table of travel times from many places to one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

import httpx

from bluelamp.incidents.positions.settings import PositionSettings
from bluelamp.kit.geo import Point

log = logging.getLogger(__name__)

COORDINATES_MAX = 100
"""OSRM's own default limit for a table; more starts are asked in several questions at once."""
ANSWER_BYTES_MAX = 1 << 20
REST_S = 10.0
"""After a failure the service is left alone for so long: a dispatcher must not wait for the time-out at every look."""


class OsrmRouting:
    """`GET {url}/table/v1/driving/{longitude},{latitude};…?sources=…&destinations=0&annotations=duration,distance`."""

    def __init__(self, url: str, seconds_max: float, client: httpx.AsyncClient | None = None) -> None:
        self._url = url.rstrip("/")
        self._seconds_max = seconds_max
        self._client = client or httpx.AsyncClient(timeout=seconds_max, follow_redirects=False)
        self._rest_until = 0.0

    @classmethod
    def of(cls, settings: PositionSettings) -> OsrmRouting | None:
        """None where no service is configured."""
        return cls(settings.routing_url, settings.routing_seconds_max) if settings.routing_url else None

    async def close(self) -> None:
        await self._client.aclose()

    async def times_to(self, starts: Sequence[Point], goal: Point) -> list[tuple[float | None, float | None]] | None:
        """See `nearest.Routing`. Never raises: what a dispatcher asks is answered, if only by the straight line."""
        if time.monotonic() < self._rest_until:
            return None
        size = COORDINATES_MAX - 1
        try:
            async with asyncio.timeout(self._seconds_max):
                parts = await asyncio.gather(*(self._ask(starts[at : at + size], goal) for at in range(0, len(starts), size)))
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError, IndexError) as error:
            self._rest_until = time.monotonic() + REST_S
            log.warning("the routing service did not answer, straight lines are used for %.0f s: %s", REST_S, type(error).__name__)
            return None
        return [answer for part in parts for answer in part]

    async def _ask(self, starts: Sequence[Point], goal: Point) -> list[tuple[float | None, float | None]]:
        places = ";".join(f"{point.longitude:.6f},{point.latitude:.6f}" for point in (goal, *starts))
        sources = ";".join(str(at) for at in range(1, len(starts) + 1))
        asked = {"sources": sources, "destinations": "0", "annotations": "duration,distance"}
        answer = await self._client.get(f"{self._url}/table/v1/driving/{places}", params=asked)
        answer.raise_for_status()
        if len(answer.content) > ANSWER_BYTES_MAX:
            raise ValueError("the routing service's answer is too large")
        told: dict[str, Any] = answer.json()
        if told["code"] != "Ok":
            raise ValueError(str(told["code"]))
        durations = told["durations"]
        distances = told.get("distances") or [[None]] * len(durations)
        if len(durations) != len(starts):
            raise ValueError("the routing service answered for another number of places")
        return [(_number(seconds[0]), _number(metres[0])) for seconds, metres in zip(durations, distances, strict=True)]


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError("the routing service answered with something that is no duration")
    return float(value)
