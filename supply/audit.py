"""`python -m supply.audit SOURCE`: the locked packages against advisories in OSV's format (ossf.github.io/osv-schema).

SOURCE is a file (JSON, JSON lines, or the zip of an ecosystem as osv.dev offers it), a folder of such files, or an https address of one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import InvalidVersion, Version

from supply.locks import Package, packages, plain

ADVISORY_BYTES_MAX = 4 << 20
ADVISORIES_MAX = 2_000_000
SOURCE_BYTES_MAX = 2 << 30


class Finding(NamedTuple):
    """A package that an advisory speaks of."""

    package: Package
    advisory: str
    summary: str
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.fixed)}" if self.fixed else "not mended yet"
        return f"{self.package.ecosystem} {self.package.name} {self.package.version}: {self.advisory} ({self.summary}); {mended}"


def read(source: Path) -> Iterator[dict[str, Any]]:
    """Every advisory of a file or folder.

    Raises:
        ValueError: a file that holds none, or one beyond the limits.
    """
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.suffix in {".json", ".jsonl", ".ndjson", ".zip"} and file.is_file():
                yield from read(file)
        return
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".json")]
            if len(entries) > ADVISORIES_MAX:
                raise ValueError(f"{source} holds over {ADVISORIES_MAX:,} files")
            for entry in entries:
                with archive.open(entry) as packed:  # read, never unpacked: a name in it leads nowhere
                    yield from _parsed(packed.read(ADVISORY_BYTES_MAX + 1), entry.filename)
        return
    text = source.read_bytes()
    if source.suffix == ".json":
        yield from _parsed(text, source.name, len(text))
    else:
        for line in text.splitlines():
            yield from _parsed(line, source.name)


def _parsed(text: bytes, name: str, bytes_max: int = ADVISORY_BYTES_MAX) -> list[dict[str, Any]]:
    if len(text) > bytes_max:
        raise ValueError(f"{name}: an advisory of over {bytes_max} bytes")
    if not text.strip():
        return []
    try:
        told = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{name} is not JSON: {error}") from error
    return told if isinstance(told, list) else [told]


def _key(ecosystem: str, version: str) -> Any:
    """Versions as their ecosystem orders them: PEP 440, or semantic versioning with numbers before words."""
    if ecosystem == "PyPI":
        try:
            return (1, Version(version))
        except InvalidVersion:
            return (0, Version("0"))
    core, _, before = version.lstrip("v").partition("+")[0].partition("-")
    numbers = tuple(int(part) if part.isdigit() else 0 for part in core.split(".")[:3])
    words = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in before.split(".")) if before else ()
    return (*numbers, *(0,) * (3 - len(numbers)), not before, words)


def _within(package: Package, kind: dict[str, Any]) -> bool:
    """Whether the version lies in a range: after `introduced`, before `fixed`, not after `last_affected`."""
    at, inside = _key(package.ecosystem, package.version), False
    events = [event for event in kind.get("events", ()) if isinstance(event, dict)]

    def moment(event: dict[str, Any]) -> Any:
        (version,) = list(event.values())[:1]
        return _key(package.ecosystem, "0" if version == "0" else str(version))

    for event in sorted(events, key=moment):
        if "introduced" in event and (event["introduced"] == "0" or moment(event) <= at):
            inside = True
        if ("fixed" in event and moment(event) <= at) or ("last_affected" in event and moment(event) < at):
            inside = False
    return inside


def findings(found: list[Package], advisories: Iterator[dict[str, Any]]) -> list[Finding]:
    """What the advisories say about the packages; withdrawn ones say nothing."""
    by_name: dict[tuple[str, str], list[Package]] = {}
    for package in found:
        by_name.setdefault((package.ecosystem, package.name), []).append(package)
    told = []
    for advisory in advisories:
        if advisory.get("withdrawn"):
            continue
        for affected in advisory.get("affected", ()):
            named = affected.get("package", {})
            ecosystem = named.get("ecosystem", "").partition(":")[0]
            name = plain(named.get("name", "")) if ecosystem == "PyPI" else named.get("name", "")
            for package in by_name.get((ecosystem, name), ()):
                ranges = [kind for kind in affected.get("ranges", ()) if kind.get("type") in {"ECOSYSTEM", "SEMVER"}]
                if package.version in affected.get("versions", ()) or any(_within(package, kind) for kind in ranges):
                    fixed = tuple(event["fixed"] for kind in ranges for event in kind.get("events", ()) if "fixed" in event)
                    told.append(Finding(package, advisory.get("id", "?"), advisory.get("summary", "")[:200], fixed))
    return told


def _fetched(address: str, folder: str) -> Path:
    file = Path(folder) / ("advisories" + (Path(address.partition("?")[0]).suffix or ".json"))
    with urllib.request.urlopen(address, timeout=60) as answer, file.open("wb") as out:  # noqa: S310 - https only, checked by the caller
        while piece := answer.read(1 << 20):
            out.write(piece)
            if out.tell() > SOURCE_BYTES_MAX:
                raise ValueError(f"{address} is larger than {SOURCE_BYTES_MAX} bytes")
    return file


def main(arguments: list[str] | None = None) -> int:
    """Say which locked packages have known weaknesses; ends with 1 where any has, 2 where the source cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m supply.audit", description=main.__doc__)
    parser.add_argument("source", help="file, folder or https address of advisories in OSV's format")
    given = parser.parse_args(arguments)
    found, count = packages(), 0

    def counted(advisories: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        nonlocal count
        for advisory in advisories:
            count += 1
            yield advisory

    try:
        with tempfile.TemporaryDirectory() as folder:
            source = _fetched(given.source, folder) if given.source.startswith("https://") else Path(given.source)
            told = findings(found, counted(read(source)))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"audit: {error}\n")
        return 2
    for finding in told:
        sys.stdout.write(f"audit: {finding}\n")
    if not count:
        sys.stderr.write(f"audit: {given.source} holds no advisory: nothing was compared\n")
        return 2
    sys.stdout.write(f"audit: {len(found)} packages, {count} advisories, {len(told)} findings\n")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
