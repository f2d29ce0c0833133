"""SQL of enrolments and devices."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg

from bluelamp.kit.ids import new_id
from bluelamp.spine.identity.domain import digest
from bluelamp.spine.relational import Connection, Database, Record

CHANNEL = "cot"
"""NOTIFY on it with a device's id when it was revoked or bound to a uid; every gateway then asks anew."""

_DEVICE = "d.id, d.serial, d.person, d.agency, d.label, d.uid, d.call_sign, d.enrolled_at, d.expires_at, d.seen_at, d.revoked_at"


async def add_enrolment(connection: Connection, person: str, agency: str, label: str, token: str, lives: timedelta) -> Record:
    await connection.execute("DELETE FROM cot_enrolments WHERE expires_at < now() - interval '1 day'")
    row = await connection.fetchrow(
        "INSERT INTO cot_enrolments (id, digest, person, agency, label, expires_at) VALUES ($1, $2, $3, $4, $5, now() + $6)"
        " RETURNING id, expires_at",
        new_id(), digest(token), person, agency, label, lives,
    )  # fmt: skip
    assert row is not None  # noqa: S101 - just inserted
    return row


async def open_enrolment(db: Database | Connection, username: str, token: str, *, lock: bool = False) -> Record | None:
    """An enrolment that may still be used, by the token and whom it was made for."""
    return await db.fetchrow(
        "SELECT e.*, u.username, a.name AS agency_name FROM cot_enrolments e JOIN users u ON u.id = e.person"
        " JOIN agencies a ON a.code = e.agency WHERE e.digest = $1 AND u.username = $2 AND u.active AND e.used_at IS NULL"
        " AND e.expires_at > now()" + (" FOR UPDATE OF e" if lock else ""),
        digest(token), username,
    )  # fmt: skip


async def use_enrolment(connection: Connection, enrolment: str, device: str) -> None:
    await connection.execute("UPDATE cot_enrolments SET used_at = now(), device = $2 WHERE id = $1", enrolment, device)


async def add_device(connection: Connection, device: str, serial: str, enrolment: Record, expires_at: datetime) -> None:
    await connection.execute(
        "INSERT INTO cot_devices (id, serial, person, agency, label, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        device, serial, enrolment["person"], enrolment["agency"], enrolment["label"], expires_at,
    )  # fmt: skip


async def device_by_serial(db: Database, serial: str) -> Record | None:
    """A device that may come in."""
    return await db.fetchrow(
        f"SELECT {_DEVICE} FROM cot_devices d WHERE d.serial = $1 AND d.revoked_at IS NULL AND d.expires_at > now()", serial
    )


async def device_by_id(db: Database | Connection, device: str, *, lock: bool = False) -> Record | None:
    return await db.fetchrow(f"SELECT {_DEVICE} FROM cot_devices d WHERE d.id = $1" + (" FOR UPDATE" if lock else ""), device)


async def devices(db: Database, *, person: str = "", agency: str = "") -> list[Record]:
    """Of a person, or of an agency: those in use first, the latest first."""
    return await db.fetch(
        f"SELECT {_DEVICE}, u.username, u.name FROM cot_devices d JOIN users u ON u.id = d.person"
        " WHERE ($1 = '' OR d.person = $1) AND ($2 = '' OR d.agency = $2)"
        " ORDER BY d.revoked_at IS NOT NULL, d.enrolled_at DESC LIMIT 1000",
        person, agency,
    )  # fmt: skip


async def revoke(connection: Connection, device: str, by: str) -> None:
    await connection.execute("UPDATE cot_devices SET revoked_at = now(), revoked_by = $2 WHERE id = $1 AND revoked_at IS NULL", device, by)
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, device)


async def note_seen(connection: Connection, device: str) -> None:
    await connection.execute("UPDATE cot_devices SET seen_at = now() WHERE id = $1", device)


async def note_here(db: Database, devices: list[str]) -> None:
    """They are connected, and have what they were to be told."""
    await db.execute("UPDATE cot_devices SET seen_at = now() WHERE id = ANY($1)", devices)


async def uids(db: Database) -> list[Record]:
    """Which uid belongs to which device, for all that may come in."""
    return await db.fetch(
        "SELECT uid, id, person FROM cot_devices WHERE uid IS NOT NULL AND revoked_at IS NULL AND expires_at > now() LIMIT 100000"
    )


async def bind(db: Database, device: str, person: str, uid: str, call_sign: str) -> bool:
    """Give a uid to a device, also where an earlier device of the same person had it; False where it is another's."""
    try:
        async with db.transaction() as connection:
            await connection.execute("UPDATE cot_devices SET uid = NULL WHERE uid = $1 AND person = $2 AND id <> $3", uid, person, device)
            await connection.execute("UPDATE cot_devices SET uid = $2, call_sign = $3 WHERE id = $1", device, uid, call_sign[:80])
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, device)
    except asyncpg.UniqueViolationError:
        return False
    return True
