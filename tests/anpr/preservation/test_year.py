"""A year passes by the clock: a plate under preservation survives with its picture, all else is gone from the disk, bytes and all."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest

from bluelamp.anpr.access import PERMISSIONS
from bluelamp.anpr.actions import erasure, exports, preservation
from bluelamp.anpr.errors import NeedsAuthorityError
from bluelamp.anpr.intake.rows import to_message
from bluelamp.anpr.jobs.retention import delete_expired
from bluelamp.anpr.queries import pictures, retention, searches
from bluelamp.anpr.schemas.preservation import ErasureQuestion, PreservationQuestion
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.store.pictures import PictureStore, decode_ref
from bluelamp.anpr.store.reads import insert_reads
from bluelamp.anpr.tables import READS_STREAM, READS_SUBJECT
from bluelamp.app.engines.group import running_engines
from bluelamp.app.wiring import open_spine, prepare
from bluelamp.spine.audit import SYSTEM, Purpose
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from tests.anpr.store.test_store import reads

pytestmark = pytest.mark.heavy

DOOMED, KEPT, LIVING, ERASED = "QX11ZZW", "QX22ZZW", "QX33ZZW", "QX44ZZW"
SEEN = int(datetime(2025, 12, 30, 23, tzinfo=UTC).timestamp() * 1000)
LATER = int(datetime(2026, 2, 10, tzinfo=UTC).timestamp() * 1000)
PRESERVED = int(datetime(2026, 1, 10, tzinfo=UTC).timestamp() * 1000)
A_YEAR_ON = int(datetime(2027, 1, 5, tzinfo=UTC).timestamp() * 1000)
SENT = ((DOOMED, SEEN), (KEPT, SEEN + 1), (LIVING, LATER), (ERASED, SEEN + 2))
CASE = Purpose("test", "OP LANTERN")


@pytest.fixture
def place() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    yield root / "data"
    shutil.rmtree(root, ignore_errors=True)


def at(spine: Spine, moment: int) -> Spine:
    return replace(spine, clock=lambda: moment)


def person(permissions: set[str] | None = None) -> Caller:
    held = {p.name for p in PERMISSIONS} if permissions is None else permissions
    return Caller("01", "hart", "DI Hart", "KEN", frozenset({"supervisor"}), frozenset(held))


def where(root: Path, needle: bytes) -> list[str]:
    """Files whose bytes hold it, below a folder; parts of ClickHouse hold short texts as they are."""
    found = []
    for folder, _, names in os.walk(root):  # which passes over what vanishes meanwhile
        for name in names:
            file = Path(folder, name)
            with suppress(OSError):
                if file.is_file() and needle in file.read_bytes():
                    found.append(str(file.relative_to(root)))
    return found


async def gone(root: Path, needle: bytes) -> list[str]:
    """Waits for what the engines delete on their own time."""
    async with asyncio.timeout(90):
        while found := where(root, needle):  # noqa: ASYNC110 - the engines give no signal
            await asyncio.sleep(0.5)
    return found


async def arrive(spine: Spine, vrm: str, moment: int) -> tuple[bytes, str]:
    """A read with a picture, in the event log and in the history, as the intake and the writer leave it."""
    content = b"\xff\xd8\xff\xe0" + os.urandom(600) + b"\xff\xd9"
    store = PictureStore(spine.blobs)
    (stored,) = await store.append([content], moment)
    await store.close()
    picture = {"ref": stored.ref, "sha256": stored.sha256}
    table = reads({"vrm": vrm, "captured_at": moment, "received_at": moment, "plate_picture": picture, "event_key": moment & 0xFFFF})
    await spine.bus.publish(READS_SUBJECT, to_message(table.to_batches()))
    await insert_reads(spine.columnar, table)
    return content, stored.ref


async def test_after_a_year_only_what_a_case_preserves_is_left(place: Path) -> None:
    with running_engines(place) as engines:
        async with open_spine(PlatformSettings(data=place, **asdict(engines.urls))) as spine:
            await prepare(spine)
            images = {vrm: await arrive(spine, vrm, moment) for vrm, moment in SENT}
            detective = person()
            await shorten_old_parts(spine)
            await erased(spine, place, *images[ERASED])
            question = PreservationQuestion.model_validate(
                {"case_reference": CASE.reference, "reason": "murder", "authority": "DI Hart", "review_at": "2026-12-31T00:00:00Z",
                 "vrm": KEPT, "from": "2025-12-01T00:00:00Z", "to": "2026-01-09T00:00:00Z"}
            )  # fmt: skip
            made = await preservation.preserve(at(spine, PRESERVED), detective, question)
            assert (made["reads"], made["pictures"]) == (1, 1)
            # The proof can fail: before the deletion the bytes are there.
            assert any(name.startswith("columnar") or "store" in name for name in where(place, DOOMED.encode()))
            assert any("nats" in name for name in where(place, DOOMED.encode()))
            assert where(place, images[DOOMED][0][100:400])

            await delete_expired(at(spine, A_YEAR_ON))
            await age_out(engines.urls.nats_url)
            await still_there(spine, detective, images)
            await spine.db.execute("VACUUM")
            assert await gone(place, DOOMED.encode()) == []
            assert await gone(place, ERASED.encode()) == []
            assert where(place, images[DOOMED][0][100:400]) == []
            assert where(place, images[KEPT][0][100:400]), "the copy of the preserved picture"
            assert where(place, images[LIVING][0][100:400])
            await proven(spine, detective)
            await released(spine, detective, made["id"], place, images[KEPT][0])


async def age_out(url: str) -> None:
    """The event log lets go of what is older than its age: here a second."""
    client = await nats.connect(url)
    stream = client.jetstream()
    config = (await stream.stream_info(READS_STREAM)).config
    config.max_age = config.duplicate_window = 1
    await stream.update_stream(config)
    await client.close()


async def shorten_old_parts(spine: Spine) -> None:
    """A part that a mutation replaced stays for eight minutes and is then looked for now and then; here sooner."""
    short = "old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0"
    for table in ("reads_by_plate", "reads_by_camera", "reads_evidence", "plates"):
        await spine.columnar.execute(f"ALTER TABLE {table} MODIFY SETTING {short}, merge_tree_clear_old_parts_interval_seconds = 1")


async def still_there(spine: Spine, detective: Caller, images: dict[str, tuple[bytes, str]]) -> None:
    """Found by the case's own people, marked, with its picture, and exported; by nobody else."""
    later = at(spine, A_YEAR_ON)
    criteria = Criteria(start=SEEN - 86_400_000, end=A_YEAR_ON, vrms=(KEPT,))
    search, page = await searches.make(later, detective, criteria, CASE, 10)
    (item,) = page.items
    assert (item.vrm, item.preserved.case_reference if item.preserved else "") == (KEPT, CASE.reference)
    ref = images[KEPT][1]
    assert item.images[0].href.startswith(f"/v1/anpr/pictures/{ref}")
    assert await pictures.open_picture(later, detective, ref, search, item.id, "") == images[KEPT][0]
    assert (await pictures.open_read(later, detective, item.id, search)).vrm == KEPT
    export = await exports.make_export(later, detective, search, "csv")
    assert export.reads == 1
    assert KEPT.encode() in (await exports.hand_out(later, detective, export.id, "reads.csv"))[0]
    # What only a case still has needs no authority; a search that goes through the history as well does.
    murder = Purpose("serious_crime", CASE.reference)
    beyond = Criteria(start=SEEN - 86_400_000, end=SEEN + 86_400_000, vrms=(KEPT,))
    assert [read.vrm for read in (await searches.make(later, detective, beyond, murder, 10))[1].items] == [KEPT]
    with pytest.raises(NeedsAuthorityError):
        await searches.make(later, detective, criteria, murder, 10)
    without = person({p.name for p in PERMISSIONS} - {"anpr.preservation.view"})
    for caller, why in ((detective, Purpose("test", "OP OTHER")), (without, CASE), (person()._replace(agency="IRW"), CASE)):
        assert (await searches.make(later, caller, criteria, why, 10))[1].items == []
    everything = Criteria(start=SEEN - 86_400_000, end=A_YEAR_ON, pattern="QX??ZZW")
    assert {i.vrm for i in (await searches.make(later, detective, everything, CASE, 10))[1].items} == {KEPT, LIVING}
    with pytest.raises(NotFoundError):
        await PictureStore(spine.blobs).fetch(images[DOOMED][1])
    assert await PictureStore(spine.blobs).fetch(images[LIVING][1]) == images[LIVING][0]


async def proven(spine: Spine, detective: Caller) -> None:
    """The tombstone names what went and what is left; a second round finds nothing to do."""
    later = at(spine, A_YEAR_ON)
    told = await retention.report(later, detective.actor)
    assert told["clean"], told["copies"]
    (run,) = told["runs"]
    dropped = {step["what"]: step for step in run["report"]["steps"] if step["how"] == "partition dropped"}
    assert {"reads_by_plate", "reads_by_camera", "reads_evidence"} <= dropped.keys()
    assert all(step["after"] == 0 for step in dropped.values())
    assert (told["preserved_reads"], told["preservations"]) == (1, 1)
    tombstone = await spine.db.fetchrow("SELECT kind, detail FROM audit_entries WHERE action = 'anpr.retention.prove'")
    assert tombstone is not None
    assert (tombstone["kind"], tombstone["detail"]["sha256"]) == ("erasure", run["sha256"])
    await delete_expired(later)
    assert len((await retention.report(later, SYSTEM))["runs"]) == 1


async def released(spine: Spine, detective: Caller, made: str, place: Path, picture: bytes) -> None:
    """With the case, the last copy goes, from the tables too; PostgreSQL's log is overwritten as it goes round."""
    later = at(spine, A_YEAR_ON)
    assert await preservation.release(later, detective, made, "convicted, appeal refused") == (1, 1, 0)
    assert where(place, picture[100:400]) == []
    assert await spine.db.fetchval("SELECT count(*) FROM preserved_reads") == 0
    await spine.db.execute("CHECKPOINT")


async def erased(spine: Spine, place: Path, content: bytes, ref: str) -> None:
    """One read out of its turn: the picture is zeros among the others of its object, the tombstone names no plate."""
    question = ErasureQuestion.model_validate(
        {"mode": "erase", "vrm": ERASED, "from": "2025-12-01T00:00:00Z", "to": "2026-01-09T00:00:00Z", "authority": "ICO notice",
         "reference": "R/2", "reason": "wrongly collected"}
    )  # fmt: skip
    done = await erasure.erase(at(spine, PRESERVED), person(), question)
    assert (done["reads"], done["counts"]["pictures"], done["counts"]["reads_by_plate"], done["counts"]["plates"]) == (1, 1, 1, 1)
    where_it_was = decode_ref(ref)
    assert await spine.blobs.get(where_it_was.key, where_it_was.offset, where_it_was.length) == bytes(where_it_was.length)
    assert where(place, content[100:400]) == []
    entries = await spine.db.fetch("SELECT action, subjects FROM audit_entries WHERE action LIKE 'anpr.erasures%' ORDER BY number")
    assert [(e["action"], e["subjects"]) for e in entries] == [("anpr.erasures.begin", []), ("anpr.erasures.make", [])]
