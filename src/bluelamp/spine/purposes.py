"""Why somebody may look: the configured purposes, one of which every search, picture and export must give."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from bluelamp.spine.audit import Purpose
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import InvalidError

REFERENCE_LENGTH_MAX = 80


OffenceClass = Literal["", "volume", "priority", "serious", "major", "counter_terrorism"]


class PurposeTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One configured purpose. `reference` tells what its reference should be; empty: none is asked for."""

    code: str
    name: str
    reference: str = ""
    offence: OffenceClass = ""
    """The class of offence that it investigates; empty: none."""
    opens: str = "recent"
    """The oldest tier of age that it opens by itself (setting `age_tiers`); `*` all, empty none."""
    opens_with_authority: str = ""
    """The oldest tier that it opens with a senior officer's authority."""
    marking: Literal["OFFICIAL", "OFFICIAL-SENSITIVE"] = "OFFICIAL"
    """Of searches made for it."""
    demonstration: bool = False
    """For data about nobody: opens everything without authority. Only where `local_mode` is on."""


DEMONSTRATION = (
    PurposeTerms("crime", "Investigating priority or volume crime", "crime or case reference", "volume", "recent", "extended"),
    PurposeTerms(
        "serious_crime", "Investigating serious, major or organised crime", "operation or case reference", "serious", "recent", "extended"
    ),
    PurposeTerms(
        "counter_terrorism", "Counter-terrorism", "operation reference", "counter_terrorism", "recent", "extended", "OFFICIAL-SENSITIVE"
    ),
    PurposeTerms("missing_person", "Finding a missing or vulnerable person", "incident reference"),
    PurposeTerms("vehicle_stop", "A vehicle stopped or to be stopped now", "incident reference or place"),
    PurposeTerms("road_safety", "Road traffic offence or collision", "incident reference"),
    PurposeTerms("complaint", "Complaint, professional standards or audit", "file reference"),
    PurposeTerms("test", "Testing the platform; no real person or vehicle", "what is tested", "", "*", "*", demonstration=True),
)
"""Used where no file is configured. A deployment with real data configures its own, without `test`."""


class UnknownPurposeError(InvalidError):
    code = "unknown_purpose"


class ReferenceMissingError(InvalidError):
    code = "reference_missing"


@lru_cache(maxsize=4)
def _read(file: Path) -> tuple[PurposeTerms, ...]:
    terms = msgspec.json.decode(file.read_bytes(), type=tuple[PurposeTerms, ...])
    if not terms or len({t.code for t in terms}) != len(terms):
        raise ValueError(f"{file}: give at least one purpose, each code once")
    return terms


def configured(settings: PlatformSettings) -> tuple[PurposeTerms, ...]:
    """The purposes in force: those of a demonstration only where the platform is one.

    Raises:
        ValueError: the file is not a list of purposes.
    """
    found = _read(settings.purposes_file) if settings.purposes_file else DEMONSTRATION
    return found if settings.local_mode else tuple(terms for terms in found if not terms.demonstration)


def check(settings: PlatformSettings, purpose: str, reference: str) -> Purpose:
    """The justification of a look, if it is one. No reason, no search.

    Raises:
        UnknownPurposeError: not configured.
        ReferenceMissingError: this purpose asks for a reference and none, or too long a one, was given.
    """
    terms = {t.code: t for t in configured(settings)}.get(purpose)
    if terms is None:
        known = ", ".join(t.code for t in configured(settings))
        raise UnknownPurposeError(f"give one of these purposes: {known}")
    reference = " ".join(reference.split())
    if terms.reference and not reference:
        raise ReferenceMissingError(f"the purpose '{terms.name}' needs a reference: {terms.reference}")
    if len(reference) > REFERENCE_LENGTH_MAX:
        raise ReferenceMissingError(f"the reference is too long: at most {REFERENCE_LENGTH_MAX} characters")
    return Purpose(purpose, reference)
