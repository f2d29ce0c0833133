"""The first gate: permissions are names that capabilities declare; roles are sets of them.

Role contents are data handed in by the modules (`access.py`), so that adding a capability never edits this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Permission(NamedTuple):
    """A named permission, e.g. `anpr.searches.run`, and the roles that hold it."""

    name: str
    description: str
    roles: frozenset[str]


ROLES = ("officer", "analyst", "control", "supervisor", "auditor", "admin", "national_admin", "supplier", "responder", "dispatcher")
"""`responder` and `dispatcher` are the field and the control room of fire, ambulance and other services: incidents, no police systems."""

PUBLIC = "public"
"""Marks the few routes that need no sign-in; a house test lists them."""


def by_name(permissions: Iterable[Permission]) -> dict[str, Permission]:
    """Raises `ValueError`: one is declared twice, or names a role that there is not."""
    found: dict[str, Permission] = {}
    for permission in permissions:
        if permission.name in found:
            raise ValueError(f"permission {permission.name} is declared twice")
        unknown = permission.roles - set(ROLES)
        if unknown:
            raise ValueError(f"permission {permission.name} names unknown roles: {', '.join(sorted(unknown))}")
        found[permission.name] = permission
    return found
