"""What every export is made of: the answers as a search showed them, with who asked for them, when and why."""

from __future__ import annotations

from typing import Any, NamedTuple

MARKING = "OFFICIAL-SENSITIVE"


class Sheet(NamedTuple):
    """Everything an export tells. `items` and `gaps` are in the JSON shape of a search's answer."""

    export: str
    search: str
    made_at: str
    made_by: str
    agency: str
    purpose: str
    reference: str
    criteria: list[tuple[str, str]]
    items: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    gaps_more: bool

    def provenance(self) -> dict[str, Any]:
        """Who, when and why, for the files that carry data about themselves."""
        return {
            "marking": MARKING,
            "export": self.export,
            "search": self.search,
            "made_at": self.made_at,
            "made_by": self.made_by,
            "agency": self.agency,
            "purpose": self.purpose,
            "reference": self.reference,
            "criteria": dict(self.criteria),
            "count": len(self.items),
        }
