"""The proof of the audit where the platform is not running: starts the folder's PostgreSQL, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bluelamp.app.engines import postgres
from bluelamp.app.engines.data_folder import MARKER, DataFolder
from bluelamp.app.engines.errors import BackupError, FolderInUseError
from bluelamp.app.engines.group import recorded_urls
from bluelamp.app.engines.processes import Child
from bluelamp.spine.audit.checkpoints import place_url
from bluelamp.spine.audit.settings import audit_settings
from bluelamp.spine.audit.verifying import Progress, Report, verify
from bluelamp.spine.config import PlatformSettings


@contextlib.contextmanager
def records_of(data: Path) -> Iterator[str]:
    """URL of the folder's PostgreSQL: of the platform that runs on it, or started for as long as the block runs.

    Raises:
        BackupError: there is no data folder.
    """
    if not (data.expanduser() / MARKER).exists():
        raise BackupError(f"{data} holds no Bluelamp data.", "Name the data folder, or a copy of it, with --data.")
    folder = DataFolder.open(data)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(folder.hold())
        except FolderInUseError:
            urls = recorded_urls(data)
            if urls is None:
                raise
            yield urls.database_url
            return
        program, url = postgres.prepare(folder)
        child = Child(program)
        stack.callback(child.stop)
        child.start()
        child.wait_ready()
        yield url


def prove_audit(settings: PlatformSettings, database: str, checkpoints: str, pinned: str, progress: Progress) -> Report:
    """Prove the audit of a database by URL, or of a data folder."""
    place = checkpoints or place_url(settings.data, audit_settings())
    if "://" not in place:
        place = Path(place).expanduser().resolve().as_uri()
    if url := database or settings.database_url:
        return verify(url, place, pinned, progress)
    with records_of(settings.data) as url:
        return verify(url, place, pinned, progress)
