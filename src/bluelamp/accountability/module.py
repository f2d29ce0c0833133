"""All that the application mounts of accountability."""

from __future__ import annotations

from importlib.resources import files

from bluelamp.accountability.access import PERMISSIONS
from bluelamp.spine.module import Module

MODULE = Module(
    name="accountability",
    permissions=PERMISSIONS,
    migrations=files("bluelamp.accountability") / "migrations",
    policies=files("bluelamp.accountability") / "policies",
)
