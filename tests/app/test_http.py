"""The frame around every door: errors in one shape, security headers, body limits, health."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import APIRouter, Depends

from bluelamp.app.frame import HEADERS
from bluelamp.app.http import make_app
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.http import get_spine, permit, public
from bluelamp.spine.module import Module, Spine
from bluelamp.spine.policy import Permission, Policy
from bluelamp.spine.wire import Question
from tests.support.platform import RunningPlatform, serving

BYTES_MAX = 4 << 20


async def test_healthz_lives(platform: RunningPlatform) -> None:
    answer = await platform.client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_readyz_names_every_engine(platform: RunningPlatform) -> None:
    answer = await platform.client().get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["engines"] == {"postgresql": "ok", "nats": "ok", "clickhouse": "ok", "blobs": "ok"}


class _Away(Blobs):
    async def ping(self) -> None:
        raise EngineDownError("the blob store is away")


async def test_readyz_names_the_engine_that_does_not_answer(platform: RunningPlatform) -> None:
    spine = replace(platform.spine, blobs=_Away(platform.spine.blobs._store, None))
    async with serving(make_app(spine, ())) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/readyz")
    told = answer.json()
    assert (answer.status_code, told["code"], told["detail"]) == (503, "not_ready", "not answering: blobs")
    assert told["engines"] == {"postgresql": "ok", "nats": "ok", "clickhouse": "ok", "blobs": "the blob store is away"}


async def test_metrics_tell_routes_never_paths(platform: RunningPlatform) -> None:
    await platform.client("admin").patch("/v1/users/AB12CDE", json={})
    await platform.client().get("/nowhere/AB12CDE")
    text = (await platform.client().get("/metrics")).text
    assert 'route="/v1/users/{user}"' in text
    assert "bluelamp_http_request_seconds_bucket" in text
    assert "AB12CDE" not in text


async def test_openapi_describes_doors_and_problems(platform: RunningPlatform) -> None:
    document = (await platform.client().get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    me = document["paths"]["/v1/me"]["get"]
    assert me["responses"]["default"]["content"].keys() == {"application/problem+json"}
    assert me["security"] == [{"session": []}, {"token": []}]
    assert document["paths"]["/v1/session"]["post"]["security"] == []


@pytest.mark.parametrize("path", ["/healthz", "/v1/me", "/nowhere"])
async def test_every_answer_carries_the_security_headers(platform: RunningPlatform, path: str) -> None:
    answer = await platform.client().get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/v1/nowhere", 404, "not_found"), ("PUT", "/v1/me", 405, "method_not_allowed"), ("GET", "/v1/me", 401, "unauthenticated")],
)
async def test_failures_are_problem_documents(platform: RunningPlatform, method: str, path: str, status: int, code: str) -> None:
    answer = await platform.client().request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"], told["type"]) == (status, status, code, f"urn:bluelamp:problem:{code}")
    assert told["title"]
    assert told["detail"]
    if status == 405:
        assert "GET" in answer.headers["allow"]


async def test_a_wrong_shape_is_told_without_repeating_what_was_sent(platform: RunningPlatform) -> None:
    secret = "vellum otter gantry"
    answer = await platform.client().post("/v1/session", json={"username": ["x"], "password": {"a": secret}, "extra": secret})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "invalid")
    assert {m["at"] for m in told["errors"]} == {"body.username", "body.password", "body.extra"}
    assert secret not in answer.text


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"\xff\xfe", b'{"username": "a", "password": NaN}', b"[" * 100_000])
async def test_broken_json_is_a_clear_refusal(platform: RunningPlatform, body: bytes) -> None:
    answer = await platform.client().post("/v1/session", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


class _Text(Question):
    text: str


_router = APIRouter()


@_router.post("/echo", dependencies=[public])
async def echo(question: _Text) -> int:
    return len(question.text)


@_router.post("/large/import", dependencies=[public])
async def take_large(question: _Text) -> int:
    return len(question.text)


@_router.get("/fault", dependencies=[public])
async def fail() -> None:
    raise ZeroDivisionError("the plate was AB12CDE and the password=hunter2")


@_router.get("/text", dependencies=[public])
async def store_text(q: str, spine: Annotated[Spine, Depends(get_spine)]) -> str:
    return str(await spine.db.fetchval("SELECT $1::text", q))


@_router.get("/nobody", dependencies=[permit("test.nobody")])
async def nobody_may() -> None:
    return None


async def _door(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 202, "headers": []})
    await send({"type": "http.response.body", "body": body})


TEST_MODULE = Module(
    "test",
    routers=(_router,),
    permissions=(Permission("test.nobody", "do what nobody may", frozenset()),),
    per_process={"door": lambda _spine: _door},
    doors={"/v1/fast/": "door"},
)


@pytest.fixture(scope="module")
async def small(platform: RunningPlatform) -> AsyncIterator[httpx.AsyncClient]:
    """An application with doors made for breaking, over the same engines."""
    policy = Policy((*platform.spine.policy.permissions.values(), *TEST_MODULE.permissions))
    spine = replace(platform.spine, policy=policy)
    async with serving(make_app(spine, (TEST_MODULE,))) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


async def test_a_fault_tells_a_number_and_nothing_else(small: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await small.get("/v1/fault")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "internal")
    assert told["instance"].removeprefix("urn:bluelamp:failure:") in caplog.text
    assert "AB12CDE" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
async def test_text_that_no_column_holds_is_refused(small: httpx.AsyncClient, text: str) -> None:
    answer = await small.get("/v1/text", params={"q": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_refused_permission_says_what_is_missing_and_is_audited(platform: RunningPlatform, small: httpx.AsyncClient) -> None:
    answer = await small.get("/v1/nobody", headers={"Authorization": f"Bearer {platform.tokens['officer2']}"})
    assert (answer.status_code, answer.json()["permission"]) == (403, "test.nobody")
    rows = await platform.spine.db.fetch("SELECT kind, actor_name, detail FROM audit_entries WHERE action = 'test.nobody'")
    assert [(row["kind"], row["actor_name"]) for row in rows] == [("refusal", "officer2")]
    assert rows[0]["detail"]["device"].startswith("127.0.0.1"), "where it came from"


async def test_a_modules_own_door_stands_before_the_framework(small: httpx.AsyncClient) -> None:
    answer = await small.post("/v1/fast/anything", content=b"x" * (BYTES_MAX + 1))
    assert (answer.status_code, answer.text) == (202, "/v1/fast/anything")


def _json(size: int) -> bytes:
    return json.dumps({"text": "a" * size}).encode()


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 1 << 16):
        yield content[at : at + (1 << 16)]


async def test_a_declared_body_over_the_limit_is_refused_unread(small: httpx.AsyncClient) -> None:
    address = urlsplit(str(small.base_url))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in head.lower()
    writer.close()


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
async def test_a_chunked_or_compressed_body_over_the_limit_is_refused(small: httpx.AsyncClient, coding: str) -> None:
    press = {"identity": lambda b: b, "gzip": gzip.compress, "deflate": zlib.compress}[coding]
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    bomb = await small.post("/v1/echo", content=_chunks(press(_json(30 << 20))), headers=headers)
    assert (bomb.status_code, bomb.json()["code"], bomb.json()["bytes_max"]) == (413, "too_large", BYTES_MAX)
    fits = await small.post("/v1/echo", content=press(_json(3 << 20)), headers=headers)
    assert (fits.status_code, fits.json()) == (200, 3 << 20)


async def test_imports_may_be_larger(small: httpx.AsyncClient) -> None:
    answer = await small.post("/v1/large/import", content=_json(BYTES_MAX + 1), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, BYTES_MAX + 1)


@pytest.mark.parametrize(
    ("coding", "body", "status", "code"),
    [
        ("br", b"x", 415, "unsupported_media_type"),
        ("gzip", b"not gzip", 400, "bad_request"),
        ("gzip", gzip.compress(_json(5000), mtime=0)[:-12], 400, "bad_request"),
    ],
)
async def test_a_coding_that_is_none(small: httpx.AsyncClient, coding: str, body: bytes, status: int, code: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    answer = await small.post("/v1/echo", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
