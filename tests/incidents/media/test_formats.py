"""What a content is, it says itself; what it says of time and place is read; thumbnails are upright and bare."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bluelamp.incidents.media.errors import MediaDamagedError, MediaFormatError
from bluelamp.incidents.media.films import Film, examine_film
from bluelamp.incidents.media.formats import HEAD_BYTES, JPEG, MP4, PDF, PNG, QUICKTIME, TAIL_BYTES, WEBP, told_by
from bluelamp.incidents.media.pictures import THUMBNAIL_SIDES, examine_picture
from tests.incidents.media import contents

PIXELS = 89_000_000


def told(content: bytes) -> object:
    return told_by(content[:HEAD_BYTES], content[-TAIL_BYTES:])


async def examined(content: bytes) -> Film:
    async def read(start: int, length: int) -> bytes:
        return content[start : start + length]

    return await examine_film(read, len(content))


def test_each_kept_format_is_told_by_its_content() -> None:
    assert told(contents.picture()) == JPEG
    assert told(contents.picture(kind="PNG")) == PNG
    assert told(contents.picture(kind="WEBP")) == WEBP
    assert told(contents.film()) == MP4
    assert told(contents.film(brand=b"qt  ")) == QUICKTIME
    assert told(contents.PDF) == PDF


@pytest.mark.parametrize(
    "content", [b"GIF89a" + bytes(99), b"<svg onload='x'/>", b"<!doctype html>", b"MZ" + bytes(99), b"\x1a\x45\xdf\xa3"]
)
def test_others_are_refused_and_those_allowed_are_named(content: bytes) -> None:
    with pytest.raises(MediaFormatError, match="JPEG, PNG and WebP"):
        told(content)


def test_a_heic_picture_is_refused_with_what_to_do() -> None:
    with pytest.raises(MediaFormatError, match="Most Compatible"):
        told(contents.HEIC)


def test_a_document_without_an_end_is_damaged() -> None:
    with pytest.raises(MediaDamagedError):
        told(contents.PDF[:20])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnails_are_upright_and_carry_nothing(orientation: int) -> None:
    """The picture is red left, blue right as stored; the thumbnails show it as Pillow's own transposing of the original does."""
    content = contents.picture(orientation=orientation, taken="2026:11:21 10:00:00", where=(54.2301, -2.718))
    found = examine_picture(content, JPEG, PIXELS)
    lying = orientation >= 5
    assert (found.width, found.height) == ((360, 640) if lying else (640, 360))
    assert found.thumbnails.keys() == set(THUMBNAIL_SIDES)
    small = Image.open(io.BytesIO(found.thumbnails[320]))
    assert small.size == ((180, 320) if lying else (320, 180))
    assert not small.getexif()
    assert b"Exif" not in found.thumbnails[320]
    assert b"Kentmere" not in found.thumbnails[1280]
    across, down = small.size
    first, last = ((across // 2, 10), (across // 2, down - 10)) if lying else ((10, down // 2), (across - 10, down // 2))
    red_first = orientation in {1, 4, 5, 6}
    reds = [small.convert("RGB").getpixel(point)[0] > 120 for point in (first, last)]  # type: ignore[index]
    assert reds == [red_first, not red_first]


def test_what_the_file_says_is_read() -> None:
    content = contents.picture(taken="2026:11:21 10:00:00", zone="+01:00", where=(54.2301, -2.718))
    says = examine_picture(content, JPEG, PIXELS).says
    assert says == {"taken_at": "2026-11-21T10:00:00+01:00", "make": "Kentmere Optical", "latitude": 54.2301, "longitude": -2.718}
    assert examine_picture(contents.picture(taken="2026:11:21 10:00:00"), JPEG, PIXELS).says["taken_at"] == "2026-11-21T10:00:00"
    assert "taken_at" not in examine_picture(contents.picture(taken="yesterday"), JPEG, PIXELS).says
    assert "latitude" not in examine_picture(contents.picture(where=(400.0, 3.0)), JPEG, PIXELS).says


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "LA"])
def test_pictures_of_every_mode_have_thumbnails(mode: str) -> None:
    kind = "JPEG" if mode in {"L", "CMYK"} else "PNG"
    out = io.BytesIO()
    Image.new("RGB", (50, 40), (10, 200, 10)).convert(mode).save(out, kind)
    found = examine_picture(out.getvalue(), JPEG if kind == "JPEG" else PNG, PIXELS)
    assert Image.open(io.BytesIO(found.thumbnails[320])).size == (50, 40)


@pytest.mark.parametrize("side", [9_000, 20_000, 65_535])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(MediaFormatError, match="million pixels"):
        examine_picture(contents.png_bomb(side), PNG, PIXELS)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_picture_is_named_so_and_nothing_else_happens(data: st.DataObject) -> None:
    whole = contents.picture(64, 48, kind=data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"])))
    at, cut = data.draw(st.integers(12, len(whole) - 1)), data.draw(st.booleans())
    content = whole[:at] if cut else whole[:at] + data.draw(st.binary(min_size=1, max_size=20)) + whole[at + 1 :]
    with suppress(MediaDamagedError, MediaFormatError):
        examine_picture(content, told_by(content, content), PIXELS)


async def test_a_film_tells_its_size_and_where_it_was_taken() -> None:
    film = await examined(contents.film(where="+54.2301-002.7180/"))
    assert (film.width, film.height) == (1280, 720)
    assert film.says == {"taken_at": "2026-11-21T12:00:00+00:00", "latitude": 54.2301, "longitude": -2.718}
    turned = await examined(contents.film(turned=True))
    assert (turned.width, turned.height) == (720, 1280)


@pytest.mark.parametrize(
    "content",
    [contents.film()[:-1], contents.film() + b"\0", contents.box(b"ftyp", b"isom" + bytes(4)), contents.film()[:200], b"\0\0\0\1ftypisom"],
)
async def test_a_film_whose_boxes_do_not_fill_it_is_damaged(content: bytes) -> None:
    with pytest.raises(MediaDamagedError):
        await examined(content)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
async def test_no_directory_upsets_the_walk(noise: bytes) -> None:
    whole = contents.box(b"ftyp", b"isom" + bytes(4)) + contents.box(b"mdat", b"x") + contents.box(b"moov", noise)
    assert isinstance(await examined(whole), Film)
