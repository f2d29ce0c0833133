"""Drawn pictures of a scene, as a phone would send photographs: a road from above with vehicles on it. No photograph is used."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from bluelamp.demo.world.chance import stream

SIZE = (1280, 800)
_LANES = (140, 290, 440, 590, 660)
"""Heights of the lines between carriageway edge, three lanes and hard shoulder."""
_GRASS, _ROAD, _PAINT, _FUEL = (96, 124, 74), (72, 74, 78), (230, 230, 226), (52, 48, 66)


class Shape(NamedTuple):
    """A vehicle or what lies about: centre, size, turn in degrees, colour, and what is written on it."""

    x: int
    y: int
    long: int
    wide: int
    turn: float
    colour: tuple[int, int, int]
    words: str = ""


WRECK = (
    Shape(980, 630, 330, 92, 0.0, (236, 236, 232), "LORRY"),
    Shape(620, 430, 170, 76, 38.0, (40, 74, 150), "KE77STL"),
    Shape(430, 300, 200, 84, -14.0, (210, 212, 214), "VAN"),
    Shape(790, 250, 164, 74, 7.0, (150, 30, 34), "ESTATE"),
)
HELP = (
    Shape(170, 560, 280, 96, 9.0, (196, 28, 30), "FIRE"),
    Shape(170, 225, 220, 90, -8.0, (242, 210, 40), "AMBULANCE"),
    Shape(60, 400, 150, 72, 24.0, (250, 250, 250), "POLICE"),
)


def scene_picture(seed: int, run: int, *, help_there: bool) -> bytes:
    """A JPEG of some tens of kilobytes; with `help_there` the services' vehicles stand behind the wreck."""
    rng = stream(seed, "sketch", run)
    image = Image.new("RGB", SIZE, _GRASS)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, _LANES[0], SIZE[0], _LANES[-1]), fill=_ROAD)
    for height in (_LANES[0] + 6, _LANES[-2]):
        draw.line((0, height, SIZE[0], height), fill=_PAINT, width=5)
    for height in _LANES[1:-2]:
        for left in range(0, SIZE[0], 120):
            draw.line((left, height, left + 60, height), fill=_PAINT, width=4)
    draw.ellipse((520, 350, 760 + int(rng.integers(-40, 60)), 540), fill=_FUEL)
    for x, y in rng.integers((450, 200), (1000, 560), (40, 2)).tolist():
        draw.rectangle((x, y, x + 5, y + 3), fill=(200, 204, 206))
    for shape in (*WRECK, *(HELP if help_there else ())):
        _put(image, shape._replace(turn=shape.turn + float(rng.uniform(-4, 4))))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def _put(image: Image.Image, shape: Shape) -> None:
    body = Image.new("RGBA", (shape.long + 8, shape.wide + 8), (0, 0, 0, 0))
    draw = ImageDraw.Draw(body)
    draw.rounded_rectangle((4, 4, shape.long + 4, shape.wide + 4), radius=16, fill=(*shape.colour, 255), outline=(24, 24, 26, 255), width=3)
    light = sum(shape.colour) > 380
    draw.text(
        (shape.long / 2, shape.wide / 2 + 4),
        shape.words,
        anchor="mm",
        fill=(20, 20, 24, 255) if light else (250, 250, 250, 255),
        font=ImageFont.load_default(26),
    )
    turned = body.rotate(shape.turn, expand=True, resample=Image.Resampling.BICUBIC)
    image.paste(turned, (shape.x - turned.width // 2, shape.y - turned.height // 2), turned)
