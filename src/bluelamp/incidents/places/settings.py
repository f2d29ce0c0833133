"""Settings of places: environment `BLUELAMP_PLACES_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class PlaceSettings(BaseSettings):
    """Which services for places the deployer has."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_PLACES_", extra="ignore", frozen=True)

    words_url: str = Field(
        "",
        repr=False,
        description="Service that answers three-word addresses: `GET URL?words=a.b.c`, key in `X-Api-Key`. Empty: they are refused.",
    )
    words_key: SecretStr = Field(SecretStr(""), description="The deployer's key for that service.")
    words_seconds_max: float = Field(2, gt=0, le=10, description="Seconds that it may take.")


@lru_cache(maxsize=1)
def place_settings() -> PlaceSettings:
    """Read once a process."""
    return PlaceSettings()
