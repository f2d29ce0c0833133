"""Doors of sign-in through providers. The public ones are where a provider sends browsers and its own messages."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from bluelamp.spine.calling import address_of
from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import Caller, permit, public
from bluelamp.spine.identity import doors, sign_in
from bluelamp.spine.identity.access import ACCOUNT_USE
from bluelamp.spine.identity.doors import Spined
from bluelamp.spine.identity.errors import NoPostError
from bluelamp.spine.identity.passkeys import place_of

from . import actions, store
from .actions import Answer, RefusedError, Wish
from .logout import read_logout_token
from .provider import Known, ProviderDownError, Providers, sign_out_address

router = APIRouter(tags=["identity"])

EvenLocked = Annotated[Caller, permit(ACCOUNT_USE, even_locked=True)]
ProviderId = Annotated[str, Path(max_length=32, pattern=r"^[a-z0-9-]+$")]
Brought = Annotated[str, Query(max_length=4096)]
COOKIE = "bluelamp_provider"
"""Ties a sign-in to the browser that began it. Lax, not Strict: it must come back with the provider's redirect."""
LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


class ProviderWay(BaseModel):
    id: str
    name: str
    href: str


class Ways(BaseModel):
    """How one may sign in here, beside the password; passkeys depend on the browser."""

    providers: list[ProviderWay]


class SignedOut(BaseModel):
    """`href`: where to go on to, so that the provider's session ends as well; null where there is none."""

    href: str | None


def _providers(request: Request) -> Providers:
    providers: Providers = request.app.state.per_process["oidc"]
    return providers


def _known(request: Request, provider: str) -> Known:
    known = _providers(request).known.get(provider)
    if known is None:
        raise NotFoundError("there is no such provider")
    return known


@router.get("/session/ways", dependencies=[public])
async def list_ways(request: Request) -> Ways:
    """What the sign-in page offers."""
    known = _providers(request).known.values()
    return Ways(providers=[ProviderWay(id=k.provider.id, name=k.provider.name, href=f"/v1/oidc/{k.provider.id}/start") for k in known])


def _back(code: str) -> RedirectResponse:
    return RedirectResponse(f"/?{urlencode({'sign_in_refused': code})}", 303)


@router.get("/oidc/{provider}/start", dependencies=[public], response_class=RedirectResponse, status_code=303)
async def start_provider_sign_in(
    provider: ProviderId,
    request: Request,
    spine: Spined,
    to: Annotated[str, Query(max_length=400, description="The console's page to go on to.")] = "/",
    fresh: Annotated[bool, Query(description="The provider shall ask for a proof even of somebody who is signed in there.")] = False,
) -> Response:
    """Send the browser to the provider."""
    known = _known(request, provider)
    redirect_uri = f"{place_of(spine, request.headers.get('host', '')).origin}/v1/oidc/{provider}/callback"
    onward = to if LOCAL_PATH.fullmatch(to) else "/"
    try:
        begun = await actions.begin(spine, known, Wish(redirect_uri, onward, address_of(request), fresh, doors.session_digest(request)))
    except ProviderDownError:
        return _back("provider_unavailable")
    answer = RedirectResponse(begun.address, 303)
    answer.set_cookie(
        COOKIE, begun.browser, max_age=store.ATTEMPT_S, path=f"/v1/oidc/{provider}/callback",
        secure=spine.settings.secure_cookies, httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@router.get("/oidc/{provider}/callback", dependencies=[public], response_class=RedirectResponse, status_code=303)
async def finish_provider_sign_in(
    provider: ProviderId,
    request: Request,
    spine: Spined,
    state: Brought = "",
    code: Brought = "",
    iss: Brought = "",
    error: Brought = "",
) -> Response:
    """Where the provider sends the browser back to: a session, or the sign-in page with a reason."""
    known = _known(request, provider)
    browser = request.cookies.get(COOKIE, "")
    try:
        opened, onward = await actions.finish(spine, known, Answer(state, code, iss, error), browser, doors.opening(request, "provider"))
        answer = RedirectResponse(onward, 303)
        await doors.admit(request, answer, spine, opened)
    except (RefusedError, NoPostError) as refused:
        answer = _back("account_closed" if isinstance(refused, NoPostError) else refused.code)
    answer.delete_cookie(
        COOKIE, path=f"/v1/oidc/{provider}/callback", secure=spine.settings.secure_cookies, httponly=True, samesite="lax"
    )  # fmt: skip
    return answer


@router.post("/oidc/{provider}/back-channel-logout", dependencies=[public])
async def back_channel_logout(
    provider: ProviderId, request: Request, spine: Spined, logout_token: Annotated[str, Form(max_length=32_768)]
) -> Response:
    """The provider says that somebody has signed out: their sessions from it end here, at once."""
    known = _known(request, provider)
    ended = await read_logout_token(spine, known, logout_token)
    for person in await actions.end_by_token(spine, known, ended):
        doors.forget(request, person)
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


@router.post("/oidc/sign-out")
async def sign_out_of_provider(request: Request, response: Response, spine: Spined, caller: EvenLocked) -> SignedOut:
    """Sign out here, and be told where to go to sign out at the provider as well."""
    kept = await store.provider_session(spine.db, caller.session)
    await sign_in.sign_out(spine, caller.actor, caller.session)
    doors.forget(request, caller.id)
    doors.forget_session_cookie(response, spine)
    known = _providers(request).known.get(kept.provider) if kept else None
    back_to = place_of(spine, request.headers.get("host", "")).origin + "/" if known else ""
    return SignedOut(href=await sign_out_address(known, kept.id_token if kept else "", back_to))
