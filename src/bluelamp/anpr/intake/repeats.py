"""Which events were already taken, exactly, for at least 24 hours: a camera repeats until it is told that it worked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]

GENERATION_MS = 12 * 3_600_000
GENERATIONS = 3
"""A key lives between 24 and 36 hours: the newest generation is filling, two full ones are behind it."""

_GOLDEN = np.uint64(0x9E37_79B9_7F4A_7C15)
_MULTIPLIER = np.uint64(0xBF58_476D_1CE4_E5B9)
_SHIFT_HIGH, _SHIFT_LOW = np.uint64(30), np.uint64(27)


def _mix(values: Keys) -> Keys:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit."""
    values = (values ^ (values >> _SHIFT_HIGH)) * _MULTIPLIER
    mixed: Keys = values ^ (values >> _SHIFT_LOW)
    return mixed


def event_keys(camera: Keys, captured_at: Keys, vrm_code: Keys, extra: Keys | None = None) -> Keys:
    """One 64-bit key per event, never 0. Arrays of shape (n,).

    With 100 million keys alive, one new read in 10^11 is taken for a repeat by chance.
    """
    keys = _mix(camera + _GOLDEN)
    keys = _mix(keys ^ captured_at)
    keys = _mix(keys ^ vrm_code)
    if extra is not None:
        keys = np.where(extra == 0, keys, _mix(keys ^ extra))
    return np.maximum(keys, np.uint64(1))


class _Table:
    """An open-addressing hash set of non-zero 64-bit keys, looked up and filled a whole array at a time."""

    def __init__(self, capacity: int) -> None:
        self._slots = np.zeros(capacity, np.uint64)
        self.count = 0

    def contains(self, keys: Keys) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(keys), np.bool_)
        if self.count == 0:
            return found
        mask = np.uint64(len(self._slots) - 1)
        places = keys & mask
        open_rows = np.arange(len(keys))
        while len(open_rows):
            seen = self._slots[places]
            wanted = keys[open_rows]
            found[open_rows[seen == wanted]] = True
            going_on = (seen != wanted) & (seen != 0)
            open_rows = open_rows[going_on]
            places = (places[going_on] + np.uint64(1)) & mask
        return found

    def add(self, keys: Keys) -> None:
        """`keys` are distinct and not in the table."""
        while (self.count + len(keys)) * 5 > len(self._slots) * 3:
            self._grow()
        self._fill(keys)
        self.count += len(keys)

    def _fill(self, keys: Keys) -> None:
        mask = np.uint64(len(self._slots) - 1)
        places = keys & mask
        while len(keys):
            empty = self._slots[places] == 0
            self._slots[places[empty]] = keys[empty]  # where two want one slot, the later wins and the other goes on
            going_on = self._slots[places] != keys
            keys, places = keys[going_on], (places[going_on] + np.uint64(1)) & mask

    def _grow(self) -> None:
        keys = self._slots[self._slots != 0]
        self._slots = np.zeros(len(self._slots) * 2, np.uint64)
        self._fill(keys)


class RepeatTable:
    """The keys of all events taken in the last 24 to 36 hours. 8 bytes a key at 30-60% load."""

    def __init__(self, now: int, capacity: int = 1 << 16) -> None:
        """`capacity`: slots of a new generation, a power of two; it doubles when 60% full."""
        self._capacity = capacity
        self._generations = [_Table(capacity)]
        self._turn_at = now + GENERATION_MS

    def contains(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Whether each key was added in the last 24 hours. Shape (n,) in, (n,) out."""
        found = self._generations[0].contains(keys)
        for table in self._generations[1:]:
            found |= table.contains(keys)
        return found

    def add(self, keys: Keys, now: int) -> None:
        """Remember keys that `contains` does not know; they must be distinct."""
        if now >= self._turn_at:
            self._generations = [_Table(self._capacity), *self._generations[: GENERATIONS - 1]]
            self._turn_at = now + GENERATION_MS
        self._generations[0].add(keys)

    def __len__(self) -> int:
        return sum(table.count for table in self._generations)
