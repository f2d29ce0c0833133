"""Directory files: NDJSON, a JSON document, or CSV; bad rows are told with their line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bluelamp.accountability.misuse.directory import KINDS, Directory, DirectoryRowError, Fact, facts_of
from bluelamp.accountability.misuse.files import BAD_LINES_KEPT, BadLine, Tell, blocks

DOCUMENT_BYTES_MAX = 256 << 20
_PLURALS = {f"{kind}s": kind for kind in KINDS} | {
    "people": "person",
    "persons": "person",
    "addresses": "address",
    "identities": "identity",
}


class DirectoryRead(NamedTuple):
    """What a file held."""

    directory: Directory
    lines: int
    bad: list[BadLine]
    bad_total: int


def rows(path: Path, tell: Tell) -> Iterator[tuple[int, Any]]:
    """(line, row) of every line; a row that is no JSON is the DirectoryRowError that says so. Raises OSError."""
    if path.suffix.lower() == ".csv":
        yield from _csv_rows(path)
        return
    if path.suffix.lower() == ".json" and path.stat().st_size <= DOCUMENT_BYTES_MAX:
        document = _document(path)
        if document is not None:
            yield from enumerate(document, 1)
            return
    line, size = 0, max(1, path.stat().st_size)
    for data, done in blocks(path):
        for raw in data.removesuffix(b"\n").split(b"\n"):
            line += 1
            if raw.strip():
                yield line, _decoded(raw)
        tell("reading the directory", done / size)


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return DirectoryRowError(f"not JSON: {error}" if not isinstance(error, RecursionError) else "not JSON: nested too deeply")


def _csv_rows(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.DictReader(file)
        try:
            for row in reader:
                yield reader.line_num, {name: value for name, value in row.items() if name and value}
        except csv.Error as error:
            yield reader.line_num + 1, DirectoryRowError(f"not CSV: {error}")


def _document(path: Path) -> list[Any] | None:
    """The rows of one JSON document: a list, or lists by kind (`people`, `famous`, …); None where it is not one document."""
    held = _decoded(path.read_bytes())
    if isinstance(held, list):
        return held
    if not isinstance(held, dict) or "kind" in held:
        return None
    found: list[Any] = []
    for name, items in held.items():
        kind = name if name in KINDS else _PLURALS.get(name, name)
        listed = items if isinstance(items, list) else []
        found += [{"kind": kind, **item} if isinstance(item, dict) else {"kind": kind, "subject": item} for item in listed]
    return found


def facts(path: Path, tell: Tell) -> Iterator[Fact | BadLine]:
    """Every fact of the file, and every row that is none."""
    for line, row in rows(path, tell):
        try:
            if isinstance(row, DirectoryRowError):
                raise row
            yield from facts_of(row)
        except DirectoryRowError as error:
            yield BadLine(line, str(error))


def read_directory(path: Path, tell: Tell) -> DirectoryRead:
    """The directory that a file holds. Raises OSError."""
    directory, bad_total = Directory(), 0
    bad: list[BadLine] = []
    for found in facts(path, tell):
        if isinstance(found, BadLine):
            bad_total += 1
            if len(bad) < BAD_LINES_KEPT:
                bad.append(found)
        else:
            directory.add(found)
    return DirectoryRead(directory, directory.count, bad, bad_total)
