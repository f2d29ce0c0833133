"""Whether a package is what the platform made: from the file alone, without the platform. Reads at most what the manifest allows."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bluelamp.incidents.export import signing
from bluelamp.spine.audit.notes import VerifyKey

MANIFEST, SIGNATURE = "manifest.json", "SIGNATURE"
SIGNATURE_BYTES_MAX = 4096
MANIFEST_BYTES_MAX = 64 << 20
CHUNK = 1 << 20
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, UnicodeDecodeError, ValueError)
"""What reading an altered archive ends with."""


class File(msgspec.Struct):
    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct):
    format: str
    incident: str
    number: str
    agency: str
    made_at: str
    made_by: str
    sequence: int
    files: list[File]
    left_out: list[dict[str, Any]]


class Verdict(NamedTuple):
    """`bad`: the first file that is not what it was, or the package's own part that is wrong."""

    valid: bool
    bad: str = ""
    reason: str = ""
    files: int = 0
    signed: signing.Signed | None = None
    manifest: Manifest | None = None


def verify_package(path: Path, believed: VerifyKey | None = None) -> Verdict:
    """With `believed`, only a signature by that key counts; otherwise by the one that the package names."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _verified(archive, believed)
    except UNREADABLE as error:
        return Verdict(valid=False, bad=path.name, reason=f"it cannot be read as a package: {error}")


def _verified(archive: zipfile.ZipFile, believed: VerifyKey | None) -> Verdict:
    try:
        signed = signing.read(_small(archive, SIGNATURE, SIGNATURE_BYTES_MAX).decode(), believed)
    except (KeyError, *UNREADABLE) as error:
        return Verdict(valid=False, bad=SIGNATURE, reason=_said(error))
    try:
        content = _small(archive, MANIFEST, MANIFEST_BYTES_MAX)
        if hashlib.sha256(content).hexdigest() != signed.manifest_sha256:
            raise ValueError("it is not the one that was signed")
        manifest = msgspec.json.decode(content, type=Manifest)
    except (KeyError, *UNREADABLE) as error:
        return Verdict(valid=False, bad=MANIFEST, reason=_said(error), signed=signed)
    for file in manifest.files:
        if reason := _wrong(archive, file):
            return Verdict(valid=False, bad=file.name, reason=reason, signed=signed, manifest=manifest)
    listed = {file.name for file in manifest.files} | {MANIFEST, SIGNATURE}
    if strange := sorted(name for name, times in Counter(archive.namelist()).items() if name not in listed or times > 1):
        return Verdict(valid=False, bad=strange[0], reason="it was put in: the manifest does not list it", signed=signed, manifest=manifest)
    return Verdict(valid=True, files=len(manifest.files), signed=signed, manifest=manifest)


def _small(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as entry:
        content = entry.read(most + 1)
    if len(content) > most:
        raise ValueError("it is larger than one that the platform makes")
    return content


def _wrong(archive: zipfile.ZipFile, file: File) -> str:
    """Why a file is not what the manifest says; empty: it is. Reads one byte more than it may have, and no more."""
    counted, size = hashlib.sha256(), 0
    try:
        with archive.open(file.name) as entry:
            while part := entry.read(min(CHUNK, file.bytes + 1 - size)):
                counted.update(part)
                size += len(part)
    except (KeyError, *UNREADABLE) as error:
        return _said(error)
    if size != file.bytes or counted.hexdigest() != file.sha256:
        return "its content is not what was signed"
    return ""


def _said(error: Exception) -> str:
    return "it is not there" if isinstance(error, KeyError) else str(error) or type(error).__name__
