"""Settings of positions: environment `BLUELAMP_POSITIONS_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _seconds_by_kind(text: str) -> dict[str, int]:
    """`default:60,drone:10` as a mapping.

    Raises:
        ValueError: another shape; the message says which part.
    """
    ages: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        kind, _, seconds = part.rpartition(":")
        if not kind or not seconds.isdecimal() or int(seconds) < 1:
            raise ValueError(f"{part!r} is not KIND:SECONDS")
        ages[kind.strip()] = int(seconds)
    if "default" not in ages:
        raise ValueError("say an age for `default`, as in default:60,drone:10")
    return ages


class PositionSettings(BaseSettings):
    """How positions come in, how long they count, how travel times are found."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_POSITIONS_", extra="ignore", frozen=True)

    stale_seconds: str = Field(
        "default:60,drone:10,foot:120,officer:120",
        description="Age from which a position is shown as stale, by type of resource: type:seconds, with `default` for the rest.",
    )
    book_hours: int = Field(24, ge=1, le=168, description="Hours after which a resource without news leaves the map altogether.")
    stream_hours: float = Field(
        24, ge=1, le=168, description="Hours that the stream of positions is kept: how long the writer may be away."
    )
    stream_bytes_max: int = Field(8 << 30, ge=1 << 20, description="Largest size of the stream of positions, in bytes.")
    batch_milliseconds: int = Field(
        100, ge=10, le=1000, description="How long positions wait for each other before they are published together."
    )
    late_hours: int = Field(48, ge=1, le=168, description="Oldest position that is taken: a device that was away sends what it kept.")
    retention_days: int = Field(90, ge=1, le=3650, description="Days that the history of positions is kept.")
    road_factor: float = Field(1.35, ge=1, le=3, description="Length of the road over the straight line, where no routing service answers.")
    road_kmh: float = Field(55, ge=5, le=200, description="Speed over the road in an emergency, where no routing service answers, in km/h.")
    routing_url: str = Field("", repr=False, description="Routing service that speaks OSRM's API, such as `http://osrm:5000`. Empty: none.")
    routing_seconds_max: float = Field(
        0.8, gt=0, le=10, description="Seconds that the routing service may take before the straight line is used."
    )

    @property
    def stale_ms(self) -> dict[str, int]:
        """Milliseconds by kind."""
        return {kind: seconds * 1000 for kind, seconds in _seconds_by_kind(self.stale_seconds).items()}


@lru_cache(maxsize=1)
def position_settings() -> PositionSettings:
    """Read once a process."""
    return PositionSettings()
