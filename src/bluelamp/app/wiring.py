"""Which capabilities there are, and how the engines become a spine. The only list of capabilities."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from typing import Any

from bluelamp.accountability import module as accountability
from bluelamp.anpr import module as anpr
from bluelamp.app import first_start
from bluelamp.app.engines.cluster_ddl import for_cluster
from bluelamp.app.engines.group import urls_beside
from bluelamp.incidents import module as incidents
from bluelamp.spine import columnar, foundation, relational
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.bus import Bus
from bluelamp.spine.columnar import Columnar
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.encryption.keyring import KeyRing
from bluelamp.spine.module import Module, Spine
from bluelamp.spine.policy import Policy, Rules
from bluelamp.spine.policy.rules import read_folder
from bluelamp.spine.policy.terms import terms_of
from bluelamp.spine.relational import Database, Migration, read_migrations

MODULES: tuple[Module, ...] = (foundation.MODULE, accountability.MODULE, anpr.MODULE, incidents.MODULE)


def policy_of(modules: tuple[Module, ...] = MODULES, settings: PlatformSettings | None = None) -> Policy:
    """The permissions of all modules and the policies that decide where a role alone does not.

    Raises:
        ValueError: a policy, or the terms that policies speak of, cannot be used.
    """
    settings = settings or PlatformSettings()
    sources = tuple(source for m in modules if m.policies is not None for source in read_folder(m.policies, m.name))
    rules = Rules(sources, terms_of(settings), settings.policies_folder)
    return Policy((permission for module in modules for permission in module.permissions), rules)


def complete(settings: PlatformSettings) -> PlatformSettings:
    """The settings with every engine's address: given, or of the embedded engines that run on the data folder.

    Raises:
        NotRunningError: an address is missing and no platform runs on the folder.
    """
    return settings.model_copy(update=asdict(urls_beside(settings)))


@asynccontextmanager
async def open_spine(settings: PlatformSettings, modules: tuple[Module, ...] = MODULES) -> AsyncIterator[Spine]:
    """Connections to all engines for as long as the block runs.

    Raises:
        EngineDownError: names the engine that does not answer.
    """
    settings = complete(settings)
    ring = KeyRing.of(settings)
    async with AsyncExitStack() as stack:
        db = await Database.open(settings.database_url)
        stack.push_async_callback(db.close)
        bus = await Bus.open(settings.nats_url, replicas=settings.nats_replicas)
        stack.push_async_callback(bus.close)
        history = await Columnar.open(settings.columnar_url)
        stack.push_async_callback(history.close)
        ports: dict[str, Any] = {}
        spine = Spine(settings, db, bus, history, Blobs.open(settings.blobs_url, ring), policy_of(modules, settings), ports=ports)
        ports.update({name: make(spine) for module in modules for name, make in module.ports.items()})
        yield spine


def migrations_of(modules: tuple[Module, ...], engine: str) -> list[Migration]:
    """All migrations for `postgres` or `clickhouse`, the spine's first."""
    found: list[Migration] = []
    for module in modules:
        folder = module.migrations / engine if module.migrations is not None else None
        if folder is not None and folder.is_dir():
            found += read_migrations(module.name, folder)
    return found


async def migrate(spine: Spine, modules: tuple[Module, ...] = MODULES) -> list[Migration]:
    """Bring both stores up to date; returns what was applied.

    Raises:
        MigrationError: a store is from a newer version, or a released migration was edited.
    """
    applied = await relational.migrate(spine.db, migrations_of(modules, "postgres"))
    history = migrations_of(modules, "clickhouse")
    if cluster := spine.settings.columnar_cluster:
        return applied + await columnar.migrate(spine.columnar, history, lambda statement: for_cluster(statement, cluster))
    return applied + await columnar.migrate(spine.columnar, history)


PREPARE_LOCK = 7_245_004


async def prepare(spine: Spine, modules: tuple[Module, ...] = MODULES) -> None:
    """Make the engines ready for this version: schemas, streams, and on an empty platform the first agencies and accounts.

    Every role does so when it starts; one at a time, since ClickHouse has no locks of its own.
    """
    async with spine.db.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", PREPARE_LOCK)
        try:
            await migrate(spine, modules)
            for module in modules:
                for stream in module.streams:
                    await spine.bus.ensure(stream)
            await first_start.seed(spine)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", PREPARE_LOCK)
