"""Looks from NDJSON, block by block: a bad line is told with its number and the rest is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bluelamp.accountability.misuse.looks import TEXTS, LookBook, Looks

Tell = Callable[[str, float], None]
BLOCK_BYTES = 1 << 22
LINE_BYTES_MAX = 1 << 20
BAD_LINES_KEPT = 1000
SUBJECTS_MAX = 200
"""Subjects of one look that are counted; a look at more is a trawl whichever they are."""
TEXT_LENGTH_MAX = 400
RESULTS_MAX = 1 << 40


Text = str | int | float | None


class _Line(msgspec.Struct):
    at: datetime | int | float
    person: str | int
    role: Text = ""
    unit: Text = ""
    agency: Text = ""
    action: Text = ""
    subject: str | int | float | list[str | int | float] | None = ""
    purpose: Text = ""
    reference: Text = ""
    place: Text = ""
    device: Text = ""
    results: Text = 0
    label: str | bool | int | None = ""


class BadLine(NamedTuple):
    line: int
    message: str


class FileRead(NamedTuple):
    """What a file held. `naive` counts times without a zone, which were taken as UTC."""

    looks: Looks
    lines: int
    bad: list[BadLine]
    bad_total: int
    naive: int


class _Reader:
    def __init__(self) -> None:
        self.book = LookBook(dict.fromkeys(TEXTS, _text) | {"subject": normalised, "label": _label})
        self.bad: list[BadLine] = []
        self.bad_total = 0
        self.naive = 0
        self._decoder = msgspec.json.Decoder(_Line)

    def refuse(self, line: int, message: str) -> None:
        self.bad_total += 1
        if len(self.bad) < BAD_LINES_KEPT:
            self.bad.append(BadLine(line, message))

    def block(self, data: bytes, first: int) -> int:
        """Looks of whole lines, the first of which has the number `first`; returns how many lines there were."""
        raws = data.split(b"\n")
        if raws and not raws[-1]:
            raws.pop()
        rows, numbers = [], []
        decode = self._decoder.decode
        for number, raw in enumerate(raws, first):
            if not raw or raw.isspace():
                continue
            try:
                rows.append(decode(raw))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self.refuse(number, f"not a look: {error}" if not isinstance(error, RecursionError) else "not a look: nested too deeply")
            else:
                numbers.append(number)
        self._keep(rows, numbers)
        return len(raws)

    def _keep(self, rows: list[_Line], numbers: list[int]) -> None:
        moments = [self._moment(row.at) for row in rows]
        for row, number, moment in zip(rows, numbers, moments, strict=True):
            if moment is None or row.person == "":
                self.refuse(
                    number, "not a look: 'at' is no time between 1990 and 2100" if moment is None else "not a look: 'person' is empty"
                )
        sound = [i for i, (row, moment) in enumerate(zip(rows, moments, strict=True)) if moment is not None and row.person != ""]
        subjects: list[Any] = [rows[i].subject for i in sound]
        if any(isinstance(subject, list) for subject in subjects):
            split = [(i, one) for i, subject in zip(sound, subjects, strict=True) for one in _several(subject)]
            sound, subjects = [i for i, _ in split], [one for _, one in split]
        kept = [rows[i] for i in sound]
        texts = {name: [getattr(row, name) for row in kept] if name != "subject" else subjects for name in TEXTS}
        if kept:
            results = [_count(row.results) for row in kept]
            self.book.add([moments[i] or 0 for i in sound], results, [numbers[i] for i in sound], texts)

    def _moment(self, at: datetime | float) -> int | None:
        if isinstance(at, datetime):
            if at.tzinfo is None:
                self.naive += 1
                at = at.replace(tzinfo=UTC)
            seconds = at.timestamp()
        else:
            seconds = at / 1000 if at > 1e11 else float(at)
        return int(seconds * 1000) if 631_152_000 <= seconds <= 4_102_444_800 else None


def _several(subject: Any) -> list[Any]:
    """The subjects of one look: a row each."""
    return (list(dict.fromkeys(subject[:SUBJECTS_MAX])) or [""]) if isinstance(subject, list) else [subject]


def _count(results: str | float | None) -> int:
    if isinstance(results, str):
        results = int(results) if results.isascii() and results.isdigit() and len(results) <= 12 else 0
    return 0 if results is None or not 0 <= results <= RESULTS_MAX else int(results)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()[:TEXT_LENGTH_MAX]


def normalised(text: str | float | None) -> str:
    """A subject written one way, as the directory has it too: capitals, and a mark without its space."""
    whole = " ".join(("" if text is None else str(text)).upper().split())[:TEXT_LENGTH_MAX]
    short = whole.replace(" ", "")
    return short if len(short) <= 8 else whole


HONEST = frozenset({"", "none", "null", "false", "0", "no", "normal", "ok", "clean", "benign", "legit", "legitimate"})


def _label(value: object) -> str:
    """The kind of misuse, or an empty text. A label that begins with `honest` says that a look is right though it may seem wrong."""
    text = "misuse" if value is True or value == 1 else _text(value)
    return "" if text.lower() in HONEST else text


def blocks(path: Path) -> Iterator[tuple[bytes, int]]:
    """(whole lines, bytes read so far). A line beyond `LINE_BYTES_MAX` is cut there, which makes it a bad one."""
    rest, done = b"", 0
    with path.open("rb") as file:
        while chunk := file.read(BLOCK_BYTES):
            done += len(chunk)
            whole, newline, tail = chunk.rpartition(b"\n")
            if newline:
                yield rest + whole + newline, done
                rest = tail
            elif len(rest) < LINE_BYTES_MAX:
                rest += chunk
    if rest:
        yield rest, done


def read_looks(path: Path, tell: Tell) -> FileRead:
    """All looks of an NDJSON file. Raises OSError."""
    reader, line, size = _Reader(), 1, max(1, path.stat().st_size)
    for data, done in blocks(path):
        line += reader.block(data, line)
        tell("reading looks", done / size)
    return FileRead(reader.book.close(), line - 1, reader.bad, reader.bad_total, reader.naive)
