"""What reaches a log: no secret, no plate, no value."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from bluelamp.spine import telemetry


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer blt_abcdefghijklmnop",
        "key bls_abcdefghijklmnop refused",
        "cookie bluelamp_session=abcdefghijklmnop; path=/",
        "postgresql://bluelamp:abcdefghijklmnop@127.0.0.1/x",
        "password='abcdefghijklmnop'",
        "GET /v1/anpr/searches?vrm=abcdefghijklmnop",
        "duplicate key: Key (vrm, camera)=(abcdefghijklmnop, 7) already exists.",
        "Failing row contains (1, abcdefghijklmnop, null).",
    ],
)
def test_secrets_and_values_are_left_out(secret: str) -> None:
    assert "abcdefghijklmnop" not in telemetry.redact(secret)


@pytest.mark.parametrize("plate", ["AB12CDE", "AB12 CDE"])
def test_plates_are_left_out(plate: str) -> None:
    assert telemetry.redact(f"no read of {plate} found") == "no read of [plate] found"


def test_ordinary_words_stay() -> None:
    line = "consumer writer: a batch of 250 failed, trying one by one at 10:17:18"
    assert telemetry.redact(line) == line


def test_the_file_holds_one_json_object_a_line(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        telemetry.configure("info", tmp_path / "logs" / "api.jsonl")
        log = logging.getLogger("bluelamp.test")
        log.info("two\nlines about %s", "AB12CDE", extra={"fields": {"route": "/v1/me"}})
        try:
            raise ValueError("Bearer blt_abcdefghijklmnop")  # noqa: TRY301
        except ValueError:
            log.exception("it failed")
        lines = [json.loads(line) for line in (tmp_path / "logs" / "api.jsonl").read_text().splitlines()]
    finally:
        for handler in root.handlers[:]:
            root.removeHandler(handler)
            handler.close()
        for handler in before:
            root.addHandler(handler)
        root.setLevel(level)
    assert (lines[0]["message"], lines[0]["level"], lines[0]["route"]) == ("two\nlines about [plate]", "INFO", "/v1/me")
    assert lines[0]["at"].endswith("Z")
    assert "ValueError" in lines[1]["exception"]
    assert "abcdefghijklmnop" not in lines[1]["exception"]
