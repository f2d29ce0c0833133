"""What crosses between regions beside events: positions, receipts, pictures. The line is cut in the middle of each, and heals by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.federation import pictures
from bluelamp.incidents.federation.pictures import PART_BYTES, Asked, Giver, _ask
from bluelamp.incidents.federation.positions import AGAIN_S, Moved, Taker, Teller, _encode, publish
from bluelamp.incidents.federation.store import SharedResource
from bluelamp.incidents.log import receipts
from bluelamp.incidents.log.actions import append
from bluelamp.incidents.media import originals
from bluelamp.incidents.media import store as media_store
from bluelamp.incidents.positions.book import PositionBook
from bluelamp.incidents.positions.domain import FEDERATED, Position
from bluelamp.incidents.positions.tables import POSITIONS_STREAM, POSITIONS_SUBJECT, decode_batch, encode_batch
from bluelamp.kit.clock import now_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine.bus import Message
from bluelamp.spine.module import Spine
from tests.incidents.conftest import IncidentRoom, event
from tests.incidents.media.conftest import Phone
from tests.incidents.media.contents import noise, picture
from tests.incidents.test_federation import IRIS, Regions, events_of, regions, until

__all__ = ["regions"]


class Map:
    """What the other region's own stream of positions has told: newest by resource."""

    def __init__(self) -> None:
        self.book, self.heard = PositionBook(), 0

    async def take(self, message: Message) -> None:
        for position in decode_batch(message.payload):
            self.book.update(position)
            self.heard += 1

    async def until(self, resource: str, latitude: float) -> Position:
        async with asyncio.timeout(60):
            while (known := self.book.latest(resource)) is None or known.latitude != latitude:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return known


def at(resource: str, latitude: float, ms: int = 0, **more: Any) -> Position:
    moment = ms or now_ms()
    return Position(resource, moment, latitude, -2.7, "KEN", moment, "car", "K1", "vehicle", **more)


@pytest.mark.heavy
async def test_positions_cross_newest_first_and_only_of_what_is_shared(regions: Regions) -> None:
    home, away, cable = regions.home, regions.away, regions.cable
    spine = home.platform.spine
    units = [await home.resource(covert=covert) for covert in (False, False, True)]
    shared, elsewhere, covert = (unit["id"] for unit in units)
    for unit in units:
        await home.ask("control", "POST", f"/resources/{unit['id']}/status", json={"code": "2"})  # who is off duty is nowhere
    incident, other = await home.open("IRW"), await home.open()
    await home.say("control", incident, event("resource.assigned", resource=shared), event("resource.assigned", resource=covert))
    await home.say("control", other, event("resource.assigned", resource=elsewhere))
    await until(away, incident, 4)
    there = Map()
    following = asyncio.create_task(away.bus.replay(POSITIONS_STREAM, 0, there.take))
    try:
        first = now_ms() - 90_000
        batch = [at(shared, 54.1, first), at(elsewhere, 54.1), at(covert, 54.1, covert=True)]
        await spine.bus.publish(POSITIONS_SUBJECT, encode_batch(batch))
        known = await there.until(shared, 54.1)
        assert (known.source, known.agency, known.at) == (FEDERATED, "KEN", first)  # its own time: ninety seconds old, and shown so

        await cable.cut()
        began = now_ms() - 1_000
        for n in range(30):  # a millisecond apart: of two at the same moment the first counts
            await spine.bus.publish(POSITIONS_SUBJECT, encode_batch([at(shared, 54.2 + n / 1000, began + n)]))
        await home.say("control", incident, event("log.written", text="while it was cut"))
        await asyncio.sleep(1.5)
        told = there.heard
        await cable.mend()
        await until(away, incident, 5)
        await there.until(shared, 54.2 + 29 / 1000)
        assert there.heard - told <= 3  # superseded, not queued

        await home.say("control", incident, event("agency.left", agency="IRW", reason="not needed"))
        await until(away, incident, 6)
        await asyncio.sleep(1.5)
        told = there.heard
        await spine.bus.publish(POSITIONS_SUBJECT, encode_batch([at(shared, 55.0)]))
        await asyncio.sleep(2.5)
        assert there.heard == told
        assert not {elsewhere, covert} & {position.resource for position in there.book.changed_since(0)[0]}
    finally:
        following.cancel()


async def test_a_region_tells_where_its_own_resources_are_and_no_others(regions: Regions) -> None:
    home, away = regions.home, regions.away
    unit = await home.resource()
    incident = await home.open("IRW")
    await home.say("control", incident, event("resource.assigned", resource=unit["id"]))
    await until(away, incident, 3)
    good = Moved(incident, at(unit["id"], 54.1))
    lies = [
        Moved(incident, at(new_id(), 54.1)), Moved(new_id(), good.position), Moved(incident, at(unit["id"], 99.0)),
        Moved(incident, at(unit["id"], float("nan"))), Moved(incident, at(unit["id"], 54.1, covert=True)),
    ]  # fmt: skip
    assert await publish(away, lies, ["KEN"]) == 0
    assert await publish(away, [good], ["ORR"]) == 0
    assert await publish(away, [good], ["KEN"]) == 1
    taker = Taker()
    taker.hear(b"not positions")
    taker.hear(_encode([good]))
    taker.hear(_encode([Moved(incident, at(unit["id"], 50.0, 1000))]))
    assert taker.taken() == [good]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans(), st.booleans()), max_size=30))
def test_what_is_covert_is_never_told(steps: list[tuple[str, bool, bool, bool]]) -> None:
    """However resources move, become covert, come and go: no place of a covert one, none twice but for the telling anew."""
    book, clock = PositionBook(), 0.0
    teller = Teller({"IRW": "NORTH"}, book)
    secret: set[float] = set()
    for n, (resource, moved, covert, shared) in enumerate(steps):
        if moved:
            book.update(at(resource, 50 + n / 100, 1000 + n, covert=covert))
            if covert:
                secret.add(50 + n / 100)
        on = [SharedResource(one, "I", "IRW", covert and one == resource) for one in "abc" if shared or one != resource]
        clock += 1
        due = teller.due(on, clock).get("NORTH", [])
        assert not {one.position.latitude for one in due} & secret
        assert all(one.position.gone for one in due if covert and one.position.resource == resource)
        assert {one.position.resource for one in due} <= {one.resource for one in on}
        assert not list(teller.due(on, clock).get("NORTH", []))
        anew = {one.position.resource for one in teller.due(on, clock + AGAIN_S).get("NORTH", [])}
        assert {one.position.resource for one in due} <= anew


async def read_there(spine: Spine, incident: str, person: str) -> tuple[int, int]:
    rows = {row["person"]: (row["delivered"], row["read"]) for row in await receipts.of_incident(spine, incident)}
    return rows.get(person, (0, 0))


async def test_receipts_cross_and_never_say_more_than_was_read(regions: Regions) -> None:
    home, away, cable = regions.home, regions.away, regions.cable
    spine, incident = home.platform.spine, await home.open("IRW")
    await until(away, incident, 2)
    await home.say("control", incident, event("chat.said", text="for us", audience=("KEN",)), event("chat.said", text="for all"))
    await until(away, incident, 3)
    await home.ask("officer", "POST", f"/{incident}/receipts", 204, json={"delivered": 4, "read": 4})
    [officer] = [one["person"] for one in (await home.ask("control", "GET", f"/{incident}/receipts"))["items"]]
    async with asyncio.timeout(60):
        while await read_there(away, incident, officer) != (3, 3):  # noqa: ASYNC110 - their log lacks what is for Kentmere only
            await asyncio.sleep(0.05)

    await cable.cut()
    await home.say("control", incident, *(event("chat.said", text=f"south {n}") for n in range(3)))
    await append(away, IRIS, incident, [New(new_id(), "chat.said", now_ms(), {"text": f"north {n}"}) for n in range(3)])
    await home.ask("officer", "POST", f"/{incident}/receipts", 204, json={"delivered": 7, "read": 6})
    await asyncio.sleep(1.5)
    await cable.mend()
    theirs = await until(away, incident, 9)
    await until(spine, incident, 10)
    assert [e.data["text"] for e in theirs[3:]] == ["north 0", "north 1", "north 2", "south 0", "south 1", "south 2"]
    await asyncio.sleep(2.5)
    assert await read_there(away, incident, officer) == (3, 3)  # all of the south's, but none of the north's, which stand before them
    await home.ask("officer", "POST", f"/{incident}/receipts", 204, json={"delivered": 10, "read": 9})
    async with asyncio.timeout(60):
        while await read_there(away, incident, officer) != (9, 5):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    await home.say("control", incident, event("agency.left", agency="IRW", reason="not needed"))
    await until(away, incident, 10)
    await home.ask("officer", "POST", f"/{incident}/receipts", 204, json={"delivered": 11, "read": 11})
    await asyncio.sleep(2.5)
    assert await read_there(away, incident, officer) == (9, 5)


async def kept_there(spine: Spine, media: str) -> media_store.Media:
    async with asyncio.timeout(60):
        while (found := await media_store.find(spine.db, media)) is None or found.state != "kept":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def content_there(spine: Spine, media: media_store.Media) -> bytes:
    pieces = await media_store.pieces_of(spine.db, media.id)
    return await originals.read_whole(spine.blobs, media.incident, pieces, 0, media.bytes)


async def test_pictures_cross_whole_and_go_on_after_a_cut(regions: Regions, room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    home, away, cable = regions.home, regions.away, regions.cable
    asked: list[int] = []

    give = Giver.part

    async def slowly(giver: Giver, payload: bytes) -> pictures.Part:
        asked.append(pictures._asked(payload).start)
        await asyncio.sleep(0.05)
        return await give(giver, payload)

    monkeypatch.setattr(pictures, "PIECE_BYTES", 2 * PART_BYTES)
    phone, incident = Phone(room), await home.open("IRW")
    small, large = picture(640, 360), noise(1400, 1100)
    assert len(large) > 8 * PART_BYTES
    ours = await phone.send(incident, small, audience=["KEN"])
    one = await phone.send(incident, small, caption="First", place={"said": "here", "latitude": 54.2, "longitude": -2.7})
    found = await kept_there(away, one)
    assert await content_there(away, found) == small
    assert (found.caption, found.thumbnails, found.agency) == ("First", (320, 1280), "KEN")
    assert (await originals.get_thumbnail(away.blobs, incident, one, 320))[:2] == b"\xff\xd8"
    assert await media_store.find(away.db, ours) is None

    monkeypatch.setattr(Giver, "part", slowly)
    two = await phone.send(incident, large, caption="Large")
    async with asyncio.timeout(60):
        while (begun := await media_store.find(away.db, two)) is None or not begun.held:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await cable.cut()
    await append(away, IRIS, incident, [New(new_id(), "log.written", now_ms(), {"text": "we go on"})])
    await asyncio.sleep(1.5)
    held = await media_store.find(away.db, two)
    assert held is not None
    assert (held.state, 0 < held.held < len(large)) == ("receiving", True)
    before = len(asked)
    await cable.mend()
    assert await content_there(away, await kept_there(away, two)) == large
    assert min(asked[before:]) >= held.held  # nothing that is held is asked for again
    assert [e.kind for e in await events_of(away, incident)].count("media.added") == 2


async def test_a_content_is_given_to_who_sees_it_and_to_nobody_else(regions: Regions, room: IncidentRoom) -> None:
    home, spine = regions.home, regions.home.platform.spine
    phone, incident = Phone(room), await home.open("IRW")
    content = picture()
    seen, ours = await phone.send(incident, content), await phone.send(incident, content, audience=["KEN"])

    async def asked(media: str, start: int = 0, length: int = 100, region: str = "IRW") -> tuple[str, int]:
        part = await Giver(spine, "NORTH", [region]).part(_ask(Asked(media, start, length)))
        return part.why, len(part.content)

    assert await asked(seen) == ("", 100)
    assert await asked(seen, len(content) - 10) == ("", 10)
    assert (await asked(seen, len(content)))[0] == (await asked(seen, -1))[0] == (await asked(seen, 0, PART_BYTES + 1))[0] == "no such part"
    assert await asked(ours) == await asked(new_id()) == await asked(seen, region="ORR") == ("not shared", 0)
    assert (await Giver(spine, "NORTH", ["IRW"]).part(b"?")).why == "not a question"
    await home.say("control", incident, event("media.hidden", media=seen, reason="a face"))
    assert await asked(seen) == ("hidden", 0)
    third = await phone.send(incident, content)
    await home.say("control", incident, event("agency.left", agency="IRW", reason="not needed"))
    assert await asked(third) == ("not shared", 0)


async def test_each_giving_is_on_record_once_wherever_it_begins(regions: Regions, room: IncidentRoom) -> None:
    spine = regions.home.platform.spine
    phone, incident = Phone(room), await regions.home.open("IRW")
    content = picture()
    media = await phone.send(incident, content)
    giver = Giver(spine, "EAST", ["IRW"])
    for start in (100, 200, 300, 0, 100, len(content) - 10):
        assert (await giver.part(_ask(Asked(media, start, 100)))).why == ""
    question = "SELECT detail FROM audit_entries WHERE action = $1 AND $2 = ANY(subjects) ORDER BY number"
    rows = await spine.db.fetch(question, pictures.ACTION, incident)
    found = [row["detail"] for row in rows if row["detail"]["region"] == "EAST"]
    assert [one["from"] for one in found] == [100, 0, len(content) - 10]


async def test_a_damaged_content_is_not_kept(regions: Regions, room: IncidentRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hash is the event's: what is something else is fetched again, and given up in the end."""
    home, away, cable = regions.home, regions.away, regions.cable
    monkeypatch.setattr(pictures, "TRIES_MAX", 2)
    spine, phone, incident, content = home.platform.spine, Phone(room), await home.open("IRW"), picture()
    await until(away, incident, 2)
    await cable.cut()
    media = await phone.send(incident, content)
    [piece] = await media_store.pieces_of(spine.db, media)
    await spine.blobs.vault.put(originals.group_of(incident), piece.object, content[:-100] + bytes(100))
    await cable.mend()
    async with asyncio.timeout(60):
        while (found := await media_store.find(away.db, media)) is None or found.state != "refused":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert "damaged" in found.reason
    assert await media_store.pieces_of(away.db, media) == []
    assert await away.blobs.keys(f"incidents/{incident}/media/") == []
