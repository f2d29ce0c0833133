"""Uploads that are cut anywhere go on; what is not what was announced is refused; who is put out sends and sees nothing more."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bluelamp.incidents.media import jobs, store
from bluelamp.incidents.media.originals import folder_of
from bluelamp.incidents.media.settings import media_settings
from bluelamp.kit.ids import new_id
from tests.incidents.conftest import PLACE, IncidentRoom, event
from tests.incidents.media import contents
from tests.incidents.media.conftest import Phone

FILM = contents.film(300_000)


async def test_a_picture_is_kept_as_it_is_and_told_to_all(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    content = contents.picture(orientation=6, taken="2026:11:21 10:00:00", zone="+00:00", where=(54.2301, -2.718))
    media = await phone.send(incident, content, caption="Lorry on its side", place=PLACE, content_type="image/heic")
    for who in ("officer", "control", "firefighter"):
        answer = await phone.open(incident, media, who=who)
        assert answer.content == content
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["content-disposition"] == f'inline; filename="{media}.jpg"'
    told = (await room.state("fire", incident))["media"][media]
    assert (told["width"], told["height"]) == (360, 640)
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert told["place"]["said"] == "M6 J36"
    [shown] = (await room.ask("fire", "GET", f"/{incident}/media"))["items"]
    assert shown["taken_at"] is None
    assert shown["file_says"]["taken_at"] == "2026-11-21T10:00:00+00:00"
    assert told["taken_at"] == "2026-11-21T10:00:00Z"
    assert shown["file_says"]["latitude"] == 54.2301
    for size, sides in ((320, (180, 320)), (1280, (360, 640))):
        answer = await phone.open(incident, media, f"/thumbnail?size={size}", who="firefighter")
        assert answer.headers["content-type"] == "image/jpeg"
        assert contents.size_of(answer.content) == sides


@example(cuts=[len(FILM) - 1, len(FILM)], seed=0)
@given(cuts=st.lists(st.integers(0, len(FILM)), max_size=6), seed=st.integers(0, 1 << 30))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_it_goes_on_after_any_cut_with_repeats_and_overlaps(phone: Phone, room: IncidentRoom, cuts: list[int], seed: int) -> None:
    """Pieces between the cuts, each also sent again, from anywhere before what is held, and from beyond it."""
    incident, dice = await room.open(), random.Random(seed)
    media = str((await phone.announce(incident, FILM))["id"])
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(FILM)], strict=True):
        start = dice.randint(max(0, begin - 5000), begin)
        answer = await phone.patch(incident, media, start, FILM[start:end])
        assert (answer.status_code, answer.json().get("offset")) == (200, end), answer.text
        if end < len(FILM):
            beyond = await phone.patch(incident, media, end + 1, b"x")
            assert (beyond.status_code, beyond.json()["code"], beyond.json()["offset"]) == (409, "upload_offset", end)
            again = await phone.patch(incident, media, start, FILM[start:end])
            assert (again.status_code, again.headers["upload-offset"]) == (200, str(end))
            asked = await room.ask("officer", "GET", f"/{incident}/media/{media}/upload")
            assert (asked["offset"], asked["state"]) == (end, "receiving")
    assert (await phone.open(incident, media)).content == FILM
    assert (await phone.patch(incident, media, 0, FILM[:1000])).json()["state"] == "kept"
    assert (await room.state("officer", incident))["counts"]["media.added"] == 1


async def test_what_came_before_a_connection_broke_is_held(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open()
    media = str((await phone.announce(incident, FILM))["id"])

    async def broken() -> AsyncIterator[bytes]:
        yield FILM[:100_000]
        await asyncio.sleep(0.2)
        raise OSError("the tunnel begins")

    token = room.platform.tokens["officer"]
    async with httpx.AsyncClient(base_url=room.platform.url, headers={"Authorization": f"Bearer {token}", "Upload-Offset": "0"}) as client:
        with pytest.raises(OSError, match="tunnel"):
            await client.patch(f"/v1/incidents/{incident}/media/{media}", content=broken())
    held = 0
    for _ in range(200):
        held = (await room.ask("officer", "GET", f"/{incident}/media/{media}/upload"))["offset"]
        if held:
            break
        await asyncio.sleep(0.05)
    assert held == 100_000
    assert (await phone.send_rest(incident, media, FILM, held=held)).json()["state"] == "kept"
    assert (await phone.open(incident, media)).content == FILM


async def test_the_same_pieces_from_two_sides_at_once_are_kept_once(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open()
    media = str((await phone.announce(incident, FILM))["id"])
    answers = await asyncio.gather(*(phone.send_rest(incident, media, FILM, 50_000) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await phone.open(incident, media)).content == FILM
    pieces = await store.pieces_of(room.platform.spine.db, media)
    assert [piece.start for piece in pieces] == list(range(0, len(FILM), 50_000))
    names = await room.platform.spine.blobs.keys(folder_of(incident, media))
    assert sorted(names) == sorted(piece.object for piece in pieces)


async def test_fifty_megabytes_come_in_and_a_player_jumps_within(phone: Phone, room: IncidentRoom) -> None:
    incident, content = await room.open(), contents.film(50 << 20)
    media = await phone.send(incident, content, 4 << 20)
    answer = await phone.open(incident, media, Range="bytes=10000000-18999999")
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 10000000-18999999/{len(content)}"
    assert answer.content == content[10_000_000:19_000_000]
    assert (await phone.open(incident, media, Range="bytes=-100")).content == content[-100:]
    assert (await phone.open(incident, media, Range=f"bytes={len(content) - 5}-")).content == content[-5:]
    beyond = await phone.open(incident, media, Range=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")
    assert (await phone.open(incident, media, Range="lines=1-2")).status_code == 200
    assert (await phone.open(incident, media, "/thumbnail")).json()["code"] == "no_thumbnail"


async def test_a_piece_larger_than_a_body_may_be_is_refused(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open()
    began = await phone.announce(incident, bytes(10 << 20))
    answer = await phone.patch(incident, began["id"], 0, bytes(began["piece_bytes_max"] + 1))
    assert answer.status_code == 413
    beyond = await phone.patch(incident, (await phone.announce(incident, b"abc"))["id"], 0, b"abcd")
    assert beyond.status_code == 413


async def test_what_is_not_what_was_announced_is_refused_and_can_be_sent_again(phone: Phone, room: IncidentRoom) -> None:
    incident, content, chosen = await room.open(), contents.picture(), new_id()
    await phone.announce(incident, content, id=chosen)
    changed = content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]
    refused = await phone.send_rest(incident, chosen, changed)
    assert (refused.status_code, refused.json()["code"]) == (422, "media_damaged")
    assert (await room.ask("officer", "GET", f"/{incident}/media/{chosen}/upload"))["state"] == "refused"
    assert (await phone.patch(incident, chosen, 0, content)).json()["code"] == "upload_ended"
    assert not await room.platform.spine.blobs.keys(folder_of(incident, chosen))
    assert (await phone.open(incident, chosen)).json()["code"] == "no_such_media"
    await phone.announce(incident, content, id=chosen)
    assert (await phone.send_rest(incident, chosen, content)).json()["state"] == "kept"
    assert (await phone.announce(incident, content, 200, id=chosen))["state"] == "kept"
    other = await phone.announce(incident, contents.PDF, 409, id=chosen)
    assert other["code"] == "id_taken"


async def test_other_formats_and_bombs_are_refused_with_the_reason(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open()
    for content, status, word in (
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, "JPEG, PNG and WebP"),
        (contents.HEIC, 415, "Most Compatible"),
        (contents.png_bomb(30_000), 415, "million pixels"),
        (contents.film()[:-1], 422, "whole"),
    ):
        began = await phone.announce(incident, content, content_type="image/jpeg")
        refused = await phone.send_rest(incident, began["id"], content)
        assert refused.status_code == status
        assert word in refused.json()["detail"]
    assert "media.added" not in (await room.state("officer", incident))["counts"]


async def test_a_document_is_saved_and_never_shown(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open()
    answer = await phone.open(incident, await phone.send(incident, contents.PDF, content_type="text/html"))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")


async def test_another_agency_and_other_people_reach_nothing(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    media = await phone.send(incident, contents.picture())
    for what in ("", "/thumbnail", "/upload"):
        assert (await phone.open(incident, media, what, who="officer2")).json()["code"] == "no_such_incident"
    elsewhere = await room.open("KFR")
    assert (await phone.open(elsewhere, media)).json()["code"] == "no_such_media"
    began = await phone.announce(incident, FILM)
    assert (await phone.patch(incident, began["id"], 0, FILM, who="firefighter")).json()["code"] == "no_such_media"
    assert (await phone.announce(incident, FILM, 409, who="firefighter", id=began["id"]))["code"] == "id_taken"


async def test_what_is_for_one_agency_is_seen_by_no_other(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    media = await phone.send(incident, contents.picture(), audience=["KEN"])
    assert (await phone.open(incident, media, who="control")).status_code == 200
    for what in ("", "/thumbnail"):
        assert (await phone.open(incident, media, what, who="fire")).json()["code"] == "no_such_media"
    assert (await room.ask("fire", "GET", f"/{incident}/media"))["items"] == []
    assert media not in (await room.state("fire", incident))["media"]


async def test_an_audience_is_asked_before_the_first_byte_and_after_the_last(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    for audience in (["KFR"], ["KEN", "KAS"]):
        assert (await phone.announce(incident, FILM, 422, audience=audience))["code"] == "invalid"
    began = await phone.announce(incident, FILM, audience=["KEN", "KFR"])
    await room.say("control", incident, event("agency.left", agency="KFR", reason="no fire"))
    assert (await phone.send_rest(incident, began["id"], FILM)).json()["code"] == "invalid"
    assert (await room.ask("officer", "GET", f"/{incident}/media/{began['id']}/upload"))["state"] == "refused"
    await phone.announce(incident, FILM, id=began["id"])
    assert (await phone.send_rest(incident, began["id"], FILM)).json()["state"] == "kept"


async def test_an_agency_put_out_while_it_sends_is_stopped_there(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    theirs = await phone.send(incident, contents.picture(), who="firefighter")
    began = await phone.announce(incident, FILM, who="firefighter")
    assert (await phone.patch(incident, began["id"], 0, FILM[:100_000], who="firefighter")).status_code == 200
    await room.say("control", incident, event("agency.left", agency="KFR", reason="no fire"))
    rest = await phone.patch(incident, began["id"], 100_000, FILM[100_000:], who="firefighter")
    assert (rest.status_code, rest.json()["code"]) == (404, "no_such_incident")
    assert (await phone.open(incident, theirs, who="firefighter")).status_code == 404
    assert (await phone.open(incident, theirs, who="control")).status_code == 200
    assert (await room.state("control", incident))["counts"]["media.added"] == 1


async def test_what_is_hidden_is_kept_for_the_control_room_of_the_lead(phone: Phone, room: IncidentRoom) -> None:
    incident = await room.open("KFR")
    media = await phone.send(incident, contents.picture())
    stranger = await room.results("firefighter", incident, event("media.hidden", media=media, reason="a face"))
    assert stranger[0]["code"] == "not_yours"
    await room.say("officer", incident, event("media.hidden", media=media, reason="a face"))
    for who in ("officer", "fire"):
        assert (await phone.open(incident, media, who=who)).json()["code"] == "media_hidden"
        assert (await phone.open(incident, media, "/thumbnail", who=who)).json()["code"] == "media_hidden"
    assert (await phone.open(incident, media, who="control")).content == contents.picture()
    assert (await room.ask("fire", "GET", f"/{incident}/media"))["items"][0]["hidden"] == "a face"


async def test_an_upload_that_nothing_comes_for_is_given_up(phone: Phone, room: IncidentRoom) -> None:
    incident, spine = await room.open(), room.platform.spine
    began, fresh = await phone.announce(incident, FILM), await phone.announce(incident, FILM)
    await phone.patch(incident, began["id"], 0, FILM[:50_000])
    past = timedelta(hours=media_settings().abandoned_hours + 1)
    await spine.db.execute("UPDATE incident_media SET touched_at = touched_at - $2::interval WHERE id = $1", began["id"], past)
    assert await jobs.give_up_abandoned(spine) >= 1
    assert not await spine.blobs.keys(folder_of(incident, began["id"]))
    assert (await room.ask("officer", "GET", f"/{incident}/media/{began['id']}/upload"))["state"] == "abandoned"
    assert (await room.ask("officer", "GET", f"/{incident}/media/{fresh['id']}/upload"))["state"] == "receiving"
    await phone.announce(incident, FILM, id=began["id"])
    assert (await phone.send_rest(incident, began["id"], FILM)).json()["state"] == "kept"


async def test_uploads_on_their_way_are_bounded(phone: Phone, room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await room.open("KAS")
    await phone.announce(incident, FILM, who="paramedic")
    open_now = await room.platform.spine.db.fetchval(
        "SELECT count(*) FROM incident_media m JOIN users u ON u.id = m.person WHERE u.username = 'paramedic' AND m.state = 'receiving'"
    )
    monkeypatch.setattr(media_settings(), "open_uploads_max", open_now)
    assert (await phone.announce(incident, FILM, 409, who="paramedic"))["code"] == "upload_limit"
    too_large = {"id": new_id(), "bytes": 1 << 39, "sha256": "0" * 64}
    assert (await room.ask("officer", "POST", f"/{incident}/media", 413, json=too_large))["code"] == "media_too_large"
    monkeypatch.setattr(media_settings(), "incident_bytes_max", len(FILM))
    assert (await phone.announce(incident, FILM, 409))["code"] == "upload_limit"
