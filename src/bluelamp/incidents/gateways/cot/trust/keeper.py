"""The keeper of the door with certificates: whose device it is, what they may see now, and which uids they may speak for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

from bluelamp.incidents.access import INCIDENTS_VIEW, TAK_DEVICES_ENROL
from bluelamp.incidents.gateways.cot import groups
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.gateway import Gateway, Identity
from bluelamp.incidents.gateways.cot.joining import store as joining
from bluelamp.incidents.gateways.cot.joining.reading import DELETE, FEATURE, OURS, is_drawing, is_position
from bluelamp.incidents.gateways.cot.trust import store
from bluelamp.incidents.gateways.cot.wire.event import TEXT_LENGTH_MAX, CotEvent
from bluelamp.incidents.log import store as incidents
from bluelamp.incidents.positions.carriers import PERSON
from bluelamp.incidents.positions.store.carriers import CHANNEL as CREWS
from bluelamp.incidents.resources import store as resources
from bluelamp.kit.clock import to_ms
from bluelamp.spine import audit
from bluelamp.spine.calling import network_of
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.identity.standing import person_now
from bluelamp.spine.identity.store import CHANNEL as IDENTITY
from bluelamp.spine.module import Spine
from bluelamp.spine.steady import start_steadily

log = logging.getLogger(__name__)

CONNECT = "incidents.tak_devices.connect"
SPEAK = "incidents.tak_devices.speak"
TRIES = 4
"""Before a client of whom it cannot be said what it may see is let go."""
AT_ONCE = 8
"""Arrivals that are looked up at once: a thousand may come together, and the database serves others too."""
CHANGES_MAX = 50
INCIDENTS_MAX = 2_000
Known = dict[tuple[str, frozenset[str], int], list[str]]
"""Incidents by agency, roles, and the change of who sees what that they were read after."""


class CertificateKeeper:
    """One per process."""

    def __init__(self, spine: Spine, gateway: Gateway) -> None:
        self._spine = spine
        self._gateway = gateway
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._owners: dict[str, tuple[str, str]] = {}
        """Uid -> device and person that it is bound to."""
        self._told: set[tuple[str, str]] = set()
        self._work: set[asyncio.Task[Any]] = set()
        self._unlearned = asyncio.Event()
        self._learning: asyncio.Task[None] | None = None
        self._listening = ExitStack()
        self._changes = 0
        """What was read before a change of who sees what must not come into force after it."""
        self.listener: Callable[[Client, Identity, CotEvent], frozenset[str]] = lambda _client, identity, _event: identity.audience
        """Hears what may be said, and says which groups it goes to."""

    async def start(self) -> None:
        await self._learn()
        self._learning = start_steadily("cot-uids", self._keep_learning)
        for channel, hear in ((store.CHANNEL, self._device_changed), (IDENTITY, self._person_changed), (CREWS, self._crew_changed)):
            self._listening.callback(self._spine.db.listen(channel, self._all_anew, hear))

    async def identify(self, transport: asyncio.Transport) -> Identity | None:
        """By the certificate that the transport has verified."""
        certificate = transport.get_extra_info("peercert") or {}
        serial = str(certificate.get("serialNumber", ""))
        address = str((transport.get_extra_info("peername") or ("",))[0])
        async with self._turns:
            identity = await self._look_up(serial, address, CONNECT)
            if identity is None or identity.caller is None:
                return None
            changes = self._changes
            async with self._spine.db.transaction() as connection:
                await store.note_seen(connection, identity.device)
                detail = {"serial": serial, "incidents": sum(group.count("/") == 0 and ":" in group for group in identity.groups)}
                await audit.record(connection, identity.caller.actor, "consultation", CONNECT, subjects=(identity.device,), detail=detail)
            if changes != self._changes:
                now = await self._current(identity.device, identity.caller.id, identity.agency, {})
                return now and _as_it_came(now, identity)
        return identity

    async def known(self, serial: str, address: str, action: str) -> Identity | None:
        """Whose certificate it is, and what they may see now; None: nobody who may come in, which is left in the audit as `action`."""
        async with self._turns:
            return await self._look_up(serial, address, action)

    async def _look_up(self, serial: str, address: str, action: str) -> Identity | None:
        row = await store.device_by_serial(self._spine.db, serial)
        if row is None:
            await self._refuse(serial, address, action)
            return None
        changes = self._changes
        identity = await self._standing(row["id"], row["person"], row["agency"])
        if changes != self._changes:
            identity = await self._current(row["id"], row["person"], row["agency"], {})
        if identity is None or identity.caller is None:
            await self._refuse(serial, address, action, row["person"], row["agency"])
            return None
        device = f"{address} TAK {row['label']}".strip()
        away_since = to_ms(row["seen_at"]) if row["seen_at"] else 0
        return identity._replace(caller=identity.caller._replace(place=network_of(address), device=device), away_since=away_since)

    async def _current(self, device: str, person: str, agency: str, known: Known) -> Identity | None:
        """What they may see through the device, as of now and not of a moment ago; None: nothing.

        Raises:
            EngineDownError: nobody can say.
        """
        for _ in range(CHANGES_MAX):
            changes = self._changes
            row = await store.device_by_id(self._spine.db, device)
            gone = row is None or row["revoked_at"] is not None
            found = None if gone else await self._standing(device, person, agency, known)
            if changes == self._changes:
                return found
        raise EngineDownError("who sees what changes faster than it can be read")

    def shut_out(self, agency: str, incident: str) -> None:
        """At once, before anything is asked: an agency's clients see an incident no more, nor what waits for them of it."""
        self._changes += 1
        lost = {groups.of_incident(incident), f"{groups.of_incident(incident)}/{agency}"}
        for client, identity in self._gateway.present():
            if identity.agency == agency and not lost.isdisjoint(identity.groups):
                self._gateway.become(client, identity._replace(groups=identity.groups - lost, audience=identity.audience - lost))

    async def _standing(self, device: str, person: str, agency: str, known: Known | None = None) -> Identity | None:
        """What the person may see through the device now; None: nothing. `known`: incidents by agency and roles, asked once for many."""
        caller = await person_now(self._spine, person=person, agency=agency)
        if caller is None or not (caller.may(INCIDENTS_VIEW) and caller.may(TAK_DEVICES_ENROL)):
            return None
        known = {} if known is None else known
        key = (agency, caller.roles, self._changes)
        if key not in known:
            rows = await incidents.listed(self._spine.db, agency, caller.roles, ["open"], None, INCIDENTS_MAX)
            known[key] = [row["id"] for row in rows]
        seen = known[key]
        resource = await resources.of_person(self._spine.db, person)
        crewed = resource is not None and resource.agency == agency
        audience = groups.of_resource(
            agency, resource.incident if resource and crewed else "", covert=bool(resource and crewed and resource.covert)
        )
        return Identity(agency, groups.of_person(agency, caller.roles, seen), audience, device, caller)

    async def _refuse(self, serial: str, address: str, action: str, person: str = "", agency: str = "") -> None:
        actor = audit.Actor(person or "unknown", person or "a TAK device", agency, network_of(address), address)
        async with self._spine.db.transaction() as connection:
            await audit.record(connection, actor, "refusal", action, detail={"serial": serial})

    def audience(self, client: Client, identity: Identity, event: CotEvent) -> frozenset[str] | None:
        """Refuses what is said in the name of another's device."""
        for uid in claimed(event):
            if not self.speaks_for(identity, uid) or is_ours(uid, event):
                self._note_forgery(identity, uid)
                return None
        if not client.uid and is_position(event):
            if not self._claim(client, identity, event):
                return None
            client.uid, client.call_sign = event.uid, event.call_sign
        return self.listener(client, identity, event)

    def speaks_for(self, identity: Identity, uid: str) -> bool:
        """Whether a uid is the device's own, of the same person's other device, or nobody's yet."""
        assert identity.caller is not None  # noqa: S101 - given by `known`
        owner = self._owners.get(uid)
        return owner is None or identity.device == owner[0] or identity.caller.id == owner[1]

    def _claim(self, client: Client, identity: Identity, event: CotEvent) -> bool:
        """The first position of a connection is the device's own: bind its uid, and hold it to the one that is bound."""
        assert identity.caller is not None  # noqa: S101 - the caller looked
        bound = next((uid for uid, (device, _) in self._owners.items() if device == identity.device), "")
        if bound and bound != event.uid:
            self._note_forgery(identity, event.uid)
            return False
        if not bound:
            self._owners[event.uid] = (identity.device, identity.caller.id)
            self._soon(self._bind(client, identity, event.uid, event.call_sign))
        return True

    async def _bind(self, client: Client, identity: Identity, uid: str, call_sign: str) -> None:
        assert identity.caller is not None  # noqa: S101 - the caller looked
        if not await store.bind(self._spine.db, identity.device, identity.caller.id, uid, call_sign):
            self._note_forgery(identity, uid)  # another gateway was faster
            await self._learn()
            client.let_go("its uid belongs to another device")

    def _note_forgery(self, identity: Identity, uid: str) -> None:
        """On record once for each device and uid, not for each of a stream of events."""
        caller, uid = identity.caller, uid[:TEXT_LENGTH_MAX]
        if caller is None or (identity.device, uid) in self._told or len(self._told) > 10_000:
            return
        self._told.add((identity.device, uid))
        log.warning("a TAK device of %s speaks for a uid that is another's; it is refused", identity.agency)

        async def note() -> None:
            async with self._spine.db.transaction() as connection:
                detail = {"claimed": uid, "device": identity.device}
                await audit.record(connection, caller.actor, "refusal", SPEAK, subjects=(identity.device,), detail=detail)

        self._soon(note())

    async def _keep_learning(self) -> None:
        while True:
            await self._unlearned.wait()
            self._unlearned.clear()
            try:
                await self._learn()
            except BaseException:
                self._unlearned.set()
                raise

    async def _learn(self) -> None:
        """Which uid is whose, from the records."""
        self._owners = {row["uid"]: (row["id"], row["person"]) for row in await store.uids(self._spine.db)}

    async def again(self, only: Callable[[Identity], bool] = lambda _: True) -> None:
        """Look anew what those who are connected may see; who may nothing any more is cut off, and so is of whom nobody can say it."""
        self._changes += 1
        known: Known = {}
        asked = [(client, identity) for client, identity in self._gateway.present() if identity.caller is not None and only(identity)]
        for at in range(0, len(asked), AT_ONCE):
            await asyncio.gather(*(self._renew(client, identity, known) for client, identity in asked[at : at + AT_ONCE]))

    async def again_of_crew(self, resource: str) -> None:
        """The same of those who crew a resource.

        Raises:
            EngineDownError: nobody can say who they are.
        """
        crew = await joining.crew(self._spine.db, resource)
        await self.again(lambda identity: identity.caller is not None and identity.caller.id in crew)

    async def _renew(self, client: Client, identity: Identity, known: Known) -> None:
        assert identity.caller is not None  # noqa: S101 - the caller looked
        for attempt in range(TRIES):
            try:
                async with self._turns:
                    now = await self._current(identity.device, identity.caller.id, identity.agency, known)
            except EngineDownError:
                await asyncio.sleep(0.2 * 2**attempt)
            except Exception:
                log.exception("what a TAK device may see could not be read")
                break
            else:
                if now is None:
                    client.let_go("it may no longer come in")
                else:
                    self._gateway.become(client, _as_it_came(now, identity))
                return
        client.let_go("nobody can say what it may see")

    def _device_changed(self, device: str) -> None:
        self._unlearned.set()
        self._soon(self.again(lambda identity: identity.device == device))

    def _person_changed(self, person: str) -> None:
        self._soon(self.again(lambda identity: not person or (identity.caller is not None and identity.caller.id == person)))

    def _crew_changed(self, what: str) -> None:
        """Somebody crews another resource now, which may be on another incident or covert; or theirs has become covert."""
        if what.startswith(PERSON):
            self._person_changed(what.removeprefix(PERSON))
        else:
            self._soon(self._crew_anew(what))

    async def _crew_anew(self, resource: str) -> None:
        try:
            await self.again_of_crew(resource)
        except EngineDownError:
            await self.again()  # of whom nobody can say it, they are cut off: none stays seen who has become covert

    def _all_anew(self) -> None:
        self._unlearned.set()
        self._soon(self.again())

    def _soon(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the CoT gateway could not look something up: %r", error)

    async def close(self) -> None:
        self._listening.close()
        tasks = [*self._work, *([self._learning] if self._learning is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _as_it_came(now: Identity, before: Identity) -> Identity:
    """What may be seen as of now, over the connection that has come before: the audit names its address whatever has changed since."""
    assert now.caller is not None  # noqa: S101 - given by `_standing`
    assert before.caller is not None  # noqa: S101 - the callers looked
    caller = now.caller._replace(place=before.caller.place, device=before.caller.device)
    return now._replace(caller=caller, away_since=before.away_since)


def is_ours(uid: str, event: CotEvent) -> bool:
    """Whether an event speaks for what the platform itself puts on maps. Its drawings may be moved and deleted, as in the console."""
    if not uid.startswith(OURS):
        return False
    return not (uid.startswith(FEATURE) and (is_drawing(event) or event.type == DELETE))


def claimed(event: CotEvent) -> set[str]:
    """Uids of devices that an event speaks for: its own, that of whoever it says it is by, and what it would delete."""
    found = {event.uid.removesuffix("-9-1-1")}
    if event.uid.startswith("GeoChat."):
        found.add(event.uid.split(".", 2)[1])
    for link in event.detail.findall("link"):
        if link.get("relation", "").startswith("p-p") or event.type.startswith("t-x-d"):
            found.add(link.get("uid", ""))
    return found - {""}
