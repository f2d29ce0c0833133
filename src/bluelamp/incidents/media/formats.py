"""Which format a content is of, from the content itself: what a device calls it counts for nothing.

Sources: ITU-T T.81 (JPEG), PNG third edition, RFC 9649 (WebP), ISO/IEC 14496-12 (boxes), ISO 32000 (PDF).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bluelamp.incidents.media.errors import MediaDamagedError, MediaFormatError

HEAD_BYTES = 64
TAIL_BYTES = 2048
BOXES_MAX = 20_000
FILM_BRANDS = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash", b"MSNV"})
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})
ALLOWED = "JPEG, PNG and WebP pictures, MP4 and QuickTime films, PDF documents"
Kind = Literal["picture", "film", "document"]


class Format(NamedTuple):
    """A format that is kept, by its one media type."""

    content_type: str
    kind: Kind
    suffix: str


JPEG = Format("image/jpeg", "picture", "jpg")
PNG = Format("image/png", "picture", "png")
WEBP = Format("image/webp", "picture", "webp")
MP4 = Format("video/mp4", "film", "mp4")
QUICKTIME = Format("video/quicktime", "film", "mov")
PDF = Format("application/pdf", "document", "pdf")
FORMATS = {one.content_type: one for one in (JPEG, PNG, WEBP, MP4, QUICKTIME, PDF)}


def told_by(head: bytes, tail: bytes) -> Format:
    """The format, by the first `HEAD_BYTES` and the last `TAIL_BYTES`.

    Raises:
        MediaFormatError: none that is kept; says which are.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[:7] in (b"%PDF-1.", b"%PDF-2."):
        if b"%%EOF" not in tail:
            raise MediaDamagedError("the PDF has no end: send it again, whole")
        return PDF
    raise MediaFormatError(f"this is none of the formats that an incident keeps: {ALLOWED}")


def _by_brand(head: bytes) -> Format:
    """ISO/IEC 14496-12 section 4.3: the major brand, then those that it is compatible with."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if brands[0] == b"qt  ":
        return QUICKTIME
    if brands[0] in HEIF_BRANDS:
        raise MediaFormatError(
            "HEIC and AVIF pictures are not kept, since not every control room can open them: have the phone take JPEG"
            f" (on an iPhone: Settings, Camera, Formats, Most Compatible). Kept are {ALLOWED}"
        )
    if FILM_BRANDS & set(brands):
        return MP4
    raise MediaFormatError(f"this kind of film or picture is not kept: send {ALLOWED}")
