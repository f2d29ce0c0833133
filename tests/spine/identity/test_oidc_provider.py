"""What a provider may say of itself, and what may be said of it in the settings; no server, no platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from bluelamp.spine.identity.oidc.claims import TokenError, UnmappedError, person_of
from bluelamp.spine.identity.oidc.provider import ANSWER_BYTES_MAX, Known, ProviderDownError, sign_out_address
from bluelamp.spine.identity.oidc.settings import OidcSettings, Provider, configured

ISSUER = "https://login.example.police.uk/kentmere"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth?realm=1",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "end_session_endpoint": f"{ISSUER}/end",
}
KEYS = {"keys": [RSAKey.generate_key(2048, {"kid": "first"}).as_dict(private=False)]}
ROLES: dict[str, Any] = {"analysts": ["analyst"], "officers": ["officer"]}


def provider(**change: Any) -> Provider:
    return Provider(**({"issuer": ISSUER, "client_id": "bluelamp", "client_secret": "s3cret", "roles": ROLES, "agency": "KEN"} | change))


def known(answer: Callable[[httpx.Request], httpx.Response], **change: Any) -> Known:
    return Known(provider(**change), httpx.AsyncClient(transport=httpx.MockTransport(answer)))


def saying(document: dict[str, Any], keys: Any = KEYS, **change: Any) -> Known:
    return known(lambda asked: httpx.Response(200, json=keys if asked.url.path.endswith("jwks") else document), **change)


async def test_an_honest_document_is_believed_and_asked_for_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=KEYS if request.url.path.endswith("jwks") else DOCUMENT)

    learnt = known(answer)
    assert [await learnt.examine(), await learnt.examine()] == [1, 1]
    assert asked == ["/kentmere/.well-known/openid-configuration", "/kentmere/jwks"]
    address = await sign_out_address(learnt, "the-token", "https://bluelamp.example.police.uk/")
    assert address is not None
    assert address.startswith(f"{ISSUER}/end?id_token_hint=the-token&client_id=bluelamp")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"issuer": "https://evil.example"}, "another issuer"),
        ({"token_endpoint": "http://login.example.police.uk/token"}, "token_endpoint"),
        ({"authorization_endpoint": None}, "authorization_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"padding": "x" * ANSWER_BYTES_MAX}, "too long"),
    ],
)
async def test_a_document_that_cannot_be_believed(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ProviderDownError, match=why):
        await saying(DOCUMENT | change).examine()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(302, headers={"Location": "http://169.254.169.254/"}), "does not answer as a provider"),
        (httpx.Response(200, text="<html>"), "does not answer as a provider"),
        (httpx.Response(200, json=[]), "no JSON object"),
        (httpx.Response(503, json={}), "answers 503"),
    ],
    ids=["sent elsewhere", "a page", "a list", "down"],
)
async def test_what_is_no_providers_answer(answer: httpx.Response, why: str) -> None:
    with pytest.raises(ProviderDownError, match=why):
        await known(lambda _: answer).examine()


async def test_keys_that_are_none_are_told_of() -> None:
    with pytest.raises(ProviderDownError, match="no usable keys"):
        await saying(DOCUMENT, keys={"keys": [{"kty": "nonsense"}]}).examine()


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({}, {"authorization": "Basic", "body": set()}),
        ({"client_authentication": "client_secret_post"}, {"authorization": "", "body": {"client_id", "client_secret"}}),
        ({"client_secret": ""}, {"authorization": "", "body": {"client_id"}}),
    ],
    ids=["basic", "post", "public"],
)
async def test_a_code_is_redeemed_with_its_verifier(change: dict[str, Any], sent: dict[str, Any]) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=DOCUMENT if request.method == "GET" else {"id_token": "t"})

    assert await known(answer, **change).redeem("the-code", "the-verifier", "https://here/callback") == {"id_token": "t"}
    form = dict(httpx.QueryParams(asked[-1].content.decode()))
    assert (form["code"], form["code_verifier"], form["redirect_uri"]) == ("the-code", "the-verifier", "https://here/callback")
    assert asked[-1].headers.get("authorization", "").partition(" ")[0] == sent["authorization"]
    assert form.keys() & {"client_id", "client_secret"} == sent["body"]


async def test_a_code_that_the_provider_refuses_is_no_outage() -> None:
    refusing = known(
        lambda asked: httpx.Response(200, json=DOCUMENT) if asked.method == "GET" else httpx.Response(400, json={"error": "invalid_grant"})
    )
    with pytest.raises(TokenError, match="invalid_grant"):
        await refusing.redeem("used before", "verifier", "https://here/callback")


async def test_userinfo_about_somebody_else_is_refused() -> None:
    with_userinfo = DOCUMENT | {"userinfo_endpoint": f"{ISSUER}/me"}
    telling = known(lambda asked: httpx.Response(200, json={"sub": "other"} if asked.url.path.endswith("me") else with_userinfo))
    with pytest.raises(TokenError, match="somebody else"):
        await telling.more_about("somebody", "access")


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"groups": ["analysts", "choir"]}, {"analyst"}),
        ({"groups": ["analysts", "officers"]}, {"analyst", "officer"}),
        ({"groups": "officers"}, {"officer"}),
    ],
)
def test_groups_become_the_roles_that_are_mapped(claims: dict[str, Any], roles: set[str]) -> None:
    assert person_of(provider(), {"sub": "1", "name": "Ola Marsh"} | claims).roles == roles


@pytest.mark.parametrize("groups", [None, [], ["choir"], ["ANALYSTS"], [{"analysts": 1}], {"analysts": True}, 7, [["analysts"]]])
def test_whatever_else_a_provider_says_gives_no_role(groups: object) -> None:
    with pytest.raises(UnmappedError) as told:
        person_of(provider(), {"sub": "1", "groups": groups})
    assert told.value.code == "no_role"


@pytest.mark.parametrize("force", [None, "", "KEN", "Irwell", ["kentmere"]])
def test_a_provider_vouches_only_for_agencies_that_are_named(force: object) -> None:
    shared = provider(agency="", agency_claim="force", agencies={"kentmere": "KEN"})
    claims = {"sub": "1", "groups": ["analysts"], "force": force}
    with pytest.raises(UnmappedError) as told:
        person_of(shared, claims)
    assert told.value.code == "no_agency"
    assert person_of(shared, claims | {"force": "kentmere"}).agency == "KEN"


@pytest.mark.parametrize(
    ("wished", "username"),
    [("O.Marsh@kentmere.police.uk", "o.marsh"), ("  Ola Marsh ", "ola-marsh"), ("KENTMERE\\omarsh", "kentmere-omarsh"), ("ø", "person")],
)
def test_a_username_is_made_from_what_the_provider_says(wished: str, username: str) -> None:
    assert person_of(provider(), {"sub": "1", "groups": ["officers"], "preferred_username": wished}).username == username


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://login.example.police.uk"},
        {"issuer": f"{ISSUER}?a=b"},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256"]},
        {"algorithms": []},
        {"roles": {"everybody": ["king"]}},
        {"secret": "a name that is not known"},
    ],
)
def test_settings_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        provider(**change)


def test_a_mistake_in_the_file_is_told_without_its_secrets(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    file.write_text('[{"id": "a", "issuer": "https://id.example", "client_secret": "planted"}]')
    with pytest.raises(ValidationError, match="client_id") as told:
        configured(OidcSettings(providers_file=file))
    assert "planted" not in str(told.value)


def test_providers_come_from_the_environment_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("of one provider\n")
    file = tmp_path / "providers.json"
    file.write_text('[{"id": "irwell", "name": "Irwell Police", "issuer": "https://id.example", "client_id": "b", "agency": "IRW"}]')
    for name, value in {
        "ISSUER": ISSUER, "CLIENT_ID": "bluelamp", "AGENCY": "KEN", "ROLES": '{"analysts": ["analyst"]}',
        "CLIENT_SECRET_FILE": str(tmp_path / "secret"), "PROVIDERS_FILE": str(file),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"BLUELAMP_OIDC_{name}", value)
    found = configured(OidcSettings())
    assert list(found) == ["main", "irwell"]
    assert found["main"].client_secret.get_secret_value() == "of one provider"
    assert "of one provider" not in repr(found)
    file.write_text(f'[{{"id": "other", "issuer": "{ISSUER}", "client_id": "b"}}]')
    with pytest.raises(ValueError, match="the same issuer"):
        configured(OidcSettings())
