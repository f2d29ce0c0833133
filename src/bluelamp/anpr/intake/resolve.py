"""From what a gateway understood to a row that can be stored, or the reason why not. Pure, one item at a time."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.anpr.domain import Capture, Refusal
from bluelamp.kit.clock import to_rfc3339
from bluelamp.kit.vrm.text import VrmError, normalise

from .register import SourceEntry
from .rows import Row

AHEAD_MS_MAX = 5 * 60_000
"""How far in the future a camera's clock may say it is."""

TEXT_MAX = 40
"""Longest make, model, colour or class kept; longer ones are cut, since they only ever help a filter."""

JPEG = b"\xff\xd8\xff"


class Resolved(NamedTuple):
    """A row with the pictures that came with it."""

    row: Row
    plate_image: bytes
    overview_image: bytes
    camera_lag_ms: int
    """Received minus captured: what clock drift and late data are measured by."""


class Unplated(NamedTuple):
    """A vehicle passed and no plate was read: counted, not stored."""

    camera: int


def camera_number(source: SourceEntry, name: str) -> int | None:
    """The register's number of a camera; a source whose format names no camera (`default`) may have just one."""
    number = source.cameras.get(name)
    if number is None and name == "default" and len(source.cameras) == 1:
        return next(iter(source.cameras.values()))
    return number


def resolve(capture: Capture, source: SourceEntry, index: int, now: int, keep_ms: int) -> Resolved | Unplated | Refusal:
    """`keep_ms`: how long reads are kept; what is older on arrival is refused."""
    camera = camera_number(source, capture.camera)
    if camera is None:
        return Refusal(
            index, "unknown_camera", f"{source.name} has no camera {capture.camera[:64]!r}: add it to the register, then replay this item"
        )
    if not capture.plate:
        return Unplated(camera)
    try:
        vrm = normalise(capture.plate)
    except VrmError as error:
        return Refusal(index, error.code, str(error))
    lag = now - capture.captured_at
    if lag > keep_ms or lag < -AHEAD_MS_MAX:
        return Refusal(index, *_out_of_time(capture.captured_at, now, keep_ms))
    for picture in (capture.plate_image, capture.overview_image):
        refusal = _check_picture(picture, source, index)
        if refusal:
            return refusal
    seen_as = capture.seen_as or capture.plate
    row = Row(
        camera,
        capture.captured_at,
        now,
        vrm,
        "" if seen_as == vrm else seen_as[:TEXT_MAX],
        round(min(max(capture.confidence, 0.0), 1.0) * 1000),
        capture.direction,
        capture.lane if 0 <= capture.lane <= 255 else 0,
        capture.make[:TEXT_MAX],
        capture.model[:TEXT_MAX],
        capture.colour[:TEXT_MAX],
        capture.vehicle_class[:TEXT_MAX],
        0,
        0,
        "",
        capture.car[:128],
        _pack_characters(capture.characters),
        _normal_variants(capture.variants, vrm),
    )
    return Resolved(row, capture.plate_image, capture.overview_image, lag)


def _out_of_time(captured_at: int, now: int, keep_ms: int) -> tuple[str, str]:
    if captured_at > now:
        return "in_future", f"the camera's clock is {(captured_at - now) // 1000} s ahead of {to_rfc3339(now)}: set its clock, then replay"
    return "too_old", f"captured {(now - captured_at) // 86_400_000} days ago; reads are kept for {keep_ms // 86_400_000} days"


def _check_picture(picture: bytes, source: SourceEntry, index: int) -> Refusal | None:
    if len(picture) > source.picture_bytes_max:
        message = f"a picture of {len(picture)} bytes is over this source's limit of {source.picture_bytes_max}"
        return Refusal(index, "picture_too_large", message)
    if picture and not picture.startswith(JPEG):
        return Refusal(index, "picture_not_jpeg", "a picture does not begin as a JPEG does; nothing of this item was stored as a read")
    return None


def _pack_characters(characters: tuple[tuple[str, float], ...]) -> bytes:
    """Pairs of bytes, see READS; evidence that cannot be for a plate is left out whole."""
    if not characters:
        return b""
    packed = bytearray()
    for value, confidence in characters[:24]:
        if len(value) != 1 or not value.isascii():
            return b""
        packed += bytes((ord(value), round(min(max(confidence, 0.0), 1.0) * 100)))
    return bytes(packed)


def _normal_variants(variants: tuple[tuple[str, float], ...], vrm: str) -> tuple[tuple[str, int], ...]:
    """Other plates the camera thought possible, normalised, best first, at most 20; what is no plate is left out."""
    if not variants:
        return ()
    best: dict[str, int] = {}
    for text, confidence in variants[:50]:
        try:
            other = normalise(text)
        except VrmError:
            continue
        if other != vrm:
            best[other] = max(best.get(other, 0), round(min(max(confidence, 0.0), 1.0) * 1000))
    return tuple(sorted(best.items(), key=lambda item: -item[1])[:20])
