"""A force's own directory as the source of truth: people and posts from CSV, row by row, as a personnel system sends them.

Good rows count whatever becomes of the others. The same file again changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bluelamp.spine import audit
from bluelamp.spine.errors import BluelampError, InvalidError
from bluelamp.spine.identity import store as accounts
from bluelamp.spine.identity.actions import Authority, create_user
from bluelamp.spine.identity.domain import plain_username
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

from . import people, people_store
from .people import Amendment, PostTerms
from .people_store import Membership

NEEDED = ("username", "name", "agency", "roles")
COLUMNS = (*NEEDED, "unit", "manager", "rank", "starts", "ends", "shift pattern", "email", "kind")
ROWS_MAX = 250_000
REJECTED_MAX = 1000
ZONE = ZoneInfo("Europe/London")
"""Dates without a time are days of the force's own calendar."""


class Row(NamedTuple):
    line: int
    username: str
    name: str
    terms: PostTerms
    kind: str
    email: str


class Rejected(NamedTuple):
    line: int
    username: str
    message: str


class Imported(NamedTuple):
    """What became of the rows."""

    rows: int
    joined: int
    moved: int
    amended: int
    left: int
    unchanged: int
    rejected: list[Rejected]


def _moment(text: str, *, ending: bool) -> datetime | None:
    """A time with a zone, or a day: it starts with its first moment, and ends with its last."""
    text = text.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if len(text) != 10:
            raise InvalidError(f"{text[:40]!r} is neither a day such as 2026-11-30 nor a time with a zone")
        day = moment.date() + timedelta(days=1) if ending else moment.date()
    except (ValueError, OverflowError):
        raise InvalidError(f"{text[:40]!r} is neither a day such as 2026-11-30 nor a time with a zone") from None
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def _read(line: int, cells: dict[str, str]) -> Row:
    """Raises `InvalidError`."""
    username, kind, email = plain_username(cells["username"]), cells.get("kind", "").strip().casefold() or "home", cells.get("email", "")
    if kind not in ("home", "secondment"):
        raise InvalidError("kind is home or secondment")
    if len(email.strip()) > 254 or (email.strip() and "@" not in email):
        raise InvalidError("that is not an email address")
    roles = frozenset(cells["roles"].replace(";", " ").replace("|", " ").split())
    if not roles:
        raise InvalidError("give at least one role")
    terms = PostTerms(
        cells["agency"].strip().upper(), roles, cells.get("unit", "").strip().upper(), " ".join(cells.get("rank", "").split()).casefold(),
        plain_username(cells.get("manager", "")), " ".join(cells.get("shift pattern", "").split()),
        _moment(cells.get("starts", ""), ending=False), _moment(cells.get("ends", ""), ending=True),
    )  # fmt: skip
    return Row(line, username, " ".join(cells["name"].split()), terms, kind, email.strip())


def rows_of(lines: Iterable[str]) -> Iterable[Row | Rejected]:
    """The rows of a file.

    Raises:
        InvalidError: the heading lacks a column or has one that is not known, or there are too many rows.
    """
    reader = csv.reader(lines)
    heading = [" ".join(cell.replace("_", " ").split()).casefold() for cell in next(reader, [])]
    if heading:
        heading[0] = heading[0].lstrip("\ufeff")
    missing, unknown = [n for n in NEEDED if n not in heading], [n for n in heading if n not in COLUMNS]
    if missing or unknown or len(set(heading)) != len(heading):
        raise InvalidError(f"the heading needs {', '.join(NEEDED)} and may have {', '.join(COLUMNS[len(NEEDED) :])}")
    count = 0
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > ROWS_MAX:
            raise InvalidError(f"the file has more than {ROWS_MAX} rows")
        if len(cells) != len(heading) or any("\0" in cell for cell in cells):
            yield Rejected(reader.line_num, cells[0][:64].replace("\0", ""), f"the row has {len(cells)} cells, the heading {len(heading)}")
            continue
        named = dict(zip(heading, cells, strict=True))
        try:
            yield _read(reader.line_num, named)
        except InvalidError as error:
            yield Rejected(reader.line_num, named["username"][:64], error.message)


async def import_people(spine: Spine, authority: Authority, lines: Iterable[str]) -> Imported:
    """Take a file in. Managers are set when all rows are in, since they may stand below whom they manage.

    Raises:
        InvalidError: it is not such a file.
    """
    counts = dict.fromkeys(("joined", "moved", "amended", "left", "unchanged"), 0)
    rejected: list[Rejected] = []
    managed: list[Row] = []
    total = 0
    for row in rows_of(lines):
        total += 1
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        try:
            async with spine.db.transaction() as connection:
                counts[await _apply(spine, connection, authority, row)] += 1
            if row.terms.manager:
                managed.append(row)
        except BluelampError as error:
            rejected.append(Rejected(row.line, row.username[:64], error.message))
    for row in managed:
        try:
            async with spine.db.transaction() as connection:
                await _set_manager(connection, authority, row)
        except BluelampError as error:
            rejected.append(Rejected(row.line, row.username[:64], error.message))
    rejected.sort(key=lambda one: one.line)
    async with spine.db.transaction() as connection:
        detail = {"rows": total, **counts, "rejected": len(rejected)}
        await audit.record(connection, authority.actor, "collection", "organisations.people.import", detail=detail)
    return Imported(rows=total, rejected=rejected[:REJECTED_MAX], **counts)


async def _apply(spine: Spine, connection: Connection, authority: Authority, row: Row) -> str:
    """One row; returns what it was."""
    terms = row.terms._replace(manager="")
    now = await people_store.moment(connection)
    user = await accounts.user_by_username(connection, row.username)
    if user is None:
        if row.kind == "secondment":
            raise InvalidError("give the person a home post first")
        if terms.ends is not None and terms.ends <= now:
            return "unchanged"
        person = await create_user(connection, authority, row.username, row.name, terms.agency, terms.roles)
        await people_store.withdraw_first(connection, person)
        await people.move(spine, connection, authority, person, terms)
        await _tell_account(connection, person, row)
        return "joined"
    await people.person_in_reach(connection, authority, user.id)
    if row.kind == "secondment":
        return await _lend(spine, connection, authority, user.id, terms, now)
    if terms.ends is not None and terms.ends <= now:
        present = await people_store.home_post(connection, user.id) is not None
        if present:
            await people.leave(connection, authority, user.id)
        return "left" if present else "unchanged"
    return await _post(spine, connection, authority, user.id, row, now)


async def _post(spine: Spine, connection: Connection, authority: Authority, person: str, row: Row, now: datetime) -> str:
    """The home post of somebody who is known."""
    terms = row.terms._replace(manager="")
    renamed = await _tell_account(connection, person, row)
    planned = max(terms.starts, now) if terms.starts else None
    held = await people_store.home_post(connection, person, planned)
    if held is None or not _same_post(held, terms):
        await people.move(spine, connection, authority, person, terms)
        return "moved"
    changed = held.ends_at != terms.ends or held.shift_pattern != terms.shift_pattern
    if changed:
        wanted = Amendment(shift_pattern=terms.shift_pattern, ends=terms.ends, reopen=terms.ends is None)
        await people.amend(connection, authority, person, held.id, wanted)
    elif renamed:
        detail = {"name": row.name, "email": row.email}
        await audit.record(connection, authority.actor, "alteration", "organisations.people.amend", subjects=(person,), detail=detail)
    return "amended" if changed or renamed else "unchanged"


def _same_post(held: Membership, terms: PostTerms) -> bool:
    return (held.agency, held.unit, held.roles, held.rank) == (terms.agency, terms.unit, terms.roles, terms.rank)


async def _lend(spine: Spine, connection: Connection, authority: Authority, person: str, terms: PostTerms, now: datetime) -> str:
    """A secondment as the file says it: offered and, where the authority reaches the host, accepted."""
    stands = [
        m
        for m in await people_store.memberships_of(connection, person)
        if m.kind == "secondment" and m.agency == terms.agency and (m.ends_at is None or m.ends_at > now)
    ]
    if terms.ends is not None and terms.ends <= now:
        for held in stands:
            await people.end_secondment(connection, authority, held.id)
        return "left" if stands else "unchanged"
    if any(_same_post(held, terms) and held.ends_at == terms.ends for held in stands):
        return "unchanged"
    for held in stands:
        await people.end_secondment(connection, authority, held.id)
    post = await people.offer_secondment(connection, authority, person, terms.agency, terms.starts, terms.ends)
    if not authority.agency:
        await people.accept_secondment(spine, connection, authority, post, terms)
    return "moved"


async def _tell_account(connection: Connection, person: str, row: Row) -> bool:
    """Name and address as the file has them; whether they were others."""
    if not 1 <= len(row.name) <= 120:
        raise InvalidError("a name has 1 to 120 characters")
    done = await connection.execute(
        "UPDATE users SET name = $2, email = $3 WHERE id = $1 AND (name <> $2 OR email <> $3)", person, row.name, row.email
    )
    return bool(done == "UPDATE 1")


async def _set_manager(connection: Connection, authority: Authority, row: Row) -> None:
    user = await accounts.user_by_username(connection, row.username)
    if user is None:
        return
    for held in await people_store.memberships_of(connection, user.id):
        stands = held.ends_at is None or held.ends_at > await people_store.moment(connection)
        if stands and held.kind == "home" == row.kind and held.agency == row.terms.agency and held.manager != row.terms.manager:
            await people.amend(connection, authority, user.id, held.id, Amendment(manager=row.terms.manager))
