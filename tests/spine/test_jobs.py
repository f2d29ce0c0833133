"""Timed jobs: one worker at a time, no oftener than due, and a failure stops nothing."""

from __future__ import annotations

import asyncio

from bluelamp.kit.ids import new_id
from bluelamp.spine.jobs import run_if_due, run_timetable
from bluelamp.spine.module import Job, Spine
from tests.support.platform import RunningPlatform


async def test_of_many_workers_one_runs_the_job(platform: RunningPlatform) -> None:
    running, most, runs = 0, 0, 0

    async def work(_spine: Spine) -> None:
        nonlocal running, most, runs
        running, runs = running + 1, runs + 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    job = Job(f"test-{new_id()}", 3600, work)
    ran = await asyncio.gather(*(run_if_due(platform.spine, job) for _ in range(4)))
    assert (sum(ran), runs, most) == (1, 1, 1)
    assert not await run_if_due(platform.spine, job), "not due for an hour"
    await platform.spine.db.execute("UPDATE job_runs SET started_at = started_at - interval '2 hours' WHERE job = $1", job.name)
    assert await run_if_due(platform.spine, job)


async def test_a_failing_job_is_noted_and_tried_again(platform: RunningPlatform) -> None:
    tries = asyncio.Queue[int]()

    async def fail(_spine: Spine) -> None:
        tries.put_nowait(1)
        raise ZeroDivisionError

    job = Job(f"test-{new_id()}", 0.01, fail)
    keeping = asyncio.create_task(run_timetable(platform.spine, [job]))
    async with asyncio.timeout(20):
        await tries.get()
        await tries.get()
    keeping.cancel()
    await asyncio.wait([keeping])
    row = await platform.spine.db.fetchrow("SELECT failure FROM job_runs WHERE job = $1", job.name)
    assert row is not None
    assert row["failure"] in {"ZeroDivisionError", ""}, "empty only while it runs"


async def test_more_jobs_than_connections_all_get_their_turn(platform: RunningPlatform) -> None:
    """Each holds a connection for its lock while it asks for another: all at once, they would wait for each other."""
    done = asyncio.Queue[int]()

    async def ask(spine: Spine) -> None:
        done.put_nowait(await spine.db.fetchval("SELECT 1"))

    jobs = [Job(f"test-{new_id()}", 3600, ask) for _ in range(20)]
    keeping = asyncio.create_task(run_timetable(platform.spine, jobs))
    async with asyncio.timeout(60):
        for _ in jobs:
            await done.get()
    keeping.cancel()
    await asyncio.wait([keeping])
