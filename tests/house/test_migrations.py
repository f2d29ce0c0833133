"""Migrations: numbered in order, and never edited once they are in the digests file."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.spine.relational import Migration, MigrationError, pending

DIGESTS = Path(__file__).with_name("migration_digests.json")
"""Digests of released migrations. Add a release's with `python tests/house/test_migrations.py`; never change a line."""


def engines_and_migrations() -> list[tuple[str, Migration]]:
    return [(engine, m) for engine in ("postgres", "clickhouse") for m in migrations_of(MODULES, engine)]


def digests() -> dict[str, str]:
    return {f"{engine}/{m.component}/{m.name}": m.digest for engine, m in engines_and_migrations()}


@pytest.mark.parametrize("engine", ["postgres", "clickhouse"])
def test_numbers_rise_and_are_given_once(engine: str) -> None:
    """Gaps are allowed: those who build beside each other take a range each."""
    for module in MODULES:
        numbers = [m.number for m in migrations_of((module,), engine)]
        assert all(a < b for a, b in pairwise(numbers)), f"{module.name}/{engine}: {numbers}"


def test_released_migrations_are_unedited() -> None:
    now = digests()
    for name, digest in json.loads(DIGESTS.read_text("utf-8")).items():
        assert now.get(name) == digest, f"{name} was released and has been edited or removed: add a new migration instead"


def test_an_edited_or_newer_migration_is_refused() -> None:
    first, second = Migration("c", 1, "0001_a", "A"), Migration("c", 2, "0002_b", "B")
    applied = {("c", 1): first.digest}
    assert pending([first, second], applied) == [second]
    with pytest.raises(MigrationError, match="must not be edited"):
        pending([first._replace(sql="A, edited"), second], applied)
    with pytest.raises(MigrationError, match="use the newer version"):
        pending([first], applied | {("c", 2): second.digest})


def test_every_migration_file_is_found() -> None:
    found = {(m.component, engine, m.name) for engine, m in engines_and_migrations()}
    source = Path(__file__).parents[2] / "src/bluelamp"
    files = {(f.parents[2].name, f.parent.name, f.stem) for f in source.rglob("migrations/*/*.sql")}
    assert found == files
    assert all(a.number < b.number for (e, a), (f, b) in pairwise(engines_and_migrations()) if (e, a.component) == (f, b.component))


if __name__ == "__main__":
    DIGESTS.write_text(json.dumps(digests(), indent=1) + "\n", "utf-8")
