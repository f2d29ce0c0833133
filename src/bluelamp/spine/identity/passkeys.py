"""Passkeys (WebAuthn level 3): enrolled by whoever has just proved who they are, then enough to sign in without a name.

The address counts: an authenticator signs for the page's own origin, so what a look-alike site obtains opens nothing here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRequestOptions,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bluelamp.spine import audit
from bluelamp.spine.audit import Actor
from bluelamp.spine.errors import InvalidError, NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

from . import passkey_store, sign_in, step_up, store
from .domain import User
from .errors import PasskeyRefusedError, PasskeysNeedANameError, PasskeyTakenError, TooManyChallengesError
from .passkey_store import CHALLENGE_S, Passkey, Use
from .session_store import BrowserSession, Opening
from .sign_in import UNKNOWN, SignedIn

PER_PERSON_MAX = 20
OPEN_CHALLENGES_PER_ADDRESS_MAX = 2000
"""A station behind one address signs on at the same minute; a flood stops here."""

MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)
"""What an answer that is not a good one makes the library raise, before or beside its own failures."""


class _BadAnswerError(Exception):
    """An answer that proves nothing; the message is for the audit alone."""


class _CounterError(Exception):
    """An authenticator counted backwards: two of them hold the same key."""


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except MALFORMED as error:
        raise _BadAnswerError(str(error)[:200] or type(error).__name__) from error


class Place(NamedTuple):
    """Where the page was opened: the origin that an authenticator must have signed for, and the domain its keys belong to."""

    origin: str
    rp_id: str


def place_of(spine: Spine, host: str) -> Place:
    """Configured, or `localhost` at the port that was opened.

    `host` is the Host header. It decides nothing but the port of localhost: whoever lies in it must still have an
    authenticator sign for a page on that very origin.

    Raises:
        PasskeysNeedANameError: neither.
    """
    if spine.settings.public_url:
        address = urlsplit(spine.settings.public_url)
        return Place(f"{address.scheme}://{address.netloc}", spine.settings.passkey_rp_id or address.hostname or "")
    if host.partition(":")[0].lower() == "localhost":
        return Place(f"{'https' if spine.settings.tls_cert else 'http'}://{host.lower()}", "localhost")
    raise PasskeysNeedANameError(
        "passkeys need a name, not a number: open the console at http://localhost, or set BLUELAMP_PUBLIC_URL and open that"
    )


async def _challenge(spine: Spine, use: Use, bound_to: str, address: str) -> bytes:
    challenge = secrets.token_bytes(32)
    if not await passkey_store.keep_challenge(spine.db, challenge, use, bound_to, address, OPEN_CHALLENGES_PER_ADDRESS_MAX):
        raise TooManyChallengesError("too many sign-ins have been begun from this address and not finished", retry_after_s=CHALLENGE_S)
    return challenge


async def _challenge_of(spine: Spine, caller: Caller, use: Use, address: str) -> bytes:
    challenge = await _challenge(spine, use, caller.session, address)
    async with spine.db.transaction() as connection:
        detail = {"use": use, "session": caller.session}
        await audit.record(connection, caller.actor, "collection", "identity.passkeys.ask", subjects=(caller.id,), detail=detail)
    return challenge


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=p.credential, transports=[AuthenticatorTransport(t) for t in p.transports]) for p in passkeys]


def _as_json(options: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions) -> dict[str, Any]:
    """As `PublicKeyCredential.parse…OptionsFromJSON` in the browser takes it."""
    return dict(options_to_json_dict(options))


async def enrolment_question(spine: Spine, caller: Caller, place: Place, address: str) -> dict[str, Any]:
    """What to hand to `navigator.credentials.create`: a key that names its owner and asks for a finger, a face or a PIN."""
    known = await passkey_store.passkeys_of(spine.db, caller.id)
    options = generate_registration_options(
        rp_id=place.rp_id,
        rp_name="Bluelamp",
        user_id=caller.id.encode(),
        user_name=caller.username,
        user_display_name=caller.name,
        challenge=await _challenge_of(spine, caller, "enrol", address),
        timeout=CHALLENGE_S * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors([p for p in known if p.rp_id == place.rp_id]),
    )
    return _as_json(options)


def _plain_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise InvalidError("the name of a passkey has 1 to 60 characters")
    return name


async def enrol(spine: Spine, caller: Caller, place: Place, name: str, answer: dict[str, Any]) -> Passkey:
    """Keep the public key of a new passkey.

    Raises:
        PasskeyRefusedError: not asked by this session, for another address, without user verification, or malformed.
        PasskeyTakenError: this authenticator is enrolled already.
    """
    name = _plain_name(name)
    try:
        with _reading():
            credential = parse_registration_credential_json(answer)
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
        await _take(spine, challenge, "enrol", caller.session)
        with _reading():
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=place.rp_id,
                expected_origin=place.origin,
                require_user_verification=True,
            )
    except _BadAnswerError as error:
        await _refuse(spine, caller.actor, "identity.passkeys.enrol", str(error))
        raise PasskeyRefusedError("the passkey was not accepted: it must be made on this very page and verify who you are") from error
    transports = [t.value for t in credential.response.transports or []]
    new = Passkey(
        "", caller.id, verified.credential_id, verified.credential_public_key, place.rp_id, verified.sign_count, name, transports,
        verified.credential_backed_up, None, None, None,  # type: ignore[arg-type] # times are the database's
    )  # fmt: skip
    async with spine.db.transaction() as connection:
        await store.lock_user(connection, caller.id)
        if len(await passkey_store.passkeys_of(connection, caller.id)) >= PER_PERSON_MAX:
            raise InvalidError(f"nobody keeps more than {PER_PERSON_MAX} passkeys: remove one that you no longer use")
        kept = await passkey_store.insert_passkey(connection, new)
        if kept is None:
            raise PasskeyTakenError("this authenticator is enrolled already")
        detail = {"passkey": kept.id, "name": name, "rp_id": place.rp_id, "backed_up": kept.backed_up}
        await audit.record(connection, caller.actor, "collection", "identity.passkeys.enrol", subjects=(caller.id,), detail=detail)
    return kept


async def rename(spine: Spine, caller: Caller, passkey: str, name: str) -> Passkey:
    name = _plain_name(name)
    async with spine.db.transaction() as connection:
        renamed = await passkey_store.rename(connection, caller.id, passkey, name)
        if renamed is None:
            raise NotFoundError("you have no such passkey")
        detail = {"passkey": passkey, "name": name}
        await audit.record(connection, caller.actor, "alteration", "identity.passkeys.rename", subjects=(caller.id,), detail=detail)
    return renamed


async def remove(spine: Spine, caller: Caller, passkey: str) -> None:
    """It opens nothing from now on."""
    async with spine.db.transaction() as connection:
        removed = await passkey_store.remove(connection, caller.id, passkey)
        if removed is None:
            raise NotFoundError("you have no such passkey")
        detail = {"passkey": passkey, "name": removed.name}
        await audit.record(connection, caller.actor, "erasure", "identity.passkeys.remove", subjects=(caller.id,), detail=detail)


async def sign_in_question(spine: Spine, place: Place, browser: str, address: str) -> dict[str, Any]:
    """What to hand to `navigator.credentials.get`; it names nobody, so the authenticator offers whom it knows here."""
    options = generate_authentication_options(
        rp_id=place.rp_id,
        challenge=await _challenge(spine, "sign_in", browser, address),
        timeout=CHALLENGE_S * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _as_json(options)


async def proof_question(spine: Spine, caller: Caller, place: Place, address: str) -> dict[str, Any]:
    """The same for somebody who is signed in: only their own passkeys will do."""
    known = [p for p in await passkey_store.passkeys_of(spine.db, caller.id) if p.rp_id == place.rp_id and not p.suspended_at]
    if not known:
        raise NotFoundError("you have no passkey for this address: prove who you are with your password")
    options = generate_authentication_options(
        rp_id=place.rp_id,
        challenge=await _challenge_of(spine, caller, "prove", address),
        timeout=CHALLENGE_S * 1000,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _as_json(options)


async def _refuse(spine: Spine, actor: Actor, action: str, why: str, **detail: str | int) -> None:
    await sign_in.refuse(spine, actor, action, {"why": "passkey_refused", "reason": why[:200], **detail})


REFUSED = "the passkey was not accepted"


class _Proof(NamedTuple):
    credential: AuthenticationCredential
    challenge: bytes


async def _asked(spine: Spine, answer: dict[str, Any], use: Use, bound_to: str) -> _Proof:
    """The answer taken apart, and its challenge used up."""
    with _reading():
        credential = parse_authentication_credential_json(answer)
        challenge = parse_client_data_json(credential.response.client_data_json).challenge
    await _take(spine, challenge, use, bound_to)
    return _Proof(credential, challenge)


async def _take(spine: Spine, challenge: bytes, use: Use, bound_to: str) -> None:
    if not await passkey_store.take_challenge(spine.db, challenge, use, bound_to):
        raise _BadAnswerError("the challenge was not asked of this browser, was answered before or is too old")


def _verify(place: Place, passkey: Passkey, proof: _Proof) -> VerifiedAuthentication:
    """The signature over origin, domain, challenge, presence and verification; then the counter."""
    handle = proof.credential.response.user_handle
    if handle is not None and handle != passkey.person.encode():
        raise _BadAnswerError("the authenticator names another person")
    if passkey.rp_id != place.rp_id:
        raise _BadAnswerError("the passkey belongs to another address")
    if passkey.suspended_at:
        raise _BadAnswerError("the passkey is suspended")
    with _reading():
        verified = verify_authentication_response(
            credential=proof.credential,
            expected_challenge=proof.challenge,
            expected_rp_id=place.rp_id,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared below, since a counter that goes back is more than a refusal
            require_user_verification=True,
        )
    if (verified.new_sign_count or passkey.sign_count) and verified.new_sign_count <= passkey.sign_count:
        raise _CounterError
    return verified


def _of_somebody_active(passkey: Passkey | None, user: User | None) -> tuple[Passkey, User]:
    if passkey is None or user is None or not user.active:
        raise _BadAnswerError("nobody who may sign in has this passkey")
    return passkey, user


def _of(caller: Caller, passkey: Passkey | None) -> Passkey:
    if passkey is None or passkey.person != caller.id:
        raise _BadAnswerError("not one of this person's passkeys")
    return passkey


async def _suspend(spine: Spine, passkey: Passkey, action: str) -> None:
    async with spine.db.transaction() as connection:
        await passkey_store.suspend(connection, passkey.id)
        user = await store.lock_user(connection, passkey.person)
        actor = Actor(user.id, user.username, user.agency) if user else UNKNOWN
        detail = {"why": "counter_went_back", "during": action, "passkey": passkey.id, "name": passkey.name}
        await audit.record(
            connection, actor, "refusal", "identity.passkeys.suspend", subjects=(passkey.person,), detail=detail
        )  # fmt: skip


async def sign_in_with(spine: Spine, place: Place, answer: dict[str, Any], browser: str, opening: Opening) -> SignedIn:
    """A new session for whoever the passkey says it is.

    Raises:
        PasskeyRefusedError: in every case that is not a good one; the audit knows which.
    """
    action, passkey = "identity.session.open", None
    try:
        proof = await _asked(spine, answer, "sign_in", browser)
        async with spine.db.transaction() as connection:
            passkey = await passkey_store.lock_passkey(connection, proof.credential.raw_id)
            user = await store.lock_user(connection, passkey.person) if passkey else None
            passkey, user = _of_somebody_active(passkey, user)
            verified = _verify(place, passkey, proof)
            await passkey_store.note_use(connection, passkey.id, verified.new_sign_count, backed_up=verified.credential_backed_up)
            return await sign_in.open_session(connection, spine, user, opening)
    except _CounterError as error:
        assert passkey is not None  # noqa: S101 - the counter belongs to one
        await _suspend(spine, passkey, action)
        raise PasskeyRefusedError(REFUSED) from error
    except _BadAnswerError as error:
        subject = await _actor_of(spine, passkey)
        await _refuse(spine, subject, action, str(error), address=opening.address)
        raise PasskeyRefusedError(REFUSED) from error


async def _actor_of(spine: Spine, passkey: Passkey | None) -> Actor:
    if passkey is None:
        return UNKNOWN
    async with spine.db.transaction() as connection:
        user: User | None = await store.lock_user(connection, passkey.person)
    return Actor(user.id, user.username, user.agency) if user else UNKNOWN


async def prove_with(spine: Spine, caller: Caller, place: Place, answer: dict[str, Any]) -> tuple[BrowserSession, str]:
    """The session renewed after a touch of one of the caller's own passkeys.

    Raises:
        PasskeyRefusedError: in every case that is not a good one.
    """
    action, passkey = "identity.session.prove", None
    try:
        proof = await _asked(spine, answer, "prove", caller.session)
        async with spine.db.transaction() as connection:
            passkey = await passkey_store.lock_passkey(connection, proof.credential.raw_id)
            passkey = _of(caller, passkey)
            verified = _verify(place, passkey, proof)
            await passkey_store.note_use(connection, passkey.id, verified.new_sign_count, backed_up=verified.credential_backed_up)
            return await step_up.renew(connection, caller, "passkey")
    except _CounterError as error:
        assert passkey is not None  # noqa: S101
        await _suspend(spine, passkey, action)
        raise PasskeyRefusedError(REFUSED) from error
    except _BadAnswerError as error:
        await _refuse(spine, caller.actor, action, str(error))
        raise PasskeyRefusedError(REFUSED) from error
