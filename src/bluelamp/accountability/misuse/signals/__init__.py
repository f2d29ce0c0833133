"""The signals: each looks at the whole scene for one kind of thing and says in words what it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bluelamp.accountability.misuse.scene import Evidence, Scene
from bluelamp.accountability.misuse.signals import accounts, crowds, purposes, references, subjects, ties, times, volumes

Signal = Callable[[Scene], Iterator[Evidence]]

SIGNALS: dict[str, Signal] = {
    "repeated_subject": subjects.repeated,
    "scattered_references": subjects.scattered,
    "echoed_looks": subjects.echoed,
    "own_ties": ties.own,
    "ties_of_a_colleague": ties.of_others,
    "no_reference": references.missing,
    "habitual_no_reference": references.habitual,
    "recycled_reference": references.recycled,
    "another_units_case": references.elsewhere,
    "reference_of_many": references.passed_round,
    "off_shift": times.off_shift,
    "unusual_hours": times.unusual,
    "while_absent": times.absent,
    "sudden_breadth": volumes.breadth,
    "steady_breadth": volumes.steady,
    "fishing": volumes.fishing,
    "hoarding": volumes.hoarding,
    "two_places": accounts.two_places,
    "anothers_device": accounts.anothers_device,
    "browsing_the_famous": crowds.famous,
    "curiosity": crowds.curiosity,
    "anothers_targets": crowds.targets,
    "unusual_purpose": purposes.unusual,
}
"""Name of a module's function -> what it makes. A signal may give evidence under names of its own (`signals/ties.py`)."""
