"""Settings of accountability: environment `BLUELAMP_ACCOUNTABILITY_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AuthorisationSettings(BaseSettings):
    """How long authority lasts, and who may give it."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_ACCOUNTABILITY_", extra="ignore", frozen=True)

    authority_days_max: int = Field(28, ge=1, le=366, description="Longest life of an authority, in days.")
    authority_wait_hours_max: int = Field(72, ge=1, le=720, description="Hours that a request for authority waits for an answer.")
    authority_waiting_max: int = Field(20, ge=1, le=1000, description="Requests for authority that one person may have waiting at a time.")
    authority_not_by_line_manager: bool = Field(
        False, description="Whether somebody's own line manager may not give them authority. Nobody ever gives it to themselves."
    )
    authority_reminder_hours: int = Field(24, ge=1, le=720, description="Hours before an authority ends that its holder is reminded.")
    authority_waiting_minutes: int = Field(
        30, ge=5, le=1440, description="Minutes that a request waits before those who may decide are reminded of it; once."
    )
    override_minutes: int = Field(60, ge=5, le=1440, description="Minutes that an emergency override opens older data for its one case.")
    deputy_days_max: int = Field(31, ge=1, le=366, description="Longest time that one deputy stands in, in days.")


@lru_cache(maxsize=1)
def authorisation_settings() -> AuthorisationSettings:
    """Read once a process."""
    return AuthorisationSettings()
