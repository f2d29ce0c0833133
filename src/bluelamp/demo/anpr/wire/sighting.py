"""One read with all that a camera could say of it, before a maker's format is chosen."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted."""

    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    camera: str
    """What the maker's payload calls the camera."""
    plate: str
    captured_ms: int
    confidence: float
    """0 to 1."""
    make: str = ""
    model: str = ""
    colour: str = ""
    vehicle_class: str = ""
    bearing: float = 0.0
    """Degrees clockwise from north, the way the vehicle travels."""
    away: bool = False
    """Whether it moves away from the camera, which then sees its rear."""
    lane: int = 1
    longitude: float = 0.0
    latitude: float = 0.0
    second_guess: str = ""
    """Another plate that the engine thought possible."""
    plate_image: bytes = b""
    overview_image: bytes = b""

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.captured_ms / 1000, UTC)

    @property
    def compass(self) -> str:
        return ("N", "NE", "E", "SE", "S", "SW", "W", "NW")[round(self.bearing / 45.0) % 8]


def base64(image: bytes) -> str:
    return b64encode(image).decode("ascii")


def multipart(parts: list[tuple[str, str, str, bytes]], boundary: str = "boundary") -> Body:
    """A form of parts (field name, file name, media type, content)."""
    out = bytearray()
    for name, filename, media_type, content in parts:
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'.encode()
        out += f"Content-Type: {media_type}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content + b"\r\n"
    return Body(f"multipart/form-data; boundary={boundary}", bytes(out) + f"--{boundary}--\r\n".encode())
