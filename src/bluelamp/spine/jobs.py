"""Work on a timetable: each job by one worker at a time, however many workers run, and no oftener than it says."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import time

from bluelamp.spine import telemetry
from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Job, Spine

log = logging.getLogger(__name__)


def _lock_number(job: str) -> int:
    return int.from_bytes(hashlib.sha256(f"job:{job}".encode()).digest()[:8], "big", signed=True)


AT_ONCE_MAX = 3
"""Jobs that run together in one process. Each holds a database connection for its lock and works with others: when all are due
at once, as on a first start, they would have every connection of the pool and wait for one more."""


async def run_if_due(spine: Spine, job: Job) -> bool:
    """Run the job unless another worker runs it now or it ran less than `every_s` ago; whether it ran.

    The advisory lock belongs to a database connection, so it falls with a worker that dies.
    """
    async with spine.db.connection() as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _lock_number(job.name)):
            return False
        try:
            due = await connection.fetchval(
                "INSERT INTO job_runs (job, started_at) VALUES ($1, clock_timestamp()) ON CONFLICT (job) DO UPDATE"
                " SET started_at = clock_timestamp(), finished_at = NULL, failure = ''"
                " WHERE job_runs.started_at <= clock_timestamp() - $2 * interval '1 second' RETURNING true",
                job.name, job.every_s,
            )  # fmt: skip
            if not due:
                return False
            failure = await _run(spine, job)
            await connection.execute("UPDATE job_runs SET finished_at = clock_timestamp(), failure = $2 WHERE job = $1", job.name, failure)
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1)", _lock_number(job.name))
    return True


async def _run(spine: Spine, job: Job) -> str:
    """Run it once; returns the failure's name, or an empty string."""
    began = time.monotonic()
    failure = ""
    try:
        await job.run(spine)
    except Exception as error:
        log.exception("job %s failed", job.name)
        failure = type(error).__name__
    telemetry.JOB_SECONDS.labels(job=job.name).set(time.monotonic() - began)
    telemetry.JOB_RUNS.labels(job=job.name, outcome="failed" if failure else "done").inc()
    return failure


async def run_timetable(spine: Spine, jobs: list[Job]) -> None:
    """Keep every job running to its timetable until cancelled; a job that fails is tried again at its next time."""
    at_once = asyncio.Semaphore(AT_ONCE_MAX)

    async def keep(job: Job) -> None:
        while True:
            try:
                async with at_once:
                    await run_if_due(spine, job)
            except EngineDownError as error:
                log.warning("job %s waits: %s", job.name, error.message)
            except Exception:
                # One job's failure must not end the others, some of them in the middle of their work.
                log.exception("job %s could not be begun", job.name)
                telemetry.RESTARTS.labels(work=f"job-{job.name}").inc()
            # Looks a little oftener than the job is due, at no fixed beat, so that workers do not collide for ever.
            await asyncio.sleep(min(job.every_s / 4, 60) * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret

    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(keep(job), name=f"job-{job.name}")
