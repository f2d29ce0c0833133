"""The posts that a person holds: which are in force now, and in which of them a session acts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from bluelamp.spine.http import Post

POSTS = (
    " LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('id', m.id, 'agency', m.agency, 'agency_name', a.name, 'kind', m.kind,"
    " 'roles', m.roles, 'unit', coalesce(n.code, ''), 'unit_name', coalesce(n.name, ''), 'rank', m.rank,"
    " 'manager', coalesce(m.manager, ''), 'shift_pattern', m.shift_pattern) ORDER BY m.kind, m.starts_at DESC) AS posts,"
    " min(m.ends_at) AS posts_end FROM memberships m JOIN agencies a ON a.code = m.agency LEFT JOIN units n ON n.id = m.unit"
    " WHERE m.person = u.id AND in_force(m)) p ON true"
)
"""Joins to `users u` the posts in force as `p.posts` (JSON, null where there are none) and the earliest end of one as `p.posts_end`."""


class Standing(NamedTuple):
    """Where somebody stands now: all posts, the home post first, and the one they act in."""

    posts: tuple[Post, ...]
    acting: Post


def read_posts(rows: Iterable[dict[str, Any]] | None) -> tuple[Post, ...]:
    """What `p.posts` holds."""
    return tuple(Post(**(row | {"roles": frozenset(row["roles"])})) for row in rows or ())


def standing(posts: tuple[Post, ...], acting: str | None) -> Standing | None:
    """The post `acting` if it is in force, otherwise the home post. None without a home post: who has left is nowhere on loan either."""
    if not posts or posts[0].kind != "home":
        return None
    return Standing(posts, next((post for post in posts if post.id == acting), posts[0]))
