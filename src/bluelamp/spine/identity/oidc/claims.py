"""What makes a provider's token worth believing (OpenID Connect Core 3.1.3.7, Back-Channel Logout 2.6, RFC 9207). No I/O."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from .settings import Provider

LEEWAY_S = 60
"""How far two clocks may differ."""
OLD_S = 600
"""A token is used as soon as it is issued; one that is older was kept by somebody."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_CHARS_MAX = 32_768


class TokenError(Exception):
    """The token proves nothing; `why` is for the audit."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class UnknownKeyError(TokenError):
    """Signed with a key that the provider had not published when it was last asked: it may have rotated."""


class Token(NamedTuple):
    header: dict[str, Any]
    claims: dict[str, Any]


def opened(provider: Provider, keys: KeySet, text: str) -> Token:
    """The claims of a token whose signature is the provider's, by an allowed algorithm.

    Raises:
        UnknownKeyError: none of the keys is the one it names.
        TokenError: not a token, not signed, or not by the provider.
    """
    if len(text) > TOKEN_CHARS_MAX:
        raise TokenError("the token is too long")
    try:
        token = jwt.decode(text, keys, algorithms=list(provider.algorithms))
    except InvalidKeyIdError as error:
        raise UnknownKeyError("signed with an unknown key") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise TokenError(f"not signed as agreed: {type(error).__name__}") from error
    return Token(dict(token.header), dict(token.claims))


def _instant(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TokenError(f"{name} is missing or no time")
    return float(value)


def _check_issued_here_and_now(provider: Provider, claims: dict[str, Any], now_s: float) -> None:
    if claims.get("iss") != provider.issuer:
        raise TokenError("issued by somebody else")
    audience = claims.get("aud")
    meant = [audience] if isinstance(audience, str) else audience
    if not isinstance(meant, list) or provider.client_id not in meant:
        raise TokenError("meant for another audience")
    if "azp" in claims and claims["azp"] != provider.client_id:
        raise TokenError("given to another party (azp)")
    if len(meant) > 1 and "azp" not in claims:
        raise TokenError("meant for several, and does not say for whom it was made (azp)")
    issued = _instant(claims, "iat")
    if issued > now_s + LEEWAY_S:
        raise TokenError("issued in the future")
    if issued < now_s - OLD_S:
        raise TokenError("issued too long ago")
    if "nbf" in claims and _instant(claims, "nbf") > now_s + LEEWAY_S:
        raise TokenError("not valid yet")


def check_id_token(provider: Provider, token: Token, nonce: str, access_token: str, now_s: float) -> None:
    """Raises `TokenError` unless it is an answer to what this browser asked, now, for this platform."""
    claims = token.claims
    _check_issued_here_and_now(provider, claims, now_s)
    if _instant(claims, "exp") <= now_s - LEEWAY_S:
        raise TokenError("expired")
    if claims.get("nonce") != nonce:
        raise TokenError("answers another question (nonce)")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise TokenError("names nobody (sub)")
    if "events" in claims:
        raise TokenError("a logout token is no sign-in")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(str(token.header["alg"]), access_token):
        raise TokenError("belongs to another access token (at_hash)")


def _half_hash(algorithm: str, value: str) -> str:
    """The left half of the hash that the signature's algorithm uses (Core 3.1.3.6)."""
    size = algorithm[-3:] if algorithm[-3:] in {"256", "384", "512"} else "512"
    hashed = hashlib.new(f"sha{size}", value.encode()).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).decode().rstrip("=")


class Ended(NamedTuple):
    """Whose sessions a logout token ends: one by the provider's name of it, or all of a subject."""

    subject: str
    sid: str
    jti: str


def check_logout_token(provider: Provider, token: Token, now_s: float) -> Ended:
    """Raises `TokenError` unless the provider says, now and to this platform, that somebody has signed out."""
    claims = token.claims
    if str(token.header.get("typ", "logout+jwt")).lower().removeprefix("application/") not in {"logout+jwt", "jwt"}:
        raise TokenError("another kind of token")
    _check_issued_here_and_now(provider, claims, now_s)
    if "exp" in claims and _instant(claims, "exp") <= now_s - LEEWAY_S:
        raise TokenError("expired")
    if "nonce" in claims:
        raise TokenError("an ID token is no logout token")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise TokenError("says nothing of a logout")
    subject, sid, jti = (claims.get(name, "") for name in ("sub", "sid", "jti"))
    if not all(isinstance(value, str) and len(value) <= 255 for value in (subject, sid, jti)) or not jti:
        raise TokenError("names no token of its own (jti)")
    if not subject and not sid:
        raise TokenError("names neither person nor session")
    return Ended(subject, sid, jti)


class Person(NamedTuple):
    """Who somebody is, by the provider's word, in this platform's terms."""

    subject: str
    username: str
    name: str
    agency: str
    roles: frozenset[str]
    unit: str = ""
    """Code of the unit; empty: the provider does not say, and it stays as it is."""


class UnmappedError(Exception):
    """The provider knows the person, and its word gives them nothing here. `code`: `no_role` or `no_agency`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def person_of(provider: Provider, claims: dict[str, Any]) -> Person:
    """Groups become roles and the agency claim an agency, as configured and not otherwise.

    Raises:
        UnmappedError: no group gives a role, or the agency is none that this provider may vouch for.
    """
    agency = provider.agency
    if provider.agency_claim:
        agency = provider.agencies.get(str(claims.get(provider.agency_claim, "")), "")
    if not agency:
        raise UnmappedError("no_agency")
    told = claims.get(provider.groups_claim, [])
    groups = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    roles = {role for group in groups if isinstance(group, str) for role in provider.roles.get(group, ())}
    if not roles:
        raise UnmappedError("no_role")
    wished = str(claims.get(provider.username_claim) or claims.get("email") or claims["sub"])
    username = re.sub(r"[^a-z0-9._-]+", "-", wished.casefold().partition("@")[0]).strip("-._")[:40] or "person"
    name = " ".join(str(claims.get("name") or wished).split())[:120]
    unit = str(claims.get(provider.unit_claim) or "").strip().upper()[:32] if provider.unit_claim else ""
    return Person(str(claims["sub"]), username if len(username) > 1 else f"{username}-x", name or username, agency, frozenset(roles), unit)
