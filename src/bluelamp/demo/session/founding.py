"""Founds the nation on a platform: agencies, sources with their keys, cameras, lists. What is there is left or brought up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bluelamp.demo.anpr.registry import ListPlan, SourcePlan, cameras_csv, list_plans, source_plans
from bluelamp.demo.anpr.sense import PlateSense
from bluelamp.demo.incidents.cast import NEIGHBOUR
from bluelamp.demo.incidents.partner import NAME as NEIGHBOURS_NAME
from bluelamp.demo.session import looks
from bluelamp.demo.session.client import PlatformClient
from bluelamp.demo.session.state import SourceKey, State
from bluelamp.demo.session.visitor import Visitor
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
        tell("an officer with something to explain")
        await looks.plant(nation, base_url)


async def _agencies(nation: PlatformClient) -> None:
    there = {item["code"] for item in await nation.items("/v1/agencies")}
    for agency in AGENCIES:
        if agency.code not in there:
            await nation.ask("POST", "/v1/agencies", json={"code": agency.code, "name": agency.name})
    if NEIGHBOUR not in there:
        await nation.ask("POST", "/v1/agencies", json={"code": NEIGHBOUR, "name": NEIGHBOURS_NAME, "service": "other"})


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
            async with Visitor(base_url) as owner:
                await owner.sign_in(nation, f"nation.{plan.agency.lower()}", f"Supervisor of {plan.agency}", plan.agency, "supervisor")
                await _put_list(owner, plan)


async def _put_list(owner: PlatformClient, plan: ListPlan) -> None:
    there = {item["name"]: item["id"] for item in await owner.items("/v1/anpr/lists")}
    list_id = there.get(plan.name) or (await owner.ask("POST", "/v1/anpr/lists", json={"name": plan.name}))["id"]
    await owner.ask("POST", f"/v1/anpr/lists/{list_id}/import", content=plan.csv.encode(), headers=CSV_TYPE)
