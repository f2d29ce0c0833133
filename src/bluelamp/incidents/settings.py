"""Settings of incidents: BLUELAMP_INCIDENTS_*."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class IncidentSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BLUELAMP_INCIDENTS_", extra="ignore")

    emergency_escalates_s: float = Field(
        20, ge=1, le=600, description="An emergency that nobody acknowledged for so long is told again, wider; and again after as long."
    )
    emergency_partners: dict[str, list[str]] = Field(
        default_factory=dict,
        description='Whose control rooms hear an emergency that its own does not acknowledge, as JSON: `{"KEN": ["IRW", "KAS"]}`.',
    )
    lookup_purposes: dict[str, str] = Field(
        default_factory=lambda: {"collision": "road_safety", "missing_person": "missing_person", "": "vehicle_stop"},
        description="Purpose for which a vehicle recorded on an incident is looked up, by type of incident (a type also means"
        " those below it; the empty one: all others), as JSON. No purpose: it is not looked up.",
    )
    stream_days: float = Field(30, gt=0, description="How long the live stream of incidents can be resumed from; the log itself is kept.")
    stream_bytes_max: int = Field(4 << 30, ge=1 << 20, description="Size at which that stream lets its oldest events go.")
    partner_hosts: list[str] = Field(
        default_factory=list,
        description='Hosts that hand-overs may be sent to, as JSON: `["control.example", "10.1.2.3:8443"]`. Empty: none are sent.',
    )
    handover_timeout_s: float = Field(10, ge=0.1, le=60, description="How long another control room may take to answer.")
    handover_receipt_s: float = Field(60, ge=0.1, le=3600, description="How long a receipt may take before a hand-over is sent again.")
    handover_backoff_s: float = Field(
        2, ge=0.01, le=60, description="Pause before a hand-over is tried again; it doubles each time, up to five minutes."
    )
    handover_days: float = Field(
        365, ge=1, description="Days that a settled message to or from another control room is kept, once its incident has ended."
    )
    handover_tries_max: int = Field(8, ge=1, le=30, description="Tries after which a hand-over waits for a person.")


@lru_cache(maxsize=1)
def incident_settings() -> IncidentSettings:
    return IncidentSettings()
