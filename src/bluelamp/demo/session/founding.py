"""Founds the nation on a platform: agencies, sources with their keys, cameras, lists. What is there is left or brought up to date."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import httpx

from bluelamp.demo.anpr.registry import ListPlan, SourcePlan, cameras_csv, list_plans, source_plans
from bluelamp.demo.anpr.sense import PlateSense
from bluelamp.demo.session.client import PlatformClient, RefusedError, refusal
from bluelamp.demo.session.state import SourceKey, State
from bluelamp.demo.world.agencies import AGENCIES, HOME

AT_ONCE = 4
CSV_TYPE = {"Content-Type": "text/csv"}
Tell = Callable[[str], None]


async def found(sense: PlateSense, state: State, base_url: str, tokens: dict[str, str], tell: Tell) -> None:
    """Registers everything. `tokens`: bearer tokens of `nation` (a national administrator) and `supervisor` (of the home force).

    Raises:
        RefusedError: the platform refused something that it should accept.
    """
    plans = source_plans(sense.cameras)
    async with PlatformClient(base_url, tokens["nation"]) as nation:
        tell(f"{len(AGENCIES)} agencies")
        await _agencies(nation)
        tell(f"{len(plans)} sources of {len({plan.format for plan in plans})} formats")
        await _sources(nation, plans, state)
        tell(f"{len(sense.cameras):,} cameras")
        ids = {name: key.id for name, key in state.sources.items()}
        for text, _ in cameras_csv(sense.cameras, plans, ids):
            await nation.ask("POST", "/v1/anpr/cameras/import", content=text.encode(), headers=CSV_TYPE)
        wanted = list_plans(sense, state.first_s)
        tell(f"{sum(plan.entries for plan in wanted):,} vehicles of interest on {len(wanted)} lists")
        await _lists(nation, wanted, base_url, tokens["supervisor"])


async def _agencies(nation: PlatformClient) -> None:
    there = {item["code"] for item in await nation.items("/v1/agencies")}
    for agency in AGENCIES:
        if agency.code not in there:
            await nation.ask("POST", "/v1/agencies", json={"code": agency.code, "name": agency.name})


async def _sources(nation: PlatformClient, plans: list[SourcePlan], state: State) -> None:
    """Each source once; one that is there but whose key is lost gets a new key."""
    missing = [plan for plan in plans if plan.name not in state.sources]
    there = {item["name"]: item["id"] for item in await nation.items("/v1/anpr/sources")} if missing else {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def register(plan: SourcePlan) -> None:
        async with turns:
            if plan.name in there:
                made = await nation.ask("POST", f"/v1/anpr/sources/{there[plan.name]}/keys")
            else:
                question = {"name": plan.name, "agency": plan.agency, "format": plan.format}
                made = await nation.ask("POST", "/v1/anpr/sources", json=question)
            state.sources[plan.name] = SourceKey(made["id"], made["key"])

    await asyncio.gather(*(register(plan) for plan in missing))


async def _lists(nation: PlatformClient, plans: list[ListPlan], base_url: str, supervisor: str) -> None:
    """A list belongs to the agency of whoever makes it, so each is made by a supervisor there."""
    for plan in plans:
        if plan.agency == HOME:
            async with PlatformClient(base_url, supervisor) as owner:
                await _put_list(owner, plan)
        else:
            async with _Visitor(base_url) as owner:
                await owner.sign_in(nation, plan.agency)
                await _put_list(owner, plan)


async def _put_list(owner: PlatformClient, plan: ListPlan) -> None:
    there = {item["name"]: item["id"] for item in await owner.items("/v1/anpr/lists")}
    list_id = there.get(plan.name) or (await owner.ask("POST", "/v1/anpr/lists", json={"name": plan.name}))["id"]
    await owner.ask("POST", f"/v1/anpr/lists/{list_id}/import", content=plan.csv.encode(), headers=CSV_TYPE)


class _Visitor(PlatformClient):
    """A browser's session of another agency's supervisor, made for the purpose and closed afterwards."""

    async def sign_in(self, nation: PlatformClient, agency: str) -> None:
        """Creates the account if need be and signs in with a password that nobody learns."""
        username = f"nation.{agency.lower()}"
        question = {"username": username, "name": f"Supervisor of {agency}", "agency": agency, "roles": ["supervisor"]}
        try:
            user = await nation.ask("POST", "/v1/users", json=question)
        except RefusedError as error:
            if error.status != 409:
                raise
            user = next(item for item in await nation.items(f"/v1/users?q={username}") if item["username"] == username)
        one_time = (await nation.ask("POST", f"/v1/users/{user['id']}/password"))["password"]
        self._http.headers["X-Bluelamp"] = "1"
        await self._open(username, one_time)
        own = secrets.token_urlsafe(24)
        await self.ask("POST", "/v1/me/password", json={"current": one_time, "new": own})
        await self._open(username, own)

    async def _open(self, username: str, password: str) -> None:
        answer: httpx.Response = await self._http.post("/v1/session", json={"username": username, "password": password})
        if not answer.is_success:
            raise refusal(answer)

    async def __aexit__(self, *_: object) -> None:
        await self._http.delete("/v1/session")
        await self._http.aclose()
