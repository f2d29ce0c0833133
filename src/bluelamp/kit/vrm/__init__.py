"""Sense of vehicle registration marks: normal form, schemes, confusables, compact codes and likelihood of misreads.

A library of its own: it needs numpy and nothing of the platform. See docs/vrm.md.
"""

from bluelamp.kit.vrm.codec import (
    Codes,
    Symbols,
    decode,
    decode_codes,
    encode,
    encode_arrow,
    encode_bytes,
    encode_symbols,
    symbols_from_arrow,
    symbols_from_bytes,
    symbols_from_codes,
)
from bluelamp.kit.vrm.confusables import DEFAULT, Confusables, canonical
from bluelamp.kit.vrm.likelihood import Character, Edit, Kind, differences, explain, likelihood
from bluelamp.kit.vrm.schemes import Scheme, is_well_formed, schemes, well_formed
from bluelamp.kit.vrm.text import ALPHABET, LENGTH_MAX, LENGTH_MIN, Vrm, VrmError, normalise

__all__ = [
    "ALPHABET",
    "DEFAULT",
    "LENGTH_MAX",
    "LENGTH_MIN",
    "Character",
    "Codes",
    "Confusables",
    "Edit",
    "Kind",
    "Scheme",
    "Symbols",
    "Vrm",
    "VrmError",
    "canonical",
    "decode",
    "decode_codes",
    "differences",
    "encode",
    "encode_arrow",
    "encode_bytes",
    "encode_symbols",
    "explain",
    "is_well_formed",
    "likelihood",
    "normalise",
    "schemes",
    "symbols_from_arrow",
    "symbols_from_bytes",
    "symbols_from_codes",
    "well_formed",
]
