"""No secret, plate or body of a busy platform reaches any log: all is logged at its most talkative and searched for what was planted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine import telemetry
from tests.support.platform import RunningPlatform

PLATE = "QX68ZRV"
ODD_PLATE = "ZRVQX681"
PASSWORD = "gantry-otter-vellum-9"
REFERENCE = "reference-otter-771"
REASON = "instruction-otter-772"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Everything that is logged in this process, from DEBUG on, as the platform writes it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    file = tmp_path / "all.jsonl"
    telemetry.configure("DEBUG", file)
    try:
        yield file
    finally:
        for handler in root.handlers[:]:
            root.removeHandler(handler)
            handler.close()
        for handler in before:
            root.addHandler(handler)
        root.setLevel(level)


async def _busy(platform: RunningPlatform) -> list[str]:
    """A day's work with planted words, refusals and faults among it; returns the secrets it was given."""
    nobody, admin, supervisor, analyst = (platform.client(name) for name in ("", "admin", "supervisor", "analyst"))
    await nobody.post("/v1/session", json={"username": "officer", "password": PASSWORD})
    await nobody.post("/v1/session", content=f'{{"username": "officer", "password": "{PASSWORD}"'.encode())
    await nobody.get(f"/v1/nowhere/{PLATE}?vrm={ODD_PLATE}", headers={"Authorization": f"Bearer blt_{PASSWORD * 3}"})
    source = (await admin.post("/v1/anpr/sources", json={"name": f"logs {new_id()}", "format": "native"})).json()
    voi = (await supervisor.post("/v1/anpr/lists", json={"name": f"logs {new_id()}"})).json()["id"]
    entry = {"vrm": PLATE, "reason": "stolen", "instruction": REASON}
    for _ in range(2):  # the second breaks a unique key, or replaces
        await supervisor.post(f"/v1/anpr/lists/{voi}/entries", json=entry)
    await supervisor.post(f"/v1/anpr/lists/{voi}/import", content=f"vrm,reason\n{ODD_PLATE},stolen\n{PLATE}!,x\n".encode())
    items = [{"camera": "nowhere", "vrm": plate, "captured_at": to_rfc3339(now_ms()), "confidence": 0.9} for plate in (PLATE, ODD_PLATE)]
    headers = {"Authorization": f"Bearer {source['key']}"}
    async with asyncio.timeout(20):
        while (await nobody.post("/v1/anpr/intake/native", json=items, headers=headers)).status_code == 401:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await nobody.post("/v1/anpr/intake/native", content=f"{{{PLATE} {ODD_PLATE}".encode(), headers=headers)
    for plate in (PLATE, ODD_PLATE, f"{ODD_PLATE[:4]}?*"):
        question = {"pattern" if "?" in plate else "vrm": plate, "reason": {"purpose": "test", "reference": REFERENCE}}
        await analyst.post("/v1/anpr/searches", json=question)
    with contextlib.suppress(Exception):
        await platform.spine.db.execute("INSERT INTO users (id, username) VALUES ($1, $2)", PLATE, ODD_PLATE)
    with contextlib.suppress(Exception):
        await platform.spine.db.execute("SELECT no_such_function($1)", ODD_PLATE)
    with contextlib.suppress(Exception):
        await platform.spine.columnar.query(f"SELECT nothing FROM nowhere WHERE vrm = '{ODD_PLATE}'")
    return [source["key"], *platform.tokens.values()]


def _texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text("utf-8", "replace") for file in folder.iterdir() if file.is_file()}


async def test_nothing_planted_reaches_a_log(platform: RunningPlatform, log: Path) -> None:
    secrets = [*await _busy(platform), PLATE, ODD_PLATE, PASSWORD, REFERENCE, REASON]
    database = urlsplit(platform.spine.settings.database_url).password
    assert database
    logging.getLogger("bluelamp.test").info("the end of the test")
    written = _texts(log.parent)[log.name]
    assert "the end of the test" in written, "the log was not the one that was written"
    assert [secret for secret in (*secrets, database) if secret in written] == []


async def test_nothing_planted_reaches_the_logs_of_the_engines(platform: RunningPlatform) -> None:
    secrets = [*await _busy(platform), PLATE, ODD_PLATE, PASSWORD, REFERENCE, REASON]
    folder = Path(urlsplit(platform.spine.settings.blobs_url).path).parent / "logs"
    files = _texts(folder)
    assert any("ERROR" in text for name, text in files.items() if name.startswith("postgres")), "no error was logged: nothing was proved"
    assert [(name, secret) for name, text in files.items() for secret in secrets if secret in text] == []
