"""The upgrade, rehearsed: a folder with the first schema and rows in it is brought to the present, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bluelamp.app import wiring
from bluelamp.app.engines import data_folder
from bluelamp.app.engines.audit_proof import prove_audit
from bluelamp.app.engines.data_folder import MARKER, DataFolder
from bluelamp.app.engines.errors import NewerFolderError
from bluelamp.app.engines.group import EngineUrls, running_engines
from bluelamp.spine import columnar, relational
from bluelamp.spine.audit.checkpoints import Checkpointer
from bluelamp.spine.audit.sequencer import Sequencer
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.relational import Migration, MigrationError


def settings(place: Path, urls: EngineUrls) -> PlatformSettings:
    return PlatformSettings(data=place, **vars(urls))


def first_release(migrations: list[Migration]) -> list[Migration]:
    """The first migration of each component that the first release had."""
    return [migration for migration in migrations if migration.number == 1 and migration.component in {"spine", "anpr"}]


async def as_first_released(told: PlatformSettings) -> None:
    async with wiring.open_spine(told) as spine:
        await relational.migrate(spine.db, first_release(wiring.migrations_of(wiring.MODULES, "postgres")))
        await columnar.migrate(spine.columnar, first_release(wiring.migrations_of(wiring.MODULES, "clickhouse")))
        await spine.db.execute("CREATE TABLE kept (body text)")
        await spine.db.execute("INSERT INTO kept VALUES ('from the first release')")
        for number in range(3):
            await spine.db.execute(
                "INSERT INTO audit_entries (id, at, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail)"
                " VALUES ($1, $2, 'u', 'officer', 'KEN', 'consultation', 'first.look', '{AB12CDE}', 'test', '', '{}')",
                f"FIRST{number}", datetime(2026, 3, 1 + number, tzinfo=UTC),
            )  # fmt: skip
        await spine.db.execute("INSERT INTO audit_outcomes (entry, at, outcome, count) VALUES ('FIRST1', '2026-03-02', 'answered', 4)")
        await spine.columnar.execute(
            "INSERT INTO reads_by_plate (vrm, captured_at, camera) SELECT 'AB12CDE', now64(3) - number, 1 FROM numbers(1000)"
        )


async def to_the_present(told: PlatformSettings) -> tuple[int, int, str, int]:
    async with wiring.open_spine(told) as spine:
        await wiring.prepare(spine)
        again = await wiring.migrate(spine)
        rows = await spine.columnar.query("SELECT count() AS n FROM reads_by_plate")
        kept = await spine.db.fetchval("SELECT body FROM kept")
        accounts = await spine.db.fetchval("SELECT count(*) FROM users")
        await Sequencer().drain(spine.db)
        await Checkpointer(spine).make()
        looks = await spine.db.fetch(
            "SELECT e.id, o.count FROM audit_leaves l JOIN audit_entries e USING (number) LEFT JOIN audit_outcomes o ON o.entry = e.id"
            " WHERE e.action = 'first.look' ORDER BY l.leaf"
        )
        assert [tuple(row) for row in looks] == [("FIRST0", None), ("FIRST1", 4), ("FIRST2", None)]
        return len(again), int(rows[0]["n"]), kept, accounts


def test_a_folder_of_the_first_release_is_brought_to_the_present_with_its_rows(place):
    with running_engines(place / "data") as engines:
        asyncio.run(as_first_released(settings(place / "data", engines.urls)))
    with running_engines(place / "data") as engines:
        left, reads, kept, accounts = asyncio.run(to_the_present(settings(place / "data", engines.urls)))
    assert (left, reads, kept) == (0, 1000, "from the first release")
    report = prove_audit(PlatformSettings(data=place / "data"), "", "", "", lambda *_: None)
    assert report.whole, report.findings
    assert report.outcomes == 1
    assert accounts > 0


def test_an_older_program_refuses_stores_of_a_newer_one(place, monkeypatch):
    async def twice(told: PlatformSettings) -> None:
        async with wiring.open_spine(told) as spine:
            await wiring.migrate(spine)
            older = [m for m in wiring.migrations_of(wiring.MODULES, "postgres") if m.number == 1]
            with pytest.raises(MigrationError, match="use the newer version"):
                await relational.migrate(spine.db, older)

    with running_engines(place / "data") as engines:
        asyncio.run(twice(settings(place / "data", engines.urls)))


def test_the_folders_own_layout_is_upgraded_step_by_step_and_never_downgraded(place, monkeypatch):
    folder = DataFolder.open(place / "data")
    assert folder.describe()["format"] == data_folder.FORMAT

    def rename_blobs(folder: DataFolder) -> None:
        (folder.root / "moved").mkdir()

    monkeypatch.setattr(data_folder, "FORMAT", data_folder.FORMAT + 1)
    monkeypatch.setitem(data_folder.UPGRADES, data_folder.FORMAT - 1, rename_blobs)
    upgraded = DataFolder.open(place / "data")
    assert upgraded.describe()["format"] < data_folder.FORMAT
    with upgraded.hold():
        assert upgraded.describe()["format"] == data_folder.FORMAT
    assert (place / "data/moved").is_dir()
    assert upgraded.describe()["id"] == json.loads((place / "data" / MARKER).read_text())["id"]
    monkeypatch.undo()
    with pytest.raises(NewerFolderError):
        DataFolder.open(place / "data")
