"""Check-points as signed notes (C2SP signed-note and tlog-checkpoint): text that people read and any Ed25519 library checks."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bluelamp.kit.clock import from_rfc3339, to_rfc3339

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "


class VerifyKey(NamedTuple):
    """A public key with the name it signs for; `str()` gives `name+keyid+base64`, as it is published."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """Raises ValueError where the text is not such a key."""
        name, _, rest = text.strip().partition("+")
        keyid, _, encoded = rest.partition("+")
        try:
            content = b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError(f"not a public key: {text!r}") from error
        found = cls(name, content[1:])
        if len(content) != 33 or content[:1] != _ED25519 or found.id.hex() != keyid or not name:
            raise ValueError(f"not a public key: {text!r}")
        return found


def verify_key(name: str, key: Ed25519PrivateKey) -> VerifyKey:
    """The public half."""
    return VerifyKey(name, key.public_key().public_bytes_raw())


class Checkpoint(NamedTuple):
    """What a check-point says: the tree `origin` had `size` leaves and this root when the `number`-th was made."""

    origin: str
    size: int
    root: bytes
    number: int
    at: int
    """Milliseconds since the epoch."""

    @property
    def text(self) -> str:
        root = b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nnumber {self.number}\ntime {to_rfc3339(self.at)}\n"

    @property
    def path(self) -> str:
        """Where it lies in the second place. The root is part of the name, so that no other can ever take its place."""
        return f"{to_rfc3339(self.at)[:10]}/{self.number:012d}-{self.root.hex()[:16]}.checkpoint"


def sign(text: str, name: str, keys: list[Ed25519PrivateKey]) -> str:
    """The text with a signature of each key."""
    lines = [f"{_DASH}{name} {b64encode(verify_key(name, key).id + key.sign(text.encode())).decode()}\n" for key in keys]
    return text + "\n" + "".join(lines)


def parse(note: str) -> tuple[Checkpoint, dict[bytes, bytes]]:
    """What the note says, and its signatures by key id; nothing is believed yet.

    Raises:
        ValueError: not a check-point.
    """
    text, blank, tail = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) != 5 or not lines[3].startswith("number ") or not lines[4].startswith("time "):
        raise ValueError("not a check-point: its lines are missing")
    said = Checkpoint(lines[0], int(lines[1]), b64decode(lines[2], validate=True), int(lines[3][7:]), from_rfc3339(lines[4][5:]))
    if said.text != text + "\n" or len(said.root) != 32:
        raise ValueError("not a check-point in its only form")
    signatures = {}
    for line in tail.splitlines():
        content = b64decode(line.rpartition(" ")[2], validate=True)
        if not line.startswith(f"{_DASH}{said.origin} ") or len(content) != 68:
            raise ValueError("not a check-point: a signature is of another form")
        signatures[content[:4]] = content[4:]
    return said, signatures


def signed_by(said: Checkpoint, signatures: dict[bytes, bytes], key: VerifyKey) -> bool:
    """Whether the key signed it."""
    signature = signatures.get(key.id)
    if signature is None or key.name != said.origin:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(signature, said.text.encode())
    except InvalidSignature:
        return False
    return True
