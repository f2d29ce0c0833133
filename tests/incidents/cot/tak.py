"""The gateway with its doors beside the test platform, and devices that enrol as ATAK does."""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bluelamp.incidents.gateways.cot.server import Doors, running
from bluelamp.incidents.gateways.cot.settings import CotSettings
from tests.incidents.cot.device import Device
from tests.support.platform import RunningPlatform


@dataclass
class Tak:
    """`doors` of the gateway; `device(username)` enrols one and gives it, not yet connected."""

    platform: RunningPlatform
    doors: Doors

    async def enrolment(self, username: str, label: str = "handset") -> dict[str, Any]:
        answer = await self.platform.client(username).post("/v1/incidents/tak/enrolments", json={"label": label})
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def sign(self, username: str, token: str, body: bytes, **headers: str) -> httpx.Response:
        async with self.enrolling(username, token) as client:
            return await client.post("/Marti/api/tls/signClient/v2?clientUid=x&version=3", content=body, headers=headers)

    def enrolling(self, username: str, token: str) -> httpx.AsyncClient:
        context = ssl.create_default_context(cadata=self.doors.authority.pem.decode())
        return httpx.AsyncClient(
            base_url=f"https://localhost:{self.doors.ports['enrol']}", verify=context, auth=(username, token), timeout=20
        )

    async def context(self, username: str, keep: Path | None = None) -> ssl.SSLContext:
        """A fresh certificate of this person's, ready to connect with; `keep`: a file that it is also left in, with its key."""
        told = await self.enrolment(username)
        key, body = request()
        answer = await self.sign(username, told["token"], body)
        assert answer.status_code == 200, answer.text
        return client_context(self.doors, key, answer.json()["signedCert"], keep)

    async def device(self, username: str) -> Device:
        return Device.at(self.doors.ports["tls"], await self.context(username))

    def marti(self, context: ssl.SSLContext) -> httpx.AsyncClient:
        """HTTPS with a device's certificate, as clients ask for missions and files."""
        return httpx.AsyncClient(base_url=f"https://localhost:{self.doors.ports['marti']}", verify=context, timeout=40)


def request() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """A key and a request for it as ATAK sends it: base64 without the lines around it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody else")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return key, base64.b64encode(made.public_bytes(serialization.Encoding.DER))


def client_context(doors: Doors, key: ec.EllipticCurvePrivateKey, signed: str, keep: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=doors.authority.pem.decode())
    with tempfile.TemporaryDirectory() as folder:
        path = keep or Path(folder) / "device.pem"
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(f"-----BEGIN CERTIFICATE-----\n{signed}\n-----END CERTIFICATE-----\n".encode() + private)
        context.load_cert_chain(path)
    return context


@asynccontextmanager
async def gateway(platform: RunningPlatform) -> AsyncIterator[Tak]:
    async with running(platform.spine, CotSettings(port=0, enrol_port=0, marti_port=0, events_per_second_max=2_000)) as doors:
        yield Tak(platform, doors)


@pytest.fixture
async def tak(platform: RunningPlatform) -> AsyncIterator[Tak]:
    async with gateway(platform) as running_gateway:
        yield running_gateway
