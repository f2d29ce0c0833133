"""A real running platform for tests of routes: engines, first start, HTTP on a free port, workers, a token for every account.

    async def test_something(platform: RunningPlatform) -> None:
        answer = await platform.client("analyst").get("/v1/me")

One for the whole session, so tests name their own things and do not count everybody's. `platform.spine` is for arranging
what has no door, and for looking behind one.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn

from bluelamp.app.connection import SERVER
from bluelamp.app.engines.group import EngineUrls
from bluelamp.app.first_start import USERNAMES
from bluelamp.app.http import Platform, make_app
from bluelamp.app.wiring import open_spine, prepare
from bluelamp.app.worker import work
from bluelamp.spine.audit import SYSTEM
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.identity import sign_in, store
from bluelamp.spine.module import Spine
from tests.support.witness import Witness


@dataclass
class RunningPlatform:
    """`url` without a trailing slash; `tokens` by username."""

    url: str
    app: Platform
    spine: Spine
    tokens: dict[str, str]
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def client(self, username: str = "") -> httpx.AsyncClient:
        """A client that carries the account's token; without a name, nobody's. Kept open for the session."""
        if username not in self._clients:
            headers = {"Authorization": f"Bearer {self.tokens[username]}"} if username else {}
            self._clients[username] = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)
        return self._clients[username]

    def browser(self) -> httpx.AsyncClient:
        """A client that keeps cookies and sends our own header, as the console does. The caller closes it."""
        return httpx.AsyncClient(base_url=self.url, headers={"X-Bluelamp": "1"}, timeout=30)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


async def token_for(spine: Spine, username: str) -> str:
    """A bearer token, as `bluelamp token` makes one."""
    user = await store.user_by_username(spine.db, username)
    assert user is not None
    return (await sign_in.issue_token(spine, SYSTEM, user, "tests", 1))[1]


@contextlib.asynccontextmanager
async def serving(app: Platform) -> AsyncIterator[str]:
    """The application behind a real server on a free port, in this process; its URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=1, **SERVER))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(20):
            while not server.started:
                if running.done():
                    running.result()
                    raise RuntimeError("the server ended before it began; its log says why")
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


@pytest.fixture(scope="session")
async def platform(engines: EngineUrls) -> AsyncIterator[RunningPlatform]:
    # The data folder of these engines: what the platform makes beside its stores (keys, check-points) goes there, not home.
    folder = Path(tempfile.mkdtemp(prefix="bl-platform-"))
    settings = PlatformSettings(data=folder, **asdict(engines))
    async with open_spine(settings) as spine:
        await prepare(spine)
        working = asyncio.create_task(work(spine))
        try:
            app = make_app(spine)
            app.add_middleware(Witness)
            async with serving(app) as url:
                tokens = {username: await token_for(spine, username) for username in USERNAMES}
                running = RunningPlatform(url, app, spine, tokens)
                yield running
                await running.close()
        finally:
            working.cancel()
            await asyncio.wait([working])
            shutil.rmtree(folder, ignore_errors=True)
