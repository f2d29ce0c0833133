"""What is so when somebody decides about an authorisation: whose it is, who manages whom, who stands in, what time it is."""

from __future__ import annotations

from datetime import UTC, datetime

from bluelamp.accountability.authorisations.domain import Authorisation
from bluelamp.accountability.settings import authorisation_settings
from bluelamp.contracts.authorities import authorities_of
from bluelamp.spine.deciding import facts_of
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.policy import Facts


def moment(spine: Spine) -> datetime:
    return datetime.fromtimestamp(spine.clock() / 1000, UTC)


async def facts_about(spine: Spine, caller: Caller, held: Authorisation, action: str) -> Facts:
    """The facts of this person deciding about that authorisation."""
    return with_deputy(caller, held, action, deputy=await authorities_of(spine).deputises(caller.id))


def with_deputy(caller: Caller, held: Authorisation, action: str, *, deputy: bool) -> Facts:
    """The same where it is known whether the person stands in for somebody now."""
    line = authorisation_settings().authority_not_by_line_manager and held.manager == caller.id
    relation = "own" if held.agency == caller.agency else "other"
    return facts_of(caller, action, deputy=deputy, relation=relation, mine=held.person == caller.id, line=line)
