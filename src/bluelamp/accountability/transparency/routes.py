"""The public door: the latest report, from memory."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from bluelamp.accountability.transparency import store
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import public
from bluelamp.spine.module import Spine

router = APIRouter(tags=["transparency"])

KEPT_S = 300
NAME = "transparency"


class NoReportYetError(NotFoundError):
    code = "no_report_yet"


class TransparencyRow(BaseModel):
    """`count` is rounded to the nearest 5, and null under 5; `shown` says so in words."""

    name: str
    title: str
    count: int | None
    shown: str


class TransparencyFigure(BaseModel):
    figure: str
    title: str
    explained: str
    rows: list[TransparencyRow]


class TransparencyReport(BaseModel):
    """What the platform did in the last year, computed once a day. No personal data; counts to the nearest 5, those under 5 not told.

    `checkpoint` is the newest signed fingerprint of the audit (docs/audit.md) and `keys` the public keys: keep them, and nothing
    that was on record then can be changed unseen.
    """

    since: str = Field(alias="from")
    to: str
    computed_at: str
    first_day: bool = Field(False, description="Nothing was on record before this day: most of it is told by tomorrow's report.")
    figures: list[TransparencyFigure]
    checkpoint: str = ""
    keys: list[str] = []


class Published:
    """The report in memory: however many ask, the database is asked once in five minutes."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self.forget()

    def forget(self) -> None:
        """Read it anew for the next who asks."""
        self._report: dict[str, Any] | None = None
        self._until = 0.0

    async def report(self) -> dict[str, Any] | None:
        if time.monotonic() >= self._until:
            # First, so that many who ask at once do not all go and read.
            self._until = time.monotonic() + (KEPT_S if self._report else 5)
            self._report = await store.latest(self._spine.db) or self._report
            if self._report:
                self._until = time.monotonic() + KEPT_S
        return self._report


@router.get("/transparency", dependencies=[public])
async def read_transparency(request: Request, response: Response) -> TransparencyReport:
    """For everybody, without signing in: how much is collected, looked at, deleted and reviewed. Computed once a day."""
    published: Published = request.app.state.per_process[NAME]
    report = await published.report()
    if report is None:
        raise NoReportYetError("the first report is being computed: try again in a minute")
    response.headers["Cache-Control"] = "public, max-age=300"
    return TransparencyReport.model_validate(report)
