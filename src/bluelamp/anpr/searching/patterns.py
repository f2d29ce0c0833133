"""Patterns of plates: `?` is one character, `*` any run of them, the rest stands for itself."""

from __future__ import annotations

import re

from bluelamp.anpr.errors import BadPatternError
from bluelamp.kit.vrm import ALPHABET, LENGTH_MAX

ONE, ANY = "?", "*"
KNOWN_MIN = 2
"""Fewer known characters would fit a large part of all plates."""
LENGTH_PATTERN_MAX = 24

_WILDCARDS = re.compile(r"[*?]*\*[*?]*")


def normalise_pattern(text: str) -> str:
    """Upper case without separators; runs of wildcards in their shortest equal form (`*?*` is `?*`).

    Raises:
        BadPatternError: another character, too long, or too little known.
    """
    pattern = "".join(text.upper().split()).replace("-", "") if text.isascii() else text
    pattern = _WILDCARDS.sub(lambda run: ONE * run.group().count(ONE) + ANY, pattern)
    strange = [c for c in pattern if c not in ALPHABET and c not in (ONE, ANY)]
    if strange:
        raise BadPatternError(f"{strange[0]!r} cannot stand in a pattern: use letters, digits, ? for one character and * for any run")
    if len(pattern) > LENGTH_PATTERN_MAX or len(pattern.replace(ANY, "")) > LENGTH_MAX:
        raise BadPatternError(f"a plate has at most {LENGTH_MAX} characters; this pattern is for a longer one")
    if sum(c in ALPHABET for c in pattern) < KNOWN_MIN:
        raise BadPatternError(f"give at least {KNOWN_MIN} characters that you know")
    return pattern


def expression(pattern: str) -> str:
    """The pattern as a regular expression for the whole plate; only letters, digits and its own signs occur in it."""
    return "^" + pattern.replace(ANY, "[0-9A-Z]*").replace(ONE, "[0-9A-Z]") + "$"


def matches(pattern: str, vrm: str) -> bool:
    """What the store does, for one plate."""
    return re.fullmatch(expression(pattern), vrm) is not None


def letters(text: str) -> int:
    """A bit for each character that occurs, as the column `plates.letters` has it: bit (ASCII - 48)."""
    bits = 0
    for c in text:
        if c not in (ONE, ANY):
            bits |= 1 << (ord(c) - 48)
    return bits
