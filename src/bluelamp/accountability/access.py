"""Named permissions of accountability and the roles that hold them."""

from __future__ import annotations

from bluelamp.accountability.misuse.access import MISUSE_PERMISSIONS
from bluelamp.accountability.reviews.access import REVIEW_PERMISSIONS
from bluelamp.spine.policy import Permission

AUTHORISATIONS_ASK = "accountability.authorisations.ask"
AUTHORISATIONS_OVERRIDE = "accountability.authorisations.override"
AUTHORISATIONS_DECIDE = "accountability.authorisations.decide"
AUTHORISATIONS_REVOKE = "accountability.authorisations.revoke"
POLICY_EXPLAIN = "accountability.policy.explain"
POLICY_EXPLAIN_OTHERS = "accountability.policy.explain_others"

_LOOKERS = frozenset({"officer", "analyst", "control", "supervisor"})

AUTHORISATION_PERMISSIONS = (
    Permission(AUTHORISATIONS_ASK, "ask for authority to look at older data, and see what became of it", _LOOKERS),
    Permission(AUTHORISATIONS_OVERRIDE, "look at once where life is in danger, and be reviewed after", _LOOKERS),
    Permission(AUTHORISATIONS_DECIDE, "give and refuse authority to others of your agency, name a deputy", frozenset({"supervisor"})),
    Permission(AUTHORISATIONS_REVOKE, "give up your own authority, or revoke one of your agency", _LOOKERS),
    Permission(POLICY_EXPLAIN, "have explained what policy allows you, and why", _LOOKERS | {"auditor", "admin", "national_admin"}),
    Permission(POLICY_EXPLAIN_OTHERS, "have explained what policy allows others of your agency", frozenset({"supervisor", "auditor"})),
)

PERMISSIONS: tuple[Permission, ...] = AUTHORISATION_PERMISSIONS + MISUSE_PERMISSIONS + REVIEW_PERMISSIONS
