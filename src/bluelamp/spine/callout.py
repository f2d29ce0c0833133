"""Signing in to NATS by our own rules: the server asks the platform who a client is and what it may do (NATS "auth callout").

Used for devices that speak MQTT: their keys are in our records, so a new one works at once and a revoked one does not, without touching
the server's configuration. Tokens are JWTs in NATS's own form (`ed25519-nkey`); names of keys are NATS's "nkeys".
Source: NATS ADR-26, Authentication Callout; github.com/nats-io/nkeys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SUBJECT = "$SYS.REQ.USER.AUTH"
PLATFORM_USER = "bluelamp"
"""The user that the platform itself signs in as, which is not asked about."""
_ACCOUNT = 0
"""Prefix byte of the public key of an account: such a name begins with A."""
TOKEN_S = 3600
"""After so long a client is cut off and signs in anew."""


class CalloutError(ValueError):
    """Not a request of a NATS server."""


class SignIn(NamedTuple):
    """What a client said to the server."""

    user_key: str
    server: str
    username: str
    password: str
    kind: str
    """`mqtt`, `websocket`, or `nats` for its own protocol."""


def issuer_of(nats_url: str) -> Issuer:
    """The issuer that belongs to a platform's secret for NATS: both sides derive it, so there is no second secret to keep.

    Raises:
        ValueError: the URL carries no secret.
    """
    parts = urlsplit(nats_url.partition(",")[0])
    secret = unquote(parts.password or parts.username or "")
    if not secret:
        raise ValueError("the address of NATS has neither a password nor a token")
    return Issuer(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"bluelamp nats issuer\0" + secret.encode()).digest()))


class Issuer:
    """Signs what a client may do."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = bytes((_ACCOUNT,)) + key.public_key().public_bytes_raw()
        check = binascii.crc_hqx(raw, 0).to_bytes(2, "little")  # CRC-16 XMODEM
        self.name = base64.b32encode(raw + check).decode().rstrip("=")
        """The public key as the server's configuration names it."""

    def allow(self, request: SignIn, name: str, publish: list[str], connection: str) -> bytes:
        """The answer that lets the client in, to publish on these subjects, to hear nothing, over this kind of connection only."""
        permissions = {
            "pub": {"allow": publish},
            "sub": {"deny": [">"]},
            "subs": 0,
            "data": -1,
            "payload": 65_536,
            "allowed_connection_types": [connection],
            "type": "user",
            "version": 2,
        }
        now = int(time.time())
        user = self._signed({"sub": request.user_key, "aud": "$G", "name": name, "exp": now + TOKEN_S, "nats": permissions})
        return self._answer(request, {"jwt": user})

    def refuse(self, request: SignIn, why: str) -> bytes:
        return self._answer(request, {"error": why})

    def _answer(self, request: SignIn, told: dict[str, str]) -> bytes:
        claims = {"sub": request.user_key, "aud": request.server, "nats": {**told, "type": "authorization_response", "version": 2}}
        return self._signed(claims).encode()

    def _signed(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        number = hashlib.sha256(repr((claims, now)).encode()).digest()
        body = {"iss": self.name, "iat": now, "jti": base64.b32encode(number).decode().rstrip("=")} | claims
        head = _url64(msgspec.json.encode({"typ": "JWT", "alg": "ed25519-nkey"}))
        signed = f"{head}.{_url64(msgspec.json.encode(body))}"
        return f"{signed}.{_url64(self._key.sign(signed.encode()))}"


def read_request(payload: bytes) -> SignIn:
    """What the server asks. Only the server and the platform can speak on its subject, so its signature is not checked again.

    Raises:
        CalloutError: something else.
    """
    try:
        claims = msgspec.json.decode(_unurl64(payload.split(b".")[1]))
        asked = claims["nats"]
        said = asked["connect_opts"]
        client = asked["client_info"]
        return SignIn(
            asked["user_nkey"],
            asked["server_id"]["id"],
            str(said.get("user", "")),
            str(said.get("pass", "") or said.get("auth_token", "")),
            str(client.get("type", "")),
        )
    except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CalloutError(f"not a request of a NATS server: {type(error).__name__}") from error


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unurl64(data: bytes) -> bytes:
    return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))
