"""Backups that somebody prepared: parts that lead elsewhere, never end, or are no files. Each is refused and nothing is read or written."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bluelamp.app.engines.backup import archive, history
from bluelamp.app.engines.backup.archive import Reader, is_part
from bluelamp.app.engines.errors import BackupError

SECRET = b"what lies outside\n"


def manifest(*names: str, content: bytes = SECRET) -> bytes:
    told = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return json.dumps({"product": "bluelamp", "format": 1, "parts": dict.fromkeys(names, told)}).encode()


def in_tar(folder: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / "backup.tar"
    with tarfile.open(path, "w") as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    "name",
    [
        "../outside", "blobs/../../outside", "/etc/passwd", "blobs//etc/passwd", "blobs/./x", "blobs/..", "blobs", "blobs/", "outside",
        "blobs/a\\..\\b", "blobs/a\0b", "blobs/a\nb", "history/x` VALUES (1)/p.native.zst", "streams/" + "a" * 300, "",
        "blobs" + "/a" * 13,
    ],
)  # fmt: skip
def test_a_part_with_such_a_name_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").write_bytes(SECRET)
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "manifest.json").write_bytes(manifest(name))
    assert not is_part(name)
    for source in (folder, in_tar(tmp_path, (entry("manifest.json"), manifest(name)), (entry(name or "x"), SECRET))):
        reader = Reader(source)
        with pytest.raises(BackupError, match="has no part"):
            reader.open(name)
        ((_, wrong),) = reader.damaged()
        assert wrong.startswith("cannot be read")


@pytest.mark.parametrize(
    "name", ["records.pgdump", "streams/ANPR_READS.tail", "history/reads/202611-1_2.native.zst", "blobs/pictures/2026-03-02/01J"]
)
def test_parts_of_a_backup_are_named_so(name: str) -> None:
    assert is_part(name)


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (tarfile.SYMTYPE, "../outside"),
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "manifest.json"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (tarfile.DIRTYPE, ""),
    ],
)
def test_a_part_of_a_tar_is_a_plain_file(tmp_path: Path, kind: bytes, link: str) -> None:
    source = in_tar(tmp_path, (entry("manifest.json"), manifest("blobs/x")), (entry("blobs/x", kind, link), b""))
    ((name, wrong),) = Reader(source).damaged()
    assert name == "blobs/x"
    assert "not a plain file" in wrong


def test_a_sparse_file_is_no_part(tmp_path: Path) -> None:
    """A few bytes that read as terabytes of nothing."""
    sparse = entry("blobs/x")
    sparse.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 45)}
    path = tmp_path / "backup.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for made, content in ((entry("manifest.json"), manifest("blobs/x")), (sparse, b"x")):
            made.size = len(content)
            tar.addfile(made, io.BytesIO(content))
    ((_, wrong),) = Reader(path).damaged()
    assert wrong


def _symlink(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def _folder_link(path: Path, outside: Path) -> None:
    path.parent.rmdir()
    path.parent.symlink_to(outside.parent)
    (outside.parent / path.name).write_bytes(SECRET)


def _device(path: Path, _outside: Path) -> None:
    path.symlink_to("/dev/zero")


def _pipe(path: Path, _outside: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("trick", [_symlink, _folder_link, _device, _pipe])
def test_a_part_of_a_folder_is_a_plain_file(tmp_path: Path, trick: Callable[[Path, Path], None]) -> None:
    outside = tmp_path / "elsewhere" / "secret"
    outside.parent.mkdir()
    outside.write_bytes(SECRET)
    folder = tmp_path / "backup"
    (folder / "blobs").mkdir(parents=True)
    (folder / "manifest.json").write_bytes(manifest("blobs/x"))
    trick(folder / "blobs" / "x", outside)
    ((_, wrong),) = Reader(folder).damaged()
    assert wrong.startswith("cannot be read"), "it was followed"


def test_a_part_longer_than_told_is_not_read_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    (folder / "blobs").mkdir(parents=True)
    (folder / "manifest.json").write_bytes(manifest("blobs/x"))
    with (folder / "blobs" / "x").open("wb") as file:
        file.truncate(1 << 40)
    ((_, wrong),) = Reader(folder).damaged()
    assert "is not what was written" in wrong


@pytest.mark.parametrize("content", [b"[]", b'{"product": "bluelamp", "format": null, "parts": {}}', b"\xff", b""])
def test_a_manifest_that_is_none(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(BackupError):
        Reader(tmp_path)
    monkeypatch.setattr(archive, "MANIFEST_BYTES_MAX", 10)
    (tmp_path / "manifest.json").write_bytes(manifest())
    with pytest.raises(BackupError, match="too large"):
        Reader(tmp_path)


GOOD = "CREATE TABLE reads (`vrm` String) ENGINE = ReplacingMergeTree(version) ORDER BY vrm"


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("reads", "DROP TABLE reads"),
        ("reads", "CREATE TABLE reads (a String) ENGINE = URL('http://127.0.0.1/', CSV)"),
        ("reads", "CREATE TABLE reads (a String) ENGINE = File(CSV, '/etc/passwd')"),
        ("reads", "CREATE TABLE reads ENGINE = Memory AS SELECT * FROM url('http://169.254.169.254/', CSV)"),
        ("v", "CREATE MATERIALIZED VIEW v TO reads AS SELECT * FROM file ('/etc/passwd', CSV)"),
        ("d", "CREATE DICTIONARY d (a String) SOURCE(EXECUTABLE(COMMAND 'id' FORMAT TSV)) LAYOUT(FLAT())"),
        ("other", GOOD),
        ("x", "CREATE FUNCTION x AS () -> 1"),
    ],
)
def test_a_definition_that_fetches_or_runs_something_is_refused(name: str, statement: str) -> None:
    with pytest.raises(BackupError, match="not one that Bluelamp makes"):
        history.check({"name": name, "statement": statement, "engine": "x"})


def test_our_own_definitions_are_taken() -> None:
    definitions: list[dict[str, Any]] = [{"name": "reads", "statement": GOOD, "engine": "ReplacingMergeTree"}]
    definitions.append({"name": "v", "statement": "CREATE MATERIALIZED VIEW v TO reads (`vrm` String) AS SELECT vrm FROM n", "engine": "x"})
    for definition in definitions:
        history.check(definition)
