"""Passwords: what is accepted, how they are kept (argon2id), and random ones. Hashing never stalls the event loop."""

from __future__ import annotations

import asyncio
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from bluelamp.kit.ids import ALPHABET
from bluelamp.spine.errors import TooManyError

from .errors import WeakPasswordError

PASSWORD_LENGTH_MAX = 256
WAITING_MAX = 64
"""Hashes that may wait; each takes some 40 ms and 64 MiB, so a flood is told to come back instead of being queued."""

_HASHER = PasswordHasher()  # argon2id with the second recommended option of RFC 9106 section 4 (64 MiB, 3 passes)
_NOBODY = _HASHER.hash(secrets.token_urlsafe())
"""Verified where there is no account, so that the time taken does not tell."""

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_waiting = 0


_LOOK_ALIKES = str.maketrans("013457@$!", "oieastasi")
_RUNS = ("01234567890", "98765432109", "12345678", "123456", "12345", "1234", "123")


def _common() -> tuple[str, ...]:
    lines = (files("bluelamp.spine.identity") / "common_passwords.txt").read_text("utf-8").splitlines()
    return tuple(sorted((line for line in lines if line and not line.startswith("#")), key=len, reverse=True))


COMMON = _common()
REMAINDER_MIN = 8
"""Characters that must be left once everything guessable is taken out."""


def _remainder(password: str, guessable: tuple[str, ...]) -> str:
    """What of the password is left when runs of digits and all guessable words are taken out, plain or with 0 for o."""
    left = password.casefold()
    for run in _RUNS:
        left = left.replace(run, "")
    left = "".join(letter for letter in left.translate(_LOOK_ALIKES) if letter.isalnum())
    for word in guessable:
        left = left.replace(word, "")
    return left


def check_strength(password: str, length_min: int, *names: str) -> None:
    """Length, not the owner's or force's name with decoration, not among the well known ones (NIST SP 800-63B 5.1.1.2).

    Raises:
        WeakPasswordError: says which.
    """
    if len(password) < length_min:
        raise WeakPasswordError(f"the password is too short: use at least {length_min} characters, such as four random words")
    if len(password) > PASSWORD_LENGTH_MAX:
        raise WeakPasswordError(f"the password is too long: at most {PASSWORD_LENGTH_MAX} characters")
    left = _remainder(password, COMMON)
    if len(left) < REMAINDER_MIN or len(set(left)) < 4:
        raise WeakPasswordError("the password is among the first that an attacker tries: choose another")
    owned = {part for name in names for part in _parts(name) if len(part) >= 3}
    if len(_remainder(password, tuple(sorted(owned, key=len, reverse=True)))) < REMAINDER_MIN:
        raise WeakPasswordError("the password is built from your own name or your force's: choose another")


def _parts(name: str) -> list[str]:
    """A name as a whole and word by word, in the form that `_remainder` compares."""
    plain = name.casefold().translate(_LOOK_ALIKES)
    return ["".join(letter for letter in part if letter.isalnum()) for part in (plain, *re.split(r"[^\w]+", plain))]


def random_password() -> str:
    """100 random bits in five groups that can be read out over a telephone."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(5)).lower()


async def _in_thread(work: object, *values: str) -> object:
    global _waiting  # noqa: PLW0603 - one queue a process
    if _waiting >= WAITING_MAX:
        raise TooManyError("too many people are signing in at once; try again shortly", retry_after_s=2)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *values)  # type: ignore[arg-type]
    finally:
        _waiting -= 1


async def hash_password(password: str) -> str:
    """The encoded argon2id hash, salt and parameters included."""
    return str(await _in_thread(_HASHER.hash, password))


def _verify(kept: str, password: str) -> bool:
    try:
        matches = _HASHER.verify(kept or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return matches and bool(kept)


async def verify_password(kept: str, password: str) -> bool:
    """Whether it is the password; takes equally long where nothing is kept."""
    return bool(await _in_thread(_verify, kept, password))


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(kept)
