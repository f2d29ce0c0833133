"""What a capability offers the platform, and what the platform hands a capability. Frozen, so nobody rewires at run time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

import click
from fastapi import APIRouter
from pydantic_settings import BaseSettings

from bluelamp.kit.clock import Clock, now_ms
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.bus import Bus, Stream
from bluelamp.spine.columnar import Columnar
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.live import LiveSource
from bluelamp.spine.policy import Permission, Policy
from bluelamp.spine.relational import Database
from bluelamp.spine.sharing import Shareable


@dataclass(frozen=True)
class Spine:
    """The engines and rules that everything stands on; one per process."""

    settings: PlatformSettings
    db: Database
    bus: Bus
    columnar: Columnar
    blobs: Blobs
    policy: Policy
    clock: Clock = now_ms
    ports: Mapping[str, Any] = field(default_factory=dict)
    """What capabilities offer each other, by the port's name (`contracts/`)."""


Work = Callable[[Spine], Awaitable[None]]
"""Runs until cancelled."""


@dataclass(frozen=True)
class Job:
    """Work repeated on a timetable by one worker at a time."""

    name: str
    every_s: float
    run: Work


@dataclass(frozen=True)
class Module:
    """All that `app/` mounts of one capability."""

    name: str
    routers: tuple[APIRouter, ...] = ()
    consumers: dict[str, Work] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    streams: tuple[Stream, ...] = ()
    permissions: tuple[Permission, ...] = ()
    settings: tuple[type[BaseSettings], ...] = ()
    commands: tuple[click.Command, ...] = ()
    migrations: Traversable | None = None
    """A folder with `postgres/` and `clickhouse/`, each with files `NNNN_name.sql`."""
    policies: Traversable | None = None
    """A folder of Cedar policies, with the actions they speak of."""
    ports: dict[str, Callable[[Spine], Any]] = field(default_factory=dict)
    """What this capability offers others through `contracts/`: made once a process, by the port's name."""
    per_process: dict[str, Callable[[Spine], Any]] = field(default_factory=dict)
    """Objects that the API process keeps while it runs (caches, the intake); made once, by name.

    One with `async start()` is started before the first request, one with `async close()` closed after the last.
    Routes find them in `request.app.state.per_process[name]`.
    """
    doors: dict[str, str] = field(default_factory=dict)
    """Path prefix -> name of a `per_process` object that is itself an ASGI application: it gets these requests before the
    framework does, and answers for its own body limits and errors. For doors too busy for a framework."""
    sockets: dict[str, str] = field(default_factory=dict)
    """Path -> name of a `per_process` object that opens WebSockets there: called as an ASGI application with the scope, whose
    extensions hold an `Opening` (`spine/sockets.py`). What it raises is told as every other failure."""
    shares: tuple[Shareable, ...] = ()
    """Kinds of things that an agency may share with another by rule."""
    live: LiveSource | None = None
    """The stream that viewers of `GET /v1/stream` follow."""
    openapi: Callable[[dict[str, Any]], None] | None = None
    """Adds to the OpenAPI document what the framework does not see, such as `doors`."""
