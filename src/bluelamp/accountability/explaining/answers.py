"""What policy says to somebody, in words: the decision, why, what would make it lawful, and which single change would."""

from __future__ import annotations

from typing import Any

from bluelamp.accountability.access import AUTHORISATIONS_ASK, AUTHORISATIONS_OVERRIDE
from bluelamp.spine.policy import Facts, Policy
from bluelamp.spine.policy.facts import Authority


def explained(policy: Policy, facts: Facts) -> dict[str, Any]:
    """The decision on these facts as programs and people read it."""
    decision = policy.decide(facts)
    changes = {} if decision.allowed else _lawful_with(policy, facts)
    return {
        "allowed": decision.allowed,
        "why": " ".join(decision.why),
        "lawful_if": " ".join(decision.lawful_if),
        "policies": list(decision.policies),
        "lawful_with": changes,
        "reach_days": policy.reach_days(facts),
        "facts": {
            "action": facts.action,
            "roles": sorted(facts.roles),
            "rank": facts.rank,
            "unit": facts.unit,
            "agency": facts.agency,
            "acting_for": facts.acting_for,
            "purpose": facts.purpose,
            "offence": policy.rules.terms.purpose(facts.purpose).offence,
            "age_days": facts.age_days,
            "authority": facts.authority,
            "relation": facts.relation,
            "marking": facts.marking,
        },
    }


def _lawful_with(policy: Policy, facts: Facts) -> dict[str, Any]:
    """Single changes of the facts that turn the answer: found by trying them, not by reading policies."""
    found: dict[str, Any] = {}
    ways: tuple[tuple[Authority, str], ...] = (("granted", AUTHORISATIONS_ASK), ("override", AUTHORISATIONS_OVERRIDE))
    for authority, action in ways:
        if policy.decide(facts._replace(authority=authority)).allowed and policy.decide(facts._replace(action=action)).allowed:
            found.setdefault("authority", []).append(authority)
    if 0 < (reach := policy.reach_days(facts)) < facts.age_days:
        found["age_days"] = reach
    # A demonstration's purpose opens everything about nobody: no way to offer.
    real = [code for code, terms in policy.rules.terms.purposes.items() if not terms.demonstration]
    purposes = [code for code in real if policy.decide(facts._replace(purpose=code)).allowed]
    if purposes:
        found["purposes"] = purposes
    return found


def in_words(answer: dict[str, Any]) -> list[str]:
    """The explanation as lines."""
    lines = [f"{'Allowed' if answer['allowed'] else 'Refused'}: {answer['why']}"]
    if answer["lawful_if"]:
        lines.append(f"Lawful if: {answer['lawful_if']}")
    open_days = f"For this purpose without more, reads of {answer['reach_days']} days are open."
    return [*lines, f"Policies: {', '.join(answer['policies'])}", open_days]
