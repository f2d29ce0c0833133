"""The audit in a backup: the check-points of the second place and the key that signs them; and the proof after a restore."""

from __future__ import annotations

import json
from pathlib import Path

import asyncpg

from bluelamp.app.engines.backup.archive import Reader, Writer
from bluelamp.app.engines.data_folder import write_private
from bluelamp.spine.audit import keys, notes
from bluelamp.spine.audit.checkpoints import LATEST, place_url
from bluelamp.spine.audit.settings import audit_settings
from bluelamp.spine.audit.verifying import Report, verify
from bluelamp.spine.blobs import Blobs

PREFIX = "audit/checkpoints/"
BEFORE = "audit/before.json"
KEYS = "audit/keys"


async def names(data: Path) -> list[str]:
    """What the second place has now."""
    return sorted(await Blobs.open(place_url(data, audit_settings())).keys(""))


def _own_keys(data: Path) -> bytes:
    """The keys that the platform made itself; what the deployment gives, the deployment keeps."""
    settings = audit_settings()
    path = data.expanduser() / keys.FILE
    own = settings.audit_key_file is None and not settings.audit_key.get_secret_value() and path.exists()
    return path.read_bytes() if own else b""


async def copy(data: Path, before: list[str], archive: Writer) -> None:
    """The check-points, after the records were copied; `before` are those that were there before, so the records must know them."""
    place = Blobs.open(place_url(data, audit_settings()))
    with archive.part(BEFORE) as file:
        file.write(json.dumps(before).encode())
    for name in await names(data):
        with archive.part(PREFIX + name) as file:
            file.write(await place.get(name))
    if own := _own_keys(data):
        with archive.part(KEYS) as file:
            file.write(own)


async def load(reader: Reader, data: Path, database_url: str) -> None:
    """Bring check-points and key into the new folder; a second place elsewhere is left as it is.

    Check-points that were made while the backup was taken, after its records, stay in the backup: the records do not know them.
    """
    if reader.names(KEYS):
        with reader.open(KEYS) as file:
            write_private(data / keys.FILE, file.read().decode())
    parts = reader.names(PREFIX)
    if not parts or audit_settings().audit_checkpoints_url:
        return
    with reader.open(BEFORE) as file:
        before = set(json.load(file)) - {LATEST}
    connection = await asyncpg.connect(database_url)
    known = await connection.fetchval("SELECT coalesce(max(number), 0) FROM audit_checkpoints")
    await connection.close()
    place = Blobs.open(place_url(data, audit_settings()))
    newest = (0, b"")
    for part in parts:
        name = part.removeprefix(PREFIX)
        if name == LATEST:
            continue
        with reader.open(part) as file:
            content = file.read()
        number = _number(content)
        if name in before or number <= known:
            await place.put(name, content)
            newest = max(newest, (number, content))
    if newest[0]:
        await place.put(LATEST, newest[1])


def _number(content: bytes) -> int:
    try:
        return notes.parse(content.decode())[0].number
    except ValueError:
        return 0


def prove(data: Path, database_url: str) -> Report | None:
    """The proof of what was restored; None where the backup is of a version that had no tree."""
    try:
        return verify(database_url, place_url(data, audit_settings()))
    except asyncpg.UndefinedTableError:
        return None
