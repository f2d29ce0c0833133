"""The vault: data keys of groups of objects (a day of pictures, a day of exports), wrapped, in the blob store beside what they seal.

A group's objects can be read while one of its data keys is there; `drop` makes all of them unreadable at once, copies of the
objects included. Data keys are made by the process that seals, so no two processes wait for each other.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bluelamp.spine.encryption.errors import DataKeyGoneError, KeyMissingError, SealBrokenError
from bluelamp.spine.encryption.keyring import KEY_BYTES, KeyRing, WrappingKey

if TYPE_CHECKING:
    from bluelamp.spine.blobs import Blobs

PREFIX = "keys/"
MARKER = "keys/sealed"
"""Says that this store holds sealed objects: a platform that has lost its key refuses to go on in clear without being told to."""
MAGIC = b"\x00BLSEAL1"
ID_BYTES = 8
NONCE_BYTES = 12
PIECE_OVERHEAD = ID_BYTES + 16
REMEMBERED_MAX = 1024
REMEMBERED_SECONDS = 300.0
"""How long another process may still open what a dropped data key sealed."""


class Cipher(NamedTuple):
    """Seals pieces of one object."""

    id: bytes
    aead: AESGCM

    def piece(self, offset: int, content: bytes) -> bytes:
        """Key id, ciphertext and tag. An offset is used once in an object, so it is the nonce."""
        return self.id + self.aead.encrypt(offset.to_bytes(NONCE_BYTES, "big"), content, None)


class DataKey(NamedTuple):
    """A key of one group, in clear in memory only."""

    id: bytes
    key: bytes
    wrapped_by: str

    def cipher(self, name: str) -> Cipher:
        """A key of the object's own, so that nothing sealed in one object opens in the place of another."""
        derived = HKDFExpand(SHA256(), KEY_BYTES, b"bluelamp object\n" + name.encode()).derive(self.key)
        return Cipher(self.id, AESGCM(derived))


class Wrapped(msgspec.Struct, frozen=True):
    """A data key as it is stored."""

    kek: str
    nonce: bytes
    sealed: bytes

    def open(self, key: WrappingKey, name: str) -> bytes:
        try:
            return AESGCM(key.key).decrypt(self.nonce, self.sealed, name.encode())
        except InvalidTag:
            raise SealBrokenError(f"the data key {name} is damaged: restore {name} from a backup; nothing was changed") from None

    @classmethod
    def make(cls, key: WrappingKey, data_key: bytes, name: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return msgspec.json.encode(cls(key.id, nonce, AESGCM(key.key).encrypt(nonce, data_key, name.encode())))


class Rewrapped(NamedTuple):
    """What a round of re-wrapping found, in data keys."""

    done: int
    current: int
    unknown: int
    """Wrapped by keys that are not configured: left as they are."""


class Vault:
    """One per process, over its blob store."""

    def __init__(self, blobs: Blobs, ring: KeyRing) -> None:
        self._blobs = blobs
        self.ring = ring
        self._own: OrderedDict[str, DataKey] = OrderedDict()
        self._known: OrderedDict[str, tuple[float, DataKey]] = OrderedDict()
        self._lock = asyncio.Lock()
        self._clear_allowed = False

    async def key_for(self, group: str) -> DataKey | None:
        """The data key to seal with; None where encryption is off.

        Raises:
            KeyMissingError: the store holds sealed objects and no key is configured.
        """
        current = self.ring.current
        if current is None:
            await self._refuse_to_go_on_in_clear()
            return None
        key = self._own.get(group)
        if key is not None and key.wrapped_by == current.id:
            return key
        async with self._lock:
            key = self._own.get(group)
            if key is None or key.wrapped_by != current.id:
                key = self._own[group] = await self._make(group, current)
                while len(self._own) > REMEMBERED_MAX:
                    self._own.popitem(last=False)
        return key

    async def _refuse_to_go_on_in_clear(self) -> None:
        if self._clear_allowed:
            return
        if await self._blobs.get_or_none(MARKER) is not None:
            raise KeyMissingError(
                "this platform has encrypted what it keeps and no key is configured now: set BLUELAMP_ENCRYPTION_KEY_FILE or"
                " BLUELAMP_ENCRYPTION_KEYS again, or state with `bluelamp keys off` that new objects may be stored in clear;"
                " nothing was changed"
            )
        self._clear_allowed = True

    async def _make(self, group: str, current: WrappingKey) -> DataKey:
        made = DataKey(os.urandom(ID_BYTES), os.urandom(KEY_BYTES), current.id)
        name = f"{PREFIX}{group}/{made.id.hex()}"
        if not self._own:
            await self._blobs.put_synced(MARKER, b"{}")
        # On disk before anything is sealed with it: a power cut must not leave objects without their key.
        await self._blobs.put_synced(name, Wrapped.make(current, made.key, name))
        return made

    async def find(self, group: str, number: bytes) -> DataKey:
        """The data key that sealed something of a group.

        Raises:
            DataKeyGoneError: it was dropped: what it sealed is erased.
            KeyMissingError: the key that wrapped it is not configured.
        """
        name = f"{PREFIX}{group}/{number.hex()}"
        known = self._known.get(name)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        key = await self._unwrap(name, number)
        self._known[name] = (time.monotonic(), key)
        self._known.move_to_end(name)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return key

    async def _unwrap(self, name: str, number: bytes) -> DataKey:
        wrapped = await self._wrapped(name)
        if wrapped is None:
            raise DataKeyGoneError("it has been deleted: its data key was dropped with the day it belonged to")
        key = self.ring.find(wrapped.kek)
        if key is None:
            raise KeyMissingError(
                f"this is sealed under the key {wrapped.kek}, which is not configured: put it back in the key file"
                " (`bluelamp keys list` names those that are); nothing was changed"
            )
        return DataKey(number, wrapped.open(key, name), wrapped.kek)

    async def _wrapped(self, name: str) -> Wrapped | None:
        content = await self._blobs.get_or_none(name)
        try:
            return msgspec.json.decode(content, type=Wrapped) if content is not None else None
        except msgspec.MsgspecError:
            raise SealBrokenError(f"the data key {name} is damaged: restore it from a backup; nothing was changed") from None

    async def open_piece(self, group: str, name: str, offset: int, sealed: bytes) -> bytes:
        """A piece of the object `name` that `Cipher.piece` made at an offset.

        Raises:
            SealBrokenError: it is not what was sealed there.
        """
        key = await self.find(group, sealed[:ID_BYTES])
        try:
            return key.cipher(name).aead.decrypt(offset.to_bytes(NONCE_BYTES, "big"), sealed[ID_BYTES:], None)
        except InvalidTag:
            raise SealBrokenError(f"what is stored in {name} is not what was sealed: damaged or altered") from None

    async def put(self, group: str, name: str, content: bytes) -> None:
        """Store a whole object, sealed where a key is configured."""
        key = await self.key_for(group)
        if key is not None:
            nonce = os.urandom(NONCE_BYTES)
            content = MAGIC + key.id + nonce + key.cipher(name).aead.encrypt(nonce, content, None)
        await self._blobs.put_synced(name, content)

    async def get(self, group: str, name: str) -> bytes:
        """A whole object, whether it was sealed or stored in clear.

        Raises:
            BlobMissingError: no such object.
        """
        content = await self._blobs.get(name)
        if not content.startswith(MAGIC):
            return content
        at = len(MAGIC)
        key = await self.find(group, content[at : at + ID_BYTES])
        nonce = content[at + ID_BYTES : at + ID_BYTES + NONCE_BYTES]
        try:
            return key.cipher(name).aead.decrypt(nonce, content[at + ID_BYTES + NONCE_BYTES :], None)
        except InvalidTag:
            raise SealBrokenError(f"what is stored in {name} is not what was sealed: damaged or altered") from None

    async def names(self, group: str = "") -> list[str]:
        """Names of the data keys, of one group or of all below it."""
        return [name for name in await self._blobs.keys(f"{PREFIX}{group}") if name != MARKER]

    async def drop(self, group: str) -> int:
        """Crypto-erasure: destroy every data key of a group; returns how many. What they sealed can be read by nobody any more."""
        names = await self.names(group)
        for name in names:
            await self._blobs.shred(name)
            self._known.pop(name, None)
        self._own.pop(group, None)
        return len(names)

    async def held_by(self) -> dict[str, int]:
        """How many data keys each key-encryption key wraps, by its id."""
        found: dict[str, int] = {}
        for name in await self.names():
            wrapped = await self._wrapped(name)
            if wrapped is not None:
                found[wrapped.kek] = found.get(wrapped.kek, 0) + 1
        return found

    async def rewrap(self) -> Rewrapped:
        """Wrap every data key with the current key. The objects themselves are not touched. Hold KEYS_LOCK meanwhile."""
        current = self.ring.current
        if current is None:
            return Rewrapped(0, 0, 0)
        done = same = unknown = 0
        for name in await self.names():
            wrapped = await self._wrapped(name)
            if wrapped is None or wrapped.kek == current.id:
                same += wrapped is not None
            elif (old := self.ring.find(wrapped.kek)) is None:
                unknown += 1
            else:
                await self._blobs.put_synced(name, Wrapped.make(current, wrapped.open(old, name), name))
                done += 1
        return Rewrapped(done, same, unknown)

    async def allow_clear(self) -> None:
        """State that new objects may be stored in clear although sealed ones are there."""
        await self._blobs.shred(MARKER)
