"""Named permissions of misuse detection and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import Permission

FINDINGS_VIEW = "accountability.findings.view"
DIRECTORY_VIEW = "accountability.directory.view"
DIRECTORY_LOAD = "accountability.directory.load"

_ADMINS = frozenset({"admin", "national_admin"})

MISUSE_PERMISSIONS = (
    Permission(FINDINGS_VIEW, "see what the misuse detector found about people of your agency", frozenset({"supervisor", "auditor"})),
    Permission(DIRECTORY_VIEW, "see when the directory of your agency's people was loaded, and how much it holds", _ADMINS),
    Permission(DIRECTORY_LOAD, "load and erase the directory of your agency's people for the misuse detector", _ADMINS),
)
