"""Every setting is declared by its module, described, and on the page."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from pydantic_settings import BaseSettings

import bluelamp
from bluelamp.app.settings_page import names, page
from bluelamp.app.wiring import MODULES

ROOT = Path(__file__).parents[2]


def all_settings() -> set[type[BaseSettings]]:
    for found in pkgutil.walk_packages(bluelamp.__path__, "bluelamp."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    return {kind for kind in BaseSettings.__subclasses__() if kind.__module__.startswith("bluelamp.")}


def test_every_class_of_settings_is_declared_by_a_module() -> None:
    declared = {settings for module in MODULES for settings in module.settings}
    assert all_settings() == declared


def test_every_setting_is_described_and_named_once() -> None:
    seen: set[str] = set()
    for module in MODULES:
        for settings in module.settings:
            for name, field in names(settings).items():
                assert field.description, f"{name} has no description"
                assert name.startswith("BLUELAMP_")
                assert name not in seen, f"{name} is declared twice"
                seen.add(name)


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/settings.md").read_text("utf-8") == page(), "run: python -m bluelamp.app.settings_page docs/settings.md"
