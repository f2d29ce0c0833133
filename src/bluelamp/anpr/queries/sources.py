"""Which sources there are, with their keys (not the secrets) and what came from them."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.anpr.errors import NoSuchSourceError
from bluelamp.anpr.store import sources as store
from bluelamp.anpr.store.sources import Source, SourceCounts, SourceKey
from bluelamp.spine.relational import Database

NOTHING = SourceCounts(0, 0, 0, 0, 0)


class SourceView(NamedTuple):
    """A source as its owner sees it."""

    source: Source
    keys: list[SourceKey]
    counts: SourceCounts
    """Of the last 24 hours."""


async def sources(db: Database, agency: str | None, after: int, count: int) -> list[SourceView]:
    """Those of `agency` (None: all), in the order of their making."""
    found = await store.sources(db, agency, after, count)
    numbers = [source.id for source in found]
    keys: dict[int, list[SourceKey]] = {}
    for key in await store.keys(db, numbers):
        keys.setdefault(key.source, []).append(key)
    counts = await store.counts(db, numbers)
    return [SourceView(source, keys.get(source.id, []), counts.get(source.id, NOTHING)) for source in found]


async def source(db: Database, number: int, agency: str | None) -> SourceView:
    """Raises `NoSuchSourceError`: not there, or another agency's."""
    found = await store.source(db, number)
    if found is None or (agency is not None and found.agency != agency):
        raise NoSuchSourceError("there is no such source in your agency")
    return SourceView(found, await store.keys(db, [number]), (await store.counts(db, [number])).get(number, NOTHING))
