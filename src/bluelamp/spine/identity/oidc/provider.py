"""The only place that speaks to a provider: discovery, keys, the code for tokens. Bounded in time and size, follows no redirect."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bluelamp.spine.errors import EngineDownError
from bluelamp.spine.module import Spine

from .claims import Token, TokenError, UnknownKeyError, opened
from .settings import OidcSettings, Provider, configured, is_safe_address

ANSWER_BYTES_MAX = 256 << 10
TIMEOUT_S = 10
DISCOVERED_S = 3600
KEYS_S = 300
"""A key that the provider withdraws is believed for at most so long."""
ASKED_AGAIN_S = 5
"""A flood of tokens with made-up keys makes at most one request in so many seconds."""


class ProviderDownError(EngineDownError):
    """The provider does not answer, or not as a provider does."""

    code = "provider_unavailable"


class Known:
    """What has been learnt of one provider."""

    def __init__(self, provider: Provider, http: httpx.AsyncClient) -> None:
        self.provider = provider
        self._http = http
        self._document: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._learning = asyncio.Lock()

    async def _ask(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        """A JSON object; anything else is a provider that is down."""
        if not is_safe_address(url):
            raise ProviderDownError("the provider names an address that is not https")
        try:
            async with self._http.stream(
                method, url, headers={"Accept": "application/json"} | request.pop("headers", {}), **request
            ) as answer:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > ANSWER_BYTES_MAX:
                        raise ProviderDownError("the provider's answer is too long")
                told = json.loads(body)
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderDownError(f"{self.provider.name} does not answer as a provider does: try again shortly") from error
        if not isinstance(told, dict):
            raise ProviderDownError("the provider's answer is no JSON object")
        if answer.status_code == 400 and "error" in told:
            raise TokenError(f"the provider refused: {str(told['error'])[:60]}")
        if answer.status_code != 200:
            raise ProviderDownError(f"{self.provider.name} answers {answer.status_code}")
        return told

    async def document(self) -> dict[str, Any]:
        """The discovery document, at most an hour old; it must say that it is this issuer's."""
        async with self._learning:
            if self._document is None or time.monotonic() - self._document[0] > DISCOVERED_S:
                told = await self._ask("GET", self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
                if told.get("issuer") != self.provider.issuer:
                    raise ProviderDownError("the provider's document is another issuer's")
                methods = told.get("code_challenge_methods_supported", ["S256"])
                if "S256" not in methods:
                    raise ProviderDownError("the provider does not know PKCE with S256")
                self._document = (time.monotonic(), told)
            return self._document[1]

    async def endpoint(self, name: str) -> str:
        """An address from the document.

        Raises:
            ProviderDownError: there is none, or it is not a safe one.
        """
        url = (await self.document()).get(name)
        if not isinstance(url, str) or not is_safe_address(url):
            raise ProviderDownError(f"the provider's document names no usable {name}")
        return url

    async def _known_keys(self, older_than_s: float) -> KeySet:
        url = await self.endpoint("jwks_uri")
        async with self._learning:
            if self._keys is None or time.monotonic() - self._keys[0] > older_than_s:
                told = await self._ask("GET", url)
                try:
                    self._keys = (time.monotonic(), KeySet.import_key_set(told))  # type: ignore[arg-type] # it checks the shape itself
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise ProviderDownError("the provider publishes no usable keys") from error
            return self._keys[1]

    async def examine(self) -> int:
        """Discover the provider and fetch its keys; how many it publishes.

        Raises:
            ProviderDownError: it cannot be used, and why.
        """
        for name in ("authorization_endpoint", "token_endpoint"):
            await self.endpoint(name)
        return len((await self._known_keys(KEYS_S)).keys)

    async def open(self, text: str) -> Token:
        """A token of this provider's; keys are fetched anew where it names one that is not known yet."""
        try:
            return opened(self.provider, await self._known_keys(KEYS_S), text)
        except UnknownKeyError:
            return opened(self.provider, await self._known_keys(ASKED_AGAIN_S), text)

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """The tokens for a code."""
        provider, secret = self.provider, self.provider.client_secret.get_secret_value()
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        basic = bool(secret) and provider.client_authentication == "client_secret_basic"
        if not basic:
            form |= {"client_id": provider.client_id} | ({"client_secret": secret} if secret else {})
        request: dict[str, Any] = {"auth": httpx.BasicAuth(provider.client_id, secret)} if basic else {}
        return await self._ask("POST", await self.endpoint("token_endpoint"), data=form, **request)

    async def more_about(self, subject: str, access_token: str) -> dict[str, Any]:
        """The claims that the provider keeps for its userinfo address; empty where it has none."""
        if "userinfo_endpoint" not in await self.document():
            return {}
        url = await self.endpoint("userinfo_endpoint")
        told = await self._ask("GET", url, headers={"Authorization": f"Bearer {access_token}"})
        if told.get("sub") != subject:
            raise TokenError("userinfo is about somebody else")
        return told


async def sign_out_address(known: Known | None, id_token: str, back_to: str) -> str | None:
    """Where the browser goes to sign out at the provider too (RP-Initiated Logout 1.0); None where there is no such place."""
    if known is None:
        return None
    try:
        endpoint = await known.endpoint("end_session_endpoint")
    except ProviderDownError:
        return None
    asked = urlencode({"id_token_hint": id_token, "client_id": known.provider.client_id, "post_logout_redirect_uri": back_to})
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{asked}"


class Providers:
    """All configured providers; one object a process."""

    def __init__(self, _spine: Spine | None = None, settings: OidcSettings | None = None) -> None:
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, limits=httpx.Limits(max_connections=20))
        self.known = {name: Known(provider, self._http) for name, provider in configured(settings or OidcSettings()).items()}

    async def close(self) -> None:
        await self._http.aclose()
