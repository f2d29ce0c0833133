"""Before every look at the history: what of the asked time policy opens to this person, for this reason, now.

The answer is a `Lawful` window, without which the store puts no question.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from bluelamp.anpr.access import AUTHORITY_ASK, AUTHORITY_OVERRIDE
from bluelamp.anpr.errors import NeedsAuthorityError
from bluelamp.anpr.lawful import Lawful, opened
from bluelamp.anpr.queries.authorities import asked_of
from bluelamp.anpr.searching.criteria import Criteria
from bluelamp.anpr.settings import intake_settings
from bluelamp.contracts.authorities import Authority, authorities_of
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.audit import NO_PURPOSE, Purpose
from bluelamp.spine.deciding import demand, facts_of, note_refusal, told
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.policy import Decision, Facts

DAY_MS = 86_400_000
SLACK_MS = 300_000
"""A window that was "the last 90 days" when it was typed is not refused for the seconds since; it is cut to the day."""


class Narrowed(NamedTuple):
    """Why an answer does not reach as far back as was asked."""

    start: int
    """Milliseconds: from when on there are answers."""
    why: str
    lawful_if: str


class Ruling(NamedTuple):
    """A look that may go ahead."""

    lawful: Lawful
    criteria: Criteria
    """Those asked, narrowed to what is lawful."""
    narrowed: Narrowed | None
    authority: str
    """Id of the authority by which it reaches further back than the purpose opens by itself; or empty."""

    @property
    def detail(self) -> dict[str, str]:
        """What the audit keeps of the ruling."""
        noted = {"authority": self.authority} if self.authority else {}
        return noted | ({"narrowed": to_rfc3339(self.narrowed.start)} if self.narrowed else {})


def _days(now: int, moment: int) -> int:
    """Age in days, begun days counted whole."""
    return max(0, -(-(now - moment) // DAY_MS))


async def rule(
    spine: Spine, caller: Caller, action: str, criteria: Criteria, why: Purpose, *,
    open_start: bool = False, made_ms: int | None = None, mine: bool = True,
) -> Ruling:  # fmt: skip
    """What may be looked at. `open_start`: no beginning was asked for. `made_ms`: when the search was made, if it is opened again.

    A search that names no beginning is narrowed to what is open; so is one that was open when it was made and has aged since. Any
    other that reaches too far back is refused.

    Raises:
        NeedsAuthorityError: it reaches further back than is open to this person for this reason; left in the audit.
        PolicyRefusedError: it is not open at all; left in the audit.
    """
    now, kept_from = spine.clock(), _kept_from(spine)
    marking = spine.policy.rules.terms.purpose(why.purpose).marking
    facts = facts_of(caller, action, purpose=why.purpose, marking=marking, mine=mine)
    reach = spine.policy.reach_days(facts)
    floor = max(now - reach * DAY_MS, kept_from)
    wanted = max(criteria.start, kept_from)
    # A time of which the history has nothing any more needs no authority: only copies of the case that is named answer for it.
    if reach and (wanted >= floor - SLACK_MS or criteria.end <= kept_from):
        return _ruling(criteria, floor, None, "")
    if not reach:
        await demand(spine, caller, facts, subjects=criteria.subjects, why=why)
    for authority in await authorities_of(spine).covering(asked_of(caller.id, criteria, why)):
        start = max(authority.since_ms, kept_from)
        aged = facts._replace(authority=authority.kind, age_days=_days(now, max(wanted, start)))
        if not _reaches(authority, criteria, start, wanted, floor, open_start) or not spine.policy.decide(aged).allowed:
            continue
        told_so = None
        if start > wanted + SLACK_MS:
            told_so = Narrowed(start, "The authority for this case opens reads from then on.", "Ask for authority for a longer period.")
        return _ruling(criteria, start, told_so, authority.id)
    decision = spine.policy.decide(facts._replace(age_days=_days(now, wanted)))
    was_open = open_start or (made_ms is not None and criteria.start >= made_ms - reach * DAY_MS - SLACK_MS)
    if was_open and reach and criteria.end > floor:
        return _ruling(criteria, floor, Narrowed(floor, " ".join(decision.why), " ".join(decision.lawful_if)), "")
    raise await _refused(spine, caller, facts._replace(age_days=_days(now, wanted)), decision, criteria, why, floor)


async def duty(spine: Spine, caller: Caller, action: str, criteria: Criteria, why: Purpose = NO_PURPOSE) -> Lawful:
    """What may be touched to keep reads for a case or to answer a person's rights: no look, so policy decides on it by itself.

    Raises:
        PolicyRefusedError: it is not open; left in the audit.
    """
    held = by_operator(spine, criteria)
    facts = facts_of(caller, action, purpose=why.purpose, age_days=_days(spine.clock(), held.start))
    await demand(spine, caller, facts, subjects=criteria.subjects, why=why)
    return held


def by_operator(spine: Spine, criteria: Criteria) -> Lawful:
    """All that is kept of the asked time: for commands on the platform's own machine, whose operator no policy can hold back."""
    return opened(max(criteria.start, _kept_from(spine)), criteria.end)


def _kept_from(spine: Spine) -> int:
    return spine.clock() - intake_settings().retention_days * DAY_MS


def _reaches(authority: Authority, criteria: Criteria, start: int, wanted: int, floor: int, open_start: bool) -> bool:
    """Whether all that is older than what is open anyway lies in the authority's period."""
    if min(criteria.end, floor) > authority.until_ms + SLACK_MS or start >= criteria.end:
        return False
    return open_start or wanted >= start - SLACK_MS


def _ruling(criteria: Criteria, start: int, narrowed: Narrowed | None, authority: str) -> Ruling:
    # A criterion from before anything is kept stays as it was asked: nothing is there to be told of.
    cut = narrowed is not None or criteria.start >= start - SLACK_MS
    asked = msgspec.structs.replace(criteria, start=max(criteria.start, start)) if cut else criteria
    return Ruling(opened(max(criteria.start, start), criteria.end), asked, narrowed, authority)


async def _refused(
    spine: Spine, caller: Caller, facts: Facts, decision: Decision, criteria: Criteria, why: Purpose, floor: int
) -> NeedsAuthorityError:
    detail = {"code": NeedsAuthorityError.code, "age_days": facts.age_days, "from": to_rfc3339(criteria.start)}
    await note_refusal(spine, caller, facts.action, decision, subjects=criteria.subjects, why=why, detail=detail)
    may = {name: spine.policy.decide(facts._replace(action=action)).allowed for name, action in _WAYS.items()}
    return NeedsAuthorityError(
        " ".join((*decision.why, *decision.lawful_if)), **told(decision), **may, open_from=to_rfc3339(floor), age_days=facts.age_days
    )


_WAYS = {"can_ask": AUTHORITY_ASK, "can_override": AUTHORITY_OVERRIDE}
"""What a refused person may do about it, and the action that it is."""
