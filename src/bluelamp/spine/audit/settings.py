"""Settings of the audit's tree, check-points and retention."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class AuditSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BLUELAMP_", extra="ignore", frozen=True)

    audit_checkpoints_url: str = Field(
        "",
        description="Second place of the audit's check-points: file:///folder or s3://bucket/prefix, best one that this platform's "
        "administrators cannot delete from. Empty: the folder checkpoints in the data folder.",
    )
    audit_checkpoint_seconds: int = Field(60, ge=1, le=3600, description="Most seconds between two check-points while entries come in.")
    audit_key_file: Path | None = Field(
        None, description="File with the keys that sign check-points, one a line, the newest last. Empty: made in the data folder."
    )
    audit_key: SecretStr = Field(SecretStr(""), description="The same keys in the environment, separated by spaces; instead of a file.")
    audit_retention_months: int = Field(84, ge=12, le=600, description="Months that audit entries are kept; then whole months are dropped.")
    audit_log_entries_max: int = Field(1_000_000, ge=100, description="Most entries of one print of the section 62 log as CSV or JSON.")
    audit_log_pdf_entries_max: int = Field(20_000, ge=100, description="Most entries of one print of the section 62 log as PDF.")


@cache
def audit_settings() -> AuditSettings:
    """Read once a process."""
    return AuditSettings()
