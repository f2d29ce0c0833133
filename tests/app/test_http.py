"""The frame around every door: errors in one shape, security headers, body limits, health."""

from __future__ import annotations

from tests.support.platform import RunningPlatform


async def test_healthz_lives(platform: RunningPlatform) -> None:
    answer = await platform.client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_readyz_names_every_engine(platform: RunningPlatform) -> None:
    answer = await platform.client().get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["engines"] == {"postgresql": "ok", "nats": "ok", "clickhouse": "ok", "blobs": "ok"}


async def test_me_tells_who_i_am(platform: RunningPlatform) -> None:
    answer = await platform.client("analyst").get("/v1/me")
    assert answer.status_code == 200, answer.text
    assert answer.json()["agency"] == {"code": "KEN", "name": "Kentmere Police"}
