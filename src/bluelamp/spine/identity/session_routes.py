"""Doors of the session beyond its opening: passkeys, proof and lock, where else one is signed in."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from bluelamp.spine.calling import address_of
from bluelamp.spine.http import Caller, Id, permit, public, stepped_up
from bluelamp.spine.wire import Page

from . import doors, passkey_store, passkeys, schemas, session_store, sign_in, step_up
from .access import ACCOUNT_USE
from .domain import digest
from .doors import OwnAccount, Spined
from .errors import PasskeyRefusedError
from .passkey_store import Passkey
from .passkeys import Place

router = APIRouter(tags=["identity"])

EvenLocked = Annotated[Caller, permit(ACCOUNT_USE, even_locked=True)]
SteppedUp = Annotated[Caller, stepped_up(ACCOUNT_USE)]
CHALLENGE_COOKIE = "bluelamp_challenge"
"""Ties a challenge to the browser that asked for it: an answer that was made elsewhere does not count."""


def _place(request: Request, spine: Spined) -> Place:
    return passkeys.place_of(spine, request.headers.get("host", ""))


Here = Annotated[Place, Depends(_place)]


@router.get("/session/passkey", dependencies=[public])
async def ask_passkey(request: Request, response: Response, spine: Spined, place: Here) -> dict[str, Any]:
    """The question for `navigator.credentials.get`, good once, for this browser, for five minutes."""
    browser = secrets.token_urlsafe(24)
    question = await passkeys.sign_in_question(spine, place, digest(browser).hex(), address_of(request))
    response.set_cookie(
        CHALLENGE_COOKIE, browser, max_age=passkey_store.CHALLENGE_S, path="/v1/session/passkey",
        secure=spine.settings.secure_cookies, httponly=True, samesite="strict",
    )  # fmt: skip
    return question


@router.post("/session/passkey", dependencies=[public])
async def open_session_with_passkey(
    question: schemas.PasskeyAnswer, request: Request, response: Response, spine: Spined, place: Here
) -> schemas.Me:
    """Sign a browser in by a passkey: no name is asked. The answer sets the session cookie."""
    browser = request.cookies.get(CHALLENGE_COOKIE, "")
    opening = doors.opening(request, "passkey")
    opened = await passkeys.sign_in_with(spine, place, question.passkey, digest(browser).hex(), opening)
    response.delete_cookie(
        CHALLENGE_COOKIE, path="/v1/session/passkey", secure=spine.settings.secure_cookies, httponly=True, samesite="strict"
    )
    return await doors.signed_in(request, response, spine, opened)


@router.post("/session/proof/question")
async def ask_proof(request: Request, spine: Spined, caller: EvenLocked, place: Here) -> dict[str, Any]:
    """The question for a touch of one of your own passkeys."""
    step_up.demand_browser(caller)
    return await passkeys.proof_question(spine, caller, place, address_of(request))


@router.post("/session/proof", status_code=204)
async def prove(question: schemas.ProofQuestion, request: Request, response: Response, spine: Spined, caller: EvenLocked) -> None:
    """Prove again who you are, by passkey or password: opens a locked session and whatever demands a recent proof.

    The session goes on under a new cookie.
    """
    step_up.demand_browser(caller)
    if question.passkey is not None:
        place = _place(request, spine)
        session, secret = await passkeys.prove_with(spine, caller, place, question.passkey)
    elif question.password is not None:
        password = question.password.get_secret_value()
        user = await sign_in.prove(spine, caller.username, password, address_of(request), "identity.session.prove")
        await sign_in.forgive(spine, user)
        async with spine.db.transaction() as connection:
            session, secret = await step_up.renew(connection, caller, "password")
    else:
        raise PasskeyRefusedError("send a passkey's answer or your password")
    doors.forget(request, caller.id)
    doors.set_session_cookie(response, spine, session, secret)


@router.post("/session/lock", status_code=204)
async def lock(request: Request, spine: Spined, caller: EvenLocked) -> None:
    """Lock this browser's session, as the console does after minutes without a key or pointer."""
    await step_up.lock(spine, caller)
    doors.forget(request, caller.id)


@router.get("/me/sessions")
async def list_sessions(spine: Spined, caller: OwnAccount) -> Page[schemas.SessionItem]:
    """Where you are signed in, the newest first."""
    found = await session_store.browser_sessions_of(spine.db, caller.id)
    items = [
        schemas.SessionItem(
            id=s.id,
            device=s.label,
            address=s.address,
            method=s.method,
            opened_at=s.created_at,
            used_at=s.used_at,
            expires_at=s.expires_at,
            locked=s.locked_at is not None,
            here=s.id == caller.session,
        )
        for s in found
    ]
    return Page(items=items, next=None)


@router.delete("/me/sessions", status_code=204)
async def end_sessions_elsewhere(request: Request, spine: Spined, caller: OwnAccount) -> None:
    """Sign out everywhere else. Tokens of programs go on."""
    await step_up.end_elsewhere(spine, caller)
    doors.forget(request, caller.id)


@router.delete("/me/sessions/{session}", status_code=204)
async def end_session_elsewhere(session: Id, request: Request, spine: Spined, caller: OwnAccount) -> None:
    """Sign out one of your browsers."""
    await step_up.end_elsewhere(spine, caller, session)
    doors.forget(request, caller.id)


def _passkey(passkey: Passkey) -> schemas.PasskeyItem:
    return schemas.PasskeyItem(
        id=passkey.id,
        name=passkey.name,
        address=passkey.rp_id,
        created_at=passkey.created_at,
        used_at=passkey.used_at,
        backed_up=passkey.backed_up,
        suspended=passkey.suspended_at is not None,
    )


@router.get("/me/passkeys")
async def list_passkeys(spine: Spined, caller: OwnAccount) -> Page[schemas.PasskeyItem]:
    """Your passkeys, in the order in which you made them."""
    return Page(items=[_passkey(p) for p in await passkey_store.passkeys_of(spine.db, caller.id)], next=None)


@router.post("/me/passkeys/question")
async def ask_enrolment(request: Request, spine: Spined, caller: SteppedUp, place: Here) -> dict[str, Any]:
    """The question for `navigator.credentials.create`, good once, in this session, for five minutes."""
    step_up.demand_browser(caller)
    return await passkeys.enrolment_question(spine, caller, place, address_of(request))


@router.post("/me/passkeys", status_code=201)
async def enrol_passkey(question: schemas.PasskeyQuestion, spine: Spined, caller: SteppedUp, place: Here) -> schemas.PasskeyItem:
    """Keep a passkey that was just made on this page."""
    step_up.demand_browser(caller)
    return _passkey(await passkeys.enrol(spine, caller, place, question.name, question.passkey))


@router.patch("/me/passkeys/{passkey}")
async def rename_passkey(passkey: Id, question: schemas.PasskeyName, spine: Spined, caller: OwnAccount) -> schemas.PasskeyItem:
    """Give a passkey another name."""
    return _passkey(await passkeys.rename(spine, caller, passkey, question.name))


@router.delete("/me/passkeys/{passkey}", status_code=204)
async def remove_passkey(passkey: Id, spine: Spined, caller: SteppedUp) -> None:
    """A passkey that you lost or no longer use: it opens nothing from now on."""
    await passkeys.remove(spine, caller, passkey)
