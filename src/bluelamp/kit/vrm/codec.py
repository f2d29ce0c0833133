"""A mark of up to 12 characters as one unsigned 64-bit integer in base 37, one by one or by the million.

Symbols: 0 ends the mark, 1-10 are the digits, 11-36 the letters. The first character is the most significant, so codes
sort as the marks do and a prefix is a range. Code 0 means "no mark".
"""

from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from bluelamp.kit.vrm.text import ALPHABET, LENGTH_MAX, Vrm

Codes = npt.NDArray[np.uint64]
Symbols = npt.NDArray[np.uint8]

BASE: Final = 37
POWERS: Final = tuple(BASE ** (LENGTH_MAX - 1 - i) for i in range(LENGTH_MAX))
SYMBOL_OF: Final = {c: i + 1 for i, c in enumerate(ALPHABET)}

_POWERS: Final = np.array(POWERS, np.uint64)
_NOT_A_SYMBOL: Final = 255
_COLUMNS: Final = np.arange(LENGTH_MAX)


def _byte_tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    to_symbol = np.full(256, _NOT_A_SYMBOL, np.uint8)
    to_byte = np.zeros(256, np.uint8)
    to_symbol[0] = 0
    for character, symbol in SYMBOL_OF.items():
        to_symbol[ord(character)] = symbol
        to_byte[symbol] = ord(character)
    return to_symbol, to_byte


_TO_SYMBOL, _TO_BYTE = _byte_tables()


class StringArray(Protocol):
    """What is needed of a `pyarrow.StringArray` (32-bit offsets), so that this library does not need pyarrow."""

    @property
    def offset(self) -> int: ...
    def __len__(self) -> int: ...
    def buffers(self) -> list[Any]: ...


def encode(vrm: str) -> int:
    """Return the code of a normalised mark; KeyError or ValueError if it is not one."""
    if not 0 < len(vrm) <= LENGTH_MAX:
        raise ValueError(f"A mark has 1 to {LENGTH_MAX} characters: {vrm!r}")
    return sum(SYMBOL_OF[c] * power for c, power in zip(vrm, POWERS, strict=False))


def decode(code: int) -> Vrm:
    """Return the mark of a code; ValueError if no mark has it."""
    characters = []
    for power in POWERS:
        symbol, code = divmod(code, power)
        if symbol == 0:
            break
        if symbol > len(ALPHABET):
            raise ValueError("The code is larger than any mark's.")
        characters.append(ALPHABET[symbol - 1])
    if code or not characters:
        raise ValueError("No mark has this code.")
    return Vrm("".join(characters))


def symbols_from_bytes(marks: npt.NDArray[np.bytes_]) -> Symbols:
    """Return the symbols, shape (n, 12), of a numpy array of ASCII marks (`S1` to `S12`). Rows that are not marks are 0."""
    wide = np.ascontiguousarray(marks.astype("S12"))
    symbols = _TO_SYMBOL[wide.view(np.uint8).reshape(len(marks), LENGTH_MAX)]
    return _without_strangers(symbols)


def symbols_from_arrow(marks: StringArray) -> Symbols:
    """Return the symbols, shape (n, 12), of an Arrow string array. Nulls, rows too long or not normalised are all 0."""
    count = len(marks)
    if count == 0:
        return np.zeros((0, LENGTH_MAX), np.uint8)
    validity, offset_buffer, data_buffer = marks.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32, count + 1, marks.offset * 4)
    lengths = offsets[1:] - offsets[:-1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None and data_buffer.size else np.zeros(1, np.uint8)
    # Most batches hold nothing longer than eight characters: the rest of the twelve columns is not worth gathering.
    width = min(int(lengths.max()), LENGTH_MAX)
    columns = _COLUMNS[:width]
    places = offsets[:-1, None].astype(np.intp) + columns
    symbols = np.zeros((count, LENGTH_MAX), np.uint8)
    symbols[:, :width] = np.where(columns < lengths[:, None], _TO_SYMBOL[np.take(data, places, mode="clip")], 0)
    if validity is None and np.count_nonzero(symbols) == offsets[-1] - offsets[0] and symbols.max() != _NOT_A_SYMBOL:
        return symbols  # every byte became a symbol, so no row is too long or holds a stranger
    symbols[lengths > LENGTH_MAX] = 0
    if validity is not None:
        bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
        symbols[bits[marks.offset : marks.offset + count] == 0] = 0
    return _without_strangers(symbols)


def encode_symbols(symbols: Symbols) -> Codes:
    """Return the codes, shape (n,), of symbols of shape (n, 12)."""
    return symbols @ _POWERS


def encode_bytes(marks: npt.NDArray[np.bytes_]) -> Codes:
    """Return the codes of a numpy array of ASCII marks; 0 where a row is not a normalised mark."""
    return encode_symbols(symbols_from_bytes(marks))


def encode_arrow(marks: StringArray) -> Codes:
    """Return the codes of an Arrow string array; 0 where a row is not a normalised mark."""
    return encode_symbols(symbols_from_arrow(marks))


def symbols_from_codes(codes: Codes) -> Symbols:
    """Return the symbols, shape (n, 12), of codes."""
    symbols = np.empty((len(codes), LENGTH_MAX), np.uint8)
    rest = codes
    for column in range(LENGTH_MAX - 1, -1, -1):
        quotient = rest // np.uint64(BASE)
        symbols[:, column] = rest - quotient * np.uint64(BASE)
        rest = quotient
    return symbols


def decode_codes(codes: Codes) -> npt.NDArray[np.bytes_]:
    """Return the marks of codes as an `S12` array; code 0 gives an empty string."""
    return np.ascontiguousarray(_TO_BYTE[symbols_from_codes(codes)]).view("S12").reshape(len(codes))


def _without_strangers(symbols: Symbols) -> Symbols:
    """Blank the rows that hold a byte which is no symbol, or a character after the end."""
    ended = symbols == 0
    broken = (symbols == _NOT_A_SYMBOL).any(axis=1) | (ended[:, :-1] & ~ended[:, 1:]).any(axis=1)
    if broken.any():
        symbols[broken] = 0
    return symbols
