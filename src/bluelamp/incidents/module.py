"""All that the application mounts of incidents."""

from __future__ import annotations

from importlib.resources import files

from bluelamp.incidents.access import PERMISSIONS
from bluelamp.incidents.consumers import federation, lookups
from bluelamp.incidents.dispatch import routes as dispatch_routes
from bluelamp.incidents.dispatch.queries import Dispatcher
from bluelamp.incidents.emergencies import routes as emergency_routes
from bluelamp.incidents.emergencies.jobs import ESCALATE
from bluelamp.incidents.export import routes as export_routes
from bluelamp.incidents.federation.server import federation as federation_command
from bluelamp.incidents.federation.settings import FederationSettings
from bluelamp.incidents.gateways.cot import routes as tak_routes
from bluelamp.incidents.gateways.cot.files.keeping import EXPIRE
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.handovers import parts as handovers
from bluelamp.incidents.handovers.door import describe
from bluelamp.incidents.live import routes as live_routes
from bluelamp.incidents.live.service import LiveService
from bluelamp.incidents.log import routes as log_routes
from bluelamp.incidents.media import routes as media_routes
from bluelamp.incidents.media.jobs import GIVE_UP
from bluelamp.incidents.media.settings import MediaSettings
from bluelamp.incidents.positions import parts as positions
from bluelamp.incidents.positions.access import POSITION_PERMISSIONS
from bluelamp.incidents.replay import routes as replay_routes
from bluelamp.incidents.resources import routes as resource_routes
from bluelamp.incidents.settings import IncidentSettings, incident_settings
from bluelamp.incidents.statistics import routes as statistics_routes
from bluelamp.incidents.tables import INCIDENTS_STREAM, INCIDENTS_SUBJECTS, REPEAT_WINDOW_S
from bluelamp.incidents.terms import routes as term_routes
from bluelamp.spine.bus import Stream
from bluelamp.spine.module import Module

_settings = incident_settings()

MODULE = Module(
    name="incidents",
    # The last one takes any id, so addresses with names of their own come before it.
    routers=(
        term_routes.router,
        emergency_routes.router,
        resource_routes.router,
        dispatch_routes.router,
        *positions.ROUTERS,
        media_routes.router,
        tak_routes.router,
        live_routes.router,
        export_routes.router,
        statistics_routes.router,
        replay_routes.router,
        *handovers.ROUTERS,
        log_routes.router,
    ),
    jobs=(ESCALATE, GIVE_UP, EXPIRE, *handovers.JOBS, *positions.JOBS),
    consumers={"incident-lookups": lookups.run, "incident-federation": federation.run, **positions.CONSUMERS, **handovers.CONSUMERS},
    streams=(
        Stream(INCIDENTS_STREAM, (INCIDENTS_SUBJECTS,), _settings.stream_days, _settings.stream_bytes_max, REPEAT_WINDOW_S),
        *positions.STREAMS,
    ),
    permissions=(*PERMISSIONS, *POSITION_PERMISSIONS),
    per_process={dispatch_routes.NAME: Dispatcher, **positions.PER_PROCESS, "incidents-live": LiveService, **handovers.PER_PROCESS},
    sockets={"/v1/live": "incidents-live"},
    doors=handovers.DOORS,
    openapi=describe,
    commands=(federation_command, *positions.COMMANDS),
    migrations=files("bluelamp.incidents") / "migrations",
    settings=(IncidentSettings, CotSettings, FederationSettings, MediaSettings, *positions.SETTINGS),
)
