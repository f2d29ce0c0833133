"""Contents made for tests: drawn pictures, films of a few boxes, a document of a line. Nobody is in them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

from PIL import ExifTags, Image

LEFT, RIGHT = (200, 30, 30), (30, 30, 200)


def picture(width: int = 640, height: int = 360, kind: str = "JPEG", **exif: Any) -> bytes:
    """Red on the left, blue on the right. `orientation`, `taken`, `zone`, `where`: (latitude, longitude)."""
    image = Image.new("RGB", (width, height), LEFT)
    image.paste(RIGHT, (width // 2, 0, width, height))
    said = Image.Exif()
    if "orientation" in exif:
        said[ExifTags.Base.Orientation] = exif["orientation"]
    said[ExifTags.Base.Make] = "Kentmere Optical"
    if "taken" in exif:
        said.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = exif["taken"]
    if "zone" in exif:
        said.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = exif["zone"]
    if "where" in exif:
        latitude, longitude = exif["where"]
        gps = said.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef] = "N" if latitude >= 0 else "S"
        gps[ExifTags.GPS.GPSLatitude] = (abs(latitude), 0.0, 0.0)
        gps[ExifTags.GPS.GPSLongitudeRef] = "E" if longitude >= 0 else "W"
        gps[ExifTags.GPS.GPSLongitude] = (abs(longitude), 0.0, 0.0)
    out = io.BytesIO()
    image.save(out, kind, exif=said)
    return out.getvalue()


def noise(width: int, height: int) -> bytes:
    """A picture that does not compress."""
    image = Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def film(content: int = 20_000, *, brand: bytes = b"isom", where: str = "", turned: bool = False) -> bytes:
    """1280 by 720, made on 2026-11-21 at noon."""
    made = 1_795_262_400 + 2_082_844_800
    mvhd = box(b"mvhd", bytes(4) + struct.pack(">II", made, made) + bytes(88))
    matrix = (
        struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
        if turned
        else struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    )
    tkhd = box(b"tkhd", bytes(40) + matrix + struct.pack(">II", 1280 << 16, 720 << 16))
    udta = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(where), 0x15C7) + where.encode())) if where else b""
    moov = box(b"moov", mvhd + box(b"trak", tkhd) + udta)
    return box(b"ftyp", brand + bytes(4) + brand) + box(b"mdat", bytes(range(256)) * (content // 256)) + moov


def png_bomb(side: int) -> bytes:
    """A few kilobytes that claim to be a picture of side by side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
HEIC = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(64)


def size_of(content: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(content)).size
