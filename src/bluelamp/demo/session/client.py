"""One way to talk to the platform: waits and tries again while it is busy or away, tells what it refuses."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import httpx

BACK_OFF_S_MIN = 0.25
BACK_OFF_S_MAX = 10.0


class RefusedError(Exception):
    """The platform refused a request for good."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class PlatformClient:
    """`ask` never gives up on 429, 5xx or a lost connection; other refusals raise. Cancel it to stop it."""

    def __init__(self, base_url: str, token: str = "", connections: int = 16, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport`: tests hand in their own."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.AsyncClient(base_url=base_url, headers=headers, limits=limits, timeout=60.0, transport=transport)
        self.waited = 0
        """How often a request had to be sent again."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """The JSON of the answer; None where it has no body.

        Raises:
            RefusedError: a status from 400 to 499, except 408 and 429.
        """
        pause = BACK_OFF_S_MIN
        while True:
            try:
                answer = await self._http.request(method, path, json=json, content=content, headers=headers)
            except httpx.TransportError:
                wait = pause
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                if answer.status_code < 500 and answer.status_code not in (408, 429):
                    raise refusal(answer)
                told = answer.headers.get("Retry-After", "")
                wait = max(float(told), pause) if told.isdigit() else pause
            self.waited += 1
            await asyncio.sleep(min(wait, 60.0))
            pause = min(pause * 2, BACK_OFF_S_MAX)

    async def items(self, path: str) -> list[dict[str, Any]]:
        """All items of a list that pages by cursor."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self.ask("GET", path + (f"?cursor={cursor}" if cursor else ""))
            found += page["items"]
            cursor = page["next"]
            if not cursor:
                return found


def refusal(answer: httpx.Response) -> RefusedError:
    """The problem that an answer tells."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    return RefusedError(answer.status_code, str(problem.get("code", "")), str(problem.get("detail") or problem.get("title") or ""))
