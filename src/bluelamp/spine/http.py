"""The doors' frame: who calls, whether they may, and how failures are told. Every route names its permission here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Path, Request

from bluelamp.spine import audit
from bluelamp.spine.budgets import Budget
from bluelamp.spine.calling import address_of, device_of, network_of
from bluelamp.spine.errors import ForbiddenError, UnauthenticatedError
from bluelamp.spine.module import Spine
from bluelamp.spine.policy import PUBLIC


class Post(NamedTuple):
    """A membership in force: where somebody works, as what. Roles belong to it, so they are by agency."""

    id: str
    agency: str
    agency_name: str
    kind: str
    """`home`, or `secondment`: lent to another agency."""
    roles: frozenset[str]
    unit: str = ""
    """Code of the unit within the agency; empty: none."""
    unit_name: str = ""
    rank: str = ""
    manager: str = ""
    """User id of the line manager; empty: none is known."""
    shift_pattern: str = ""


class Caller(NamedTuple):
    """A signed-in person in the post that they act in, and what they may do there."""

    id: str
    username: str
    name: str
    agency: str
    """Code of the agency."""
    roles: frozenset[str]
    permissions: frozenset[str]
    agency_name: str = ""
    session: str = ""
    """Id of the session or token that this request came with."""
    one_time: bool = False
    """Signed in with an administrator's one-time password: may change it and nothing else."""
    unit: str = ""
    """Code of the unit of the post that the person acts in; empty: none."""
    rank: str = ""
    """Rank in that post, one of the configured ones; empty: none is known."""
    manager: str = ""
    """User id of the line manager in that post; empty: none is known."""
    membership: str = ""
    """Id of the post that the person acts in: `agency`, `roles`, `unit`, `rank` and `manager` are of it."""
    memberships: tuple[Post, ...] = ()
    """Every post in force, the home post first."""
    until_ms: int = 0
    """When this session or this post ends by itself, epoch milliseconds; 0: no end is known. Ask again then."""
    browser: bool = False
    """A person at a browser; otherwise a program with a token."""
    locked: bool = False
    """The browser's session waits for a touch or the password; nothing else is answered meanwhile."""
    proved_ms: int = 0
    """When the person last proved who they are in this session, epoch milliseconds; 0 where no proof is known."""
    place: str = ""
    """Network that this request came from."""
    device: str = ""
    """Its address there and the browser by name."""

    @property
    def actor(self) -> audit.Actor:
        return audit.Actor(self.id, self.username, self.agency, self.place, self.device)

    def may(self, permission: str) -> bool:
        return permission in self.permissions


class PasswordChangeNeededError(ForbiddenError):
    code = "password_change_needed"


class SessionLockedError(UnauthenticatedError):
    """The session is there and whose it is; it opens with a proof, and the screen is still where it was."""

    code = "session_locked"
    headers = {}  # noqa: RUF012 - a challenge would make browsers ask for basic credentials


class StepUpNeededError(ForbiddenError):
    """Signed in, and too long ago for this."""

    code = "step_up_needed"


Identify = Callable[[Request], Awaitable[Caller | None]]
"""Finds the caller behind a request (session cookie or bearer token); None where there is none. Identity provides it."""


def get_spine(request: Request) -> Spine:
    """The engines, for a route."""
    spine: Spine = request.app.state.spine
    return spine


SpineHere = Annotated[Spine, Depends(get_spine)]
Id = Annotated[str, Path(max_length=36, pattern=r"^[0-9A-Za-z]+$")]
"""An id in an address: what cannot be one is refused before it reaches a store."""


class Permit:
    """A dependency that marks a route with its permission and refuses whoever lacks it, leaving an audit entry."""

    def __init__(self, permission: str, *, even_locked: bool = False, step_up: bool = False, own_budget: int = 0) -> None:
        self.permission = permission
        self.even_locked = even_locked
        self.step_up = step_up
        self.own_budget = own_budget

    async def __call__(self, request: Request) -> Caller:
        caller: Caller | None = await request.app.state.identify(request)
        if caller is None:
            raise UnauthenticatedError("sign in first: send a session cookie or 'Authorization: Bearer <token>'")
        # Before anything is refused: where a refused request came from is what the audit is asked first.
        address = address_of(request)
        caller = caller._replace(place=network_of(address), device=f"{address} {device_of(request)}")
        if self.own_budget:
            budget: Budget = request.app.state.budget
            if budget.spend((caller.id, self.permission)) > self.own_budget:
                raise budget.refusal(f"you have said this {self.own_budget} times in this minute, and it was heard")
        else:
            await _within_budget(request, caller)
        if caller.locked and not self.even_locked:
            raise SessionLockedError(
                "the session is locked: prove again who you are with POST /v1/session/proof", username=caller.username, name=caller.name
            )
        if caller.one_time and self.permission not in caller.permissions:
            raise PasswordChangeNeededError("choose a password of your own first: POST /v1/me/password")
        if self.permission not in caller.permissions:
            spine = get_spine(request)
            async with spine.db.transaction() as connection:
                await audit.record(connection, caller.actor, "refusal", self.permission, detail={"path": request.url.path})
            described = spine.policy.permissions[self.permission]
            held_by = ", ".join(sorted(described.roles))
            raise ForbiddenError(
                f"your roles do not include '{described.description}' ({self.permission}); held by: {held_by}",
                permission=self.permission,
            )
        if self.step_up:
            await demand_step_up(get_spine(request), caller, self.permission)
        return caller


async def _within_budget(request: Request, caller: Caller) -> None:
    """Count the request; all sessions and tokens of a person share one budget.

    Raises:
        TooManyError: the person's requests of this minute are spent. The first refusal of a minute is in the audit, not each of a flood.
    """
    spine = get_spine(request)
    budget: Budget = request.app.state.budget
    most = spine.settings.caller_requests_per_minute_max
    spent = budget.spend(caller.id)
    if spent <= most:
        return
    if spent == most + 1:
        async with spine.db.transaction() as connection:
            await audit.record(connection, caller.actor, "refusal", "requests.budget", detail={"requests_per_minute_max": most})
    raise budget.refusal(f"you have made the {most} requests of this minute; go on after it")


def permit(permission: str, *, even_locked: bool = False, own_budget: int = 0) -> Any:
    """Marks a route with its permission, as a parameter's default value. `even_locked`: a locked session may do it too.

    `own_budget`: so many requests of a person in a minute whatever else they have spent, for what must get through.
    """
    return Depends(Permit(permission, even_locked=even_locked, own_budget=own_budget))


def stepped_up(permission: str) -> Any:
    """Instead of `permit`: the person at the browser must also have proved who they are in the last minutes.

    The answer otherwise is 403 `step_up_needed`; the console then asks for the touch and repeats the request. Programs with a
    bearer token are let through: a token was given out for programs under a proof of its own, and nobody sits there to touch.
    """
    return Depends(Permit(permission, step_up=True))


async def demand_step_up(spine: Spine, caller: Caller, action: str) -> None:
    """For a route where only some requests are grave enough.

    Raises:
        StepUpNeededError: the last proof of this browser's session is older than `step_up_minutes`; left in the audit.
    """
    minutes = spine.settings.step_up_minutes
    if not caller.browser or spine.clock() - caller.proved_ms <= minutes * 60_000:
        return
    async with spine.db.transaction() as connection:
        await audit.record(connection, caller.actor, "refusal", action, detail={"why": "step_up_needed"})
    raise StepUpNeededError(
        f"this needs a proof of who you are from the last {minutes} minutes: POST /v1/session/proof, then repeat it", minutes=minutes
    )


class Public:
    """A dependency that marks a route as needing no sign-in. The house test keeps the list short."""

    permission = PUBLIC

    async def __call__(self, request: Request) -> None:
        """Count the request to its network address, which many may share.

        Raises:
            TooManyError: the address has made the requests of this minute.
        """
        budget: Budget = request.app.state.budget
        most = request.app.state.settings.address_requests_per_minute_max
        if budget.spend(("address", address_of(request))) > most:
            raise budget.refusal(f"{most} requests came from your network address in this minute; go on after it")


public = Depends(Public())
