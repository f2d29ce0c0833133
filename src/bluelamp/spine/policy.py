"""Who may do what: permissions are names that capabilities declare; roles are sets of them. Deny is the default.

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


ROLES = ("officer", "analyst", "control", "supervisor", "auditor", "admin", "national_admin", "supplier")

PUBLIC = "public"
"""Marks the few routes that need no sign-in; a house test lists them."""


class Policy:
    """The permissions of all modules, by role."""

    def __init__(self, permissions: Iterable[Permission]) -> None:
        self.permissions: dict[str, Permission] = {}
        for permission in permissions:
            if permission.name in self.permissions:
                raise ValueError(f"permission {permission.name} is declared twice")
            unknown = permission.roles - set(ROLES)
            if unknown:
                raise ValueError(f"permission {permission.name} names unknown roles: {', '.join(sorted(unknown))}")
            self.permissions[permission.name] = permission

    def of_roles(self, roles: Iterable[str]) -> frozenset[str]:
        """The names of all permissions that any of these roles holds."""
        held = set(roles)
        return frozenset(name for name, permission in self.permissions.items() if permission.roles & held)
