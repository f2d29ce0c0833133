"""How the hours of a day differ: when people drive, and how much longer it takes.

The figures are derived from the Bath ANPR survey of 2017 (1,352,134 matched passages, hour by hour): B&NES Council,
Open Government Licence v3.0.
`tests/demo/world/test_bath.py` recomputes them from the survey where it is at hand.
"""

from __future__ import annotations

import numpy as np

from bluelamp.demo.world.chance import Floats

HOUR_SHARE: tuple[float, ...] = (
    0.0052, 0.0049, 0.0040, 0.0025, 0.0040, 0.0086, 0.0276, 0.0587, 0.0622, 0.0646, 0.0662, 0.0663,
    0.0682, 0.0675, 0.0696, 0.0706, 0.0737, 0.0705, 0.0640, 0.0465, 0.0323, 0.0265, 0.0233, 0.0125,
)  # fmt: skip
"""Share of a day's passages in each local hour. Source: B&NES Council, OGL v3.0."""

TOWN_RATIO: tuple[float, ...] = (
    1.14, 1.12, 1.12, 1.09, 1.06, 1.06, 1.15, 1.46, 1.71, 1.54, 1.52, 1.51,
    1.57, 1.52, 1.51, 1.63, 1.75, 1.80, 1.57, 1.33, 1.22, 1.21, 1.21, 1.15,
)  # fmt: skip
"""Mean travel time between two places in town, over that in their quickest hour. Source: B&NES Council, OGL v3.0."""

DRIVER_SPREAD = 0.07
"""Standard deviation of the logarithm of a driver's pace."""
STOP_SHARE = 0.035
"""Share of journeys that are broken for a few minutes at a shop or a filling station."""

_EDGES = np.concatenate([[0.0], np.cumsum(HOUR_SHARE)]) / sum(HOUR_SHARE)


def time_of_share(share: Floats) -> Floats:
    """Seconds after local midnight by which a share 0-1 of the day's traffic has set out."""
    return np.asarray(np.interp(share, _EDGES, np.arange(25) * 3600.0), dtype=np.float64)


def excess(local_s: Floats) -> Floats:
    """What rush hour adds at a local time of day, as a share of the free-flow time, on a stretch of strain 1."""
    middle = (np.arange(-1, 25) + 0.5) * 3600.0
    ratio = np.array([TOWN_RATIO[-1], *TOWN_RATIO, TOWN_RATIO[0]])
    return np.asarray(np.interp(local_s % 86400.0, middle, ratio) - 1.0, dtype=np.float64)
