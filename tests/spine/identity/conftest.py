from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher

from bluelamp.kit.ids import new_id
from bluelamp.spine.identity import actions, passwords, store
from bluelamp.spine.identity.passwords import hash_password
from tests.support.platform import RunningPlatform, token_for


@dataclass
class Person:
    """An account of one test's own."""

    id: str
    username: str
    password: str
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


NewPerson = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="module", autouse=True)
def _quick_hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Argon2 with little memory: these tests sign in hundreds of times. What is kept for real, test_passwords.py looks at."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.module.__name__.endswith("test_passwords"):
            quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
            patch.setattr(passwords, "_HASHER", quick)
            patch.setattr(passwords, "_NOBODY", quick.hash("nobody"))
        yield


@pytest.fixture
def new_person(platform: RunningPlatform) -> NewPerson:
    async def make(role: str = "officer", agency: str = "KEN") -> Person:
        username, password = f"t-{new_id().lower()}", f"vellum otter {new_id()}"
        async with platform.spine.db.transaction() as connection:
            user_id = await actions.create_user(connection, actions.PLATFORM, username, "Tess Tarn", agency, frozenset({role}))
            await store.set_password(connection, user_id, await hash_password(password), None)
        return Person(user_id, username, password, await token_for(platform.spine, username))

    return make
