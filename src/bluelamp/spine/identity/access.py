"""Named permissions of identity, organisations, purposes, maps and audit, and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import ROLES, Permission

EVERYONE = frozenset(ROLES)

ACCOUNT_USE = "identity.account.use"
USERS_MANAGE = "identity.users.manage"
USERS_MANAGE_NATIONAL = "identity.users.manage_national"
AGENCIES_VIEW = "organisations.agencies.view"
AGENCIES_MANAGE = "organisations.agencies.manage"
PURPOSES_VIEW = "purposes.purposes.view"
STREAM_FOLLOW = "live.stream.follow"
MAP_VIEW = "map.background.view"
AUDIT_OWN = "audit.entries.view_own"
AUDIT_AGENCY = "audit.entries.view_agency"
AUDIT_ALL = "audit.entries.view_all"

PERMISSIONS = (
    Permission(ACCOUNT_USE, "use your own account: password, tokens, sign-out", EVERYONE),
    Permission(USERS_MANAGE, "create and administer the accounts of your agency", frozenset({"admin", "national_admin"})),
    Permission(USERS_MANAGE_NATIONAL, "administer the accounts of every agency and grant national roles", frozenset({"national_admin"})),
    Permission(AGENCIES_VIEW, "list the agencies", EVERYONE),
    Permission(AGENCIES_MANAGE, "add agencies", frozenset({"admin", "national_admin"})),
    Permission(PURPOSES_VIEW, "list the purposes that a search may give", EVERYONE),
    Permission(STREAM_FOLLOW, "follow live events; which ones, their own permissions decide", EVERYONE),
    Permission(MAP_VIEW, "see what lies under the layers of maps: roads, names, as the installation has them", EVERYONE),
    Permission(AUDIT_OWN, "see your own audit entries", EVERYONE),
    Permission(AUDIT_AGENCY, "see the audit entries of your agency", frozenset({"supervisor"})),
    Permission(AUDIT_ALL, "see all audit entries", frozenset({"auditor"})),
)

NATIONAL_ROLES = frozenset({"auditor", "national_admin"})
"""Roles that reach beyond one agency: only a national administrator grants them, or administers who holds them."""
