"""Purposes: no reason, no search."""

from __future__ import annotations

from pathlib import Path

import pytest

from bluelamp.spine import purposes
from bluelamp.spine.audit import Purpose
from bluelamp.spine.config import PlatformSettings
from tests.support.platform import RunningPlatform


def test_the_demonstration_has_a_purpose_for_tests() -> None:
    assert purposes.check(PlatformSettings(), "test", "  a   test ") == Purpose("test", "a test")


@pytest.mark.parametrize(
    ("purpose", "reference", "code"),
    [
        ("", "x", "unknown_purpose"),
        ("curiosity", "x", "unknown_purpose"),
        ("crime", "  ", "reference_missing"),
        ("crime", "x" * 81, "reference_missing"),
    ],
)
def test_what_is_no_reason(purpose: str, reference: str, code: str) -> None:
    with pytest.raises(purposes.InvalidError) as refused:
        purposes.check(PlatformSettings(), purpose, reference)
    assert refused.value.code == code


def test_purposes_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "purposes.json"
    file.write_text('[{"code": "crime", "name": "Crime", "reference": "case"}, {"code": "drill", "name": "Drill"}]', "utf-8")
    settings = PlatformSettings(purposes_file=file)
    assert [p.code for p in purposes.configured(settings)] == ["crime", "drill"]
    assert purposes.check(settings, "drill", "") == Purpose("drill", "")
    with pytest.raises(purposes.UnknownPurposeError):
        purposes.check(settings, "test", "x")


@pytest.mark.parametrize("text", ["[]", '[{"code": "a"}]', '[{"code": "a", "name": "A"}, {"code": "a", "name": "B"}]', "{}"])
def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "purposes.json"
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError):
        purposes.configured(PlatformSettings(purposes_file=file))


async def test_everybody_can_list_them(platform: RunningPlatform) -> None:
    items = (await platform.client("officer").get("/v1/purposes")).json()["items"]
    assert "test" in [item["code"] for item in items]
