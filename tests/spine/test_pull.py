"""A pull that is cut off in the very moment in which a message arrives is cut off all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bluelamp.spine.pull import Pull


class Subscription:
    """As nats-py's: a task that is cancelled while its message has just come answers with the message."""

    pending_msgs = 0
    subject = "inbox"

    async def next_msg(self, timeout: float) -> Any:  # noqa: ASYNC109
        del timeout
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return Message()


class Message:
    data = b"x"
    headers: dict[str, str] = {}  # noqa: RUF012


async def test_a_cancellation_that_the_client_forgets_still_counts() -> None:
    pull = Pull(None, "subject", Subscription(), 10, 0)  # type: ignore[arg-type]
    pull._outstanding = 10
    waiting = asyncio.create_task(pull.next(wait_s=5))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
