"""Packages open and verify without the platform; a changed byte is named; nobody gets more than their agency may see."""

from __future__ import annotations

import asyncio
import io
import json
import tracemalloc
import zipfile
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.app.cli.verify import verify
from bluelamp.incidents.domain.rules import Author, New
from bluelamp.incidents.export import actions, page
from bluelamp.incidents.export.verifying import verify_package
from bluelamp.incidents.log.actions import append
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.store import history
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine.audit import Actor, checkpoints
from bluelamp.spine.audit.notes import VerifyKey
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.relational import Connection
from tests.incidents.conftest import PLACE, IncidentRoom, event
from tests.incidents.media import contents
from tests.incidents.media.conftest import Phone

HOSTILE = "<script>alert(1)</script>\"'&"


async def export(room: IncidentRoom, incident: str, who: str = "control", status: int = 200) -> bytes:
    address = f"/v1/incidents/{incident}/export"
    answer = await room.platform.client(who).post(address, json={"reason": "Coroner asked"})
    assert answer.status_code == status, answer.text[:300]
    return answer.content


async def test_a_package_that_comes_before_the_first_check_point_has_one_made(room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a platform that was just started: nothing is published until the worker was asked."""
    database, ready, asked = room.platform.spine.db, asyncio.Event(), asyncio.Event()
    database.listen(checkpoints.WANTED, ready.set, lambda _payload: asked.set())
    published = checkpoints.store.verify_keys

    async def not_yet(connection: Connection) -> list[str]:
        return await published(connection) if asked.is_set() else []

    async with asyncio.timeout(20):
        await ready.wait()
        monkeypatch.setattr(checkpoints.store, "verify_keys", not_yet)
        incident = await room.open()
        package = opened(await export(room, incident))
    assert "SIGNATURE" in package.namelist()
    monkeypatch.setattr(checkpoints, "FIRST_WAIT_S", 0.4)
    monkeypatch.setattr(checkpoints.store, "verify_keys", AsyncMock(return_value=[]))
    assert b"bluelamp doctor" in await export(room, incident, status=503)


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


async def collision(room: IncidentRoom) -> tuple[str, str]:
    """An incident with some of everything; its id and that of a picture."""
    incident, unit = await room.open("KFR", title=f"Collision {HOSTILE}"), await room.resource()
    await room.say("control", incident, event("resource.assigned", resource=unit["id"]))
    await room.say(
        "officer", incident,
        event("resource.status", resource=unit["id"], code="6"),
        event("log.written", text=HOSTILE),
        event("log.written", text="for Kentmere only", audience=("KEN",)),
        event("casualty.triaged", casualty=new_id(), tool="TST", category="P1", place=PLACE),
        event("decision.made", title="Close the road", action="Both carriageways", information="Fuel on the road"),
        event("feature.drawn", feature=new_id(), type="inner_cordon", label=HOSTILE, geometry={
            "type": "Polygon", "coordinates": [[[-2.72, 54.23], [-2.71, 54.23], [-2.71, 54.24], [-2.72, 54.23]]],
        }),
    )  # fmt: skip
    await room.say("fire", incident, event("agency.acknowledged", reference="F-77"))
    now = now_ms()
    await history.insert(
        room.platform.spine.columnar,
        [
            Position(unit["id"], now + n, 54.23 + n / 10_000, -2.718, "KEN", now, call_sign=unit["call_sign"], source="phone")
            for n in (1, 2, 3)
        ],
    )
    picture = await Phone(room).send(incident, contents.picture(), caption=HOSTILE, place=PLACE)
    await room.say("control", incident, event("incident.closed", reason="road clear"))
    return incident, picture


class Page(HTMLParser):
    """What a browser would load or run of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


async def test_a_package_opens_and_verifies_without_the_platform(room: IncidentRoom, tmp_path: Path) -> None:
    incident, picture = await collision(room)
    file = tmp_path / "incident.zip"
    file.write_bytes(await export(room, incident))
    verdict = verify_package(file)
    assert verdict.valid, verdict
    package = opened(file.read_bytes())
    log = [json.loads(line) for line in package.read("log.jsonl").splitlines()]
    assert [one["sequence"] for one in log] == list(range(1, len(log) + 1))
    assert log[0]["kind"] == "incident.opened"
    assert package.read(f"media/{picture}.jpg") == contents.picture()
    assert json.loads(package.read("decisions.json"))[0]["data"]["title"] == "Close the road"
    [track] = json.loads(package.read("positions.geojson"))["features"]
    assert track["geometry"]["coordinates"][0] == [-2.718, 54.2301]
    assert len(track["properties"]["times"]) == 3
    times = json.loads(package.read("statistics.json"))
    assert times == await room.ask("control", "GET", f"/{incident}/statistics")
    assert [one["agency"] for one in times["agencies"]] == ["KEN", "KFR"]
    assert times["opened_to_at_scene_s"] is not None
    assert times["agencies"][1]["joined_to_acknowledged_s"] >= 0
    assert times["closed_at"]
    state = json.loads(package.read("incident.json"))
    assert state["status"] == "closed"
    assert package.testzip() is None
    told = CliRunner().invoke(verify, ["incident", str(file)], obj=CommandLine(lambda _settings: nullcontext()))
    assert told.exit_code == 0, told.output
    assert "VALID" in told.output


async def test_the_page_needs_nothing_and_runs_nothing(room: IncidentRoom) -> None:
    incident, picture = await collision(room)
    package = opened(await export(room, incident))
    shown = Page(package.read("index.html").decode())
    names = {tag for tag, _ in shown.tags}
    assert names.isdisjoint({"script", "link", "iframe", "object", "embed", "form"})
    assert "svg" in names
    assert "polygon" in names
    for _, attributes in shown.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src"):
            assert name not in attributes or attributes[name] in package.namelist()
    assert f"media/{picture}.jpg" in {attributes.get("href") for _, attributes in shown.tags}
    assert HOSTILE in shown.words
    assert "Both carriageways" in shown.words
    assert "F-77" in shown.words


async def test_what_is_for_others_is_not_in_it_and_what_is_hidden_is_named(room: IncidentRoom) -> None:
    incident, picture = await collision(room)
    await room.say("control", incident, event("media.hidden", media=picture, reason="a face"))
    package = opened(await export(room, incident, "fire"))
    for name in ("log.jsonl", "index.html"):
        assert "for Kentmere only" not in package.read(name).decode()
    assert not [name for name in package.namelist() if picture in name]
    manifest = json.loads(package.read("manifest.json"))
    assert manifest["agency"] == "KFR"
    assert manifest["left_out"][0]["why"] == "hidden: a face"
    assert "for Kentmere only" in opened(await export(room, incident)).read("log.jsonl").decode()


async def test_only_control_rooms_of_its_agencies_make_one_and_it_is_on_record(room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    for who, status in (("officer", 403), ("firefighter", 403), ("ambulance", 404)):
        await export(room, incident, who, status)
    await room.ask("ambulance", "GET", f"/{incident}/statistics", 404)
    content = await export(room, incident, "fire")
    asked = {"subject": incident, "action": "incidents.incidents.export", "limit": 10}
    entries = (await room.platform.client("auditor").get("/v1/audit", params=asked)).json()["items"]
    made = [one for one in entries if one["kind"] == "disclosure"]
    assert len(made) == 2
    last = next(one for one in made if "manifest_sha256" in one["detail"])
    assert last["detail"]["files"] == len(opened(content).namelist()) - 2
    assert {one["detail"].get("reason") for one in made} == {"Coroner asked", None}


async def test_what_another_region_keeps_is_named(room: IncidentRoom) -> None:
    incident = await room.open()
    told = {"media": new_id(), "content_type": "image/jpeg", "bytes": 9, "sha256": "0" * 64}
    actor = Actor("u", "irwell", "IRW")
    author = Author(actor, "Irwell", "IRW", frozenset(), frozenset(), platform=True)
    await append(room.platform.spine, author, incident, [New(new_id(), "media.added", now_ms(), told)])
    manifest = json.loads(opened(await export(room, incident)).read("manifest.json"))
    assert manifest["left_out"] == [{"what": f"media/{told['media']}", "why": "kept by the region that sent it", "sha256": "0" * 64}]


async def test_a_log_of_many_pages_is_whole(room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "LOG_PAGE", 40)
    incident = await room.open()
    await room.say("officer", incident, *(event("log.written", text=f"entry {n}.") for n in range(100)))
    package = opened(await export(room, incident))
    pages = [package.read(page.page_name(n)).decode() for n in (1, 2, 3)]
    assert "log-4.html" not in package.namelist()
    assert all(sum(f"entry {n}." in text for text in pages) == 1 for n in range(100))
    assert 'href="log-3.html"' in pages[0]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packed")


async def test_a_changed_byte_is_named(room: IncidentRoom, packed: Path) -> None:
    """Each file in turn, then any byte at all: nothing that a package says can be changed unseen."""
    incident, _ = await collision(room)
    content = await export(room, incident)
    package, file = opened(content), packed / "changed.zip"
    for info in package.infolist():
        at = info.header_offset + 30 + len(info.filename) + len(info.extra) + 20  # behind the header and its ZIP64 field
        at += info.compress_size // 2
        file.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        verdict = verify_package(file)
        assert not verdict.valid, info.filename
        assert verdict.bad == info.filename, verdict

    whole = {name: package.read(name) for name in package.namelist()}

    @given(at=st.integers(0, len(content) - 1), to=st.integers(1, 255))
    @settings(max_examples=150, deadline=None)
    def anywhere(at: int, to: int) -> None:
        file.write_bytes(content[:at] + bytes([content[at] ^ to]) + content[at + 1 :])
        if verify_package(file).valid:
            changed = zipfile.ZipFile(file)
            assert {name: changed.read(name) for name in changed.namelist()} == whole

    anywhere()


async def test_what_was_put_in_taken_out_or_signed_by_others_is_told(room: IncidentRoom, packed: Path) -> None:
    incident, _ = await collision(room)
    content = await export(room, incident)
    package, file = opened(content), packed / "other.zip"

    def rewritten(but: str = "", **more: bytes) -> None:
        with zipfile.ZipFile(file, "w") as made:
            for name in package.namelist():
                if name != but:
                    made.writestr(name, package.read(name))
            for name, added in more.items():
                made.writestr(name, added)

    rewritten()
    assert verify_package(file).valid
    rewritten("decisions.json")
    assert verify_package(file)[:3] == (False, "decisions.json", "it is not there")
    rewritten(extra=b"one more")
    assert verify_package(file).bad == "extra"
    rewritten("SIGNATURE")
    assert verify_package(file).bad == "SIGNATURE"
    file.write_bytes(content[: len(content) // 2])
    assert not verify_package(file).valid
    signed = verify_package_of(content, file)
    assert signed is not None
    stranger = VerifyKey(signed.name, bytes(32))
    file.write_bytes(content)
    assert verify_package(file, signed).valid
    assert verify_package(file, stranger).bad == "SIGNATURE"


def verify_package_of(content: bytes, file: Path) -> VerifyKey | None:
    file.write_bytes(content)
    signed = verify_package(file).signed
    return signed.key if signed else None


async def test_one_that_breaks_off_is_on_record_as_failed(room: IncidentRoom) -> None:
    incident = await room.open()
    await Phone(room).send(incident, contents.film(20 << 20), 4 << 20)
    headers = {"Authorization": f"Bearer {room.platform.tokens['control']}"}
    address, body = f"/v1/incidents/{incident}/export", {"reason": "to be broken off"}
    async with (
        httpx.AsyncClient(base_url=room.platform.url, headers=headers) as client,
        client.stream("POST", address, json=body) as answer,
    ):
        async for _ in answer.aiter_raw():
            break
    db = room.platform.spine.db
    for _ in range(200):
        outcome = await db.fetchval(
            "SELECT o.outcome FROM audit_outcomes o JOIN audit_entries e ON e.id = o.entry WHERE e.action = 'incidents.incidents.export'"
            " AND $1 = ANY(e.subjects)", incident,
        )  # fmt: skip
        if outcome:
            break
        await asyncio.sleep(0.05)
    assert outcome == "failed"


async def test_a_bomb_is_read_no_further_than_was_signed(room: IncidentRoom, packed: Path) -> None:
    """The same package with a file that inflates to far more than the manifest says it has."""
    package, file = opened(await export(room, (await collision(room))[0])), packed / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in package.namelist():
            made.writestr(name, bytes(100 << 20) if name == "README.txt" else package.read(name))
    tracemalloc.start()
    verdict = verify_package(file)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (verdict.bad, verdict.reason) == ("README.txt", "its content is not what was signed")
    assert most < 20 << 20


async def test_no_more_than_a_few_are_made_at_once(room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await room.open()
    monkeypatch.setattr(actions, "_running", {"a", "b", "c", "d"})
    await export(room, incident, status=429)
