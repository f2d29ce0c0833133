"""`bluelamp migrate`: stores, streams and first accounts brought to this version; and the cluster's DDL to be reviewed."""

from __future__ import annotations

import click

from bluelamp.app.engines.cluster_ddl import for_cluster
from bluelamp.app.wiring import MODULES, migrations_of, prepare
from bluelamp.spine.columnar import statements
from bluelamp.spine.commands import CommandLine


@click.command("migrate")
@click.option("--show-cluster-ddl", metavar="CLUSTER", default=None, help="Print the DDL for a ClickHouse cluster; change nothing.")
@click.pass_obj
def migrate(platform: CommandLine, show_cluster_ddl: str | None) -> None:
    """Bring the stores up to date. `bluelamp up` does it by itself; a deployment with its own engines runs it at each upgrade."""
    if show_cluster_ddl:
        for migration in migrations_of(MODULES, "clickhouse"):
            click.echo(f"-- {migration.component}/{migration.name}")
            for statement in statements(migration.sql + "\n"):
                click.echo("\n".join(f"{ddl};\n" for ddl in for_cluster(statement, show_cluster_ddl)))
        return
    platform.run(prepare)
    platform.emit({"migrated": True}, lambda _: ["The stores are up to date."])
