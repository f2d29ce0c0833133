"""Offering a file to others on their stream (`b-f-t-r`): only one that the platform has, only to whom the sender may reach."""

from __future__ import annotations

from collections.abc import Iterable

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE
from bluelamp.incidents.gateways.cot.fanout.client import Client
from bluelamp.incidents.gateways.cot.fanout.parcel import Parcel
from bluelamp.incidents.gateways.cot.files import keeping, store
from bluelamp.incidents.gateways.cot.gateway import Gateway, Identity, destinations
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.spine import audit
from bluelamp.spine.module import Spine


class Sharing:
    """`address`: where devices fetch a file of a hash."""

    def __init__(self, spine: Spine, gateway: Gateway) -> None:
        self._spine = spine
        self._gateway = gateway
        self.base = ""

    def address(self, sha256: str) -> str:
        return f"{self.base}/Marti/sync/content?hash={sha256}"

    async def offer(self, client: Client, event: CotEvent) -> None:
        """Hand an offer on, and let those who get it fetch the file. One without a file here is not handed on: it would be fetched
        from anywhere.
        """
        identity = next((known for other, known in self._gateway.present() if other is client), None)
        offered = event.detail.find("fileshare")
        if identity is None or identity.caller is None or offered is None:
            return
        caller, sha256 = identity.caller, offered.get("sha256", "").lower()
        file = await store.find(self._spine.db, caller.id, caller.agency, keeping.readers_of(identity), sha256)
        if file is None or not caller.may(INCIDENTS_CONTRIBUTE):
            async with self._spine.db.transaction() as connection:
                detail = {"tak_file": sha256[:64], "device": identity.device, "code": "no_such_file"}
                await audit.record(connection, caller.actor, "refusal", INCIDENTS_CONTRIBUTE, detail=detail)
            return
        offered.set("senderUrl", self.address(sha256))
        offered.set("senderUid", client.uid)
        offered.set("senderCallsign", client.call_sign)
        offered.set("sizeInBytes", str(file.bytes))
        for name in ("peerHosted", "httpsPort"):
            offered.attrib.pop(name, None)
        event.raw = b""
        named, parcel = destinations(event), Parcel(event, identity.audience, "", client)
        if not named:
            await self._let_read(identity, file.id, identity.audience)
            self._gateway.hub.publish(parcel)
            return
        reached = [
            (other, known) for other, known in self._gateway.present()
            if (other.uid in named or other.call_sign in named) and not other.groups.isdisjoint(identity.audience)
        ]  # fmt: skip
        await self._let_read(identity, file.id, {f"person:{known.caller.id}" for _, known in reached if known.caller is not None})
        self._gateway.hub.hand(parcel, [other for other, _ in reached])

    async def _let_read(self, identity: Identity, file: str, readers: Iterable[str]) -> None:
        assert identity.caller is not None  # noqa: S101 - the caller looked
        async with self._spine.db.transaction() as connection:
            await store.let_read(connection, file, readers)
            detail = {"tak_file": file, "readers": sorted(readers)[:50]}
            await audit.record(connection, identity.caller.actor, "disclosure", INCIDENTS_CONTRIBUTE, detail=detail)
