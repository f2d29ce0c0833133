"""Policies: read from files, checked before use, decided on facts alone, remembered safely."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.app.wiring import policy_of
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.policy import ROLES, Facts, Policy
from bluelamp.spine.policy.facts import AUTHORITIES, MARKINGS, RELATIONS, parse_tiers
from bluelamp.spine.policy.reading import read_by
from bluelamp.spine.policy.rules import PolicyError, Rules, Source, read_folder

POLICY = policy_of()
ANALYST = Facts("anpr.searches.run", frozenset({"analyst"}), purpose="serious_crime", mine=True)

FACTS = st.builds(
    Facts,
    action=st.sampled_from(sorted(POLICY.rules.actions)),
    roles=st.frozensets(st.sampled_from(ROLES), max_size=3),
    rank=st.sampled_from(["", *POLICY.rules.terms.ranks]),
    deputy=st.booleans(),
    purpose=st.sampled_from(["", *(code for code in POLICY.rules.terms.purposes if code != "test"), "unknown"]),
    age_days=st.integers(0, 400),
    authority=st.sampled_from(AUTHORITIES),
    relation=st.sampled_from(RELATIONS),
    marking=st.sampled_from(MARKINGS),
    mine=st.booleans(),
    line=st.booleans(),
)


@given(FACTS, st.integers(0, 400))
def test_younger_data_is_never_harder_to_see(facts: Facts, younger: int) -> None:
    if facts.action != "accountability.authorisations.ask" and POLICY.decide(facts).allowed:
        assert POLICY.decide(facts._replace(age_days=min(younger, facts.age_days))).allowed


@given(FACTS)
def test_what_is_allowed_without_authority_is_allowed_with_it(facts: Facts) -> None:
    if POLICY.decide(facts._replace(authority="none")).allowed:
        assert POLICY.decide(facts._replace(authority="granted")).allowed
        assert POLICY.decide(facts._replace(authority="override")).allowed


@given(FACTS)
def test_nobody_looks_at_older_reads_without_offence_and_authority_or_an_override(facts: Facts) -> None:
    look = facts._replace(action="anpr.searches.run", age_days=max(91, facts.age_days))
    if POLICY.decide(look).allowed:
        offence = POLICY.rules.terms.purpose(look.purpose).offence
        assert look.authority == "override" or (look.authority == "granted" and offence)
        assert look.age_days <= 365


@given(FACTS)
def test_a_role_more_never_refuses_and_none_allows_nothing(facts: Facts) -> None:
    assert not POLICY.decide(facts._replace(roles=frozenset())).allowed
    if POLICY.decide(facts).allowed:
        assert POLICY.decide(facts._replace(roles=frozenset(ROLES))).allowed


@given(FACTS)
def test_every_refusal_says_why_and_what_would_make_it_lawful(facts: Facts) -> None:
    decision = POLICY.decide(facts)
    assert decision.why
    assert all("{" not in words for words in (*decision.why, *decision.lawful_if))
    if not decision.allowed and decision.policies != ("policy.default",):
        assert decision.lawful_if


@given(FACTS)
def test_memory_says_what_working_it_out_says(facts: Facts) -> None:
    assert POLICY.rules.decide(facts) == POLICY.rules.decide(facts) == POLICY.rules.evaluate(facts)


NOSY = """
@id("own.unit") @because("Not this unit.") @lawful_if("Another.") forbid (principal, action, resource) when { principal.unit == "CID" };
@id("own.rank") @because("{age_days} days.") @lawful_if("Wait.") forbid (principal, action, resource) when { principal.rank_level > 5 };
@id("own.whole") @because("Lent.") @lawful_if("Be home.") forbid (principal, action, resource) when { principal.acting_for != "" };
"""


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(FACTS, st.sampled_from(["", "CID", "OPS"]), st.sampled_from(["", "DUN"])), min_size=2, max_size=6))
def test_memory_tells_apart_whatever_a_policy_of_the_installation_reads(asked: list[tuple[Facts, str, str]]) -> None:
    rules = with_own(NOSY).rules
    for facts, unit, lent_by in asked:
        stated = facts._replace(unit=unit, acting_for=lent_by)
        assert rules.decide(stated) == rules.evaluate(stated)


def test_what_policies_read_is_found_in_whatever_form_they_read_it() -> None:
    text = """@id("a") permit (principal, action in Action::"look", resource)
      when { principal.roles.contains("x") && context has tier && (if context.age_days > 3 then resource.mine else false) }
      unless { [principal.unit].contains(context.purpose) || resource == principal };"""
    assert read_by(text) == {
        ("principal", "roles"), ("context", "tier"), ("context", "age_days"), ("resource", "mine"), ("principal", "unit"),
        ("context", "purpose"), ("resource", "*"), ("principal", "*"),
    }  # fmt: skip


def test_what_no_policy_reads_is_not_part_of_memory() -> None:
    rules = with_own("").rules
    for unit in ("A", "B", "C"):
        rules.decide(ANALYST._replace(unit=unit, age_days=ord(unit)))
    assert len(rules._cache) == 1


@given(FACTS)
def test_an_installations_prohibition_never_widens(facts: Facts) -> None:
    if STRICTER.decide(facts).allowed:
        assert POLICY.decide(facts).allowed


def with_own(text: str) -> Policy:
    rules = POLICY.rules
    own = Source("own/extra.cedar", text)
    return Policy(POLICY.permissions.values(), Rules((*rules._sources, own), rules.terms))


STRICTER = with_own('@id("own.no_exports") @because("Not here.") @lawful_if("Never.") forbid (principal, action, resource)'
                    ' when { context.age_days > 30 };')  # fmt: skip


def test_an_installations_permission_does_not_beat_the_law() -> None:
    looser = with_own('@id("own.everything") @because("All.") permit (principal, action, resource);')
    assert not looser.decide(ANALYST._replace(age_days=200)).allowed


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("permit (principal, action, resource);", "@id"),
        ('@id("a") permit (principal, action, resource);', "@because"),
        ('@id("a") @because("b") forbid (principal, action, resource);', "@lawful_if"),
        ('@id("a") @because("b") permit (principal, action, resource) when { context.shoe_size == 4 };', "shoe_size"),
        ('@id("a") @because("b") permit (principal, action == Action::"anpr.guess", resource);', "guess"),
        ('@id("anpr.look") @because("b") permit (principal, action, resource);', "also in"),
        ('@id("a") @because("Over {archive_days} days.") permit (principal, action, resource);', "archive_days"),
        ("permit (", "unexpected"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_at_the_start(text: str, what: str) -> None:
    with pytest.raises(PolicyError, match=what):
        with_own(text)


@pytest.mark.parametrize("text", ["", "recent", "recent:x", "recent:90,extended:80", "a:1,a:2", "beyond:9"])
def test_tiers_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="age tiers"):
        parse_tiers(text)


def test_the_authority_rank_is_one_of_the_ranks() -> None:
    with pytest.raises(ValueError, match="authority_rank"):
        policy_of(settings=PlatformSettings(authority_rank="emperor"))


def test_a_changed_folder_is_read_again_and_a_broken_one_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr("bluelamp.spine.policy.rules.time.monotonic", lambda: now[0])
    policy = policy_of(settings=PlatformSettings(policies_folder=tmp_path))
    assert policy.decide(ANALYST).allowed
    file = tmp_path / "own.cedar"
    file.write_text('@id("own.closed") @because("Closed today.") @lawful_if("Come back.") forbid (principal, action, resource);')
    now[0] += 10
    assert policy.decide(ANALYST).why == ("Closed today.",)
    file.write_text("nonsense")
    os.utime(file, (1, 1))
    now[0] += 10
    assert policy.decide(ANALYST).why == ("Closed today.",)
    file.unlink()
    now[0] += 10
    assert policy.decide(ANALYST).allowed


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        read_folder(tmp_path / "nowhere", "x")
    with pytest.raises(PolicyError, match="cannot be read"):
        policy_of(settings=PlatformSettings(policies_folder=tmp_path / "nowhere"))


def test_the_purpose_of_a_demonstration_exists_only_in_local_mode() -> None:
    assert policy_of().reach_days(ANALYST._replace(purpose="test")) == 365
    assert policy_of(settings=PlatformSettings(local_mode=False)).reach_days(ANALYST._replace(purpose="test")) == 0


def test_reach_follows_purpose_and_authority() -> None:
    assert POLICY.reach_days(ANALYST) == 90
    assert POLICY.reach_days(ANALYST._replace(authority="granted")) == 365
    assert POLICY.reach_days(ANALYST._replace(purpose="road_safety", authority="granted")) == 90
    assert POLICY.reach_days(ANALYST._replace(purpose="road_safety", authority="override")) == 365
    assert POLICY.reach_days(ANALYST._replace(roles=frozenset({"admin"}))) == 0
