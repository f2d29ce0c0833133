"""The example in the guide is a gateway that works."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bluelamp.anpr.domain import Capture, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways import Gateway, Payload
from bluelamp.anpr.gateways.clocks import stated_ms
from bluelamp.anpr.gateways.items import each, json_items
from bluelamp.anpr.gateways.words import fraction, plate_text

GUIDE = Path(__file__).parents[3] / "docs/guides/adding-a-camera-format.md"
NAMES = (Capture, ParsedItem, SourceTerms, NotThisFormatError, Gateway, Payload, stated_ms, each, json_items, fraction, plate_text)


def test_the_guides_example_reads_an_event() -> None:
    block = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert block
    room: dict[str, Any] = {named.__name__: named for named in NAMES} | {"msgspec": msgspec, "__name__": "acme"}
    exec(re.sub(r"^   ", "", block.group(1), flags=re.MULTILINE), room)
    gateway: Gateway = room["GATEWAY"]
    body = b'{"site":"S1","plate":"AB12CDE","taken":"2026-03-02T10:17:18.252Z","score":93}'
    [item] = gateway.parse(Payload(body, "", SourceTerms(UTC)))
    assert item.outcome == Capture(camera="S1", plate="AB12CDE", captured_at=1772446638252, confidence=0.93)
    with pytest.raises(NotThisFormatError):
        gateway.parse(Payload(b"{}", "", SourceTerms(UTC)))
