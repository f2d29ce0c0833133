"""Which passwords are accepted, and how they are kept."""

from __future__ import annotations

import asyncio

import pytest

from bluelamp.spine.identity.errors import WeakPasswordError
from bluelamp.spine.identity.passwords import check_strength, hash_password, random_password, verify_password

NAMES = ("j.hallam", "Jo Hallam", "Kentmere Police")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "Password123456!",
        "P4ssw0rd-P4ssw0rd",
        "qwertyuiop123456",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "Kentmere-2026!",
        "JoHallam2026!!",
        "j.hallam-j.hallam",
        "welcome welcome 1",
        "letmeinletmein99",
        "x" * 257,
    ],
)
def test_guessable_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError):
        check_strength(password, 12, *NAMES)


@pytest.mark.parametrize("password", ["vellum otter gantry plinth", "tr1cky-Umbel-9-quarry", "ἀνάγκη-πύλη-δρόμος", "kj2#Vq9!zR0pLw"])
def test_long_unguessable_passwords_are_accepted(password: str) -> None:
    check_strength(password, 12, *NAMES)


def test_random_passwords_pass_their_own_check() -> None:
    made = {random_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        check_strength(password, 12, *NAMES)


async def test_a_hash_verifies_only_its_own_password_and_is_argon2id() -> None:
    kept = await hash_password("vellum otter gantry")
    assert kept.startswith("$argon2id$")
    assert await verify_password(kept, "vellum otter gantry")
    assert not await verify_password(kept, "vellum otter gantrY")
    assert not await verify_password("", "vellum otter gantry"), "an account without a password never matches"


async def test_hashing_leaves_the_event_loop_free() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    await hash_password("vellum otter gantry")
    beating.cancel()
    assert beats > 10, "the loop turned while argon2 worked"
