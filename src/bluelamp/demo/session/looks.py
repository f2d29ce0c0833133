"""An officer with something to explain: looks at a former partner's car without a case, and a request for authority that waits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from bluelamp.demo.session.client import PlatformClient
from bluelamp.demo.session.visitor import Visitor
from bluelamp.demo.world.agencies import HOME

USERNAME, NAME = "robin.ashby", "Robin Ashby"
FORMER_PARTNERS_CAR = "KE77XPT"
DIRECTORY = (
    {"kind": "person", "person": USERNAME, "role": "officer", "agency": HOME},
    {"kind": "relative", "person": USERNAME, "subject": FORMER_PARTNERS_CAR, "relation": "former partner"},
)
EXCUSES = ("enquiries", "pocket book", "ASB")
TOLD = (
    f"A look that should not be: {NAME} looked up a former partner's car ({FORMER_PARTNERS_CAR}). As supervisor, open Reviews.",
    f"An authority that waits: {NAME} asks to see reads of months ago, for a case. As supervisor, open Authority.",
)


async def plant(nation: PlatformClient, base_url: str) -> None:
    """Tell the detector what the force knows of its people, then look and ask as the officer. Once: what is there is left."""
    async with Visitor(base_url) as officer:
        await officer.sign_in(nation, USERNAME, NAME, HOME, "officer")
        if (await officer.ask("GET", "/v1/accountability/authorisations"))["items"]:
            return
        lines = "\n".join(json.dumps(fact) for fact in DIRECTORY)
        await nation.ask("POST", "/v1/misuse/directory", content=lines.encode(), headers={"Content-Type": "application/x-ndjson"})
        now = datetime.now(UTC)
        for excuse in EXCUSES:
            look = {"vrm": FORMER_PARTNERS_CAR, "from": _before(now, 20), "to": _before(now, 0)}
            await officer.ask("POST", "/v1/anpr/searches", json=look | {"reason": {"purpose": "crime", "reference": excuse}})
        case = {"purpose": "serious_crime", "reference": "OP HAZEL", "grounds": "A series of burglaries by the method of the spring"}
        scope = {"vrms": ["KE77STL"], "from": _before(now, 240), "to": _before(now, 150)}
        await officer.ask("POST", "/v1/accountability/authorisations", json=case | scope)


def _before(now: datetime, days: int) -> str:
    return (now - timedelta(days=days)).isoformat()
