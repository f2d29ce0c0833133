"""Questions about findings and the directory; each records itself."""

from __future__ import annotations

from bluelamp.accountability.misuse import store
from bluelamp.accountability.misuse.access import FINDINGS_VIEW
from bluelamp.accountability.misuse.errors import NoSuchFindingError
from bluelamp.accountability.misuse.store import Viewer
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.identity.access import AUDIT_ALL
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record


def viewer_of(caller: Caller) -> Viewer:
    """Whose findings the caller may see: an auditor every agency's, a supervisor their own agency's."""
    return Viewer(caller.id, caller.manager, None if caller.may(AUDIT_ALL) else caller.agency)


async def findings(spine: Spine, caller: Caller, state: str, before: str, count: int) -> list[Record]:
    look = await audit.intend(spine.db, caller.actor, FINDINGS_VIEW, detail={"state": state})
    rows = await store.findings(spine.db, viewer_of(caller), state, before, count)
    await audit.conclude(spine.db, look, "answered", len(rows))
    return rows


async def finding(spine: Spine, caller: Caller, number: str) -> Record:
    """Raises `NoSuchFindingError`: there is none, or the caller may not see it."""
    look = await audit.intend(spine.db, caller.actor, FINDINGS_VIEW, subjects=(number,))
    row = await store.finding(spine.db, viewer_of(caller), number)
    await audit.conclude(spine.db, look, "answered" if row else "refused", 1 if row else 0)
    if row is None:
        raise NoSuchFindingError("there is no such finding")
    return row


async def directory(spine: Spine, caller: Caller) -> Record | None:
    look = await audit.intend(spine.db, caller.actor, "accountability.directory.view")
    row = await store.load_of(spine.db, caller.agency)
    await audit.conclude(spine.db, look, "answered", 1 if row else 0)
    return row
