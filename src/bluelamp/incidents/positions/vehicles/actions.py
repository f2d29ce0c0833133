"""Verbs of devices in vehicles: register, revoke."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import NamedTuple

from bluelamp.incidents.positions.errors import NoSuchSourceError
from bluelamp.incidents.positions.vehicles import store
from bluelamp.incidents.positions.vehicles.store import VehicleSource
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.relational import Connection

ACTION = "incidents.vehicles.manage"


class NewSource(NamedTuple):
    """`key` is shown once and kept nowhere."""

    id: str
    key: str


def hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


async def add_source(connection: Connection, actor: Actor, name: str, agency: str, call_sign: str) -> NewSource:
    """A device in the resource of this call sign: its id is its MQTT user name and the end of its topic, its key the password.

    Raises:
        NotFoundError: the agency has no such resource.
        SourceNameTakenError: another device bears the name.
    """
    resource = await store.resource_called(connection, agency, call_sign)
    if resource is None:
        raise NotFoundError(f"{agency} has no resource {call_sign}: add it first")
    made = NewSource(new_id(), f"blv_{secrets.token_urlsafe(32)}")
    await store.add(connection, VehicleSource(made.id, name.strip(), resource, hash_of(made.key)), datetime.now(UTC))
    detail = {"name": name.strip(), "agency": agency, "call_sign": call_sign}
    await audit.record(connection, actor, "collection", ACTION, subjects=(made.id, resource), detail=detail)
    return made


async def revoke_source(connection: Connection, actor: Actor, source: str) -> None:
    """Its key opens nothing any more, and what it still sends is dropped at once.

    Raises:
        NoSuchSourceError: none of that id that still works.
    """
    if not await store.revoke(connection, source, datetime.now(UTC)):
        raise NoSuchSourceError(f"there is no working device {source[:36]}")
    await audit.record(connection, actor, "alteration", ACTION, subjects=(source,), detail={"revoked": True})
