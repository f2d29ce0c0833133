"""`bluelamp up`: the whole platform on this machine, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

import click

from bluelamp.app import tls
from bluelamp.app.engines.data_folder import DataFolder
from bluelamp.app.engines.group import EngineUrls
from bluelamp.app.engines.nats import Mqtt
from bluelamp.app.engines.supervisor import ROLES, Address, Supervisor, notify_systemd
from bluelamp.incidents.gateways.cot.settings import cot_settings
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.config import PlatformSettings

Beside = Callable[[Supervisor], AbstractContextManager[None]]


def run_platform(settings: PlatformSettings, *, browser: bool, as_json: bool, beside: Beside | None = None) -> None:
    """Start everything, say where it is, and stay until SIGINT or SIGTERM. `beside` is what runs as long as the platform does.

    Raises:
        EngineError: it could not start.
    """
    tls.check(settings)
    folder = DataFolder.open(settings.data)
    roles = (*ROLES, "cot") if cot_settings().enabled else ROLES
    address = Address(settings.host, settings.port, settings.tls_cert, settings.tls_key, Mqtt.of(settings))
    supervisor = Supervisor(folder, address, EngineUrls.given(settings), roles=roles)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        supervisor.request_stop()
        if not ready:
            # Still starting: there is no loop to leave yet, so unwind from here; what had started is ended on the way.
            raise SystemExit(128 + number)

    ready = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    with supervisor.running():
        ready = True
        notify_systemd("READY=1")
        _announce(supervisor, as_json=as_json)
        if browser and sys.stdout.isatty() and os.environ.get("DISPLAY", os.environ.get("WAYLAND_DISPLAY", "")):
            webbrowser.open(supervisor.address.url)
        with beside(supervisor) if beside else nullcontext():
            supervisor.watch()
        notify_systemd("STOPPING=1")
        if not as_json:
            click.echo("Stopping: the engines finish what they hold …")
    if not as_json:
        click.echo(f"Stopped. The data is in {folder.root}.")


def _announce(supervisor: Supervisor, *, as_json: bool) -> None:
    folder = supervisor.folder.root
    if as_json:
        told = {"url": supervisor.address.url, "data": str(folder), "pid": os.getpid(), "children": supervisor.children}
        click.echo(json.dumps(told))
        return
    click.echo(f"Bluelamp runs at {supervisor.address.url}  (data: {folder})")
    click.echo("Ctrl-C stops it. In another terminal: `bluelamp token USER`, `bluelamp doctor`.")


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port to listen on [8600].")
@click.option("--host", default=None, help="Address to listen on [127.0.0.1].")
@click.option("--tls-cert", default=None, metavar="FILE", help="Certificate and chain (PEM): the platform then speaks TLS itself.")
@click.option("--tls-key", default=None, metavar="FILE", help="Its key (PEM).")
@click.option("--no-browser", is_flag=True, envvar="BLUELAMP_NO_BROWSER", help="Do not open the browser.")
@click.pass_obj
def up(platform: CommandLine, port: int | None, host: str | None, tls_cert: str | None, tls_key: str | None, no_browser: bool) -> None:
    """Run the platform on this machine until Ctrl-C."""
    settings = platform.settings(port=port, host=host, tls_cert=tls_cert, tls_key=tls_key)
    run_platform(settings, browser=not no_browser, as_json=platform.json)
