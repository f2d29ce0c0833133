"""For each path parameter of an address: something of Kentmere's, or why there is nothing that a stranger must not find.

A new address with a parameter gets one line here: its path up to the parameter, and how to make such a thing (or `Open`).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from PIL import Image

from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.identity.session_store import Failures, Opening, open_browser_session
from tests.support.platform import RunningPlatform
from tests.support.tree import under_a_checkpoint

REASON = {"purpose": "test", "reference": "house test"}
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9").decode()
MARK = "KN34HSE"


@dataclass
class Room:
    """What was made so far: a source of Kentmere's, its camera, a hit, the search that finds the read."""

    platform: RunningPlatform
    made: dict[str, Any] = field(default_factory=dict)

    async def ask(self, username: str, method: str, path: str, **request: Any) -> Any:
        answer = await self.platform.client(username).request(method, path, **request)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def once(self, name: str, make: Callable[[Room], Awaitable[Any]]) -> Any:
        if name not in self.made:
            self.made[name] = await make(self)
        return self.made[name]


Make = Callable[[Room], Awaitable[str]]


class Open(NamedTuple):
    """The parameter names nothing that belongs to anybody. `value` is one that exists."""

    why: str
    value: str | Make


async def _source(room: Room) -> dict[str, Any]:
    source = await room.ask("admin", "POST", "/v1/anpr/sources", json={"name": f"house {new_id()}", "format": "native"})
    return dict(source)


async def map_file(room: Room) -> str:
    folder = room.platform.spine.settings.data / "map"
    folder.mkdir(exist_ok=True)
    (folder / "house.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    return "house.geojson"


async def source_id(room: Room) -> str:
    return str((await room.once("source", _source))["id"])


async def key_id(room: Room) -> str:
    """Another key than the one the read below is sent with, so that it may be revoked."""
    return str((await room.ask("admin", "POST", f"/v1/anpr/sources/{await source_id(room)}/keys"))["key_id"])


async def _camera(room: Room) -> str:
    await source_id(room)
    name = (await room.ask("admin", "GET", f"/v1/anpr/sources/{await source_id(room)}"))["name"]
    west = -3.0 - (now_ms() % 997) / 10_000
    rows = f"external_id,name,agency,source,latitude,longitude,road,bearing\nhouse,House Lane,KEN,{name},54.5,{west},A6,90\n"
    await room.ask("admin", "POST", "/v1/anpr/cameras/import", content=rows, headers={"Content-Type": "text/csv"})
    box = f"{west - 1e-6},54,{west + 1e-6},55"
    return str((await room.ask("admin", "GET", "/v1/anpr/cameras", params={"bbox": box}))["items"][0]["id"])


async def camera_id(room: Room) -> str:
    return str(await room.once("camera", _camera))


async def new_list(room: Room) -> str:
    return str((await room.ask("supervisor", "POST", "/v1/anpr/lists", json={"name": f"house {new_id()}"}))["id"])


async def new_entry(room: Room) -> str:
    body = {"vrm": MARK, "reason": "stolen"}
    return str((await room.ask("supervisor", "POST", f"/v1/anpr/lists/{await new_list(room)}/entries", json=body))["id"])


async def new_mute(room: Room) -> str:
    body = {"camera": await camera_id(room), "minutes": 1, "reason": "house test"}
    return str((await room.ask("control", "POST", "/v1/anpr/mutes", json=body))["id"])


async def _send(room: Room, camera: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {room.made['source']['key']}"}
    item = {"camera": camera, "vrm": MARK, "captured_at": to_rfc3339(now_ms()), "confidence": 0.95, "plate_image": JPEG}
    answer = await room.platform.client().post("/v1/anpr/intake/native", json=item, headers=headers)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def _hit(room: Room) -> dict[str, Any]:
    await camera_id(room)
    await new_entry(room)
    async with asyncio.timeout(20):
        # Camera and entry are in force within a second, and neither sends a signal.
        while True:
            await _send(room, "house")
            page = await room.ask("control", "GET", "/v1/anpr/hits", params={"limit": 500})
            if ours := [hit for hit in page["items"] if hit["vrm"] == MARK]:
                return dict(ours[0])
            await asyncio.sleep(0.1)


async def hit_id(room: Room) -> str:
    return str((await room.once("hit", _hit))["id"])


async def _search(room: Room) -> dict[str, Any]:
    await hit_id(room)
    async with asyncio.timeout(20):
        while True:
            answer = await room.ask("analyst", "POST", "/v1/anpr/searches", json={"vrm": MARK, "reason": REASON})
            if answer["items"] and answer["items"][0]["images"]:
                return dict(answer)
            await asyncio.sleep(0.1)


async def search_id(room: Room) -> str:
    return str((await room.once("search", _search))["id"])


async def read_id(room: Room) -> str:
    return str((await room.once("search", _search))["items"][0]["id"])


async def picture(room: Room) -> str:
    href: str = (await room.once("search", _search))["items"][0]["images"][0]["href"]
    return href.partition("?")[0].rpartition("/")[2]


async def export_id(room: Room) -> str:
    made = await room.ask("analyst", "POST", f"/v1/anpr/searches/{await search_id(room)}/exports", json={"format": "csv"})
    return str(made["id"])


async def reject_id(room: Room) -> str:
    await hit_id(room)
    await _send(room, f"unknown {new_id()}")
    params = {"source": await source_id(room)}
    async with asyncio.timeout(20):
        while not (items := (await room.ask("admin", "GET", "/v1/anpr/rejects", params=params))["items"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # rejects are written by a job that sends no signal
    return str(items[0]["id"])


async def notice_id(room: Room) -> str:
    """A notice of the analyst's: standing searches make them on a timetable, so this one is written behind the doors."""
    search, notice = await search_id(room), new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO search_notices (id, search, person, at, count, newest_read, vrm)"
        " SELECT $1, $2, id, now(), 1, $3, $4 FROM users WHERE username = 'analyst'",
        notice, search, await read_id(room), MARK,
    )  # fmt: skip
    return notice


async def new_preservation(room: Room) -> str:
    review = to_rfc3339(now_ms() + 86_400_000)
    body = {"case_reference": "house", "reason": "house test", "authority": "Insp House", "review_at": review}
    return str((await room.ask("analyst", "POST", "/v1/anpr/preservations", json=body | {"search": await search_id(room)}))["id"])


async def new_restriction(room: Room) -> str:
    """Of a plate of its own, so that the others' read stays where searches find it."""
    preservation, restriction = await new_preservation(room), new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO preservations SELECT $2, 'restriction', agency, case_reference, reason, authority, criteria, subjects, created_by,"
        " created_by_name, created_at, review_at, NULL, 0, 0, 0, digest FROM preservations WHERE id = $1",
        preservation, restriction,
    )  # fmt: skip
    return restriction


async def token_id(room: Room) -> str:
    """One of the analyst's own tokens."""
    return str((await room.ask("analyst", "GET", "/v1/me/tokens"))["items"][0]["id"])


async def _analyst(room: Room) -> str:
    return str((await room.ask("analyst", "GET", "/v1/me"))["id"])


async def passkey_id(room: Room) -> str:
    """A passkey of the analyst's, made behind the doors: nobody touches an authenticator here."""
    passkey = new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO passkeys (id, person, credential, public_key, rp_id, sign_count, name, transports, backed_up)"
        " VALUES ($1, $2, $3, '', 'localhost', 0, 'house', '{}', false)",
        passkey, await _analyst(room), passkey.encode(),
    )  # fmt: skip
    return passkey


async def session_id(room: Room) -> str:
    """A browser session of the analyst's."""
    opening = Opening("password", "", "house")
    async with room.platform.spine.db.transaction() as connection:
        opened, _ = await open_browser_session(
            connection, await _analyst(room), opening, timedelta(hours=1), Failures(), proved=True
        )  # fmt: skip
    return opened.id


async def finding_id(room: Room) -> str:
    """A finding about an officer of Kentmere's, made behind the doors: the detector runs on a timetable."""
    finding = new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO misuse_findings (id, agency, person, username, manager, role, unit, score, signals, subjects, entries, looks,"
        " first_look, last_look) VALUES ($1, 'KEN', 'nobody', 'nobody', '', 'officer', '', 0.5, '[]', '{}', '{}', 1, now(), now())",
        finding,
    )
    return finding


async def review_id(room: Room) -> str:
    """A look of somebody's of Kentmere that waits for review, put up behind the doors: the job does so on a timetable."""
    review = new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO reviews (id, agency, kind, source, risk, person, username, roles, unit, rank, manager, looked_at,"
        " entries, subjects, purpose, reference, reasons)"
        " VALUES ($1, 'KEN', 'sample', $1, 0.5, 'nobody', 'nobody', '{officer}', '', '', '', now(), '{}', '{}', '', '', '[]')",
        review,
    )
    return review


async def draw_id(room: Room) -> str:
    """A draw of Kentmere's of a day before anybody looked."""
    draw = new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO review_draws (id, agency, period, method, seed, rates, least, most, roles, population, entries)"
        " SELECT $1, 'KEN', coalesce(max(period), '2001-01-01') + 1, 'sha256-1', $1, '*:*=0', 0, 1, '{}', 0, '{}'"
        " FROM review_draws WHERE period < '2010-01-01'",
        draw,
    )
    return draw


async def user_id(room: Room) -> str:
    body = {"username": f"house-{new_id().lower()}", "name": "Holly House", "roles": ["officer"]}
    return str((await room.ask("admin", "POST", "/v1/users", json=body))["id"])


async def audit_entry(room: Room) -> str:
    """A look of the analyst's, under a check-point."""
    me = await room.ask("analyst", "GET", "/v1/me")
    entry = await audit.intend(room.platform.spine.db, audit.Actor(me["id"], "analyst", "KEN"), "house.look")
    await under_a_checkpoint(room.platform.spine, entry)
    return entry


async def post_id(room: Room) -> str:
    """A home post of an account of Kentmere's."""
    page = await room.ask("admin", "GET", f"/v1/users/{await user_id(room)}/posts")
    return str(page["items"][0]["id"])


async def secondment_id(room: Room) -> str:
    made = await room.ask("admin", "POST", f"/v1/users/{await user_id(room)}/secondments", json={"agency": "ORR"})
    return str(made["id"])


async def unit_id(room: Room) -> str:
    body = {"code": f"H-{new_id()}", "name": "House"}
    return str((await room.ask("admin", "POST", "/v1/units", json=body))["id"])


async def authorisation_id(room: Room) -> str:
    body = {"purpose": "serious_crime", "reference": f"house {new_id()}", "vrms": [MARK], "from": to_rfc3339(now_ms() - 200 * 86_400_000)}
    asked = await room.ask("analyst", "POST", "/v1/accountability/authorisations", json=body | {"grounds": "house test"})
    return str(asked["id"])


async def deputy_id(room: Room) -> str:
    """A row of the supervisor's: Kentmere has no second supervisor who could be named through the door."""
    deputy = new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO authority_deputies (id, agency, principal, principal_name, deputy, deputy_name, starts_at, ends_at)"
        " SELECT $1, 'KEN', p.id, p.name, d.id, d.name, now() - interval '1 day', now() - interval '1 hour'"
        " FROM users p, users d WHERE p.username = 'supervisor' AND d.username = 'officer'",
        deputy,
    )  # fmt: skip
    return deputy


async def sharing_rule(room: Room) -> str:
    body = {"kind": "lists", "agency": "ORR", "item": await new_list(room), "reason": "house test"}
    return str((await room.ask("supervisor", "POST", "/v1/sharing", json=body))["id"])


async def incident_id(room: Room) -> str:
    body = {"title": "House", "type": "other", "grade": "priority", "place": {"said": "House Lane"}}
    room.made["incident"] = str((await room.ask("control", "POST", "/v1/incidents", json=body))["id"])
    return str(room.made["incident"])


async def media_id(room: Room) -> str:
    """A picture of the incident made last, which is the one that stands before it in the address."""
    media, content = new_id(), io.BytesIO()
    Image.new("RGB", (400, 300), "grey").save(content, "JPEG")
    picture, address = content.getvalue(), f"/v1/incidents/{room.made['incident']}/media"
    body = {"id": media, "bytes": len(picture), "sha256": hashlib.sha256(picture).hexdigest()}
    # By the supervisor, who is the first asked to look: an upload is shown to nobody but who sends it.
    await room.ask("supervisor", "POST", address, json=body)
    await room.ask("supervisor", "PATCH", f"{address}/{media}", content=picture, headers={"Upload-Offset": "0"})
    return media


async def resource_id(room: Room) -> str:
    body = {"call_sign": f"H{new_id()}", "type": "car"}
    return str((await room.ask("control", "POST", "/v1/incidents/resources", json=body))["id"])


async def tak_device_id(room: Room) -> str:
    device = new_id()
    await room.platform.spine.db.execute(
        "INSERT INTO cot_devices (id, serial, person, agency, label, expires_at)"
        " SELECT $1, $1, id, agency, 'house', now() + interval '1 day' FROM users WHERE username = 'officer'",
        device,
    )
    return device


async def emergency_id(room: Room) -> str:
    """One that is closed at once, so that no other test's control room has it on its screen."""
    body = {"id": new_id(), "pressed_at": to_rfc3339(now_ms())}
    emergency = str((await room.ask("officer", "POST", "/v1/incidents/emergencies", json=body))["id"])
    await room.ask("control", "POST", f"/v1/incidents/emergencies/{emergency}/close", json={"outcome": "false_alarm"})
    return emergency


async def partner_id(room: Room) -> str:
    """One who only sends alerts, so that nothing is ever sent to it."""
    body = {"name": "House", "agency": f"H{new_id()[-7:]}", "format": "cap"}
    return str((await room.ask("admin", "POST", "/v1/incidents/partners", json=body))["id"])


async def partner_key(room: Room) -> str:
    """A live key of the partner named just before in the address."""
    page = await room.ask("admin", "GET", "/v1/incidents/partners")
    return str(page["items"][-1]["keys"][0]["id"])


async def transfer_id(room: Room) -> str:
    """A message that could not be read, of a partner of its own."""
    body = {"name": "House", "agency": f"H{new_id()[-7:]}", "format": "cap"}
    made = await room.ask("admin", "POST", "/v1/incidents/partners", json=body)
    headers = {"Authorization": f"Bearer {made['key']}"}
    answer = await room.platform.client().post("/v1/incidents/handovers/cap", content=b"<nothing/>", headers=headers)
    return str(answer.json()["transfer"])


EXAMPLES: dict[str, Make | Open] = {
    "/v1/incidents/partners/{partner}": partner_id,
    "/v1/incidents/partners/{partner}/keys/{key}": partner_key,
    "/v1/incidents/transfers/{transfer}": transfer_id,
    "/v1/incidents/{incident}": incident_id,
    "/v1/incidents/{incident}/media/{media}": media_id,
    "/v1/incidents/emergencies/{emergency}": emergency_id,
    "/v1/incidents/resources/{resource}": resource_id,
    "/v1/incidents/tak/devices/{device}": tak_device_id,
    "/v1/accountability/authorisations/{authorisation}": authorisation_id,
    "/v1/accountability/deputies/{deputy}": deputy_id,
    "/v1/anpr/cameras/{camera_id}": camera_id,
    "/v1/anpr/entries/{entry_id}": new_entry,
    "/v1/anpr/erasures/{restriction}": new_restriction,
    "/v1/map/files/{name}": Open("roads and names: no agency's", map_file),
    "/v1/anpr/exports/{id}": export_id,
    "/v1/anpr/exports/{id}/{name}": Open("the export before it is somebody's", "reads.csv"),
    "/v1/anpr/hits/{hit_id}": hit_id,
    "/v1/anpr/lists/{list_id}": new_list,
    "/v1/anpr/mutes/{mute_id}": new_mute,
    "/v1/anpr/notices/{id}": notice_id,
    "/v1/anpr/pictures/{ref}": picture,
    "/v1/anpr/preservations/{preservation}": new_preservation,
    "/v1/anpr/reads/{id}": read_id,
    "/v1/anpr/rejects/{reject_id}": reject_id,
    "/v1/anpr/searches/{search}": search_id,
    "/v1/anpr/sources/{source_id}": source_id,
    "/v1/anpr/sources/{source_id}/keys/{key_id}": key_id,
    "/v1/me/passkeys/{passkey}": passkey_id,
    "/v1/me/sessions/{session}": session_id,
    "/v1/audit/entries/{entry_id}": audit_entry,
    "/v1/me/tokens/{token}": token_id,
    "/v1/secondments/{post}": secondment_id,
    "/v1/sharing/{rule}": sharing_rule,
    "/v1/units/{unit}": unit_id,
    "/v1/misuse/findings/{finding}": finding_id,
    "/v1/me/reviews/{review}": review_id,
    "/v1/reviews/draws/{draw}": draw_id,
    "/v1/reviews/{review}": review_id,
    "/v1/users/{user}": user_id,
    "/v1/users/{user}/posts/{post}": post_id,
}
"""By the address up to the parameter. A maker leaves something that only Kentmere, or one person there, may reach."""

NATIONAL_DOORS: dict[str, str] = {
    "GET /v1/anpr/cameras/{camera_id}": "the register of cameras is national: every force sees every camera",
}
"""Doors where a stranger does find it, each with the reason. May only shrink."""


QUERIES: dict[str, Callable[[Room], Awaitable[dict[str, str]]]] = {}
"""Query parameters that a look needs and that the document cannot say."""


async def _via_search(room: Room) -> dict[str, str]:
    return {"search": await search_id(room), "read": await read_id(room)}


QUERIES["GET /v1/anpr/reads/{id}"] = _via_search
QUERIES["GET /v1/anpr/pictures/{ref}"] = _via_search


async def _two_checkpoints(room: Room) -> dict[str, str]:
    await audit_entry(room)
    return {"first": "1", "second": "1"}


async def _last_hour(_room: Room) -> dict[str, str]:
    return {"from": to_rfc3339(now_ms() - 3_600_000), "to": to_rfc3339(now_ms()), "format": "csv"}


async def _a_box(_room: Room) -> dict[str, str]:
    return {"bbox": "-3,54,-2.5,54.5"}


QUERIES["GET /v1/incidents/positions"] = _a_box
QUERIES["GET /v1/audit/consistency"] = _two_checkpoints
QUERIES["GET /v1/audit/log"] = _last_hour
