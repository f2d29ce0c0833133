"""A force of its own for each test."""

from __future__ import annotations

import pytest

from tests.support.force import Force, make_force
from tests.support.platform import RunningPlatform


@pytest.fixture
async def force(platform: RunningPlatform) -> Force:
    return await make_force(platform)
