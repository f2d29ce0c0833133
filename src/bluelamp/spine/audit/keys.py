"""The keys that sign check-points: given by the deployment, or made in the data folder at the first start. The newest signs."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bluelamp.spine.audit.errors import AuditKeyError
from bluelamp.spine.audit.settings import AuditSettings

FILE = Path("secrets") / "audit-keys"
"""Within the data folder."""

Keys = list[Ed25519PrivateKey]


def key_file(data: Path, settings: AuditSettings) -> Path:
    """Where the keys are, unless the environment holds them."""
    return settings.audit_key_file or data.expanduser() / FILE


def load(data: Path, settings: AuditSettings) -> Keys:
    """The keys, oldest first; none where none was given or made.

    Raises:
        AuditKeyError: something is there that is not a key.
    """
    path = key_file(data, settings)
    text = settings.audit_key.get_secret_value()
    if not text:
        if not path.exists():
            if settings.audit_key_file is not None:
                raise AuditKeyError(f"BLUELAMP_AUDIT_KEY_FILE names {path}, which is not there")
            return []
        text = path.read_text()
    try:
        return [Ed25519PrivateKey.from_private_bytes(b64decode(word, validate=True)) for word in text.split()]
    except ValueError as error:
        raise AuditKeyError("the audit's signing key is not 32 bytes in base64: see docs/audit.md, Keys") from error


def add(data: Path, settings: AuditSettings) -> Ed25519PrivateKey:
    """Make a new key and write it behind the others; it signs from the next check-point on.

    Raises:
        AuditKeyError: the keys are given in the environment, where only the deployment can add one.
    """
    if settings.audit_key.get_secret_value():
        raise AuditKeyError("the audit's keys come from BLUELAMP_AUDIT_KEY: add a new one there, behind the present one")
    path = key_file(data, settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    words = [*(path.read_text().split() if path.exists() else []), b64encode(key.private_bytes_raw()).decode()]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, ("\n".join(words) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(path)
    return key
