"""What the doors of identity share: the session cookie, who is told about themselves, where a browser calls from."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from bluelamp.spine.calling import address_of, device_of
from bluelamp.spine.http import Caller, Post, get_spine, permit
from bluelamp.spine.module import Spine
from bluelamp.spine.wire import AgencyRef

from . import schemas, session_store
from .access import ACCOUNT_USE
from .domain import digest
from .errors import NoPostError
from .identify import COOKIE
from .session_store import BrowserSession, Method, Opening
from .sign_in import SignedIn

Spined = Annotated[Spine, Depends(get_spine)]
OwnAccount = Annotated[Caller, permit(ACCOUNT_USE)]


def forget(request: Request, person: str) -> None:
    """This process forgets now what the others forget on notification."""
    request.app.state.identify.forget(person)


def opening(request: Request, method: Method) -> Opening:
    """How a request signs a browser in."""
    return Opening(method, address_of(request), device_of(request), session_digest(request))


def session_digest(request: Request) -> bytes:
    """How the session is kept whose cookie the browser sent; empty without one."""
    secret = request.cookies.get(COOKIE, "")
    return digest(secret) if secret else b""


def set_session_cookie(response: Response, spine: Spine, session: BrowserSession, secret: str) -> None:
    """Scripts cannot read it, other sites cannot send it, and it ends with the session."""
    seconds = max(1, round((session.expires_at - session.used_at).total_seconds()))
    response.set_cookie(
        COOKIE, secret, max_age=seconds, path="/", secure=spine.settings.secure_cookies, httponly=True, samesite="strict"
    )  # fmt: skip


def forget_session_cookie(response: Response, spine: Spine) -> None:
    response.delete_cookie(COOKIE, path="/", secure=spine.settings.secure_cookies, httponly=True, samesite="strict")


async def me(spine: Spine, caller: Caller) -> schemas.Me:
    """What a person is told about themselves."""
    session = await session_store.browser_session(spine.db, caller.session) if caller.browser else None
    ways = await session_store.ways_of(spine.db, caller.id)
    return schemas.Me(
        id=caller.id,
        username=caller.username,
        name=caller.name,
        agency=AgencyRef(code=caller.agency, name=caller.agency_name),
        roles=sorted(caller.roles),
        permissions=sorted(caller.permissions),
        password_change_needed=caller.one_time,
        unit=caller.unit,
        rank=caller.rank,
        acting=caller.membership,
        posts=[_post(post) for post in caller.memberships],
        has_password=ways.has_password,
        passkeys=ways.passkeys,
        session=None if session is None else _told(spine, session),
    )


def _post(post: Post) -> schemas.PostItem:
    agency = AgencyRef(code=post.agency, name=post.agency_name)
    return schemas.PostItem(
        id=post.id, agency=agency, kind=post.kind, roles=sorted(post.roles), unit=post.unit, unit_name=post.unit_name, rank=post.rank
    )


def _told(spine: Spine, session: BrowserSession) -> schemas.SessionTold:
    return schemas.SessionTold(
        id=session.id,
        method=session.method,
        opened_at=session.created_at,
        expires_at=session.expires_at,
        lock_minutes=spine.settings.lock_minutes,
        failed_before=session.failed_before,
        failed_at=session.failed_at,
        locked_out_before=session.locked_out_before,
    )


async def signed_in(request: Request, response: Response, spine: Spine, opened: SignedIn) -> schemas.Me:
    """Hand the browser its new session."""
    return await me(spine, await admit(request, response, spine, opened))


async def admit(request: Request, response: Response, spine: Spine, opened: SignedIn) -> Caller:
    """The new session's cookie, and whom it now stands for.

    Raises:
        NoPostError: who signed in holds no post.
    """
    forget(request, opened.user.id)
    set_session_cookie(response, spine, opened.session, opened.secret)
    caller: Caller | None = await request.app.state.identify.of_secret(opened.secret, "browser")
    if caller is None:
        raise NoPostError("your account holds no post at present, so there is nothing that you could do here: ask your administrator")
    return caller
