"""Settings of the CoT gateway: environment `BLUELAMP_COT_*`. docs/settings.md lists all (tested)."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bluelamp.spine.secret_files import FromFiles


class CotSettings(FromFiles, BaseSettings):
    """Doors and limits of the gateway for TAK clients."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_COT_", extra="ignore", frozen=True)

    enabled: bool = Field(
        False, description="Whether `bluelamp up` and `bluelamp demo` also run the gateway for TAK clients (docs/tak.md)."
    )
    host: str = Field("127.0.0.1", description="Address that the gateway's doors with TLS listen on.")
    public_host: str = Field(
        "localhost", max_length=253, description="Name or address that devices reach the gateway at; in its certificate and in QR codes."
    )
    port: int = Field(8089, ge=0, le=65535, description="Port for CoT over TLS with client certificates. TAK clients expect 8089.")
    enrol_port: int = Field(8446, ge=0, le=65535, description="Port where devices get their certificate. TAK clients expect 8446.")
    marti_port: int = Field(
        8443, ge=0, le=65535, description="Port for missions and files over HTTPS with client certificates. TAK clients expect 8443."
    )
    authority: SecretStr = Field(
        SecretStr(""), description="PEM of the authority that signs devices: certificate and key. Empty: made in the data folder."
    )
    certificate_days: int = Field(365, ge=1, le=1095, description="Days that a device's certificate works.")
    plain_port: int = Field(
        0, ge=0, le=65535, description="Port for CoT without TLS, on loopback only: it knows nobody's identity. 0: none, as it should be."
    )
    plain_agency: str = Field("", max_length=8, description="Code of the agency that clients of the plain port belong to.")
    connections_max: int = Field(2_000, ge=1, le=50_000, description="Most clients connected at once.")
    contacts_max: int = Field(50_000, ge=100, le=1_000_000, description="Most positions that are remembered for those who connect.")
    event_bytes_max: int = Field(256 << 10, ge=4 << 10, le=16 << 20, description="Largest event that is taken, in bytes.")
    events_per_second_max: int = Field(
        100, ge=1, le=1_000_000, description="Events of one client in a second; it may send a burst of ten times as many, then it waits."
    )
    file_bytes_max: int = Field(
        32 << 20, ge=1 << 20, le=256 << 20, description="Largest file or data package that a device sends, in bytes."
    )
    file_days: int = Field(7, ge=1, le=90, description="Days that a file which a device sent to others can be fetched; then it is deleted.")
    files_per_person_max: int = Field(100, ge=1, le=10_000, description="Most files that one person has on their way.")
    clock_seconds_max: int = Field(
        10, ge=1, le=3600, description="By how much a client's clock may be off; the times of its events are corrected beyond."
    )


@lru_cache(maxsize=1)
def cot_settings() -> CotSettings:
    """Read once a process."""
    return CotSettings()
