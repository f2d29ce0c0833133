"""Settings of imagery: BLUELAMP_MEDIA_*."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PILLOWS_OWN_MAX = 89_000_000


class MediaSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BLUELAMP_MEDIA_", extra="ignore")

    piece_bytes_max: int = Field(
        4 << 20, ge=64 << 10, le=64 << 20, description="Most bytes of one piece of an upload; never more than the largest request body."
    )
    picture_bytes_max: int = Field(64 << 20, ge=1 << 20, le=512 << 20, description="Largest JPEG, PNG or WebP that an incident takes.")
    document_bytes_max: int = Field(64 << 20, ge=1 << 20, le=2 << 30, description="Largest PDF that an incident takes.")
    film_bytes_max: int = Field(512 << 20, ge=1 << 20, le=8 << 30, description="Largest MP4 or QuickTime film that an incident takes.")
    pixels_max: int = Field(
        PILLOWS_OWN_MAX,
        ge=1_000_000,
        le=PILLOWS_OWN_MAX,
        description="Most pixels of a picture; of one that is not a baseline JPEG, which needs more memory, three fifths of it.",
    )
    incident_items_max: int = Field(5_000, ge=10, description="Most pictures, films and documents of one incident.")
    incident_bytes_max: int = Field(50 << 30, ge=1 << 20, description="Most bytes of them together, those still on their way included.")
    open_uploads_max: int = Field(30, ge=1, le=1000, description="Most uploads that one person has on their way at once.")
    abandoned_hours: float = Field(
        72, gt=0, description="An upload that nothing came for in so long is given up, and what came of it deleted."
    )


@lru_cache(maxsize=1)
def media_settings() -> MediaSettings:
    return MediaSettings()
