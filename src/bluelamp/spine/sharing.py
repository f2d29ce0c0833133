"""Sharing between agencies: by explicit rule, told to both sides, revocable at once. Without one, nobody sees what is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bluelamp.kit.clock import to_ms
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import ConflictError, EngineDownError, InvalidError, NotFoundError
from bluelamp.spine.relational import Connection, Database, Record
from bluelamp.spine.steady import start_steadily

if TYPE_CHECKING:
    from bluelamp.spine.module import Spine

CHANNEL = "sharing"
"""NOTIFY on it, with the rule's id, whenever a rule is made or revoked."""


class NoSuchRuleError(NotFoundError):
    code = "no_such_sharing_rule"


class RuleStandsError(ConflictError):
    code = "sharing_rule_stands"


class Shareable(NamedTuple):
    """A kind of thing that an agency may share. A capability declares its own on its module."""

    kind: str
    description: str
    name_of: Callable[[Connection, str, str], Awaitable[str | None]]
    """(connection, id, agency) -> the name of one thing of the agency's that a rule may be limited to; None: there is none."""


class Share(NamedTuple):
    """What a reader may see of an owner: one thing, or with `item` None all of the kind."""

    owner: str
    item: str | None


class Rule(NamedTuple):
    """A sharing rule as it was made, and whether it was revoked."""

    id: str
    kind: str
    owner: str
    receiver: str
    item: str | None
    item_name: str
    reason: str
    starts_at: datetime
    ends_at: datetime | None
    made_by_name: str
    made_at: datetime
    revoked_at: datetime | None
    revoked_by_name: str
    revoked_by_agency: str


_RULE = (
    "id, kind, owner, receiver, item, item_name, reason, starts_at, ends_at, made_by_name, made_at, revoked_at, revoked_by_name,"
    " revoked_by_agency"
)


def _rule(row: Record) -> Rule:
    return Rule(**dict(row))


async def shared_with(db: Database | Connection, reader: str, kind: str) -> tuple[Share, ...]:
    """What stands now for a reader, asked of the records: for questions to a store that cannot join them."""
    rows = await db.fetch("SELECT owner, item FROM shared_with($1, $2) ORDER BY owner, item", reader, kind)
    return tuple(Share(row["owner"], row["item"]) for row in rows)


async def rules_of(db: Database, agency: str, *, given: bool, before: str, count: int) -> list[Rule]:
    """Rules that the agency made, or that were made for it, the latest first; revoked and ended ones too."""
    column = "owner" if given else "receiver"
    rows = await db.fetch(
        f"SELECT {_RULE} FROM sharing_rules WHERE {column} = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3", agency, before, count
    )
    return [_rule(row) for row in rows]


async def rule_of(db: Database | Connection, rule: str, agency: str) -> Rule:
    """Raises `NoSuchRuleError`, also where it is between others."""
    row = await db.fetchrow(f"SELECT {_RULE} FROM sharing_rules WHERE id = $1 AND $2 IN (owner, receiver)", rule, agency)
    if row is None:
        raise NoSuchRuleError("your agency has no such sharing rule")
    return _rule(row)


class Terms(NamedTuple):
    """What a new rule says. `item` empty: everything of the kind; `starts` None: now; `ends` None: until revoked."""

    receiver: str
    item: str
    reason: str
    starts: datetime | None
    ends: datetime | None


async def share(connection: Connection, actor: Actor, shareable: Shareable, terms: Terms) -> Rule:
    """Share something of the actor's agency.

    Raises:
        InvalidError: no such agency, no such thing, no reason, or an end before the start.
        RuleStandsError: it is shared with them already.
    """
    reason = " ".join(terms.reason.split())
    if not 1 <= len(reason) <= 500:
        raise InvalidError("say in 1 to 500 characters why this is shared")
    known = await connection.fetchval("SELECT true FROM agencies WHERE code = $1", terms.receiver)
    if terms.receiver == actor.agency or not known:
        raise InvalidError(f"there is no other agency with the code {terms.receiver}")
    name: str | None = ""
    if terms.item:
        name = await shareable.name_of(connection, terms.item, actor.agency)
        if name is None:
            raise InvalidError("your agency has no such thing to share")
    now: datetime = await connection.fetchval("SELECT date_trunc('milliseconds', now())")
    starts = max(terms.starts or now, now)
    if terms.ends is not None and terms.ends <= starts:
        raise InvalidError("a sharing rule ends after it starts")
    # One at a time for each owner, so that two clicks make one rule.
    await connection.execute("SELECT FROM agencies WHERE code = $1 FOR UPDATE", actor.agency)
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM sharing_rules WHERE owner = $1 AND receiver = $2 AND kind = $3 AND item IS NOT DISTINCT FROM $4"
        " AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > now()))",
        actor.agency, terms.receiver, shareable.kind, terms.item or None,
    ):  # fmt: skip
        raise RuleStandsError("this is shared with them already: revoke that rule to make another")
    row = await connection.fetchrow(
        "INSERT INTO sharing_rules (id, kind, owner, receiver, item, item_name, reason, starts_at, ends_at, made_by, made_by_name)"
        f" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING {_RULE}",
        new_id(), shareable.kind, actor.agency, terms.receiver, terms.item or None, name, reason, starts, terms.ends, actor.id, actor.name,
    )  # fmt: skip
    made = _rule(row)
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, made.id)
    detail = {
        "kind": made.kind, "receiver": made.receiver, "item": made.item, "reason": reason,
        "starts": starts.isoformat(), "ends": terms.ends.isoformat() if terms.ends else None,
    }  # fmt: skip
    subjects = (made.id, *([made.item] if made.item else []))
    await audit.record(connection, actor, "disclosure", "organisations.sharing.share", subjects=subjects, detail=detail)
    return made


async def revoke(connection: Connection, actor: Actor, rule: str) -> Rule:
    """End a rule, at once. The side that shares may, and the side that no longer wants it.

    Raises:
        NoSuchRuleError: none that stands between the actor's agency and another.
    """
    await connection.execute("SELECT FROM sharing_rules WHERE id = $1 FOR UPDATE", rule)
    held = await rule_of(connection, rule, actor.agency)
    if held.revoked_at is not None:
        raise NoSuchRuleError("your agency has no such sharing rule that stands")
    row = await connection.fetchrow(
        f"UPDATE sharing_rules SET revoked_at = now(), revoked_by_name = $2, revoked_by_agency = $3 WHERE id = $1 RETURNING {_RULE}",
        rule, actor.name, actor.agency,
    )  # fmt: skip
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, rule)
    detail = {"kind": held.kind, "owner": held.owner, "receiver": held.receiver, "item": held.item}
    await audit.record(connection, actor, "alteration", "organisations.sharing.revoke", subjects=(rule,), detail=detail)
    return _rule(row)


class Standing(NamedTuple):
    """A rule as the book keeps it. Times in milliseconds; `ends` 0: open."""

    share: Share
    starts: int
    ends: int


class SharingBook:
    """The rules in memory, for what is decided for every event and every viewer. One per API process."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self._rules: dict[tuple[str, str], dict[str, Standing]] = {}
        self._told_of: set[str] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.load()
        self._spine.db.listen(CHANNEL, self._changed.set, self._told)
        self._task = start_steadily("sharing-book", self._follow)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _told(self, rule: str) -> None:
        """Forget the rule first, whatever became of it: between now and the reading it grants nothing."""
        self._told_of.add(rule)
        for rules in self._rules.values():
            rules.pop(rule, None)
        self._changed.set()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.load()
            except EngineDownError:
                self._rules = {}
                await asyncio.sleep(0.5)
                self._changed.set()
            except BaseException:
                self._rules = {}  # what cannot be read grants nothing
                self._changed.set()
                raise

    async def load(self) -> None:
        """Read the rules that stand or will. One told of meanwhile waits for the next reading."""
        self._told_of.clear()
        rows = await self._spine.db.fetch(
            "SELECT id, kind, owner, receiver, item, starts_at, ends_at FROM sharing_rules WHERE revoked_at IS NULL"
            " AND (ends_at IS NULL OR ends_at > now())"
        )
        rules: dict[tuple[str, str], dict[str, Standing]] = {}
        for row in rows:
            if row["id"] in self._told_of:
                continue
            ends = to_ms(row["ends_at"]) if row["ends_at"] else 0
            standing = Standing(Share(row["owner"], row["item"]), to_ms(row["starts_at"]), ends)
            rules.setdefault((row["receiver"], row["kind"]), {})[row["id"]] = standing
        self._rules = rules

    def grants(self, reader: str, kind: str, owner: str, item: str) -> bool:
        """Whether a rule that stands now lets the reader see this thing of the owner's."""
        rules = self._rules.get((reader, kind))
        if not rules:
            return False
        now = self._spine.clock()
        return any(
            rule.share.owner == owner and rule.share.item in (None, item) and rule.starts <= now and (not rule.ends or now < rule.ends)
            for rule in rules.values()
        )
