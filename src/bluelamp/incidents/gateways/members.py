"""JSON of hand-overs: one object, bounded, whose members may be of any shape; what is of the wrong one counts as absent."""

from __future__ import annotations

from typing import Any

import msgspec

from bluelamp.incidents.gateways.message import NotThisFormatError, bounded

Members = dict[str, Any]
DEPTH_MAX = 12
LIST_MAX = 200


def members_of(body: bytes, what: str) -> Members:
    """A JSON object, not deeper than any of these formats is.

    Raises:
        NotThisFormatError: it is none.
    """
    try:
        found = msgspec.json.decode(bounded(body))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise NotThisFormatError(f"the body is not JSON: send {what} as UTF-8") from None
    if not isinstance(found, dict) or _deeper(found, DEPTH_MAX):
        raise NotThisFormatError(f"the body is not {what}: send one JSON object, at most {DEPTH_MAX} levels deep")
    return found


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_deeper(one, levels - 1) for one in (value.values() if isinstance(value, dict) else value))


def text_of(members: Members, name: str) -> str:
    found = members.get(name)
    return found.strip() if isinstance(found, str) else ""


def texts_of(members: Members, name: str) -> list[str]:
    found = members.get(name)
    return [one for one in found[:LIST_MAX] if isinstance(one, str)] if isinstance(found, list) else []


def object_of(members: Members, name: str) -> Members:
    found = members.get(name)
    return found if isinstance(found, dict) else {}


def objects_of(members: Members, name: str) -> list[Members]:
    """The objects of a list, or the one that stands where a list could."""
    found = members.get(name)
    return [one for one in (found if isinstance(found, list) else [found])[:LIST_MAX] if isinstance(one, dict)]
