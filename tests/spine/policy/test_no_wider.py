"""No change of a policy opens more than is written here, in other words than Cedar's, unless a test listed here says so.

`at_most` is the ceiling: what law and guidance let policy open at the very most. Policies may open less. A policy that is meant to open
more needs an entry in `WIDER` that names its facts and the test that says why it may.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.app.wiring import policy_of
from bluelamp.spine.policy import ROLES, Facts, Policy
from bluelamp.spine.policy.facts import AUTHORITIES, MARKINGS, RELATIONS
from bluelamp.spine.policy.terms import Terms
from tests.spine.policy.test_each_policy import FORBIDS
from tests.spine.policy.test_each_policy import POLICY as WITH_TWO_PURPOSES

POLICE = {"officer", "analyst", "control", "supervisor"}
OFFENCES = {"volume", "priority", "serious", "major", "counter_terrorism"}
LOOKS = {"anpr.searches.run", "anpr.searches.deep", "anpr.searches.keep", "anpr.exports.make", "anpr.pictures.view"}
RECENT_DAYS, KEPT_DAYS = 90, 365

WIDER: dict[str, Callable[[Facts], bool]] = {}
"""By the name of the test that says so: facts that a policy opens beyond the ceiling. Empty: none does."""

POLICY = policy_of()
FACTS = st.builds(
    Facts,
    action=st.sampled_from(sorted(POLICY.rules.actions)),
    roles=st.frozensets(st.sampled_from(ROLES), max_size=3),
    rank=st.sampled_from(["", *POLICY.rules.terms.ranks]),
    unit=st.sampled_from(["", "OPS", "CID"]),
    agency=st.sampled_from(["KEN", "DUN"]),
    acting_for=st.sampled_from(["", "DUN"]),
    deputy=st.booleans(),
    purpose=st.sampled_from(["", *POLICY.rules.terms.purposes, "unknown"]),
    age_days=st.integers(0, 800) | st.sampled_from([RECENT_DAYS, RECENT_DAYS + 1, KEPT_DAYS, KEPT_DAYS + 1]),
    authority=st.sampled_from(AUTHORITIES),
    relation=st.sampled_from(RELATIONS),
    marking=st.sampled_from(MARKINGS),
    mine=st.booleans(),
    line=st.booleans(),
)


def at_most(facts: Facts, terms: Terms) -> bool:
    """Whether policy may open this at all."""
    if facts.relation == "other" or not facts.roles & POLICE:
        return False
    gives = facts.deputy or terms.gives_authority(facts.rank)
    purpose = terms.purpose(facts.purpose)
    if facts.action in LOOKS:
        return bool(facts.purpose) and _may_look(facts, purpose.offence, gives=gives) and _reaches(facts, terms)
    if facts.action == "accountability.authorisations.ask":
        return bool(purpose.opens_with_authority) and facts.age_days <= KEPT_DAYS
    if facts.action == "accountability.authorisations.decide":
        return "supervisor" in facts.roles and gives and not facts.mine and not facts.line and facts.relation == "own"
    if facts.action == "accountability.authorisations.revoke":
        return facts.relation == "own" and (facts.mine or ("supervisor" in facts.roles and gives))
    return facts.action in {"accountability.authorisations.override", "anpr.hits.view"} or _duty(facts, gives=gives)


def _duty(facts: Facts, *, gives: bool) -> bool:
    """What is done with reads that shows them to nobody, or to whom they are about."""
    if facts.action == "anpr.preservation.make":
        return bool(facts.roles & {"analyst", "supervisor"}) and (facts.age_days <= RECENT_DAYS or gives)
    if facts.action == "anpr.preservation.view":
        return bool(facts.roles & {"analyst", "supervisor"}) and facts.relation == "own"
    return facts.action in {"anpr.subjects.disclose", "anpr.subjects.erase"} and "supervisor" in facts.roles


def _may_look(facts: Facts, offence: str, *, gives: bool) -> bool:
    if facts.age_days > KEPT_DAYS or (facts.marking == "OFFICIAL-SENSITIVE" and not facts.mine and not gives):
        return False
    by_authority = facts.authority == "override" or (facts.authority == "granted" and offence in OFFENCES)
    return facts.age_days <= RECENT_DAYS or by_authority or POLICY.rules.terms.purpose(facts.purpose).demonstration


def _reaches(facts: Facts, terms: Terms) -> bool:
    """The purpose opens data of this age: by itself, with authority, or life is in danger."""
    purpose = terms.purpose(facts.purpose)
    tier = "recent" if facts.age_days <= RECENT_DAYS else "extended"
    with_authority = facts.authority != "none" and tier in terms.opened(purpose.opens_with_authority)
    return facts.authority == "override" or tier in terms.opened(purpose.opens) or with_authority


def said_so(facts: Facts) -> bool:
    return any(meant(facts) for meant in WIDER.values())


@settings(max_examples=400, deadline=None)
@given(FACTS)
def test_no_policy_opens_more_than_the_ceiling(facts: Facts) -> None:
    if POLICY.decide(facts).allowed:
        assert at_most(facts, POLICY.rules.terms) or said_so(facts), f"wider than the ceiling: {facts}"


@settings(max_examples=200, deadline=None)
@given(FACTS)
def test_nor_does_a_policy_without_the_gate_of_permissions(facts: Facts) -> None:
    """The policies alone hold too: a permission given to another role by mistake opens nothing older and nothing of others."""
    ungated = Policy((), POLICY.rules)
    if ungated.decide(facts).allowed:
        assert at_most(facts, POLICY.rules.terms) or said_so(facts), f"wider than the ceiling: {facts}"


@pytest.mark.parametrize("policy", FORBIDS)
def test_the_ceiling_catches_the_loss_of_a_prohibition(policy: str) -> None:
    assert not at_most(FORBIDS[policy][0], WITH_TWO_PURPOSES.terms), "taking this prohibition out would go unnoticed"


def test_what_is_wider_is_said_by_a_test() -> None:
    tests = {
        node.name
        for file in Path(__file__).parents[2].rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert WIDER.keys() <= tests
