"""`bluelamp demo`: the platform as `up` runs it, with a simulated nation that lives on it until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import click

from bluelamp.app.cli.up import run_platform
from bluelamp.app.engines.data_folder import free_port
from bluelamp.app.engines.errors import EngineError
from bluelamp.app.engines.supervisor import Supervisor
from bluelamp.app.first_start import USERNAMES, give_passwords
from bluelamp.demo.session.client import RefusedError
from bluelamp.demo.session.nation import DemoNation, Reports, Wishes, stories_told
from bluelamp.demo.world import chart
from bluelamp.demo.world.agencies import HOME
from bluelamp.spine.audit import SYSTEM
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.identity import actions, sign_in, store
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.agencies import all_agencies

REGISTRAR = "nation"
"""The account that registers the agencies' sources and cameras: a national administrator without a password."""

PARTNER_HOSTS = "BLUELAMP_INCIDENTS_PARTNER_HOSTS"
CAST_DAYS = 365
"""How long the tokens of those who play the incidents last."""


class _Screen:
    """What the demonstration says, a line at a time; the history as a progress bar."""

    def __init__(self, demo: DemoNation, url: str, passwords: dict[str, str]) -> None:
        self._demo = demo
        self._url = url
        self._passwords = passwords
        self._bar: Any = None

    def reports(self) -> Reports:
        return Reports(self._step, self._past_begins, self._past_grows, self._past_ends, self._ready, self._trouble)

    def _step(self, what: str) -> None:
        click.echo(f"  registering {what} …")

    def _trouble(self, what: str) -> None:
        click.echo(what, err=True)

    def _past_begins(self, count: int) -> None:
        click.echo("")
        self._bar = click.progressbar(length=count, label="Filling the past", show_pos=True, update_min_steps=max(1, count // 200))
        self._bar.__enter__()

    def _past_grows(self, count: int) -> None:
        self._bar.update(count)

    def _past_ends(self, taken: int) -> None:
        self._bar.finish()
        self._bar.__exit__(None, None, None)
        click.echo(f"The past holds {taken:,} reads. The nation lives on; Ctrl-C stops it.")

    def _ready(self) -> None:
        click.echo("")
        click.echo(f"The nation is alive. Open {self._url} and sign in as control.")
        click.echo("")
        click.echo("  user         password")
        for username, password in self._passwords.items():
            click.echo(f"  {username:11}  {password}")
        click.echo("")
        click.echo("What to try:")
        for line in stories_told():
            click.echo(f"  - {line}")


async def _introduce(spine: Spine, demo: DemoNation) -> None:
    """Accounts without passwords, and tokens, for the people who play the incidents."""
    people = demo.strangers()
    known = {agency.code for agency in await all_agencies(spine.db)}
    if missing := sorted({person.agency for person in people} - known):
        click.echo(f"No incidents are played: this data folder has no {', '.join(missing)}. A new one (--data) has.", err=True)
        return
    tokens = {}
    for person in people:
        user = await store.user_by_username(spine.db, person.username)
        if user is None:
            async with spine.db.transaction() as connection:
                roles = frozenset({person.role})
                await actions.create_user(connection, actions.PLATFORM, person.username, person.name, person.agency, roles)
            user = await store.user_by_username(spine.db, person.username)
            assert user is not None  # noqa: S101 - made just now
        tokens[person.username] = (await sign_in.issue_token(spine, SYSTEM, user, "bluelamp demo", CAST_DAYS))[1]
    if tokens:
        demo.introduce(tokens, time.time() + CAST_DAYS * 86400.0)


def _passwords_and_tokens(platform: CommandLine, demo: DemoNation) -> tuple[dict[str, str], dict[str, str]]:
    """New random passwords for the demo accounts (told once), and the tokens with which the nation is registered, if it must be."""

    async def make(spine: Spine) -> tuple[dict[str, str], dict[str, str]]:
        passwords = await give_passwords(spine, USERNAMES)
        await _introduce(spine, demo)
        if demo.continued:
            return passwords, {}
        if await store.user_by_username(spine.db, REGISTRAR) is None:
            async with spine.db.transaction() as connection:
                roles = frozenset({"national_admin"})
                await actions.create_user(connection, actions.PLATFORM, REGISTRAR, "Registrar of the demo nation", HOME, roles)
        tokens = {}
        for username in (REGISTRAR, "supervisor"):
            user = await store.user_by_username(spine.db, username)
            if user is None:
                raise click.ClickException(f"the account {username} is gone: the demo needs a data folder of its own (--data)")
            tokens[username] = (await sign_in.issue_token(spine, SYSTEM, user, "bluelamp demo", 1))[1]
        return passwords, tokens

    return platform.run(make)


@contextlib.contextmanager
def _alive(platform: CommandLine, supervisor: Supervisor, demo: DemoNation, building: threading.Thread, built: list[Any]) -> Iterator[None]:
    """The nation in a thread of its own, beside the supervisor, which keeps the main one."""
    url = supervisor.address.url
    passwords, tokens = _passwords_and_tokens(platform, demo)
    stop_now: list[Any] = []
    screen = _Screen(demo, url, passwords)

    def live() -> None:
        building.join()
        chart.write(built[0].nation, supervisor.folder.root / "map")

        async def main() -> None:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            stop_now.append(lambda: loop.call_soon_threadsafe(stop.set))
            if stopping.is_set():
                return
            await demo.run(built[0], url, tokens, screen.reports(), stop)

        try:
            asyncio.run(main())
        except RefusedError as error:
            click.echo(f"The demo nation could not be set up: {error}", err=True)
            supervisor.request_stop()

    stopping = threading.Event()
    thread = threading.Thread(target=live, name="demo-nation")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        if stop_now:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                stop_now[0]()
        thread.join(timeout=20)


def _leave_for_partner() -> int:
    """A free port for the neighbour's control room, and leave for the platform to call it there."""
    port = free_port()
    given = json.loads(os.environ.get(PARTNER_HOSTS) or "[]")
    os.environ[PARTNER_HOSTS] = json.dumps([*given, f"127.0.0.1:{port}"])
    return port


@click.command("demo")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port to listen on [8600].")
@click.option("--host", default=None, help="Address to listen on [127.0.0.1].")
@click.option("--no-browser", is_flag=True, envvar="BLUELAMP_NO_BROWSER", help="Do not open the browser.")
@click.option("--rate", type=click.FloatRange(0.1, 450), default=60.0, show_default=True, help="Live reads a second, at any hour.")
@click.option(
    "--history", type=click.IntRange(0, 1_000_000_000), default=300_000, show_default=True, help="Reads to fill the past with, once."
)
@click.option("--history-days", type=click.IntRange(1, 360), default=30, show_default=True, help="How far the past reaches back.")
@click.option("--cameras", type=click.IntRange(200, 60_000), default=14_000, show_default=True, help="Cameras (first start only).")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another nation (first start only).")
@click.option("--pictures", type=click.FloatRange(0, 1), default=0.25, show_default=True, help="Share of live reads with pictures.")
@click.pass_obj
def demo(platform: CommandLine, /, port: int | None, host: str | None, no_browser: bool, **wishes: Any) -> None:
    """Run the platform with a live, simulated Great Britain on it. A second start goes on where the first one stopped."""
    settings = platform.settings(port=port, host=host)
    wishes["picture_share"] = wishes.pop("pictures")
    nation = DemoNation(settings.data / "demo" / "nation.json", Wishes(**wishes), _leave_for_partner())
    built: list[Any] = []
    building = threading.Thread(target=lambda: built.append(nation.build()), name="demo-building", daemon=True)
    building.start()
    click.echo("Building the nation and starting the engines …")
    try:
        run_platform(settings, browser=not no_browser, as_json=False, beside=lambda s: _alive(platform, s, nation, building, built))
    except EngineError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"The nation sent {nation.sent.reads:,} reads in {nation.sent.requests:,} requests.")
    played = nation.played
    click.echo(
        f"Its people opened {played.incidents} incidents, closed {played.closed}, said {played.events:,} things and told"
        f" {played.positions:,} positions; a neighbour handed {played.handed_over} over; the platform refused {played.refused}."
    )
    for refusal in played.refusals:
        click.echo(f"  refused: {refusal}", err=True)
