"""Check-points: what the tree was at a moment, signed, and carried to a second place that outlives a tampered database."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import Gauge

from bluelamp.spine import audit
from bluelamp.spine.audit import keys, notes, store
from bluelamp.spine.audit.errors import AuditKeyError
from bluelamp.spine.audit.settings import AuditSettings, audit_settings
from bluelamp.spine.blobs import BlobMissingError, Blobs
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection, Database

log = logging.getLogger(__name__)

LOCK = 7_245_011
KEYS = "keys.txt"
"""In the second place: the public keys, one a line, oldest first."""
LATEST = "latest.checkpoint"
BACK_OFF_S = 10.0
WANTED = "audit_checkpoint_wanted"
"""NOTIFY on this channel has whoever makes check-points make one now."""
FIRST_WAIT_S = 12.0
LOOKS_EVERY_S = 0.2
AT = Gauge("bluelamp_audit_checkpoint_seconds", "When the last check-point of the audit was made, seconds since 1970.")


def place_url(data: Path, settings: AuditSettings) -> str:
    """Where check-points go."""
    return settings.audit_checkpoints_url or (data.expanduser().resolve() / "checkpoints").as_uri()


async def signers(connection: Connection, data: Path, settings: AuditSettings, origin: str) -> keys.Keys:
    """The keys with which to sign now: the newest, beside the one before where the newest has never signed. Publishes a new one.

    Raises:
        AuditKeyError: this process does not have the key that the platform signs with.
    """
    published = await store.verify_keys(connection)
    held = keys.load(data, settings)
    if not held and not published:
        held = [keys.add(data, settings)]
        log.info("made a key that signs the audit's check-points: %s", keys.key_file(data, settings))
    names = [str(notes.verify_key(origin, key)) for key in held]
    if published and published[-1] not in names:
        raise AuditKeyError(
            "the key that signs the audit's check-points is not here: give this process BLUELAMP_AUDIT_KEY_FILE, or restore"
            f" {keys.key_file(data, settings)} from the backup"
        )
    first_new = names.index(published[-1]) + 1 if published else len(names) - 1
    for name in names[first_new:]:
        await store.add_verify_key(connection, name)
        await audit.record(connection, audit.SYSTEM, "alteration", "audit.keys.add", subjects=(name,))
    # A new key is believed because a key that was believed signs beside it.
    return held[max(first_new - 1, 0) :] if published else held[-1:]


async def published_keys(spine: Spine) -> list[str]:
    """The platform's public keys, oldest first. Where none is published yet, the first check-point is asked for and waited for.

    The worker makes it, never the asking process: two processes with folders of their own must not make a key each.

    Raises:
        EngineDownError: nobody has made one meanwhile.
    """
    for at in range(int(FIRST_WAIT_S / LOOKS_EVERY_S)):
        async with spine.db.connection() as connection:
            if found := await store.verify_keys(connection):
                return found
            if at == 0:
                await connection.execute("SELECT pg_notify($1, '')", WANTED)
        await asyncio.sleep(LOOKS_EVERY_S)
    raise EngineDownError(
        "the platform has no key to sign with yet: its worker makes the first check-point of the audit seconds after the first start,"
        " and has not answered. Try again; if that does not help, `bluelamp doctor` tells whether the worker runs"
    )


class Checkpointer:
    """Makes check-points and delivers them; several may run, one at a time works."""

    def __init__(self, spine: Spine, settings: AuditSettings | None = None) -> None:
        self._db: Database = spine.db
        self._data = spine.settings.data
        self._settings = settings or audit_settings()
        self._clock = spine.clock
        self._place: Blobs | None = None
        self._due = 0.0

    def hurry(self) -> None:
        """Somebody waits for one."""
        self._due = 0.0

    async def make_if_due(self) -> None:
        """Make one if it is time; what cannot be done is told and tried again later, and never stops the audit itself."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._settings.audit_checkpoint_seconds
        try:
            await self.make()
        except (AuditKeyError, EngineDownError, OSError, ValueError) as error:
            self._due = time.monotonic() + min(BACK_OFF_S, self._settings.audit_checkpoint_seconds)
            log.error("no check-point of the audit could be made or delivered: %s", error)  # noqa: TRY400 - the words say it

    async def make(self) -> int | None:
        """Sign the tree as it is, unless nothing was added since the last; deliver what has not arrived. Returns its number."""
        async with self._db.transaction() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                return None
            number = await self._sign(connection)
        await self.deliver()
        return number

    async def _sign(self, connection: Connection) -> int | None:
        size, last = await store.size(connection), await store.last_checkpoint(connection)
        origin = await store.origin(connection)
        signing = await signers(connection, self._data, self._settings, origin)
        if size == 0 or (last is not None and last["size"] == size and len(signing) == 1):
            return None
        edge = await store.load_edge(connection, size)
        now = self._clock()
        said = notes.Checkpoint(origin, size, edge.root, last["number"] + 1 if last else 1, now)
        note = notes.sign(said.text, origin, signing)
        at = datetime.fromtimestamp(now / 1000, UTC)
        await store.add_checkpoint(connection, said.number, size, edge.root, at, note)
        AT.set(now / 1000)
        return said.number

    def _second_place(self) -> Blobs:
        if self._place is None:
            self._place = Blobs.open(place_url(self._data, self._settings))
        return self._place

    async def deliver(self) -> None:
        """Carry to the second place what is not there yet, with the public keys."""
        while True:
            async with self._db.connection() as connection:
                rows = await store.undelivered(connection, 100)
                published = await store.verify_keys(connection)
            if not rows:
                return
            place = self._second_place()
            await place.put(KEYS, "".join(f"{key}\n" for key in published).encode())
            for row in rows:
                await place.put(notes.parse(row["note"])[0].path, row["note"].encode())
            await place.put(LATEST, rows[-1]["note"].encode())
            async with self._db.connection() as connection:
                await store.mark_delivered(connection, [row["number"] for row in rows])

    async def compare(self) -> None:
        """At the start: whether the tree still is what was signed last, here and in the second place. If not, that is an entry too.

        The platform goes on: it must not be possible to stop it by tampering, and `bluelamp verify audit` keeps finding it.
        """
        try:
            wrong = await self._contradiction()
        except (EngineDownError, OSError) as error:
            log.error("the audit's second place could not be compared: %s", error)  # noqa: TRY400 - the words say it
            return
        if wrong:
            log.error("the audit is not what was signed: %s. Run `bluelamp verify audit`.", wrong)
            async with self._db.transaction() as connection:
                await audit.record(connection, audit.SYSTEM, "alteration", "audit.tree.contradicted", detail={"found": wrong})

    async def _contradiction(self) -> str:
        async with self._db.connection() as connection:
            size, last = await store.size(connection), await store.last_checkpoint(connection)
            try:
                delivered = notes.parse((await self._second_place().get(LATEST)).decode())[0]
            except BlobMissingError:
                delivered = None
            except ValueError:
                return f"{LATEST} in the second place is not a check-point"
            for name, told, root in (
                ("the last check-point", last["size"] if last else 0, last["root"] if last else b""),
                ("the last check-point in the second place", delivered.size if delivered else 0, delivered.root if delivered else b""),
            ):
                if told > size:
                    return f"{name} covers {told} leaves, and there are {size}"
                if told:
                    try:
                        edge = await store.load_edge(connection, told)
                    except LookupError as error:
                        return str(error)
                    if edge.root != root:
                        return f"{name} has another root over {told} leaves"
        return ""
