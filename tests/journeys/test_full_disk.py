"""The disk fills up while reads come in: they are refused, not lost; with room again everything goes on by itself."""

from __future__ import annotations

import contextlib
import errno
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.installation import Installation, installed, plate, read, wait_for

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]

DISK_MB = 1200


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own. Only root may make one, and not everywhere."""
    with tempfile.TemporaryDirectory(prefix="bl-") as name:
        root = Path(name)
        root.chmod(0o711)
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}M,mode=711", "tmpfs", name], capture_output=True, text=True, check=False
        )
        if made.returncode:
            pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
        try:
            yield root
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def fill(disk: Path) -> Path:
    """Take all room that is left."""
    ballast = disk / "ballast"
    piece = bytes(1 << 16)
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(piece)
            except OSError as error:
                if error.errno != errno.ENOSPC or len(piece) == 1:
                    break
                piece = piece[: len(piece) // 2]
    return ballast


def status_of(installation: Installation, key: str, number: int) -> int:
    """202 taken, 503 or 429 refused for now, 0 no answer."""
    try:
        answer = installation.send(key, [read(number)])
    except httpx.TransportError:
        return 0
    assert answer.status_code in {202, 429, 503}, answer.text
    return answer.status_code


def test_reads_are_refused_on_a_full_disk_and_taken_again_when_there_is_room(small_disk: Path) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    with installed(small_disk / "data") as installation:
        token = installation.command("token", "analyst")
        key = installation.add_camera(small_disk)
        taken = [number for number in range(50) if status_of(installation, key, number) == 202]
        assert len(taken) == 50
        ballast = fill(small_disk)
        refused, number = 0, 50
        while refused < 5:
            if status_of(installation, key, number) == 202:
                taken.append(number)
                fill(small_disk)
            else:
                refused += 1
            number += 1
        ballast.unlink()
        # The last one, which was refused, is sent again as a camera would.
        wait_for(lambda: status_of(installation, key, number) == 202, 120)
        taken.append(number)
        found: list[str] = []

        def all_found() -> bool:
            with contextlib.suppress(AssertionError, httpx.TransportError):
                found[:] = installation.everything_seen(token, since)
            return {plate(n) for n in taken} <= set(found)

        wait_for(all_found, 300)
        assert [vrm for vrm, count in Counter(found).items() if count > 1] == []
