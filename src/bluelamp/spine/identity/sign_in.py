"""Signing in and out, proving a password again, and tokens for programs."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import NamedTuple

from bluelamp.spine import audit, telemetry
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import ForbiddenError, InvalidError, NotFoundError
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

from . import session_store, store, throttle
from .domain import Session, User, plain_username
from .errors import SignInThrottledError, WrongPasswordError
from .passwords import hash_password, is_outdated, verify_password
from .session_store import BrowserSession, Failures, Opening

UNKNOWN = Actor("unknown", "", "")

_told: dict[tuple[bytes, str], float] = {}


class SignedIn(NamedTuple):
    """A new browser session and its secret, for the cookie."""

    user: User
    session: BrowserSession
    secret: str


async def refuse(spine: Spine, actor: Actor, action: str, detail: dict[str, str | int]) -> None:
    """Note a failed proof; `detail["why"]` also counts it."""
    telemetry.SIGN_INS.labels(outcome=str(detail["why"])).inc()
    async with spine.db.transaction() as connection:
        await audit.record(connection, actor, "refusal", action, detail=detail)


async def prove(spine: Spine, username: str, password: str, address: str, action: str) -> User:
    """The account whose password this is, or one same answer to everything else.

    Raises:
        WrongPasswordError: no account, none active, no password, an expired one or a wrong one: not told which.
        SignInThrottledError: too many have failed.
    """
    username = plain_username(username)
    account = throttle.account_key(username)
    limits = spine.settings
    try:
        attempt = await throttle.begin_attempt(
            spine.db, account, address, limits.sign_in_failures_max, limits.sign_in_failures_per_address_max
        )
    except SignInThrottledError:
        await _tell_throttled(spine, account, address, action)
        raise
    user = await store.user_by_username(spine.db, username)
    kept = user.password_hash if user and user.active else ""
    good = await verify_password(kept, password)
    if user and good and user.one_time_until and user.one_time_until.timestamp() * 1000 < spine.clock():
        good = False
    if user is None or not good:
        actor = Actor(user.id, user.username, user.agency) if user else UNKNOWN
        await refuse(spine, actor, action, {"why": "wrong_password", "address": address, "attempt": attempt})
        if user and attempt == limits.sign_in_failures_max:
            await _note_lock_out(spine, user, address)
        raise WrongPasswordError("the username or the password is wrong")
    return user


async def _tell_throttled(spine: Spine, account: bytes, address: str, action: str) -> None:
    """Leave one entry a minute for each account and address: a flood must not fill the audit."""
    now = time.monotonic()
    if now - _told.get((account, address), -60.0) < 60:
        return
    if len(_told) > 10_000:
        _told.clear()
    _told[account, address] = now
    await refuse(spine, UNKNOWN, action, {"why": "throttled", "address": address, "account_digest": account.hex()})


async def _note_lock_out(spine: Spine, user: User, address: str) -> None:
    """From now on the account's password is not even looked at for a while; whoever administers it finds this entry."""
    detail = {"address": address, "minutes": throttle.WINDOW_S // 60}
    async with spine.db.transaction() as connection:
        await audit.record(connection, audit.SYSTEM, "alteration", "identity.account.lock_out", subjects=(user.id,), detail=detail)


async def open_session(connection: Connection, spine: Spine, user: User, opening: Opening, *, proved: bool = True) -> SignedIn:
    """A new browser session for a person who has just been recognised, with its audit entry; the account is locked by the caller.

    `proved`: they showed it here and now, so what demands a recent proof is open to them.
    """
    failures = await session_store.failures_of(
        connection, throttle.account_key(user.username), spine.settings.sign_in_failures_max, throttle.WINDOW_S
    )
    if opening.method == "password":  # this attempt counts as failed until now
        failures = Failures(failures.failed - 1, failures.last_at, failures.locked_out) if failures.failed > 1 else Failures()
    if opening.replaced:
        await store.end_session_of(connection, opening.replaced)
    lives = timedelta(hours=spine.settings.session_hours_max)
    session, secret = await session_store.open_browser_session(connection, user.id, opening, lives, failures, proved=proved)
    actor = Actor(user.id, user.username, user.agency)
    detail = {"address": opening.address, "session": session.id, "method": opening.method, "failed_before": failures.failed}
    await audit.record(connection, actor, "collection", "identity.session.open", subjects=(user.id,), detail=detail)
    await throttle.forgive(connection, throttle.account_key(user.username))
    telemetry.SIGN_INS.labels(outcome="signed_in").inc()
    return SignedIn(user, session, secret)


async def sign_in(spine: Spine, username: str, password: str, opening: Opening) -> SignedIn:
    """A new session after the right password."""
    user = await prove(spine, username, password, opening.address, "identity.session.open")
    stronger = await hash_password(password) if is_outdated(user.password_hash) else ""
    async with spine.db.transaction() as connection:
        locked = await store.lock_user(connection, user.id)
        if locked is None or not locked.active or locked.password_hash != user.password_hash:
            raise WrongPasswordError("the username or the password is wrong")
        if stronger and not user.one_time_until:
            await store.set_password(connection, user.id, stronger, None)
        return await open_session(connection, spine, locked, opening)


async def forgive(spine: Spine, user: User) -> None:
    """After a password was proved again outside a sign-in."""
    async with spine.db.transaction() as connection:
        await throttle.forgive(connection, throttle.account_key(user.username))


async def sign_out(spine: Spine, actor: Actor, session: str) -> None:
    """End the session or token that the request came with."""
    async with spine.db.transaction() as connection:
        await store.end_sessions(connection, actor.id, only=session)
        await audit.record(connection, actor, "erasure", "identity.session.close", subjects=(actor.id,), detail={"session": session})


async def issue_token(spine: Spine, actor: Actor, user: User, label: str, days: int) -> tuple[Session, str]:
    """A bearer token for programs; its secret is told once."""
    if days > spine.settings.token_days_max:
        raise InvalidError(f"a token lives for at most {spine.settings.token_days_max} days")
    async with spine.db.transaction() as connection:
        locked = await store.lock_user(connection, user.id)
        if locked is None or not locked.active:
            raise ForbiddenError("the account is not active")
        session, secret = await store.open_session(connection, user.id, "token", label, timedelta(days=days))
        detail = {"token": session.id, "label": label, "days": days}
        await audit.record(connection, actor, "collection", "identity.tokens.issue", subjects=(user.id,), detail=detail)
    return session, secret


async def end_token(spine: Spine, actor: Actor, token: str) -> None:
    """End one of one's own tokens, at once."""
    async with spine.db.transaction() as connection:
        if not await store.end_sessions(connection, actor.id, only=token):
            raise NotFoundError("you have no such token")
        await audit.record(connection, actor, "erasure", "identity.tokens.end", subjects=(actor.id,), detail={"token": token})
