"""`bluelamp serve ROLE`: one role of the platform in this process, against engines by URL."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click
import uvicorn
import uvloop

from bluelamp.app import tls
from bluelamp.app.engines.group import urls_beside
from bluelamp.spine import telemetry
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.config import PlatformSettings


def serve_http(settings: PlatformSettings, role: str) -> None:
    """Answer HTTP until SIGTERM or SIGINT; requests under way are finished."""
    from bluelamp.app.connection import SERVER  # noqa: PLC0415 - the worker needs no HTTP application
    from bluelamp.app.http import create_app  # noqa: PLC0415

    tls.check(settings)
    if settings.tls_cert:
        settings = settings.model_copy(update={"secure_cookies": True})
    app = create_app(settings, role=role)
    _open_many_files()
    _collect_seldom()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        timeout_graceful_shutdown=10,
        **SERVER,
        **tls.options(settings),  # type: ignore[arg-type]
    )
    server = tls.Server(config)
    server.run()
    if not server.started:
        sys.exit(3)


def serve_worker(settings: PlatformSettings) -> None:
    """Consume, match, write and keep house until SIGTERM or SIGINT."""
    from bluelamp.app.worker import run_worker  # noqa: PLC0415 - the HTTP roles need no worker

    _collect_seldom()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(settings, on_ready=_tell_supervisor))


def _open_many_files() -> None:
    """Every device that follows holds a file open: take as many as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def serve_cot(settings: PlatformSettings) -> None:
    """Let TAK clients in until SIGTERM or SIGINT."""
    from bluelamp.app.cot import run_cot  # noqa: PLC0415 - the other roles need no gateway

    _open_many_files()
    _collect_seldom()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_cot(settings, on_ready=_tell_supervisor))


def _collect_seldom() -> None:
    """Look for garbage cycles seldom, and never among what was loaded at the start.

    Our hot paths make many short-lived objects and no cycles; at Python's defaults the collector took a third of the
    intake's time on one event a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


def _tell_supervisor() -> None:
    if path := os.environ.get("BLUELAMP_READY_FILE"):
        Path(path).touch()


@click.command("serve")
@click.argument("role", type=click.Choice(["api", "worker", "gateway", "cot"]))
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port to listen on (api, gateway) [8600].")
@click.option("--host", default=None, help="Address to listen on (api, gateway) [127.0.0.1].")
@click.option("--tls-cert", default=None, metavar="FILE", help="Certificate and chain (PEM): speak TLS (api, gateway).")
@click.option("--tls-key", default=None, metavar="FILE", help="Its key (PEM).")
@click.pass_obj
def serve(platform: CommandLine, role: str, port: int | None, host: str | None, tls_cert: str | None, tls_key: str | None) -> None:
    """Run one role against engines by URL (BLUELAMP_DATABASE_URL, …_NATS_URL, …_COLUMNAR_URL, …_BLOBS_URL).

    `api` serves people and programs, `gateway` only the doors for machines (intake), `worker` matches, writes and keeps house,
    `cot` lets TAK clients in (docs/tak.md).
    """
    settings = platform.settings(port=port, host=host, tls_cert=tls_cert, tls_key=tls_key)
    settings = settings.model_copy(update=asdict(urls_beside(settings)))
    telemetry.configure(settings.log_level, settings.log_file)
    if role == "worker":
        serve_worker(settings)
    elif role == "cot":
        serve_cot(settings)
    else:
        serve_http(settings, role)
