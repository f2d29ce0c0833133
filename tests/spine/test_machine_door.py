"""The frame of doors for machines: what is refused before the body is read, and bodies that are too large, too slow or cut off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from bluelamp.kit.clock import now_ms
from bluelamp.spine.errors import UnauthenticatedError
from bluelamp.spine.machine_door import (
    Answer,
    BodyLimits,
    Headers,
    MachineDoor,
    Receive,
    Scope,
    bearer_key,
    demand_plain_body,
    read_body,
)

Message = MutableMapping[str, Any]


class Door(MachineDoor):
    name, failed, posts_only = "a door", "it failed", "POST only"

    async def answer(self, scope: Scope, headers: Headers, receive: Receive) -> Answer:
        if bearer_key(headers) != b"known":
            raise UnauthenticatedError("who are you?")
        demand_plain_body(headers)
        body = await read_body(headers, receive, BodyLimits(10, 0.2, "at most ten"))
        if scope["path"] == "/broken":
            raise RuntimeError("plates and people")
        return Answer(202, [(b"content-type", b"text/plain")], body)


async def knock(
    *parts: bytes, method: str = "POST", path: str = "/", end: str = "", **headers: str
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Headers by name with underscores; `end`: `disconnect` or `silence` in place of the last part."""
    messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if not end:
        messages[-1]["more_body"] = False
    sent: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        if end == "silence":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    told = {"authorization": "Bearer known"} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [(name.encode(), value.encode()) for name, value in told.items()]
    await Door(now_ms)({"type": "http", "method": method, "path": path, "headers": lines}, receive, send)
    start, body = sent
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
    return start["status"], dict(start["headers"]), body["body"]


async def test_what_is_good_goes_through_whole() -> None:
    assert (await knock(b"ten", b" bytes", b"!"))[::2] == (202, b"ten bytes!")
    assert (await knock(b"one"))[2] == b"one"


@pytest.mark.parametrize(
    ("status", "code", "request_"),
    [
        (405, "method_not_allowed", {"method": "GET"}),
        (401, "unauthenticated", {"authorization": "Bearer other"}),
        (401, "unauthenticated", {"authorization": "Basic known"}),
        (415, "unsupported_media_type", {"content_encoding": "gzip"}),
        (413, "too_large", {"content_length": "11"}),
        (408, "too_slow", {"end": "silence"}),
        (503, "engine_down", {"end": "disconnect"}),
        (500, "internal", {"path": "/broken"}),
    ],
)
async def test_what_is_not_is_told_as_everywhere(status: int, code: str, request_: dict[str, Any]) -> None:
    answered, headers, body = await knock(b"x", **request_)
    assert (answered, json.loads(body)["code"]) == (status, code)
    assert headers[b"content-type"] == b"application/problem+json"
    assert b"plates" not in body


async def test_a_body_that_does_not_say_its_size_is_cut_at_the_limit() -> None:
    status, _, body = await knock(b"12345", b"67890", b"1")
    assert (status, json.loads(body)["detail"]) == (413, "at most ten")
