"""Cursors: where a page ended, as an opaque string that a client hands back unread."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec


def encode_cursor(*position: int | str) -> str:
    """The sort key of a page's last row."""
    return urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(text: str, *kinds: type[int | str]) -> tuple[int | str, ...]:
    """The sort key again, with exactly these types.

    Raises:
        ValueError: not a cursor that `encode_cursor` made of such a key.
    """
    try:
        position = msgspec.json.decode(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)), type=list[int | str])
    except (ValueError, msgspec.DecodeError) as error:
        raise ValueError("not a cursor of this list") from error
    if len(position) != len(kinds) or not all(isinstance(value, kind) for value, kind in zip(position, kinds, strict=True)):
        raise ValueError("not a cursor of this list")
    return tuple(position)
