"""Joiners, movers, leavers and people on loan. Each verb is one transaction with its entry, and counts from the next request on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from bluelamp.spine import audit
from bluelamp.spine.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from bluelamp.spine.identity import store as accounts
from bluelamp.spine.identity.actions import Authority, administered, check_roles
from bluelamp.spine.identity.domain import User, plain_username
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

from . import people_store as store
from .people_store import Membership
from .ranks import checked_rank
from .units import unit_id


class NoSuchPostError(NotFoundError):
    code = "no_such_post"


class NoSuchManagerError(InvalidError):
    code = "no_such_manager"


class OnLoanAlreadyError(ConflictError):
    code = "on_loan_already"


class PostTerms(NamedTuple):
    """What a post is. `manager` is a username; `starts` None: now; `ends` None: open."""

    agency: str
    roles: frozenset[str]
    unit: str = ""
    rank: str = ""
    manager: str = ""
    shift_pattern: str = ""
    starts: datetime | None = None
    ends: datetime | None = None


class Amendment(NamedTuple):
    """What may change of a post without its becoming another; None leaves it."""

    manager: str | None = None
    shift_pattern: str | None = None
    ends: datetime | None = None
    reopen: bool = False
    """Take a planned end back."""


async def _columns(spine: Spine, connection: Connection, person: str, terms: PostTerms) -> dict[str, object]:
    """The terms as columns.

    Raises:
        NoSuchUnitError, UnknownRankError, NoSuchManagerError, InvalidError.
    """
    if terms.ends is not None and terms.starts is not None and terms.ends <= terms.starts:
        raise InvalidError("a post ends after it starts")
    return {
        "person": person,
        "agency": terms.agency,
        "unit": await unit_id(connection, terms.agency, terms.unit),
        "roles": sorted(terms.roles),
        "rank": checked_rank(spine.settings, terms.rank),
        "manager": await _manager(connection, person, terms.agency, terms.manager),
        "shift_pattern": _pattern(terms.shift_pattern),
        "ends_at": terms.ends,
    }


def _pattern(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > 120:
        raise InvalidError("a shift pattern has at most 120 characters")
    return text


async def _manager(connection: Connection, person: str, agency: str, username: str) -> str | None:
    """A manager's id: somebody with a post at the same agency."""
    if not username:
        return None
    found: str | None = await connection.fetchval(
        "SELECT u.id FROM users u JOIN memberships m ON m.person = u.id WHERE u.username = $1 AND m.agency = $2"
        " AND (m.ends_at IS NULL OR m.ends_at > now()) LIMIT 1",
        plain_username(username), agency,
    )  # fmt: skip
    if found is None or found == person:
        raise NoSuchManagerError(f"{username[:64]!r} is nobody else with a post at {agency}")
    return found


def _told(terms: PostTerms) -> dict[str, object]:
    told = terms._asdict() | {"roles": sorted(terms.roles)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items() if value}


async def person_in_reach(connection: Connection, authority: Authority, person: str) -> User:
    """The account, locked, its planned posts that have begun in force. Raises `NotFoundError`, `ForbiddenError`."""
    await accounts.lock_user(connection, person)
    await store.follow_home(connection, person)
    return await administered(connection, authority, person)


async def move(spine: Spine, connection: Connection, authority: Authority, person: str, terms: PostTerms) -> str:
    """A home post from `starts` on; the present one ends then, with all that belonged to it. Opens the account of one who had left.

    Raises:
        ForbiddenError: another agency's post, a national role, or one's own post.
    """
    user = await person_in_reach(connection, authority, person)
    if person == authority.actor.id:
        raise ForbiddenError("nobody changes their own post: ask another administrator")
    if authority.agency and terms.agency != authority.agency:
        raise ForbiddenError("a move to another agency is made by a national administrator; to lend somebody, offer a secondment")
    check_roles(authority, terms.roles, user.roles)
    columns = await _columns(spine, connection, person, terms)
    now = await store.moment(connection)
    starts = max(terms.starts or now, now)
    if terms.ends is not None and terms.ends <= starts:
        raise InvalidError("the post would have ended before it began: let them leave instead")
    held = await store.home_post(connection, person, starts)
    await store.end_memberships(connection, person, starts, "home")
    if held is not None and held.agency != terms.agency:
        await store.end_memberships(connection, person, starts, "secondment")
    post = await store.insert_membership(connection, columns | {"kind": "home", "starts_at": starts, "accepted_at": now})
    await connection.execute("UPDATE users SET active = true, left_at = NULL WHERE id = $1 AND left_at IS NOT NULL", person)
    await store.follow_home(connection, person)
    await accounts.announce(connection, person)
    detail = {"post": post, "terms": _told(terms), "before": held.id if held else ""}
    await audit.record(connection, authority.actor, "alteration", "organisations.people.move", subjects=(person,), detail=detail)
    return post


async def leave(connection: Connection, authority: Authority, person: str, at: datetime | None = None) -> int:
    """End every post. Now (None): sessions, tokens and live streams end with them everywhere. Returns how many sessions ended."""
    await person_in_reach(connection, authority, person)
    if person == authority.actor.id:
        raise ForbiddenError("nobody ends their own post: ask another administrator")
    now = await store.moment(connection)
    if at is not None and at > now:
        await store.end_memberships(connection, person, at)
        await accounts.announce(connection, person)
        detail: dict[str, object] = {"at": at.isoformat()}
        await audit.record(connection, authority.actor, "alteration", "organisations.people.leave", subjects=(person,), detail=detail)
        return 0
    return await _gone(connection, authority, person, now)


async def _gone(connection: Connection, authority: Authority, person: str, now: datetime) -> int:
    posts = await store.end_memberships(connection, person, now)
    await connection.execute("UPDATE users SET active = false, left_at = now() WHERE id = $1", person)
    ended = await accounts.end_sessions(connection, person)
    detail = {"posts_ended": posts, "sessions_ended": ended}
    await audit.record(connection, authority.actor, "erasure", "organisations.people.leave", subjects=(person,), detail=detail)
    return ended


async def offer_secondment(
    connection: Connection, authority: Authority, person: str, host: str, starts: datetime | None, ends: datetime | None
) -> str:
    """Offer somebody of one's own to another agency. It gives them nothing there until that agency accepts.

    Raises:
        OnLoanAlreadyError: lent to it already, or offered.
    """
    user = await person_in_reach(connection, authority, person)
    if host == user.agency:
        raise InvalidError("a secondment is to another agency")
    if not await connection.fetchval("SELECT true FROM agencies WHERE code = $1", host):
        raise InvalidError(f"there is no agency with the code {host}")
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM memberships WHERE person = $1 AND agency = $2 AND kind = 'secondment'"
        " AND (ends_at IS NULL OR ends_at > now()))",
        person, host,
    ):  # fmt: skip
        raise OnLoanAlreadyError(f"they are lent or offered to {host} already: end that first")
    now = await store.moment(connection)
    begins = max(starts or now, now)
    if ends is not None and ends <= begins:
        raise InvalidError("a secondment ends after it starts")
    values = {"person": person, "agency": host, "kind": "secondment", "roles": [], "starts_at": begins, "ends_at": ends}
    post = await store.insert_membership(connection, values)
    detail = {"post": post, "host": host, "starts": begins.isoformat(), "ends": ends.isoformat() if ends else None}
    await audit.record(connection, authority.actor, "alteration", "organisations.people.offer", subjects=(person,), detail=detail)
    return post


async def _secondment(connection: Connection, authority: Authority, post: str) -> Membership:
    """A secondment that stands and that the authority has part in, as host or as home; locked."""
    await connection.execute("SELECT FROM memberships WHERE id = $1 FOR UPDATE", post)
    held = await store.membership(connection, post)
    ended = held is not None and held.ends_at is not None and held.ends_at <= datetime.now(UTC)
    if held is None or held.kind != "secondment" or ended or (authority.agency and authority.agency not in (held.agency, held.home)):
        raise NoSuchPostError("your agency has no such secondment")
    return held


async def accept_secondment(spine: Spine, connection: Connection, authority: Authority, post: str, terms: PostTerms) -> None:
    """The host says as what it takes somebody in; from then on they may act for it. `terms.agency`, `starts`, `ends` are the offer's.

    Raises:
        NoSuchPostError: none that was offered to the authority's agency.
    """
    held = await _secondment(connection, authority, post)
    if authority.agency and held.agency != authority.agency:
        raise ForbiddenError("the host agency accepts a secondment")
    if held.person == authority.actor.id:
        raise ForbiddenError("nobody accepts their own secondment: ask another administrator")
    if not terms.roles:
        raise InvalidError("give at least one role")
    check_roles(authority, terms.roles, held.roles)
    wanted = terms._replace(agency=held.agency, starts=None, ends=held.ends_at)
    columns = await _columns(spine, connection, held.person, wanted)
    now = await store.moment(connection)
    await store.update_membership(connection, post, columns | {"accepted_at": now})
    await accounts.announce(connection, held.person)
    detail = {"post": post, "terms": _told(wanted)}
    await audit.record(connection, authority.actor, "alteration", "organisations.people.accept", subjects=(held.person,), detail=detail)


async def end_secondment(connection: Connection, authority: Authority, post: str) -> None:
    """Either side ends it, at once."""
    held = await _secondment(connection, authority, post)
    await store.update_membership(connection, post, {"ends_at": max(held.starts_at, await store.moment(connection))})
    await accounts.announce(connection, held.person)
    detail = {"post": post, "host": held.agency}
    await audit.record(connection, authority.actor, "alteration", "organisations.people.recall", subjects=(held.person,), detail=detail)


async def amend(connection: Connection, authority: Authority, person: str, post: str, wanted: Amendment) -> None:
    """Change the manager, the shift pattern or the end of a post that stands. Raises `NoSuchPostError`."""
    await person_in_reach(connection, authority, person)
    held = await store.membership(connection, post)
    now = await store.moment(connection)
    if held is None or held.person != person or held.kind != "home" or (held.ends_at is not None and held.ends_at <= now):
        raise NoSuchPostError("they have no such post")
    values: dict[str, object] = {}
    if wanted.manager is not None:
        values["manager"] = await _manager(connection, person, held.agency, wanted.manager)
    if wanted.shift_pattern is not None:
        values["shift_pattern"] = _pattern(wanted.shift_pattern)
    if wanted.ends is not None:
        if person == authority.actor.id:
            raise ForbiddenError("nobody ends or lengthens their own post: ask another administrator")
        if wanted.ends <= max(now, held.starts_at):
            raise InvalidError("a post ends in the future; to end it now, let them leave")
        values["ends_at"] = wanted.ends
    elif wanted.reopen:
        values["ends_at"] = None
    if not values:
        return
    await store.update_membership(connection, post, values)
    await accounts.announce(connection, person)
    told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    detail = {"post": post, "changes": told}
    await audit.record(connection, authority.actor, "alteration", "organisations.people.amend", subjects=(person,), detail=detail)


async def act_in(connection: Connection, actor: audit.Actor, session: str, person: str, post: str) -> Membership:
    """Let a session act in one of the person's posts in force.

    Raises:
        NoSuchPostError: not theirs, or not in force.
    """
    held = await store.membership(connection, post)
    if held is None or held.person != person or not held.in_force:
        raise NoSuchPostError("you have no such post now")
    await connection.execute("UPDATE sessions SET acting = $3 WHERE id = $1 AND person = $2", session, person, post)
    await accounts.announce(connection, person)
    detail = {"post": post, "agency": held.agency, "session": session}
    await audit.record(connection, actor, "alteration", "organisations.people.act", subjects=(person,), detail=detail)
    return held


async def keep_dates(spine: Spine) -> None:
    """Bring accounts in line with posts that began or ended by their dates. Access followed the dates already; this tidies and tells."""
    for person in await store.moved_by_date(spine.db, 1000):
        async with spine.db.transaction() as connection:
            await accounts.lock_user(connection, person)
            await store.follow_home(connection, person)
            await accounts.announce(connection, person)
            detail = {"by_date": True}
            await audit.record(connection, audit.SYSTEM, "alteration", "organisations.people.move", subjects=(person,), detail=detail)
    for person in await store.left_by_date(spine.db, 1000):
        async with spine.db.transaction() as connection:
            await accounts.lock_user(connection, person)
            await _gone(connection, Authority(audit.SYSTEM, ""), person, await store.moment(connection))
