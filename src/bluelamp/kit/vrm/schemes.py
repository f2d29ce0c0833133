"""Which registration schemes a mark may belong to, one by one or by the thousand, from one table.

A scheme is a set of templates; a template says which characters each place may hold. Every template is one bit of a
64-bit word, so `AND` over the places tells at once which templates a mark fits (the bit-parallel matching of
Baeza-Yates and Gonnet, CACM 35(10), 1992).
"""

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from bluelamp.kit.vrm.codec import SYMBOL_OF, Symbols
from bluelamp.kit.vrm.text import LENGTH_MAX


class Scheme(StrEnum):
    """UK schemes. A mark may satisfy several: keep them all."""

    CURRENT = "current"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    DATELESS = "dateless"
    NORTHERN_IRELAND = "northern_ireland"
    DIPLOMATIC = "diplomatic"
    MILITARY = "military"


_END: Final = "\0"
_LETTER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGIT: Final = "0123456789"
_FIRST_DIGIT: Final = "123456789"
_IRISH: Final = "IZ"
# I, O, U and Z were never issued as year letters, Q never as a suffix (Q as a prefix: age unknown).
_PREFIX_LETTER: Final = "ABCDEFGHJKLMNPQRSTVWXY"
_SUFFIX_LETTER: Final = "ABCDEFGHJKLMNPRSTVWXY"
_AREA: Final = "ABCDEFGHJKLMNOPRSTUVWXY"
_RANDOM: Final = "ABCDEFGHJKLMNOPRSTUVWXYZ"

Template = tuple[str, ...]


def _digits(count: int) -> Template:
    """`count` digits, the first not 0."""
    return (_FIRST_DIGIT, *[_DIGIT] * (count - 1))


def _open_digits(most: int) -> Template:
    """One to `most` digits at the end of a mark, the first not 0."""
    return (_FIRST_DIGIT, *[_DIGIT + _END] * (most - 1))


def _letters(count: int) -> Template:
    return (_LETTER,) * count


def _templates() -> dict[Scheme, list[Template]]:
    # Age digits are never 00, 01 or 50: four blocks leave exactly those out.
    ages: list[Template] = [("0", "23456789"), ("1234", _DIGIT), ("5", "123456789"), ("6789", _DIGIT)]
    irish = [(_LETTER, _IRISH, _LETTER), (_LETTER, _LETTER, _IRISH), (_IRISH, _LETTER), (_LETTER, _IRISH)]
    dateless_most = {1: 4, 2: 4, 3: 3}
    return {
        Scheme.CURRENT: [(_AREA, _AREA, *age, _RANDOM, _RANDOM, _RANDOM) for age in ages],
        Scheme.PREFIX: [(_PREFIX_LETTER, *_digits(n), *_letters(3)) for n in (1, 2, 3)],
        Scheme.SUFFIX: [(*_letters(3), *_digits(n), _SUFFIX_LETTER) for n in (1, 2, 3)],
        Scheme.DATELESS: [(*_letters(n), *_open_digits(most)) for n, most in dateless_most.items()]
        + [(*_digits(k), *_letters(n)) for n, most in dateless_most.items() for k in range(1, most + 1)],
        Scheme.NORTHERN_IRELAND: [(*area, *_open_digits(4)) for area in irish]
        + [(*_digits(k), *area) for area in irish for k in range(1, 5)],
        Scheme.DIPLOMATIC: [(_DIGIT, _DIGIT, _DIGIT, "DX", _DIGIT, _DIGIT, _DIGIT)],
        Scheme.MILITARY: [
            (*_letters(2), _DIGIT, _DIGIT, *_letters(2)),
            (_DIGIT, _DIGIT, *_letters(2), _DIGIT, _DIGIT),
        ],
    }


def _compile() -> tuple[npt.NDArray[np.uint64], dict[Scheme, int]]:
    """Return the table (12 places, 37 symbols) of template bits, and each scheme's bits."""
    table = [[0] * 37 for _ in range(LENGTH_MAX)]
    masks: dict[Scheme, int] = {}
    bit = 1
    for scheme, templates in _templates().items():
        masks[scheme] = 0
        for template in templates:
            masks[scheme] |= bit
            for place in range(LENGTH_MAX):
                for character in template[place] if place < len(template) else _END:
                    table[place][SYMBOL_OF.get(character, 0)] |= bit
            bit <<= 1
    return np.array(table, np.uint64), masks


_TABLE, _MASKS = _compile()
_ROWS: Final = [[int(word) for word in row] for row in _TABLE]
_PLACES_USED: Final = 8  # the longest template and one more place, which must be the end


def schemes(vrm: str) -> tuple[Scheme, ...]:
    """Return every scheme that `vrm` (normalised) may belong to; empty for a foreign or a misread mark."""
    bits = _bits(vrm)
    return tuple(scheme for scheme, mask in _MASKS.items() if bits & mask)


def is_well_formed(vrm: str) -> bool:
    """Tell whether some UK scheme could have issued `vrm` (normalised)."""
    return _bits(vrm) != 0


def well_formed(symbols: Symbols) -> npt.NDArray[np.bool_]:
    """`is_well_formed` for symbols of shape (n, 12)."""
    bits = _TABLE[0][symbols[:, 0]]
    for place in range(1, _PLACES_USED):
        bits &= _TABLE[place][symbols[:, place]]
    fits: npt.NDArray[np.bool_] = bits != 0
    return fits


def _bits(vrm: str) -> int:
    if len(vrm) >= _PLACES_USED or not vrm:
        return 0
    bits = -1
    for row, character in zip(_ROWS, vrm, strict=False):
        bits &= row[SYMBOL_OF[character]]
    return bits & _ROWS[len(vrm)][0]
