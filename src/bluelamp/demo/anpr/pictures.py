"""Drawn pictures of a read: the plate, and a vehicle of the right shape and colour on a road by day or night. No photograph is used."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

PLATE_BYTES_MAX = 3 * 1024
OVERVIEW_BYTES_MAX = 25 * 1024
_SIZE = (480, 270)
_PAINT = {
    "grey": (112, 117, 122), "black": (28, 29, 33), "white": (233, 234, 236), "blue": (34, 66, 140), "silver": (184, 188, 193),
    "red": (168, 28, 34), "green": (32, 96, 60), "orange": (214, 110, 28), "yellow": (226, 190, 44), "brown": (92, 62, 44),
    "beige": (205, 190, 160),
}  # fmt: skip

Rgb = tuple[int, int, int]


def plate_picture(plate: str, *, rear: bool, night: bool) -> bytes:
    """A JPEG of at most 3 KB: the plate as the camera cut it out."""
    return _jpeg(_plate(spaced(plate), rear=rear, night=night).resize((150, 36)), quality=62)


def overview_picture(plate: str, colour: str, kind: str, *, rear: bool, night: bool) -> bytes:
    """A JPEG of at most 25 KB: the vehicle on the road, its plate readable."""
    scene = _scene(colour, kind, rear, night).copy()
    left, top, width = _plate_place(kind)
    badge = _plate(spaced(plate), rear=rear, night=night).resize((width, round(width * 0.24)))
    scene.paste(badge, (left, top))
    return _jpeg(scene, quality=70)


def spaced(plate: str) -> str:
    """A current-style mark with the gap that it has on the plate."""
    return f"{plate[:4]} {plate[4:]}" if len(plate) == 7 and plate[:2].isalpha() and plate[2:4].isdigit() else plate


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _shade(colour: Rgb, factor: float) -> Rgb:
    red, green, blue = (min(255, int(part * factor)) for part in colour)
    return red, green, blue


@lru_cache(maxsize=1)
def _letters() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(46)


@lru_cache(maxsize=512)
def _plate(text: str, *, rear: bool, night: bool) -> Image.Image:
    ground: Rgb = (246, 200, 40) if rear else (240, 240, 236)
    if night:
        ground = _shade(ground, 0.8)
    image = Image.new("RGB", (250, 60), (20, 20, 20))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((2, 2, 247, 57), radius=6, fill=ground)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=_letters())
    room = 236
    if right - left > room:
        wide = Image.new("RGB", (int(right) + 8, 60), ground)
        ImageDraw.Draw(wide).text((4 - left, (60 - bottom + top) / 2 - top), text, fill=(14, 14, 14), font=_letters())
        image.paste(wide.resize((room, 52)), (7, 4))
    else:
        draw.text(((250 - right + left) / 2 - left, (60 - bottom + top) / 2 - top), text, fill=(14, 14, 14), font=_letters())
    return image


def _plate_place(kind: str) -> tuple[int, int, int]:
    """Left, top and width of the plate in the overview."""
    return {"lorry": (204, 216, 72), "bus": (204, 218, 72), "van": (202, 206, 76), "motorcycle": (220, 196, 40)}.get(kind, (198, 196, 84))


@lru_cache(maxsize=256)
def _scene(colour: str, kind: str, rear: bool, night: bool) -> Image.Image:
    """The picture without its plate; there are few enough to keep them all."""
    width, height = _SIZE
    image = Image.new("RGB", _SIZE, (24, 28, 40) if night else (168, 190, 208))
    draw = ImageDraw.Draw(image)
    for row in range(90):
        share = row / 90
        sky = (14 + 18 * share, 18 + 20 * share, 32 + 20 * share) if night else (140 + 50 * share, 172 + 35 * share, 205 + 15 * share)
        draw.line((0, row, width, row), fill=(int(sky[0]), int(sky[1]), int(sky[2])))
    draw.polygon(
        [(0, 78), (120, 64), (260, 82), (400, 60), (width, 76), (width, height), (0, height)], fill=(26, 34, 28) if night else (92, 122, 76)
    )
    draw.polygon([(205, 84), (275, 84), (width + 90, height), (-90, height)], fill=(44, 45, 50) if night else (96, 98, 102))
    for near, far in ((0.02, 0.1), (0.18, 0.34), (0.5, 0.8)):
        for side in (-1, 1):
            y1, y2 = 84 + near * 186, 84 + far * 186
            x1, x2 = 240 + side * (34 + near * 200), 240 + side * (34 + far * 200)
            draw.line((x1, y1, x2, y2), fill=(150, 150, 140) if night else (230, 230, 224), width=3)
    _vehicle(draw, _shade(_PAINT.get(colour, _PAINT["grey"]), 0.5 if night else 1.0), kind, rear=rear, night=night)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def _vehicle(draw: ImageDraw.ImageDraw, paint: Rgb, kind: str, *, rear: bool, night: bool) -> None:
    dark, light, glass = _shade(paint, 0.62), _shade(paint, 1.22), (18, 22, 30) if night else (48, 58, 70)
    if kind == "motorcycle":
        draw.ellipse((226, 196, 254, 252), fill=(24, 24, 26))
        draw.polygon([(222, 170), (258, 170), (250, 214), (230, 214)], fill=paint)
        draw.ellipse((224, 128, 256, 162), fill=dark)
        draw.polygon([(214, 160), (266, 160), (258, 188), (222, 188)], fill=glass)
        _lamps(draw, ((240, 180),), 6, rear=rear)
        return
    roof = {"van": 84, "lorry": 44, "bus": 36}.get(kind, 112)
    half = {"van": 82, "lorry": 88, "bus": 88}.get(kind, 88)
    draw.ellipse((240 - half - 14, 228, 240 + half + 14, 256), fill=(20, 20, 22))
    for side in (-1, 1):
        wheel = 240 + side * (half - 18)
        draw.rounded_rectangle((wheel - 15, 208, wheel + 15, 250), radius=8, fill=(16, 16, 18))
    if kind == "car":
        draw.polygon([(184, roof), (296, roof), (322, 160), (158, 160)], fill=dark)
        draw.polygon([(190, roof + 6), (290, roof + 6), (310, 156), (170, 156)], fill=glass)
        draw.rounded_rectangle((240 - half, 156, 240 + half, 236), radius=16, fill=paint)
        draw.line((240 - half + 16, 160, 240 + half - 16, 160), fill=light, width=3)
        lamp_y = 178
    else:
        draw.rounded_rectangle((240 - half, roof, 240 + half, 240), radius=10, fill=paint)
        draw.rectangle((240 - half + 12, roof + 14, 240 + half - 12, roof + 62), fill=glass)
        draw.line((240 - half + 8, roof + 70, 240 + half - 8, roof + 70), fill=light, width=3)
        lamp_y = 196
    draw.rounded_rectangle((240 - half + 12, 190, 240 + half - 12, 226), radius=6, fill=dark)
    _lamps(draw, ((240 - half + 18, lamp_y), (240 + half - 18, lamp_y)), 11, rear=rear)


def _lamps(draw: ImageDraw.ImageDraw, places: tuple[tuple[int, int], ...], radius: int, *, rear: bool) -> None:
    for x, y in places:
        glow = (214, 24, 28) if rear else (252, 246, 214)
        draw.ellipse((x - radius, y - radius * 0.7, x + radius, y + radius * 0.7), fill=glow)
