"""Doors for whoever runs the platform: alive, ready, measured, described. They tell nothing about anybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from bluelamp.spine.errors import BluelampError, EngineDownError
from bluelamp.spine.http import get_spine, public
from bluelamp.spine.module import Spine

router = APIRouter(tags=["operation"])

ANSWER_S_MAX = 3.0
REMEMBERED_S = 0.5


class Health(BaseModel):
    status: str


class Readiness(BaseModel):
    """`engines`: each one's state in words; `ok` where it answers."""

    status: str
    engines: dict[str, str]


class NotReadyError(EngineDownError):
    code = "not_ready"


async def _state(ping: Awaitable[object]) -> str:
    try:
        await asyncio.wait_for(ping, ANSWER_S_MAX)
    except BluelampError as error:
        return error.message
    except TimeoutError:
        return f"does not answer within {ANSWER_S_MAX:g} seconds"
    return "ok"


async def _engines(spine: Spine) -> dict[str, str]:
    pings = {
        "postgresql": spine.db.fetchval("SELECT 1"),
        "nats": spine.bus.ping(),
        "clickhouse": spine.columnar.query("SELECT 1"),
        "blobs": spine.blobs.ping(),
    }
    return dict(zip(pings, await asyncio.gather(*map(_state, pings.values())), strict=True))


@router.get("/healthz", dependencies=[public])
async def read_health() -> Health:
    """The process lives."""
    return Health(status="alive")


@router.get("/readyz", dependencies=[public])
async def read_readiness(request: Request, spine: Annotated[Spine, Depends(get_spine)]) -> Readiness:
    """Every engine answers; otherwise 503 and the names of those that do not. Asked again at most twice a second."""
    at, engines = getattr(request.app.state, "readiness", (0.0, {}))
    if time.monotonic() - at > REMEMBERED_S:
        engines = await _engines(spine)
        request.app.state.readiness = (time.monotonic(), engines)
    down = [name for name, state in engines.items() if state != "ok"]
    if down:
        raise NotReadyError(f"not answering: {', '.join(down)}", engines=engines)
    return Readiness(status="ready", engines=engines)


@router.get("/metrics", dependencies=[public], response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def read_metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json", dependencies=[public], include_in_schema=False)
async def read_openapi(request: Request) -> Response:
    """The description of this API."""
    from bluelamp.app.openapi import as_text  # noqa: PLC0415 - the description describes this module, too

    return Response(as_text(request.app.openapi()), media_type="application/json")
