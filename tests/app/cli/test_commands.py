"""The command line beside a running platform: tokens, accounts, agencies, purposes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import NamedTuple

import pytest

from bluelamp.app.cli import COMMANDS
from bluelamp.app.engines.group import EngineUrls
from bluelamp.app.wiring import MODULES
from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform


class Run(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def bluelamp(engines: EngineUrls):
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    environment = os.environ | {f"BLUELAMP_{name.upper()}": url for name, url in asdict(engines).items()}

    async def run(*arguments: str, **settings: str) -> Run:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bluelamp.app.cli", *arguments, env=environment | settings, stdout=-1, stderr=-1
        )
        out, err = await process.communicate()
        return Run(process.returncode or 0, out.decode(), err.decode())

    return run


async def test_token_prints_one_that_works(platform: RunningPlatform, bluelamp) -> None:
    run = await bluelamp("token", "analyst")
    assert run.code == 0, run.err
    answer = await platform.client().get("/v1/me", headers={"Authorization": f"Bearer {run.out.strip()}"})
    assert answer.json()["username"] == "analyst"


async def test_token_needs_local_mode_and_a_known_account(platform: RunningPlatform, bluelamp) -> None:
    refused = await bluelamp("token", "analyst", BLUELAMP_LOCAL_MODE="false")
    assert (refused.code, refused.out) == (1, "")
    assert "local mode" in refused.err
    assert (await bluelamp("token", "nobody-at-all")).code == 1


async def test_agencies_list_answers_programs(platform: RunningPlatform, bluelamp) -> None:
    for order in (("agencies", "list", "--json"), ("--json", "agencies", "list"), ("agencies", "--json", "list")):
        items = json.loads((await bluelamp(*order)).out)["items"]
        assert {"code": "KEN", "name": "Kentmere Police"} in items


async def test_agencies_can_be_added(platform: RunningPlatform, bluelamp) -> None:
    code = "T" + new_id()[-7:]
    assert (await bluelamp("agencies", "add", code, "Tarn Police")).code == 0
    again = await bluelamp("agencies", "add", code, "Tarn Police")
    assert (again.code, again.err.startswith("Error: there is already an agency")) == (1, True)
    assert (await bluelamp("agencies", "add", "lower", "Tarn Police")).code == 1


async def test_the_first_national_administrator_comes_from_here(platform: RunningPlatform, bluelamp) -> None:
    name = f"t-{new_id().lower()}"
    made = json.loads((await bluelamp("users", "add", name, "--name", "Nan", "--agency", "KEN", "--role", "national_admin", "--json")).out)
    async with platform.browser() as browser:
        answer = await browser.post("/v1/session", json={"username": name, "password": made["password"]})
        assert answer.json()["password_change_needed"] is True
        assert (await bluelamp("users", "close", name)).code == 0
        platform.app.state.identify.forget()
        assert (await browser.get("/v1/me")).status_code == 401
    listed = json.loads((await bluelamp("users", "list", "--agency", "KEN", "--json")).out)["items"]
    assert [u["active"] for u in listed if u["username"] == name] == [False]


async def test_mistakes_are_one_line_not_a_traceback(bluelamp, tmp_path) -> None:
    wrong = await bluelamp("purposes", "list", BLUELAMP_PORT="many")
    assert (wrong.code, "BLUELAMP_PORT" in wrong.err, "Traceback" in wrong.err) == (2, True, False)
    nothing = await bluelamp("agencies", "list", "--data", str(tmp_path / "none"), BLUELAMP_DATABASE_URL="")
    assert (nothing.code, "Traceback" in nothing.err) == (1, False)
    assert "bluelamp up" in nothing.err


async def test_help_offers_what_is_there(bluelamp) -> None:
    run = await bluelamp("--help")
    offered = {line.split()[0] for line in run.out.partition("Commands:")[2].splitlines() if line.strip()}
    assert {"up", "serve", "token", "users", "agencies", "purposes", "sources", "cameras", "lists"} <= offered
    assert offered - {command.name for module in MODULES for command in module.commands} <= COMMANDS.keys()


async def test_policy_explains_what_a_person_may(platform: RunningPlatform, bluelamp) -> None:
    run = await bluelamp("policy", "explain", "--person", "officer", "--purpose", "crime", "--json")
    assert run.code == 0, run.err
    told = json.loads(run.out)
    assert told["allowed"]
    assert told["facts"]["roles"] == ["officer"]
