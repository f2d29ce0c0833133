"""HTTPS of the gateway: an application behind TLS, which is told whose certificate a connection showed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

SERIAL = "certificate_serial"
"""Name in a request's `state`: the serial number of the certificate that TLS has verified, in hexadecimal; empty: none."""
SILENT_S_MAX = 20.0
"""A connection that has no whole request after so long is ended, also where it sends a header a minute."""
CONNECTIONS_MAX = 1_000


class KnownProtocol(H11Protocol):
    """HTTP/1.1 that hands the certificate on."""

    _silent: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        certificate = transport.get_extra_info("peercert") or {}
        self.app_state = {**self.app_state, SERIAL: str(certificate.get("serialNumber", ""))}
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._silent is not None:
            self._silent.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._silent is not None:
            self._silent.cancel()
        self._silent = self.loop.call_later(SILENT_S_MAX, self._let_go)

    def _let_go(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


@asynccontextmanager
async def https(app: Any, host: str, port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """An application behind HTTPS; its port."""
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, log_config=None, lifespan="off", server_header=False, proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX, timeout_keep_alive=5, h11_max_incomplete_event_size=32 << 10, http=KnownProtocol, ws="none",
    )  # fmt: skip
    config.load()
    config.ssl = context
    server = _Quiet(config)
    serving = asyncio.create_task(server.serve(), name="cot-https")
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise OSError(f"port {port} of {host} cannot be listened on")
            await asyncio.sleep(0.02)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


class _Quiet(uvicorn.Server):
    """Leaves signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
