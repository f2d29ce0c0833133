"""Every policy by its id: the facts that it refuses (or allows) alone, and the neighbouring facts that it lets pass.

The house test `test_policies.py` fails where a policy of the platform is not named here.
"""

from __future__ import annotations

import pytest

from bluelamp.app.wiring import policy_of
from bluelamp.spine.policy import Facts
from bluelamp.spine.policy.rules import Rules, Source
from bluelamp.spine.policy.terms import Terms
from bluelamp.spine.purposes import PurposeTerms

BASE = policy_of()
POLICY = Rules(
    BASE.rules._sources,
    Terms(
        BASE.rules.tiers,
        BASE.rules.terms.ranks,
        "inspector",
        BASE.rules.terms.purposes | {"guarded": PurposeTerms("guarded", "Guarded", "", "serious", "", "extended")}
        | {"short": PurposeTerms("short", "Short", "", "serious", "recent", "recent")},
    ),
)  # fmt: skip

LOOK = Facts("anpr.searches.run", frozenset({"analyst"}), purpose="serious_crime", age_days=10)
HITS = LOOK._replace(action="anpr.hits.view", relation="own")
OLD = LOOK._replace(age_days=200)
ASK = Facts("accountability.authorisations.ask", frozenset({"officer"}), purpose="serious_crime", age_days=200)
DECIDE = Facts("accountability.authorisations.decide", frozenset({"supervisor"}), rank="inspector", relation="own")
KEEP = Facts("anpr.preservation.make", frozenset({"analyst"}), age_days=10)
COPIES = Facts("anpr.preservation.view", frozenset({"analyst"}), relation="own")
RIGHTS = Facts("anpr.subjects.erase", frozenset({"supervisor"}), age_days=300)

FORBIDS = {
    "anpr.no_purpose": (LOOK._replace(purpose=""), LOOK),
    "anpr.older_needs_offence": (OLD._replace(purpose="road_safety", authority="granted"), OLD._replace(authority="granted")),
    "anpr.older_needs_authority": (OLD, OLD._replace(authority="override")),
    "anpr.purpose_does_not_reach": (OLD._replace(purpose="short", authority="granted"), OLD._replace(authority="granted")),
    "anpr.purpose_needs_authority": (LOOK._replace(purpose="guarded"), LOOK._replace(purpose="guarded", authority="granted")),
    "anpr.beyond_retention": (LOOK._replace(age_days=400, authority="override"), OLD._replace(authority="override")),
    "anpr.sensitive_search": (LOOK._replace(marking="OFFICIAL-SENSITIVE"), LOOK._replace(marking="OFFICIAL-SENSITIVE", mine=True)),
    "anpr.another_agency": (LOOK._replace(relation="other"), LOOK._replace(relation="shared")),
    "anpr.preserve_older": (KEEP._replace(age_days=200), KEEP._replace(age_days=200, rank="inspector")),
    "authorisations.purpose_opens_nothing": (ASK._replace(purpose="road_safety"), ASK),
    "authorisations.rank": (DECIDE._replace(rank="sergeant"), DECIDE._replace(rank="sergeant", deputy=True)),
    "authorisations.own_agency": (DECIDE._replace(relation="shared"), DECIDE),
    "authorisations.not_oneself": (DECIDE._replace(mine=True), DECIDE),
    "authorisations.not_own_line": (DECIDE._replace(line=True), DECIDE),
}
"""Facts that a prohibition refuses, and the nearest that it does not."""

PERMITS = {
    "anpr.look": (LOOK, LOOK._replace(roles=frozenset({"auditor"}))),
    "anpr.hits": (HITS, HITS._replace(roles=frozenset({"admin"}))),
    "anpr.preserve": (KEEP, KEEP._replace(roles=frozenset({"officer"}))),
    "anpr.case_copies": (COPIES, COPIES._replace(relation="other")),
    "anpr.rights": (RIGHTS, RIGHTS._replace(roles=frozenset({"analyst"}))),
    "authorisations.ask": (ASK, ASK._replace(roles=frozenset({"admin"}))),
    "authorisations.decide": (DECIDE, DECIDE._replace(roles=frozenset({"officer"}))),
    "authorisations.own_revocation": (
        ASK._replace(action="accountability.authorisations.revoke", mine=True, relation="own"),
        ASK._replace(action="accountability.authorisations.revoke", relation="own"),
    ),
    "authorisations.override": (
        ASK._replace(action="accountability.authorisations.override"),
        ASK._replace(action="accountability.authorisations.override", roles=frozenset({"supplier"})),
    ),
}  # fmt: skip
"""Facts that a permission allows, and the nearest that nothing does."""


@pytest.mark.parametrize("policy", FORBIDS)
def test_a_prohibition(policy: str) -> None:
    refused, passed = FORBIDS[policy]
    decision = POLICY.decide(refused)
    assert not decision.allowed
    assert policy in decision.policies
    assert POLICY.decide(passed).allowed


@pytest.mark.parametrize("policy", FORBIDS)
def test_without_the_prohibition_it_would_be_allowed_or_another_one_says_no(policy: str) -> None:
    """So that none is idle: take it out, and its facts are decided otherwise."""
    sources = tuple(Source(s.name, _without(s.text, policy)) for s in BASE.rules._sources)
    assert Rules(sources, POLICY.terms).decide(FORBIDS[policy][0]) != POLICY.decide(FORBIDS[policy][0])


@pytest.mark.parametrize("policy", PERMITS)
def test_a_permission(policy: str) -> None:
    allowed, refused = PERMITS[policy]
    decision = POLICY.decide(allowed)
    assert decision.allowed
    assert policy in decision.policies
    assert not POLICY.decide(refused).allowed


def _without(text: str, policy: str) -> str:
    """A file without one of its policies: they begin with `@id` and end with `;` at the end of a line."""
    head, mark, rest = text.partition(f'@id("{policy}")')
    return head + rest.partition(";\n")[2] if mark else text
