"""Data packages: a ZIP with a manifest, opened without trusting a word of it, and made from an incident. Pure.

Handed on are markers as CoT and the formats that incidents keep. Anything else (settings, certificates, programs, overlays that fetch
from elsewhere) would be a way to change colleagues' devices, so a package with it is refused, by name.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError
from defusedxml.ElementTree import fromstring as defused

from bluelamp.incidents.gateways.cot.files.errors import PackageEntryError, PackageError
from bluelamp.incidents.gateways.cot.wire import xml
from bluelamp.incidents.gateways.cot.wire.errors import EventError
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.media.errors import MediaDamagedError, MediaFormatError
from bluelamp.incidents.media.formats import HEAD_BYTES, TAIL_BYTES, told_by

MAGIC = b"PK\x03\x04"
CONTENT_TYPE = "application/zip"
MANIFEST = "MANIFEST/manifest.xml"
ENTRIES_MAX = 300
UNPACKED_BYTES_MAX = 64 << 20
DIRECTORY_BYTES_MAX = 128 << 10
MANIFEST_BYTES_MAX = 256 << 10
EVENT_BYTES_MAX = 256 << 10
NAME_LENGTH_MAX = 250
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES = 22
_ENCRYPTED = 0x1
_LINK = 0xA


class Attached(NamedTuple):
    """A picture, film or document of a package."""

    name: str
    content: bytes


class Package(NamedTuple):
    """`mission`: name or guid of the incident that it says it is for; empty: none."""

    name: str
    mission: str
    events: list[CotEvent]
    media: list[Attached]


def opened(content: bytes) -> Package:
    """All of a package, in memory.

    Raises:
        PackageError: no package, or one that is made to hurt.
        PackageEntryError: something in it is not handed on.
    """
    _look_at_end(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, struct.error) as error:
        raise PackageError(f"the data package cannot be read: {str(error)[:120]}") from None


def _look_at_end(content: bytes) -> None:
    """Before the list of files is read: it must stand where it is looked for once only, and be short."""
    at = len(content) - _END_BYTES
    if at < 0 or content[at : at + 4] != _END or content[-2:] != b"\0\0":
        raise PackageError("the data package has no end, or something after it: make it anew")
    entries, size = struct.unpack_from("<HI", content, at + 10)
    if entries > ENTRIES_MAX or size > DIRECTORY_BYTES_MAX or content[max(0, at - 20) : at].startswith(_END_64):
        raise PackageError(f"a data package has at most {ENTRIES_MAX} files")


def _read(archive: zipfile.ZipFile) -> Package:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    names = [info.filename for info in infos]
    if len(infos) > ENTRIES_MAX or len(set(names)) < len(names):
        raise PackageError(f"a data package has at most {ENTRIES_MAX} files, each once")
    for info in infos:
        _check(info)
    if MANIFEST not in names:
        raise PackageError(f"a data package has a file {MANIFEST}")
    left = UNPACKED_BYTES_MAX
    title, mission = "", ""
    events: list[CotEvent] = []
    media: list[Attached] = []
    for info in infos:
        most = {MANIFEST: MANIFEST_BYTES_MAX}.get(info.filename, EVENT_BYTES_MAX if _is_event(info.filename) else left)
        content = _unpacked(archive, info, min(most, left))
        left -= len(content)
        if info.filename == MANIFEST:
            title, mission = _manifest(content)
        elif _is_event(info.filename):
            events.append(_event(info.filename, content))
        else:
            media.append(_media(info.filename, content))
    return Package(title, mission, events, media)


def _is_event(name: str) -> bool:
    return name.lower().endswith(".cot")


def _check(info: zipfile.ZipInfo) -> None:
    name = info.filename
    steps = name.replace("\\", "/").split("/")
    if len(name) > NAME_LENGTH_MAX or name.startswith(("/", "\\")) or ":" in steps[0] or {"..", "."} & set(steps) or "\0" in name:
        raise PackageError("a file of the data package has a path that leads out of it")
    if info.flag_bits & _ENCRYPTED or info.external_attr >> 28 == _LINK:
        raise PackageError("files of a data package are neither encrypted nor links")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise PackageError("files of a data package are stored or deflated")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """By what comes out, not by what the list says comes out."""
    with archive.open(info) as entry:
        content = entry.read(most + 1)
    if len(content) > most:
        raise PackageError(
            f"{info.filename[:80]} unpacks to more than {most} bytes: a data package unpacks to {UNPACKED_BYTES_MAX} at most"
        )
    return content


def _manifest(content: bytes) -> tuple[str, str]:
    """Name of the package, and of the mission that it is for."""
    try:
        root = defused(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise PackageError("the manifest is not well-formed XML without document type") from None
    given = {one.get("name", ""): one.get("value", "") for one in root.findall("Configuration/Parameter")[:100]}
    mission = next((given[name] for name in ("mission_guid", "missionGuid", "mission_name", "missionName") if given.get(name)), "")
    return given.get("name", "")[:200], mission[:100]


def _event(name: str, content: bytes) -> CotEvent:
    begin = content.find(b"<event")
    try:
        return xml.parse(content[begin:].strip() if begin > 0 else content)
    except EventError as error:
        raise PackageEntryError(f"{name[:80]} is no CoT event: {error.message}") from None


def _media(name: str, content: bytes) -> Attached:
    try:
        told_by(content[:HEAD_BYTES], content[-TAIL_BYTES:])
    except (MediaFormatError, MediaDamagedError) as error:
        raise PackageEntryError(f"{name[:80]}: {error.message}; a data package has these and CoT events (.cot)") from None
    return Attached(name.rsplit("/", 1)[-1][:200], content)


def manifest(uid: str, name: str, mission: str, entries: list[tuple[str, str]]) -> bytes:
    """For a package of ours; `entries`: path and uid, empty for what has none."""
    root = Element("MissionPackageManifest", version="2")
    settings = SubElement(root, "Configuration")
    for key, value in (("uid", uid), ("name", name), ("mission_name", mission), ("onReceiveImport", "true")):
        SubElement(settings, "Parameter", name=key, value=value)
    contents = SubElement(root, "Contents")
    for path, entry_uid in entries:
        entry = SubElement(contents, "Content", ignore="false", zipEntry=path)
        if entry_uid:
            SubElement(entry, "Parameter", name="uid", value=entry_uid)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + tostring(root)
