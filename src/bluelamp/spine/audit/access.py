"""Named permissions of the audit beyond reading it (spine/identity/access.py has those), and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import ROLES, Permission

AUDIT_LOG = "audit.log.print"
AUDIT_TREE = "audit.tree.view"

PERMISSIONS = (
    Permission(AUDIT_LOG, "print the section 62 log of a period", frozenset({"auditor"})),
    Permission(AUDIT_TREE, "see the audit's signed check-points and public keys", frozenset(ROLES)),
)
