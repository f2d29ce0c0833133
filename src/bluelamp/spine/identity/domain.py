"""The nouns of identity, and how secrets are made and told apart. No I/O."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from typing import Literal, NamedTuple

SessionKind = Literal["browser", "token"]
TOKEN_PREFIX = "blt_"  # noqa: S105 - lets secret scanners and people recognise a token
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


class User(NamedTuple):
    """A person with an account. `password_hash` empty: nobody can sign in with a password."""

    id: str
    username: str
    name: str
    agency: str
    roles: frozenset[str]
    active: bool
    password_hash: str
    one_time_until: datetime | None


class Session(NamedTuple):
    """What a signed-in browser or a program holds."""

    id: str
    kind: SessionKind
    label: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


def new_secret(kind: SessionKind) -> str:
    """256 random bits for a cookie or a bearer token."""
    return (TOKEN_PREFIX if kind == "token" else "") + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """How a secret of 256 bits is kept. It cannot be guessed, so one pass of SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def digest_bytes(secret: bytes) -> bytes:
    """The same for a secret that is not text."""
    return hashlib.sha256(secret).digest()


def plain_username(text: str) -> str:
    """As it is kept: trimmed, lower case."""
    return text.strip().casefold()
