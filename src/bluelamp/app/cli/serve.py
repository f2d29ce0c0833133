"""`bluelamp serve ROLE`: one role of the platform in this process, against engines by URL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import replace
from pathlib import Path

import click
import uvicorn
import uvloop

from bluelamp.app.wiring import MODULES, open_spine
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import BluelampError
from bluelamp.spine.module import Module


async def serve_http(settings: PlatformSettings, modules: tuple[Module, ...]) -> None:
    """Answer HTTP until SIGTERM or SIGINT; requests under way are finished."""
    from bluelamp.app.http import make_app  # noqa: PLC0415 - the worker needs no HTTP application

    async with open_spine(settings) as spine:
        config = uvicorn.Config(
            make_app(spine, modules),
            host=settings.host,
            port=settings.port,
            http="httptools",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            backlog=2048,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
        )
        server = uvicorn.Server(config)
        await server.serve()
        if not server.started:
            raise click.ClickException(f"the server could not start on {settings.host}:{settings.port}; see the log")


async def serve_worker(settings: PlatformSettings) -> None:
    """Consume, match, write and keep house until SIGTERM or SIGINT."""
    from bluelamp.app.worker import run_worker  # noqa: PLC0415 - the HTTP roles need no worker

    async with open_spine(settings) as spine:
        work = asyncio.create_task(run_worker(spine, MODULES))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        if path := os.environ.get("BLUELAMP_READY_FILE"):
            Path(path).touch()
        with contextlib.suppress(asyncio.CancelledError):
            await work


def doors_only(modules: tuple[Module, ...]) -> tuple[Module, ...]:
    """The modules without what people use: a gateway near the cameras takes reads in and answers nothing else."""
    return tuple(replace(module, routers=()) for module in modules if module.doors)


@click.command("serve")
@click.argument("role", type=click.Choice(["api", "worker", "gateway"]))
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port to listen on (api, gateway) [8600].")
@click.option("--host", default=None, help="Address to listen on (api, gateway) [127.0.0.1].")
@click.pass_obj
def serve(platform: CommandLine, role: str, port: int | None, host: str | None) -> None:
    """Run one role against engines by URL (BLUELAMP_DATABASE_URL, …_NATS_URL, …_COLUMNAR_URL, …_BLOBS_URL).

    `api` serves people and programs, `gateway` only the doors for machines (intake), `worker` matches, writes and keeps house.
    """
    settings = platform.settings(port=port, host=host)
    modules = doors_only(MODULES) if role == "gateway" else MODULES
    running = serve_worker(settings) if role == "worker" else serve_http(settings, modules)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(running)
    except BluelampError as error:
        raise click.ClickException(error.message) from error
