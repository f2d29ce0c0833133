"""What people do to accounts. Each verb is one transaction with its audit entry; sessions that it ends are ended at once."""

from __future__ import annotations

from typing import Any, NamedTuple

from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import ForbiddenError, InvalidError, NotFoundError
from bluelamp.spine.module import Spine
from bluelamp.spine.policy import ROLES
from bluelamp.spine.relational import Connection

from . import passkey_store, session_store, store, throttle
from .access import NATIONAL_ROLES
from .domain import USERNAME, User, plain_username
from .errors import UnknownAgencyError, UnknownRoleError, UsernameTakenError
from .passwords import check_strength, hash_password, random_password


class Authority(NamedTuple):
    """In whose name accounts are administered, and how far it reaches. `agency` empty: everywhere, national roles too."""

    actor: Actor
    agency: str


PLATFORM = Authority(audit.SYSTEM, "")
"""Commands typed on the platform's own machine."""


def check_roles(authority: Authority, roles: frozenset[str], held: frozenset[str] = frozenset()) -> None:
    unknown = roles - set(ROLES)
    if unknown:
        raise UnknownRoleError(f"there is no role {', '.join(sorted(unknown))}; choose among {', '.join(ROLES)}")
    national = (roles ^ held) & NATIONAL_ROLES
    if authority.agency and national:
        raise ForbiddenError(f"only a national administrator grants or removes the role {', '.join(sorted(national))}")


async def administered(connection: Connection, authority: Authority, user_id: str) -> User:
    """The account, locked, if it is within reach. Another agency's is not found, so that its existence is not told."""
    user = await store.lock_user(connection, user_id)
    if user is None or (authority.agency and user.agency != authority.agency):
        raise NotFoundError("no such account in your agency")
    if authority.agency and user.roles & NATIONAL_ROLES:
        # Otherwise a local administrator could reset an auditor's password and read the audit of all.
        raise ForbiddenError("this account holds a national role: only a national administrator changes it")
    return user


async def create_user(connection: Connection, authority: Authority, username: str, name: str, agency: str, roles: frozenset[str]) -> str:
    """A new account without a password; returns its id."""
    username, name = plain_username(username), " ".join(name.split())
    if not USERNAME.fullmatch(username):
        raise InvalidError("a username has 2 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit")
    if not 1 <= len(name) <= 120:
        raise InvalidError("a name has 1 to 120 characters")
    check_roles(authority, roles)
    if authority.agency and agency != authority.agency:
        raise ForbiddenError("you administer the accounts of your own agency only")
    if not await connection.fetchval("SELECT true FROM agencies WHERE code = $1", agency):
        raise UnknownAgencyError(f"there is no agency with the code {agency}")
    user_id = await store.insert_user(connection, username, name, agency, roles)
    if user_id is None:
        raise UsernameTakenError("this username is taken")
    detail = {"username": username, "agency": agency, "roles": sorted(roles)}
    await audit.record(connection, authority.actor, "collection", "identity.users.create", subjects=(user_id,), detail=detail)
    return user_id


class Changes(NamedTuple):
    """What to change of an account; None leaves it."""

    name: str | None = None
    roles: frozenset[str] | None = None
    active: bool | None = None


async def change_user(spine: Spine, authority: Authority, user_id: str, changes: Changes) -> None:
    """Name, roles, active. Deactivating ends sessions and tokens; new roles hold from the next request on.

    Browsers with other roles than before are locked: a touch opens them, under a new secret.
    """
    async with spine.db.transaction() as connection:
        user = await administered(connection, authority, user_id)
        if user_id == authority.actor.id and (changes.roles is not None or changes.active is not None):
            raise ForbiddenError("nobody changes their own roles or closes their own account: ask another administrator")
        name = user.name if changes.name is None else " ".join(changes.name.split())
        if not 1 <= len(name) <= 120:
            raise InvalidError("a name has 1 to 120 characters")
        roles = user.roles if changes.roles is None else changes.roles
        check_roles(authority, roles, user.roles)
        active = user.active if changes.active is None else changes.active
        await store.update_user(connection, user_id, name, roles, active=changes.active)
        ended = 0 if active else await store.end_sessions(connection, user_id)
        locked = await session_store.lock_all(connection, user_id) if active and roles != user.roles else 0
        await store.announce(connection, user_id)
        after = {"name": name, "roles": sorted(roles), "active": active}
        before: dict[str, Any] = {"name": user.name, "roles": sorted(user.roles), "active": user.active}
        detail = {"before": before, "after": after, "sessions_ended": ended, "sessions_locked": locked}
        await audit.record(connection, authority.actor, "alteration", "identity.users.change", subjects=(user_id,), detail=detail)


async def reset_password(spine: Spine, authority: Authority, user_id: str) -> str:
    """A one-time password, told once; whatever the person held is ended."""
    password = random_password()
    password_hash = await hash_password(password)
    async with spine.db.transaction() as connection:
        await administered(connection, authority, user_id)
        if user_id == authority.actor.id:
            raise ForbiddenError("change your own password with POST /v1/me/password")
        await store.set_password(connection, user_id, password_hash, spine.settings.one_time_password_hours_max)
        ended = await store.end_sessions(connection, user_id)
        # Whoever must begin anew may have lost the device too, or somebody else enrolled one.
        removed = await passkey_store.remove_all(connection, user_id)
        detail = {"sessions_ended": ended, "passkeys_removed": removed}
        await audit.record(connection, authority.actor, "alteration", "identity.users.reset_password", subjects=(user_id,), detail=detail)
    return password


async def end_lock_out(spine: Spine, authority: Authority, user_id: str) -> None:
    """Forget the failed sign-ins of an account, so that its owner need not wait."""
    async with spine.db.transaction() as connection:
        user = await administered(connection, authority, user_id)
        await throttle.forgive(connection, throttle.account_key(user.username))
        await audit.record(connection, authority.actor, "alteration", "identity.users.end_lock_out", subjects=(user_id,))


async def set_random_password(spine: Spine, username: str) -> str:
    """A lasting random password for an account of the demonstration, told once."""
    password = random_password()
    password_hash = await hash_password(password)
    async with spine.db.transaction() as connection:
        user = await store.user_by_username(connection, username)
        if user is None:
            raise NotFoundError(f"there is no account {username}")
        await store.set_password(connection, user.id, password_hash, None)
        await store.end_sessions(connection, user.id)
        await audit.record(connection, audit.SYSTEM, "alteration", "identity.users.set_password", subjects=(user.id,))
    return password


async def change_own_password(spine: Spine, user: User, actor: Actor, new: str, session: str) -> None:
    """After the present password was proved. Ends every other session and token: one of them may be a thief's."""
    agency = await spine.db.fetchval("SELECT name FROM agencies WHERE code = $1", user.agency)
    check_strength(new, spine.settings.password_length_min, user.username, user.name, agency)
    password_hash = await hash_password(new)
    async with spine.db.transaction() as connection:
        locked = await store.lock_user(connection, user.id)
        if locked is None or not locked.active or locked.password_hash != user.password_hash:
            raise ForbiddenError("the account changed in the meantime: sign in again")
        await store.set_password(connection, user.id, password_hash, None)
        ended = await store.end_sessions(connection, user.id, keep=session)
        await audit.record(
            connection, actor, "alteration", "identity.account.change_password", subjects=(user.id,), detail={"sessions_ended": ended}
        )
