"""Events as XML: parsed without entities and document types, written without anything that a reader could trip over."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError
from defusedxml.ElementTree import fromstring as defused

from bluelamp.incidents.gateways.cot.wire.errors import EventError
from bluelamp.incidents.gateways.cot.wire.event import UNKNOWN_M, CotEvent, format_time, parse_time

DEPTH_MAX = 24
ELEMENTS_MAX = 10_000


def parse(data: bytes) -> CotEvent:
    """One event.

    Raises:
        EventError: not well-formed, not an event, or with values that are none.
    """
    try:
        root = defused(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise EventError(f"not a well-formed event without document type: {str(error)[:120]}") from None
    if root.tag != "event":
        raise EventError("the outermost element is not <event>")
    bound(root)
    point = root.find("point")
    given = root.get
    detail = root.find("detail")
    return CotEvent(
        uid=given("uid", ""), type=given("type", ""), how=given("how", ""),
        time=parse_time(given("time", "")), start=parse_time(given("start", "") or given("time", "")), stale=parse_time(given("stale", "")),
        latitude=_number(point, "lat", 0), longitude=_number(point, "lon", 0),
        hae=_number(point, "hae"), ce=_number(point, "ce"), le=_number(point, "le"),
        detail=Element("detail") if detail is None else detail,
        access=given("access", ""), qos=given("qos", ""), opex=given("opex", ""), raw=data,
    ).check()  # fmt: skip


def fragment(text: str) -> list[Element]:
    """The elements of `xmlDetail`, which has no root of its own; not bounded yet.

    Raises:
        EventError: not well-formed.
    """
    try:
        root = defused(f"<detail>{text}</detail>".encode(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise EventError(f"xmlDetail is not well-formed: {str(error)[:120]}") from None
    return list(root)


def bound(root: Element) -> None:
    """Without recursion: a deep tree must not exhaust the stack of whoever walks it later.

    Raises:
        EventError: an event with too many elements, or too deep.
    """
    level, depth, seen = [root], 0, 1
    while level:
        depth += 1
        level = [child for element in level for child in element]
        seen += len(level)
        if depth > DEPTH_MAX or seen > ELEMENTS_MAX:
            raise EventError(f"an event has at most {ELEMENTS_MAX} elements, {DEPTH_MAX} deep")


def _number(point: Element | None, name: str, otherwise: float = UNKNOWN_M) -> float:
    text = None if point is None else point.get(name)
    if not text:
        return otherwise
    try:
        return float(text) if text.lower() != "nan" else otherwise
    except ValueError:
        raise EventError(f"the point's {name} is not a number") from None


def write(event: CotEvent) -> bytes:
    """As UTF-8 with a line end, without a declaration: streams have one event after the other."""
    if event.raw:
        return event.raw if event.raw.endswith(b"\n") else event.raw + b"\n"
    optional = "".join(f" {name}={quoteattr(value)}" for name in ("access", "qos", "opex") if (value := getattr(event, name)))
    head = (
        f'<event version="2.0" uid={quoteattr(event.uid)} type={quoteattr(event.type)} how={quoteattr(event.how)}'
        f' time="{format_time(event.time)}" start="{format_time(event.start)}" stale="{format_time(event.stale)}"{optional}>'
        f'<point lat="{event.latitude!r}" lon="{event.longitude!r}" hae="{event.hae!r}" ce="{event.ce!r}" le="{event.le!r}"/>'
    )
    event.detail.tail = None
    return (head + tostring(event.detail, "unicode") + "</event>\n").encode()
