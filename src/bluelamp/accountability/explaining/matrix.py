"""The authorisation matrix: every role, action, tier of age and agency, by asking the policies in force rather than by reading them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from bluelamp.spine.policy import ROLES, Facts, Policy
from bluelamp.spine.policy.facts import AUTHORITIES, RELATIONS, Relation

LEGEND = (
    ("o", "open"),
    ("a", "open with authority for the case"),
    ("!", "open with the emergency override alone"),
    ("-", "never"),
)
_LETTER = {"none": "o", "granted": "a", "override": "!"}

_OF_A_COLLEAGUE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {"mine": True}),
    ("a colleague's, OFFICIAL-SENSITIVE", {"marking": "OFFICIAL-SENSITIVE"}),
    ("a colleague's, OFFICIAL-SENSITIVE, by the authority rank", {"marking": "OFFICIAL-SENSITIVE", "rank": "authority"}),
)
CIRCUMSTANCES: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "accountability.authorisations.decide": (
        ("by the authority rank", {"rank": "authority"}),
        ("by the authority rank, for oneself", {"rank": "authority", "mine": True}),
        ("by the authority rank, for somebody in one's line", {"rank": "authority", "line": True}),
        ("by a deputy", {"deputy": True}),
        ("by anybody else", {}),
    ),
    "accountability.authorisations.revoke": (
        ("one's own", {"mine": True}),
        ("another's, by the authority rank", {"rank": "authority"}),
        ("another's, by anybody else", {}),
    ),
    "accountability.authorisations.ask": (("", {"mine": True}),),
    "accountability.authorisations.override": (("", {"mine": True}),),
    "anpr.preservation.make": (("", {}), ("by the authority rank", {"rank": "authority"})),
    # Of a search that somebody else may have made.
    **dict.fromkeys(("anpr.searches.run", "anpr.exports.make", "anpr.pictures.view"), _OF_A_COLLEAGUE),
}
"""What else a decision about an action turns on, beside role, agency, purpose and age."""


class Cell(NamedTuple):
    """One square of the matrix: `open_to` has a letter of the legend for each tier of age, youngest first, then for what is older."""

    action: str
    circumstance: str
    role: str
    relation: Relation
    purpose: str
    open_to: str


def cells(policy: Policy, actions: Iterable[str] = ()) -> Iterator[Cell]:
    """Every square, each worked out by the decision that the doors ask. `actions`: only of these."""
    terms = policy.rules.terms
    ages = (*(tier.days for tier in terms.tiers), (terms.tiers[-1].days + 1) if terms.tiers else 0)
    for action in sorted(actions or policy.rules.actions):
        for circumstance, more in CIRCUMSTANCES.get(action, (("", {"mine": True}),)):
            known: dict[str, Any] = {name: terms.authority_rank if value == "authority" else value for name, value in more.items()}
            for role in ROLES:
                for relation in RELATIONS:
                    facts = Facts(action, frozenset({role}), relation=relation)._replace(**known)
                    for purpose in ("", *terms.purposes):
                        letters = "".join(_letter(policy, facts._replace(purpose=purpose, age_days=age)) for age in ages)
                        yield Cell(action, circumstance, role, relation, purpose, letters)


def _letter(policy: Policy, facts: Facts) -> str:
    return next((_LETTER[a] for a in AUTHORITIES if policy.decide(facts._replace(authority=a)).allowed), "-")


def page(policy: Policy, squares: Iterable[Cell]) -> str:
    """The matrix as a Markdown page."""
    terms = policy.rules.terms
    tiers = ", ".join([*(f"{tier.name} (up to {tier.days} days)" for tier in terms.tiers), "older"])
    lines = [
        "# Authorisation matrix", "",
        "Every role, action, tier of age and agency, found by asking the policies as they are shipped. Written by",
        "`bluelamp policy matrix`, which an installation with policies or purposes of its own can run for itself; checked by",
        "`tests/house/test_matrix.py`. A role that is not named under a heading can do nothing of it.", "",
        f"A square has one letter for each age of the data: {tiers}.", "",
        "| letter | means |", "|---|---|", *(f"| `{letter}` | {words} |" for letter, words in LEGEND), "",
        f"The authority rank is {terms.authority_rank} or above. `own`, `shared`, `other`, `national`: whose data it is, seen from the",
        "person's agency.", "",
        "## Permissions by role", "",
        "The first gate. Who lacks the permission is refused whatever the policies say.", "",
        f"| permission | {' | '.join(ROLES)} |", f"|---|{'---|' * len(ROLES)}",
    ]  # fmt: skip
    for name, permission in sorted(policy.permissions.items()):
        lines.append(f"| `{name}` | {' | '.join('yes' if role in permission.roles else '' for role in ROLES)} |")
    return "\n".join([*lines, *_by_action(policy, squares), ""])


def _by_action(policy: Policy, squares: Iterable[Cell]) -> list[str]:
    purposes = ("", *policy.rules.terms.purposes)
    rows: dict[tuple[str, str], dict[tuple[str, str], dict[str, str]]] = {}
    for cell in squares:
        rows.setdefault((cell.action, cell.circumstance), {}).setdefault((cell.role, cell.relation), {})[cell.purpose] = cell.open_to
    lines: list[str] = []
    for (action, circumstance), found in rows.items():
        lines += ["", f"## `{action}`{', ' + circumstance if circumstance else ''}", ""]
        shown = [(who, by) for who, by in found.items() if any(set(letters) != {"-"} for letters in by.values())]
        if not shown:
            lines.append("Nobody.")
            continue
        lines += [
            f"| role | whose | {' | '.join(f'`{p}`' if p else 'no purpose' for p in purposes)} |",
            f"|---|---|{'---|' * len(purposes)}",
        ]
        lines += [f"| {role} | {whose} | {' | '.join(f'`{by[p]}`' for p in purposes)} |" for (role, whose), by in shown]
    return lines
