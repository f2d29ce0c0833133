"""Adding and changing sources, issuing and revoking their keys. Every intake hears of it when the transaction commits."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bluelamp.anpr.errors import NoSuchKeyError, NoSuchSourceError, SourceExistsError
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.anpr.store import sources as store
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.relational import Connection

LIMITS = {"body_bytes_max": 16 << 20, "picture_bytes_max": 2 << 20, "items_per_minute_max": 12_000_000}
"""What a new source may send unless its owner says otherwise: an hour of a large site at once, a picture of any ANPR camera."""

LIMIT_RANGES = {"body_bytes_max": (1024, 64 << 20), "picture_bytes_max": (0, 64 << 20), "items_per_minute_max": (1, 100_000_000)}
DATE_ORDERS = ("mdy", "dmy", "unknown")
KEYS_MAX = 8
"""Live keys of one source: enough to change over many devices, few enough to keep in view."""


class NewKey(NamedTuple):
    """A key, shown this once, of a source."""

    source: int
    key_id: str
    key: str


def checked_zone(name: str) -> str:
    """Raises `InvalidError`: not a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidError(f"{name[:60]!r} is not a time zone such as UTC or Europe/London") from None
    return name


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, unless one of them is not allowed."""
    if "name" in values:
        values["name"] = " ".join(str(values["name"]).split())
        if not 1 <= len(values["name"]) <= 120 or not values["name"].isprintable():
            raise InvalidError("a source's name has 1 to 120 printable characters")
    if "timezone" in values:
        checked_zone(values["timezone"])
    if values.get("date_order") is not None and values["date_order"] not in DATE_ORDERS:
        raise InvalidError(f"date_order is one of {', '.join(DATE_ORDERS)}, or absent for the vendor's usual order")
    for name, (least, most) in LIMIT_RANGES.items():
        if name in values and not least <= values[name] <= most:
            raise InvalidError(f"{name} must be between {least} and {most}")
    return values


async def add_source(
    connection: Connection,
    actor: Actor,
    *,
    name: str,
    agency: str,
    format_name: str,
    timezone: str = "UTC",
    date_order: str | None = None,
    limits: dict[str, int] | None = None,
) -> NewKey:
    """Register a source with its first key, which is told once and kept nowhere.

    Raises:
        InvalidError: an unknown agency, format or time zone, or a value out of bounds.
        SourceExistsError: the name is taken.
    """
    if format_name not in FORMATS:
        raise InvalidError(f"there is no camera format {format_name[:40]!r}; there are: {', '.join(FORMATS)}")
    if not await connection.fetchval("SELECT true FROM agencies WHERE code = $1", agency):
        raise InvalidError(f"there is no agency with the code {agency[:20]!r}")
    values = {"name": name, "agency": agency, "format": format_name, "timezone": timezone, "date_order": date_order}
    number = await store.insert_source(connection, _checked(values | LIMITS | (limits or {})))
    if number is None:
        raise SourceExistsError(f"there is already a source named {name[:120]!r}")
    key = await _issue(connection, number)
    detail = {"name": name, "agency": agency, "format": format_name, "timezone": timezone, "date_order": date_order}
    await audit.record(connection, actor, "collection", "anpr.sources.add", subjects=(f"source:{number}",), detail=detail)
    await store.announce(connection)
    return key


async def change_source(connection: Connection, actor: Actor, source: int, agency: str | None, values: dict[str, Any]) -> None:
    """Change what is given; `agency`: whose sources the actor may change, None for all.

    Raises:
        NoSuchSourceError, InvalidError, SourceExistsError.
    """
    before = await _held(connection, source, agency)
    _checked(values)
    if "name" in values and await connection.fetchval("SELECT true FROM anpr_sources WHERE name = $1 AND id <> $2", values["name"], source):
        raise SourceExistsError(f"there is already a source named {values['name']!r}")
    changed = {name: value for name, value in values.items() if getattr(before, name) != value}
    if not changed:
        return
    await store.update_source(connection, source, changed)
    detail = {name: {"from": getattr(before, name), "to": value} for name, value in changed.items()}
    await audit.record(connection, actor, "alteration", "anpr.sources.change", subjects=(f"source:{source}",), detail=detail)
    await store.announce(connection)


async def issue_key(connection: Connection, actor: Actor, source: int, agency: str | None) -> NewKey:
    """One more live key, so that devices can change over before the old one is revoked.

    Raises:
        NoSuchSourceError. InvalidError: the source has `KEYS_MAX` live keys already.
    """
    await _held(connection, source, agency)
    if await store.live_key_count(connection, source) >= KEYS_MAX:
        raise InvalidError(f"a source has at most {KEYS_MAX} live keys: revoke one first")
    key = await _issue(connection, source)
    await audit.record(
        connection, actor, "alteration", "anpr.sources.issue_key", subjects=(f"source:{source}",), detail={"key": key.key_id}
    )
    await store.announce(connection)
    return key


async def revoke_key(connection: Connection, actor: Actor, source: int, agency: str | None, key_id: str) -> None:
    """The key opens nothing from the moment this commits.

    Raises:
        NoSuchSourceError, NoSuchKeyError.
    """
    await _held(connection, source, agency)
    if not await store.revoke_key(connection, source, key_id):
        raise NoSuchKeyError("this source has no such live key")
    await audit.record(connection, actor, "alteration", "anpr.sources.revoke_key", subjects=(f"source:{source}",), detail={"key": key_id})
    await store.announce(connection)


async def _held(connection: Connection, source: int, agency: str | None) -> store.Source:
    """The source, locked, if it belongs to `agency`."""
    found = await store.lock_source(connection, source)
    if found is None or (agency is not None and found.agency != agency):
        raise NoSuchSourceError("there is no such source in your agency")
    return found


async def _issue(connection: Connection, source: int) -> NewKey:
    # 256 random bits need no salt and no slow hash: there is nothing to guess.
    key = f"bls_{secrets.token_urlsafe(32)}"
    made = NewKey(source, new_id(), key)
    await store.insert_key(connection, made.key_id, source, hashlib.sha256(key.encode()).digest(), key[:8])
    return made
