"""All that positions, vehicles and places add to the module of incidents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bluelamp.incidents.places import routes as place_routes
from bluelamp.incidents.places.commands import places
from bluelamp.incidents.places.settings import PlaceSettings
from bluelamp.incidents.positions import jobs, routes
from bluelamp.incidents.positions.consumers import writer
from bluelamp.incidents.positions.service import PositionService
from bluelamp.incidents.positions.settings import PositionSettings, position_settings
from bluelamp.incidents.positions.tables import POSITIONS_STREAM, POSITIONS_SUBJECT
from bluelamp.incidents.positions.vehicles import consumer as devices
from bluelamp.incidents.positions.vehicles.commands import vehicles
from bluelamp.spine.bus import Stream
from bluelamp.spine.module import Spine

_settings = position_settings()

ROUTERS = (routes.router, place_routes.router)
JOBS = (jobs.RETENTION,)
CONSUMERS = {writer.DURABLE: writer.run, devices.DURABLE: devices.run, devices.SIGN_IN: devices.answer_sign_ins}
STREAMS = (
    Stream(POSITIONS_STREAM, (POSITIONS_SUBJECT,), _settings.stream_hours / 24, _settings.stream_bytes_max),
    Stream(devices.VEHICLES_STREAM, (devices.VEHICLES_SUBJECTS,), devices.STREAM_DAYS, devices.STREAM_BYTES_MAX),
)
PER_PROCESS: dict[str, Callable[[Spine], Any]] = {routes.SERVICE: PositionService}
SETTINGS = (PositionSettings, PlaceSettings)
COMMANDS = (places, vehicles)
