"""Finds the caller behind a request. Remembers for at most a second, and forgets at once when an account changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from fastapi import Request

from bluelamp.kit.clock import to_ms
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.posts import read_posts, standing

from . import store
from .access import ACCOUNT_USE
from .domain import TOKEN_PREFIX, digest
from .errors import CsrfError

COOKIE = "bluelamp_session"
CSRF_HEADER = "X-Bluelamp"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REMEMBERED_S = 1.0
REMEMBERED_MAX = 20_000


class Identifier:
    """`app.state.identify`: one per process."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine
        self._known: dict[bytes, tuple[float, Caller]] = {}
        self._generation = 0
        self._watchers: dict[str, set[Callable[[], None]]] = {}

    def start(self) -> None:
        self._spine.db.listen(store.CHANNEL, self.forget, self.forget)

    def forget(self, person: str = "") -> None:
        """An account, a post or a session has changed somewhere: this person's (empty: anybody's)."""
        self._generation += 1
        if person:
            self._known = {key: known for key, known in self._known.items() if known[1].id != person}
        else:
            self._known.clear()
        for watched in [person] if person else list(self._watchers):
            for tell in list(self._watchers.get(watched, ())):
                tell()

    @contextmanager
    def watch(self, person: str, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` whenever something about the person has changed: what lives longer than a request asks anew then."""
        watchers = self._watchers.setdefault(person, set())
        watchers.add(tell)
        try:
            yield
        finally:
            watchers.discard(tell)
            if not watchers and self._watchers.get(person) is watchers:
                del self._watchers[person]

    async def __call__(self, request: Request) -> Caller | None:
        """The caller, or None.

        Raises:
            CsrfError: a cookie would change something without our own header, which other sites' pages cannot send.
        """
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            secret = secret.strip()
            return await self.of_secret(secret, "token") if secret.startswith(TOKEN_PREFIX) else None
        secret = request.cookies.get(COOKIE, "")
        caller = await self.of_secret(secret, "browser") if secret else None
        if caller and request.method not in SAFE_METHODS and request.headers.get(CSRF_HEADER) != "1":
            raise CsrfError(f"send the header '{CSRF_HEADER}: 1' with every change made with a session cookie")
        return caller

    async def of_secret(self, secret: str, kind: str) -> Caller | None:
        """Whose session or token this is."""
        key, now = digest(secret), time.monotonic()
        until, caller = self._known.get(key, (0.0, None))
        if caller is not None and now < until:
            return caller
        generation = self._generation
        row = await store.find_session(self._spine.db, secret, timedelta(minutes=self._spine.settings.session_idle_minutes_max))
        if row is None or row["kind"] != kind:
            return None
        stands = standing(read_posts(row["posts"]), row["acting"])
        if stands is None:
            return None
        one_time = row["one_time_until"] is not None
        post = stands.acting
        ends = [to_ms(moment) for moment in (row["expires_at"], row["posts_end"]) if moment is not None]
        caller = Caller(
            id=row["id"],
            username=row["username"],
            name=row["name"],
            agency=post.agency,
            roles=post.roles,
            permissions=frozenset({ACCOUNT_USE}) if one_time else self._spine.policy.of_roles(post.roles),
            agency_name=post.agency_name,
            session=row["session"],
            one_time=one_time,
            unit=post.unit,
            rank=post.rank,
            manager=post.manager,
            membership=post.id,
            memberships=stands.posts,
            until_ms=min(ends),
            browser=kind == "browser",
            locked=row["locked"],
            proved_ms=to_ms(row["proved_at"]) if row["proved_at"] else 0,
        )
        if generation == self._generation:  # what was read before a change must not outlive it
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            left_s = (caller.until_ms - self._spine.clock()) / 1000
            self._known[key] = (now + min(REMEMBERED_S, left_s), caller)
        return caller
