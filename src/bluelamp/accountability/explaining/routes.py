"""The door at which anybody may ask what policy allows them, and why."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from bluelamp.accountability.access import POLICY_EXPLAIN, POLICY_EXPLAIN_OTHERS
from bluelamp.accountability.explaining.answers import explained
from bluelamp.spine import audit
from bluelamp.spine.deciding import facts_of
from bluelamp.spine.errors import ForbiddenError, NotFoundError
from bluelamp.spine.http import Caller, get_spine, permit
from bluelamp.spine.identity.standing import person_now
from bluelamp.spine.module import Spine
from bluelamp.spine.policy.facts import Authority, Marking, Relation
from bluelamp.spine.policy.rules import filled

router = APIRouter(prefix="/policy", tags=["accountability"])

Code = Annotated[str, Query(max_length=80, pattern=r"^[0-9A-Za-z._-]*$")]


class Explanation(BaseModel):
    """A decision in words. `lawful_with`: single changes that would turn a refusal; `reach_days`: how far back is open without more."""

    allowed: bool
    why: str
    lawful_if: str
    policies: list[str]
    lawful_with: dict[str, Any]
    reach_days: int
    facts: dict[str, Any]


class PolicyShown(BaseModel):
    id: str
    effect: str
    because: str
    lawful_if: str
    file: str


class PolicyBook(BaseModel):
    """Every policy in force, in its own words, and the tiers of age that they speak of."""

    policies: list[PolicyShown]
    actions: list[str]
    tiers: list[dict[str, Any]]
    authority_rank: str


async def _who(spine: Spine, caller: Caller, username: str) -> Caller:
    if not username or username == caller.username:
        return caller
    if not caller.may(POLICY_EXPLAIN_OTHERS):
        async with spine.db.transaction() as connection:
            await audit.record(connection, caller.actor, "refusal", POLICY_EXPLAIN_OTHERS)
        raise ForbiddenError("your roles do not include having explained what others may do", permission=POLICY_EXPLAIN_OTHERS)
    agency = "" if "auditor" in caller.roles else caller.agency
    found = await person_now(spine, username=username, agency=agency)
    if found is None:
        raise NotFoundError("there is nobody of that name in your agency")
    return found


@router.get("/explain")
async def explain(
    spine: Annotated[Spine, Depends(get_spine)],
    caller: Annotated[Caller, permit(POLICY_EXPLAIN)],
    action: Code = "anpr.searches.run",
    purpose: Code = "",
    age_days: Annotated[int, Query(ge=0, le=36_500)] = 0,
    authority: Authority = "none",
    relation: Relation = "national",
    marking: Marking = "OFFICIAL",
    person: Annotated[str, Query(max_length=64, description="username; default: yourself")] = "",
) -> Explanation:
    """What policy says to this, now: yes or no, why, and what would make it lawful. Nothing is looked at."""
    about = await _who(spine, caller, person)
    intent = await audit.intend(
        spine.db, caller.actor, POLICY_EXPLAIN, subjects=(about.id,) if about.id != caller.id else (),
        detail={"action": action, "purpose": purpose, "age_days": age_days},
    )  # fmt: skip
    facts = facts_of(
        about, action, purpose=purpose, age_days=age_days, authority=authority, relation=relation, marking=marking
    )  # fmt: skip
    answer = Explanation(**explained(spine.policy, facts))
    await audit.conclude(spine.db, intent, "answered", 1)
    return answer


@router.get("/policies")
async def read_policies(spine: Annotated[Spine, Depends(get_spine)], caller: Annotated[Caller, permit(POLICY_EXPLAIN)]) -> PolicyBook:
    """Every policy in force, in its own words."""
    rules = spine.policy.rules
    words = rules.terms.plain_words()
    intent = await audit.intend(spine.db, caller.actor, "accountability.policy.read")
    shown = [
        PolicyShown(id=r.id, effect=r.effect, because=filled(r.because, words), lawful_if=filled(r.lawful_if, words), file=r.file)
        for r in rules.rules.values()
    ]
    await audit.conclude(spine.db, intent, "answered", len(shown))
    return PolicyBook(
        policies=shown,
        actions=sorted(rules.actions),
        tiers=[tier._asdict() for tier in rules.tiers],
        authority_rank=rules.terms.authority_rank,
    )
