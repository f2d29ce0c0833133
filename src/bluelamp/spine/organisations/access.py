"""Named permissions of units, sharing and services, and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import ROLES, Permission

WORKING = frozenset(ROLES) - {"supplier"}
ADMINS = frozenset({"admin", "national_admin"})

UNITS_VIEW = "organisations.units.view"
UNITS_MANAGE = "organisations.units.manage"

PERMISSIONS = (
    Permission(UNITS_VIEW, "see the units of your agency and the configured ranks", WORKING),
    Permission(UNITS_MANAGE, "add, change and close the units of your agency", ADMINS),
)
