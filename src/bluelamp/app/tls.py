"""TLS by the platform itself: the certificate is looked at again while it runs, so that renewing one needs no restart."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

import uvicorn

from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import BluelampError

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class CertificateError(BluelampError):
    code = "certificate_unreadable"


def check(settings: PlatformSettings) -> None:
    """Raises `CertificateError`: only one of the two files is named, or they are no certificate and its key."""
    if not settings.tls_cert and not settings.tls_key:
        return
    if not settings.tls_cert or not settings.tls_key:
        raise CertificateError("TLS needs both --tls-cert and --tls-key (PEM files)")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise CertificateError(f"{settings.tls_cert} and {settings.tls_key} are not a certificate and its key: {error}") from error


class Server(uvicorn.Server):
    """Serves, and takes a renewed certificate for new connections within seconds."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.config.ssl is not None:
            self._watching = asyncio.create_task(self._watch(self.config.ssl), name="certificate")

    async def _watch(self, context: ssl.SSLContext) -> None:
        files = (str(self.config.ssl_certfile), str(self.config.ssl_keyfile))
        seen = _stamps(files)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = _stamps(files)
            if now == seen or None in now:
                continue
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files)  # both are written: else the old pair goes on
                context.load_cert_chain(*files)
            except (OSError, ssl.SSLError) as error:
                log.warning("the renewed certificate is not taken yet: %s", error)
            else:
                seen = now
                log.info("the renewed certificate is in use")


def _stamps(files: tuple[str, ...]) -> list[int | None]:
    return [path.stat().st_mtime_ns if (path := Path(file)).exists() else None for file in files]


def options(settings: PlatformSettings) -> dict[str, object]:
    """What uvicorn is told about TLS and about proxies."""
    told: dict[str, object] = {"proxy_headers": bool(settings.trusted_proxies), "forwarded_allow_ips": settings.trusted_proxies or None}
    if settings.tls_cert:
        told |= {"ssl_certfile": settings.tls_cert, "ssl_keyfile": settings.tls_key}
    return told
