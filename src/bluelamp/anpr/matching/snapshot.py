"""The VOI index as a file: written once, mapped into memory in seconds, shared by all processes of a machine.

Layout, little-endian: 4,096 bytes of header (magic, JSON padded with zeros), then codes u64, words u64, refs u32,
starts u32, flags u8, each from a multiple of 64.
"""

import json
import mmap
import os
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from bluelamp.anpr.matching.index import VoiIndex, bucket_bits
from bluelamp.kit.vrm import DEFAULT, Confusables

MAGIC: Final = b"BLVOI\x00\x00\x01"
_HEADER: Final = 4096
_ALIGN: Final = 64
_ARRAYS: Final = (("codes", np.uint64), ("words", np.uint64), ("refs", np.uint32), ("starts", np.uint32), ("flags", np.uint8))


class SnapshotError(Exception):
    """The file is not a usable snapshot: foreign, cut short, damaged, or made with other confusables. Build anew."""


def write(path: Path, index: VoiIndex, revision: int) -> None:
    """Write `index`, true as of `revision`. The file appears whole or not at all, and is on disk on return."""
    arrays = [np.ascontiguousarray(getattr(index, name), kind) for name, kind in _ARRAYS]
    check = 0
    for array in arrays:
        check = zlib.crc32(array.data.cast("B") if array.size else b"", check)
    header = {
        "entries": len(index),
        "revision": revision,
        "crc32": check,
        "confusables": _digest(index.confusables),
    }
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        file.write((MAGIC + json.dumps(header).encode()).ljust(_HEADER, b"\0"))
        for array in arrays:
            file.write(b"\0" * (-file.tell() % _ALIGN))
            file.write(array.data.cast("B") if array.size else b"")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path, confusables: Confusables = DEFAULT) -> tuple[VoiIndex, int]:
    """Return the index in the file and its revision.

    Raises:
        SnapshotError: the file is missing, foreign, damaged, or made with other confusables.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0), prot=mmap.PROT_READ)
    except (OSError, ValueError) as error:
        raise SnapshotError(f"There is no snapshot at {path}.") from error
    header = _header(mapped, path)
    if header["confusables"] != _digest(confusables):
        raise SnapshotError(f"{path} was made with other confusable sets.")
    entries = header["entries"]
    buckets = 1 << bucket_bits(entries)
    lengths = {"codes": entries, "words": buckets, "refs": entries, "starts": buckets + 1, "flags": entries}
    arrays: dict[str, Any] = {}
    at, check = _HEADER, 0
    try:
        for name, kind in _ARRAYS:
            at += -at % _ALIGN
            arrays[name] = np.frombuffer(mapped, kind, lengths[name], at) if lengths[name] else np.empty(0, kind)
            at += arrays[name].nbytes
            check = zlib.crc32(arrays[name], check)
    except ValueError as error:
        raise SnapshotError(f"{path} is cut short.") from error
    if check != header["crc32"]:
        raise SnapshotError(f"{path} is damaged.")
    return VoiIndex(**arrays, confusables=confusables), int(header["revision"])


def _header(mapped: mmap.mmap, path: Path) -> dict[str, Any]:
    raw = mapped[:_HEADER]
    if not raw.startswith(MAGIC) or len(raw) < _HEADER:
        raise SnapshotError(f"{path} is not a VOI snapshot of this version.")
    header: dict[str, Any] = json.loads(raw[len(MAGIC) :].rstrip(b"\0"))
    return header


def _digest(confusables: Confusables) -> str:
    return sha256(repr(confusables.translation()).encode()).hexdigest()[:16]
