"""Roles belong to a post, and the caller's facts are those of the post they act in."""

from __future__ import annotations

from tests.support.platform import RunningPlatform


async def test_first_accounts_have_units_and_ranks(platform: RunningPlatform) -> None:
    me = (await platform.client("supervisor").get("/v1/me")).json()
    assert (me["agency"]["code"], me["unit"], me["rank"], me["roles"]) == ("KEN", "OPS", "inspector", ["supervisor"])
    assert [(post["kind"], post["id"] == me["acting"], post["unit_name"]) for post in me["posts"]] == [("home", True, "Operations")]


async def test_an_account_made_or_changed_elsewhere_has_the_same_post(platform: RunningPlatform) -> None:
    """Whoever writes `users.roles` writes the home post: the two cannot part."""
    db = platform.spine.db
    rows = await db.fetch(
        "SELECT u.username, u.roles, m.roles AS post FROM users u LEFT JOIN memberships m ON m.person = u.id AND m.kind = 'home'"
        " WHERE in_force(m)"
    )
    assert rows
    assert all(sorted(row["roles"]) == sorted(row["post"]) for row in rows)
