"""The link between regions: a NATS server of each, joined as leaf nodes. What is sent waits at home until the other side has it.

Each region keeps what it sends in a stream of its own (`FEDERATION_OUT`, subjects `federation.<from>.<to>.<incident>`); the other side has
a stream that sources its part of it across the leaf node and goes on where it stopped, however long the link was cut. These servers carry
nothing but this, so no other subject crosses (decision 0131).
"""

from __future__ import annotations

import logging

import nats
from nats.aio.client import Client
from nats.js.api import ExternalStream, StorageType, StreamConfig, StreamSource
from nats.js.errors import NotFoundError

from bluelamp.incidents.federation.settings import FederationSettings
from bluelamp.spine.bus import UNREACHABLE, Bus
from bluelamp.spine.errors import EngineDownError

log = logging.getLogger(__name__)

OUT = "FEDERATION_OUT"
DAYS_MAX = 30.0
BYTES_MAX = 2 << 30
REPEAT_WINDOW_S = 3600


def inbound(region: str) -> str:
    """Name of the stream of what a region sends here."""
    return f"FEDERATION_FROM_{region}"


def subject(sender: str, receiver: str, incident: str) -> str:
    return f"federation.{sender}.{receiver}.{incident}"


def positions_subject(sender: str, receiver: str) -> str:
    """Whispered: outside the subjects of the streams, so that nothing keeps it."""
    return f"federation-positions.{sender}.{receiver}"


def pictures_subject(asker: str, holder: str) -> str:
    """Where a region asks another for a part of a picture."""
    return f"federation-pictures.{asker}.{holder}"


class Link:
    """This region's end."""

    def __init__(self, settings: FederationSettings, client: Client, bus: Bus) -> None:
        self.settings = settings
        self.bus = bus
        self._client = client

    @classmethod
    async def open(cls, settings: FederationSettings) -> Link:
        """Connected, with the streams made.

        Raises:
            EngineDownError: this region's federation server does not answer.
        """

        async def on_error(error: Exception) -> None:
            log.warning("federation: %s", error or type(error).__name__)

        try:
            client = await nats.connect(
                settings.url.get_secret_value().split(","), name=f"bluelamp-{settings.region}", max_reconnect_attempts=-1,
                reconnect_time_wait=0.25, connect_timeout=3, error_cb=on_error,
            )  # fmt: skip
            link = cls(settings, client, Bus(client))
            await link._prepare()
        except UNREACHABLE as error:
            raise EngineDownError(f"this region's federation server does not answer: {error}") from error
        return link

    async def _prepare(self) -> None:
        here = self.settings.region
        await self._ensure(StreamConfig(name=OUT, subjects=[f"federation.{here}.>"], duplicate_window=REPEAT_WINDOW_S))
        for region in self.settings.regions:
            source = StreamSource(
                name=OUT, filter_subject=f"federation.{region}.{here}.>", external=ExternalStream(api=f"$JS.{region}.API")
            )
            await self._ensure(StreamConfig(name=inbound(region), sources=[source]))

    async def _ensure(self, config: StreamConfig) -> None:
        config.storage, config.max_age, config.max_bytes = StorageType.FILE, DAYS_MAX * 86_400, BYTES_MAX
        jetstream = self._client.jetstream(timeout=5)
        try:
            await jetstream.stream_info(config.name or "")
        except NotFoundError:
            await jetstream.add_stream(config)
        else:
            await jetstream.update_stream(config)

    async def close(self) -> None:
        await self._client.close()
