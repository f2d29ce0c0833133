"""Who may do what: a role holds permissions (the first gate); Cedar policies decide the rest. Deny is the default."""

from __future__ import annotations

from collections.abc import Iterable

from bluelamp.spine.policy.facts import Decision, Facts
from bluelamp.spine.policy.permissions import PUBLIC, ROLES, Permission, by_name
from bluelamp.spine.policy.rules import Rules

__all__ = ["PUBLIC", "ROLES", "Decision", "Facts", "Permission", "Policy", "Rules"]


class Policy:
    """The permissions of all modules by role, and the rules that decide where a role alone does not."""

    def __init__(self, permissions: Iterable[Permission], rules: Rules | None = None) -> None:
        """Without rules, whatever asks them is refused."""
        self.permissions: dict[str, Permission] = by_name(permissions)
        self._rules = rules or Rules()

    def of_roles(self, roles: Iterable[str]) -> frozenset[str]:
        """The names of all permissions that any of these roles holds."""
        held = set(roles)
        return frozenset(name for name, permission in self.permissions.items() if permission.roles & held)

    @property
    def rules(self) -> Rules:
        """The rules in force: those that were read at the start, or again since the installation's own folder changed."""
        self._rules = self._rules.current()
        return self._rules

    def decide(self, facts: Facts) -> Decision:
        """Both gates: whether somebody with these facts may do this, by which policies and why."""
        permission = self.permissions.get(facts.action)
        if permission is not None and not permission.roles & facts.roles:
            held_by = ", ".join(sorted(permission.roles))
            why = f"Your roles do not include '{permission.description}'."
            return Decision(False, (f"role.{facts.action}",), (why,), (f"Somebody with one of these roles does it: {held_by}.",))
        return self.rules.decide(facts)

    def reach_days(self, facts: Facts) -> int:
        """How many days back somebody with these facts may look: the ceiling of the deepest tier that is open; 0 if none is."""
        for tier in reversed(self.rules.tiers):
            if self.decide(facts._replace(age_days=tier.days)).allowed:
                return tier.days
        return 0
