"""Rows of a camera import: read from a stream of bytes, checked one by one."""

from __future__ import annotations

import csv
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator
from typing import NamedTuple

from bluelamp.anpr.store.cameras import CameraRow
from bluelamp.spine.errors import InvalidError

COLUMNS = ("external_id", "name", "agency", "source", "latitude", "longitude", "road", "bearing")
OPTIONAL = ("lane",)
FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet takes for the beginning of a formula."""

LINE_CHARACTERS_MAX = 10_000
_POINTS = {"N": 0, "NE": 45, "E": 90, "SE": 135, "S": 180, "SW": 225, "W": 270, "NW": 315}


class RejectedLine(NamedTuple):
    """A bad row: where, and what to do about it."""

    line: int
    code: str
    message: str


Fields = dict[str, str] | RejectedLine


async def _text_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Lines of UTF-8 text, with or without a byte order mark, with their ends."""
    decoder = getincrementaldecoder("utf-8-sig")()
    rest = ""
    try:
        async for chunk in chunks:
            rest += decoder.decode(chunk)
            *lines, rest = rest.split("\n")
            for line in lines:
                yield line + "\n"
            if len(rest) > LINE_CHARACTERS_MAX:
                raise InvalidError(f"a line of the file is longer than {LINE_CHARACTERS_MAX} characters")
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise InvalidError("the file is not UTF-8 text: save it as 'CSV UTF-8'") from error
    if rest:
        yield rest


async def read_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, Fields]]:
    """Line number and fields by column of every row; empty lines are passed over.

    Raises:
        InvalidError: not text, or a header without the columns.
    """
    header: list[str] | None = None
    number = 0
    async for line in _text_lines(chunks):
        number += 1
        if not line.strip():
            continue
        try:
            # One line is one row: a name with a line end in it is more often a lost quotation mark than a name.
            [row] = csv.reader([line.rstrip("\r\n")], strict=True)
        except (csv.Error, ValueError) as error:
            yield number, RejectedLine(number, "bad_csv", f"the row cannot be read: {error}")
            continue
        if header is None:
            header = _header(row)
        elif len(row) != len(header):
            yield number, RejectedLine(number, "bad_csv", f"the row has {len(row)} fields, the header {len(header)}")
        else:
            yield number, dict(zip(header, row, strict=True))
    if header is None:
        raise InvalidError(f"the file is empty; its first line must be {','.join(COLUMNS)}")


def _header(row: list[str]) -> list[str]:
    header = [name.strip().lower() for name in row]
    missing = [name for name in COLUMNS if name not in header]
    if missing or len(set(header)) != len(header):
        what = f"lacks the columns {', '.join(missing)}" if missing else "names a column twice"
        raise InvalidError(f"the first line {what}; it must be {','.join(COLUMNS)}")
    return header


class CameraTable:
    """Checks rows against the register; a camera may occur once in a file."""

    def __init__(self, sources: dict[str, tuple[int, str]], agencies: set[str], agency: str | None) -> None:
        """`sources`: name -> number and agency; `agency`: the only one whose cameras and sources are allowed, or None."""
        self._sources = sources | {str(number): (number, owner) for number, owner in sources.values() if str(number) not in sources}
        self._agencies = agencies
        self._agency = agency
        self._seen: dict[tuple[int, str], int] = {}

    def check(self, line: int, fields: Fields) -> CameraRow | RejectedLine:
        """The row, or why not."""
        if isinstance(fields, RejectedLine):
            return fields
        try:
            row = self._row({name: value.strip() for name, value in fields.items()})
        except _BadFieldError as error:
            return RejectedLine(line, error.code, str(error))
        first = self._seen.setdefault((row.source, row.external_id), line)
        if first != line:
            return RejectedLine(line, "duplicate", f"line {first} has the same source and external_id")
        return row

    def _row(self, fields: dict[str, str]) -> CameraRow:
        external_id = _text(fields, "external_id", 128)
        name = _text(fields, "name", 200)
        agency, source_name = fields["agency"], fields["source"]
        if agency not in self._agencies:
            raise _BadFieldError("unknown_agency", f"there is no agency with the code {agency[:40]!r}")
        source = self._sources.get(source_name)
        if source is None:
            raise _BadFieldError("unknown_source", f"there is no source named {source_name[:120]!r}: add it first")
        if self._agency is not None and {self._agency} != {agency, source[1]}:
            raise _BadFieldError("not_your_agency", f"camera and source must both belong to {self._agency}; ask a national administrator")
        latitude, longitude = _degrees(fields, "latitude", 90), _degrees(fields, "longitude", 180)
        if latitude == 0 and longitude == 0:
            raise _BadFieldError("bad_position", "the position is 0, 0, which is how unknown is written: fill it in")
        return CameraRow(
            source[0], external_id, name, agency, latitude, longitude,
            _text(fields, "road", 200, needed=False), _bearing(fields["bearing"]), _lane(fields.get("lane", "")),
        )  # fmt: skip


class _BadFieldError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _text(fields: dict[str, str], name: str, characters_max: int, *, needed: bool = True) -> str:
    text = fields[name]
    if text[:1] == "'" and text[1:2] in FORMULA:
        text = text[1:]  # as an export writes it, so that no spreadsheet runs it
    if needed and not text:
        raise _BadFieldError("missing_field", f"{name} is empty")
    if len(text) > characters_max:
        raise _BadFieldError("too_long", f"{name} has {len(text)} characters; at most {characters_max}")
    if not text.isprintable():
        raise _BadFieldError("bad_text", f"{name} has characters that cannot be shown")
    return text


def _degrees(fields: dict[str, str], name: str, most: float) -> float:
    try:
        value = float(fields[name])
    except ValueError:
        raise _BadFieldError("bad_position", f"{name} is {fields[name][:40]!r}, not decimal degrees such as 54.3280") from None
    if not -most <= value <= most:
        raise _BadFieldError("bad_position", f"{name} is {value}; it must be between -{most} and {most}")
    return value


def _bearing(text: str) -> int | None:
    if not text:
        return None
    if text.upper() in _POINTS:
        return _POINTS[text.upper()]
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 360:
        raise _BadFieldError("bad_bearing", f"bearing is {text[:40]!r}, neither 0 to 360 degrees nor N, NE, E, …")
    return round(value) % 360


def _lane(text: str) -> int | None:
    if not text or text == "0":
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 255):
        raise _BadFieldError("bad_lane", f"lane is {text[:40]!r}; it must be 1 to 255, or empty")
    return int(text)
