"""The description that is checked in is the one that the code offers."""

from __future__ import annotations

import json
from pathlib import Path

from bluelamp.app import openapi
from tests.house.routes import DOORS

CHECKED_IN = Path(__file__).parents[2] / "openapi/openapi.json"


def test_the_checked_in_description_is_up_to_date() -> None:
    assert openapi.main(["--check", str(CHECKED_IN)]) == 0, "run: make openapi"


def test_a_difference_is_told(tmp_path: Path) -> None:
    other = tmp_path / "openapi.json"
    assert openapi.main(["--check", str(other)]) == 1
    assert openapi.main([str(other)]) == 0
    assert openapi.main(["--check", str(other)]) == 0


def test_every_door_for_programs_is_described_and_named_once() -> None:
    document = json.loads(CHECKED_IN.read_text("utf-8"))
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert {str(door) for door in DOORS if door.path.startswith("/v1/")} <= described
    assert "POST /v1/anpr/intake/{format}" in described, "the intake describes itself"
