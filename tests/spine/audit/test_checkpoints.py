"""Check-points: signed, delivered, the chain of keys, months that end, and a start after something happened."""

from __future__ import annotations

import asyncio
import json
import stat
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.spine import audit
from bluelamp.spine.audit import keys, leaf, notes, retention, store
from bluelamp.spine.audit.checkpoints import Checkpointer
from bluelamp.spine.audit.errors import AuditKeyError
from bluelamp.spine.audit.sequencer import Sequencer
from bluelamp.spine.audit.settings import AuditSettings
from bluelamp.spine.audit.verifying import Report, verify
from bluelamp.spine.relational import Database
from tests.spine.audit.conftest import OFFICER, Records, look


@pytest.fixture
async def db(empty: Records) -> AsyncIterator[Database]:
    opened = await Database.open(empty.url)
    yield opened
    await opened.close()


async def proven(records: Records, key: str = "") -> Report:
    return await asyncio.to_thread(verify, records.url, records.place.as_uri(), key)


async def checkpoint(records: Records, db: Database, settings: AuditSettings | None = None) -> int | None:
    await look(db, "AB12CDE")
    await Sequencer().drain(db)
    return await Checkpointer(records.spine(db), settings or AuditSettings()).make()


async def test_the_key_is_made_once_for_its_owner_alone(empty: Records, db: Database) -> None:
    assert await checkpoint(empty, db) == 1
    path = empty.folder / "secrets/audit-keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    assert await checkpoint(empty, db) == 2
    assert path.read_text() == before
    assert (await proven(empty)).whole


async def test_a_rotated_key_is_believed_through_the_one_before(empty: Records, db: Database) -> None:
    await checkpoint(empty, db)
    (first,) = await db.fetch("SELECT vkey FROM audit_keys")
    keys.add(empty.folder, AuditSettings())
    assert await checkpoint(empty, db) == 2
    assert await checkpoint(empty, db) == 3
    report = await proven(empty, first["vkey"])
    assert report.whole, report.findings
    assert len(report.keys) == 2
    signatures = [len(notes.parse(row["note"])[1]) for row in await db.fetch("SELECT note FROM audit_checkpoints ORDER BY number")]
    assert signatures == [1, 2, 1]


async def test_a_key_that_nobody_vouched_for_is_not_believed(empty: Records, db: Database) -> None:
    await checkpoint(empty, db)
    other = Ed25519PrivateKey.generate()
    (empty.folder / "secrets/audit-keys").write_text(b64encode(other.private_bytes_raw()).decode())
    await look(db, "AB12CDE")
    await Sequencer().drain(db)
    with pytest.raises(AuditKeyError, match="is not here"):
        await Checkpointer(empty.spine(db), AuditSettings()).make()
    origin = await db.fetchval("SELECT origin FROM audit_origin")
    await db.execute("DELETE FROM audit_pending")
    async with db.connection() as connection:
        size = await store.size(connection)
        edge = await store.load_edge(connection, size)
        await store.add_verify_key(connection, str(notes.verify_key(origin, other)))
    said = notes.Checkpoint(origin, size, edge.root, 2, 1_800_000_000_000)
    (empty.place / "forged").mkdir()
    (empty.place / "forged/2.checkpoint").write_text(notes.sign(said.text, origin, [other]))
    assert "checkpoint_forged" in {found.code for found in (await proven(empty)).findings}


async def test_keys_given_by_the_environment(empty: Records, db: Database) -> None:
    words = [b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode() for _ in range(2)]
    assert await checkpoint(empty, db, AuditSettings(audit_key=words[0])) == 1
    assert await checkpoint(empty, db, AuditSettings(audit_key=" ".join(words))) == 2
    assert not (empty.folder / "secrets").exists()
    assert (await proven(empty)).whole
    with pytest.raises(AuditKeyError, match="32 bytes"):
        keys.load(empty.folder, AuditSettings(audit_key="nonsense"))
    with pytest.raises(AuditKeyError, match="which is not there"):
        keys.load(empty.folder, AuditSettings(audit_key_file=Path("/nowhere/key")))


async def test_the_second_place_gets_what_it_missed(empty: Records, db: Database) -> None:
    blocked = empty.folder / "blocked"
    blocked.write_text("a file, so no folder can be here")
    away = AuditSettings(audit_checkpoints_url=blocked.as_uri())
    checkpointer = Checkpointer(empty.spine(db), away)
    await look(db, "AB12CDE")
    await Sequencer().drain(db)
    await checkpointer.make_if_due()
    assert await db.fetchval("SELECT count(*) FROM audit_checkpoints") == 1
    report = await proven(empty)
    assert (report.whole, len(report.notes)) == (True, 2)
    await Checkpointer(empty.spine(db), AuditSettings()).deliver()
    assert len(list(empty.place.rglob("*-*.checkpoint"))) == 1
    assert (await proven(empty)).whole


async def test_a_contradiction_at_the_start_becomes_an_entry(empty: Records, db: Database) -> None:
    await checkpoint(empty, db)
    await Checkpointer(empty.spine(db), AuditSettings()).compare()
    told = "SELECT detail FROM audit_entries WHERE action = 'audit.tree.contradicted'"
    assert await db.fetch(told) == []
    async with db.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("DELETE FROM audit_leaves WHERE leaf > 0")
    await Checkpointer(empty.spine(db), AuditSettings()).compare()
    (row,) = await db.fetch(told)
    assert "covers 2 leaves, and there are 1" in row["detail"]["found"]


async def old_entries(records: Records, db: Database) -> None:
    async with db.transaction() as connection:
        await store.make_months(connection, datetime(2018, 3, 5, tzinfo=UTC), 0)
        for number in range(300):
            row = await connection.fetchrow(
                "INSERT INTO audit_entries (id, at, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail)"
                " VALUES ($1, '2018-03-05T10:00Z', 'u1', 'officer', 'KEN', 'consultation', 'test.old', '{}', '', '', '{}')"
                " RETURNING number, at",
                f"OLD{number}",
            )  # fmt: skip
            await connection.execute("INSERT INTO audit_pending VALUES ($1, $2, false)", row["number"], row["at"])
    assert await checkpoint(records, db) == 1


async def test_a_month_past_its_time_is_dropped_and_the_tree_stays_whole(empty: Records, db: Database) -> None:
    await old_entries(empty, db)
    spine = empty.spine(db)
    await retention.keep_months(spine)
    assert await db.fetchval("SELECT count(*) FROM audit_entries WHERE action = 'test.old'") == 0
    (told,) = await db.fetch("SELECT kind, detail FROM audit_entries WHERE action = 'audit.months.drop'")
    assert (told["kind"], told["detail"]["month"], told["detail"]["entries"]) == ("erasure", "2018-03", 300)
    assert await checkpoint(empty, db) == 2
    report = await proven(empty)
    assert report.whole, report.findings
    assert report.dropped == 300
    async with db.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE audit_tombstones SET entries = 299")
    assert {found.code for found in (await proven(empty)).findings} >= {"month_untold"}


async def test_a_month_stays_until_a_checkpoint_covers_it(empty: Records, db: Database) -> None:
    await audit.intend(db, OFFICER, "test.look")
    now = datetime.now(UTC)
    assert not await retention.drop_month(empty.spine(db), date(now.year, now.month, 1))
    assert await db.fetchval("SELECT count(*) FROM audit_entries") == 1


def test_months_are_counted_over_years() -> None:
    assert retention.next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert retention.next_month(date(2026, 11, 1), -84) == date(2019, 11, 1)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_leaf_is_json_in_its_one_canonical_form(text: str) -> None:
    """RFC 8785 for texts, which Python's own encoder gives too."""
    row = {"number": 7, "entry": text, "at": datetime(2026, 3, 2, 10, 17, 18, 252_000, tzinfo=UTC), "outcome": "answered", "count": 3}
    data = leaf.outcome_leaf(row)
    told = ["bluelamp.audit/1", "outcome", 7, text, "2026-03-02T10:17:18.252Z", "answered", 3]
    assert data == json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_note_says_one_thing_in_one_form() -> None:
    key = Ed25519PrivateKey.generate()
    said = notes.Checkpoint("bluelamp.audit/x", 5, bytes(32), 2, 1_800_000_000_123)
    note = notes.sign(said.text, said.origin, [key])
    parsed, signatures = notes.parse(note)
    public = notes.VerifyKey.parse(str(notes.verify_key(said.origin, key)))
    assert parsed == said
    assert notes.signed_by(parsed, signatures, public)
    assert not notes.signed_by(parsed._replace(size=6), signatures, public)
    assert not notes.signed_by(parsed, signatures, notes.verify_key("bluelamp.audit/y", key))
    assert not notes.signed_by(parsed, signatures, notes.verify_key(said.origin, Ed25519PrivateKey.generate()))
    for wrong in ("", "a\n\n", note.replace("\n5\n", "\n05\n"), note.replace("number", "n"), note.replace("\n\n", "\nmore\n\n")):
        with pytest.raises(ValueError, match=r"check-point|invalid|Incorrect|padding"):
            notes.parse(wrong)
    for wrong in ("", "a+b+c", str(public)[:-4] + "AAAA"):
        with pytest.raises(ValueError, match="not a public key"):
            notes.VerifyKey.parse(wrong)
