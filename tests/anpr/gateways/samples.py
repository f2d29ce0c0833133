"""What cameras really send: the shared sample payloads, and small ones of our own for single traps."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bluelamp.anpr.domain import Capture, DateOrder, ParsedItem, Refusal, SourceTerms
from bluelamp.anpr.gateways import Payload
from bluelamp.anpr.gateways.registry import FORMATS

VENDOR_PAYLOADS = Path(__file__).resolve().parents[4] / "shared" / "data" / "vendor-payloads"
LONDON = ZoneInfo("Europe/London")
CHICAGO = ZoneInfo("America/Chicago")
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\r\n\x00synthetic\xff\xd9"

needs_samples = pytest.mark.skipif(not VENDOR_PAYLOADS.is_dir(), reason="the shared vendor payloads are not beside this clone")


def sample(name: str) -> bytes:
    return (VENDOR_PAYLOADS / name).read_bytes()


def sample_names() -> list[str]:
    return sorted(path.name for path in VENDOR_PAYLOADS.iterdir()) if VENDOR_PAYLOADS.is_dir() else []


def format_of(name: str) -> str:
    return name.partition("_")[0]


def parse(
    format_name: str, body: Any, content_type: str = "", timezone: tzinfo = UTC, date_order: DateOrder | None = None
) -> list[ParsedItem]:
    """`body`: bytes, or what is to be encoded as JSON."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return FORMATS[format_name].parse(Payload(raw, content_type, SourceTerms(timezone, date_order)))


def capture(format_name: str, body: Any, **terms: Any) -> Capture:
    """The one capture of a body."""
    [item] = parse(format_name, body, **terms)
    assert isinstance(item.outcome, Capture), item.outcome
    return item.outcome


def refusal(format_name: str, body: Any, **terms: Any) -> Refusal:
    """The one refusal of a body."""
    [item] = parse(format_name, body, **terms)
    assert isinstance(item.outcome, Refusal), item.outcome
    return item.outcome
