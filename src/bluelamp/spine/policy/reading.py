"""Which facts the policies in force read: decisions are remembered by these alone, so that a shift of many people shares them.

Cedar names an attribute wherever it reads one; there is no other way to it. A policy that takes person, record or circumstances as a whole
counts as reading all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import cedarpy
import msgspec

from bluelamp.spine.policy.facts import Facts, tier_of
from bluelamp.spine.policy.terms import Terms

HOLES = re.compile(r"\{(\w+)\}")
WHOLE = "*"
Read = tuple[str, str]
"""Of what (`principal`, `resource`, `context`), and the attribute."""


def read_by(text: str) -> frozenset[Read]:
    """The attributes that policies read."""
    parsed = msgspec.json.decode(cedarpy.policies_to_json_str(text))
    return frozenset(read for policy in parsed["staticPolicies"].values() for read in _reads(policy["conditions"]))


def _reads(node: Any) -> Iterable[Read]:
    if isinstance(node, list):
        for part in node:
            yield from _reads(part)
    elif isinstance(node, dict):
        if "Var" in node:
            yield (node["Var"], WHOLE)
            return
        for operator, operands in node.items():
            of = operands.get("left", {}).get("Var") if operator in {".", "has"} and isinstance(operands, dict) else None
            if of:
                yield (of, operands["attr"])
            else:
                yield from _reads(operands)


def key_of(reads: frozenset[Read], sentences: Iterable[str], terms: Terms) -> Callable[[Facts], Hashable]:
    """What of some facts a decision can turn on, its sentences included."""
    told = {hole for sentence in sentences for hole in HOLES.findall(sentence)}
    gives = {rank: terms.gives_authority(rank) for rank in ("", *terms.ranks)}
    tiers = terms.tiers
    ways: dict[Read, Callable[[Facts], Hashable]] = {
        ("principal", "roles"): lambda f: f.roles,
        ("principal", "rank"): lambda f: f.rank,
        ("principal", "rank_level"): lambda f: f.rank,
        ("principal", "gives_authority"): lambda f: f.deputy or gives.get(f.rank, False),
        ("principal", "unit"): lambda f: f.unit,
        ("principal", "agency"): lambda f: f.agency,
        ("principal", "acting_for"): lambda f: f.acting_for,
        ("resource", "relation"): lambda f: f.relation,
        ("resource", "marking"): lambda f: f.marking,
        ("resource", "mine"): lambda f: f.mine,
        ("resource", "line"): lambda f: f.line,
        ("context", "tier"): lambda f: tier_of(tiers, f.age_days),
        ("context", "age_days"): lambda f: f.age_days,
        ("context", "authority"): lambda f: f.authority,
    }
    # What hangs on the purpose alone; the sentences name it too, so it is always part.
    by_purpose = {("context", name) for name in ("purpose", "offence", "opens", "opens_with_authority", "demonstration")}
    wanted = set(reads) | ({("context", "age_days")} if "age_days" in told else set())
    if unknown := {read for read in wanted - by_purpose - ways.keys() if read[1] != WHOLE}:
        raise ValueError(f"a policy reads what no decision knows: {sorted(unknown)}")
    parts = tuple(way for read, way in ways.items() if read in wanted or (read[0], WHOLE) in wanted)
    return lambda facts: (facts.action, facts.purpose, *(part(facts) for part in parts))
