"""The detector whole: looks and directory in, stories out. Pure: the command and the always-on job both call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bluelamp.accountability.misuse.baselines import Learned
from bluelamp.accountability.misuse.cases import Case, stories
from bluelamp.accountability.misuse.directory import Directory
from bluelamp.accountability.misuse.looks import Looks
from bluelamp.accountability.misuse.scene import Evidence, Scene
from bluelamp.accountability.misuse.signals import SIGNALS
from bluelamp.accountability.misuse.weights import DEFAULT, Weights

Tell = Callable[[str, float], None]


class Detected(NamedTuple):
    """Stories, strongest first; what was learned of the usual, by measure and role; and the evidence of those below the threshold too."""

    cases: list[Case]
    learned: dict[str, float]
    evidence: list[Evidence]


def detect(
    looks: Looks,
    directory: Directory,
    weights: Weights = DEFAULT,
    *,
    zone: str = "Europe/London",
    prior: dict[str, float] | None = None,
    tell: Tell = lambda _step, _share: None,
) -> Detected:
    """Find what somebody should ask about. `prior` is what was learned before; it counts where few looks are there now."""
    scene = Scene(looks, directory, Learned(prior), ZoneInfo(zone))
    evidence: list[Evidence] = []
    if len(looks):
        for number, (name, signal) in enumerate(SIGNALS.items()):
            evidence += signal(scene)
            tell(f"looking for {name.replace('_', ' ')}", (number + 1) / len(SIGNALS))
    return Detected(stories(scene, evidence, weights), scene.learned.figures, evidence)
