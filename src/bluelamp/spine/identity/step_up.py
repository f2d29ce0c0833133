"""Proving again who one is, in a session that is open or locked; locking it; ending one's sessions elsewhere."""

from __future__ import annotations

from bluelamp.spine import audit
from bluelamp.spine.errors import NotFoundError, UnauthenticatedError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

from . import session_store
from .errors import NotAtABrowserError
from .session_store import BrowserSession, Method


def demand_browser(caller: Caller) -> None:
    """A program with a token proves nothing about a person: otherwise a token that leaked could make itself a passkey.

    Raises:
        NotAtABrowserError: the request came with a token.
    """
    if not caller.browser:
        raise NotAtABrowserError("a token cannot do this: sign in at a browser")


async def renew(connection: Connection, caller: Caller, method: Method) -> tuple[BrowserSession, str]:
    """After a proof: the same session, open, recently proved, under a new secret; with its audit entry."""
    renewed = await session_store.renew(connection, caller.session)
    if renewed is None:
        raise UnauthenticatedError("the session has ended meanwhile: sign in again")
    action = "identity.session.unlock" if caller.locked else "identity.session.prove"
    detail = {"session": caller.session, "method": method}
    await audit.record(connection, caller.actor, "alteration", action, subjects=(caller.id,), detail=detail)
    return renewed


async def lock(spine: Spine, caller: Caller) -> None:
    """Lock the browser's own session: it answers nothing until its person proves who they are."""
    demand_browser(caller)
    async with spine.db.transaction() as connection:
        await session_store.lock(connection, caller.id, caller.session)
        await audit.record(
            connection, caller.actor, "alteration", "identity.session.lock", subjects=(caller.id,), detail={"session": caller.session}
        )


async def end_elsewhere(spine: Spine, caller: Caller, only: str = "") -> int:
    """End one of one's browser sessions, or all but this one; returns how many."""
    async with spine.db.transaction() as connection:
        ended = await session_store.end_browser_sessions(connection, caller.id, keep="" if only else caller.session, only=only)
        if only and not ended:
            raise NotFoundError("you have no such session")
        detail = {"only": only, "sessions_ended": ended}
        await audit.record(connection, caller.actor, "erasure", "identity.sessions.end", subjects=(caller.id,), detail=detail)
    return ended
