"""Everything that somebody with the database in hand might try: each is found, and the first bad entry is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from bluelamp.kit import merkle
from bluelamp.spine.audit.leaf import ENTRY_COLUMNS, entry_leaf
from bluelamp.spine.audit.pieces import Finding
from bluelamp.spine.audit.verifying import Report, verify
from tests.spine.audit.conftest import LOOKS, ROUNDS, Records, Server, grow

LEAVES = ROUNDS * LOOKS * 2
SIGNED = LEAVES + 1
"""The key's own entry is in the tree too, but after the first check-point, which it belongs to."""
AT_100 = "number = (SELECT number FROM audit_leaves WHERE leaf >= 100 AND NOT outcome ORDER BY leaf LIMIT 1)"


def proven(records: Records, key: str = "") -> Report:
    return verify(records.url, records.place.as_uri(), key)


def entry_leaf_near(records: Records, leaf: int) -> tuple[int, str]:
    """An entry's leaf at or after `leaf`, and the entry's id."""
    found = records.value("SELECT min(leaf) FROM audit_leaves WHERE leaf >= $1 AND NOT outcome", leaf)
    return found, records.value("SELECT e.id FROM audit_entries e JOIN audit_leaves l USING (number) WHERE l.leaf = $1", found)


def test_what_nobody_touched_is_whole(grown: Records) -> None:
    report = proven(grown)
    assert report.whole, report.findings
    assert (report.size, report.entries + report.outcomes, report.checkpoints) == (SIGNED, SIGNED, ROUNDS)
    assert (report.covered, report.waiting) == (SIGNED, 0)
    assert report.root == grown.value("SELECT encode(root, 'hex') FROM audit_checkpoints ORDER BY number DESC LIMIT 1")
    assert report.as_answer()["first_bad"] is None


def in_row(leaf: int, change: str) -> Callable[[Records], None]:
    where = f"number = (SELECT number FROM audit_leaves WHERE leaf = {leaf})"
    return lambda records: records.sql(f"UPDATE audit_entries SET {change} WHERE {where}")


@pytest.mark.parametrize(
    "change",
    [
        "actor_name = 'analyst'", "subjects = ARRAY['ZZ99ZZZ']", "purpose = 'patrol'", "reference = ''", "action = 'test.other'",
        "at = at + interval '1 millisecond'", "detail = '{}'", "kind = 'refusal'", "id = id || 'X'", "agency = 'IRW'",
    ],
)  # fmt: skip
def test_a_changed_entry_is_named(grown: Records, change: str) -> None:
    leaf, entry = entry_leaf_near(grown, 100)
    in_row(leaf, change)(grown)
    report = proven(grown)
    first = report.first_bad
    assert first is not None
    assert first.leaf == leaf
    assert first.code in {"entry_altered", "entry_missing"}
    if first.code == "entry_altered":
        assert first.entry.startswith(entry)


def test_a_changed_outcome_is_named(grown: Records) -> None:
    leaf = grown.value("SELECT min(leaf) FROM audit_leaves WHERE leaf > 50 AND outcome")
    grown.sql(f"UPDATE audit_outcomes SET count = 0 WHERE number = (SELECT number FROM audit_leaves WHERE leaf = {leaf})")
    first = proven(grown).first_bad
    assert first is not None
    assert (first.code, first.leaf) == ("entry_altered", leaf)


def test_of_several_the_first_is_named(grown: Records) -> None:
    later, _ = entry_leaf_near(grown, 200)
    earlier, entry = entry_leaf_near(grown, 31)
    for leaf in (later, earlier):
        in_row(leaf, "reference = 'other'")(grown)
    report = proven(grown)
    assert report.first_bad is not None
    assert (report.first_bad.leaf, report.first_bad.entry, len(report.findings)) == (earlier, entry, 2)


def forget(records: Records, leaf: int, *tables: str) -> None:
    number = records.value("SELECT number FROM audit_leaves WHERE leaf = $1", leaf)
    records.sql(*(f"DELETE FROM {table} WHERE number = {number}" for table in tables))


def test_an_entry_cut_from_the_middle(grown: Records) -> None:
    leaf, _ = entry_leaf_near(grown, 100)
    forget(grown, leaf, "audit_entries")
    first = proven(grown).first_bad
    assert first is not None
    assert (first.code, first.leaf) == ("entry_missing", leaf)


def test_an_entry_cut_with_its_leaf(grown: Records) -> None:
    leaf, _ = entry_leaf_near(grown, 100)
    forget(grown, leaf, "audit_entries", "audit_leaves")
    first = proven(grown).first_bad
    assert first is not None
    assert (first.code, first.leaf) == ("leaf_missing", leaf)


def test_an_entry_cut_with_its_leaf_and_the_gap_closed(grown: Records) -> None:
    leaf, _ = entry_leaf_near(grown, 100)
    forget(grown, leaf, "audit_entries", "audit_leaves")
    grown.sql(f"UPDATE audit_leaves SET leaf = -leaf WHERE leaf > {leaf}", "UPDATE audit_leaves SET leaf = -leaf - 1 WHERE leaf < 0")
    report = proven(grown)
    rewritten = [found for found in report.findings if found.code == "tree_rewritten"]
    # The second check-point covers leaves up to twice the looks of a round: the first was whole.
    assert [found.checkpoint for found in rewritten] == [2]
    assert rewritten[0].leaf is not None
    assert rewritten[0].leaf <= leaf


def test_two_entries_in_each_others_place(grown: Records) -> None:
    one, _ = entry_leaf_near(grown, 100)
    two, _ = entry_leaf_near(grown, one + 1)
    grown.sql(f"UPDATE audit_leaves SET leaf = -1 - CASE leaf WHEN {one} THEN {two} ELSE {one} END WHERE leaf IN ({one}, {two})")
    grown.sql("UPDATE audit_leaves SET leaf = -1 - leaf WHERE leaf < 0")
    report = proven(grown)
    assert {found.code for found in report.findings} >= {"tree_rewritten"}


def test_numbers_exchanged_between_two_entries(grown: Records) -> None:
    one, _ = entry_leaf_near(grown, 100)
    two, _ = entry_leaf_near(grown, one + 1)
    a, b = (grown.value("SELECT number FROM audit_leaves WHERE leaf = $1", leaf) for leaf in (one, two))
    at = "(SELECT at FROM audit_leaves WHERE leaf = {})"
    grown.sql(
        f"UPDATE audit_entries SET number = -{a} WHERE number = {a}",
        f"UPDATE audit_entries SET number = {a}, at = {at.format(one)} WHERE number = {b}",
        f"UPDATE audit_entries SET number = {b}, at = {at.format(two)} WHERE number = -{a}",
    )
    first = proven(grown).first_bad
    assert first is not None
    assert (first.code, first.leaf) == ("entry_altered", one)


COPIED = "id || 'X', at, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail FROM audit_entries"
NAMES = "(number, id, at, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail)"


@pytest.mark.parametrize("number", ["nextval('audit_numbers')", "-5", "number + 1000000"])
def test_an_entry_put_in(grown: Records, number: str) -> None:
    grown.sql(f"INSERT INTO audit_entries {NAMES} SELECT {number}, {COPIED} WHERE {AT_100}")
    report = proven(grown)
    assert [found.code for found in report.findings] == ["entry_inserted"]
    assert report.findings[0].entry.endswith("X")


def test_an_entry_exchanged_for_another(grown: Records) -> None:
    """The count is right, and still one is gone and one put in."""
    leaf, _ = entry_leaf_near(grown, 100)
    where = f"number = (SELECT number FROM audit_leaves WHERE leaf = {leaf})"
    grown.sql(f"INSERT INTO audit_entries {NAMES} SELECT nextval('audit_numbers'), {COPIED} WHERE {where}")
    forget(grown, leaf, "audit_entries")
    codes = [found.code for found in proven(grown).findings]
    assert codes == ["entry_missing", "entry_inserted"]


@pytest.mark.parametrize("tables", [("audit_entries", "audit_outcomes"), ("audit_entries", "audit_outcomes", "audit_leaves")])
def test_the_whole_tail_dropped(grown: Records, tables: tuple[str, ...]) -> None:
    after = grown.value("SELECT number FROM audit_leaves WHERE leaf = 299")
    grown.sql(*(f"DELETE FROM {table} WHERE number > {after}" for table in tables))
    first = proven(grown).first_bad
    assert first is not None
    assert (first.code, first.leaf) == ("tail_missing" if len(tables) == 3 else "entry_missing", 300)


def test_the_tail_dropped_with_its_checkpoints_and_nodes_in_the_database(grown: Records) -> None:
    """Only the second place still knows."""
    after = grown.value("SELECT number FROM audit_leaves WHERE leaf = $1", 2 * LOOKS - 1)
    grown.sql(*(f"DELETE FROM {table} WHERE number > {after}" for table in ("audit_entries", "audit_outcomes", "audit_leaves")))
    grown.sql(
        "DELETE FROM audit_checkpoints WHERE number > 1", "DELETE FROM audit_deliveries WHERE checkpoint > 1", "DELETE FROM audit_nodes"
    )
    report = proven(grown)
    assert report.first_bad is not None
    assert (report.first_bad.code, report.first_bad.leaf) == ("tail_missing", 2 * LOOKS)
    assert {found.code for found in report.findings} == {"tail_missing", "checkpoint_missing"}


async def rehash(records: Records, leaf: int) -> None:
    """What a careful forger does: the hash of the leaf that was changed, and the nodes above it."""

    connection = await asyncpg.connect(records.url)
    await connection.execute("SET session_replication_role = replica")
    row = await connection.fetchrow(
        f"SELECT {ENTRY_COLUMNS} FROM audit_entries WHERE number = (SELECT number FROM audit_leaves WHERE leaf = $1)", leaf
    )
    await connection.execute("UPDATE audit_leaves SET hash = $1 WHERE leaf = $2", merkle.leaf_hash(entry_leaf(row)), leaf)
    hashes = [r["hash"] for r in await connection.fetch("SELECT hash FROM audit_leaves ORDER BY leaf LIMIT 256")]
    await connection.execute("UPDATE audit_nodes SET hash = $1 WHERE level = 8 AND position = 0", merkle.root_of(hashes))
    await connection.close()


def test_a_change_with_every_hash_made_anew_contradicts_the_checkpoint(grown: Records) -> None:
    leaf, _ = entry_leaf_near(grown, 100)
    in_row(leaf, "reference = 'forged'")(grown)
    asyncio.run(rehash(grown, leaf))
    report = proven(grown)
    assert report.first_bad is not None
    assert [found.code for found in report.findings] == ["tree_rewritten"]
    assert (report.first_bad.checkpoint, report.covered) == (2, 2 * LOOKS)


def files(records: Records) -> list[str]:
    return sorted(str(path) for path in records.place.rglob("*-*.checkpoint"))


def damage(code: str, which: int) -> Callable[[Records], None]:
    def remove(records: Records) -> None:
        Path(files(records)[which]).unlink()

    def size(records: Records) -> None:
        path = Path(files(records)[which])
        lines = path.read_text().split("\n")
        lines[1] = str(int(lines[1]) - 1)
        path.write_text("\n".join(lines))

    def rubbish(records: Records) -> None:
        Path(files(records)[which]).write_text("nothing")

    return {"remove": remove, "size": size, "rubbish": rubbish}[code]


@pytest.mark.parametrize(
    ("what", "which", "found"),
    [
        ("remove", 0, "checkpoint_missing"), ("remove", 2, "checkpoint_missing"), ("remove", -1, "checkpoint_missing"),
        ("size", 1, "checkpoint_forged"), ("size", -1, "checkpoint_forged"), ("rubbish", 1, "checkpoint_forged"),
    ],
)  # fmt: skip
def test_checkpoints_removed_or_forged(grown: Records, what: str, which: int, found: str) -> None:
    damage(what, which)(grown)
    report = proven(grown)
    assert found in {finding.code for finding in report.findings}


def test_every_checkpoint_gone(grown: Records) -> None:
    for path in grown.place.rglob("*"):
        if path.is_file():
            path.unlink()
    grown.sql("DELETE FROM audit_checkpoints", "DELETE FROM audit_deliveries")
    assert "checkpoint_missing" in {found.code for found in proven(grown).findings}


def test_a_tree_and_checkpoints_made_anew_by_another_key(grown: Records, server: Server) -> None:
    """A forger without the key starts over: whoever knows the key sees it, and only they can."""
    key = grown.value("SELECT vkey FROM audit_keys")
    assert proven(grown, key).whole
    with server.copy(empty=True) as forged:
        forged.sql(f"UPDATE audit_origin SET origin = '{key.partition('+')[0]}'")
        asyncio.run(grow(forged, 1, 5))
        assert proven(forged).whole
        report = proven(forged, key)
        assert {found.code for found in report.findings} == {"checkpoint_forged"}


def test_an_entry_deleted_before_it_had_a_place(grown: Records) -> None:
    grown.sql(
        f"INSERT INTO audit_entries {NAMES} SELECT nextval('audit_numbers'), {COPIED} LIMIT 1",
        "INSERT INTO audit_pending SELECT number, at, false FROM audit_entries ORDER BY number DESC LIMIT 1",
    )
    assert proven(grown).whole
    grown.sql("DELETE FROM audit_entries WHERE number = (SELECT max(number) FROM audit_pending)")
    assert [found.code for found in proven(grown).findings] == ["entry_missing"]


def test_the_first_bad_entry_is_told_before_the_checkpoint_it_breaks() -> None:
    report = Report(findings=[Finding("tree_rewritten", "", 0, checkpoint=1), Finding("entry_altered", "", 9, "e")])
    assert report.first_bad is not None
    assert report.first_bad.code == "entry_altered"
