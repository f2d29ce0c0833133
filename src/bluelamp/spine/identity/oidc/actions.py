"""Signing in on a provider's word, by the browser that asked; accounts made when first needed; signing out there and here."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import NamedTuple
from urllib.parse import urlencode

from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import TooManyError
from bluelamp.spine.identity import session_store, sign_in
from bluelamp.spine.identity import store as accounts
from bluelamp.spine.identity.actions import PLATFORM, create_user
from bluelamp.spine.identity.domain import User, digest
from bluelamp.spine.identity.errors import UnknownAgencyError
from bluelamp.spine.identity.session_store import Opening
from bluelamp.spine.identity.sign_in import UNKNOWN, SignedIn
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations import people, people_store
from bluelamp.spine.organisations.people import PostTerms
from bluelamp.spine.organisations.units import NoSuchUnitError
from bluelamp.spine.relational import Connection

from . import store
from .claims import OLD_S, Ended, Person, Token, TokenError, UnmappedError, check_id_token, person_of
from .logout import LogoutTokenError
from .provider import Known, ProviderDownError
from .store import ATTEMPT_S, Attempt, ProviderSession

UNDER_WAY_PER_ADDRESS_MAX = 2000


class RefusedError(Exception):
    """A sign-in that came to nothing. `code` goes to the sign-in page, `why` to the audit."""

    def __init__(self, code: str, why: str, actor: Actor = UNKNOWN) -> None:
        super().__init__(code)
        self.code = code
        self.why = why
        self.actor = actor


class Begun(NamedTuple):
    """Where to send the browser, and what it must bring back."""

    address: str
    browser: str


class Wish(NamedTuple):
    """How somebody wants to sign in, and from where. `fresh`: the provider shall make sure of them now, however long they have
    been signed in there. `replaced`: digest of the session that the browser has, which ends with the new one.
    """

    redirect_uri: str
    onward: str
    address: str
    fresh: bool
    replaced: bytes


async def begin(spine: Spine, known: Known, wish: Wish) -> Begun:
    """A question to the provider that only this browser can bring the answer to.

    Raises:
        ProviderDownError: it cannot be discovered.
    """
    provider = known.provider
    endpoint = await known.endpoint("authorization_endpoint")
    state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
    attempt = Attempt(provider.id, nonce, verifier, digest(browser), wish.redirect_uri, wish.onward, wish.fresh, wish.replaced)
    if not await store.begin(spine.db, state, attempt, wish.address, UNDER_WAY_PER_ADDRESS_MAX):
        raise TooManyError("too many sign-ins have been begun from this address and not finished", retry_after_s=ATTEMPT_S)
    question = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": wish.redirect_uri,
        "scope": provider.scopes,
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    if wish.fresh:
        question |= {"prompt": "login", "max_age": "0"}
    return Begun(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(question)}", browser)


class Answer(NamedTuple):
    """What the provider sent the browser back with."""

    state: str
    code: str
    issuer: str
    error: str


async def _answered(spine: Spine, known: Known, answer: Answer, browser: str) -> Attempt:
    """The attempt that this answers; from now on nothing answers it again."""
    attempt = await store.take(spine.db, answer.state) if answer.state else None
    if attempt is None:
        raise RefusedError("state", "the state is unknown, was answered before or is too old")
    if attempt.browser != digest(browser):
        raise RefusedError("state", "another browser began this sign-in")
    if attempt.provider != known.provider.id:
        raise RefusedError("mix_up", "the answer came to another provider's address")
    tells_issuer = (await known.document()).get("authorization_response_iss_parameter_supported") is True
    if (answer.issuer or tells_issuer) and answer.issuer != known.provider.issuer:
        raise RefusedError("mix_up", "the answer is of another issuer (RFC 9207)")
    if answer.error or not answer.code:
        raise RefusedError("provider_refused", f"the provider refused: {answer.error[:60]}")
    return attempt


async def finish(spine: Spine, known: Known, answer: Answer, browser: str, opening: Opening) -> tuple[SignedIn, str]:
    """The new session of whoever the provider vouches for, and the page to go on to.

    Raises:
        RefusedError: in every other case; it is in the audit.
    """
    provider = known.provider
    try:
        try:
            attempt = await _answered(spine, known, answer, browser)
            told = await known.redeem(answer.code, attempt.verifier, attempt.redirect_uri)
            access_token, id_token = str(told.get("access_token", "")), str(told.get("id_token", ""))
            token = await known.open(id_token)
            now_s = spine.clock() / 1000
            check_id_token(provider, token, attempt.nonce, access_token, now_s)
            proved = _proved_lately(spine, token, now_s, demanded=attempt.fresh)
            claims = token.claims
            wanted = {provider.groups_claim, provider.agency_claim, provider.unit_claim} - {""}
            if not wanted <= claims.keys() and access_token:
                claims = await known.more_about(claims["sub"], access_token) | claims
            person = person_of(provider, claims)
        except TokenError as error:
            raise RefusedError("token", error.why) from error
        except UnmappedError as error:
            raise await _unmapped(spine, known, token, error.code) from error
        except ProviderDownError as error:
            raise RefusedError("provider_unavailable", error.message) from error
        kept = ProviderSession("", provider.id, provider.issuer, person.subject, str(token.claims.get("sid", ""))[:255], id_token)
        # Not the cookie that came with this request: a browser that is sent here by another site keeps a strict one to itself.
        return await _admit(spine, person, kept, opening._replace(replaced=attempt.replaced), proved=proved), attempt.onward
    except RefusedError as error:
        detail: dict[str, str | int] = {
            "why": f"provider_{error.code}",
            "reason": error.why,
            "provider": provider.id,
            "address": opening.address,
        }
        await sign_in.refuse(spine, error.actor, "identity.session.open", detail)
        raise


def _proved_lately(spine: Spine, token: Token, now_s: float, *, demanded: bool) -> bool:
    """Whether the person showed themselves to the provider so lately that it counts as a proof here."""
    told = token.claims.get("auth_time")
    age_s = now_s - told if isinstance(told, (int, float)) and not isinstance(told, bool) else None
    if demanded and (age_s is None or age_s > ATTEMPT_S):
        raise TokenError("the provider did not ask the person anew (auth_time)")
    return age_s is not None and age_s <= spine.settings.step_up_minutes * 60


async def _unmapped(spine: Spine, known: Known, token: Token, code: str) -> RefusedError:
    """Whom the provider no longer gives anything is signed out here as well: sessions, tokens and roles."""
    issuer, subject = known.provider.issuer, str(token.claims["sub"])
    async with spine.db.transaction() as connection:
        found = await store.person_of(connection, issuer, subject)
        user = await accounts.lock_user(connection, found) if found else None
        if user is None:
            return RefusedError(code, "the provider's word gives this person nothing here")
        await accounts.update_user(connection, user.id, user.name, frozenset(), active=None)
        ended = await accounts.end_sessions(connection, user.id)
        detail = {"before": {"roles": sorted(user.roles)}, "after": {"roles": []}, "sessions_ended": ended, "provider": known.provider.id}
        await audit.record(connection, audit.SYSTEM, "alteration", "identity.users.change", subjects=(user.id,), detail=detail)
    return RefusedError(code, "the provider's word no longer gives this person anything here", Actor(user.id, user.username, user.agency))


async def _admit(spine: Spine, person: Person, kept: ProviderSession, opening: Opening, *, proved: bool) -> SignedIn:
    async with spine.db.transaction() as connection:
        found = await store.person_of(connection, kept.issuer, person.subject)
        user_id = found or await _new_account(connection, person, kept)
        user = await accounts.lock_user(connection, user_id)
        if user is None or not user.active:
            raise RefusedError(
                "account_closed", "the account here is closed, or holds no post at present", Actor(user_id, person.username, person.agency)
            )
        actor = Actor(user.id, user.username, user.agency)
        if user.agency != person.agency:
            raise RefusedError("account_elsewhere", "the account here is of another agency: an administrator moves people", actor)
        user = await _brought_up_to_date(connection, user, person, kept)
        if person.unit:
            await _posted(spine, connection, user, person.unit)
        opened = await sign_in.open_session(connection, spine, user, opening, proved=proved)
        await store.keep_session(connection, kept._replace(session=opened.session.id))
    return opened


async def _new_account(connection: Connection, person: Person, kept: ProviderSession) -> str:
    """An account without a password. A name that is taken stays its owner's: accounts are never joined by name."""
    username = person.username
    if await store.is_taken(connection, username):
        username = f"{username}-{new_id()[-6:].lower()}"
    try:
        user_id = await create_user(connection, PLATFORM, username, person.name, person.agency, person.roles)
    except UnknownAgencyError as error:
        raise RefusedError("no_agency", f"no agency here has the code {person.agency}") from error
    await store.link(connection, kept.issuer, person.subject, user_id)
    return user_id


async def _brought_up_to_date(connection: Connection, user: User, person: Person, kept: ProviderSession) -> User:
    """Roles and name as the provider says today; what the person holds elsewhere with other roles is locked."""
    if user.roles == person.roles and user.name == person.name:
        return user
    await accounts.update_user(connection, user.id, person.name, person.roles, active=None)
    locked = await session_store.lock_all(connection, user.id) if user.roles != person.roles else 0
    detail = {
        "before": {"name": user.name, "roles": sorted(user.roles)},
        "after": {"name": person.name, "roles": sorted(person.roles)},
        "sessions_locked": locked,
        "provider": kept.provider,
    }
    await audit.record(connection, audit.SYSTEM, "alteration", "identity.users.change", subjects=(user.id,), detail=detail)
    return user._replace(name=person.name, roles=person.roles)


async def _posted(spine: Spine, connection: Connection, user: User, unit: str) -> None:
    """The post in the unit that the provider names. A unit that is not there keeps nobody out: an entry tells of it."""
    held = await people_store.home_post(connection, user.id)
    if held is None or held.unit == unit:
        return
    try:
        await people.move(
            spine, connection, PLATFORM, user.id,
            PostTerms(held.agency, held.roles, unit, held.rank, shift_pattern=held.shift_pattern, ends=held.ends_at),
        )  # fmt: skip
    except NoSuchUnitError:
        detail = {"why": "no_such_unit", "unit": unit, "by": "provider"}
        await audit.record(connection, audit.SYSTEM, "refusal", "organisations.people.move", subjects=(user.id,), detail=detail)


async def end_by_token(spine: Spine, known: Known, ended: Ended) -> list[str]:
    """Act on a provider's logout token, once; returns whose sessions ended.

    Raises:
        LogoutTokenError: it was acted on before.
    """
    provider = known.provider
    async with spine.db.transaction() as connection:
        first = await store.use_token(connection, provider.issuer, ended.jti, OLD_S * 3)
        people = sorted(set(await store.end_sessions(connection, provider.issuer, ended.subject, ended.sid))) if first else []
        for person in people:
            await accounts.announce(connection, person)
        detail = {"provider": provider.id, "why": "signed_out_there" if first else "logout_token_replayed"}
        kind: audit.Kind = "erasure" if first else "refusal"
        await audit.record(connection, audit.SYSTEM, kind, "identity.session.close", subjects=tuple(people), detail=detail)
    if not first:
        raise LogoutTokenError("this logout token has been acted on before")
    return people
