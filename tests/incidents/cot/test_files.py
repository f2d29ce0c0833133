"""Files between devices, attachments of missions and data packages: bounded, hashed, opened without trust, gone when access is."""

from __future__ import annotations

import hashlib
import io
import secrets
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bluelamp.incidents.gateways.cot.files import keeping, packages, store
from bluelamp.incidents.gateways.cot.files.errors import PackageEntryError, PackageError
from bluelamp.kit.ids import new_id
from tests.incidents.cot.examples import iso
from tests.incidents.cot.tak import Tak
from tests.incidents.cot.test_joining import events, open_incident, say
from tests.incidents.cot.test_missions import MISSIONS, Carried, carried, changed, marker, refused_as
from tests.incidents.media.contents import picture as drawn
from tests.support.incident_load import until

UPLOAD, PACKAGES, CONTENT = "/Marti/sync/upload", "/Marti/sync/missionupload", "/Marti/sync/content"


def jpeg() -> bytes:
    """One that no other test has sent: files are found by their hash."""
    return drawn(40 + secrets.randbelow(1000), 40 + secrets.randbelow(1000))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(files: dict[str, bytes], mission: str = "", *, listed: bool = True) -> bytes:
    """A data package as clients make it."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        if listed:
            archive.writestr(packages.MANIFEST, packages.manifest(new_id(), "A package", mission, [(name, "") for name in files]))
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def offer(uid: str, call_sign: str, content: bytes, *, to: str = "") -> bytes:
    dest = f'<marti><dest callsign="{to}"/></marti>' if to else ""
    return (
        f'<event version="2.0" uid="{new_id()}" type="b-f-t-r" how="h-e" time="{iso()}" start="{iso()}" stale="{iso(60)}">'
        f'<point lat="0" lon="0" hae="0" ce="0" le="0"/><detail><fileshare filename="a.zip" name="a" senderUid="{uid}"'
        f' senderCallsign="{call_sign}" senderUrl="https://evil.example/x" sha256="{sha(content)}" sizeInBytes="1"/>{dest}</detail></event>'
    ).encode()


async def upload(device: Carried, content: bytes, status: int = 200, **params: str) -> Any:
    asked = {"name": "file.jpg", "creatorUid": device.uid, "hash": sha(content)} | params
    return await device.ask("POST", UPLOAD, status, params=asked, content=content)


async def test_a_picture_is_attached_to_a_mission_and_fetched_by_its_hash(tak: Tak) -> None:
    incident, picture = await open_incident(tak), jpeg()
    base = f"{MISSIONS}/{incident['number']}"
    async with carried(tak, "officer") as officer, carried(tak, "supervisor") as other, carried(tak, "firefighter") as fire:
        await other.ask("PUT", f"{base}/subscription", 201, params={"uid": other.uid})
        await upload(officer, picture)
        await officer.ask("PUT", f"{base}/contents", json={"hashes": [sha(picture)]})
        (added,) = await events(tak, incident["id"], "media.added")
        assert (added["data"]["sha256"], added["data"]["content_type"]) == (sha(picture), "image/jpeg")
        (notice,) = await other.stream.wait("t-x-m-c")
        assert changed(notice) == ("ADD_CONTENT", sha(picture))
        assert [one["data"]["hash"] for one in (await other.mission(incident["number"]))["contents"]] == [sha(picture)]
        assert await other.ask("GET", CONTENT, params={"hash": sha(picture)}) == picture
        await fire.ask("GET", CONTENT, 404, params={"hash": sha(picture)})
        await officer.ask("PUT", f"{base}/contents", json={"hashes": [sha(picture)]})
        assert len(await events(tak, incident["id"], "media.added")) == 1, "the same again changes nothing"
        await officer.ask("DELETE", f"{base}/contents", params={"hash": sha(picture)})
        await events(tak, incident["id"], "media.hidden")
        await other.ask("GET", CONTENT, 404, params={"hash": sha(picture)})
        assert (await other.mission(incident["number"]))["contents"] == []


async def test_an_agency_put_out_fetches_no_attachment_any_more(tak: Tak) -> None:
    incident, picture = await open_incident(tak), jpeg()
    await say(tak, "control", incident["id"], "agency.joined", agency="KFR", roles=[], reason="fire")
    async with carried(tak, "officer") as officer, carried(tak, "firefighter") as fire:
        await upload(officer, picture)
        await officer.ask("PUT", f"{MISSIONS}/{incident['number']}/contents", json={"hashes": [sha(picture)]})
        assert await fire.ask("GET", CONTENT, params={"hash": sha(picture)}) == picture
        await say(tak, "control", incident["id"], "agency.left", agency="KFR", reason="stood down")
        await fire.ask("GET", CONTENT, 404, params={"hash": sha(picture)})
        await fire.ask("GET", f"{MISSIONS}/{incident['number']}/archive", 404)


async def test_what_is_not_what_was_announced_or_not_kept_leaves_nothing(tak: Tak) -> None:
    async with carried(tak, "officer") as officer, carried(tak, "control") as other:
        before = set(await tak.platform.spine.blobs.keys(keeping.FOLDER))
        for content, params, status, code in (
            (jpeg(), {"hash": "0" * 64}, 422, "hash_mismatch"),
            (b"#!/bin/sh\nexit 0\n", {}, 415, "media_format"),
            (b"", {"hash": ""}, 422, "invalid"),
            (jpeg(), {"creatorUid": other.uid}, 403, "not_your_uid"),
        ):
            asked = {"name": "x", "creatorUid": officer.uid, "hash": sha(content)} | params
            answer = await officer.https.post(UPLOAD, params=asked, content=content)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert set(await tak.platform.spine.blobs.keys(keeping.FOLDER)) <= before


async def test_fifty_megabytes_are_cut_off_and_leave_nothing(tak: Tak) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"\xff\xd8\xff" + b" " * (1 << 20)

    async with carried(tak, "officer") as officer:
        before = set(await tak.platform.spine.blobs.keys(keeping.FOLDER))
        try:
            answer = await officer.https.post(UPLOAD, params={"name": "big.jpg"}, content=endless())
            assert answer.status_code == 413
        except httpx.TransportError:
            pass  # the door was shut while the rest was still on its way

        async def nothing_left() -> bool:
            return set(await tak.platform.spine.blobs.keys(keeping.FOLDER)) <= before

        await until(nothing_left, "what had come is deleted")


async def test_a_package_is_sent_to_one_colleague_and_fetched_by_them_alone(tak: Tak) -> None:
    package = zipped({"m/m.cot": marker("m-package"), "p/p.jpg": jpeg()})
    async with carried(tak, "officer") as officer, carried(tak, "supervisor") as other, carried(tak, "control") as third:
        await officer.ask("GET", "/Marti/sync/missionquery", 404, params={"hash": sha(package)})
        asked = {"filename": "a.zip", "hash": sha(package), "creatorUid": officer.uid}
        files = {"assetfile": ("a.zip", package, "application/x-zip-compressed")}
        told = await officer.ask("POST", PACKAGES, params=asked, files=files)
        assert told.decode() == f"https://localhost:{tak.doors.ports['marti']}/Marti/sync/content?hash={sha(package)}"
        assert (await officer.ask("GET", "/Marti/sync/missionquery", params={"hash": sha(package)})) == told
        await officer.ask("PUT", f"/Marti/api/sync/metadata/{sha(package)}/tool", content=b"private")
        await other.ask("GET", CONTENT, 404, params={"hash": sha(package)})
        call_sign = f"CALL {other.uid[-4:]}"
        officer.stream.send(offer(officer.uid, "KILO 1", package, to=call_sign))
        (offered,) = await other.stream.wait("b-f-t-r")
        share = offered.detail.find("fileshare")
        assert share is not None
        assert share.get("senderUrl") == told.decode(), "never from where the sender says"
        assert share.get("sizeInBytes") == str(len(package))
        assert await other.ask("GET", CONTENT, params={"hash": sha(package)}) == package
        await third.ask("GET", CONTENT, 404, params={"hash": sha(package)})
        await third.stream.settled()
        assert not [event for event in third.stream.events if event.type == "b-f-t-r"]
        assert sha(package) in {one["Hash"] for one in (await other.ask("GET", "/Marti/sync/search"))["results"]}
        assert (await other.https.delete("/Marti/sync/delete", params={"hash": sha(package)})).status_code == 403
        await officer.ask("DELETE", "/Marti/sync/delete", params={"hash": sha(package)})
        await other.ask("GET", CONTENT, 404, params={"hash": sha(package)})


async def test_a_public_package_is_the_agencys_and_no_others(tak: Tak) -> None:
    package = zipped({"m/m.cot": marker(f"m-{new_id()}")})
    async with carried(tak, "officer") as officer, carried(tak, "supervisor") as other, carried(tak, "firefighter") as fire:
        asked = {"filename": "a.zip", "hash": sha(package), "keyword": "missionpackage"}
        await officer.ask("POST", PACKAGES, params=asked, files={"assetfile": ("a.zip", package)})
        found = (await other.ask("GET", "/Marti/sync/search", params={"keywords": "missionpackage", "tool": "public"}))["results"]
        assert sha(package) in {one["Hash"] for one in found}
        assert sha(package) not in {one["Hash"] for one in (await fire.ask("GET", "/Marti/sync/search"))["results"]}
        await fire.ask("GET", CONTENT, 404, params={"hash": sha(package)})
        assert await other.ask("GET", CONTENT, params={"hash": sha(package)}) == package


async def test_an_offer_without_a_file_here_is_not_handed_on(tak: Tak) -> None:
    content = new_id().encode()
    async with carried(tak, "officer") as officer, carried(tak, "supervisor") as other:
        officer.stream.send(offer(officer.uid, "KILO 1", content))
        await until(lambda: refused_as(tak, tak_file=sha(content)), "the refusal is on record")
        await other.stream.settled(officer.stream)
        assert not [event for event in other.stream.events if event.type == "b-f-t-r"]


async def test_a_package_for_a_mission_becomes_the_incidents_markers_and_pictures(tak: Tak) -> None:
    incident, uid = await open_incident(tak), f"m-{new_id()}"
    picture = jpeg()
    package = zipped({"m/m.cot": marker(uid), "p/p.jpg": picture}, incident["number"])
    async with carried(tak, "officer") as officer, carried(tak, "firefighter") as fire:
        asked = {"filename": "a.zip", "hash": sha(package)}
        await fire.ask("POST", PACKAGES, 404, params=asked, files={"assetfile": ("a.zip", package)})
        await officer.ask("POST", PACKAGES, params=asked, files={"assetfile": ("a.zip", package)})
        assert len(await events(tak, incident["id"], "media.added")) == 1
        assert uid in {one["data"] for one in (await officer.mission(incident["number"]))["uids"]}
        again = f"m-{new_id()}"
        await officer.ask("PUT", f"{MISSIONS}/{incident['number']}/contents/missionpackage", content=zipped({"n.cot": marker(again)}))
        assert again in {one["data"] for one in (await officer.mission(incident["number"]))["uids"]}
        archive = packages.opened(await officer.ask("GET", f"{MISSIONS}/{incident['number']}/archive"))
        assert {uid, again} <= {event.uid for event in archive.events}
        assert [sha(one.content) for one in archive.media] == [sha(picture)]
        assert archive.mission == incident["number"]


async def test_files_are_deleted_when_their_time_is_over(tak: Tak) -> None:
    picture, spine = jpeg(), tak.platform.spine
    async with carried(tak, "officer") as officer:
        await upload(officer, picture)
        file = await spine.db.fetchval("UPDATE cot_files SET expires_at = now() WHERE sha256 = $1 RETURNING id", sha(picture))
        assert await spine.blobs.keys(f"{keeping.FOLDER}{file}/")
        assert await keeping.expire(spine) >= 1
        assert not await spine.blobs.keys(f"{keeping.FOLDER}{file}/")
        await officer.ask("GET", CONTENT, 404, params={"hash": sha(picture)})


async def test_a_file_that_is_sent_again_as_its_time_ends_stays(tak: Tak, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, spine = jpeg(), tak.platform.spine
    async with carried(tak, "officer") as officer:
        await upload(officer, picture)
        file = await spine.db.fetchval("SELECT id FROM cot_files WHERE sha256 = $1", sha(picture))

        async def over_a_moment_ago(*_: Any) -> list[str]:
            return [file]

        monkeypatch.setattr(store, "over", over_a_moment_ago)
        assert await keeping.expire(spine) == 0
        assert await officer.ask("GET", CONTENT, params={"hash": sha(picture)}) == picture


def bomb(name: str = "p.jpg", size: int = 200 << 20) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(packages.MANIFEST, packages.manifest("u", "n", "", []))
        with archive.open(name, "w") as entry:
            for _ in range(size >> 20):
                entry.write(bytes(1 << 20))
    return sink.getvalue()


async def test_a_zip_bomb_is_refused_and_nobody_waits_for_it(tak: Tak) -> None:
    content = bomb()
    assert len(content) < 1 << 20
    async with carried(tak, "officer") as officer:
        answer = await officer.https.post(UPLOAD, params={"name": "bomb.zip", "hash": sha(content)}, content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "package_unusable")


def lying() -> bytes:
    """The list says that the file is small; what comes out is not."""
    content = bytearray(bomb(size=80 << 20))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(content)


def linked() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(packages.MANIFEST, packages.manifest("u", "n", "", []))
        info = zipfile.ZipInfo("p.jpg")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return sink.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        bomb(), bomb("m.cot", 1 << 20), lying(), linked(), b"PK\x03\x04", b"",
        zipped({"../../out.jpg": jpeg()}), zipped({"/etc/x.jpg": jpeg()}),
        zipped({"C:\\x.jpg": jpeg()}), zipped({f"{n}.cot": b"" for n in range(301)}), zipped({"a.jpg": jpeg()}, listed=False),
        zipped({"a.jpg": jpeg()}) + b"more", zipped({packages.MANIFEST: b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, listed=False),
    ],
    ids=["bomb", "event bomb", "lies about its size", "link", "no end", "nothing", "out", "root", "drive", "many", "no manifest", "tail",
         "entities"],
)  # fmt: skip
def test_a_package_made_to_hurt_is_refused(content: bytes) -> None:
    with pytest.raises(PackageError):
        packages.opened(content)


@pytest.mark.parametrize("name", ["app.apk", "prefs.pref", "keys.p12", "run.kml", "broken.cot"])
def test_what_is_not_handed_on_is_named(name: str) -> None:
    with pytest.raises(PackageEntryError, match=name.replace(".", r"\.")):
        packages.opened(zipped({f"x/{name}": b"PK\x03\x04 anything else"}))
