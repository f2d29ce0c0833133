"""All that the application mounts of ANPR."""

from __future__ import annotations

from importlib.resources import files

from bluelamp.anpr.consumers import hits, matcher, writer
from bluelamp.anpr.intake.door import PREFIX as INTAKE
from bluelamp.anpr.intake.service import IntakeService
from bluelamp.anpr.settings import IntakeSettings
from bluelamp.anpr.tables import HITS_STREAM, HITS_SUBJECTS, READS_STREAM, READS_SUBJECT
from bluelamp.spine.bus import Stream
from bluelamp.spine.module import Module

_intake = IntakeSettings()

MODULE = Module(
    name="anpr",
    streams=(
        Stream(READS_STREAM, (READS_SUBJECT,), _intake.stream_days, _intake.stream_bytes_max),
        Stream(HITS_STREAM, (HITS_SUBJECTS,), _intake.stream_days, _intake.stream_bytes_max // 4),
    ),
    consumers={"matcher": matcher.run, "writer": writer.write_reads, "hits": hits.run},
    migrations=files("bluelamp.anpr") / "migrations",
    settings=(IntakeSettings,),
    per_process={"intake": IntakeService},
    doors={INTAKE: "intake"},
)
