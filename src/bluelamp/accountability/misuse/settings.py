"""Settings of misuse detection: environment `BLUELAMP_MISUSE_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MisuseSettings(BaseSettings):
    """What the always-on detector reads, how often, and how it weighs. It cannot be turned off."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_MISUSE_", extra="ignore", frozen=True)

    window_days: int = Field(365, ge=7, le=1100, description="Days of looks that the misuse detector compares.")
    looks_max: int = Field(
        2_000_000, ge=1000, le=20_000_000, description="Most looks of one agency in one pass of the misuse detector; the latest."
    )
    pause_seconds: int = Field(60, ge=5, le=86_400, description="Least seconds between two passes of the misuse detector over one agency.")
    pause_factor: float = Field(
        20, ge=1, le=1000, description="How many times its own length a pass waits before the next: 20 keeps it under 5% of a core."
    )
    timezone: str = Field("Europe/London", description="Where the people work, for hours and weekdays in misuse detection.")
    weights_file: Path | None = Field(None, description="Weights of the misuse signals and the threshold as JSON (docs/misuse.md).")
    directory_days: int = Field(35, ge=1, le=400, description="Days after which a directory of people that was not loaded anew is erased.")
    directory_facts_max: int = Field(5_000_000, ge=1000, le=50_000_000, description="Most facts in one directory of people.")
    findings_days: int = Field(730, ge=30, le=3660, description="Days that a decided finding of misuse is kept.")


@lru_cache(maxsize=1)
def misuse_settings() -> MisuseSettings:
    """Read once a process."""
    return MisuseSettings()
