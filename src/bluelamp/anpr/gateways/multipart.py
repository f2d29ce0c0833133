"""Multipart bodies as cameras send them: split by the boundary in the body itself, since headers are often wrong."""

from __future__ import annotations

import re
from typing import NamedTuple

from bluelamp.anpr.errors import NotThisFormatError, TooManyItemsError
from bluelamp.anpr.gateways.items import bounded

PARTS_MAX = 64
_BOUNDARY = re.compile(rb"\s{0,8}--([^\r\n]{1,200}?)[ \t]*(\r?\n)")
_NAME = re.compile(rb'\bname="?([^";\r\n]*)"?', re.IGNORECASE)
_TYPE = re.compile(rb"^content-type:[ \t]*([^\r\n;]*)", re.IGNORECASE | re.MULTILINE)


class Part(NamedTuple):
    """One part: the field name it was sent under, its media type in lower case, and its bytes untouched."""

    name: str
    media_type: str
    content: bytes

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/") or self.content[:2] == b"\xff\xd8"


def looks_multipart(body: bytes) -> bool:
    """Whether the body opens with a boundary line."""
    return body[:10].lstrip()[:2] == b"--"


def split(body: bytes) -> list[Part]:
    """The parts in order (RFC 2046 section 5.1), with either kind of line end.

    Raises:
        NotThisFormatError: no boundary, or a part without the empty line after its headers.
        TooManyItemsError: more than `PARTS_MAX` parts.
    """
    opening = _BOUNDARY.match(bounded(body))
    if not opening:
        raise NotThisFormatError("the body is not multipart: it does not open with a boundary line")
    boundary, newline = opening.groups()
    pieces = body[opening.end() :].split(newline + b"--" + boundary, PARTS_MAX + 1)
    if len(pieces) > PARTS_MAX + 1:
        raise TooManyItemsError(f"a multipart body may have at most {PARTS_MAX} parts")
    # What follows the closing boundary is no part; a body cut off before it has its last part all the same.
    whole = len(pieces) > 1
    return [_part(piece if i == 0 else piece.partition(newline)[2], newline) for i, piece in enumerate(pieces[:-1] if whole else pieces)]


def _part(piece: bytes, newline: bytes) -> Part:
    headers, gap, content = piece.partition(newline * 2)
    if not gap:
        raise NotThisFormatError("a part of the multipart body has no empty line after its headers")
    name, media = _NAME.search(headers), _TYPE.search(headers)
    return Part(
        name.group(1).decode("utf-8", "replace") if name else "",
        media.group(1).strip().decode("ascii", "replace").lower() if media else "",
        content,
    )


def join(parts: list[Part]) -> bytes:
    """A body that `split` turns into the same parts."""
    boundary = b"bluelamp-part"
    while any(boundary in part.content for part in parts):
        boundary += b"-"
    out = bytearray()
    for part in parts:
        out += b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n' % (boundary, part.name.encode())
        out += b"Content-Type: %s\r\n\r\n" % part.media_type.encode("ascii", "replace") + part.content + b"\r\n"
    return bytes(out + b"--" + boundary + b"--\r\n")
