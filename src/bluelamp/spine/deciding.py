"""From a signed-in person to the facts that policy decides on, and from a refusal to its entry and its answer."""

from __future__ import annotations

from typing import Any

from bluelamp.spine import audit
from bluelamp.spine.audit import NO_PURPOSE, Purpose
from bluelamp.spine.errors import ForbiddenError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.policy import Decision, Facts


class PolicyRefusedError(ForbiddenError):
    """A policy says no: `why` and `lawful_if` are the sentences of the policies, `policies` their ids."""

    code = "policy_refused"


def facts_of(caller: Caller, action: str, **more: Any) -> Facts:
    """The facts of this person doing this; `more` are those of what is asked for."""
    lent_by = ""
    if any(post.id == caller.membership and post.kind == "secondment" for post in caller.memberships):
        lent_by = next((post.agency for post in caller.memberships if post.kind == "home"), "")
    return Facts(action, caller.roles, caller.rank, caller.unit, caller.agency, lent_by, **more)


def told(decision: Decision) -> dict[str, Any]:
    """What a refused person is told, as members of the answer."""
    return {"why": " ".join(decision.why), "lawful_if": " ".join(decision.lawful_if), "policies": list(decision.policies)}


async def note_refusal(
    spine: Spine, caller: Caller, action: str, decision: Decision, *,
    subjects: tuple[str, ...] = (), why: Purpose = NO_PURPOSE, detail: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """The entry of a refusal, committed before the person is told."""
    async with spine.db.transaction() as connection:
        await audit.record(
            connection, caller.actor, "refusal", action, subjects=subjects, why=why,
            detail={"policies": list(decision.policies), **(detail or {})},
        )  # fmt: skip


async def demand(
    spine: Spine, caller: Caller, facts: Facts, *, subjects: tuple[str, ...] = (), why: Purpose = NO_PURPOSE,
    detail: dict[str, Any] | None = None,
) -> Decision:  # fmt: skip
    """The decision, where it is yes.

    Raises:
        PolicyRefusedError: it is no; left in the audit.
    """
    decision = spine.policy.decide(facts)
    if not decision.allowed:
        await note_refusal(spine, caller, facts.action, decision, subjects=subjects, why=why, detail=detail)
        raise PolicyRefusedError(" ".join((*decision.why, *decision.lawful_if)), **told(decision))
    return decision
