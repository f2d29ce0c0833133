"""Group commit: everything that waits goes to disk together, one group at a time, and only then is anyone answered.

One group at a time is what makes repeats exact: an event is known as taken only after its group is synced, and the next
group is examined only after that. Waiting costs little, since whatever arrives meanwhile shares the next sync.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bluelamp.anpr.store.pictures import PictureStore
from bluelamp.anpr.tables import READS_STREAM, READS_SUBJECT
from bluelamp.kit.clock import Clock
from bluelamp.spine.bus import Bus, Message
from bluelamp.spine.errors import BluelampError, EngineDownError, TooManyError

from .cars import Cars, CarState
from .repeats import Keys, RepeatTable
from .resolve import Resolved
from .rows import PictureRef, Row, from_message, row_keys, to_batch, to_message, to_rows

log = logging.getLogger(__name__)

GROUP_ROWS_MAX = 20_000
WAITING_ROWS_MAX = 200_000
PACE_S = 0.004
"""Least time between two groups. A group costs half a millisecond however small it is, so under load larger ones are cheaper
for everyone; a single event that comes alone waits for nothing."""
REPEAT_HOURS = 24
CAR_MINUTES = 15


@dataclass(slots=True)
class Submission:
    """The good items of one request, and what became of them."""

    items: list[Resolved]
    table: pa.Table | None
    """Instead of items: a table of READS without pictures and cars, from the Arrow door."""
    done: asyncio.Future[None]
    accepted: int = 0
    duplicates: int = 0
    amended: int = 0
    fresh: list[tuple[int, int]] = field(default_factory=list)
    """Camera and lag (received minus captured, milliseconds) of each accepted read."""
    events: list[Keys] = field(default_factory=list)
    """Event keys of all that was accepted or amended."""

    @property
    def row_count(self) -> int:
        return len(self.items) if self.table is None else self.table.num_rows

    @property
    def cameras(self) -> set[int]:
        if self.table is None:
            return {item.row.camera for item in self.items}
        return set(self.table["camera"].to_pylist())


@dataclass(slots=True)
class _Group:
    """What one commit adds."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    keys: list[Keys] = field(default_factory=list)
    cars: dict[tuple[int, str], CarState] = field(default_factory=dict)


class GroupCommit:
    """The only writer of the reads stream in a gateway."""

    def __init__(self, bus: Bus, pictures: PictureStore, clock: Clock, repeat_capacity: int) -> None:
        self._bus = bus
        self._pictures = pictures
        self._clock = clock
        self._repeats = RepeatTable(clock(), repeat_capacity)
        self._cars = Cars(CAR_MINUTES)
        self._waiting: list[Submission] = []
        self._waiting_rows = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Recall the last day from the stream, so that a repeat after a restart is still a repeat; then begin."""
        pa.array([0])  # the first array from a list makes pyarrow look for pandas: a second that no camera should wait for
        await self._bus.recall(READS_STREAM, self._clock() - REPEAT_HOURS * 3_600_000, self._remember)
        self._task = asyncio.create_task(self._run(), name="intake-commit")

    async def close(self) -> None:
        """Whoever still waits is told to send again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._fail(self._waiting, EngineDownError("the platform is stopping; send it again in a moment"))

    def submit(self, items: list[Resolved], table: pa.Table | None = None) -> Submission:
        """Queue the good items of a request; await `done`, which raises `EngineDownError` where nothing is known to be kept.

        Raises:
            TooManyError: more is waiting than can be stored soon.
        """
        if self._waiting_rows > WAITING_ROWS_MAX:
            raise TooManyError("more reads are waiting than can be stored at once; send this again shortly", retry_after_s=1)
        submission = Submission(items, table, asyncio.get_running_loop().create_future())
        self._waiting.append(submission)
        self._waiting_rows += submission.row_count
        self._wake.set()
        return submission

    async def _run(self) -> None:
        next_at = 0.0
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                if (early := next_at - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                next_at = time.monotonic() + PACE_S
                group = self._take()
                try:
                    await self._commit(group)
                except BluelampError as error:
                    self._fail(group, error)
                except asyncio.CancelledError:
                    self._fail(group, EngineDownError("the platform is stopping; send it again in a moment"))
                    raise
                except Exception as error:
                    log.exception("a group of reads could not be stored")
                    self._fail(group, error)

    def _take(self) -> list[Submission]:
        rows = count = 0
        for submission in self._waiting:
            rows += submission.row_count
            count += 1
            if rows >= GROUP_ROWS_MAX:
                break
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        self._waiting_rows -= rows
        return taken

    @staticmethod
    def _fail(submissions: list[Submission], error: Exception) -> None:
        for submission in submissions:
            if not submission.done.done():
                submission.done.set_exception(error)

    async def _commit(self, submissions: list[Submission]) -> None:
        now = self._clock()
        group = _Group()
        single = [s for s in submissions if s.table is None]
        if single:
            await self._add_items(single, group, now)
        for submission in submissions:
            if submission.table is not None:
                self._add_table(submission, group)
        if group.batches:
            await self._bus.publish(READS_SUBJECT, to_message(group.batches))
        for keys in group.keys:
            self._repeats.add(keys, now)
        self._cars.settle(group.cars, now)
        for submission in submissions:
            if not submission.done.done():
                submission.done.set_result(None)

    async def _add_items(self, submissions: list[Submission], group: _Group, now: int) -> None:
        """Tell new from known, amend cars, store the new ones' pictures."""
        owners = [submission for submission in submissions for _ in submission.items]
        items = [item for submission in submissions for item in submission.items]
        keys = row_keys([item.row for item in items], [_car_key(item.row) for item in items])
        known = self._known(keys)
        rows: list[Row] = []
        images: list[bytes] = []
        single = owners[0] if len(submissions) == 1 else None
        if single is not None:
            single.events.append(keys[~known])
        for at, (owner, item) in enumerate(zip(owners, items, strict=True)):
            if known[at]:
                owner.duplicates += 1
                continue
            row = self._cars.meet(item.row, group.cars) if item.row.car else item.row
            if row.version:
                owner.amended += 1
            else:
                owner.accepted += 1
                owner.fresh.append((row.camera, item.camera_lag_ms))
            if single is None:
                owner.events.append(keys[at : at + 1])
            rows.append(row)
            images += (item.plate_image, item.overview_image)
        if not rows:
            return
        refs = await self._store(images, now)
        group.batches.append(to_batch(rows, list(zip(refs[::2], refs[1::2], strict=True)), keys[~known]))
        group.keys.append(keys[~known])

    def _add_table(self, submission: Submission, group: _Group) -> None:
        table = submission.table
        assert table is not None  # noqa: S101 - the caller has looked; this tells the type checker
        keys = table["event_key"].to_numpy()
        known = self._known(keys)
        if group.keys:
            known |= np.isin(keys, np.concatenate(group.keys))
        submission.duplicates = int(known.sum())
        submission.accepted = len(keys) - submission.duplicates
        if submission.duplicates:
            table = table.filter(pa.array(~known))
        if submission.accepted:
            lags = pc.subtract(table["received_at"].cast(pa.int64()), table["captured_at"].cast(pa.int64()))
            submission.fresh = list(zip(table["camera"].to_pylist(), lags.to_pylist(), strict=True))
            group.batches += table.to_batches()
            group.keys.append(keys[~known])
            submission.events.append(keys[~known])

    def _known(self, keys: Keys) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether each key was taken before, in an earlier group or earlier in this one."""
        known = self._repeats.contains(keys)
        if len(keys) > 1:
            first = np.unique(keys, return_index=True)[1]
            if len(first) < len(keys):
                again = np.ones(len(keys), np.bool_)
                again[first] = False
                known |= again
        return known

    async def _store(self, images: list[bytes], now: int) -> list[PictureRef | None]:
        """Where each picture went; None for an empty one."""
        present = [image for image in images if image]
        if not present:
            return [None] * len(images)
        stored = iter(await self._pictures.append(present, now))
        return [PictureRef(*next(stored)) if image else None for image in images]

    async def _remember(self, message: Message) -> None:
        """Learn from a message of the stream what its group knew."""
        try:
            table = from_message(message.payload)
        except pa.ArrowInvalid:
            log.exception("message %d of the reads stream is not a batch of reads; passed over", message.sequence)
            return
        keys = np.unique(table["event_key"].to_numpy())
        now = self._clock()
        self._repeats.add(keys[~self._repeats.contains(keys)], now)
        named = table.filter(pc.not_equal(table["car"], ""))
        if named.num_rows:
            recent = [row for row in to_rows(named) if now - row.received_at < CAR_MINUTES * 60_000]
            self._cars.settle({(row.camera, row.car): CarState(row, row.received_at) for row in recent}, now)


def _car_key(row: Row) -> int:
    """Tells the events of one named car apart; 0 where the format names no cars."""
    return crc32(row.car.encode()) << 10 | row.confidence or 1 if row.car else 0
