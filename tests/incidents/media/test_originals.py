"""Contents are sealed piece by piece where a key is configured, and dropping the incident's data keys erases them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.incidents.media import originals, ranges
from bluelamp.incidents.media.errors import RangeError
from bluelamp.incidents.media.store import Piece
from bluelamp.kit.ids import new_id
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.encryption.errors import DataKeyGoneError
from bluelamp.spine.encryption.keyring import KeyRing, new_line

CONTENT = b"what was filmed on the motorway " * 400


async def _kept(blobs: Blobs, incident: str, size: int = 1000) -> list[Piece]:
    parts = range(0, len(CONTENT), size)
    return [await originals.put_piece(blobs, incident, "m", start, CONTENT[start : start + size]) for start in parts]


def _in_clear(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and b"motorway" in file.read_bytes()]


async def test_nothing_lies_in_clear_and_any_range_opens(tmp_path: Path) -> None:
    blobs, incident = Blobs.open(tmp_path.as_uri(), KeyRing(text=new_line())), new_id()
    pieces = await _kept(blobs, incident)
    assert not _in_clear(tmp_path)
    for start, length in ((0, len(CONTENT)), (999, 2), (1000, 1000), (len(CONTENT) - 1, 1), (5, 0)):
        assert await originals.read_whole(blobs, incident, pieces, start, length) == CONTENT[start : start + length]
    await blobs.vault.drop(originals.group_of(incident))
    with pytest.raises(DataKeyGoneError):
        await originals.read_whole(Blobs.open(tmp_path.as_uri(), blobs.vault.ring), incident, pieces, 0, 10)


async def test_what_is_forgotten_is_gone_but_for_what_is_kept(tmp_path: Path) -> None:
    blobs, incident = Blobs.open(tmp_path.as_uri()), new_id()
    first, *rest = await _kept(blobs, incident)
    await originals.forget(blobs, incident, "m", frozenset({first.object}))
    assert await blobs.keys(originals.folder_of(incident, "m")) == [first.object]
    await originals.forget_object(blobs, rest[0].object)


@given(st.integers(1, 1000), st.integers(0, 1200), st.integers(0, 1200))
def test_ranges_are_those_of_the_standard(size: int, first: int, last: int) -> None:
    for header, expected in (
        (f"bytes={first}-{last}", range(size)[first : last + 1]),
        (f"bytes={first}-", range(size)[first:]),
        (f"bytes=-{last}", range(size)[-last:] if last else range(0)),
    ):
        if "-" in header and not header.endswith("-") and not header.startswith("bytes=-") and last < first:
            assert ranges.wanted(header, size) is None
        elif not expected:
            with pytest.raises(RangeError):
                ranges.wanted(header, size)
        else:
            assert ranges.wanted(header, size) == (expected[0], len(expected))


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b", ""])
def test_what_is_no_single_range_asks_for_the_whole(header: str) -> None:
    assert ranges.wanted(header, 100) is None
