"""What the public is told, and how it comes out of the audit. Pure: no person, no vehicle, no small number passes here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

SMALL = 5
"""Counts below this are not told, all others to the nearest multiple of it."""
FEWER = f"fewer than {SMALL}"
OTHER = "other"


class Tally(NamedTuple):
    """Entries of one day that are alike."""

    kind: str
    action: str
    purpose: str
    what: str
    entries: int
    records: int


class Figure(NamedTuple):
    """One table of the report: its heading, a sentence that explains it, and its rows in order."""

    title: str
    explained: str
    names: dict[str, str]


FIGURES: dict[str, Figure] = {
    "reads": Figure(
        "Number-plate reads",
        "Vehicles that passed a camera, each counted once.",
        {"collected": "Collected"},
    ),
    "searches": Figure("Searches of past reads, by purpose", "How often somebody looked into the past, and what for.", {}),
    "disclosures": Figure("Disclosures", "Results that left the platform as a file.", {"exports": "Exports made"}),
    "refusals": Figure("Refusals", "Attempts that the platform refused since the person may not do that.", {"refused": "Refused"}),
    "deletions": Figure(
        "Deletions",
        "Data goes when its time is over, and when somebody has a right to that.",
        {
            "reads": "Number-plate reads deleted after their time",
            "proofs": "Checks that nothing past its time was left",
            "rights": "Erased or restricted by somebody's right",
            "lists": "Vehicles taken off lists",
        },
    ),
    "authorisations": Figure(
        "Authorisations",
        "Looks at older reads need a senior officer's authority. An override is taken where life is in danger, and always reviewed after.",
        {"granted": "Granted", "refused": "Refused", "overrides": "Emergency overrides"},
    ),
    "reviews": Figure(
        "Reviews",
        "Looks that a supervisor outside the person's own line looked at again.",
        {"proper": "Found proper", "improper": "Found improper", "asked": "Explanations asked for"},
    ),
}


_ACTIONS: dict[tuple[str, str], tuple[str, str]] = {
    ("erasure", "anpr.retention.prove"): ("deletions", "proofs"),
    ("erasure", "anpr.erasures.make"): ("deletions", "rights"),
    ("erasure", "anpr.lists.remove_entry"): ("deletions", "lists"),
    ("disclosure", "anpr.exports.make"): ("disclosures", "exports"),
    ("alteration", "accountability.authorisations.override"): ("authorisations", "overrides"),
}
_SEARCHES = {"anpr.searches.run", "anpr.searches.standing"}
_DECISIONS = {"true": "granted", "false": "refused"}
_VERDICTS = {"proper": "proper", "improper": "improper", "needs_explaining": "asked"}


def place(tally: Tally) -> tuple[str, str, int] | None:
    """Under which figure and name these entries count, and how many; None: the public is not told of them."""
    kind, action = tally.kind, tally.action
    found: tuple[str, str] | None = _ACTIONS.get((kind, action))
    count = tally.entries
    if kind == "collection" and action == "anpr.intake":
        found, count = ("reads", "collected"), tally.records
    elif kind == "erasure" and action == "anpr.retention.delete" and tally.what == "reads_by_plate":
        found, count = ("deletions", "reads"), tally.records
    elif kind == "refusal":
        found = "refusals", "refused"
    elif kind == "consultation" and action in _SEARCHES:
        found = "searches", tally.purpose or OTHER
    elif kind == "alteration" and action == "accountability.authorisations.decide" and tally.what in _DECISIONS:
        found = "authorisations", _DECISIONS[tally.what]
    elif kind == "alteration" and action == "reviews.reviews.decide" and tally.what in _VERDICTS:
        found = "reviews", _VERDICTS[tally.what]
    return (*found, count) if found and count else None


def shown(count: int) -> dict[str, Any]:
    """A count as the public sees it. A small one could point at somebody, and so could the difference between two days' reports."""
    if count < SMALL:
        return {"count": None, "shown": FEWER}
    rounded = (count + SMALL // 2) // SMALL * SMALL
    return {"count": rounded, "shown": f"{rounded:,}"}


def tables(counts: Mapping[tuple[str, str], int], purposes: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The report's tables. `purposes`: code and name of each configured one; what was asked for another stands under one row."""
    named = dict(purposes)
    found = []
    for code, figure in FIGURES.items():
        names, held = figure.names, {name: count for (of, name), count in counts.items() if of == code}
        if code == "searches":
            names = named | {OTHER: "Another purpose"}
            held = {**{name: held.get(name, 0) for name in named}, OTHER: sum(count for name, count in held.items() if name not in named)}
        rows = [{"name": name, "title": title, **shown(held.get(name, 0))} for name, title in names.items()]
        found.append({"figure": code, "title": figure.title, "explained": figure.explained, "rows": rows})
    return found
