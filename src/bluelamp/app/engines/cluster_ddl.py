"""The same migration files for a ClickHouse cluster: every stored table replicated in its shard, a distributed one in front.

    reads_by_plate        -> reads_by_plate_local (Replicated…MergeTree on every node) + reads_by_plate (Distributed)
    reads_in (Null)       -> on every node: whichever takes an insert hands its rows on through the views
    view … TO t … FROM s  -> on every node, from what that node stores, into the distributed table

Queries name the same tables on one node and on a cluster. See docs/engines.md for what is not proven.
"""

from __future__ import annotations

import re

_CREATE_TABLE = re.compile(r"\ACREATE TABLE (IF NOT EXISTS )?(\w+)\s*\(", re.IGNORECASE)
_ENGINE = re.compile(r"\)\s*ENGINE\s*=\s*(\w+)\s*(?:\(([^()]*)\))?", re.IGNORECASE)
_ORDER_BY = re.compile(r"\bORDER BY\s+\(?\s*(`?\w+`?)", re.IGNORECASE)
_VIEW = re.compile(r"\ACREATE MATERIALIZED VIEW (IF NOT EXISTS )?(\w+)\s+TO\s+(\w+)", re.IGNORECASE)
_FROM = re.compile(r"\bFROM\s+(\w+)\b", re.IGNORECASE)
_ALTER = re.compile(r"\AALTER TABLE (\w+)\s+", re.IGNORECASE)
_COLUMN_CHANGE = re.compile(r"\b(?:ADD|DROP|MODIFY|RENAME)\s+COLUMN\b", re.IGNORECASE)
_DROP = re.compile(r"\ADROP (TABLE|VIEW) (IF EXISTS )?(\w+)", re.IGNORECASE)
_OTHER_CREATE = re.compile(r"\ACREATE (VIEW|DICTIONARY|FUNCTION) (IF NOT EXISTS )?(\w+)", re.IGNORECASE)

# {shard} and {replica} are macros of each server; {uuid} keeps a table that is made anew apart from the one before.
_REPLICA = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"


class ClusterDdlError(Exception):
    """A statement that has no form for a cluster: the migration must be written otherwise."""


def for_cluster(statement: str, cluster: str) -> list[str]:
    """One statement of a migration as statements for the cluster, in the order to run them.

    Raises:
        ClusterDdlError: it is of a kind not known here.
    """
    on = f"ON CLUSTER '{cluster}'"
    if match := _CREATE_TABLE.match(statement):
        return _table(statement, match, on, cluster)
    if match := _VIEW.match(statement):
        head = f"CREATE MATERIALIZED VIEW {match.group(1) or ''}{match.group(2)} {on} TO {match.group(3)}"
        return [head + _FROM.sub(_stored_source, statement[match.end() :])]
    if match := _ALTER.match(statement):
        change = statement[match.end() :]
        tables = [f"{match.group(1)}_local", *([match.group(1)] if _COLUMN_CHANGE.search(change) else [])]
        return [f"ALTER TABLE {table} {on} {change}" for table in tables]
    if match := _DROP.match(statement):
        kind, condition, name = match.group(1), match.group(2) or "", match.group(3)
        names = [name, f"{name}_local"] if kind.upper() == "TABLE" else [name]
        return [f"DROP {kind} IF EXISTS {found} {on}" if condition else f"DROP {kind} {found} {on}" for found in names]
    if match := _OTHER_CREATE.match(statement):
        return [f"{match.group(0)} {on}{statement[match.end() :]}"]
    if statement.upper().startswith(("INSERT ", "SELECT ", "OPTIMIZE ")):
        return [statement]
    raise ClusterDdlError(f"no form for a cluster is known of: {statement[:80]}")


def _table(statement: str, match: re.Match[str], on: str, cluster: str) -> list[str]:
    condition, name = match.group(1) or "", match.group(2)
    engine = _ENGINE.search(statement)
    if engine is None:
        raise ClusterDdlError(f"table {name} names no engine")
    kind, arguments = engine.group(1), (engine.group(2) or "").strip()
    columns = statement[match.end() : engine.start()]
    rest = statement[engine.end() :]
    if kind == "Null":
        return [f"CREATE TABLE {condition}{name} {on} ({columns}) ENGINE = Null"]
    if not kind.endswith("MergeTree"):
        raise ClusterDdlError(f"table {name} has engine {kind}, which does not replicate")
    order = _ORDER_BY.search(rest)
    if order is None or order.group(1).lower() == "tuple":
        raise ClusterDdlError(f"table {name} has no ORDER BY to shard by")
    replicated = f"Replicated{kind}({_REPLICA}{', ' + arguments if arguments else ''})"
    # Rows that replace each other have the same sorting key, so its first column keeps them in one shard.
    shard = f"cityHash64({order.group(1)})"
    distributed = f"Distributed('{cluster}', currentDatabase(), '{name}_local', {shard})"
    return [
        f"CREATE TABLE {condition}{name}_local {on} ({columns}) ENGINE = {replicated}{rest}",
        f"CREATE TABLE {condition}{name} {on} AS {name}_local ENGINE = {distributed}",
    ]


def _stored_source(match: re.Match[str]) -> str:
    """A view fires where rows are stored; tables named `…_in` store nothing and are the same on every node."""
    name = match.group(1)
    return match.group(0) if name.endswith("_in") else f"FROM {name}_local"
