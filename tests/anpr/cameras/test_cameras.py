"""The camera register over HTTP and by command."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform

HEADER = "external_id,name,agency,source,latitude,longitude,road,bearing"


async def add_source(platform: RunningPlatform) -> dict[str, Any]:
    name = f"source {new_id()}"
    answer = await platform.client("admin").post("/v1/anpr/sources", json={"name": name, "format": "native"})
    return dict(answer.json()) | {"name": name}


async def send(platform: RunningPlatform, lines: list[str], username: str = "admin") -> dict[str, Any]:
    answer = await platform.client(username).post(
        "/v1/anpr/cameras/import", content="\n".join([HEADER, *lines]), headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def found(platform: RunningPlatform, **query: Any) -> list[dict[str, Any]]:
    answer = await platform.client("officer").get("/v1/anpr/cameras", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_cameras_are_imported_updated_and_shown(platform: RunningPlatform) -> None:
    source, tag = await add_source(platform), new_id()
    line = f"C1,{tag} north,KEN,{source['name']},54.5,-2.5,A6,90"
    assert await send(platform, [line, "broken"]) == {
        "imported": 1,
        "updated": 0,
        "rejected": [{"line": 3, "code": "bad_csv", "message": "the row has 1 fields, the header 8"}],
    }
    again = await send(platform, [line.replace("A6", "A591"), f"C2,{tag} south,KEN,{source['name']},54.4,-2.5,A6,"])
    assert (again["imported"], again["updated"], again["rejected"]) == (1, 1, [])
    first, second = await found(platform, q=tag.lower())
    assert first["position"] == {"type": "Point", "coordinates": [-2.5, 54.5]}
    assert (first["road"], first["bearing"], first["status"], first["agency"]) == ("A591", 90, "never", "KEN")
    assert first["source"] == {"id": source["id"], "name": source["name"]}
    assert (second["bearing"], second["last_seen"], second["health"]["status"]) == (None, None, "never")
    assert [c["id"] for c in await found(platform, q=tag, bbox="-2.6,54.45,-2.4,54.6")] == [first["id"]]
    assert await found(platform, q=tag, agency="IRW") == []
    assert await found(platform, q=tag, status="unwell") == []
    assert len(await found(platform, q=tag, status="never")) == 2


async def test_an_import_leaves_one_audit_entry(platform: RunningPlatform) -> None:
    source = await add_source(platform)
    await send(platform, [f"C{n},Name,KEN,{source['name']},54,-2,A6," for n in range(5)])
    entry = await platform.spine.db.fetchrow(
        "SELECT * FROM audit_entries WHERE action = 'anpr.cameras.import' ORDER BY number DESC LIMIT 1"
    )
    assert entry is not None
    assert (entry["actor_name"], entry["detail"]) == ("admin", {"imported": 5, "updated": 0, "rejected": 0})


async def test_the_export_is_an_import_again(platform: RunningPlatform) -> None:
    source, tag = await add_source(platform), new_id()
    await send(platform, [f'C1,"=cmd() {tag}, ""quoted""",KEN,{source["name"]},54.5,-2.5,A6,90'])
    exported = (await platform.client("officer").get("/v1/anpr/cameras/export.csv")).text
    mine = [row for row in csv.DictReader(io.StringIO(exported)) if tag in row["name"]]
    assert mine[0]["name"].startswith("'=cmd()")
    answer = await platform.client("admin").post("/v1/anpr/cameras/import", content=exported)
    assert answer.json()["imported"] == 0
    [camera] = await found(platform, q=tag)
    assert camera["name"] == f'=cmd() {tag}, "quoted"'


async def test_a_national_register_is_imported_and_mapped(platform: RunningPlatform) -> None:
    source = await add_source(platform)
    lines = [
        f"N{n},Camera {n} of the nation,KEN,{source['id']},{50 + n / 3000:.5f},{-3 + n / 7000:.5f},M{n % 60},{n % 360}"
        for n in range(14_000)
    ]
    assert (await send(platform, lines))["imported"] == 14_000
    marks = (await platform.client("officer").get("/v1/anpr/cameras/map")).json()["cameras"]
    assert len(marks) >= 14_000
    assert [type(value) for value in marks[-1]] == [str, float, float, str, str, str]


async def test_a_camera_is_changed_by_its_agency(platform: RunningPlatform) -> None:
    source, tag = await add_source(platform), new_id()
    await send(platform, [f"C1,{tag},KEN,{source['name']},54.5,-2.5,A6,90"])
    [camera] = await found(platform, q=tag)
    path, admin = f"/v1/anpr/cameras/{camera['id']}", platform.client("admin")
    changed = (await admin.patch(path, json={"name": f"{tag} moved", "latitude": 54.6, "bearing": None, "active": False})).json()
    assert (changed["name"], changed["position"]["coordinates"], changed["bearing"]) == (f"{tag} moved", [-2.5, 54.6], None)
    assert changed["status"] == "inactive"
    assert camera["id"] not in [m[0] for m in (await admin.get("/v1/anpr/cameras/map")).json()["cameras"]]
    for bad in ({"name": None}, {"latitude": 91}, {"agency": "NOBODY"}, {"name": "a\0"}, {"colour": 1}):
        assert (await admin.patch(path, json=bad)).status_code == 422
    assert (await platform.client("officer").patch(path, json={"name": "x"})).status_code == 403
    assert (await admin.patch("/v1/anpr/cameras/99999999", json={"name": "x"})).json()["code"] == "no_such_camera"


async def test_a_camera_of_another_agency_is_seen_and_not_changed(platform: RunningPlatform) -> None:
    source, tag = await add_source(platform), new_id()
    await send(platform, [f"C1,{tag},KEN,{source['name']},54.5,-2.5,A6,90"])
    [camera] = await found(platform, q=tag)
    await platform.spine.db.execute("UPDATE anpr_cameras SET agency = 'IRW' WHERE number = $1", int(camera["id"]))
    assert (await platform.client("officer").get(f"/v1/anpr/cameras/{camera['id']}")).json()["agency"] == "IRW"
    answer = await platform.client("admin").patch(f"/v1/anpr/cameras/{camera['id']}", json={"name": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_camera")


@pytest.mark.parametrize(
    "query", [{"bbox": "1,2,3"}, {"bbox": "5,5,1,1"}, {"bbox": "nan,1,2,3"}, {"cursor": "x"}, {"status": "odd"}, {"limit": 0}]
)
async def test_a_bad_question_is_refused(platform: RunningPlatform, query: dict[str, Any]) -> None:
    assert (await platform.client("officer").get("/v1/anpr/cameras", params=query)).status_code == 422


async def test_the_list_pages_in_order(platform: RunningPlatform) -> None:
    source, tag = await add_source(platform), new_id()
    await send(platform, [f"C{n},{tag} {n},KEN,{source['name']},54,-2,A6," for n in range(5)])
    first = (await platform.client("officer").get("/v1/anpr/cameras", params={"q": tag, "limit": 3})).json()
    rest = (await platform.client("officer").get("/v1/anpr/cameras", params={"q": tag, "limit": 3, "cursor": first["next"]})).json()
    assert [c["external_id"] for c in first["items"] + rest["items"]] == [f"C{n}" for n in range(5)]
    assert rest["next"] is None


async def test_suppliers_see_no_cameras(platform: RunningPlatform) -> None:
    assert (await platform.client("supplier").get("/v1/anpr/cameras")).status_code == 403
    assert (await platform.client("officer").post("/v1/anpr/cameras/import", content=HEADER)).status_code == 403
