"""Joiners, movers, leavers and people on loan: what they may do follows their posts, at once and by date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bluelamp.kit.ids import new_id
from bluelamp.spine.organisations import people, people_store
from tests.spine.identity.conftest import NewPerson, Person
from tests.spine.organisations.conftest import Admin
from tests.support.platform import RunningPlatform


async def me(platform: RunningPlatform, person: Person) -> dict[str, object] | int:
    answer = await platform.client().get("/v1/me", headers=person.bearer)
    return dict(answer.json()) if answer.status_code == 200 else answer.status_code


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def test_a_mover_loses_the_old_post_at_once(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, admin = await new_person("supervisor"), platform.client("admin")
    assert (await platform.client().get("/v1/anpr/lists", headers=person.bearer)).status_code == 200
    body = {"roles": ["officer"], "unit": "rpu", "rank": "Constable", "manager": "supervisor", "shift_pattern": "2x2x4"}
    moved = await admin.post(f"/v1/users/{person.id}/posts", json=body)
    assert moved.status_code == 201, moved.text
    assert (moved.json()["unit"], moved.json()["rank"], moved.json()["manager"]) == ("RPU", "constable", "supervisor")
    assert (await platform.client().get("/v1/anpr/lists", headers=person.bearer)).status_code == 403
    now = await me(platform, person)
    assert isinstance(now, dict)
    assert (now["roles"], now["unit"], now["rank"]) == (["officer"], "RPU", "constable")
    posts = (await admin.get(f"/v1/users/{person.id}/posts")).json()["items"]
    assert [(post["in_force"], post["roles"]) for post in posts] == [(True, ["officer"]), (False, ["supervisor"])]
    listed = (await admin.get("/v1/users", params={"q": person.username})).json()["items"]
    assert [(item["unit"], item["rank"], item["roles"], item["status"]) for item in listed] == [("RPU", "constable", ["officer"], "active")]
    supervisor = await platform.spine.db.fetchval("SELECT id FROM users WHERE username = 'supervisor'")
    assert await people_store.line_of(platform.spine.db, person.id) == {supervisor}


async def test_a_planned_move_happens_by_itself(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, admin = await new_person("officer"), platform.client("admin")
    planned = await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["control"], "unit": "FCC", "starts": soon(hours=1)})
    assert (planned.status_code, planned.json()["in_force"]) == (201, False)
    now = await me(platform, person)
    assert isinstance(now, dict)
    assert now["roles"] == ["officer"]
    # The hour passes.
    await platform.spine.db.execute(
        "UPDATE memberships SET starts_at = starts_at - interval '2 hours', ends_at = ends_at - interval '1 hour' WHERE person = $1",
        person.id,
    )
    platform.app.state.identify.forget(person.id)
    now = await me(platform, person)
    assert isinstance(now, dict)
    assert (now["roles"], now["unit"]) == (["control"], "FCC"), "no job was needed"
    await people.keep_dates(platform.spine)
    assert await platform.spine.db.fetchval("SELECT roles FROM users WHERE id = $1", person.id) == ["control"]


async def test_a_leavers_token_opens_nothing(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, admin = await new_person("analyst"), platform.client("admin")
    assert isinstance(await me(platform, person), dict)
    left = await admin.post(f"/v1/users/{person.id}/leave", json={})
    assert (left.status_code, left.json()["sessions_ended"]) == (200, 1)
    for path in ("/v1/me", "/v1/anpr/hits", "/v1/stream"):
        assert (await platform.client().get(path, headers=person.bearer)).status_code == 401, path
    async with platform.browser() as browser:
        again = await browser.post("/v1/session", json={"username": person.username, "password": person.password})
        assert again.status_code == 401
    listed = (await admin.get("/v1/users", params={"q": person.username})).json()["items"]
    assert [(item["status"], item["active"]) for item in listed] == [("left", False)]
    back = await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["officer"]})
    assert back.status_code == 201
    assert await me(platform, person) == 401, "what ended does not come back with a new post"
    async with platform.browser() as browser:
        again = await browser.post("/v1/session", json={"username": person.username, "password": person.password})
        assert again.status_code == 200


async def test_a_planned_end_ends_by_itself_and_is_told(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, admin = await new_person(), platform.client("admin")
    assert (await admin.post(f"/v1/users/{person.id}/leave", json={"at": soon(days=1)})).json()["sessions_ended"] == 0
    assert isinstance(await me(platform, person), dict)
    await platform.spine.db.execute(
        "UPDATE memberships SET starts_at = starts_at - interval '2 days', ends_at = ends_at - interval '1 day 1 minute' WHERE person = $1",
        person.id,
    )
    platform.app.state.identify.forget(person.id)
    assert await me(platform, person) == 401
    await people.keep_dates(platform.spine)
    assert await platform.spine.db.fetchval("SELECT count(*) FROM sessions WHERE person = $1", person.id) == 0
    told = await platform.spine.db.fetch("SELECT action, actor FROM audit_entries WHERE $1 = ANY(subjects) ORDER BY number DESC", person.id)
    assert (told[0]["action"], told[0]["actor"]) == ("organisations.people.leave", "system")


async def test_a_joiner_of_tomorrow_cannot_sign_in_today(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, admin = await new_person(), platform.client("admin")
    await admin.post(f"/v1/users/{person.id}/leave", json={})
    assert (await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["officer"], "starts": soon(days=1)})).status_code == 201
    async with platform.browser() as browser:
        answer = await browser.post("/v1/session", json={"username": person.username, "password": person.password})
        assert answer.status_code == 401
    listed = (await admin.get("/v1/users", params={"q": person.username})).json()["items"]
    assert [item["status"] for item in listed] == ["joins"]


async def test_who_is_on_loan_acts_for_the_host_while_it_lasts(platform: RunningPlatform, new_person: NewPerson, admin_of: Admin) -> None:
    person, home, host = await new_person("officer"), platform.client("admin"), await admin_of("IRW")
    offered = await home.post(f"/v1/users/{person.id}/secondments", json={"agency": "IRW", "ends": soon(days=30)})
    assert (offered.status_code, offered.json()["accepted"]) == (201, False), offered.text
    post = offered.json()["id"]
    acting = {"post": post}
    refused = await platform.client().put("/v1/me/acting", json=acting, headers=person.bearer)
    assert (refused.status_code, refused.json()["code"]) == (404, "no_such_post"), "an offer gives nothing"
    mine = await home.post(f"/v1/secondments/{post}/accept", json={"roles": ["analyst"]})
    assert mine.status_code == 403, "the home agency does not give roles at the host"
    taken = await host.post(f"/v1/secondments/{post}/accept", json={"roles": ["analyst"], "unit": "RSP", "rank": "sergeant"})
    assert taken.status_code == 200, taken.text
    now = await me(platform, person)
    assert isinstance(now, dict)
    assert (now["agency"], now["roles"]) == ({"code": "KEN", "name": "Kentmere Police"}, ["officer"]), "home unless they choose"
    assert (await platform.client().put("/v1/me/acting", json=acting, headers=person.bearer)).status_code == 204
    now = await me(platform, person)
    assert isinstance(now, dict)
    assert (now["agency"]["code"], now["roles"], now["unit"], now["rank"]) == ("IRW", ["analyst"], "RSP", "sergeant")  # type: ignore[index]
    own = (await platform.client().get("/v1/audit", headers=person.bearer)).json()["items"]
    assert own[0]["agency"] == "IRW", "what they do there is in the host's audit"
    assert (await host.post(f"/v1/secondments/{post}/end")).status_code == 204
    now = await me(platform, person)
    assert isinstance(now, dict)
    assert (now["agency"]["code"], len(now["posts"])) == ("KEN", 1), "what was the host's is gone at once"  # type: ignore[index, arg-type]
    assert (await home.post(f"/v1/secondments/{post}/end")).status_code == 404


async def test_a_leaver_is_nowhere_on_loan_either(platform: RunningPlatform, new_person: NewPerson, admin_of: Admin) -> None:
    person, home, host = await new_person("officer"), platform.client("admin"), await admin_of("IRW")
    post = (await home.post(f"/v1/users/{person.id}/secondments", json={"agency": "IRW"})).json()["id"]
    await host.post(f"/v1/secondments/{post}/accept", json={"roles": ["officer"]})
    await platform.client().put("/v1/me/acting", json={"post": post}, headers=person.bearer)
    assert (await home.post(f"/v1/users/{person.id}/leave", json={})).status_code == 200
    assert await me(platform, person) == 401
    listed = (await host.get("/v1/secondments")).json()["items"]
    assert post not in {item["id"] for item in listed}


async def test_reach_and_duties_hold(platform: RunningPlatform, new_person: NewPerson, admin_of: Admin) -> None:
    person, admin, other = await new_person(), platform.client("admin"), await admin_of("IRW")
    own = (await admin.get("/v1/me")).json()["id"]
    for answer, status in (
        (await other.post(f"/v1/users/{person.id}/leave", json={}), 404),
        (await other.post(f"/v1/users/{person.id}/posts", json={"roles": ["officer"]}), 404),
        (await other.get(f"/v1/users/{person.id}/posts"), 404),
        (await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["auditor"]}), 403),
        (await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["officer"], "agency": "IRW"}), 403),
        (await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["officer"], "rank": "wizard"}), 422),
        (await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["officer"], "unit": "NOPE"}), 404),
        (await admin.post(f"/v1/users/{person.id}/posts", json={"roles": ["officer"], "manager": "officer2"}), 422),
        (await admin.post(f"/v1/users/{own}/posts", json={"roles": ["officer"]}), 403),
        (await admin.post(f"/v1/users/{own}/leave", json={}), 403),
        (await admin.post(f"/v1/users/{person.id}/secondments", json={"agency": "KEN"}), 422),
    ):
        assert answer.status_code == status, answer.text


async def test_a_post_is_amended_in_place(platform: RunningPlatform, new_person: NewPerson) -> None:
    person, admin = await new_person(), platform.client("admin")
    (post,) = (await admin.get(f"/v1/users/{person.id}/posts")).json()["items"]
    path = f"/v1/users/{person.id}/posts/{post['id']}"
    changed = await admin.patch(path, json={"manager": "supervisor", "shift_pattern": "early", "ends": soon(days=9)})
    assert (changed.json()["manager"], changed.json()["shift_pattern"]) == ("supervisor", "early")
    assert changed.json()["ends"] is not None
    assert (await admin.patch(path, json={"ends": None})).json()["ends"] is None
    assert (await admin.patch(path, json={"ends": "2020-01-01T00:00:00Z"})).status_code == 422


async def test_units_are_a_tree(platform: RunningPlatform) -> None:
    admin, tag = platform.client("admin"), new_id()[-8:]
    codes = [f"A-{tag}", f"B-{tag}"]
    first = (await admin.post("/v1/units", json={"code": codes[0].lower(), "name": "Alpha"})).json()
    second = (await admin.post("/v1/units", json={"code": codes[1], "name": "Beta", "parent": codes[0]})).json()
    assert (first["code"], second["parent"]) == (codes[0], codes[0])
    ring = await admin.patch(f"/v1/units/{first['id']}", json={"parent": codes[1]})
    assert ring.status_code == 422, "no unit is under itself"
    assert (await admin.delete(f"/v1/units/{first['id']}")).json()["code"] == "unit_in_use"
    again = await admin.post("/v1/units", json={"code": codes[0], "name": "Again"})
    assert again.json()["code"] == "unit_exists"
    assert (await admin.delete(f"/v1/units/{second['id']}")).status_code == 204
    assert (await admin.delete(f"/v1/units/{first['id']}")).status_code == 204
    answer = (await platform.client("officer").get("/v1/units")).json()
    assert codes[0] not in {unit["code"] for unit in answer["items"]}
    assert answer["ranks"].index("inspector") > answer["ranks"].index("constable")


HEADING = "username,name,agency,unit,roles,manager,rank,starts,ends,shift pattern,email,kind"


async def feed(platform: RunningPlatform, *rows: str) -> dict[str, object]:
    content = "\n".join((HEADING, *rows)) + "\n"
    answer = await platform.client("admin").post("/v1/people/import", content=content, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_directory_feed_joins_moves_amends_and_lets_leave(platform: RunningPlatform) -> None:
    a, b = f"t-{new_id().lower()}", f"t-{new_id().lower()}"
    rows = (
        f"{a},Ann Orton,KEN,RPU,officer,{b},constable,2026-01-05,,2x2x4,ann@kentmere.example,",
        f"{b},Bo Tebay,KEN,OPS,supervisor officer,,Inspector,,,,,home",
        f"x-{a},No Body,KEN,NOPE,officer,,,,,,,",
        f"y-{a},No Body,IRW,,officer,,,,,,,",
        f"z-{a},No Body,KEN,,wizard,,,,,,,",
        f"w-{a},No Body,KEN,,officer,,,31/12/2026,,,,",
        "too,short",
    )
    done = await feed(platform, *rows)
    assert (done["rows"], done["joined"], done["moved"], done["left"]) == (7, 2, 0, 0)
    assert [wrong["line"] for wrong in done["rejected"]] == [4, 5, 6, 7, 8]  # type: ignore[attr-defined, index]
    again = await feed(platform, *rows[:2])
    assert (again["unchanged"], again["joined"], again["rejected"]) == (2, 0, [])
    db = platform.spine.db
    ann, bo = [await db.fetchval("SELECT id FROM users WHERE username = $1", name) for name in (a, b)]
    (post,) = await people_store.memberships_of(db, ann)
    assert (post.unit, post.manager, post.rank, post.shift_pattern) == ("RPU", b, "constable", "2x2x4")
    late = f"t-{new_id().lower()}"
    done = await feed(platform, f"{late},Cat Shap,KEN,RPU,officer,,,2099-01-01,,,,")
    assert done["joined"] == 1
    listed = (await platform.client("admin").get("/v1/users", params={"q": late})).json()["items"]
    assert [(item["status"], item["active"]) for item in listed] == [("joins", False)], "not before the day"
    done = await feed(
        platform, f"{a},Ann Orton,KEN,INT,analyst,{b},staff,,,2x2x4,ann@kentmere.example,", f"{b},Bo Tebay,KEN,OPS,officer,,,,2026-01-31,,,"
    )
    assert (done["moved"], done["left"], done["rejected"]) == (
        1,
        1,
        [{"line": 2, "username": a, "message": f"{b!r} is nobody else with a post at KEN"}],
    )
    assert [m.unit for m in await people_store.memberships_of(db, ann) if m.in_force] == ["INT"]
    assert not [m for m in await people_store.memberships_of(db, bo) if m.in_force]


@pytest.mark.parametrize("heading", ["", "username,name,agency", "username,name,agency,roles,colour", "username,name,agency,roles,roles"])
async def test_a_file_that_is_no_feed_is_refused_whole(platform: RunningPlatform, heading: str) -> None:
    answer = await platform.client("admin").post("/v1/people/import", content=heading, headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
