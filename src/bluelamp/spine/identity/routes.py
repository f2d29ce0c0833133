"""Doors of identity: the session, one's own account and tokens, and the administration of accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, Post, get_spine, permit, public
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.agencies import all_agencies
from bluelamp.spine.wire import AgencyRef, Page

from . import actions, schemas, sign_in, store
from .access import ACCOUNT_USE, USERS_MANAGE, USERS_MANAGE_NATIONAL
from .actions import Authority, Changes
from .domain import Session, User
from .identify import COOKIE

router = APIRouter(tags=["identity"])

Spined = Annotated[Spine, Depends(get_spine)]
OwnAccount = Annotated[Caller, permit(ACCOUNT_USE)]
Administrator = Annotated[Caller, permit(USERS_MANAGE)]


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _forget(request: Request, person: str) -> None:
    """This process forgets now what the others forget on notification."""
    request.app.state.identify.forget(person)


def _me(caller: Caller) -> schemas.Me:
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
    )


def _post(post: Post) -> schemas.PostItem:
    agency = AgencyRef(code=post.agency, name=post.agency_name)
    return schemas.PostItem(
        id=post.id, agency=agency, kind=post.kind, roles=sorted(post.roles), unit=post.unit, unit_name=post.unit_name, rank=post.rank
    )


def _authority(caller: Caller) -> Authority:
    return Authority(caller.actor, "" if caller.may(USERS_MANAGE_NATIONAL) else caller.agency)


@router.post("/session", dependencies=[public])
async def open_session(question: schemas.SignInQuestion, request: Request, response: Response, spine: Spined) -> schemas.Me:
    """Sign a browser in: the answer sets the session cookie. A session it already held ends."""
    replaced = request.cookies.get(COOKIE, "")
    opened = await sign_in.sign_in(spine, question.username, question.password.get_secret_value(), _address(request), replaced)
    _forget(request, opened.user.id)
    response.set_cookie(
        COOKIE,
        opened.secret,
        max_age=spine.settings.session_hours_max * 3600,
        path="/",
        secure=spine.settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )
    user = opened.user
    one_time = user.one_time_until is not None
    permissions = {ACCOUNT_USE} if one_time else spine.policy.of_roles(user.roles)
    agency = {a.code: a.name for a in await all_agencies(spine.db)}[user.agency]
    return _me(Caller(user.id, user.username, user.name, user.agency, user.roles, frozenset(permissions), agency, "", one_time))


@router.delete("/session", status_code=204)
async def close_session(request: Request, response: Response, spine: Spined, caller: OwnAccount) -> None:
    """Sign out: the session, or the token that the request came with, ends at once."""
    await sign_in.sign_out(spine, caller.actor, caller.session)
    _forget(request, caller.id)
    response.delete_cookie(COOKIE, path="/", secure=spine.settings.secure_cookies, httponly=True, samesite="strict")


@router.get("/me")
async def read_me(caller: OwnAccount) -> schemas.Me:
    """Who is signed in, and what they may do."""
    return _me(caller)


@router.post("/me/password", status_code=204)
async def change_password(question: schemas.PasswordQuestion, request: Request, spine: Spined, caller: OwnAccount) -> None:
    """Choose a new password. Every other session and token of yours ends."""
    current = question.current.get_secret_value()
    user = await sign_in.prove(spine, caller.username, current, _address(request), "identity.account.change_password")
    await sign_in.forgive(spine, user)
    await actions.change_own_password(spine, user, caller.actor, question.new.get_secret_value(), caller.session)
    _forget(request, user.id)


def _token(session: Session) -> schemas.TokenItem:
    return schemas.TokenItem(
        id=session.id, label=session.label, created_at=session.created_at, used_at=session.used_at, expires_at=session.expires_at
    )


@router.get("/me/tokens")
async def list_tokens(spine: Spined, caller: OwnAccount) -> Page[schemas.TokenItem]:
    """Your bearer tokens, newest first; never their secrets."""
    return Page(items=[_token(session) for session in await store.tokens_of(spine.db, caller.id)], next=None)


@router.post("/me/tokens", status_code=201)
async def issue_token(question: schemas.TokenQuestion, request: Request, spine: Spined, caller: OwnAccount) -> schemas.NewToken:
    """A bearer token for a program that works in your name. Its secret is shown this once."""
    password = question.password.get_secret_value()
    user = await sign_in.prove(spine, caller.username, password, _address(request), "identity.tokens.issue")
    await sign_in.forgive(spine, user)
    session, secret = await sign_in.issue_token(spine, caller.actor, user, question.label, question.days)
    return schemas.NewToken(**_token(session).model_dump(), token=secret)


@router.delete("/me/tokens/{token}", status_code=204)
async def end_token(token: str, request: Request, spine: Spined, caller: OwnAccount) -> None:
    """End one of your tokens, at once."""
    await sign_in.end_token(spine, caller.actor, token)
    _forget(request, caller.id)


def _user(user: User, agencies: dict[str, str]) -> schemas.UserItem:
    return schemas.UserItem(
        id=user.id,
        username=user.username,
        name=user.name,
        agency=AgencyRef(code=user.agency, name=agencies[user.agency]),
        roles=sorted(user.roles),
        active=user.active,
        has_password=bool(user.password_hash),
        password_change_needed=user.one_time_until is not None,
    )


@router.get("/users")
async def list_users(
    spine: Spined,
    caller: Administrator,
    q: Annotated[str, Query(max_length=100, description="Part of a username or name.")] = "",
    cursor: Annotated[str, Query(max_length=400)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[schemas.UserItem]:
    """The accounts of your agency, by username; of every agency for a national administrator."""
    after = ""
    if cursor:
        try:
            after = str(decode_cursor(cursor, str)[0])
        except ValueError as error:
            raise InvalidError(str(error)) from error
    look = await audit.intend(spine.db, caller.actor, "identity.users.list", detail={"asked": q} if q else None)
    found = await store.list_users(spine.db, _authority(caller).agency or None, q, after, limit + 1)
    agencies = {a.code: a.name for a in await all_agencies(spine.db)}
    more = len(found) > limit
    await audit.conclude(spine.db, look, "answered", min(len(found), limit))
    return Page(items=[_user(u, agencies) for u in found[:limit]], next=encode_cursor(found[limit - 1].username) if more else None)


async def _told(spine: Spine, user_id: str) -> schemas.UserItem:
    async with spine.db.transaction() as connection:
        user = await store.lock_user(connection, user_id)
    if user is None:
        raise InvalidError("the account is gone")
    return _user(user, {a.code: a.name for a in await all_agencies(spine.db)})


@router.post("/users", status_code=201)
async def create_user(question: schemas.UserQuestion, spine: Spined, caller: Administrator) -> schemas.UserItem:
    """A new account, without a password until one is reset."""
    agency = caller.agency if question.agency is None else question.agency
    async with spine.db.transaction() as connection:
        user_id = await actions.create_user(
            connection, _authority(caller), question.username, question.name, agency, frozenset(question.roles)
        )
    return await _told(spine, user_id)


@router.patch("/users/{user}")
async def change_user(user: str, question: schemas.UserChanges, request: Request, spine: Spined, caller: Administrator) -> schemas.UserItem:
    """Change name, roles or whether the account is active. Deactivating ends its sessions and tokens at once."""
    roles = None if question.roles is None else frozenset(question.roles)
    await actions.change_user(spine, _authority(caller), user, Changes(question.name, roles, question.active))
    _forget(request, user)
    return await _told(spine, user)


@router.post("/users/{user}/password")
async def reset_password(user: str, request: Request, spine: Spined, caller: Administrator) -> schemas.OneTimePassword:
    """Give the account a random one-time password, shown this once; its sessions and tokens end at once."""
    password = await actions.reset_password(spine, _authority(caller), user)
    _forget(request, user)
    return schemas.OneTimePassword(password=password, hours=spine.settings.one_time_password_hours_max)
