"""NATS streams in a backup: the server's own snapshot with its consumers, and what was published while the rest was read."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import IO, Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from bluelamp.app.engines.errors import BackupError

_API = "$JS.API.STREAM"
_CHUNK = 256 << 10
_SECONDS_MAX = 60.0


async def connect(url: str) -> Client:
    """One connection that gives up rather than waits."""
    return await nats.connect(url.split(","), allow_reconnect=False, connect_timeout=5, pending_size=64 << 20)


async def names(client: Client) -> list[str]:
    """Every stream."""
    found: list[str] = []
    while True:
        page = await _call(client, f"{_API}.NAMES", {"offset": len(found)})
        batch = page.get("streams") or []
        found += batch
        if not batch or len(found) >= page["total"]:
            return found


async def snapshot(client: Client, stream: str, file: IO[bytes]) -> dict[str, Any]:
    """Write the server's snapshot to `file`; returns what a restore needs: config and state."""
    inbox = client.new_inbox()
    queue: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await client.subscribe(inbox, cb=queue.put)
    request = {"deliver_subject": inbox, "no_consumers": False, "jsck": True, "chunk_size": _CHUNK}
    answer = await _call(client, f"{_API}.SNAPSHOT.{stream}", request)
    while True:
        message = await asyncio.wait_for(queue.get(), _SECONDS_MAX)
        if not message.data:
            if message.headers and message.headers.get("Status", "200") not in {"200", "204"}:
                raise BackupError(f"NATS broke off the snapshot of {stream}: {message.headers}.", "Try again.")
            break
        file.write(message.data)
        if message.reply:
            await client.publish(message.reply, b"")
    await subscription.unsubscribe()
    return {"config": answer["config"], "state": answer["state"]}


async def tail(client: Client, stream: str, after: int, file: IO[bytes]) -> int:
    """Write what came after sequence `after`, one JSON line a message; returns how many."""
    jetstream = client.jetstream()
    last = (await jetstream.stream_info(stream)).state.last_seq
    count = 0
    for sequence in range(after + 1, last + 1):
        try:
            message = await jetstream.get_msg(stream, sequence)
        except nats.js.errors.NotFoundError:
            continue
        line = {
            "sequence": sequence,
            "subject": message.subject,
            "headers": dict(message.headers or {}),
            "data": base64.b64encode(message.data or b"").decode(),
        }
        file.write(json.dumps(line).encode() + b"\n")
        count += 1
    return count


async def restore(client: Client, stream: str, facts: dict[str, Any], file: IO[bytes]) -> None:
    """Bring a stream back with its sequence numbers, times and consumers.

    Raises:
        BackupError: the server refuses, for example since the stream exists.
    """
    answer = await _call(client, f"{_API}.RESTORE.{stream}", {"config": facts["config"], "state": facts["state"]})
    target = answer["deliver_subject"]
    while piece := file.read(_CHUNK):
        await client.request(target, piece, timeout=_SECONDS_MAX)
    _checked(await client.request(target, b"", timeout=_SECONDS_MAX), f"restore of {stream}")


async def restore_tail(client: Client, stream: str, file: IO[bytes]) -> None:
    """Publish again what followed the snapshot, under the same numbers, so that no cursor meets another message."""
    jetstream = client.jetstream()
    for line in file:
        message = json.loads(line)
        while True:
            data, headers = base64.b64decode(message["data"]), message["headers"] or None
            ack = await jetstream.publish(message["subject"], data, headers=headers, stream=stream)
            # A gap in the numbers (a message that was deleted) is kept: filled, and deleted again.
            if ack.seq >= message["sequence"]:
                break
            await jetstream.delete_msg(stream, ack.seq)


async def _call(client: Client, subject: str, request: dict[str, Any]) -> dict[str, Any]:
    return _checked(await client.request(subject, json.dumps(request).encode(), timeout=_SECONDS_MAX), subject)


def _checked(message: Msg, what: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(message.data)
    if "error" in answer:
        raise BackupError(f"NATS refused: {answer['error'].get('description')} ({what}).", "See the log of nats.")
    return answer
