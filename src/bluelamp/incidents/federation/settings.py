"""Settings of federation: BLUELAMP_FEDERATION_*. Without a region there is none."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class FederationSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BLUELAMP_FEDERATION_", extra="ignore")

    region: str = Field("", pattern=r"^[A-Z0-9]{0,16}$", description="Name of this region, as the others call it. Empty: no federation.")
    regions: dict[str, list[str]] = Field(
        default_factory=dict,
        description='The other regions and the agencies at home there, as JSON: `{"NORTH": ["TYN"]}`. A region speaks for these only.',
    )
    url: SecretStr = Field(
        SecretStr(""),
        description="NATS server of this region that is joined with the others' as leaf nodes; its JetStream domain is the region.",
    )

    @property
    def elsewhere(self) -> list[str]:
        """Agencies that are at home in other regions."""
        return sorted({agency for agencies in self.regions.values() for agency in agencies})

    def region_of(self, agency: str) -> str:
        """The other region where an agency is at home; empty: here."""
        return next((region for region, agencies in self.regions.items() if agency in agencies), "")


@lru_cache(maxsize=1)
def federation_settings() -> FederationSettings:
    return FederationSettings()
