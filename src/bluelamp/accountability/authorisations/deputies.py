"""Deputies: who decides while somebody who may give authority is off duty."""

from __future__ import annotations

from datetime import datetime, timedelta

from bluelamp.accountability.access import AUTHORISATIONS_DECIDE
from bluelamp.accountability.authorisations import store
from bluelamp.accountability.authorisations.circumstances import moment
from bluelamp.accountability.authorisations.errors import NoSuchDeputyError, NotADeputyError
from bluelamp.accountability.settings import authorisation_settings
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.deciding import demand, facts_of
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.identity.standing import person_now
from bluelamp.spine.module import Spine


async def name_deputy(spine: Spine, caller: Caller, username: str, starts_at: datetime, ends_at: datetime) -> str:
    """Somebody stands in for the caller for a time; returns the id.

    Raises:
        PolicyRefusedError: the caller does not give authority by rank, so there is nothing to stand in for.
        NotADeputyError: somebody who cannot decide.
    """
    # By rank alone: a deputy does not name deputies.
    await demand(spine, caller, facts_of(caller, AUTHORISATIONS_DECIDE, relation="own"))
    days = authorisation_settings().deputy_days_max
    if not starts_at < ends_at or ends_at - starts_at > timedelta(days=days) or ends_at <= moment(spine):
        raise InvalidError(f"a deputy stands in from one time to a later one that is still to come, {days} days at most")
    other = await person_now(spine, username=username, agency=caller.agency)
    if other is None or other.id == caller.id or not other.may(AUTHORISATIONS_DECIDE):
        raise NotADeputyError("a deputy is somebody else of your agency whose role decides on authority: a supervisor")
    deputy = new_id()
    async with spine.db.transaction() as connection:
        row = {
            "id": deputy, "agency": caller.agency, "principal": caller.id, "principal_name": caller.name, "deputy": other.id,
            "deputy_name": other.name, "starts_at": starts_at, "ends_at": ends_at,
        }  # fmt: skip
        await store.add_deputy(connection, row)
        await audit.record(
            connection, caller.actor, "alteration", "accountability.deputies.name", subjects=(other.id,),
            detail={"deputy": other.username, "from": starts_at.isoformat(), "to": ends_at.isoformat()},
        )  # fmt: skip
    return deputy


async def end_deputy(spine: Spine, caller: Caller, deputy: str) -> None:
    """Raises `NoSuchDeputyError`: none of the caller's."""
    async with spine.db.transaction() as connection:
        row = await store.end_deputy(connection, deputy, caller.id, moment(spine))
        if row is None:
            raise NoSuchDeputyError("you have no such deputy")
        await audit.record(connection, caller.actor, "alteration", "accountability.deputies.end", subjects=(row["deputy"],))
