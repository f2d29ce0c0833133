"""Settings of ANPR: environment `BLUELAMP_ANPR_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class IntakeSettings(BaseSettings):
    """How reads come in and how long they are kept."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_ANPR_", extra="ignore", frozen=True)

    retention_days: int = Field(365, ge=1, le=366, description="Days that reads are kept; older ones are refused on arrival.")
    repeat_capacity: int = Field(
        1 << 18, ge=1 << 10, description="Slots of the repeat table to begin with: a power of two, twice the reads of 12 hours. It grows."
    )
    stream_days: float = Field(3, ge=1, description="Days that the reads stream is kept: how long writer and matcher may be away.")
    stream_bytes_max: int = Field(20 << 30, ge=1 << 20, description="Largest size of the reads stream, in bytes.")
    tally_seconds: float = Field(5, gt=0, description="Seconds between hand-overs of intake counts to camera health.")
