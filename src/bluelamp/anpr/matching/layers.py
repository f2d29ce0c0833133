"""The VOI index in use: a large base, a small overlay of what changed since, and what the overlay supersedes.

All three are replaced together by one assignment, so a reader sees either the old list or the new one.
"""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from bluelamp.anpr.matching.index import Candidates, Flags, Refs, VoiIndex
from bluelamp.kit.vrm import DEFAULT, Codes, Confusables

MERGE_FROM: Final = 300_000
"""So many changes and the base is built anew; until then a change costs one rebuild of the overlay (40 ms at most)."""

REMOVED: Final = 0x80
"""Flag of an entry that no longer stands."""


@dataclass(frozen=True)
class Entries:
    """Entries as columns of one length: numbers (unique), codes of their marks, flags."""

    refs: Refs
    codes: Codes
    flags: Flags

    def __len__(self) -> int:
        return len(self.refs)

    @classmethod
    def none(cls) -> Self:
        return cls(np.empty(0, np.uint32), np.empty(0, np.uint64), np.empty(0, np.uint8))

    def where(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Self:
        return type(self)(self.refs[keep], self.codes[keep], self.flags[keep])

    def then(self, later: "Entries") -> Self:
        """Return these entries with `later` over them: of two rows with one number, the later one stands."""
        refs = np.concatenate((self.refs, later.refs))
        codes = np.concatenate((self.codes, later.codes))
        flags = np.concatenate((self.flags, later.flags))
        _, from_end = np.unique(refs[::-1], return_index=True)
        keep = len(refs) - 1 - from_end
        return type(self)(refs[keep], codes[keep], flags[keep])

    def standing(self) -> Self:
        """Return the entries that are not removed."""
        return self.where((self.flags & REMOVED) == 0)


@dataclass(frozen=True)
class Layers:
    """Base and overlay. `changes` are sorted by number, removals included."""

    base: VoiIndex
    changes: Entries = field(default_factory=Entries.none)
    overlay: VoiIndex | None = None

    @classmethod
    def of(cls, entries: Entries, confusables: Confusables = DEFAULT) -> Self:
        """Build with everything in the base."""
        standing = entries.standing()
        return cls(VoiIndex.build(standing.codes, standing.refs, standing.flags, confusables))

    def changed(self, later: Entries) -> Self:
        """Return the layers with `later` applied: additions, edits and removals."""
        if not len(later):
            return self
        changes = self.changes.then(later)
        standing = changes.standing()
        overlay = VoiIndex.build(standing.codes, standing.refs, standing.flags, self.base.confusables)
        return type(self)(self.base, changes, overlay)

    @property
    def wants_merge(self) -> bool:
        return len(self.changes) >= MERGE_FROM

    def merged(self) -> Self:
        """Return the same entries with everything in the base."""
        base = self.base
        kept = Entries(base.refs, base.codes, base.flags)
        if len(self.changes):
            kept = kept.where(~np.isin(base.refs, self.changes.refs))
        standing = self.changes.standing()
        codes = np.concatenate((kept.codes, standing.codes))
        refs = np.concatenate((kept.refs, standing.refs))
        flags = np.concatenate((kept.flags, standing.flags))
        return type(self)(VoiIndex.build(codes, refs, flags, base.confusables))

    def probe(self, canonicals: Codes) -> Candidates:
        """Return the standing entries whose canonical form is one of `canonicals`."""
        found = self.base.probe(canonicals)
        if self.overlay is None:
            return found
        if len(found):
            at = np.searchsorted(self.changes.refs, found.refs)
            superseded = self.changes.refs[np.minimum(at, len(self.changes) - 1)] == found.refs
            if superseded.any():
                found = found.where(~superseded)
        return found.joined(self.overlay.probe(canonicals))
