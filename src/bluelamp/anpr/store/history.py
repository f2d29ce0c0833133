"""Questions to the history of reads: the only SQL over the tables of migrations/clickhouse/0001_reads.sql.

Every statement is bound to a `Lawful` window, which policy has opened and which ends at the retention; one
without its two conditions is refused before it runs. Repeats and amended rows are folded by FINAL, which costs next to
nothing here: the key is the sort order, parts are small, and partitions are folded each on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bluelamp.anpr.domain import Read, ReadKey, vrm_key
from bluelamp.anpr.lawful import Lawful
from bluelamp.anpr.searching.patterns import expression, letters
from bluelamp.anpr.searching.ranking import Found, Position
from bluelamp.anpr.settings import history_settings
from bluelamp.spine.columnar import Columnar

_COLUMNS = (
    "camera, toUnixTimestamp64Milli(captured_at) AS at, vrm, first_key, version, seen_as, confidence, direction, lane, make, model,"
    " colour, vehicle_class"
)
_WITHIN = "captured_at >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND captured_at < fromUnixTimestamp64Milli({end:Int64}, 'UTC')"
_ALIVE = "last_seen >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND first_seen < fromUnixTimestamp64Milli({end:Int64}, 'UTC')"
_MARK = re.compile(r"[A-Z0-9]{1,12}")


class Filters(NamedTuple):
    """Conditions on a read beside its plate and time; empty ones do not narrow."""

    cameras: tuple[int, ...] | None = None
    """None: any. Empty: none stands there, so nothing can be found."""
    direction: str = ""
    make: str = ""
    model: str = ""
    colour: str = ""

    def sql(self) -> str:
        parts = [f" AND lowerUTF8({name}) = lowerUTF8({{{name}:String}})" for name in ("make", "model", "colour") if getattr(self, name)]
        if self.direction:
            parts.append(" AND direction = {direction:String}")
        if self.cameras is not None:
            parts.append(f" AND camera IN ({_numbers(self.cameras)})")
        return "".join(parts)

    def parameters(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in ("direction", "make", "model", "colour")}


NO_FILTERS = Filters()


def _numbers(values: Iterable[int]) -> str:
    return ",".join(str(int(value)) for value in values) or "NULL"


def _marks(vrms: Iterable[str]) -> str:
    """Plates as literals: they are checked to be plates, and thousands of them do not fit in a query's parameters."""
    quoted = [f"'{vrm}'" for vrm in vrms if _MARK.fullmatch(vrm)]
    return ",".join(quoted) or "NULL"


async def _ask(columnar: Columnar, sql: str, lawful: Lawful, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    if "{start:Int64}" not in sql or "{end:Int64}" not in sql:
        raise ValueError("a question to the history is bound to a window")
    limits = history_settings()
    return await columnar.query(
        sql,
        {"start": lawful.start, "end": lawful.end, **(parameters or {})},
        max_threads=limits.search_threads_max,
        max_execution_time=limits.search_seconds_max,
        do_not_merge_across_partitions_select_final=1,
        max_query_size=4 << 20,
        max_ast_elements=500_000,
        max_expanded_ast_elements=1_000_000,
    )


def _read(row: Mapping[str, Any]) -> Read:
    return Read(
        camera=row["camera"],
        captured_at=row["at"],
        vrm=row["vrm"],
        seen_as=row["seen_as"],
        confidence=row["confidence"] / 1000,
        direction=row["direction"],
        lane=row["lane"],
        make=row["make"],
        model=row["model"],
        colour=row["colour"],
        vehicle_class=row["vehicle_class"],
        first_key=row["first_key"],
        version=row["version"],
    )


def _after(position: Position | None) -> tuple[str, dict[str, Any]]:
    """The condition that continues a list after a position, and its parameters."""
    if position is None:
        return "", {}
    sql = " AND (doubt, -at, camera, first_key, vrm) > ({p0:Int32}, {p1:Int64}, {p2:UInt32}, {p3:UInt32}, {p4:String})"
    return sql, {f"p{at}": value for at, value in enumerate(position)}


_ORDER = " ORDER BY doubt, at DESC, camera, first_key, vrm LIMIT {limit:UInt32}"


def _found(rows: list[dict[str, Any]]) -> list[Found]:
    return [Found(_read(row), 1000 - row["doubt"]) for row in rows]


async def known_plates(columnar: Columnar, vrms: Iterable[str], lawful: Lawful) -> list[str]:
    """Which of these strings were ever read, and may have been in the window."""
    sql = f"SELECT DISTINCT vrm FROM plates WHERE vrm IN ({_marks(vrms)}) AND {_ALIVE}"
    return [row["vrm"] for row in await _ask(columnar, sql, lawful)]


class Plate(NamedTuple):
    """A plate of the dictionary, and when it was last seen: no read of it is newer."""

    vrm: str
    seen: int


def _matching(pattern: str) -> tuple[str, dict[str, Any]]:
    """The plates of a pattern that may have been in the window, as the tail of a SELECT, and its parameters.

    The bits are read of every plate, its text of the one in hundreds that the bits leave, its times of those that match:
    so PREWHERE, in this order. A condition on the length beside the expression makes the engine read both of every plate.
    """
    need = letters(pattern)
    # The engine sees the first characters that are known in the expression and goes to their place in the sort order.
    return (
        f"FROM plates PREWHERE bitAnd(letters, {need}) = {need} AND match(vrm, {{expression:String}}) WHERE {_ALIVE}",
        {"expression": expression(pattern)},
    )


async def plates_like(columnar: Columnar, pattern: str, lawful: Lawful, limit: int) -> list[Plate]:
    """Plates that match, most recently seen first."""
    matching, parameters = _matching(pattern)
    sql = (
        f"SELECT vrm, toUnixTimestamp64Milli(max(last_seen)) AS seen {matching} GROUP BY vrm ORDER BY seen DESC, vrm LIMIT {{limit:UInt32}}"
    )
    return [Plate(row["vrm"], row["seen"]) for row in await _ask(columnar, sql, lawful, {**parameters, "limit": limit})]


async def reads_of_plates(
    columnar: Columnar, likelihoods: Mapping[str, int], lawful: Lawful, filters: Filters, after: Position | None, limit: int
) -> list[Found]:
    """Reads of some plate strings, each with its likelihood per mille; most likely first, then newest."""
    if not likelihoods:
        return []
    plates = list(likelihoods)
    if min(likelihoods.values()) == 1000:
        doubt = "toInt32(0)"
    else:
        scores = _numbers(1000 - likelihoods[vrm] for vrm in plates)
        doubt = f"toInt32(transform(vrm, [{_marks(plates)}], [{scores}], 1000))"
    more, position = _after(after)
    sql = (
        f"SELECT {_COLUMNS}, {doubt} AS doubt FROM reads_by_plate FINAL WHERE vrm IN ({_marks(plates)}) AND {_WITHIN}"
        f"{filters.sql()}{more}{_ORDER}"
    )
    return _found(await _ask(columnar, sql, lawful, {**filters.parameters(), **position, "limit": limit}))


async def reads_like(columnar: Columnar, pattern: str, lawful: Lawful, filters: Filters, after: Position | None, limit: int) -> list[Found]:
    """Reads of every plate that matches a pattern, newest first."""
    matching, expressed = _matching(pattern)
    more, position = _after(after)
    sql = (
        f"SELECT {_COLUMNS}, toInt32(0) AS doubt FROM reads_by_plate FINAL WHERE vrm IN (SELECT vrm {matching})"
        f" AND {_WITHIN}{filters.sql()}{more}{_ORDER}"
    )
    return _found(await _ask(columnar, sql, lawful, {**filters.parameters(), **expressed, **position, "limit": limit}))


async def reads_at(columnar: Columnar, lawful: Lawful, filters: Filters, after: Position | None, limit: int) -> list[Found]:
    """What passed, newest first."""
    more, position = _after(after)
    sql = f"SELECT {_COLUMNS}, toInt32(0) AS doubt FROM reads_by_camera FINAL WHERE {_WITHIN}{filters.sql()}{more}{_ORDER}"
    return _found(await _ask(columnar, sql, lawful, {**filters.parameters(), **position, "limit": limit}))


async def reads_offered(columnar: Columnar, vrms: Iterable[str], lawful: Lawful, filters: Filters, limit: int) -> list[Found]:
    """Reads settled as another plate, of which the camera thought one of `vrms` possible; likelihood is what the camera gave."""
    variants = await _ask(
        columnar,
        "SELECT vrm, toUnixTimestamp64Milli(captured_at) AS at, camera, first_key, max(confidence) AS sure FROM reads_variants"
        f" WHERE variant IN ({_marks(vrms)}) AND {_WITHIN} GROUP BY vrm, at, camera, first_key"
        " ORDER BY sure DESC, at DESC LIMIT {limit:UInt32}",
        lawful, {"limit": limit},
    )  # fmt: skip
    if not variants:
        return []
    places = ",".join(f"({int(row['at'])},{int(row['camera'])})" for row in variants)
    sure = {(row["vrm"], row["at"], row["camera"], row["first_key"]): row["sure"] for row in variants}
    rows = await _ask(
        columnar,
        f"SELECT {_COLUMNS} FROM reads_by_plate FINAL WHERE vrm IN ({_marks({row['vrm'] for row in variants})})"
        f" AND (toUnixTimestamp64Milli(captured_at), camera) IN ({places})"
        f" AND {_WITHIN}{filters.sql()}",
        lawful, filters.parameters(),
    )  # fmt: skip
    found = []
    for row in rows:
        share = sure.get((row["vrm"], row["at"], row["camera"], row["first_key"]))
        if share is not None:
            found.append(Found(_read(row), min(share, 990)))
    return found


async def read_by_key(columnar: Columnar, key: ReadKey, lawful: Lawful) -> Read | None:
    """The read with this key as it stands, if it is within the window."""
    if not lawful.start <= key.captured_at < lawful.end:
        return None
    rows = await _ask(
        columnar,
        f"SELECT {_COLUMNS} FROM reads_by_camera FINAL WHERE camera = {{camera:UInt32}}"
        " AND captured_at = fromUnixTimestamp64Milli({at:Int64}, 'UTC')"
        f" AND {_WITHIN}",
        lawful, {"camera": key.camera, "at": key.captured_at},
    )  # fmt: skip
    return next((read for read in map(_read, rows) if (read.first_key or vrm_key(read.vrm)) == key.first_key), None)
