"""What an operator may set about matching and hits."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from bluelamp.anpr.matching.hits import FoldTerms
from bluelamp.anpr.matching.tolerance import Tolerance


class MatchingSettings(BaseSettings):
    """Environment `BLUELAMP_MATCHING_*`."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_MATCHING_", extra="ignore", frozen=True)

    tolerant: bool = Field(True, description="Whether reads also match entries that they only resemble.")
    believed_from: float = Field(
        0.90, ge=0, le=1, description="A read that is a well-formed mark is believed from this confidence (0 to 1)."
    )
    malformed_min: float = Field(0.55, ge=0, le=1, description="Least likelihood for a read that no UK scheme could have issued.")
    other_scheme_min: float = Field(0.70, ge=0, le=1, description="Least likelihood where read and entry are of different schemes.")
    same_scheme_min: float = Field(0.80, ge=0, le=1, description="Least likelihood where read and entry are of one scheme.")
    added_min: float = Field(0.50, ge=0, le=1, description="Least likelihood for a read with a character too many.")
    wide_min: float = Field(0.45, ge=0, le=1, description="Least likelihood for wide look-ups, for entries of high priority.")
    variant_min: float = Field(0.60, ge=0, le=1, description="Least likelihood for another plate that the camera offered.")
    fold_window_s: int = Field(
        300, ge=0, le=86_400, description="Seconds within which a camera's repeats of one entry go under its first hit."
    )
    alert_age_s_max: int = Field(600, ge=1, le=86_400, description="Oldest read, in seconds, whose hit is alerted and not only listed.")
    remind_days: int = Field(7, ge=1, le=90, description="Days before its end that an entry's owner is reminded.")
    review_days: int = Field(90, ge=1, le=730, description="Days after which an entry that nobody looked at is up for review.")
    snapshot_entries_min: int = Field(
        200_000, ge=0, description="Entries from which the index is kept in a file, so that a restart need not read the database."
    )
    confusables_file: Path | None = Field(
        None, description="TOML file of confusable sets and weights, laid out as kit/vrm/confusables.toml. Empty: the built-in one."
    )

    def tolerance(self) -> Tolerance | None:
        """The rules of approximate matching; None where it is off."""
        if not self.tolerant:
            return None
        return Tolerance(
            malformed_min=self.malformed_min,
            other_scheme_min=self.other_scheme_min,
            same_scheme_min=self.same_scheme_min,
            added_min=self.added_min,
            wide_min=self.wide_min,
            variant_min=self.variant_min,
            believed_from=self.believed_from,
        )

    def fold_terms(self) -> FoldTerms:
        """How reads become hits."""
        return FoldTerms(self.fold_window_s * 1000, self.alert_age_s_max * 1000)
