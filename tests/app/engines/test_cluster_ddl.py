"""The cluster's DDL, made from the very migration files: parsed by ClickHouse's own parser and by another."""

from __future__ import annotations

from importlib.resources import files

import clickhouse_connect
import pytest
import sqlglot

from bluelamp.app.engines.cluster_ddl import ClusterDdlError, for_cluster
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.spine.columnar import MIGRATIONS_TABLE, statements
from bluelamp.spine.relational import Migration, read_migrations

CLUSTER = "nation"


def every_statement() -> list[str]:
    found: list[Migration] = migrations_of(MODULES, "clickhouse")
    found = found or read_migrations("anpr", files("bluelamp.anpr") / "migrations/clickhouse")
    return [MIGRATIONS_TABLE, *(statement for migration in found for statement in statements(migration.sql + "\n"))]


@pytest.mark.parametrize("statement", every_statement(), ids=lambda text: " ".join(text.split()[:7]))
def test_every_migration_has_a_form_that_clickhouse_parses(statement, engines):
    client = clickhouse_connect.get_client(dsn=engines.columnar_url)
    made = for_cluster(statement, CLUSTER)
    assert made
    for ddl in made:
        assert f"ON CLUSTER '{CLUSTER}'" in ddl
        tree = client.query(f"EXPLAIN AST {ddl}").result_rows
        assert tree[0][0].startswith(("CreateQuery", "AlterQuery", "DropQuery"))
        assert sqlglot.parse_one(ddl, dialect="clickhouse").key in {"create", "alter", "drop", "command"}


def test_a_stored_table_becomes_a_replicated_one_and_a_distributed_one():
    local, distributed = for_cluster(
        "CREATE TABLE IF NOT EXISTS t (vrm String, n UInt8) ENGINE = ReplacingMergeTree(n) PARTITION BY n ORDER BY (vrm, n)", CLUSTER
    )
    assert "t_local ON CLUSTER 'nation'" in local
    assert "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', n) PARTITION BY n" in local
    assert distributed.endswith("ENGINE = Distributed('nation', currentDatabase(), 't_local', cityHash64(vrm))")


def test_a_view_reads_what_its_node_stores_and_writes_through_the_distributed_table():
    [view] = for_cluster("CREATE MATERIALIZED VIEW v TO t AS SELECT a FROM s WHERE a > 1", CLUSTER)
    assert view == "CREATE MATERIALIZED VIEW v ON CLUSTER 'nation' TO t AS SELECT a FROM s_local WHERE a > 1"
    [view] = for_cluster("CREATE MATERIALIZED VIEW v TO t AS SELECT a FROM reads_in", CLUSTER)
    assert view.endswith("FROM reads_in")


def test_a_column_is_altered_in_both_a_partition_only_where_it_is_stored():
    assert [ddl.split()[2] for ddl in for_cluster("ALTER TABLE t ADD COLUMN x UInt8", CLUSTER)] == ["t_local", "t"]
    assert [ddl.split()[2] for ddl in for_cluster("ALTER TABLE t DROP PARTITION 202601", CLUSTER)] == ["t_local"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (a UInt8) ENGINE = Memory",
        "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY tuple()",
        "SYSTEM RELOAD CONFIG",
    ],
)
def test_what_has_no_form_for_a_cluster_is_refused(statement):
    with pytest.raises(ClusterDdlError):
        for_cluster(statement, CLUSTER)
