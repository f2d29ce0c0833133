"""The intake: a request body of a known source becomes stored reads, amendments and rejects, and an account of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pyarrow as pa

from bluelamp.anpr.domain import Capture, Refusal
from bluelamp.anpr.gateways import Payload
from bluelamp.anpr.gateways.native_arrow import MEDIA_TYPE as ARROW
from bluelamp.anpr.gateways.native_arrow import parse_arrow
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.kit.clock import Clock

from .commit import GroupCommit, Submission
from .register import SourceEntry
from .resolve import Resolved, Unplated, resolve
from .resolve_table import resolve_table
from .tally import Tally

THREAD_BYTES_MIN = 512 << 10
"""Bodies over this size are parsed in a thread, so that single events do not wait behind them."""


class RejectedItem(NamedTuple):
    """An item that did not become a read, as it is kept for its owner."""

    code: str
    message: str
    raw: bytes
    """What the source's format reads again as a whole body."""


KeepRejects = Callable[[int, list[RejectedItem]], Awaitable[None]]
"""Durably keep a source's rejected items; returns when they are."""


class Account(NamedTuple):
    """What became of the items of a request: the body of the answer."""

    accepted: int
    duplicates: int
    amended: int
    without_plate: int
    rejected: list[Refusal]


class _Parsed(NamedTuple):
    """A body, understood and checked, with nothing stored yet."""

    items: list[Resolved]
    table: pa.Table | None
    """Columns of READS, from the Arrow way."""
    unplated: list[Unplated]
    refusals: list[Refusal]
    raws: list[bytes]
    """Beside `refusals`."""


class Intake:
    """One per gateway process."""

    def __init__(self, commit: GroupCommit, keep_rejects: KeepRejects, clock: Clock, keep_days: int) -> None:
        self._commit = commit
        self._keep_rejects = keep_rejects
        self._clock = clock
        self._keep_ms = keep_days * 86_400_000
        self.tally = Tally()

    async def accept(self, source: SourceEntry, body: bytes, content_type: str) -> Account:
        """Store everything of a body: reads in the stream, bad items among the rejects. Returns when all of it is durable.

        Raises:
            NotThisFormatError: nothing could be told apart, nothing was kept.
            EngineDownError, TooManyError: not all of it is known to be kept; sending it again is safe.
        """
        if len(body) > THREAD_BYTES_MIN:
            parsed = await asyncio.to_thread(self._parse, source, body, content_type)
        else:
            parsed = self._parse(source, body, content_type)
        submissions = []
        if parsed.items:
            submissions.append(self._commit.submit(parsed.items))
        if parsed.table is not None:
            submissions.append(self._commit.submit([], parsed.table))
        if parsed.refusals:
            kept = [RejectedItem(r.code, r.message, raw) for r, raw in zip(parsed.refusals, parsed.raws, strict=True)]
            await self._keep_rejects(source.id, kept)
        for submission in submissions:
            await submission.done
        account = Account(
            accepted=sum(s.accepted for s in submissions),
            duplicates=sum(s.duplicates for s in submissions),
            amended=sum(s.amended for s in submissions),
            without_plate=len(parsed.unplated),
            rejected=parsed.refusals,
        )
        self._count(source, submissions, parsed.unplated, account)
        return account

    def _parse(self, source: SourceEntry, body: bytes, content_type: str) -> _Parsed:
        now = self._clock()
        if content_type.startswith(ARROW):
            return self._parse_table(source, body, now)
        items: list[Resolved] = []
        unplated: list[Unplated] = []
        refusals: list[Refusal] = []
        raws: list[bytes] = []
        for parsed in FORMATS[source.format].parse(Payload(body, content_type, source.terms)):
            outcome = parsed.outcome
            resolved = resolve(outcome, source, parsed.place, now, self._keep_ms) if isinstance(outcome, Capture) else outcome
            if isinstance(resolved, Resolved):
                items.append(resolved)
            elif isinstance(resolved, Unplated):
                unplated.append(resolved)
            else:
                refusals.append(resolved)
                raws.append(bytes(parsed.raw))
        return _Parsed(items, None, unplated, refusals, raws)

    def _parse_table(self, source: SourceEntry, body: bytes, now: int) -> _Parsed:
        captures = parse_arrow(body, source.terms)
        resolved = resolve_table(captures, source, now, self._keep_ms)
        raws = [captures.raw(refusal.index) for refusal in resolved.refusals]
        table = resolved.table if resolved.table.num_rows else None
        return _Parsed(resolved.items, table, resolved.unplated, resolved.refusals, raws)

    def _count(self, source: SourceEntry, submissions: list[Submission], unplated: list[Unplated], account: Account) -> None:
        """What is new counts towards a camera's habit; a repeat only shows that it is alive."""
        now = self._clock()
        for submission in submissions:
            self.tally.reads(submission.fresh, now)
            self.tally.events(source.id, submission.events)
            if submission.duplicates:
                self.tally.alive(submission.cameras, now)
        for passage in unplated:
            self.tally.unplated(passage.camera, now)
        counts = self.tally.source(source.id)
        counts.accepted += account.accepted
        counts.duplicates += account.duplicates
        counts.amended += account.amended
        counts.unplated += account.without_plate
        counts.rejected += len(account.rejected)
