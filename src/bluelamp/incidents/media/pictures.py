"""Pictures by Pillow: how large, what the file says of time and place, and thumbnails that are upright and say nothing."""

from __future__ import annotations

import io
import math
from datetime import datetime
from typing import Any, NamedTuple

from PIL import ExifTags, Image, ImageOps

from bluelamp.incidents.media.errors import MediaDamagedError, MediaFormatError
from bluelamp.incidents.media.formats import JPEG, PNG, WEBP, Format

THUMBNAIL_SIDES = (320, 1280)
"""Longest side in pixels: lists and maps; a screen."""
QUALITY = 80
TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that lie on their side."""
_PILLOW = {JPEG: ("JPEG", "MPO"), PNG: ("PNG",), WEBP: ("WEBP",)}
_TEXT_MAX = 100


class Picture(NamedTuple):
    width: int
    height: int
    says: dict[str, Any]
    thumbnails: dict[int, bytes]
    """JPEG by longest side."""


def examine_picture(content: bytes, found: Format, pixels_max: int) -> Picture:
    """Decode it once, in as little memory as its format allows. Takes up to seconds: not for the event loop.

    Raises:
        MediaFormatError: more pixels than are taken.
        MediaDamagedError: it cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_PILLOW[found]) as image:
            _bounded(image, pixels_max)
            exif = image.getexif()
            orientation = exif.get(ExifTags.Base.Orientation, 1)
            width, height = image.size[::-1] if orientation in TURNED else image.size
            says = _said(exif)
            return Picture(width, height, says, _thumbnails(image))
    except (MediaFormatError, MediaDamagedError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many(pixels_max) from None
    except Exception as error:
        raise MediaDamagedError("the picture cannot be read to its end: take or send it again") from error


def _bounded(image: Image.Image, pixels_max: int) -> None:
    """Before anything is decoded: the head says how much memory it would take."""
    baseline = image.format in {"JPEG", "MPO"} and not image.info.get("progressive")
    most = pixels_max if baseline else pixels_max * 3 // 5
    if image.width * image.height > most:
        raise _too_many(most)


def _too_many(most: int) -> MediaFormatError:
    return MediaFormatError(f"the picture has more than the {most // 1_000_000} million pixels that are taken: send a smaller one")


def _thumbnails(image: Image.Image) -> dict[int, bytes]:
    largest = max(THUMBNAIL_SIDES)
    image.draft("RGB", (largest, largest))  # a JPEG is decoded at an eighth of its size where that is enough
    image.load()
    small: Image.Image = image
    if image.mode not in {"RGB", "RGBA", "L"}:
        small = image.convert("RGBA" if "transparency" in image.info or image.mode in {"LA", "PA", "La"} else "RGB")
        small.getexif().update(image.getexif())
    made: dict[int, bytes] = {}
    for side in sorted(THUMBNAIL_SIDES, reverse=True):
        small.thumbnail((side, side))
        upright = _plain(ImageOps.exif_transpose(small))
        out = io.BytesIO()
        upright.save(out, "JPEG", quality=QUALITY, optimize=True)
        made[side] = out.getvalue()
    return made


def _plain(image: Image.Image) -> Image.Image:
    """Colours only: a new picture has no metadata to leave behind."""
    plain = Image.new("RGB", image.size, "white")
    plain.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return plain


def _said(exif: Image.Exif) -> dict[str, Any]:
    """What the file says of itself. A clock without zone stays without: it is the camera's, wherever that was set."""
    says: dict[str, Any] = {}
    taken = exif.get_ifd(ExifTags.IFD.Exif)
    at = str(taken.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime) or "")
    try:
        moment = datetime.strptime(at.strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - see above
        says["taken_at"] = moment.isoformat() + _zone(taken.get(ExifTags.Base.OffsetTimeOriginal))
    except ValueError:
        pass
    for name, tag in (("make", ExifTags.Base.Make), ("model", ExifTags.Base.Model)):
        text = "".join(letter for letter in str(exif.get(tag) or "") if letter.isprintable()).strip()
        if text:
            says[name] = text.encode("utf-8", "ignore").decode()[:_TEXT_MAX]
    return says | _where(exif.get_ifd(ExifTags.IFD.GPSInfo))


def _zone(value: object) -> str:
    text = str(value or "").strip("\0 ")
    try:
        datetime.strptime(text, "%z")  # only whether it is one
    except ValueError:
        return ""
    return text


def _where(gps: dict[int, Any]) -> dict[str, float]:
    try:
        latitude = _degrees(gps[ExifTags.GPS.GPSLatitude]) * (-1 if gps[ExifTags.GPS.GPSLatitudeRef] == "S" else 1)
        longitude = _degrees(gps[ExifTags.GPS.GPSLongitude]) * (-1 if gps[ExifTags.GPS.GPSLongitudeRef] == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, ArithmeticError):
        return {}
    if not (math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
        return {}
    return {"latitude": round(latitude, 7), "longitude": round(longitude, 7)}


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
