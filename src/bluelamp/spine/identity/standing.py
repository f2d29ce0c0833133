"""Who somebody is now, without a session of theirs: for work done in their name, and for explaining a decision about them."""

from __future__ import annotations

from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.organisations.posts import POSTS, read_posts, standing


async def person_now(spine: Spine, *, person: str = "", username: str = "", agency: str = "") -> Caller | None:
    """A person by id or username, in their post at `agency` (without one: their home post); None where they are in no such post now."""
    row = await spine.db.fetchrow(
        f"SELECT u.id, u.username, u.name, p.posts FROM users u{POSTS} WHERE u.active AND (u.id = $1 OR u.username = $2)", person, username
    )
    posts = read_posts(row["posts"]) if row else ()
    stands = standing(posts, next((post.id for post in posts if post.agency == agency), None))
    if row is None or stands is None or (agency and stands.acting.agency != agency):
        return None
    post = stands.acting
    return Caller(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        agency=post.agency,
        roles=post.roles,
        permissions=spine.policy.of_roles(post.roles),
        agency_name=post.agency_name,
        unit=post.unit,
        rank=post.rank,
        manager=post.manager,
        membership=post.id,
        memberships=stands.posts,
    )
