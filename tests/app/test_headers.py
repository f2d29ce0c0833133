"""Every answer of every door: the headers that browsers obey, no name or version of what serves it, and no redirect that leads away."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

import httpx
import pytest

from bluelamp.app.frame import HEADERS
from tests.support.platform import RunningPlatform

OWN_POLICY = {"Content-Security-Policy", "Cache-Control", "Referrer-Policy"}
"""Pages and files choose these themselves; that they do, their own tests tell."""
OWN_FEATURES = {"/officer/"}
"""The one page that may use the camera."""

ANSWERS = [
    ("GET", "/", 200), ("GET", "/officer/", 200), ("GET", "/officer/none.js", 404),
    ("GET", "/lamp.svg", 200), ("GET", "/assets/none.js", 404), ("GET", "/nowhere", 404),
    ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("GET", "/metrics", 200), ("GET", "/openapi.json", 200), ("GET", "/v1/me", 401),
    ("POST", "/v1/session", 422), ("PUT", "/v1/session", 405), ("OPTIONS", "/v1/me", 405), ("TRACE", "/v1/me", 405),
    ("POST", "/v1/anpr/intake/native", 401), ("GET", "/v1/anpr/intake/native", 405), ("POST", "/v1/anpr/intake/", 401),
    ("POST", "/v1/anpr/lists/x/import", 401),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_carries_the_headers(platform: RunningPlatform, method: str, path: str, status: int) -> None:
    answer = await platform.client().request(method, path)
    assert answer.status_code in {
        status,
        503 if path in {"/", "/officer/", "/lamp.svg"} else status,
        404 if path == "/lamp.svg" else status,
    }
    for name, value in HEADERS.items():
        assert name in answer.headers, name
        own = name in OWN_POLICY or (name == "Permissions-Policy" and path in OWN_FEATURES)
        if not own or path.startswith("/v1/"):
            assert answer.headers.get_list(name) == [value]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert not {"server", "x-powered-by", "access-control-allow-origin", "via"} & set(answer.headers)
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert version("bluelamp") not in answer.text
        assert version("uvicorn") not in answer.text


async def test_the_doors_before_the_framework_are_counted(platform: RunningPlatform) -> None:
    await platform.client().post("/v1/anpr/intake/native", content=b"AB12CDE")
    text = (await platform.client().get("/metrics")).text
    assert 'bluelamp_http_requests_total{method="POST",route="/v1/anpr/intake/*",status="401"}' in text
    assert 'bluelamp_http_request_seconds_count{method="POST",route="/v1/anpr/intake/*"}' in text


LEADING = ["/officer", "//evil.example/officer", "/v1/me/", "//evil.example/v1/me/", "/%2F%2Fevil.example/", "/\\evil.example/"]


@pytest.mark.parametrize("path", LEADING)
async def test_no_redirect_leads_elsewhere(platform: RunningPlatform, path: str) -> None:
    """Whatever the client says its address is: the `Host` may be an attacker's, the path may look like another place."""
    for host in ("evil.example", httpx.URL(platform.url).netloc.decode()):
        address = httpx.URL(platform.url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n".encode())
        head = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")[0].decode().lower()
        writer.close()
        for line in head.split("\r\n"):
            if line.startswith("location: "):
                place = line.removeprefix("location: ")
                assert place.startswith("/"), line
                assert not place.startswith(("//", "/\\")), line


async def test_no_origin_is_let_in(platform: RunningPlatform) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-bluelamp"}
    answer = await platform.client().options("/v1/session", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "set-cookie" not in answer.headers


async def test_what_is_downloaded_is_a_download(platform: RunningPlatform) -> None:
    answer = await platform.client("admin").get("/v1/anpr/cameras/export.csv")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
