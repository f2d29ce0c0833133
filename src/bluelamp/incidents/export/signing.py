"""The manifest's signature: the keys that sign the audit's check-points sign packages too, under words that no check-point has.

Whoever knows the platform's public key (docs/audit.md, Keys) can check a package without the platform.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bluelamp.spine.audit import keys
from bluelamp.spine.audit import store as audit_store
from bluelamp.spine.audit.checkpoints import published_keys
from bluelamp.spine.audit.errors import AuditKeyError
from bluelamp.spine.audit.notes import VerifyKey, verify_key
from bluelamp.spine.audit.settings import audit_settings
from bluelamp.spine.module import Spine

FIRST_LINE = "bluelamp incident package 1"


class Signer(NamedTuple):
    """The platform's name and the key that it signs with now."""

    origin: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> VerifyKey:
        return verify_key(self.origin, self.key)


async def signer_of(spine: Spine) -> Signer:
    """The newest key that the platform has published and this process holds.

    Raises:
        AuditKeyError: this process does not have the platform's key.
        EngineDownError: no key is published yet, and the worker does not make the first check-point.
    """
    published = await published_keys(spine)
    async with spine.db.connection() as connection:
        origin = await audit_store.origin(connection)
    for key in reversed(keys.load(spine.settings.data, audit_settings())):
        if str(verify_key(origin, key)) in published:
            return Signer(origin, key)
    raise AuditKeyError("the key that signs check-points and packages is not here: give this process BLUELAMP_AUDIT_KEY_FILE")


def sign(signer: Signer, manifest_sha256: str) -> str:
    """The file SIGNATURE: what is signed, a blank line, the public key and the signature."""
    text = _text(signer.origin, manifest_sha256)
    return f"{text}\nkey {signer.public}\nsignature {b64encode(signer.key.sign(text.encode())).decode()}\n"


def _text(origin: str, manifest_sha256: str) -> str:
    return f"{FIRST_LINE}\nplatform {origin}\nmanifest.json sha256 {manifest_sha256}\n"


class Signed(NamedTuple):
    """What a SIGNATURE says, once its signature was found to be that of `key`."""

    origin: str
    manifest_sha256: str
    key: VerifyKey


def read(note: str, believed: VerifyKey | None) -> Signed:
    """Raises ValueError: it is not a signature, or not by the key that is believed."""
    lines = note.split("\n")
    if len(lines) != 7 or lines[0] != FIRST_LINE or lines[3] or lines[6] or not lines[1].startswith("platform "):
        raise ValueError("it is not of the form that a package's signature has")
    words = [line.rpartition(" ") for line in (lines[2], lines[4], lines[5])]
    if [before for before, _, _ in words] != ["manifest.json sha256", "key", "signature"]:
        raise ValueError("it is not of the form that a package's signature has")
    origin, (digest, named, signature) = lines[1].removeprefix("platform "), [last for _, _, last in words]
    key = VerifyKey.parse(named)
    if believed is not None and key != believed:
        raise ValueError(f"it is by the key {key}, not by the one that you know, {believed}")
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(b64decode(signature, validate=True), _text(origin, digest).encode())
    except (InvalidSignature, ValueError):
        raise ValueError("its signature does not fit what it says") from None
    return Signed(origin, digest, key)
