"""Sign-in through a real OpenID Connect provider (npm oidc-provider), and through one that forges: everything it forges is refused."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from webauthn.helpers import bytes_to_base64url as b64

from bluelamp.app.engines import doctor
from bluelamp.app.engines.data_folder import free_port
from bluelamp.app.http import make_app
from bluelamp.kit.ids import new_id
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.identity.oidc import provider as provider_module
from bluelamp.spine.identity.oidc.claims import LOGOUT_EVENT
from tests.support.platform import RunningPlatform, serving
from tests.support.provider import SECRET, Forger, real_provider, unsigned, walk

TAIL = new_id()[-6:].lower()
PEOPLE: dict[str, dict[str, Any]] = {
    f"ola-{TAIL}": {"name": "Ola Marsh", "preferred_username": f"o.marsh.{TAIL}", "groups": ["analysts", "choir"], "force": "kentmere"},
    f"two-{TAIL}": {"name": "Tom Wolds", "preferred_username": "officer", "groups": ["officers"], "force": "kentmere"},
    f"none-{TAIL}": {"name": "Nia Ness", "preferred_username": f"n.{TAIL}", "groups": ["choir"], "force": "kentmere"},
    f"far-{TAIL}": {"name": "Fred Afar", "preferred_username": f"f.{TAIL}", "groups": ["officers"], "force": "IRW"},
}
MAPPING = {
    "client_id": "bluelamp",
    "client_secret": SECRET,
    "groups_claim": "groups",
    "roles": {"analysts": ["analyst"], "officers": ["officer"]},
    "agency_claim": "force",
    "unit_claim": "unit",
    "agencies": {"kentmere": "KEN"},
}


@dataclass
class World:
    platform: RunningPlatform
    url: str
    port: int
    forger: Forger

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"X-Bluelamp": "1"}, timeout=30)

    async def why(self) -> str:
        return str(
            await self.platform.spine.db.fetchval(
                "SELECT detail->>'reason' FROM audit_entries WHERE kind = 'refusal' AND detail ? 'reason' ORDER BY number DESC LIMIT 1"
            )
        )


def write(file: Path, providers: list[dict[str, Any]]) -> None:
    file.write_text(json.dumps(providers))


@pytest.fixture(scope="module")
def providers_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oidc") / "providers.json"


@pytest.fixture(scope="module")
async def world(platform: RunningPlatform, providers_file: Path) -> AsyncIterator[World]:
    forger, port = Forger(), free_port()
    main = MAPPING | {"id": "main", "name": "Kentmere Police", "issuer": f"http://localhost:{port}"}
    down = MAPPING | {"id": "down", "issuer": f"http://localhost:{free_port()}"}
    write(providers_file, [main, MAPPING | {"id": "forger", "issuer": forger.issuer, "client_secret": ""}, down])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLUELAMP_OIDC_PROVIDERS_FILE", str(providers_file))
        patch.setattr(provider_module, "ASKED_AGAIN_S", -1)
        async with forger.running(), serving(make_app(platform.spine)) as url:
            yield World(platform, url.replace("127.0.0.1", "localhost"), port, forger)


async def test_the_sign_in_page_is_told_of_the_providers(world: World) -> None:
    async with world.browser() as browser:
        told = (await browser.get("/v1/session/ways")).json()["providers"]
    assert told[0] == {"id": "main", "name": "Kentmere Police", "href": "/v1/oidc/main/start"}


async def test_a_person_comes_goes_and_comes_back_through_a_real_provider(world: World) -> None:
    login = f"ola-{TAIL}"
    with real_provider(world.port, world.url, PEOPLE):
        async with world.browser() as browser:
            back = await sign_in_through(world, browser, login, "/lists")
            assert back.headers["location"] == "/lists", back.headers
            me = (await browser.get("/v1/me")).json()
            assert (me["username"], me["roles"], me["agency"]["code"]) == (f"o.marsh.{TAIL}", ["analyst"], "KEN")
            assert (me["session"]["method"], me["has_password"]) == ("provider", False)
            kept = "SELECT detail->>'method' FROM audit_entries WHERE action = 'identity.session.open' AND actor = $1"
            assert await world.platform.spine.db.fetchval(kept, me["id"]) == "provider"
            href = (await browser.post("/v1/oidc/sign-out")).json()["href"]
            assert (await browser.get("/v1/me")).status_code == 401
            assert href.startswith(f"http://localhost:{world.port}/session/end?id_token_hint=")
            done = await walk(browser, href, world.url, login)
            assert str(done.url).startswith(f"{world.url}/"), "and back to the sign-in page"
    # A restart has new keys: the platform asks for them when it meets one that it does not know.
    with real_provider(world.port, world.url, PEOPLE):
        async with world.browser() as browser:
            back = await sign_in_through(world, browser, login)
            assert back.headers["location"] == "/"
            assert (await browser.get("/v1/me")).json()["id"] == me["id"], "the same account"
            # The provider signs the person out: a logout token reaches the platform behind the browser's back.
            found = await world.platform.spine.db.fetchrow(
                "SELECT p.id_token FROM provider_sessions p JOIN sessions s ON s.id = p.session WHERE s.person = $1", me["id"]
            )
            asked = urlencode({"id_token_hint": found["id_token"], "client_id": "bluelamp", "post_logout_redirect_uri": f"{world.url}/"})
            await walk(browser, f"http://localhost:{world.port}/session/end?{asked}", world.url, login)
            assert (await browser.get("/v1/me")).status_code == 401, "signed out there, so signed out here"
            # A name that a local account has stays that account's.
            other = await sign_in_through(world, browser, f"two-{TAIL}")
            assert other.headers["location"] == "/"
            username = (await browser.get("/v1/me")).json()["username"]
            assert username.startswith("officer-")
        for login, code in ((f"none-{TAIL}", "no_role"), (f"far-{TAIL}", "no_agency")):
            async with world.browser() as stranger:
                refused = await sign_in_through(world, stranger, login)
                assert refused.headers["location"] == f"/?sign_in_refused={code}"
                assert "bluelamp_session" not in stranger.cookies


async def sign_in_through(world: World, browser: httpx.AsyncClient, login: str, to: str = "/") -> httpx.Response:
    """From the platform to the provider and back."""
    address = (await browser.get("/v1/oidc/main/start", params={"to": to})).headers["location"]
    return await walk(browser, address, world.url, login)


async def begin(world: World, browser: httpx.AsyncClient, **wish: Any) -> dict[str, str]:
    """Begin a sign-in at the forger; what the browser was sent there with."""
    sent = await browser.get("/v1/oidc/forger/start", params=wish)
    question = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    world.forger.asked = question
    return question


async def come_back(world: World, browser: httpx.AsyncClient, question: dict[str, str], **change: str) -> str:
    """Come back with a code; the address that the platform sends the browser on to."""
    brought = {"state": question["state"], "code": "any", "iss": world.forger.issuer} | change
    answer = await browser.get("/v1/oidc/forger/callback", params=brought)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture
async def browser(world: World) -> AsyncIterator[httpx.AsyncClient]:
    world.forger.claims, world.forger.header, world.forger.token = {}, {}, ""
    async with world.browser() as client:
        yield client


async def test_the_question_carries_pkce_state_and_nonce(world: World, browser: httpx.AsyncClient) -> None:
    first, second = await begin(world, browser), await begin(world, browser)
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert all(len(first[name]) >= 43 and first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


async def test_an_honest_answer_signs_in(world: World, browser: httpx.AsyncClient) -> None:
    assert await come_back(world, browser, await begin(world, browser, to="/audit")) == "/audit"
    assert (await browser.get("/v1/me")).json()["name"] == "Fay Orged"


FORGERIES: dict[str, tuple[dict[str, Any], str]] = {
    "another audience": ({"aud": "somebody-else"}, "audience"),
    "several audiences, made for none": ({"aud": ["bluelamp", "evil"]}, "azp"),
    "made for another party": ({"azp": "evil"}, "azp"),
    "another issuer": ({"iss": "https://evil.example"}, "somebody else"),
    "expired": ({"exp": 1_700_000_000}, "expired"),
    "no expiry": ({"exp": None}, "exp"),
    "issued long ago": ({"iat": 1_700_000_000}, "too long ago"),
    "issued in the future": ({"iat": 4_000_000_000}, "future"),
    "another nonce": ({"nonce": "x" * 43}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "nobody": ({"sub": None}, "sub"),
    "another access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
    "a logout token": ({"events": {LOGOUT_EVENT: {}}}, "logout"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_is_refused(world: World, browser: httpx.AsyncClient, forgery: str) -> None:
    claims, reason = FORGERIES[forgery]
    world.forger.claims = claims
    assert await come_back(world, browser, await begin(world, browser)) == "/?sign_in_refused=token"
    assert reason in await world.why()
    assert "bluelamp_session" not in browser.cookies


async def test_a_token_without_signature_or_by_another_key_is_refused(world: World, browser: httpx.AsyncClient) -> None:
    forger = world.forger
    public = forger.key.as_pem(private=False)
    for make in (
        lambda: unsigned(forger.honest()),
        lambda: Forger(key=RSAKey.generate_key(2048, {"kid": "first"})).sign(forger.honest()),
        # The public key as a shared secret: works against whoever lets the token choose its algorithm.
        lambda: hmac_signed(forger.honest(), public),
        lambda: forger.sign(forger.honest())[:-8] + "AAAAAAAA",
        lambda: "not.a.token",
    ):
        question = await begin(world, browser)
        forger.token = make()
        assert await come_back(world, browser, question) == "/?sign_in_refused=token"
        assert "not signed as agreed" in await world.why()


def hmac_signed(claims: dict[str, Any], secret: bytes) -> str:
    """By hand: the library refuses to make such a token."""
    signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'first'}).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


async def test_a_state_is_good_once_and_in_the_browser_that_began(world: World, browser: httpx.AsyncClient) -> None:
    question = await begin(world, browser)
    async with world.browser() as thief:
        await begin(world, thief)
        world.forger.asked = question
        assert await come_back(world, thief, question) == "/?sign_in_refused=state", "another browser"
    assert await come_back(world, browser, question) == "/?sign_in_refused=state", "and it is used up"
    question = await begin(world, browser)
    assert await come_back(world, browser, question) == "/"
    assert await come_back(world, browser, question) == "/?sign_in_refused=state", "a replayed answer"
    assert await come_back(world, browser, question, state="made-up") == "/?sign_in_refused=state"


async def test_an_answer_of_another_issuer_is_a_mix_up(world: World, browser: httpx.AsyncClient) -> None:
    for iss in ("https://evil.example", ""):
        assert await come_back(world, browser, await begin(world, browser), iss=iss) == "/?sign_in_refused=mix_up"
    question = await begin(world, browser)
    brought = {"state": question["state"], "code": "any"}
    cookie = {"Cookie": f"bluelamp_provider={browser.cookies['bluelamp_provider']}"}
    crossed = await world.platform.client().get(f"{world.url}/v1/oidc/main/callback", params=brought, headers=cookie)
    assert crossed.headers["location"] == "/?sign_in_refused=mix_up", "begun at one provider, answered at another's address"


async def test_a_key_that_rotates_is_learnt_and_one_that_is_withdrawn_is_forgotten(world: World, browser: httpx.AsyncClient) -> None:
    forger, first = world.forger, world.forger.key
    assert await come_back(world, browser, await begin(world, browser)) == "/"
    forger.key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "second"})
    assert await come_back(world, browser, await begin(world, browser)) == "/?sign_in_refused=token", "not published"
    forger.published = [forger.key]
    assert await come_back(world, browser, await begin(world, browser)) == "/"
    forger.key = first
    assert await come_back(world, browser, await begin(world, browser)) == "/?sign_in_refused=token", "withdrawn"
    forger.published = [first]


async def test_roles_follow_the_provider_and_who_has_none_left_is_out(world: World, browser: httpx.AsyncClient) -> None:
    subject = {"sub": f"mover-{TAIL}", "preferred_username": f"mover.{TAIL}"}
    world.forger.claims = subject
    await come_back(world, browser, await begin(world, browser))
    async with world.browser() as later:
        world.forger.claims = subject | {"groups": ["officers"]}
        await come_back(world, later, await begin(world, later))
        assert (await later.get("/v1/me")).json()["roles"] == ["officer"]
        assert (await browser.get("/v1/me")).json()["code"] == "session_locked", "elsewhere, with the roles of before"
        world.forger.claims = subject | {"groups": []}
        async with world.browser() as last:
            assert await come_back(world, last, await begin(world, last)) == "/?sign_in_refused=no_role"
        assert (await later.get("/v1/me")).status_code == 401, "and out everywhere"


async def test_the_unit_follows_too(world: World, browser: httpx.AsyncClient) -> None:
    unit = f"U{TAIL.upper()}"
    assert (await world.platform.client("admin").post("/v1/units", json={"code": unit, "name": "Proactive"})).status_code == 201
    subject = {"sub": f"unit-{TAIL}", "preferred_username": f"unit.{TAIL}"}
    for told, expected in ((unit.lower(), unit), ("NOSUCH", unit), (None, unit)):
        world.forger.claims = subject | {"unit": told}
        assert await come_back(world, browser, await begin(world, browser)) == "/"
        assert (await browser.get("/v1/me")).json()["unit"] == expected, told


async def test_a_fresh_proof_must_be_fresh(world: World, browser: httpx.AsyncClient) -> None:
    world.forger.claims = {"auth_time": 1_700_000_000}
    question = await begin(world, browser, fresh=True)
    assert (question["prompt"], question["max_age"]) == ("login", "0")
    assert await come_back(world, browser, question) == "/?sign_in_refused=token"
    assert await come_back(world, browser, await begin(world, browser)) == "/"
    asked = await browser.post("/v1/me/passkeys/question")
    assert asked.json()["code"] == "step_up_needed", "signed in there long ago is no proof here"


async def test_signing_in_again_ends_the_session_that_the_browser_had(world: World, browser: httpx.AsyncClient) -> None:
    world.forger.claims = {"sub": f"again-{TAIL}", "preferred_username": f"again.{TAIL}"}
    await come_back(world, browser, await begin(world, browser))
    before = browser.cookies["bluelamp_session"]
    question = await begin(world, browser)
    browser.cookies.delete("bluelamp_session")  # a strict cookie does not come along when another site sends the browser back
    assert await come_back(world, browser, question) == "/"
    stale = await world.platform.client().get("/v1/me", headers={"Cookie": f"bluelamp_session={before}"})
    assert stale.status_code == 401
    assert (await browser.get("/v1/me")).status_code == 200


async def test_who_holds_no_post_is_told_so(world: World, browser: httpx.AsyncClient) -> None:
    subject = f"gone-{TAIL}"
    world.forger.claims = {"sub": subject, "preferred_username": subject}
    assert await come_back(world, browser, await begin(world, browser)) == "/"
    await world.platform.spine.db.execute(
        "UPDATE memberships SET starts_at = now() + interval '1 day' WHERE person = (SELECT id FROM users WHERE username = $1)", subject
    )
    assert await come_back(world, browser, await begin(world, browser)) == "/?sign_in_refused=account_closed"


async def test_a_provider_that_does_not_answer_is_told_of(world: World, browser: httpx.AsyncClient, tmp_path: Path) -> None:
    sent = await browser.get("/v1/oidc/down/start")
    assert sent.headers["location"] == "/?sign_in_refused=provider_unavailable"
    assert (await browser.get("/v1/oidc/nosuch/start")).status_code == 404
    findings = (await asyncio.to_thread(doctor.examine, PlatformSettings(data=tmp_path / "none")))[0]
    told = {finding.subject: finding for finding in findings if finding.subject.startswith("provider")}
    assert (told["provider forger"].level, told["provider down"].level) == ("ok", "problem")
    assert "does not answer" in told["provider down"].message


async def test_nobody_is_sent_on_to_another_site(world: World, browser: httpx.AsyncClient) -> None:
    for to in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert await come_back(world, browser, await begin(world, browser, to=to)) == "/"


LOGOUT_FORGERIES: dict[str, dict[str, Any]] = {
    "no event": {"events": None},
    "another event": {"events": {"urn:other": {}}},
    "a nonce": {"nonce": "n"},
    "another audience": {"aud": "evil"},
    "another issuer": {"iss": "https://evil.example"},
    "issued long ago": {"iat": 1_700_000_000},
    "no name of its own": {"jti": None},
    "about nobody": {"sub": None},
}


async def test_a_logout_token_ends_sessions_once_and_forged_ones_none(world: World, browser: httpx.AsyncClient) -> None:
    forger, subject = world.forger, f"leaver-{TAIL}"
    forger.claims = {"sub": subject, "preferred_username": subject}
    assert await come_back(world, browser, await begin(world, browser)) == "/"

    async def send(claims: dict[str, Any], **header: str) -> httpx.Response:
        honest = {n: v for n, v in forger.honest().items() if n in {"iss", "aud", "iat", "exp"}}
        token = forger.sign(honest | {"sub": subject, "jti": new_id(), "events": {LOGOUT_EVENT: {}}} | claims, **header)
        return await world.platform.client().post(f"{world.url}/v1/oidc/forger/back-channel-logout", data={"logout_token": token})

    for name, claims in LOGOUT_FORGERIES.items():
        answer = await send(claims)
        assert (answer.status_code, answer.json()["code"]) == (400, "logout_token_refused"), name
    assert (await send({}, typ="at+jwt")).status_code == 400
    assert (await browser.get("/v1/me")).status_code == 200, "nothing has ended"
    once = {"jti": new_id()}
    good = await send(once, typ="logout+jwt")
    assert (good.status_code, good.headers["cache-control"]) == (200, "no-store")
    assert (await browser.get("/v1/me")).status_code == 401
    assert (await send(once)).status_code == 400, "a replay"
