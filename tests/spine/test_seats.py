"""Live streams are limited by person, and a seat is free again when its stream has ended."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from bluelamp.spine import seats as seats_of
from bluelamp.spine.errors import TooManyError
from bluelamp.spine.seats import Seats
from tests.support.platform import RunningPlatform


async def test_a_person_has_so_many_streams_and_no_more(platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats_of, "STREAMS_PER_PERSON_MAX", 2)
    headers = {"Authorization": f"Bearer {platform.tokens['officer2']}"}
    async with httpx.AsyncClient(base_url=platform.url, headers=headers, timeout=20) as client, AsyncExitStack() as stack:
        kept = []  # a stream that nobody reads any more is closed
        for _ in range(2):
            answer = await stack.enter_async_context(client.stream("GET", "/v1/stream"))
            assert answer.status_code == 200
            kept.append(answer.aiter_bytes())
            assert b"ready" in await anext(kept[-1])
        refused = await client.get("/v1/stream")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) > 0
        async with client.stream("GET", "/v1/stream", headers={"Authorization": f"Bearer {platform.tokens['control']}"}) as other:
            assert other.status_code == 200
        await stack.aclose()
        async with asyncio.timeout(20):
            while True:
                async with client.stream("GET", "/v1/stream") as again:
                    if again.status_code == 200:
                        return
                await asyncio.sleep(0.05)


def test_the_process_has_so_many_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats_of, "STREAMS_MAX", 1)
    seats = Seats()
    with seats.taken("a"), pytest.raises(TooManyError, match="as many viewers"):
        seats.check("b")
    seats.check("b")
