"""Real engines for every test that needs them: started once a session, on a temporary folder.

from tests.support.engines import engines  # in a conftest.py; then ask for the fixture `engines`
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bluelamp.app.engines.group import EngineUrls, running_engines


@pytest.fixture(scope="session")
def engines() -> Iterator[EngineUrls]:
    """URLs of NATS, PostgreSQL, the columnar store and a blob folder, all of this test session's own."""
    # Not pytest's tmp_path: its parents are closed to the user that PostgreSQL runs as, and its paths are long.
    root = Path(tempfile.mkdtemp(prefix="bl-"))
    root.chmod(0o711)
    try:
        with running_engines(root / "data") as running:
            yield running.urls
    finally:
        shutil.rmtree(root, ignore_errors=True)
