"""Events reach who may see them: each once, in order, emergencies first, whatever the devices do."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import msgspec
import pytest

from bluelamp.incidents.live import hub as hub_of
from bluelamp.incidents.live import log as log_of
from bluelamp.incidents.live.cursors import AHEAD_MAX
from bluelamp.incidents.live.happenings import happening_of
from bluelamp.incidents.live.hub import Hub
from bluelamp.spine.bus import Bus, Message
from tests.incidents.live.scene import Scene, Screen, caller, until

_json = msgspec.json.encode


async def test_a_device_is_told_what_its_incidents_bring_and_nothing_else(scene: Scene) -> None:
    _, mine = scene.follow("a", "b")
    _, all_of_us = scene.follow(agency=True)
    _, others = scene.follow("a", agency=True, by=caller("KFR"))
    _, nobody = scene.follow("a", "b", by=caller(permissions=frozenset()))
    wanted = [await scene.publish(incident) for incident in "abcab"]
    await scene.told()
    assert mine.events == [i for i in wanted if i[0] != "c"]
    assert all_of_us.events == wanted
    assert others.events == nobody.events == []
    told = mine.of("event")[0]
    assert told["event"] == {
        "incident": "a", "sequence": 1, "id": "ae1", "kind": "log.written", "at": "2023-11-14T22:13:20.001Z",
        "happened_at": "2023-11-14T22:13:20.000Z", "name": "Pat", "agency": "KEN", "call_sign": "K1", "audience": [], "data": {},
        "carried": None,
    }  # fmt: skip


async def test_an_agency_joins_and_sees_from_then_on_and_leaves_and_sees_nothing_more(scene: Scene) -> None:
    direct, screen = scene.follow("a", by=caller("KFR", "dispatcher"))
    _, wide = scene.follow(agency=True, by=caller("KFR", "dispatcher"))
    _, ours = scene.follow("a")
    await scene.publish("a")
    joined = await scene.publish("a", "agency.joined", {"agency": "KFR"})
    seen = await scene.publish("a")
    await scene.told()
    await scene.publish("a", "agency.left", {"agency": "KFR", "reason": "done"})
    await scene.publish("a")
    await scene.told()
    for told in (screen, wide):
        assert told.events == [joined, seen]
        assert [frame["incident"] for frame in told.of("removed")] == ["a"]
        assert told.told[-1]["type"] == "removed", "and that was the last word"
    assert direct.incidents == frozenset()
    assert len(ours.events) == 5
    # Nor does it see, on its return, what came before.
    _, again = scene.follow("a", agency=True, since="0", by=caller("KFR", "dispatcher"))
    await asyncio.sleep(0.1)
    assert again.events == []


async def test_what_is_on_its_way_when_an_agency_is_put_out_is_not_told_either(scene: Scene) -> None:
    """All of it comes in at once: the word that ends it rules over what came before in the same moment."""
    await scene.publish("a", "agency.joined", {"agency": "KFR"})
    await scene.told()
    _, screen = scene.follow("a", by=caller("KFR"))
    await until(lambda: all(v.live for v in scene.hub.register.all))
    messages = [scene.envelope("a", "log.written") for _ in range(5)] + [scene.envelope("a", "agency.left", {"agency": "KFR"})]
    await asyncio.gather(*(scene.bus.publish("test.incidents.events.a", _json(m)) for m in messages))
    await scene.told()
    assert [told["type"] for told in screen.told][-1] == "removed"
    assert len(screen.of("removed")) == 1


async def test_roles_and_audiences_narrow_it(scene: Scene) -> None:
    await scene.publish("a", "agency.joined", {"agency": "KFR", "roles": ["dispatcher"]})
    await scene.publish("a", "agency.joined", {"agency": "KAS"})
    await scene.told()
    people = ("KEN/officer", "KFR/dispatcher", "KFR/responder", "KAS/responder")
    screens = {who: scene.follow("a", by=caller(*who.split("/")))[1] for who in people}
    open_ = await scene.publish("a")
    narrow = await scene.publish("a", audience=["KEN", "KAS"])
    await scene.told()
    assert {who: screen.events for who, screen in screens.items()} == {
        "KEN/officer": [open_, narrow],
        "KFR/dispatcher": [open_],
        "KFR/responder": [],
        "KAS/responder": [open_, narrow],
    }


async def test_an_older_word_never_overrules_a_newer_one(scene: Scene) -> None:
    """An emergency overtakes in the outbox: the event that let an agency in, or put it out, may come after it."""
    await scene.publish("a", "agency.joined", {"agency": "KFR"})
    left = scene.envelope("a", "agency.left", {"agency": "KFR"})
    after = scene.envelope("a", "emergency.raised")
    for told in (after, left):
        await scene.bus.publish("test.incidents.events.a", _json(told))
    await scene.told()
    assert not scene.hub.book.sees("a", "KFR", frozenset())


class Device:
    """One that comes, stops reading, goes and returns, to any of the processes, and keeps what it got."""

    def __init__(self, scene: Scene, chance: random.Random) -> None:
        self.scene = scene
        self.chance = chance
        self.follows = chance.sample("abc", chance.randint(1, 3))
        self.wide = chance.random() < 0.3
        self.got: list[str] = []
        self.cursor = "0"
        self.hub: Hub | None = None

    def come(self, hub: Hub, room: int) -> None:
        self.hub = self.scene.hub = hub
        self.viewer, self.screen = self.scene.follow(*self.follows, since=self.cursor, agency=self.wide, screen=Screen(room))

    def leave(self, *, lossy: bool = True) -> None:
        if self.hub is None:
            return
        self.viewer.lost = True
        self.hub.register.take_off(self.viewer)
        if lossy:  # of what was on its way, only some arrived
            self.screen.frames = self.screen.frames[: self.chance.randint(0, len(self.screen.frames))]
        self.got += self.screen.events
        self.cursor, self.hub = self.screen.cursor or self.cursor, None

    def live(self, hubs: list[Hub]) -> None:
        """Something that devices do."""
        if self.hub is None:
            self.come(self.chance.choice(hubs), self.chance.choice([2_000, 1 << 30]))
        elif self.chance.random() < 0.5:
            self.leave()
        else:
            self.screen.room = 5_000
            self.hub.catch_up(self.viewer)

    @property
    def wanted(self) -> list[str]:
        return [id_ for _, incident, id_ in self.scene.published if self.wide or incident in self.follows]


@pytest.mark.parametrize("seed", range(5))
async def test_from_any_cut_on_the_rest_follows_without_gap_or_repeat(
    scene: Scene, bus: Bus, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices at any moment, in this process or another: at the end each has each event exactly once."""
    for name, small in (("BLOCK", 16), ("BLOCKS_KEPT", 3), ("OLD_BLOCKS_KEPT", 6)):
        monkeypatch.setattr(log_of, name, small)
    monkeypatch.setattr(hub_of, "ROUND_EVENTS", 4)
    chance = random.Random(seed)
    other = Hub(bus, scene.stream, scene.records)
    await other.start()
    hubs = [scene.hub, other]
    devices = [Device(scene, chance) for _ in range(12)]
    for _ in range(40):
        for _ in range(chance.randint(0, 6)):
            await scene.publish(chance.choice("abc"), chance.choice(["log.written", "log.written", "emergency.raised"]))
        last = scene.published[-1][0] if scene.published else 0
        # A cursor of another process may be a little ahead of this one: the service waits for it, and so does the test.
        await until(lambda last=last: all(hub.log.newest >= last for hub in hubs))
        chance.choice(devices).live(hubs)
        await asyncio.sleep(chance.choice([0, 0, 0.01]))
    await until(lambda: all(hub.place.number >= scene.published[-1][0] for hub in hubs))
    for device in devices:
        device.leave()
        device.come(chance.choice(hubs), 1 << 30)
    await until(lambda: all(device.viewer.live for device in devices))
    for device in devices:
        device.leave(lossy=False)
        assert sorted(device.got) == sorted(device.wanted), "each once"
    await other.close()


async def test_emergencies_go_first_to_who_is_up_to_date(scene: Scene) -> None:
    _, screen = scene.follow("a")
    await until(lambda: all(v.live for v in scene.hub.register.all))
    plain = [scene.envelope("a", "log.written", {"text": "x" * 100}) for _ in range(30)]
    urgent = [scene.envelope("a", "emergency.raised") for _ in range(2)]
    number = await scene.bus.last_sequence(scene.stream)
    for told in plain + urgent:  # as one read from the stream brings them: all before the next turn of the loop
        number += 1
        scene.hub.log.newest = number
        scene.hub._take(happening_of(Message(_json(told), "s", number, 1, {}, datetime.now(UTC))))
    await until(lambda: len(screen.events) == 32)
    assert screen.events == [told["id"] for told in urgent + plain]
    cursors = [told["cursor"] for told in screen.of("event")]
    assert cursors[0] == f"{number - 32}+{number - 1}"
    assert cursors[1] == f"{number - 32}+{number - 1}.{number}"
    assert cursors[-1] == f"{number - 2}+{number - 1}.{number}"


async def test_emergencies_go_first_to_who_is_behind_and_come_once(scene: Scene) -> None:
    ids = [await scene.publish("a", "emergency.raised" if n in {30, 31} else "log.written", {"text": "x" * 500}) for n in range(40)]
    await scene.told()
    _, screen = scene.follow("a", since="0")
    await until(lambda: all(v.live for v in scene.hub.register.all))
    assert screen.events[:2] == ids[30:32]
    assert sorted(screen.events) == sorted(ids)


async def test_an_emergency_reaches_a_slow_reader_before_all_that_waits_for_it(scene: Scene) -> None:
    viewer, screen = scene.follow("a", screen=Screen(room=1_500))
    for _ in range(10):
        await scene.publish("a", data={"text": "x" * 500})
    urgent = await scene.publish("a", "emergency.raised")
    await scene.told()
    assert urgent in screen.events
    assert 2 <= len(screen.events) < 6
    screen.room = 1 << 30
    scene.hub.catch_up(viewer)
    await until(lambda: viewer.live)
    assert len(screen.events) == len(set(screen.events)) == 11


async def test_emergencies_without_end_keep_their_limit_and_none_is_lost(scene: Scene) -> None:
    viewer, screen = scene.follow("a", screen=Screen(room=1))
    ids = [await scene.publish("a", "emergency.raised") for _ in range(AHEAD_MAX + 10)]
    await scene.told()
    assert len(screen.events) <= AHEAD_MAX + 1
    screen.room = 1 << 30
    scene.hub.catch_up(viewer)
    await until(lambda: viewer.live)
    assert sorted(screen.events) == sorted(ids)


async def test_a_slow_device_changes_nothing_for_the_others(scene: Scene) -> None:
    slow = [scene.follow("a", screen=Screen(room=1)) for _ in range(20)]
    _, quick = scene.follow("a")
    ids = [await scene.publish("a") for _ in range(30)]
    await scene.told()
    assert quick.events == ids
    assert all(len(screen.frames) <= 2 for _, screen in slow), "and nothing is kept for them"
    assert all(viewer.catching_up is None for viewer, _ in slow)


async def test_an_emergency_of_no_incident_reaches_its_agency(scene: Scene) -> None:
    _, ours = scene.follow(agency=True)
    _, theirs = scene.follow(agency=True, by=caller("KFR"))
    raised = await scene.publish("", "emergency.raised")
    await scene.told()
    assert ours.events == [raised]
    assert theirs.events == []


async def test_what_is_no_event_is_passed_over_and_the_rest_goes_on(scene: Scene) -> None:
    _, screen = scene.follow("a")
    for noise in (b"", b"{}", b"\xff\xfe", b'{"incident":"a"}', b"[" * 10_000):
        await scene.bus.publish("test.incidents.events.a", noise)
    ids = [await scene.publish("a")]
    await scene.told()
    assert screen.events == ids


async def test_receipts_pass_to_who_is_there(scene: Scene) -> None:
    _, screen = scene.follow("a")
    _, others = scene.follow("a", by=caller("KFR"))
    await scene.publish("a")
    await until(lambda: screen.events)
    scene.hub.pass_on(_json({"incident": "a", "person": "q", "read": 3}))
    scene.hub.pass_on(b"noise")
    assert [told["receipt"]["read"] for told in screen.of("receipt")] == [3]
    assert others.frames == []
