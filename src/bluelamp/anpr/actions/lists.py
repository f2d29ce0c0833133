"""Verbs that change VOI lists and entries: one transaction, one audit entry, in force within a second."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from bluelamp.anpr.errors import EntryExistsError, ListExistsError, NoSuchEntryError, NoSuchListError
from bluelamp.anpr.matching.conditions import Conditions, problem
from bluelamp.anpr.matching.hits import entry_id
from bluelamp.anpr.store import lists as store
from bluelamp.kit.ids import new_id
from bluelamp.kit.vrm import VrmError, normalise
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.relational import Connection, Record

ENTRY_FIELDS = ("reason", "priority", "marker", "instruction", "starts_at", "expires_at", "conditions")


async def add_list(connection: Connection, actor: Actor, name: str, description: str = "") -> str:
    """Add a list of the actor's agency; returns its id. Raises `ListExistsError`, `InvalidError`."""
    name = checked_text(name, "name", 120, needed=True)
    description = checked_text(description, "description", 1000)
    row = {"id": new_id(), "agency": actor.agency, "name": name, "description": description, "created_by": actor.id}
    if await store.find_list_by_name(connection, name, actor.agency):
        raise ListExistsError(f"your agency already has a list named {name!r}")
    try:
        await store.insert_list(connection, row)
    except asyncpg.UniqueViolationError:
        raise ListExistsError(f"your agency already has a list named {name!r}") from None
    await audit.record(connection, actor, "collection", "anpr.lists.add", subjects=(row["id"],), detail={"name": name})
    return row["id"]


async def change_list(connection: Connection, actor: Actor, list_id: str, name: str | None, description: str | None) -> None:
    """Rename or describe a list. Raises `NoSuchListError`, `ListExistsError`, `InvalidError`."""
    held = await held_list(connection, actor, list_id)
    new_name = held["name"] if name is None else checked_text(name, "name", 120, needed=True)
    new_description = held["description"] if description is None else checked_text(description, "description", 1000)
    try:
        await store.update_list(connection, list_id, new_name, new_description)
    except asyncpg.UniqueViolationError:
        raise ListExistsError(f"your agency already has a list named {new_name!r}") from None
    detail = {"name": {"from": held["name"], "to": new_name}}
    await audit.record(connection, actor, "alteration", "anpr.lists.change", subjects=(list_id,), detail=detail)
    if new_name != held["name"]:
        await store.touch_entries(connection, list_id)


async def remove_list(connection: Connection, actor: Actor, list_id: str) -> int:
    """Remove a list with its entries; returns how many. Raises `NoSuchListError`."""
    held = await held_list(connection, actor, list_id)
    count = await store.remove_list(connection, list_id)
    detail = {"name": held["name"], "entries": count}
    await audit.record(connection, actor, "erasure", "anpr.lists.remove", subjects=(list_id,), detail=detail)
    return count


async def add_entry(connection: Connection, actor: Actor, list_id: str, vrm: str, fields: dict[str, Any]) -> int:
    """Put a mark on a list; returns the entry's number.

    Raises:
        NoSuchListError, EntryExistsError.
        InvalidError: not a mark, a text too long, an end before its start, or impossible conditions.
    """
    await held_list(connection, actor, list_id)
    try:
        mark = normalise(vrm)
    except VrmError as error:
        raise InvalidError(str(error)) from None
    values = _checked(fields)
    try:
        async with connection.transaction():
            number = await store.insert_entry(connection, list_id, actor.id, values | {"vrm": mark})
    except asyncpg.UniqueViolationError:
        raise EntryExistsError(f"{mark} is on this list already: change that entry") from None
    subjects = (mark, list_id, entry_id(number))
    await audit.record(connection, actor, "collection", "anpr.lists.add_entry", subjects=subjects, detail=_told(values))
    return number


async def change_entry(connection: Connection, actor: Actor, number: int, changes: dict[str, Any]) -> None:
    """Change what is given. Raises `NoSuchEntryError`, `InvalidError`."""
    held = await _held_entry(connection, actor, number)
    before = {name: held[name] for name in ENTRY_FIELDS}
    values = _checked(before | changes)
    await store.update_entry(connection, number, values)
    subjects = (held["vrm"], held["list"], entry_id(number))
    detail = {"from": _told(before), "to": _told(values)}
    await audit.record(connection, actor, "alteration", "anpr.lists.change_entry", subjects=subjects, detail=detail)


async def remove_entry(connection: Connection, actor: Actor, number: int) -> None:
    """Take an entry off its list. Raises `NoSuchEntryError`."""
    held = await _held_entry(connection, actor, number)
    await store.remove_entry(connection, number)
    subjects = (held["vrm"], held["list"], entry_id(number))
    await audit.record(connection, actor, "erasure", "anpr.lists.remove_entry", subjects=subjects)


async def review_entry(connection: Connection, actor: Actor, number: int) -> None:
    """Say that an entry was looked at and still stands. Raises `NoSuchEntryError`."""
    held = await _held_entry(connection, actor, number)
    await store.mark_reviewed(connection, number)
    subjects = (held["vrm"], held["list"], entry_id(number))
    await audit.record(connection, actor, "alteration", "anpr.lists.review_entry", subjects=subjects)


async def held_list(connection: Connection, actor: Actor, list_id: str) -> Record:
    """The list, if it is of the actor's agency. Raises `NoSuchListError`."""
    held = await store.find_list(connection, list_id, actor.agency)
    if held is None:
        raise NoSuchListError("your agency has no such list")
    return held


def checked_text(text: str, name: str, length_max: int, *, needed: bool = False) -> str:
    """The text without surrounding space. Raises `InvalidError`: too long, missing, or with control characters."""
    text = text.strip()
    if len(text) > length_max:
        raise InvalidError(f"{name} has at most {length_max} characters")
    if needed and not text:
        raise InvalidError(f"{name} is needed")
    if any(ord(c) < 32 and c not in "\n\t" for c in text):
        raise InvalidError(f"{name} holds a control character")
    return text


async def _held_entry(connection: Connection, actor: Actor, number: int) -> Record:
    held = await store.entry_of(connection, number, actor.agency)
    if held is None:
        raise NoSuchEntryError("your agency has no such entry")
    return held


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    values = dict(fields)
    values["reason"] = checked_text(values["reason"], "reason", 500)
    values["marker"] = checked_text(values["marker"], "marker", 120)
    values["instruction"] = checked_text(values["instruction"], "instruction", 1000)
    starts, expires = values["starts_at"], values["expires_at"]
    if starts is not None and expires is not None and expires <= starts:
        raise InvalidError("an entry expires after it starts")
    conditions = values["conditions"]
    if isinstance(conditions, Conditions):
        wrong = problem(conditions)
        if wrong:
            raise InvalidError(wrong)
    return values


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
