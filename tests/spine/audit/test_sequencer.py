"""Places without gaps, whatever the writers do: rolled back, late, at once, by two sequencers, before the tree was there."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import asyncpg
import pytest

from bluelamp.kit import merkle
from bluelamp.spine import audit
from bluelamp.spine.audit import store
from bluelamp.spine.audit.sequencer import Sequencer
from bluelamp.spine.audit.verifying import verify
from bluelamp.spine.relational import Database
from tests.spine.audit.conftest import OFFICER, Records, look


class CutOffError(Exception):
    pass


async def undone(db: Database) -> None:
    async with db.transaction() as connection:
        await audit.record(connection, OFFICER, "alteration", "test.undone")
        raise CutOffError


async def as_role(db: Database, role: str, statement: str) -> None:
    async with db.transaction() as connection:
        await connection.execute(f"SET LOCAL ROLE {role}")
        await connection.execute(statement)


async def test_rolled_back_and_late_transactions_leave_no_hole(empty: Records) -> None:
    db = await Database.open(empty.url)
    sequencer = Sequencer()
    async with db.transaction() as late:
        first = await audit.record(late, OFFICER, "alteration", "test.late")
        with pytest.raises(CutOffError):
            await undone(db)
        second = await look(db, "AB12CDE")
        # The late one's number is the lowest, and nobody sees it yet.
        assert await sequencer.drain(db) == 2
    assert await sequencer.drain(db) == 1
    rows = await db.fetch("SELECT l.leaf, e.id FROM audit_leaves l LEFT JOIN audit_entries e USING (number) ORDER BY leaf")
    assert [(row["leaf"], row["id"]) for row in rows] == [(0, second), (1, None), (2, first)]
    assert await db.fetchval("SELECT count(*) FROM audit_pending") == 0
    await db.close()


async def test_two_sequencers_and_many_writers_make_one_tree(empty: Records) -> None:
    db = await Database.open(empty.url, 12)
    done = asyncio.Event()
    chance = random.Random(3)

    async def write() -> None:
        for number in range(40):
            async with db.transaction() as connection:
                await audit.record(connection, OFFICER, "collection", "test.write", detail={"n": number})
                if chance.random() < 0.2:
                    await connection.execute("SELECT pg_sleep(0.01)")

    async def sequence() -> int:
        sequencer, total = Sequencer(), 0
        while not done.is_set():
            total += await sequencer.step(db)
        return total

    sequencing = [asyncio.create_task(sequence()) for _ in range(2)]
    await asyncio.gather(*(write() for _ in range(6)))
    done.set()
    placed = sum(await asyncio.gather(*sequencing)) + await Sequencer().drain(db)
    leaves = await db.fetch("SELECT leaf, hash FROM audit_leaves ORDER BY leaf")
    assert placed == 240
    assert [row["leaf"] for row in leaves] == list(range(240))
    async with db.connection() as connection:
        assert (await store.load_edge(connection, 240)).root == merkle.root_of(row["hash"] for row in leaves)
    await db.close()


async def test_a_sequencer_that_is_cut_off_leaves_what_was_there(empty: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await Database.open(empty.url)
    sequencer = Sequencer()
    await look(db, "AB12CDE")
    await sequencer.drain(db)
    await look(db, "AB12CDE")

    async def cut_off(*_: object) -> None:
        raise CutOffError

    with monkeypatch.context() as patch:
        patch.setattr(store, "forget_waiting", cut_off)
        with pytest.raises(CutOffError):
            await sequencer.step(db)
    assert await db.fetchval("SELECT count(*) FROM audit_leaves") == 2
    assert await sequencer.drain(db) == 2
    report = await asyncio.to_thread(verify, empty.url, (empty.folder / "nothing").as_uri())
    assert {found.code for found in report.findings} == {"checkpoint_missing"}
    await db.close()


async def test_what_was_deleted_before_it_had_a_place_is_told_for_ever(empty: Records) -> None:
    db = await Database.open(empty.url)
    gone = await look(db, "AB12CDE")
    async with db.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("DELETE FROM audit_entries WHERE id = $1", gone)
    await Sequencer().drain(db)
    told = await db.fetchrow("SELECT * FROM audit_entries WHERE action = 'audit.entries.lost'")
    assert told is not None
    assert told["detail"]["count"] == 1
    await db.close()


@pytest.mark.parametrize("table", ["audit_entries", "audit_outcomes", "audit_leaves", "audit_nodes", "audit_checkpoints", "audit_keys"])
async def test_nobody_alters_or_removes_by_accident(grown: Records, table: str) -> None:
    connection = await asyncpg.connect(grown.url)
    column = {"audit_nodes": "position", "audit_leaves": "leaf"}.get(table, "number")
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        if statement.startswith("TRUNCATE") and table == "audit_keys":
            continue
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute(statement)
    await connection.close()


async def test_a_role_without_the_rights_of_an_owner_can_write_and_sequence_and_nothing_else(grown: Records) -> None:
    """What docs/audit.md tells a deployment to grant."""
    owner = await asyncpg.connect(grown.url)
    role = "platform_role"
    await owner.execute(f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    page = (await asyncio.to_thread(_documented_grants)).replace(" platform;", f" {role};")
    await owner.execute(page)
    db = await Database.open(grown.url, 2)
    async with db.transaction() as connection:
        await connection.execute(f"SET LOCAL ROLE {role}")
        await audit.record(connection, OFFICER, "alteration", "test.by_role")
        marks = await store.waiting(connection, 10)
        await store.add_leaves(connection, [(10_000, marks[0]["number"], marks[0]["at"], False, bytes(32))])
        await store.forget_waiting(connection, [marks[0]["number"]])
    for table in ("audit_entries", "audit_outcomes", "audit_leaves", "audit_nodes", "audit_checkpoints", "audit_keys", "audit_tombstones"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"DROP TABLE {table}", f"ALTER TABLE {table} DISABLE TRIGGER ALL"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await as_role(db, role, statement)
    await db.close()
    await owner.execute(f"DROP OWNED BY {role}")
    await owner.close()


def _documented_grants() -> str:
    page = (Path(__file__).parents[3] / "docs/audit.md").read_text("utf-8")
    return page.partition("```sql\n")[2].partition("```")[0]
