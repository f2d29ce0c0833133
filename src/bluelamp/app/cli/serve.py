"""`bluelamp serve ROLE`: one role of the platform in this process, against engines by URL."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click
import uvicorn

from bluelamp.app.engines.errors import EngineError
from bluelamp.app.engines.group import urls_beside
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.config import PlatformSettings


def _serve_http(settings: PlatformSettings, role: str) -> None:
    from bluelamp.app.http import create_app  # noqa: PLC0415 - the other roles need no HTTP application

    uvicorn.run(
        create_app(settings, role=role),
        host=settings.host,
        port=settings.port,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


def _serve_worker(settings: PlatformSettings) -> None:
    import uvloop  # noqa: PLC0415 - uvicorn brings its own to the other roles
    from bluelamp.app.worker import run_worker  # noqa: PLC0415

    def on_ready() -> None:
        if path := os.environ.get("BLUELAMP_READY_FILE"):
            Path(path).touch()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings, on_ready=on_ready))


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
    try:
        settings = settings.model_copy(update=asdict(urls_beside(settings)))
    except EngineError as error:
        raise click.ClickException(error.message) from error
    if role == "worker":
        _serve_worker(settings)
    else:
        _serve_http(settings, role)
    sys.exit(0)
