"""Only the places that are meant to speak to others can: no capability opens a connection, no request hands over an address to fetch."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from bluelamp.app.http import create_app
from bluelamp.spine.config import PlatformSettings

SOURCE = Path(__file__).parents[2] / "src/bluelamp"
GOING_OUT = {
    "httpx",
    "requests",
    "aiohttp",
    "urllib3",
    "socket",
    "ftplib",
    "smtplib",
    "telnetlib",
    "http.client",
    "urllib.request",
    "subprocess",
}
SPEAKS: dict[str, str] = {
    "app/cli/bench.py": "starts the benches",
    "app/engines": "starts engines and speaks to them, at the operator's addresses",
    "demo/incidents/control_room.py": "is another control room",
    "demo/session": "is a client of the platform",
    "incidents/gateways/cot/connection.py": "sets options of connections that TAK clients opened; opens none",
    "incidents/gateways/cot/fanout/flow.py": "reads what TCP tells of connections that TAK clients opened; opens none",
    "incidents/places/words.py": "asks the service for three-word addresses that the operator named",
    "incidents/positions/routing.py": "asks the routing service that the operator named",
    "incidents/handovers/sending.py": "speaks to other control rooms, at hosts that the operator named",
    "spine/identity/oidc": "speaks to the identity provider that the operator named",
}
"""Files and folders that may open connections or start programs. May only shrink."""


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def goes_out(text: str) -> set[str]:
    return {name for name in imported(ast.parse(text)) if name in GOING_OUT or name.split(".")[0] in GOING_OUT - {"http.client"}}


def test_only_the_places_that_are_meant_to_go_out() -> None:
    found = {}
    for file in sorted(SOURCE.rglob("*.py")):
        place = str(file.relative_to(SOURCE))
        if not any(place == allowed or place.startswith((f"{allowed}/", f"{allowed}.py", f"{allowed}_")) for allowed in SPEAKS):
            names = goes_out(file.read_text("utf-8"))
            if names:
                found[place] = sorted(names)
    assert not found, f"these can open connections or start programs; if they must, say so and why in SPEAKS (and allowances.json): {found}"


def test_going_out_is_told() -> None:
    assert goes_out("import httpx") == {"httpx"}
    assert goes_out("from urllib import request") == {"urllib.request"}
    assert goes_out("from urllib.parse import quote\nimport http") == set()


ADDRESS = re.compile(r"(?:^|_)(?i:ur[il]s?|href|webhook|callback|endpoint|link)(?:$|_)|Ur[il]$|URL")
ASKED_FOR_ADDRESSES: set[str] = {
    # Checked by incidents/handovers/addresses.py, when it is named and when it is used: the operator lists the hosts.
    "POST /v1/incidents/partners: url",
    "PATCH /v1/incidents/partners/{partner}: url",
}
"""Members of requests that are addresses. May only shrink: whatever fetches one can be made to fetch what only the platform can reach."""


def members(schema: Any, document: dict[str, Any], seen: frozenset[str] = frozenset()) -> set[str]:
    if isinstance(schema, list):
        return {name for part in schema for name in members(part, document, seen)}
    if not isinstance(schema, dict):
        return set()
    reference = schema.get("$ref", "")
    found: set[str] = set()
    if isinstance(reference, str) and reference and reference not in seen:
        found |= members(document["components"]["schemas"][reference.rpartition("/")[2]], document, seen | {reference})
    if isinstance(schema.get("properties"), dict):
        found |= set(schema["properties"])
    return found | {name for part in schema.values() for name in members(part, document, seen)}


def test_no_request_carries_an_address() -> None:
    document = create_app(PlatformSettings()).openapi()
    asked: set[str] = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            names = members(operation.get("requestBody", {}), document) | {p["name"] for p in operation.get("parameters", ())}
            asked |= {f"{method.upper()} {path}: {name}" for name in names if ADDRESS.search(name)}
    new = asked - ASKED_FOR_ADDRESSES
    assert not new, f"a request names an address: keep addresses to settings, or list it in ASKED_FOR_ADDRESSES with who checks it: {new}"


def test_an_address_is_known_by_its_name() -> None:
    assert all(ADDRESS.search(name) for name in ("url", "picture_url", "imageUri", "webhook", "callback_url", "baseURL"))
    assert not any(ADDRESS.search(name) for name in ("curl_count", "security", "linked", "plate_image", "address"))
