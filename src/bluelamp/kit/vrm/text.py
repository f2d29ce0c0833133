"""From what a camera or a person wrote to a registration mark: upper case A-Z and 0-9, nothing guessed."""

import unicodedata
from typing import Final, NewType

Vrm = NewType("Vrm", str)

LENGTH_MIN: Final = 2
LENGTH_MAX: Final = 12
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_ALLOWED: Final = frozenset(ALPHABET)
_SEPARATORS: Final = frozenset(" \t\r\n\u00a0\u2009\u202f-\u2010\u2011\u2012\u2013\u2014.\u00b7\u2022:/")
# Only ASCII is folded to upper case: the upper case of a dotless i is "I", of a long s "S"; that would be guessing.
_TABLE: Final = {ord(c): c.upper() for c in ALPHABET + ALPHABET.lower()} | {ord(c): "" for c in _SEPARATORS}


class VrmError(ValueError):
    """The text is not a registration mark. `code` is stable: vrm_empty, vrm_alphabet, vrm_length."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def normalise(raw: str) -> Vrm:
    """Return the mark in `raw`: separators dropped, ASCII letters in upper case, 2 to 12 characters.

    Raises:
        VrmError: nothing is left, a character is of another alphabet (Cyrillic letters look like ours but are not),
            or the length is impossible. Nothing is transliterated: a wrong guess would name another vehicle.
    """
    vrm = raw.translate(_TABLE)
    if not vrm:
        raise VrmError("vrm_empty", "There is no registration mark.")
    strangers = [c for c in vrm if c not in _ALLOWED]
    if strangers:
        raise VrmError("vrm_alphabet", f"{_describe(strangers[0])} is not a letter A-Z or a digit.")
    if not LENGTH_MIN <= len(vrm) <= LENGTH_MAX:
        raise VrmError("vrm_length", f"A mark has {LENGTH_MIN} to {LENGTH_MAX} characters, this one has {len(vrm)}.")
    return Vrm(vrm)


def _describe(character: str) -> str:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return f"'{character}' ({name})" if character.isprintable() else name
