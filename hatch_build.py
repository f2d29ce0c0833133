"""Lets the package build bring the web front end along, so that whoever installs a wheel needs no Node."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))

# Found by the line above: build back ends run without the project on their path.
import build_web


class WebBuildHook(BuildHookInterface[Any]):
    """Runs for wheels and editable installs alike; done in a moment where nothing has changed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's shape
        try:
            build_web.build()
        except build_web.WebBuildError as error:
            self.app.abort(str(error))
