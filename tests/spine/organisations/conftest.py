from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from bluelamp.spine.identity import actions, store
from tests.spine.identity.conftest import new_person  # noqa: F401
from tests.support.platform import RunningPlatform, token_for

Admin = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def admin_of(platform: RunningPlatform) -> Admin:
    """A client of an administrator of an agency."""

    async def make(agency: str, role: str = "admin") -> httpx.AsyncClient:
        username = f"t-{role.replace('_', '-')}-{agency.lower()}"
        if username not in platform.tokens:
            if await store.user_by_username(platform.spine.db, username) is None:
                async with platform.spine.db.transaction() as connection:
                    await actions.create_user(connection, actions.PLATFORM, username, "Ada Minster", agency, frozenset({role}))
            platform.tokens[username] = await token_for(platform.spine, username)
        return platform.client(username)

    return make
