"""All that the application mounts of ANPR."""

from __future__ import annotations

from importlib.resources import files

from bluelamp.anpr.access import PERMISSIONS
from bluelamp.anpr.commands import cameras as camera_commands
from bluelamp.anpr.commands import lists as list_commands
from bluelamp.anpr.commands import retention as retention_commands
from bluelamp.anpr.commands import sources as source_commands
from bluelamp.anpr.commands.subject_access import subject_access
from bluelamp.anpr.consumers import hits, matcher, writer
from bluelamp.anpr.intake.description import describe
from bluelamp.anpr.intake.door import PREFIX as INTAKE
from bluelamp.anpr.intake.service import IntakeService
from bluelamp.anpr.jobs import camera_health, retention, standing
from bluelamp.anpr.jobs import hits as hit_jobs
from bluelamp.anpr.jobs import lists as list_jobs
from bluelamp.anpr.jobs import preservation as preservation_jobs
from bluelamp.anpr.jobs import rejects as reject_jobs
from bluelamp.anpr.jobs.travel_times import TRAVEL_TIMES
from bluelamp.anpr.live import LIVE
from bluelamp.anpr.lookups import AnprLookups
from bluelamp.anpr.matching.settings import MatchingSettings
from bluelamp.anpr.routes import cameras, exports, lists, mutes, notices, pictures, preservation, rejects, searches, sources, subjects
from bluelamp.anpr.routes import hits as hit_routes
from bluelamp.anpr.routes import retention as retention_routes
from bluelamp.anpr.settings import HistorySettings, IntakeSettings
from bluelamp.anpr.sharing import SHARES
from bluelamp.anpr.tables import HITS_STREAM, HITS_SUBJECTS, READS_STREAM, READS_SUBJECT
from bluelamp.contracts.lookups import PORT
from bluelamp.spine.bus import Stream
from bluelamp.spine.module import Module

_intake = IntakeSettings()

MODULE = Module(
    name="anpr",
    routers=(
        sources.router,
        cameras.router,
        rejects.router,
        lists.router,
        hit_routes.router,
        mutes.router,
        searches.router,
        exports.router,
        pictures.router,
        notices.router,
        preservation.router,
        retention_routes.router,
        subjects.router,
    ),
    jobs=(
        camera_health.JOB,
        reject_jobs.JOB,
        list_jobs.JOB,
        hit_jobs.JOB,
        retention.RETENTION,
        standing.STANDING,
        preservation_jobs.JOB,
        TRAVEL_TIMES,
    ),
    permissions=PERMISSIONS,
    commands=(retention_commands.retention, subject_access, source_commands.sources, camera_commands.cameras, list_commands.lists),
    streams=(
        Stream(READS_STREAM, (READS_SUBJECT,), _intake.stream_days, _intake.stream_bytes_max),
        Stream(HITS_STREAM, (HITS_SUBJECTS,), _intake.stream_days, _intake.stream_bytes_max // 4),
    ),
    consumers={"matcher": matcher.run, "writer": writer.write_reads, "hits": hits.run},
    migrations=files("bluelamp.anpr") / "migrations",
    policies=files("bluelamp.anpr") / "policies",
    settings=(IntakeSettings, HistorySettings, MatchingSettings),
    per_process={"intake": IntakeService},
    live=LIVE,
    ports={PORT: AnprLookups},
    shares=SHARES,
    doors={INTAKE: "intake"},
    openapi=describe,
)
