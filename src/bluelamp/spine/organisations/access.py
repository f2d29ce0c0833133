"""Named permissions of units, sharing and services, and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import ROLES, Permission

WORKING = frozenset(ROLES) - {"supplier"}
ADMINS = frozenset({"admin", "national_admin"})

UNITS_VIEW = "organisations.units.view"
UNITS_MANAGE = "organisations.units.manage"
SHARING_VIEW = "organisations.sharing.view"
SHARING_MANAGE = "organisations.sharing.manage"

PERMISSIONS = (
    Permission(UNITS_VIEW, "see the units of your agency and the configured ranks", WORKING),
    Permission(UNITS_MANAGE, "add, change and close the units of your agency", ADMINS),
    Permission(SHARING_VIEW, "see what your agency shares with others and what they share with it", WORKING),
    Permission(SHARING_MANAGE, "share what belongs to your agency with another, and end it", ADMINS | {"supervisor"}),
)
