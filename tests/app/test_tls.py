"""TLS by the platform: it is spoken, plain HTTP is not, and a renewed certificate is taken while it runs."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from bluelamp.app import tls
from bluelamp.spine.config import PlatformSettings
from tests.support.certificates import write_certificate


async def _answer(scope, receive, send) -> None:
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _serial(port: int, authority: Path) -> int:
    """The serial number that is shown to a client which trusts the certificate in the file."""
    context = ssl.create_default_context(cafile=str(authority))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"ok")
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(shown).serial_number


async def test_the_platform_speaks_tls_and_takes_a_renewed_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "LOOK_SECONDS", 0.02)
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    first = write_certificate(cert, key)
    settings = PlatformSettings(tls_cert=str(cert), tls_key=str(key))
    tls.check(settings)
    config = tls.uvicorn.Config(_answer, log_config=None, lifespan="off", timeout_graceful_shutdown=1, **tls.options(settings))
    server = tls.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    running = asyncio.create_task(server.serve(sockets=[listening]))
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag
            await asyncio.sleep(0.01)
        assert await _serial(port, cert) == first
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" not in await reader.read(), "plain HTTP is not answered"
        writer.close()
        second = write_certificate(cert, key)
        while True:
            try:
                if await _serial(port, cert) == second:
                    break
            except ssl.SSLCertVerificationError:  # the old one is still shown, which the new file does not vouch for
                await asyncio.sleep(0.02)
    server.should_exit = True
    await running
    listening.close()


def test_half_a_pair_or_no_certificate_is_told(tmp_path: Path) -> None:
    tls.check(PlatformSettings())
    with pytest.raises(tls.CertificateError, match="both"):
        tls.check(PlatformSettings(tls_cert="cert.pem"))
    with pytest.raises(tls.CertificateError, match="not a certificate"):
        tls.check(PlatformSettings(tls_cert=str(tmp_path / "a"), tls_key=str(tmp_path / "b")))


def test_proxies_are_believed_only_where_they_are_named() -> None:
    assert tls.options(PlatformSettings(trusted_proxies=""))["proxy_headers"] is False
    assert tls.options(PlatformSettings(trusted_proxies="10.0.0.7"))["forwarded_allow_ips"] == "10.0.0.7"
