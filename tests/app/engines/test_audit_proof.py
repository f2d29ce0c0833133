"""The auditor's way: a copied folder, the platform stopped, one command. And a backup that carries what the proof needs."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
from pathlib import Path

import asyncpg
import pytest

from bluelamp.app.cli import main
from bluelamp.app.engines.audit_proof import records_of
from bluelamp.app.engines.backup import run
from bluelamp.app.engines.group import EngineUrls, running_engines
from bluelamp.app.wiring import MODULES, migrations_of
from bluelamp.spine import relational
from bluelamp.spine.relational import Database
from tests.spine.audit.conftest import Records, grow

pytestmark = pytest.mark.heavy


async def prepare(url: str, folder: Path) -> None:
    db = await Database.open(url)
    await relational.migrate(db, migrations_of((MODULES[0],), "postgres"))
    await db.close()
    await grow(Records(url, folder), 2, 5)


async def tamper(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
    await connection.execute("UPDATE audit_entries SET actor_name = 'nobody' WHERE id = (SELECT min(id) FROM audit_entries)")
    await connection.close()


@pytest.fixture
def backup(place: Path) -> Path:
    with running_engines(place / "first") as engines:
        asyncio.run(prepare(engines.urls.database_url, place / "first"))
        run.back_up(engines.urls, place / "copy", folder=True, progress=lambda *_: None, data=place / "first")
    return place


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    capsys.readouterr()
    try:
        main([*words, "--json"], standalone_mode=False)
        code = 0
    except SystemExit as end:
        code = int(str(end.code))
    return code, json.loads(capsys.readouterr().out)


def test_the_proof_on_a_copied_folder_and_after_a_restore(backup: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run.restore(backup / "copy", backup / "second", EngineUrls(), lambda *_: None)
    assert report is not None
    assert report.whole, report.findings
    assert (report.size, report.checkpoints, report.covered) == (21, 2, 21)
    key = backup / "second/secrets/audit-keys"
    assert key.read_bytes() == (backup / "first/secrets/audit-keys").read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600

    shutil.copytree(backup / "first", backup / "third", symlinks=True)
    code, answer = told(capsys, "verify", "audit", "--data", str(backup / "third"))
    assert (code, answer["whole"], answer["covered"]) == (0, True, 21)

    with records_of(backup / "third") as url:
        asyncio.run(tamper(url))
    code, answer = told(capsys, "verify", "audit", "--data", str(backup / "third"), "--checkpoints", str(backup / "first/checkpoints"))
    first = answer["first_bad"]
    assert isinstance(first, dict)
    assert (code, answer["whole"], first["code"], first["leaf"]) == (1, False, "entry_altered", 0)
    # The other command of this name is as it was.
    assert told(capsys, "verify", str(backup / "copy")) == (0, {"whole": True, "damaged": []})
