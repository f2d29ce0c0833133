"""A file of cameras, row by row: what is taken, and what is told about the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bluelamp.anpr.actions.camera_rows import CameraTable, RejectedLine, read_lines
from bluelamp.anpr.store.cameras import CameraRow
from bluelamp.spine.errors import InvalidError

HEADER = "external_id,name,agency,source,latitude,longitude,road,bearing"
SOURCES = {"KEN native": (7, "KEN"), "IRW axis": (8, "IRW")}


async def chunks(text: str | bytes, size: int = 7) -> AsyncIterator[bytes]:
    data = text.encode() if isinstance(text, str) else text
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def rows(text: str | bytes, agency: str | None = None) -> list[CameraRow | RejectedLine]:
    table = CameraTable(SOURCES, {"KEN", "IRW"}, agency)
    return [table.check(line, fields) async for line, fields in read_lines(chunks(text))]


async def test_a_row_becomes_a_camera() -> None:
    text = f'\ufeff{HEADER},lane\r\n\r\nC1,"A591, Staveley",KEN,KEN native,54.37,-2.82,A591,NE,2\r\nC2,North,KEN,7,54,-2,,,\r\n'
    assert await rows(text) == [
        CameraRow(7, "C1", "A591, Staveley", "KEN", 54.37, -2.82, "A591", 45, 2),
        CameraRow(7, "C2", "North", "KEN", 54.0, -2.0, "", None, None),
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",Name,KEN,KEN native,54,-2,A1,0", "missing_field"),
        ("C,,KEN,KEN native,54,-2,A1,0", "missing_field"),
        ("C,Name,XXX,KEN native,54,-2,A1,0", "unknown_agency"),
        ("C,Name,KEN,Nobody,54,-2,A1,0", "unknown_source"),
        ("C,Name,KEN,KEN native,54N,-2,A1,0", "bad_position"),
        ("C,Name,KEN,KEN native,nan,-2,A1,0", "bad_position"),
        ("C,Name,KEN,KEN native,91,-2,A1,0", "bad_position"),
        ("C,Name,KEN,KEN native,0,0.0,A1,0", "bad_position"),
        ("C,Name,KEN,KEN native,54,-2,A1,north-ish", "bad_bearing"),
        ("C,Name,KEN,KEN native,54,-2,A1,361", "bad_bearing"),
        (f"{'C' * 129},Name,KEN,KEN native,54,-2,A1,0", "too_long"),
        ("C,Na\0me,KEN,KEN native,54,-2,A1,0", "bad_text"),
        ("C,Name,KEN", "bad_csv"),
        ('C,"Name,KEN,KEN native,54,-2,A1,0', "bad_csv"),
    ],
)
async def test_a_bad_row_is_told_by_line_and_its_neighbours_are_taken(row: str, code: str) -> None:
    good = "G{},Good,KEN,KEN native,54,-2,A1,0"
    first, bad, last = await rows("\n".join([HEADER, good.format(1), row, good.format(2)]))
    assert isinstance(first, CameraRow)
    assert isinstance(last, CameraRow)
    assert isinstance(bad, RejectedLine)
    assert (bad.line, bad.code) == (3, code)


async def test_a_camera_may_occur_once_in_a_file() -> None:
    line = "C,Name,KEN,KEN native,54,-2,A1,0"
    taken, repeated, other = await rows("\n".join([HEADER, line, line, line.replace("KEN native", "IRW axis")]))
    assert repeated == RejectedLine(3, "duplicate", "line 2 has the same source and external_id")
    assert isinstance(taken, CameraRow)
    assert isinstance(other, CameraRow)


async def test_an_agencys_administrator_registers_its_own() -> None:
    text = f"{HEADER}\nA,Name,KEN,KEN native,54,-2,,\nB,Name,IRW,KEN native,54,-2,,\nC,Name,KEN,IRW axis,54,-2,,"
    own, *others = await rows(text, "KEN")
    assert isinstance(own, CameraRow)
    assert [other.code for other in others if isinstance(other, RejectedLine)] == ["not_your_agency"] * 2


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3", HEADER.replace("road", "name"), b"\xff\xfe\x00", "x" * 20_000])
async def test_a_file_of_something_else_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidError):
        await rows(text)
