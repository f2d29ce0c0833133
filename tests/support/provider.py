"""OpenID Connect providers for tests: a real one in a process of its own, and one of ours that forges whatever it is told to."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey

import build_web
from bluelamp.app.engines.data_folder import free_port

PLACE = Path(__file__).with_name("oidc")
SECRET = "a secret that only the tests know"


def installed() -> tuple[str, dict[str, str]]:
    """Node, and an environment for it; the provider's packages are there, as its lock says. Skips the test where there is no Node."""
    try:
        command, environment = build_web._npm()
    except build_web.WebBuildError as error:
        pytest.skip(f"no Node, so no real OpenID Connect provider to test with: {error}")
    stamp = PLACE / "node_modules" / ".bluelamp-locked"
    locked = (PLACE / "package-lock.json").read_text()
    if not stamp.is_file() or stamp.read_text() != locked:
        subprocess.run([*command, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=PLACE, env=environment, check=True)
        stamp.write_text(locked)
    return (command[0] if len(command) > 1 else "node"), environment


@contextlib.contextmanager
def real_provider(port: int, app: str, people: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The issuer of npm's `oidc-provider`, running until the block ends. Each start has new keys."""
    node, environment = installed()
    argv = [node, str(PLACE / "provider.mjs"), str(port), app, json.dumps(people)]
    running = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment, cwd=PLACE)
    try:
        assert running.stdout is not None
        for line in running.stdout:
            if line == "ready\n":
                break
        else:
            raise AssertionError("the provider ended before it began; it says why above")
        yield f"http://localhost:{port}"
    finally:
        running.terminate()
        running.wait(20)


async def walk(browser: httpx.AsyncClient, address: str, app: str, login: str) -> httpx.Response:
    """Follow the browser through the provider's pages, as `login`, until it is back at the platform; the platform's answer."""
    form: dict[str, str] | None = None
    for _ in range(12):
        answer = await browser.request("POST" if form else "GET", address, data=form)
        form = None
        if "location" in answer.headers:
            if address.startswith(app):
                return answer
            address = urljoin(address, answer.headers["location"])
            continue
        if address.startswith(app):
            return answer
        action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        assert action, f"{address}: {answer.status_code} {answer.text[:500]}"
        address = urljoin(address, action[1])
        form = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', answer.text))
        form |= {"login": login, "password": "any"} if 'name="login"' in answer.text else {}
        form |= {"logout": "yes"} if 'name="logout"' in answer.text else {}
    raise AssertionError("the provider never sent the browser back")


@dataclass
class Forger:
    """A provider whose every word the test chooses. `claims` go into the ID token over the honest ones; None takes one out."""

    port: int = field(default_factory=free_port)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "first"}))
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    published: list[RSAKey] = field(default_factory=list)
    token: str = ""
    """Set: answered instead of a token that is made."""
    asked: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.published = [self.key]

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def honest(self) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.issuer, "aud": "bluelamp", "sub": "forged-person", "iat": now, "exp": now + 300, "auth_time": now,
            "nonce": self.asked.get("nonce", ""), "groups": ["analysts"], "force": "kentmere", "preferred_username": "f.orged",
            "name": "Fay Orged",
        }  # fmt: skip

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        whole = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid} | header, whole, self.key, algorithms=["RS256", "RS384", "HS256"])

    def id_token(self) -> str:
        return self.token or self.sign(self.honest() | self.claims, **self.header)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def document() -> dict[str, Any]:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }

        @app.get("/jwks")
        def jwks() -> dict[str, Any]:
            return {"keys": [key.as_dict(private=False) for key in self.published]}

        @app.post("/token")
        def redeem() -> dict[str, str]:
            return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token()}

        return app

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Forger]:
        server = uvicorn.Server(uvicorn.Config(self.app(), port=self.port, host="localhost", log_config=None, access_log=False))
        task = asyncio.create_task(server.serve())
        try:
            async with asyncio.timeout(20):
                while not server.started:  # noqa: ASYNC110 - uvicorn gives no event
                    await asyncio.sleep(0.02)
            yield self
        finally:
            server.should_exit = True
            await task


def unsigned(claims: dict[str, Any]) -> str:
    """A token with `alg: none`, as an attacker writes it."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."
