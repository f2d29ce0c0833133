"""Doors of identity: the session, one's own account and tokens, and the administration of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bluelamp.kit.paging import decode_cursor, encode_cursor
from bluelamp.spine import audit
from bluelamp.spine.calling import address_of
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller, demand_step_up, permit, public, stepped_up
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.agencies import all_agencies
from bluelamp.spine.organisations.people_store import facts_of
from bluelamp.spine.relational import Record
from bluelamp.spine.wire import AgencyRef, Page

from . import actions, doors, schemas, sign_in, store, throttle
from .access import ACCOUNT_USE, USERS_MANAGE, USERS_MANAGE_NATIONAL
from .actions import Authority, Changes
from .domain import Session, User
from .doors import OwnAccount, Spined

router = APIRouter(tags=["identity"])

Administrator = Annotated[Caller, permit(USERS_MANAGE)]
EvenLocked = Annotated[Caller, permit(ACCOUNT_USE, even_locked=True)]
RecentAdministrator = Annotated[Caller, stepped_up(USERS_MANAGE)]


def _authority(caller: Caller) -> Authority:
    return Authority(caller.actor, "" if caller.may(USERS_MANAGE_NATIONAL) else caller.agency)


@router.post("/session", dependencies=[public])
async def open_session(question: schemas.SignInQuestion, request: Request, response: Response, spine: Spined) -> schemas.Me:
    """Sign a browser in: the answer sets the session cookie. A session it already held ends."""
    password = question.password.get_secret_value()
    opened = await sign_in.sign_in(spine, question.username, password, doors.opening(request, "password"))
    return await doors.signed_in(request, response, spine, opened)


@router.delete("/session", status_code=204)
async def close_session(request: Request, response: Response, spine: Spined, caller: EvenLocked) -> None:
    """Sign out: the session, or the token that the request came with, ends at once."""
    await sign_in.sign_out(spine, caller.actor, caller.session)
    doors.forget(request, caller.id)
    doors.forget_session_cookie(response, spine)


@router.get("/me")
async def read_me(spine: Spined, caller: OwnAccount) -> schemas.Me:
    """Who is signed in, and what they may do."""
    return await doors.me(spine, caller)


@router.post("/me/password", status_code=204)
async def change_password(question: schemas.PasswordQuestion, request: Request, spine: Spined, caller: OwnAccount) -> None:
    """Choose a new password. Every other session and token of yours ends."""
    current = question.current.get_secret_value()
    user = await sign_in.prove(spine, caller.username, current, address_of(request), "identity.account.change_password")
    await sign_in.forgive(spine, user)
    await actions.change_own_password(spine, user, caller.actor, question.new.get_secret_value(), caller.session)
    doors.forget(request, user.id)


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
    user = await sign_in.prove(spine, caller.username, password, address_of(request), "identity.tokens.issue")
    await sign_in.forgive(spine, user)
    session, secret = await sign_in.issue_token(spine, caller.actor, user, question.label, question.days)
    return schemas.NewToken(**_token(session).model_dump(), token=secret)


@router.delete("/me/tokens/{token}", status_code=204)
async def end_token(token: str, request: Request, spine: Spined, caller: OwnAccount) -> None:
    """End one of your tokens, at once."""
    await sign_in.end_token(spine, caller.actor, token)
    doors.forget(request, caller.id)


async def _users(spine: Spine, found: list[User]) -> list[schemas.UserItem]:
    agencies = {a.code: a.name for a in await all_agencies(spine.db)}
    facts = await facts_of(spine.db, [user.id for user in found])
    waiting = await _waiting(spine, found)
    return [_user(user, agencies, waiting, facts[user.id]) for user in found]


def _user(user: User, agencies: dict[str, str], waiting: dict[str, datetime], facts: Record) -> schemas.UserItem:
    return schemas.UserItem(
        id=user.id,
        username=user.username,
        name=user.name,
        agency=AgencyRef(code=user.agency, name=agencies[user.agency]),
        roles=sorted(user.roles),
        active=user.active,
        has_password=bool(user.password_hash),
        password_change_needed=user.one_time_until is not None,
        locked_until=waiting.get(user.username),
        unit=facts["unit"],
        rank=facts["rank"],
        status=facts["status"],
    )


async def _waiting(spine: Spine, users: list[User]) -> dict[str, datetime]:
    return await throttle.locked_until(spine.db, [u.username for u in users], spine.settings.sign_in_failures_max)


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
    shown = await _users(spine, found[:limit])
    more = len(found) > limit
    await audit.conclude(spine.db, look, "answered", len(shown))
    return Page(items=shown, next=encode_cursor(found[limit - 1].username) if more else None)


async def _told(spine: Spine, user_id: str) -> schemas.UserItem:
    async with spine.db.transaction() as connection:
        user = await store.lock_user(connection, user_id)
    if user is None:
        raise InvalidError("the account is gone")
    return (await _users(spine, [user]))[0]


@router.post("/users", status_code=201)
async def create_user(question: schemas.UserQuestion, spine: Spined, caller: RecentAdministrator) -> schemas.UserItem:
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
    if roles is not None:
        await demand_step_up(spine, caller, USERS_MANAGE)
    await actions.change_user(spine, _authority(caller), user, Changes(question.name, roles, question.active))
    doors.forget(request, user)
    return await _told(spine, user)


@router.post("/users/{user}/password")
async def reset_password(user: str, request: Request, spine: Spined, caller: RecentAdministrator) -> schemas.OneTimePassword:
    """Give the account a random one-time password, shown this once; its sessions and tokens end at once."""
    password = await actions.reset_password(spine, _authority(caller), user)
    doors.forget(request, user)
    return schemas.OneTimePassword(password=password, hours=spine.settings.one_time_password_hours_max)


@router.delete("/users/{user}/lock-out", status_code=204)
async def end_lock_out(user: str, spine: Spined, caller: Administrator) -> None:
    """Let an account try its password again before the wait is over."""
    await actions.end_lock_out(spine, _authority(caller), user)
