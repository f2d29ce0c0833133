"""Settings of ANPR: environment `BLUELAMP_ANPR_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from functools import lru_cache

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


class HistorySettings(BaseSettings):
    """How far one question to the history may reach."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_ANPR_", extra="ignore", frozen=True)

    search_page_max: int = Field(500, ge=1, le=5000, description="Most reads on one page of a search.")
    search_plates_max: int = Field(10_000, ge=1, le=10_000, description="Most plates in one bulk search.")
    search_place_days_max: int = Field(31, ge=1, le=366, description="Longest window, in days, of a search by place without a plate.")
    search_nation_hours_max: int = Field(
        24, ge=1, le=744, description="Longest window, in hours, of a search with neither plate nor place."
    )
    search_threads_max: int = Field(2, ge=1, le=64, description="Threads that one question may take of the columnar store.")
    search_seconds_max: int = Field(20, ge=1, le=300, description="Seconds after which a question is refused as reaching too far.")
    export_reads_max: int = Field(10_000, ge=1, le=100_000, description="Most reads in one export as CSV or GeoJSON.")
    export_pdf_reads_max: int = Field(1_000, ge=1, le=10_000, description="Most reads in one export as PDF.")
    subject_access_withheld_purposes: str = Field(
        "", description="Purposes, comma-separated, of looks that a subject-access bundle leaves out."
    )
    standing_seconds: int = Field(15, ge=1, le=3600, description="Seconds between two runs of the standing searches.")
    standing_per_person_max: int = Field(50, ge=1, le=1000, description="Most standing searches of one person.")

    @property
    def withheld(self) -> list[str]:
        """The withheld purposes, one by one."""
        return [name.strip() for name in self.subject_access_withheld_purposes.split(",") if name.strip()]


@lru_cache(maxsize=1)
def intake_settings() -> IntakeSettings:
    """Read once a process."""
    return IntakeSettings()


@lru_cache(maxsize=1)
def history_settings() -> HistorySettings:
    """Read once a process."""
    return HistorySettings()
