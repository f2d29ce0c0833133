"""Key-encryption keys as the deployer configures them: a file of keys or an environment variable, the current one first.

A key's id is made from the key itself, so that a wrong key can never pass for the right one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import time
from pathlib import Path
from typing import NamedTuple

from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.encryption.errors import KeyUnreadableError

KEY_BYTES = 32
LOOK_SECONDS = 1.0
"""How old the file's content may be in memory: a rotated key is in use this soon, in every process."""


class WrappingKey(NamedTuple):
    """A key that wraps data keys."""

    id: str
    key: bytes


def key_id(key: bytes) -> str:
    """16 hexadecimal digits that name a key and tell nothing about it."""
    return hashlib.sha256(b"bluelamp key-encryption key\n" + key).hexdigest()[:16]


def new_line() -> str:
    """A fresh key as a line of the key file."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def parse(text: str, where: str) -> tuple[WrappingKey, ...]:
    """Keys of a file's content or of the variable: base64, one a line or separated by commas; `#` begins a comment.

    Raises:
        KeyUnreadableError: says which line; never repeats it.
    """
    found: dict[str, WrappingKey] = {}
    for number, line in enumerate(text.replace(",", "\n").splitlines(), 1):
        encoded = line.partition("#")[0].strip()
        if not encoded:
            continue
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyUnreadableError(f"key {number} of {where} is not {KEY_BYTES} bytes in base64; `bluelamp keys new` makes one")
        found.setdefault(key_id(key), WrappingKey(key_id(key), key))
    return tuple(found.values())


class KeyRing:
    """The configured keys, looked up again when their file changes. Empty: nothing is encrypted."""

    def __init__(self, file: Path | None = None, text: str = "") -> None:
        self.file = file
        self._fixed = parse(text, "BLUELAMP_ENCRYPTION_KEYS") if text else ()
        self._keys: tuple[WrappingKey, ...] = ()
        self._stamp: tuple[int, int, int] | None = None
        self._looked_at = 0.0

    @classmethod
    def of(cls, settings: PlatformSettings) -> KeyRing:
        """Raises `KeyUnreadableError`: what is configured is no key, or the file is where the backup would copy it."""
        file = settings.encryption_key_file
        if file is not None and file.expanduser().resolve().is_relative_to(settings.data.expanduser().resolve()):
            raise KeyUnreadableError(
                f"the key file {file} lies inside the data folder, beside what it protects: keep it elsewhere, and back it up apart"
            )
        ring = cls(file.expanduser() if file else None, settings.encryption_keys.get_secret_value())
        ring.configured()
        return ring

    def configured(self) -> tuple[WrappingKey, ...]:
        """The current key first, then those that still open what they wrapped.

        Raises:
            KeyUnreadableError: the file cannot be read, or holds something else, and was never read before.
        """
        if self.file is not None and time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._look(self.file)
        return (*self._keys, *self._fixed)

    def _look(self, file: Path) -> None:
        try:
            seen = file.stat()
            stamp = (seen.st_mtime_ns, seen.st_ino, seen.st_size)
            if stamp != self._stamp:
                self._keys, self._stamp = parse(file.read_text("ascii"), str(file)), stamp
        except (OSError, UnicodeDecodeError, KeyUnreadableError) as error:
            if self._stamp is not None:
                return  # what was read before still serves; `bluelamp keys status` and a restart tell
            reason = error.message if isinstance(error, KeyUnreadableError) else f"the key file {file} cannot be read ({error})"
            raise KeyUnreadableError(f"{reason}; nothing was changed") from None

    @property
    def current(self) -> WrappingKey | None:
        """The key that wraps new data keys; None: encryption is off."""
        keys = self.configured()
        return keys[0] if keys else None

    def find(self, name: str) -> WrappingKey | None:
        """The key with this id, if it is configured."""
        return next((key for key in self.configured() if key.id == name), None)
