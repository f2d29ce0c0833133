"""Opaque identifiers: short, sortable by time of making, safe in URLs and file names."""

from __future__ import annotations

import secrets

from bluelamp.kit.clock import now_ms

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that an id can be read out over a radio."""

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


def encode_base32(number: int, length: int) -> str:
    """`number` as exactly `length` Crockford base-32 digits, most significant first."""
    digits = []
    for _ in range(length):
        number, digit = number >> 5, number & 31
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def decode_base32(text: str) -> int:
    """The inverse of `encode_base32`.

    Raises:
        ValueError: a character outside the alphabet.
    """
    number = 0
    for letter in text:
        try:
            number = number << 5 | _VALUES[letter]
        except KeyError:
            raise ValueError(f"{letter!r} is not a base-32 digit") from None
    return number


def new_id() -> str:
    """26 characters: 48 bits of milliseconds, then 80 random bits (the ULID layout, github.com/ulid/spec)."""
    return encode_base32(now_ms() << 80 | secrets.randbits(80), 26)
