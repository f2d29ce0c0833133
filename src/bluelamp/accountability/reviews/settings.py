"""Settings of reviews: environment `BLUELAMP_REVIEWS_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bluelamp.accountability.reviews.sampling import parse_rates


class ReviewSettings(BaseSettings):
    """How much is sampled and who must agree. Findings and overrides are always reviewed, whatever stands here."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_REVIEWS_", extra="ignore", frozen=True)

    rates: str = Field(
        "*:*=0.02,*:counter_terrorism=0.1,*:vehicle_stop=0.005",
        max_length=2000,
        description="Share of looks that is reviewed, by role and purpose (role:purpose=share, comma-separated, * for any; "
        "the closest rule holds, of several roles the highest).",
    )
    least: int = Field(3, ge=0, le=1000, description="Fewest looks that are sampled of an agency's day, if there were so many.")
    most: int = Field(200, ge=1, le=10_000, description="Most looks that are sampled of an agency's day.")
    second_person: Literal["never", "improper", "always"] = Field(
        "never", description="Which outcomes of a review a second supervisor must agree with."
    )
    keep_days: int = Field(730, ge=30, le=3660, description="Days that a decided review is kept.")

    @field_validator("rates")
    @classmethod
    def _rates_are_rates(cls, value: str) -> str:
        parse_rates(value)
        return value


@lru_cache(maxsize=1)
def review_settings() -> ReviewSettings:
    """Read once a process."""
    return ReviewSettings()
