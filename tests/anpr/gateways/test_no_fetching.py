"""The platform never fetches what a camera names: addresses in any field are text, whatever the format calls the field."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from bluelamp.anpr.domain import Capture, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Payload
from bluelamp.anpr.gateways.registry import FORMATS
from bluelamp.demo.anpr.wire import ENCODERS, Sighting
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform

NAMES = (
    "picUrl",
    "imageUri",
    "PlateImageURL",
    "plate_image_url",
    "overview_image_uri",
    "image",
    "ContextImage",
    "webhook",
    "callback",
    "href",
)
SCHEMES = ("http", "https", "ftp", "file", "gopher", "ldap", "smb", "data")


@pytest.fixture
def knocks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What anybody in this process tried to reach or to open by name."""
    tried: list[str] = []

    def refuse(*values: Any, **_named: Any) -> Any:
        tried.append(repr(values))
        raise OSError("nobody goes out")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse, raising=False)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr("builtins.open", refuse)
    return tried


SIGHTING = Sighting(
    camera="1000", plate="KE77STL", captured_ms=1_795_256_700_123, confidence=0.93, make="Ford", model="Focus", colour="blue",
    vehicle_class="car", bearing=92.0, away=True, lane=2, longitude=-2.7, latitude=54.0, second_guess="KE77STI",
    plate_image=b"\xff\xd8" + b"plate" * 40, overview_image=b"\xff\xd8" + b"overview" * 40,
)  # fmt: skip


def poisoned(body: bytes, address: str) -> Iterator[bytes]:
    """The body with the address in every value, in every place of a picture, and under every name that could invite a fetch."""
    named = json.dumps(dict.fromkeys(NAMES, address)).strip("{}").encode()
    yield re.sub(rb"\{(?=\s*\")", lambda _: b"{" + named + b",", body)
    yield re.sub(rb'"[A-Za-z0-9+/=]{60,}"', lambda _: json.dumps(address).encode(), body)
    tags = "".join(f"<{tag}>{address}</{tag}>" for tag in NAMES).encode()
    yield re.sub(rb"<[A-Za-z][^<>/?!]*>(?=\s*<[A-Za-z])", lambda found: found.group() + tags, body)
    yield re.sub(rb">[^<>]{60,}<", lambda _: b">" + address.encode() + b"<", body)
    yield re.sub(rb">[^<>]+<", lambda _: b">" + address.encode() + b"<", body)
    yield b'<?xml-stylesheet href="' + address.encode() + b'"?>' + body
    yield body.replace(b"Content-Type: image/jpeg", b"Content-Location: " + address.encode() + b"\r\nContent-Type: message/external-body")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_address_in_any_field_is_text(name: str, scheme: str, knocks: list[str]) -> None:
    address = f"{scheme}://169.254.169.254/latest/meta-data"
    sent = ENCODERS[name](SIGHTING)
    understood = 0
    for body in (sent.content, *poisoned(sent.content, address)):
        try:
            items = FORMATS[name].parse(Payload(body, sent.content_type, SourceTerms(UTC, None)))
        except NotThisFormatError:
            continue
        understood += 1
        for item in items:
            if isinstance(item.outcome, Capture):
                assert all(picture[:2] in {b"", b"\xff\xd8"} for picture in (item.outcome.plate_image, item.outcome.overview_image))
    assert understood >= 2, "the bodies are no longer of this format"
    assert knocks == []


async def test_an_address_for_a_picture_is_refused_and_nobody_knocks(platform: RunningPlatform) -> None:
    """Through the whole platform, with somebody listening at the address."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.5)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/picture.jpg"
    admin, name = platform.client("admin"), f"ssrf {new_id()}"
    source = (await admin.post("/v1/anpr/sources", json={"name": name, "format": "native"})).json()
    item = {"camera": "c", "vrm": "AB12CDE", "captured_at": to_rfc3339(now_ms()), "confidence": 0.9}
    encoded = base64.b64encode(address.encode()).decode()
    items = [item | {"plate_image": address}, item | {"overview_image": encoded}, item | dict.fromkeys(NAMES, address)]
    headers = {"Authorization": f"Bearer {source['key']}"}
    async with asyncio.timeout(20):
        # The door hears of a new key within a second.
        while True:
            answer = await platform.client().post("/v1/anpr/intake/native", json=items, headers=headers)
            if answer.status_code != 401:
                break
            await asyncio.sleep(0.05)
    assert answer.status_code == 202
    assert "picture_invalid" in {item["code"] for item in answer.json()["rejected"]}
    with pytest.raises(TimeoutError):
        listening.accept()
    listening.close()
