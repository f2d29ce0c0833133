"""The header Range (RFC 9110 section 14), for players that jump within a film: one range; several are answered with the whole."""

from __future__ import annotations

import re

from bluelamp.incidents.media.errors import RangeError

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def wanted(header: str, size: int) -> tuple[int, int] | None:
    """(start, length), or None for the whole.

    Raises:
        RangeError: it begins behind the end.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        start = size - length
    else:
        start = int(first)
        if last and int(last) < start:
            return None
        length = min(int(last) if last else size - 1, size - 1) - start + 1
    if length <= 0:
        error = RangeError(f"there are {size} bytes")
        error.headers = {"Content-Range": f"bytes */{size}"}
        raise error
    return start, length
