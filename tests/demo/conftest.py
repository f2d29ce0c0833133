"""One small nation for all tests of the demonstration: building it takes some seconds."""

from __future__ import annotations

import pytest

from bluelamp.demo.anpr.sense import PlateSense, build_sense
from bluelamp.demo.world.nation import Nation, build_nation

SEED = 7


@pytest.fixture(scope="session")
def nation() -> Nation:
    return build_nation(SEED, 50_000)


@pytest.fixture(scope="session")
def sense(nation: Nation) -> PlateSense:
    return build_sense(nation)
